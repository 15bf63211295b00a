//! The menu of what is shown: the panels, the layout, the theme.

use eframe::egui::{Button, Role, ScrollArea, Ui, WidgetInfo};

use crate::source::tour;
use crate::ui::ThemeChoice;
use crate::ui::action::{self, Action};
use crate::ui::panel::Panel;

/// Height of a line: all of them are to fit a small screen.
const LINE: f32 = 22.0;
/// What of the window's height is left around.
const AROUND: f32 = 80.0;

/// What the menu has to know.
#[derive(Debug)]
pub struct Shown {
    /// The panels that are open.
    pub open: Vec<Panel>,
    /// Whether a program runs, rather than that a recording is shown.
    pub is_live: bool,
    /// The theme that was chosen.
    pub theme: ThemeChoice,
    /// Whether a change can be taken back, and whether one can be done again.
    pub can: (bool, bool),
}

/// Shows the button with the menu, and gives what was asked for.
pub fn show(ui: &mut Ui, shown: &Shown) -> Option<Action> {
    let menu = ui.menu_button("View", |ui| {
        let height = (ui.ctx().content_rect().height() - AROUND).max(AROUND);
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.spacing_mut().interact_size.y = LINE;
        ui.spacing_mut().button_padding.x = 8.0;
        let area = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
        area.show(ui, |ui| show_choices(ui, shown)).inner
    });
    menu.response.on_hover_text("which panels are open, the layout, the theme");
    menu.inner.flatten()
}

fn show_choices(ui: &mut Ui, shown: &Shown) -> Option<Action> {
    let mut asked = None;
    for panel in Panel::ALL {
        let is_open = shown.open.contains(&panel);
        let focus = Action::Focus(panel);
        let button = Button::selectable(is_open, panel.name()).shortcut_text(action::written(focus));
        let response = ui.add(button);
        let name = format!("{} panel", panel.name());
        response.widget_info(|| WidgetInfo::selected(Role::MenuItemCheckBox, true, is_open, &name));
        if response.on_hover_text(panel.meaning()).clicked() {
            asked = Some(if is_open { Action::Close(panel) } else { focus });
        }
    }
    ui.separator();
    let (can_undo, can_redo) = shown.can;
    let choices = [
        (true, "Reset the layout", Action::ResetLayout),
        (can_undo, "Take back", Action::Undo),
        (can_redo, "Do again", Action::Redo),
        (true, "Larger", Action::Scale(true)),
        (true, "Smaller", Action::Scale(false)),
        (true, "As large as usual", Action::UsualScale),
        (shown.is_live, "Compare policies", Action::Compare),
    ];
    for (can, word, action) in choices {
        let response = ui.add_enabled(can, Button::new(word).shortcut_text(action::written(action)));
        response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, can, word));
        if response.clicked() {
            asked = Some(action);
        }
    }
    ui.separator();
    let tours = std::iter::once(("window", None)).chain(tour::all().map(|(name, _)| (name, Some(name))));
    for (name, tour) in tours {
        if ui.button(format!("Tour: {name}")).clicked() {
            asked = Some(Action::Tour(tour));
        }
    }
    ui.separator();
    let themes = [
        (ThemeChoice::System, "Theme of the system"),
        (ThemeChoice::Dark, "Dark theme"),
        (ThemeChoice::Light, "Light theme"),
    ];
    for (choice, word) in themes {
        if ui.add(Button::selectable(shown.theme == choice, word)).clicked() {
            asked = Some(Action::Theme(choice));
        }
    }
    asked
}
