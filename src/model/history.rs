//! The counters over time, in bounded memory.

use heapatlas_heap::frame::Counters;

use super::chronicle::{Axis, Position};
use super::pyramid::{Bucket, Pyramid};

/// What is followed over time, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Curve {
    /// What the heap may commit.
    Limit,
    /// Bytes mapped.
    Committed,
    /// Bytes measured to be resident.
    Resident,
    /// Bytes allocated.
    Allocated,
    /// Bytes live at the last mark.
    Live,
    /// Bytes in holes.
    Holes,
}

impl Curve {
    /// Every curve, in the order of a legend.
    pub const ALL: [Self; 6] = [Self::Committed, Self::Resident, Self::Allocated, Self::Live, Self::Holes, Self::Limit];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Committed => "committed",
            Self::Resident => "resident",
            Self::Allocated => "allocated",
            Self::Live => "live",
            Self::Holes => "holes",
        }
    }

    /// Its place among [`Moments`]' ranges.
    #[must_use]
    pub const fn place(self) -> usize {
        self as usize
    }

    /// Its value; `None` where that is not known, or there is none.
    #[must_use]
    pub fn of(self, counters: &Counters) -> Option<u64> {
        match self {
            Self::Limit => counters.limit,
            Self::Committed => Some(counters.committed),
            Self::Resident => counters.resident(),
            Self::Allocated => Some(counters.allocated),
            Self::Live => (counters.cycles > 0).then_some(counters.balance.live),
            Self::Holes => Some(counters.holes),
        }
    }
}

/// One moment, or several: the range of each curve, at its [`Curve::place`].
pub type Moments = Bucket<{ Curve::ALL.len() }>;

/// The counters over time.
#[derive(Clone, Debug, Default)]
pub struct History {
    pyramid: Pyramid<{ Curve::ALL.len() }>,
    resident: Option<u64>,
}

impl History {
    pub(super) fn push(&mut self, at: Position, counters: &Counters) {
        // A frame without a measurement keeps the one before: residency is measured less often.
        self.resident = counters.resident().or(self.resident);
        let mut values = [None; Curve::ALL.len()];
        for curve in Curve::ALL {
            values[curve.place()] = curve.of(counters);
        }
        values[Curve::Resident.place()] = self.resident;
        self.pyramid.push(at, values);
    }

    /// A stretch of an axis in no more pieces than so many, and one before it and after it.
    pub fn within(&self, axis: Axis, stretch: (f64, f64), most: usize) -> impl Iterator<Item = Moments> {
        self.pyramid.within(axis, stretch, most)
    }

    /// The last moment up to a place on an axis, as finely as it is known.
    #[must_use]
    pub fn at(&self, axis: Axis, at: f64) -> Option<Moments> {
        self.pyramid.at(axis, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_stays_as_it_was_and_nothing_is_live_before_the_first_mark() {
        let mut history = History::default();
        let mut counters = Counters { committed: 100, ..Counters::default() };
        let last = |history: &History, curve: Curve| {
            let moments = history.at(Axis::Clock, 1e9).expect("a moment");
            moments.ranges[curve.place()].map(|range| range.last)
        };
        history.push(Position::default(), &counters);
        assert_eq!(last(&history, Curve::Live), None);
        assert_eq!(last(&history, Curve::Resident), None, "nobody has measured it");
        counters.balance.free_pages = 100;
        counters.balance.not_resident = Some(30);
        counters.cycles = 1;
        history.push(Position { clock: 5, ..Position::default() }, &counters);
        counters.balance.not_resident = None;
        history.push(Position { clock: 9, ..Position::default() }, &counters);
        assert_eq!((last(&history, Curve::Resident), last(&history, Curve::Live)), (Some(70), Some(0)));
        assert_eq!(last(&history, Curve::Limit), None);
        // A place holds whatever curve it is said to.
        for (place, curve) in Curve::ALL.into_iter().map(|curve| (curve.place(), curve)) {
            assert!(place < Curve::ALL.len(), "{curve:?}");
        }
    }
}
