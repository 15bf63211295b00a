//! Marking: shading what is referred to, scanning what is grey.
//!
//! Grey things wait in a queue that gives out region after region of the heap ([`super::pending`]): what lies together is
//! scanned together, and lists and trees in it depth first. What leaves the queue passes through a ring of 32: the
//! processor fetches it, and then the word of the mark bitmap in which its bit lies, while those before it are scanned.
//! Only when it leaves the ring is it marked. The ring is filled sixteen at a time: on a large heap a prefetch waits until
//! the page tables were searched for its address, and the processor searches for several at once only if they follow each
//! other closely, with no scanning in between. A cell whose cdr lies close by is followed at once, without the ring: it is
//! likely in the cache already, which is what makes lists in order fast.
//!
//! ```text
//!   shade ──▶ queue ──▶ ring (fetching) ──▶ mark, unless marked ──▶ scan ──▶ shade …
//!               │ full
//!               └──▶ grey bit set, page flagged as flooded; looked for when the queue is empty
//! ```
//!
//! What waits is grey without a bit that says so, not even that of the mark: on a large heap each would be one more place
//! to fetch and wait for. So the same thing may wait twice, or though it is black by now; whoever comes second finds the
//! mark. [`Marker::show_grey`] enters the bits for whoever counts or verifies between two steps.

use std::ops::{AddAssign, Range};

use super::bits::{
    address_of, clear_grey, each_new_object, each_new_value, is_marked, mark, mark_cell, mark_object, place,
    prefetch_mark, set_grey, unmark,
};
use super::pacing::{SLICE_TAKEN, SLICE_VALUES};
use super::pending::Pending;
use crate::object::{ObjectKind, Shape};
use crate::raw::{self, Bitmap, CellRef, ChunkRef, ObjectRef, TablesAt};
use crate::space::Space;
use crate::space::bitmap;
use crate::space::chunk::{Chunk, Slot, slot_pages};
use crate::terms::{Address, CHUNK_GRANULES, CHUNK_PAGES, GRANULE, GcUnit, PAGE, PAGE_GRANULES, PageKind, PoolKind};
use crate::value::{Unpacked, Value};
use crate::walk::each_block;

/// Entries of the mark queue: 512 KiB at most.
const QUEUE: usize = 65_536;
/// What did not fit the queue returns to it in parts of no more than so many, for a slice to stay short.
const DRAINED: usize = 4096;
/// Entries of the ring.
const RING: usize = 32;
/// The ring is filled when no more than so many are left in it, and as many wait in the queue; or when it is empty.
const HALF_RING: usize = RING / 2;
/// An object of more values than this is scanned in parts of so many, if there is a slice to be kept to.
pub(super) const PART: usize = 1024;
/// A thing counts as at least as many values as a cell has.
const LEAST_VALUES: u64 = 2;
/// A cdr no further away than this is followed at once.
const CLOSE: usize = PAGE;
/// The page whose entry says whether any page of its chunk is flooded, whether or not it is itself.
const FLOOD_MARK: usize = 0;

/// What a step has scanned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Scanned {
    /// Cells and objects; a long object as its last part is scanned.
    pub(crate) things: u64,
    /// The values in them, two or more a thing.
    pub(crate) values: u64,
}

impl AddAssign for Scanned {
    fn add_assign(&mut self, more: Self) {
        self.things += more.things;
        self.values += more.values;
    }
}

/// The queue, the ring, and what did not fit.
#[derive(Debug)]
pub(crate) struct Marker {
    /// Where the tables lie that say what is marked.
    tables: TablesAt,
    queue: Pending,
    ring: [Value; RING],
    oldest: usize,
    in_ring: usize,
    /// A long object that is scanned in parts, and the value to go on with. It is marked, and grey until the last.
    unfinished: Option<(ObjectRef, usize)>,
    /// What was scanned last; nil when the last scan came upon nothing.
    last: Value,
    /// Whether some page is flooded.
    flooded: bool,
    floods: u64,
}

