//! Single blocks from the system's allocator: one call of `malloc` each.
//!
//! The C library does not say where a block's own bookkeeping lies, but how many bytes may be used; with the word of its
//! size before it, that is what a block keeps anybody else from using. Other systems have no such question to ask, and no
//! blocks are had there.

use super::{OsError, Purpose};
use crate::terms::{Address, GRANULE};

/// Whether blocks can be had on this system.
pub const AVAILABLE: bool = cfg!(all(target_os = "linux", target_pointer_width = "64", not(miri)));

/// A block, owned. Dropping one leaks it; [`free`] gives it back.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    start: Address,
    bytes: usize,
}

impl Block {
    /// Where it begins: a multiple of 16.
    #[must_use]
    pub fn start(&self) -> Address {
        self.start
    }

    /// Bytes that were asked for.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that the block keeps from others, in whole granules from its beginning on.
    pub(crate) fn footprint(&self) -> usize {
        Self::footprint_at(self.start)
    }

    /// The footprint of the live block that begins at an address.
    pub(crate) fn footprint_at(start: Address) -> usize {
        let word = size_of::<usize>();
        ((usable(start) + word) / GRANULE * GRANULE).max(GRANULE)
    }

    /// The live block that begins at an address, to be freed: nobody uses what is in it any more.
    pub(crate) fn of_dead(start: Address) -> Self {
        Self { start, bytes: 0 }
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod system {
    use std::ffi::c_void;
    use std::ptr;

    use crate::terms::Address;

    fn pointer(address: Address) -> *mut c_void {
        ptr::with_exposed_provenance_mut(address.get())
    }

    pub(super) fn allocate(bytes: usize) -> Option<Address> {
        // SAFETY: `malloc` may be called with any size.
        let block = unsafe { libc::malloc(bytes) };
        (!block.is_null()).then(|| Address::new(block.expose_provenance()))
    }

    pub(super) fn free(start: Address) {
        // SAFETY: a `Block` begins where `malloc` said and is owned, so it is freed once; nothing in it is used any more.
        unsafe { libc::free(pointer(start)) }
    }

    pub(super) fn usable(start: Address) -> usize {
        // SAFETY: callers ask of live blocks only.
        unsafe { libc::malloc_usable_size(pointer(start)) }
    }

    #[cfg(target_env = "gnu")]
    pub(super) fn trim() {
        // SAFETY: `malloc_trim` touches free memory only.
        unsafe { libc::malloc_trim(0) };
    }

    #[cfg(not(target_env = "gnu"))]
    pub(super) fn trim() {}

    #[cfg(target_env = "gnu")]
    pub(super) fn keep_all() {
        // SAFETY: `mallopt` sets a number that the allocator looks at.
        unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX) };
    }

    #[cfg(not(target_env = "gnu"))]
    pub(super) fn keep_all() {}
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
mod system {
    use crate::terms::Address;

    pub(super) fn allocate(_bytes: usize) -> Option<Address> {
        None
    }

    pub(super) fn free(_start: Address) {}

    pub(super) fn usable(_start: Address) -> usize {
        0
    }

    pub(super) fn trim() {}

    pub(super) fn keep_all() {}
}

use system::usable;

/// A block of `bytes` bytes, which hold anything.
///
/// # Errors
/// When the allocator refuses.
pub(super) fn allocate(bytes: usize) -> Result<Block, OsError> {
    let start = system::allocate(bytes).filter(|start| start.is_aligned(GRANULE));
    start.map(|start| Block { start, bytes }).ok_or(OsError { purpose: Purpose::Map, bytes, code: None })
}

/// Frees a block. Nothing in it is used any more.
pub(crate) fn free(block: Block) {
    system::free(block.start);
}

/// Asks the allocator to return what is free to the system.
pub(crate) fn trim() {
    system::trim();
}

/// Asks the allocator never to return anything by itself, from now on and for the whole process.
pub(crate) fn keep_all() {
    system::keep_all();
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64", not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn footprints_of_blocks_do_not_overlap() {
        let mut blocks: Vec<_> = (0..200).map(|n| allocate(16 + n * 24).unwrap()).collect();
        blocks.sort_by_key(Block::start);
        for pair in blocks.windows(2) {
            assert!(pair[0].start() + pair[0].footprint() <= pair[1].start(), "{pair:?}");
            assert!(pair[0].footprint() >= pair[0].bytes());
        }
        blocks.into_iter().for_each(free);
    }
}
