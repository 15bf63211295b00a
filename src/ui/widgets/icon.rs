//! The pictures on buttons, drawn in a square of one em.

use std::f32::consts::TAU;

use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

/// A picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Icon {
    /// A triangle.
    Play,
    /// Two bars.
    Pause,
    /// A bar, then a triangle.
    Step,
    /// A triangle to the left.
    Backwards,
    /// A triangle to the left, then a bar.
    FrameBack,
    /// A bar, then two triangles to the left.
    First,
    /// Two triangles, then a bar.
    Skip,
    /// Four squares, of which two stay.
    Collect,
    /// An arrow in a circle.
    Restart,
    /// A folder.
    Open,
    /// A square.
    Stop,
    /// A key of a keyboard.
    Help,
    /// Three dots.
    More,
    /// A cross.
    Close,
}

impl Icon {
    /// Draws the picture into a square.
    pub fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let at = |x: f32, y: f32| rect.min + vec2(x * rect.width(), y * rect.height());
        let bar = |from: f32, to: f32| {
            painter.rect_filled(Rect::from_min_max(at(from, 0.14), at(to, 0.86)), 1.0, color);
        };
        let triangle = |from: f32, to: f32| {
            let corners = vec![at(from, 0.12), at(to, 0.5), at(from, 0.88)];
            painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
        };
        match self {
            Self::Play => triangle(0.2, 0.9),
            Self::Pause => {
                bar(0.18, 0.4);
                bar(0.6, 0.82);
            }
            Self::Step => {
                bar(0.1, 0.26);
                triangle(0.38, 0.95);
            }
            Self::Backwards => triangle(0.8, 0.1),
            Self::FrameBack => {
                triangle(0.62, 0.05);
                bar(0.74, 0.9);
            }
            Self::First => {
                bar(0.03, 0.16);
                triangle(0.56, 0.16);
                triangle(0.98, 0.56);
            }
            Self::Skip => {
                triangle(0.02, 0.44);
                triangle(0.44, 0.84);
                bar(0.84, 0.97);
            }
            Self::Collect => {
                for (x, y, stays) in [(0.08, 0.08, true), (0.56, 0.08, false), (0.08, 0.56, false), (0.56, 0.56, true)]
                {
                    let square = Rect::from_min_size(at(x, y), rect.size() * 0.36);
                    if stays {
                        painter.rect_filled(square, 0.0, color);
                    } else {
                        painter.rect_stroke(square, 0.0, Stroke::new(1.0, color), StrokeKind::Inside);
                    }
                }
            }
            Self::Restart => paint_turn(painter, rect, color),
            Self::Open => {
                let outline = [(0.06, 0.16), (0.4, 0.16), (0.52, 0.3), (0.94, 0.3), (0.94, 0.84), (0.06, 0.84)];
                let corners = outline.iter().map(|(x, y)| at(*x, *y)).collect();
                painter.add(Shape::closed_line(corners, Stroke::new(1.4, color)));
            }
            Self::Stop => {
                painter.rect_filled(Rect::from_min_max(at(0.15, 0.15), at(0.85, 0.85)), 1.0, color);
            }
            Self::Help => {
                painter.rect_stroke(rect.shrink(0.5), 2.0, Stroke::new(1.4, color), StrokeKind::Inside);
                for x in [0.3, 0.5, 0.7] {
                    painter.circle_filled(at(x, 0.38), 0.9, color);
                }
                painter.hline(at(0.3, 0.0).x..=at(0.7, 0.0).x, at(0.0, 0.66).y, Stroke::new(1.4, color));
            }
            Self::More => {
                for x in [0.16, 0.5, 0.84] {
                    painter.circle_filled(at(x, 0.5), 1.3, color);
                }
            }
            Self::Close => {
                for (from, to) in [((0.1, 0.1), (0.9, 0.9)), ((0.9, 0.1), (0.1, 0.9))] {
                    painter.line_segment([at(from.0, from.1), at(to.0, to.1)], Stroke::new(1.3, color));
                }
            }
        }
    }
}

/// Most of a circle, clockwise, with an arrowhead at its end.
fn paint_turn(painter: &Painter, rect: Rect, color: Color32) {
    let radius = rect.width() * 0.38;
    let on_circle = |turn: f32| -> Pos2 { rect.center() + Vec2::angled(turn * TAU) * radius };
    let (from, to) = (0.0, 0.78);
    let points = (0..=24).map(|n| on_circle(from + (to - from) * n as f32 / 24.0)).collect();
    painter.add(Shape::line(points, Stroke::new(1.6, color)));
    let end = on_circle(to);
    let head = rect.width() * 0.24;
    let corners =
        vec![pos2(end.x + head, end.y), pos2(end.x - head * 0.3, end.y - head), pos2(end.x - head * 0.3, end.y + head)];
    painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
}
