//! Sweeping: what is allocated and not marked becomes free.
//!
//! A page of a pool is swept by four words of bitmap; a large object by looking at its head. Marks are cleared on the
//! way, so that the idle phase finds none.

use std::cmp::Ordering;
use std::ops::Range;

use super::StepReport;
use super::bits::{self, large_overhead_words};
use super::pacing::{SLICE_PASSED, SLICE_SWEPT};
use crate::frame::Event;
use crate::raw::Bitmap;
use crate::space::Space;
use crate::space::bitmap::{self, PAGE_WORDS};
use crate::space::blocks;
use crate::space::chunk::{Chunk, Slot};
use crate::terms::{Address, GRANULE, GcUnit, PAGE, PAGE_GRANULES, POOL_PAGES, PageKind, PoolKind};
use crate::value::Value;

/// How far the sweep has come.
#[derive(Debug, Default)]
pub(crate) struct Sweeper {
    /// The chunk that is being swept. Its address: chunks may come while the sweep waits, and change its place.
    chunk: Address,
    page: usize,
}

impl Sweeper {
    /// Starts at the lowest page. When people watch, every page is told that the mark is over, so that what it holds
    /// is shown as live and dead before it is swept.
    pub(crate) fn begin(&mut self, space: &mut Space, watched: bool) {
        *self = Self::default();
        if !watched {
            return;
        }
        for chunk in space.chunks_mut() {
            let memory = chunk.memory();
            let mut page = chunk.usable_pages().start;
            while page < chunk.usable_pages().end {
                match chunk.entry(page).kind() {
                    kind if kind.is_pooled() => {
                        let marked = bitmap::count_page(memory, Bitmap::Marked, page);
                        chunk.update(page, |entry| {
                            entry.set_live(marked);
                            entry.set_overhead_words(entry.pending_words());
                            entry.set_unswept(true);
                        });
                        page += 1;
                    }
                    PageKind::LargeHead | PageKind::Stack => page = judge_large(chunk, page, true).end,
                    _ => page += 1,
                }
            }
        }
    }

    /// The first page of a chunk that the sweep under way has not passed; one past any when it has passed all.
    pub(crate) fn unswept_from(&self, chunk: Address) -> usize {
        match chunk.cmp(&self.chunk) {
            Ordering::Less => usize::MAX,
            Ordering::Equal => self.page,
            Ordering::Greater => 0,
        }
    }

    /// Keeps a block that was just allocated from the sweep under way.
    pub(crate) fn keep_block(&self, value: Value) {
        bits::each_granule_of_block(value, |chunk, granules| {
            let unswept = self.unswept_from(chunk.base()).saturating_mul(PAGE_GRANULES);
            bitmap::set(chunk, Bitmap::Marked, granules.start.max(unswept)..granules.end.max(unswept));
        });
        bits::each_overhead_of_block(value, |chunk, page, words| {
            if page >= self.unswept_from(chunk.base()) {
                bits::add_pending(chunk, page, words);
            }
        });
    }

    /// Sweeps one page, a slice, or all that are left. Says whether none is left.
    pub(crate) fn sweep(&mut self, unit: GcUnit, space: &mut Space, report: &mut StepReport) -> bool {
        let mut index = space.chunks().partition_point(|chunk| chunk.base() < self.chunk);
        let end = match unit {
            GcUnit::Object | GcUnit::Page => report.swept_pages + 1,
            GcUnit::Slice => report.swept_pages + SLICE_SWEPT,
            GcUnit::Phase | GcUnit::Cycle => u64::MAX,
        };
        let most_passed = if unit == GcUnit::Slice { report.passed_pages + SLICE_PASSED } else { u64::MAX };
        while let Some(chunk) = space.chunks().get(index) {
            if chunk.base() != self.chunk {
                (self.chunk, self.page) = (chunk.base(), 0);
            }
            if self.page < chunk.usable_pages().start {
                self.page = chunk.usable_pages().start;
            }
            if self.page == chunk.pages() {
                index += 1;
                continue;
            }
            let most = end.saturating_sub(report.swept_pages).max(1);
            if !self.pass_over_full(chunk, report, most) {
                match chunk.entry(self.page).kind() {
                    kind if kind.is_pooled() => self.sweep_pooled(index, space, report, most),
                    PageKind::LargeHead | PageKind::Stack => self.sweep_large(index, space, report),
                    _ => {
                        self.page += 1;
                        report.passed_pages += 1;
                        if report.passed_pages >= most_passed {
                            return false;
                        }
                        continue;
                    }
                }
            }
            if report.swept_pages >= end && !self.is_within_dead(index, space) {
                return false;
            }
        }
        true
    }

