//! The page table, extent by extent, and the holes between them.

use std::sync::Arc;

use heapatlas_heap::frame::Frame;
use heapatlas_heap::terms::{Address, GRANULE, PAGE, PageKind, Span};
use heapatlas_heap::{Colours, PageEntry};

use super::next_version;

/// A page and what the table says of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// Where it begins.
    pub address: Address,
    /// Its entry.
    pub entry: PageEntry,
    /// The allocation clock when something was last allocated in it, as far as the frames tell; zero when never.
    pub touched: u64,
}

/// How full a page looks: one with nothing in it least, one that is full by its kind, and has no count, most.
#[must_use]
pub fn fullness(entry: PageEntry) -> usize {
    match entry.kind() {
        kind if kind.is_free() => 0,
        kind if kind.is_used() => 1 + entry.used(),
        _ => 1000,
    }
}

/// Whether a page says something of the heap where several are shown as one: the heap's own tables, which are in every
/// mebibyte, would hide what lies between them.
#[must_use]
pub fn is_telling(entry: PageEntry) -> bool {
    entry.kind() != PageKind::Tables
}

/// One extent and the entries of its pages.
#[derive(Clone, Debug)]
pub struct Extent {
    /// Where it lies.
    pub span: Span,
    /// One entry for each page, lowest first. Shared, so that a view can keep what it drew.
    pub entries: Arc<Vec<PageEntry>>,
    /// For each page the allocation clock when something was last allocated in it, as far as the frames tell.
    pub touched: Vec<u64>,
}

impl Extent {
    /// An extent of which nothing is known yet.
    fn fresh(span: Span) -> Self {
        let pages = (span.end - span.start) / PAGE;
        Self { span, entries: Arc::new(vec![PageEntry::default(); pages]), touched: vec![0; pages] }
    }

    /// Takes over what is known of the pages that are in another extent too.
    fn take_over(&mut self, other: &Self) {
        let start = self.span.start.max(other.span.start);
        let end = self.span.end.min(other.span.end);
        if start < end {
            let count = (end - start) / PAGE;
            let (to, from) = ((start - self.span.start) / PAGE, (start - other.span.start) / PAGE);
            Arc::make_mut(&mut self.entries)[to..to + count].copy_from_slice(&other.entries[from..from + count]);
            self.touched[to..to + count].copy_from_slice(&other.touched[from..from + count]);
        }
    }

    /// Its pages from one index on, lowest first.
    pub fn pages_from(&self, first: usize) -> impl Iterator<Item = Page> {
        let start = self.span.start;
        let entries = self.entries.iter().zip(&self.touched).enumerate().skip(first);
        entries.map(move |(n, (entry, touched))| Page { address: start + n * PAGE, entry: *entry, touched: *touched })
    }

    /// Enters what a frame says of some of the pages, and notes which of them the collector worked on.
    fn update(&mut self, first: usize, entries: &[PageEntry], clock: u64, worked_on: &mut Vec<Address>) {
        let start = self.span.start + first * PAGE;
        let known = &mut Arc::make_mut(&mut self.entries)[first..];
        let touched = &mut self.touched[first..];
        for (n, ((known, touched), entry)) in known.iter_mut().zip(touched).zip(entries).enumerate() {
            let moved_on = (entry.marked(), entry.grey()) != (known.marked(), known.grey());
            if moved_on || (entry.used() < known.used() && entry.kind() == known.kind()) {
                worked_on.push(start + n * PAGE);
            }
            if entry.kind().is_used() && (entry.used() > known.used() || entry.kind() != known.kind()) {
                // A page never seen before may have been filled long ago: then all that is known is its birth.
                *touched = if *known == PageEntry::default() { entry.birth() } else { clock };
            }
            *known = *entry;
        }
    }
}

/// The page table.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    extents: Vec<Extent>,
    /// Pages on which the latest frame says that something was marked, scanned or swept.
    worked_on: Vec<Address>,
    /// Changes with every change, so that a view knows whether to draw again; no other table has the same.
    version: u64,
}

