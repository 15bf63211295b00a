//! An exhausted heap, and what a person answers.

use super::driver::{Window, click, last_line, open_program, phase_is, type_in, wait};
use super::numbers::in_window;
use egui_kittest::kittest::{NodeT, Queryable};
use heapatlas::source::program::Program;
use heapatlas::ui::app::App;
use heapatlas::ui::session::Phase;
use heapatlas::ui::transcript::Voice;

/// A window on a runtime under a soft limit of 16 MiB that has loaded its library.
fn open_limited() -> Window {
    let mut harness = open_program(Program { soft_limit: Some(16 << 20), ..Program::default() }, true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    harness
}

fn is_asked(app: &App) -> bool {
    matches!(app.session().progress().phase(), Phase::Exhausted(_))
}

/// Keeps 40 MB.
const TOO_MUCH: &str = "(let l nil (repeat 2500000 (push 1 l)) (len l))";

#[test]
fn an_exhausted_heap_is_asked_about_and_its_limit_raised_from_the_keyboard() {
    let mut harness = open_limited();
    type_in(&mut harness, TOO_MUCH);
    wait(&mut harness, "the question", is_asked);
    assert!(harness.query_by_label_contains("soft limit 16.0 MiB, live ").is_some(), "the numbers are shown");
    assert_eq!(in_window(&harness), [""; 0], "every number says what it counts");
    // The field has the keyboard, and holds what is suggested; what is no answer is told.
    let field = harness.get_by_label("New soft limit");
    assert_eq!(field.accesskit_node().value().as_deref(), Some("32.0 MiB"));
    field.type_text("?");
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("is no unit of size").is_some(), "{:?}", harness.state());
    harness.key_press(eframe::egui::Key::Backspace);
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
    wait(&mut harness, "the question again", |app| {
        matches!(app.session().progress().phase(),
        Phase::Exhausted(exhausted) if exhausted.limit == Some(32 << 20))
    });
    click(&mut harness, "Raise and retry");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    assert_eq!(last_line(harness.state()), (Voice::Value, "2500000".to_owned()));
    assert!(harness.query_by_label("New soft limit").is_none(), "the question is gone");
}

#[test]
fn an_exhausted_heap_can_be_collected_and_its_error_signalled() {
    let mut harness = open_limited();
    type_in(&mut harness, TOO_MUCH);
    wait(&mut harness, "the question", is_asked);
    let cycles = |app: &App| app.session().model().counters().cycles;
    let collected = cycles(harness.state());
    click(&mut harness, "Collect and retry");
    wait(&mut harness, "the question again", move |app| is_asked(app) && cycles(app) > collected);
    // Whoever is asked can't be asked something else.
    type_in(&mut harness, "(+ 1 2)");
    wait(&mut harness, "a refusal", |app| last_line(app).1.contains("not evaluated: (+ 1 2)"));
    click(&mut harness, "Signal the error");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    let (voice, text) = last_line(harness.state());
    assert!(voice == Voice::Error && text.contains("heap exhausted"), "{text}");
}

#[test]
fn the_question_can_be_left_by_stopping_and_by_restarting() {
    let mut harness = open_limited();
    type_in(&mut harness, TOO_MUCH);
    wait(&mut harness, "the question", is_asked);
    harness.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::Period);
    harness.run_steps(2);
    wait(&mut harness, "an end", |app| phase_is(app, &Phase::Finished));
    let (voice, text) = last_line(harness.state());
    assert!(voice == Voice::Error && text.contains("interrupted"), "{text}");
    type_in(&mut harness, TOO_MUCH);
    wait(&mut harness, "the question", is_asked);
    click(&mut harness, "Restart");
    wait(&mut harness, "standing still again", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
}
