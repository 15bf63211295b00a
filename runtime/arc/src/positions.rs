//! Where the lists of a datum begin in their file.
//!
//! Cells have no room for a place, so the reader notes places beside the datum: a heap vector of pairs, cell and
//! place, as a table probed by the cell's address. Once the collector has moved something the addresses say nothing
//! any more, and the table is searched from end to end; it lives no longer than its form.

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{CellRef, Heap, Value};

use crate::fault::Outcome;
use crate::scratch::ValueStack;
use crate::world::World;

/// A line and a column, both from one; zero when unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

const COLUMN_BITS: u32 = 24;

impl Place {
    /// The place as a fixnum.
    pub(crate) fn value(self) -> Value {
        let column = self.column.min((1 << COLUMN_BITS) - 1);
        Value::size(((u64::from(self.line) << COLUMN_BITS) | u64::from(column)) as usize)
    }

    /// The place that a fixnum stands for; unknown for anything else.
    pub(crate) fn of(value: Value) -> Self {
        let number = value.as_fixnum().unwrap_or(0) as u64;
        Self { line: (number >> COLUMN_BITS) as u32, column: (number & ((1 << COLUMN_BITS) - 1)) as u32 }
    }
}

/// Places being noted.
#[derive(Debug, Default)]
pub(crate) struct PositionsBuilder {
    pairs: ValueStack,
}

/// Values of the table before the pairs: the name of the file, and how often the collector had moved something.
const FIRST_PAIR: usize = 2;

impl PositionsBuilder {
    /// Notes where a list begins.
    pub(crate) fn add(&mut self, world: &mut World, list: Value, place: Value) -> Outcome<()> {
        self.pairs.push(&mut world.heap, list)?;
        self.pairs.push(&mut world.heap, place)?;
        Ok(())
    }

    /// The table, for a file of this name.
    pub(crate) fn finish(self, world: &mut World, name: Value) -> Outcome<Value> {
        let count = self.pairs.len() / 2;
        let slots = (count * 2).next_power_of_two().max(2);
        let bytes = (FIRST_PAIR + slots * 2) * 8;
        let table = world.heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, bytes)?;
        world.heap.set_value(table, 0, name);
        let moves = Value::size(world.heap.moves() as usize);
        world.heap.set_value(table, 1, moves);
        for pair in 0..count {
            let (list, place) = (self.pairs.get(&world.heap, pair * 2), self.pairs.get(&world.heap, pair * 2 + 1));
            if let Some(cell) = list.as_cell() {
                let mut at = slot(cell, slots);
                while world.heap.value(table, FIRST_PAIR + at * 2).is_cell() {
                    at = (at + 1) & (slots - 1);
                }
                world.heap.set_value(table, FIRST_PAIR + at * 2, list);
                world.heap.set_value(table, FIRST_PAIR + at * 2 + 1, place);
            }
        }
        Ok(Value::object(table))
    }
}

fn slot(cell: CellRef, slots: usize) -> usize {
    let mixed = (cell.address().get() as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize & (slots - 1)
}

/// Where a list begins, if it was noted.
pub(crate) fn lookup(heap: &Heap, positions: Value, list: Value) -> Option<Place> {
    let (table, cell) = (positions.as_object()?, list.as_cell()?);
    let slots = (heap.header(table).payload_words() - FIRST_PAIR) / 2;
    if heap.value(table, 1) != Value::size(heap.moves() as usize) {
        let at = (0..slots).find(|at| heap.value(table, FIRST_PAIR + at * 2) == list)?;
        return Some(Place::of(heap.value(table, FIRST_PAIR + at * 2 + 1)));
    }
    let mut at = slot(cell, slots);
    loop {
        let found = heap.value(table, FIRST_PAIR + at * 2);
        if found == list {
            return Some(Place::of(heap.value(table, FIRST_PAIR + at * 2 + 1)));
        }
        if !found.is_cell() {
            return None;
        }
        at = (at + 1) & (slots - 1);
    }
}

/// The name of the file, as a string; nil when there are no positions.
pub(crate) fn file(heap: &Heap, positions: Value) -> Value {
    heap.as_kind(positions, ObjectKind::Vector).map_or(Value::NIL, |table| heap.value(table, 0))
}
