//! What moved leaves its new address and a grey bit; here every reference that leads to such a bit is replaced.

use std::ops::Range;

use super::Roots;
use crate::object::Shape;
use crate::raw::{self, Bitmap, CellRef, ChunkRef, ObjectRef, TablesAt};
use crate::space::Space;
use crate::space::bitmap;
use crate::space::chunk::{PoolRef, Slot};
use crate::terms::{Address, CHUNK, GRANULE, PAGE, PAGE_GRANULES, PoolKind};
use crate::value::{Unpacked, Value};
use crate::walk::{Item, each_item_of_pool, each_large_of_slot};

/// The cells of a pool, lowest first.
pub(super) fn cells(pool: PoolRef) -> impl Iterator<Item = CellRef> {
    bitmap::set_granules(pool.chunk, Bitmap::Allocated, pool.granules()).map(move |at| pool.chunk.cell_at(at))
}

/// The pages of a large object, in its chunk.
pub(super) type Place = (ChunkRef, Range<usize>);

/// Leaves in the place of a large object that it is at `to` now. Gives the place, to be released when no reference leads
/// there any more.
pub(super) fn leave_large(space: &Space, item: &Item, to: Address) -> Option<Place> {
    let chunk = space.chunk_at(item.address)?.1.memory();
    let first = (item.address - chunk.base()) / PAGE;
    let head = first * PAGE_GRANULES;
    // Without its bit no walk finds the old place any more, and grey says that it leads elsewhere.
    bitmap::clear(chunk, Bitmap::Allocated, head..head + 1);
    bitmap::set(chunk, Bitmap::Grey, head..head + 1);
    raw::leave_forwarding(item.address, to);
    Some((chunk, first..first + item.bytes / PAGE))
}

/// Frees the place that a large object has left.
pub(super) fn release_large(space: &mut Space, (chunk, pages): Place) {
    let head = pages.start * PAGE_GRANULES;
    bitmap::clear(chunk, Bitmap::Grey, head..head + 1);
    let index = space.index_of(chunk);
    space.release_pages(index, pages);
}

/// Replaces every reference to something that moved, but for those in the pools it moved from, which are marked as being
/// filled.
pub(super) fn replace_references(space: &Space, roots: &mut dyn Roots) {
    roots.each(&mut |root| *root = followed(*root));
    let replace = &mut |item: Item| match item.value.unpack() {
        Unpacked::Cell(cell) => replace_in_cell(cell),
        Unpacked::Object(object) => replace_in(object, &mut followed),
        _ => {}
    };
    for chunk in space.chunks() {
        for (slot, state) in chunk.slots() {
            let pool = chunk.pool(slot);
            match state {
                Slot::Pool { filling: true, .. } | Slot::Free { .. } | Slot::Blocks => {}
                Slot::Pool { kind: PoolKind::Cells, .. } => cells(pool).for_each(replace_in_cell),
                Slot::Pool { kind, .. } => each_item_of_pool(pool, kind, replace),
                Slot::Pages => each_large_of_slot(chunk, slot, replace),
            }
        }
    }
}

fn replace_in_cell(cell: CellRef) {
    let (car, cdr) = (cell.car(), cell.cdr());
    let (car_now, cdr_now) = (followed(car), followed(cdr));
    if car_now != car {
        cell.store_car(car_now);
    }
    if cdr_now != cdr {
        cell.store_cdr(cdr_now);
    }
}

/// Replaces every value in an object by what `followed` makes of it.
pub(crate) fn replace_in(object: ObjectRef, followed: &mut impl FnMut(Value) -> Value) {
    let header = object.header();
    match header.shape() {
        Shape::Raw => {}
        Shape::First => {
            let value = followed(Value::from_bits(object.first_word()));
            object.store_first_word(value.bits());
        }
        Shape::Values => replace_words(object, 0, header.payload_words(), followed),
        Shape::Counted => {
            let words = header.payload_words();
            let count = if words > 0 { object.value(0).as_fixnum().map_or(0, |count| count as usize) } else { 0 };
            replace_words(object, 1, count.saturating_add(1).min(words), followed);
        }
    }
}

fn replace_words(object: ObjectRef, from: usize, to: usize, followed: &mut impl FnMut(Value) -> Value) {
    for index in from..to {
        let value = object.value(index);
        let now = followed(value);
        if now != value {
            object.store_word(index, now.bits());
        }
    }
}

#[inline]
fn has_moved(address: Address) -> bool {
    let chunk = chunk_of(address);
    bitmap::is_set(chunk, Bitmap::Grey, (address - address.align_down(CHUNK)) / GRANULE)
}

/// A value, or what it is now that what it referred to has moved.
#[inline]
fn followed(value: Value) -> Value {
    match value.unpack() {
        Unpacked::Cell(cell) if has_moved(cell.address()) => {
            Value::cell(cell.moved_to(raw::forwarding(cell.address())))
        }
        Unpacked::Object(object) if has_moved(object.address()) => {
            Value::object(object.moved_to(raw::forwarding(object.address())))
        }
        _ => value,
    }
}

/// What moves lies in pools, which have their tables at hand.
pub(super) fn chunk_of(address: Address) -> ChunkRef {
    TablesAt::HEAD.chunk_of(address)
}
