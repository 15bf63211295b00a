//! The window: another client of the same library as the command line.
//!
//! * [`app`] what lies where, and what an action does
//! * [`action`] everything a key or a button can do
//! * [`axis`] the allocation clock and time, as axes
//! * [`moments`] the moment that is shown, and the whole run around it
//! * [`playback`] the past in motion
//! * [`progress`] what a program does
//! * [`session`] a runtime, the model of its heap, what is known of its program; knows of no window
//! * [`tour`] guided tours
//! * [`transcript`] what was said in the console
//! * [`speed`] the speeds to choose from
//! * [`gutter`] addresses beside a picture of the heap
//! * [`steps`] curves in steps
//! * `pace` how soon it is drawn again
//! * [`panel`] what a tile of the window can show
//! * [`dock`] where the panels lie
//! * [`panels`] what they show
//! * [`exports`] that as a file
//! * [`undo`] what can be taken back
//! * [`settings`] what is kept from one window to the next
//! * [`words`] what the numbers count
//! * [`work`] long work beside the window
//! * [`theme`] the palette as egui wants it
//! * [`comparison`] the same work under several policies, side by side
//! * [`views`] what is shown, one view a file
//! * [`widgets`] small controls

pub mod action;
pub mod app;
pub mod axis;
pub mod comparison;
pub mod dock;
pub mod exports;
pub mod gutter;
pub mod moments;
mod pace;
pub mod panel;
pub mod panels;
pub mod playback;
pub mod progress;
pub mod session;
pub mod settings;
pub mod speed;
pub mod steps;
pub mod theme;
pub mod tour;
pub mod transcript;
pub mod undo;
pub mod views;
pub mod widgets;
pub mod words;
pub mod work;

use crossbeam_channel::Receiver;
use eframe::egui::{IconData, ViewportBuilder};
use serde::{Deserialize, Serialize};

use crate::source::Subject;
use crate::source::tour::Tour;
use comparison::{Compared, ComparisonWindow};

/// Which theme the window has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// As the system has it; on the command line also: as it was chosen last.
    #[default]
    System,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

/// How the window begins.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// What runs, or was recorded.
    pub subject: Subject,
    /// What is shown.
    pub title: String,
    /// Which theme.
    pub theme: ThemeChoice,
    /// A message here closes the window.
    pub close: Receiver<()>,
}

/// Why there is no window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WindowError {
    /// There is no display.
    NoDisplay,
    /// The display refused.
    Failed(String),
}

/// Size of the window when it is opened for the first time, and the least.
const SIZE: [f32; 2] = [1280.0, 800.0];
const LEAST: [f32; 2] = [900.0, 560.0];

/// With which tour the window begins.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum FirstTour {
    /// At the very first start that of the window.
    #[default]
    AtFirst,
    /// None.
    Never,
    /// That of the window.
    Window,
    /// One through a sample.
    Through(Box<Tour>),
}

/// Opens the window, and comes back when it is closed.
///
/// # Errors
/// When there is none to open.
pub fn run(options: WindowOptions, tour: FirstTour) -> Result<(), WindowError> {
    let title = title_of(&options.title);
    open_native(&title, Box::new(move |creation| Ok(Box::new(app::App::restored(creation, options, tour)?))))
}

/// Opens a window with heaps side by side, and comes back when it is closed.
///
/// # Errors
/// When there is none to open.
pub fn compare(title: &str, compared: Vec<Compared>, theme: ThemeChoice) -> Result<(), WindowError> {
    let name = title.to_owned();
    let create: eframe::AppCreator<'_> = Box::new(move |creation| {
        theme::install(&creation.egui_ctx, theme);
        Ok(Box::new(ComparisonWindow::new(&creation.egui_ctx, name, compared)?))
    });
    open_native(&title_of(&format!("{title}, side by side")), create)
}

fn open_native(title: &str, create: eframe::AppCreator<'_>) -> Result<(), WindowError> {
    let has_display = ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if !has_display {
        return Err(WindowError::NoDisplay);
    }
    let viewport = ViewportBuilder::default()
        .with_app_id("heapatlas")
        .with_title(title)
        .with_inner_size(SIZE)
        .with_min_inner_size(LEAST)
        .with_icon(icon());
    eframe::run_native("heapatlas", native_options(viewport), create)
        .map_err(|error| WindowError::Failed(error.to_string()))
}

/// How every window is drawn. There are no gradients that dithering would smooth, and without it a software renderer fills
/// rectangles by a shorter way: with it each pixel costs several times as much.
#[must_use]
pub fn native_options(viewport: ViewportBuilder) -> eframe::NativeOptions {
    eframe::NativeOptions { viewport, dithering: false, ..eframe::NativeOptions::default() }
}

/// The window's title while a program is shown.
fn title_of(program: &str) -> String {
    format!("{program} – Heapatlas")
}

/// Four pages, one of them half full, drawn rather than loaded.
fn icon() -> IconData {
    const SIDE: usize = 64;
    let theme = crate::map::palette::Theme::Dark;
    let kinds = {
        use heapatlas_heap::terms::PageKind::{Cells, LargeHead, Objects, Stack};
        [[Cells, Objects], [Stack, LargeHead]]
    };
    let mut rgba = Vec::with_capacity(SIDE * SIDE * 4);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (within_x, within_y) = (x % (SIDE / 2), y % (SIDE / 2));
            let edge = [within_x, within_y].into_iter().any(|at| !(3..SIDE / 2 - 3).contains(&at));
            let kind = kinds[y / (SIDE / 2)][x / (SIDE / 2)];
            let hollow = kind == heapatlas_heap::terms::PageKind::Objects && within_y < SIDE / 4;
            let colour = match (edge, hollow) {
                (true, _) => theme.background(),
                (false, true) => theme.kind(kind).mix(theme.background(), 0.7),
                (false, false) => theme.kind(kind),
            };
            rgba.extend([colour.0, colour.1, colour.2, 255]);
        }
    }
    IconData { rgba, width: SIDE as u32, height: SIDE as u32 }
}
