//! The entry of the page table: one definition for the collector, the frames, the window and Arc.
//!
//! ```text
//! counts  63     62         53 52      45 44      36 35      27 26      18 17       9 8        0
//!        +---+----------------+----------+----------+----------+----------+----------+----------+
//!        | 0 | overhead words | free runs| longest  | grey     | marked   | live     | used     |
//!        +---+----------------+----------+----------+----------+----------+----------+----------+
//! state   63                                     26 25           16 15       8 7        0
//!        +-----------------------------------------+---------------+----------+----------+
//!        | birth, in pages of the allocation clock | pending words | flags    | kind     |
//!        +-----------------------------------------+---------------+----------+----------+
//! ```
//!
//! | field | unit | meaning | stale |
//! |---|---|---|---|
//! | kind | [`PageKind`] | what the page is used for | never |
//! | used | granules | allocated: live, dead and unjudged together | while a cursor is on the page |
//! | live | granules | reached by the last mark, headers and rounding included | grows stale as the program goes on |
//! | overhead | words | headers, rounding and unused capacity among the live granules, in words of 8 bytes | like live |
//! | pending | words | the same, of what the cycle under way has reached; becomes overhead when the page is swept | never |
//! | marked | granules | reached by the cycle under way, of a large object all of its pages; zero when idle | while a mark goes on in slices in a heap that is not small, from frame to frame |
//! | grey | granules | heads of what is reached but not scanned; zero when idle | likewise |
//! | free runs | runs | stretches of free granules, cut at the page's ends | while the page is stale |
//! | longest | granules | the longest of them | likewise |
//! | birth | pages of the clock | when the page last became other than free | never |
//! | dirty | flag | changed since the last frame | never |
//! | resident, measured | flags | what the last measurement said, and whether there was one | until the next measurement |
//! | unswept | flag | the last mark is over and the page not swept yet: what is used and not live is dead | never |
//! | cold | flag | nothing was stored in the page since it was mapped or given back: not resident | while a run in the page is being filled |
//! | stale | flag | something was allocated or freed since the free runs were counted, which is done for frames | never |
//! | flooded | flag | grey granules here are missing from the mark queue, which was full; of a chunk's first page: some page is flooded | never |
//!
//! What the counts of one page must satisfy (the verifier checks it as H3):
//!
//! ```text
//! live ≤ used ≤ 256,   marked ≤ used,   grey ≤ marked,   overhead ≤ 2 · live,   cold implies used = 0
//! longest ≤ 256 − used,   longest = 0 exactly when free runs = 0,   free runs ≤ 256 − used
//! ```

use crate::terms::{GRANULE, PAGE, PAGE_GRANULES, PageKind};

/// A field of a word: its lowest bit and its width.
#[derive(Clone, Copy)]
struct Field {
    shift: u32,
    mask: u64,
}

impl Field {
    const fn new(shift: u32, width: u32) -> Self {
        Self { shift, mask: (1 << width) - 1 }
    }

    const fn get(self, word: u64) -> u64 {
        (word >> self.shift) & self.mask
    }

    const fn set(self, word: u64, value: u64) -> u64 {
        debug_assert!(value <= self.mask);
        (word & !(self.mask << self.shift)) | ((value & self.mask) << self.shift)
    }
}

const USED: Field = Field::new(0, 9);
const LIVE: Field = Field::new(9, 9);
const MARKED: Field = Field::new(18, 9);
const GREY: Field = Field::new(27, 9);
const LONGEST: Field = Field::new(36, 9);
const FREE_RUNS: Field = Field::new(45, 8);
const OVERHEAD: Field = Field::new(53, 10);

/// The counts of what is used, live, marked and grey: all below that of the longest free run.
const JUDGED: u64 = (1 << LONGEST.shift) - 1;

const KIND: Field = Field::new(0, 8);
const FLAGS: Field = Field::new(8, 8);
const PENDING: Field = Field::new(16, 10);
const BIRTH: Field = Field::new(26, 38);

const DIRTY: u64 = 1;
const RESIDENT: u64 = 2;
const MEASURED: u64 = 4;
const UNSWEPT: u64 = 8;
const FLOODED: u64 = 16;
const COLD: u64 = 32;
const STALE: u64 = 64;

