//! The window; without a display, the same in the terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::arguments::{OpenOptions, SpeedName, ThemeName};
use super::exit::{self, Ending};
use super::live;
use super::session;
use super::snapshot::name;
use crate::command::Speed;
use crate::source::embedded::Beginning;
use crate::ui::{self, ThemeChoice, WindowError, WindowOptions};

/// Opens the window.
pub(super) fn open(options: OpenOptions) -> Ending {
    for file in &options.files {
        if file.extension().is_none_or(|extension| extension != "arc") {
            return Ending::Misused(format!("{}: the window opens Arc programs (.arc)", file.display()));
        }
        if let Err(error) = std::fs::metadata(file) {
            return Ending::Unreadable(format!("can't read {}: {error}", file.display()));
        }
    }
    let program = options.runtime.program(options.files, Vec::new());
    let title = name(&program);
    let speed = match options.speed {
        SpeedName::Slow => Speed::SLOW_MOTION,
        SpeedName::Full => Speed::Full,
    };
    let beginning = Beginning { program, speed, paused: options.paused, asks: true };
    let theme = match options.theme {
        ThemeName::System => ThemeChoice::System,
        ThemeName::Dark => ThemeChoice::Dark,
        ThemeName::Light => ThemeChoice::Light,
    };
    let interrupted = Arc::new(AtomicBool::new(false));
    let (told, close) = crossbeam_channel::bounded(1);
    session::catch_interrupts(Arc::clone(&interrupted), Some(told));
    match ui::run(WindowOptions { beginning: beginning.clone(), title, theme, close }) {
        Ok(()) if interrupted.load(Ordering::Relaxed) => Ending::Interrupted,
        Ok(()) => Ending::Fine,
        Err(WindowError::NoDisplay) => {
            exit::tell("there is no display; showing the map in the terminal");
            live::show(beginning)
        }
        Err(WindowError::Failed(why)) => Ending::System(format!("can't open the window: {why}")),
    }
}
