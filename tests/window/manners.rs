//! What one expects of any window: panels that can be moved, closed and opened, changes that can be taken back, and
//! that it is found again as it was left.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::driver::{PATIENCE, Window, click, open, press, standing_still, type_in, wait};
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Pos2, Rect, Vec2, vec2};
use eframe::{App as _, Storage};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use heapatlas::map::balance::Term;
use heapatlas::map::colouring::Colouring;
use heapatlas::map::layout::Order;
use heapatlas::ui::app::App;
use heapatlas::ui::panel::Panel;
use heapatlas::ui::views::errand;
use heapatlas::ui::work::{Pulse, Work};
use heapatlas_arc::host::Errand;

/// Drags with the mouse from one place to another, with a stop on the way as a hand makes it.
fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    window.hover_at(from);
    window.run_steps(1);
    window.drag_at(from);
    window.run_steps(1);
    for part in [0.3, 0.7, 1.0] {
        window.hover_at(from + (to - from) * part);
        window.run_steps(2);
    }
    window.drop_at(to);
    window.run_steps(3);
}

fn centre_of(window: &Window, label: &str) -> Pos2 {
    window.get_by_label(label).rect().center()
}

fn are_shown(window: &Window, panels: &[Panel]) -> bool {
    panels.iter().all(|panel| window.state().dock().is_shown(*panel))
}

#[test]
fn a_tab_is_dragged_beside_others_and_that_is_taken_back() {
    let mut window = open(true);
    standing_still(&mut window);
    assert!(!are_shown(&window, &[Panel::Timeline, Panel::Collector]), "one lies over the other");
    let before = window.state().dock().layout().clone();
    // To the lower edge of what lies beside the map.
    let balance = centre_of(&window, "Balance");
    let tab = centre_of(&window, "Collector");
    drag(&mut window, tab, Pos2::new(balance.x + 100.0, 755.0));
    assert!(are_shown(&window, &[Panel::Timeline, Panel::Collector, Panel::Balance]));
    assert!(centre_of(&window, "Collector").x >= balance.x - 40.0, "it lies at the right now");
    let after = window.state().dock().layout().clone();
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(*window.state().dock().layout(), before);
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(*window.state().dock().layout(), after);
    click(&mut window, "View");
    click(&mut window, "Reset the layout");
    assert!(!are_shown(&window, &[Panel::Timeline, Panel::Collector]));
    assert_eq!(window.state().dock().layout().tiles.len(), before.tiles.len());
}

#[test]
fn panels_are_closed_and_opened_again() {
    let mut window = open(true);
    standing_still(&mut window);
    click(&mut window, "Close Timeline");
    assert!(!window.state().dock().is_open(Panel::Timeline));
    assert!(are_shown(&window, &[Panel::Collector]), "the next one comes to the front");
    press(&mut window, Modifiers::NONE, Key::F6);
    assert!(are_shown(&window, &[Panel::Timeline]));
    click(&mut window, "Menu of Page map");
    click(&mut window, "Close");
    assert!(!window.state().dock().is_open(Panel::Map));
    // Whoever looks for something on the map wants to see it.
    press(&mut window, Modifiers::NONE, Key::Slash);
    assert!(are_shown(&window, &[Panel::Map]));
    press(&mut window, Modifiers::NONE, Key::Escape);
    for panel in Panel::ALL {
        while !window.state().dock().is_shown(panel) {
            click(&mut window, panel.name());
        }
        click(&mut window, &format!("Close {}", panel.name()));
    }
    assert!(window.state().dock().layout().is_empty());
    click(&mut window, "Reset the layout");
    assert!(are_shown(&window, &[Panel::Map, Panel::Balance, Panel::Timeline, Panel::Console]));
}

#[test]
fn how_the_map_is_looked_at_is_taken_back_step_by_step() {
    let mut window = open(true);
    standing_still(&mut window);
    press(&mut window, Modifiers::NONE, Key::C);
    press(&mut window, Modifiers::NONE, Key::H);
    press(&mut window, Modifiers::NONE, Key::Plus);
    {
        window.get_by_label_contains("free runs ").click();
        window.run_steps(2);
    }
    let seen = |app: &App| (app.map().colouring(), app.map().order(), app.map().fits(), app.lit());
    let steps = [
        (Colouring::Kind.next(), Order::Hilbert, false, Some(Term::FreeRuns)),
        (Colouring::Kind.next(), Order::Hilbert, false, None),
        (Colouring::Kind.next(), Order::Hilbert, true, None),
        (Colouring::Kind.next(), Order::Rows, true, None),
        (Colouring::Kind, Order::Rows, true, None),
    ];
    for (back, expected) in steps.iter().enumerate() {
        assert_eq!(seen(window.state()), *expected, "{back} taken back");
        press(&mut window, Modifiers::COMMAND, Key::Z);
    }
    for expected in steps.iter().rev().skip(1) {
        press(&mut window, Modifiers::COMMAND, Key::Y);
        assert_eq!(seen(window.state()), *expected);
    }
}

