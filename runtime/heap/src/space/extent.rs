//! Extents: growth at the hinted end, holes where something is in the way, unmapping what is empty.
//!
//! The heap starts small and asks for more just above its end. When the system answers elsewhere, that answer is
//! given back and the next gap above, according to the process's own maps, is asked for; what was skipped is a hole.
//! Only when nothing above can be had is the system's own choice accepted, wherever it lies.

use std::fs::File;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::bitmap;
use super::blocks;
use super::chunk::Chunk;
use crate::frame::{Event, EventLog};
use crate::os::blocks::Block;
use crate::os::{Mapping, Os, OsError};
use crate::raw::{self, Bitmap, ChunkRef, FurtherEntries, TABLE_PAGES, TablesAt};
use crate::terms::{Address, CHUNK, CHUNK_GRANULES, CHUNK_PAGES, PAGE, Span};

/// The first extent has this many bytes, each further one twice as many as the one before.
pub(crate) const FIRST_EXTENT: usize = CHUNK;
/// Extents grow no larger than this; only a huge object gets a larger one.
pub(crate) const LARGEST_EXTENT: usize = 64 << 20;

/// Extents of at least so many bytes lie in large pages, when that is asked for: in smaller ones most of a large page would
/// be resident for nothing.
const LEAST_IN_LARGE_PAGES: usize = 16 << 20;

/// Where the first heap of a process lives if it can. Far from where Linux places programs, libraries and stacks.
pub(crate) const HOME: usize = 0x1000_0000_0000;
/// How far apart the homes of several heaps in one process lie, and how many homes there are.
const HOME_STRIDE: usize = 1 << 40;
const HOMES: usize = 64;

static HEAPS: AtomicUsize = AtomicUsize::new(0);

/// How often growth tries another gap before it takes what the system offers.
const PROBES: usize = 8;

/// One mapping and the chunks in it.
#[derive(Debug)]
pub(crate) struct Extent {
    mapping: Mapping,
    /// Whether it holds one huge object and nothing else.
    huge: bool,
}

impl Extent {
    pub(crate) fn span(&self) -> Span {
        self.mapping.start()..self.mapping.end()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.mapping.bytes()
    }

    pub(crate) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Whether it is as long as it may be: whole chunks, or, with a huge object, more than one, in whole pages.
    pub(crate) fn has_whole_chunks(&self) -> bool {
        if self.huge {
            self.bytes() > CHUNK && self.bytes().is_multiple_of(PAGE)
        } else {
            self.bytes().is_multiple_of(CHUNK)
        }
    }
}

/// A chunk of so many pages that begins so many bytes into a mapping.
type MakeChunk = fn(&Mapping, usize, usize) -> Chunk;

/// Chunks as a core has them, for one extent.
pub(crate) struct Saved<'s> {
    /// Where they lay.
    pub(crate) home: Address,
    /// Bytes of the extent.
    pub(crate) bytes: usize,
    /// What its first bytes are to be, in whole pages; the rest is zero.
    pub(crate) stored: &'s [u8],
    /// The file in which that is, if there is one, and from which byte on.
    pub(crate) file: Option<(&'s File, u64)>,
    /// Whether it is one huge object.
    pub(crate) huge: bool,
}

/// Every extent, in address order, and their chunks.
#[derive(Debug)]
pub(crate) struct Extents {
    os: Box<dyn Os>,
    home: Address,
    list: Vec<Extent>,
    chunks: Vec<Chunk>,
    next_bytes: usize,
    committed: usize,
    /// How often the system answered elsewhere than asked.
    diverted: u64,
    /// Mapped since the last frame.
    newly_mapped: Vec<Span>,
    /// Whether extents from now on lie in large pages if they are large enough.
    large_pages: bool,
}

impl Extents {
    pub(crate) fn new(os: Box<dyn Os>, large_pages: bool) -> Self {
        let heap = HEAPS.fetch_add(1, Ordering::Relaxed) % HOMES;
        // Extents of 1 MiB, 2, 4 … that begin a mebibyte higher are each aligned to their own size, hence to large pages.
        let offset = if large_pages { FIRST_EXTENT } else { 0 };
        Self {
            os,
            home: Address::new(HOME + heap * HOME_STRIDE + offset),
            list: Vec::new(),
            chunks: Vec::new(),
            next_bytes: FIRST_EXTENT,
            committed: 0,
            diverted: 0,
            newly_mapped: Vec::new(),
            large_pages,
        }
    }

    /// From now on extents that are large enough lie in large pages.
    pub(crate) fn use_large_pages(&mut self) {
        self.large_pages = true;
    }

    /// Whether an extent of so many bytes lies in large pages, if the system has them.
    fn is_for_large_pages(&self, bytes: usize) -> bool {
        self.large_pages && bytes >= LEAST_IN_LARGE_PAGES
    }

