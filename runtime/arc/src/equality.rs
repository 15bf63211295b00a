//! Equality and order: `is`, `<`, and when two table keys are the same.

use std::cmp::Ordering;

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{Heap, ObjectRef, Unpacked, Value};

use crate::fault::Outcome;
use crate::numbers::{Number, compare};
use crate::scratch::ValueStack;
use crate::symbols;
use crate::text::Text;
use crate::world::World;

/// Whether two values are the same: identical, or numbers of equal exactness and value, or strings of equal content.
#[inline]
pub(crate) fn is(heap: &Heap, left: Value, right: Value) -> bool {
    left == right || (left.is_object() && right.is_object() && objects_are_same(heap, left, right))
}

fn objects_are_same(heap: &Heap, left: Value, right: Value) -> bool {
    let (Some(a), Some(b)) = (left.as_object(), right.as_object()) else { return false };
    let kind = heap.header(a).kind();
    if kind != heap.header(b).kind() {
        return false;
    }
    match kind {
        Some(ObjectKind::String) => same_text(Text::of(heap, a), Text::of(heap, b)),
        Some(ObjectKind::Float) => {
            compare::same_floats(f64::from_bits(heap.word(a, 0)), f64::from_bits(heap.word(b, 0)))
        }
        // Digits and fractions have one form each.
        Some(ObjectKind::Bignum) => {
            let negative = |object| heap.header(object).flags().has(ObjectFlags::NEGATIVE);
            negative(a) == negative(b) && heap.bytes(a) == heap.bytes(b)
        }
        Some(ObjectKind::Ratio) => {
            let same_part = |index| is(heap, heap.value(a, index), heap.value(b, index));
            same_part(0) && same_part(1)
        }
        _ => false,
    }
}

fn same_text(left: Text<'_>, right: Text<'_>) -> bool {
    match (left, right) {
        (Text::Narrow(left), Text::Narrow(right)) | (Text::Wide(left), Text::Wide(right)) => left == right,
        _ => left.len() == right.len() && left.chars().eq(right.chars()),
    }
}

/// Whether two table keys are the same: like [`is`], and lists element by element.
pub(crate) fn same_key(world: &mut World, left: Value, right: Value) -> Outcome<bool> {
    if !(left.is_cell() && right.is_cell()) {
        return Ok(is(&world.heap, left, right));
    }
    let mut waiting = ValueStack::default();
    let (mut left, mut right) = (left, right);
    loop {
        world.step()?;
        match (world.uncons(left), world.uncons(right)) {
            (Some((left_car, left_cdr)), Some((right_car, right_cdr))) => {
                if left_car.is_cell() && right_car.is_cell() {
                    waiting.push(&mut world.heap, left_cdr)?;
                    waiting.push(&mut world.heap, right_cdr)?;
                    (left, right) = (left_car, right_car);
                    continue;
                }
                if !is(&world.heap, left_car, right_car) {
                    return Ok(false);
                }
                (left, right) = (left_cdr, right_cdr);
                continue;
            }
            _ if !is(&world.heap, left, right) => return Ok(false),
            _ => {}
        }
        let Some(next) = waiting.pop(&world.heap) else { return Ok(true) };
        right = next;
        left = waiting.pop(&world.heap).unwrap_or(Value::NIL);
    }
}

/// How far into a list its hash looks: elements, and nested lists.
const HASHED_ELEMENTS: usize = 16;
const HASHED_DEPTH: usize = 3;

/// The hash of a table key: equal for keys that are the same.
pub(crate) fn hash_key(world: &World, key: Value) -> u32 {
    let hash = hash(&world.heap, key, HASHED_DEPTH);
    (hash ^ (hash >> 32)) as u32
}

/// Keeps what a key's hash goes by the address of where it is, before the key enters a table.
pub(crate) fn pin_key(world: &mut World, key: Value) {
    pin(&mut world.heap, key, HASHED_DEPTH);
}

fn pin(heap: &mut Heap, key: Value, depth: usize) {
    if let Some(object) = key.as_object() {
        if goes_by_address(heap, object) {
            heap.pin(object);
        }
        return;
    }
    let mut rest = key;
    for _ in 0..HASHED_ELEMENTS {
        let Some(cell) = rest.as_cell() else { break };
        if depth > 0 {
            pin(heap, heap.car(cell), depth - 1);
        }
        rest = heap.cdr(cell);
    }
    if rest.is_object() {
        pin(heap, rest, 0);
    }
}

fn goes_by_address(heap: &Heap, object: ObjectRef) -> bool {
    !matches!(
        heap.header(object).kind(),
        Some(ObjectKind::String | ObjectKind::Symbol | ObjectKind::Float | ObjectKind::Bignum | ObjectKind::Ratio)
    )
}

fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn hash(heap: &Heap, key: Value, depth: usize) -> u64 {
    match key.unpack() {
        Unpacked::Object(object) => hash_object(heap, object),
        Unpacked::Cell(_) => {
            let (mut rest, mut sum) = (key, 1);
            for _ in 0..HASHED_ELEMENTS {
                let Some(cell) = rest.as_cell() else { break };
                if depth > 0 {
                    sum = mix(sum, hash(heap, heap.car(cell), depth - 1));
                }
                rest = heap.cdr(cell);
            }
            if rest.is_cell() { sum } else { mix(sum, hash(heap, rest, 0)) }
        }
        _ => mix(2, key.bits()),
    }
}

fn hash_object(heap: &Heap, object: ObjectRef) -> u64 {
    match heap.header(object).kind() {
        Some(ObjectKind::String) => Text::of(heap, object).chars().fold(3, |sum, c| mix(sum, u64::from(c))),
        Some(ObjectKind::Symbol) => symbols::name_hash(heap, object),
        Some(ObjectKind::Float) => {
            let float = f64::from_bits(heap.word(object, 0));
            mix(5, if float.is_nan() { f64::NAN.to_bits() } else { float.to_bits() })
        }
        Some(ObjectKind::Bignum) => heap.bytes(object).iter().fold(7, |sum, byte| mix(sum, u64::from(*byte))),
        Some(ObjectKind::Ratio) => mix(hash(heap, heap.value(object, 0), 0), hash(heap, heap.value(object, 1), 0)),
        _ => mix(11, object.address().get() as u64),
    }
}

/// The order of two values of one ordered type; `Ok(None)` when NaN is one of them.
pub(crate) fn order(world: &World, who: &str, left: Value, right: Value) -> Outcome<Option<Ordering>> {
    if let (Some(left), Some(right)) = (left.as_fixnum(), right.as_fixnum()) {
        return Ok(Some(left.cmp(&right)));
    }
    let heap = &world.heap;
    let numbers = (Number::of(heap, left)?, Number::of(heap, right)?);
    if let (Some(left), Some(right)) = &numbers {
        return Ok(compare::order(left, right));
    }
    if let (Some(left), Some(right)) = (left.as_char(), right.as_char()) {
        return Ok(Some(left.cmp(&right)));
    }
    let string = |value| heap.as_kind(value, ObjectKind::String);
    if let (Some(left), Some(right)) = (string(left), string(right)) {
        return Ok(Some(Text::of(heap, left).chars().cmp(Text::of(heap, right).chars())));
    }
    if world.is_symbol(left) && world.is_symbol(right) {
        return Ok(Some(symbols::name_order(heap, left, right)));
    }
    let odd = if numbers.0.is_some() { right } else { left };
    Err(world.wrong_type(who, "two numbers, strings, characters or symbols", odd))
}
