//! A flame graph that hangs from the top, in bytes. A click zooms to a box, one on a box above zooms out again.

use eframe::egui::{Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2};

use crate::format;
use crate::model::flame::{Cell, Node};
use crate::model::history::Curve;
use crate::ui::theme::{self, color};
use crate::ui::widgets::elided::elided;

/// Height of a box.
const HEIGHT: f32 = 20.0;
/// Narrower ones have no name on them.
const NAMED: f32 = 24.0;

/// Shows the tree, zoomed to a node, and gives the path of a box that was clicked.
pub fn show(ui: &mut Ui, root: &Node, (name, zoomed): (&str, &[String])) -> Option<Vec<String>> {
    let cells = root.cells(zoomed);
    let deepest = cells.iter().map(|cell| cell.depth).max().unwrap_or(0);
    let mut clicked = None;
    ScrollArea::vertical().id_salt("flame").auto_shrink(false).show(ui, |ui| {
        let size = vec2(ui.available_width(), HEIGHT * (deepest + 1) as f32);
        let (room, _) = ui.allocate_exact_size(size, Sense::hover());
        for cell in &cells {
            let top = room.top() + HEIGHT * cell.depth as f32;
            let x = |share: f64| room.left() + room.width() * share as f32;
            let rect = Rect::from_min_max(pos2(x(cell.across.start), top), pos2(x(cell.across.end), top + HEIGHT));
            if ui.is_rect_visible(rect) && show_cell(ui, cell, rect, (name, root.bytes)) {
                clicked = Some(cell.path.clone());
            }
        }
    });
    clicked
}

/// Shows a box, and says whether it was clicked.
fn show_cell(ui: &Ui, cell: &Cell, rect: Rect, (whole, all): (&str, u64)) -> bool {
    let name = cell.path.last().map_or(whole, String::as_str);
    let words = format!("{name}: {}, {} of all", format::bytes(cell.bytes), format::percent(cell.bytes, all));
    let response = ui.interact(rect, ui.scope_id().with(&cell.path), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    let theme = theme::current(ui);
    // Neighbours differ, and a name has one shade wherever it stands.
    let shade = name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 4;
    let fill = theme.curve(Curve::Allocated).mix(theme.background(), 0.5 + 0.09 * shade as f32);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.rect_filled(rect.shrink(0.5), 1.0, color(fill));
    if response.hovered() || response.has_focus() {
        painter.rect_stroke(rect.shrink(0.5), 1.0, Stroke::new(1.5, color(theme.accent())), StrokeKind::Inside);
    }
    if rect.width() >= NAMED {
        let font = TextStyle::Small.resolve(ui.style());
        elided(&painter, rect.shrink2(vec2(5.0, 0.0)), format::briefly(name), font, color(theme.text()));
    }
    response.on_hover_text(words).clicked()
}
