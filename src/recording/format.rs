//! The bytes around frames: the head of a stream, the header of a chunk, the index, and the tail that finds it.
//!
//! Numbers are stored least significant byte first.
//!
//! ```text
//! head    0  8  magic                     chunk   0  4  marker
//!         8  2  major version                     4  1  kind
//!        10  2  minor version                     5  1  packing
//!        12  4  bytes of the description          6  2  frames in it
//!        16  4  checksum of the description       8  4  bytes stored
//!        20     the description, JSON            12  4  bytes when unpacked
//!                                                16 40  the moment of its first frame, five numbers
//! tail    0  8  where the index begins           56  4  checksum of what is stored
//!         8  8  end mark                         60  4  checksum of bytes 0 to 59
//! ```

use std::ops::Range;
use std::time::Duration;

use super::varint::{self, Bytes, Nonsense};

/// What every recording begins with. The high bit and the line end show when a transfer as text has damaged it.
pub const MAGIC: [u8; 8] = *b"\x89ATLAS\r\n";
/// What every chunk begins with.
pub const MARKER: [u8; 4] = *b"\xf1atc";
/// What a finished recording ends with.
pub const END_MARK: [u8; 8] = *b"ATLASEND";
/// Bytes of the head before the description.
pub const HEAD_BYTES: usize = 20;
/// Bytes of a chunk's header.
pub const CHUNK_HEADER_BYTES: usize = 64;
/// Bytes of the tail.
pub const TAIL_BYTES: usize = 16;
/// A description is no longer than this.
pub const DESCRIPTION_MOST: usize = 1 << 20;

/// Which rules a stream follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version {
    /// Readers of another major version can't read it.
    pub major: u16,
    /// A higher one adds what readers of a lower one can leave out.
    pub minor: u16,
}

/// The version that this program writes.
pub const VERSION: Version = Version { major: 1, minor: 0 };

/// What a chunk holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ChunkKind {
    /// A key frame, and frames that follow it.
    Key = 1,
    /// Frames that follow those of the chunk before.
    Changes = 2,
    /// Where the key chunks are.
    Index = 3,
}

/// How what a chunk holds is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Packing {
    /// As it is.
    None = 0,
    /// As one block of LZ4.
    Lz4 = 1,
}

/// A moment of a recording, on every scale on which one can be looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// The number of the frame.
    pub sequence: u64,
    /// The allocation clock, in bytes.
    pub clock: u64,
    /// Time since the heap was made.
    pub wall: Duration,
    /// Collections completed.
    pub cycles: u64,
    /// Top-level forms ended before the frame.
    pub forms: u64,
}

/// The nanoseconds of a time, as far as 64 bits hold them.
#[must_use]
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Moment {
    fn numbers(&self) -> [u64; 5] {
        [self.sequence, self.clock, nanos(self.wall), self.cycles, self.forms]
    }

    fn of_numbers([sequence, clock, wall, cycles, forms]: [u64; 5]) -> Self {
        Self { sequence, clock, wall: Duration::from_nanos(wall), cycles, forms }
    }
}

/// What is said of a chunk before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChunkHeader {
    /// What it holds: the number of a [`ChunkKind`]; chunks of other kinds are left out.
    pub kind: u8,
    /// How it is stored: the number of a [`Packing`].
    pub packing: u8,
    /// Frames in it.
    pub frames: u16,
    /// Bytes that follow the header.
    pub stored: u32,
    /// Bytes when unpacked.
    pub raw: u32,
    /// When its first frame was cut.
    pub first: Moment,
    /// The checksum of what is stored.
    pub checksum: u32,
}

impl ChunkHeader {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; CHUNK_HEADER_BYTES] {
        let mut bytes = [0; CHUNK_HEADER_BYTES];
        bytes[..4].copy_from_slice(&MARKER);
        bytes[4] = self.kind;
        bytes[5] = self.packing;
        bytes[6..8].copy_from_slice(&self.frames.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.stored.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.raw.to_le_bytes());
        for (place, number) in bytes[16..56].chunks_exact_mut(8).zip(self.first.numbers()) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes[56..60].copy_from_slice(&self.checksum.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..60]);
        bytes[60..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The header that these bytes are; `None` when they are none, or damaged.
    #[must_use]
    pub fn of(bytes: &[u8; CHUNK_HEADER_BYTES]) -> Option<Self> {
        let is_header = bytes.starts_with(&MARKER) && crc32fast::hash(&bytes[..60]) == number_32(&bytes[60..]);
        is_header.then(|| {
            let mut numbers = [0; 5];
            for (number, bytes) in numbers.iter_mut().zip(bytes[16..56].chunks_exact(8)) {
                *number = number_64(bytes);
            }
            Self {
                kind: bytes[4],
                packing: bytes[5],
                frames: u16::from_le_bytes([bytes[6], bytes[7]]),
                stored: number_32(&bytes[8..]),
                raw: number_32(&bytes[12..]),
                first: Moment::of_numbers(numbers),
                checksum: number_32(&bytes[56..]),
            }
        })
    }

    /// Whether it is a chunk of this kind.
    #[must_use]
    pub fn is(&self, kind: ChunkKind) -> bool {
        self.kind == kind as u8
    }

    /// Bytes of the chunk, its header included.
    #[must_use]
    pub fn length(&self) -> u64 {
        CHUNK_HEADER_BYTES as u64 + u64::from(self.stored)
    }
}

