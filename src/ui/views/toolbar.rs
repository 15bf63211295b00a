//! What can be done, in a row of buttons.

use std::path::Path;

use eframe::egui::{Align, Label, Layout, RichText, TextStyle, Ui, vec2};
use heapatlas_heap::terms::GcUnit;

use crate::ui::action::{self, Action};
use crate::ui::session::{Phase, Session};
use crate::ui::speed;
use crate::ui::views::view_menu::{self, Shown};
use crate::ui::widgets::button::IconButton;
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::segments::{Segment, segments};

/// Width of the button whose word changes.
const PLAY: f32 = 86.0;
/// Width of everything but the title, and least width of that. Where there is not so much, buttons have no words.
const REST: f32 = 1_020.0;
const TITLE: f32 = 84.0;

/// Shows the buttons, and gives what was asked for.
pub fn show(ui: &mut Ui, session: &Session, title: &str, shown: &Shown) -> Option<Action> {
    let mut asked = None;
    let mut menu = None;
    let mut chosen = None;
    let progress = session.progress();
    let is_narrow = ui.available_width() < REST + TITLE;
    let mut button = |ui: &mut Ui, enabled: bool, button: IconButton<'_>, action: Action, meaning: &str| {
        let button = if is_narrow { button.bare() } else { button };
        let keys = action::written(action);
        let hint = if keys.is_empty() { meaning.to_owned() } else { format!("{meaning}  [{keys}]") };
        if ui.add_enabled(enabled, button).on_hover_text(hint).clicked() {
            asked = Some(action);
        }
    };
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("Heapatlas").heading().strong());
        show_title(ui, title, if is_narrow { TITLE } else { ui.available_width() - REST + TITLE });
        let (icon, word) = if progress.is_paused() { (Icon::Play, "Play") } else { (Icon::Pause, "Pause") };
        let can_play = progress.is_paused() || progress.is_running();
        let play = IconButton::new(icon, word).width(PLAY);
        button(ui, can_play, play, Action::PlayPause, "stand still, or go on");
        let under_way = progress.is_under_way();
        button(ui, under_way, IconButton::new(Icon::Step, "Step form"), Action::StepForm, "go on to the next form");
        button(ui, under_way, IconButton::new(Icon::Skip, "Skip"), Action::Skip, "go to the end at full speed");
        if !is_narrow {
            ui.add_space(6.0);
            ui.weak("speed").on_hover_text("bytes of allocation a second");
        }
        let choices =
            speed::CHOICES.iter().map(|choice| Segment { word: choice.name, name: choice.name, hint: choice.meaning });
        chosen = segments(ui, choices, speed::place_of(session.speed()));
        ui.add_space(6.0);
        let alive = !matches!(progress.phase(), Phase::Starting | Phase::Ended);
        button(
            ui,
            alive,
            IconButton::new(Icon::Collect, "Collect"),
            Action::Collect(GcUnit::Cycle),
            "a full collection",
        );
        button(ui, true, IconButton::new(Icon::Open, "Open"), Action::Open, "a program, or a sample");
        button(ui, true, IconButton::new(Icon::Restart, "Restart"), Action::Restart, "begin again with a fresh heap");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            button(ui, true, IconButton::new(Icon::Help, "Keys"), Action::Help, "every key");
            menu = view_menu::show(ui, shown);
        });
    });
    asked.or(menu).or(chosen.map(Action::Speed))
}

/// What is shown, as far as there is room: of a long path the name of the file.
fn show_title(ui: &mut Ui, title: &str, room: f32) {
    let font = TextStyle::Body.resolve(ui.style());
    let width = |ui: &Ui, text: &str| {
        ui.painter().layout_no_wrap(text.to_owned(), font.clone(), ui.visuals().text_color()).size().x
    };
    let name = Path::new(title).file_name().and_then(|name| name.to_str()).unwrap_or(title);
    let shown = if width(ui, title) <= room { title } else { name };
    let size = vec2(width(ui, shown).min(room), ui.spacing().interact_size.y);
    let label = Label::new(RichText::new(shown).weak()).truncate();
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| ui.add(label).on_hover_text(title));
    ui.add_space(10.0);
}
