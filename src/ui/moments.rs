//! The moments of what is looked at: the one that is shown, and the whole run around it. Knows of no window.

use heapatlas_heap::frame::Frame;

use super::session::Wake;
use crate::model::HeapModel;
use crate::model::chronicle::{Chronicle, Position};
use crate::model::over_time::OverTime;
use crate::past::{Past, Reply, Target};
use crate::source::Subject;
use crate::source::recording::Origin;

/// Where to go in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Go {
    /// To the first moment.
    First,
    /// To the latest, and along with it.
    Now,
    /// So many frames on, or back.
    Frames(i32),
    /// To right before the end of the last collection before the moment.
    BeforeCollection,
    /// To right after the end of the next.
    AfterCollection,
    /// To some moment.
    To(Target),
}

/// The moments of what is looked at.
#[derive(Debug, Default)]
pub struct Moments {
    past: Option<Past>,
    /// Whether the run is seen frame by frame; else its chronicle comes from the recording.
    is_live: bool,
    /// The moment that is shown, when it is not the latest.
    shown: Option<Box<HeapModel>>,
    /// The moment of the past that was asked for last; `None` when the latest is wanted, whatever comes.
    wanted: Option<Target>,
    chronicle: Chronicle,
    over_time: OverTime,
    /// The moment that others are compared with.
    marked: Option<Box<HeapModel>>,
    /// How much of a recording was gone through; `None` when that is not done, or not any more.
    reading: Option<f32>,
}

impl Moments {
    /// The moments of a subject, and why there will be none but the latest, if so.
    pub fn start(subject: &Subject, wake: &Wake) -> (Self, Option<String>) {
        let wake = wake.clone();
        let wake: Box<dyn Fn() + Send> = Box::new(move || wake());
        let (past, is_live) = match subject {
            Subject::Recording(Origin::File(path)) => (Past::recorded(path.clone(), wake), false),
            Subject::Recording(Origin::Input) | Subject::Program(_) => (Past::live(wake), true),
        };
        let trouble = past.as_ref().err().map(|error| format!("the past can't be kept: {error}"));
        let reading = (!is_live).then_some(0.0);
        (Self { past: past.ok(), is_live, reading, ..Self::default() }, trouble)
    }

    /// Takes note of the next frame, after it was applied to the latest model.
    pub fn see(&mut self, frame: &mut Frame, now: &HeapModel) {
        if !self.is_live {
            return;
        }
        self.chronicle.see(frame);
        self.over_time.look(now);
        if let Some(past) = &mut self.past {
            past.see(frame, now);
        }
    }

    /// Takes in what has arrived. Gives a sentence when something went wrong.
    pub fn drain(&mut self, now: &HeapModel) -> Option<String> {
        while let Some(reply) = self.past.as_mut()?.next_reply() {
            match reply {
                Reply::Moment(model) if self.wanted.is_some() => {
                    let is_latest = model.wall() >= self.end(now).wall;
                    self.shown = (!is_latest).then_some(model);
                    self.wanted = self.wanted.filter(|_| !is_latest);
                }
                Reply::Moment(_) => {}
                Reply::Read(read) => {
                    self.chronicle = read.chronicle;
                    self.over_time = read.over_time;
                    self.reading = self.reading.map(|_| read.share);
                }
                Reply::Trouble(why) => return Some(why),
            }
        }
        None
    }

    /// Goes to a moment; it is shown when it has come.
    pub fn go(&mut self, go: Go, now: &HeapModel) {
        let Some(past) = &mut self.past else { return };
        let here = self.shown.as_deref();
        let sequence = here.map_or_else(|| past.latest().unwrap_or(now.sequence()), HeapModel::sequence);
        let cycles = here.unwrap_or(now).counters().cycles;
        let target = match go {
            Go::Now => None,
            Go::Frames(1..) | Go::AfterCollection if here.is_none() => None,
            Go::First => Some(Target::UpTo(0)),
            Go::Frames(on @ 0..) => Some(Target::From(sequence + u64::from(on.unsigned_abs()))),
            Go::Frames(back) => Some(Target::UpTo(sequence.saturating_sub(u64::from(back.unsigned_abs())))),
            Go::BeforeCollection => Some(Target::BeforeCycle(cycles)),
            Go::AfterCollection => Some(Target::Cycle(cycles + 1)),
            Go::To(target) => Some(target),
        };
        match target {
            // Whoever holds the slider still asks for the same all the time.
            Some(target) if self.wanted != Some(target) => past.seek(target, now),
            Some(_) => {}
            None => self.shown = None,
        }
        self.wanted = target;
    }

    /// Marks the moment that is shown: others are compared with it.
    pub fn mark(&mut self, now: &HeapModel) {
        let shown = self.shown.as_deref().unwrap_or(now);
        self.marked = Some(Box::new(shown.clone()));
    }

    /// Compares with no moment any more.
    pub fn unmark(&mut self) {
        self.marked = None;
    }

    /// The moment that others are compared with.
    #[must_use]
    pub fn marked(&self) -> Option<&HeapModel> {
        self.marked.as_deref()
    }

    /// Leaves the rest of a recording unread.
    pub fn stop_reading(&mut self) {
        if let Some(past) = &mut self.past {
            past.stop_reading();
        }
        self.reading = None;
    }

    /// The moment that is shown, when it is not the latest.
    #[must_use]
    pub fn shown(&self) -> Option<&HeapModel> {
        self.shown.as_deref()
    }

    /// Whether a moment was asked for that has not come yet.
    #[must_use]
    pub fn is_seeking(&self) -> bool {
        self.past.as_ref().is_some_and(Past::is_seeking)
    }

    /// The whole run, as far as it is known.
    #[must_use]
    pub fn chronicle(&self) -> &Chronicle {
        &self.chronicle
    }

    /// The pages over time, as far as they are known.
    #[must_use]
    pub fn over_time(&self) -> &OverTime {
        &self.over_time
    }

    /// How much of a recording was gone through, from 0 to 1, while that is going on.
    #[must_use]
    pub fn reading(&self) -> Option<f32> {
        self.reading.filter(|share| *share < 1.0)
    }

    /// The end of the whole run, as far as it is known.
    #[must_use]
    pub fn end(&self, now: &HeapModel) -> Position {
        let (end, now) = (self.chronicle.end(), Position { clock: now.counters().clock, wall: now.wall() });
        if now.wall > end.wall { now } else { end }
    }
}
