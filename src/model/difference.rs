//! What changed between two moments of a heap, page by page.

use heapatlas_heap::PageEntry;
use heapatlas_heap::terms::{Address, Span};

use super::pages::{Page, Pages};

/// What became of a page. Where several hold, the first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Change {
    /// It was not the heap's before.
    Appeared,
    /// It is not the heap's any more.
    Gone,
    /// It is used for something else.
    Kind,
    /// More of it is allocated.
    Filled,
    /// Less of it is allocated.
    Emptied,
    /// It came into memory.
    Resident,
    /// It left memory.
    Absent,
    /// Nothing of all that.
    None,
}

impl Change {
    /// Every change, in their order.
    pub const ALL: [Self; 8] =
        [Self::Appeared, Self::Gone, Self::Kind, Self::Filled, Self::Emptied, Self::Resident, Self::Absent, Self::None];

    /// Its words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Appeared => "appeared",
            Self::Gone => "gone",
            Self::Kind => "changed kind",
            Self::Filled => "filled",
            Self::Emptied => "emptied",
            Self::Resident => "became resident",
            Self::Absent => "left memory",
            Self::None => "unchanged",
        }
    }

    /// What became of an entry.
    #[must_use]
    pub fn of(before: Option<PageEntry>, after: Option<PageEntry>) -> Self {
        let (before, after) = match (before, after) {
            (Some(before), Some(after)) => (before, after),
            (None, Some(_)) => return Self::Appeared,
            (Some(_), None) => return Self::Gone,
            (None, None) => return Self::None,
        };
        match () {
            () if before.kind() != after.kind() => Self::Kind,
            () if after.used() > before.used() => Self::Filled,
            () if after.used() < before.used() => Self::Emptied,
            () if (before.resident(), after.resident()) == (Some(false), Some(true)) => Self::Resident,
            () if (before.resident(), after.resident()) == (Some(true), Some(false)) => Self::Absent,
            () => Self::None,
        }
    }
}

/// A page at two moments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChangedPage {
    /// Where it begins.
    pub address: Address,
    /// Its entry before, if it was the heap's.
    pub before: Option<PageEntry>,
    /// Its entry after, if it is.
    pub after: Option<PageEntry>,
}

impl ChangedPage {
    /// What became of it.
    #[must_use]
    pub fn change(&self) -> Change {
        Change::of(self.before, self.after)
    }
}

/// Every page that was or is the heap's, lowest first.
pub fn pages<'p>(before: &'p Pages, after: &'p Pages) -> impl Iterator<Item = ChangedPage> + 'p {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    std::iter::from_fn(move || {
        let address = match (before.peek(), after.peek()) {
            (Some(a), Some(b)) => a.address.min(b.address),
            (Some(page), None) | (None, Some(page)) => page.address,
            (None, None) => return None,
        };
        let entry = |page: Page| page.entry;
        Some(ChangedPage {
            address,
            before: before.next_if(|page| page.address == address).map(entry),
            after: after.next_if(|page| page.address == address).map(entry),
        })
    })
}

/// Every page of a span that was or is the heap's, lowest first: one that is gone as it was.
pub fn known_within<'p>(before: &'p Pages, after: &'p Pages, span: Span) -> impl Iterator<Item = Page> + 'p {
    let (mut before, mut after) = (before.within(span.clone()).peekable(), after.within(span).peekable());
    std::iter::from_fn(move || {
        let is_gone = match (before.peek(), after.peek()) {
            (Some(was), Some(is)) => was.address < is.address,
            (was, _) => was.is_some(),
        };
        if is_gone {
            return before.next();
        }
        let page = after.next()?;
        before.next_if(|was| was.address == page.address);
        Some(page)
    })
}

/// What was or is the heap's, in spans, lowest first.
#[must_use]
pub fn spans(before: &Pages, after: &Pages) -> Vec<Span> {
    let extents = before.extents().iter().chain(after.extents());
    let mut all: Vec<Span> = extents.map(|extent| extent.span.clone()).collect();
    all.sort_by_key(|span| span.start);
    let mut spans: Vec<Span> = Vec::new();
    for span in all {
        match spans.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => spans.push(span),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HeapModel;
    use heapatlas_heap::terms::PAGE;
    use heapatlas_heap::{Heap, Value};

    #[test]
    fn every_page_of_both_is_there_once_and_says_what_became_of_it() {
        let mut heap = Heap::new().expect("a heap");
        let (mut before, mut after) = (HeapModel::default(), HeapModel::default());
        before.apply(&heap.cut_frame(true));
        for _ in 0..200_000 {
            heap.cons(Value::NIL, Value::T).expect("room");
        }
        after.apply(&heap.cut_frame(true));
        let count = |change| pages(before.pages(), after.pages()).filter(|page| page.change() == change).count();
        assert_eq!(Change::ALL.map(count).iter().sum::<usize>(), after.pages().len());
        assert_eq!(count(Change::Appeared), after.pages().len() - before.pages().len());
        assert!(count(Change::Kind) > 100 && count(Change::Gone) == 0);
        let back = pages(after.pages(), before.pages()).filter(|page| page.change() == Change::Gone).count();
        assert_eq!(back, count(Change::Appeared));
        let whole = Address::default()..Address::new(usize::MAX);
        let known = known_within(after.pages(), before.pages(), whole.clone()).map(|page| page.address);
        assert!(known.eq(after.pages().iter().map(|page| page.address)), "those that are gone, too");
        let (first, last) =
            (after.pages().iter().next().expect("a page"), after.pages().iter().last().expect("a page"));
        let gone = known_within(after.pages(), before.pages(), last.address..last.address + PAGE).next();
        assert_eq!(gone.map(|page| page.entry), Some(last.entry), "as it was");
        let stays = known_within(after.pages(), before.pages(), whole).next().map(|page| page.entry);
        assert!(
            stays == before.pages().iter().next().map(|page| page.entry) && first.address < last.address,
            "as it is"
        );
        let covered: usize = spans(before.pages(), after.pages()).iter().map(|span| span.end - span.start).sum();
        assert_eq!(covered, after.pages().len() * PAGE);
    }
}
