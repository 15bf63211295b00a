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
}

impl Below {
    /// Every panel, in the order of the tabs.
    pub const ALL: [Self; 2] = [Self::Timeline, Self::Collector];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeline => "Timeline",
            Self::Collector => "Collector",
        }
    }

    /// What it shows.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Timeline => "the counters over the allocation clock: bytes allocated since the start",
            Self::Collector => "a collection step by step, every collection so far, and its pauses",
        }
    }
}

/// Shows the tabs of the panels below, and gives the one that was chosen.
pub fn below(ui: &mut Ui, shown: Below) -> Option<Below> {
    let hints = Below::ALL.map(|panel| hint(panel.meaning(), Action::Below(panel)));
    let choices =
        Below::ALL.iter().zip(&hints).map(|(panel, hint)| Segment { word: panel.name(), name: panel.name(), hint });
    let place = Below::ALL.iter().position(|panel| *panel == shown);
    ui.horizontal(|ui| segments(ui, choices, place)).inner.map(|place| Below::ALL[place])
}

fn hint(meaning: &str, action: Action) -> String {
    format!("{meaning}  [{}]", action::written(action))
}
