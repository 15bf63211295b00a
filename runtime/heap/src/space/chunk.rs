//! A chunk and what its pools are used for.

use std::ops::Range;

use super::accounting::{PageCounts, Sums};
use super::bitmap;
use super::page_table::PageEntry;
use crate::object::HEADER;
use crate::os::Mapping;
use crate::raw::{Bitmap, ChunkRef, FurtherEntries, TABLE_PAGES};
use crate::terms::{
    Address, CHUNK_PAGES, CHUNK_POOLS, GRANULE, PAGE, PAGE_GRANULES, POOL_GRANULES, POOL_PAGES, PageKind, PoolKind,
    Span,
};

/// What the 16 pages of a pool's place are used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    /// Every page is free. `warm` says that some were touched and not given back since.
    Free { warm: bool },
    /// A pool. `free` counts its free granules as of the last sweep, or of when it was taken; it never rises between
    /// two sweeps, so a pool with none can be passed over. A `filling` pool belongs to a cursor.
    Pool { kind: PoolKind, free: u16, filling: bool },
    /// Pages are taken one by one: large objects, stacks, the reserve.
    Pages,
    /// Blocks of the system's allocator lie here, and what is none of ours.
    Blocks,
}

const _: () = assert!(POOL_GRANULES <= u16::MAX as usize && CHUNK_POOLS <= u16::BITS as usize);

/// One pool's place: a chunk and its number there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PoolRef {
    pub(crate) chunk: ChunkRef,
    pub(crate) slot: usize,
}

impl PoolRef {
    /// The pages of the pool, by their number in the chunk.
    pub(crate) fn pages(self) -> Range<usize> {
        slot_pages(self.slot)
    }

    /// The granules of the pool, by their number in the chunk.
    pub(crate) fn granules(self) -> Range<usize> {
        let pages = self.pages();
        pages.start * PAGE_GRANULES..pages.end * PAGE_GRANULES
    }

    /// Where the pool begins.
    pub(crate) fn start(self) -> Address {
        self.chunk.base() + self.pages().start * PAGE
    }
}

/// The pages of a slot, by their number in the chunk. The first slot of a chunk is shorter: the chunk's tables come
/// before it.
pub(crate) fn slot_pages(slot: usize) -> Range<usize> {
    (slot * POOL_PAGES).max(TABLE_PAGES)..(slot + 1) * POOL_PAGES
}

/// A chunk: its tables and pages in heap memory, and beside them what its pools are used for.
#[derive(Debug)]
pub(crate) struct Chunk {
    memory: ChunkRef,
    /// Pages, tables included: [`CHUNK_PAGES`], or more in a chunk that holds one huge object.
    pages: usize,
    further: FurtherEntries,
    /// The mapping of the tables, when they lie beside the chunk.
    tables: Option<Mapping>,
    slots: [Slot; CHUNK_POOLS],
    /// No stretch of free pages outside pools is longer than this.
    longest_gap: usize,
    /// A bit for every slot: whether it is a pool of cells of which the last sweep left every granule alive, and no entry of
    /// its pages has changed since.
    full: u16,
    /// Whether an entry may be dirty.
    dirty: bool,
    /// Whether an entry may be stale.
    stale: bool,
    /// The sums over the entries; moves with every entry.
    sums: Sums,
}

impl Chunk {
    /// A chunk of memory that is the system allocator's, at `base`, with tables of their own; of its pages none is ours yet.
    pub(crate) fn of_blocks(base: Address, tables: Mapping) -> Self {
        let mut chunk = Self {
            memory: ChunkRef::beside(base, &tables),
            pages: CHUNK_PAGES,
            further: FurtherEntries::NONE,
            tables: Some(tables),
            slots: [Slot::Blocks; CHUNK_POOLS],
            longest_gap: 0,
            full: 0,
            dirty: false,
            stale: false,
            sums: Sums::fresh(CHUNK_PAGES),
        };
        for page in 0..CHUNK_PAGES {
            chunk.set_kind(page, PageKind::Foreign, 0);
        }
        chunk
    }

    /// A chunk of fresh pages, its tables entered, that begins `offset` bytes into a mapping: of [`CHUNK_PAGES`] for pools,
    /// of more for one huge object, which are all of the mapping.
    pub(crate) fn fresh(mapping: &Mapping, offset: usize, pages: usize) -> Self {
        let mut chunk = Self::without_tables(mapping, offset, pages);
        chunk.enter_tables();
        chunk
    }

