//! The small squares of legends.

use eframe::egui::{Color32, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2};

/// Side of a swatch.
pub const SIDE: f32 = 11.0;

/// A square of one colour.
pub fn swatch(ui: &mut Ui, color: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::hover());
    ui.painter().rect_filled(rect, 1.0, color);
    response
}

/// A square filled from below, in two strengths.
pub fn filled(ui: &mut Ui, full: Color32, unjudged: Color32, empty: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::hover());
    ui.painter().rect_filled(rect, 1.0, empty);
    let (mut middle, mut low) = (rect, rect);
    middle.min.y += SIDE * 0.3;
    low.min.y += SIDE * 0.65;
    ui.painter().rect_filled(middle, 1.0, unjudged);
    ui.painter().rect_filled(low, 1.0, full);
    response
}

/// A square filled from below to a share of its height.
pub fn part_filled(ui: &mut Ui, color: Color32, share: f32, empty: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::hover());
    ui.painter().rect_filled(rect, 1.0, empty);
    let mut part = rect;
    part.min.y = rect.bottom() - (SIDE * share).round();
    ui.painter().rect_filled(part, 1.0, color);
    response
}

/// A square with slanting lines.
pub fn hatched(ui: &mut Ui, line: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::hover());
    let painter = ui.painter().with_clip_rect(rect);
    let stroke = Stroke::new(1.0, line);
    for n in 0..6 {
        let at = n as f32 * 4.0;
        let points = [pos2(rect.left() + at, rect.top()), pos2(rect.left() + at - SIDE, rect.bottom())];
        painter.add(Shape::line_segment(points, stroke));
    }
    painter.rect_stroke(rect, 1.0, stroke, StrokeKind::Inside);
    response
}
