//! Counters to lines, and in words.

use std::time::Duration;

use egui_plot::{GridMark, Line, LineStyle, PlotPoints};

use crate::format;
use crate::map::palette::Theme;
use crate::model::chronicle::Axis;
use crate::model::history::{Curve, History, Moments};
use crate::ui::theme::color;

/// How long a run looks at least.
pub(in crate::ui::views) const fn least(axis: Axis) -> f64 {
    match axis {
        Axis::Clock => 1_000_000.0,
        Axis::Wall => 0.01,
    }
}

/// The greatest value of a curve.
pub(super) fn greatest(moments: &[Moments], curve: Curve) -> u64 {
    let ranges = moments.iter().filter_map(|moments| moments.ranges[curve.place()]);
    ranges.map(|range| range.greatest).max().unwrap_or(0)
}

/// A curve up to a place on the axis.
pub(super) fn line(curve: Curve, moments: &[Moments], axis: Axis, (end, theme): (f64, Theme)) -> Line<'static> {
    let is_bound = matches!(curve, Curve::Committed | Curve::Limit);
    Line::new(curve.name(), PlotPoints::new(points(curve, moments, axis, end)))
        .color(color(theme.curve(curve)))
        .width(if is_bound { 1.2 } else { 1.8 })
        .style(if is_bound { LineStyle::dashed_dense() } else { LineStyle::Solid })
        .allow_band(false)
        .allow_hover(false)
}

/// A curve in steps: a value holds until the next one is known. Where a piece has several samples, a stroke from the least
/// to the greatest says so.
fn points(curve: Curve, moments: &[Moments], axis: Axis, end: f64) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = Vec::with_capacity(3 * moments.len());
    for moments in moments {
        let Some(range) = moments.ranges[curve.place()] else { continue };
        let at = axis.of(moments.start);
        if let Some([_, before]) = points.last().copied()
            && before != range.least as f64
        {
            points.push([at, before]);
        }
        points.push([at, range.least as f64]);
        if range.greatest > range.least {
            points.push([at, range.greatest as f64]);
            points.push([axis.of(moments.end), range.last as f64]);
        }
    }
    if let Some([_, value]) = points.last().copied().filter(|[at, _]| *at < end) {
        points.push([end, value]);
    }
    points
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

/// A place on an axis in words.
pub(super) fn place(axis: Axis, at: f64) -> String {
    match axis {
        Axis::Clock => format::bytes(at.max(0.0) as u64),
        Axis::Wall => format::time(Duration::try_from_secs_f64(at.max(0.0)).unwrap_or_default()),
    }
}

/// Marks of an axis, six or so of them: of bytes at binary steps, 1, 2 or 4 times a power of two; of seconds at decimal
/// ones, 1, 2 or 5 times a power of ten.
pub(in crate::ui) fn marks(axis: Axis, range: f64, (from, to): (f64, f64)) -> Vec<GridMark> {
    let about = range / 7.0;
    let step = match axis {
        Axis::Clock => about.max(1.0).log2().ceil().exp2(),
        Axis::Wall => {
            let power = 10_f64.powf(about.max(1e-6).log10().floor());
            [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= about).unwrap_or(power * 10.0)
        }
    };
    let first = (from.max(0.0) / step).ceil() as u64;
    let last = (to / step).floor().max(0.0) as u64;
    (first..=last.min(first + 64)).map(|n| GridMark { value: n as f64 * step, step_size: step }).collect()
}

/// A mark of an axis in words, without digits that are zero anyway.
pub(in crate::ui) fn axis_label(axis: Axis, mark: GridMark) -> String {
    if mark.value <= 0.0 {
        return "0".to_owned();
    }
    place(axis, mark.value).replace(".00 ", " ").replace(".0 ", " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chronicle::Position;
    use crate::model::pyramid::Range;

    fn moments(clock: (u64, u64), least: u64, greatest: u64) -> Moments {
        let at = |clock| Position { clock, wall: Duration::from_millis(clock) };
        let range = Some(Range { least, greatest, last: least });
        Moments { start: at(clock.0), end: at(clock.1), ranges: [range; Curve::ALL.len()] }
    }

    #[test]
    fn values_hold_until_the_next_and_a_peak_is_a_stroke() {
        let moments = [moments((0, 0), 10, 10), moments((100, 150), 10, 70), moments((200, 200), 30, 30)];
        let expected =
            [[0.0, 10.0], [100.0, 10.0], [100.0, 70.0], [150.0, 10.0], [200.0, 10.0], [200.0, 30.0], [500.0, 30.0]];
        assert_eq!(points(Curve::Committed, &moments, Axis::Clock, 500.0), expected);
        assert_eq!(points(Curve::Live, &moments[..1], Axis::Wall, 0.0), [[0.0, 10.0]]);
        assert_eq!(greatest(&moments, Curve::Holes), 70);
    }

    #[test]
    fn marks_lie_at_round_steps() {
        let bytes = marks(Axis::Clock, 3.5e6, (0.0, 3.5e6));
        assert!((4..=8).contains(&bytes.len()), "{}", bytes.len());
        assert!(bytes.iter().all(|mark| mark.value % 524_288.0 == 0.0));
        let seconds = marks(Axis::Wall, 0.033, (0.0, 0.033));
        assert!((4..=8).contains(&seconds.len()), "{}", seconds.len());
        assert_eq!(seconds[1].step_size, 0.005);
        assert_eq!(axis_label(Axis::Clock, GridMark { value: 1_572_864.0, step_size: 1.0 }), "1.50 MiB");
        assert_eq!(axis_label(Axis::Clock, GridMark { value: 2_097_152.0, step_size: 1.0 }), "2 MiB");
        assert_eq!(axis_label(Axis::Wall, GridMark { value: 2.0, step_size: 1.0 }), "2 s");
    }
}
