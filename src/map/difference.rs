//! What changed between two moments, summed up.

use super::balance::Term;
use crate::model::HeapModel;
use crate::model::difference::{self, Change};
use crate::model::moves::{Moves, Way};

/// Something that is counted, in bytes, before and after; `None` where it was not measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sum {
    /// Its words.
    pub name: &'static str,
    /// Its name in exports.
    pub key: &'static str,
    /// How much there was.
    pub before: Option<u64>,
    /// How much there is.
    pub after: Option<u64>,
}

/// The counters and the terms of the balance at two moments.
#[must_use]
pub fn sums(before: &HeapModel, after: &HeapModel) -> Vec<Sum> {
    let (a, b) = (before.counters(), after.counters());
    let sum = |name, key, before, after| Sum { name, key, before, after };
    let mut sums = vec![
        sum("clock", "clock", Some(a.clock), Some(b.clock)),
        sum("committed", "committed", Some(a.committed), Some(b.committed)),
        sum("resident", "resident", a.resident(), b.resident()),
        sum("holes", "holes", Some(a.holes), Some(b.holes)),
    ];
    sums.extend(Term::ALL.map(|term| sum(term.name(), term.key(), term.of(&a.balance), term.of(&b.balance))));
    sums
}

/// How many pages each change happened to, in the order of [`Change::ALL`].
#[must_use]
pub fn counts(before: &HeapModel, after: &HeapModel) -> [u64; Change::ALL.len()] {
    let mut counts = [0; Change::ALL.len()];
    difference::pages(before.pages(), after.pages()).for_each(|page| counts[page.change() as usize] += 1);
    counts
}

/// Pages out of which the collector moved everything from the earlier of two moments to the later, and those that it filled
/// by that, in the order of [`Way::ALL`]; `None` when that is not known.
pub type Moved = Option<[u64; Way::ALL.len()]>;

/// What of the moves of a run lies between two of its moments, whichever comes first.
#[must_use]
pub fn moved(moves: &Moves, one: &HeapModel, other: &HeapModel) -> Moved {
    let (earlier, later) = if one.wall() <= other.wall() { (one, other) } else { (other, one) };
    moves.between((earlier.pages(), earlier.wall()), (later.pages(), later.wall()))
}