/// What the page table says of one page. The head of this file says of every field what it means, in which unit,
/// and when it is stale.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub struct PageEntry {
    counts: u64,
    state: u64,
}

const _: () = assert!(size_of::<PageEntry>() == 16);

/// A field of an entry, for whoever writes entries down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntryField {
    /// What it is called.
    pub name: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// The largest value that makes sense.
    pub most: u64,
}

/// How the bytes of a page divide; the terms of the balance for one page, which sum to [`PAGE`], or to nothing for a page
/// that is not the heap's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PageBalance {
    /// Payload reached by the last mark.
    pub live: usize,
    /// Allocated since.
    pub unjudged: usize,
    /// Known to be dead, not swept yet.
    pub dead: usize,
    /// Headers, rounding and unused capacity of what is live.
    pub overhead: usize,
    /// Free granules of a used page.
    pub free_runs: usize,
    /// The whole page, when it is free.
    pub free_page: usize,
    /// The whole page, when it holds tables.
    pub tables: usize,
    /// The whole page, when it is held back.
    pub reserve: usize,
}

macro_rules! counts {
    ($($(#[$doc:meta])* $get:ident $set:ident $field:ident;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub const fn $get(self) -> usize {
                $field.get(self.counts) as usize
            }

            pub(crate) const fn $set(&mut self, count: usize) {
                self.counts = $field.set(self.counts, count as u64);
            }
        )*
    };
}

macro_rules! flags {
    ($($(#[$doc:meta])* $get:ident $set:ident $flag:ident;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub const fn $get(self) -> bool {
                FLAGS.get(self.state) & $flag != 0
            }

            pub(crate) const fn $set(&mut self, holds: bool) {
                let flags = FLAGS.get(self.state);
                self.state = FLAGS.set(self.state, if holds { flags | $flag } else { flags & !$flag });
            }
        )*
    };
}

impl PageEntry {
    /// The entry whose two words these are, as [`Self::words`] gave them. Any words make an entry; one that did not
    /// come from there says nonsense, but does no harm.
    #[must_use]
    pub const fn from_words(counts: u64, state: u64) -> Self {
        Self { counts, state }
    }

    /// The two words of the entry.
    #[must_use]
    pub const fn words(self) -> (u64, u64) {
        (self.counts, self.state)
    }

    /// The fields of an entry that frames have, in the order of [`Self::fields`].
    pub const FIELDS: [EntryField; 10] = {
        const fn field(name: &'static str, unit: &'static str, most: u64) -> EntryField {
            EntryField { name, unit, most }
        }
        const GRANULES: u64 = PAGE_GRANULES as u64;
        [
            field("kind", "kind", PageKind::ALL.len() as u64 - 1),
            field("flags", "1 unswept, 2 cold, 4 stale, 8 measured, 16 resident", 31),
            field("used", "granules", GRANULES),
            field("live", "granules", GRANULES),
            field("overhead", "words of 8 bytes", 2 * GRANULES),
            field("marked", "granules", GRANULES),
            field("grey", "granules", GRANULES),
            field("free_runs", "runs", FREE_RUNS.mask),
            field("longest_free", "granules", GRANULES),
            field("birth", "pages of the allocation clock", BIRTH.mask),
        ]
    };

    /// What frames say of the page, field by field.
    #[must_use]
    pub const fn fields(self) -> [u64; Self::FIELDS.len()] {
        let flags = self.is_unswept() as u64
            | (self.is_cold() as u64) << 1
            | (self.is_stale() as u64) << 2
            | match self.resident() {
                None => 0,
                Some(false) => 8,
                Some(true) => 24,
            };
        [
            KIND.get(self.state),
            flags,
            USED.get(self.counts),
            LIVE.get(self.counts),
            OVERHEAD.get(self.counts),
            MARKED.get(self.counts),
            GREY.get(self.counts),
            FREE_RUNS.get(self.counts),
            LONGEST.get(self.counts),
            BIRTH.get(self.state),
        ]
    }

