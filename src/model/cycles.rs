//! The collections: why each began, and what there was before and after it, as the frames around it say.

use std::collections::VecDeque;
use std::time::Duration;

use heapatlas_heap::Balance;
use heapatlas_heap::frame::{Counters, Event, Frame, Happening};
use heapatlas_heap::terms::{GcCause, GcPhase};

/// What there is at a moment, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// The allocation clock.
    pub clock: u64,
    /// Time since the heap was made.
    pub wall: Duration,
    /// Allocated: live, dead and unjudged.
    pub allocated: u64,
    /// Mapped.
    pub committed: u64,
    /// In memory; `None` when not measured.
    pub resident: Option<u64>,
    /// Where the committed bytes are.
    pub balance: Balance,
    /// In holes.
    pub holes: u64,
    /// Time spent collecting so far.
    pub gc_time: Duration,
}

impl Moment {
    /// What the counters say.
    #[must_use]
    pub fn of(counters: &Counters, wall: Duration) -> Self {
        Self {
            clock: counters.clock,
            wall,
            allocated: counters.allocated,
            committed: counters.committed,
            resident: counters.resident(),
            balance: counters.balance,
            holes: counters.holes,
            gc_time: counters.gc_time,
        }
    }
}

/// One collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cycle {
    /// Its number, from one, among those that the frames told of.
    pub number: u64,
    /// Why it began.
    pub cause: GcCause,
    /// As of the last frame before it.
    pub before: Moment,
    /// As of the first frame after it; `None` while it is under way.
    pub after: Option<Moment>,
    /// When events after it were lost: since then another may have begun that nobody was told of.
    pub lost_track: Option<Duration>,
}

/// The latest collections, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Cycles {
    latest: VecDeque<Cycle>,
    count: u64,
}

/// Collections kept at most.
const MOST: usize = 256;

impl Cycles {
    /// Takes note of the events of a frame. Before it there were these counters, at this time.
    pub(super) fn apply(&mut self, before: (&Counters, Duration), frame: &Frame) {
        for Happening { event, .. } in &frame.events {
            match event {
                Event::GcPhase { phase: GcPhase::Roots, cause } => self.begin(*cause, Moment::of(before.0, before.1)),
                Event::GcPhase { phase: GcPhase::Idle, .. } => self.end(Moment::of(&frame.counters, frame.wall)),
                _ => {}
            }
        }
        if frame.lost_events > 0
            && let Some(last) = self.latest.back_mut()
        {
            last.lost_track.get_or_insert(frame.wall);
        }
    }

    /// A collection began.
    pub(super) fn begin(&mut self, cause: GcCause, before: Moment) {
        if self.latest.len() == MOST {
            self.latest.pop_front();
        }
        self.count += 1;
        self.latest.push_back(Cycle { number: self.count, cause, before, after: None, lost_track: None });
    }

    /// The collection under way, if the frames told of its beginning, has ended.
    pub(super) fn end(&mut self, after: Moment) {
        if let Some(cycle) = self.latest.back_mut().filter(|cycle| cycle.after.is_none()) {
            cycle.after = Some(after);
        }
    }

    /// The latest collections, oldest first, as they were known at a moment.
    pub(super) fn until(&self, wall: Duration) -> impl DoubleEndedIterator<Item = Cycle> + '_ {
        let begun = self.latest.iter().filter(move |cycle| cycle.before.wall < wall);
        begun.map(move |cycle| Cycle {
            after: cycle.after.filter(|after| after.wall <= wall),
            lost_track: cycle.lost_track.filter(|lost| *lost <= wall),
            ..*cycle
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_knows_what_was_before_and_after_it() {
        let at = |clock| {
            let counters = Counters { clock, allocated: clock / 2, ..Counters::default() };
            Moment::of(&counters, Duration::from_millis(clock))
        };
        let mut cycles = Cycles::default();
        let all = |cycles: &Cycles| cycles.until(Duration::MAX).collect::<Vec<_>>();
        cycles.end(at(1));
        assert_eq!(all(&cycles), [], "an end without a beginning says nothing");
        cycles.begin(GcCause::Limit, at(100));
        assert_eq!(all(&cycles)[0].after, None);
        cycles.end(at(120));
        cycles.end(at(140));
        let last = all(&cycles)[0];
        assert_eq!((last.before.clock, last.after.map(|after| after.allocated)), (100, Some(60)));
        let then = |millis| cycles.until(Duration::from_millis(millis)).next_back().map(|cycle| cycle.after.is_some());
        assert_eq!([100, 101, 119, 120].map(then), [None, Some(false), Some(false), Some(true)]);
        for clock in 0..1000 {
            cycles.begin(GcCause::Allocation, at(clock));
        }
        assert_eq!(all(&cycles).len(), MOST);
        assert_eq!(all(&cycles).last().map(|cycle| cycle.number), Some(1001));
    }

    #[test]
    fn a_cycle_knows_since_when_another_may_have_followed_it() {
        let mut cycles = Cycles::default();
        cycles.begin(GcCause::Limit, Moment::default());
        let lossy = Frame { wall: Duration::from_millis(5), lost_events: 3, ..Frame::default() };
        cycles.apply((&Counters::default(), Duration::ZERO), &lossy);
        let lost = |millis| cycles.until(Duration::from_millis(millis)).next_back().map(|cycle| cycle.lost_track);
        assert_eq!([4, 5].map(lost), [Some(None), Some(Some(Duration::from_millis(5)))]);
    }
}
