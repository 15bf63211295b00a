//! Which functions allocate, gathered from one frame to the next.

use std::collections::BTreeMap;

use heapatlas_arc::profile::Sample;

/// Calls between two safepoints while samples are wanted: few, so that one can be taken soon after it is due. No round
/// number, so that a loop is not met at the same place each time.
pub(super) const CALLS: u32 = 211;

/// The samples since the last frame, summed up by stack.
#[derive(Debug, Default)]
pub(super) struct Sampling {
    wanted: bool,
    stacks: BTreeMap<Vec<String>, u64>,
}

impl Sampling {
    /// Begins to gather, or stops.
    pub(super) fn want(&mut self, wanted: bool) {
        self.wanted = wanted;
        self.stacks.clear();
    }

    /// Whether samples are gathered.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Adds a sample.
    pub(super) fn add(&mut self, sample: Sample) {
        if sample.bytes > 0 {
            *self.stacks.entry(sample.stack).or_default() += sample.bytes;
        }
    }

    /// What was gathered since the last time; nothing when there is nothing.
    pub(super) fn take(&mut self) -> Option<Vec<(Vec<String>, u64)>> {
        (!self.stacks.is_empty()).then(|| std::mem::take(&mut self.stacks).into_iter().collect())
    }
}