    /// The entry of which [`Self::fields`] are these; `None` when one is larger than makes sense.
    #[must_use]
    #[inline]
    pub fn from_fields(fields: [u64; Self::FIELDS.len()]) -> Option<Self> {
        // Without a branch for each: recordings have millions of entries.
        let is_large =
            fields.iter().zip(&Self::FIELDS).fold(false, |large, (value, field)| large | (*value > field.most));
        if is_large {
            return None;
        }
        let [kind, flags, used, live, overhead, marked, grey, free_runs, longest, birth] = fields;
        let counts = [(USED, used), (LIVE, live), (OVERHEAD, overhead), (MARKED, marked), (GREY, grey)];
        let counts = counts.into_iter().chain([(FREE_RUNS, free_runs), (LONGEST, longest)]);
        let counts = counts.fold(0, |word, (field, value)| field.set(word, value));
        let mut entry = Self { counts, state: BIRTH.set(KIND.set(0, kind), birth) };
        entry.set_unswept(flags & 1 != 0);
        entry.set_cold(flags & 2 != 0);
        entry.set_stale(flags & 4 != 0);
        if flags & 8 != 0 {
            entry.set_resident(flags & 16 != 0);
        }
        Some(entry)
    }

    /// What the page is used for.
    #[must_use]
    pub fn kind(self) -> PageKind {
        PageKind::from_number(KIND.get(self.state) as u8).unwrap_or(PageKind::Fresh)
    }

    /// The entry of a page that just became `kind`: all counts zero, residency and coldness as they were; and whether it is
    /// flooded, which the first entry of a chunk says for all of it.
    pub(crate) fn become_kind(&mut self, kind: PageKind, birth: u64) {
        let kept = FLAGS.get(self.state) & (RESIDENT | MEASURED | COLD | FLOODED);
        self.counts = 0;
        self.state = BIRTH.set(FLAGS.set(KIND.set(0, kind as u64), kept | DIRTY), birth / PAGE as u64);
        if kind.is_pooled() {
            self.set_free_runs(1);
            self.set_longest_free(PAGE_GRANULES);
        }
    }

    /// The entry of a page that is not the heap's.
    pub(crate) fn foreign() -> Self {
        Self { counts: 0, state: KIND.set(0, PageKind::Foreign as u64) }
    }

    /// The entry as a core has it: of a used page what it is and how full, of any other nothing.
    pub(crate) fn as_saved(self) -> Self {
        let kind = self.kind();
        if !kind.is_used() {
            return Self::default();
        }
        let mut saved = Self { counts: self.counts, state: KIND.set(0, kind as u64) };
        saved.set_marked(0);
        saved.set_grey(0);
        saved.set_cold(kind.is_pooled() && self.used() == 0);
        saved
    }

    /// Whether nothing lies on the page though it was touched: free, or an empty page of a pool, or held back.
    pub(crate) fn is_warm(self) -> bool {
        match self.kind() {
            PageKind::Free => true,
            PageKind::Reserve => !self.is_cold(),
            kind if kind.is_pooled() => self.used() == 0 && !self.is_cold(),
            _ => false,
        }
    }

    /// Whether [`Self::as_swept`] changes nothing, of a page of cells: as many live as at the last sweep, and nobody
    /// looked at the marks in between.
    #[inline]
    pub(crate) const fn stays_when_swept(self, used: usize) -> bool {
        let swept = USED.set(LIVE.set(0, used as u64), used as u64);
        self.counts & JUDGED == swept
            && OVERHEAD.get(self.counts) == 0
            && PENDING.get(self.state) == 0
            && !self.is_unswept()
    }

    /// The entry of a pooled page when it was swept and `used` granules are left, all of which live.
    pub(crate) const fn as_swept(self, used: usize) -> Self {
        let mut swept = self;
        swept.set_stale(self.is_stale() || used != self.used());
        swept.set_used(used);
        swept.set_live(used);
        swept.set_overhead_words(self.pending_words());
        swept.set_pending_words(0);
        swept.set_marked(0);
        swept.set_grey(0);
        swept.set_unswept(false);
        swept
    }

