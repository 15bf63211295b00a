//! Tables: hash tables that keep the order of insertion.
//!
//! A table is an object of four values: how many entries it has, how many places of its entry vector are used (removed
//! entries included), the entry vector (key, value, key, value …), and the index. The index, a bytes object of 64-bit
//! slots probed linearly, holds for each entry its hash (high half) and its place plus one (low half). Tables of up to
//! [`SMALL`] places have none and are searched from end to end.

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{Heap, ObjectRef, Unpacked, Value};

use crate::equality::{hash_key, pin_key, same_key};
use crate::fault::Outcome;
use crate::world::World;

const COUNT: usize = 0;
const USED: usize = 1;
const ENTRIES: usize = 2;
const INDEX: usize = 3;

/// Places up to which there is no index.
const SMALL: usize = 8;
/// Places of a table that just got its first entry.
const FIRST: usize = 4;

/// A new, empty table.
pub(crate) fn make(world: &mut World) -> Outcome<Value> {
    let table = world.heap.allocate(ObjectKind::Table, ObjectFlags::NONE, 4 * 8)?;
    world.heap.set_value(table, ENTRIES, Value::NIL);
    world.heap.set_value(table, INDEX, Value::NIL);
    Ok(Value::object(table))
}

/// Whether `entries` are the entries of what is a table.
pub(crate) fn is_entries(heap: &Heap, table: ObjectRef, entries: ObjectRef) -> bool {
    heap.header(table).is(ObjectKind::Table) && heap.value(table, ENTRIES) == Value::object(entries)
}

/// How many entries a table has.
pub(crate) fn len(heap: &Heap, table: ObjectRef) -> usize {
    size(heap, table, COUNT)
}

fn size(heap: &Heap, table: ObjectRef, field: usize) -> usize {
    heap.value(table, field).as_fixnum().map_or(0, |size| size as usize)
}

/// The first entry at or after place `from`: its place, key and value.
pub(crate) fn next(heap: &Heap, table: ObjectRef, from: usize) -> Option<(usize, Value, Value)> {
    let entries = heap.value(table, ENTRIES).as_object()?;
    (from..size(heap, table, USED)).find_map(|place| {
        let key = heap.value(entries, place * 2);
        (key != Value::TOMBSTONE).then(|| (place, key, heap.value(entries, place * 2 + 1)))
    })
}

/// The place of a key, and the slot of the index that leads there.
fn find(world: &mut World, table: ObjectRef, key: Value) -> Outcome<Option<(usize, Option<usize>)>> {
    let Some(entries) = world.heap.value(table, ENTRIES).as_object() else { return Ok(None) };
    let Some(index) = world.heap.value(table, INDEX).as_object() else {
        for place in 0..size(&world.heap, table, USED) {
            let found = world.heap.value(entries, place * 2);
            if found == key || (found != Value::TOMBSTONE && same_key(world, found, key)?) {
                return Ok(Some((place, None)));
            }
        }
        return Ok(None);
    };
    let hash = hash_key(world, key);
    let mask = world.heap.header(index).payload_words() - 1;
    let mut slot = hash as usize & mask;
    loop {
        let word = world.heap.word(index, slot);
        if word == 0 {
            return Ok(None);
        }
        if (word >> 32) as u32 == hash {
            let place = (word as u32 - 1) as usize;
            let found = world.heap.value(entries, place * 2);
            if found == key || (found != Value::TOMBSTONE && same_key(world, found, key)?) {
                return Ok(Some((place, Some(slot))));
            }
        }
        slot = (slot + 1) & mask;
    }
}

/// The value of a key, if it has one.
pub(crate) fn get(world: &mut World, table: ObjectRef, key: Value) -> Outcome<Option<Value>> {
    let Some((place, _)) = find(world, table, key)? else { return Ok(None) };
    let entries = world.heap.value(table, ENTRIES).as_object();
    Ok(entries.map(|entries| world.heap.value(entries, place * 2 + 1)))
}

/// Gives a key a value; nil removes the key.
pub(crate) fn set(world: &mut World, table: ObjectRef, key: Value, value: Value) -> Outcome<()> {
    let found = find(world, table, key)?;
    if value.is_nil() {
        if let Some((place, _)) = found {
            remove(world, table, place);
        }
        return Ok(());
    }
    if let (Some((place, _)), Some(entries)) = (found, world.heap.value(table, ENTRIES).as_object()) {
        world.heap.set_value(entries, place * 2 + 1, value);
        return Ok(());
    }
    add(world, table, key, value)
}