    /// The same for the extent in which an address lies.
    pub(crate) fn is_in_large_pages(&self, address: Address) -> bool {
        let extent = self.list.iter().find(|extent| extent.span().contains(&address));
        extent.is_some_and(|extent| self.is_for_large_pages(extent.bytes()))
    }

    /// Bytes that lie in large pages; `None` when the system does not tell.
    pub(crate) fn in_large_pages(&self) -> Option<usize> {
        let spans: Vec<_> = self.list.iter().map(Extent::span).collect();
        self.os.in_large_pages(&spans)
    }

    /// The extents, lowest first.
    pub(crate) fn list(&self) -> &[Extent] {
        &self.list
    }

    /// The chunks, lowest first.
    pub(crate) fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// The chunks, to change.
    pub(crate) fn chunks_mut(&mut self) -> &mut [Chunk] {
        &mut self.chunks
    }

    /// Bytes mapped.
    pub(crate) fn committed(&self) -> usize {
        self.committed
    }

    /// How often the system answered elsewhere than asked.
    pub(crate) fn diverted(&self) -> u64 {
        self.diverted
    }

    /// The place of a chunk among the chunks.
    pub(crate) fn index_of(&self, chunk: ChunkRef) -> usize {
        match self.chunks.binary_search_by_key(&chunk.base(), Chunk::base) {
            Ok(index) => index,
            Err(_) => unreachable!("a chunk of this heap"),
        }
    }

    /// The chunk in which an address lies, and its place.
    pub(crate) fn chunk_at(&self, address: Address) -> Option<(usize, &Chunk)> {
        let above = self.chunks.partition_point(|chunk| chunk.base() <= address);
        let index = above.checked_sub(1)?;
        let chunk = &self.chunks[index];
        (address < chunk.end()).then_some((index, chunk))
    }

    /// Maps an extent of chunks, as large as doubling says and `most` bytes allow. Says how many bytes it is.
    pub(crate) fn grow(&mut self, most: usize, log: &mut EventLog) -> Result<usize, OsError> {
        let wanted = self.next_bytes.min(most / CHUNK * CHUNK).max(CHUNK);
        // A system short of memory may still have a single chunk.
        let bytes = match self.add_extent(wanted, false, log) {
            Ok(bytes) => bytes,
            Err(refused) if wanted == CHUNK => return Err(refused),
            Err(_) => self.add_extent(CHUNK, false, log)?,
        };
        self.next_bytes = (self.next_bytes * 2).min(LARGEST_EXTENT);
        Ok(bytes)
    }

    /// Bytes of the extent that a huge object of `object_pages` pages needs: its pages and tables, and no more. Rounded
    /// to chunks, a heap of objects of a mebibyte would be half empty.
    pub(crate) fn huge_bytes(object_pages: usize) -> usize {
        let pages = object_pages + TABLE_PAGES;
        // A page of further entries describes 256 pages, one of which is itself.
        let entries = pages.saturating_sub(CHUNK_PAGES).div_ceil(FurtherEntries::pages_of(1) - 1);
        (pages + entries) * PAGE
    }

    /// Maps an extent for one huge object of `object_pages` pages. Gives the place of its chunk.
    pub(crate) fn grow_huge(&mut self, object_pages: usize, log: &mut EventLog) -> Result<usize, OsError> {
        let bytes = Self::huge_bytes(object_pages);
        let start = self.map(bytes)?;
        Ok(self.insert(start, true, Chunk::fresh, log))
    }

    /// Maps an extent for one huge object of `object_pages` pages in the lowest gap that begins in a range. Gives the
    /// place of its chunk.
    pub(crate) fn grow_huge_between(&mut self, object_pages: usize, range: Span, log: &mut EventLog) -> Option<usize> {
        let bytes = Self::huge_bytes(object_pages);
        let gap = self.os.gap(range.start, bytes).filter(|gap| *gap < range.end)?;
        self.reserve_places(bytes).ok()?;
        let mapping = self.os.map_at(gap, bytes).ok()??;
        Some(self.insert(mapping, true, Chunk::fresh, log))
    }

    fn add_extent(&mut self, bytes: usize, huge: bool, log: &mut EventLog) -> Result<usize, OsError> {
        let mapping = self.map(bytes)?;
        self.insert(mapping, huge, Chunk::fresh, log);
        Ok(bytes)
    }