impl Pages {
    pub(super) fn apply(&mut self, frame: &Frame) {
        let mut known = std::mem::take(&mut self.extents).into_iter().peekable();
        for span in &frame.extents {
            let fresh = frame.key || frame.mapped.contains(span);
            while known.next_if(|extent| extent.span.end <= span.start).is_some() {}
            match known.peek() {
                Some(extent) if !fresh && extent.span == *span => self.extents.extend(known.next()),
                Some(extent) if !fresh && extent.span.start < span.end => {
                    // Where blocks lie, a stretch of pages grows, shrinks and parts.
                    let mut whole = Extent::fresh(span.clone());
                    while let Some(extent) = known.peek().filter(|extent| extent.span.start < span.end) {
                        whole.take_over(extent);
                        if extent.span.end > span.end {
                            break;
                        }
                        known.next();
                    }
                    self.extents.push(whole);
                }
                _ => self.extents.push(Extent::fresh(span.clone())),
            }
        }
        let mut worked_on = std::mem::take(&mut self.worked_on);
        worked_on.clear();
        let mut at = 0;
        for (address, count) in &frame.runs {
            let end = at + *count as usize;
            let mut address = *address;
            // Pages of two adjacent extents may come as one run.
            while at < end
                && let Some((extent, first)) = self.find_mut(address)
            {
                let count = (extent.entries.len() - first).min(end - at);
                extent.update(first, &frame.entries[at..at + count], frame.counters.clock, &mut worked_on);
                at += count;
                address = address + count * PAGE;
            }
            at = end;
        }
        self.worked_on = worked_on;
        self.version = next_version();
    }

    /// Pages on which something was marked, scanned or swept between the last two frames.
    #[must_use]
    pub fn worked_on(&self) -> &[Address] {
        &self.worked_on
    }

    /// How far a mark has come, summed over the pages; all is white when none is under way.
    #[must_use]
    pub fn colours(&self) -> Colours {
        let mut colours = Colours::default();
        for entry in self.extents.iter().flat_map(|extent| extent.entries.iter()) {
            colours.white += ((entry.used() - entry.marked()) * GRANULE) as u64;
            colours.reached += (entry.marked() * GRANULE) as u64;
            colours.grey += entry.grey() as u64;
        }
        colours
    }

    fn index_of(&self, address: Address) -> Option<(usize, usize)> {
        let above = self.extents.partition_point(|extent| extent.span.start <= address);
        let index = above.checked_sub(1)?;
        let span = &self.extents[index].span;
        (address < span.end).then(|| (index, (address - span.start) / PAGE))
    }

    fn find_mut(&mut self, address: Address) -> Option<(&mut Extent, usize)> {
        let (index, page) = self.index_of(address)?;
        Some((&mut self.extents[index], page))
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
        self.extents.iter().flat_map(|extent| extent.pages_from(0))
    }

    /// The pages within a range that begins with a page's first byte, lowest first. What is no page is left out.
    pub fn within(&self, span: Span) -> impl Iterator<Item = Page> {
        let first = self.extents.partition_point(|extent| extent.span.end <= span.start);
        let Span { start, end } = span;
        self.extents[first..].iter().take_while(move |extent| extent.span.start < end).flat_map(move |extent| {
            let skipped = start.checked_offset_from(extent.span.start).unwrap_or(0) / PAGE;
            extent.pages_from(skipped).take_while(move |page| page.address < end)
        })
    }

    /// The page in which an address lies.
    #[must_use]
    pub fn at(&self, address: Address) -> Option<Page> {
        let (index, page) = self.index_of(address)?;
        self.extents[index].pages_from(page).next()
    }

    /// The hole in which an address lies.
    #[must_use]
    pub fn hole_at(&self, address: Address) -> Option<Span> {
        let above = self.extents.partition_point(|extent| extent.span.end <= address);
        let (below, above) = (self.extents.get(above.checked_sub(1)?)?, self.extents.get(above)?);
        (address < above.span.start).then_some(below.span.end..above.span.start)
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

    /// Changes with every change: as long as it stays the same, so does every page. No table of other pages has the same.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_holes_are_found_across_extents() {
        let address = |pages: usize| Address::new(0x10_0000 + pages * PAGE);
        let extents = vec![address(0)..address(3), address(5)..address(6), address(100)..address(102)];
        let mut pages = Pages::default();
        pages.apply(&Frame { key: true, extents, ..Frame::default() });
        let within = |span: Span| pages.within(span).map(|page| page.address).collect::<Vec<_>>();
        assert_eq!(within(address(1)..address(101)), [1, 2, 5, 100].map(address));
        assert_eq!(within(address(3)..address(5)), []);
        assert_eq!(pages.hole_at(address(4)), Some(address(3)..address(5)));
        assert_eq!(pages.hole_at(address(5)), None, "a page");
        assert_eq!(pages.hole_at(address(6)), Some(address(6)..address(100)));
        assert_eq!(pages.hole_at(address(102)), None, "above all of them");
    }
}
