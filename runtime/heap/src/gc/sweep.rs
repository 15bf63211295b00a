//! Sweeping: what is allocated and not marked becomes free.
//!
//! A page of a pool is swept by four words of bitmap; a large object by looking at its head. Marks are cleared on the
//! way, so that the idle phase finds none.

use super::StepReport;
use super::mark::large_overhead_words;
use crate::frame::Event;
use crate::raw::Bitmap;
use crate::space::Space;
use crate::space::bitmap::{self, PAGE_WORDS};
use crate::space::chunk::Slot;
use crate::terms::{GRANULE, GcUnit, PAGE, PAGE_GRANULES, POOL_PAGES, PageKind};

/// How far the sweep has come.
#[derive(Debug, Default)]
pub(crate) struct Sweeper {
    chunk: usize,
    page: usize,
    /// Granules still allocated in the pool being swept.
    pool_used: usize,
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
            for page in chunk.usable_pages() {
                if chunk.entry(page).kind().is_pooled() {
                    let marked = bitmap::count_page(memory, Bitmap::Marked, page);
                    chunk.update(page, |entry| {
                        entry.set_live(marked);
                        entry.set_overhead_words(entry.pending_words());
                        entry.set_unswept(true);
                    });
                }
            }
        }
    }

    /// Whether the sweep under way has passed the page.
    pub(crate) fn has_passed(&self, chunk: usize, page: usize) -> bool {
        (chunk, page) < (self.chunk, self.page)
    }

    /// Sweeps one page, or all that are left. Says whether none is left.
    pub(crate) fn sweep(&mut self, unit: GcUnit, space: &mut Space, report: &mut StepReport) -> bool {
        while let Some(chunk) = space.chunks().get(self.chunk) {
            if self.page < chunk.usable_pages().start {
                self.page = chunk.usable_pages().start;
            }
            if self.page == chunk.pages() {
                self.chunk += 1;
                self.page = 0;
                continue;
            }
            match chunk.entry(self.page).kind() {
                PageKind::Cells | PageKind::Objects => self.sweep_pooled(space, report),
                PageKind::LargeHead | PageKind::Stack => self.sweep_large(space, report),
                _ => {
                    self.page += 1;
                    continue;
                }
            }
            if matches!(unit, GcUnit::Object | GcUnit::Page) {
                return false;
            }
        }
        true
    }

    fn sweep_pooled(&mut self, space: &mut Space, report: &mut StepReport) {
        let chunk = &mut space.chunks_mut()[self.chunk];
        let memory = chunk.memory();
        let (mut before, mut used) = (0, 0);
        for word in self.page * PAGE_WORDS..(self.page + 1) * PAGE_WORDS {
            let allocated = memory.bits(Bitmap::Allocated, word);
            let live = allocated & memory.bits(Bitmap::Marked, word);
            before += allocated.count_ones() as usize;
            used += live.count_ones() as usize;
            if live != allocated {
                memory.set_bits(Bitmap::Allocated, word, live);
            }
            memory.set_bits(Bitmap::Marked, word, 0);
        }
        chunk.update(self.page, |entry| {
            entry.set_used(used);
            entry.set_live(used);
            entry.set_overhead_words(entry.pending_words());
            entry.set_pending_words(0);
            entry.set_marked(0);
            entry.set_grey(0);
            entry.set_unswept(false);
        });
        report.swept_pages += 1;
        report.freed_granules += (before - used) as u64;
        self.pool_used += used;
        let slot = self.page / POOL_PAGES;
        self.page += 1;
        if !self.page.is_multiple_of(POOL_PAGES) {
            return;
        }
        let used = std::mem::take(&mut self.pool_used);
        let pool = chunk.pool(slot);
        if used == 0 {
            space.release_pool(pool);
        } else if let Slot::Pool { kind, .. } = chunk.slot(slot) {
            let free = (pool.granules().len() - used) as u16;
            chunk.set_slot(slot, Slot::Pool { kind, free, filling: false });
        }
    }

    fn sweep_large(&mut self, space: &mut Space, report: &mut StepReport) {
        let chunk = &mut space.chunks_mut()[self.chunk];
        let memory = chunk.memory();
        let head = self.page * PAGE_GRANULES;
        let object = memory.object_at(head);
        let pages = (object.header().granules() * GRANULE).div_ceil(PAGE);
        let range = self.page..self.page + pages;
        self.page += pages;
        report.swept_pages += pages as u64;
        if bitmap::is_set(memory, Bitmap::Marked, head) {
            bitmap::clear(memory, Bitmap::Marked, head..head + 1);
            // The overhead lies at the end, but for the header.
            let mut overhead = large_overhead_words(object, pages) - 1;
            for page in range.rev() {
                let here = overhead.min(PAGE / 8);
                overhead -= here;
                let header = usize::from(page * PAGE_GRANULES == head);
                chunk.update(page, |entry| {
                    entry.set_live(PAGE_GRANULES);
                    entry.set_overhead_words((here + header).min(PAGE / 8));
                    entry.set_marked(0);
                    entry.set_grey(0);
                });
            }
        } else {
            bitmap::clear(memory, Bitmap::Allocated, head..head + 1);
            report.freed_granules += (pages * PAGE_GRANULES) as u64;
            let start = object.address();
            space.release_pages(self.chunk, range);
            space.log.push(Event::LargeFreed { start, bytes: pages * PAGE });
        }
    }
}
