//! Drives the window's content through its accessibility tree, with a real runtime behind it.

#![allow(dead_code, reason = "each test drives the window in its own way")]

use std::time::{Duration, Instant};

use eframe::egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use heapatlas::command::Speed;
use heapatlas::source::Subject;
use heapatlas::source::embedded::Beginning;
use heapatlas::source::program::Program;
use heapatlas::ui::app::App;
use heapatlas::ui::session::Phase;
use heapatlas::ui::{ThemeChoice, WindowOptions};

/// A window that is only drawn, with nobody's settings.
pub(crate) type Window = Harness<'static, App>;

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A window on a runtime that loads its library.
pub(crate) fn open(paused: bool) -> Window {
    let beginning = Beginning { program: Program::default(), speed: Speed::SLOW_MOTION, paused, asks: true };
    open_on(Subject::Program(beginning))
}

/// A window on a program or a recording.
pub(crate) fn open_on(subject: Subject) -> Window {
    let options = WindowOptions {
        subject,
        title: "test".to_owned(),
        theme: ThemeChoice::Dark,
        close: crossbeam_channel::never(),
    };
    Harness::builder()
        .with_size([1280.0, 800.0])
        .build_eframe(|creation| App::new(&creation.egui_ctx, options).expect("a runtime"))
}

/// Draws the window until something holds.
pub(crate) fn wait(window: &mut Window, what: &str, until: impl Fn(&App) -> bool) {
    let since = Instant::now();
    while !until(window.state()) {
        assert!(since.elapsed() < PATIENCE, "waited for: {what}; now {:?}", window.state().session());
        std::thread::sleep(Duration::from_millis(4));
        window.step();
    }
    // What was drawn last shows it.
    window.run_steps(2);
}

/// Waits until the program stands still.
pub(crate) fn standing_still(window: &mut Window) {
    wait(window, "standing still", |app| app.session().progress().phase() == Phase::Paused);
}

/// Clicks on what has a label.
pub(crate) fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

/// Presses keys.
pub(crate) fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

/// Goes to the end of what is loaded.
pub(crate) fn skip(window: &mut Window) {
    standing_still(window);
    click(window, "Skip");
    finished(window);
}

/// Waits until the program, or what was typed, has ended well.
pub(crate) fn finished(window: &mut Window) {
    wait(window, "the end", |app| app.session().progress().phase() == Phase::Finished);
}

/// Types a text into the console.
pub(crate) fn evaluate(window: &mut Window, text: &str) {
    window.get_by_label("Arc to evaluate").focus();
    window.run_steps(1);
    window.get_by_label("Arc to evaluate").type_text(text);
    window.run_steps(1);
    window.key_press(Key::Enter);
    window.run_steps(2);
    finished(window);
}
