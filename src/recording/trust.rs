//! How much memory a stream is trusted with: what it makes a reader keep is no more than four times its bytes, and a little.
//!
//! A small stream may tell of a large heap, for pages that are all alike pack well; so something is allowed in any case.

use super::format::ChunkHeader;

/// A chunk of so many bytes may be unpacked, however short the stream.
pub const UNPACKED: u64 = 1 << 20;
/// LZ4 makes no byte into more.
const INFLATION: u64 = 255;
/// The page table of a heap may take so many bytes, however short the stream: that of 1.6 GiB in one extent.
const TABLE: u64 = 16 << 20;
/// The page table may take so many times the bytes of the stream beyond that.
const TABLE_SHARE: u64 = 4;
/// What a page takes: its entry in a frame, and what a model keeps of it.
const PAGE_COST: u64 = 40;
/// What an extent takes besides, in a frame and in a model.
const EXTENT_COST: u64 = 128;

/// What a stream is trusted with.
#[derive(Clone, Copy, Debug)]
pub struct Trust {
    /// Bytes of the stream.
    bytes: u64,
}

impl Trust {
    /// What so many bytes of a stream are trusted with.
    #[must_use]
    pub fn of(bytes: u64) -> Self {
        Self { bytes }
    }

    /// Whether a chunk may be unpacked.
    pub(super) fn unpacks(self, header: &ChunkHeader) -> bool {
        let (raw, stored) = (u64::from(header.raw), u64::from(header.stored));
        raw <= self.bytes.max(UNPACKED) && raw <= INFLATION * stored + 64
    }

    /// Whether there may be so many extents, and so many pages altogether.
    pub(super) fn holds(self, extents: usize, pages: u64) -> bool {
        let cost = (extents as u64).saturating_mul(EXTENT_COST).saturating_add(pages.saturating_mul(PAGE_COST));
        cost <= TABLE + self.bytes.saturating_mul(TABLE_SHARE)
    }
}
