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

use std::fmt;
use std::ptr;
use std::slice;

use crate::heap::Heap;
use crate::object::{HEADER, Header, ObjectKind};
use crate::os::Mapping;
use crate::os::blocks::Block;
use crate::space::bitmap::PAGE_WORDS;
use crate::space::page_table::PageEntry;
use crate::terms::{Address, CHUNK, CHUNK_GRANULES, CHUNK_PAGES, GRANULE, PAGE, Span};
use crate::value::{Unpacked, Value};

/// Bytes of one bitmap: one bit a granule.
const BITMAP: usize = CHUNK_GRANULES / 8;
/// Words of one bitmap.
pub(crate) const BITMAP_WORDS: usize = BITMAP / 8;
/// Where in a chunk the entries of its first [`CHUNK_PAGES`] pages lie.
const ENTRIES_AT: usize = 0;
/// Where the bitmaps lie.
const BITMAPS_AT: usize = ENTRIES_AT + CHUNK_PAGES * ENTRY;
/// Bytes of tables at the head of a chunk.
const HEAD: usize = BITMAPS_AT + 3 * BITMAP;
/// Pages of tables at the head of a chunk of [`CHUNK_PAGES`] pages.
pub(crate) const TABLE_PAGES: usize = HEAD / PAGE;

/// Bytes of the tables of a chunk whose tables lie beside it: there is one bitmap more.
pub(crate) const TABLES_BESIDE: usize = BITMAPS_AT + Bitmap::Heads as usize * BITMAP + BITMAP;

const _: () = assert!(HEAD.is_multiple_of(PAGE) && TABLE_PAGES == 7 && TABLES_BESIDE.is_multiple_of(PAGE));

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

/// Bytes of a page entry.
const ENTRY: usize = size_of::<PageEntry>();

/// Reads a page entry.
///
/// # Safety
/// The [`ENTRY`] bytes at `address` are in a table of a chunk that is mapped (D1).
#[inline]
unsafe fn read_entry(address: Address) -> PageEntry {
    // SAFETY: the caller's duty; two words make an entry.
    let counts = unsafe { read(address) };
    // SAFETY: as above.
    let state = unsafe { read(address + 8) };
    PageEntry::from_words(counts, state)
}

/// Writes a page entry.
///
/// # Safety
/// The [`ENTRY`] bytes at `address` are in a table of a chunk that is mapped (D1).
#[inline]
unsafe fn write_entry(address: Address, entry: PageEntry) {
    let (counts, state) = entry.words();
    // SAFETY: the caller's duty; two words make an entry.
    unsafe { write(address, counts) };
    // SAFETY: as above.
    unsafe { write(address + 8, state) };
}

/// A reference to a cell: 16 bytes, car and cdr, no header. See D2 in the source for how long it is good.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellRef(Address);

impl CellRef {
    /// The reference in a value word tagged as a cell, its tag removed.
    #[inline(always)]
    pub(crate) const fn of_value(bits: u64) -> Self {
        Self(Address::new(bits as usize))
    }

    /// Where the cell lies.
    #[inline(always)]
    #[must_use]
    pub const fn address(self) -> Address {
        self.0
    }

    /// The cell at its new place.
    #[inline(always)]
    pub(crate) fn moved_to(self, address: Address) -> Self {
        Self(address)
    }

    #[inline(always)]
    pub(crate) fn car(self) -> Value {
        // SAFETY: D2, D3.
        Value::from_bits(unsafe { read(self.0) })
    }

    #[inline(always)]
    pub(crate) fn cdr(self) -> Value {
        // SAFETY: D2, D3.
        Value::from_bits(unsafe { read(self.0 + 8) })
    }

    #[inline(always)]
    pub(crate) fn store_car(self, value: Value) {
        // SAFETY: D2, D4.
        unsafe { write(self.0, value.bits()) }
    }

    #[inline(always)]
    pub(crate) fn store_cdr(self, value: Value) {
        // SAFETY: D2, D4.
        unsafe { write(self.0 + 8, value.bits()) }
    }
}

impl fmt::Debug for CellRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell@{}", self.0)
    }
}

/// A reference to an object with a header. See D2 in the source for how long it is good.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef(Address);

