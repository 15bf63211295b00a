//! The collector, stepped and told.

use super::driver::{Window, alone_with_the_allocator, click, forms, open, open_program, open_with, phase_is, wait};
use eframe::egui::accesskit::Role;
use eframe::egui::{Color32, Rect, Shape};
use egui_kittest::kittest::{NodeT, Queryable};
use heapatlas::format;
use heapatlas::map::balance::Term;
use heapatlas::map::colouring::Colouring;
use heapatlas::map::palette::{Rgb, Theme};
use heapatlas::source::program::Program;
use heapatlas::ui::app::App;
use heapatlas::ui::session::Phase;
use heapatlas::ui::theme;
use heapatlas_heap::Placement;
use heapatlas_heap::Policy;
use heapatlas_heap::terms::GcCause;
use heapatlas_heap::terms::GcPhase;

/// What the panel says of the mark: white, grey, reached.
fn colours_shown(harness: &Window) -> [String; 3] {
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
        assert_eq!(report.scanned, 1, "step {scanned}: {report:?}");
        let colours = app.session().model().pages().colours();
        assert_eq!(colours.grey, report.grey, "the pages say what the step says");
        let page = report.object.map(|object| object.align_down(4096)).expect("the one that was scanned");
        assert!(app.session().model().pages().worked_on().contains(&page), "it was grey, and is black now");
        let expected = [
            format!("white {}", format::bytes(colours.white)),
            format!("grey {}", format::count(colours.grey)),
            format!("reached {}", format::bytes(colours.reached)),
        ];
        assert_eq!(colours_shown(&harness), expected);
        assert!(harness.query_by_label_contains("Last step: mark: scanned what lies at 0x").is_some());
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
    let last = harness.state().session().told().cycles().next_back().expect("a cycle");
    assert_eq!(last.cause, GcCause::Asked);
    assert!(last.after.is_some_and(|after| after.allocated < last.before.allocated), "{last:?}");
    assert!(harness.query_by_label_contains("99 % of pauses ≤ ").is_some());
    click(&mut harness, "Play");
    wait(&mut harness, "going on", |app| app.session().model().counters().clock > clock);
}

/// The colour of a term in the window of the tests.
fn color_of(term: Term) -> Rgb {
    Theme::Dark.term(term)
}

/// The width of what is painted in a colour within a rectangle.
fn painted(harness: &Window, within: Rect, colour: Rgb) -> f32 {
    fn width(shape: &Shape, within: Rect, fill: Color32) -> f32 {
        match shape {
            Shape::Vec(shapes) => shapes.iter().map(|shape| width(shape, within, fill)).sum(),
            Shape::Rect(rect) if rect.fill == fill && within.contains_rect(rect.rect) => rect.rect.width(),
            _ => 0.0,
        }
    }
    harness.output().shapes.iter().map(|clipped| width(&clipped.shape, within, theme::color(colour))).sum()
}

#[test]
fn a_cycle_is_drawn_before_and_after_on_one_scale_with_its_numbers() {
    let mut harness = open_with("(= kept (range 1 3000))");
    let ended = |app: &App| app.session().told().cycles().filter(|cycle| cycle.after.is_some()).count();
    click(&mut harness, "Collector");
    for _ in 0..2 {
        let before = ended(harness.state());
        click(&mut harness, "Collect");
        wait(&mut harness, "a collection", move |app| ended(app) > before);
    }
    let chosen = harness.state().session().told().cycles().rev().nth(1).expect("the first of both");
    let (number, after) = (chosen.number, chosen.after.expect("its end"));
    click(&mut harness, &format!("cycle {number}"));
    let meter = |harness: &Window, name: &str| {
        let node = harness.get_by_label_contains(name);
        (node.accesskit_node().label().expect("words"), node.rect())
    };
    let unjudged = color_of(Term::Unjudged);
    let scale: Vec<f32> = [("before", chosen.before), ("after", after)]
        .into_iter()
        .map(|(name, moment)| {
            let (words, rect) = meter(&harness, &format!("{name} cycle {number}: "));
            for (term, bytes) in [("live", moment.balance.live), ("unjudged", moment.balance.unjudged)] {
                assert!(words.contains(&format!("{term} {}", format::bytes(bytes))), "{words}");
            }
            let bytes = moment.balance.live + moment.balance.free_pages;
            let drawn = [Term::Live, Term::FreePages].map(|term| painted(&harness, rect, color_of(term)));
            drawn.iter().sum::<f32>() / bytes as f32
        })
        .collect();
    assert!((scale[0] / scale[1] - 1.0).abs() < 0.02, "a byte is as long before as after: {scale:?}");
    let (_, before) = meter(&harness, &format!("before cycle {number}: "));
    let (_, end) = meter(&harness, &format!("after cycle {number}: "));
    assert!(painted(&harness, before, unjudged) > painted(&harness, end, unjudged), "it was judged");
    assert!(chosen.before.balance.unjudged > after.balance.unjudged);
}

#[test]
fn a_heap_of_blocks_is_stepped_collected_and_begun_again() {
    let _alone = alone_with_the_allocator();
    let policy = Policy::of(Placement::Malloc);
    let mut harness = open_program(Program { policy, ..Program::default() }, true);
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
