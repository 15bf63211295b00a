//! The collections: why each began, and what there was before and after it, as the frames around it say.

use std::collections::VecDeque;
use std::time::Duration;

use heapatlas_heap::frame::Counters;
use heapatlas_heap::terms::GcCause;

/// What there is at a moment, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// The allocation clock.
    pub clock: u64,
    /// Allocated: live, dead and unjudged.
    pub allocated: u64,
    /// Mapped.
    pub committed: u64,
    /// In memory; `None` when not measured.
    pub resident: Option<u64>,
    /// Time spent collecting so far.
    pub gc_time: Duration,
}

impl Moment {
    fn of(counters: &Counters) -> Self {
        Self {
            clock: counters.clock,
            allocated: counters.allocated,
            committed: counters.committed,
            resident: counters.resident(),
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
    /// A collection began; these are the counters of the frame before.
    pub(super) fn begin(&mut self, cause: GcCause, before: &Counters) {
        if self.latest.len() == MOST {
            self.latest.pop_front();
        }
        self.count += 1;
        self.latest.push_back(Cycle { number: self.count, cause, before: Moment::of(before), after: None });
    }

    /// The collection under way, if the frames told of its beginning, has ended; these are the counters of this frame.
    pub(super) fn end(&mut self, after: &Counters) {
        if let Some(cycle) = self.latest.back_mut().filter(|cycle| cycle.after.is_none()) {
            cycle.after = Some(Moment::of(after));
        }
    }

    /// The latest collections, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Cycle> + ExactSizeIterator {
        self.latest.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_knows_what_was_before_and_after_it() {
        let at = |clock| Counters { clock, allocated: clock / 2, ..Counters::default() };
        let mut cycles = Cycles::default();
        cycles.end(&at(1));
        assert_eq!(cycles.iter().len(), 0, "an end without a beginning says nothing");
        cycles.begin(GcCause::Limit, &at(100));
        assert_eq!(cycles.iter().next().map(|cycle| cycle.after), Some(None));
        cycles.end(&at(120));
        cycles.end(&at(140));
        let last = cycles.iter().next_back().copied().unwrap();
        assert_eq!((last.before.clock, last.after.map(|after| after.allocated)), (100, Some(60)));
        for clock in 0..1000 {
            cycles.begin(GcCause::Allocation, &at(clock));
        }
        assert_eq!(cycles.iter().len(), MOST);
        assert_eq!(cycles.iter().next_back().map(|cycle| cycle.number), Some(1001));
    }
}
