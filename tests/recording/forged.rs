//! Recordings that somebody made by hand, to do harm.

use heapatlas::recording::counters::COUNTERS;
use heapatlas::recording::description::Description;
use heapatlas::recording::format::{self, ChunkHeader, ChunkKind, Moment, Packing};
use heapatlas::recording::varint;
use heapatlas_heap::Policy;
use heapatlas_heap::terms::PageKind;

/// Of a forged chunk: that it says how long it is.
pub(crate) const TRUE: u32 = 0;

/// A recording whose only chunk holds these bytes, all checksums right.
pub(crate) fn forged(raw: &[u8], packing: Packing, claimed: u32) -> Vec<u8> {
    let mut bytes = format::head(&Description::new("forged", &Policy::default()).text());
    bytes.extend(chunk(ChunkKind::Key, raw, packing, claimed));
    bytes
}

/// A chunk of these bytes.
pub(crate) fn chunk(kind: ChunkKind, raw: &[u8], packing: Packing, claimed: u32) -> Vec<u8> {
    let stored = if packing == Packing::Lz4 { lz4_flex::block::compress(raw) } else { raw.to_vec() };
    let header = ChunkHeader {
        kind: kind as u8,
        packing: packing as u8,
        frames: 1,
        stored: stored.len() as u32,
        raw: if claimed == TRUE { raw.len() as u32 } else { claimed },
        first: Moment { sequence: 1, ..Moment::default() },
        checksum: crc32fast::hash(&stored),
    };
    [&header.bytes()[..], &stored].concat()
}

/// A frame that says what a key frame says up to its extents, and then these numbers.
pub(crate) fn frame(numbers: &[u64]) -> Vec<u8> {
    let mut body = vec![3, 0, 0];
    body.extend([0; COUNTERS.len() + PageKind::ALL.len()]);
    numbers.iter().for_each(|number| varint::put(&mut body, *number));
    let mut raw = Vec::new();
    varint::put(&mut raw, body.len() as u64);
    raw.extend(body);
    raw
}
