//! A program that is loaded, stepped, held, and left for another.

use super::driver::{click, forms, open, open_with, phase_is, type_in, wait};
use egui_kittest::kittest::{NodeT, Queryable};
use heapatlas::format;
use heapatlas::map::balance::Term;
use heapatlas::ui::app::App;
use heapatlas::ui::session::Phase;
use heapatlas_heap::terms::GcPhase;

#[test]
fn loading_is_stepped_skipped_collected_and_explained() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    let before = forms(harness.state());
    click(&mut harness, "Step form");
    wait(&mut harness, "the next form", |app| forms(app) == before + 1 && phase_is(app, &Phase::Paused));
    click(&mut harness, "Step form");
    wait(&mut harness, "the form after", |app| forms(app) == before + 2 && phase_is(app, &Phase::Paused));

    click(&mut harness, "Play");
    wait(&mut harness, "going on", |app| forms(app) > before + 4);
    click(&mut harness, "Pause");
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));

    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    let map = harness.get_by_label_contains("page map: ");
    let words = map.accesskit_node().label().expect("words");
    assert!(words.contains(" cells") && words.contains(" objects") && words.contains("0 holes"), "{words}");

    let cycles = |app: &App| app.session().model().counters().cycles;
    let collected = cycles(harness.state());
    click(&mut harness, "Collect");
    wait(&mut harness, "a collection", move |app| cycles(app) > collected);
    assert_eq!(harness.state().session().model().counters().balance.unjudged, 0, "everything is judged");

    assert_eq!(harness.state().lit(), None);
    harness.get_by_label_contains("free runs ").click();
    harness.run_steps(2);
    assert_eq!(harness.state().lit(), Some(Term::FreeRuns));
    harness.key_press(eframe::egui::Key::Escape);
    harness.run_steps(2);
    assert_eq!(harness.state().lit(), None);
}

#[test]
fn the_program_stands_still_at_breakpoints_and_says_why() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    let stopped = |app: &App, why: &str| {
        phase_is(app, &Phase::Paused) && app.session().stopped().is_some_and(|stopped| stopped.contains(why))
    };
    click(&mut harness, "Breakpoints");
    harness.get_by_label("form to stop at").focus();
    harness.run_steps(1);
    harness.get_by_label("form to stop at").type_text("def map1");
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
    click(&mut harness, "full");
    click(&mut harness, "Play");
    wait(&mut harness, "the form", move |app| stopped(app, "begins: (def map1"));
    let running = harness.state().session().told().forms().running().map(|form| form.text.clone());
    assert!(running.is_some_and(|text| text.starts_with("(def map1")), "the form that begins is the one that runs");
    assert!(harness.query_by_label_contains("Stopped: builtin:arc.arc:").is_some());

    // A phase in the middle of a cycle, with nothing else set.
    harness.get_by_label("form to stop at").focus();
    harness.run_steps(1);
    for _ in 0.."def map1".len() {
        harness.key_press(eframe::egui::Key::Backspace);
        harness.run_steps(1);
    }
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
    click(&mut harness, "stop at sweep");
    click(&mut harness, "Play");
    wait(&mut harness, "the sweep", move |app| {
        stopped(app, "the collector is at sweep; the cause of the cycle is allocation")
    });
    assert_eq!(harness.state().session().model().counters().phase, Some(GcPhase::Sweep));
    click(&mut harness, "stop at sweep");

    // Growth, and a place on the allocation clock.
    click(&mut harness, "growth");
    harness.get_by_label("clock to stop at").focus();
    harness.run_steps(1);
    harness.get_by_label("clock to stop at").type_text("3M");
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
    click(&mut harness, "Play");
    wait(&mut harness, "the clock", move |app| stopped(app, "the allocation clock has come to 3.00 MiB"));
    let clock = harness.state().session().model().counters().clock;
    assert!((3 << 20..(3 << 20) + 65_536).contains(&clock), "{clock}");
    click(&mut harness, "Play");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    type_in(&mut harness, "(len (= kept (range 1 100000)))");
    wait(&mut harness, "growth", move |app| stopped(app, "the heap grew by "));
}

#[test]
fn the_program_stands_still_when_an_expression_becomes_true() {
    let mut harness = open_with("(= items nil)");
    let count = forms(harness.state());
    click(&mut harness, "Breakpoints");
    harness.get_by_label("expression to stop at").focus();
    harness.run_steps(1);
    harness.get_by_label("expression to stop at").type_text("(> (len items) 5000)");
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("grows.arc");
    std::fs::write(&path, "(= items nil)\n(repeat 20000 (push 1 items))\n(= done t)\n").expect("a file");
    harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path)));
    harness.run_steps(2);
    wait(&mut harness, "another heap", |app| phase_is(app, &Phase::Paused) && forms(app) == 1);
    click(&mut harness, "full");
    click(&mut harness, "Play");
    // `items` has no value while the library is loaded: that is told once.
    wait(&mut harness, "trouble", |app| app.session().stopped().is_some_and(|why| why.contains("can't be told")));
    click(&mut harness, "Play");
    let is_true = |app: &App| app.session().stopped() == Some("(> (len items) 5000) is t");
    wait(&mut harness, "the expression", is_true);
    assert!(phase_is(harness.state(), &Phase::Paused));
    let running = harness.state().session().told().forms().running().map(|form| form.text.clone());
    assert!(running.is_some_and(|text| text.starts_with("(repeat 20000")), "within the form that makes it so");
    click(&mut harness, "Play");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    assert!(forms(harness.state()) < count + 10, "a question is no form of the program");
}

#[test]
fn the_source_shows_what_each_form_allocated() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Source");
    assert!(harness.query_by_label_contains("builtin:arc.arc, ").is_some());
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    click(&mut harness, "by bytes");
    let most = harness.state().session().told().forms().iter().max_by_key(|form| form.allocated);
    let most = most.expect("a form").into_owned();
    let words = format!("{} {}:{} ", format::bytes(most.allocated.expect("it ended")), most.file, most.line);
    let shown = harness.get_by_label_contains(&words).rect();
    let all = harness.get_all_by_label_contains(" builtin:").map(|node| node.rect().top());
    assert!(all.into_iter().all(|top| top >= shown.top()), "it is the first");
}

/// A file that somebody drops on the window.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl eframe::egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

#[test]
fn a_sample_and_a_dropped_file_are_opened() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    harness.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::O);
    harness.run_steps(2);
    click(&mut harness, "queue.arc");
    wait(&mut harness, "another heap", |app| phase_is(app, &Phase::Paused) && forms(app) == 1);
    click(&mut harness, "Skip");
    wait(&mut harness, "the sample", |app| {
        app.session().told().forms().iter().any(|form| &*form.file == "samples/queue.arc")
    });
    assert!(harness.query_by_label("samples/queue.arc").is_some(), "the title");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.arc");
    std::fs::write(&path, "(= mine 42)\n").expect("a file");
    harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path.clone())));
    harness.run_steps(2);
    wait(&mut harness, "another heap", |app| phase_is(app, &Phase::Paused) && forms(app) == 1);
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    let loaded = |form: &heapatlas::model::forms::Form| *form.file == *path.to_string_lossy();
    assert!(harness.state().session().told().forms().iter().any(|form| loaded(&form)));
}
