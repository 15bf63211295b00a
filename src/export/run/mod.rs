//! Exports of a whole run rather than a moment: what the counters were over time, and when what was going on.
//!
//! * [`perfetto`] a trace for ui.perfetto.dev
//! * [`chrome`] the same for whatever reads Chrome's traces
//! * [`folded`] what each top-level form allocated, as stacks for flame graphs
//! * [`film`] the map over time as an animated picture
//! * `parquet` the page table over time as a table of columns, when built with the feature of that name

pub mod chrome;
pub mod film;
pub mod folded;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod perfetto;

use std::time::Duration;

use heapatlas_heap::frame::{Counters, Event, Frame, Happening};
use heapatlas_heap::terms::GcPhase;

/// What a slice of time is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Track {
    /// Top-level forms.
    Forms,
    /// Collections, and the phases within each.
    Collector,
}

impl Track {
    /// Every track.
    pub const ALL: [Self; 2] = [Self::Forms, Self::Collector];

    /// Its words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forms => "forms",
            Self::Collector => "collector",
        }
    }
}

/// Something that took time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slice {
    /// What it is about.
    pub track: Track,
    /// What it was.
    pub name: String,
    /// Of a form, where it is written; of a collection, why it began.
    pub detail: String,
    /// When it began and ended, since the heap was made.
    pub begin: Duration,
    /// When it ended.
    pub end: Duration,
    /// Slices of the same track that it lies in.
    pub depth: usize,
    /// Bytes allocated meanwhile, where that is known.
    pub allocated: Option<u64>,
}

/// The counters at a moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample {
    /// Time since the heap was made.
    pub wall: Duration,
    /// The value of each of [`COUNTERS`]; `None` when it was not measured.
    pub values: [Option<u64>; COUNTERS.len()],
}

/// How a counter is had; `None` when it was not measured.
type Value = fn(&Counters) -> Option<u64>;

/// The counters of a trace, in bytes: what they are called, and how they are had.
pub const COUNTERS: [(&str, Value); 7] = [
    ("committed", |counters| Some(counters.committed)),
    ("resident", Counters::resident),
    ("allocated", |counters| Some(counters.allocated)),
    ("live", |counters| Some(counters.balance.live)),
    ("free runs", |counters| Some(counters.balance.free_runs)),
    ("holes", |counters| Some(counters.holes)),
    ("clock", |counters| Some(counters.clock)),
];

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The counters of every frame, oldest first.
    pub samples: Vec<Sample>,
    /// What took time, in the order of the ends.
    pub slices: Vec<Slice>,
    forms: Vec<Slice>,
    /// The collection under way, and its phase.
    collection: Option<Slice>,
    phase: Option<Slice>,
}

impl Run {
    /// Takes in the next frame.
    pub fn apply(&mut self, frame: &Frame) {
        let values = COUNTERS.map(|(_, value)| value(&frame.counters));
        self.samples.push(Sample { wall: frame.wall, values });
        for Happening { wall, event } in &frame.events {
            match event {
                Event::FormBegin { file, line, text } => {
                    let slice = Slice {
                        track: Track::Forms,
                        name: text.to_string(),
                        detail: format!("{file}:{line}"),
                        begin: *wall,
                        end: *wall,
                        depth: self.forms.len(),
                        allocated: None,
                    };
                    self.forms.push(slice);
                }
                Event::FormEnd { allocated } => {
                    if let Some(form) = self.forms.pop() {
                        self.slices.push(Slice { end: *wall, allocated: Some(*allocated), ..form });
                    }
                }
                Event::GcPhase { phase, cause } => self.enter(*phase, cause.name(), *wall),
                _ => {}
            }
        }
    }

    /// Ends what is under way with the last frame.
    pub fn finish(&mut self) {
        let end = self.samples.last().map_or(Duration::ZERO, |sample| sample.wall);
        let open = self.phase.take().into_iter().chain(self.collection.take()).chain(self.forms.drain(..).rev());
        self.slices.extend(open.map(|slice| Slice { end: end.max(slice.begin), ..slice }));
    }

    fn enter(&mut self, phase: GcPhase, cause: &str, wall: Duration) {
        self.slices.extend(self.phase.take().map(|slice| Slice { end: wall, ..slice }));
        if matches!(phase, GcPhase::Idle | GcPhase::Roots) {
            self.slices.extend(self.collection.take().map(|slice| Slice { end: wall, ..slice }));
        }
        if phase == GcPhase::Idle {
            return;
        }
        let slice = |name: &str, depth| Slice {
            track: Track::Collector,
            name: name.to_owned(),
            detail: cause.to_owned(),
            begin: wall,
            end: wall,
            depth,
            allocated: None,
        };
        self.collection.get_or_insert_with(|| slice("collection", 0));
        self.phase = Some(slice(phase.name(), 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::terms::GcCause;

    #[test]
    fn phases_lie_in_collections_and_forms_in_forms() {
        let at = Duration::from_millis;
        let form = |line| Event::FormBegin { file: "a.arc".into(), line, text: "(load b)".into() };
        let phase = |phase| Event::GcPhase { phase, cause: GcCause::Asked };
        let events = [
            (1, form(1)),
            (2, form(2)),
            (3, phase(GcPhase::Roots)),
            (4, phase(GcPhase::Mark)),
            (6, phase(GcPhase::Idle)),
            (7, Event::FormEnd { allocated: 10 }),
        ];
        let events = events.map(|(wall, event)| Happening { wall: at(wall), event }).to_vec();
        let mut run = Run::default();
        run.apply(&Frame { wall: at(9), events, ..Frame::default() });
        run.finish();
        let slices = run.slices.iter().map(|slice| {
            (slice.name.as_str(), slice.depth, slice.begin.as_millis(), slice.end.as_millis(), slice.allocated)
        });
        let expected = [
            ("roots", 1, 3, 4, None),
            ("mark", 1, 4, 6, None),
            ("collection", 0, 3, 6, None),
            ("(load b)", 1, 2, 7, Some(10)),
            ("(load b)", 0, 1, 9, None),
        ];
        assert_eq!(slices.collect::<Vec<_>>(), expected);
    }
}
