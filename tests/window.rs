//! Drives the window's content through its accessibility tree, with a real runtime behind it.

use std::time::{Duration, Instant};

use eframe::egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use heapatlas::command::Speed;
use heapatlas::format;
use heapatlas::map::balance::Term;
use heapatlas::map::colouring::Colouring;
use heapatlas::map::layout::Order;
use heapatlas::source::Subject;
use heapatlas::source::embedded::Beginning;
use heapatlas::source::program::Program;
use heapatlas::source::recording::Origin;
use heapatlas::ui::app::App;
use heapatlas::ui::session::Phase;
use heapatlas::ui::transcript::Voice;
use heapatlas::ui::{ThemeChoice, WindowOptions};
use heapatlas_heap::terms::{GcCause, GcPhase};
use heapatlas_heap::{Placement, Policy};

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn open(paused: bool) -> Harness<'static, App> {
    open_on(Program::default(), paused)
}

fn open_on(program: Program, paused: bool) -> Harness<'static, App> {
    open_subject(Subject::Program(Beginning { program, speed: Speed::SLOW_MOTION, paused, asks: true }))
}

fn open_subject(subject: Subject) -> Harness<'static, App> {
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
fn wait(harness: &mut Harness<'_, App>, what: &str, until: impl Fn(&App) -> bool) {
    let since = Instant::now();
    while !until(harness.state()) {
        assert!(since.elapsed() < PATIENCE, "waited for: {what}; now {:?}", harness.state().session());
        std::thread::sleep(Duration::from_millis(4));
        harness.step();
    }
    // What was drawn last shows it.
    harness.run_steps(2);
}

fn click(harness: &mut Harness<'_, App>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(2);
}

/// Types a text into the console.
fn evaluate(harness: &mut Harness<'_, App>, text: &str) {
    harness.get_by_label("Arc to evaluate").focus();
    harness.run_steps(1);
    harness.get_by_label("Arc to evaluate").type_text(text);
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
}

fn forms(app: &App) -> u64 {
    app.session().model().forms().count()
}

fn phase_is(app: &App, phase: &Phase<'_>) -> bool {
    app.session().progress().phase() == *phase
}

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

/// What the panel says of the mark: white, grey, reached.
fn colours_shown(harness: &Harness<'_, App>) -> [String; 3] {
    ["white ", "grey ", "reached "].map(|name| {
        let found = harness.get_all_by_role(Role::Label).filter_map(|node| node.accesskit_node().value());
        let mut found = found.filter(|text| text.starts_with(name));
        found.next().unwrap_or_else(|| panic!("no {name}"))
    })
}

#[test]
fn a_collection_is_stepped_object_by_object_then_by_phase_to_its_end() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "60 KB/s");
    click(&mut harness, "Play");
    wait(&mut harness, "some forms", |app| forms(app) > 10);
    let phase = |app: &App| app.session().model().counters().phase;
    click(&mut harness, "Collector");
    assert!(harness.query_by_label_contains("Step through a collection").is_some());
    // A step holds the program up, and the map shows the mark.
    click(&mut harness, "Step object");
    wait(&mut harness, "a step", |app| phase(app) == Some(GcPhase::Mark) && phase_is(app, &Phase::Paused));
    assert_eq!(harness.state().map().colouring(), Colouring::Marking);
    let clock = harness.state().session().model().counters().clock;
    for scanned in 1..=20 {
        let before = harness.state().session().model().sequence();
        harness.key_press(eframe::egui::Key::O);
        harness.run_steps(2);
        wait(&mut harness, "the next object", |app| app.session().model().sequence() > before);
        let app = harness.state();
        let report = app.session().last_step().copied().expect("a step");
        assert_eq!(report.scanned, 1, "step {scanned}: {report}");
        let colours = app.session().model().pages().colours();
        assert_eq!(colours.grey, report.grey, "the pages say what the step says");
        assert!(!app.session().model().pages().worked_on().is_empty());
        let expected = [
            format!("white {}", format::bytes(colours.white)),
            format!("grey {}", format::count(colours.grey)),
            format!("reached {}", format::bytes(colours.reached)),
        ];
        assert_eq!(colours_shown(&harness), expected);
        assert!(harness.query_by_label_contains("Last step: mark: scanned 1 thing, ").is_some());
    }
    assert_eq!(harness.state().session().model().counters().clock, clock, "the program stood still");

    click(&mut harness, "collect to sweep");
    wait(&mut harness, "the sweep", |app| phase(app) == Some(GcPhase::Sweep));
    click(&mut harness, "Step page");
    wait(&mut harness, "a page", |app| app.session().last_step().is_some_and(|step| step.swept_pages > 0));
    for expected in [GcPhase::Evacuate, GcPhase::GiveBack, GcPhase::Idle] {
        click(&mut harness, "Step phase");
        wait(&mut harness, expected.name(), |app| phase(app) == Some(expected));
    }
    let last = harness.state().session().model().cycles().iter().next_back().copied().expect("a cycle");
    assert_eq!(last.cause, GcCause::Asked);
    assert!(last.after.is_some_and(|after| after.allocated < last.before.allocated), "{last:?}");
    assert!(harness.query_by_label_contains("99 % of pauses ≤ ").is_some());
    click(&mut harness, "Play");
    wait(&mut harness, "going on", |app| app.session().model().counters().clock > clock);
}