impl ObjectRef {
    /// The reference in a value word tagged as an object, its tag removed.
    #[inline(always)]
    pub(crate) const fn of_value(bits: u64) -> Self {
        Self(Address::new(bits as usize))
    }

    /// Where the header lies.
    #[inline(always)]
    #[must_use]
    pub const fn address(self) -> Address {
        self.0
    }

    /// The object at its new place.
    #[inline(always)]
    pub(crate) fn moved_to(self, address: Address) -> Self {
        Self(address)
    }

    #[inline(always)]
    pub(crate) fn header(self) -> Header {
        // SAFETY: D2.
        Header::from_bits(unsafe { read(self.0) })
    }

    /// Replaces the header by one for the same number of granules.
    pub(crate) fn store_header(self, header: Header) {
        debug_assert_eq!(header.granules(), self.header().granules());
        // SAFETY: D2, D4.
        unsafe { write(self.0, header.bits()) }
    }

    /// Payload word `index`, any bits.
    #[inline(always)]
    pub(crate) fn word(self, index: usize) -> u64 {
        self.check(index);
        // SAFETY: D2, and the index is inside the payload.
        unsafe { read(self.word_address(index)) }
    }

    /// Payload word `index`, which the object's shape calls a value.
    #[inline(always)]
    pub(crate) fn value(self, index: usize) -> Value {
        Value::from_bits(self.word(index))
    }

    #[inline(always)]
    pub(crate) fn store_word(self, index: usize, word: u64) {
        self.check(index);
        // SAFETY: D2, D4, and the index is inside the payload.
        unsafe { write(self.word_address(index), word) }
    }

    /// The first payload word, which is there whatever the payload size: the smallest object has 8 bytes of it.
    pub(crate) fn first_word(self) -> u64 {
        // SAFETY: D2; an object occupies at least one granule, header and one word.
        unsafe { read(self.0 + HEADER) }
    }

    /// Replaces the first payload word; see [`Self::first_word`].
    pub(crate) fn store_first_word(self, word: u64) {
        // SAFETY: D2, D4; an object occupies at least one granule, header and one word.
        unsafe { write(self.0 + HEADER, word) }
    }

    #[inline(always)]
    fn word_address(self, index: usize) -> Address {
        self.0 + HEADER + index * 8
    }

    #[inline(always)]
    fn check(self, index: usize) {
        assert!(index < self.header().payload_words(), "word {index} of {:?}", self.header());
    }

    /// Copies the payload of another object of the same size, which lies elsewhere.
    pub(crate) fn copy_payload(self, from: Self) {
        let bytes = from.header().payload_bytes();
        assert_eq!(self.header().payload_bytes(), bytes, "objects of one size");
        let source = ptr::with_exposed_provenance::<u8>((from.0 + HEADER).get());
        let target = ptr::with_exposed_provenance_mut::<u8>((self.0 + HEADER).get());
        // SAFETY: D2 for both, D4; both payloads are that long; two objects do not overlap, and one is copied to itself
        // harmlessly.
        unsafe { ptr::copy(source, target, bytes) }
    }

    /// The payload as bytes, for as long as the heap is not written.
    pub(crate) fn bytes(self, _heap: &Heap) -> &[u8] {
        let start = ptr::with_exposed_provenance::<u8>((self.0 + HEADER).get());
        // SAFETY: D2; the payload is that long; D4: the heap stays borrowed while the slice lives.
        unsafe { slice::from_raw_parts(start, self.header().payload_bytes()) }
    }

    /// The payload as bytes to write. The object's shape must not call any of them a value.
    pub(crate) fn bytes_mut(self, _heap: &mut Heap) -> &mut [u8] {
        let start = ptr::with_exposed_provenance_mut::<u8>((self.0 + HEADER).get());
        // SAFETY: D2; the payload is that long; D4: the heap stays mutably borrowed while the slice lives.
        unsafe { slice::from_raw_parts_mut(start, self.header().payload_bytes()) }
    }
}

impl fmt::Debug for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object@{}", self.0)
    }
}

#[inline(always)]
fn prefetch(address: Address) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch has no effect but on caches, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(ptr::with_exposed_provenance(address.get())) }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        let _unused = address;
    }
}

