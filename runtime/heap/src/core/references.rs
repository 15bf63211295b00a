//! One pass over what was loaded: every reference is adjusted to where things are now, and must lead to something.
//!
//! The pages were verified before, so that every cell and object lies where the bitmaps say. What is left is whether a
//! reference leads to the beginning of one, of the right kind. A core may have millions of them, so the beginnings are
//! looked up in two tables of one bit a granule over all pools, which lie in one extent.

use std::ops::Range;

use super::load::damaged;
use super::{CoreError, Remap};
use crate::gc::forwarding::replace_in;
use crate::heap::Heap;
use crate::object::ObjectKind;
use crate::raw::{Bitmap, CellRef, ChunkRef, ObjectRef};
use crate::space::chunk::Slot;
use crate::terms::{Address, CHUNK_GRANULES, GRANULE, PoolKind};
use crate::value::{Unpacked, Value};
use crate::walk::{Item, each_item_of_slot};

/// Granules that a word of a table describes.
const WORD: usize = 64;

/// Where something begins.
struct Places<'r> {
    remap: &'r Remap,
    /// Where the pools were when the core was saved.
    from: Address,
    /// Where they are.
    to: Address,
    /// Of every granule of the pools, whether a cell begins there.
    cells: Vec<u64>,
    /// Whether an object begins there.
    objects: Vec<u64>,
    /// The objects that have an extent of their own, lowest first.
    huge: Vec<Address>,
}

impl<'r> Places<'r> {
    fn new(heap: &Heap, remap: &'r Remap) -> Result<Self, CoreError> {
        let pools = || heap.space.chunks().iter().filter(|chunk| !chunk.is_huge());
        let to = pools().next().map_or(Address::default(), |chunk| chunk.base());
        let from = remap.source(to).unwrap_or(to);
        let words = pools().count() * CHUNK_GRANULES / WORD;
        let mut places = Self { remap, from, to, cells: table(words)?, objects: table(words)?, huge: Vec::new() };
        for chunk in heap.space.chunks() {
            let first = if chunk.is_huge() { 0 } else { (chunk.base() - to) / GRANULE };
            for (slot, state) in chunk.slots() {
                let mut begins = |item: Item| {
                    if chunk.is_huge() {
                        places.huge.push(item.address);
                    } else {
                        let granule = first + (item.address - chunk.base()) / GRANULE;
                        places.objects[granule / WORD] |= 1 << (granule % WORD);
                    }
                };
                if let Slot::Pool { kind: PoolKind::Cells, .. } = state {
                    let pool = chunk.pool(slot);
                    for word in words_of(pool.granules()) {
                        places.cells[first / WORD + word] = pool.chunk.bits(Bitmap::Allocated, word);
                    }
                } else {
                    each_item_of_slot(chunk, slot, state, &mut begins, &mut |_| {});
                }
            }
        }
        Ok(places)
    }

    /// A value, its reference adjusted; `None` when it leads nowhere.
    #[inline]
    fn adjusted(&self, value: Value) -> Option<Value> {
        match value.unpack() {
            Unpacked::Cell(cell) => self.in_pools(&self.cells, cell.address()).map(|to| Value::cell(cell.moved_to(to))),
            Unpacked::Object(object) => {
                let address = object.address();
                let to = self.in_pools(&self.objects, address).or_else(|| self.huge_object(address));
                to.map(|to| Value::object(object.moved_to(to)))
            }
            _ => Some(value),
        }
    }

    #[inline]
    fn in_pools(&self, table: &[u64], address: Address) -> Option<Address> {
        let offset = address.get().wrapping_sub(self.from.get());
        let granule = offset / GRANULE;
        let begins = table.get(granule / WORD)? >> (granule % WORD) & 1 == 1;
        (begins && offset.is_multiple_of(GRANULE)).then(|| self.to + offset)
    }

    #[cold]
    fn huge_object(&self, address: Address) -> Option<Address> {
        self.remap.address(address).filter(|to| self.huge.binary_search(to).is_ok())
    }
}

fn table(words: usize) -> Result<Vec<u64>, CoreError> {
    let mut table = Vec::new();
    table.try_reserve_exact(words).map_err(|_full| CoreError::NoRoom)?;
    table.resize(words, 0);
    Ok(table)
}

fn words_of(granules: Range<usize>) -> Range<usize> {
    granules.start / WORD..granules.end / WORD
}

/// Adjusts every reference of a heap whose pages are sound, and the roots.
pub(super) fn adjust(heap: &mut Heap, remap: &Remap, roots: &mut [Value]) -> Result<(), CoreError> {
    let places = Places::new(heap, remap)?;
    let moves = !remap.is_identity();
    for root in roots {
        *root = places.adjusted(*root).ok_or_else(|| damaged("a root leads nowhere"))?;
    }
    let mut fault = None;
    let mut object = |item: Item| {
        if let Some(object) = item.value.as_object() {
            fault = adjust_object(object, &places).err().or(fault.take());
        }
    };
    for chunk in heap.space.chunks() {
        for (slot, state) in chunk.slots() {
            if let Slot::Pool { kind: PoolKind::Cells, .. } = state {
                let pool = chunk.pool(slot);
                adjust_cells(pool.chunk, pool.granules(), &places, moves)?;
            } else {
                each_item_of_slot(chunk, slot, state, &mut object, &mut |_| {});
            }
        }
    }
    fault.map_or(Ok(()), Err)
}

#[cold]
fn stray(value: Value) -> CoreError {
    CoreError::Damaged(format!("{value:?} refers to nothing"))
}

fn adjust_cells(chunk: ChunkRef, granules: Range<usize>, places: &Places<'_>, moves: bool) -> Result<(), CoreError> {
    for word in words_of(granules) {
        let mut allocated = chunk.bits(Bitmap::Allocated, word);
        while allocated != 0 {
            let granule = word * WORD + allocated.trailing_zeros() as usize;
            allocated &= allocated - 1;
            adjust_cell(chunk.cell_at(granule), places, moves)?;
        }
    }
    Ok(())
}

#[inline]
fn adjust_cell(cell: CellRef, places: &Places<'_>, moves: bool) -> Result<(), CoreError> {
    let (car, cdr) = (cell.car(), cell.cdr());
    let now = (places.adjusted(car).ok_or_else(|| stray(car))?, places.adjusted(cdr).ok_or_else(|| stray(cdr))?);
    if moves {
        cell.store_car(now.0);
        cell.store_cdr(now.1);
    }
    Ok(())
}

fn adjust_object(object: ObjectRef, places: &Places<'_>) -> Result<(), CoreError> {
    let header = object.header();
    if header.is(ObjectKind::Code) || header.is(ObjectKind::Stack) {
        // They say themselves how many values they hold: no more than there is room for.
        let words = header.payload_words();
        let count = if words > 0 { object.value(0).as_fixnum() } else { None };
        if !count.is_some_and(|count| usize::try_from(count).is_ok_and(|count| count < words)) {
            return Err(damaged("a function has fewer constants than it says"));
        }
    }
    let mut fault = None;
    replace_in(object, &mut |value| {
        places.adjusted(value).unwrap_or_else(|| {
            fault = Some(stray(value));
            Value::NIL
        })
    });
    fault.map_or(Ok(()), Err)
}
