//! The panels: what a tile of the window can show.

use serde::{Deserialize, Serialize};

/// What a tile shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Panel {
    /// Every page, every hole.
    Map,
    /// Where the bytes are.
    Balance,
    /// What lies on the pinned page.
    Page,
    /// The free runs.
    FreeLists,
    /// The whole run.
    Timeline,
    /// The collector, step by step.
    Collector,
    /// The file being loaded.
    Source,
    /// Which forms and functions allocate.
    Allocation,
    /// What the program is to stand still at.
    Breakpoints,
    /// The pages over time.
    OverTime,
    /// What changed from one moment to another.
    Difference,
    /// Arc, evaluated in the running runtime.
    Console,
}

/// Where a panel is put when it is opened: beside those of the same place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the middle.
    Centre,
    /// At the right.
    Side,
    /// Below the middle.
    Below,
    /// Below, at the right of those.
    Corner,
}

impl Panel {
    /// Every panel, in the order of the menu.
    pub const ALL: [Self; 12] = [
        Self::Map,
        Self::Balance,
        Self::Page,
        Self::FreeLists,
        Self::Timeline,
        Self::Collector,
        Self::Source,
        Self::Allocation,
        Self::Breakpoints,
        Self::OverTime,
        Self::Difference,
        Self::Console,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Map => "Page map",
            Self::Balance => "Balance",
            Self::Page => "Page",
            Self::FreeLists => "Free lists",
            Self::Timeline => "Timeline",
            Self::Collector => "Collector",
            Self::Source => "Source",
            Self::Allocation => "Allocation",
            Self::Breakpoints => "Breakpoints",
            Self::OverTime => "Address × time",
            Self::Difference => "Difference",
            Self::Console => "Console",
        }
    }

    /// What it shows.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Map => "every page of the heap in the order of addresses, and every hole",
            Self::Balance => "where the committed and the resident bytes go",
            Self::Page => "what lies on the pinned page, who holds it, and why the page stays",
            Self::FreeLists => "how long the free runs are, and where the next thing will lie",
            Self::Timeline => "the counters over the whole run, and what happened when",
            Self::Collector => "a collection step by step, every collection so far, and its pauses",
            Self::Source => "the file being loaded, and how much each form allocated",
            Self::Allocation => "which forms and which functions allocate, and what of that survives",
            Self::Breakpoints => "what the program is to stand still at",
            Self::OverTime => "the pages over time: one column a moment, one row an address range",
            Self::Difference => "what changed from the moment that was marked as A to the one that is shown",
            Self::Console => "Arc, evaluated in the running runtime, and what the program prints",
        }
    }

    /// Where it is put when it is opened.
    #[must_use]
    pub const fn place(self) -> Place {
        match self {
            // As large as the map, and behind it at first.
            Self::Map | Self::OverTime => Place::Centre,
            Self::Balance | Self::Page | Self::FreeLists | Self::Difference => Place::Side,
            Self::Timeline | Self::Collector | Self::Source | Self::Allocation | Self::Breakpoints => Place::Below,
            Self::Console => Place::Corner,
        }
    }
}
