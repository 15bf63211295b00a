//! Frames one after the other from whatever bytes there are, stepping over what is damaged.
//!
//! A cursor holds no bytes but those of the chunk it is in, so that the same one goes through a mapped file, a file that
//! still grows, and a pipe.

use std::fmt;

use heapatlas_heap::frame::Frame;
use heapatlas_heap::os::file::MappedFile;

use super::decode::Decoder;
use super::description::Meaning;
use super::format::{CHUNK_HEADER_BYTES, ChunkHeader, ChunkKind, MARKER, Packing};
use super::trust::Trust;
use crate::format;

/// Bytes of a stream, as far as they are there.
pub trait Input {
    /// Bytes from the beginning of the stream to the last that is there.
    fn len(&self) -> u64;

    /// Whether nothing is there.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `into` from an offset; `false` when not all of that is there.
    #[must_use]
    fn read(&self, offset: u64, into: &mut [u8]) -> bool;
}

impl Input for MappedFile {
    fn len(&self) -> u64 {
        self.len()
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> bool {
        self.read(offset, into)
    }
}

impl Input for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> bool {
        let bytes = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)?.get(..into.len()));
        bytes.map(|bytes| into.copy_from_slice(bytes)).is_some()
    }
}

/// What could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Loss {
    /// Whether the description is damaged.
    pub description: bool,
    /// Bytes left out because they are damaged.
    pub bytes: u64,
    /// Stretches of them.
    pub stretches: u64,
    /// Frames known to be missing.
    pub frames: u64,
    /// Bytes of a chunk at the end that was never finished.
    pub unfinished: u64,
}

impl Loss {
    /// Whether everything could be read.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// One line that says it all.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.description {
            parts.push("the description is damaged".to_owned());
        }
        if self.stretches > 0 {
            let places = if self.stretches == 1 { "one place" } else { "several places" };
            parts.push(format!("{} in {places} are damaged and left out", format::bytes(self.bytes)));
        }
        if self.frames > 0 {
            parts.push(format!("{} frames are missing", format::count(self.frames)));
        }
        if self.unfinished > 0 {
            parts.push(format!("the last chunk was never finished ({})", format::bytes(self.unfinished)));
        }
        f.write_str(&parts.join("; "))
    }
}

/// What there is at an offset.
pub(super) enum Found {
    /// A chunk, all of it.
    Chunk(ChunkHeader),
    /// Damaged bytes up to this offset, where a chunk begins or the bytes end.
    Damage(u64),
    /// The beginning of a chunk, or nothing.
    End,
}

/// Looks what there is at an offset.
pub(super) fn look(input: &dyn Input, offset: u64) -> Found {
    let left = input.len().saturating_sub(offset);
    let mut bytes = [0; CHUNK_HEADER_BYTES];
    if !input.read(offset, &mut bytes) {
        return Found::End;
    }
    match ChunkHeader::of(&bytes) {
        Some(header) if header.length() <= left => Found::Chunk(header),
        // A chunk behind it shows that it will never be finished.
        Some(_) => find_chunk(input, offset + 1).map_or(Found::End, Found::Damage),
        // The beginning of a header may be the last that is there.
        None => Found::Damage(find_chunk(input, offset + 1).unwrap_or(input.len() - (CHUNK_HEADER_BYTES as u64 - 1))),
    }
}

/// Bytes looked through at a time for a chunk.
const WINDOW: usize = 64 << 10;

/// Where the next header begins that is not damaged, from an offset on.
fn find_chunk(input: &dyn Input, mut offset: u64) -> Option<u64> {
    let mut window = Vec::new();
    while input.len().saturating_sub(offset) >= CHUNK_HEADER_BYTES as u64 {
        window.resize((input.len() - offset).min(WINDOW as u64) as usize, 0);
        if !input.read(offset, &mut window) {
            return None;
        }
        let headers = window.windows(CHUNK_HEADER_BYTES).enumerate();
        let mut headers = headers.filter(|(_, bytes)| bytes.starts_with(&MARKER));
        let found =
            headers.find(|(_, bytes)| bytes.first_chunk().is_some_and(|bytes| ChunkHeader::of(bytes).is_some()));
        if let Some((at, _)) = found {
            return Some(offset + at as u64);
        }
        offset += (window.len() - (CHUNK_HEADER_BYTES - 1)) as u64;
    }
    None
}

