//! Chunks to a file or a pipe.

use std::io::{self, Write};

use super::description::Description;
use super::encode::RawChunk;
use super::format::{self, ChunkHeader, ChunkKind, Index, Moment, Packing, Place};
use super::trust;

/// Writes a stream.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    /// Bytes written so far: where the next chunk begins.
    offset: u64,
    index: Index,
    /// Kept from one chunk to the next for its room.
    buffer: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(mut out: W, description: &Description) -> io::Result<Self> {
        let head = format::head(&description.text());
        out.write_all(&head)?;
        Ok(Self { out, offset: head.len() as u64, index: Index::default(), buffer: Vec::new() })
    }

    /// Writes a chunk. What was written can be read from then on, whatever becomes of this process.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&mut self, chunk: &RawChunk) -> io::Result<()> {
        if chunk.kind == ChunkKind::Key {
            self.index.keys.push(Place { offset: self.offset, first: chunk.first });
        }
        self.index.last = chunk.last;
        self.put(chunk.kind, chunk.frames, &chunk.first, &chunk.raw)
    }

    /// Bytes written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.offset
    }

    /// The key frames written so far, and the last moment.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Writes the index, and gives back what was written to.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> io::Result<W> {
        let index_at = self.offset;
        let (raw, last) = (self.index.encode(), self.index.last);
        self.put(ChunkKind::Index, 0, &last, &raw)?;
        self.out.write_all(&format::tail(index_at))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn put(&mut self, kind: ChunkKind, frames: u16, first: &Moment, raw: &[u8]) -> io::Result<()> {
        const HEADER: usize = format::CHUNK_HEADER_BYTES;
        let most = lz4_flex::block::get_maximum_output_size(raw.len());
        self.buffer.resize(HEADER + most, 0);
        // What is larger unpacked than a reader trusts the stream with is stored as it is.
        let packed = if raw.len() as u64 > trust::UNPACKED.max(self.offset) {
            None
        } else {
            let packed = lz4_flex::block::compress_into(raw, &mut self.buffer[HEADER..]);
            packed.ok().filter(|packed| *packed < raw.len())
        };
        let (packing, stored) = match packed {
            Some(stored) => (Packing::Lz4, stored),
            None => {
                self.buffer[HEADER..HEADER + raw.len()].copy_from_slice(raw);
                (Packing::None, raw.len())
            }
        };
        let whole = HEADER + stored;
        let size = |bytes: usize| u32::try_from(bytes).map_err(io::Error::other);
        let header = ChunkHeader {
            kind: kind as u8,
            packing: packing as u8,
            frames,
            stored: size(stored)?,
            raw: size(raw.len())?,
            first: *first,
            checksum: crc32fast::hash(&self.buffer[HEADER..whole]),
        };
        self.buffer[..HEADER].copy_from_slice(&header.bytes());
        self.out.write_all(&self.buffer[..whole])?;
        self.out.flush()?;
        self.offset += whole as u64;
        Ok(())
    }
}
