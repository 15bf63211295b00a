//! The map: its colours, what is looked for and selected on it, and what its pages tell.

use super::driver::{Window, click, open, open_with, phase_is, type_in, wait};
use egui_kittest::kittest::Queryable;
use heapatlas::format;
use heapatlas::map::balance::Term;
use heapatlas::map::colouring::Colouring;
use heapatlas::map::layout::Order;
use heapatlas::ui::session::Phase;

/// Types into the field above the map.
fn look_for(harness: &mut Window, text: &str) {
    harness.key_press(eframe::egui::Key::Slash);
    harness.run_steps(2);
    harness.get_by_label("Look for").type_text(text);
    harness.run_steps(1);
    harness.key_press(eframe::egui::Key::Enter);
    harness.run_steps(2);
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

#[test]
fn zooming_out_shows_several_pages_a_box_and_zooming_in_each() {
    let mut harness = open(true);
    wait(&mut harness, "standing still", |app| phase_is(app, &Phase::Paused));
    assert!(harness.query_by_label_contains("a box is a page of 4 KiB").is_some());
    let together = "a box is 16 pages, 64.0 KiB: above the emptiest, below the fullest";
    for _ in 0..20 {
        if harness.query_by_label_contains(together).is_some() {
            break;
        }
        harness.key_press(eframe::egui::Key::Minus);
        harness.run_steps(2);
    }
    assert!(harness.query_by_label_contains(together).is_some(), "sixteen pages a box");
    // From box to box, and a page of each is pinned.
    let mut pinned = Vec::new();
    for _ in 0..3 {
        harness.key_press_modifiers(eframe::egui::Modifiers::SHIFT, eframe::egui::Key::ArrowRight);
        harness.run_steps(2);
        pinned.push(harness.state().map().pinned().expect("a page"));
    }
    assert!(pinned.windows(2).all(|pair| pair[1] - pair[0] == 64 << 10), "{pinned:?}");
    for _ in 0..2 {
        harness.key_press(eframe::egui::Key::Plus);
        harness.run_steps(2);
    }
    assert!(harness.query_by_label_contains("a box is a page of 4 KiB").is_some());
}

#[test]
fn a_free_page_says_what_it_is_and_offers_nothing_to_click() {
    let mut harness = open_with("nil");
    let pages = harness.state().session().model().pages();
    let free = pages.iter().find(|page| page.entry.kind().is_free()).expect("a free page").address;
    look_for(&mut harness, &format!("0x{:x}", free.get()));
    wait(&mut harness, "the free page", move |app| app.map().pinned() == Some(free));
    click(&mut harness, "look inside");
    wait(&mut harness, "findings", move |app| app.session().page_findings().map(|found| found.page) == Some(free));
    assert!(harness.query_by_label("What it is").is_some());
    for words in ["It is free", "in memory", "Next comes a pool or a large object"] {
        assert!(harness.query_all_by_label_contains(words).next().is_some(), "{words}");
    }
    assert!(harness.query_by_label_contains("Click one").is_none());
}

#[test]
fn a_page_is_found_by_symbol_and_tells_who_lives_there_and_why_it_stays() {
    let mut harness = open_with("(do (= treasure (list 'gold \"silver\" 12345)) nil)");
    look_for(&mut harness, "treasure");
    wait(&mut harness, "the page of the value", |app| app.map().pinned().is_some());
    assert!(harness.query_by_label_contains("treasure is at 0x").is_some());
    click(&mut harness, "look inside");
    let pinned = harness.state().map().pinned();
    wait(&mut harness, "findings", move |app| app.session().page_findings().map(|found| found.page) == pinned);
    assert!(harness.query_by_label("Why it stays").is_some());
    assert!(harness.query_by_label_contains("on it, ").is_some());
    assert!(harness.query_by_label_contains("A page goes back with its pool, ").is_some());
    let findings = harness.state().session().page_findings().cloned().expect("findings");
    let treasure = findings.things.iter().find(|thing| thing.printed == "(gold \"silver\" 12345)").expect("the list");
    assert_eq!(treasure.path.len(), 1);
    assert_eq!(treasure.path[0].words, "global treasure");
    // What was looked for is chosen, and says why it is alive.
    assert!(harness.query_by_label("Why it is alive").is_some());
    assert!(harness.query_by_label_contains("Who points to it: ").is_some());

    // From what is held one goes to what holds it, and back.
    let symbol = treasure.path[0].holder.expect("the symbol");
    click(&mut harness, "global treasure");
    wait(&mut harness, "the page of the symbol", move |app| {
        let things = app.session().page_findings().map(|found| found.things.clone()).unwrap_or_default();
        things.iter().any(|thing| thing.address == symbol && thing.printed == "treasure")
    });
    assert_ne!(harness.state().map().pinned(), pinned);
    assert!(harness.query_by_label(&format::address(symbol)).is_some(), "it is what is chosen there");
    click(&mut harness, "Back");
    wait(&mut harness, "the page again", move |app| app.session().page_findings().map(|found| found.page) == pinned);
    assert!(harness.query_by_label(&format::address(treasure.address)).is_some());
    assert!(harness.query_by_label("Back").is_none());

    // What nobody holds any more is told to be dead.
    let address = treasure.address;
    type_in(&mut harness, "(= treasure nil that nil)");
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
    let shift_right = |harness: &mut Window| {
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
fn the_map_tells_which_form_allocated_where() {
    // More forms with pages of their own than there are colours, and one with most.
    let small: String = ('a'..='l').map(|name| format!("(= kept-{name} (range 1 2000))\n")).collect();
    let mut harness = open_with(&(small + "(len (= kept (range 1 20000)))"));
    click(&mut harness, "colour by form");
    let forms = harness.state().session().told().forms();
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
    type_in(&mut harness, pin);
    wait(&mut harness, "an answer", |app| phase_is(app, &Phase::Finished));
    assert!(!harness.state().session().told().is_compacted());
    click(&mut harness, "Collect");
    wait(&mut harness, "a compaction", |app| app.session().told().is_compacted());
    let free_runs = Term::costliest(&harness.state().session().model().counters().balance);
    assert_eq!(free_runs.map(|(term, _)| term), Some(Term::FreeRuns));
    assert!(harness.query_by_label_contains("What would lower it: less that is pinned").is_some());
}