    /// The same for memory that came with a core, page entries and bitmaps included. Whether they make sense is for the
    /// verifier to say.
    pub(crate) fn saved(mapping: &Mapping, offset: usize, pages: usize) -> Self {
        let mut chunk = Self::without_tables(mapping, offset, pages);
        let usable = chunk.usable_pages();
        chunk.sums = Sums::default();
        // Nearly every page is as full as the one before it: what it adds to the sums is worked out once.
        let mut last = (PageEntry::default(), Sums::fresh(1));
        for page in 0..pages {
            let mut saved = chunk.entry(page).as_saved();
            if saved.kind().is_used() && usable.contains(&page) {
                saved.set_dirty(true);
            } else {
                saved = PageEntry::default();
            }
            if saved != last.0 {
                last = (saved, Sums::of_page(saved));
            }
            chunk.sums.add(&last.1);
            chunk.set_entry(page, saved);
        }
        chunk.enter_tables();
        if !chunk.is_huge() {
            chunk.restore_slots();
        }
        chunk
    }

    fn without_tables(mapping: &Mapping, offset: usize, pages: usize) -> Self {
        let empty = if pages > CHUNK_PAGES { Slot::Pages } else { Slot::Free { warm: false } };
        Self {
            memory: ChunkRef::new(mapping, offset),
            pages,
            further: FurtherEntries::new(mapping),
            tables: None,
            slots: [empty; CHUNK_POOLS],
            longest_gap: pages,
            full: 0,
            dirty: true,
            stale: false,
            sums: Sums::fresh(pages),
        }
    }

    fn enter_tables(&mut self) {
        let usable = self.usable_pages();
        for page in (0..usable.start).chain(usable.end..self.pages) {
            self.set_kind(page, PageKind::Tables, 0);
        }
    }

    pub(crate) fn memory(&self) -> ChunkRef {
        self.memory
    }

    pub(crate) fn base(&self) -> Address {
        self.memory.base()
    }

    /// How many pages it has, tables included.
    pub(crate) fn pages(&self) -> usize {
        self.pages
    }

    pub(crate) fn end(&self) -> Address {
        self.base() + self.pages * PAGE
    }

    /// Whether its memory is the system allocator's.
    pub(crate) fn is_of_blocks(&self) -> bool {
        self.memory.has_tables_beside()
    }

    /// The pages that are not tables: those lie at the head and, in a huge chunk, at the end too; or beside the chunk.
    pub(crate) fn usable_pages(&self) -> Range<usize> {
        let first = if self.is_of_blocks() { 0 } else { TABLE_PAGES };
        first..self.pages - FurtherEntries::pages_for(self.pages)
    }

    /// Whether the chunk holds one huge object and no pools.
    pub(crate) fn is_huge(&self) -> bool {
        self.pages > CHUNK_PAGES
    }

    /// The sums over the entries.
    pub(crate) fn sums(&self) -> &Sums {
        &self.sums
    }

    pub(crate) fn slot(&self, slot: usize) -> Slot {
        self.slots[slot]
    }

