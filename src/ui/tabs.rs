//! The panels that share a place, of which one is shown.

use eframe::egui::Ui;

use super::action::{self, Action};
use super::widgets::segments::{Segment, segments};

/// What is shown below the map, beside the console.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Below {
    /// The counters over the allocation clock.
    #[default]
    Timeline,
    /// The collector, step by step.
    Collector,
    /// The file being loaded.
    Source,
    /// What the program is to stand still at.
    Breakpoints,
}

impl Below {
    /// Every panel, in the order of the tabs.
    pub const ALL: [Self; 4] = [Self::Timeline, Self::Collector, Self::Source, Self::Breakpoints];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeline => "Timeline",
            Self::Collector => "Collector",
            Self::Source => "Source",
            Self::Breakpoints => "Breakpoints",
        }
    }

    /// What it shows.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Timeline => "the counters over the allocation clock: bytes allocated since the start",
            Self::Collector => "a collection step by step, every collection so far, and its pauses",
            Self::Source => "the file being loaded, and how much each form allocated",
            Self::Breakpoints => "what the program is to stand still at",
        }
    }
}

/// What is shown beside the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Side {
    /// Where the bytes are.
    #[default]
    Balance,
    /// What lies on the pinned page.
    Page,
    /// The free runs.
    FreeLists,
}

impl Side {
    /// Every panel, in the order of the tabs.
    pub const ALL: [Self; 3] = [Self::Balance, Self::Page, Self::FreeLists];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Balance => "Balance",
            Self::Page => "Page",
            Self::FreeLists => "Free lists",
        }
    }

    /// What it shows.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Balance => "where the committed and the resident bytes go",
            Self::Page => "what lies on the pinned page, who holds it, and why the page stays",
            Self::FreeLists => "how long the free runs are, and where the next thing will lie",
        }
    }
}

/// Shows the tabs of the panels below the map, and gives the one that was chosen.
pub fn below(ui: &mut Ui, shown: Below) -> Option<Below> {
    let tabs = Below::ALL.map(|panel| (panel.name(), hint(panel.meaning(), Action::Below(panel))));
    choose(ui, &tabs, Below::ALL.iter().position(|panel| *panel == shown)).map(|place| Below::ALL[place])
}

/// Shows the tabs of the panels beside the map, and gives the one that was chosen.
pub fn side(ui: &mut Ui, shown: Side) -> Option<Side> {
    let tabs = Side::ALL.map(|panel| (panel.name(), hint(panel.meaning(), Action::Side(panel))));
    choose(ui, &tabs, Side::ALL.iter().position(|panel| *panel == shown)).map(|place| Side::ALL[place])
}

fn choose(ui: &mut Ui, tabs: &[(&str, String)], shown: Option<usize>) -> Option<usize> {
    let choices = tabs.iter().map(|(name, hint)| Segment { word: name, name, hint });
    ui.horizontal(|ui| segments(ui, choices, shown)).inner
}

fn hint(meaning: &str, action: Action) -> String {
    format!("{meaning}  [{}]", action::written(action))
}
