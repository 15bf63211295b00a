//! What lies on a page, who holds it and why it is alive: one search from the roots answers all of it.
//!
//! The search never changes the heap, and costs what [`paths`](crate::paths) says; but it goes on until everything is
//! reached.

use crate::gc::Roots;
use crate::gc::evacuate::{Evacuation, outlook};
use crate::heap::Heap;
use crate::object::ObjectFlags;
use crate::paths::{MOST_REACHED, ROOT, Reached, Step, StillWanted, Unfinished, each_reference, goes_on};
use crate::raw::Bitmap;
use crate::space::bitmap;
use crate::space::chunk::{Chunk, Slot};
use crate::terms::{Address, CHUNK_PAGES, GRANULE, PAGE, PAGE_GRANULES, POOL_PAGES, Span};
use crate::value::Value;
use crate::verify::Starts;
use crate::walk::{Item, each_item};

/// Holders that are noted of one thing at most; the others are only counted.
pub const MOST_HOLDERS: usize = 8;
/// Steps that are noted of a path at most, at either end; those between are only counted.
pub const MOST_STEPS: usize = 8;

/// What the collector under way knows of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colour {
    /// Not reached.
    White,
    /// Reached, not scanned.
    Grey,
    /// Reached and scanned.
    Black,
}

/// A shortest path from a root, the ends of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Path {
    /// The outermost steps, from the root on; all of them, when there are few.
    pub outer: Vec<Step>,
    /// How many steps come next.
    pub skipped: usize,
    /// The last steps, when some were skipped.
    pub inner: Vec<Step>,
}

/// Something on the page.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// What it is, and where.
    pub item: Item,
    /// What the collector knows of it; `None` when no mark is under way.
    pub colour: Option<Colour>,
    /// Whether it may not move.
    pub pinned: bool,
    /// Why it is alive; `None` when no root leads to it.
    pub path: Option<Path>,
    /// Who refers to it, of all that is alive: the first that were found.
    pub holders: Vec<Step>,
    /// How many references to it there are.
    pub references: usize,
}

/// The pool of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PoolOutlook {
    /// Where it lies.
    pub span: Span,
    /// Bytes allocated in it.
    pub used: usize,
    /// What evacuation would do with it.
    pub evacuation: Evacuation,
}

/// What there is to know of a page.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Where the page begins.
    pub page: Address,
    /// What lies on it, wholly or in part, lowest first.
    pub things: Vec<Surveyed>,
    /// Its pool, if it is part of one.
    pub pool: Option<PoolOutlook>,
}

struct Search<'h> {
    heap: &'h Heap,
    things: Vec<Surveyed>,
    /// For each thing the place among what was reached.
    places: Vec<Option<u32>>,
    seen: Starts,
    reached: Vec<Reached>,
    too_many: bool,
}

impl Search<'_> {
    fn meet(&mut self, value: Value, from: u32, reference: usize) {
        let Some(address) = value.address() else { return };
        let thing = self.things.binary_search_by_key(&address, |thing| thing.item.address).ok();
        if let Some(thing) = thing.map(|place| &mut self.things[place]) {
            thing.references += 1;
            if thing.holders.len() < MOST_HOLDERS {
                let holder = (from != ROOT).then(|| self.reached[from as usize].value);
                thing.holders.push(Step { holder, reference });
            }
        }
        if self.too_many || self.seen.add(self.heap, value).is_none() {
            return;
        }
        if self.reached.len() == MOST_REACHED || self.reached.try_reserve(1).is_err() {
            self.too_many = true;
            return;
        }
        if let Some(place) = thing {
            self.places[place] = Some(self.reached.len() as u32);
        }
        self.reached.push(Reached { value, from, reference: u32::try_from(reference).unwrap_or(u32::MAX) });
    }

    /// The ends of the path to what was reached at a place.
    fn path(&self, mut place: u32) -> Path {
        let mut places = vec![place];
        while self.reached[place as usize].from != ROOT {
            place = self.reached[place as usize].from;
            places.push(place);
        }
        places.reverse();
        let step = |place: &u32| {
            let Reached { from, reference, .. } = &self.reached[*place as usize];
            let holder = (*from != ROOT).then(|| self.reached[*from as usize].value);
            Step { holder, reference: *reference as usize }
        };
        if places.len() <= 2 * MOST_STEPS {
            return Path { outer: places.iter().map(step).collect(), ..Path::default() };
        }
        let skipped = places.len() - 2 * MOST_STEPS;
        let outer = places[..MOST_STEPS].iter().map(step).collect();
        Path { outer, skipped, inner: places[MOST_STEPS + skipped..].iter().map(step).collect() }
    }
}

impl Heap {
    /// What there is to know of the page in which an address lies; `None` when that is not the heap's.
    ///
    /// # Errors
    /// When more is alive than the search can note, and when it is not wanted any more.
    pub fn survey(
        &mut self,
        address: Address,
        roots: &mut dyn Roots,
        still_wanted: StillWanted<'_>,
    ) -> Result<Option<Survey>, Unfinished> {
        self.settle();
        let Some((index, page)) = self
            .space
            .chunk_at(address)
            .map(|(index, chunk)| (index, chunk.base() + (address - chunk.base()) / PAGE * PAGE))
        else {
            return Ok(None);
        };
        let things = self.things_on(index, page);
        let places = vec![None; things.len()];
        let seen = Starts::new(self);
        let mut search = Search { heap: self, things, places, seen, reached: Vec::new(), too_many: false };
        let mut number = 0;
        roots.each(&mut |root| {
            search.meet(*root, ROOT, number);
            number += 1;
        });
        let mut next = 0;
        while next < search.reached.len() {
            goes_on(next, still_wanted)?;
            let from = next as u32;
            each_reference(search.reached[next].value, &mut |child, reference| search.meet(child, from, reference));
            next += 1;
        }
        if search.too_many {
            return Err(Unfinished::TooMany);
        }
        let paths: Vec<_> = search.places.iter().map(|place| place.map(|place| search.path(place))).collect();
        let mut things = search.things;
        for (thing, path) in things.iter_mut().zip(paths) {
            thing.path = path;
        }
        Ok(Some(Survey { page, things, pool: self.pool_outlook(index, page) }))
    }

