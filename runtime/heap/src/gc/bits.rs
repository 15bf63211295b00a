//! The bits of one thing: marking it in the bitmaps of its chunk, making it grey, and noting its overhead on its pages.
//!
//! Of a cell and of a large object the first granule is marked, of any other object every granule. The overhead of what is
//! marked waits in the entries of its pages until they are swept.

use std::ops::Range;

use crate::object::{HEADER, Header, ObjectKind};
use crate::raw::{self, Bitmap, CellRef, ChunkRef, ObjectRef, TablesAt};
use crate::space::{bitmap, blocks};
use crate::terms::{Address, CHUNK, GRANULE, PAGE, PAGE_GRANULES, PoolKind};
use crate::value::{Unpacked, Value};

/// Where what a value refers to begins.
#[inline]
pub(super) fn address_of(value: Value) -> Address {
    match value.unpack() {
        Unpacked::Cell(cell) => cell.address(),
        Unpacked::Object(object) => object.address(),
        _ => Address::default(),
    }
}

#[inline]
pub(super) fn place(tables: TablesAt, address: Address) -> (ChunkRef, usize) {
    let chunk = tables.chunk_of(address);
    (chunk, (address - address.align_down(CHUNK)) / GRANULE)
}

#[inline]
fn set_bit(chunk: ChunkRef, bitmap: Bitmap, granule: usize) -> bool {
    let (word, bit) = (granule / 64, 1 << (granule % 64));
    let bits = chunk.bits(bitmap, word);
    if bits & bit != 0 {
        return false;
    }
    chunk.set_bits(bitmap, word, bits | bit);
    true
}

/// Enters that something is grey.
pub(super) fn set_grey(tables: TablesAt, value: Value) {
    let (chunk, granule) = place(tables, address_of(value));
    bitmap::set(chunk, Bitmap::Grey, granule..granule + 1);
}

/// Makes something not grey; says whether it was.
pub(super) fn clear_grey(tables: TablesAt, value: Value) -> bool {
    let (chunk, granule) = place(tables, address_of(value));
    let grey = bitmap::is_set(chunk, Bitmap::Grey, granule);
    bitmap::clear(chunk, Bitmap::Grey, granule..granule + 1);
    grey
}

#[inline]
pub(super) fn is_marked(tables: TablesAt, value: Value) -> bool {
    let (chunk, granule) = place(tables, address_of(value));
    bitmap::is_set(chunk, Bitmap::Marked, granule)
}

/// Asks the processor to fetch where the mark is of what is about to be marked.
#[inline]
pub(super) fn prefetch_mark(tables: TablesAt, value: Value) {
    let (chunk, granule) = place(tables, address_of(value));
    chunk.prefetch_bits(Bitmap::Marked, granule / 64);
}

/// Marks what a value refers to; says whether it was white.
#[inline]
pub(super) fn mark(tables: TablesAt, value: Value) -> bool {
    match value.unpack() {
        Unpacked::Cell(cell) => mark_cell(tables, cell),
        Unpacked::Object(object) => mark_object(tables, object),
        _ => false,
    }
}

/// Keeps what was just allocated from the sweep under way: marks it from granule `unswept` on.
pub(super) fn mark_unswept(chunk: ChunkRef, granules: Range<usize>, kind: PoolKind, unswept: usize) {
    let page = unswept / PAGE_GRANULES;
    let mut note = |object: ObjectRef| {
        let granule = (object.address() - chunk.base()) / GRANULE;
        for (at, words) in overhead_of(object.header(), granule) {
            if at >= page {
                add_pending(chunk, at, words);
            }
        }
    };
    match kind {
        PoolKind::Cells => {}
        PoolKind::Objects => each_new_object(chunk, granules.clone(), &mut note),
        PoolKind::Mixed => each_new_value(chunk, granules.clone(), &mut |value| {
            value.as_object().into_iter().for_each(&mut note);
        }),
    }
    bitmap::set(chunk, Bitmap::Marked, granules.start.max(unswept)..granules.end.max(unswept));
}

/// Calls `visit` for every object in granules that were allocated one after the other.
pub(super) fn each_new_object(chunk: ChunkRef, granules: Range<usize>, visit: &mut dyn FnMut(ObjectRef)) {
    let mut granule = granules.start;
    while granule < granules.end {
        let object = chunk.object_at(granule);
        granule += object.header().granules();
        visit(object);
    }
}

/// Calls `visit` for everything in granules of a mixed pool that were allocated one after the other.
pub(super) fn each_new_value(chunk: ChunkRef, granules: Range<usize>, visit: &mut dyn FnMut(Value)) {
    let mut granule = granules.start;
    while granule < granules.end {
        let value = chunk.value_at(granule);
        granule += value.as_object().map_or(1, |object| object.header().granules());
        visit(value);
    }
}

