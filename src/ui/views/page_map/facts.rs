//! What the page table says of a page, in words.

use heapatlas_heap::terms::{GRANULE, PAGE, PageKind, Span};

use crate::format;
use crate::map::balance::{self, Term};
use crate::model::pages::{Page, Pages, fullness};

/// A fact: a name, a value, and what it counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// Its name.
    pub name: &'static str,
    /// Its value, with a unit.
    pub value: String,
    /// What it counts.
    pub meaning: &'static str,
}

fn fact(name: &'static str, value: String, meaning: &'static str) -> Fact {
    Fact { name, value, meaning }
}

/// The page's row of the table.
#[must_use]
pub fn of(page: Page) -> Vec<Fact> {
    let entry = page.entry;
    let balance = entry.balance();
    let resident = match entry.resident() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not measured",
    };
    let mut facts = vec![
        fact("kind", entry.kind().name().to_owned(), meaning_of(entry.kind())),
        fact("resident", resident.to_owned(), "whether the page was in memory when last measured"),
    ];
    if entry.kind().is_used() {
        facts.extend([
            fact("used", bytes(entry.used() * GRANULE), "allocated: live, unjudged and dead, overhead included"),
            fact("live", bytes(balance.live), "payload of what the last mark reached"),
            fact("overhead", bytes(balance.overhead), "headers, rounding and unused capacity of what is live"),
            fact("unjudged", bytes(balance.unjudged), "allocated since the last mark"),
            fact("dead", bytes(balance.dead), "known to be dead, not swept yet"),
            fact("free", bytes(balance.free_runs), "free granules of the page"),
        ]);
    }
    if entry.kind().is_pooled() {
        let runs = format!("{}, longest {}", entry.free_runs(), bytes(entry.longest_free() * GRANULE));
        facts.push(fact("free runs", runs, "stretches of free granules, and the longest of them"));
    }
    if entry.marked() > 0 || entry.grey() > 0 {
        let counts = format!("{} marked, {} grey", entry.marked(), entry.grey());
        facts.push(fact("collector", counts, "granules reached by the cycle under way, and heads not scanned yet"));
    }
    if !entry.kind().is_free() {
        let birth = format::bytes(entry.birth());
        facts.push(fact("in use since", birth, "the allocation clock when the page was last taken"));
    }
    if page.touched > 0 {
        let touched = format::bytes(page.touched);
        facts.push(fact("last touched", touched, "the allocation clock when something was last allocated in it"));
    }
    facts
}

/// What one asks first of a page.
#[must_use]
pub fn in_short(page: Page) -> String {
    let entry = page.entry;
    let address = format::address(page.address);
    let kind = entry.kind().name();
    let balance = entry.balance();
    let absent = if entry.resident() == Some(false) { ", not resident" } else { "" };
    if !entry.kind().is_used() {
        return format!("{address}  {kind}{absent}");
    }
    let parts = [
        ("live", balance.live),
        ("overhead", balance.overhead),
        ("unjudged", balance.unjudged),
        ("dead", balance.dead),
    ];
    let parts = parts.into_iter().filter(|(_, count)| *count > 0);
    let mut words: Vec<String> = parts.map(|(name, count)| format!("{} {name}", bytes(count))).collect();
    words.push(format!("{} free", bytes(balance.free_runs)));
    format!("{address}  {kind}: {}{absent}", words.join(", "))
}

/// What one asks first of several pages that share a box.
#[must_use]
pub fn of_box(span: &Span, pages: &Pages) -> String {
    let all = || pages.within(span.clone());
    let balance = balance::of_pages(all());
    let parts = Term::COMMITTED.into_iter().filter_map(|term| term.of(&balance).map(|bytes| (term, bytes)));
    let parts = parts.filter(|(_, bytes)| *bytes > 0);
    let parts: Vec<String> = parts.map(|(term, bytes)| format!("{} {}", format::bytes(bytes), term.name())).collect();
    let fill = |page: &Page| fullness(page.entry);
    let extremes = [("emptiest", all().min_by_key(fill)), ("fullest", all().max_by_key(fill))];
    let extremes =
        extremes.map(|(name, page)| page.map_or_else(String::new, |page| format!("\n{name}: {}", in_short(page))));
    let count = all().count();
    let missing = (span.end - span.start) / PAGE - count;
    let holes = if missing > 0 { format!(", and {missing} that are not ours") } else { String::new() };
    format!("{}  {count} pages{holes}: {}{}", format::address(span.start), parts.join(", "), extremes.concat())
}

/// A page that is the heap's no more, as it was.
#[must_use]
pub fn of_gone(page: Page) -> String {
    format!("gone since A; it was  {}", in_short(page))
}

/// A hole, in words.
#[must_use]
pub fn of_hole(span: &Span) -> String {
    format!(
        "hole of {}, {} to {}: within the heap's span, and not the heap's",
        format::bytes((span.end - span.start) as u64),
        format::address(span.start),
        format::address(span.end),
    )
}

fn bytes(count: usize) -> String {
    format::bytes(count as u64)
}

const fn meaning_of(kind: PageKind) -> &'static str {
    match kind {
        PageKind::Fresh => "free, and never touched since it was mapped",
        PageKind::Free => "free, and touched before",
        PageKind::GivenBack => "free, and given back to the system",
        PageKind::Tables => "page entries and bitmaps of the mebibyte that begins here",
        PageKind::Cells => "part of a pool of 16-byte cells",
        PageKind::Objects => "part of a pool of objects with headers",
        PageKind::LargeHead => "where an object of more than half a pool begins",
        PageKind::LargeRest => "within an object of more than half a pool",
        PageKind::Stack => "part of a stack of the virtual machine",
        PageKind::Mixed => "cells and objects side by side",
        PageKind::Foreign => "not the heap's",
        PageKind::Reserve => "held back for the handler of an exhausted heap",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HeapModel;
    use heapatlas_heap::{Heap, Value};

    #[test]
    fn the_facts_of_a_page_of_cells_add_up_to_the_page() {
        let mut heap = Heap::new().expect("a heap");
        for _ in 0..100 {
            heap.cons(Value::NIL, Value::T).expect("room");
        }
        let mut model = HeapModel::default();
        model.apply(&heap.cut_frame(true));
        let page = model.pages().iter().find(|page| page.entry.kind() == PageKind::Cells && page.entry.used() > 0);
        let page = page.expect("a page of cells");
        let balance = page.entry.balance();
        assert_eq!(balance.total(), PAGE);
        let words = in_short(page);
        assert!(words.contains("cells: ") && words.contains("unjudged") && words.contains("free"), "{words}");
        let words = of_box(&(page.address..page.address + 4 * PAGE), model.pages());
        assert!(words.contains("4 pages: ") && words.contains("emptiest: ") && words.contains("free runs"), "{words}");
        let facts = of(page);
        assert!(facts.iter().any(|fact| fact.name == "free runs"));
        assert!(facts.iter().all(|fact| !fact.value.is_empty() && !fact.meaning.is_empty()));
    }
}
