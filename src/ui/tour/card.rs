//! The card of a tour, and what it points at.

use eframe::egui::{
    Align2, Area, Button, Context, Frame, Id, LayerId, Order, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, Vec2,
};

use super::{Guide, Wish};
use crate::map::palette::Theme;
use crate::ui::action::{self, Action};
use crate::ui::theme::color;
use crate::ui::words::{Counts, Word};

/// Width of the card, and how far it is from the corner of the window.
const WIDTH: f32 = 330.0;
const FROM_CORNER: Vec2 = Vec2::new(-14.0, -42.0);
/// Length of the head of the arrow.
const HEAD: f32 = 11.0;

/// Shows the card, with an outline of what it is about and an arrow there, and gives what is wanted.
pub fn show(ctx: &Context, guide: &Guide, about: Option<Rect>) -> Option<Wish> {
    let theme = if ctx.theme() == eframe::egui::Theme::Dark { Theme::Dark } else { Theme::Light };
    let accent = color(theme.accent());
    let area = Area::new(Id::unique("tour")).order(Order::Foreground).anchor(Align2::RIGHT_BOTTOM, FROM_CORNER);
    let shown = area.show(ctx, |ui| {
        let frame = Frame::window(ui.style()).stroke(Stroke::new(1.5, accent)).inner_margin(14.0);
        frame.show(ui, |ui| show_words(ui, guide)).inner
    });
    if let Some(rect) = about.filter(|_| guide.step().is_some()) {
        let painter = ctx.layer_painter(LayerId::new(Order::Middle, Id::unique("tour arrow")));
        painter.rect_stroke(rect.shrink(2.0), 4.0, Stroke::new(2.5, accent), StrokeKind::Inside);
        point(&painter, shown.response.rect, rect, Stroke::new(2.5, accent));
    }
    shown.inner
}

fn show_words(ui: &mut Ui, guide: &Guide) -> Option<Wish> {
    let mut wish = None;
    ui.set_width(WIDTH);
    ui.horizontal(|ui| {
        ui.strong(format!("Tour: {}", guide.title));
        ui.weak(format!("step {} of {}", guide.at + 1, guide.steps.len())).counts(Word::TourStep);
    });
    ui.add_space(4.0);
    match guide.step() {
        Some(step) => ui.label(&step.words),
        None => ui.weak("The program runs to the next place…"),
    };
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let last = guide.at + 1 == guide.steps.len();
        let mut turns = |ui: &mut Ui, can: bool, word: &str, turn: Wish| {
            let hint = format!("[{}]", action::written(Action::Turn(turn)));
            if ui.add_enabled(can, Button::new(word)).on_hover_text(hint).clicked() {
                wish = Some(turn);
            }
        };
        turns(ui, guide.at > 0, "Back", Wish::Back);
        if !last {
            turns(ui, guide.step().is_some(), "Next", Wish::Next);
        }
        if ui.button("End the tour").clicked() {
            wish = Some(Wish::End);
        }
    });
    wish
}

/// An arrow from the edge of the card to the nearest place a little within what it is about.
fn point(painter: &Painter, card: Rect, about: Rect, stroke: Stroke) {
    let to = about.shrink(about.size().min_elem() * 0.12).clamp(card.center());
    if card.expand(HEAD).contains(to) {
        return;
    }
    let from: Pos2 = card.clamp(to);
    let direction = (to - from).normalized();
    painter.line_segment([from, to], stroke);
    for side in [direction.rot90(), -direction.rot90()] {
        painter.line_segment([to, to - direction * HEAD + side * HEAD * 0.5], stroke);
    }
}