#[test]
fn the_map_is_coloured_by_each_quantity() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    for colouring in Colouring::ALL {
        click(&mut harness, &format!("colour by {}", colouring.name()));
        assert_eq!(harness.state().map().colouring(), colouring);
    }
    harness.key_press(eframe::egui::Key::C);
    harness.run_steps(2);
    assert_eq!(harness.state().map().colouring(), Colouring::Kind, "the first comes after the last");
    // In either order a step down and back again comes to the same page.
    for order in [Order::Hilbert, Order::Rows] {
        harness.key_press(eframe::egui::Key::H);
        harness.run_steps(2);
        assert_eq!(harness.state().map().order(), order);
        harness.key_press_modifiers(eframe::egui::Modifiers::SHIFT, eframe::egui::Key::ArrowRight);
        harness.run_steps(2);
        let pinned = harness.state().map().pinned();
        for key in [eframe::egui::Key::ArrowDown, eframe::egui::Key::ArrowUp] {
            harness.key_press_modifiers(eframe::egui::Modifiers::SHIFT, key);
            harness.run_steps(2);
        }
        assert_eq!(harness.state().map().pinned(), pinned);
        harness.key_press(eframe::egui::Key::Escape);
        harness.run_steps(2);
    }
    assert!(harness.query_by_label("the whole span: 1.00 MiB in 1 extents").is_some());
}

/// Types into the field above the map.
fn look_for(harness: &mut Harness<'_, App>, text: &str) {
    harness.key_press(eframe::egui::Key::Slash);
    harness.run_steps(2);
    harness.get_by_label("Look for").type_text(text);
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
}

/// A window on a runtime that has loaded its library and evaluated a text.
fn open_with(text: &str) -> Harness<'static, App> {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    evaluate(&mut harness, text);
    wait(&mut harness, "an answer", |app| phase_is(app, &Phase::Finished));
    harness.key_press(eframe::egui::Key::Escape);
    harness.run_steps(2);
    harness
}

#[test]
fn a_page_is_found_by_symbol_and_tells_who_lives_there_and_why_it_stays() {
    let mut harness = open_with("(do (= treasure (list 'gold \"silver\" 12345)) nil)");
    look_for(&mut harness, "treasure");
    wait(&mut harness, "the page of the value", |app| app.map().pinned().is_some());
    assert!(harness.query_by_label_contains("treasure is at 0x").is_some());
    harness.key_press(eframe::egui::Key::F3);
    harness.run_steps(2);
    let pinned = harness.state().map().pinned();
    wait(&mut harness, "findings", move |app| app.session().page_findings().map(|found| found.page) == pinned);
    assert!(harness.query_by_label("Why it stays").is_some());
    assert!(harness.query_by_label_contains("on it, ").is_some());
    assert!(harness.query_by_label_contains("A page goes back with its pool, ").is_some());
    let findings = harness.state().session().page_findings().cloned().expect("findings");
    let treasure = findings.things.iter().find(|thing| thing.printed == "(gold \"silver\" 12345)").expect("the list");
    assert_eq!(treasure.path, ["global treasure"]);
    // What was looked for is chosen, and says why it is alive.
    assert!(harness.query_by_label("Why it is alive").is_some());
    assert!(harness.query_by_label_contains("Who points to it: ").is_some());

    // What nobody holds any more is told to be dead.
    let address = treasure.address;
    evaluate(&mut harness, "(= treasure nil that nil)");
    wait(&mut harness, "the treasure's end", move |app| {
        let things = app.session().page_findings().map(|found| found.things.clone()).unwrap_or_default();
        things.iter().any(|thing| thing.address == address && !thing.is_alive())
    });
    assert!(harness.query_by_label_contains("dead: no root leads to it").is_some());
}

