//! Arithmetic, and what else `+` joins.

use heapatlas_heap::Value;
use heapatlas_heap::object::ObjectKind;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::Arguments;
use super::strings::push_text;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::numbers::Number;
use crate::numbers::arithmetic::{self, Operation, Rounding};
use crate::text::CharBuffer;
use crate::world::World;

/// The sum, concatenation or joined list of two values.
pub(crate) fn add(world: &mut World, left: Value, right: Value) -> Outcome<Value> {
    if left.as_char().is_some() || world.is_kind(left, ObjectKind::String) {
        let mut text = CharBuffer::default();
        push_text(world, left, &mut text)?;
        push_text(world, right, &mut text)?;
        return Ok(text.finish(&mut world.heap)?);
    }
    if left.is_nil() || left.is_cell() {
        return join(world, &[left, right]);
    }
    arithmetic::apply(world, Operation::Add, left, right)
}

/// Joins lists; all of them must be.
fn join(world: &mut World, lists: &[Value]) -> Outcome<Value> {
    let mut joined = Value::NIL;
    for (index, list) in lists.iter().enumerate().rev() {
        if !list.is_nil() && !list.is_cell() {
            return Err(world.wrong_type("+", "lists after a list", *list));
        }
        joined = if index + 1 == lists.len() { *list } else { copy_before(world, *list, joined)? };
    }
    Ok(joined)
}

fn copy_before(world: &mut World, list: Value, tail: Value) -> Outcome<Value> {
    let mut reversed = Value::NIL;
    let mut rest = list;
    while let Some((car, cdr)) = world.uncons(rest) {
        world.step()?;
        reversed = world.cons(car, reversed)?;
        rest = cdr;
    }
    if !rest.is_nil() {
        return Err(world.wrong_type("+", "proper lists", list));
    }
    // The reversed copy is nobody else's: it is turned round in place.
    let mut joined = tail;
    while let Some(cell) = reversed.as_cell() {
        let next = world.heap.cdr(cell);
        world.heap.set_cdr(cell, joined);
        joined = reversed;
        reversed = next;
    }
    Ok(joined)
}

pub(super) fn plus(world: &mut World, args: Arguments) -> Outcome<Value> {
    let Some(first) = args.maybe(world, 0) else { return Ok(Value::small(0)) };
    if first.as_char().is_some() || world.is_kind(first, ObjectKind::String) {
        let mut text = CharBuffer::default();
        for index in 0..args.count {
            push_text(world, args.get(world, index), &mut text)?;
        }
        return Ok(text.finish(&mut world.heap)?);
    }
    if first.is_nil() || first.is_cell() {
        let mut joined = args.get(world, args.count - 1);
        if !joined.is_nil() && !joined.is_cell() {
            return Err(world.wrong_type("+", "lists after a list", joined));
        }
        for index in (0..args.count - 1).rev() {
            let list = args.get(world, index);
            if !list.is_nil() && !list.is_cell() {
                return Err(world.wrong_type("+", "lists after a list", list));
            }
            joined = copy_before(world, list, joined)?;
        }
        return Ok(joined);
    }
    arithmetic::number(world, "+", first)?;
    fold(world, args, Operation::Add, first)
}

fn fold(world: &mut World, args: Arguments, operation: Operation, first: Value) -> Outcome<Value> {
    let mut result = first;
    for index in 1..args.count {
        let next = args.get(world, index);
        result = arithmetic::apply(world, operation, result, next)?;
    }
    Ok(result)
}

pub(super) fn minus(world: &mut World, args: Arguments) -> Outcome<Value> {
    let first = args.get(world, 0);
    if args.count == 1 {
        return match arithmetic::number(world, "-", first)? {
            Number::Float(float) => Number::Float(-float).store(&mut world.heap),
            _ => arithmetic::apply(world, Operation::Subtract, Value::small(0), first),
        };
    }
    fold(world, args, Operation::Subtract, first)
}

pub(super) fn times(world: &mut World, args: Arguments) -> Outcome<Value> {
    let Some(first) = args.maybe(world, 0) else { return Ok(Value::small(1)) };
    arithmetic::number(world, "*", first)?;
    fold(world, args, Operation::Multiply, first)
}

