//! The glossary as types. Imports nothing of this crate, so that every other file can import it.
//!
//! A *page* is the unit of the map and of the page table: 4 KiB, one page of the operating system. A *granule* is
//! the unit of allocation, 16 bytes. A *pool* is 16 pages of one kind. A *chunk* is 1 MiB of pools with the tables
//! that describe them at its head; an *extent* is one mapping obtained from the operating system, of one or more
//! chunks.

use std::fmt;
use std::ops::{Add, Range, Sub};

/// Bytes in a granule, the unit of allocation: one cell.
pub const GRANULE: usize = 16;
/// Bytes in a page.
pub const PAGE: usize = 4096;
/// Granules in a page.
pub const PAGE_GRANULES: usize = PAGE / GRANULE;
/// Pages in a pool.
pub const POOL_PAGES: usize = 16;
/// Bytes in a pool.
pub const POOL: usize = POOL_PAGES * PAGE;
/// Granules in a pool.
pub const POOL_GRANULES: usize = POOL / GRANULE;
/// Bytes in a chunk. Chunks are aligned to their size, so that an address alone finds the tables that describe it.
pub const CHUNK: usize = 1 << 20;
/// Pages in a chunk.
pub const CHUNK_PAGES: usize = CHUNK / PAGE;
/// Pools in a chunk.
pub const CHUNK_POOLS: usize = CHUNK / POOL;
/// Granules in a chunk.
pub const CHUNK_GRANULES: usize = CHUNK / GRANULE;
/// An object larger than this many bytes gets pages of its own: half a pool. A collection on request may move one that a
/// pool has room for to one.
pub const LARGE_THRESHOLD: usize = POOL / 2;

/// An address inside the heap, or one past its end.
///
/// Only operations that make sense are there: an address and a size give an address, two addresses give a size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Address(usize);

impl Address {
    /// The address with this number.
    #[must_use]
    pub const fn new(number: usize) -> Self {
        Self(number)
    }

    /// The number of this address.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }

    /// The nearest multiple of `unit`, a power of two, at or below this address.
    #[must_use]
    pub const fn align_down(self, unit: usize) -> Self {
        Self(self.0 & !(unit - 1))
    }

    /// The nearest multiple of `unit`, a power of two, at or above this address.
    #[must_use]
    pub const fn align_up(self, unit: usize) -> Self {
        Self((self.0 + unit - 1) & !(unit - 1))
    }

    /// Whether this address is a multiple of `unit`, a power of two.
    #[must_use]
    pub const fn is_aligned(self, unit: usize) -> bool {
        self.0 & (unit - 1) == 0
    }

    /// How far above `start` this address lies, in bytes; `None` when below.
    #[must_use]
    pub const fn checked_offset_from(self, start: Self) -> Option<usize> {
        self.0.checked_sub(start.0)
    }
}

impl Add<usize> for Address {
    type Output = Self;
    #[inline]
    fn add(self, bytes: usize) -> Self {
        Self(self.0 + bytes)
    }
}

impl Sub<usize> for Address {
    type Output = Self;
    #[inline]
    fn sub(self, bytes: usize) -> Self {
        Self(self.0 - bytes)
    }
}

impl Sub for Address {
    type Output = usize;
    #[inline]
    fn sub(self, start: Self) -> usize {
        self.0 - start.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#014x}", self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An address range, half open.
pub type Span = Range<Address>;

/// What a page is used for. The page table stores the number; the meaning is here and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(u8)]
pub enum PageKind {
    /// Free and never touched since it was mapped: committed, not resident.
    Fresh = 0,
    /// Free, and touched before: still resident unless the system took it.
    Free = 1,
    /// Free and given back to the system: committed, not resident.
    GivenBack = 2,
    /// The tables at the head of a chunk: page entries and bitmaps.
    Tables = 3,
    /// Part of a pool of cells.
    Cells = 4,
    /// Part of a pool of objects.
    Objects = 5,
    /// The first page of a large object.
    LargeHead = 6,
    /// A further page of a large object.
    LargeRest = 7,
    /// Part of a stack of the virtual machine.
    Stack = 8,
    /// Held back for the handler of an exhausted heap.
    Reserve = 9,
    /// Cells and objects side by side, as the policies `single` and `malloc` place them.
    Mixed = 10,
    /// Not the heap's: nothing of it lies there, though something does nearby. Only where the system's allocator places
    /// things; never in a frame.
    Foreign = 11,
}

impl PageKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Fresh,
        Self::Free,
        Self::GivenBack,
        Self::Tables,
        Self::Cells,
        Self::Objects,
        Self::LargeHead,
        Self::LargeRest,
        Self::Stack,
        Self::Reserve,
        Self::Mixed,
        Self::Foreign,
    ];

