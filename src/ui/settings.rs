//! What is kept from one window to the next, in the place that the system has for it.
//!
//! On Linux that is `$XDG_DATA_HOME/heapatlas/app.ron`, in `~/.local/share` without that variable. What can't be read is
//! as if there were nothing.

use std::path::{Path, PathBuf};

use eframe::Storage;
use serde::{Deserialize, Serialize};

use super::ThemeChoice;
use super::dock::Layout;

/// What a person has chosen once and for all.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark, light, or as the system has it.
    pub theme: ThemeChoice,
    /// Whether the tour of the window was offered.
    pub toured: bool,
    /// How large everything is shown, beyond what the system says.
    pub scale: f32,
    /// The files that were opened last, the latest first.
    pub recent: Vec<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { theme: ThemeChoice::default(), toured: false, scale: 1.0, recent: Vec::new() }
    }
}

/// Files that are remembered.
const MOST_RECENT: usize = 8;
/// How small and how large everything can be shown, and how much a step is.
const SCALES: std::ops::RangeInclusive<f32> = 0.6..=2.5;
const STEP: f32 = 0.1;

const SETTINGS: &str = "settings";
/// Kept by itself, so that the rest can be read when a panel of it is not known any more.
const LAYOUT: &str = "layout";

impl Settings {
    /// The settings that were kept, or those of a first start.
    #[must_use]
    pub fn load(storage: &dyn Storage) -> Self {
        eframe::get_value(storage, SETTINGS).unwrap_or_default()
    }

    /// Notes that a file was opened.
    pub fn opened(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.recent.retain(|other| *other != path);
        self.recent.insert(0, path);
        self.recent.truncate(MOST_RECENT);
    }

    /// Shows everything a step larger, or smaller.
    pub fn scale_by_a_step(&mut self, larger: bool) {
        let steps = (self.scale / STEP).round() + if larger { 1.0 } else { -1.0 };
        self.scale = (steps * STEP).clamp(*SCALES.start(), *SCALES.end());
    }

    /// How large everything is shown, whatever was kept.
    #[must_use]
    pub fn sound_scale(&self) -> f32 {
        if self.scale.is_finite() { self.scale.clamp(*SCALES.start(), *SCALES.end()) } else { 1.0 }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_files_come_first_and_once() {
        let mut settings = Settings::default();
        for number in [1, 2, 3, 4, 5, 6, 7, 8, 9, 3] {
            settings.opened(Path::new(&format!("/x/{number}.arc")));
        }
        assert_eq!(settings.recent.len(), MOST_RECENT);
        assert_eq!(settings.recent[..2], [PathBuf::from("/x/3.arc"), PathBuf::from("/x/9.arc")]);
    }

    #[test]
    fn everything_is_scaled_by_steps_within_bounds() {
        let mut settings = Settings::default();
        settings.scale_by_a_step(true);
        assert!((settings.scale - 1.1).abs() < 1e-6);
        (0..99).for_each(|_| settings.scale_by_a_step(false));
        assert!((settings.scale - SCALES.start()).abs() < 1e-6);
        settings.scale = f32::NAN;
        assert!((settings.sound_scale() - 1.0).abs() < 1e-6);
    }
}