pub(super) fn divide(world: &mut World, args: Arguments) -> Outcome<Value> {
    let first = args.get(world, 0);
    if args.count == 1 {
        return arithmetic::apply(world, Operation::Divide, Value::small(1), first);
    }
    fold(world, args, Operation::Divide, first)
}

pub(super) fn modulo(world: &mut World, args: Arguments) -> Outcome<Value> {
    arithmetic::modulo(world, args.get(world, 0), args.get(world, 1))
}

pub(super) fn expt(world: &mut World, args: Arguments) -> Outcome<Value> {
    arithmetic::power(world, args.get(world, 0), args.get(world, 1))
}

pub(super) fn sqrt(world: &mut World, args: Arguments) -> Outcome<Value> {
    arithmetic::square_root(world, args.get(world, 0))
}

pub(super) fn trunc(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let number = arithmetic::number(world, "trunc", value)?;
    match arithmetic::to_integer(number, Rounding::Truncate) {
        Some(integer) => integer.store(&mut world.heap),
        None => Err(world.wrong_type("trunc", "a finite number", value)),
    }
}

pub(super) fn exact(world: &mut World, args: Arguments) -> Outcome<Value> {
    let number = Number::of(&world.heap, args.get(world, 0))?;
    Ok(Value::truth(number.is_some_and(|number| number.is_integer())))
}

/// The bound of `rand` is below this.
const RAND_BELOW: u64 = 1 << 32;

pub(super) fn rand(world: &mut World, args: Arguments) -> Outcome<Value> {
    let Some(bound) = args.maybe(world, 0) else {
        let float = world.random.f64();
        return Number::Float(float).store(&mut world.heap);
    };
    let number = Number::of(&world.heap, bound)?.and_then(Number::into_integer);
    match number.as_ref().and_then(BigInt::to_u64) {
        Some(bound) if bound > 0 && bound < RAND_BELOW => Ok(Value::size(world.random.u64(0..bound) as usize)),
        _ => Err(world.wrong_type("rand", "a whole number from 1 up to 4294967295", bound)),
    }
}

/// A function of floats that is exact at one exact argument.
fn transcendental(
    world: &mut World,
    args: Arguments,
    who: &str,
    exact: Option<(i64, u32)>,
    function: fn(f64) -> f64,
) -> Outcome<Value> {
    let value = args.get(world, 0);
    if let Some((argument, result)) = exact
        && value.as_fixnum() == Some(argument)
    {
        return Ok(Value::small(result));
    }
    let float = arithmetic::float(world, who, value)?;
    arithmetic::store_float(&mut world.heap, function(float))
}

pub(super) fn sin(world: &mut World, args: Arguments) -> Outcome<Value> {
    transcendental(world, args, "sin", Some((0, 0)), f64::sin)
}

pub(super) fn cos(world: &mut World, args: Arguments) -> Outcome<Value> {
    transcendental(world, args, "cos", Some((0, 1)), f64::cos)
}

pub(super) fn tan(world: &mut World, args: Arguments) -> Outcome<Value> {
    transcendental(world, args, "tan", Some((0, 0)), f64::tan)
}

pub(super) fn asin(world: &mut World, args: Arguments) -> Outcome<Value> {
    transcendental(world, args, "asin", Some((0, 0)), f64::asin)
}

pub(super) fn acos(world: &mut World, args: Arguments) -> Outcome<Value> {
    transcendental(world, args, "acos", Some((1, 0)), f64::acos)
}

pub(super) fn atan(world: &mut World, args: Arguments) -> Outcome<Value> {
    let Some(second) = args.maybe(world, 1) else {
        return transcendental(world, args, "atan", Some((0, 0)), f64::atan);
    };
    let first = arithmetic::float(world, "atan", args.get(world, 0))?;
    let second = arithmetic::float(world, "atan", second)?;
    arithmetic::store_float(&mut world.heap, first.atan2(second))
}

pub(super) fn log(world: &mut World, args: Arguments) -> Outcome<Value> {
    if args.get(world, 0).as_fixnum() == Some(0) {
        return Err(Fault::failure(FailureKind::Arithmetic, "log: zero has no logarithm"));
    }
    transcendental(world, args, "log", Some((1, 0)), f64::ln)
}
