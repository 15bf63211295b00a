//! Pacing: when a cycle begins, and how much free memory stays warm after it.
//!
//! With L the bytes in use after the last cycle, the next begins when
//!
//! ```text
//! allocated since ≥ max(BETWEEN, L / 2)
//! ```
//!
//! so that the heap is at most half as large again as what is live, plus a constant that keeps small heaps from
//! collecting all the time; and the cost of marking, which goes with L, is paid by at least L / 2 bytes of allocation.

use crate::space::Space;
use crate::terms::CHUNK;

/// At least this many bytes are allocated between two cycles.
const BETWEEN: u64 = 768 << 10;
/// The share of the bytes in use that may be allocated before the next cycle: one half.
const SHARE: u64 = 2;
/// The share of the committed bytes that stays warm though it is free: one eighth.
const WARM_SHARE: usize = 8;

/// When the next cycle begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pacing {
    /// On the allocation clock, in bytes.
    pub(crate) next_cycle: u64,
}

impl Default for Pacing {
    fn default() -> Self {
        Self { next_cycle: BETWEEN }
    }
}

impl Pacing {
    /// Sets the beginning of the next cycle, at the end of one: `clock` is the allocation clock, `used` what is in
    /// use, both in bytes.
    pub(crate) fn plan(&mut self, clock: u64, used: u64) {
        self.next_cycle = clock + BETWEEN.max(used / SHARE);
    }

    /// Bytes of free pages to keep warm, and bytes to keep mapped.
    pub(crate) fn kept(space: &Space) -> (usize, usize) {
        let used = space.sums().used_granules * crate::terms::GRANULE;
        (used / WARM_SHARE, (used + used / WARM_SHARE).next_multiple_of(CHUNK))
    }
}
