//! One quantity of each heap over the allocation clock.

use eframe::egui::{Role, Ui, WidgetInfo, vec2};
use egui_plot::{Corner, Legend, Line, LineStyle, Plot, PlotPoints};

use crate::model::chronicle::Axis;
use crate::model::history::{Curve, History};
use crate::ui::axis::{label, marks, marks_along};
use crate::ui::steps;
use crate::ui::theme::{self, color};

/// A quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Quantity {
    /// What is in memory.
    #[default]
    Resident,
    /// What is mapped.
    Committed,
    /// What is in use.
    Allocated,
}

impl Quantity {
    /// Every quantity.
    pub const ALL: [Self; 3] = [Self::Resident, Self::Committed, Self::Allocated];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Committed => "committed",
            Self::Allocated => "allocated",
        }
    }

    const fn curve(self) -> Curve {
        match self {
            Self::Resident => Curve::Resident,
            Self::Committed => Curve::Committed,
            Self::Allocated => Curve::Allocated,
        }
    }
}

/// A colour and a dash for each heap: never colour alone.
const LOOKS: [(Curve, LineStyle); 3] = [
    (Curve::Allocated, LineStyle::Solid),
    (Curve::Resident, LineStyle::Dashed { length: 10.0 }),
    (Curve::Live, LineStyle::Dotted { spacing: 6.0 }),
];

/// Points of a curve at most: more than a screen is wide.
const POINTS: usize = 4096;

/// Shows the curves.
pub fn show<'h>(ui: &mut Ui, quantity: Quantity, heaps: impl Iterator<Item = (&'h str, &'h History)>) {
    let theme = theme::current(ui);
    let lines: Vec<Line<'_>> = heaps
        .zip(LOOKS.iter().cycle())
        .map(|((name, history), (curve, style))| {
            let moments: Vec<_> = history.within(Axis::Clock, (0.0, f64::INFINITY), POINTS).collect();
            let end = moments.last().map_or(0.0, |last| Axis::Clock.of(last.end));
            let points = PlotPoints::new(steps::points(quantity.curve(), &moments, Axis::Clock, end));
            let look = Line::new(name.to_owned(), points).color(color(theme.curve(*curve))).style(*style).width(1.6);
            // A band would fill what lies under a value that goes up and down.
            look.allow_band(false)
        })
        .collect();
    let plot = Plot::new("comparison")
        .show_background(false)
        .grid_color(color(theme.line()))
        .allow_scroll(false)
        .include_y(0.0)
        .include_x(0.0)
        .set_margin_fraction(vec2(0.03, 0.08))
        .y_axis_min_width(62.0)
        .x_grid_spacer(|input| marks_along(Axis::Clock, input.bounds))
        .y_grid_spacer(|input| marks(Axis::Clock, (input.bounds.1 - input.bounds.0) * 2.0, input.bounds))
        .x_axis_formatter(|mark, _range| label(Axis::Clock, mark))
        .y_axis_formatter(|mark, _range| label(Axis::Clock, mark))
        // What grows leaves room there.
        .legend(Legend::default().position(Corner::LeftTop).follow_insertion_order(true))
        .show(ui, |plot| lines.into_iter().for_each(|line| plot.line(line)));
    let name = format!("{} over the allocation clock", quantity.name());
    plot.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
}