    /// Maps an extent for chunks that were saved: at their home if nothing is in the way there. Gives where it begins.
    pub(crate) fn map_saved(&mut self, saved: &Saved<'_>, log: &mut EventLog) -> Result<Address, OsError> {
        self.reserve_places(saved.bytes)?;
        let mut mapping = match self.os.map_at(saved.home, saved.bytes)? {
            Some(mapping) => mapping,
            None => self.map(saved.bytes)?,
        };
        let start = mapping.start();
        let stored = saved.stored.len();
        // What is not at home will be written to all over, to adjust its references.
        let file = saved.file.filter(|_| start == saved.home);
        if !file.is_some_and(|(file, offset)| self.os.map_file(&mapping, file, offset, stored)) {
            self.os.populate(&mapping, start, stored);
            raw::bytes_to_fill(&mut mapping, start, stored).copy_from_slice(saved.stored);
        }
        self.insert(mapping, saved.huge, Chunk::saved, log);
        if !saved.huge {
            self.next_bytes = (saved.bytes * 2).clamp(FIRST_EXTENT, LARGEST_EXTENT);
        }
        Ok(start)
    }

    /// The bytes of an extent from `start` on.
    pub(crate) fn stored(&self, start: Address, bytes: usize) -> &[u8] {
        let extent = self.list.iter().find(|extent| extent.span().contains(&start));
        extent.map_or(&[], |extent| raw::bytes_of(&extent.mapping, start, bytes))
    }

    /// A block of the system's allocator.
    pub(crate) fn block(&mut self, bytes: usize) -> Result<Block, OsError> {
        self.os.block(bytes)
    }

    /// Makes tables for the chunk at `base`, whose memory is the system allocator's, unless it has some.
    pub(crate) fn describe_blocks(&mut self, base: Address) -> Result<(), OsError> {
        let Err(at) = self.chunks.binary_search_by_key(&base, Chunk::base) else { return Ok(()) };
        self.reserve_places(CHUNK)?;
        let refused = OsError { purpose: crate::os::Purpose::Map, bytes: raw::TABLES_BESIDE, code: None };
        let beside = TablesAt::BESIDE.tables_of(base);
        let tables = self.os.map_at(beside, raw::TABLES_BESIDE)?.ok_or(refused)?;
        self.chunks.insert(at, Chunk::of_blocks(base, tables));
        Ok(())
    }

    /// Counts pages that became the heap's because something was allocated there.
    pub(crate) fn adopt(&mut self, bytes: usize) {
        self.committed += bytes;
    }

    /// Forgets the pages with nothing in them that the system's allocator has returned. Gives their bytes.
    pub(crate) fn forget_unmapped(&mut self) -> usize {
        let mut forgotten = 0;
        let mut from = Address::default();
        let Self { os, chunks, .. } = self;
        let mut forget = |gap: Span| {
            let first = chunks.partition_point(|chunk| chunk.end() <= gap.start);
            for chunk in chunks[first..].iter_mut().take_while(|chunk| chunk.base() < gap.end) {
                forgotten += chunk.forget(&gap) * PAGE;
            }
        };
        let known = os.each_writable(&mut |writable| {
            forget(from..writable.start);
            from = writable.end;
        });
        if known {
            forget(from..Address::new(usize::MAX));
        }
        self.committed -= forgotten;
        for index in (0..self.chunks.len()).rev() {
            if self.chunks[index].is_of_blocks()
                && self.chunks[index].is_all_foreign()
                && let Some(tables) = self.chunks.remove(index).into_tables()
            {
                self.os.unmap(tables);
            }
        }
        forgotten
    }

    fn reserve_places(&mut self, bytes: usize) -> Result<(), OsError> {
        let refused = OsError { purpose: crate::os::Purpose::Map, bytes, code: None };
        // Reserve before, commit after: the lists must have room before anything is mapped.
        self.list.try_reserve(1).map_err(|_full| refused)?;
        self.chunks.try_reserve(bytes / CHUNK).map_err(|_full| refused)?;
        self.newly_mapped.try_reserve(1).map_err(|_full| refused)
    }

    fn map(&mut self, bytes: usize) -> Result<Mapping, OsError> {
        self.reserve_places(bytes)?;
        let hint = self.list.last().map_or(self.home, |extent| extent.mapping.end().align_up(CHUNK));
        let answer = self.os.map(hint, bytes)?;
        if answer.start() == hint {
            return Ok(answer);
        }
        self.diverted += 1;
        self.os.unmap(answer);
        let mut from = hint;
        for _ in 0..PROBES {
            let Some(gap) = self.os.gap(from, bytes) else { break };
            if let Some(mapping) = self.os.map_at(gap, bytes)? {
                return Ok(mapping);
            }
            from = gap + CHUNK;
        }
        self.os.map(hint, bytes)
    }