/// The words of a stack object, for quick access by the virtual machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StackRef {
    first: Address,
    words: usize,
}

impl StackRef {
    /// No stack: every access is out of bounds.
    pub(crate) const NONE: Self = Self { first: Address::new(0), words: 0 };

    /// The words of `object` after the one that counts those in use.
    pub(crate) fn of(object: ObjectRef) -> Self {
        Self { first: object.word_address(1), words: object.header().payload_words() - 1 }
    }

    /// The object whose words these are; `None` for no stack.
    pub(crate) fn object(self) -> Option<ObjectRef> {
        (self.words > 0).then(|| ObjectRef(Address::new(self.first.get() - HEADER - 8)))
    }

    /// How many words there are.
    #[inline(always)]
    pub(crate) fn capacity(self) -> usize {
        self.words
    }

    #[inline(always)]
    pub(crate) fn get(self, index: usize) -> Value {
        assert!(index < self.words, "stack slot {index} of {}", self.words);
        // SAFETY: D2 for the stack object, which stays reachable while it is in use; the index is inside it; D3.
        Value::from_bits(unsafe { read(self.first + index * 8) })
    }

    #[inline(always)]
    pub(crate) fn set(self, index: usize, value: Value) {
        assert!(index < self.words, "stack slot {index} of {}", self.words);
        // SAFETY: D2 for the stack object, which stays reachable while it is in use; the index is inside it; D4.
        unsafe { write(self.first + index * 8, value.bits()) }
    }

    /// Sets the slots from `from` up to `to` to zero, which is a valid value.
    pub(crate) fn clear(self, from: usize, to: usize) {
        assert!(from <= to && to <= self.words, "stack slots {from}..{to} of {}", self.words);
        let start = ptr::with_exposed_provenance_mut::<u64>((self.first + from * 8).get());
        // SAFETY: D2, D4; the slots are inside the stack.
        unsafe { ptr::write_bytes(start, 0, to - from) }
    }

    /// The slots from `from` up to `to`, for as long as the heap is not written.
    pub(crate) fn slots(self, from: usize, to: usize, _heap: &Heap) -> &[Value] {
        assert!(from <= to && to <= self.words, "stack slots {from}..{to} of {}", self.words);
        let start = ptr::with_exposed_provenance::<Value>((self.first + from * 8).get());
        // SAFETY: D2, D3; the slots are inside the stack; D4: the heap stays borrowed while the slice lives.
        unsafe { slice::from_raw_parts(start, to - from) }
    }

    /// Copies `count` words of `object`'s payload, from word `from` on, to the slots from `to` on.
    pub(crate) fn fill_from(self, to: usize, object: ObjectRef, from: usize, count: usize) {
        assert!(to + count <= self.words, "stack slots {to}+{count} of {}", self.words);
        assert!(from + count <= object.header().payload_words(), "words {from}+{count} of {:?}", object.header());
        let target = ptr::with_exposed_provenance_mut::<u64>((self.first + to * 8).get());
        let source = ptr::with_exposed_provenance::<u64>(object.word_address(from).get());
        // SAFETY: D2 for both; both ranges were just checked; a stack and a segment do not overlap.
        unsafe { ptr::copy_nonoverlapping(source, target, count) }
    }

    /// Copies `count` slots from `from` on to the payload of `object`, from word `to` on.
    pub(crate) fn copy_to(self, from: usize, object: ObjectRef, to: usize, count: usize) {
        assert!(from + count <= self.words, "stack slots {from}+{count} of {}", self.words);
        assert!(to + count <= object.header().payload_words(), "words {to}+{count} of {:?}", object.header());
        let target = ptr::with_exposed_provenance_mut::<u64>(object.word_address(to).get());
        let source = ptr::with_exposed_provenance::<u64>((self.first + from * 8).get());
        // SAFETY: D2 for both; both ranges were just checked; a stack and a segment do not overlap; D4.
        unsafe { ptr::copy_nonoverlapping(source, target, count) }
    }
}

/// A code object, for quick access by the virtual machine: a count of constants, the constants, raw words.
///
/// Good until the next safepoint, like a value.
#[derive(Clone, Copy, Debug)]
pub struct CodeRef {
    payload: Address,
    constants: usize,
    words: usize,
}

