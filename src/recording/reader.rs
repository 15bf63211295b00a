//! A whole recording: what it says of itself, its moments, and seeking.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use heapatlas_heap::frame::Frame;
use heapatlas_heap::os::file::MappedFile;

use super::RecordingError;
use super::cursor::{self, Cursor, Found, Input, Loss};
use super::decode::Decoder;
use super::description::{Description, Meaning};
use super::format::{
    ChunkHeader, ChunkKind, DESCRIPTION_MOST, HEAD_BYTES, Head, Index, MAGIC, Moment, Place, TAIL_BYTES, VERSION,
    index_of_tail,
};
use super::trust::Trust;
use crate::format;

/// A moment to look for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum At {
    /// The last frame.
    #[default]
    End,
    /// The last frame at which no more than this was allocated, in bytes on the allocation clock.
    Clock(u64),
    /// The first frame after so many collections were completed.
    Cycle(u64),
    /// The first frame after so many top-level forms had ended.
    Form(u64),
}

/// `end`, `gc:N`, `form:N`, or a size on the allocation clock, `12.5M` say.
impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |count: &str| count.parse().map_err(|_bad| format!("{text} has no number behind the colon"));
        match text.split_once(':') {
            None if text == "end" => Ok(Self::End),
            Some(("gc", count)) => number(count).map(Self::Cycle),
            Some(("form", count)) => number(count).map(Self::Form),
            None if text.starts_with(|first: char| first.is_ascii_digit()) => {
                format::parse_bytes(text).map(Self::Clock)
            }
            _ => Err("a moment is a size on the allocation clock, as 12.5M, or gc:N, form:N or end".to_owned()),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("end"),
            Self::Clock(bytes) => write!(f, "{} on the clock", format::bytes(*bytes)),
            Self::Cycle(count) => write!(f, "gc:{count}"),
            Self::Form(count) => write!(f, "form:{count}"),
        }
    }
}

/// What a stream says before its first chunk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preamble {
    /// What it says of itself; `None` when that is damaged, and the stream is read as if this program had written it.
    pub description: Option<Description>,
    /// What its numbers mean.
    pub meaning: Meaning,
    /// Where the first chunk begins.
    pub chunks: u64,
}

impl Preamble {
    /// Reads the beginning of a stream; `None` when more of it is needed.
    ///
    /// # Errors
    /// When it is no recording, or none that this program reads.
    pub fn read(input: &dyn Input) -> Result<Option<Self>, RecordingError> {
        // A file that was just created may become one.
        if input.is_empty() {
            return Ok(None);
        }
        let mut bytes = [0; HEAD_BYTES];
        let length = (input.len() as usize).min(HEAD_BYTES);
        if !input.read(0, &mut bytes[..length]) || !MAGIC.starts_with(&bytes[..length.min(MAGIC.len())]) {
            return Err(RecordingError::NoRecording);
        }
        if length < HEAD_BYTES {
            return Ok(None);
        }
        let head = Head::of(&bytes).ok_or(RecordingError::NoRecording)?;
        if head.version.major != VERSION.major {
            return Err(RecordingError::Future { major: head.version.major, minor: head.version.minor });
        }
        // A length that is damaged does not say where the chunks begin; the cursor finds them.
        let end = HEAD_BYTES as u64 + head.description as u64;
        if head.description <= DESCRIPTION_MOST && end > input.len() {
            return Ok(None);
        }
        let text = (head.description <= DESCRIPTION_MOST).then(|| {
            let mut text = vec![0; head.description];
            (input.read(HEAD_BYTES as u64, &mut text) && crc32fast::hash(&text) == head.checksum).then_some(text)
        });
        let Some(text) = text.flatten() else {
            let damaged = Self { description: None, meaning: Meaning::usual(), chunks: HEAD_BYTES as u64 };
            return Ok(Some(damaged));
        };
        let description: Description = serde_json::from_slice(&text)
            .map_err(|error| RecordingError::Foreign(format!("its description makes no sense: {error}")))?;
        let meaning = description.meaning().map_err(RecordingError::Foreign)?;
        Ok(Some(Self { description: Some(description), meaning, chunks: end }))
    }
}

/// A recording of which every moment can be had.
pub struct Recording {
    input: Box<dyn Input>,
    preamble: Preamble,
    index: Index,
    /// Whether the writer came to its end.
    finished: bool,
    /// What is known to be lost without decoding anything.
    loss: Loss,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("index", &self.index).field("loss", &self.loss).finish_non_exhaustive()
    }
}

