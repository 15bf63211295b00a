//! What happened, in lanes above the curves: a tick each, a bar for what took its time.

use eframe::egui::{Color32, Mesh, Pos2, Rect, Ui, pos2};
use egui_plot::PlotTransform;

use crate::format;
use crate::model::chronicle::Axis;
use crate::model::marks::{Mark, Marks, Sort, What};
use crate::ui::theme::{self, color};

/// How much higher than the highest value the plot is, so that the lanes have room.
pub(super) const HEADROOM: f64 = 1.38;

/// The height of a lane, and the line between two.
const LANE: f32 = 7.0;
const GAP: f32 = 2.0;
/// A tick is so wide at least.
const TICK: f32 = 2.0;
/// A mark so far from the pointer is meant.
const NEAR: f32 = 4.0;

/// Draws the marks over a plot, and gives what there is to say about the one under the pointer.
pub(super) fn show(ui: &Ui, marks: &Marks, transform: &PlotTransform, axis: Axis, hidden: &[Sort]) -> Option<String> {
    let frame = *transform.frame();
    let theme = theme::current(ui);
    let pointer = ui.input(|input| input.pointer.hover_pos());
    let mut told = None;
    let sorts = Sort::ALL.into_iter().filter(|sort| !hidden.contains(sort) && marks.count(*sort) > 0);
    for (lane, sort) in sorts.enumerate() {
        let top = frame.top() + 3.0 + lane as f32 * (LANE + GAP);
        let row = Rect::from_min_max(pos2(frame.left(), top), pos2(frame.right(), top + LANE));
        let lane = Lane { row, transform, axis };
        lane.draw(ui, marks.of(sort), color(theme.mark(sort)));
        let under = pointer.and_then(|at| lane.under(at, marks.of(sort)));
        told = told.or(under.map(in_words));
    }
    told
}

struct Lane<'l> {
    row: Rect,
    transform: &'l PlotTransform,
    axis: Axis,
}

impl Lane<'_> {
    /// From where to where a mark is drawn.
    fn extent(&self, mark: &Mark) -> (f32, f32) {
        let x = |at| self.transform.position_from_point_x(self.axis.of(at));
        let start = x(mark.start);
        (start, x(mark.end).max(start + TICK))
    }

    /// The marks of which something may be seen.
    fn visible<'m>(&self, marks: &'m [Mark]) -> &'m [Mark] {
        let bounds = self.transform.bounds();
        let first = marks.partition_point(|mark| self.axis.of(mark.end) < bounds.min()[0]);
        let end = marks.partition_point(|mark| self.axis.of(mark.start) <= bounds.max()[0]);
        &marks[first..end.max(first)]
    }

    fn draw(&self, ui: &Ui, marks: &[Mark], ink: Color32) {
        // In one mesh: there may be hundreds, and soft edges would be most of each.
        let mut ticks = Mesh::default();
        let mut drawn = f32::MIN;
        for mark in self.visible(marks) {
            let (left, right) = self.extent(mark);
            // What lies behind the one before it would not be seen.
            if right <= drawn {
                continue;
            }
            drawn = right;
            ticks.add_colored_rect(Rect::from_x_y_ranges(left..=right, self.row.y_range()), ink);
        }
        ui.painter().with_clip_rect(self.row).add(ticks);
    }

    fn under<'m>(&self, at: Pos2, marks: &'m [Mark]) -> Option<&'m Mark> {
        if !self.row.expand2(eframe::egui::vec2(0.0, GAP / 2.0)).contains(at) {
            return None;
        }
        let distance = |mark: &&Mark| {
            let (left, right) = self.extent(mark);
            (left - at.x).max(at.x - right).max(0.0)
        };
        let nearest = self.visible(marks).iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.filter(|mark| distance(mark) <= NEAR)
    }
}

/// What happened, in words.
fn in_words(mark: &Mark) -> String {
    let at = format!("at {}, {}", format::bytes(mark.start.clock), format::time(mark.start.wall));
    let what = match &mark.what {
        What::Limit { request, by_system } => {
            let who = if *by_system { "the system refused" } else { "the soft limit left no room for" };
            format!("{who} {}", format::bytes(*request as u64))
        }
        What::Collection(cause) => {
            let took = mark.end.wall.saturating_sub(mark.start.wall);
            format!("a collection, its cause {}, within {}", cause.name(), format::time(took))
        }
        What::Growth(span) => {
            let bytes = format::bytes((span.end - span.start) as u64);
            format!("{bytes} mapped at {}", format::address(span.start))
        }
        What::Hole(more) => format!("{} more in holes", format::bytes(*more)),
        What::Form { file, line, text } => format!("{file}:{line} {text}"),
    };
    match mark.count {
        1 => format!("{what}\n{at}"),
        count => format!("{what}\n{at}, the first of {} until {}", format::count(count), format::time(mark.end.wall)),
    }
}
