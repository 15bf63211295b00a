//! What was seen of a run, as it is recorded.
//!
//! The [`Feed`] is with whoever sees the frames and makes chunks of them; the [`Tape`] is with the thread that writes and
//! reads. What is written is bounded: when frames come faster than that, several become one, so that the beginning of a
//! run is on tape finely and an hour of it still takes no more than some hundred mebibytes.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use heapatlas_heap::Policy;
use heapatlas_heap::frame::{Frame, Happening};
use heapatlas_heap::os::file::MappedFile;
use heapatlas_heap::terms::{Address, PAGE, Span};

use super::seeker::Stretch;
use crate::model::HeapModel;
use crate::recording::cursor::Input;
use crate::recording::description::{Description, Meaning};
use crate::recording::encode::{Encoder, RawChunk};
use crate::recording::writer::Writer;

/// So much goes on tape as fast as it comes, …
const BURST: u64 = 128 << 20;
/// … and then so many bytes a second; packed it is about a third.
const BYTES_PER_SECOND: u64 = 128 << 10;

/// Makes chunks of frames.
#[derive(Debug)]
pub struct Feed {
    encoder: Encoder,
    began: Instant,
    /// The number of the latest frame on tape.
    sequence: u64,
    /// Bytes in the chunks so far.
    bytes: u64,
    /// Whether the next frame must be a key frame.
    wants_key: bool,
    merged: Merged,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            encoder: Encoder::default(),
            began: Instant::now(),
            sequence: 0,
            bytes: 0,
            wants_key: true,
            merged: Merged::default(),
        }
    }
}

impl Feed {
    /// The number of the latest frame on tape.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Takes in a frame after it was applied to a model, and gives a chunk when one is full.
    pub fn see(&mut self, frame: &mut Frame, model: &HeapModel) -> Option<RawChunk> {
        let allowed = BURST as f64 + self.began.elapsed().as_secs_f64() * BYTES_PER_SECOND as f64;
        if (self.bytes + self.encoder.waiting() as u64) as f64 > allowed {
            self.merged.add(frame);
            return None;
        }
        if !self.merged.is_empty {
            self.merged.add(frame);
            return self.push_merged(model);
        }
        let is_usual = !frame.key && !self.wants_key && !self.encoder.wants_key();
        if !is_usual {
            self.merged.add(frame);
            return self.push_merged(model);
        }
        self.sequence += 1;
        frame.sequence = self.sequence;
        let chunk = self.encoder.push(frame);
        self.count(chunk)
    }

    /// Gives what waits, one chunk after the other and as full as they are, so that the latest moment is on tape. `model` is
    /// of that moment.
    pub fn flush(&mut self, model: &HeapModel) -> Option<RawChunk> {
        let full = if self.merged.is_empty { None } else { self.push_merged(model) };
        full.or_else(|| {
            let chunk = self.encoder.flush();
            self.count(chunk)
        })
    }

    /// A chunk did not get through: what follows must not build on it.
    pub fn chunk_was_lost(&mut self) {
        self.wants_key = true;
    }

    /// What was merged goes on tape as one frame; as a key frame when one is wanted.
    fn push_merged(&mut self, model: &HeapModel) -> Option<RawChunk> {
        let mut merged = std::mem::take(&mut self.merged);
        let wants_key = self.wants_key || merged.has_key || self.encoder.wants_key();
        let mut frame = if wants_key { model.key_frame() } else { merged.frame(model) };
        self.wants_key = false;
        self.sequence += 1;
        frame.sequence = self.sequence;
        frame.events = merged.events;
        frame.lost_events = merged.lost_events;
        let chunk = self.encoder.push(&frame);
        self.count(chunk)
    }

    fn count(&mut self, chunk: Option<RawChunk>) -> Option<RawChunk> {
        self.bytes += chunk.as_ref().map_or(0, |chunk| chunk.raw.len() as u64);
        chunk
    }
}

/// What several frames say together, but for the entries: the model has the latest of those.
#[derive(Debug)]
struct Merged {
    is_empty: bool,
    has_key: bool,
    runs: Vec<(Address, u32)>,
    mapped: Vec<Span>,
    events: Vec<Happening>,
    lost_events: u64,
}

impl Default for Merged {
    fn default() -> Self {
        Self {
            is_empty: true,
            has_key: false,
            runs: Vec::new(),
            mapped: Vec::new(),
            events: Vec::new(),
            lost_events: 0,
        }
    }
}

/// Events of merged frames that are kept at most.
const EVENTS_MOST: usize = 16_384;

impl Merged {
    fn add(&mut self, frame: &Frame) {
        self.is_empty = false;
        self.has_key |= frame.key;
        self.runs.extend(&frame.runs);
        self.mapped.extend(frame.mapped.iter().cloned());
        let room = EVENTS_MOST.saturating_sub(self.events.len());
        self.events.extend(frame.events.iter().take(room).cloned());
        self.lost_events += frame.lost_events + frame.events.len().saturating_sub(room) as u64;
        if self.runs.len() > 1 << 16 {
            self.join_runs();
        }
    }