/// What a chunk holds, unpacked; `None` when that is damaged, or more than the stream is trusted with.
pub(super) fn unpack(input: &dyn Input, offset: u64, header: &ChunkHeader) -> Option<Vec<u8>> {
    if !Trust::of(input.len()).unpacks(header) {
        return None;
    }
    let mut stored = vec![0; header.stored as usize];
    let is_whole =
        input.read(offset + CHUNK_HEADER_BYTES as u64, &mut stored) && crc32fast::hash(&stored) == header.checksum;
    if !is_whole {
        return None;
    }
    if header.packing == Packing::None as u8 {
        return Some(stored).filter(|stored| stored.len() == header.raw as usize);
    }
    let raw = (header.packing == Packing::Lz4 as u8).then(|| lz4_flex::block::decompress(&stored, header.raw as usize));
    raw?.ok().filter(|raw| raw.len() == header.raw as usize)
}

/// A place in a stream, and what is needed to go on from there.
#[derive(Debug)]
pub struct Cursor {
    /// Where the next chunk begins.
    offset: u64,
    chunk: Option<Decoder>,
    /// Bytes of the chunk it is in.
    chunk_bytes: u64,
    /// The number of the frame given last; zero before the first.
    sequence: u64,
    /// Only a key frame will do: this is the beginning, or frames are missing.
    wants_key: bool,
    /// Whether something was damaged since the frame given last.
    damaged: bool,
    forms: u64,
    loss: Loss,
}

impl Cursor {
    /// A cursor at an offset where a chunk begins.
    #[must_use]
    pub fn new(offset: u64) -> Self {
        Self {
            offset,
            chunk: None,
            chunk_bytes: 0,
            sequence: 0,
            wants_key: true,
            damaged: false,
            forms: 0,
            loss: Loss::default(),
        }
    }

    /// Where the next chunk begins: no byte before will be read again.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Top-level forms that ended up to the frame given last.
    #[must_use]
    pub fn forms(&self) -> u64 {
        self.forms
    }

    /// What could not be read so far.
    #[must_use]
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Decodes the next frame into one that was used before; the first one, and the first after damage, is a key frame.
    /// `false` when there is none, or none yet.
    pub fn next(&mut self, input: &dyn Input, meaning: &Meaning, frame: &mut Frame) -> bool {
        loop {
            let Some(chunk) = &mut self.chunk else {
                if self.next_chunk(input) {
                    continue;
                }
                return false;
            };
            match chunk.next(meaning, frame) {
                Ok(true) => {
                    self.forms += super::encode::forms_ended(frame);
                    if self.takes(frame) {
                        return true;
                    }
                }
                Ok(false) => self.chunk = None,
                Err(_nonsense) => {
                    self.chunk = None;
                    self.lose(self.chunk_bytes);
                }
            }
        }
    }

    /// Whether a frame can follow those given so far.
    fn takes(&mut self, frame: &Frame) -> bool {
        let follows = frame.sequence == self.sequence.wrapping_add(1);
        if !frame.key && (self.wants_key || !follows) {
            self.wants_key = true;
            return false;
        }
        if self.damaged && self.sequence > 0 {
            self.loss.frames += frame.sequence.saturating_sub(self.sequence).saturating_sub(1);
        }
        (self.sequence, self.wants_key, self.damaged) = (frame.sequence, false, false);
        true
    }

    /// Goes on to the next chunk that can be read. `false` when there is none, or none yet.
    fn next_chunk(&mut self, input: &dyn Input) -> bool {
        loop {
            match look(input, self.offset) {
                Found::End => return false,
                Found::Damage(end) => {
                    self.lose(end - self.offset);
                    self.offset = end;
                }
                Found::Chunk(header) => {
                    let offset = self.offset;
                    self.offset += header.length();
                    let has_frames = header.is(ChunkKind::Key) || header.is(ChunkKind::Changes);
                    if !has_frames || (self.wants_key && !header.is(ChunkKind::Key)) {
                        continue;
                    }
                    if let Some(raw) = unpack(input, offset, &header) {
                        self.chunk = Some(Decoder::new(&header, raw, Trust::of(input.len())));
                        self.chunk_bytes = header.length();
                        self.forms = header.first.forms;
                        return true;
                    }
                    self.lose(header.length());
                }
            }
        }
    }

    fn lose(&mut self, bytes: u64) {
        self.loss.bytes += bytes;
        self.loss.stretches += 1;
        self.wants_key = true;
        self.damaged = true;
    }
}