impl Marker {
    pub(crate) fn new(tables: TablesAt) -> Self {
        Self::with_queue(tables, QUEUE)
    }

    /// A marker whose queue has this many entries.
    pub(crate) fn with_queue(tables: TablesAt, entries: usize) -> Self {
        Self {
            tables,
            queue: Pending::new(entries),
            ring: [Value::NIL; RING],
            oldest: 0,
            in_ring: 0,
            unfinished: None,
            last: Value::NIL,
            flooded: false,
            floods: 0,
        }
    }

    /// Entries of the queue and the ring, and whether more grey things wait on flooded pages. Among the entries may be
    /// some that are black by now, or there twice.
    pub(crate) fn waiting(&self) -> (u64, bool) {
        ((self.queue.len() + self.in_ring) as u64 + u64::from(self.unfinished.is_some()), self.flooded)
    }

    /// Where what was scanned last lies, if the last scan came upon anything.
    pub(crate) fn last_scanned(&self) -> Option<Address> {
        self.last.address()
    }

    /// How often the queue was full so far.
    #[cfg(test)]
    pub(crate) fn floods(&self) -> u64 {
        self.floods
    }

    /// Whether nothing is grey.
    pub(crate) fn is_done(&self) -> bool {
        self.queue.len() == 0 && self.in_ring == 0 && self.unfinished.is_none() && !self.flooded
    }

    /// Makes what `value` refers to grey, if it is white.
    #[inline]
    pub(crate) fn shade(&mut self, value: Value) {
        if !value.is_reference() {
            return;
        }
        if !self.queue.push(value) {
            self.flood(value);
        }
    }

    /// The same for what is likely black or in the cache: the queue is spared.
    #[inline]
    pub(crate) fn shade_white(&mut self, value: Value) {
        if value.is_reference() && !is_marked(self.tables, value) {
            self.shade(value);
        }
    }

    /// Notes on its page that something is grey.
    #[cold]
    fn flood(&mut self, value: Value) {
        if is_marked(self.tables, value) {
            return;
        }
        set_grey(self.tables, value);
        let (chunk, granule) = place(self.tables, address_of(value));
        for page in [FLOOD_MARK, granule / PAGE_GRANULES] {
            set_flooded(chunk, page, true);
        }
        self.flooded = true;
        self.floods += 1;
    }

    /// Enters in the bitmaps what is grey, for somebody who is going to look there. Says how many things that are. While
    /// marking goes on nobody looks: what waits has no bit, and what did not fit the queue only that of the grey.
    pub(crate) fn show_grey(&self, space: &Space) -> u64 {
        let mut grey = 0;
        for (chunk, page) in self.flooded_pages(space) {
            each_grey(chunk, page, &mut |value| {
                if mark(self.tables, value) {
                    grey += 1;
                } else {
                    // It was found by another way, and is black.
                    clear_grey(self.tables, value);
                }
                true
            });
        }
        if let Some((object, _)) = self.unfinished {
            set_grey(self.tables, Value::object(object));
            grey += 1;
        }
        for value in self.in_queue() {
            if mark(self.tables, value) {
                set_grey(self.tables, value);
                grey += 1;
            }
        }
        grey
    }

    /// Takes out again what [`Self::show_grey`] entered.
    pub(crate) fn hide_grey(&self, space: &Space) {
        if let Some((object, _)) = self.unfinished {
            clear_grey(self.tables, Value::object(object));
        }
        for value in self.in_queue() {
            if clear_grey(self.tables, value) {
                unmark(self.tables, value);
            }
        }
        for (chunk, page) in self.flooded_pages(space) {
            each_grey(chunk, page, &mut |value| {
                unmark(self.tables, value);
                true
            });
        }
    }

