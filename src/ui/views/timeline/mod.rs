//! The whole run: the counters over the allocation clock or over time, and what happened when.
//!
//! * `curves` counters to lines, and in words
//! * `marks` what happened, in lanes above the curves

mod curves;
mod marks;

use std::ops::Range;

use eframe::egui::{Button, PointerButton, ProgressBar, Rect, Response, Role, Stroke, Ui, WidgetInfo, pos2};
use egui_plot::{HoverPosition, Plot, PlotBounds, PlotTransform, VLine};

use crate::format;
use crate::model::chronicle::{Axis, Chronicle};
use crate::model::history::{Curve, Moments};
use crate::model::marks::Sort;
use crate::past::Target;
use crate::ui::action::Action;
use crate::ui::axis;
use crate::ui::moments::Go;
use crate::ui::session::Session;
use crate::ui::steps;
use crate::ui::theme::{self, color};
use crate::ui::widgets::entry::Entry;
use crate::ui::words::{self, Counts, Word};

/// How the run is looked at.
#[derive(Debug, Default)]
pub struct Timeline {
    axis: Axis,
    /// Curves that were put out, and sorts of marks.
    hidden: Vec<Curve>,
    hidden_marks: Vec<Sort>,
    /// The stretch of the axis that is shown; `None` for the whole run.
    zoomed: Option<(f64, f64)>,
    /// Where on the axis the mouse was pressed to select a stretch.
    brushed_from: Option<f64>,
}

/// Holes and a limit beyond so many times what is committed would flatten everything else.
const FLATTENING: u64 = 4;
/// A stretch of less than this is a click.
const LEAST_BRUSH: f32 = 4.0;

impl Timeline {
    /// What the run is looked at along.
    #[must_use]
    pub fn axis(&self) -> Axis {
        self.axis
    }

    /// Changes between the allocation clock and time.
    pub fn change_axis(&mut self) {
        self.axis = match self.axis {
            Axis::Clock => Axis::Wall,
            Axis::Wall => Axis::Clock,
        };
        self.zoomed = None;
    }

    /// The stretch of the axis that is shown; `None` for the whole run.
    #[must_use]
    pub fn zoomed(&self) -> Option<(f64, f64)> {
        self.zoomed
    }

    /// The stretch that is looked at, on the allocation clock; `None` for the whole run.
    #[must_use]
    pub fn clocks(&self, chronicle: &Chronicle) -> Option<Range<u64>> {
        let (from, to) = self.zoomed?;
        match self.axis {
            Axis::Clock => Some(from.max(0.0) as u64..to.max(0.0) as u64),
            Axis::Wall => {
                let clock = |at| Some(chronicle.history().at(Axis::Wall, at)?.end.clock);
                Some(clock(from)?..clock(to)?)
            }
        }
    }

    /// Shows the run in all the room there is, and gives what was asked for.
    pub fn show(&mut self, ui: &mut Ui, session: &Session) -> Option<Action> {
        let chronicle = session.chronicle();
        self.show_legend(ui, session);
        let asked = show_reading(ui, session.reading());
        let (start, end) = session.extent_in_time();
        let whole = (self.axis.of(start), self.axis.of(end).max(self.axis.of(start) + axis::least(self.axis)));
        let shown = self.zoomed.unwrap_or(whole);
        let moments: Vec<Moments> =
            chronicle.history().within(self.axis, shown, ui.available_width().max(64.0) as usize).collect();
        let (response, transform) = self.show_curves(ui, session, &moments, shown);
        let lanes = marks::show(ui, chronicle.marks(), &transform, self.axis, &self.hidden_marks);
        let words = self.in_words(chronicle, shown);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
        let response = response.described(Word::Timeline);
        let at = response.hover_pos().map(|at| transform.value_from_position(at).x);
        let told = lanes.or_else(|| curves::describe(chronicle.history(), self.axis, at?));
        if let Some(told) = told.filter(|_| self.brushed_from.is_none()) {
            response.clone().on_hover_text_at_pointer(told);
        }
        self.point(ui, &response, &transform).or(asked)
    }

    /// Takes in clicks and drags.
    fn point(&mut self, ui: &Ui, response: &Response, transform: &PlotTransform) -> Option<Action> {
        let under = response.interact_pointer_pos().map(|at| transform.value_from_position(at).x);
        if response.drag_started_by(PointerButton::Primary) {
            let pressed = ui.input(|input| input.pointer.press_origin());
            self.brushed_from = pressed.map(|at| transform.value_from_position(at).x);
        }
        if let Some((from, to)) = self.brushed_from.zip(under) {
            let frame = transform.frame();
            let x = |value: f64| transform.position_from_point_x(value).clamp(frame.left(), frame.right());
            let (left, right) = (x(from.min(to)), x(from.max(to)));
            let brush = Rect::from_min_max(pos2(left, frame.top()), pos2(right, frame.bottom()));
            let accent = color(theme::current(ui).accent());
            ui.painter().rect_filled(brush, 0.0, accent.gamma_multiply(0.14));
            if response.drag_stopped() && right - left >= LEAST_BRUSH {
                self.zoomed = Some((from.min(to), from.max(to)));
            }
        }
        if response.drag_stopped() {
            self.brushed_from = None;
        }
        if response.double_clicked() {
            self.zoomed = None;
        } else if response.clicked() {
            return under.map(|at| Action::Go(Go::To(Target::on(self.axis, at))));
        }
        None
    }

