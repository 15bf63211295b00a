//! Frames to the bytes of chunks.
//!
//! The encoder runs on the runtime's thread, so it does what costs little: numbers as differences, columns instead of rows.
//! Packing and writing are the [`super::writer`]'s, on whatever thread that is.

use heapatlas_heap::PageEntry;
use heapatlas_heap::frame::{Event, Frame};
use heapatlas_heap::terms::{Address, PAGE, PageKind, Span};

use super::counters::COUNTERS;
use super::events;
use super::format::{ChunkKind, Moment, nanos};
use super::varint::{put, put_step, put_steps};

/// Numbers that every frame has: the counters, and the pages of each kind.
pub(super) const NUMBERS: usize = COUNTERS.len() + PageKind::ALL.len();

/// The flags of a frame: it is a key frame.
pub(super) const KEY: u8 = 1;
/// The extents are said; else they are those of the frame before.
pub(super) const EXTENTS: u8 = 2;

/// A chunk is full with so many bytes.
const FULL: usize = 64 << 10;
/// Or so many frames.
const FRAMES_MOST: u16 = 4096;
/// A key frame is due before the frames since the last one take more than so many percent of its bytes, …
const KEY_PERCENT: usize = 150;
/// … and at least so many.
const KEY_LEAST: usize = 256 << 10;

/// A chunk that is neither packed nor written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawChunk {
    /// What it holds.
    pub kind: ChunkKind,
    /// Frames in it.
    pub frames: u16,
    /// When its first frame was cut.
    pub first: Moment,
    /// When its last frame was cut; forms ended within it are counted.
    pub last: Moment,
    /// The frames.
    pub raw: Vec<u8>,
}

/// What the next frame of a chunk is told as the difference from.
#[derive(Clone, Debug)]
pub(super) struct Before {
    pub(super) sequence: u64,
    pub(super) wall: u64,
    pub(super) numbers: [u64; NUMBERS],
}

impl Before {
    /// Before the first frame of a chunk.
    pub(super) fn first(moment: &Moment) -> Self {
        Self { sequence: moment.sequence, wall: nanos(moment.wall), numbers: [0; NUMBERS] }
    }
}

/// The chunk that is being filled.
#[derive(Debug)]
struct Filling {
    chunk: RawChunk,
    before: Before,
}

/// Frames to chunks.
#[derive(Debug, Default)]
pub struct Encoder {
    filling: Option<Filling>,
    extents: Vec<Span>,
    /// Forms ended in the frames so far.
    forms: u64,
    /// Bytes of the latest key frame, of the frames since, and of the latest of these.
    key_bytes: usize,
    since_key: usize,
    latest: usize,
    /// Kept from one frame to the next for its room.
    body: Vec<u8>,
    column: Vec<[u64; PageEntry::FIELDS.len()]>,
}

impl Encoder {
    /// Adds a frame, and gives the chunk before when the frame begins another.
    pub fn push(&mut self, frame: &Frame) -> Option<RawChunk> {
        let moment = Moment {
            sequence: frame.sequence,
            clock: frame.counters.clock,
            wall: frame.wall,
            cycles: frame.counters.cycles,
            forms: self.forms,
        };
        let is_full = |filling: &Filling| filling.chunk.raw.len() >= FULL || filling.chunk.frames == FRAMES_MOST;
        let ended = if frame.key || self.filling.as_ref().is_some_and(is_full) { self.flush() } else { None };
        let mut filling = self.filling.take().unwrap_or_else(|| {
            let kind = if frame.key { ChunkKind::Key } else { ChunkKind::Changes };
            let chunk = RawChunk { kind, frames: 0, first: moment, last: moment, raw: Vec::new() };
            Filling { chunk, before: Before::first(&moment) }
        });
        self.body.clear();
        self.put_frame(frame, &mut filling);
        self.forms += forms_ended(frame);
        let chunk = &mut filling.chunk;
        chunk.frames += 1;
        chunk.last = Moment { forms: self.forms, ..moment };
        put(&mut chunk.raw, self.body.len() as u64);
        chunk.raw.extend(&self.body);
        if frame.key {
            (self.key_bytes, self.since_key, self.latest) = (self.body.len(), 0, 0);
        } else {
            self.since_key += self.body.len();
            self.latest = self.body.len();
        }
        self.filling = Some(filling);
        ended
    }

