//! The only reads and writes of heap memory.
//!
//! Everything else in this crate is safe code over the types of this file. Four duties make the unsafe blocks here
//! sound; each block names the ones it relies on.
//!
//! * **D1, chunks.** A [`ChunkRef`] lies at the start of a chunk of a live [`Mapping`]: readable, writable, aligned
//!   to [`CHUNK`], at least [`CHUNK`] bytes, its head holding tables. `space::extent` makes one only from a mapping
//!   it owns, and drops it before the mapping. Or its tables are a live [`Mapping`] of their own ([`TablesAt::BESIDE`]), and
//!   of its memory only what is inside blocks of the system's allocator is read or written.
//! * **D2, references.** A [`CellRef`] or [`ObjectRef`] names the first granule of something allocated in a chunk.
//!   They come from a [`Run`] when something is allocated, from a value word, or from a walker that read the
//!   allocation bitmap. What is freed is reachable from no root and no live object, which the verifier checks
//!   (H6, H7), and whoever calls the safepoint promises to hold no other reference across it.
//! * **D3, words.** A word that the object's shape calls a value was stored as a [`Value`], or is zero, which is
//!   one too.
//! * **D4, one thread.** A heap is used by one thread at a time: it is `Send` and not `Sync`, and every write goes
//!   through `&mut Heap`, while slices borrow the heap they point into.
//!
//! * [`refs`] what a reference leads to: cells, objects, stacks, code
//! * [`chunk`] the tables of a chunk, and where they lie
//! * [`run`] free memory that is owned, and what is made in it

mod chunk;
mod refs;
mod run;

use std::ptr;
use std::slice;

use crate::os::Mapping;
use crate::terms::Address;

pub(crate) use chunk::{BITMAP_WORDS, Bitmap, ChunkRef, FurtherEntries, TABLE_PAGES, TABLES_BESIDE, TablesAt};
pub use refs::{CellRef, CodeRef, ObjectRef};
pub(crate) use refs::{StackRef, prefetch};
pub(crate) use run::{Run, block_bytes, cell_in_block, footprint, object_in_block};

/// Reads a word.
///
/// # Safety
/// The eight bytes at `address`, a multiple of eight, are in a chunk that is mapped (D1).
#[inline(always)]
unsafe fn read(address: Address) -> u64 {
    // SAFETY: the caller's duty is that of `read`: mapped and aligned.
    unsafe { ptr::with_exposed_provenance::<u64>(address.get()).read() }
}

/// Writes a word.
///
/// # Safety
/// The eight bytes at `address`, a multiple of eight, are in a chunk that is mapped (D1), and no slice over them is
/// borrowed (D4).
#[inline(always)]
unsafe fn write(address: Address, word: u64) {
    // SAFETY: the caller's duty is that of `write`: mapped, aligned, not borrowed.
    unsafe { ptr::with_exposed_provenance_mut::<u64>(address.get()).write(word) }
}

/// The bytes of a mapping from `start` on, for as long as nothing is written there.
pub(crate) fn bytes_of(mapping: &Mapping, start: Address, bytes: usize) -> &[u8] {
    assert!(start >= mapping.start() && bytes <= mapping.end() - start, "bytes of the mapping");
    let first = ptr::with_exposed_provenance::<u8>(start.get());
    // SAFETY: D1: the range is in a live mapping, which is borrowed as long as the slice; D4.
    unsafe { slice::from_raw_parts(first, bytes) }
}

/// The bytes of a mapping from `start` on, to be filled. Nothing is allocated there as far as anybody knows.
pub(crate) fn bytes_to_fill(mapping: &mut Mapping, start: Address, bytes: usize) -> &mut [u8] {
    assert!(start >= mapping.start() && bytes <= mapping.end() - start, "bytes of the mapping");
    let first = ptr::with_exposed_provenance_mut::<u8>(start.get());
    // SAFETY: D1: the range is in a live mapping, which is borrowed as long as the slice; D4: no reference into it has
    // been handed out.
    unsafe { slice::from_raw_parts_mut(first, bytes) }
}

/// Leaves at something that has moved the address of its new place, in its first word.
pub(crate) fn leave_forwarding(from: Address, to: Address) {
    // SAFETY: D2: `from` is allocated still; it was copied, and nothing reads it any more but `forwarding`.
    unsafe { write(from, to.get() as u64) }
}

/// The new place of something that has moved.
#[inline(always)]
pub(crate) fn forwarding(from: Address) -> Address {
    // SAFETY: D2: the old place stays allocated until every reference to it has been replaced.
    Address::new(unsafe { read(from) } as usize)
}

/// Overwrites a word behind the heap's back, so that tests can see whether the verifier notices.
#[cfg(test)]
pub(crate) fn poke(address: Address, word: u64) {
    // SAFETY: tests poke into chunks of heaps they own (D1), then only verify them.
    unsafe { write(address, word) }
}