impl Recording {
    /// Opens a recording in a file, however large.
    ///
    /// # Errors
    /// When it can't be read, or nothing in it can be shown.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        Self::of(Box::new(MappedFile::new(File::open(path)?)?))
    }

    /// Reads a recording to its end, from what can't be mapped: a pipe, say. All of it is kept.
    ///
    /// # Errors
    /// When reading fails, or nothing in it can be shown.
    pub fn read(mut input: impl Read) -> Result<Self, RecordingError> {
        let mut bytes = Vec::new();
        // What does not begin as recordings do may never end.
        input.by_ref().take(MAGIC.len() as u64).read_to_end(&mut bytes)?;
        if bytes == MAGIC {
            input.read_to_end(&mut bytes)?;
        }
        Self::of(Box::new(bytes))
    }

    /// The recording that these bytes are.
    ///
    /// # Errors
    /// When nothing in them can be shown.
    pub fn of(input: Box<dyn Input>) -> Result<Self, RecordingError> {
        let preamble = match Preamble::read(&*input)? {
            Some(preamble) => preamble,
            None if find_any_chunk(&*input) => {
                Preamble { description: None, meaning: Meaning::usual(), chunks: HEAD_BYTES as u64 }
            }
            None => return Err(RecordingError::Empty),
        };
        let mut loss = Loss { description: preamble.description.is_none(), ..Loss::default() };
        let stored = stored_index(&*input, preamble.chunks);
        let finished = stored.is_some();
        let index = stored.unwrap_or_else(|| scan(&*input, &preamble, &mut loss));
        if index.keys.is_empty() {
            return Err(RecordingError::NoKeyFrame);
        }
        Ok(Self { input, preamble, index, finished, loss })
    }

    /// What it says of itself; `None` when that is damaged.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.preamble.description.as_ref()
    }

    /// What its numbers mean.
    #[must_use]
    pub fn meaning(&self) -> &Meaning {
        &self.preamble.meaning
    }

    /// Where its first chunk begins.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        self.preamble.chunks
    }

    /// What ran.
    #[must_use]
    pub fn program(&self) -> &str {
        self.description().map_or("", |description| &description.program)
    }

    /// The key frames and the last moment.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Its bytes.
    #[must_use]
    pub fn input(&self) -> &dyn Input {
        &*self.input
    }

    /// Bytes of it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.input.len()
    }

    /// Whether it was written to its end.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// What is known to be lost without looking at every chunk.
    #[must_use]
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Gives every frame that can be read, the first first, and what is lost of them.
    pub fn each(&self, each: &mut dyn FnMut(&Frame)) -> Loss {
        let mut cursor = Cursor::new(self.preamble.chunks);
        let mut frame = Frame::default();
        while cursor.next(&*self.input, &self.preamble.meaning, &mut frame) {
            each(&frame);
        }
        self.with(cursor.loss())
    }

    /// What a cursor lost, and what is lost besides.
    fn with(&self, lost: Loss) -> Loss {
        let Loss { description, unfinished, .. } = self.loss;
        Loss { description, unfinished, ..lost }
    }

    /// Gives the frames that make up a moment, beginning with the last key frame before it, and what is lost of them.
    ///
    /// # Errors
    /// When the recording does not have the moment, or no key frame before it can be read.
    pub fn replay(&self, at: At, each: &mut dyn FnMut(&Frame)) -> Result<Loss, RecordingError> {
        self.replay_between((at, at), each)
    }

    /// Gives the frames that make up a moment, as [`Self::replay`] does, and all that follow up to a later one.
    ///
    /// # Errors
    /// When the recording does not have them, or no key frame before the first can be read.
    pub fn replay_between(&self, (from, to): (At, At), each: &mut dyn FnMut(&Frame)) -> Result<Loss, RecordingError> {
        self.check(from)?;
        self.check(to)?;
        let is_before = |key: &Place| match from {
            At::End => true,
            At::Clock(clock) => key.first.clock <= clock,
            At::Cycle(count) => key.first.cycles < count,
            At::Form(count) => key.first.forms < count,
        };
        let before = self.index.keys.partition_point(is_before).max(1);
        // Where the best key frame is damaged, an earlier one has to do.
        for key in self.index.keys[..before].iter().rev() {
            let mut cursor = Cursor::new(key.offset);
            if self.replay_from(&mut cursor, to, each) {
                return Ok(self.with(cursor.loss()));
            }
        }
        Err(RecordingError::NoKeyFrame)
    }

    /// Whether there was a frame at all.
    fn replay_from(&self, cursor: &mut Cursor, at: At, each: &mut dyn FnMut(&Frame)) -> bool {
        let mut frame = Frame::default();
        let mut any = false;
        while cursor.next(&*self.input, &self.preamble.meaning, &mut frame) {
            if matches!(at, At::Clock(clock) if frame.counters.clock > clock) {
                break;
            }
            each(&frame);
            any = true;
            let reached = match at {
                At::End | At::Clock(_) => false,
                At::Cycle(count) => frame.counters.cycles >= count,
                At::Form(count) => cursor.forms() >= count,
            };
            if reached {
                break;
            }
        }
        any
    }

    /// Whether the recording goes as far.
    fn check(&self, at: At) -> Result<(), RecordingError> {
        let last = &self.index.last;
        let first = self.index.keys.first().map_or(*last, |key| key.first);
        let why = match at {
            At::Clock(clock) if clock > last.clock => format!("it ends at {} on the clock", format::bytes(last.clock)),
            At::Clock(clock) if clock < first.clock => {
                format!("it begins at {} on the clock", format::bytes(first.clock))
            }
            At::Cycle(count) if count > last.cycles => format!("it has {} collections", format::count(last.cycles)),
            At::Form(count) if count > last.forms => format!("it has {} forms", format::count(last.forms)),
            _ => return Ok(()),
        };
        Err(RecordingError::NoSuchMoment(format!("{at} is not in the recording: {why}")))
    }
}

