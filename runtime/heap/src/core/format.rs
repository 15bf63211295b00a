//! What is in a core.
//!
//! ```text
//! ┌──────────┬──────────────────────────────────┬────────────────────────────────────────────┐
//! │ header   │ directory                        │ pages                                      │
//! │ one page │ of each chunk, its pages and     │ of each chunk, tables included, as they    │
//! │          │ those stored; roots; words;      │ are to lie in memory; what nothing is in   │
//! │          │ padded to a page                 │ is zero                                    │
//! └──────────┴──────────────────────────────────┴────────────────────────────────────────────┘
//! ```
//!
//! Numbers are stored least significant byte first. Chunks of pools come first, then those of one huge object each; at
//! home they lie one after the other in this order. All pages are stored, but for those behind the last of the pools that
//! something is in: so all pools, and each huge object, can be mapped as they are. The header ends with a checksum of all
//! its other bytes, and has one of the directory and one of the pages.

use super::CoreError;
use crate::object::{HEADER, ObjectFlags, ObjectKind};
use crate::terms::{CHUNK, GRANULE, LARGE_THRESHOLD, PAGE, POOL, PageKind};
use crate::value::Value;

/// The version of the format.
pub(super) const VERSION: u32 = 3;

/// What a core begins with.
pub(super) const MAGIC: [u8; 8] = *b"ATLASCOR";

/// Byte order, width of a word, the architecture, and the size of a page as a power of two.
const MACHINE: u32 = {
    let order = if cfg!(target_endian = "little") { 1 } else { 2 };
    let architecture = if cfg!(target_arch = "x86_64") {
        1
    } else if cfg!(target_arch = "aarch64") {
        2
    } else {
        3
    };
    order | (usize::BITS / 8) << 8 | architecture << 16 | PAGE.trailing_zeros() << 24
};

/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = PAGE;
/// Where its own checksum lies.
const CHECKSUM_AT: usize = HEADER_BYTES - 4;

/// A number that stands for texts: whoever has the same number has, as good as certainly, the same texts.
#[must_use]
pub fn fingerprint<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in texts {
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// What decides how a word of this build's heap is to be read.
fn layout() -> u64 {
    let sizes = [GRANULE, PAGE, POOL, CHUNK, LARGE_THRESHOLD, HEADER].map(|size| size.to_string());
    let values = [Value::NIL, Value::T, Value::UNBOUND, Value::char('a'), Value::builtin(1), Value::small(1)]
        .map(|value| value.bits().to_string());
    let flags = [ObjectFlags::WIDE, ObjectFlags::INDIRECT, ObjectFlags::NEGATIVE, ObjectFlags::PINNED]
        .map(|flag| format!("{flag:?}"));
    let numbers = sizes.iter().chain(&values).chain(&flags).map(String::as_str);
    let kinds = ObjectKind::ALL.iter().map(|kind| kind.name());
    let pages = PageKind::ALL.iter().map(|kind| kind.name());
    fingerprint([env!("CARGO_PKG_VERSION")].into_iter().chain(numbers).chain(kinds).chain(pages))
}

/// The header, without what every core of this build has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Header {
    /// What gives the values their meaning, as a number.
    pub(super) language: u64,
    /// The address for which the references are right.
    pub(super) home: u64,
    /// Chunks.
    pub(super) chunks: u64,
    /// Words of the directory.
    pub(super) directory: u64,
    /// Pages.
    pub(super) pages: u64,
    pub(super) roots: u64,
    pub(super) words: u64,
    /// The checksum of the directory.
    pub(super) directory_sum: u32,
    /// The checksum of the pages.
    pub(super) pages_sum: u32,
}

fn put(bytes: &mut [u8; HEADER_BYTES], at: usize, number: &[u8]) {
    bytes[at..at + number.len()].copy_from_slice(number);
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

fn half(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

impl Header {
    pub(super) fn bytes(&self) -> [u8; HEADER_BYTES] {
        let Self { language, home, chunks, directory, pages, roots, words, directory_sum, pages_sum } = *self;
        let mut bytes = [0; HEADER_BYTES];
        put(&mut bytes, 0, &MAGIC);
        put(&mut bytes, 8, &VERSION.to_le_bytes());
        put(&mut bytes, 12, &MACHINE.to_le_bytes());
        for (n, number) in [layout(), language, home, chunks, directory, pages, roots, words].into_iter().enumerate() {
            put(&mut bytes, 16 + n * 8, &number.to_le_bytes());
        }
        put(&mut bytes, 80, &directory_sum.to_le_bytes());
        put(&mut bytes, 84, &pages_sum.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..CHECKSUM_AT]);
        put(&mut bytes, CHECKSUM_AT, &sum.to_le_bytes());
        bytes
    }

    /// The header that begins a file, of which these are the first bytes.
    pub(super) fn of(bytes: &[u8], language: u64) -> Result<Self, CoreError> {
        if bytes.len() < MAGIC.len() || bytes[..MAGIC.len()] != MAGIC {
            return Err(CoreError::NotACore);
        }
        if bytes.len() < HEADER_BYTES {
            return Err(CoreError::Length(bytes.len() as u64, HEADER_BYTES as u64));
        }
        if half(bytes, 8) != VERSION {
            return Err(CoreError::Version(half(bytes, 8)));
        }
        if half(bytes, CHECKSUM_AT) != crc32fast::hash(&bytes[..CHECKSUM_AT]) {
            return Err(CoreError::Damaged("the checksum of its header is another".to_owned()));
        }
        if half(bytes, 12) != MACHINE {
            return Err(CoreError::Architecture);
        }
        if word(bytes, 16) != layout() || word(bytes, 24) != language {
            return Err(CoreError::Build);
        }
        let number = |n: usize| word(bytes, 16 + n * 8);
        Ok(Self {
            language,
            home: number(2),
            chunks: number(3),
            directory: number(4),
            pages: number(5),
            roots: number(6),
            words: number(7),
            directory_sum: half(bytes, 80),
            pages_sum: half(bytes, 84),
        })
    }

    /// Bytes of the directory, padded to a page; `None` when that is more than any file has.
    pub(super) fn directory_bytes(&self) -> Option<u64> {
        self.directory.checked_mul(8)?.checked_next_multiple_of(PAGE as u64)
    }

    /// Bytes of the whole file.
    pub(super) fn file_bytes(&self) -> Option<u64> {
        let pages = self.pages.checked_mul(PAGE as u64)?;
        self.directory_bytes()?.checked_add(pages)?.checked_add(HEADER_BYTES as u64)
    }
}

/// The words of a directory, which is a multiple of words long.
pub(super) fn words_of(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|bytes| word(bytes, 0)).collect()
}
