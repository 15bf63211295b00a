//! Breakpoints: whether something came about since the last look that the program is to stand still at.

use heapatlas_heap::Heap;
use heapatlas_heap::frame::Event;
use heapatlas_heap::terms::GcPhase;

use crate::command::Breakpoint;
use crate::format;

/// The breakpoints, and how far they have been looked after.
#[derive(Debug, Default)]
pub(super) struct Breakpoints {
    set: Vec<Breakpoint>,
    /// Of the events that wait for the next frame, those that were looked at.
    looked_at: usize,
    holes: usize,
    clock: u64,
}

impl Breakpoints {
    /// Replaces the breakpoints: they are about what comes from now on.
    pub(super) fn set(&mut self, set: Vec<Breakpoint>, heap: &Heap) {
        self.set = set;
        self.looked_at = heap.events().len();
        self.holes = heap.holes().count();
        self.clock = heap.clock();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether one of them is about a phase of the collector.
    pub(super) fn follow_phases(&self) -> bool {
        self.set.iter().any(|breakpoint| matches!(breakpoint, Breakpoint::Phase(_)))
    }

    /// A frame took the events that waited.
    pub(super) fn frame_was_cut(&mut self) {
        self.looked_at = 0;
    }

    /// What came about since the last look, in words.
    pub(super) fn hit(&mut self, heap: &Heap) -> Option<String> {
        if self.set.is_empty() {
            return None;
        }
        let mut mapping_changed = false;
        let mut found = None;
        for event in heap.events().skip(self.looked_at) {
            mapping_changed |= matches!(event, Event::ExtentMapped { .. } | Event::ExtentUnmapped { .. });
            found = found.or_else(|| self.set.iter().find_map(|breakpoint| words_of(breakpoint, event)));
        }
        self.looked_at = heap.events().len();
        found.or_else(|| self.new_hole(heap, mapping_changed)).or_else(|| self.clock_passed(heap.clock()))
    }

    fn new_hole(&mut self, heap: &Heap, mapping_changed: bool) -> Option<String> {
        if !mapping_changed || !self.set.contains(&Breakpoint::Hole) {
            return None;
        }
        let before = std::mem::replace(&mut self.holes, heap.holes().count());
        let largest = heap.holes().max_by_key(|hole| hole.end - hole.start).filter(|_| self.holes > before)?;
        let bytes = format::bytes((largest.end - largest.start) as u64);
        Some(format!("there are {} holes now, the largest of {bytes}", self.holes))
    }

    fn clock_passed(&mut self, clock: u64) -> Option<String> {
        let before = std::mem::replace(&mut self.clock, clock);
        self.set.iter().find_map(|breakpoint| match breakpoint {
            Breakpoint::Clock(at) if (before + 1..=clock).contains(at) => {
                Some(format!("the allocation clock has come to {}", format::bytes(*at)))
            }
            _ => None,
        })
    }
}

/// What an event is to a breakpoint, in words; `None` when it is nothing.
fn words_of(breakpoint: &Breakpoint, event: &Event) -> Option<String> {
    match (breakpoint, event) {
        (Breakpoint::Limit, Event::LimitHit { request, by_system }) => {
            let what = if *by_system { "the system refused" } else { "the soft limit refused" };
            Some(format!("{what} {}", format::bytes(*request as u64)))
        }
        (Breakpoint::Growth, Event::ExtentMapped { span }) => {
            let bytes = format::bytes((span.end - span.start) as u64);
            Some(format!("the heap grew by {bytes} at {}", format::address(span.start)))
        }
        (Breakpoint::PoolFreed, Event::PoolFreed { start }) => {
            Some(format!("the pool at {} became free", format::address(*start)))
        }
        (Breakpoint::Phase(wanted), Event::GcPhase { phase, cause }) if wanted == phase => Some(match phase {
            GcPhase::Idle => format!("the collection has ended; its cause was {}", cause.name()),
            phase => format!("the collector is at {}; the cause of the cycle is {}", phase.name(), cause.name()),
        }),
        (Breakpoint::Form(wanted), Event::FormBegin { file, line, text }) => {
            let place = format!("{file}:{line}");
            (text.contains(wanted.as_str()) || place.contains(wanted.as_str()))
                .then(|| format!("{place} begins: {text}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::Value;
    use heapatlas_heap::terms::GcCause;

    #[test]
    fn what_comes_about_is_told_once() {
        let mut heap = Heap::new().expect("a heap");
        let mut breakpoints = Breakpoints::default();
        heap.log(Event::GcPhase { phase: GcPhase::Mark, cause: GcCause::Asked });
        breakpoints.set(vec![Breakpoint::Phase(GcPhase::Mark), Breakpoint::Form("arc:7".to_owned())], &heap);
        assert_eq!(breakpoints.hit(&heap), None, "what was before is over");
        heap.log(Event::GcPhase { phase: GcPhase::Roots, cause: GcCause::Asked });
        assert_eq!(breakpoints.hit(&heap), None);
        heap.log(Event::GcPhase { phase: GcPhase::Mark, cause: GcCause::Limit });
        let words = breakpoints.hit(&heap).expect("a stop");
        assert_eq!(words, "the collector is at mark; the cause of the cycle is limit");
        assert_eq!(breakpoints.hit(&heap), None);
        heap.cut_frame(false);
        breakpoints.frame_was_cut();
        heap.log(Event::FormBegin { file: "x.arc".into(), line: 71, text: "(def f ())".into() });
        assert_eq!(breakpoints.hit(&heap).as_deref(), Some("x.arc:71 begins: (def f ())"));
    }

    #[test]
    fn growth_and_the_clock_are_noticed() {
        let mut heap = Heap::new().expect("a heap");
        let mut breakpoints = Breakpoints::default();
        breakpoints.set(vec![Breakpoint::Growth, Breakpoint::Clock(1 << 20)], &heap);
        let mut stops = Vec::new();
        for _ in 0..200_000 {
            heap.cons(Value::NIL, Value::NIL).expect("room");
            stops.extend(breakpoints.hit(&heap));
        }
        assert!(stops.iter().any(|stop| stop.starts_with("the heap grew by ")), "{stops:?}");
        let clock = "the allocation clock has come to 1.00 MiB";
        assert_eq!(stops.iter().filter(|stop| *stop == clock).count(), 1);
    }
}
