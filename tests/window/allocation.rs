//! Who allocates: forms and functions, as a table and as a flame graph, with their pages on the map.

use super::driver::{Window, click, evaluate, open, press, skip, wait};
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use heapatlas::format;

/// What the rows of the table say, from top to bottom.
fn rows(window: &Window) -> Vec<String> {
    let labels = window.get_all_by_role(Role::Button).filter_map(|node| node.accesskit_node().label());
    labels.filter(|label| label.contains(" itself, ")).collect()
}

#[test]
fn forms_are_told_by_their_bytes_and_what_is_clicked_is_lit() {
    let mut window = open(true);
    skip(&mut window);
    press(&mut window, Modifiers::NONE, Key::F10);
    let most = window.state().session().told().forms().iter().max_by_key(|form| form.own());
    let most = most.expect("a form").into_owned();
    let first = rows(&window).first().cloned().expect("a row");
    assert!(first.starts_with(&format!("{}:{} ", most.file, most.line)), "{first}");
    assert!(first.contains(&format!("{} itself", format::bytes(most.own().expect("bytes")))), "{first}");
    assert!(first.contains("survived ") && !first.contains("survived –"), "collections came after it: {first}");
    click(&mut window, "sort by name");
    let names = rows(&window);
    assert!(names.len() > 5 && names.is_sorted(), "{names:?}");

    assert!(window.state_mut().lit_pages().is_empty());
    let row = names[0].clone();
    click(&mut window, &row);
    let lit = window.state_mut().lit_pages().to_vec();
    assert!(lit.iter().all(|page| window.state().session().model().pages().at(*page).is_some()));
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.state_mut().lit_pages().is_empty());
}

#[test]
fn functions_are_sampled_while_the_program_runs() {
    let mut window = open(true);
    skip(&mut window);
    press(&mut window, Modifiers::NONE, Key::F10);
    click(&mut window, "by function");
    assert!(window.query_by_label_contains("No sample yet").is_some());
    evaluate(&mut window, "(do (def hog (n) (if (> n 0) (cons n (hog (- n 1))))) (= kept (hog 150000)) nil)");
    wait(&mut window, "samples", |app| !app.session().functions().is_empty());
    press(&mut window, Modifiers::NONE, Key::Escape);
    let first = rows(&window).first().cloned().expect("a row");
    assert!(first.starts_with("hog: "), "{first}");
    click(&mut window, &first);
    let lit = window.state_mut().lit_pages().len();
    let cells = window.state().session().model().counters().pages_of(heapatlas_heap::terms::PageKind::Cells);
    assert!(lit > 100 && cells > 100, "{lit} lit, {cells} pages of cells: most cells are its");

    click(&mut window, "as a flame graph");
    let named = |window: &Window, name: &str| {
        window.get_all_by_label_contains(name).map(|node| node.rect()).collect::<Vec<_>>()
    };
    let whole = named(&window, "all functions: ")[0];
    let boxes = named(&window, "hog: ");
    assert!(boxes.len() > 2, "it calls itself");
    assert!(boxes.iter().all(|cell| whole.x_range().contains(cell.center().x) && cell.top() >= whole.bottom() - 1.0));
    click(&mut window, "as a table");
    assert!(!rows(&window).is_empty());
}

#[test]
fn the_stretch_that_the_timeline_is_brushed_to_is_told_of() {
    let mut window = open(true);
    skip(&mut window);
    press(&mut window, Modifiers::NONE, Key::F10);
    let all = rows(&window).len();
    assert!(window.query_by_label("over the stretch").is_none(), "there is none yet");
    press(&mut window, Modifiers::NONE, Key::F6);
    let plot = window.get_by_label_contains("timeline: from ").rect();
    let at = |share: f32| plot.left_center() + eframe::egui::vec2(plot.width() * share, 0.0);
    window.drag_at(at(0.4));
    window.run_steps(2);
    window.hover_at(at(0.5));
    window.run_steps(2);
    window.drop_at(at(0.5));
    window.run_steps(3);
    let (from, to) = window.state().timeline().zoomed().expect("a stretch");
    press(&mut window, Modifiers::NONE, Key::F10);
    let words = format!("{} to {}", format::bytes(from as u64), format::bytes(to as u64));
    assert!(window.query_by_label(&words).is_some(), "{words}");
    let within = |app: &heapatlas::ui::app::App| {
        let ended = app.session().told().forms().iter().filter_map(|form| form.clock());
        ended.filter(|clock| clock.end > from as u64 && clock.end <= to as u64).count()
    };
    let few = window.state().allocation().len();
    assert!(few > 0 && few == within(window.state()), "{few} of {all}");
    click(&mut window, "over all");
    assert!(window.state().allocation().len() > few);
    press(&mut window, Modifiers::NONE, Key::F6);
    click(&mut window, "Whole run");
    press(&mut window, Modifiers::NONE, Key::F10);
    assert!(window.query_by_label("over the stretch").is_none());
}