/// Whether a stream whose chunks begin at an offset was written to its end.
#[must_use]
pub fn is_finished(input: &dyn Input, chunks: u64) -> bool {
    stored_index(input, chunks).is_some()
}

/// Whether there is a chunk somewhere.
fn find_any_chunk(input: &dyn Input) -> bool {
    match cursor::look(input, HEAD_BYTES as u64) {
        Found::Chunk(_) => true,
        Found::Damage(offset) => matches!(cursor::look(input, offset), Found::Chunk(_)),
        Found::End => false,
    }
}

/// The index at the end, if it is there and can be right.
fn stored_index(input: &dyn Input, chunks: u64) -> Option<Index> {
    let mut tail = [0; TAIL_BYTES];
    let tail_at = input.len().checked_sub(TAIL_BYTES as u64)?;
    let offset = input.read(tail_at, &mut tail).then(|| index_of_tail(&tail))??;
    let Found::Chunk(header) = cursor::look(input, offset) else { return None };
    if !header.is(ChunkKind::Index) || offset + header.length() != tail_at {
        return None;
    }
    Index::decode(&cursor::unpack(input, offset, &header)?, chunks..offset).ok()
}

/// Makes the index by going from header to header.
fn scan(input: &dyn Input, preamble: &Preamble, loss: &mut Loss) -> Index {
    let mut index = Index::default();
    let mut offset = preamble.chunks;
    let mut last: Option<(u64, ChunkHeader)> = None;
    loop {
        match cursor::look(input, offset) {
            Found::End => break,
            Found::Damage(end) => {
                loss.bytes += end - offset;
                loss.stretches += 1;
                offset = end;
            }
            Found::Chunk(header) => {
                if header.is(ChunkKind::Key) {
                    index.keys.push(Place { offset, first: header.first });
                }
                if header.is(ChunkKind::Key) || header.is(ChunkKind::Changes) {
                    last = Some((offset, header));
                }
                offset += header.length();
            }
        }
    }
    let rest = input.len().saturating_sub(offset);
    loss.unfinished = if rest == TAIL_BYTES as u64 { 0 } else { rest };
    if let Some((offset, header)) = last {
        index.last = last_moment(input, preamble, offset, &header);
    }
    index
}

/// When the last frame of a chunk was cut, as far as it can be read.
fn last_moment(input: &dyn Input, preamble: &Preamble, offset: u64, header: &ChunkHeader) -> Moment {
    let mut last = header.first;
    let Some(raw) = cursor::unpack(input, offset, header) else { return last };
    let mut decoder = Decoder::new(header, raw, Trust::of(input.len()));
    let mut frame = Frame::default();
    while matches!(decoder.next(&preamble.meaning, &mut frame), Ok(true)) {
        last = Moment {
            sequence: frame.sequence,
            clock: frame.counters.clock,
            wall: frame.wall,
            cycles: frame.counters.cycles,
            forms: last.forms + super::encode::forms_ended(&frame),
        };
    }
    last
}