#[test]
fn free_lists_predict_where_the_next_cell_lies() {
    let mut harness = open_with("(= kept (keep [is (mod _ 3) 0] (range 1 3000)))");
    click(&mut harness, "Free lists");
    wait(&mut harness, "the lists", |app| app.session().free_lists().is_some());
    let lists = harness.state().session().free_lists().cloned().expect("lists");
    let next = lists.next_cell.expect("a place");
    assert!(harness.query_by_label(&format::address(next)).is_some(), "the place is shown");
    assert!(harness.query_by_label_contains(" in pools of cells, ").is_some());
    assert!(harness.query_by_label("What would not fit").is_some());
    // The pool of the pinned page has its list shown.
    look_for(&mut harness, &format!("0x{:x}", next.get()));
    wait(&mut harness, "the list of the pool", |app| {
        app.session().free_lists().is_some_and(|lists| lists.chosen.is_some())
    });
    assert!(harness.query_by_label_contains("The list of the pool of cells at ").is_some());
}

#[test]
fn pages_are_looked_for_selected_and_summed() {
    let mut harness = open_with("(len (range 1 1000))");
    look_for(&mut harness, "> 1K");
    assert!(harness.query_by_label_contains("pages with 1.00 KiB free").is_some());
    harness.key_press(eframe::egui::Key::Escape);
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("pages with 1.00 KiB free").is_none());
    look_for(&mut harness, "<");
    let emptiest = harness.state().map().pinned().and_then(|page| harness.state().session().model().pages().at(page));
    let used = emptiest.map_or(0, |page| page.entry.used());
    assert!((1..=256).contains(&used), "{emptiest:?}");
    assert!(harness.query_by_label(&format!("{} used", format::bytes(used as u64 * 16))).is_some());
    look_for(&mut harness, "< 4K");
    assert!(harness.query_by_label_contains(" pages with ≤ 4.00 KiB used").is_some());
    assert_eq!(harness.state().map().pinned(), emptiest.map(|page| page.address));
    for _ in 0..2 {
        harness.key_press(eframe::egui::Key::Escape);
        harness.run_steps(2);
    }
    look_for(&mut harness, "0x10");
    assert!(harness.query_by_label("not the heap's").is_some());
    harness.key_press(eframe::egui::Key::Escape);
    harness.run_steps(2);

    // By keys: from the first page to the fourth.
    let shift_right = |harness: &mut Harness<'_, App>| {
        harness.key_press_modifiers(eframe::egui::Modifiers::SHIFT, eframe::egui::Key::ArrowRight);
        harness.run_steps(2);
    };
    shift_right(&mut harness);
    harness.key_press(eframe::egui::Key::X);
    harness.run_steps(2);
    for _ in 0..3 {
        shift_right(&mut harness);
    }
    harness.key_press(eframe::egui::Key::X);
    harness.run_steps(2);
    let first = harness.state().session().model().pages().extents()[0].span.start;
    assert_eq!(harness.state().map().selected(), Some(&(first..first + 4 * 4096)));
    assert!(harness.query_by_label("Selected: 4 pages").is_some());
    assert!(harness.query_by_label("tables 16.0 KiB").is_some(), "the first pages of a heap hold its tables");
    // By the mouse: over the whole map.
    let map = harness.get_by_label_contains("page map: ").rect();
    harness.drag_at(map.left_top() + eframe::egui::vec2(140.0, 6.0));
    harness.run_steps(2);
    harness.hover_at(map.left_top() + eframe::egui::vec2(180.0, 50.0));
    harness.run_steps(2);
    harness.drop_at(map.left_top() + eframe::egui::vec2(180.0, 50.0));
    harness.run_steps(2);
    let selected = harness.state().map().selected().cloned().expect("a selection");
    assert!(selected.end - selected.start > 4 * 4096, "{selected:?}");
    harness.key_press(eframe::egui::Key::Escape);
    harness.run_steps(2);
    assert_eq!(harness.state().map().selected(), None);
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
    let running = harness.state().session().model().forms().running().map(|form| form.text.clone());
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
    evaluate(&mut harness, "(len (= kept (range 1 100000)))");
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
    let running = harness.state().session().model().forms().running().map(|form| form.text.clone());
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
    let model = harness.state().session().model();
    let most = model.forms().iter().max_by_key(|form| form.allocated).cloned().expect("a form");
    let words = format!("{} {}:{} ", format::bytes(most.allocated.expect("it ended")), most.file, most.line);
    let shown = harness.get_by_label_contains(&words).rect();
    let all = harness.get_all_by_label_contains(" builtin:").map(|node| node.rect().top());
    assert!(all.into_iter().all(|top| top >= shown.top()), "it is the first");
}

