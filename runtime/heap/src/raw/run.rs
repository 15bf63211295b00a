//! Free memory that is owned, and what is made in it: runs of granules, blocks of the system's allocator.

use std::ptr;

use super::{CellRef, ObjectRef, write};
use crate::object::{HEADER, Header};
use crate::os::blocks::Block;
use crate::terms::{Address, GRANULE};
use crate::value::{Unpacked, Value};

/// A run of free granules, owned: what it covers belongs to nothing else, so making something in it is always sound.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) next: Address,
    pub(super) end: Address,
}

impl Run {
    /// No granules.
    pub(crate) const EMPTY: Self = Self { next: Address::new(0), end: Address::new(0) };

    /// The address of the next granule to be used.
    #[inline(always)]
    pub(crate) const fn next(&self) -> Address {
        self.next
    }

    /// Bytes left.
    #[inline(always)]
    pub(crate) fn left(&self) -> usize {
        self.end - self.next
    }

    /// Makes a cell of the next granule.
    #[inline(always)]
    pub(crate) fn cell(&mut self, car: Value, cdr: Value) -> Option<CellRef> {
        if self.next == self.end {
            return None;
        }
        let cell = CellRef(self.next);
        self.next = self.next + GRANULE;
        cell.store_car(car);
        cell.store_cdr(cdr);
        Some(cell)
    }

    /// Copies what is allocated at `from`, `granules` of it, to the next granules; `None` when there are too few.
    pub(crate) fn copy(&mut self, from: Address, granules: usize) -> Option<Address> {
        let bytes = granules * GRANULE;
        if self.left() < bytes {
            return None;
        }
        let to = self.next;
        self.next = self.next + bytes;
        let source = ptr::with_exposed_provenance::<u8>(from.get());
        let target = ptr::with_exposed_provenance_mut::<u8>(to.get());
        // SAFETY: D2 for the source; the run owns the target (D1), so they do not overlap.
        unsafe { ptr::copy_nonoverlapping(source, target, bytes) };
        Some(to)
    }

    /// Makes an object of the next granules, its payload zero, or says that there are too few.
    #[inline(always)]
    pub(crate) fn object(&mut self, header: Header) -> Option<ObjectRef> {
        let bytes = header.granules() * GRANULE;
        if self.left() < bytes {
            return None;
        }
        let object = ObjectRef(self.next);
        self.next = self.next + bytes;
        // SAFETY: the run owned these granules (D1), and hands them to the object.
        unsafe { write(object.0, header.bits()) };
        let payload = ptr::with_exposed_provenance_mut::<u8>((object.0 + HEADER).get());
        // SAFETY: as above; the payload ends where the granules do.
        unsafe { ptr::write_bytes(payload, 0, bytes - HEADER) };
        Some(object)
    }
}

/// Makes a cell in a block that was just allocated.
pub(crate) fn cell_in_block(block: &Block, car: Value, cdr: Value) -> CellRef {
    assert!(block.bytes() >= GRANULE, "room for a cell");
    let cell = CellRef(block.start());
    // The block is owned and large enough, and the reference made here is the first to what is in it: D2.
    cell.store_car(car);
    cell.store_cdr(cdr);
    cell
}

/// Makes an object in a block that was just allocated, its payload zero.
pub(crate) fn object_in_block(block: &Block, header: Header) -> ObjectRef {
    let bytes = block_bytes(header);
    assert!(block.bytes() >= bytes, "room for {header:?}");
    let object = ObjectRef(block.start());
    // SAFETY: the block is owned and large enough, and aligned to a granule.
    unsafe { write(object.0, header.bits()) };
    let payload = ptr::with_exposed_provenance_mut::<u8>((object.0 + HEADER).get());
    // SAFETY: as above.
    unsafe { ptr::write_bytes(payload, 0, bytes - HEADER) };
    object
}

/// Bytes that an object with this header needs in a block: its payload in whole words, and one word at least.
pub(crate) fn block_bytes(header: Header) -> usize {
    HEADER + header.payload_bytes().next_multiple_of(8).max(8)
}

/// Bytes of the block in which a cell or an object lies, as far as the system's allocator keeps them for it.
pub(crate) fn footprint(value: Value) -> usize {
    match value.unpack() {
        Unpacked::Cell(cell) => Block::footprint_at(cell.address()),
        Unpacked::Object(object) => Block::footprint_at(object.address()),
        _ => 0,
    }
}