    /// Sorts the runs, and makes one of those that touch.
    fn join_runs(&mut self) {
        self.runs.sort_unstable();
        let mut joined: Vec<(Address, u32)> = Vec::new();
        for (start, count) in self.runs.drain(..) {
            let end = start + count as usize * PAGE;
            match joined.last_mut() {
                Some((first, pages)) if start <= *first + *pages as usize * PAGE => {
                    *pages = (*pages).max(((end - *first) / PAGE) as u32);
                }
                _ => joined.push((start, count)),
            }
        }
        self.runs = joined;
    }

    /// The frame that brings a model from before them to after them.
    fn frame(&mut self, model: &HeapModel) -> Frame {
        self.join_runs();
        let extents = model.pages().extents().iter().map(|extent| extent.span.clone());
        let mut frame = Frame {
            wall: model.wall(),
            extents: extents.collect(),
            mapped: std::mem::take(&mut self.mapped),
            counters: model.counters().clone(),
            ..Frame::default()
        };
        // What was unmapped meanwhile is not in the model any more.
        frame.mapped.retain(|span| frame.extents.contains(span));
        for (start, count) in self.runs.drain(..) {
            for page in model.pages().within(start..start + count as usize * PAGE) {
                match frame.runs.last_mut() {
                    Some((first, pages)) if *first + *pages as usize * PAGE == page.address => *pages += 1,
                    _ => frame.runs.push((page.address, 1)),
                }
                frame.entries.push(page.entry);
            }
        }
        frame
    }
}

/// A recording that is written and read at once. The file has no name, and goes with the process.
#[derive(Debug)]
pub struct Tape {
    writer: Writer<File>,
    input: MappedFile,
    meaning: Meaning,
}

impl Tape {
    /// An empty tape in the place for what may be lost, else in that for temporary files.
    ///
    /// # Errors
    /// When there is no place for a file.
    pub fn create() -> io::Result<Self> {
        let file = cache().and_then(|place| tempfile::tempfile_in(place).ok()).map_or_else(tempfile::tempfile, Ok)?;
        let description = Description::new("", &Policy::default());
        Ok(Self {
            input: MappedFile::new(file.try_clone()?)?,
            writer: Writer::new(file, &description)?,
            meaning: Meaning::usual(),
        })
    }

    /// Adds a chunk.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&mut self, chunk: &RawChunk) -> io::Result<()> {
        self.writer.write(chunk)
    }

    /// What is on it.
    ///
    /// # Errors
    /// When it can't be mapped.
    pub fn stretch(&mut self) -> io::Result<Stretch<'_>> {
        self.input.refresh()?;
        let input: &dyn Input = &self.input;
        Ok(Stretch { input, meaning: &self.meaning, keys: &self.writer.index().keys })
    }
}

/// Where what may be lost is kept, if there is such a place.
fn cache() -> Option<PathBuf> {
    let place = std::env::var_os("XDG_CACHE_HOME").filter(|place| !place.is_empty()).map(PathBuf::from);
    place.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"))).filter(|place| place.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::past::Target;
    use crate::past::seeker::Seeker;
    use heapatlas_heap::{Heap, Value};

    fn pages(model: &HeapModel) -> Vec<(Address, (u64, u64))> {
        model.pages().iter().map(|page| (page.address, page.entry.words())).collect()
    }

    /// Feeds a run to a tape, frames merged as `merges` says, and looks at every moment that was on tape as it was.
    fn record(merges: impl Fn(u64) -> bool) {
        let mut heap = Heap::new().expect("a heap");
        let (mut tape, mut feed) = (Tape::create().expect("a file"), Feed::default());
        let (mut model, mut moments) = (HeapModel::default(), Vec::new());
        for round in 0..200 {
            for _ in 0..round * 37 % 3000 {
                heap.cons(Value::NIL, Value::T).expect("room");
            }
            let mut frame = heap.cut_frame(round == 0);
            model.apply(&frame);
            feed.bytes = if merges(round) { u64::MAX >> 1 } else { 0 };
            if let Some(chunk) = feed.see(&mut frame, &model) {
                tape.write(&chunk).expect("room");
            }
            if !merges(round) {
                moments.push((feed.sequence, model.wall(), model.counters().clone(), pages(&model)));
            }
        }
        while let Some(chunk) = feed.flush(&model) {
            tape.write(&chunk).expect("room");
        }
        let mut seeker = Seeker::default();
        for (sequence, wall, counters, pages_then) in moments.iter().rev().chain(&moments) {
            let stretch = tape.stretch().expect("a mapping");
            let then = seeker.seek(stretch, Target::UpTo(*sequence)).expect("a moment");
            assert_eq!((then.sequence(), then.wall()), (*sequence, *wall));
            assert_eq!(then.counters(), counters);
            assert_eq!(pages(then), *pages_then);
        }
    }

    #[test]
    fn every_moment_is_on_tape() {
        record(|_| false);
    }

    #[test]
    fn merged_frames_say_what_each_of_them_said() {
        record(|round| round > 0 && round % 7 != 0);
    }
}