    /// Adds an extent and its chunks, each of which `make` makes. Gives the place of the first.
    fn insert(&mut self, mut mapping: Mapping, huge: bool, make: MakeChunk, log: &mut EventLog) -> usize {
        let span = mapping.start()..mapping.end();
        let bytes = mapping.bytes();
        let extent_at = self.list.partition_point(|extent| extent.mapping.start() < span.start);
        let chunk_at = self.chunks.partition_point(|chunk| chunk.base() < span.start);
        let (count, pages) = if huge { (1, bytes / PAGE) } else { (bytes / CHUNK, CHUNK_PAGES) };
        if self.is_for_large_pages(bytes) {
            // Before anything is touched: what has begun in small pages goes on so.
            self.os.prefer_large_pages(&mut mapping);
        }
        self.chunks.splice(chunk_at..chunk_at, (0..count).map(|n| make(&mapping, n * CHUNK, pages)));
        self.list.insert(extent_at, Extent { mapping, huge });
        self.committed += bytes;
        self.newly_mapped.push(span.clone());
        log.push(Event::ExtentMapped { span });
        chunk_at
    }

    /// Whether an extent could be unmapped and `keep` bytes still be mapped.
    pub(crate) fn has_surplus(&self, keep: usize) -> bool {
        self.list.len() > 1 && self.list.iter().any(|extent| self.committed - extent.bytes() >= keep)
    }

    /// The extent to be unmapped next: nothing is in it, and without it at least `keep` bytes stay mapped, and beside huge
    /// objects an extent of chunks, which the reserve needs. The highest below `floor`, else the highest of all.
    pub(crate) fn next_surplus(&self, keep: usize, floor: Address) -> Option<usize> {
        let of_chunks = self.list.iter().filter(|extent| !extent.huge).count();
        let is_last = of_chunks == 1 && self.list.len() > 1;
        let goes = |index: &usize| {
            let extent = &self.list[*index];
            let surplus = extent.huge || (self.committed - extent.bytes() >= keep && !is_last);
            surplus && self.chunks[self.chunks_of(*index)].iter().all(Chunk::is_empty)
        };
        let above = self.list.partition_point(|extent| extent.mapping.start() < floor);
        (0..above).rev().chain((above..self.list.len()).rev()).find(goes)
    }

    /// The size of an extent.
    pub(crate) fn bytes_of(&self, extent: usize) -> usize {
        self.list[extent].bytes()
    }

    /// The places of the chunks of an extent.
    pub(crate) fn chunks_of(&self, extent: usize) -> Range<usize> {
        let span = self.list[extent].span();
        self.chunks.partition_point(|chunk| chunk.base() < span.start)
            ..self.chunks.partition_point(|chunk| chunk.base() < span.end)
    }

    /// Unmaps an extent in which nothing is.
    pub(crate) fn unmap_at(&mut self, extent: usize, log: &mut EventLog) {
        self.chunks.drain(self.chunks_of(extent));
        let extent = self.list.remove(extent);
        let span = extent.span();
        self.committed -= extent.bytes();
        self.os.unmap(extent.mapping);
        self.newly_mapped.retain(|new| *new != span);
        log.push(Event::ExtentUnmapped { span });
        let largest = self.list.iter().filter(|extent| !extent.huge).map(Extent::bytes).max();
        self.next_bytes = largest.map_or(FIRST_EXTENT, |bytes| (bytes * 2).min(LARGEST_EXTENT));
    }

    /// Makes the pages from `start` on leave residency. Says whether they did.
    pub(crate) fn give_back(&mut self, start: Address, bytes: usize) -> bool {
        let Some(extent) = self.list.iter().find(|extent| extent.span().contains(&start)) else { return false };
        self.os.give_back(extent.mapping(), start, bytes).is_ok()
    }

    /// The extents mapped since the last frame; the caller takes them out.
    pub(crate) fn newly_mapped(&mut self) -> &mut Vec<Span> {
        &mut self.newly_mapped
    }

    /// Measures which pages of a range are resident; `false` when the system does not tell.
    pub(crate) fn residency(&mut self, start: Address, resident: &mut [bool]) -> bool {
        self.os.residency(start, resident)
    }

    /// See [`super::Space::pretend_committed`].
    #[cfg(test)]
    pub(crate) fn pretend_committed(&mut self, bytes: usize) {
        self.committed += bytes;
    }

    /// Unmaps everything.
    pub(crate) fn release(&mut self) {
        for chunk in self.chunks.drain(..) {
            if let Some(tables) = free_blocks(chunk) {
                self.os.unmap(tables);
            }
        }
        for extent in self.list.drain(..) {
            self.os.unmap(extent.mapping);
        }
        self.committed = 0;
    }
}

/// Frees the blocks of a chunk, of which nothing is used any more. Gives the mapping of its tables, if they lie beside it.
fn free_blocks(chunk: Chunk) -> Option<Mapping> {
    if chunk.is_of_blocks() {
        // In the middle of a cycle some are marked.
        bitmap::clear(chunk.memory(), Bitmap::Marked, 0..CHUNK_GRANULES);
        for page in chunk.usable_pages() {
            blocks::free_dead_blocks(chunk.memory(), page);
        }
    }
    chunk.into_tables()
}
