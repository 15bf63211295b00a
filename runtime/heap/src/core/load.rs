//! Loading: the file is checked and put where it was meant for, or elsewhere, relocated and verified.

use std::fs::File;

use super::format::{HEADER_BYTES, Header, words_of};
use super::references::adjust;
use super::save::is_stored;
use super::{Check, Contents, CoreError, Remap};
use crate::heap::Heap;
use crate::os::{self, Os};
use crate::raw::TABLE_PAGES;
use crate::space::extent::Saved;
use crate::terms::{Address, CHUNK, CHUNK_PAGES, PAGE, Span};
use crate::value::Value;
use crate::verify::Violation;

/// The bytes of a core, whose header was looked at, and the file they are in.
pub(super) struct Image<'i> {
    pub(super) header: Header,
    pub(super) bytes: &'i [u8],
    file: Option<&'i File>,
}

/// What the directory says of a chunk.
#[derive(Clone, Copy)]
struct SavedChunk {
    pages: usize,
    /// How many of them are in the file.
    stored: usize,
}

impl SavedChunk {
    fn is_huge(self) -> bool {
        self.pages > CHUNK_PAGES
    }
}

pub(super) fn damaged(what: &str) -> CoreError {
    CoreError::Damaged(what.to_owned())
}

/// Makes a heap of the bytes of a core. `language` must be what it was when the core was saved.
///
/// The clock of the heap begins at zero; what the core holds lives already. Addresses are in general not those that
/// things had when they were saved.
///
/// # Errors
/// When the core is damaged, cut off or from elsewhere, or when there is no room for it.
pub fn load(os: Box<dyn Os>, language: u64, bytes: &[u8], check: Check) -> Result<(Heap, Contents), CoreError> {
    load_image(os, Image { header: Header::of(bytes, language)?, bytes, file: None }, check)
}

/// Does as [`load`] with the core in a file. Where it was meant for, pages are mapped and read when they are touched: so the
/// file must not be changed in place as long as the heap is in use. [`super::save_file`] replaces it.
///
/// # Errors
/// Those of [`load`], and when the file can't be read.
pub fn load_file(os: Box<dyn Os>, language: u64, file: &File, check: Check) -> Result<(Heap, Contents), CoreError> {
    of_file(language, file, |image| load_image(os, image, check))
}

/// Calls `work` with the core in a file, of which only the header was looked at.
pub(super) fn of_file<T>(
    language: u64,
    file: &File,
    work: impl FnOnce(Image<'_>) -> Result<T, CoreError>,
) -> Result<T, CoreError> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        // There is nothing that could be mapped.
        return Err(CoreError::NotACore);
    }
    let bytes = os::view(file)?;
    work(Image { header: Header::of(&bytes, language)?, bytes: &bytes, file: Some(file) })
}

fn load_image(os: Box<dyn Os>, image: Image<'_>, check: Check) -> Result<(Heap, Contents), CoreError> {
    let Restored { mut heap, contents, .. } = restore(os, &image, check)?;
    let begun = heap.begin_loaded();
    if begun.is_err() {
        // Nobody has seen a value of it.
        heap.space.release();
    }
    begun?;
    Ok((heap, contents))
}

/// A heap as it was saved, with nothing beside it.
pub(super) struct Restored {
    pub(super) heap: Heap,
    contents: Contents,
    /// Where its extents were to be, lowest first.
    pub(super) homes: Vec<Span>,
}

/// Checks a core and makes a heap of it, which is not ready to go on.
pub(super) fn restore(os: Box<dyn Os>, image: &Image<'_>, check: Check) -> Result<Restored, CoreError> {
    let Image { header, bytes, .. } = image;
    let (has, wanted) = (bytes.len() as u64, header.file_bytes().ok_or_else(|| damaged("its sizes are impossible"))?);
    if has != wanted {
        return Err(CoreError::Length(has, wanted));
    }
    // The file is as long as that, so the size is no fancy.
    let size = header.directory_bytes().and_then(|bytes| usize::try_from(bytes).ok()).ok_or(CoreError::NoRoom)?;
    let (directory, pages) = bytes[HEADER_BYTES..].split_at(size);
    if crc32fast::hash(directory) != header.directory_sum {
        return Err(damaged("the checksum of its directory is another"));
    }
    if crc32fast::hash(pages) != header.pages_sum {
        return Err(damaged("the checksum of its pages is another"));
    }
    let words = words_of(&directory[..header.directory as usize * 8]);
    let mut heap = Heap::bare(os);
    let filled = fill(&mut heap, image, &words, check);
    if filled.is_err() {
        // Nobody has seen a value of it.
        heap.space.release();
    }
    filled.map(|(contents, homes)| Restored { heap, contents, homes })
}

/// Takes the next `count` words.
fn take<'w>(words: &mut &'w [u64], count: u64) -> Result<&'w [u64], CoreError> {
    let taken = usize::try_from(count).ok().and_then(|count| words.split_at_checked(count));
    let (taken, rest) = taken.ok_or_else(|| damaged("its directory is too short"))?;
    *words = rest;
    Ok(taken)
}

