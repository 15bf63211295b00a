//! The guided tours: the program stands still where there is something to see, and the card says what.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use heapatlas::map::balance::Term;
use heapatlas::ui::app::App;
use heapatlas::ui::session::Phase;

use super::driver::{Window, alone_with_the_allocator, click, open, press, standing_still, wait};
use super::numbers::in_window;

/// The texts that are shown.
fn is_said(window: &Window, words: &str) -> bool {
    let said = window.get_all_by_role(Role::Label).filter_map(|node| node.accesskit_node().value());
    said.into_iter().any(|text| text.contains(words))
}

fn begin(window: &mut Window, name: &str) {
    standing_still(window);
    click(window, "View");
    click(window, &format!("Tour: {name}"));
}

fn arrived(app: &App) -> bool {
    app.guide().is_some_and(|guide| guide.step().is_some())
}

/// Goes to the next step, waits for it, and gives its words.
fn next(window: &mut Window) -> String {
    click(window, "Next");
    wait(window, "the next step", arrived);
    window.state().guide().and_then(|guide| guide.step()).map(|step| step.words.clone()).expect("a step")
}

#[test]
fn the_tour_of_fragmentation_stops_where_there_is_something_to_see() {
    let _alone = alone_with_the_allocator();
    let mut window = open(true);
    begin(&mut window, "fragmentation");
    wait(&mut window, "the first step", arrived);
    assert!(is_said(&window, "step 1 of 5") && is_said(&window, "took every cons from malloc"));
    assert_eq!(window.state().session().progress().phase(), Phase::Paused);
    assert_eq!(in_window(&window), [""; 0], "every number says what it counts");
    let allocated = |window: &Window| window.state().session().model().counters().allocated;
    let before = allocated(&window);
    assert!(next(&mut window).starts_with("Lines and records lie side by side"));
    assert!(allocated(&window) > before + 4_000_000, "twenty thousand lines");
    assert!(next(&mut window).starts_with("The lines are gone, and the pages are not."));
    let balance = window.state().session().model().counters().balance;
    assert_eq!(Term::costliest(&balance).map(|(term, _)| term), Some(Term::FreeRuns), "as the card says");
    assert!(next(&mut window).starts_with("Five hundred paragraphs"));
    wait(&mut window, "the page of the records", |app| app.map().pinned().is_some());
    // What was said can be read again; the program stays where it is.
    press(&mut window, Modifiers::NONE, Key::PageUp);
    assert!(is_said(&window, "The lines are gone, and the pages are not."));
    press(&mut window, Modifiers::NONE, Key::PageDown);
    assert!(next(&mut window).starts_with("That is fragmentation."));
    assert_eq!(window.state().session().progress().phase(), Phase::Finished);
    click(&mut window, "End the tour");
    assert!(window.state().guide().is_none());
}

#[test]
fn growth_is_shown_to_the_hole_that_is_left() {
    let mut window = open(true);
    begin(&mut window, "grow");
    wait(&mut window, "the first step", arrived);
    let committed = |window: &Window| window.state().session().model().counters().committed;
    assert_eq!(committed(&window), 1 << 20);
    next(&mut window);
    assert!(committed(&window) > 12 << 20, "extent by extent");
    next(&mut window);
    assert!(next(&mut window).contains("is a hole"));
    let model = window.state().session().model();
    let largest = model.pages().holes().max_by_key(|hole| hole.end - hole.start).expect("a hole");
    assert_eq!(window.state().map().pinned(), Some(largest.start - 4096), "the page below it is pinned");
    next(&mut window);
    assert_eq!(window.state().session().progress().phase(), Phase::Finished);
}

#[test]
fn the_autopsy_ends_with_the_collection_that_nobody_made() {
    let _alone = alone_with_the_allocator();
    let mut window = open(true);
    begin(&mut window, "autopsy");
    wait(&mut window, "the first step", arrived);
    next(&mut window);
    assert!(next(&mut window).starts_with("Some 80 MB, "));
    let counters = |window: &Window| window.state().session().model().counters().clone();
    assert_eq!(counters(&window).cycles, 0);
    assert!((70_000_000..130_000_000).contains(&counters(&window).committed), "{}", counters(&window).committed);
    next(&mut window);
    wait(&mut window, "a collection", |app| app.session().model().counters().cycles > 0);
    let balance = counters(&window).balance;
    assert!(balance.live * 10 < balance.committed(), "{balance:?}");
}

#[test]
fn the_window_is_told_in_five_steps_while_the_program_goes_on() {
    let mut window = open(true);
    begin(&mut window, "window");
    for step in 1..=5 {
        assert!(is_said(&window, &format!("step {step} of 5")));
        if step < 5 {
            next(&mut window);
        }
    }
    assert!(window.query_by_label("Next").is_none(), "that was the last");
    click(&mut window, "End the tour");
    assert!(window.state().guide().is_none());
    assert_eq!(window.state().session().progress().phase(), Phase::Paused, "as it was before");
}
