//! Every number in the window says what it counts, whichever view it is in.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT, Queryable};
use heapatlas::map::colouring::Colouring;
use heapatlas::source::program::Program;
use heapatlas::ui::panel::Panel;

use super::driver::{Window, finished, open_program, press, skip, wait};

/// What shows a number and does not say what it counts, but for what lies where the program and a person talk.
pub(crate) fn unexplained<State>(window: &Harness<'_, State>, talk: Rect) -> Vec<String> {
    let bare = window.query_all(By::new().predicate(|node| {
        let text = node.value().or_else(|| node.label()).unwrap_or_default();
        let is_shown = !matches!(node.role(), Role::TextInput | Role::TextRun | Role::Window | Role::GenericContainer);
        is_shown && text.contains(|c: char| c.is_ascii_digit()) && node.description().is_none()
    }));
    let told = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        format!("{:?} {}", node.role(), node.value().or_else(|| node.label()).unwrap_or_default())
    };
    bare.filter(|node| !talk.contains(node.rect().center())).map(told).collect()
}

/// The same of everything but the console.
pub(crate) fn in_window(window: &Window) -> Vec<String> {
    unexplained(window, window.state().dock().rect(Panel::Console).unwrap_or(Rect::NOTHING))
}

#[test]
fn every_number_says_what_it_counts() {
    let mut window = open_program(Program { verify: true, soft_limit: Some(64 << 20), ..Program::default() }, true);
    skip(&mut window);
    let mut bare = Vec::new();
    (0..30).for_each(|_| press(&mut window, Modifiers::SHIFT, Key::ArrowRight));
    press(&mut window, Modifiers::NONE, Key::M);
    press(&mut window, Modifiers::NONE, Key::G);
    finished(&mut window);
    press(&mut window, Modifiers::NONE, Key::O);
    wait(&mut window, "a step", |app| app.session().last_step().is_some());
    for number in 2..=12 {
        let key = Key::from_name(&format!("F{number}")).expect("a key");
        press(&mut window, Modifiers::NONE, key);
        window.run_steps(30);
        bare.extend(in_window(&window));
    }
    press(&mut window, Modifiers::NONE, Key::F5);
    for _ in Colouring::ALL {
        press(&mut window, Modifiers::NONE, Key::C);
        bare.extend(in_window(&window));
    }
    bare.sort();
    bare.dedup();
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}