    /// The kind with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether the page can be taken: fresh, free or given back.
    #[must_use]
    pub const fn is_free(self) -> bool {
        matches!(self, Self::Fresh | Self::Free | Self::GivenBack)
    }

    /// Whether things begin and end anywhere in the page, with free runs between them.
    #[must_use]
    pub const fn is_pooled(self) -> bool {
        matches!(self, Self::Cells | Self::Objects | Self::Mixed)
    }

    /// Whether objects of the program live in the page: pools, large objects and stacks.
    #[must_use]
    pub const fn is_used(self) -> bool {
        self.is_pooled() || matches!(self, Self::LargeHead | Self::LargeRest | Self::Stack)
    }

    /// The word for people and for exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Free => "free",
            Self::GivenBack => "given back",
            Self::Tables => "tables",
            Self::Cells => "cells",
            Self::Objects => "objects",
            Self::LargeHead => "large head",
            Self::LargeRest => "large rest",
            Self::Stack => "stack",
            Self::Reserve => "reserve",
            Self::Mixed => "mixed",
            Self::Foreign => "foreign",
        }
    }
}

/// The kinds of pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PoolKind {
    /// 16-byte conses without a header.
    Cells,
    /// Objects with a header, of variable size.
    Objects,
    /// Both, side by side.
    Mixed,
}

impl PoolKind {
    /// The kind that the pages of such a pool have.
    #[must_use]
    pub const fn page_kind(self) -> PageKind {
        match self {
            Self::Cells => PageKind::Cells,
            Self::Objects => PageKind::Objects,
            Self::Mixed => PageKind::Mixed,
        }
    }
}

/// Where the collector is in its cycle. Each variant says what holds while it lasts and what ends it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(u8)]
pub enum GcPhase {
    /// No cycle is under way; no object is marked or grey. Ended by a request to collect.
    Idle = 0,
    /// The roots are being shaded grey. Ended when all have been.
    Roots = 1,
    /// Grey objects are being scanned. Ended when none is left.
    Mark = 2,
    /// The roots are scanned once more, and what they reveal is marked, without the program running in between; what is
    /// more than a slice is left to another finish. Afterwards a marked object is live and an unmarked one is dead.
    Finish = 3,
    /// Dead granules become free, page by page. Ended after the last page.
    Sweep = 4,
    /// What lives in sparse pools moves to dense ones. Ended when nothing is left to gain, or when enough was moved.
    Evacuate = 5,
    /// Whole free pages and extents return to the system. Ended by the idle phase.
    GiveBack = 6,
}

impl GcPhase {
    /// Every phase, in the order in which a cycle passes through them.
    pub const ALL: [Self; 7] =
        [Self::Idle, Self::Roots, Self::Mark, Self::Finish, Self::Sweep, Self::Evacuate, Self::GiveBack];

    /// The word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Roots => "roots",
            Self::Mark => "mark",
            Self::Finish => "finish",
            Self::Sweep => "sweep",
            Self::Evacuate => "evacuate",
            Self::GiveBack => "give back",
        }
    }
}

/// Why a collection began.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum GcCause {
    /// As much was allocated as pacing allows between two cycles.
    Allocation = 0,
    /// The soft limit was reached, or the system refused memory.
    Limit = 1,
    /// The program or the person asked.
    Asked = 2,
    /// Stress: at every safepoint.
    Stress = 3,
    /// The program or the person asked for everything to be brought together; see [`crate::gc::compact`].
    Compaction = 4,
}

impl GcCause {
    /// The words for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allocation => "allocation",
            Self::Limit => "limit",
            Self::Asked => "asked",
            Self::Stress => "stress",
            Self::Compaction => "compaction",
        }
    }
}

/// How far the collector goes in one step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GcUnit {
    /// One object scanned, or one page of any other work.
    Object,
    /// One page.
    Page,
    /// As much as fits between two stretches of the program without anybody noticing; see [`crate::gc::pacing`].
    Slice,
    /// To the end of the current phase.
    Phase,
    /// To the end of the cycle.
    Cycle,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_their_numbers_agree() {
        for (number, kind) in PageKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(PageKind::from_number(u8::try_from(number).unwrap()), Some(kind));
        }
        assert_eq!(PageKind::from_number(PageKind::ALL.len() as u8), None);
    }

    #[test]
    fn addresses_align_and_subtract() {
        let address = Address::new(0x12_3456);
        assert_eq!(address.align_down(PAGE), Address::new(0x12_3000));
        assert_eq!(address.align_up(PAGE), Address::new(0x12_4000));
        assert_eq!(address - address.align_down(CHUNK), 0x2_3456);
        assert_eq!(Address::new(1).checked_offset_from(Address::new(2)), None);
    }
}
