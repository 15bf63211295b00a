//! The verifier: walks everything and names each violated invariant.
//!
//! The invariants are listed in the documentation of [`Invariant`]; the counts of a page entry satisfy those written
//! at the head of `space/page_table.rs`. Each has a test here that breaks it and expects that it is named.

use std::fmt;
use std::ops::Range;

use crate::gc::mark::each_child;
use crate::heap::Heap;
use crate::object::ObjectKind;
use crate::raw::{BITMAP_WORDS, Bitmap, ChunkRef, footprint};
use crate::space::accounting::{PageCounts, Sums};
use crate::space::bitmap;
use crate::space::blocks::each_part;
use crate::space::chunk::{Chunk, Slot, slot_pages};
use crate::space::page_table::PageEntry;
use crate::terms::{
    Address, CHUNK, CHUNK_PAGES, GRANULE, GcPhase, PAGE, PAGE_GRANULES, POOL_PAGES, PageKind, PoolKind,
};
use crate::value::{Unpacked, Value};
use crate::walk::{Item, each_item, each_item_of_slot};

/// What must hold in every heap between two operations, once its cursors are settled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Invariant {
    /// H1. Extents are disjoint, in order, multiples of a chunk, or of a page with a huge object; committed = Σ bytes of
    /// extents; the pages of the chunks are the pages of the extents. Where the system's allocator places everything,
    /// committed = Σ pages that are not foreign.
    Extents = 1,
    /// H2. The pages of a free slot are free; those of a pool have the pool's kind; where blocks lie, they are mixed, free or
    /// foreign.
    Slots = 2,
    /// H3. The counts of an entry satisfy the inequalities of the page table.
    Counts = 3,
    /// H4. Of a pooled page: used = Σ allocated bits, and its free runs are the clear stretches of its bits.
    FreeRuns = 4,
    /// H5. marked ⊆ allocated, grey ⊆ marked; when idle, marked = grey = ∅.
    Marks = 5,
    /// H6. Every allocated stretch of a pool of objects is tiled by objects whose headers name a kind, that of a mixed pool by
    /// objects and cells; the footprints of blocks are allocated and do not overlap.
    Tiling = 6,
    /// H7. Every reference in a value refers to something allocated: a cell in a pool of cells, or the first granule
    /// of an object.
    References = 7,
    /// H8. The sums move with the entries: Σ entries = sums; the terms of the balance sum to committed.
    Balance = 8,
    /// H9. While marking, no black object refers to a white one. Stacks are never black: they are scanned once more when the
    /// mark ends.
    TriColour = 9,
    /// H10. A large object's head is followed by as many pages of its own as its size says, and its pages are full.
    Large = 10,
    /// H11. What is live after a sweep is what a fresh walk from the roots reaches. Checked by `verify_reachable`.
    Reachable = 11,
}

impl Invariant {
    /// What the violation means, for people.
    #[must_use]
    pub const fn statement(self) -> &'static str {
        match self {
            Self::Extents => "extents are disjoint, in order, and sum to what is committed",
            Self::Slots => "pages have the kind of their pool",
            Self::Counts => "the counts of an entry are possible",
            Self::FreeRuns => "the counts of a pooled page are those of its bits",
            Self::Marks => "marked things are allocated, grey ones marked, and none of them when idle",
            Self::Tiling => "allocated stretches are tiled by objects",
            Self::References => "references refer to what is allocated",
            Self::Balance => "the terms of the balance sum to what is committed",
            Self::TriColour => "no black object refers to a white one",
            Self::Large => "a large object has the pages its size says",
            Self::Reachable => "what is live is what the roots reach",
        }
    }
}

/// An invariant that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// Where.
    pub address: Address,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, address, found } = self;
        write!(f, "H{} ({}) violated at {address}: {found}", *invariant as u8, invariant.statement())
    }
}

/// Violations reported before the verifier gives up.
const MOST_REPORTED: usize = 20;

impl Heap {
    /// Checks H1 to H10. Gives the violations found, at most twenty.
    pub fn verify(&mut self) -> Vec<Violation> {
        self.settle();
        self.collector.show_grey(&self.space);
        let mut check = Check::new(self);
        check.pages();
        check.references();
        let found = check.found;
        self.collector.hide_grey(&self.space);
        found
    }

    /// Checks what can be checked without following a reference: all but H7 and H9.
    pub(crate) fn verify_pages(&mut self) -> Vec<Violation> {
        self.settle();
        let mut check = Check::new(self);
        check.pages();
        check.found
    }

