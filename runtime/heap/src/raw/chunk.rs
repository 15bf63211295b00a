//! The tables of a chunk: a page entry for every page, bitmaps with a bit for every granule; and where they lie.

use std::hint::black_box;
use std::ops::Range;
use std::ptr;

use super::refs::prefetch;
use super::{CellRef, ObjectRef, Run, read, write};
use crate::object::{HEADER, Header};
use crate::os::Mapping;
use crate::os::blocks::Block;
use crate::space::bitmap::PAGE_WORDS;
use crate::space::page_table::PageEntry;
use crate::terms::{
    Address, CHUNK, CHUNK_GRANULES, CHUNK_PAGES, GRANULE, LARGE_THRESHOLD, PAGE, PAGE_GRANULES, POOL, Span,
};
use crate::value::Value;

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

    /// Clears the bits of some pages if all of them are set, and says whether that is so.
    pub(crate) fn clear_if_full(self, bitmap: Bitmap, pages: Range<usize>) -> bool {
        assert!(pages.end <= CHUNK_PAGES);
        let words = pages.start * PAGE_WORDS..pages.end * PAGE_WORDS;
        let full = words.clone().fold(u64::MAX, |all, word| all & self.bits(bitmap, word)) == u64::MAX;
        if full {
            words.for_each(|word| self.set_bits(bitmap, word, 0));
        }
        full
    }

    /// Writes to the mark bitmap what is there, so that it is resident.
    pub(crate) fn touch_marks(self) {
        for word in (0..BITMAP_WORDS).step_by(PAGE / 8) {
            // Whoever sees that the word stays what it is leaves the write out, and the compiler does.
            self.set_bits(Bitmap::Marked, word, black_box(self.bits(Bitmap::Marked, word)));
        }
    }

    /// Asks the processor to fetch 64 bits of a bitmap.
    #[inline(always)]
    pub(crate) fn prefetch_bits(self, bitmap: Bitmap, word: usize) {
        prefetch(self.tables + BITMAPS_AT + bitmap as usize * BITMAP + word * 8);
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

    /// Whether the object that begins at a granule has pages of its own, not being in a pool. Of one that is large, and yet
    /// fits a pool, the page says it.
    #[inline]
    pub(crate) fn has_own_pages(self, granule: usize, header: Header) -> bool {
        let bytes = header.granules() * GRANULE;
        bytes > LARGE_THRESHOLD && (bytes > POOL || !self.entry(granule / PAGE_GRANULES).kind().is_pooled())
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
