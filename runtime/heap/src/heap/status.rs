//! What the heap tells about itself, and the settings it obeys.

use super::{Heap, Which};
use crate::frame::Event;
use crate::gc::GcStats;
use crate::gc::pacing::Pacing;
use crate::raw::Bitmap;
use crate::space::bitmap;
use crate::space::chunk::{PoolRef, Slot};
use crate::space::page_table::PageEntry;
use crate::space::policy::{Placement, Policy};
use crate::terms::{Address, GRANULE, GcPhase, PAGE, Span};

/// With no more than this in use, frames say what is marked and grey even while the program runs: 16 MiB.
const MARKS_FOLLOWED: usize = 16 << 20;

impl Heap {
    pub(super) fn settle_cursor(&mut self, which: Which) {
        let Self { cells, objects, medium, space, collector, .. } = self;
        let cursor = match which {
            Which::Cells => cells,
            Which::Objects => objects,
            Which::Medium => medium,
        };
        if let Some((chunk, granules)) = cursor.settle(space) {
            self.settled_granules += granules.len() as u64;
            collector.note_new(chunk, granules, cursor.kind());
        }
    }

    /// Accounts for everything allocated so far, but does not count the free runs of pages.
    pub(crate) fn settle_cursors(&mut self) {
        for which in [Which::Cells, Which::Objects, Which::Medium] {
            self.settle_cursor(which);
        }
        let Self { cells, objects, medium, space, .. } = self;
        for cursor in [cells, objects, medium] {
            cursor.enter(space);
        }
    }

    /// Accounts for everything allocated so far, so that the page table is exact.
    pub fn settle(&mut self) {
        self.settle_counts(self.collector.is_marking());
    }

    /// The same for a frame. While a mark goes on in slices in a heap that is not small, what is marked and grey is left as
    /// it was: it changes on all pages all the time, and nobody could follow.
    pub(crate) fn settle_for_frame(&mut self) {
        let followed = self.collector.is_watched() || Pacing::used(&self.space) <= MARKS_FOLLOWED;
        self.settle_counts(self.collector.is_marking() && followed);
    }

    fn settle_counts(&mut self, marks: bool) {
        self.settle_cursors();
        if marks {
            self.collector.show_grey(&self.space);
        }
        for chunk in self.space.chunks_mut() {
            chunk.recount_stale(marks);
            if marks {
                chunk.recount_marks();
            }
        }
        if marks {
            self.collector.hide_grey(&self.space);
        }
    }

    /// The allocation clock: bytes allocated since the heap was made.
    #[must_use]
    pub fn clock(&self) -> u64 {
        let unsettled = self.cells.unsettled() + self.objects.unsettled() + self.medium.unsettled();
        self.settled_granules * GRANULE as u64 + unsettled as u64
    }

    /// How the heap places things and gets memory back.
    #[must_use]
    pub fn policy(&self) -> Policy {
        *self.space.policy()
    }

    /// How many blocks the system's allocator gave: one for each thing allocated. `None` where it places nothing; elsewhere
    /// nobody counts what is allocated but by its bytes.
    #[must_use]
    pub fn blocks(&self) -> Option<u64> {
        self.space.is_of_blocks().then_some(self.space.blocks)
    }

