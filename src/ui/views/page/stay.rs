//! Why a page can't be given back: who lives there, who holds them, what evacuation would do. In sentences.

use std::collections::BTreeMap;

use heapatlas_arc::inspect::{PageFindings, Pool, Thing};
use heapatlas_heap::Policy;
use heapatlas_heap::gc::Evacuation;
use heapatlas_heap::terms::PageKind;

use crate::format;
use crate::model::pages::Page;

/// Holders that are named at most.
const MOST_NAMED: usize = 3;

/// Why a page stays, or that it does not, in sentences.
#[must_use]
pub fn reasons(page: Page, findings: &PageFindings, policy: &Policy) -> Vec<String> {
    match page.entry.kind() {
        PageKind::Fresh | PageKind::GivenBack => {
            vec!["It costs nothing: nobody has touched it, or it was given back.".to_owned()]
        }
        PageKind::Free => {
            vec!["It is free. It goes back to the system with the next collection, unless it is kept warm.".to_owned()]
        }
        PageKind::Tables => {
            vec!["It holds the tables of its mebibyte, and stays as long as that is mapped.".to_owned()]
        }
        PageKind::Reserve => vec!["It is held back for whoever handles the exhaustion of the heap.".to_owned()],
        PageKind::Foreign => vec!["It is not the heap's.".to_owned()],
        PageKind::Stack => {
            vec!["It is part of a stack of the virtual machine, which stays while its thread runs.".to_owned()]
        }
        PageKind::LargeHead | PageKind::LargeRest => vec![of_large(findings)],
        PageKind::Cells | PageKind::Objects | PageKind::Mixed => of_pooled(page, findings, policy),
    }
}

fn of_large(findings: &PageFindings) -> String {
    let Some(thing) = findings.things.first() else { return "Nothing is on it any more.".to_owned() };
    let what = format!("one {} of {}", thing.kind, format::bytes(thing.bytes));
    match thing.path.first() {
        Some(root) => {
            format!("It is part of {what}, which is alive: held by {}. It goes when that goes.", root.words)
        }
        None => format!("It is part of {what}, which nobody holds: the next collection gives it back."),
    }
}

fn of_pooled(page: Page, findings: &PageFindings, policy: &Policy) -> Vec<String> {
    let mut reasons = vec![who_lives(findings)];
    let Some(pool) = &findings.pool else {
        reasons.push(
            "The system's allocator decides when it goes: when the last of its blocks is free, and perhaps not then."
                .to_owned(),
        );
        return reasons;
    };
    let size = (pool.span.end - pool.span.start) as u64;
    reasons.push(format!(
        "A page goes back with its pool, {} to {}, in which {} of {} are allocated.",
        format::address(pool.span.start),
        format::address(pool.span.end),
        format::bytes(pool.used),
        format::bytes(size),
    ));
    reasons.push(evacuation(page, pool, findings, policy));
    reasons
}

fn who_lives(findings: &PageFindings) -> String {
    let alive: Vec<&Thing> = findings.things.iter().filter(|thing| thing.is_alive()).collect();
    if alive.is_empty() {
        return "Nothing that is on it is alive.".to_owned();
    }
    let bytes = alive.iter().map(|thing| thing.bytes).sum();
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    for root in alive.iter().filter_map(|thing| thing.path.first()) {
        *holders.entry(&root.words).or_default() += 1;
    }
    let mut holders: Vec<_> = holders.into_iter().collect();
    holders.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named: Vec<_> = holders.iter().take(MOST_NAMED).map(|(root, count)| format!("{root} ({count})")).collect();
    let more = match holders.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let (things, verb) = if alive.len() == 1 { ("thing", "lives") } else { ("things", "live") };
    let (count, bytes, named) = (alive.len(), format::bytes(bytes), named.join(", "));
    format!("{count} {things} {verb} on it, {bytes}, held by {named}{more}.")
}

fn evacuation(page: Page, pool: &Pool, findings: &PageFindings, policy: &Policy) -> String {
    match pool.evacuation {
        Evacuation::Sparse => "Its pool is at most half used: evacuation moves what lives in it, and the pool goes back. To have that now, collect.".to_owned(),
        Evacuation::OnRequest => "Its pool is more than half used: only a collection on request moves what lives in it.".to_owned(),
        Evacuation::Full => "Its pool is full: nothing would be gained by moving what lives in it.".to_owned(),
        Evacuation::Off => format!("Nothing moves under the policy {policy}: it stays until all that is in its pool has died."),
        Evacuation::Pinned => {
            let here = findings.things.iter().find(|thing| thing.pinned && thing.address >= page.address);
            let what = match here {
                Some(thing) => format!("The {} at {}", thing.kind, format::address(thing.address)),
                None => "Something in its pool".to_owned(),
            };
            format!("{what} is pinned: a table finds it by its address, and so the pool stays where it is.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_arc::inspect::Reference;
    use heapatlas_heap::terms::Address;
    use heapatlas_heap::{Heap, Value};

    fn thing(address: Address, path: &[&str]) -> Thing {
        Thing {
            address,
            bytes: 16,
            kind: "cell",
            printed: String::new(),
            colour: None,
            pinned: false,
            path: path.iter().map(|step| Reference { words: (*step).to_owned(), holder: None }).collect(),
            holders: Vec::new(),
            references: 1,
        }
    }

    #[test]
    fn a_page_stays_for_those_who_live_there_and_is_told_what_would_move_them() {
        let mut heap = Heap::new().expect("a heap");
        let cell = heap.cons(Value::NIL, Value::NIL).expect("room");
        let at = cell.address().expect("a place");
        let (address, entry) = heap.page_at(at).expect("a page");
        let page = Page { address, entry, touched: 0 };
        let pool = |evacuation| Pool { span: address..address + 65_536, used: 48, evacuation };
        let things = vec![thing(at, &["global x", "car"]), thing(at + 16, &["global x"]), thing(at + 32, &[])];
        let mut findings = PageFindings { page: address, things, pool: Some(pool(Evacuation::Sparse)) };
        let policy = heap.policy();
        let words = reasons(page, &findings, &policy);
        assert_eq!(words[0], "2 things live on it, 32 B, held by global x (2).");
        assert!(words[1].contains("48 B of 64.0 KiB are allocated"), "{}", words[1]);
        assert!(words[2].contains("evacuation moves"), "{}", words[2]);
        for (evacuation, said) in [
            (Evacuation::OnRequest, "only a collection on request"),
            (Evacuation::Full, "nothing would be gained"),
            (Evacuation::Pinned, "is pinned"),
            (Evacuation::Off, "Nothing moves under the policy"),
        ] {
            findings.pool = Some(pool(evacuation));
            assert!(reasons(page, &findings, &policy)[2].contains(said), "{evacuation:?}");
        }
        findings.things.clear();
        assert_eq!(reasons(page, &findings, &policy)[0], "Nothing that is on it is alive.");
    }
}