    /// Checks H11 in the idle phase right after a collection: walks from `roots` afresh and compares with what is
    /// allocated. Gives the violations found, at most twenty.
    pub fn verify_reachable(&mut self, roots: &mut dyn crate::gc::Roots) -> Vec<Violation> {
        self.settle();
        let mut check = Check::new(self);
        let mut queue = Vec::new();
        roots.each(&mut |root| queue.push(*root));
        let mut reached = Starts::new(self);
        let mut granules = 0;
        while let Some(value) = queue.pop() {
            let Some(bytes) = reached.add(self, value) else { continue };
            granules += bytes / GRANULE;
            match value.unpack() {
                Unpacked::Cell(cell) => queue.extend([cell.car(), cell.cdr()]),
                Unpacked::Object(object) => each_child(object, &mut |child| queue.push(child)),
                _ => {}
            }
        }
        let used = self.space.sums().used_granules;
        // What died, or was allocated, while the program ran between the steps of a cycle may still be there.
        let exact = self.collector.was_exact();
        if granules > used || (exact && granules != used) {
            let found = format!("{used} granules are allocated, {granules} reached");
            check.report(Invariant::Reachable, Address::default(), found);
        }
        check.found
    }
}

/// A bit for every granule of every chunk: where things begin.
pub(crate) struct Starts(Vec<Vec<u64>>);

impl Starts {
    pub(crate) fn new(heap: &Heap) -> Self {
        Self(heap.space.chunks().iter().map(|_| vec![0; BITMAP_WORDS]).collect())
    }

    fn place(heap: &Heap, address: Address) -> Option<(usize, usize)> {
        let (index, chunk) = heap.space.chunk_at(address)?;
        let granule = (address - chunk.base()) / GRANULE;
        (granule < BITMAP_WORDS * 64 && address.is_aligned(GRANULE)).then_some((index, granule))
    }

    fn insert(&mut self, chunk: usize, granule: usize) -> bool {
        let word = &mut self.0[chunk][granule / 64];
        let bit = 1 << (granule % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Every allocated granule of a pool of cells is where one begins.
    fn insert_cells(&mut self, chunk: usize, memory: ChunkRef, granules: Range<usize>) {
        for word in granules.start / 64..granules.end / 64 {
            self.0[chunk][word] = memory.bits(Bitmap::Allocated, word);
        }
    }

    fn has(&self, chunk: usize, granule: usize) -> bool {
        self.0[chunk][granule / 64] >> (granule % 64) & 1 == 1
    }

    /// Adds what a value refers to; its bytes if it was not there yet.
    pub(crate) fn add(&mut self, heap: &Heap, value: Value) -> Option<usize> {
        let (address, bytes) = match value.unpack() {
            Unpacked::Cell(cell) if heap.space.is_of_blocks() => (cell.address(), footprint(value)),
            Unpacked::Object(object) if heap.space.is_of_blocks() => (object.address(), footprint(value)),
            Unpacked::Cell(cell) => (cell.address(), GRANULE),
            Unpacked::Object(object) => {
                let (header, (chunk, granule)) = (object.header(), Self::place(heap, object.address())?);
                let bytes = header.granules() * GRANULE;
                let large = heap.space.chunks()[chunk].memory().has_own_pages(granule, header);
                (object.address(), if large { bytes.next_multiple_of(PAGE) } else { bytes })
            }
            _ => return None,
        };
        let (chunk, granule) = Self::place(heap, address)?;
        self.insert(chunk, granule).then_some(bytes)
    }
}

/// The pages of a slot. Where blocks lie no tables come first.
fn pages_of(slot: usize, state: Slot) -> Range<usize> {
    if state == Slot::Blocks { slot * POOL_PAGES..(slot + 1) * POOL_PAGES } else { slot_pages(slot) }
}

struct Check<'h> {
    heap: &'h Heap,
    found: Vec<Violation>,
    starts: Starts,
}

impl<'h> Check<'h> {
    fn new(heap: &'h Heap) -> Self {
        Self { heap, found: Vec::new(), starts: Starts::new(heap) }
    }

    fn report(&mut self, invariant: Invariant, address: Address, found: String) {
        if self.found.len() < MOST_REPORTED {
            self.found.push(Violation { invariant, address, found });
        }
    }

    fn require(&mut self, holds: bool, invariant: Invariant, address: Address, found: impl FnOnce() -> String) {
        if !holds {
            self.report(invariant, address, found());
        }
    }

    fn pages(&mut self) {
        self.extents();
        for index in 0..self.heap.space.chunks().len() {
            self.chunk(index);
        }
    }

