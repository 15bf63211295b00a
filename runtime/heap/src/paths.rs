//! Who holds something: a shortest path of references from a root to it.
//!
//! The search is breadth first. It never changes the heap, and beside it needs one bit for every granule, 1/128 of what is
//! committed, and 16 bytes for everything that it reaches, but no more than [`MOST_REACHED`] of them: 64 MiB.

use crate::gc::Roots;
use crate::gc::mark::each_child;
use crate::heap::Heap;
use crate::value::{Unpacked, Value};
use crate::verify::Starts;

/// The search gives up when it has reached this many cells and objects.
pub const MOST_REACHED: usize = 4 << 20;

/// One reference of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The cell or object that refers; `None` for a root.
    pub holder: Option<Value>,
    /// Which of its references: of a cell 0 is the car and 1 the cdr; of an object the number among its values; of the
    /// roots the number in the order of their visit.
    pub reference: usize,
}

/// Things reached between two questions whether the search is still wanted.
const LOOK: usize = 4 << 10;

/// Why a search found nothing out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfinished {
    /// More is alive than it can note.
    TooMany,
    /// It was not wanted any more.
    Withdrawn,
}

/// Asked now and then during a search, with how many cells and objects were reached: whether it is still wanted.
pub type StillWanted<'w> = &'w mut dyn FnMut(usize) -> bool;

/// Whether a search that has come to the thing with this number goes on.
pub(crate) fn goes_on(number: usize, still_wanted: StillWanted<'_>) -> Result<(), Unfinished> {
    if number.is_multiple_of(LOOK) && !still_wanted(number) { Err(Unfinished::Withdrawn) } else { Ok(()) }
}

/// Something reached: its value, who was reached before it, and by which of that one's references.
pub(crate) struct Reached {
    pub(crate) value: Value,
    pub(crate) from: u32,
    pub(crate) reference: u32,
}

/// In place of a holder: a root.
pub(crate) const ROOT: u32 = u32::MAX;

/// Calls `visit` for every reference of what a value refers to, with its number.
pub(crate) fn each_reference(value: Value, visit: &mut impl FnMut(Value, usize)) {
    match value.unpack() {
        Unpacked::Cell(cell) => {
            visit(cell.car(), 0);
            visit(cell.cdr(), 1);
        }
        Unpacked::Object(object) => {
            let mut reference = 0;
            each_child(object, &mut |child| {
                visit(child, reference);
                reference += 1;
            });
        }
        _ => {}
    }
}

struct Search<'h> {
    heap: &'h Heap,
    target: Value,
    seen: Starts,
    reached: Vec<Reached>,
    /// The last reference of the path, when it is found.
    last: Option<Reached>,
    too_many: bool,
}

impl Search<'_> {
    fn meet(&mut self, value: Value, from: u32, reference: usize) {
        let met = Reached { value, from, reference: u32::try_from(reference).unwrap_or(u32::MAX) };
        if value == self.target {
            self.last.get_or_insert(met);
        } else if self.last.is_none() && self.seen.add(self.heap, value).is_some() {
            if self.reached.len() < MOST_REACHED && self.reached.try_reserve(1).is_ok() {
                self.reached.push(met);
            } else {
                self.too_many = true;
            }
        }
    }

    fn path(&self, last: &Reached) -> Vec<Step> {
        let mut path = Vec::new();
        let mut at = last;
        loop {
            let holder = (at.from != ROOT).then(|| &self.reached[at.from as usize]);
            path.push(Step { holder: holder.map(|holder| holder.value), reference: at.reference as usize });
            match holder {
                Some(holder) => at = holder,
                None => break,
            }
        }
        path.reverse();
        path
    }
}

impl Heap {
    /// A shortest path from a root to what `target` refers to, outermost first; `None` when there is none.
    ///
    /// # Errors
    /// When more was reached than the search can note, and when it is not wanted any more.
    pub fn path_to(
        &mut self,
        target: Value,
        roots: &mut dyn Roots,
        still_wanted: StillWanted<'_>,
    ) -> Result<Option<Vec<Step>>, Unfinished> {
        self.settle();
        let seen = Starts::new(self);
        let mut search = Search { heap: self, target, seen, reached: Vec::new(), last: None, too_many: false };
        let mut number = 0;
        roots.each(&mut |root| {
            search.meet(*root, ROOT, number);
            number += 1;
        });
        let mut next = 0;
        while search.last.is_none() && next < search.reached.len() {
            goes_on(next, still_wanted)?;
            let from = next as u32;
            each_reference(search.reached[next].value, &mut |child, reference| search.meet(child, from, reference));
            next += 1;
        }
        match &search.last {
            Some(last) => Ok(Some(search.path(last))),
            None if search.too_many => Err(Unfinished::TooMany),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{ObjectFlags, ObjectKind};

    struct Two([Value; 2]);

    impl Roots for Two {
        fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
            self.0.iter_mut().for_each(visit);
        }
    }

    /// Cells of a long way.
    const LONG: u32 = if cfg!(miri) { 50 } else { 1000 };

    #[test]
    fn the_shortest_path_is_found_or_none() {
        let mut heap = Heap::new().unwrap();
        let target = heap.cons(Value::small(1), Value::NIL).unwrap();
        let inner = heap.cons(Value::NIL, target).unwrap();
        let vector = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 4 * 8).unwrap();
        heap.set_value(vector, 3, inner);
        let vector = Value::object(vector);
        let long = (0..LONG).fold(inner, |list, n| heap.cons(Value::small(n), list).unwrap());
        let other = heap.cons(Value::NIL, Value::NIL).unwrap();
        let mut roots = Two([long, vector]);
        let path = heap.path_to(target, &mut roots, &mut |_| true).unwrap().unwrap();
        let step = |holder, reference| Step { holder, reference };
        assert_eq!(path, [step(None, 1), step(Some(vector), 3), step(Some(inner), 1)]);
        assert_eq!(heap.path_to(vector, &mut roots, &mut |_| true), Ok(Some(vec![step(None, 1)])));
        assert_eq!(heap.path_to(other, &mut roots, &mut |_| true), Ok(None));
        assert_eq!(heap.path_to(other, &mut roots, &mut |_| false), Err(Unfinished::Withdrawn));
        assert_eq!(heap.verify(), []);
    }
}
