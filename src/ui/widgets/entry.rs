//! An entry of a legend that can be clicked: a swatch, a name, a value.

use eframe::egui::{Color32, Rect, Response, Role, Sense, StrokeKind, TextStyle, Ui, Vec2, Widget, WidgetInfo, vec2};

use super::swatch::SIDE;
use crate::ui::theme::{self, color};

/// An entry of a legend, full while what it stands for is shown and hollow while it is not.
#[derive(Clone, Copy, Debug)]
#[must_use = "an entry shows nothing until it is added"]
pub struct Entry<'w> {
    /// The colour of what it stands for.
    pub color: Color32,
    /// Its name.
    pub name: &'w str,
    /// Its value now.
    pub value: &'w str,
    /// Whether it is shown.
    pub shown: bool,
}

const GAP: f32 = 6.0;
const HEIGHT: f32 = 20.0;

impl Widget for Entry<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let theme = theme::current(ui);
        let font = TextStyle::Body.resolve(ui.style());
        let faint = color(theme.faint_text());
        let ink = if self.shown { color(theme.text()) } else { faint };
        let name = ui.painter().layout_no_wrap(self.name.to_owned(), font.clone(), faint);
        let value = ui.painter().layout_no_wrap(self.value.to_owned(), font, ink);
        let width = SIDE + GAP + name.size().x + GAP + value.size().x;
        let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, self.shown, self.name));
        let swatch = Rect::from_center_size(rect.left_center() + vec2(SIDE / 2.0, 0.0), Vec2::splat(SIDE));
        if self.shown {
            ui.painter().rect_filled(swatch, 1.0, self.color);
        } else {
            ui.painter().rect_stroke(swatch, 1.0, (1.5, self.color), StrokeKind::Inside);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(rect.expand(2.0), 2.0, (1.0, faint), StrokeKind::Outside);
        }
        let at = rect.left_center() + vec2(SIDE + GAP, -name.size().y / 2.0);
        let after = at + vec2(name.size().x + GAP, 0.0);
        ui.painter().galley(at, name, faint);
        ui.painter().galley(after, value, ink);
        response
    }
}
