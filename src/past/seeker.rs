//! From key frames and changes to the model of a moment.
//!
//! A seeker stays where it is: a moment a little later is reached by the changes between, any other from the key frame
//! before it.

use heapatlas_heap::frame::Frame;

use super::Target;
use crate::model::HeapModel;
use crate::recording::cursor::{Cursor, Input};
use crate::recording::description::Meaning;
use crate::recording::format::{Moment, Place};

/// Frames that can be sought in.
#[derive(Clone, Copy)]
pub struct Stretch<'s> {
    /// The bytes of a recording.
    pub input: &'s dyn Input,
    /// What its numbers mean.
    pub meaning: &'s Meaning,
    /// Where its key frames are, the first first.
    pub keys: &'s [Place],
}

impl std::fmt::Debug for Stretch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stretch").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// A moment and the way on from there.
#[derive(Debug)]
pub struct Seeker {
    cursor: Cursor,
    model: HeapModel,
    /// The frame after the moment, when it was decoded already.
    next: Frame,
    has_next: bool,
}

impl Default for Seeker {
    fn default() -> Self {
        Self { cursor: Cursor::new(0), model: HeapModel::default(), next: Frame::default(), has_next: false }
    }
}

impl Target {
    /// Whether a moment lies behind the last that would do.
    fn is_before(self, moment: &Moment) -> bool {
        match self {
            Self::Clock(clock) => moment.clock > clock,
            Self::Wall(wall) => moment.wall > wall,
            Self::UpTo(sequence) => moment.sequence > sequence,
            Self::BeforeCycle(count) => moment.cycles >= count,
            Self::From(_) | Self::Cycle(_) => false,
        }
    }

    /// Whether a moment is the first that will do, or lies behind it.
    fn is_reached(self, moment: &Moment) -> bool {
        match self {
            Self::Clock(_) | Self::Wall(_) | Self::UpTo(_) | Self::BeforeCycle(_) => false,
            Self::From(sequence) => moment.sequence >= sequence,
            Self::Cycle(count) => moment.cycles >= count,
        }
    }

    /// Whether the moment can be reached from a key frame of this moment.
    fn is_after(self, key: &Moment) -> bool {
        match self {
            Self::From(sequence) => key.sequence <= sequence,
            _ => !self.is_before(key) && !self.is_reached(key),
        }
    }
}

fn moment_of(model: &HeapModel) -> Moment {
    let counters = model.counters();
    Moment { sequence: model.sequence(), clock: counters.clock, wall: model.wall(), cycles: counters.cycles, forms: 0 }
}

impl Seeker {
    /// Goes to a moment; to the first or the last where it would lie outside. `None` when nothing can be read.
    pub fn seek(&mut self, stretch: Stretch<'_>, target: Target) -> Option<&HeapModel> {
        let before = stretch.keys.partition_point(|key| target.is_after(&key.first)).max(1);
        let keys = stretch.keys.get(..before)?;
        if !self.can_go_on(keys, target) {
            // Where the best key frame is damaged, an earlier one has to do.
            let found = keys.iter().rev().any(|key| {
                *self = Self { cursor: Cursor::new(key.offset), ..Self::default() };
                self.step(stretch)
            });
            if !found {
                return None;
            }
        }
        while !target.is_reached(&moment_of(&self.model)) && self.look_ahead(stretch) {
            let next = &self.next;
            let counters = &next.counters;
            let moment = Moment {
                sequence: next.sequence,
                clock: counters.clock,
                wall: next.wall,
                cycles: counters.cycles,
                forms: 0,
            };
            if target.is_before(&moment) {
                break;
            }
            self.step(stretch);
        }
        Some(&self.model)
    }

    /// Whether the moment lies ahead, and no key frame between.
    fn can_go_on(&self, keys: &[Place], target: Target) -> bool {
        let here = moment_of(&self.model);
        let is_ahead = match target {
            Target::From(sequence) => here.sequence <= sequence,
            _ => !target.is_before(&here) && !target.is_reached(&here),
        };
        here.sequence > 0 && is_ahead && keys.last().is_some_and(|key| key.first.sequence <= here.sequence)
    }

    /// Decodes the frame after the moment. `false` when there is none.
    fn look_ahead(&mut self, stretch: Stretch<'_>) -> bool {
        self.has_next = self.has_next || self.cursor.next(stretch.input, stretch.meaning, &mut self.next);
        self.has_next
    }