impl CodeRef {
    /// No code: every access is out of bounds.
    pub(crate) const NONE: Self = Self { payload: Address::new(0), constants: 0, words: 0 };

    /// The constants and raw words of a code object.
    #[inline(always)]
    pub(crate) fn of(object: ObjectRef) -> Self {
        let header = object.header();
        assert!(header.is(ObjectKind::Code), "{header:?}");
        let constants = object.value(0).as_fixnum().map_or(0, |count| count as usize);
        Self { payload: object.word_address(0), constants, words: header.payload_words() - 1 - constants }
    }

    /// Constant number `index`.
    #[inline(always)]
    pub(crate) fn constant(self, index: usize) -> Value {
        assert!(index < self.constants, "constant {index} of {}", self.constants);
        // SAFETY: D2 for the code object; the index is inside its constants, which are values (D3).
        Value::from_bits(unsafe { read(self.payload + (1 + index) * 8) })
    }

    /// Raw word number `index`.
    #[inline(always)]
    pub(crate) fn word(self, index: usize) -> u64 {
        assert!(index < self.words, "word {index} of {}", self.words);
        // SAFETY: D2 for the code object; the index is inside its raw words.
        unsafe { read(self.payload + (1 + self.constants + index) * 8) }
    }
}

/// One of the bitmaps of a chunk: a bit for every granule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub(crate) enum Bitmap {
    /// The granule belongs to something allocated.
    Allocated = 0,
    /// The granule belongs to something the current cycle has reached.
    Marked = 1,
    /// The granule begins something reached but not yet scanned.
    Grey = 2,
    /// A block begins at the granule. Only where the tables lie beside the chunk.
    Heads = 3,
}

impl Bitmap {
    /// Those that every chunk has.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 3] = [Self::Allocated, Self::Marked, Self::Grey];
}

/// Where the tables of a heap's chunks lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TablesAt {
    /// The bits in which the address of the tables differs from that of the chunk.
    differs: usize,
}

impl TablesAt {
    /// At the heads of the chunks, which are the heap's.
    pub(crate) const HEAD: Self = Self { differs: 0 };
    /// At an address that an address of the chunk leads to, because the chunk's memory is not the heap's: in the other half
    /// of the half of the address space in which programs live.
    pub(crate) const BESIDE: Self = Self { differs: 1 << 46 };

    /// The chunk in which an address lies.
    #[inline(always)]
    pub(crate) fn chunk_of(self, address: Address) -> ChunkRef {
        let base = address.align_down(CHUNK);
        ChunkRef { base, tables: self.tables_of(base) }
    }

    /// Where the tables of the chunk at `base` lie.
    #[inline(always)]
    pub(crate) fn tables_of(self, base: Address) -> Address {
        Address::new(base.get() ^ self.differs)
    }
}

/// The tables of a chunk, and its pages.
///
/// A chunk that holds one huge object has more than [`CHUNK_PAGES`] pages; [`FurtherEntries`] describe the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ChunkRef {
    base: Address,
    tables: Address,
}

impl ChunkRef {
    /// The chunk that begins `offset` bytes into a mapping, its tables at its head.
    pub(crate) fn new(mapping: &Mapping, offset: usize) -> Self {
        let base = mapping.start() + offset;
        assert!(base.is_aligned(CHUNK) && offset + CHUNK <= mapping.bytes(), "a chunk inside its mapping");
        TablesAt::HEAD.chunk_of(base)
    }

    /// The chunk at `base` whose tables are a mapping of their own.
    pub(crate) fn beside(base: Address, tables: &Mapping) -> Self {
        let chunk = TablesAt::BESIDE.chunk_of(base);
        assert!(base.is_aligned(CHUNK) && chunk.tables == tables.start(), "tables of the chunk");
        assert!(tables.bytes() >= TABLES_BESIDE, "room for the tables");
        chunk
    }

    /// Whether the tables lie beside the chunk.
    #[inline]
    pub(crate) fn has_tables_beside(self) -> bool {
        self.base != self.tables
    }

    /// Where the chunk begins.
    #[inline(always)]
    pub(crate) const fn base(self) -> Address {
        self.base
    }

    /// The address of a granule of the chunk.
    #[inline(always)]
    pub(crate) fn granule_address(self, granule: usize) -> Address {
        self.base + granule * GRANULE
    }