    /// What waits in the queue and the ring.
    fn in_queue(&self) -> impl Iterator<Item = Value> + '_ {
        let in_ring = (0..self.in_ring).map(|n| self.ring[(self.oldest + n) % RING]);
        self.queue.iter().chain(in_ring)
    }

    fn flooded_pages<'s>(&self, space: &'s Space) -> impl Iterator<Item = (&'s Chunk, usize)> + use<'s> {
        let chunks = if self.flooded { space.chunks() } else { &[] };
        let flooded = chunks.iter().filter(|chunk| chunk.entry(FLOOD_MARK).is_flooded());
        flooded.flat_map(|chunk| {
            let pages = pages_with_heads(chunk).filter(|page| chunk.entry(*page).is_flooded());
            pages.map(move |page| (chunk, page))
        })
    }

    /// The next thing that waits, by way of the ring.
    #[inline]
    fn take(&mut self) -> Option<Value> {
        if self.in_ring == 0 || (self.in_ring <= HALF_RING && self.queue.len() >= HALF_RING) {
            self.fill_ring();
        }
        if self.in_ring == 0 {
            return None;
        }
        let value = self.ring[self.oldest];
        self.oldest = (self.oldest + 1) % RING;
        self.in_ring -= 1;
        Some(value)
    }

    /// Moves what there is room for from the queue to the ring, and asks the processor for it; then for the marks of those
    /// that leave the ring before it is filled again.
    #[inline]
    fn fill_ring(&mut self) {
        while self.in_ring < RING {
            let words = self.queue.pop(RING - self.in_ring);
            if words.is_empty() {
                break;
            }
            for value in words.iter().rev().map(|word| Value::from_bits(*word)) {
                prefetch(value);
                self.ring[(self.oldest + self.in_ring) % RING] = value;
                self.in_ring += 1;
            }
        }
        for n in 0..self.in_ring.min(HALF_RING) {
            prefetch_mark(self.tables, self.ring[(self.oldest + n) % RING]);
        }
    }

    /// Makes what was just allocated in a pool black: marks it, and shades what it refers to.
    pub(crate) fn blacken_new(&mut self, chunk: ChunkRef, granules: Range<usize>, kind: PoolKind) {
        match kind {
            PoolKind::Cells => {
                bitmap::set(chunk, Bitmap::Marked, granules.clone());
                for granule in granules {
                    let cell = chunk.cell_at(granule);
                    self.shade_white(cell.car());
                    self.shade_white(cell.cdr());
                }
            }
            PoolKind::Objects => {
                each_new_object(chunk, granules, &mut |object| {
                    mark_object(self.tables, object);
                    each_child(object, &mut |child| self.shade_white(child));
                });
            }
            PoolKind::Mixed => each_new_value(chunk, granules, &mut |value| self.blacken_one(value)),
        }
    }

    /// Makes something that was just allocated black.
    pub(crate) fn blacken_one(&mut self, value: Value) {
        match value.unpack() {
            Unpacked::Cell(cell) => {
                mark_cell(self.tables, cell);
                self.shade_white(cell.car());
                self.shade_white(cell.cdr());
            }
            Unpacked::Object(object) => {
                mark_object(self.tables, object);
                each_child(object, &mut |child| self.shade_white(child));
            }
            _ => {}
        }
    }

    /// Shades what every marked stack refers to: the program writes to its stacks without telling.
    pub(crate) fn rescan_stacks(&mut self, space: &Space) {
        for chunk in space.chunks() {
            let memory = chunk.memory();
            if chunk.is_of_blocks() {
                self.rescan_stacks_in_blocks(memory);
                continue;
            }
            if chunk.sums().pages[PageKind::Stack as usize] == 0 {
                continue;
            }
            for (slot, _) in chunk.slots().filter(|(_, slot)| *slot == Slot::Pages) {
                for page in slot_pages(slot) {
                    let head = page * PAGE_GRANULES;
                    if chunk.entry(page).kind() == PageKind::Stack && bitmap::is_set(memory, Bitmap::Marked, head) {
                        each_child(memory.object_at(head), &mut |child| self.shade(child));
                    }
                }
            }
        }
    }

    /// Where the system's allocator places everything, no page says that a stack begins there.
    fn rescan_stacks_in_blocks(&mut self, chunk: ChunkRef) {
        each_block(chunk, 0..CHUNK_GRANULES, &mut |item| {
            let stack = item.value.as_object().filter(|object| object.header().is(ObjectKind::Stack));
            let granule = (item.address - chunk.base()) / GRANULE;
            if let Some(stack) = stack
                && bitmap::is_set(chunk, Bitmap::Marked, granule)
            {
                each_child(stack, &mut |child| self.shade(child));
            }
        });
    }

    /// Scans grey things: one, those that begin on the page of the next, a slice, or all. Gives what was scanned.
    pub(crate) fn scan(&mut self, unit: GcUnit, space: &Space) -> Scanned {
        let (most_values, most_taken) = match unit {
            GcUnit::Object => (1, u64::MAX),
            GcUnit::Slice => (SLICE_VALUES, SLICE_TAKEN),
            GcUnit::Page | GcUnit::Phase | GcUnit::Cycle => (u64::MAX, u64::MAX),
        };
        let (mut scanned, mut taken) = (Scanned::default(), 0);
        let (mut page, mut last) = (None, Value::NIL);
        while scanned.values < most_values && taken < most_taken {
            // A part of a long object fills the queue: it must have been worked off.
            if self.queue.len() < PART
                && let Some((object, from)) = self.unfinished.take()
            {
                scanned += self.scan_part(object, from);
                continue;
            }
            let Some(value) = self.take() else {
                if !self.flooded {
                    break;
                }
                self.drain_flood(space);
                continue;
            };
            taken += 1;
            if unit == GcUnit::Page && !is_marked(self.tables, value) {
                let here = address_of(value).align_down(PAGE);
                if *page.get_or_insert(here) != here {
                    self.put_back(value);
                    break;
                }
            }
            if unit == GcUnit::Slice
                && let Some(object) = value.as_object().filter(|object| is_long(*object))
            {
                self.begin_parts(value, object);
            } else if mark(self.tables, value) {
                scanned += self.scan_one(value, most_values - scanned.values);
                last = value;
            }
        }
        self.last = last;
        scanned
    }

    /// Marks a long object, if it is white, to be scanned in parts; while another one is, it must wait.
    fn begin_parts(&mut self, value: Value, object: ObjectRef) {
        if self.unfinished.is_some() {
            self.flood(value);
        } else if mark(self.tables, value) {
            self.unfinished = Some((object, 0));
        }
    }

    /// Scans the next values of a long object. It counts as a thing when it is scanned to its end.
    fn scan_part(&mut self, object: ObjectRef, from: usize) -> Scanned {
        // A stack may have become shorter since the last part.
        let values = values_of(object);
        let from = from.clamp(values.start, values.end);
        let end = (from + PART).min(values.end);
        for index in from..end {
            self.shade(object.value(index));
        }
        let ended = end == values.end;
        if !ended {
            self.unfinished = Some((object, end));
        }
        Scanned { things: u64::from(ended), values: ((end - from) as u64).max(LEAST_VALUES) }
    }

    /// Returns something to the front of the ring.
    fn put_back(&mut self, value: Value) {
        self.oldest = (self.oldest + RING - 1) % RING;
        self.ring[self.oldest] = value;
        self.in_ring += 1;
    }

    /// Scans something that was just marked and the cells close behind it, until there were `most_values` values.
    #[inline]
    fn scan_one(&mut self, value: Value, most_values: u64) -> Scanned {
        match value.unpack() {
            Unpacked::Cell(cell) => {
                let cells = self.scan_cells(cell, most_values.div_ceil(LEAST_VALUES));
                Scanned { things: cells, values: cells * LEAST_VALUES }
            }
            Unpacked::Object(object) => {
                let mut values = 0;
                each_child(object, &mut |child| {
                    self.shade(child);
                    values += 1;
                });
                Scanned { things: 1, values: values.max(LEAST_VALUES) }
            }
            _ => Scanned::default(),
        }
    }

    /// Scans a cell and those close behind it, `most` at most. Gives how many that were.
    #[inline]
    fn scan_cells(&mut self, mut cell: CellRef, most: u64) -> u64 {
        let mut scanned = 1;
        loop {
            self.shade(cell.car());
            let rest = cell.cdr();
            let Some(next) = rest.as_cell() else {
                self.shade(rest);
                return scanned;
            };
            let distance = next.address().get().abs_diff(cell.address().get());
            if scanned == most || distance > CLOSE {
                self.shade(rest);
                return scanned;
            }
            if !mark_cell(self.tables, next) {
                return scanned;
            }
            cell = next;
            scanned += 1;
        }
    }

    /// Puts into the queue, which is empty, what is grey on flooded pages: half of what it has room for at most, because
    /// scanning needs some too.
    fn drain_flood(&mut self, space: &Space) {
        let room = self.queue.most().div_ceil(2).min(DRAINED);
        for chunk in space.chunks().iter().filter(|chunk| chunk.entry(FLOOD_MARK).is_flooded()) {
            for page in pages_with_heads(chunk).filter(|page| chunk.entry(*page).is_flooded()) {
                let drained = each_grey(chunk, page, &mut |value| {
                    if self.queue.len() == room {
                        return false;
                    }
                    clear_grey(self.tables, value);
                    self.shade(value);
                    true
                });
                if !drained {
                    return;
                }
                if page != FLOOD_MARK {
                    set_flooded(chunk.memory(), page, false);
                }
            }
            set_flooded(chunk.memory(), FLOOD_MARK, false);
        }
        self.flooded = false;
    }
}