/// What a window keeps, in memory: tests leave the settings of the person alone.
#[derive(Default)]
struct Kept(HashMap<String, String>);

impl Storage for Kept {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }

    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }

    fn flush(&mut self) {}
}

#[test]
fn a_window_is_found_again_as_it_was_left() {
    let mut kept = Kept::default();
    let mut window = open(true);
    standing_still(&mut window);
    click(&mut window, "Breakpoints");
    click(&mut window, "Close Breakpoints");
    click(&mut window, "Free lists");
    let layout = window.state().dock().layout().clone();
    window.state_mut().save(&mut kept);
    drop(window);

    let mut window = open(true);
    window.state_mut().restore(&kept);
    standing_still(&mut window);
    assert_eq!(*window.state().dock().layout(), layout);
    assert!(!window.state().dock().is_open(Panel::Breakpoints) && are_shown(&window, &[Panel::FreeLists]));

    // What nobody understands is as if there were nothing.
    for value in kept.0.values_mut() {
        *value = "nonsense".to_owned();
    }
    let mut window = open(true);
    window.state_mut().restore(&kept);
    standing_still(&mut window);
    assert!(Panel::ALL.into_iter().all(|panel| window.state().dock().is_open(panel)));
}

/// Brings a panel to the front.
fn show(window: &mut Window, name: &str) {
    let panel = Panel::ALL.into_iter().find(|panel| panel.name() == name).expect("a panel");
    while !window.state().dock().is_shown(panel) {
        window.get_by_role_and_label(Role::Tab, name).click();
        window.run_steps(3);
    }
}

#[test]
fn what_a_panel_shows_is_written_from_its_menu_and_nothing_is_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = open(true);
    standing_still(&mut window);
    window.state_mut().write_into(folder.path().to_owned());
    type_in(&mut window, "\"whatever is said here is a line of a table, and so is what comes of it\"");
    press(&mut window, Modifiers::NONE, Key::Escape);
    // The emptiest page that something lies on.
    press(&mut window, Modifiers::NONE, Key::Slash);
    window.get_by_label("Look for").type_text("<");
    window.run_steps(1);
    press(&mut window, Modifiers::NONE, Key::Enter);
    press(&mut window, Modifiers::NONE, Key::Escape);
    show(&mut window, "Difference");
    click(&mut window, "Mark as A");
    assert!(window.state().session().marked().is_some());
    for (panel, word, file) in [
        ("Page map", "Write it as SVG", "heapatlas-page-map.svg"),
        ("Page map", "Write it as CSV", "heapatlas-page-map.csv"),
        ("Page map", "Write it as CSV", "heapatlas-page-map-2.csv"),
        ("Balance", "Write it as CSV", "heapatlas-balance.csv"),
        ("Timeline", "Write it as CSV", "heapatlas-timeline.csv"),
        ("Console", "Write it as CSV", "heapatlas-console.csv"),
        ("Page", "Write it as CSV", "heapatlas-page.csv"),
        ("Free lists", "Write it as CSV", "heapatlas-free-lists.csv"),
        ("Source", "Write it as CSV", "heapatlas-source.csv"),
        ("Address × time", "Write it as SVG", "heapatlas-address-×-time.svg"),
        ("Difference", "Write it as SVG", "heapatlas-difference.svg"),
        ("Difference", "Write it as CSV", "heapatlas-difference.csv"),
    ] {
        show(&mut window, panel);
        if panel == "Page" {
            wait(&mut window, "what lies there", |app| app.session().page_findings().is_some());
        }
        click(&mut window, &format!("Menu of {panel}"));
        click(&mut window, word);
        let path = folder.path().join(file);
        wait(&mut window, file, |_| path.exists());
        assert!(path.metadata().is_ok_and(|file| file.len() > 60), "{file}");
        // What was under way is told of no more, and nothing moves while the next menu is opened.
        let (told, since) = (format!("written: {}", path.display()), Instant::now());
        while window.query_by_label(&told).is_none() {
            assert!(since.elapsed() < PATIENCE, "{told}");
            window.step();
        }
        window.run_steps(2);
    }
    click(&mut window, "OK");
    assert!(window.query_by_label_contains("written: ").is_none());
    let table = std::fs::read_to_string(folder.path().join("heapatlas-page-map.csv")).expect("a table");
    assert_eq!(table.lines().count(), 1 + window.state().session().model().pages().len());
}