    pub(crate) fn set_slot(&mut self, slot: usize, state: Slot) {
        self.slots[slot] = state;
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = (usize, Slot)> {
        self.slots.iter().copied().enumerate()
    }

    pub(crate) fn pool(&self, slot: usize) -> PoolRef {
        PoolRef { chunk: self.memory, slot }
    }

    /// The entry of a page.
    #[inline]
    pub(crate) fn entry(&self, page: usize) -> PageEntry {
        assert!(page < self.pages, "page {page} of {}", self.pages);
        if page < CHUNK_PAGES { self.memory.entry(page) } else { self.further.entry(page - CHUNK_PAGES) }
    }

    #[inline]
    fn set_entry(&mut self, page: usize, entry: PageEntry) {
        if page < CHUNK_PAGES {
            self.memory.set_entry(page, entry);
        } else {
            self.further.set_entry(page - CHUNK_PAGES, entry);
        }
    }

    /// Changes the entry of a page and marks it dirty.
    #[inline]
    pub(crate) fn update(&mut self, page: usize, change: impl FnOnce(&mut PageEntry)) {
        let before = self.entry(page);
        let mut entry = before;
        change(&mut entry);
        entry.set_dirty(true);
        self.set_entry(page, entry);
        self.sums.replace(before, entry);
        self.dirty = true;
        self.forget_full(page);
    }

    fn forget_full(&mut self, page: usize) {
        if page < CHUNK_PAGES {
            self.full &= !(1 << (page / POOL_PAGES));
        }
    }

    /// Notes that the sweep left every granule of a pool of cells alive.
    pub(crate) fn note_full(&mut self, slot: usize) {
        self.full |= 1 << slot;
    }

    /// Whether nothing about a slot has changed since [`Self::note_full`]. The further pages of a huge object are in none.
    #[inline]
    pub(crate) fn is_full(&self, slot: usize) -> bool {
        self.full.checked_shr(slot as u32).is_some_and(|bits| bits & 1 == 1)
    }

    /// Notes that the granules `range` were allocated; see [`Self::note_granules`].
    pub(crate) fn note_allocation(&mut self, range: Range<usize>) {
        let mut rest = range;
        while rest.start < rest.end {
            let page = rest.start / PAGE_GRANULES;
            let here = rest.end.min((page + 1) * PAGE_GRANULES) - rest.start;
            self.note_granules(page, here);
            rest.start += here;
        }
    }

    /// Notes that so many granules of a page were allocated: it is dirty, and no longer cold. Its free runs are counted
    /// when somebody asks.
    pub(crate) fn note_granules(&mut self, page: usize, granules: usize) {
        self.update(page, |entry| {
            entry.set_used(entry.used() + granules);
            entry.set_cold(false);
            entry.set_stale(true);
        });
        self.stale = true;
    }

    /// Notes that a page of a pool was swept: `used` granules are left. Its free runs are counted when somebody asks.
    pub(crate) fn note_sweep(&mut self, page: usize, used: usize) {
        let before = self.entry(page);
        if before.stays_when_swept(used) {
            return;
        }
        let swept = before.as_swept(used);
        if swept.as_framed() == before.as_framed() {
            // What only the collector sees.
            self.memory.set_entry(page, swept);
        } else {
            self.update(page, |entry| *entry = swept);
            self.stale |= swept.is_stale();
        }
    }

    pub(crate) fn set_kind(&mut self, page: usize, kind: PageKind, birth: u64) {
        self.update(page, |entry| {
            let cold = entry.kind() == PageKind::Fresh || entry.kind() == PageKind::GivenBack || entry.is_cold();
            entry.become_kind(kind, birth);
            entry.set_cold(cold && (kind.is_pooled() || kind == PageKind::Reserve));
        });
    }

    /// Sees from the entries what the slots are used for.
    fn restore_slots(&mut self) {
        for slot in 0..self.slots.len() {
            let kinds = || slot_pages(slot).map(|page| self.entry(page).kind());
            let used: usize = slot_pages(slot).map(|page| self.entry(page).used()).sum();
            let free = self.pool(slot).granules().len().saturating_sub(used) as u16;
            let pool = |kind| Slot::Pool { kind, free, filling: false };
            self.slots[slot] = if kinds().all(PageKind::is_free) {
                Slot::Free { warm: false }
            } else if kinds().all(|kind| kind == PageKind::Cells) {
                pool(PoolKind::Cells)
            } else if kinds().all(|kind| kind == PageKind::Objects) {
                pool(PoolKind::Objects)
            } else if kinds().all(|kind| kind == PageKind::Mixed) {
                pool(PoolKind::Mixed)
            } else {
                Slot::Pages
            };
        }
    }

    /// Makes a free slot a pool that a cursor fills.
    pub(crate) fn take_pool(&mut self, slot: usize, kind: PoolKind, birth: u64) -> PoolRef {
        debug_assert!(matches!(self.slots[slot], Slot::Free { .. }));
        for page in slot_pages(slot) {
            self.set_kind(page, kind.page_kind(), birth);
        }
        let pool = self.pool(slot);
        self.slots[slot] = Slot::Pool { kind, free: pool.granules().len() as u16, filling: true };
        pool
    }

    /// Makes the pages of an empty pool free.
    pub(crate) fn release_pool(&mut self, slot: usize) {
        let mut warm = false;
        for page in slot_pages(slot) {
            let kind = if self.entry(page).is_cold() { PageKind::GivenBack } else { PageKind::Free };
            warm |= kind == PageKind::Free;
            self.set_kind(page, kind, 0);
        }
        self.slots[slot] = Slot::Free { warm };
        self.longest_gap = self.pages;
    }

    /// Takes the first `count` adjacent free pages that belong to no pool, or says that there are none. Their entries
    /// are the caller's to set.
    pub(crate) fn take_pages(&mut self, count: usize) -> Option<Range<usize>> {
        if count > self.longest_gap {
            return None;
        }
        let mut longest = 0;
        let mut start = self.usable_pages().start;
        for page in self.usable_pages() {
            if !self.is_loose(page) {
                start = page + 1;
                continue;
            }
            longest = longest.max(page + 1 - start);
            if page + 1 - start == count {
                let last = self.slots.len() - 1;
                self.slots[(start / POOL_PAGES).min(last)..=(page / POOL_PAGES).min(last)].fill(Slot::Pages);
                return Some(start..page + 1);
            }
        }
        self.longest_gap = longest;
        None
    }

    fn is_loose(&self, page: usize) -> bool {
        let in_pool = matches!(self.slots.get(page / POOL_PAGES), Some(Slot::Pool { .. }));
        !in_pool && self.entry(page).kind().is_free()
    }

    /// Makes pages taken one by one free again.
    pub(crate) fn release_pages(&mut self, pages: Range<usize>) {
        for page in pages.clone() {
            let kind = if self.entry(page).is_cold() { PageKind::GivenBack } else { PageKind::Free };
            self.set_kind(page, kind, 0);
        }
        self.leave_pages(pages);
    }

    /// Leaves pages that are free: [`Self::take_pages`] took them and nothing was done with them, or they were freed.
    pub(crate) fn leave_pages(&mut self, pages: Range<usize>) {
        self.longest_gap = self.pages;
        if self.is_huge() {
            return;
        }
        for slot in pages.start / POOL_PAGES..=((pages.end - 1) / POOL_PAGES) {
            if slot_pages(slot).all(|page| self.entry(page).kind().is_free()) {
                let warm = slot_pages(slot).any(|page| self.entry(page).kind() == PageKind::Free);
                self.slots[slot] = Slot::Free { warm };
            }
        }
    }

    /// Takes a page in use: something of the heap is about to lie there. Says whether it was none of ours before.
    pub(crate) fn adopt(&mut self, page: usize, birth: u64) -> bool {
        let kind = self.entry(page).kind();
        if kind != PageKind::Mixed {
            self.set_kind(page, PageKind::Mixed, birth);
        }
        kind == PageKind::Foreign
    }

    /// The stretches of pages in which blocks lie, in granules.
    pub(crate) fn stretches_of_blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let mut at = if self.is_of_blocks() { 0 } else { self.pages };
        let is_mixed = |page: &usize| self.entry(*page).kind() == PageKind::Mixed;
        std::iter::from_fn(move || {
            let start = (at..self.pages).find(is_mixed)?;
            at = (start..self.pages).find(|page| !is_mixed(page)).unwrap_or(self.pages);
            Some(start * PAGE_GRANULES..at * PAGE_GRANULES)
        })
    }

