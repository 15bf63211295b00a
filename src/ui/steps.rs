//! A quantity over an axis, as a curve in steps.

use crate::model::chronicle::Axis;
use crate::model::history::{Curve, Moments};

/// The greatest value of a curve.
#[must_use]
pub fn greatest(moments: &[Moments], curve: Curve) -> u64 {
    let ranges = moments.iter().filter_map(|moments| moments.ranges[curve.place()]);
    ranges.map(|range| range.greatest).max().unwrap_or(0)
}

/// The points of a curve up to a place on the axis: a value holds until the next one is known. Where a piece has several
/// samples, a stroke from the least to the greatest says so. What stays the same takes two points however long it does.
#[must_use]
pub fn points(curve: Curve, moments: &[Moments], axis: Axis, end: f64) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = Vec::with_capacity(3 * moments.len());
    let push = |points: &mut Vec<[f64; 2]>, point: [f64; 2]| match points.as_mut_slice() {
        [.., before, last] if before[1] == point[1] && last[1] == point[1] => *last = point,
        _ => points.push(point),
    };
    for moments in moments {
        let Some(range) = moments.ranges[curve.place()] else { continue };
        let at = axis.of(moments.start);
        if let Some([_, before]) = points.last().copied()
            && before != range.least as f64
        {
            push(&mut points, [at, before]);
        }
        push(&mut points, [at, range.least as f64]);
        if range.greatest > range.least {
            push(&mut points, [at, range.greatest as f64]);
            push(&mut points, [axis.of(moments.end), range.last as f64]);
        }
    }
    if let Some([_, value]) = points.last().copied().filter(|[at, _]| *at < end) {
        push(&mut points, [end, value]);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::model::chronicle::Position;
    use crate::model::pyramid::Range;

    fn moment(clock: (u64, u64), least: u64, greatest: u64) -> Moments {
        let at = |clock| Position { clock, wall: Duration::from_millis(clock) };
        let range = Some(Range { least, greatest, last: least });
        Moments { start: at(clock.0), end: at(clock.1), ranges: [range; Curve::ALL.len()] }
    }

    #[test]
    fn values_hold_until_the_next_and_a_peak_is_a_stroke() {
        let moments = [moment((0, 0), 10, 10), moment((100, 150), 10, 70), moment((200, 200), 30, 30)];
        let expected =
            [[0.0, 10.0], [100.0, 10.0], [100.0, 70.0], [150.0, 10.0], [200.0, 10.0], [200.0, 30.0], [500.0, 30.0]];
        assert_eq!(points(Curve::Committed, &moments, Axis::Clock, 500.0), expected);
        assert_eq!(points(Curve::Live, &moments[..1], Axis::Wall, 0.0), [[0.0, 10.0]]);
        let flat: Vec<_> = (0..9).map(|n| moment((n, n), 10, 10)).collect();
        assert_eq!(points(Curve::Committed, &flat, Axis::Clock, 20.0), [[0.0, 10.0], [20.0, 10.0]]);
        assert_eq!(greatest(&moments, Curve::Holes), 70);
    }
}
