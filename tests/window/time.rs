//! Drives the window through time, by its accessibility tree: live, with a real runtime behind it, and in a recording.

use std::path::Path;

use super::driver::{Window, click, evaluate, open, open_on, open_with, press, standing_still, wait};
use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use heapatlas::map::colouring::Colouring;
use heapatlas::map::difference;
use heapatlas::model::chronicle::Position;
use heapatlas::model::difference::Change;
use heapatlas::model::marks::Sort;
use heapatlas::source::Subject;
use heapatlas::source::recording::Origin;
use heapatlas::ui::app::App;
use heapatlas::ui::session::Phase;

/// A window on a runtime that has loaded its library.
fn open_live() -> Window {
    let mut window = open(true);
    standing_still(&mut window);
    click(&mut window, "Skip");
    wait(&mut window, "the end", |app| app.session().progress().phase() == Phase::Finished);
    window
}

/// A window on a recording of a program, and its folder.
fn open_recorded(expression: &str) -> (Window, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.atlas");
    record(&path, expression);
    let mut window = open_on(Subject::Recording(Origin::File(path)));
    wait(&mut window, "the whole recording", |app| {
        app.session().progress().phase() == Phase::Ended && app.session().reading().is_none()
    });
    (window, folder)
}

fn record(path: &Path, expression: &str) {
    let program = env!("CARGO_BIN_EXE_heapatlas");
    let run = std::process::Command::new(program).args(["run", "-e", expression, "--record"]).arg(path).output();
    let run = run.expect("the program");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// Presses keys, and waits for the moment that they ask for.
fn go(window: &mut Window, modifiers: Modifiers, key: Key) {
    press(window, modifiers, key);
    wait(window, "the moment", |app| !app.session().is_seeking());
}

fn clock(window: &Window) -> u64 {
    window.state().session().model().counters().clock
}

#[test]
fn the_past_of_a_live_run_is_gone_to_by_keys_and_the_run_goes_on() {
    let mut window = open_live();
    let now = clock(&window);
    assert!(!window.state().session().is_past());
    go(&mut window, Modifiers::NONE, Key::ArrowLeft);
    assert!(window.state().session().is_past());
    assert!(window.query_by_label("shown: the past").is_some());
    assert!(window.query_by_label_contains("moment ").is_some());
    go(&mut window, Modifiers::NONE, Key::Home);
    let first = window.state().session().model();
    assert!(clock(&window) < now / 10 && !first.pages().is_empty());
    assert_eq!(first.sequence(), 1);
    go(&mut window, Modifiers::NONE, Key::ArrowRight);
    go(&mut window, Modifiers::NONE, Key::ArrowRight);
    go(&mut window, Modifiers::NONE, Key::ArrowLeft);
    assert_eq!(window.state().session().model().sequence(), 2);
    // The forms are those of the moment, and the balance and the pages agree with its counters.
    let session = window.state().session();
    let (then, forms) = (session.model(), session.told().forms());
    assert!(forms.count() > 0 && forms.count() < session.chronicle().forms().count());
    let pages = heapatlas::map::balance::of_pages(then.pages().iter());
    assert_eq!(pages.committed(), then.counters().committed);

    // What is typed is evaluated meanwhile; what is shown stays.
    let shown = clock(&window);
    let end = |app: &heapatlas::ui::app::App| app.session().extent_in_time().1;
    let before = end(window.state());
    window.get_by_label("Arc to evaluate").focus();
    window.run_steps(1);
    window.get_by_label("Arc to evaluate").type_text("(len (range 1 20000))");
    window.run_steps(1);
    window.key_press(Key::Enter);
    wait(&mut window, "the run to go on", move |app| end(app).clock > before.clock + 300_000);
    assert_eq!(clock(&window), shown);
    window.key_press(Key::Escape);
    window.run_steps(2);
    click(&mut window, "Back to now");
    assert!(!window.state().session().is_past());
    assert!(clock(&window) > before.clock);
}

#[test]
fn before_and_after_a_collection_there_is_what_it_freed() {
    let mut window = open_live();
    let cycles = window.state().session().model().counters().cycles;
    click(&mut window, "Collect");
    wait(&mut window, "a collection", move |app| app.session().model().counters().cycles > cycles);
    go(&mut window, Modifiers::NONE, Key::OpenBracket);
    let before = window.state().session().model().counters().clone();
    go(&mut window, Modifiers::NONE, Key::CloseBracket);
    let after = window.state().session().model().counters().clone();
    assert_eq!((before.cycles, after.cycles), (cycles, cycles + 1));
    assert!(after.allocated < before.allocated);
}

#[test]
fn a_recording_is_scrubbed_from_end_to_end() {
    let (mut window, _folder) = open_recorded("(do (= kept (range 1 5000)) (repeat 10000000 (list 1 2 3 4)))");
    let whole = window.state().session().extent_in_time();
    assert_eq!(whole.1.clock, clock(&window), "it opens at its end");
    let slider = window.get_by_label("moment").rect();
    let at = |share: f32| slider.left_center() + eframe::egui::vec2(slider.width() * share, 0.0);
    let mut last = u64::MAX;
    window.drag_at(at(0.99));
    window.run_steps(2);
    for tenth in (0..10).rev() {
        window.hover_at(at(tenth as f32 / 10.0));
        window.run_steps(2);
        wait(&mut window, "the moment", |app| !app.session().is_seeking());
        let shown = clock(&window);
        assert!(shown <= last, "{tenth}: {shown}");
        let there = whole.1.clock as f64 * (f64::from(tenth) / 10.0 + 0.04);
        assert!((shown as f64) < there, "{tenth}: {shown} is no frame up to there");
        last = shown;
    }
    assert_eq!(window.state().session().model().sequence(), 1);
    window.drop_at(at(0.0));
    window.run_steps(2);
    go(&mut window, Modifiers::NONE, Key::End);
    assert!(!window.state().session().is_past());
    let frames = window.state().session().model().sequence();
    go(&mut window, Modifiers::COMMAND, Key::ArrowLeft);
    assert_eq!(window.state().session().model().sequence(), frames - 10);
    go(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert_eq!(window.state().session().model().sequence(), frames - 9);
}

#[test]
fn the_past_is_played_backwards_and_forwards() {
    let (mut window, _folder) = open_recorded("(= kept (range 1 100000))");
    let position = |app: &heapatlas::ui::app::App| -> Position { app.session().position() };
    window.key_press(Key::J);
    window.run_steps(2);
    wait(&mut window, "the past", |app| app.session().is_past());
    let begun = position(window.state());
    for _ in 0..6 {
        window.key_press(Key::J);
        window.run_steps(1);
    }
    wait(&mut window, "going back", move |app| position(app).clock < begun.clock / 2);
    window.key_press(Key::K);
    window.run_steps(2);
    wait(&mut window, "standing still", |app| !app.session().is_seeking());
    let stood = position(window.state());
    window.run_steps(10);
    assert_eq!(position(window.state()), stood);
    for _ in 0..7 {
        click(&mut window, "play forwards");
    }
    wait(&mut window, "now", |app| !app.session().is_past());
}

#[test]
fn the_timeline_is_brushed_zoomed_out_and_clicked() {
    let (mut window, _folder) = open_recorded("(= kept (map [list _ _] (range 1 60000)))");
    let (first, last) = window.state().session().extent_in_time();
    let plot = window.get_by_label_contains("timeline: from ").rect();
    let marks = window.state().session().chronicle().marks();
    assert!(marks.count(Sort::Growth) > 0 && marks.count(Sort::Form) > 100);
    let at = |share: f32| plot.left_center() + eframe::egui::vec2(plot.width() * share, 0.0);
    window.drag_at(at(0.4));
    window.run_steps(2);
    window.hover_at(at(0.6));
    window.run_steps(2);
    window.drop_at(at(0.6));
    window.run_steps(3);
    let (from, to) = window.state().timeline().zoomed().expect("a stretch");
    let share = |at: f64| (at - first.clock as f64) / (last.clock - first.clock) as f64;
    assert!((share(from) - 0.4).abs() < 0.02 && (share(to) - 0.6).abs() < 0.02, "{from} to {to}");
    assert!(!window.state().session().is_past(), "looking closer goes nowhere");
    // A click goes to a moment of the stretch.
    let click_at = |window: &mut Window, at| {
        window.drag_at(at);
        window.run_steps(1);
        window.drop_at(at);
        window.run_steps(2);
    };
    click_at(&mut window, at(0.5));
    wait(&mut window, "the moment", |app| app.session().is_past());
    let shown = clock(&window) as f64;
    assert!(share(shown) < 0.52, "{shown}");
    assert!(window.query_by_label_contains("timeline: from ").is_some());
    click(&mut window, "Whole run");
    assert_eq!(window.state().timeline().zoomed(), None);

    window.key_press(Key::W);
    window.run_steps(2);
    assert!(window.query_by_label_contains("along the allocation clock").is_some());
    let words = window.get_by_label_contains("timeline: from ").accesskit_node().label();
    assert!(words.is_some_and(|words| words.contains(" ms to ") || words.contains(" µs to ")));
    click(&mut window, "along the allocation clock");
    // A curve is put out and lit again; so are marks.
    for name in ["resident", "forms"] {
        for shown in [Toggled::False, Toggled::True] {
            window.get_by_role_and_label(Role::CheckBox, name).click();
            window.run_steps(2);
            let entry = window.get_by_role_and_label(Role::CheckBox, name);
            assert_eq!(entry.accesskit_node().toggled(), Some(shown), "{name}");
        }
    }
}

#[test]
fn the_pages_over_time_are_linked_with_the_map_and_the_moment() {
    let (mut window, _folder) = open_recorded("(= kept (map [list _ _] (range 1 60000)))");
    let map = window.get_by_label_contains("page map: ").rect();
    window.hover_at(map.left_top() + eframe::egui::vec2(140.0, 6.0));
    window.run_steps(2);
    assert!(window.query_by_label_contains("Point at a page").is_none());
    press(&mut window, Modifiers::NONE, Key::F11);
    window.run_steps(1);
    assert!(
        window.query_by_label_contains("Point at a page").is_some(),
        "nothing is pointed at on a map that is not there"
    );
    let image = window.get_by_label_contains("address × time: ").rect();
    let words = window.get_by_label_contains("address × time: ").accesskit_node().label().expect("words");
    assert!(words.contains(" moments, ") && !words.contains(": 1 moments"), "{words}");
    // Right of the addresses and above the axis; a page that was there at half of the run.
    let at = image.left_top() + eframe::egui::vec2(128.0 + (image.width() - 128.0) * 0.5, 6.0);
    window.drag_at(at);
    window.run_steps(1);
    window.drop_at(at);
    window.run_steps(2);
    wait(&mut window, "the moment", |app| app.session().is_past() && app.map().pinned().is_some());
    let model = window.state().session().model();
    let first = model.pages().extents()[0].span.start;
    assert!(window.state().map().pinned().is_some_and(|pinned| pinned >= first && pinned < first + (1 << 20)));
    assert!(model.counters().clock <= window.state().session().extent_in_time().1.clock * 52 / 100);
    press(&mut window, Modifiers::NONE, Key::C);
    assert!(window.query_by_label_contains("coloured by live share, as the map").is_some());
}

#[test]
fn a_moment_is_marked_and_what_changed_from_there_is_told() {
    let mut window = open_live();
    go(&mut window, Modifiers::NONE, Key::ArrowLeft);
    press(&mut window, Modifiers::NONE, Key::M);
    assert!(window.state().session().marked().is_some());
    assert_eq!(window.state().map().colouring(), Colouring::Change);
    let unchanged = |window: &Window| {
        let (before, after) = (window.state().session().marked().expect("A"), window.state().session().model());
        difference::counts(before, after)[Change::None as usize]
    };
    assert_eq!(unchanged(&window), window.state().session().model().pages().len() as u64);
    click(&mut window, "Back to now");
    assert!(unchanged(&window) < window.state().session().model().pages().len() as u64);
    assert!(window.query_by_label_contains("from A at ").is_some());
    assert!(window.query_all_by_label("changed kind").next().is_some());
    let marked = window.state().session().marked().map(|model| model.counters().clock);
    click(&mut window, "Show A");
    wait(&mut window, "A", move |app| Some(app.session().model().counters().clock) == marked);
    click(&mut window, "Forget A");
    assert!(window.state().session().marked().is_none());
    assert_eq!(window.state().map().colouring(), Colouring::Kind);
}

/// Whether a page that is gone is pointed at somewhere on the way down the map.
fn points_at_what_is_gone(window: &mut Window) -> bool {
    let map = window.get_by_label_contains("page map: ").rect();
    (1..48).any(|part| {
        let down = map.height() * part as f32 / 48.0;
        window.hover_at(map.left_top() + eframe::egui::vec2(map.width() / 2.0, down));
        window.run_steps(4);
        window.query_by_label_contains("gone since A; it was").is_some()
    })
}

#[test]
fn what_is_gone_since_the_mark_stays_on_the_map_and_what_moved_is_told() {
    let text = "(do (= all (map [list _ _] (range 1 30000))) (= big (newstring 3000000)) \
                (= kept (keep [is 0 (mod (car _) 20)] all)) (wipe all) nil)";
    let mut window = open_with(text);
    press(&mut window, Modifiers::NONE, Key::M);
    evaluate(&mut window, "(wipe big)");
    press(&mut window, Modifiers::NONE, Key::Escape);
    press(&mut window, Modifiers::NONE, Key::G);
    let pages = |app: &App| {
        let session = app.session();
        [session.marked().map_or(0, |marked| marked.pages().len()), session.model().pages().len()]
    };
    wait(&mut window, "the collection", |app| pages(app)[1] + 700 < pages(app)[0]);
    let session = window.state().session();
    let (before, after) = (session.marked().expect("A"), session.model());
    let moved = session.chronicle().moves().between((before.pages(), before.wall()), (after.pages(), after.wall()));
    let [out, into] = moved.expect("all of it is known");
    assert!(out > 200 && into > 0 && into < out, "{out} {into}");
    assert!(window.query_by_label("contents moved away").is_some());
    assert!(window.query_all_by_label(&heapatlas::format::count(out)).next().is_some());
    assert!(points_at_what_is_gone(&mut window), "as colours of what changed");
    press(&mut window, Modifiers::NONE, Key::C);
    assert!(!points_at_what_is_gone(&mut window), "other colours show what there is");
}
