//! The counters over time, bounded: when there are too many samples, every other one of the older half is dropped, so
//! that the latest are always fine.

use std::time::Duration;

use heapatlas_heap::frame::Counters;

/// One moment.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Sample {
    /// The allocation clock, in bytes.
    pub clock: u64,
    /// Time since the heap was made.
    pub wall: Duration,
    /// Bytes measured to be resident; `None` when not measured.
    pub resident: Option<u64>,
    /// Bytes mapped.
    pub committed: u64,
    /// Bytes allocated: live, dead and unjudged.
    pub allocated: u64,
    /// Bytes of payload reached by the last mark.
    pub live: u64,
    /// Bytes in holes.
    pub holes: u64,
    /// Collections completed.
    pub cycles: u64,
}

/// The moments, oldest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    samples: Vec<Sample>,
}

/// Samples kept at most.
const MOST: usize = 4096;

impl History {
    pub(super) fn push(&mut self, counters: &Counters, wall: Duration) {
        let before = self.samples.last().copied().unwrap_or_default();
        let sample = Sample {
            clock: counters.clock,
            wall,
            // A frame without a measurement keeps the one before: residency is measured less often.
            resident: counters.resident().or(before.resident),
            committed: counters.committed,
            allocated: counters.allocated,
            live: counters.balance.live,
            holes: counters.holes,
            cycles: counters.cycles,
        };
        match self.samples.last_mut() {
            // Steps of a collection happen at one moment of the clock.
            Some(last) if last.clock == sample.clock => *last = sample,
            _ => self.samples.push(sample),
        }
        if self.samples.len() > MOST {
            self.thin();
        }
    }

    /// Drops every other sample of the older half; the first stays.
    fn thin(&mut self) {
        let half = self.samples.len() / 2;
        let mut index = 0;
        self.samples.retain(|_| {
            index += 1;
            index > half || index % 2 == 1
        });
    }

    /// The moments, oldest first.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_history_stays_bounded_in_order_and_keeps_its_end() {
        let mut history = History::default();
        for clock in 0..100_000 {
            let counters = Counters { clock, ..Counters::default() };
            history.push(&counters, Duration::from_millis(clock));
        }
        let samples = history.samples();
        assert!(samples.len() <= MOST);
        assert!(samples.is_sorted_by_key(|sample| sample.clock));
        assert_eq!(samples.last().map(|sample| sample.clock), Some(99_999));
        assert!(samples[0].clock < 10_000, "the beginning is not forgotten");
    }
}
