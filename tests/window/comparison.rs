//! The same work under several policies, side by side in a window.

use std::time::{Duration, Instant};

use super::driver::{alone_with_the_allocator, click, open, open_program, press, skip, standing_still, wait};
use super::numbers::unexplained;
use eframe::egui::{Key, Modifiers, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use heapatlas::source::program::Program;
use heapatlas::ui::comparison::{Comparison, ComparisonWindow, every_policy};
use heapatlas::ui::session::Phase;
use heapatlas_heap::{Placement, Policy};

fn clocks(comparison: &Comparison) -> Vec<u64> {
    comparison.sessions().map(|(_, session)| session.model().counters().clock).collect()
}

/// Draws the window until something holds.
fn until(window: &mut Harness<'_, ComparisonWindow>, what: &str, holds: impl Fn(&Comparison) -> bool) {
    let since = Instant::now();
    while !holds(window.state().comparison()) {
        assert!(since.elapsed().as_secs() < 60, "waited for {what}: {:?}", clocks(window.state().comparison()));
        std::thread::sleep(Duration::from_millis(4));
        window.step();
    }
    window.run_steps(2);
}

#[test]
fn three_policies_go_in_step_and_come_to_their_ends() {
    let _alone = alone_with_the_allocator();
    let compared = every_policy(&Program::default());
    let mut window = Harness::builder().with_size([1280.0, 800.0]).build_eframe(|creation| {
        ComparisonWindow::new(&creation.egui_ctx, "test".to_owned(), compared).expect("three runtimes")
    });
    until(&mut window, "three heaps", |comparison| clocks(comparison).iter().all(|clock| *clock > 600_000));
    let seen = clocks(window.state().comparison());
    let (least, most) = (seen.iter().min().expect("three"), seen.iter().max().expect("three"));
    // A frame is cut every 64 KiB, and one that is ahead hears of it at its next look.
    assert!(most - least < 1 << 20, "{seen:?}");
    for policy in ["malloc", "single", "pool"] {
        assert!(window.query_all_by_label(policy).next().is_some(), "{policy}");
    }
    assert_eq!(window.query_all_by_label_contains("page map: ").count(), 3);
    window.get_by_label("Skip").click();
    window.run_steps(2);
    until(&mut window, "three ends", |comparison| {
        comparison.sessions().all(|(_, session)| session.progress().phase() == Phase::Finished)
    });
    let ends = clocks(window.state().comparison());
    assert!(ends.iter().all(|clock| *clock > 3_000_000), "{ends:?}");
    assert!(window.query_by_label("most of the rest").is_some());
    assert_eq!(unexplained(&window, Rect::NOTHING), [""; 0], "every number says what it counts");
}

#[test]
fn the_program_that_is_looked_at_is_compared_and_one_comes_back_to_it() {
    let _alone = alone_with_the_allocator();
    let mut window = open(true);
    standing_still(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::D);
    wait(&mut window, "three heaps", |app| {
        app.comparison().is_some_and(|comparison| clocks(comparison).iter().all(|clock| *clock > 0))
    });
    // The key for the theme holds here, too.
    let theme = window.ctx.theme();
    press(&mut window, Modifiers::NONE, Key::T);
    assert_ne!(window.ctx.theme(), theme);
    click(&mut window, "Back");
    assert!(window.state().comparison().is_none());
    assert!(window.query_by_label("Step form").is_some());
}

#[test]
fn a_heap_of_blocks_gives_way_when_its_program_is_over() {
    let _alone = alone_with_the_allocator();
    let malloc = Program { policy: Policy::of(Placement::Malloc), ..Program::default() };
    let mut window = open_program(malloc, true);
    standing_still(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::D);
    assert!(window.state().comparison().is_none());
    assert!(window.query_by_label_contains("can't compare yet").is_some());
    skip(&mut window);
    let allocated = window.state().session().model().counters().allocated;
    press(&mut window, Modifiers::COMMAND, Key::D);
    wait(&mut window, "three heaps", |app| {
        app.comparison().is_some_and(|comparison| clocks(comparison).iter().all(|clock| *clock > 0))
    });
    // What was seen of it is still there, and it can have the allocator again.
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label_contains("can't compare yet").is_none());
    assert_eq!(window.state().session().progress().phase(), Phase::Ended);
    assert_eq!(window.state().session().model().counters().allocated, allocated);
    press(&mut window, Modifiers::COMMAND, Key::R);
    standing_still(&mut window);
}
