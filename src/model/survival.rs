//! What of an allocation was left by the collections that came after it: an estimate.
//!
//! Nobody counts objects one by one. But around each collection the bytes in use are known, so between the end of one and
//! the end of the next so many bytes were allocated, and so many more were in use. Their quotient is the share that
//! survived, taken to be the same for all that was allocated between. What was old and died meanwhile makes it too small.

use std::ops::Range;

use super::cycles::Cycle;

/// The share that survived, by stretches of the allocation clock that end with a collection, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Survival {
    stretches: Vec<(Range<u64>, f64)>,
}

impl Survival {
    /// What the collections tell.
    #[must_use]
    pub fn of(cycles: impl Iterator<Item = Cycle>) -> Self {
        let mut stretches = Vec::new();
        let mut last = None;
        for cycle in cycles {
            let Some(after) = cycle.after else { continue };
            // What was before the first collection that is remembered is not known, unless it is the very first.
            let (clock, used) = last.unwrap_or(if cycle.number == 1 { (0, 0) } else { (after.clock, after.allocated) });
            if after.clock > clock {
                let more = after.allocated.saturating_sub(used) as f64;
                stretches.push((clock..after.clock, (more / (after.clock - clock) as f64).min(1.0)));
            }
            last = Some((after.clock, after.allocated));
        }
        Self { stretches }
    }

    /// How many of the bytes allocated on a part of the clock survived the collection after them; `None` when that has not
    /// come yet, or was forgotten.
    #[must_use]
    pub fn survived(&self, clock: &Range<u64>, bytes: u64) -> Option<u64> {
        let first = self.stretches.partition_point(|(stretch, _)| stretch.end <= clock.start);
        let (begin, end) = (self.stretches.get(first)?.0.start, self.stretches.last()?.0.end);
        if clock.start < begin || clock.end > end {
            return None;
        }
        let whole = (clock.end - clock.start).max(1) as f64;
        let shares = self.stretches[first..].iter().map(|(stretch, share)| {
            let (from, to) = (stretch.start.max(clock.start), stretch.end.min(clock.end));
            share * (to.saturating_sub(from) as f64 / whole)
        });
        Some((bytes as f64 * shares.sum::<f64>()).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::cycles::{Cycles, Moment};
    use heapatlas_heap::terms::GcCause;

    #[test]
    fn what_lies_across_collections_has_a_part_of_each_share() {
        let at = |clock, allocated| Moment { clock, allocated, ..Moment::default() };
        let mut cycles = Cycles::default();
        for (clock, before, after) in [(1000, 1000, 100), (2000, 1100, 600)] {
            cycles.begin(GcCause::Allocation, at(clock, before));
            cycles.end(at(clock, after));
        }
        let survival = Survival::of(cycles.until(Duration::MAX));
        assert_eq!(survival.survived(&(0..1000), 1000), Some(100));
        assert_eq!(survival.survived(&(1000..2000), 40), Some(20));
        assert_eq!(survival.survived(&(500..1500), 1000), Some(300));
        assert_eq!(survival.survived(&(1500..2500), 1000), None, "nobody has looked yet");
        assert_eq!(Survival::default().survived(&(0..1), 1), None);
    }
}
