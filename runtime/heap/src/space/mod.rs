//! Where things lie: extents of chunks, chunks of pools, pools of pages, free runs.
//!
//! * [`page_table`] what the table says of a page
//! * [`accounting`] the balance, as sums that move with the table
//! * [`bitmap`] searching and changing the bitmaps of a chunk
//! * [`chunk`] a chunk and what its pools are used for
//! * [`extent`] growth, holes, unmapping
//! * [`limit`] the soft limit, the reserve, and what it means to be exhausted
//! * [`policy`] how a heap places what it allocates
//! * [`cursor`] allocation: bump in a free run, run after run in address order
//! * [`first_fit`] the lowest free run that something fits, for one kind of pool
//! * [`blocks`] memory that the system's allocator places

pub(crate) mod accounting;
pub(crate) mod bitmap;
pub(crate) mod blocks;
pub(crate) mod chunk;
pub(crate) mod cursor;
pub(crate) mod extent;
pub(crate) mod first_fit;
pub(crate) mod limit;
pub(crate) mod page_table;
pub(crate) mod policy;

use std::ops::Range;

use crate::frame::{Event, EventLog};
use crate::os::{Os, OsError};
use crate::raw::{ChunkRef, TABLE_PAGES};
use crate::terms::{Address, CHUNK, CHUNK_PAGES, CHUNK_POOLS, PAGE, PageKind, PoolKind, Span};
use accounting::Sums;
use chunk::{Chunk, PoolRef, Slot};
use extent::{Extent, Extents, Saved};
use limit::{Limit, Refused, Reserve};
use page_table::PageEntry;
use policy::{Placement, Policy};

/// The share by which the warm pages may be too many before any is given back: a quarter.
const SLACK: usize = 4;

/// Unmapping an extent counts as much as giving back so many bytes, as there may be one for every huge object that died, and
/// as much as giving back this share of it: the tables of all its pages go, too.
const UNMAPPING: usize = 64 << 10;
const UNMAPPING_SHARE: usize = 256;

/// The share of the soft limit that one extent takes at most.
const LIMIT_SHARE: usize = 32;

/// The heap's memory and who has which part of it.
#[derive(Debug)]
pub(crate) struct Space {
    policy: Policy,
    extents: Extents,
    limit: Limit,
    reserve: Reserve,
    /// How many blocks the system's allocator gave for something to lie in.
    pub(crate) blocks: u64,
    pub(crate) log: EventLog,
    /// No chunk before this one has a warm free slot.
    warm_from: usize,
    /// No chunk before this one has a free slot.
    free_from: usize,
    /// Nothing is placed below this.
    floor: Address,
}

/// Pages taken one by one, and whether they hold zeros.
#[derive(Debug)]
pub(crate) struct PageRun {
    pub(crate) chunk: usize,
    pub(crate) pages: Range<usize>,
    pub(crate) zeroed: bool,
}

impl Space {
    pub(crate) fn new(policy: Policy, os: Box<dyn Os>) -> Self {
        if policy.placement == Placement::Malloc && !policy.gives_back {
            crate::os::blocks::keep_all();
        }
        Self {
            policy,
            extents: Extents::new(os, policy.large_pages),
            limit: Limit::default(),
            reserve: Reserve::default(),
            blocks: 0,
            log: EventLog::default(),
            warm_from: 0,
            free_from: 0,
            floor: Address::default(),
        }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// From now on extents that are large enough lie in large pages; what is mapped stays as it is.
    pub(crate) fn use_large_pages(&mut self) {
        self.policy.large_pages = true;
        self.extents.use_large_pages();
    }

    /// Bytes of the heap that lie in large pages; `None` when the system does not tell.
    pub(crate) fn in_large_pages(&self) -> Option<usize> {
        self.extents.in_large_pages()
    }

    /// Whether the system's allocator places everything.
    pub(crate) fn is_of_blocks(&self) -> bool {
        self.policy.placement == Placement::Malloc
    }

    pub(crate) fn extents(&self) -> &[Extent] {
        self.extents.list()
    }

    pub(crate) fn chunks(&self) -> &[Chunk] {
        self.extents.chunks()
    }

    pub(crate) fn chunks_mut(&mut self) -> &mut [Chunk] {
        self.extents.chunks_mut()
    }

    /// The place of a chunk among the chunks.
    pub(crate) fn index_of(&self, chunk: ChunkRef) -> usize {
        self.extents.index_of(chunk)
    }

    pub(crate) fn chunk_mut(&mut self, chunk: ChunkRef) -> &mut Chunk {
        let index = self.index_of(chunk);
        &mut self.extents.chunks_mut()[index]
    }

    pub(crate) fn chunk_at(&self, address: Address) -> Option<(usize, &Chunk)> {
        self.extents.chunk_at(address)
    }

    /// The address ranges that are the heap's, lowest first: its extents, and where blocks lie.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Span> {
        self.extents().iter().map(Extent::span).chain(self.spans_of_blocks())
    }