    /// Whether the sweep has come into the middle of what may be one dead object, of which the first half is free already:
    /// it can't rest here.
    fn is_within_dead(&self, index: usize, space: &Space) -> bool {
        let chunk = &space.chunks()[index];
        let memory = chunk.memory();
        let next = self.page * PAGE_GRANULES;
        let is_of_objects = |page: usize| matches!(chunk.entry(page).kind(), PageKind::Objects | PageKind::Mixed);
        !self.page.is_multiple_of(POOL_PAGES)
            && self.page < chunk.pages()
            && is_of_objects(self.page)
            && !bitmap::is_set(memory, Bitmap::Allocated, next - 1)
            && bitmap::is_set(memory, Bitmap::Allocated, next)
            && !bitmap::is_set(memory, Bitmap::Marked, next)
    }

    /// Sweeps a pool that was full at the last sweep, and is again, without a look at the entries of its pages: what they say
    /// is true still. Says whether that is so; if not, nothing was done.
    fn pass_over_full(&mut self, chunk: &Chunk, report: &mut StepReport, most: u64) -> bool {
        let slot = self.page / POOL_PAGES;
        if !chunk.is_full(slot) {
            return false;
        }
        let pages = chunk.pool(slot).pages();
        let passed = self.page == pages.start
            && pages.len() as u64 <= most
            && chunk.memory().clear_if_full(Bitmap::Marked, pages.clone());
        if passed {
            self.page = pages.end;
            report.swept_pages += pages.len() as u64;
            report.page = Some(chunk.base() + (pages.end - 1) * PAGE);
        }
        passed
    }

    /// Sweeps the pages of a pool from where the sweep has come to, at most so many.
    fn sweep_pooled(&mut self, index: usize, space: &mut Space, report: &mut StepReport, most: u64) {
        let chunk = &mut space.chunks_mut()[index];
        if chunk.is_of_blocks() {
            self.sweep_blocks(chunk, report);
            return;
        }
        let slot = self.page / POOL_PAGES;
        let pool = chunk.pool(slot);
        let first = self.page;
        let (mut left, mut freed) = (0, 0);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        self.page = pool.pages().end.min(first.saturating_add(most));
        report.swept_pages += (self.page - first) as u64;
        report.page = Some(chunk.base() + (self.page - 1) * PAGE);
        for page in first..self.page {
            let (before, used) = sweep_page(chunk, page);
            left += used;
            freed += before - used;
        }
        report.freed_granules += freed as u64;
        if self.page < pool.pages().end {
            return;
        }
        if first > pool.pages().start {
            // Counted afresh: the program may have allocated in a pool that is swept in part.
            left = bitmap::count(pool.chunk, Bitmap::Allocated, pool.granules());
        }
        if left == 0 {
            space.release_pool(pool);
        } else if let Slot::Pool { kind, .. } = chunk.slot(slot) {
            let free = (pool.granules().len() - left) as u16;
            chunk.set_slot(slot, Slot::Pool { kind, free, filling: false });
            if free == 0 && kind == PoolKind::Cells && first == pool.pages().start {
                chunk.note_full(slot);
            }
        }
    }

