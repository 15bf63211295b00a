//! Compaction on request: everything that can move is brought together, and holes close.
//!
//! First everything moves down: pools to the lowest free pools, large objects to the lowest free pages, huge objects
//! to the lowest gap behind the pools. What became empty is unmapped. If a hole is left, because something that is not
//! ours is in the way, or is shorter than the object above it, what lies below the last hole moves above it, where the
//! heap can grow.
//!
//! ```text
//!   ▐## #▌     ▐  #▌▐ #▌▐HHH▌   →   ▐####▌▐HHH▌                    the gap was ours
//!   ▐## #▌xxxxx▐  #▌▐## ▌       →          ▐####▌▐### ▌            somebody else is in it
//! ```
//!
//! What stays: something pinned, with everything below it; what the soft limit or the system leaves no room to copy; and
//! behind a huge object, whose extent ends with its last page, the way to the next chunk: less than a mebibyte.

use super::Roots;
use super::evacuate::{self, Effort};
use super::forwarding::{Place, leave_large, release_large, replace_references};
use super::pacing::Pacing;
use crate::object::ObjectFlags;
use crate::raw::Bitmap;
use crate::space::chunk::{Chunk, Slot};
use crate::space::{PageRun, Space, bitmap};
use crate::terms::{Address, CHUNK, PAGE, PAGE_GRANULES, POOL_PAGES, Span};
use crate::walk::{Item, each_large_of_slot};

/// Large objects that are copied before the references to them are replaced, at most.
const BATCH: usize = 256;
/// No more of them are begun once the batch has this many bytes: for so long there are two copies.
const BATCH_BYTES: usize = 64 << 20;

/// One past any address.
const TOP: Address = Address::new(usize::MAX);

/// Brings everything together. Gives the bytes that moved. `clock` is the allocation clock.
pub(super) fn compact(space: &mut Space, roots: &mut dyn Roots, clock: u64) -> usize {
    let held = space.release_reserve();
    let mut compactor = Compactor { space, roots, clock, left: [const { None }; BATCH], moved: 0 };
    compactor.pack();
    compactor.close_last_hole();
    let moved = compactor.moved;
    if held {
        space.fill_reserve();
    }
    moved
}

struct Compactor<'c> {
    space: &'c mut Space,
    roots: &'c mut dyn Roots,
    clock: u64,
    /// Where the large objects of the current batch were.
    left: [Option<Place>; BATCH],
    moved: usize,
}

impl Compactor<'_> {
    /// Moves everything down and unmaps what is empty.
    fn pack(&mut self) {
        self.moved += evacuate::evacuate(self.space, self.roots, Effort::Whole, self.clock);
        // An object that found no lower place may find one that another has left.
        while self.move_larges(highest_large, |space, item| space.take_pages_below(item.bytes / PAGE, item.address)) {}
        self.unmap_empty();
        while self.move_larges(lowest_huge, take_lower_gap) {
            self.unmap_empty();
        }
    }

    /// Moves what lies below the last hole above it.
    fn close_last_hole(&mut self) {
        let Some(hole) = last_hole(self.space) else { return };
        if self.space.chunks().iter().take_while(|chunk| chunk.base() < hole.end).any(has_pinned) {
            return;
        }
        self.space.set_floor(hole.end);
        if make_room(self.space, hole.end) {
            self.moved += evacuate::vacate(self.space, self.roots, hole.end, self.clock);
            while self
                .move_larges(highest_large_below_floor, |space, item| space.take_pages_below(item.bytes / PAGE, TOP))
            {
            }
            while self.move_larges(lowest_huge_below_floor, |space, item| {
                let above = space.extents().last()?.span().end;
                space.take_huge_between(item.bytes / PAGE, above, TOP)
            }) {}
        }
        self.unmap_empty();
        self.space.set_floor(Address::default());
        if last_hole(self.space).is_some() {
            // There was less room than it seemed.
            self.pack();
        }
    }

    fn unmap_empty(&mut self) {
        let used = Pacing::used(self.space);
        self.space.unmap_empty(used, usize::MAX);
    }

    /// Moves a batch of large objects: those that `next` gives, each the one after the last, to where `place` finds
    /// room. Says whether any moved.
    fn move_larges(
        &mut self,
        next: fn(&Space, Option<Address>) -> Option<Item>,
        place: fn(&mut Space, Item) -> Option<PageRun>,
    ) -> bool {
        let (mut count, mut bytes, mut last) = (0, 0, None);
        while count < BATCH && bytes < BATCH_BYTES {
            let Some(item) = next(self.space, last) else { break };
            last = Some(item.address);
            if is_pinned(item) {
                continue;
            }
            if let Some(run) = place(self.space, item) {
                self.left[count] = self.copy(item, run);
                count += 1;
                bytes += item.bytes;
            }
        }
        if count == 0 {
            return false;
        }
        replace_references(self.space, self.roots);
        for place in self.left.iter_mut().filter_map(Option::take) {
            release_large(self.space, place);
        }
        self.moved += bytes;
        true
    }

    /// Copies a large object to pages that were taken for it, and leaves there what leads to the copy. Gives where it
    /// was.
    fn copy(&mut self, item: Item, to: PageRun) -> Option<Place> {
        let object = item.value.as_object()?;
        let (from, chunk) = self.space.chunk_at(item.address)?;
        let first = (item.address - chunk.base()) / PAGE;
        let pages = first..first + to.pages.len();
        // What the table says of a page goes with it, but not whether it was resident.
        for (page, new) in pages.zip(to.pages.clone()) {
            let entry = self.space.chunks()[from].entry(page).as_saved();
            self.space.chunks_mut()[to.chunk].update(new, |new| *new = entry);
        }
        let memory = self.space.chunks()[to.chunk].memory();
        let copy = memory.large_object(to.pages.start, object.header(), to.zeroed);
        copy.copy_payload(object);
        let head = to.pages.start * PAGE_GRANULES;
        bitmap::set(memory, Bitmap::Allocated, head..head + 1);
        leave_large(self.space, &item, copy.address())
    }
}