fn number_32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn number_64(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The head before a description.
#[must_use]
pub fn head(description: &str) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.major.to_le_bytes());
    bytes.extend(VERSION.minor.to_le_bytes());
    bytes.extend((description.len() as u32).to_le_bytes());
    bytes.extend(crc32fast::hash(description.as_bytes()).to_le_bytes());
    bytes.extend(description.as_bytes());
    bytes
}

/// What the first bytes of a stream say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Which rules it follows.
    pub version: Version,
    /// Bytes of the description.
    pub description: usize,
    /// The checksum of the description.
    pub checksum: u32,
}

impl Head {
    /// The head that these bytes begin; `None` when they begin no recording.
    #[must_use]
    pub fn of(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        bytes.starts_with(&MAGIC).then(|| Self {
            version: Version { major: half(8), minor: half(10) },
            description: number_32(&bytes[12..]) as usize,
            checksum: number_32(&bytes[16..]),
        })
    }
}

/// The tail of a recording whose index begins here.
#[must_use]
pub fn tail(index: u64) -> [u8; TAIL_BYTES] {
    let mut bytes = [0; TAIL_BYTES];
    bytes[..8].copy_from_slice(&index.to_le_bytes());
    bytes[8..].copy_from_slice(&END_MARK);
    bytes
}

/// Where the index begins, if these bytes are a tail.
#[must_use]
pub fn index_of_tail(bytes: &[u8; TAIL_BYTES]) -> Option<u64> {
    bytes.ends_with(&END_MARK).then(|| number_64(bytes))
}

/// A key chunk and where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Where its header begins, from the beginning of the stream.
    pub offset: u64,
    /// When its first frame was cut.
    pub first: Moment,
}

/// What the index holds: the moment of the last frame, and the key chunks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Index {
    /// The last frame.
    pub last: Moment,
    /// The key chunks, the first first.
    pub keys: Vec<Place>,
}

impl Index {
    /// What the index chunk holds, unpacked.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_moment(&mut out, &Moment::default(), &self.last);
        varint::put(&mut out, self.keys.len() as u64);
        let mut before = Place { offset: 0, first: Moment::default() };
        for key in &self.keys {
            varint::put_step(&mut out, before.offset, key.offset);
            put_moment(&mut out, &before.first, &key.first);
            before = *key;
        }
        out
    }

    /// The index that these bytes are, of chunks that are all within this range of the stream.
    ///
    /// # Errors
    /// When they are none.
    pub fn decode(bytes: &[u8], chunks: Range<u64>) -> Result<Self, Nonsense> {
        let mut bytes = Bytes::new(bytes);
        let last = moment(&mut bytes, &Moment::default())?;
        let count = bytes.count()?;
        // Each has a header at least, so there are no more than the stream has room for.
        let header = CHUNK_HEADER_BYTES as u64;
        if count as u64 > (chunks.end - chunks.start) / header {
            return Err(Nonsense);
        }
        let mut keys = Vec::with_capacity(count);
        let mut before = Place { offset: 0, first: Moment::default() };
        let mut least = chunks.start;
        for _ in 0..count {
            let offset = bytes.step(before.offset)?;
            if offset < least || offset >= chunks.end {
                return Err(Nonsense);
            }
            least = offset + header;
            before = Place { offset, first: moment(&mut bytes, &before.first)? };
            keys.push(before);
        }
        Ok(Self { last, keys })
    }
}

fn put_moment(out: &mut Vec<u8>, before: &Moment, moment: &Moment) {
    for (from, to) in before.numbers().into_iter().zip(moment.numbers()) {
        varint::put_step(out, from, to);
    }
}

fn moment(bytes: &mut Bytes<'_>, before: &Moment) -> Result<Moment, Nonsense> {
    let mut numbers = before.numbers();
    for number in &mut numbers {
        *number = bytes.step(*number)?;
    }
    Ok(Moment::of_numbers(numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back_and_every_damaged_bit_is_noticed() {
        let first = Moment { sequence: 7, clock: 1 << 40, wall: Duration::from_nanos(123), cycles: 3, forms: 4 };
        let header = ChunkHeader { kind: 1, packing: 1, frames: 9, stored: 100, raw: 400, first, checksum: 77 };
        let bytes = header.bytes();
        assert_eq!(ChunkHeader::of(&bytes), Some(header));
        for bit in 0..CHUNK_HEADER_BYTES * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ChunkHeader::of(&damaged), None, "bit {bit}");
        }
    }

    #[test]
    fn an_index_comes_back() {
        let place = |n: u64| Place {
            offset: n * 1000,
            first: Moment { sequence: n, clock: n << 20, wall: Duration::from_secs(n), cycles: n / 2, forms: 3 * n },
        };
        let index = Index { last: place(40).first, keys: (1..30).map(place).collect() };
        let bytes = index.encode();
        assert_eq!(Index::decode(&bytes, 900..30_000), Ok(index));
        for length in 0..bytes.len() {
            assert_eq!(Index::decode(&bytes[..length], 900..30_000), Err(Nonsense), "{length}");
        }
        for elsewhere in [1001..30_000, 900..29_000, 29_000..29_064] {
            assert_eq!(Index::decode(&bytes, elsewhere.clone()), Err(Nonsense), "{elsewhere:?}");
        }
    }
}
