//! Why a page can't be given back: who lives there, who holds them, what evacuation would do; or, where nothing lies, since
//! when that is so and what comes there next. In sentences.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use heapatlas_arc::inspect::{PageFindings, Pool, Thing};
use heapatlas_heap::Policy;
use heapatlas_heap::gc::Evacuation;
use heapatlas_heap::terms::{Address, GcCause, PAGE, PageKind};

use crate::format;
use crate::model::cycles::Cycle;
use crate::model::pages::Page;

/// Holders that are named at most.
const MOST_NAMED: usize = 3;

/// What is known besides what lies on a page.
#[derive(Clone, Debug)]
pub struct Known<'k> {
    /// How the heap gets memory back.
    pub policy: &'k Policy,
    /// The cycles that may have emptied the page, if it was ever used.
    pub emptied: Option<RangeInclusive<u64>>,
    /// Whether everything that can move was moved together, and nothing was allocated since.
    pub packed: bool,
}

impl<'k> Known<'k> {
    /// What the cycles tell of a page at a place on the allocation clock.
    pub fn of(policy: &'k Policy, page: Page, cycles: impl DoubleEndedIterator<Item = Cycle>, clock: u64) -> Self {
        let ended = cycles.filter_map(|cycle| cycle.after.map(|after| (cycle, after.clock)));
        let ended: Vec<(Cycle, u64)> = ended.collect();
        // What was allocated there last was there until a cycle ended.
        let mut since = ended.iter().filter(|(_, end)| page.touched > 0 && *end >= page.touched);
        let emptied = since.next().map(|(first, _)| first.number);
        let last = ended.last();
        Self {
            policy,
            emptied: emptied.zip(last).map(|(first, (last, _))| first..=last.number),
            packed: last.is_some_and(|(cycle, end)| cycle.cause == GcCause::Asked && *end == clock),
        }
    }
}

/// Why a page stays, or that it does not, in sentences.
#[must_use]
pub fn reasons(page: Page, findings: &PageFindings, known: &Known<'_>) -> Vec<String> {
    match page.entry.kind() {
        PageKind::Fresh | PageKind::GivenBack | PageKind::Free => of_free(page, known),
        PageKind::Tables => {
            vec!["It holds the tables of its mebibyte, and stays as long as that is mapped.".to_owned()]
        }
        PageKind::Reserve => vec!["It is held back for whoever handles the exhaustion of the heap.".to_owned()],
        PageKind::Foreign => vec!["It is not the heap's.".to_owned()],
        PageKind::Stack => {
            vec!["It is part of a stack of the virtual machine, which stays while its thread runs.".to_owned()]
        }
        PageKind::LargeHead | PageKind::LargeRest => vec![of_large(findings)],
        PageKind::Cells | PageKind::Objects | PageKind::Mixed => of_pooled(page, findings, known),
    }
}

