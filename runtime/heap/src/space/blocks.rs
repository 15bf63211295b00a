//! Memory that the system's allocator places: one block for each thing that is allocated.
//!
//! Where a block lies is not ours to choose. The chunk around it gets tables of its own, kept apart from its memory; a
//! page of it is ours from the moment something is allocated there until the system has taken it back. What else lies in
//! such a page, the allocator's bookkeeping or what others hold, counts as free: it is nothing of the heap's.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Space;
use super::limit::Refused;
use crate::os::blocks::{self, Block};
use crate::raw::{Bitmap, ChunkRef, TablesAt};
use crate::space::bitmap;
use crate::terms::{Address, CHUNK, GRANULE, PAGE, PAGE_GRANULES, PageKind, Span};

/// Whether a heap of this process is placed by the system's allocator.
static CLAIMED: AtomicBool = AtomicBool::new(false);

/// The granules of `bytes` at `start`, chunk by chunk.
pub(crate) fn each_part(start: Address, bytes: usize, mut visit: impl FnMut(ChunkRef, Range<usize>)) {
    let end = start + bytes;
    let mut at = start;
    while at < end {
        let chunk = TablesAt::BESIDE.chunk_of(at);
        let until = (chunk.base() + CHUNK).min(end);
        visit(chunk, (at - chunk.base()) / GRANULE..(until - chunk.base()).div_ceil(GRANULE));
        at = until;
    }
}

impl Space {
    /// Claims the system's allocator for this heap, if that is what places it. `false` when another heap has it: things of
    /// both would lie in one chunk, which has but one place for tables.
    pub(crate) fn claim_allocator(&self) -> bool {
        !self.is_of_blocks() || !CLAIMED.swap(true, Ordering::Relaxed)
    }

    /// The heap is released, and with it the claim.
    pub(super) fn disclaim_allocator(&self) {
        if self.is_of_blocks() {
            CLAIMED.store(false, Ordering::Relaxed);
        }
    }

    /// A block of `bytes` bytes, its place entered. The second number is its footprint in granules.
    pub(crate) fn take_block(&mut self, bytes: usize, clock: u64) -> Result<(Block, usize), Refused> {
        let refused = |by_system| Refused { bytes, by_system };
        if bytes > self.headroom_of_blocks().saturating_add(PAGE) {
            return Err(refused(false));
        }
        let block = self.extents.block(bytes).map_err(|_os| refused(true))?;
        let footprint = block.footprint();
        let entered = self.enter_block(block.start(), footprint, clock);
        if let Err(by_system) = entered {
            blocks::free(block);
            return Err(refused(by_system));
        }
        self.blocks += 1;
        Ok((block, footprint / GRANULE))
    }

    /// Enters where a block lies. `Err` when there is no room for that, and whether it was the system that refused.
    fn enter_block(&mut self, start: Address, footprint: usize, clock: u64) -> Result<(), bool> {
        let bases = (start.align_down(CHUNK).get()..(start + footprint).get()).step_by(CHUNK).map(Address::new);
        for base in bases {
            self.extents.describe_blocks(base).map_err(|_os| true)?;
        }
        let mut fresh = 0;
        each_part(start, footprint, |chunk, granules| {
            let chunk = self.chunk_mut(chunk);
            let pages = granules.start / PAGE_GRANULES..(granules.end - 1) / PAGE_GRANULES + 1;
            fresh += pages.filter(|page| chunk.entry(*page).kind() == PageKind::Foreign).count() * PAGE;
        });
        if fresh > self.headroom_of_blocks() {
            return Err(false);
        }
        each_part(start, footprint, |memory, granules| {
            let chunk = self.chunk_mut(memory);
            let pages = granules.start / PAGE_GRANULES..(granules.end - 1) / PAGE_GRANULES + 1;
            let adopted = pages.filter(|page| chunk.adopt(*page, clock)).count();
            bitmap::set(memory, Bitmap::Allocated, granules.clone());
            chunk.note_allocation(granules);
            self.extents.adopt(adopted * PAGE);
        });
        let chunk = TablesAt::BESIDE.chunk_of(start);
        let granule = (start - chunk.base()) / GRANULE;
        bitmap::set(chunk, Bitmap::Heads, granule..granule + 1);
        Ok(())
    }

    /// Bytes that the soft limit still allows, less what is held back.
    fn headroom_of_blocks(&self) -> usize {
        self.limit().headroom(self.committed()).saturating_sub(self.held_of_blocks())
    }

    /// Has the allocator return what is free to the system, and forgets the pages that went. Gives their bytes.
    pub(crate) fn give_back_blocks(&mut self) -> usize {
        blocks::trim();
        self.extents.forget_unmapped()
    }

    /// The stretches of pages that are the heap's in chunks of blocks, lowest first.
    pub(crate) fn spans_of_blocks(&self) -> impl Iterator<Item = Span> {
        let chunks = self.chunks().iter().filter(|chunk| chunk.is_of_blocks());
        let ours = chunks.flat_map(|chunk| {
            let is_ours = |page: &usize| chunk.entry(*page).kind() != PageKind::Foreign;
            (0..chunk.pages()).filter(is_ours).map(|page| chunk.base() + page * PAGE)
        });
        let mut ours = ours.peekable();
        std::iter::from_fn(move || {
            let start = ours.next()?;
            let mut end = start + PAGE;
            while ours.next_if_eq(&end).is_some() {
                end = end + PAGE;
            }
            Some(start..end)
        })
    }
}

/// Frees the blocks that begin on a page and are not marked, and forgets that they did. Their granules stay allocated until
/// the sweep comes to them.
pub(crate) fn free_dead_blocks(chunk: ChunkRef, page: usize) {
    let granules = page * PAGE_GRANULES..(page + 1) * PAGE_GRANULES;
    let mut at = bitmap::next_set(chunk, Bitmap::Heads, granules.clone());
    while at < granules.end {
        if !bitmap::is_set(chunk, Bitmap::Marked, at) {
            bitmap::clear(chunk, Bitmap::Heads, at..at + 1);
            blocks::free(chunk.dead_block(at));
        }
        at = bitmap::next_set(chunk, Bitmap::Heads, at + 1..granules.end);
    }
}

/// Calls `visit` for what of `bytes` at `start` lies outside `inside`, counted from there: a page of a chunk, and words of
/// it.
pub(crate) fn each_outside(
    start: Address,
    bytes: usize,
    inside: Range<usize>,
    mut visit: impl FnMut(ChunkRef, usize, usize),
) {
    for range in [start..start + inside.start, start + inside.end..start + bytes.max(inside.end)] {
        let mut at = range.start;
        while at < range.end {
            let until = (at.align_down(PAGE) + PAGE).min(range.end);
            let chunk = TablesAt::BESIDE.chunk_of(at);
            visit(chunk, (at - chunk.base()) / PAGE, (until - at) / 8);
            at = until;
        }
    }
}