    fn extents(&mut self) {
        let space = &self.heap.space;
        let mut end = Address::default();
        let (mut bytes, mut pages) = (0, 0);
        for extent in space.extents() {
            let span = extent.span();
            let ordered = span.start >= end && span.start.is_aligned(CHUNK) && extent.has_whole_chunks();
            self.require(ordered, Invariant::Extents, span.start, || format!("{span:?} after {end}"));
            end = span.end;
            bytes += extent.bytes();
        }
        for chunk in space.chunks() {
            pages += chunk.sums().ours();
        }
        let committed = space.committed();
        if space.is_of_blocks() {
            bytes = space.spans().map(|span| span.end - span.start).sum();
        }
        self.require(bytes == committed && pages * PAGE == bytes, Invariant::Extents, end, || {
            format!("extents of {bytes} bytes, chunks of {pages} pages, {committed} committed")
        });
        let total = space.sums().balance.total();
        self.require(total == committed, Invariant::Balance, end, || {
            format!("terms sum to {total}, {committed} committed")
        });
    }

    fn chunk(&mut self, index: usize) {
        let chunk = &self.heap.space.chunks()[index];
        let mut sums = Sums::default();
        for page in 0..chunk.pages() {
            let entry = chunk.entry(page);
            let mut one = Sums::fresh(1);
            one.replace(PageEntry::default(), entry);
            sums.add(&one);
            self.entry(chunk, page, entry);
        }
        let kept = *chunk.sums();
        self.require(sums == kept, Invariant::Balance, chunk.base(), || {
            format!("entries sum to {sums:?}, not {kept:?}")
        });
        for (slot, state) in chunk.slots() {
            self.slot(chunk, slot, state);
        }
        self.marks(chunk);
        let (mut items, mut untiled) = (Vec::new(), Vec::new());
        for (slot, state) in chunk.slots() {
            // There are many cells, and their bits say all there is to say of them.
            if let Slot::Pool { kind: PoolKind::Cells, .. } = state {
                self.starts.insert_cells(index, chunk.memory(), chunk.pool(slot).granules());
            } else {
                each_item_of_slot(chunk, slot, state, &mut |item| items.push(item), &mut |at| untiled.push(at));
            }
        }
        if chunk.is_of_blocks() {
            self.blocks(&items);
        }
        for at in untiled {
            self.report(Invariant::Tiling, at.address, format!("{:?} does not fit its stretch", at.header));
        }
        for item in items {
            self.starts.insert(index, (item.address - chunk.base()) / GRANULE);
            self.large(chunk, item);
        }
    }

    /// The footprints of blocks, lowest first.
    fn blocks(&mut self, items: &[Item]) {
        for (n, item) in items.iter().enumerate() {
            let mut allocated = true;
            each_part(item.address, item.bytes, |chunk, granules| {
                allocated &= bitmap::count(chunk, Bitmap::Allocated, granules.clone()) == granules.len();
            });
            let apart = items.get(n + 1).is_none_or(|next| item.address + item.bytes <= next.address);
            self.require(allocated && apart, Invariant::Tiling, item.address, || {
                format!("a block of {} bytes: allocated {allocated}, apart from the next {apart}", item.bytes)
            });
        }
    }

    fn entry(&mut self, chunk: &Chunk, page: usize, entry: PageEntry) {
        let address = chunk.base() + page * PAGE;
        let kind_fits = entry.kind().is_used() || entry.used() == 0;
        let possible = kind_fits
            && entry.live() <= entry.used()
            && entry.used() <= PAGE_GRANULES
            && entry.marked() <= entry.used()
            && entry.grey() <= entry.marked()
            && entry.overhead_words() <= 2 * entry.live()
            && entry.longest_free() <= entry.free()
            && (entry.longest_free() == 0) == (entry.free_runs() == 0)
            && entry.free_runs() <= entry.free()
            && !(entry.is_cold() && entry.used() > 0);
        self.require(possible, Invariant::Counts, address, || format!("{entry:?}"));
        if entry.kind().is_pooled() {
            let counts = PageCounts::of(chunk.memory(), page, self.heap.collector.is_marking());
            let mut counted = entry;
            counts.store(&mut counted);
            self.require(counted == entry, Invariant::FreeRuns, address, || {
                format!("entry {entry:?}, counted {counts:?}")
            });
        }
    }

    fn slot(&mut self, chunk: &Chunk, slot: usize, state: Slot) {
        if chunk.is_huge() {
            return;
        }
        for page in pages_of(slot, state) {
            let kind = chunk.entry(page).kind();
            let fits = match state {
                Slot::Free { .. } => kind.is_free(),
                Slot::Pool { kind: PoolKind::Cells, .. } => kind == PageKind::Cells,
                Slot::Pool { kind: PoolKind::Objects, .. } => kind == PageKind::Objects,
                Slot::Pool { kind: PoolKind::Mixed, .. } => kind == PageKind::Mixed,
                Slot::Blocks => matches!(kind, PageKind::Mixed | PageKind::Free | PageKind::Foreign),
                Slot::Pages => !kind.is_pooled() && kind != PageKind::Tables,
            };
            let address = chunk.base() + page * PAGE;
            self.require(fits, Invariant::Slots, address, || format!("a page of {} in {state:?}", kind.name()));
        }
    }

