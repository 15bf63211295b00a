//! What the collector moved: which pools and large objects it emptied by that, and which pools it filled.
//!
//! Frames don't tell where each thing went. But while the collector evacuates, a pool goes back when all that lived in it has
//! moved elsewhere, and one is taken to be moved into; so does a large object leave the place where it was.

use std::collections::VecDeque;
use std::time::Duration;

use heapatlas_heap::frame::{Event, Frame, Happening};
use heapatlas_heap::terms::{Address, GcPhase, POOL, Span};

use super::pages::{Page, Pages};

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// What lived there lives elsewhere.
    Out,
    /// What lived elsewhere came there.
    In,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Out, Self::In];

    /// Its words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Out => "contents moved away",
            Self::In => "filled by moving",
        }
    }
}

#[derive(Clone, Debug)]
struct Move {
    wall: Duration,
    span: Span,
    way: Way,
}

/// The latest moves, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    latest: VecDeque<Move>,
    evacuates: bool,
    /// Up to when moves were forgotten, or not told of.
    unknown_until: Option<Duration>,
}

/// Moves kept at most.
const MOST: usize = 32_768;

impl Moves {
    /// Takes in the events of a frame.
    pub fn see(&mut self, frame: &Frame) {
        if frame.lost_events > 0 {
            self.unknown_until = Some(frame.wall);
        }
        for Happening { wall, event } in &frame.events {
            match *event {
                Event::GcPhase { phase, .. } => self.evacuates = phase == GcPhase::Evacuate,
                Event::PoolFreed { start } => self.note(*wall, start..start + POOL, Way::Out),
                Event::PoolTaken { start, .. } => self.note(*wall, start..start + POOL, Way::In),
                Event::LargeFreed { start, bytes } => self.note(*wall, start..start + bytes, Way::Out),
                _ => {}
            }
        }
    }

    fn note(&mut self, wall: Duration, span: Span, way: Way) {
        if !self.evacuates {
            return;
        }
        if self.latest.len() == MOST {
            self.unknown_until = self.latest.pop_front().map(|oldest| oldest.wall).max(self.unknown_until);
        }
        self.latest.push_back(Move { wall, span, way });
    }

    /// Pages that were in use at a moment and out of which all was moved by a later one, and pages in use at the later that
    /// were moved into since; `None` when not all moves between are known.
    #[must_use]
    pub fn between(&self, before: (&Pages, Duration), after: (&Pages, Duration)) -> Option<[u64; Way::ALL.len()]> {
        if self.unknown_until.is_some_and(|until| until > before.1) {
            return None;
        }
        let count = |way: Way, pages: &Pages| {
            let first = self.latest.partition_point(|moved| moved.wall <= before.1);
            let moves = self.latest.range(first..).take_while(|moved| moved.wall <= after.1);
            let mut spans: Vec<_> = moves.filter(|moved| moved.way == way).map(|moved| moved.span.clone()).collect();
            spans.sort_by_key(|span| (span.start, span.end));
            let mut counted_to = Address::default();
            let mut count = 0;
            for Span { start, end } in spans {
                let start = start.max(counted_to);
                if start < end {
                    let in_use = |page: &Page| page.entry.kind().is_used() && page.entry.used() > 0;
                    count += pages.within(start..end).filter(in_use).count() as u64;
                    counted_to = end;
                }
            }
            count
        };
        Some([count(Way::Out, before.0), count(Way::In, after.0)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HeapModel;
    use heapatlas_heap::terms::{GcCause, PoolKind};
    use heapatlas_heap::{Heap, Value};

    fn seen(millis: u64, events: Vec<Event>) -> Frame {
        let wall = Duration::from_millis(millis);
        let events = events.into_iter().map(|event| Happening { wall, event }).collect();
        Frame { wall, events, ..Frame::default() }
    }

    fn phase(phase: GcPhase) -> Event {
        Event::GcPhase { phase, cause: GcCause::Asked }
    }

    #[test]
    fn what_goes_and_comes_while_the_collector_evacuates_has_moved() {
        let mut heap = Heap::new().expect("a heap");
        for _ in 0..20_000 {
            heap.cons(Value::NIL, Value::T).expect("room");
        }
        let mut model = HeapModel::default();
        model.apply(&heap.cut_frame(true));
        let pages = model.pages();
        let used: Vec<Address> = pages.iter().filter(|page| page.entry.used() > 0).map(|page| page.address).collect();
        let pools = [used[0], used[16], used[32]].map(|page| page.align_down(POOL));
        let freed = |place: usize| Event::PoolFreed { start: pools[place] };
        let taken = |place: usize| Event::PoolTaken { start: pools[place], kind: PoolKind::Cells };
        let mut moves = Moves::default();
        moves.see(&seen(1, vec![phase(GcPhase::Sweep), freed(2), phase(GcPhase::Evacuate), taken(2), freed(0)]));
        // What was emptied twice counts once; what is taken afterwards is filled by the program.
        moves.see(&seen(2, vec![freed(0), freed(1), phase(GcPhase::GiveBack), taken(1)]));
        let in_pool = |place: usize| used.iter().filter(|page| page.align_down(POOL) == pools[place]).count() as u64;
        let between = |moves: &Moves, from, to| {
            moves.between((pages, Duration::from_millis(from)), (pages, Duration::from_millis(to)))
        };
        assert_eq!(between(&moves, 0, 1), Some([in_pool(0), in_pool(2)]));
        assert_eq!(between(&moves, 0, 2), Some([in_pool(0) + in_pool(1), in_pool(2)]));
        assert_eq!(between(&moves, 1, 2), Some([in_pool(0) + in_pool(1), 0]));
        assert_eq!(between(&moves, 2, 9), Some([0, 0]));
        moves.see(&Frame { lost_events: 1, ..seen(3, Vec::new()) });
        assert_eq!([between(&moves, 2, 9), between(&moves, 3, 9)], [None, Some([0, 0])], "some may have been lost");
    }
}