    /// Sweeps a page on which blocks of the system's allocator lie.
    fn sweep_blocks(&mut self, chunk: &mut Chunk, report: &mut StepReport) {
        blocks::free_dead_blocks(chunk.memory(), self.page);
        let (before, used) = sweep_page(chunk, self.page);
        report.swept_pages += 1;
        report.page = Some(chunk.base() + self.page * PAGE);
        report.freed_granules += (before - used) as u64;
        if used == 0 {
            chunk.set_kind(self.page, PageKind::Free, 0);
        }
        self.page += 1;
    }

    fn sweep_large(&mut self, index: usize, space: &mut Space, report: &mut StepReport) {
        let chunk = &mut space.chunks_mut()[index];
        let memory = chunk.memory();
        let head = self.page * PAGE_GRANULES;
        let object = memory.object_at(head);
        let range = judge_large(chunk, self.page, false);
        let pages = range.len();
        report.page = Some(memory.base() + self.page * PAGE);
        self.page = range.end;
        report.swept_pages += pages as u64;
        if bitmap::is_set(memory, Bitmap::Marked, head) {
            bitmap::clear(memory, Bitmap::Marked, head..head + 1);
            for page in range {
                chunk.update(page, |entry| {
                    entry.set_marked(0);
                    entry.set_grey(0);
                });
            }
        } else {
            bitmap::clear(memory, Bitmap::Allocated, head..head + 1);
            report.freed_granules += (pages * PAGE_GRANULES) as u64;
            let start = object.address();
            space.release_pages(index, range);
            space.log.push(Event::LargeFreed { start, bytes: pages * PAGE });
        }
    }
}

/// Enters in the pages of a large object whether the mark has reached it, and that they are `unswept`. Gives the pages.
fn judge_large(chunk: &mut Chunk, first: usize, unswept: bool) -> Range<usize> {
    let memory = chunk.memory();
    let head = first * PAGE_GRANULES;
    let object = memory.object_at(head);
    let pages = (object.header().granules() * GRANULE).div_ceil(PAGE);
    let reached = bitmap::is_set(memory, Bitmap::Marked, head);
    // The overhead lies at the end, but for the header.
    let mut overhead = if reached { large_overhead_words(object, pages) - 1 } else { 0 };
    for page in (first..first + pages).rev() {
        let here = overhead.min(PAGE / 8);
        overhead -= here;
        let header = usize::from(reached && page == first);
        chunk.update(page, |entry| {
            entry.set_live(if reached { PAGE_GRANULES } else { 0 });
            entry.set_overhead_words((here + header).min(PAGE / 8));
            entry.set_unswept(unswept);
        });
    }
    first..first + pages
}

/// Sweeps a page of a pool. Gives how many of its granules were used, and how many are.
#[inline(always)]
fn sweep_page(chunk: &mut Chunk, page: usize) -> (usize, usize) {
    let memory = chunk.memory();
    let marked = memory.page_bits(Bitmap::Marked, page);
    let before = chunk.entry(page).used();
    let mut used = before;
    // A page full of marks is full of what lives: what is allocated there need not be looked at.
    if marked.iter().fold(u64::MAX, |all, bits| all & bits) != u64::MAX {
        let allocated = memory.page_bits(Bitmap::Allocated, page);
        let dead: [u64; PAGE_WORDS] = std::array::from_fn(|word| allocated[word] & !marked[word]);
        if dead.iter().fold(0, |any, bits| any | bits) != 0 {
            let live: [u64; PAGE_WORDS] = std::array::from_fn(|word| allocated[word] & marked[word]);
            memory.set_page_bits(Bitmap::Allocated, page, live);
            used = live.iter().map(|bits| bits.count_ones() as usize).sum();
        }
    }
    memory.set_page_bits(Bitmap::Marked, page, [0; PAGE_WORDS]);
    chunk.note_sweep(page, used);
    (before, used)
}
