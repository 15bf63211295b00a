//! The soft limit, the reserve, and what it means to be exhausted.
//!
//! A request that would commit more than the limit allows, or that the system refuses, is met from the reserve when it
//! is small: the program goes on to its next safepoint, where the heap is collected. When that makes room, the reserve
//! is filled again. When it does not, the program gets an error to handle, and what is left of the reserve is for the
//! handler. A request that not even the reserve can meet is [`Exhausted`].

use std::fmt;

use super::chunk::{Chunk, Slot, slot_pages};
use super::{PageRun, Space};
use crate::os::blocks::{self, Block};
use crate::raw::TABLE_PAGES;
use crate::terms::{CHUNK_PAGES, PAGE, POOL_PAGES, PageKind};

/// The least the reserve holds, in bytes.
const RESERVE_LEAST: usize = 64 << 10;
/// The most it holds.
const RESERVE_MOST: usize = 4 << 20;
/// Else it holds this share of what is committed: three in a hundred.
const RESERVE_PERCENT: usize = 3;

/// The soft limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limit {
    /// The most to commit, in bytes.
    pub(crate) bytes: Option<usize>,
}

impl Limit {
    pub(crate) fn headroom(self, committed: usize) -> usize {
        self.bytes.map_or(usize::MAX, |limit| limit.saturating_sub(committed))
    }
}

/// An extent that could not be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refused {
    pub(crate) bytes: usize,
    /// Whether the system refused, rather than the limit.
    pub(crate) by_system: bool,
}

/// A request that could not be met, not even from the reserve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exhausted {
    /// Bytes asked for.
    pub request: usize,
    /// The soft limit, if there is one.
    pub limit: Option<usize>,
    /// Bytes of payload that the last mark reached.
    pub live: usize,
    /// Bytes of the largest free run of any pool.
    pub largest_free: usize,
    /// Whether the system refused, rather than the limit.
    pub by_system: bool,
    /// Whether the request can never be met: larger than any object.
    pub too_large: bool,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "heap exhausted: {} bytes asked for", self.request)?;
        if self.too_large {
            return f.write_str(", more than any object can have");
        }
        if self.by_system {
            f.write_str(", which the system refused")?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", soft limit {limit}")?;
        }
        write!(f, ", live {}, largest free run {}", self.live, self.largest_free)
    }
}

impl std::error::Error for Exhausted {}

/// What is held back.
#[derive(Debug, Default)]
pub(crate) struct Reserve {
    /// Pages held, as places of chunks and first pages of slots.
    held: Vec<(crate::raw::ChunkRef, usize)>,
    /// Where the system's allocator places everything: a block that is held back.
    block: Option<Block>,
    /// Whether it was let go, and not filled again since.
    released: bool,
}

impl Space {
    /// Bytes the reserve should hold.
    fn reserve_target(&self) -> usize {
        (self.committed() / 100 * RESERVE_PERCENT).clamp(RESERVE_LEAST, RESERVE_MOST)
    }

    /// Whether the free pools would do as a reserve: what a handler needs at the least.
    pub(crate) fn has_least_reserve(&self) -> bool {
        if self.is_of_blocks() {
            return self.room_for_blocks() >= RESERVE_LEAST / 2;
        }
        let free = |chunk: &Chunk| chunk.slots().filter(|(_, slot)| matches!(slot, Slot::Free { .. })).count();
        let pools: usize = self.chunks().iter().filter(|chunk| !chunk.is_huge()).map(free).sum();
        pools * POOL_PAGES * PAGE >= RESERVE_LEAST
    }

    /// Whether the reserve was let go.
    pub(crate) fn reserve_is_released(&self) -> bool {
        self.reserve.released
    }

    /// Bytes of the limit that the block held back stands for.
    pub(super) fn held_of_blocks(&self) -> usize {
        self.reserve.block.as_ref().map_or(0, Block::bytes)
    }

    /// Bytes that the limit leaves for blocks: what may be committed yet, and pages with nothing in them, which the
    /// allocator need not have returned.
    fn room_for_blocks(&self) -> usize {
        self.limit.headroom(self.committed()).saturating_add(self.sums().balance.free_page)
    }