    /// The entry of one of the first [`CHUNK_PAGES`] pages.
    #[inline]
    pub(crate) fn entry(self, page: usize) -> PageEntry {
        assert!(page < CHUNK_PAGES);
        // SAFETY: D1; the entry is in the head.
        unsafe { read_entry(self.tables + ENTRIES_AT + page * ENTRY) }
    }

    /// Replaces the entry of one of the first [`CHUNK_PAGES`] pages.
    #[inline]
    pub(crate) fn set_entry(self, page: usize, entry: PageEntry) {
        assert!(page < CHUNK_PAGES);
        // SAFETY: D1, D4; the entry is in the head.
        unsafe { write_entry(self.tables + ENTRIES_AT + page * ENTRY, entry) }
    }

    /// Where the pages of bitmaps lie that hold no bit while no cycle is under way: those of marks, and what precedes
    /// them of the allocation bitmap if nothing is allocated there.
    pub(crate) fn idle_tables(self) -> Span {
        let mut word = BITMAP_WORDS;
        while word > 0 && (word - PAGE / 8..word).all(|word| self.bits(Bitmap::Allocated, word) == 0) {
            word -= PAGE / 8;
        }
        self.tables + BITMAPS_AT + word * 8..self.tables + HEAD
    }

    /// 64 bits of a bitmap.
    #[inline(always)]
    pub(crate) fn bits(self, bitmap: Bitmap, word: usize) -> u64 {
        assert!(word < BITMAP_WORDS);
        debug_assert!(bitmap != Bitmap::Heads || self.has_tables_beside());
        // SAFETY: D1; the word is inside the bitmap.
        unsafe { read(self.tables + BITMAPS_AT + bitmap as usize * BITMAP + word * 8) }
    }

    /// Replaces 64 bits of a bitmap.
    #[inline(always)]
    pub(crate) fn set_bits(self, bitmap: Bitmap, word: usize, bits: u64) {
        assert!(word < BITMAP_WORDS);
        debug_assert!(bitmap != Bitmap::Heads || self.has_tables_beside());
        // SAFETY: D1, D4; the word is inside the bitmap.
        unsafe { write(self.tables + BITMAPS_AT + bitmap as usize * BITMAP + word * 8, bits) }
    }

    /// The bits of a page.
    #[inline(always)]
    pub(crate) fn page_bits(self, bitmap: Bitmap, page: usize) -> [u64; PAGE_WORDS] {
        assert!(page < CHUNK_PAGES);
        std::array::from_fn(|word| self.bits(bitmap, page * PAGE_WORDS + word))
    }

    /// Replaces the bits of a page.
    #[inline(always)]
    pub(crate) fn set_page_bits(self, bitmap: Bitmap, page: usize, bits: [u64; PAGE_WORDS]) {
        assert!(page < CHUNK_PAGES);
        for (word, bits) in bits.into_iter().enumerate() {
            self.set_bits(bitmap, page * PAGE_WORDS + word, bits);
        }
    }

    /// Writes to the mark bitmap what is there, so that it is resident.
    pub(crate) fn touch_marks(self) {
        for word in (0..BITMAP_WORDS).step_by(PAGE / 8) {
            self.set_bits(Bitmap::Marked, word, self.bits(Bitmap::Marked, word));
        }
    }

    /// Asks the processor to fetch 64 bits of a bitmap.
    #[inline(always)]
    pub(crate) fn prefetch_bits(self, bitmap: Bitmap, word: usize) {
        prefetch(self.tables + BITMAPS_AT + bitmap as usize * BITMAP + word * 8);
    }

    /// Asks the processor to fetch what lies at a granule.
    #[inline(always)]
    pub(crate) fn prefetch_granule(self, granule: usize) {
        prefetch(self.granule_address(granule));
    }

    /// The cell at an allocated granule of a pool of cells.
    #[inline(always)]
    pub(crate) fn cell_at(self, granule: usize) -> CellRef {
        debug_assert!(granule < CHUNK_GRANULES);
        CellRef(self.granule_address(granule))
    }

