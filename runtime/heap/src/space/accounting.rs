//! The balance: where every committed byte is, as sums that move with the page table.

use super::bitmap;
use super::page_table::{PageBalance, PageEntry};
use crate::raw::{Bitmap, ChunkRef};
use crate::terms::{PAGE, PAGE_GRANULES, PageKind};

/// Number of page kinds.
pub(crate) const KINDS: usize = PageKind::ALL.len();

/// The sums over the entries of a chunk, or of the heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sums {
    /// The terms of the balance, in bytes.
    pub(crate) balance: PageBalance,
    /// Pages of each kind.
    pub(crate) pages: [usize; KINDS],
    /// Granules of used pages.
    pub(crate) used_granules: usize,
    /// Pages on which nothing lies though they were touched, without those held back; and those.
    pub(crate) warm: usize,
    pub(crate) warm_reserve: usize,
    /// Pages measured and found resident, pages measured.
    pub(crate) resident: usize,
    pub(crate) measured: usize,
}

impl Sums {
    /// The sums over `pages` fresh pages.
    pub(crate) fn fresh(pages: usize) -> Self {
        let mut sums = Self::default();
        sums.balance.free_page = pages * PAGE;
        sums.pages[PageKind::Fresh as usize] = pages;
        sums
    }

    /// Takes one entry out and puts another in.
    #[inline]
    pub(crate) fn replace(&mut self, before: PageEntry, after: PageEntry) {
        let (old, new) = (before.balance(), after.balance());
        let PageBalance { live, unjudged, dead, overhead, free_runs, free_page, tables, reserve } = &mut self.balance;
        *live = *live - old.live + new.live;
        *unjudged = *unjudged - old.unjudged + new.unjudged;
        *dead = *dead - old.dead + new.dead;
        *overhead = *overhead - old.overhead + new.overhead;
        *free_runs = *free_runs - old.free_runs + new.free_runs;
        *free_page = *free_page - old.free_page + new.free_page;
        *tables = *tables - old.tables + new.tables;
        *reserve = *reserve - old.reserve + new.reserve;
        self.pages[before.kind() as usize] -= 1;
        self.pages[after.kind() as usize] += 1;
        self.used_granules = self.used_granules - before.used() + after.used();
        *self.warm_of(before.kind()) -= usize::from(before.is_warm());
        *self.warm_of(after.kind()) += usize::from(after.is_warm());
        self.resident =
            self.resident - usize::from(before.resident() == Some(true)) + usize::from(after.resident() == Some(true));
        self.measured =
            self.measured - usize::from(before.resident().is_some()) + usize::from(after.resident().is_some());
    }

    /// Pages of each kind that are the heap's.
    pub(crate) fn pages_of_heap(&self) -> [usize; KINDS] {
        let mut pages = self.pages;
        pages[PageKind::Foreign as usize] = 0;
        pages
    }

    /// Pages of the heap.
    pub(crate) fn ours(&self) -> usize {
        self.pages_of_heap().iter().sum()
    }

    fn warm_of(&mut self, kind: PageKind) -> &mut usize {
        if kind == PageKind::Reserve { &mut self.warm_reserve } else { &mut self.warm }
    }

    /// The sums over one page.
    pub(crate) fn of_page(entry: PageEntry) -> Self {
        let mut sums = Self::fresh(1);
        sums.replace(PageEntry::default(), entry);
        sums
    }

    /// Adds the sums of another part of the heap.
    pub(crate) fn add(&mut self, other: &Self) {
        let Self { balance, pages, used_granules, warm, warm_reserve, resident, measured } = other;
        self.balance = self.balance.plus(*balance);
        for (sum, count) in self.pages.iter_mut().zip(pages) {
            *sum += count;
        }
        self.used_granules += used_granules;
        self.warm += warm;
        self.warm_reserve += warm_reserve;
        self.resident += resident;
        self.measured += measured;
    }
}

/// The counts of a pooled page, taken from the bitmaps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PageCounts {
    pub(crate) used: usize,
    pub(crate) marked: usize,
    pub(crate) grey: usize,
    pub(crate) free_runs: usize,
    pub(crate) longest_free: usize,
}

impl PageCounts {
    /// Counts a page. `marking` says whether marks mean anything.
    pub(crate) fn of(chunk: ChunkRef, page: usize, marking: bool) -> Self {
        let granules = page * PAGE_GRANULES..(page + 1) * PAGE_GRANULES;
        let (mut free_runs, mut longest_free, mut free) = (0, 0, 0);
        for run in bitmap::clear_runs(chunk, Bitmap::Allocated, granules) {
            free_runs += 1;
            free += run.len();
            longest_free = longest_free.max(run.len());
        }
        let marks = |bitmap| if marking { bitmap::count_page(chunk, bitmap, page) } else { 0 };
        Self {
            used: PAGE_GRANULES - free,
            marked: marks(Bitmap::Marked),
            grey: marks(Bitmap::Grey),
            free_runs,
            longest_free,
        }
    }

    /// Enters the counts, which are not stale then.
    pub(crate) fn store(self, entry: &mut PageEntry) {
        entry.set_stale(false);
        entry.set_used(self.used);
        entry.set_marked(self.marked);
        entry.set_grey(self.grey);
        entry.set_free_runs(self.free_runs);
        entry.set_longest_free(self.longest_free);
    }
}

/// Where the committed bytes are.
///
/// ```text
/// committed = live + unjudged + dead + overhead + free runs + free pages + tables + reserve
/// resident  = committed − not resident
/// ```
///
/// All in bytes. Counted terms and the measured one never share a field: what was not measured is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Balance {
    /// Payload reached by the last mark.
    pub live: u64,
    /// Allocated since the last mark: nobody has looked whether it is alive.
    pub unjudged: u64,
    /// Known to be dead, not swept yet.
    pub dead: u64,
    /// Headers, rounding and unused capacity of what is live.
    pub overhead: u64,
    /// Free granules of pages that something lives in or did.
    pub free_runs: u64,
    /// Free pages, whether or not they are resident.
    pub free_pages: u64,
    /// The heap's own tables.
    pub tables: u64,
    /// Held back for the handler of an exhausted heap.
    pub reserve: u64,
    /// Committed and not resident: given back, never touched, or swapped. `None` when not measured.
    pub not_resident: Option<u64>,
}

impl Balance {
    /// The terms that sum to what is committed.
    #[must_use]
    pub const fn committed(&self) -> u64 {
        let Self { live, unjudged, dead, overhead, free_runs, free_pages, tables, reserve, not_resident: _ } = self;
        *live + *unjudged + *dead + *overhead + *free_runs + *free_pages + *tables + *reserve
    }

    /// What is resident, when that was measured.
    #[must_use]
    pub fn resident(&self) -> Option<u64> {
        self.not_resident.map(|absent| self.committed() - absent)
    }

    /// The balance of part of a heap, from its sums.
    pub(crate) fn of(sums: &Sums) -> Self {
        let PageBalance { live, unjudged, dead, overhead, free_runs, free_page, tables, reserve } = sums.balance;
        let pages = sums.ours();
        Self {
            live: live as u64,
            unjudged: unjudged as u64,
            dead: dead as u64,
            overhead: overhead as u64,
            free_runs: free_runs as u64,
            free_pages: free_page as u64,
            tables: tables as u64,
            reserve: reserve as u64,
            not_resident: (sums.measured == pages).then_some(((pages - sums.resident) * PAGE) as u64),
        }
    }
}