    fn show_curves(
        &self,
        ui: &mut Ui,
        session: &Session,
        moments: &[Moments],
        shown: (f64, f64),
    ) -> (Response, PlotTransform) {
        let theme = theme::current(ui);
        let committed = steps::greatest(moments, Curve::Committed);
        let flattens = |curve: Curve| {
            matches!(curve, Curve::Holes | Curve::Limit)
                && steps::greatest(moments, curve) > committed.saturating_mul(FLATTENING)
        };
        let drawn: Vec<Curve> =
            Curve::ALL.into_iter().filter(|curve| !self.hidden.contains(curve) && !flattens(*curve)).collect();
        let top = drawn.iter().map(|curve| steps::greatest(moments, *curve)).max().unwrap_or(0).max(4096) as f64;
        let end = self.axis.of(session.extent_in_time().1);
        let lines: Vec<_> =
            drawn.iter().map(|curve| curves::line(*curve, moments, self.axis, (shown.1.min(end), theme))).collect();
        let position = session.is_past().then(|| self.axis.of(session.position()));
        let cursor = Stroke::new(1.5, color(theme.waiting()));
        let axis = self.axis;
        let plot = Plot::new("timeline")
            .show_background(false)
            .show_axes([true, true])
            .grid_color(color(theme.line()))
            .allow_drag(false)
            .allow_zoom(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_axis_zoom_drag(false)
            .allow_double_click_reset(false)
            .y_axis_min_width(52.0)
            .x_grid_spacer(move |input| axis::marks_along(axis, input.bounds))
            .y_grid_spacer(|input| axis::marks(Axis::Clock, (input.bounds.1 - input.bounds.0) * 2.0, input.bounds))
            .x_axis_formatter(move |mark, _range| axis::label(axis, mark))
            .y_axis_formatter(|mark, _range| axis::label(Axis::Clock, mark))
            // What is under the pointer is told beside it, together with the marks.
            .label_formatter(|_: &HoverPosition<'_>| None)
            .show(ui, |plot| {
                // Room above for the lanes of the marks, and a little at the sides.
                let margin = (shown.1 - shown.0) * 0.01;
                plot.set_plot_bounds(PlotBounds::from_min_max(
                    [shown.0 - margin, -top * 0.03],
                    [shown.1 + margin, top * marks::HEADROOM],
                ));
                for line in lines {
                    plot.line(line);
                }
                if let Some(position) = position {
                    plot.vline(VLine::new("the moment that is shown", position).stroke(cursor).allow_hover(false));
                }
            });
        (plot.response, plot.transform)
    }

    /// Colours, names and latest values; a click shows or hides. Then the way back to the whole run.
    fn show_legend(&mut self, ui: &mut Ui, session: &Session) {
        let chronicle = session.chronicle();
        let theme = theme::current(ui);
        let counters = session.model().counters();
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().interact_size.y = 18.0;
            ui.spacing_mut().item_spacing.x = 12.0;
            for curve in Curve::ALL {
                let value = format::maybe_bytes(curve.of(counters));
                let entry = Entry {
                    color: color(theme.curve(curve)),
                    name: curve.name(),
                    value: &value,
                    shown: !self.hidden.contains(&curve),
                };
                let meaning = match curve {
                    Curve::Resident => words::of_residency(counters),
                    _ => Word::of_curve(curve).sentence(),
                };
                let hint = format!("{meaning}. Click to show or hide.");
                if (curve != Curve::Limit || counters.limit.is_some()) && ui.add(entry).on_hover_text(hint).clicked() {
                    toggle(&mut self.hidden, curve);
                }
            }
            let hint = format!("{}. Click to show or hide.", Word::Marks.sentence());
            for sort in Sort::ALL.into_iter().filter(|sort| chronicle.marks().count(*sort) > 0) {
                let value = format::count(chronicle.marks().count(sort));
                let shown = !self.hidden_marks.contains(&sort);
                let entry = Entry { color: color(theme.mark(sort)), name: sort.name(), value: &value, shown };
                if ui.add(entry).on_hover_text(&hint).clicked() {
                    toggle(&mut self.hidden_marks, sort);
                }
            }
            let hint = "drag over the curves to see a stretch of the run; a double click shows all of it again";
            if self.zoomed.is_some() && ui.add(Button::new("Whole run").small()).on_hover_text(hint).clicked() {
                self.zoomed = None;
            }
        });
    }

    /// What is shown, for those who can't see it.
    fn in_words(&self, chronicle: &Chronicle, (from, to): (f64, f64)) -> String {
        let counts = Sort::ALL.map(|sort| format!("{} {}", chronicle.marks().count(sort), sort.name()));
        let (from, to) = (axis::place(self.axis, from), axis::place(self.axis, to));
        format!("timeline: from {from} to {to}: {}", counts.join(", "))
    }
}

fn toggle<T: PartialEq>(hidden: &mut Vec<T>, one: T) {
    match hidden.iter().position(|other| *other == one) {
        Some(place) => drop(hidden.remove(place)),
        None => hidden.push(one),
    }
}

/// How far a recording was gone through, while that is going on. Gives what was asked for.
fn show_reading(ui: &mut Ui, reading: Option<f32>) -> Option<Action> {
    let share = reading?;
    let stopped = ui.horizontal(|ui| {
        ui.weak("going through the recording").on_hover_text("for the curves and marks of all of it");
        ui.add(ProgressBar::new(share).desired_width(160.0).show_percentage());
        ui.button("Stop reading").on_hover_text("what was read so far is shown").clicked()
    });
    stopped.inner.then_some(Action::StopReading)
}
