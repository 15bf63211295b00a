//! The allocators that free one by one: that of the system, and mimalloc.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::NonNull;

use mimalloc::MiMalloc;

/// An allocator beside which the heap is measured.
#[derive(Clone, Copy)]
pub(crate) enum Peer {
    /// That of the C library.
    System,
    /// mimalloc.
    Mimalloc,
}

impl Peer {
    /// Allocates `bytes`, which are not zero.
    #[inline]
    pub(crate) fn allocate(self, bytes: usize) -> Block {
        let layout = Layout::from_size_align(bytes, 16).unwrap();
        let start = match self {
            // SAFETY: the layout has a size.
            Self::System => unsafe { System.alloc(layout) },
            // SAFETY: as above.
            Self::Mimalloc => unsafe { MiMalloc.alloc(layout) },
        };
        Block { start: NonNull::new(start).unwrap(), layout, of: self }
    }
}

/// Memory of a peer, freed when dropped.
pub(crate) struct Block {
    start: NonNull<u8>,
    layout: Layout,
    of: Peer,
}

impl Block {
    pub(crate) fn bytes(&self) -> usize {
        self.layout.size()
    }

    /// Writes every byte.
    #[inline]
    pub(crate) fn fill(&mut self, byte: u8) {
        // SAFETY: the block has so many bytes, and is ours alone.
        unsafe { self.start.as_ptr().write_bytes(byte, self.layout.size()) }
    }
}

impl Drop for Block {
    #[inline]
    fn drop(&mut self) {
        match self.of {
            // SAFETY: it came from this allocator, with this layout.
            Peer::System => unsafe { System.dealloc(self.start.as_ptr(), self.layout) },
            // SAFETY: as above.
            Peer::Mimalloc => unsafe { MiMalloc.dealloc(self.start.as_ptr(), self.layout) },
        }
    }
}
