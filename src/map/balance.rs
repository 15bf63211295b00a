//! The terms of the balance, in the order in which they are drawn.

use heapatlas_heap::terms::PAGE;
use heapatlas_heap::{Balance, PageBalance, PageEntry};

use crate::model::pages::{Page, Pages};

/// A term of the balance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Term {
    /// Payload reached by the last mark.
    Live,
    /// Headers, rounding, unused capacity.
    Overhead,
    /// Allocated since the last mark.
    Unjudged,
    /// Known to be dead.
    Dead,
    /// Free granules of used pages.
    FreeRuns,
    /// Free pages.
    FreePages,
    /// The heap's own tables.
    Tables,
    /// Held back for handlers.
    Reserve,
    /// Committed and not resident; subtracted.
    NotResident,
}

impl Term {
    /// Every term, in the order in which they are drawn.
    pub const ALL: [Self; 9] = [
        Self::Live,
        Self::Overhead,
        Self::Unjudged,
        Self::Dead,
        Self::FreeRuns,
        Self::FreePages,
        Self::Tables,
        Self::Reserve,
        Self::NotResident,
    ];

    /// The terms that sum to what is committed.
    pub const COMMITTED: [Self; 8] = [
        Self::Live,
        Self::Overhead,
        Self::Unjudged,
        Self::Dead,
        Self::FreeRuns,
        Self::FreePages,
        Self::Tables,
        Self::Reserve,
    ];

    /// Its words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Overhead => "overhead",
            Self::Unjudged => "unjudged",
            Self::Dead => "dead",
            Self::FreeRuns => "free runs",
            Self::FreePages => "free pages",
            Self::Tables => "tables",
            Self::Reserve => "reserve",
            Self::NotResident => "not resident",
        }
    }

    /// Its name in exports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Overhead => "overhead",
            Self::Unjudged => "unjudged",
            Self::Dead => "dead",
            Self::FreeRuns => "free_runs",
            Self::FreePages => "free_pages",
            Self::Tables => "tables",
            Self::Reserve => "reserve",
            Self::NotResident => "not_resident",
        }
    }

    /// Its bytes in a balance; `None` when it was not measured.
    #[must_use]
    pub const fn of(self, balance: &Balance) -> Option<u64> {
        match self {
            Self::Live => Some(balance.live),
            Self::Overhead => Some(balance.overhead),
            Self::Unjudged => Some(balance.unjudged),
            Self::Dead => Some(balance.dead),
            Self::FreeRuns => Some(balance.free_runs),
            Self::FreePages => Some(balance.free_pages),
            Self::Tables => Some(balance.tables),
            Self::Reserve => Some(balance.reserve),
            Self::NotResident => balance.not_resident,
        }
    }

    /// Its bytes in one page.
    #[must_use]
    pub fn of_page(self, entry: PageEntry) -> usize {
        match self {
            Self::NotResident if entry.resident() == Some(false) => PAGE,
            _ => self.of_pages(&entry.balance()),
        }
    }

    /// Its bytes in a sum over pages, of which nothing is subtracted.
    #[must_use]
    pub const fn of_pages(self, balance: &PageBalance) -> usize {
        match self {
            Self::Live => balance.live,
            Self::Overhead => balance.overhead,
            Self::Unjudged => balance.unjudged,
            Self::Dead => balance.dead,
            Self::FreeRuns => balance.free_runs,
            Self::FreePages => balance.free_page,
            Self::Tables => balance.tables,
            Self::Reserve => balance.reserve,
            Self::NotResident => 0,
        }
    }

    /// The term besides what lives that costs most memory, and how much; `None` when there is none. What is not
    /// resident costs nothing, and is taken off the free pages, then the reserve, where nearly all of it is.
    #[must_use]
    pub fn costliest(balance: &Balance) -> Option<(Self, u64)> {
        let absent = balance.not_resident.unwrap_or(0);
        let cost = |term: Self| {
            let bytes = term.of(balance).unwrap_or(0);
            bytes.saturating_sub(match term {
                Self::FreePages => absent,
                Self::Reserve => absent.saturating_sub(balance.free_pages),
                _ => 0,
            })
        };
        let others = Self::COMMITTED.into_iter().filter(|term| *term != Self::Live);
        others.map(|term| (term, cost(term))).max_by_key(|(_, bytes)| *bytes).filter(|(_, bytes)| *bytes > 0)
    }
}

