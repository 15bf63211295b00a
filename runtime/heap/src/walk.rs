//! Walking the heap in address order: every cell and object that is allocated, live or not.

use std::ops::Range;

use crate::heap::Heap;
use crate::object::Header;
use crate::raw::{self, Bitmap, ChunkRef, ObjectRef};
use crate::space::bitmap;
use crate::space::chunk::{Chunk, PoolRef, Slot, slot_pages};
use crate::terms::{Address, GRANULE, PAGE, PAGE_GRANULES, POOL_GRANULES, PageKind, PoolKind};
use crate::value::Value;

/// Something allocated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// A value that refers to it.
    pub value: Value,
    /// Where it begins.
    pub address: Address,
    /// Bytes it occupies, header and rounding included; of a large object, its pages; of a block, its footprint.
    pub bytes: usize,
    /// The header; `None` for a cell.
    pub header: Option<Header>,
}

/// An allocated stretch of a pool of objects that is not tiled by objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Untiled {
    pub(crate) address: Address,
    pub(crate) header: Header,
}

/// Calls `visit` for every item of a chunk, lowest first, and `untiled` where the headers of a pool of objects do not
/// add up. The cursors must be settled.
pub(crate) fn each_item(chunk: &Chunk, visit: &mut dyn FnMut(Item), untiled: &mut dyn FnMut(Untiled)) {
    for (slot, state) in chunk.slots() {
        each_item_of_slot(chunk, slot, state, visit, untiled);
    }
}

/// As [`each_item`], for one slot of a chunk, which is in that state.
pub(crate) fn each_item_of_slot(
    chunk: &Chunk,
    slot: usize,
    state: Slot,
    visit: &mut dyn FnMut(Item),
    untiled: &mut dyn FnMut(Untiled),
) {
    match state {
        Slot::Free { .. } => {}
        Slot::Pool { kind: PoolKind::Cells, .. } => each_cell(chunk.memory(), granules(slot), visit),
        Slot::Pool { kind: PoolKind::Objects, .. } => each_object(chunk.memory(), granules(slot), visit, untiled),
        Slot::Pool { kind: PoolKind::Mixed, .. } => each_mixed(chunk.memory(), granules(slot), visit, untiled),
        Slot::Blocks => each_block(chunk.memory(), granules_of_blocks(slot), visit),
        Slot::Pages => each_large_of_slot(chunk, slot, visit),
    }
}

/// Calls `visit` for every item of a pool, lowest first.
pub(crate) fn each_item_of_pool(pool: PoolRef, kind: PoolKind, visit: &mut dyn FnMut(Item)) {
    match kind {
        PoolKind::Cells => each_cell(pool.chunk, pool.granules(), visit),
        PoolKind::Objects => each_object(pool.chunk, pool.granules(), visit, &mut |_| {}),
        PoolKind::Mixed => each_mixed(pool.chunk, pool.granules(), visit, &mut |_| {}),
    }
}

fn granules(slot: usize) -> Range<usize> {
    let pages = slot_pages(slot);
    pages.start * PAGE_GRANULES..pages.end * PAGE_GRANULES
}

/// The granules of a slot of a chunk of blocks, where no tables come first.
fn granules_of_blocks(slot: usize) -> Range<usize> {
    slot * POOL_GRANULES..(slot + 1) * POOL_GRANULES
}

fn each_cell(chunk: ChunkRef, granules: Range<usize>, visit: &mut dyn FnMut(Item)) {
    let mut at = bitmap::next_set(chunk, Bitmap::Allocated, granules.clone());
    while at < granules.end {
        let value = Value::cell(chunk.cell_at(at));
        visit(Item { value, address: chunk.granule_address(at), bytes: GRANULE, header: None });
        at = bitmap::next_set(chunk, Bitmap::Allocated, at + 1..granules.end);
    }
}