/// Calls `visit` for what is grey on a page, lowest first, until it says no. Says whether it never did.
fn each_grey(chunk: &Chunk, page: usize, visit: &mut dyn FnMut(Value) -> bool) -> bool {
    let memory = chunk.memory();
    let kind = chunk.entry(page).kind();
    let end = (page + 1) * PAGE_GRANULES;
    let mut granule = bitmap::next_set(memory, Bitmap::Grey, page * PAGE_GRANULES..end);
    while granule < end {
        let value = match kind {
            PageKind::Cells => Value::cell(memory.cell_at(granule)),
            PageKind::Mixed => memory.value_at(granule),
            _ => Value::object(memory.object_at(granule)),
        };
        if !visit(value) {
            return false;
        }
        granule = bitmap::next_set(memory, Bitmap::Grey, granule + 1..end);
    }
    true
}

/// The pages in which what is marked may begin: the first of a chunk, in a huge one too.
fn pages_with_heads(chunk: &Chunk) -> Range<usize> {
    chunk.usable_pages().start..chunk.usable_pages().end.min(CHUNK_PAGES)
}

fn set_flooded(chunk: ChunkRef, page: usize, flooded: bool) {
    let mut entry = chunk.entry(page);
    entry.set_flooded(flooded);
    chunk.set_entry(page, entry);
}

/// Whether an object is worth scanning in parts.
fn is_long(object: ObjectRef) -> bool {
    values_of(object).len() > PART
}

/// Where the values of an object lie in its payload, in words; of one that refers to another by an address, none.
fn values_of(object: ObjectRef) -> Range<usize> {
    let words = object.header().payload_words();
    match object.header().shape() {
        Shape::Raw | Shape::First => 0..0,
        Shape::Values => 0..words,
        Shape::Counted => {
            let count = object.value(0).as_fixnum().map_or(0, |count| count as usize);
            1..1 + count.min(words.saturating_sub(1))
        }
    }
}

/// Calls `visit` for every value in an object.
#[inline]
pub(crate) fn each_child(object: ObjectRef, visit: &mut impl FnMut(Value)) {
    let header = object.header();
    match header.shape() {
        Shape::Raw => {}
        Shape::First => visit(Value::from_bits(object.first_word())),
        Shape::Values | Shape::Counted => values_of(object).for_each(|index| visit(object.value(index))),
    }
}

/// Asks the processor to fetch what is about to be scanned.
#[inline]
fn prefetch(value: Value) {
    raw::prefetch(address_of(value));
}