    /// Forgets the pages inside a range that is not mapped any more, and that are ours still. Gives their number.
    pub(crate) fn forget(&mut self, range: &Span) -> usize {
        let mut forgotten = 0;
        for page in 0..self.pages {
            let address = self.base() + page * PAGE;
            let entry = self.entry(page);
            if entry.kind() != PageKind::Foreign && entry.used() == 0 && range.contains(&address) {
                self.update(page, |entry| *entry = PageEntry::foreign());
                forgotten += 1;
            }
        }
        forgotten
    }

    /// Whether no page of it is ours.
    pub(crate) fn is_all_foreign(&self) -> bool {
        self.sums.ours() == 0
    }

    /// The mapping of its tables, of which nothing is used any more, when they lie beside it.
    pub(crate) fn into_tables(self) -> Option<Mapping> {
        self.tables
    }

    /// Whether nothing but tables is in the chunk.
    pub(crate) fn is_empty(&self) -> bool {
        let free = PageKind::ALL.into_iter().filter(|kind| kind.is_free() || *kind == PageKind::Tables);
        free.map(|kind| self.sums.pages[kind as usize]).sum::<usize>() == self.pages
    }

    /// Calls `visit` for every dirty page of ours and makes it clean.
    pub(crate) fn clean(&mut self, mut visit: impl FnMut(usize, PageEntry)) {
        if !self.dirty {
            return;
        }
        self.dirty = false;
        for page in 0..self.pages {
            let mut entry = self.entry(page);
            if entry.is_dirty() {
                entry.set_dirty(false);
                self.set_entry(page, entry);
                if entry.kind() != PageKind::Foreign {
                    visit(page, entry);
                }
            }
        }
    }

