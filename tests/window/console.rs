//! The console.

use super::driver::{PATIENCE, Window, click, forms, last_line, open, open_on, open_with, phase_is, wait};
use egui_kittest::kittest::{NodeT, Queryable};
use heapatlas::source::Subject;
use heapatlas::source::recording::Origin;
use heapatlas::ui::session::Phase;
use heapatlas::ui::transcript::Voice;
use std::time::Duration;
use std::time::Instant;

#[test]
fn a_recording_has_nobody_to_evaluate_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sum.atlas");
    let recorded = std::process::Command::new(env!("CARGO_BIN_EXE_heapatlas"))
        .args(["run", "-e", "(prn (+ 1 2))", "--record"])
        .arg(&path)
        .output()
        .expect("it runs");
    assert!(recorded.status.success());
    let mut harness = open_on(Subject::Recording(Origin::File(path)));
    wait(&mut harness, "the end", |app| forms(app) > 100);
    assert!(harness.query_by_label_contains("This is a recording").is_some());
    assert!(harness.query_by_label("Arc to evaluate").is_none());
}

#[test]
fn the_console_evaluates_in_the_running_runtime() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    for (text, voice, said) in
        [("(map1 [* _ _] '(1 2 3))", Voice::Value, "(1 4 9)"), ("(car 7)", Voice::Error, "console:1:1: ")]
    {
        harness.get_by_label("Arc to evaluate").focus();
        harness.run_steps(1);
        harness.get_by_label("Arc to evaluate").type_text(text);
        harness.run_steps(1);
        harness.key_press(eframe::egui::Key::Enter);
        harness.run_steps(2);
        wait(&mut harness, "an answer", |app| phase_is(app, &Phase::Finished));
        let last = harness.state().session().transcript().lines().last().cloned().expect("a line");
        assert_eq!(last.voice, voice, "{}", last.text);
        assert!(last.text.starts_with(said), "{}", last.text);
    }
}

#[test]
fn names_are_completed() {
    let mut harness = open_with("(do (= treasure-of-the-sea 1 treasure-of-the-land 2) nil)");
    let field = |harness: &Window| harness.get_by_label("Arc to evaluate").accesskit_node().value();
    harness.get_by_label("Arc to evaluate").focus();
    harness.run_steps(1);
    harness.get_by_label("Arc to evaluate").type_text("(+ 1 treas");
    harness.run_steps(1);
    let since = Instant::now();
    harness.key_press(eframe::egui::Key::Tab);
    while field(&harness).as_deref() != Some("(+ 1 treasure-of-the-") {
        assert!(since.elapsed() < PATIENCE, "{:?}", field(&harness));
        std::thread::sleep(Duration::from_millis(4));
        harness.step();
    }
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("treasure-of-the-land  treasure-of-the-sea").is_some());
    // The caret is at the end, and the field has the keyboard still.
    harness.get_by_label("Arc to evaluate").type_text("sea)");
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
    wait(&mut harness, "an answer", |app| phase_is(app, &Phase::Finished));
    assert_eq!(last_line(harness.state()), (Voice::Value, "2".to_owned()), "{:?}", field(&harness));
}

#[test]
fn an_endless_form_is_stopped_from_the_keyboard() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    harness.get_by_label("Arc to evaluate").focus();
    harness.run_steps(1);
    harness.get_by_label("Arc to evaluate").type_text("(while t (list 1 2))");
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    wait(&mut harness, "evaluating", |app| phase_is(app, &Phase::Evaluating));
    let since = Instant::now();
    harness.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::Period);
    harness.run_steps(2);
    wait(&mut harness, "an end", |app| phase_is(app, &Phase::Finished));
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    let last = harness.state().session().transcript().lines().last().cloned().expect("a line");
    assert_eq!(last.voice, Voice::Error, "{}", last.text);
}
