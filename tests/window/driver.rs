//! Drives the window's content through its accessibility tree, with a real runtime behind it.

use std::sync::{Mutex, MutexGuard, PoisonError};
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
use heapatlas::ui::transcript::Voice;
use heapatlas::ui::{ThemeChoice, WindowOptions};

/// A window that is only drawn, with nobody's settings.
pub(crate) type Window = Harness<'static, App>;

/// The system's allocator, which serves one heap of a process at a time: whoever needs it waits for it.
static ALLOCATOR: Mutex<()> = Mutex::new(());

/// Waits until no other test has a heap of blocks.
pub(crate) fn alone_with_the_allocator() -> MutexGuard<'static, ()> {
    ALLOCATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Longer than anything here takes on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A window on a runtime that loads its library.
pub(crate) fn open(paused: bool) -> Window {
    open_program(Program::default(), paused)
}

/// A window on a program in slow motion.
pub(crate) fn open_program(program: Program, paused: bool) -> Window {
    open_on(Subject::Program(Beginning { program, speed: Speed::SLOW_MOTION, paused, asks: true }))
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

/// Whether the program does this.
pub(crate) fn phase_is(app: &App, phase: &Phase<'_>) -> bool {
    app.session().progress().phase() == *phase
}

/// Types a text into the console, and waits for what comes of it.
pub(crate) fn evaluate(window: &mut Window, text: &str) {
    type_in(window, text);
    finished(window);
}

/// Types a text into the console.
pub(crate) fn type_in(window: &mut Window, text: &str) {
    window.get_by_label("Arc to evaluate").focus();
    window.run_steps(1);
    window.get_by_label("Arc to evaluate").type_text(text);
    window.run_steps(1);
    window.key_press(Key::Enter);
    window.run_steps(2);
}

/// A window on a runtime that has loaded its library and evaluated a text.
pub(crate) fn open_with(text: &str) -> Window {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    type_in(&mut harness, text);
    wait(&mut harness, "an answer", |app| phase_is(app, &Phase::Finished));
    harness.key_press(eframe::egui::Key::Escape);
    harness.run_steps(2);
    harness
}

/// How many forms have begun.
pub(crate) fn forms(app: &App) -> u64 {
    app.session().told().forms().count()
}

/// What was said last, and by whom.
pub(crate) fn last_line(app: &App) -> (Voice, String) {
    let line = app.session().transcript().lines().last().cloned().expect("a line");
    (line.voice, line.text)
}