/// The balance of some pages.
#[must_use]
pub fn of_pages(pages: impl Iterator<Item = Page>) -> Balance {
    let mut sum = PageBalance::default();
    let mut absent = Some(0);
    for page in pages {
        sum = sum.plus(page.entry.balance());
        let bytes = page.entry.resident().map(|resident| if resident { 0 } else { PAGE as u64 });
        absent = absent.zip(bytes).map(|(sum, bytes)| sum + bytes);
    }
    Balance {
        live: sum.live as u64,
        unjudged: sum.unjudged as u64,
        dead: sum.dead as u64,
        overhead: sum.overhead as u64,
        free_runs: sum.free_runs as u64,
        free_pages: sum.free_page as u64,
        tables: sum.tables as u64,
        reserve: sum.reserve as u64,
        not_resident: absent,
    }
}

/// How many bytes of each term are in memory: pages are resident whole, so their terms are. `None` when residency was not
/// measured.
#[must_use]
pub fn resident(pages: &Pages) -> Option<PageBalance> {
    let mut sum = PageBalance::default();
    for page in pages.iter() {
        if page.entry.resident()? {
            sum = sum.plus(page.entry.balance());
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_are_all_there() {
        let balance = Balance {
            live: 1,
            unjudged: 2,
            dead: 4,
            overhead: 8,
            free_runs: 16,
            free_pages: 32,
            tables: 64,
            reserve: 128,
            not_resident: Some(200),
        };
        let sum: u64 = Term::COMMITTED.iter().filter_map(|term| term.of(&balance)).sum();
        assert_eq!(sum, balance.committed());
        assert_eq!(Term::NotResident.of(&balance), Some(200));
        assert_eq!(balance.resident(), Some(55));
    }

    #[test]
    fn the_balance_of_all_pages_is_that_of_the_heap() {
        let mut heap = heapatlas_heap::Heap::new().expect("a heap");
        for _ in 0..500 {
            heap.cons(heapatlas_heap::Value::NIL, heapatlas_heap::Value::T).expect("room");
        }
        let mut model = crate::model::HeapModel::default();
        model.apply(&heap.cut_frame(true));
        let unmeasured = of_pages(model.pages().iter());
        assert_eq!(unmeasured, model.counters().balance);
        assert_eq!(unmeasured.not_resident, None, "nobody has measured it");
        heap.measure_residency();
        model.apply(&heap.cut_frame(true));
        assert_eq!(of_pages(model.pages().iter()), model.counters().balance);
        assert_eq!(of_pages(std::iter::empty()).committed(), 0);
    }

    #[test]
    fn what_costs_most_is_what_is_in_memory() {
        let balance = Balance { live: 90, unjudged: 20, free_pages: 60, not_resident: Some(50), ..Balance::default() };
        assert_eq!(Term::costliest(&balance), Some((Term::Unjudged, 20)));
        let balance = Balance { not_resident: None, ..balance };
        assert_eq!(Term::costliest(&balance), Some((Term::FreePages, 60)));
        assert_eq!(Term::costliest(&Balance { live: 7, ..Balance::default() }), None);
        // A reserve that nobody has touched costs nothing either.
        let balance = Balance { free_pages: 60, reserve: 30, tables: 5, not_resident: Some(88), ..Balance::default() };
        assert_eq!(Term::costliest(&balance), Some((Term::Tables, 5)));
    }
}