#[test]
fn the_map_tells_which_form_allocated_where() {
    let mut harness = open_with("(len (= kept (range 1 20000)))");
    click(&mut harness, "colour by form");
    let forms = harness.state().session().model().forms();
    // The latest form filled most of the pages: the 20,000 cells that are left alone are 78 of them.
    let latest = forms.last().expect("a form").clone();
    assert!(latest.text.starts_with("(len (= kept"), "{latest:?}");
    let pages = harness.state().session().model().pages();
    let its = |page: &heapatlas::model::pages::Page| {
        page.entry.kind().is_used() && forms.filled_by(page.touched).0 == Some(latest.number)
    };
    let count = pages.iter().filter(its).count();
    assert!((78..400).contains(&count), "{count}");
    assert!(harness.query_by_label(&format!("len = {count}")).is_some(), "the legend names it");
    assert!(harness.query_by_label_contains("other forms ").is_some());
}

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
    let mut harness = open_subject(Subject::Recording(Origin::File(path)));
    wait(&mut harness, "the end", |app| forms(app) > 100);
    assert!(harness.query_by_label_contains("This is a recording").is_some());
    assert!(harness.query_by_label("Arc to evaluate").is_none());
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
        app.session().model().forms().iter().any(|form| &*form.file == "samples/queue.arc")
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
    assert!(harness.state().session().model().forms().iter().any(loaded));
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
    let field = |harness: &Harness<'_, App>| harness.get_by_label("Arc to evaluate").accesskit_node().value();
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

/// A window on a runtime under a soft limit of 16 MiB that has loaded its library.
fn open_limited() -> Harness<'static, App> {
    let mut harness = open_on(Program { soft_limit: Some(16 << 20), ..Program::default() }, true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    harness
}

fn is_asked(app: &App) -> bool {
    matches!(app.session().progress().phase(), Phase::Exhausted(_))
}

fn last_line(app: &App) -> (Voice, String) {
    let line = app.session().transcript().lines().last().cloned().expect("a line");
    (line.voice, line.text)
}

/// Keeps 40 MB.
const TOO_MUCH: &str = "(let l nil (repeat 2500000 (push 1 l)) (len l))";

#[test]
fn an_exhausted_heap_is_asked_about_and_its_limit_raised_from_the_keyboard() {
    let mut harness = open_limited();
    evaluate(&mut harness, TOO_MUCH);
    wait(&mut harness, "the question", is_asked);
    assert!(harness.query_by_label_contains("soft limit 16.0 MiB, live ").is_some(), "the numbers are shown");
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
    evaluate(&mut harness, TOO_MUCH);
    wait(&mut harness, "the question", is_asked);
    let cycles = |app: &App| app.session().model().counters().cycles;
    let collected = cycles(harness.state());
    click(&mut harness, "Collect and retry");
    wait(&mut harness, "the question again", move |app| is_asked(app) && cycles(app) > collected);
    // Whoever is asked can't be asked something else.
    evaluate(&mut harness, "(+ 1 2)");
    wait(&mut harness, "a refusal", |app| last_line(app).1.contains("not evaluated: (+ 1 2)"));
    click(&mut harness, "Signal the error");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    let (voice, text) = last_line(harness.state());
    assert!(voice == Voice::Error && text.contains("heap exhausted"), "{text}");
}