    /// Goes to the frame after the moment. `false` when there is none.
    fn step(&mut self, stretch: Stretch<'_>) -> bool {
        let stepped = self.look_ahead(stretch);
        if stepped {
            self.model.apply(&self.next);
            self.has_next = false;
        }
        stepped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::description::Description;
    use crate::recording::encode::Encoder;
    use crate::recording::reader::Recording;
    use crate::recording::writer::Writer;
    use heapatlas_heap::terms::PAGE;
    use heapatlas_heap::{Heap, Policy, Value};
    use proptest::prelude::*;

    /// What a moment is known by: number, clock, collections, and the pages.
    type Known = (u64, u64, u64, Vec<(usize, (u64, u64))>);

    fn known(model: &HeapModel) -> Known {
        let pages = model.pages().iter().map(|page| (page.address.get() / PAGE, page.entry.words()));
        (model.sequence(), model.counters().clock, model.counters().cycles, pages.collect())
    }

    /// A recording with a key frame every fifth frame and numbers missing now and then, and what its moments are.
    fn recorded() -> (Recording, Vec<(std::time::Duration, Known)>) {
        let mut heap = Heap::new().expect("a heap");
        let mut writer = Writer::new(Vec::new(), &Description::new("test", &Policy::default())).expect("room");
        let (mut encoder, mut model, mut moments) = (Encoder::default(), HeapModel::default(), Vec::new());
        for round in 0..60 {
            for _ in 0..round * 97 % 700 {
                heap.cons(Value::NIL, Value::T).expect("room");
            }
            if round % 13 == 12 {
                // Somebody else's: its number is missing.
                heap.cut_frame(false);
            }
            let frame = heap.cut_frame(round % 5 == 0 || round % 13 == 12);
            model.apply(&frame);
            moments.push((frame.wall, known(&model)));
            if let Some(chunk) = encoder.push(&frame) {
                writer.write(&chunk).expect("room");
            }
        }
        if let Some(chunk) = encoder.flush() {
            writer.write(&chunk).expect("room");
        }
        (Recording::of(Box::new(writer.finish().expect("room"))).expect("a recording"), moments)
    }

    #[test]
    fn wherever_one_comes_from_a_moment_is_the_same() {
        let (recording, moments) = recorded();
        let stretch = Stretch { input: recording.input(), meaning: recording.meaning(), keys: &recording.index().keys };
        let last = moments.last().cloned().expect("moments").1;
        let target = (0..6_u8, 0..moments.len(), 0..3_u64);
        let expected = |target: Target| {
            let fits = |wanted: &dyn Fn(&(std::time::Duration, Known)) -> bool| {
                moments.iter().rev().find(|moment| wanted(moment)).unwrap_or(&moments[0]).1.clone()
            };
            match target {
                Target::Clock(clock) => fits(&|(_, known)| known.1 <= clock),
                Target::Wall(wall) => fits(&|(at, _)| *at <= wall),
                Target::UpTo(sequence) => fits(&|(_, known)| known.0 <= sequence),
                Target::BeforeCycle(count) => fits(&|(_, known)| known.2 < count),
                Target::From(sequence) => {
                    moments.iter().find(|(_, known)| known.0 >= sequence).map_or(last.clone(), |found| found.1.clone())
                }
                Target::Cycle(count) => {
                    moments.iter().find(|(_, known)| known.2 >= count).map_or(last.clone(), |found| found.1.clone())
                }
            }
        };
        let seeker = std::cell::RefCell::new(Seeker::default());
        let mut runner = proptest::test_runner::TestRunner::default();
        let ran = runner.run(&target, |(kind, place, off)| {
            let (wall, known) = &moments[place];
            let target = match kind {
                0 => Target::Clock((known.1 + off).saturating_sub(1)),
                1 => Target::Wall(*wall + std::time::Duration::from_nanos(off) - std::time::Duration::from_nanos(1)),
                2 => Target::UpTo((known.0 + off).saturating_sub(1)),
                3 => Target::From(known.0 + off),
                4 => Target::BeforeCycle(known.2 + off),
                _ => Target::Cycle(known.2 + off),
            };
            let mut seeker = seeker.borrow_mut();
            let found = seeker.seek(stretch, target).map(super::tests::known);
            prop_assert_eq!(found, Some(expected(target)), "{:?}", target);
            Ok(())
        });
        ran.expect("every moment");
    }
}