#[test]
fn files_opened_last_are_offered_and_the_scale_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.arc");
    std::fs::write(&path, "(= mine 42)\n").expect("a file");
    let mut kept = Kept::default();
    let mut window = open(true);
    standing_still(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::O);
    window.get_by_label("Path of a program").type_text(path.to_str().expect("a name"));
    window.run_steps(1);
    window.key_press(Key::Enter);
    window.run_steps(3);
    press(&mut window, Modifiers::COMMAND, Key::Plus);
    press(&mut window, Modifiers::COMMAND, Key::Plus);
    assert!((window.ctx.zoom_factor() - 1.2).abs() < 1e-3);
    click(&mut window, "View");
    click(&mut window, "As large as usual");
    assert!((window.ctx.zoom_factor() - 1.0).abs() < 1e-3);
    window.state_mut().save(&mut kept);

    let mut window = open(true);
    window.state_mut().restore(&kept);
    standing_still(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::O);
    click(&mut window, path.to_str().expect("a name"));
    wait(&mut window, "the program", |app| {
        app.session().program().is_some_and(|program| program.files == [path.clone()])
    });
}

/// What has a label, wherever it is, is not cut off by an edge of the window.
fn assert_within(window: &Window, labels: &[&str], size: Vec2) {
    let whole = Rect::from_min_size(Pos2::ZERO, size);
    for label in labels {
        let rect = window.get_by_label(label).rect();
        assert!(whole.contains_rect(rect), "{label}: {rect:?}");
    }
}

#[test]
fn the_menu_and_the_keys_fit_the_window() {
    let mut window = open(true);
    standing_still(&mut window);
    let size = vec2(1280.0, 800.0);
    click(&mut window, "View");
    assert_within(&window, &["Page map panel", "Tour: autopsy", "Light theme"], size);
    press(&mut window, Modifiers::NONE, Key::Escape);
    press(&mut window, Modifiers::NONE, Key::F1);
    assert_within(&window, &["pause, or go on", "close the window"], size);
}

#[test]
fn everything_is_at_hand_in_the_smallest_window() {
    let mut window = open(true);
    standing_still(&mut window);
    let size = vec2(900.0, 560.0);
    window.set_size(size);
    window.run_steps(3);
    click(&mut window, "View");
    click(&mut window, "Reset the layout");
    assert_within(&window, &["Step form", "full", "Collect", "Open", "Restart", "View", "Keys"], size);
    let map = window.get_by_label_contains("page map: ").rect();
    assert!(map.height() > 60.0, "{map:?}");
    // What the colours say is in a menu there.
    assert_within(&window, &["Look for", "along a Hilbert curve"], size);
    click(&mut window, "kind");
    click(&mut window, "marking");
    assert_eq!(window.state().map().colouring(), Colouring::Marking);
    press(&mut window, Modifiers::NONE, Key::F1);
    assert_within(&window, &["the same program under every policy, side by side", "pin the page beside"], size);
    let longest = window.get_by_label("select from the pinned page to the next").rect();
    assert!(longest.right() < size.x, "{longest:?}");
}

#[test]
fn what_takes_long_is_told_of_and_cancelled() {
    let (sender, cancelled) = crossbeam_channel::bounded(1);
    let mut work = Work::default();
    let endless = move |pulse: &Pulse| {
        while !pulse.is_cancelled() {
            std::thread::sleep(Duration::from_millis(2));
        }
        sender.send(()).expect("somebody waits");
        "cancelled".to_owned()
    };
    work.start("writing x.png".to_owned(), Arc::new(|| {}), endless).expect("a thread");
    let mut strip = Harness::new_ui_state(|ui, work: &mut Work| work.show(ui), work);
    assert!(strip.query_by_label("Cancel").is_none(), "it may be over in a moment");
    std::thread::sleep(Duration::from_millis(520));
    strip.run_steps(2);
    assert!(strip.query_by_label("writing x.png: 0 B so far").is_some());
    strip.get_by_label("Cancel").click();
    strip.run_steps(2);
    cancelled.recv_timeout(PATIENCE).expect("it ends");
    assert!(strip.query_by_label("Cancel").is_none() && strip.query_by_label("cancelled").is_some());
}

#[test]
fn what_the_runtime_takes_long_for_is_told_of_and_cancelled() {
    let mut strip = Harness::new_ui_state(
        |ui, state: &mut (Errand, bool)| state.1 |= errand::show(ui, *state),
        (Errand::Search(512), false),
    );
    assert!(strip.query_by_label_contains("searching who holds what lies there: 512 ").is_some());
    assert!(strip.query_by_label("cancelled").is_none());
    strip.state_mut().0 = Errand::Search(40_960);
    strip.run_steps(1);
    assert!(strip.query_by_label_contains("40\u{202f}960 cells and objects reached").is_some());
    strip.get_by_label("Cancel").click();
    strip.run_steps(2);
    assert!(strip.state().1 && strip.query_by_label("cancelled").is_some());
    assert!(strip.query_by_label("Cancel").is_none(), "once is enough");
}