    /// The entry as frames have it: without what the collector notes for itself while it marks, which changes without
    /// making the page dirty.
    pub(crate) fn as_framed(self) -> Self {
        let mut framed = self;
        framed.set_pending_words(0);
        framed.set_flooded(false);
        framed
    }

    counts! {
        /// Granules allocated.
        used set_used USED;
        /// Granules reached by the last mark.
        live set_live LIVE;
        /// Granules reached by the cycle under way.
        marked set_marked MARKED;
        /// Heads of what is reached and not scanned.
        grey set_grey GREY;
        /// Granules in the longest free run.
        longest_free set_longest_free LONGEST;
        /// Stretches of free granules.
        free_runs set_free_runs FREE_RUNS;
        /// 8-byte words of headers, rounding and unused capacity among the live granules.
        overhead_words set_overhead_words OVERHEAD;
    }

    /// Words of overhead that the cycle under way has reached.
    pub(crate) const fn pending_words(self) -> usize {
        PENDING.get(self.state) as usize
    }

    pub(crate) const fn set_pending_words(&mut self, words: usize) {
        self.state = PENDING.set(self.state, words as u64);
    }

    flags! {
        /// Whether the entry changed since the last frame.
        is_dirty set_dirty DIRTY;
        /// Whether the mark is over and the page not swept yet.
        is_unswept set_unswept UNSWEPT;
        /// Whether grey granules of the page are missing from the mark queue; of a chunk's first page, which holds tables,
        /// whether any page of the chunk is flooded.
        is_flooded set_flooded FLOODED;
        /// Whether nothing was stored in the page since it was mapped or given back.
        is_cold set_cold COLD;
        /// Whether the free runs are behind the bitmaps: something was allocated or freed since they were counted.
        is_stale set_stale STALE;
    }

    /// Whether the page was resident when last measured; `None` when it never was.
    #[must_use]
    pub const fn resident(self) -> Option<bool> {
        let flags = FLAGS.get(self.state);
        if flags & MEASURED == 0 { None } else { Some(flags & RESIDENT != 0) }
    }

    pub(crate) const fn set_resident(&mut self, resident: bool) {
        let flags = FLAGS.get(self.state) & !RESIDENT | MEASURED;
        self.state = FLAGS.set(self.state, if resident { flags | RESIDENT } else { flags });
    }

    /// When the page last became other than free: bytes on the allocation clock.
    #[must_use]
    pub const fn birth(self) -> u64 {
        BIRTH.get(self.state) * PAGE as u64
    }

    /// Granules free in a used page.
    #[must_use]
    pub const fn free(self) -> usize {
        PAGE_GRANULES.saturating_sub(self.used())
    }

    /// Bytes of payload reached by the last mark.
    #[must_use]
    pub const fn live_bytes(self) -> usize {
        (self.live() * GRANULE).saturating_sub(self.overhead_words() * 8)
    }

    /// How the bytes of the page divide.
    #[must_use]
    pub fn balance(self) -> PageBalance {
        let mut balance = PageBalance::default();
        match self.kind() {
            PageKind::Fresh | PageKind::Free | PageKind::GivenBack => balance.free_page = PAGE,
            PageKind::Tables => balance.tables = PAGE,
            PageKind::Reserve => balance.reserve = PAGE,
            PageKind::Foreign => {}
            PageKind::Cells
            | PageKind::Objects
            | PageKind::Mixed
            | PageKind::LargeHead
            | PageKind::LargeRest
            | PageKind::Stack => {
                let rest = (self.used() - self.live().min(self.used())) * GRANULE;
                balance.live = self.live_bytes();
                balance.overhead = self.overhead_words() * 8;
                balance.free_runs = self.free() * GRANULE;
                if self.is_unswept() {
                    balance.dead = rest;
                } else {
                    balance.unjudged = rest;
                }
            }
        }
        balance
    }
}

impl std::fmt::Debug for PageEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PageEntry")
            .field("kind", &self.kind())
            .field("used", &self.used())
            .field("live", &self.live())
            .field("overhead_words", &self.overhead_words())
            .field("marked", &self.marked())
            .field("grey", &self.grey())
            .field("free_runs", &self.free_runs())
            .field("longest_free", &self.longest_free())
            .field("resident", &self.resident())
            .field("birth", &self.birth())
            .finish_non_exhaustive()
    }
}

