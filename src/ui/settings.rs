//! What is kept from one window to the next, in the place that the system has for it.
//!
//! On Linux that is `$XDG_DATA_HOME/heapatlas/app.ron`, in `~/.local/share` without that variable. What can't be read is
//! as if there were nothing.

use eframe::Storage;
use serde::{Deserialize, Serialize};

use super::ThemeChoice;
use super::dock::Layout;

/// What a person has chosen once and for all.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark, light, or as the system has it.
    pub theme: ThemeChoice,
    /// Whether the tour of the window was offered.
    pub toured: bool,
}

const SETTINGS: &str = "settings";
/// Kept by itself, so that the rest can be read when a panel of it is not known any more.
const LAYOUT: &str = "layout";

impl Settings {
    /// The settings that were kept, or those of a first start.
    #[must_use]
    pub fn load(storage: &dyn Storage) -> Self {
        eframe::get_value(storage, SETTINGS).unwrap_or_default()
    }

    /// Keeps the settings.
    pub fn save(&self, storage: &mut dyn Storage) {
        eframe::set_value(storage, SETTINGS, self);
    }
}

/// Where the panels lay, if that was kept.
#[must_use]
pub fn load_layout(storage: &dyn Storage) -> Option<Layout> {
    eframe::get_value(storage, LAYOUT)
}

/// Keeps where the panels lie.
pub fn save_layout(storage: &mut dyn Storage, layout: &Layout) {
    eframe::set_value(storage, LAYOUT, layout);
}
