//! A button with an icon and a word.

use eframe::egui::{Align2, Rect, Response, Role, Sense, StrokeKind, TextStyle, Ui, Vec2, Widget, WidgetInfo, vec2};

use super::icon::Icon;
use crate::ui::theme::{self, CONTROL};

/// A button with an icon and a word; one that can't be pressed is flat.
#[derive(Clone, Copy, Debug)]
#[must_use = "a button does nothing until it is added"]
pub struct IconButton<'w> {
    icon: Icon,
    word: &'w str,
    width: Option<f32>,
    bare: bool,
}

impl<'w> IconButton<'w> {
    /// A button as wide as its word.
    pub const fn new(icon: Icon, word: &'w str) -> Self {
        Self { icon, word, width: None, bare: false }
    }

    /// Keeps its width when its word changes.
    pub const fn width(self, width: f32) -> Self {
        Self { width: Some(width), ..self }
    }

    /// Shows the icon alone; the word is for those who can't see it.
    pub const fn bare(self) -> Self {
        Self { width: Some(PADDING + ICON + PADDING), bare: true, ..self }
    }
}

const ICON: f32 = 12.0;
const GAP: f32 = 7.0;
const PADDING: f32 = 9.0;

impl Widget for IconButton<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let font = TextStyle::Button.resolve(ui.style());
        let galley = ui.painter().layout_no_wrap(self.word.to_owned(), font.clone(), ui.visuals().text_color());
        let natural = PADDING + ICON + GAP + galley.size().x + PADDING;
        let (rect, response) = ui.allocate_exact_size(vec2(self.width.unwrap_or(natural), CONTROL), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), self.word));
        if ui.is_rect_visible(rect) {
            let visuals = ui.style().interact(&response);
            let theme = theme::current(ui);
            // Less than a text's contrast, but still to be read.
            let disabled = theme::color(theme.faint_text().mix(theme.background(), 0.45));
            let color = if ui.is_enabled() { visuals.text_color() } else { disabled };
            if ui.is_enabled() {
                let (corners, fill, edge) = (visuals.corner_radius, visuals.weak_bg_fill, visuals.bg_stroke);
                ui.painter().rect(rect, corners, fill, edge, StrokeKind::Inside);
            }
            let icon = Rect::from_center_size(rect.left_center() + vec2(PADDING + ICON / 2.0, 0.0), Vec2::splat(ICON));
            self.icon.paint(ui.painter(), icon, color);
            if !self.bare {
                let at = rect.left_center() + vec2(PADDING + ICON + GAP, 0.0);
                ui.painter().text(at, Align2::LEFT_CENTER, self.word, font, color);
            }
        }
        response
    }
}
