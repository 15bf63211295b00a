//! Policies: how a heap places what it allocates, and what it does to get memory back.
//!
//! The policy is chosen when a heap is made. Everything else, the collector, the page table, the frames, is the same for
//! all of them, so that a program can be looked at under each.

/// Where what is allocated comes to lie.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Placement {
    /// Pools of cells and pools of objects, each with a cursor.
    #[default]
    Pool,
    /// One kind of pool for everything: each thing goes to the lowest free run that it fits.
    Single,
    /// Each thing is a block of the system's allocator, and stays where that put it.
    Malloc,
}

impl Placement {
    /// Every placement.
    pub const ALL: [Self; 3] = [Self::Pool, Self::Single, Self::Malloc];

    /// The word for people and for the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Single => "single",
            Self::Malloc => "malloc",
        }
    }
}

/// What a heap does with its memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Policy {
    /// Where what is allocated comes to lie.
    pub placement: Placement,
    /// Bytes asked of the system's allocator for a cell, at least 16. Elsewhere a cell is 16 bytes.
    pub cell_bytes: usize,
    /// Whether the heap collects by itself as the program allocates. It does so in any case when asked to, and when
    /// there is no room.
    pub collects: bool,
    /// Whether free memory returns to the system after a collection.
    pub gives_back: bool,
    /// Whether what lives in sparse pools moves to dense ones. Only in pools of one kind.
    pub evacuates: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self::of(Placement::default())
    }
}

impl Policy {
    /// The policy of a placement that leaves nothing out.
    #[must_use]
    pub const fn of(placement: Placement) -> Self {
        Self {
            placement,
            cell_bytes: crate::terms::GRANULE,
            collects: true,
            gives_back: true,
            evacuates: matches!(placement, Placement::Pool),
        }
    }
}
