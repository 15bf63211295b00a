//! The past in motion: backwards or forwards along an axis, at some speed.

use std::time::Duration;

use crate::model::chronicle::{Axis, Position};

/// How the past moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Play {
    /// Backwards; when it does so already, twice as fast.
    Backwards,
    /// It stands still.
    Stop,
    /// Forwards; when it does so already, twice as fast.
    Forwards,
}

/// At the slowest speed the whole run takes so many seconds.
const WHOLE: f64 = 40.0;
/// And at most this many times as fast.
const FASTEST: f64 = 64.0;

/// The past in motion.
#[derive(Clone, Copy, Debug, Default)]
pub struct Playback {
    /// How many times as fast as the slowest, backwards when negative; zero while it stands still.
    speed: f64,
    /// Where on the axis it has come to, which is finer than the frames; `None` when it begins at what is shown.
    at: Option<f64>,
}

impl Playback {
    /// Has it move otherwise.
    pub fn set(&mut self, play: Play) {
        let same_way = |sign: f64| self.speed * sign > 0.0;
        let on = |sign: f64| if same_way(sign) { (self.speed * 2.0).clamp(-FASTEST, FASTEST) } else { sign };
        let speed = match play {
            Play::Backwards => on(-1.0),
            Play::Stop => 0.0,
            Play::Forwards => on(1.0),
        };
        *self = Self { speed, at: self.at.filter(|_| speed != 0.0) };
    }

    /// Whether it moves.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.speed != 0.0
    }

    /// How far it moves in a second on an axis of this length; negative backwards.
    #[must_use]
    pub fn rate(&self, length: f64) -> f64 {
        self.speed * length / WHOLE
    }

    /// Moves on for some time, from what is shown, and gives where it has come to. At either end it stops.
    pub fn step(&mut self, axis: Axis, (start, end): (Position, Position), shown: Position, time: Duration) -> f64 {
        let (first, last) = (axis.of(start), axis.of(end));
        let from = self.at.unwrap_or(axis.of(shown));
        let to = (from + self.rate(last - first) * time.as_secs_f64()).clamp(first, last);
        self.at = Some(to);
        if to == if self.speed < 0.0 { first } else { last } {
            self.set(Play::Stop);
        }
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_faster_turns_and_stops_at_the_ends() {
        let end = Position { clock: 4000, wall: Duration::from_secs(8) };
        let all = (Position::default(), end);
        let mut playback = Playback::default();
        playback.set(Play::Backwards);
        assert_eq!(playback.rate(4000.0), -100.0);
        assert_eq!(playback.step(Axis::Clock, all, end, Duration::from_secs(1)), 3900.0);
        playback.set(Play::Backwards);
        // From where it has come to, whatever is shown by now.
        assert_eq!(playback.step(Axis::Clock, all, end, Duration::from_secs(2)), 3500.0);
        playback.set(Play::Forwards);
        assert_eq!(playback.step(Axis::Clock, all, end, Duration::from_secs(1)), 3600.0);
        assert!(playback.is_moving());
        assert_eq!(playback.step(Axis::Clock, all, end, Duration::from_secs(100)), 4000.0);
        assert!(!playback.is_moving());
        (0..20).for_each(|_| playback.set(Play::Backwards));
        assert_eq!(playback.rate(40.0), -FASTEST);
        assert_eq!(playback.step(Axis::Wall, all, end, Duration::from_secs(1)), 0.0);
        assert!(!playback.is_moving());
    }
}