    /// Whether the next frame had better be a key frame, so that seeking stays quick. It is taken to be as large as the latest:
    /// where frames change most of the heap, one too many would cost as much as a key frame.
    #[must_use]
    pub fn wants_key(&self) -> bool {
        self.since_key + self.latest > KEY_LEAST.max(self.key_bytes * KEY_PERCENT / 100)
    }

    /// Bytes that wait to become a chunk.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.filling.as_ref().map_or(0, |filling| filling.chunk.raw.len())
    }

    /// Gives the chunk as full as it is.
    pub fn flush(&mut self) -> Option<RawChunk> {
        self.filling.take().map(|filling| filling.chunk)
    }

    fn put_frame(&mut self, frame: &Frame, filling: &mut Filling) {
        let says_extents = filling.chunk.frames == 0 || self.extents != frame.extents;
        let body = &mut self.body;
        let before = &mut filling.before;
        body.push(if frame.key { KEY } else { 0 } | if says_extents { EXTENTS } else { 0 });
        put_step(body, before.sequence, frame.sequence);
        put_step(body, before.wall, nanos(frame.wall));
        let numbers = numbers(frame);
        for (from, to) in before.numbers.iter().zip(&numbers) {
            put_step(body, *from, *to);
        }
        *before = Before { sequence: frame.sequence, wall: nanos(frame.wall), numbers };
        if says_extents {
            put_spans(body, &frame.extents);
            self.extents.clone_from(&frame.extents);
        }
        put_spans(body, &frame.mapped);
        put(body, frame.runs.len() as u64);
        let mut at = 0;
        for (start, count) in &frame.runs {
            put_step(body, at, page(*start));
            put(body, u64::from(*count));
            at = page(*start) + u64::from(*count);
        }
        self.column.clear();
        self.column.extend(frame.entries.iter().map(|entry| entry.fields()));
        for field in 0..PageEntry::FIELDS.len() {
            put_steps(body, self.column.iter().map(|fields| fields[field]));
        }
        put(body, frame.lost_events);
        put(body, frame.events.len() as u64);
        let (mut at, mut event) = (0, Vec::new());
        for happening in &frame.events {
            put_step(body, at, nanos(happening.wall));
            at = nanos(happening.wall);
            event.clear();
            events::put(&mut event, &happening.event);
            put(body, event.len() as u64);
            body.extend(&event);
        }
    }
}

/// Top-level forms that ended since the frame before.
pub(super) fn forms_ended(frame: &Frame) -> u64 {
    frame.events.iter().filter(|happening| matches!(happening.event, Event::FormEnd { .. })).count() as u64
}

/// The number of a page: its address in pages.
fn page(address: Address) -> u64 {
    (address.get() / PAGE) as u64
}

/// The counters one more than they are, so that zero is unknown; then the pages of each kind.
fn numbers(frame: &Frame) -> [u64; NUMBERS] {
    let mut numbers = [0; NUMBERS];
    let (counters, pages) = numbers.split_at_mut(COUNTERS.len());
    for (number, counter) in counters.iter_mut().zip(&COUNTERS) {
        *number = (counter.get)(&frame.counters).map_or(0, |value| value.saturating_add(1));
    }
    pages.copy_from_slice(&frame.counters.pages);
    numbers
}

fn put_spans(out: &mut Vec<u8>, spans: &[Span]) {
    put(out, spans.len() as u64);
    let mut at = 0;
    for span in spans {
        put_step(out, at, page(span.start));
        put(out, page(span.end) - page(span.start));
        at = page(span.end);
    }
}