#[test]
fn the_question_can_be_left_by_stopping_and_by_restarting() {
    let mut harness = open_limited();
    evaluate(&mut harness, TOO_MUCH);
    wait(&mut harness, "the question", is_asked);
    harness.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::Period);
    harness.run_steps(2);
    wait(&mut harness, "an end", |app| phase_is(app, &Phase::Finished));
    let (voice, text) = last_line(harness.state());
    assert!(voice == Voice::Error && text.contains("interrupted"), "{text}");
    evaluate(&mut harness, TOO_MUCH);
    wait(&mut harness, "the question", is_asked);
    click(&mut harness, "Restart");
    wait(&mut harness, "standing still again", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
}

#[test]
fn pages_are_pinned_from_the_keyboard_and_a_restart_begins_again() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    let first = harness.state().session().model().pages().extents()[0].span.start;
    for expected in [first, first + 4096] {
        harness.key_press_modifiers(eframe::egui::Modifiers::SHIFT, eframe::egui::Key::ArrowRight);
        harness.run_steps(2);
        assert_eq!(harness.state().map().pinned(), Some(expected));
    }
    assert!(harness.query_by_label("in use since").is_some(), "the row of the page table is shown");
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    let clock = harness.state().session().model().counters().clock;
    click(&mut harness, "Restart");
    wait(&mut harness, "standing still again", |app| phase_is(app, &Phase::Paused));
    assert!(harness.state().session().model().counters().clock < clock);
    click(&mut harness, "Keys");
    assert!(harness.query_by_label_contains("step to the next top-level form").is_some());
}

#[test]
fn compaction_is_no_remedy_for_what_it_has_just_left() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    // Every 400th closure is a key that is found by its address: it holds its pool where it is.
    let pin =
        "(do (= keys (table)) (for i 1 400000 (let k (fn () i) (if (multiple i 400) (= (keys k) i)))) (len keys))";
    evaluate(&mut harness, pin);
    wait(&mut harness, "an answer", |app| phase_is(app, &Phase::Finished));
    assert!(!harness.state().session().model().is_compacted());
    click(&mut harness, "Collect");
    wait(&mut harness, "a compaction", |app| app.session().model().is_compacted());
    let free_runs = Term::costliest(&harness.state().session().model().counters().balance);
    assert_eq!(free_runs.map(|(term, _)| term), Some(Term::FreeRuns));
    assert!(harness.query_by_label_contains("What would lower it: less that is pinned").is_some());
}

#[test]
fn a_heap_of_blocks_is_stepped_collected_and_begun_again() {
    let policy = Policy::of(Placement::Malloc);
    let mut harness = open_on(Program { policy, ..Program::default() }, true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    let before = forms(harness.state());
    click(&mut harness, "Step form");
    wait(&mut harness, "the next form", |app| forms(app) == before + 1 && phase_is(app, &Phase::Paused));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end", |app| phase_is(app, &Phase::Finished));
    assert!(harness.query_by_label("heap malloc").is_some(), "the line at the bottom says so");
    let map = harness.get_by_label_contains("page map: ");
    let words = map.accesskit_node().label().expect("words");
    assert!(words.contains(" mixed") && !words.contains(" cells"), "{words}");
    assert!(harness.query_by_label_contains("compaction").is_none(), "nothing moves here");

    let cycles = |app: &App| app.session().model().counters().cycles;
    let collected = cycles(harness.state());
    click(&mut harness, "Collect");
    wait(&mut harness, "a collection", move |app| cycles(app) > collected);
    let counters = harness.state().session().model().counters();
    assert_eq!(counters.balance.committed(), counters.committed);
    assert_eq!(counters.balance.unjudged, 0);

    // The allocator serves one heap at a time: the old one must have let go of it.
    click(&mut harness, "Restart");
    wait(&mut harness, "forms again", |app| forms(app) > 0 && !phase_is(app, &Phase::Finished));
    click(&mut harness, "Skip");
    wait(&mut harness, "the end again", |app| phase_is(app, &Phase::Finished));
}
