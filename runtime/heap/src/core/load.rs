//! Loading: the file is checked, read into extents, relocated if need be, and verified.

use std::io::Read;
use std::ops::Range;

use super::format::{HEADER_BYTES, Header, words_of};
use super::references::adjust;
use super::save::runs;
use super::{Contents, CoreError, Remap};
use crate::heap::Heap;
use crate::os::Os;
use crate::raw::BITMAP_WORDS;
use crate::space::page_table::PageEntry;
use crate::terms::{Address, CHUNK, CHUNK_PAGES, PAGE};
use crate::value::Value;
use crate::verify::Violation;

/// What the directory says of a chunk.
struct SavedChunk<'d> {
    pages: usize,
    bits: &'d [u64],
    entries: Vec<PageEntry>,
}

impl SavedChunk<'_> {
    fn stored_runs(&self) -> Vec<Range<usize>> {
        runs(self.pages, |page| self.entries[page].kind().is_used() && self.entries[page].used() > 0)
    }
}

pub(super) fn damaged(what: &str) -> CoreError {
    CoreError::Damaged(what.to_owned())
}

/// Makes a heap of a core of `bytes` bytes that `input` gives. `language` must be what it was when the core was saved.
///
/// The clock of the heap begins at zero; what the core holds lives already. Addresses are in general not those that
/// things had when they were saved.
///
/// # Errors
/// When the core is damaged, cut off or from elsewhere, when it can't be read, or when there is no room for it.
pub fn load(os: Box<dyn Os>, language: u64, input: &mut dyn Read, bytes: u64) -> Result<(Heap, Contents), CoreError> {
    let mut head = Vec::new();
    input.take(HEADER_BYTES as u64).read_to_end(&mut head)?;
    let header = Header::of(&head, language)?;
    let wanted = header.file_bytes().ok_or_else(|| damaged("its sizes are impossible"))?;
    if bytes != wanted {
        return Err(CoreError::Length(bytes, wanted));
    }
    let mut directory = Vec::new();
    // The file is as long as that, so the size is no fancy.
    let size = header.directory_bytes().and_then(|bytes| usize::try_from(bytes).ok()).ok_or(CoreError::NoRoom)?;
    directory.try_reserve_exact(size).map_err(|_full| CoreError::NoRoom)?;
    directory.resize(size, 0);
    input.read_exact(&mut directory)?;
    if crc32fast::hash(&directory) != header.directory_sum {
        return Err(damaged("the checksum of its directory is another"));
    }
    let words = words_of(&directory);
    let mut heap = Heap::bare(os);
    let filled = fill(&mut heap, &header, &words[..header.directory as usize], input);
    if filled.is_err() {
        // Nobody has seen a value of it.
        heap.space.release();
    }
    filled.map(|contents| (heap, contents))
}

/// Takes the next `count` words.
fn take<'w>(words: &mut &'w [u64], count: u64) -> Result<&'w [u64], CoreError> {
    let taken = usize::try_from(count).ok().and_then(|count| words.split_at_checked(count));
    let (taken, rest) = taken.ok_or_else(|| damaged("its directory is too short"))?;
    *words = rest;
    Ok(taken)
}

fn parse<'w>(header: &Header, mut words: &'w [u64]) -> Result<(Vec<SavedChunk<'w>>, Contents), CoreError> {
    let (mut chunks, mut stored) = (Vec::<SavedChunk<'_>>::new(), 0);
    for _ in 0..header.chunks {
        let pages = take(&mut words, 1)?[0];
        let bits = take(&mut words, BITMAP_WORDS as u64)?;
        let entries = take(&mut words, pages.checked_mul(2).ok_or_else(|| damaged("a chunk is too large"))?)?;
        let entries: Vec<_> =
            entries.chunks_exact(2).map(|pair| PageEntry::from_words(pair[0], pair[1]).as_saved()).collect();
        let chunk = SavedChunk { pages: entries.len(), bits, entries };
        let huge = chunk.pages > CHUNK_PAGES;
        let after_huge = chunks.last().is_some_and(|last| last.pages > CHUNK_PAGES);
        if chunk.pages < CHUNK_PAGES || (after_huge && !huge) {
            return Err(damaged("its chunks are out of order"));
        }
        stored += chunk.stored_runs().into_iter().map(|run| run.len() as u64).sum::<u64>();
        chunks.push(chunk);
    }
    let roots = take(&mut words, header.roots)?.iter().map(|bits| Value::from_bits(*bits)).collect();
    let contents = Contents { roots, words: take(&mut words, header.words)?.to_vec() };
    if stored != header.pages || !words.is_empty() {
        return Err(damaged("its directory and its header disagree"));
    }
    Ok((chunks, contents))
}

fn fill(heap: &mut Heap, header: &Header, words: &[u64], input: &mut dyn Read) -> Result<Contents, CoreError> {
    let (saved, mut contents) = parse(header, words)?;
    let bases = map(heap, header, &saved)?;
    let mut sum = crc32fast::Hasher::new();
    let mut parts = Vec::new();
    let mut home = header.home as usize;
    for (chunk, base) in saved.iter().zip(bases) {
        let bytes = chunk.pages * PAGE;
        parts.push((Address::new(home), bytes, base));
        home += bytes;
        for run in chunk.stored_runs() {
            let page = base + run.start * PAGE;
            let memory = heap.space.unfilled(page, run.len() * PAGE);
            input.read_exact(memory)?;
            sum.update(memory);
        }
        let Some((index, _)) = heap.space.chunk_at(base) else { return Err(damaged("a chunk is missing")) };
        heap.space.chunks_mut()[index].restore(chunk.bits, &chunk.entries);
    }
    if sum.finalize() != header.pages_sum {
        return Err(damaged("the checksum of its pages is another"));
    }
    // References are followed only where the pages are what their entries say.
    sound(heap.verify_pages())?;
    adjust(heap, &Remap::new(parts), &mut contents.roots)?;
    heap.begin_loaded()?;
    Ok(contents)
}

/// Maps room for the chunks: the pools in one extent, each huge object in one of its own, all where they should be if
/// nothing is in the way. Gives where each chunk begins.
fn map(heap: &mut Heap, header: &Header, saved: &[SavedChunk<'_>]) -> Result<Vec<Address>, CoreError> {
    let total = saved.iter().try_fold(0_usize, |sum, chunk| sum.checked_add(chunk.pages * PAGE));
    let end = total.and_then(|total| usize::try_from(header.home).ok()?.checked_add(total));
    let mut at = match end {
        Some(end) if end < 1 << 47 && header.home.is_multiple_of(CHUNK as u64) => Address::new(header.home as usize),
        _ => return Err(damaged("its home is no address")),
    };
    let mut bases = Vec::with_capacity(saved.len());
    let pools = saved.iter().filter(|chunk| chunk.pages == CHUNK_PAGES).count();
    let room = |_refused| CoreError::NoRoom;
    if pools > 0 {
        let start = heap.space.map_saved(at, pools * CHUNK, false).map_err(room)?;
        bases.extend((0..pools).map(|n| start + n * CHUNK));
        at = at + pools * CHUNK;
    }
    for chunk in &saved[pools..] {
        bases.push(heap.space.map_saved(at, chunk.pages * PAGE, true).map_err(room)?);
        at = (at + chunk.pages * PAGE).align_up(CHUNK);
    }
    Ok(bases)
}

fn sound(violations: Vec<Violation>) -> Result<(), CoreError> {
    violations.first().map_or(Ok(()), |violation| Err(CoreError::Damaged(violation.to_string())))
}