/// What a free page was and is, and what comes there next.
fn of_free(page: Page, known: &Known<'_>) -> Vec<String> {
    let since = match (&known.emptied, page.touched) {
        (Some(cycles), _) if cycles.start() == cycles.end() => format!("It is free since cycle {}.", cycles.start()),
        (Some(cycles), _) => format!("It is free since one of the cycles {} to {}.", cycles.start(), cycles.end()),
        (None, 0) => {
            "It is free: as far as is known, nothing has been allocated in it since its extent was mapped.".to_owned()
        }
        (None, touched) => format!("It is free; something was allocated in it last at {}.", format::bytes(touched)),
    };
    let costs = match page.entry.resident() {
        Some(true) => "It is in memory still, so that it can be used at once; a collection on request gives it back.",
        Some(false) => "It is not in memory, so it costs nothing but addresses.",
        None => "Whether it is in memory was not measured.",
    };
    let next = "Next comes a pool or a large object, whichever needs it first: the lowest free pages that are in memory \
                are taken, then the lowest of the others, and only then does the heap grow.";
    vec![since, costs.to_owned(), next.to_owned()]
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

fn of_pooled(page: Page, findings: &PageFindings, known: &Known<'_>) -> Vec<String> {
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
    if page.entry.used() == 0 {
        let list = "Nothing is allocated in it: it is filled when the free list of its pool comes to it.";
        reasons.push(list.to_owned());
    }
    reasons.push(evacuation(page, pool, findings, known));
    reasons
}

fn who_lives(findings: &PageFindings) -> String {
    let alive: Vec<&Thing> = findings.things.iter().filter(|thing| thing.is_alive()).collect();
    if alive.is_empty() {
        return "Nothing that is on it is alive.".to_owned();
    }
    let bytes: u64 = alive.iter().map(|thing| thing.bytes).sum();
    let here: u64 = alive.iter().map(|thing| bytes_on(thing, findings.page)).sum();
    let here = if here < bytes { format!(" ({} of that here)", format::bytes(here)) } else { String::new() };
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
    format!("{count} {things} {verb} on it, {bytes}{here}, held by {named}{more}.")
}

/// How much of a thing lies on a page: it may begin before it, or go on after it.
fn bytes_on(thing: &Thing, page: Address) -> u64 {
    let end = (thing.address.get() as u64).saturating_add(thing.bytes).min((page + PAGE).get() as u64);
    end.saturating_sub(thing.address.max(page).get() as u64)
}

fn evacuation(page: Page, pool: &Pool, findings: &PageFindings, known: &Known<'_>) -> String {
    let policy = known.policy;
    match pool.evacuation {
        Evacuation::Sparse | Evacuation::OnRequest if known.packed => {
            "The last collection moved together what can move, and this was left over: no other pool has room for it. Nothing more can be had.".to_owned()
        }
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
    use crate::model::cycles::Moment;
    use heapatlas_arc::inspect::Reference;
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
        let known = Known { policy: &policy, emptied: None, packed: false };
        let words = reasons(page, &findings, &known);
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
            assert!(reasons(page, &findings, &known)[2].contains(said), "{evacuation:?}");
        }
        findings.pool = Some(pool(Evacuation::Sparse));
        let packed = Known { packed: true, ..known.clone() };
        assert!(reasons(page, &findings, &packed)[2].contains("left over"), "what collecting again would not do");
        findings.things[0].bytes = 8192;
        assert!(reasons(page, &findings, &known)[0].contains(" of that here)"), "most of it is on the next pages");
        findings.things.clear();
        assert_eq!(reasons(page, &findings, &known)[0], "Nothing that is on it is alive.");
    }

    #[test]
    fn a_free_page_says_since_when_it_is_free_and_whether_it_costs_anything() {
        let mut heap = Heap::new().expect("a heap");
        heap.cons(Value::NIL, Value::NIL).expect("room");
        let mut model = crate::model::HeapModel::default();
        model.apply(&heap.cut_frame(true));
        let free = model.pages().iter().find(|page| page.entry.kind().is_free()).expect("a free page");
        let cycle = |number, end| Cycle {
            number,
            cause: GcCause::Asked,
            before: Moment::default(),
            after: Some(Moment { clock: end, ..Moment::default() }),
            lost_track: None,
        };
        let policy = heap.policy();
        let findings = PageFindings { page: free.address, things: Vec::new(), pool: None };
        let since = |touched, cycles: &[Cycle]| {
            let page = Page { touched, ..free };
            reasons(page, &findings, &Known::of(&policy, page, cycles.iter().copied(), 100))[0].clone()
        };
        let cycles = [cycle(1, 10), cycle(2, 20), cycle(3, 30)];
        assert_eq!(since(25, &cycles), "It is free since cycle 3.");
        assert_eq!(since(15, &cycles), "It is free since one of the cycles 2 to 3.");
        assert!(since(0, &cycles).contains("nothing has been allocated in it"));
        assert_eq!(since(25, &[]), "It is free; something was allocated in it last at 25 B.");
        let words = reasons(free, &findings, &Known::of(&policy, free, cycles.into_iter(), 100));
        assert_eq!(words[1], "Whether it is in memory was not measured.");
        assert!(words[2].starts_with("Next comes a pool or a large object"));
    }
}
