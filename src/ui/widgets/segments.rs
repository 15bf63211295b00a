//! One of several, side by side.

use eframe::egui::{Align2, Rect, Role, Sense, StrokeKind, TextStyle, Ui, WidgetInfo, vec2};

use crate::ui::theme::{self, CONTROL, CORNER};

/// A choice among several.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'w> {
    /// Its word.
    pub word: &'w str,
    /// Its name for those who can't see what it stands beside.
    pub name: &'w str,
    /// What it means.
    pub hint: &'w str,
}

const PADDING: f32 = 9.0;

/// Shows the choices, one of them chosen, and gives the place of one that was clicked.
pub fn segments<'w>(
    ui: &mut Ui,
    choices: impl IntoIterator<Item = Segment<'w>>,
    chosen: Option<usize>,
) -> Option<usize> {
    let mut clicked = None;
    let font = TextStyle::Button.resolve(ui.style());
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let mut whole = Rect::NOTHING;
        for (place, choice) in choices.into_iter().enumerate() {
            let galley = ui.painter().layout_no_wrap(choice.word.to_owned(), font.clone(), ui.visuals().text_color());
            let size = vec2(galley.size().x + 2.0 * PADDING, CONTROL);
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            let is_chosen = chosen == Some(place);
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, choice.name));
            let theme = theme::current(ui);
            let lit = is_chosen || response.hovered() || response.has_focus();
            if is_chosen {
                ui.painter().rect_filled(rect, CORNER, theme::color(theme.pressed()));
            }
            let color = theme::color(if lit { theme.accent() } else { theme.faint_text() });
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, choice.word, font.clone(), color);
            whole = whole.union(rect);
            if response.on_hover_text(choice.hint).clicked() {
                clicked = Some(place);
            }
        }
        let line = ui.visuals().widgets.noninteractive.bg_stroke;
        ui.painter().rect_stroke(whole, CORNER, line, StrokeKind::Inside);
    });
    clicked
}
