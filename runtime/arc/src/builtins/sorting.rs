//! Sorting by `<` and `>`, which needs no call of a function of the program.
//!
//! A merge sort of the cells themselves: stretches that are in order already are merged pairwise, so that nothing is
//! allocated, and equals keep their order. Place k of the pile holds what 2ᵏ stretches came to, or nothing.

use std::cmp::Ordering;

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{CellRef, Value};

use super::{Arguments, GREATER, LESS};
use crate::equality;
use crate::fault::Outcome;
use crate::world::World;

/// No list has 2⁶⁴ stretches.
const PILE: usize = 64;

/// What can be compared without failing. Numbers with digits on the heap are none of these: they may find no room for
/// that, and a list that is half sorted must not be sorted again after a collection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Char,
    String,
    Symbol,
}

fn family(world: &World, value: Value) -> Option<Family> {
    if value.as_fixnum().is_some() || world.is_kind(value, ObjectKind::Float) {
        Some(Family::Number)
    } else if value.as_char().is_some() {
        Some(Family::Char)
    } else if world.is_kind(value, ObjectKind::String) {
        Some(Family::String)
    } else if world.is_symbol(value) {
        Some(Family::Symbol)
    } else {
        None
    }
}

/// `(%sorted-by-order test list)`: the list sorted, of the same cells; nil, with nothing changed, when `test` is neither
/// `<` nor `>` as they were made, or the elements are not all of one family.
pub(super) fn sorted_by_order(world: &mut World, args: Arguments) -> Outcome<Value> {
    let (test, list) = (args.get(world, 0), args.get(world, 1));
    let order = match test {
        LESS => Order { who: "<", wanted: Ordering::Less },
        GREATER => Order { who: ">", wanted: Ordering::Greater },
        _ => return Ok(Value::NIL),
    };
    if is_of_one_family(world, list)? { order.sort(world, list) } else { Ok(Value::NIL) }
}

fn is_of_one_family(world: &mut World, list: Value) -> Outcome<bool> {
    let Some((first, mut rest)) = world.uncons(list) else { return Ok(false) };
    let Some(wanted) = family(world, first) else { return Ok(false) };
    while let Some((value, cdr)) = world.uncons(rest) {
        world.step()?;
        if family(world, value) != Some(wanted) {
            return Ok(false);
        }
        rest = cdr;
    }
    Ok(rest.is_nil())
}

/// `<` or `>`.
#[derive(Clone, Copy)]
struct Order {
    who: &'static str,
    wanted: Ordering,
}

impl Order {
    /// Whether the first comes before the second, not beside it.
    #[inline]
    fn precedes(self, world: &World, left: CellRef, right: CellRef) -> Outcome<bool> {
        let (left, right) = (world.heap.car(left), world.heap.car(right));
        Ok(equality::order(world, self.who, left, right)? == Some(self.wanted))
    }

    fn sort(self, world: &mut World, list: Value) -> Outcome<Value> {
        let mut pile = [None; PILE];
        let mut rest = list.as_cell();
        while let Some(first) = rest {
            let last = self.last_in_order(world, first)?;
            rest = world.heap.cdr(last).as_cell();
            world.heap.set_cdr(last, Value::NIL);
            let mut stretch = first;
            for place in &mut pile {
                match place.take() {
                    Some(earlier) => stretch = self.merge(world, earlier, stretch)?,
                    None => {
                        *place = Some(stretch);
                        break;
                    }
                }
            }
        }
        let mut sorted = None;
        for earlier in pile.into_iter().flatten() {
            sorted = Some(match sorted {
                Some(later) => self.merge(world, earlier, later)?,
                None => earlier,
            });
        }
        Ok(sorted.map_or(Value::NIL, Value::cell))
    }

    /// The last cell of the stretch from `first` on that is in order.
    fn last_in_order(self, world: &mut World, first: CellRef) -> Outcome<CellRef> {
        let mut last = first;
        while let Some(next) = world.heap.cdr(last).as_cell() {
            world.step()?;
            if self.precedes(world, next, last)? {
                break;
            }
            last = next;
        }
        Ok(last)
    }

    /// Two lists in order as one; of equals those of the first come first.
    fn merge(self, world: &mut World, first: CellRef, second: CellRef) -> Outcome<CellRef> {
        let (mut left, mut right) = (first, second);
        let mut merged: Option<(CellRef, CellRef)> = None;
        loop {
            world.step()?;
            let take_right = self.precedes(world, right, left)?;
            let taken = if take_right { right } else { left };
            let head = match merged {
                Some((head, end)) => {
                    world.heap.set_cdr(end, Value::cell(taken));
                    head
                }
                None => taken,
            };
            merged = Some((head, taken));
            let (next, other) = (world.heap.cdr(taken).as_cell(), if take_right { left } else { right });
            match next {
                Some(next) if take_right => right = next,
                Some(next) => left = next,
                None => {
                    world.heap.set_cdr(taken, Value::cell(other));
                    return Ok(head);
                }
            }
        }
    }
}
