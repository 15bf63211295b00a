//! What can be measured of a run, and how much of it is allowed.

use std::fmt;
use std::time::Duration;

use crate::cli::stats::Report;
use crate::format;

/// What can be measured. All but times and what was ever allocated are as of after a final collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Measure {
    /// Payload that the program holds on to, in bytes.
    Live,
    /// The heap's pages that are in memory, in bytes.
    Resident,
    /// Resident over live.
    ResidentOverLive,
    /// Mapped, in bytes.
    Committed,
    /// The share of what is committed that is not live.
    Fragmentation,
    /// The share of the heap's span that is holes.
    Holes,
    /// Ever allocated, in bytes.
    Allocated,
    /// The longest pause of the collector, in seconds.
    Pause,
}

/// A share of something.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl Measure {
    /// Every measure.
    pub(crate) const ALL: [Self; 8] = [
        Self::Live,
        Self::Resident,
        Self::ResidentOverLive,
        Self::Committed,
        Self::Fragmentation,
        Self::Holes,
        Self::Allocated,
        Self::Pause,
    ];

    /// Its name, as the options and baselines have it.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Resident => "resident",
            Self::ResidentOverLive => "resident-over-live",
            Self::Committed => "committed",
            Self::Fragmentation => "fragmentation",
            Self::Holes => "holes",
            Self::Allocated => "allocated",
            Self::Pause => "pause",
        }
    }

    /// Whether it is a time.
    pub(super) fn is_time(self) -> bool {
        self == Self::Pause
    }

    /// What a run needed of it; `None` when the system does not tell.
    pub(super) fn of(self, report: &Report) -> Option<f64> {
        let state = &report.collected;
        let (live, committed) = (state.live_bytes, state.committed_bytes);
        Some(match self {
            Self::Live => live as f64,
            Self::Resident => state.resident_bytes? as f64,
            Self::ResidentOverLive => share(state.resident_bytes?, live),
            Self::Committed => committed as f64,
            Self::Fragmentation => share(committed.saturating_sub(live), committed),
            Self::Holes => share(state.hole_bytes, committed + state.hole_bytes),
            Self::Allocated => report.allocated_bytes_total as f64,
            Self::Pause => Duration::from_micros(report.gc.pause_max_us).as_secs_f64(),
        })
    }

    /// A value for people.
    fn show(self, value: f64) -> String {
        match self {
            Self::Live | Self::Resident | Self::Committed | Self::Allocated => format::bytes(value as u64),
            Self::ResidentOverLive => format!("{value:.2} ×"),
            Self::Fragmentation | Self::Holes => format!("{:.1} %", value * 100.0),
            Self::Pause => format::time(Duration::from_secs_f64(value.clamp(0.0, 1e9))),
        }
    }
}

/// A number: `1.3`, say.
pub(crate) fn parse_ratio(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| format!("{text} is no ratio: 1.3, say"))
}

/// A share: `5%` or `0.05`.
pub(crate) fn parse_share(text: &str) -> Result<f64, String> {
    let why = |_why| format!("{text} is no share: 5%, say");
    match text.trim().strip_suffix('%') {
        Some(percent) => parse_ratio(percent).map(|percent| percent / 100.0).map_err(why),
        None => parse_ratio(text).map_err(why),
    }
}

/// A time: `2ms`, `500us`, `0.1s`.
pub(crate) fn parse_time(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let units = [("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("s", 1.0)];
    let found = units.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (number, seconds) = found.ok_or_else(|| format!("{text} is no time: 2ms, say"))?;
    parse_ratio(number).map(|number| number * seconds).map_err(|_why| format!("{text} is no time: 2ms, say"))
}

/// How much of something is allowed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Budget {
    /// Of what.
    pub(crate) measure: Measure,
    /// How much, in the measure's own unit.
    pub(crate) most: f64,
}

impl Budget {
    /// What became of it in a run.
    pub(super) fn judge(self, report: &Report) -> Outcome {
        Outcome { budget: self, needed: self.measure.of(report) }
    }
}

/// What became of a budget.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Outcome {
    budget: Budget,
    /// `None` when the system does not tell.
    needed: Option<f64>,
}

impl Outcome {
    /// What it is about.
    pub(super) fn name(&self) -> &'static str {
        self.budget.measure.name()
    }

    /// Whether no more was needed than is allowed. What was not measured meets no budget.
    pub(super) fn is_met(&self) -> bool {
        self.needed.is_some_and(|needed| needed <= self.budget.most)
    }

    /// What was needed, and what is allowed.
    pub(super) fn words(&self) -> (String, String) {
        let measure = self.budget.measure;
        let needed = self.needed.map_or_else(|| "not measured".to_owned(), |needed| measure.show(needed));
        (needed, measure.show(self.budget.most))
    }
}

/// One line: whether it is met, what was needed, what is allowed.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_met() { "ok" } else { "over" };
        let (needed, most) = self.words();
        write!(f, "{verdict:<5} {:<20} {needed:>12}   at most {most}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_the_units_of_what_they_limit() {
        assert_eq!(parse_share("5%"), Ok(0.05));
        assert_eq!(parse_share("0.5"), Ok(0.5));
        assert_eq!(parse_ratio("1.3"), Ok(1.3));
        for (text, seconds) in [("2ms", 0.002), ("500us", 0.0005), ("0.1s", 0.1)] {
            assert!(parse_time(text).is_ok_and(|found| (found - seconds).abs() < 1e-12), "{text}");
        }
        for text in ["", "x", "-1", "nan", "inf", "5%%"] {
            assert!(parse_share(text).is_err() && parse_ratio(text).is_err() && parse_time(text).is_err(), "{text}");
        }
        assert!(parse_time("2").is_err());
    }

    #[test]
    fn what_was_not_measured_meets_no_budget() {
        let budget = Budget { measure: Measure::Resident, most: 1024.0 };
        assert_eq!(
            Outcome { budget, needed: Some(1024.0) }.to_string(),
            "ok    resident                 1.00 KiB   at most 1.00 KiB"
        );
        assert!(!Outcome { budget, needed: Some(1025.0) }.is_met());
        let unknown = Outcome { budget, needed: None };
        assert!(!unknown.is_met() && unknown.to_string().starts_with("over  resident             not measured"));
    }
}
