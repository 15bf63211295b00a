//! The speeds to choose from.

use crate::command::Speed;

/// A speed with its words.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// How fast.
    pub speed: Speed,
    /// Its name on the button.
    pub name: &'static str,
    /// What that means, in words.
    pub meaning: &'static str,
}

/// From slow motion to full speed, each about three times the one before.
pub const CHOICES: [Choice; 5] = [
    Choice { speed: Speed::BytesPerSecond(60_000.0), name: "60 KB/s", meaning: "every page can be watched" },
    Choice { speed: Speed::BytesPerSecond(200_000.0), name: "200 KB/s", meaning: "every pool can be watched" },
    Choice { speed: Speed::SLOW_MOTION, name: "600 KB/s", meaning: "the library loads in about six seconds" },
    Choice { speed: Speed::BytesPerSecond(2_000_000.0), name: "2 MB/s", meaning: "the library loads in two seconds" },
    Choice { speed: Speed::Full, name: "full", meaning: "as fast as the runtime can" },
];

/// The place of a speed among the choices.
#[must_use]
pub fn place_of(speed: Speed) -> Option<usize> {
    CHOICES.iter().position(|choice| choice.speed == speed)
}
