//! A whole run without its pages: the counters over time, what happened, the collections, the forms. A model knows one
//! moment; what is known of the others is here, and what of that was known at a moment.

use std::time::Duration;

use heapatlas_heap::frame::{Counters, Frame};
use heapatlas_heap::terms::{GcCause, GcPhase};

use super::HeapModel;
use super::cycles::{Cycle, Cycles};
use super::forms::{Forms, FormsThen};
use super::history::History;
use super::marks::Marks;
use super::moves::Moves;

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
    moves: Moves,
    /// The counters of the latest frame.
    counters: Counters,
    lost_events: u64,
    start: Option<Position>,
    end: Position,
}

impl Chronicle {
    /// Takes in the next frame.
    pub fn see(&mut self, frame: &Frame) {
        self.forms.apply(&frame.events, self.counters.clock..frame.counters.clock);
        self.moves.see(frame);
        self.cycles.apply((&self.counters, self.end.wall), frame);
        self.lost_events += frame.lost_events;
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

    /// The top-level forms.
    #[must_use]
    pub fn forms(&self) -> &Forms {
        &self.forms
    }

    /// What the collector moved.
    #[must_use]
    pub fn moves(&self) -> &Moves {
        &self.moves
    }

    /// Events lost because nobody fetched them.
    #[must_use]
    pub fn lost_events(&self) -> u64 {
        self.lost_events
    }

    /// What was known at a moment.
    #[must_use]
    pub fn until(&self, moment: &HeapModel) -> Told<'_> {
        Told { chronicle: self, wall: moment.wall(), phase: moment.counters().phase }
    }
}

/// What was known of a run at one of its moments.
#[derive(Clone, Copy, Debug)]
pub struct Told<'c> {
    chronicle: &'c Chronicle,
    wall: Duration,
    /// Where the collector was.
    phase: Option<GcPhase>,
}

impl<'c> Told<'c> {
    /// The latest collections, oldest first.
    pub fn cycles(self) -> impl DoubleEndedIterator<Item = Cycle> + 'c {
        self.chronicle.cycles.until(self.wall)
    }

    /// The top-level forms.
    #[must_use]
    pub fn forms(self) -> FormsThen<'c> {
        self.chronicle.forms.until(self.wall)
    }

    /// Why the latest collection began; `None` before the first, and when the event was lost.
    #[must_use]
    pub fn last_cause(self) -> Option<GcCause> {
        self.cycles().next_back().filter(|cycle| cycle.lost_track.is_none()).map(|cycle| cycle.cause)
    }

    /// Whether the latest collection had ended and moved everything that can move, as one on request does. What free runs
    /// there are since then, compaction can't lower.
    #[must_use]
    pub fn is_compacted(self) -> bool {
        self.last_cause() == Some(GcCause::Asked) && self.phase == Some(GcPhase::Idle)
    }
}
