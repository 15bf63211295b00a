//! What is looked for on the map: an address, the value of a symbol, free runs of a size.

use heapatlas_heap::terms::{Address, GRANULE, PAGE};

use crate::format;
use crate::model::pages::{Page, Pages};

/// What is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Query {
    /// The page of an address.
    Address(Address),
    /// Pages with a free run of so many bytes at least.
    FreeRun(u64),
    /// The page in use with the least allocated.
    Emptiest,
    /// Pages in use with so many bytes allocated at most.
    Little(u64),
    /// The page of the value of a global variable.
    Symbol(String),
}

/// Reads what was typed: `0x…` is an address, a number with a unit or after `>` the size of a free run, after `<` of what is
/// allocated in a page, `<` alone the emptiest page, anything else a symbol.
///
/// # Errors
/// What is wrong with it, and what to type instead.
pub fn parse(text: &str) -> Result<Query, String> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let digits: String = digits.chars().filter(|c| !c.is_whitespace() && *c != '_').collect();
        let address = usize::from_str_radix(&digits, 16);
        return address
            .map(|address| Query::Address(Address::new(address)))
            .map_err(|_digits| format!("{text} is no address: type 0x and hexadecimal digits"));
    }
    if let Some(size) = text.strip_prefix('>') {
        return format::parse_bytes(size.trim()).map(Query::FreeRun);
    }
    if let Some(size) = text.strip_prefix('<') {
        if size.is_empty() {
            return Ok(Query::Emptiest);
        }
        return format::parse_bytes(size.trim()).map(Query::Little);
    }
    match format::parse_bytes(text) {
        Ok(bytes) => Ok(Query::FreeRun(bytes)),
        Err(_) if text.is_empty() => Err("type an address, a size such as 4K, or a symbol".to_owned()),
        Err(_) => Ok(Query::Symbol(text.to_owned())),
    }
}

/// The pages with a free run of at least so many bytes, as the page table tells; what is longer than a page are adjacent
/// pages without anything on them.
#[must_use]
pub fn with_free_run(pages: &Pages, bytes: u64) -> Vec<Address> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let is_empty =
        |page: &Page| page.entry.kind().is_free() || (page.entry.kind().is_pooled() && page.entry.used() == 0);
    let mut found: Vec<Address> = Vec::new();
    // How many of the latest found are adjacent and empty, and not yet known to be enough.
    let mut stretch = 0;
    for page in pages.iter() {
        let adjoins = found.last().is_some_and(|last| *last + PAGE == page.address);
        if stretch > 0 && !(adjoins && is_empty(&page)) {
            drop_short(&mut found, &mut stretch, bytes);
        }
        if is_empty(&page) {
            stretch += 1;
            found.push(page.address);
        } else if page.entry.kind().is_pooled() && page.entry.longest_free() * GRANULE >= bytes.max(1) {
            found.push(page.address);
        }
    }
    drop_short(&mut found, &mut stretch, bytes);
    found
}

/// The pages that things are placed in and that have so many bytes allocated at most, but some; the emptiest first.
#[must_use]
pub fn with_little(pages: &Pages, bytes: u64) -> Vec<Address> {
    let allocated = |page: &Page| (page.entry.used() * GRANULE) as u64;
    let in_use = pages.iter().filter(|page| page.entry.kind().is_pooled() && page.entry.used() > 0);
    let mut found: Vec<Page> = in_use.filter(|page| allocated(page) <= bytes).collect();
    found.sort_by_key(allocated);
    found.into_iter().map(|page| page.address).collect()
}

fn drop_short(found: &mut Vec<Address>, stretch: &mut usize, bytes: usize) {
    if *stretch * PAGE < bytes {
        found.truncate(found.len() - *stretch);
    }
    *stretch = 0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HeapModel;
    use heapatlas_heap::{Heap, Value};

    #[test]
    fn what_was_typed_is_told_apart() {
        assert_eq!(parse(" 0x1000 000f_5000 "), Ok(Query::Address(Address::new(0x1000_000f_5000))));
        assert_eq!(parse("> 512"), Ok(Query::FreeRun(512)));
        assert_eq!([parse("< 0.5K"), parse("< ")], [Ok(Query::Little(512)), Ok(Query::Emptiest)]);
        assert_eq!(parse("4K"), Ok(Query::FreeRun(4096)));
        assert_eq!(parse("map1"), Ok(Query::Symbol("map1".to_owned())));
        assert!(parse("0xzz").is_err() && parse("").is_err());
    }

    #[test]
    fn free_runs_are_found_within_pages_and_over_them() {
        let mut heap = Heap::new().expect("a heap");
        for _ in 0..300 {
            heap.cons(Value::NIL, Value::T).expect("room");
        }
        let mut model = HeapModel::default();
        model.apply(&heap.cut_frame(true));
        let entry_of = |address| model.pages().at(address).expect("a page").entry;
        for bytes in [16, 1024, PAGE as u64, 64 << 10, 1 << 30] {
            let found = with_free_run(model.pages(), bytes);
            assert!(found.is_sorted());
            assert_eq!(found.is_empty(), bytes == 1 << 30);
            for address in &found {
                let entry = entry_of(*address);
                assert!(entry.kind().is_free() || (entry.longest_free() * GRANULE) as u64 >= bytes.min(PAGE as u64));
            }
        }
        let little = with_little(model.pages(), 1024);
        assert_eq!(little.first().map(|address| entry_of(*address).used()), Some(44), "{little:?}");
        assert!(little.iter().all(|address| (1..=64).contains(&entry_of(*address).used())));
        assert_eq!(with_little(model.pages(), 15), []);
        let partly =
            with_free_run(model.pages(), 1024).into_iter().filter(|address| entry_of(*address).used() > 0).count();
        assert_eq!(partly, 1, "44 of 256 granules of the second page are in use");
        assert_eq!(with_free_run(model.pages(), 64 << 10).into_iter().filter(|a| entry_of(*a).used() > 0).count(), 0);
    }
}