fn each_object(chunk: ChunkRef, granules: Range<usize>, visit: &mut dyn FnMut(Item), untiled: &mut dyn FnMut(Untiled)) {
    each_tile(chunk, granules, |at| Value::object(chunk.object_at(at)), visit, untiled);
}

fn each_mixed(chunk: ChunkRef, granules: Range<usize>, visit: &mut dyn FnMut(Item), untiled: &mut dyn FnMut(Untiled)) {
    each_tile(chunk, granules, |at| chunk.value_at(at), visit, untiled);
}

/// Calls `visit` for the items that tile the allocated stretches; `value_at` says what begins at a granule.
fn each_tile(
    chunk: ChunkRef,
    granules: Range<usize>,
    value_at: impl Fn(usize) -> Value,
    visit: &mut dyn FnMut(Item),
    untiled: &mut dyn FnMut(Untiled),
) {
    let mut at = granules.start;
    loop {
        let start = bitmap::next_set(chunk, Bitmap::Allocated, at..granules.end);
        if start == granules.end {
            return;
        }
        let end = bitmap::next_clear(chunk, Bitmap::Allocated, start..granules.end);
        at = start;
        while at < end {
            let value = value_at(at);
            let header = value.as_object().map(ObjectRef::header);
            let count = header.map_or(1, Header::granules);
            let address = chunk.granule_address(at);
            if let Some(header) = header
                && (header.kind().is_none() || at + count > end)
            {
                untiled(Untiled { address, header });
                break;
            }
            visit(Item { value, address, bytes: count * GRANULE, header });
            at += count;
        }
        at = end;
    }
}

/// Calls `visit` for every block that begins in some granules, lowest first.
pub(crate) fn each_block(chunk: ChunkRef, granules: Range<usize>, visit: &mut dyn FnMut(Item)) {
    let mut at = bitmap::next_set(chunk, Bitmap::Heads, granules.clone());
    while at < granules.end {
        let value = chunk.value_at(at);
        let header = value.as_object().map(ObjectRef::header);
        visit(Item { value, address: chunk.granule_address(at), bytes: raw::footprint(value), header });
        at = bitmap::next_set(chunk, Bitmap::Heads, at + 1..granules.end);
    }
}

/// Calls `visit` for every large object that begins in a slot, lowest first.
pub(crate) fn each_large_of_slot(chunk: &Chunk, slot: usize, visit: &mut dyn FnMut(Item)) {
    for page in slot_pages(slot) {
        each_large(chunk, page, visit);
    }
}

fn each_large(chunk: &Chunk, page: usize, visit: &mut dyn FnMut(Item)) {
    let head = page * PAGE_GRANULES;
    let kind = chunk.entry(page).kind();
    let begins = matches!(kind, PageKind::LargeHead | PageKind::Stack)
        && bitmap::is_set(chunk.memory(), Bitmap::Allocated, head);
    if begins {
        let object = chunk.memory().object_at(head);
        let header = object.header();
        let bytes = (header.granules() * GRANULE).next_multiple_of(PAGE);
        visit(Item { value: Value::object(object), address: object.address(), bytes, header: Some(header) });
    }
}

impl Heap {
    /// Calls `visit` for everything allocated, live or not, in address order.
    pub fn walk(&mut self, mut visit: impl FnMut(Item)) {
        self.settle();
        for chunk in self.space.chunks() {
            each_item(chunk, &mut visit, &mut |_| {});
        }
    }

    /// The same for objects only. Pools of cells, which most of a heap consists of, are passed over.
    pub fn walk_objects(&mut self, mut visit: impl FnMut(Item)) {
        self.settle();
        for chunk in self.space.chunks() {
            let of_cells = |state: &Slot| matches!(state, Slot::Pool { kind: PoolKind::Cells, .. });
            for (slot, state) in chunk.slots().filter(|(_, state)| !of_cells(state)) {
                let mut object = |item: Item| {
                    if item.header.is_some() {
                        visit(item);
                    }
                };
                each_item_of_slot(chunk, slot, state, &mut object, &mut |_| {});
            }
        }
    }
}
