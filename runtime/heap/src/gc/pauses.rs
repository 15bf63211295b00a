//! How often and how long the program was stopped; the pauses in classes that double.

use std::collections::VecDeque;
use std::time::Duration;

/// What collections did so far.
#[derive(Clone, Debug, Default)]
pub struct GcStats {
    /// Cycles completed.
    pub cycles: u64,
    /// Time spent in the collector.
    pub total: Duration,
    /// The pauses, one for each time the program was stopped; the latest [`GcStats::PAUSES_KEPT`] of them.
    pub pauses: VecDeque<Duration>,
    /// The longest pause ever.
    pub longest: Duration,
}

impl GcStats {
    /// How many pauses are kept for percentiles.
    pub const PAUSES_KEPT: usize = 4096;

    pub(super) fn add_pause(&mut self, pause: Duration) {
        self.total += pause;
        self.longest = self.longest.max(pause);
        if self.pauses.len() == Self::PAUSES_KEPT {
            self.pauses.pop_front();
        }
        self.pauses.push_back(pause);
    }

    /// The pause that `share` of all kept pauses do not exceed; `share` between 0 and 1. Zero when there was none.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Duration {
        let mut sorted: Vec<_> = self.pauses.iter().copied().collect();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
        sorted.get(at).copied().unwrap_or_default()
    }
}

/// Classes of pauses: up to 1 µs, 2, 4 … and the longest of all, which is 8 s and more.
const CLASSES: usize = 24;

/// How many pauses were how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pauses {
    /// Pauses of each class: of class `n` at most 2ⁿ microseconds, and more than half of that.
    pub counts: [u32; CLASSES],
    /// The pause that 99 of 100 do not exceed.
    pub p99: Duration,
    /// The longest ever.
    pub longest: Duration,
}

/// The class of a pause.
fn class_of(pause: Duration) -> usize {
    let microseconds = pause.as_nanos().div_ceil(1000).max(1);
    (microseconds.next_power_of_two().trailing_zeros() as usize).min(CLASSES - 1)
}

impl GcStats {
    /// The pauses that are kept, in classes.
    #[must_use]
    pub fn pauses(&self) -> Pauses {
        let mut counts = [0; CLASSES];
        for pause in &self.pauses {
            counts[class_of(*pause)] += 1;
        }
        Pauses { counts, p99: self.percentile(0.99), longest: self.longest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_twice_as_long_as_the_one_before() {
        let class = |nanoseconds| class_of(Duration::from_nanos(nanoseconds));
        assert_eq!([0, 1000, 1001, 2000, 2001, 4000].map(class), [0, 0, 1, 1, 2, 2]);
        assert_eq!(class(3_600_000_000_000), CLASSES - 1);
    }

    #[test]
    fn every_pause_is_in_one_class() {
        let mut stats = GcStats::default();
        for n in 0..1000 {
            stats.add_pause(Duration::from_nanos(n * 997));
        }
        let pauses = stats.pauses();
        assert_eq!(pauses.counts.iter().sum::<u32>(), 1000);
        assert_eq!(pauses.longest, Duration::from_nanos(999 * 997));
        assert!(pauses.p99 < pauses.longest);
    }
}