pub(super) fn is_pinned(item: Item) -> bool {
    item.header.is_some_and(|header| header.flags().has(ObjectFlags::PINNED))
}

fn has_pinned(chunk: &Chunk) -> bool {
    chunk.slots().any(|(slot, state)| match state {
        Slot::Free { .. } | Slot::Blocks => false,
        Slot::Pool { kind, .. } => evacuate::has_pinned(chunk.pool(slot), kind),
        Slot::Pages => {
            let mut pinned = false;
            each_large_of_slot(chunk, slot, &mut |item| pinned |= is_pinned(item));
            pinned
        }
    })
}

/// The highest hole, but for what is left between a huge object and the next chunk.
fn last_hole(space: &Space) -> Option<Span> {
    space.holes().filter(|hole| hole.end - hole.start >= CHUNK).last()
}

/// Grows until the free pools from `floor` on have room for everything below it. `false` when that can't be had.
fn make_room(space: &mut Space, floor: Address) -> bool {
    let below = |chunk: &&Chunk| chunk.base() < floor;
    let used_pages = |chunk: &Chunk| chunk.usable_pages().filter(|page| chunk.entry(*page).kind().is_used()).count();
    let huge: usize = space.chunks().iter().filter(below).filter(|chunk| chunk.is_huge()).map(used_pages).sum();
    let used_slots = |chunk: &Chunk| chunk.slots().filter(|(_, state)| !matches!(state, Slot::Free { .. })).count();
    let needed: usize = space.chunks().iter().filter(below).filter(|chunk| !chunk.is_huge()).map(used_slots).sum();
    // At the ends of pools a little is lost; and the reserve goes along.
    let needed = needed + needed / 8 + 4;
    loop {
        let above = space.chunks().iter().filter(|chunk| chunk.base() >= floor);
        let free: usize = above.map(|chunk| chunk.slots().filter(is_whole_and_free).count()).sum();
        let missing = needed.saturating_sub(free) * POOL_PAGES * PAGE;
        if space.headroom() < missing + huge * PAGE {
            return false;
        }
        if missing == 0 {
            return true;
        }
        let end = space.extents().last().map(|extent| extent.span().end);
        let grown = space.grow_by(missing).is_ok();
        if !grown || end == space.extents().last().map(|extent| extent.span().end) {
            return false;
        }
    }
}

/// The first slot of a chunk is shorter than the others.
fn is_whole_and_free((slot, state): &(usize, Slot)) -> bool {
    *slot > 0 && matches!(state, Slot::Free { .. })
}

fn take_lower_gap(space: &mut Space, item: Item) -> Option<PageRun> {
    let pools = space.chunks().iter().find(|chunk| !chunk.is_huge()).map(Chunk::end);
    let from = pools.or_else(|| Some(space.extents().first()?.span().start))?;
    let chunk = space.chunk_at(item.address)?.1;
    space.take_huge_between(item.bytes / PAGE, from, chunk.base())
}

/// The large object of a chunk of pools that is the next below `last`; the highest of all for `None`.
fn highest_large(space: &Space, last: Option<Address>) -> Option<Item> {
    large_below(space, last.unwrap_or(TOP))
}

fn highest_large_below_floor(space: &Space, last: Option<Address>) -> Option<Item> {
    large_below(space, last.unwrap_or(space.floor()))
}

/// The highest large object below `limit`, in a chunk of pools.
pub(super) fn large_below(space: &Space, limit: Address) -> Option<Item> {
    let chunks = space.chunks().iter().rev().filter(|chunk| chunk.base() < limit && !chunk.is_huge());
    chunks.into_iter().find_map(|chunk| {
        let mut found = None;
        for (slot, _) in chunk.slots().filter(|(_, state)| *state == Slot::Pages) {
            each_large_of_slot(chunk, slot, &mut |item| {
                found = Some(item).filter(|item| item.address < limit).or(found)
            });
        }
        found
    })
}

/// The huge object that is the next above `last`; the lowest of all for `None`.
fn lowest_huge(space: &Space, last: Option<Address>) -> Option<Item> {
    huge_above(space, last.unwrap_or_default())
}

fn lowest_huge_below_floor(space: &Space, last: Option<Address>) -> Option<Item> {
    huge_above(space, last.unwrap_or_default()).filter(|item| item.address < space.floor())
}

fn huge_above(space: &Space, limit: Address) -> Option<Item> {
    let mut found = None;
    let chunks = space.chunks().iter().filter(|chunk| chunk.is_huge() && chunk.end() > limit);
    for chunk in chunks {
        each_large_of_slot(chunk, 0, &mut |item| found = found.or(Some(item).filter(|item| item.address > limit)));
        if found.is_some() {
            break;
        }
    }
    found
}
