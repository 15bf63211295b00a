//! Counters to lines, and in words.

use egui_plot::{Line, LineStyle, PlotPoints};

use crate::format;
use crate::map::palette::Theme;
use crate::model::chronicle::Axis;
use crate::model::history::{Curve, History, Moments};
use crate::ui::steps;
use crate::ui::theme::color;

/// A curve up to a place on the axis.
pub(super) fn line(curve: Curve, moments: &[Moments], axis: Axis, (end, theme): (f64, Theme)) -> Line<'static> {
    let is_bound = matches!(curve, Curve::Committed | Curve::Limit);
    Line::new(curve.name(), PlotPoints::new(steps::points(curve, moments, axis, end)))
        .color(color(theme.curve(curve)))
        .width(if is_bound { 1.2 } else { 1.8 })
        .style(if is_bound { LineStyle::dashed_dense() } else { LineStyle::Solid })
        .allow_band(false)
        .allow_hover(false)
}

/// Every value at a place on the axis.
pub(super) fn describe(history: &History, axis: Axis, at: f64) -> Option<String> {
    let moments = history.at(axis, at)?;
    let clock = format::bytes(moments.start.clock);
    let mut text = format!("{clock} allocated since the start, {}", format::time(moments.start.wall));
    for curve in Curve::ALL {
        let Some(range) = moments.ranges[curve.place()] else { continue };
        let (least, greatest) = (format::bytes(range.least), format::bytes(range.greatest));
        let value = if least == greatest { least } else { format!("{least} to {greatest}") };
        text.push_str(&format!("\n{} {value}", curve.name()));
    }
    text.push_str("\n\nclick: go there; drag: look closer");
    Some(text)
}
