//! Pacing: when a cycle begins, and how much free memory stays warm after it.
//!
//! With L the bytes in use after the last cycle and A all that was ever allocated, the next begins when
//!
//! ```text
//! allocated since ≥ max(LEAST, L / 2, min(A / 8, MOST))
//! ```
//!
//! so that the heap is at most half as large again as what is live, plus a constant that keeps small heaps from
//! collecting all the time, and grows a little when a program goes on for long; and the cost of marking, which goes with L,
//! is paid by at least L / 2 bytes of allocation.
//!
//! A cycle of a small heap is done at once. That of a larger one is done in slices, between which the program runs: one
//! after every STEP bytes of allocation, each of which scans V values, finds that as many references lead to what is black
//! already, sweeps S pages, or passes over 16 S that are empty. A value is eight bytes or more of what lives, for a thing
//! counts as at least two, and each is followed once. So a mark of L bytes ends after at most
//!
//! ```text
//! STEP · (L / (V · 8) + L / (V · 8))  =  L / 4  bytes of allocation, and its sweep after  STEP · L / (S · 4096)  =  L / 512
//! ```
//!
//! and what dies while a cycle is under way, which only the next one frees, is at most a third of what lives.

use crate::space::Space;
use crate::terms::{CHUNK, GRANULE};

/// At least this many bytes are allocated between two cycles.
const LEAST: u64 = 512 << 10;
/// With a small heap, this share of all that was ever allocated: an eighth …
const AGE_SHARE: u64 = 8;
/// … but no more than this.
const MOST: u64 = 1536 << 10;
/// The share of the bytes in use that may be allocated before the next cycle: one half.
const SHARE: u64 = 2;
/// The share of the bytes in use that stays warm though it is free: one eighth. But what is allocated before the next
/// cycle begins stays warm in any case: given back, it would be touched anew at once.
const WARM_SHARE: usize = 8;

/// Bytes of allocation between two slices.
const STEP: u64 = 4 << 10;
/// Values that a slice scans, in things of at least two: the last thing may have some more.
pub(crate) const SLICE_VALUES: u64 = 4 << 10;
/// Entries of the mark queue that a slice takes at most: some lead to what is black already.
pub(crate) const SLICE_TAKEN: u64 = SLICE_VALUES;
/// Pages that a slice sweeps.
pub(crate) const SLICE_SWEPT: u64 = 512;
/// Pages with nothing in them that a slice of the sweep passes over at most.
pub(crate) const SLICE_PASSED: u64 = 16 * SLICE_SWEPT;
/// Chunks whose mark bitmaps, two pages each, a slice touches before the mark: the system takes its time over each.
pub(crate) const SLICE_TOUCHED: usize = 8;
/// Bytes that a slice gives back, about.
pub(crate) const SLICE_GIVEN: usize = 256 << 10;
/// A heap with no more than this in use is collected at once: that takes milliseconds, and leaves nothing behind that
/// died meanwhile.
const AT_ONCE: usize = 8 << 20;
/// A heap with no more than this in use is evacuated in an ordinary cycle: every reference must be looked at, at once.
const EVACUATED: usize = 8 << 20;

/// When the collector is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pacing {
    /// On the allocation clock, in bytes: the next cycle, or the next slice of the one under way.
    pub(crate) next: u64,
}

impl Default for Pacing {
    fn default() -> Self {
        Self { next: LEAST }
    }
}

impl Pacing {
    /// Sets the beginning of the next cycle, at the end of one: `clock` is the allocation clock, `used` what is in
    /// use, both in bytes.
    pub(crate) fn plan_cycle(&mut self, clock: u64, used: u64) {
        self.next = clock + between(clock).max(used / SHARE);
    }

    /// Sets the next slice, when one has ended before its cycle.
    pub(crate) fn plan_slice(&mut self, clock: u64) {
        self.next = clock + STEP;
    }

    /// Whether a cycle that begins now is done at once.
    pub(crate) fn at_once(space: &Space) -> bool {
        Self::used(space) <= AT_ONCE
    }

    /// Whether an ordinary cycle evacuates.
    pub(crate) fn evacuates(space: &Space) -> bool {
        Self::used(space) <= EVACUATED
    }

    /// Bytes in use.
    pub(crate) fn used(space: &Space) -> usize {
        space.sums().used_granules * GRANULE
    }

    /// Bytes of free pages to keep warm, and bytes to keep mapped. `clock` is the allocation clock in bytes.
    pub(crate) fn kept(space: &Space, clock: u64) -> (usize, usize) {
        let used = Self::used(space);
        let warm = (used / WARM_SHARE).max(between(clock) as usize);
        (warm, (used + warm).next_multiple_of(CHUNK))
    }
}

/// Bytes that are allocated between two cycles of a small heap, when the allocation clock is at `clock` bytes.
fn between(clock: u64) -> u64 {
    (clock / AGE_SHARE).clamp(LEAST, MOST)
}
