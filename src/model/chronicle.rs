//! A whole run without its pages: the counters over time, what happened, the collections, the forms. What a model of
//! one moment does not know of the others is here.

use std::time::Duration;

use heapatlas_heap::frame::{Counters, Frame};

use super::cycles::Cycles;
use super::forms::Forms;
use super::history::History;
use super::marks::Marks;

/// A place in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    /// The allocation clock, in bytes.
    pub clock: u64,
    /// Time since the heap was made.
    pub wall: Duration,
}

/// What time is measured in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Axis {
    /// Bytes allocated.
    #[default]
    Clock,
    /// Seconds since the heap was made.
    Wall,
}

impl Axis {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Clock, Self::Wall];

    /// A place on it.
    #[must_use]
    pub fn of(self, position: Position) -> f64 {
        match self {
            Self::Clock => position.clock as f64,
            Self::Wall => position.wall.as_secs_f64(),
        }
    }
}

/// A whole run without its pages.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    history: History,
    marks: Marks,
    cycles: Cycles,
    forms: Forms,
    /// The counters of the latest frame.
    counters: Counters,
    start: Option<Position>,
    end: Position,
}

impl Chronicle {
    /// Takes in the next frame.
    pub fn see(&mut self, frame: &Frame) {
        self.forms.apply(&frame.events, self.counters.clock..frame.counters.clock);
        for happening in &frame.events {
            self.cycles.apply(happening, (&self.counters, self.end.wall), frame);
        }
        self.end = Position { clock: frame.counters.clock, wall: frame.wall };
        self.start.get_or_insert(self.end);
        self.marks.see(self.end, &self.counters, frame);
        self.counters.clone_from(&frame.counters);
        self.history.push(self.end, &frame.counters);
    }

    /// The first moment; the beginning of everything before there is one.
    #[must_use]
    pub fn start(&self) -> Position {
        self.start.unwrap_or_default()
    }

    /// The latest moment.
    #[must_use]
    pub fn end(&self) -> Position {
        self.end
    }

    /// The counters over time.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What happened.
    #[must_use]
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The collections.
    #[must_use]
    pub fn cycles(&self) -> &Cycles {
        &self.cycles
    }

    /// The top-level forms.
    #[must_use]
    pub fn forms(&self) -> &Forms {
        &self.forms
    }
}
