//! When residency is measured: as often as takes next to no time.

use std::time::{Duration, Instant};

use heapatlas_heap::Heap;

/// Two measurements are no closer than this, …
const LEAST_TIME: Duration = Duration::from_millis(5);
/// … and than so many times what the last one took, which grows with the heap; but who looks waits no longer for the next.
const COST_SHARE: u32 = 200;
const MOST_TIME: Duration = Duration::from_millis(250);
/// Before they have taken this they may take more, so that a program that is soon over has more than one.
const BURST: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, Debug)]
struct Measurement {
    ended: Instant,
    took: Duration,
    /// The allocation clock then.
    clock: u64,
}

/// What was measured last.
#[derive(Debug, Default)]
pub(super) struct Residency {
    last: Option<Measurement>,
    /// What all of them took.
    spent: Duration,
}

impl Residency {
    /// Whether it is time to measure again.
    pub(super) fn is_due(&self) -> bool {
        let rest = |last: Measurement| match self.spent < BURST {
            true => LEAST_TIME,
            false => (last.took * COST_SHARE).clamp(LEAST_TIME, MOST_TIME),
        };
        self.last.is_none_or(|last| last.ended.elapsed() >= rest(last))
    }

    /// Whether nothing was allocated since.
    pub(super) fn is_of(&self, clock: u64) -> bool {
        self.last.is_some_and(|last| last.clock == clock)
    }

    /// Measures it, if the system tells.
    pub(super) fn measure(&mut self, heap: &mut Heap) {
        let began = Instant::now();
        heap.measure_residency();
        let took = began.elapsed();
        self.last = Some(Measurement { ended: Instant::now(), took, clock: heap.clock() });
        self.spent += took;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_measured_as_often_as_it_is_cheap() {
        let mut residency = Residency::default();
        assert!(residency.is_due() && !residency.is_of(0));
        let mut heap = Heap::new().expect("a heap");
        residency.measure(&mut heap);
        assert!(residency.is_of(heap.clock()) && !residency.is_of(heap.clock() + 1));
        let due_after = |took: Duration, passed: Duration, spent: Duration| {
            let mut residency = Residency { spent, ..Residency::default() };
            residency.last = Some(Measurement { ended: Instant::now() - passed, took, clock: 0 });
            residency.is_due()
        };
        assert!(due_after(Duration::from_micros(10), Duration::from_millis(6), BURST));
        assert!(!due_after(Duration::from_millis(1), Duration::from_millis(100), BURST));
        assert!(due_after(Duration::from_millis(1), Duration::from_millis(100), BURST / 2));
        assert!(due_after(Duration::from_secs(1), Duration::from_millis(300), BURST));
    }
}