    /// Records whether a page was resident when measured; dirty when that changed.
    pub(crate) fn set_resident(&mut self, page: usize, resident: bool) {
        let ours = self.entry(page).kind() != PageKind::Foreign;
        if ours && self.entry(page).resident() != Some(resident) {
            self.update(page, |entry| entry.set_resident(resident));
        }
    }

    /// Brings the counts of stale pages up to what the bitmaps say. `marking` says whether marks mean anything.
    pub(crate) fn recount_stale(&mut self, marking: bool) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        for page in self.usable_pages() {
            let before = self.entry(page);
            if before.is_stale() {
                let counts = PageCounts::of(self.memory, page, marking);
                let mut entry = before;
                counts.store(&mut entry);
                self.memory.set_entry(page, entry);
                self.sums.replace(before, entry);
                self.forget_full(page);
            }
        }
    }

    /// While a mark is under way: brings marked and grey counts of all used pages up to what the bitmaps say. The bit of a
    /// large object's head counts for all of its pages.
    pub(crate) fn recount_marks(&mut self) {
        let mut reached = 0;
        for page in self.usable_pages() {
            let entry = self.entry(page);
            let kind = entry.kind();
            let (marked, grey) = if kind.is_pooled() {
                let count = |bitmap| bitmap::count_page(self.memory, bitmap, page);
                (count(Bitmap::Marked), count(Bitmap::Grey))
            } else if kind.is_used() {
                let head = page * PAGE_GRANULES;
                let is = |bitmap| bitmap::is_set(self.memory, bitmap, head);
                let begins = page < CHUNK_PAGES && is(Bitmap::Allocated);
                if begins {
                    reached = if is(Bitmap::Marked) { PAGE_GRANULES } else { 0 };
                }
                (reached, usize::from(begins && is(Bitmap::Grey)))
            } else {
                continue;
            };
            if (marked, grey) != (entry.marked(), entry.grey()) {
                let mut counted = entry;
                counted.set_marked(marked);
                counted.set_grey(grey);
                counted.set_dirty(true);
                // The sums know nothing of marks.
                self.set_entry(page, counted);
                self.dirty = true;
                self.forget_full(page);
            }
        }
    }
}

impl Chunk {
    /// The whole pages beyond the slots in use of the first stack that begins at or after page `from`, and the page it
    /// begins at. What those pages hold is of no value.
    pub(crate) fn unused_stack_pages(&self, from: usize) -> Option<(usize, Span)> {
        let begins = |page: &usize| {
            self.entry(*page).kind() == PageKind::Stack
                && bitmap::is_set(self.memory, Bitmap::Allocated, page * PAGE_GRANULES)
        };
        let page = (from.max(TABLE_PAGES)..self.usable_pages().end.min(CHUNK_PAGES)).find(begins)?;
        let stack = self.memory.object_at(page * PAGE_GRANULES);
        let used = stack.value(0).as_fixnum().map_or(0, |slots| slots as usize);
        let first = (stack.address() + HEADER + (1 + used) * 8).align_up(PAGE);
        let end = (stack.address() + stack.header().granules() * GRANULE).align_down(PAGE);
        Some((page, first..end.max(first)))
    }

    /// Enters that a page was given back that is warm, or fresh but resident with the large page in which it lies.
    pub(crate) fn mark_given_back(&mut self, page: usize) {
        if matches!(self.entry(page).kind(), PageKind::Free | PageKind::Fresh) {
            self.set_kind(page, PageKind::GivenBack, 0);
        } else {
            self.update(page, |entry| entry.set_cold(true));
        }
        if let Some(state @ Slot::Free { .. }) = self.slots.get(page / POOL_PAGES).copied() {
            let warm = slot_pages(page / POOL_PAGES).any(|page| self.entry(page).kind() == PageKind::Free);
            if state != (Slot::Free { warm }) {
                self.slots[page / POOL_PAGES] = Slot::Free { warm };
            }
        }
    }
}
