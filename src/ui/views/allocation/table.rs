//! What allocated, as a table that can be sorted.

use eframe::egui::{
    Align2, Rect, RichText, Role, ScrollArea, Sense, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::rows::Row;
use crate::format;
use crate::model::history::Curve;
use crate::ui::theme::{self, color};
use crate::ui::widgets::elided::elided;

/// What the rows are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// What allocated most itself first.
    #[default]
    Bytes,
    /// What allocated most with all that it loaded or called first.
    Total,
    /// What left most behind first.
    Survived,
    /// In alphabetical order.
    Name,
}

/// The columns: the heading, what it sorts by, where it ends, and what it counts.
const COLUMNS: [(&str, Sort, f32, &str); 3] = [
    ("bytes", Sort::Bytes, 116.0, "bytes it allocated itself, and their share of all here"),
    ("with calls", Sort::Total, 186.0, "bytes it allocated, with what it loaded or called"),
    (
        "survived",
        Sort::Survived,
        298.0,
        "bytes of its own that the next collection left: an estimate. All that was allocated between two collections is \
         taken to have survived alike",
    ),
];
const NAME: f32 = 312.0;
const LINE: f32 = 17.0;
const HEADING: f32 = 20.0;

/// Sorts rows.
pub fn sort(rows: &mut [Row], by: Sort) {
    match by {
        Sort::Bytes => rows.sort_by_key(|row| std::cmp::Reverse((row.bytes, row.total))),
        Sort::Total => rows.sort_by_key(|row| std::cmp::Reverse((row.total, row.bytes))),
        Sort::Survived => rows.sort_by_key(|row| std::cmp::Reverse((row.survived, row.bytes))),
        Sort::Name => rows.sort_by(|left, right| left.name.cmp(&right.name)),
    }
}

/// Shows the rows, of which one may be lit, and gives the name of one that was clicked.
pub fn show(ui: &mut Ui, rows: &[Row], by: &mut Sort, lit: Option<&str>) -> Option<String> {
    show_headings(ui, by);
    let all: u64 = rows.iter().map(|row| row.bytes).sum();
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("allocation").auto_shrink(false).show_rows(ui, LINE, rows.len(), |ui, shown| {
        for row in &rows[shown] {
            if show_row(ui, row, all, lit == Some(row.name.as_str())) {
                clicked = Some(row.name.clone());
            }
        }
    });
    clicked
}

fn show_headings(ui: &mut Ui, by: &mut Sort) {
    let (room, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADING), Sense::hover());
    let mut heading = |word: &str, sort: Sort, rect: Rect, meaning: &str| {
        let mut cell = ui.new_child(eframe::egui::UiBuilder::new().max_rect(rect));
        let text = RichText::new(word).small();
        let text = if *by == sort { text.strong().underline() } else { text.weak() };
        let response = cell.add(eframe::egui::Label::new(text).sense(Sense::click()));
        let name = format!("sort by {word}");
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, *by == sort, &name));
        if response.on_hover_text(meaning).clicked() {
            *by = sort;
        }
    };
    for (word, sort, end, meaning) in COLUMNS {
        let left = room.left() + end - 62.0;
        heading(word, sort, Rect::from_x_y_ranges(left..=left + 62.0, room.y_range()), meaning);
    }
    let name = Rect::from_x_y_ranges(room.left() + NAME..=room.right(), room.y_range());
    heading(
        "name",
        Sort::Name,
        name,
        "a form with its place, or a function; one without a name is called by its place",
    );
}

/// Shows a row, and says whether it was clicked.
fn show_row(ui: &mut Ui, row: &Row, all: u64, is_lit: bool) -> bool {
    let theme = theme::current(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let survived = match row.survived {
        Some(bytes) => format!("{} {}", format::bytes(bytes), format::percent(bytes, row.bytes)),
        None => "–".to_owned(),
    };
    let share = format::percent(row.bytes, all);
    let words = format!(
        "{}: {} itself, {share}, {} with calls, survived {survived}",
        row.name,
        format::bytes(row.bytes),
        format::bytes(row.total)
    );
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_lit, &words));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    if is_lit || response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 2.0, color(if is_lit { theme.pressed() } else { theme.raised() }));
    }
    let width = (COLUMNS[0].2 * (row.bytes as f64 / all.max(1) as f64) as f32).max(1.0);
    let bar = Rect::from_min_size(rect.min + vec2(0.0, 2.0), vec2(width, LINE - 4.0));
    painter.rect_filled(bar, 1.0, color(theme.curve(Curve::Allocated).mix(theme.background(), 0.55)));
    let font = TextStyle::Monospace.resolve(ui.style());
    let ink = color(theme.text());
    let texts = [format!("{} {share:>6}", format::bytes(row.bytes)), format::bytes(row.total), survived];
    for ((_, _, end, _), text) in COLUMNS.iter().zip(texts) {
        painter.text(pos2(rect.left() + end, rect.center().y), Align2::RIGHT_CENTER, text, font.clone(), ink);
    }
    elided(&painter, rect.with_min_x(rect.left() + NAME), format::briefly(&row.name), font, ink);
    if is_lit {
        painter.rect_stroke(rect, 2.0, ui.visuals().widgets.active.bg_stroke, StrokeKind::Inside);
    }
    response.on_hover_text(format!("{words}.\nClick to light up the pages that filled while it ran.")).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_each_column() {
        let row = |name: &str, bytes, total, survived| Row {
            name: name.to_owned(),
            bytes,
            total,
            survived,
            clocks: Vec::new(),
        };
        let mut rows = [row("b", 5, 5, None), row("a", 1, 9, Some(1)), row("c", 3, 3, Some(2))];
        for (by, expected) in [
            (Sort::Bytes, ["b", "c", "a"]),
            (Sort::Total, ["a", "b", "c"]),
            (Sort::Survived, ["c", "a", "b"]),
            (Sort::Name, ["a", "b", "c"]),
        ] {
            sort(&mut rows, by);
            assert_eq!(rows.each_ref().map(|row| row.name.as_str()), expected, "{by:?}");
        }
    }
}