    fn marks(&mut self, chunk: &Chunk) {
        let memory = chunk.memory();
        let marking = self.heap.collector.is_marking();
        for word in 0..BITMAP_WORDS {
            let allocated = memory.bits(Bitmap::Allocated, word);
            let marked = memory.bits(Bitmap::Marked, word);
            let grey = memory.bits(Bitmap::Grey, word);
            let fits = marked & !allocated == 0 && grey & !marked == 0 && (marking || marked | grey == 0);
            let address = memory.granule_address(word * 64);
            self.require(fits, Invariant::Marks, address, || {
                format!("allocated {allocated:#018x}, marked {marked:#018x}, grey {grey:#018x}")
            });
        }
    }

    fn large(&mut self, chunk: &Chunk, item: Item) {
        let page = (item.address - chunk.base()) / PAGE;
        if page < CHUNK_PAGES && chunk.entry(page).kind().is_pooled() {
            return;
        }
        let pages = item.bytes / PAGE;
        let stack = item.header.is_some_and(|header| header.is(ObjectKind::Stack));
        let (head, rest) =
            if stack { (PageKind::Stack, PageKind::Stack) } else { (PageKind::LargeHead, PageKind::LargeRest) };
        for n in 0..pages {
            let wanted = if n == 0 { head } else { rest };
            let entry = (page + n < chunk.pages()).then(|| chunk.entry(page + n));
            let fits = entry.is_some_and(|entry| entry.kind() == wanted && entry.used() == PAGE_GRANULES);
            self.require(fits, Invariant::Large, item.address, || {
                format!("page {n} of {pages} of {:?} is {entry:?}", item.header)
            });
        }
    }

    fn references(&mut self) {
        let phase = self.heap.collector.phase();
        let marking = matches!(phase, GcPhase::Roots | GcPhase::Mark | GcPhase::Finish);
        let heap = self.heap;
        for chunk in heap.space.chunks() {
            let mut check = |item: Item| {
                let granule = (item.address - chunk.base()) / GRANULE;
                if heap.collector.may_hold_dead(chunk.base(), granule / PAGE_GRANULES)
                    && !bitmap::is_set(chunk.memory(), Bitmap::Marked, granule)
                {
                    // Dead, and what it refers to may be swept already.
                    return;
                }
                // The program writes to its stacks without telling: they stay grey until the mark ends, whatever was scanned.
                let stack = item.header.is_some_and(|header| header.is(ObjectKind::Stack));
                let black = marking && !stack && self.is_black(item.address);
                match item.value.unpack() {
                    Unpacked::Cell(cell) => {
                        self.reference(item, cell.car(), black);
                        self.reference(item, cell.cdr(), black);
                    }
                    Unpacked::Object(object) => each_child(object, &mut |child| self.reference(item, child, black)),
                    _ => {}
                }
            };
            each_item(chunk, &mut check, &mut |_| {});
        }
    }

    fn is_black(&self, address: Address) -> bool {
        Starts::place(self.heap, address).is_some_and(|(chunk, granule)| {
            let memory = self.heap.space.chunks()[chunk].memory();
            bitmap::is_set(memory, Bitmap::Marked, granule) && !bitmap::is_set(memory, Bitmap::Grey, granule)
        })
    }

    /// The chunk and granule of what a value refers to, if anything is there; `None` for a value that refers to nothing.
    fn referred(&self, value: Value) -> Option<Option<(usize, usize)>> {
        let (address, cell) = match value.unpack() {
            Unpacked::Cell(cell) => (cell.address(), true),
            Unpacked::Object(object) => (object.address(), false),
            _ => return None,
        };
        Some(Starts::place(self.heap, address).filter(|(index, granule)| {
            let chunk = &self.heap.space.chunks()[*index];
            self.starts.has(*index, *granule)
                && match chunk.entry(granule / PAGE_GRANULES).kind() {
                    PageKind::Mixed => chunk.memory().value_at(*granule).is_cell() == cell,
                    kind => (kind == PageKind::Cells) == cell,
                }
        }))
    }

    fn reference(&mut self, from: Item, child: Value, black: bool) {
        let Some(place) = self.referred(child) else { return };
        let good = place.is_some();
        self.require(good, Invariant::References, from.address, || format!("{:?} refers to {child:?}", from.value));
        if let (true, Some((index, granule))) = (black, place) {
            let memory = self.heap.space.chunks()[index].memory();
            let white = !bitmap::is_set(memory, Bitmap::Marked, granule);
            self.require(!white, Invariant::TriColour, from.address, || {
                format!("black {:?} refers to white {child:?}", from.value)
            });
        }
    }
}

#[cfg(test)]
mod tests;