    /// The object whose first granule this is.
    #[inline(always)]
    pub(crate) fn object_at(self, granule: usize) -> ObjectRef {
        debug_assert!(granule < CHUNK_GRANULES);
        ObjectRef(self.granule_address(granule))
    }

    /// What begins at an allocated granule of a mixed page: its first word says whether it has a header.
    #[inline]
    pub(crate) fn value_at(self, granule: usize) -> Value {
        let object = self.object_at(granule);
        if Header::is_header(object.header().bits()) {
            Value::object(object)
        } else {
            Value::cell(self.cell_at(granule))
        }
    }

    /// The block that begins at a granule, to be freed: what lay in it is dead.
    pub(crate) fn dead_block(self, granule: usize) -> Block {
        debug_assert!(self.has_tables_beside());
        Block::of_dead(self.granule_address(granule))
    }

    /// The free granules `start..end` of the chunk, to allocate in. The caller owns them: no other run covers them
    /// and their bits are clear.
    pub(crate) fn run(self, start: usize, end: usize) -> Run {
        debug_assert!(start <= end && end <= CHUNK_GRANULES);
        Run { next: self.granule_address(start), end: self.granule_address(end) }
    }

    /// Makes an object that begins at a free page. `zeroed` says that the pages hold zeros already.
    pub(crate) fn large_object(self, page: usize, header: Header, zeroed: bool) -> ObjectRef {
        let object = ObjectRef(self.base + page * PAGE);
        // SAFETY: D1; the page is free, hence inside the chunk and in no run.
        unsafe { write(object.0, header.bits()) };
        if !zeroed {
            let payload = ptr::with_exposed_provenance_mut::<u8>((object.0 + HEADER).get());
            let bytes = header.granules() * GRANULE - HEADER;
            // SAFETY: D1; the caller took enough free pages for the whole object.
            unsafe { ptr::write_bytes(payload, 0, bytes) };
        }
        object
    }

    /// Writes one word to each of the pages `first..first + count`, which are free, so that they are resident.
    pub(crate) fn touch(self, first: usize, count: usize) {
        for page in first..first + count {
            // SAFETY: D1, D4; the pages are inside the chunk and nothing is allocated in them.
            unsafe { write(self.base + page * PAGE, 0) };
        }
    }
}

/// The entries of the pages of a huge chunk beyond the first [`CHUNK_PAGES`], at the end of its mapping: the object
/// must begin in the first mebibyte, so that its address finds its bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FurtherEntries {
    first: Address,
    count: usize,
}

impl FurtherEntries {
    /// No entries: a chunk of [`CHUNK_PAGES`] pages.
    pub(crate) const NONE: Self = Self { first: Address::new(0), count: 0 };

    /// The entries of a mapping that is one huge chunk.
    pub(crate) fn new(mapping: &Mapping) -> Self {
        let count = (mapping.bytes() / PAGE).saturating_sub(CHUNK_PAGES);
        Self { first: mapping.end() - count * ENTRY, count }
    }

    /// How many pages the entries in `pages` pages describe.
    pub(crate) const fn pages_of(pages: usize) -> usize {
        pages * PAGE / ENTRY
    }

    /// Pages that the entries of `pages` pages beyond the first [`CHUNK_PAGES`] take.
    pub(crate) const fn pages_for(pages: usize) -> usize {
        (pages.saturating_sub(CHUNK_PAGES) * ENTRY).div_ceil(PAGE)
    }

    /// The entry of the page that many pages beyond the first [`CHUNK_PAGES`].
    pub(crate) fn entry(self, index: usize) -> PageEntry {
        assert!(index < self.count);
        // SAFETY: D1; the entry is in the mapping's last pages, which are tables.
        unsafe { read_entry(self.first + index * ENTRY) }
    }

    /// Replaces the entry of the page that many pages beyond the first [`CHUNK_PAGES`].
    pub(crate) fn set_entry(self, index: usize, entry: PageEntry) {
        assert!(index < self.count);
        // SAFETY: D1, D4; the entry is in the mapping's last pages, which are tables.
        unsafe { write_entry(self.first + index * ENTRY, entry) }
    }
}

/// A run of free granules, owned: what it covers belongs to nothing else, so making something in it is always sound.
#[derive(Debug)]
pub(crate) struct Run {
    next: Address,
    end: Address,
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
