//! The page table, extent by extent, and the holes between them.

use std::sync::Arc;

use heapatlas_heap::PageEntry;
use heapatlas_heap::frame::Frame;
use heapatlas_heap::terms::{Address, PAGE, Span};

/// A page and what the table says of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// Where it begins.
    pub address: Address,
    /// Its entry.
    pub entry: PageEntry,
}

/// One extent and the entries of its pages.
#[derive(Clone, Debug)]
pub struct Extent {
    /// Where it lies.
    pub span: Span,
    /// One entry for each page, lowest first. Shared, so that a view can keep what it drew.
    pub entries: Arc<Vec<PageEntry>>,
}

/// The page table.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    extents: Vec<Extent>,
    /// Counts the changes, so that a view knows whether to draw again.
    version: u64,
}

impl Pages {
    pub(super) fn apply(&mut self, frame: &Frame) {
        self.extents.retain(|extent| frame.extents.contains(&extent.span));
        for span in &frame.extents {
            let fresh = frame.key || frame.mapped.contains(span);
            let at = self.extents.partition_point(|extent| extent.span.start < span.start);
            let known = self.extents.get(at).is_some_and(|extent| extent.span == *span);
            if known && !fresh {
                continue;
            }
            let entries = Arc::new(vec![PageEntry::default(); (span.end - span.start) / PAGE]);
            let extent = Extent { span: span.clone(), entries };
            if known {
                self.extents[at] = extent;
            } else {
                self.extents.insert(at, extent);
            }
        }
        let mut at = 0;
        for (address, count) in &frame.runs {
            let end = at + *count as usize;
            let mut address = *address;
            // Pages of two adjacent extents may come as one run.
            while at < end
                && let Some((extent, first)) = self.find_mut(address)
            {
                let target = &mut Arc::make_mut(&mut extent.entries)[first..];
                let count = target.len().min(end - at);
                target[..count].copy_from_slice(&frame.entries[at..at + count]);
                at += count;
                address = address + count * PAGE;
            }
            at = end;
        }
        self.version += 1;
    }

    fn find_mut(&mut self, address: Address) -> Option<(&mut Extent, usize)> {
        let above = self.extents.partition_point(|extent| extent.span.start <= address);
        let extent = self.extents.get_mut(above.checked_sub(1)?)?;
        let offset = address - extent.span.start;
        (address < extent.span.end).then_some((extent, offset / PAGE))
    }

    /// The extents, lowest first.
    #[must_use]
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// The ranges between two extents, which are not the heap's, lowest first.
    pub fn holes(&self) -> impl Iterator<Item = Span> {
        self.extents.windows(2).filter_map(|pair| {
            let (below, above) = (pair[0].span.end, pair[1].span.start);
            (below < above).then_some(below..above)
        })
    }

    /// Every page, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = Page> {
        self.extents.iter().flat_map(|extent| {
            let start = extent.span.start;
            extent.entries.iter().enumerate().map(move |(n, entry)| Page { address: start + n * PAGE, entry: *entry })
        })
    }

    /// The page in which an address lies.
    #[must_use]
    pub fn at(&self, address: Address) -> Option<Page> {
        let above = self.extents.partition_point(|extent| extent.span.start <= address);
        let extent = self.extents.get(above.checked_sub(1)?)?;
        let index = address.checked_offset_from(extent.span.start)? / PAGE;
        let entry = *extent.entries.get(index)?;
        Some(Page { address: extent.span.start + index * PAGE, entry })
    }

    /// How many pages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.extents.iter().map(|extent| extent.entries.len()).sum()
    }

    /// Whether there is no page.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.extents.is_empty()
    }

    /// Counts the changes: as long as it stays the same, so does every page.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}