impl PageBalance {
    /// Term by term, this and that.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            live: self.live + other.live,
            unjudged: self.unjudged + other.unjudged,
            dead: self.dead + other.dead,
            overhead: self.overhead + other.overhead,
            free_runs: self.free_runs + other.free_runs,
            free_page: self.free_page + other.free_page,
            tables: self.tables + other.tables,
            reserve: self.reserve + other.reserve,
        }
    }

    /// The sum of the terms.
    #[must_use]
    pub const fn total(self) -> usize {
        let Self { live, unjudged, dead, overhead, free_runs, free_page, tables, reserve } = self;
        live + unjudged + dead + overhead + free_runs + free_page + tables + reserve
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_keeps_its_largest_value_and_leaves_the_others_alone() {
        let mut entry = PageEntry::default();
        entry.become_kind(PageKind::Objects, 12_345 * 4096);
        entry.set_used(256);
        entry.set_live(255);
        entry.set_marked(254);
        entry.set_grey(253);
        entry.set_longest_free(252);
        entry.set_free_runs(128);
        entry.set_overhead_words(512);
        assert_eq!((entry.used(), entry.live(), entry.marked(), entry.grey()), (256, 255, 254, 253));
        assert_eq!((entry.longest_free(), entry.free_runs(), entry.overhead_words()), (252, 128, 512));
        assert_eq!((entry.kind(), entry.birth()), (PageKind::Objects, 12_345 * 4096));
        assert!(entry.is_dirty());
        entry.set_dirty(false);
        entry.set_unswept(true);
        entry.set_pending_words(512);
        assert_eq!(entry.pending_words(), 512);
        assert!(!entry.is_dirty() && entry.is_unswept() && !entry.is_flooded());
        assert_eq!(entry.birth(), 12_345 * 4096);
    }

    #[test]
    fn residency_is_unknown_until_measured_and_survives_a_change_of_kind() {
        let mut entry = PageEntry::default();
        assert_eq!(entry.resident(), None);
        entry.set_resident(true);
        entry.become_kind(PageKind::Cells, 0);
        assert_eq!(entry.resident(), Some(true));
        entry.set_resident(false);
        assert_eq!(entry.resident(), Some(false));
    }

    #[test]
    fn what_waits_on_a_page_is_not_forgotten_when_it_changes_its_kind() {
        let mut entry = PageEntry::foreign();
        entry.set_flooded(true);
        entry.become_kind(PageKind::Mixed, 0);
        assert!(entry.is_flooded());
    }

    #[test]
    fn a_page_divides_without_a_rest() {
        let mut entry = PageEntry::default();
        for kind in PageKind::ALL.into_iter().filter(|kind| *kind != PageKind::Foreign) {
            entry.become_kind(kind, 0);
            if kind.is_used() {
                entry.set_used(100);
                entry.set_live(60);
                entry.set_overhead_words(7);
            }
            for unswept in [false, true] {
                entry.set_unswept(unswept);
                assert_eq!(entry.balance().total(), PAGE, "{kind:?}");
            }
        }
    }

    #[test]
    fn a_fresh_entry_is_all_zeros() {
        assert_eq!(PageEntry::default().kind(), PageKind::Fresh);
        assert_eq!(PageEntry::from_words(0, 0), PageEntry::default());
    }

    #[test]
    fn an_entry_is_what_its_fields_say() {
        let most = PageEntry::FIELDS.map(|field| field.most);
        let entry = PageEntry::from_fields(most).expect("an entry");
        assert_eq!(entry.fields(), most);
        for (index, field) in PageEntry::FIELDS.iter().enumerate() {
            let mut fields = [0; PageEntry::FIELDS.len()];
            fields[index] = field.most + 1;
            assert_eq!(PageEntry::from_fields(fields), None, "{}", field.name);
        }
        let mut entry = PageEntry::default();
        entry.become_kind(PageKind::Objects, 77 * 4096);
        entry.set_resident(false);
        entry.set_dirty(false);
        assert_eq!(PageEntry::from_fields(entry.fields()), Some(entry));
    }
}
