//! What is white, grey and black, counted afresh: thing by thing, from the bitmaps, without the page table.

use crate::heap::Heap;
use crate::raw::Bitmap;
use crate::space::bitmap;
use crate::terms::{CHUNK_PAGES, GRANULE, PAGE_GRANULES};
use crate::walk::{Item, each_item};

/// How far a mark has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Colours {
    /// Bytes of what was not reached yet.
    pub white: u64,
    /// Bytes of what was reached: grey and black.
    pub reached: u64,
    /// Things that were reached and not scanned yet.
    pub grey: u64,
}

impl Heap {
    /// Walks the heap and counts what is white, grey and black; all is white when no mark is under way. The page table says
    /// the same, page by page.
    pub fn colours(&mut self) -> Colours {
        self.settle();
        let marking = self.collector.is_marking();
        if marking {
            self.collector.show_grey(&self.space);
        }
        let mut colours = Colours::default();
        for chunk in self.space.chunks() {
            let memory = chunk.memory();
            let mut count = |item: Item| {
                let head = (item.address - chunk.base()) / GRANULE;
                let end = head + item.bytes / GRANULE;
                let reached = if !marking {
                    0
                } else if chunk.entry(head / PAGE_GRANULES).kind().is_pooled() {
                    // The sweep may have come to the middle of it.
                    bitmap::count(memory, Bitmap::Marked, head..end.min(CHUNK_PAGES * PAGE_GRANULES)) * GRANULE
                } else if bitmap::is_set(memory, Bitmap::Marked, head) {
                    item.bytes
                } else {
                    0
                };
                colours.reached += reached as u64;
                colours.white += (item.bytes - reached) as u64;
                colours.grey += u64::from(marking && bitmap::is_set(memory, Bitmap::Grey, head));
            };
            each_item(chunk, &mut count, &mut |_| {});
        }
        if marking {
            self.collector.hide_grey(&self.space);
        }
        colours
    }
}