    /// Holds back a block, if the limit and the system's allocator have room for it. Says whether one is held.
    fn hold_block(&mut self) -> bool {
        if self.reserve.block.is_none() {
            let target = self.reserve_target();
            if self.room_for_blocks() >= target {
                self.reserve.block = self.extents.block(target).ok();
            }
        }
        self.reserve.block.is_some()
    }

    /// Bytes held.
    pub(crate) fn reserve_held(&self) -> usize {
        self.sums().balance.reserve
    }

    /// Holds back free pools until the reserve has what it should. Says whether it has.
    pub(crate) fn fill_reserve(&mut self) -> bool {
        let filled = if self.is_of_blocks() { self.hold_block() } else { self.hold(self.reserve_target()) };
        if filled {
            self.reserve.released = false;
            self.touch_reserve();
        }
        filled
    }

    /// Holds back free pools until the reserve has that many bytes. Says whether it has.
    fn hold(&mut self, target: usize) -> bool {
        // Counted along: to sum over all chunks for each slot would take longer than everything else.
        let mut held = self.reserve_held();
        while held < target {
            if self.reserve.held.try_reserve(1).is_err() {
                return false;
            }
            let Some((index, slot)) = self.last_free_slot() else {
                // No more than it takes: what the limit still allows is for the program.
                if self.grow_by(target - held).is_err() {
                    return false;
                }
                continue;
            };
            let chunk = &mut self.chunks_mut()[index];
            for page in slot_pages(slot) {
                chunk.set_kind(page, PageKind::Reserve, 0);
            }
            chunk.set_slot(slot, Slot::Pages);
            let memory = chunk.memory();
            self.reserve.held.push((memory, slot));
            held += slot_pages(slot).len() * PAGE;
        }
        true
    }

    /// Takes adjacent pages that are free but for the reserve, and holds others back instead. `None` when there are not
    /// enough for both; then as much is held back as before.
    pub(crate) fn take_pages_of_reserve(&mut self, count: usize) -> Option<PageRun> {
        let held = self.reserve_held();
        let released = self.reserve.released;
        if held == 0 || count > CHUNK_PAGES - TABLE_PAGES {
            return None;
        }
        self.release_reserve();
        let run = self.take_free_pages(count);
        let (run, filled) = match run {
            Some(run) if self.hold(held) => (Some(run), true),
            Some(run) => {
                self.chunks_mut()[run.chunk].leave_pages(run.pages);
                self.forget_hints();
                (None, self.hold(held))
            }
            None => (None, self.hold(held)),
        };
        debug_assert!(filled, "what was held back before can be held back again");
        self.reserve.released = released;
        self.touch_reserve();
        run
    }

    /// With a limit in force somebody expects to reach it: the handler must not meet a system that has no page left.
    /// Without one it is enough that the reserve is committed.
    pub(crate) fn touch_reserve(&mut self) {
        if self.limit.bytes.is_none() {
            return;
        }
        for index in 0..self.reserve.held.len() {
            let (memory, slot) = self.reserve.held[index];
            let pages = slot_pages(slot);
            memory.touch(pages.start, pages.len());
            let chunk = self.chunk_mut(memory);
            for page in pages {
                chunk.update(page, |entry| entry.set_cold(false));
            }
        }
    }

    /// The highest free slot, so that the reserve stays out of the way of pools in address order.
    fn last_free_slot(&self) -> Option<(usize, usize)> {
        let chunks = self.chunks().iter().enumerate().rev().filter(|(_, chunk)| !chunk.is_huge());
        chunks.into_iter().find_map(|(index, chunk)| {
            let free = chunk.slots().filter(|(_, slot)| matches!(slot, Slot::Free { .. }));
            free.last().map(|(slot, _)| (index, slot))
        })
    }

    /// Lets the reserve go: its pages become free. Says whether there was any.
    pub(crate) fn release_reserve(&mut self) -> bool {
        let mut held = std::mem::take(&mut self.reserve.held);
        let mut any = !held.is_empty();
        if let Some(block) = self.reserve.block.take() {
            blocks::free(block);
            any = true;
        }
        for (chunk, slot) in held.drain(..) {
            let index = self.extents.index_of(chunk);
            self.release_pages(index, slot_pages(slot));
        }
        self.reserve.held = held;
        self.reserve.released = true;
        any
    }
}

const _: () = assert!(RESERVE_LEAST == POOL_PAGES * PAGE && CHUNK_PAGES > POOL_PAGES);
