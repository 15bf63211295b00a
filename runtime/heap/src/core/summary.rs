//! What a core holds, for people who ask.

use std::fs::File;

use super::format::{Header, MAGIC, VERSION};
use super::load::{Restored, of_file, restore};
use super::{Check, CoreError};
use crate::object::ObjectKind;
use crate::os::Os;
use crate::terms::{Address, PageKind, Span};

/// What a core holds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// The version of its format.
    pub version: u32,
    /// The architecture it was written on, which is that of this program.
    pub architecture: &'static str,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// The address for which its references are right.
    pub home: Address,
    /// The extents that it takes at home, lowest first.
    pub extents: Vec<Span>,
    /// Pages of each kind, in the order of [`PageKind::ALL`].
    pub pages: [u64; PageKind::ALL.len()],
    /// Bytes of payload.
    pub live_bytes: u64,
    /// Cells, and objects of each kind of which there are any, those with the most bytes first.
    pub kinds: Vec<KindSummary>,
}

/// The things of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KindSummary {
    /// Of objects their kind, of cells `None`.
    pub kind: Option<ObjectKind>,
    /// How many there are.
    pub things: u64,
    /// What they take, headers and rounding included.
    pub bytes: u64,
}

impl KindSummary {
    /// The word for people.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.kind {
            Some(kind) => kind.name(),
            None => "cell",
        }
    }
}

/// Whether a file that begins with these bytes is a core, or was one before something happened to it.
#[must_use]
pub fn is_core(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Looks at the core in a file: loads it, counts, and lets it go. `language` must be what it was when the core was saved.
///
/// # Errors
/// Those of [`super::load_file`].
pub fn summarize_file(os: Box<dyn Os>, language: u64, file: &File, check: Check) -> Result<Summary, CoreError> {
    of_file(language, file, |image| {
        let (header, file_bytes) = (image.header, image.bytes.len() as u64);
        let mut restored = restore(os, &image, check)?;
        let summary = summarize(&header, file_bytes, &mut restored);
        // Nobody has seen a value of it.
        restored.heap.space.release();
        Ok(summary)
    })
}

fn summarize(header: &Header, file_bytes: u64, restored: &mut Restored) -> Summary {
    let heap = &mut restored.heap;
    let mut kinds: Vec<KindSummary> = Vec::new();
    heap.walk(|item| {
        let kind = item.header.and_then(|header| header.kind());
        let place = kinds.iter().position(|known| known.kind == kind).unwrap_or_else(|| {
            kinds.push(KindSummary { kind, things: 0, bytes: 0 });
            kinds.len() - 1
        });
        kinds[place].things += 1;
        kinds[place].bytes += item.bytes as u64;
    });
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.bytes));
    let counters = heap.counters();
    Summary {
        version: VERSION,
        architecture: std::env::consts::ARCH,
        file_bytes,
        home: Address::new(header.home as usize),
        extents: std::mem::take(&mut restored.homes),
        pages: counters.pages,
        live_bytes: counters.balance.live,
        kinds,
    }
}