/// Removes an entry. Its place and its slot stay behind until the table grows.
fn remove(world: &mut World, table: ObjectRef, place: usize) {
    if let Some(entries) = world.heap.value(table, ENTRIES).as_object() {
        world.heap.set_value(entries, place * 2, Value::TOMBSTONE);
        world.heap.set_value(entries, place * 2 + 1, Value::NIL);
    }
    let count = len(&world.heap, table) - 1;
    world.heap.set_value(table, COUNT, Value::size(count));
    if count == 0 {
        world.heap.set_value(table, USED, Value::small(0));
        if let Some(index) = world.heap.value(table, INDEX).as_object() {
            world.heap.bytes_mut(index).fill(0);
        }
    }
}

/// Adds an entry for a key that is not there.
fn add(world: &mut World, table: ObjectRef, key: Value, value: Value) -> Outcome<()> {
    let used = size(&world.heap, table, USED);
    let room = world.heap.value(table, ENTRIES).as_object().map_or(0, |e| world.heap.header(e).payload_words() / 2);
    if used == room {
        grow(world, table)?;
    }
    let place = size(&world.heap, table, USED);
    let Some(entries) = world.heap.value(table, ENTRIES).as_object() else { return Ok(()) };
    pin_key(world, key);
    world.heap.set_value(entries, place * 2, key);
    world.heap.set_value(entries, place * 2 + 1, value);
    if let Some(index) = world.heap.value(table, INDEX).as_object() {
        let hash = hash_key(world, key);
        enter(&mut world.heap, index, hash, place);
    }
    world.heap.set_value(table, USED, Value::size(place + 1));
    let count = len(&world.heap, table) + 1;
    world.heap.set_value(table, COUNT, Value::size(count));
    Ok(())
}

fn enter(heap: &mut Heap, index: ObjectRef, hash: u32, place: usize) {
    let mask = heap.header(index).payload_words() - 1;
    let mut slot = hash as usize & mask;
    while heap.word(index, slot) != 0 {
        slot = (slot + 1) & mask;
    }
    heap.set_word(index, slot, u64::from(hash) << 32 | (place as u64 + 1));
}

/// Makes the index of a table anew, after keys that go by their address have got another.
pub(crate) fn index_again(world: &mut World, table: ObjectRef) {
    let vector = world.heap.value(table, ENTRIES).as_object();
    let (Some(entries), Some(index)) = (vector, world.heap.value(table, INDEX).as_object()) else { return };
    world.heap.bytes_mut(index).fill(0);
    for place in 0..size(&world.heap, table, USED) {
        let key = world.heap.value(entries, place * 2);
        if key != Value::TOMBSTONE {
            let hash = hash_key(world, key);
            enter(&mut world.heap, index, hash, place);
        }
    }
}

/// Makes room for more entries and drops the places of removed ones. Everything new is made before anything changes.
fn grow(world: &mut World, table: ObjectRef) -> Outcome<()> {
    let places = (len(&world.heap, table) * 2).max(FIRST);
    let entries = world.heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, places * 2 * 8)?;
    let index = if places > SMALL {
        let slots = (places * 3 / 2).next_power_of_two();
        Some(world.heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, slots * 8)?)
    } else {
        None
    };
    let (mut from, mut to) = (0, 0);
    while let Some((at, key, value)) = next(&world.heap, table, from) {
        world.heap.set_value(entries, to * 2, key);
        world.heap.set_value(entries, to * 2 + 1, value);
        if let Some(index) = index {
            let hash = hash_key(world, key);
            enter(&mut world.heap, index, hash, to);
        }
        from = at + 1;
        to += 1;
    }
    world.heap.set_value(table, ENTRIES, Value::object(entries));
    world.heap.set_value(table, INDEX, index.map_or(Value::NIL, Value::object));
    world.heap.set_value(table, USED, Value::size(to));
    Ok(())
}

/// Whether a value is a table; then the table.
#[inline]
pub(crate) fn as_table(heap: &Heap, value: Value) -> Option<ObjectRef> {
    match value.unpack() {
        Unpacked::Object(object) if heap.header(object).is(ObjectKind::Table) => Some(object),
        _ => None,
    }
}