    /// What lies on a page of a chunk.
    fn things_on(&self, chunk: usize, page: Address) -> Vec<Surveyed> {
        let marking = self.collector.is_marking();
        if marking {
            self.collector.show_grey(&self.space);
        }
        let chunk = &self.space.chunks()[chunk];
        let mut things = Vec::new();
        let mut add = |item: Item| {
            if item.address < page + PAGE && item.address + item.bytes > page {
                let flags = item.header.map(|header| header.flags());
                things.push(Surveyed {
                    item,
                    colour: marking.then(|| colour_of(chunk, item.address)),
                    pinned: flags.is_some_and(|flags| flags.has(ObjectFlags::PINNED)),
                    path: None,
                    holders: Vec::new(),
                    references: 0,
                });
            }
        };
        each_item(chunk, &mut add, &mut |_| {});
        if marking {
            self.collector.hide_grey(&self.space);
        }
        things
    }

    fn pool_outlook(&self, chunk: usize, page: Address) -> Option<PoolOutlook> {
        let chunk = &self.space.chunks()[chunk];
        let number = (page - chunk.base()) / PAGE;
        if number >= CHUNK_PAGES {
            return None;
        }
        let slot = number / POOL_PAGES;
        let Slot::Pool { kind, .. } = chunk.slot(slot) else { return None };
        let pool = chunk.pool(slot);
        let used = bitmap::count(pool.chunk, Bitmap::Allocated, pool.granules()) * GRANULE;
        let pages = pool.pages();
        let span = chunk.base() + pages.start * PAGE..chunk.base() + pages.end * PAGE;
        Some(PoolOutlook { span, used, evacuation: outlook(&self.space, pool, kind) })
    }
}

fn colour_of(chunk: &Chunk, address: Address) -> Colour {
    let granule = (address - chunk.base()) / GRANULE;
    debug_assert!(granule < CHUNK_PAGES * PAGE_GRANULES, "what begins in a chunk has bits there");
    match (
        bitmap::is_set(chunk.memory(), Bitmap::Marked, granule),
        bitmap::is_set(chunk.memory(), Bitmap::Grey, granule),
    ) {
        (false, _) => Colour::White,
        (true, true) => Colour::Grey,
        (true, false) => Colour::Black,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectKind;

    struct List(Vec<Value>);

    impl Roots for List {
        fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
            self.0.iter_mut().for_each(visit);
        }
    }

    #[test]
    fn what_lies_on_a_page_is_told_with_its_holders_and_its_path() {
        let mut heap = Heap::new().unwrap();
        let lost = heap.cons(Value::small(1), Value::NIL).unwrap();
        let held = heap.cons(Value::small(2), Value::NIL).unwrap();
        let vector = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 3 * 8).unwrap();
        heap.set_value(vector, 1, held);
        let outer = heap.cons(held, Value::object(vector)).unwrap();
        let mut roots = List(vec![Value::NIL, outer]);
        let survey = heap.survey(lost.address().unwrap(), &mut roots, &mut |_| true).unwrap().unwrap();
        assert_eq!(survey.page, lost.address().unwrap().align_down(PAGE));
        let of = |value: Value| survey.things.iter().find(|thing| thing.item.value == value).unwrap();
        assert_eq!((of(lost).path.clone(), of(lost).references), (None, 0));
        let step = |holder, reference| Step { holder, reference };
        assert_eq!(of(outer).path.clone().unwrap().outer, [step(None, 1)]);
        let held_by = of(held);
        assert_eq!(held_by.path.clone().unwrap().outer, [step(None, 1), step(Some(outer), 0)]);
        assert_eq!(held_by.holders, [step(Some(outer), 0), step(Some(Value::object(vector)), 1)]);
        assert_eq!((held_by.references, held_by.colour), (2, None));
        let pool = survey.pool.unwrap();
        assert!(pool.span.contains(&survey.page) && pool.used >= 3 * GRANULE);
        assert_eq!(pool.evacuation, Evacuation::Sparse);
        assert!(heap.survey(Address::new(PAGE), &mut roots, &mut |_| true).unwrap().is_none(), "not the heap's");
        let withdrawn = heap.survey(lost.address().unwrap(), &mut roots, &mut |_| false);
        assert_eq!(withdrawn.err(), Some(Unfinished::Withdrawn));
        assert_eq!(heap.verify(), []);
    }

    #[test]
    #[cfg_attr(miri, ignore = "a path of a thousand steps takes Miri an hour")]
    fn of_a_long_path_both_ends_are_told() {
        let mut heap = Heap::new().unwrap();
        let target = heap.cons(Value::T, Value::NIL).unwrap();
        let list = (0..1000).fold(target, |list, n| heap.cons(Value::small(n), list).unwrap());
        let survey = heap.survey(target.address().unwrap(), &mut List(vec![list]), &mut |_| true).unwrap().unwrap();
        let path = survey.things[0].path.clone().unwrap();
        assert_eq!((path.outer.len(), path.skipped, path.inner.len()), (MOST_STEPS, 1001 - 2 * MOST_STEPS, MOST_STEPS));
        assert_eq!((path.outer[0].holder, path.inner[MOST_STEPS - 1].reference), (None, 1));
    }
}
