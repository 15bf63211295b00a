//! Policies: how a heap places what it allocates, and what it does to get memory back.
//!
//! The policy is chosen when a heap is made. Everything else, the collector, the page table, the frames, is the same for
//! all of them, so that a program can be looked at under each.

use std::fmt;

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

    /// Whether it leaves nothing out and places things as heaps do by default.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a cell asks for more than it holds.
    #[must_use]
    pub const fn has_padded_cells(&self) -> bool {
        self.cell_bytes > crate::terms::GRANULE
    }
}

/// The shortest text that says it all: `pool`, `malloc:cell=480,collect=no`.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::of(self.placement);
        f.write_str(self.placement.name())?;
        let mut sign = ':';
        let mut option = |key: &str, value: &dyn fmt::Display| {
            let before = std::mem::replace(&mut sign, ',');
            write!(f, "{before}{key}={value}")
        };
        if self.cell_bytes != usual.cell_bytes {
            option("cell", &self.cell_bytes)?;
        }
        let switches = [
            ("collect", self.collects, usual.collects),
            ("give-back", self.gives_back, usual.gives_back),
            ("evacuate", self.evacuates, usual.evacuates),
        ];
        for (key, value, _) in switches.into_iter().filter(|(_, value, usual)| value != usual) {
            option(key, if value { &"yes" } else { &"no" })?;
        }
        Ok(())
    }
}