fn parse(header: &Header, mut words: &[u64]) -> Result<(Vec<SavedChunk>, Contents), CoreError> {
    let sizes = take(&mut words, header.chunks.saturating_mul(2))?.chunks_exact(2);
    let chunks: Vec<_> = sizes.map(|size| SavedChunk { pages: size[0] as usize, stored: size[1] as usize }).collect();
    let pools = chunks.iter().take_while(|chunk| !chunk.is_huge()).count();
    let mut stored = 0_u64;
    for (n, chunk) in chunks.iter().enumerate() {
        let fits = if n + 1 == pools {
            (TABLE_PAGES..=chunk.pages).contains(&chunk.stored)
        } else {
            chunk.stored == chunk.pages
        };
        if !fits || chunk.pages < CHUNK_PAGES || chunk.is_huge() != (n >= pools) {
            return Err(damaged("its chunks are out of order"));
        }
        stored = stored.saturating_add(chunk.stored as u64);
    }
    let roots = take(&mut words, header.roots)?.iter().map(|bits| Value::from_bits(*bits)).collect();
    let contents = Contents { roots, words: take(&mut words, header.words)?.to_vec() };
    if stored != header.pages || !words.is_empty() {
        return Err(damaged("its directory and its header disagree"));
    }
    Ok((chunks, contents))
}

/// Fills a heap; gives what the core keeps beside it, and where its extents were to be.
fn fill(heap: &mut Heap, image: &Image<'_>, words: &[u64], check: Check) -> Result<(Contents, Vec<Span>), CoreError> {
    let (chunks, mut contents) = parse(&image.header, words)?;
    let parts = map(heap, image, &chunks)?;
    let remap = Remap::new(parts.iter().map(|part| (part.home, part.bytes, part.start)).collect());
    if check == Check::Everything || !remap.is_identity() {
        // References are followed only where the pages are what their entries say.
        sound(heap.verify_pages())?;
        parts.iter().try_for_each(|part| unused_is_zero(heap, part))?;
        adjust(heap, &remap, &mut contents.roots)?;
    }
    Ok((contents, parts.iter().map(|part| part.home..part.home + part.bytes).collect()))
}

/// An extent of what was saved.
struct Part {
    /// Where it was to be.
    home: Address,
    /// Where it is.
    start: Address,
    bytes: usize,
    /// How many of them are in the file.
    stored: usize,
}

/// Maps the chunks: the pools in one extent, each huge object in one of its own, all where they should be if nothing is
/// in the way.
fn map(heap: &mut Heap, image: &Image<'_>, chunks: &[SavedChunk]) -> Result<Vec<Part>, CoreError> {
    let home = usize::try_from(image.header.home).ok().filter(|home| home.is_multiple_of(CHUNK));
    let total = chunks.iter().try_fold(0_usize, |sum, chunk| {
        sum.checked_add(chunk.pages.checked_mul(PAGE)?.checked_next_multiple_of(CHUNK)?)
    });
    let end = home.and_then(|home| home.checked_add(total?)).filter(|end| *end < 1 << 47);
    let mut home = home.filter(|_| end.is_some()).map(Address::new).ok_or_else(|| damaged("its home is no address"))?;
    let mut offset = image.bytes.len() - image.header.pages as usize * PAGE;
    let mut parts = Vec::with_capacity(chunks.len());
    let (pools, huge) = chunks.split_at(chunks.partition_point(|chunk| !chunk.is_huge()));
    for together in std::iter::once(pools).chain(huge.chunks(1)).filter(|together| !together.is_empty()) {
        let sum = |pages: fn(&SavedChunk) -> usize| together.iter().map(pages).sum::<usize>() * PAGE;
        let (bytes, stored) = (sum(|chunk| chunk.pages), sum(|chunk| chunk.stored));
        let saved = Saved {
            home,
            bytes,
            stored: &image.bytes[offset..offset + stored],
            file: image.file.map(|file| (file, offset as u64)),
            huge: together[0].is_huge(),
        };
        let start = heap.space.map_saved(&saved).map_err(|_refused| CoreError::NoRoom)?;
        parts.push(Part { home, start, bytes, stored });
        home = (home + bytes).align_up(CHUNK);
        offset += stored;
    }
    Ok(parts)
}

/// Sees that pages that nothing is on hold zeros, as those of the system do.
fn unused_is_zero(heap: &Heap, part: &Part) -> Result<(), CoreError> {
    let stored = part.start..part.start + part.stored;
    let chunks = heap.space.chunks().iter().skip_while(|chunk| chunk.base() < stored.start);
    for chunk in chunks.take_while(|chunk| chunk.base() < stored.end) {
        let unused = chunk.usable_pages().filter(|page| !is_stored(chunk.entry(*page)));
        for page in unused.map(|page| chunk.base() + page * PAGE).take_while(|page| *page < stored.end) {
            if heap.space.stored(page, PAGE).iter().any(|byte| *byte != 0) {
                return Err(damaged("something is on a page that is free"));
            }
        }
    }
    Ok(())
}

fn sound(violations: Vec<Violation>) -> Result<(), CoreError> {
    violations.first().map_or(Ok(()), |violation| Err(CoreError::Damaged(violation.to_string())))
}