    /// The soft limit in bytes.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        self.space.limit().bytes
    }

    /// Sets the soft limit in bytes; `None` for none. Below what is committed it acts at the next growth.
    pub fn set_limit(&mut self, bytes: Option<usize>) {
        self.space.set_limit(bytes);
    }

    /// From now on lets extents of 16 MiB and more lie in large pages; see [`Policy::large_pages`]. What is mapped stays as it
    /// is. Where the system's allocator places everything, this changes nothing.
    pub fn use_large_pages(&mut self) {
        if !self.space.is_of_blocks() {
            self.space.use_large_pages();
        }
    }

    /// Bytes of the heap that lie in large pages. `None` when the system does not tell.
    #[must_use]
    pub fn in_large_pages(&self) -> Option<usize> {
        self.space.in_large_pages()
    }

    /// Time since the heap was made.
    #[must_use]
    pub fn age(&self) -> std::time::Duration {
        self.space.log.age()
    }

    /// What collections did so far.
    #[must_use]
    pub fn gc_stats(&self) -> &GcStats {
        &self.collector.stats
    }

    /// Bytes of payload that the last mark reached.
    #[must_use]
    pub fn live_bytes(&self) -> usize {
        self.space.sums().balance.live
    }

    /// Where the collector is.
    #[must_use]
    pub fn gc_phase(&self) -> GcPhase {
        self.collector.phase()
    }

    /// Whether a cycle is under way through which somebody goes step by step.
    #[must_use]
    pub fn is_stepped(&self) -> bool {
        self.gc_phase() != GcPhase::Idle && self.collector.is_watched()
    }

    /// Measures which pages are resident. `false` when the system does not tell.
    pub fn measure_residency(&mut self) -> bool {
        let measured = self.space.measure_residency();
        if measured {
            self.measured = Some(self.clock());
        }
        measured
    }

    /// The page in which an address lies, with its entry, up to date.
    pub fn page_at(&mut self, address: Address) -> Option<(Address, PageEntry)> {
        self.settle();
        let (_, chunk) = self.space.chunk_at(address)?;
        let page = (address - chunk.base()) / PAGE;
        Some((chunk.base() + page * PAGE, chunk.entry(page)))
    }

    /// The address ranges inside the heap's span that are not ours, lowest first.
    pub fn holes(&self) -> impl Iterator<Item = Span> {
        self.space.holes()
    }

    /// The free runs of all pools, or between the blocks of the system's allocator, lowest first: where each begins and its
    /// bytes.
    pub fn free_runs(&mut self) -> impl Iterator<Item = (Address, usize)> {
        self.settle();
        self.counted_free_runs()
    }

    /// Bytes of the largest free run of any pool, as last counted.
    #[must_use]
    pub fn largest_free_run(&self) -> usize {
        self.counted_free_runs().map(|(_, bytes)| bytes).max().unwrap_or_default()
    }

    fn counted_free_runs(&self) -> impl Iterator<Item = (Address, usize)> {
        self.space.chunks().iter().flat_map(|chunk| {
            let memory = chunk.memory();
            let pools = chunk.slots().filter(|(_, slot)| matches!(slot, Slot::Pool { .. }));
            let pools = pools.map(move |(slot, _)| PoolRef { chunk: memory, slot }.granules());
            pools.chain(chunk.stretches_of_blocks()).flat_map(move |granules| {
                bitmap::clear_runs(memory, Bitmap::Allocated, granules)
                    .map(move |run| (memory.granule_address(run.start), run.len() * GRANULE))
            })
        })
    }

    /// Adds an event for the next frame.
    pub fn log(&mut self, event: Event) {
        self.space.log.push(event);
    }

    /// The events that wait for the next frame, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.space.log.waiting()
    }

    /// Keeps no events, when nobody is going to cut frames, or keeps them again.
    pub fn mute_events(&mut self, muted: bool) {
        self.space.log.mute(muted);
    }

    /// Whether events are kept; what goes into one need not be made when they are not.
    #[must_use]
    pub fn keeps_events(&self) -> bool {
        !self.space.log.is_muted()
    }

    /// Where the next cell will lie, unless the collector comes first; `None` when the heap must grow for it, and where the
    /// system's allocator decides.
    pub fn predict_cell(&mut self) -> Option<Address> {
        self.settle_cursors();
        (!self.space.is_of_blocks()).then(|| self.cells.predict(1, &self.space))?
    }

    /// The same for an object of so many bytes, header included, of at most half a page. `None` where objects go to the
    /// lowest run that they fit.
    pub fn predict_object(&mut self, bytes: usize) -> Option<Address> {
        self.settle_cursors();
        let granules = bytes.div_ceil(GRANULE);
        let cursor = if granules <= super::MEDIUM { &self.objects } else { &self.medium };
        (self.policy().placement == Placement::Pool).then(|| cursor.predict(granules, &self.space))?
    }

    /// The address that the next cell gets, if the current run has room.
    #[must_use]
    pub fn next_cell(&self) -> Option<Address> {
        self.cells.next()
    }
}
