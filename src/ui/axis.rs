//! The two axes of a run, the allocation clock and time: where marks lie, and places in words.

use std::time::Duration;

use egui_plot::GridMark;

use crate::format;
use crate::model::chronicle::Axis;

/// Half of a label, of the length of an axis.
const LABEL: f64 = 0.04;

/// How long a run looks at least.
#[must_use]
pub const fn least(axis: Axis) -> f64 {
    match axis {
        Axis::Clock => 1_000_000.0,
        Axis::Wall => 0.01,
    }
}

/// A place on an axis in words.
#[must_use]
pub fn place(axis: Axis, at: f64) -> String {
    match axis {
        Axis::Clock => format::bytes(at.max(0.0) as u64),
        Axis::Wall => format::time(Duration::try_from_secs_f64(at.max(0.0)).unwrap_or_default()),
    }
}

/// Marks of an axis, six or so of them: of bytes at binary steps, 1, 2 or 4 times a power of two; of seconds at decimal
/// ones, 1, 2 or 5 times a power of ten.
#[must_use]
pub fn marks(axis: Axis, range: f64, (from, to): (f64, f64)) -> Vec<GridMark> {
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

/// Marks of an axis from left to right: one at the right end would have half of its label cut off.
#[must_use]
pub fn marks_along(axis: Axis, (from, to): (f64, f64)) -> Vec<GridMark> {
    let mut marks = marks(axis, to - from, (from, to));
    marks.retain(|mark| mark.value <= to - (to - from) * LABEL);
    marks
}

/// A mark of an axis in words, without digits that are zero anyway.
#[must_use]
pub fn label(axis: Axis, mark: GridMark) -> String {
    if mark.value <= 0.0 {
        return "0".to_owned();
    }
    place(axis, mark.value).replace(".00 ", " ").replace(".0 ", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_lie_at_round_steps() {
        let bytes = marks(Axis::Clock, 3.5e6, (0.0, 3.5e6));
        assert!((4..=8).contains(&bytes.len()), "{}", bytes.len());
        assert!(bytes.iter().all(|mark| mark.value % 524_288.0 == 0.0));
        let last = |to| marks_along(Axis::Clock, (0.0, to)).last().map(|mark| mark.value);
        assert_eq!((last(8.4e6), last(9e6)), (Some(6_291_456.0), Some(8_388_608.0)), "8 MiB has room, or is left out");
        let seconds = marks(Axis::Wall, 0.033, (0.0, 0.033));
        assert!((4..=8).contains(&seconds.len()), "{}", seconds.len());
        assert_eq!(seconds[1].step_size, 0.005);
        assert_eq!(label(Axis::Clock, GridMark { value: 1_572_864.0, step_size: 1.0 }), "1.50 MiB");
        assert_eq!(label(Axis::Clock, GridMark { value: 2_097_152.0, step_size: 1.0 }), "2 MiB");
        assert_eq!(label(Axis::Wall, GridMark { value: 2.0, step_size: 1.0 }), "2 s");
    }
}