/// Marks a cell; says whether it was white.
#[inline]
pub(super) fn mark_cell(tables: TablesAt, cell: CellRef) -> bool {
    let (chunk, granule) = place(tables, cell.address());
    let white = set_bit(chunk, Bitmap::Marked, granule);
    if white && chunk.has_tables_beside() {
        mark_block(Value::cell(cell));
    }
    white
}

/// Marks every granule of a block whose head is marked, and enters its overhead.
#[cold]
fn mark_block(value: Value) {
    each_granule_of_block(value, |chunk, granules| bitmap::set(chunk, Bitmap::Marked, granules));
    each_overhead_of_block(value, add_pending);
}

/// Calls `visit` for the granules of a block, chunk by chunk.
pub(super) fn each_granule_of_block(value: Value, visit: impl FnMut(ChunkRef, Range<usize>)) {
    blocks::each_part(address_of(value), raw::footprint(value), visit);
}

/// Calls `visit` for what a block is more than the payload in it: a page of a chunk, and words of it.
pub(super) fn each_overhead_of_block(value: Value, visit: impl FnMut(ChunkRef, usize, usize)) {
    let payload = match value.as_object() {
        // Of a stack, what is not in use is overhead.
        Some(stack) if stack.header().is(ObjectKind::Stack) => HEADER..HEADER + 8 * (1 + slots_in_use(stack)),
        Some(object) => HEADER..raw::block_bytes(object.header()),
        None => 0..GRANULE,
    };
    blocks::each_outside(address_of(value), raw::footprint(value), payload, visit);
}

/// Marks every granule of an object, of a large one its head; says whether it was white. Enters its overhead.
#[inline]
pub(super) fn mark_object(tables: TablesAt, object: ObjectRef) -> bool {
    let (chunk, granule) = place(tables, object.address());
    if !set_bit(chunk, Bitmap::Marked, granule) {
        return false;
    }
    if chunk.has_tables_beside() {
        mark_block(Value::object(object));
        return true;
    }
    let header = object.header();
    let granules = header.granules();
    if chunk.has_own_pages(granule, header) {
        return true;
    }
    if granules > 1 {
        bitmap::set(chunk, Bitmap::Marked, granule + 1..granule + granules);
    }
    for (page, words) in overhead_of(header, granule) {
        add_pending(chunk, page, words);
    }
    true
}

/// Undoes [`mark`].
pub(super) fn unmark(tables: TablesAt, value: Value) {
    let (chunk, granule) = place(tables, address_of(value));
    if chunk.has_tables_beside() {
        each_granule_of_block(value, |chunk, granules| bitmap::clear(chunk, Bitmap::Marked, granules));
        each_overhead_of_block(value, take_pending);
        return;
    }
    let header = value.as_object().map(ObjectRef::header);
    // Of a cell, and of a large object, only the first granule is marked.
    let pooled = header.filter(|header| !chunk.has_own_pages(granule, *header));
    let granules = pooled.map_or(1, Header::granules);
    bitmap::clear(chunk, Bitmap::Marked, granule..granule + granules);
    for (page, words) in pooled.into_iter().flat_map(|header| overhead_of(header, granule)) {
        take_pending(chunk, page, words);
    }
}

fn take_pending(chunk: ChunkRef, page: usize, words: usize) {
    let mut entry = chunk.entry(page);
    entry.set_pending_words(entry.pending_words() - words);
    chunk.set_entry(page, entry);
}

/// Where the overhead of an object in a pool lies, which begins at a granule: the header in its first page, the
/// rounding in its last; pages with words.
#[inline]
pub(super) fn overhead_of(header: Header, granule: usize) -> [(usize, usize); 2] {
    let granules = header.granules();
    let rounding = (granules * GRANULE - HEADER) / 8 - header.payload_bytes().div_ceil(8);
    [(granule / PAGE_GRANULES, HEADER / 8), ((granule + granules - 1) / PAGE_GRANULES, rounding)]
}

#[inline]
pub(super) fn add_pending(chunk: ChunkRef, page: usize, words: usize) {
    if words == 0 {
        return;
    }
    let mut entry = chunk.entry(page);
    entry.set_pending_words(entry.pending_words() + words);
    chunk.set_entry(page, entry);
}

fn slots_in_use(stack: ObjectRef) -> usize {
    stack.value(0).as_fixnum().map_or(0, |count| count as usize)
}

/// Words of a live large object that are overhead: the header, the rounding to pages and, of a stack, what is not in
/// use.
pub(super) fn large_overhead_words(object: ObjectRef, pages: usize) -> usize {
    let header = object.header();
    let live = match header.kind() {
        Some(ObjectKind::Stack) => slots_in_use(object) + 1,
        _ => header.payload_bytes().div_ceil(8),
    };
    pages * PAGE / 8 - live
}