    /// The ranges between two of them, which are not the heap's, lowest first.
    pub(crate) fn holes(&self) -> impl Iterator<Item = Span> {
        let mut end = None;
        self.spans().filter_map(move |span| {
            let below = end.replace(span.end)?;
            (below < span.start).then_some(below..span.start)
        })
    }

    pub(crate) fn committed(&self) -> usize {
        self.extents.committed()
    }

    pub(crate) fn diverted(&self) -> u64 {
        self.extents.diverted()
    }

    /// Bytes that the soft limit still allows to commit.
    pub(crate) fn headroom(&self) -> usize {
        self.limit.headroom(self.committed())
    }

    pub(crate) fn limit(&self) -> &Limit {
        &self.limit
    }

    /// Sets the soft limit in bytes; `None` for no limit.
    pub(crate) fn set_limit(&mut self, bytes: Option<usize>) {
        self.limit.bytes = bytes;
        self.touch_reserve();
    }

    /// The sums over the whole heap.
    pub(crate) fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for chunk in self.chunks() {
            sums.add(chunk.sums());
        }
        sums
    }

    /// Takes a free pool: the lowest that is warm, else the lowest, else one of a new extent.
    pub(crate) fn take_pool(&mut self, kind: PoolKind, clock: u64) -> Result<PoolRef, Refused> {
        if let Some(pool) = self.take_free_pool(kind, clock) {
            return Ok(pool);
        }
        self.grow()?;
        match self.take_free_pool(kind, clock) {
            Some(pool) => Ok(pool),
            None => unreachable!("a new extent has free pools"),
        }
    }

    fn take_free_pool(&mut self, kind: PoolKind, clock: u64) -> Option<PoolRef> {
        let (chunk, slot) = self.find_slot(true).or_else(|| self.find_slot(false))?;
        Some(self.take_slot(chunk, slot, kind, clock))
    }

    /// Makes a free slot a pool that somebody fills.
    fn take_slot(&mut self, chunk: usize, slot: usize, kind: PoolKind, clock: u64) -> PoolRef {
        let pool = self.extents.chunks_mut()[chunk].take_pool(slot, kind, clock);
        self.log.push(Event::PoolTaken { start: pool.start(), kind });
        pool
    }

    fn find_slot(&mut self, only_warm: bool) -> Option<(usize, usize)> {
        let from = if only_warm { self.warm_from } else { self.free_from };
        let suits = |slot: Slot| matches!(slot, Slot::Free { warm } if warm || !only_warm);
        let mut chunks = self.chunks().iter().enumerate().skip(from);
        let found = chunks
            .find_map(|(index, chunk)| chunk.slots().find(|(_, slot)| suits(*slot)).map(|(slot, _)| (index, slot)));
        let next = found.map_or(self.chunks().len(), |(chunk, _)| chunk);
        if only_warm {
            self.warm_from = next;
        } else {
            self.free_from = next;
        }
        found
    }

    fn forget_hints(&mut self) {
        let lowest = self.chunks().partition_point(|chunk| chunk.base() < self.floor);
        self.warm_from = lowest;
        self.free_from = lowest;
    }

    /// Nothing is placed below this.
    pub(crate) fn floor(&self) -> Address {
        self.floor
    }

    /// From now on nothing is placed below `floor`. While that is so, pools and pages are taken with
    /// [`Self::take_pool_below`], [`Self::take_pages_below`] and [`Self::take_huge_between`] only.
    pub(crate) fn set_floor(&mut self, floor: Address) {
        self.floor = floor;
        self.forget_hints();
    }

    /// Makes an empty pool free.
    pub(crate) fn release_pool(&mut self, pool: PoolRef) {
        let index = self.extents.index_of(pool.chunk);
        self.chunks_mut()[index].release_pool(pool.slot);
        self.log.push(Event::PoolFreed { start: pool.start() });
        if pool.start() >= self.floor {
            self.warm_from = self.warm_from.min(index);
            self.free_from = self.free_from.min(index);
        }
    }

    /// Takes `count` adjacent free pages: the first that fit, else some of a new extent, which is made for the
    /// purpose when no chunk could hold them.
    pub(crate) fn take_pages(&mut self, count: usize) -> Result<PageRun, Refused> {
        if let Some(run) = self.take_free_pages(count) {
            return Ok(run);
        }
        if count <= CHUNK_PAGES - TABLE_PAGES {
            self.grow()?;
        } else {
            let bytes = Extents::huge_bytes(count);
            if bytes > self.headroom() {
                return Err(Refused { bytes, by_system: false });
            }
            self.extents.grow_huge(count, &mut self.log).map_err(|_os| Refused { bytes, by_system: true })?;
            self.forget_hints();
        }
        match self.take_free_pages(count) {
            Some(run) => Ok(run),
            None => unreachable!("a new extent has the pages it was mapped for"),
        }
    }

    fn take_free_pages(&mut self, count: usize) -> Option<PageRun> {
        let huge = count > CHUNK_PAGES - TABLE_PAGES;
        let floor = self.floor;
        let chunks = self.extents.chunks_mut().iter_mut().enumerate().filter(|(_, chunk)| chunk.base() >= floor);
        // A huge chunk holds one object: its bits are found by the address of the first page.
        for (index, chunk) in chunks.filter(|(_, chunk)| chunk.is_huge() == huge && (!huge || chunk.is_empty())) {
            if let Some(pages) = chunk.take_pages(count) {
                let zeroed =
                    pages.clone().all(|page| matches!(chunk.entry(page).kind(), PageKind::Fresh | PageKind::GivenBack));
                return Some(PageRun { chunk: index, pages, zeroed });
            }
        }
        None
    }

    /// Takes the first `count` adjacent free pages, if they lie below `limit`. Never grows.
    pub(crate) fn take_pages_below(&mut self, count: usize, limit: Address) -> Option<PageRun> {
        let run = self.take_free_pages(count)?;
        let chunk = &mut self.extents.chunks_mut()[run.chunk];
        if chunk.base() + run.pages.start * PAGE < limit {
            return Some(run);
        }
        chunk.leave_pages(run.pages);
        self.forget_hints();
        None
    }

    /// Maps an extent for a huge object of `count` pages in the lowest gap above `from`, if it begins below `limit`.
    pub(crate) fn take_huge_between(&mut self, count: usize, from: Address, limit: Address) -> Option<PageRun> {
        if Extents::huge_bytes(count) > self.headroom() {
            return None;
        }
        self.extents.grow_huge_between(count, from..limit, &mut self.log)?;
        self.forget_hints();
        self.take_free_pages(count)
    }

    /// Makes pages taken one by one free.
    pub(crate) fn release_pages(&mut self, chunk: usize, pages: Range<usize>) {
        self.extents.chunks_mut()[chunk].release_pages(pages);
        self.forget_hints();
    }

    fn grow(&mut self) -> Result<(), Refused> {
        self.grow_by(usize::MAX)
    }

    /// Grows by an extent, no larger than `enough` bytes and a chunk more.
    pub(crate) fn grow_by(&mut self, enough: usize) -> Result<(), Refused> {
        // Under a limit extents stay small, so that what is empty can make way for something else.
        let share = self.limit.bytes.map_or(usize::MAX, |limit| (limit / LIMIT_SHARE).max(CHUNK));
        let headroom = self.headroom().min(enough.saturating_add(CHUNK)).min(share);
        if self.headroom() < CHUNK {
            return Err(Refused { bytes: CHUNK, by_system: false });
        }
        self.extents.grow(headroom, &mut self.log).map_err(|os| Refused { bytes: os.bytes, by_system: true })?;
        self.forget_hints();
        Ok(())
    }

    /// Maps an extent for chunks that were saved; see [`Extents::map_saved`].
    pub(crate) fn map_saved(&mut self, saved: &Saved<'_>) -> Result<Address, OsError> {
        self.extents.map_saved(saved, &mut self.log)
    }

    /// The bytes of an extent from `start` on.
    pub(crate) fn stored(&self, start: Address, bytes: usize) -> &[u8] {
        self.extents.stored(start, bytes)
    }

    /// The lowest pool of one kind from `from` on with free granules and no cursor in it. Where everything goes to one kind
    /// of pool, a free one that lies lower is taken.
    pub(crate) fn next_partial_pool(&mut self, kind: PoolKind, from: Address, clock: u64) -> Option<PoolRef> {
        let pool = self.find_partial_pool(kind, from)?;
        let chunk = self.chunk_mut(pool.chunk);
        if let Slot::Pool { free, .. } = chunk.slot(pool.slot) {
            chunk.set_slot(pool.slot, Slot::Pool { kind, free, filling: true });
            return Some(pool);
        }
        Some(self.take_slot(self.index_of(pool.chunk), pool.slot, kind, clock))
    }

    /// The pool that [`Self::next_partial_pool`] would give.
    pub(crate) fn find_partial_pool(&self, kind: PoolKind, from: Address) -> Option<PoolRef> {
        let first = self.chunks().partition_point(|chunk| chunk.end() <= from);
        self.chunks()[first..].iter().find_map(|chunk| {
            let found = chunk.slots().find(|(slot, state)| {
                let fits = match state {
                    Slot::Pool { kind: k, free, filling: false } => *k == kind && *free > 0,
                    Slot::Free { .. } => kind == PoolKind::Mixed,
                    _ => false,
                };
                fits && chunk.pool(*slot).start() >= from
            });
            found.map(|(slot, _)| chunk.pool(slot))
        })
    }

    /// The free pool that [`Self::take_pool`] would give without growing.
    pub(crate) fn find_free_pool(&self) -> Option<PoolRef> {
        let find = |from: usize, wanted: fn(Slot) -> bool| {
            self.chunks()[from.min(self.chunks().len())..]
                .iter()
                .find_map(|chunk| chunk.slots().find(|(_, slot)| wanted(*slot)).map(|(slot, _)| chunk.pool(slot)))
        };
        find(self.warm_from, |slot| matches!(slot, Slot::Free { warm: true }))
            .or_else(|| find(self.free_from, |slot| matches!(slot, Slot::Free { .. })))
    }

    /// A cursor leaves a pool, having passed over its free runs or filled them.
    pub(crate) fn leave_pool(&mut self, pool: PoolRef, free: usize) {
        let chunk = self.chunk_mut(pool.chunk);
        if let Slot::Pool { kind, .. } = chunk.slot(pool.slot) {
            chunk.set_slot(pool.slot, Slot::Pool { kind, free: free as u16, filling: false });
        }
    }

    /// Unmaps empty extents, keeping `keep_mapped` bytes. What is touched in them is given back before, `most` bytes of it
    /// at most, unmapping included: the system takes its time over it. Says how many bytes left residency, and whether no
    /// extent is left to unmap.
    pub(crate) fn unmap_empty(&mut self, keep_mapped: usize, most: usize) -> (usize, bool) {
        // What is held back may lie in an extent that is empty otherwise; what is left of the heap has room for it.
        let held = self.reserve_held() > 0 && self.extents.has_surplus(keep_mapped);
        if held {
            self.release_reserve();
        }
        let (mut given, mut unmapping) = (0, 0);
        let mut done = true;
        while done && let Some(extent) = self.extents.next_surplus(keep_mapped, self.floor) {
            for index in self.extents.chunks_of(extent) {
                if self.warm_pages_of(index) > 0 {
                    given += self.give_back_of(index, 1, most.saturating_sub(given + unmapping), PageEntry::is_warm);
                }
            }
            let cost = (self.extents.bytes_of(extent) / UNMAPPING_SHARE).max(UNMAPPING).min(most);
            done = given + unmapping + cost <= most;
            if done {
                self.extents.unmap_at(extent, &mut self.log);
                unmapping += cost;
            }
        }
        if held {
            self.fill_reserve();
        }
        self.forget_hints();
        (given, done)
    }

    /// Gives whole free pages back to the system, highest first, in runs of at least `least` pages, until no more than
    /// `keep_warm` bytes of free pages are left warm, or `most` bytes were given, or as many chunks looked at as that is pages.
    /// Goes on `below` an address, and moves it down to where it has come: to nought when it is through. Says how many bytes
    /// left residency.
    pub(crate) fn give_back(&mut self, keep_warm: usize, least: usize, most: usize, below: &mut Address) -> usize {
        let touched_reserve = self.limit.bytes.is_some();
        let sums = self.sums();
        let warm = (sums.warm + if touched_reserve { 0 } else { sums.warm_reserve }) * PAGE;
        // A little too much is kept: it goes up and down by what evacuation moves.
        if warm <= keep_warm + keep_warm / SLACK {
            *below = Address::default();
            return 0;
        }
        let spare = if touched_reserve { is_warm_and_not_held } else { PageEntry::is_warm };
        let most_chunks = most / PAGE;
        let most = most.min((warm - keep_warm).next_multiple_of(PAGE)).max(least * PAGE);
        let mut given = 0;
        let chunks = self.chunks().partition_point(|chunk| chunk.base() < *below);
        for (looked, index) in (0..chunks).rev().enumerate() {
            if given >= most || looked == most_chunks {
                break;
            }
            if self.warm_pages_of(index) >= least {
                given += self.give_back_of(index, least, most - given, spare);
            }
            if given < most {
                *below = if index > 0 { self.chunks()[index].base() } else { Address::default() };
            }
        }
        if chunks == 0 {
            *below = Address::default();
        }
        self.forget_hints();
        given
    }

    /// Gives back the pages that nothing has touched, of extents in large pages: those became resident with their neighbours.
    /// Says how many bytes.
    pub(crate) fn give_back_untouched(&mut self) -> usize {
        let mut given = 0;
        for index in 0..self.chunks().len() {
            if self.extents.is_in_large_pages(self.chunks()[index].base()) {
                given += self.give_back_of(index, 1, usize::MAX, |entry| entry.kind() == PageKind::Fresh);
            }
        }
        given
    }

    fn warm_pages_of(&self, index: usize) -> usize {
        let sums = self.chunks()[index].sums();
        sums.warm + sums.warm_reserve
    }

    /// Gives back pages of one chunk that are spare, in runs of at least `least` pages: `most` bytes, and perhaps such a run
    /// more.
    fn give_back_of(&mut self, index: usize, least: usize, most: usize, spare: fn(PageEntry) -> bool) -> usize {
        let mut given = 0;
        let mut end = self.chunks()[index].pages();
        while given < most && end > chunk_first_page(&self.chunks()[index]) {
            let chunk = &self.chunks()[index];
            let longest = (most - given).div_ceil(PAGE).max(least);
            let run = spare_run_before(chunk, end, longest, spare);
            end = run.start;
            if run.len() >= least.max(1)
                && self.extents.give_back(chunk_page_address(chunk, run.start), run.len() * PAGE)
            {
                let chunk = &mut self.extents.chunks_mut()[index];
                for page in run.clone() {
                    chunk.mark_given_back(page);
                }
                given += run.len() * PAGE;
            }
        }
        given
    }

    /// Gives back the pages of the tables that hold nothing while no cycle is under way: the bitmaps of marks. And of
    /// stacks, what is beyond the slots in use. Says how many bytes. Not in large pages, none of which would be left.
    pub(crate) fn give_back_idle_tables(&mut self) -> usize {
        let mut given = 0;
        for index in 0..self.chunks().len() {
            if self.extents.is_in_large_pages(self.chunks()[index].base()) {
                continue;
            }
            let mut from = 0;
            let mut next = Some(self.chunks()[index].memory().idle_tables());
            while let Some(range) = next {
                if range.start < range.end && self.extents.give_back(range.start, range.end - range.start) {
                    given += range.end - range.start;
                }
                next = self.chunks()[index].unused_stack_pages(from).map(|(page, range)| {
                    from = page + 1;
                    range
                });
            }
        }
        given
    }

    /// Takes the lowest free pool, if it lies below `limit`.
    pub(crate) fn take_pool_below(&mut self, kind: PoolKind, limit: Address, clock: u64) -> Option<PoolRef> {
        let (index, slot) = self.find_slot(false)?;
        let below = self.chunks()[index].pool(slot).start() < limit;
        below.then(|| self.take_slot(index, slot, kind, clock))
    }

    /// Takes the lowest free pool that is as long as any: not the first of a chunk, which is shorter.
    pub(crate) fn take_whole_pool(&mut self, kind: PoolKind, clock: u64) -> Result<PoolRef, Refused> {
        if let Some(pool) = self.take_whole_pool_below(kind, Address::new(usize::MAX), clock) {
            return Ok(pool);
        }
        self.grow()?;
        match self.take_whole_pool_below(kind, Address::new(usize::MAX), clock) {
            Some(pool) => Ok(pool),
            None => unreachable!("a new extent has whole free pools"),
        }
    }

    /// The same, if it lies below `limit`. Never grows.
    pub(crate) fn take_whole_pool_below(&mut self, kind: PoolKind, limit: Address, clock: u64) -> Option<PoolRef> {
        let chunks = self.chunks().iter().enumerate().skip(self.free_from);
        let (index, slot) = chunks.into_iter().find_map(|(index, chunk)| {
            let slot = (1..CHUNK_POOLS).find(|slot| matches!(chunk.slot(*slot), Slot::Free { .. }))?;
            Some((index, slot))
        })?;
        let below = self.chunks()[index].pool(slot).start() < limit;
        below.then(|| self.take_slot(index, slot, kind, clock))
    }

    /// Measures the residency of every page; `false` when the system does not tell.
    pub(crate) fn measure_residency(&mut self) -> bool {
        let mut answers = vec![false; CHUNK_PAGES];
        for index in 0..self.chunks().len() {
            let (base, pages) = (self.chunks()[index].base(), self.chunks()[index].pages());
            for first in (0..pages).step_by(CHUNK_PAGES) {
                let count = CHUNK_PAGES.min(pages - first);
                if !self.extents.residency(base + first * PAGE, &mut answers[..count]) {
                    return false;
                }
                let chunk = &mut self.extents.chunks_mut()[index];
                for (page, resident) in answers[..count].iter().enumerate() {
                    chunk.set_resident(first + page, *resident);
                }
            }
        }
        true
    }

    /// The extents mapped since the last frame; the caller takes them out.
    pub(crate) fn newly_mapped(&mut self) -> &mut Vec<Span> {
        self.extents.newly_mapped()
    }

    /// Breaks the count of committed bytes, so that tests can see whether the verifier notices.
    #[cfg(test)]
    pub(crate) fn pretend_committed(&mut self, bytes: usize) {
        self.extents.pretend_committed(bytes);
    }

    /// Unmaps everything.
    pub(crate) fn release(&mut self) {
        self.release_reserve();
        self.extents.release();
        self.disclaim_allocator();
    }
}

fn chunk_first_page(chunk: &Chunk) -> usize {
    chunk.usable_pages().start
}

fn chunk_page_address(chunk: &Chunk, page: usize) -> Address {
    chunk.base() + page * PAGE
}

/// The longest run of spare pages that ends at or before page `end`, up to `longest` pages of it; empty, at the chunk's first
/// page, when there is none.
fn spare_run_before(chunk: &Chunk, end: usize, longest: usize, spare: fn(PageEntry) -> bool) -> Range<usize> {
    let first = chunk_first_page(chunk);
    let is_spare = |page: &usize| spare(chunk.entry(*page));
    let Some(last) = (first..end).rev().find(is_spare) else { return first..first };
    let least = first.max((last + 1).saturating_sub(longest));
    let start = (least..last).rev().find(|page| !is_spare(page)).map_or(least, |page| page + 1);
    start..last + 1
}

fn is_warm_and_not_held(entry: PageEntry) -> bool {
    entry.is_warm() && entry.kind() != PageKind::Reserve
}
