//! What happened, as marks on a timeline: bounded, and nothing uncounted.

use std::sync::Arc;

use heapatlas_heap::frame::{Counters, Event, Frame};
use heapatlas_heap::terms::{GcCause, GcPhase, Span};

use super::chronicle::Position;

/// What sort of thing happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// The soft limit was reached, or the system refused memory.
    Limit,
    /// A collection, from its beginning to its end.
    Collection,
    /// An extent was mapped.
    Growth,
    /// There was more in holes than before.
    Hole,
    /// A top-level form began.
    Form,
}

impl Sort {
    /// Every sort, in the order of a legend.
    pub const ALL: [Self; 5] = [Self::Collection, Self::Growth, Self::Hole, Self::Limit, Self::Form];

    /// Its word, of many.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit hit",
            Self::Collection => "collections",
            Self::Growth => "growth",
            Self::Hole => "new holes",
            Self::Form => "forms",
        }
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// Somebody asked for so many bytes that could not be had.
    Limit {
        /// How many.
        request: usize,
        /// Whether the system refused.
        by_system: bool,
    },
    /// A collection, for this cause.
    Collection(GcCause),
    /// This was mapped.
    Growth(Span),
    /// There was so much more in holes.
    Hole(u64),
    /// A form began.
    Form {
        /// The file it is in.
        file: Arc<str>,
        /// The line it begins on, from one.
        line: u32,
        /// Its first words.
        text: Arc<str>,
    },
}

/// A mark: one thing that happened, or several of a sort.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// When the first frame was cut that knew of it.
    pub start: Position,
    /// When it was over, or the last of them happened.
    pub end: Position,
    /// The first of them.
    pub what: What,
    /// How many they are.
    pub count: u64,
}

/// Marks of a sort at most; even.
const MOST: usize = 4096;

/// The marks of each sort, in order.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    marks: [Vec<Mark>; Sort::ALL.len()],
    counts: [u64; Sort::ALL.len()],
    /// Whether the last collection is under way.
    collecting: bool,
}

impl Marks {
    /// Takes in a frame. `before` are the counters of the one before it.
    pub(super) fn see(&mut self, at: Position, before: &Counters, frame: &Frame) {
        for happening in &frame.events {
            match &happening.event {
                Event::LimitHit { request, by_system } => {
                    self.add(Sort::Limit, at, What::Limit { request: *request, by_system: *by_system });
                }
                Event::GcPhase { phase: GcPhase::Roots, cause } => {
                    self.add(Sort::Collection, at, What::Collection(*cause));
                    self.collecting = true;
                }
                Event::GcPhase { phase: GcPhase::Idle, .. } => self.collection_ends(at),
                Event::ExtentMapped { span } => self.add(Sort::Growth, at, What::Growth(span.clone())),
                Event::FormBegin { file, line, text } => {
                    let (file, line, text) = (Arc::clone(file), *line, Arc::from(&**text));
                    self.add(Sort::Form, at, What::Form { file, line, text });
                }
                _ => {}
            }
        }
        if let Some(more) = frame.counters.holes.checked_sub(before.holes).filter(|more| *more > 0) {
            self.add(Sort::Hole, at, What::Hole(more));
        }
    }

    fn add(&mut self, sort: Sort, at: Position, what: What) {
        let marks = &mut self.marks[sort as usize];
        self.counts[sort as usize] += 1;
        marks.push(Mark { start: at, end: at, what, count: 1 });
        if marks.len() == MOST {
            let mut pairs = std::mem::take(marks).into_iter();
            while let Some(first) = pairs.next() {
                let second = pairs.next();
                let (end, more) = second.map_or((first.end, 0), |second| (second.end, second.count));
                marks.push(Mark { end, count: first.count + more, ..first });
            }
        }
    }

    fn collection_ends(&mut self, at: Position) {
        if std::mem::take(&mut self.collecting)
            && let Some(last) = self.marks[Sort::Collection as usize].last_mut()
        {
            last.end = at;
        }
    }

    /// The marks of a sort, in order.
    #[must_use]
    pub fn of(&self, sort: Sort) -> &[Mark] {
        &self.marks[sort as usize]
    }

    /// How many things of a sort happened.
    #[must_use]
    pub fn count(&self, sort: Sort) -> u64 {
        self.counts[sort as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::frame::Happening;
    use std::time::Duration;

    fn frame(clock: u64, holes: u64, events: Vec<Event>) -> Frame {
        let events = events.into_iter().map(|event| Happening { wall: Duration::ZERO, event }).collect();
        Frame { counters: Counters { clock, holes, ..Counters::default() }, events, ..Frame::default() }
    }

    #[test]
    fn however_many_there_are_none_is_uncounted_and_they_stay_in_order() {
        let mut marks = Marks::default();
        let mut before = Counters::default();
        for clock in 0..100_000 {
            let form = Event::FormBegin { file: "a.arc".into(), line: 1, text: "(x)".into() };
            let phase = |phase| Event::GcPhase { phase, cause: GcCause::Asked };
            let events = match clock % 4 {
                0 => vec![phase(GcPhase::Roots), form],
                1 => vec![phase(GcPhase::Idle)],
                _ => Vec::new(),
            };
            let frame = frame(clock, clock / 50_000 * 7, events);
            marks.see(Position { clock, wall: Duration::ZERO }, &before, &frame);
            before = frame.counters;
        }
        assert_eq!(Sort::ALL.map(|sort| marks.count(sort)), [25_000, 0, 1, 0, 25_000]);
        for sort in Sort::ALL {
            let of = marks.of(sort);
            assert!(of.len() < MOST && of.is_sorted_by_key(|mark| mark.start.clock));
            assert_eq!(of.iter().map(|mark| mark.count).sum::<u64>(), marks.count(sort));
        }
        let last = marks.of(Sort::Collection).last().expect("a collection");
        assert_eq!(last.end.clock, 99_997);
        assert_eq!(marks.of(Sort::Hole)[0].what, What::Hole(7));
    }
}
