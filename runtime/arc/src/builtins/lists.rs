//! Cells, lists, equality, order, types.

use std::cmp::Ordering;

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{Unpacked, Value};

use super::Arguments;
use crate::equality;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::numbers::Number;
use crate::ports;
use crate::symbols::Known;
use crate::tables;
use crate::tagged;
use crate::text::{self, Text};
use crate::world::World;

pub(super) fn cons(world: &mut World, args: Arguments) -> Outcome<Value> {
    world.cons(args.get(world, 0), args.get(world, 1))
}

pub(super) fn car(world: &mut World, args: Arguments) -> Outcome<Value> {
    world.car(args.get(world, 0))
}

pub(super) fn cdr(world: &mut World, args: Arguments) -> Outcome<Value> {
    world.cdr(args.get(world, 0))
}

pub(super) fn caar(world: &mut World, args: Arguments) -> Outcome<Value> {
    let car = world.car(args.get(world, 0))?;
    world.car(car)
}

pub(super) fn cadr(world: &mut World, args: Arguments) -> Outcome<Value> {
    let cdr = world.cdr(args.get(world, 0))?;
    world.car(cdr)
}

pub(super) fn cddr(world: &mut World, args: Arguments) -> Outcome<Value> {
    let cdr = world.cdr(args.get(world, 0))?;
    world.cdr(cdr)
}

pub(super) fn scar(world: &mut World, args: Arguments) -> Outcome<Value> {
    let (target, value) = (args.get(world, 0), args.get(world, 1));
    if let Some(cell) = target.as_cell() {
        world.heap.set_car(cell, value);
        return Ok(value);
    }
    if let Some(string) = world.heap.as_kind(target, ObjectKind::String) {
        let character = value.as_char().ok_or_else(|| world.wrong_type("scar", "a character", value))?;
        if Text::of(&world.heap, string).len() == 0 {
            return Err(Fault::failure(FailureKind::Index, "index 0 is outside the string"));
        }
        text::set_char(&mut world.heap, string, 0, character)?;
        return Ok(value);
    }
    Err(world.wrong_type("scar", "a pair", target))
}

pub(super) fn scdr(world: &mut World, args: Arguments) -> Outcome<Value> {
    let (target, value) = (args.get(world, 0), args.get(world, 1));
    let cell = target.as_cell().ok_or_else(|| world.wrong_type("scdr", "a pair", target))?;
    world.heap.set_cdr(cell, value);
    Ok(value)
}

pub(super) fn is(world: &mut World, args: Arguments) -> Outcome<Value> {
    let same =
        (1..args.count).all(|index| equality::is(&world.heap, args.get(world, index - 1), args.get(world, index)));
    Ok(Value::truth(same))
}

pub(super) fn isnt(world: &mut World, args: Arguments) -> Outcome<Value> {
    Ok(Value::truth(!equality::is(&world.heap, args.get(world, 0), args.get(world, 1))))
}

pub(super) fn less(world: &mut World, args: Arguments) -> Outcome<Value> {
    ordered(world, args, "<", Ordering::Less)
}

pub(super) fn greater(world: &mut World, args: Arguments) -> Outcome<Value> {
    ordered(world, args, ">", Ordering::Greater)
}

fn ordered(world: &World, args: Arguments, who: &str, wanted: Ordering) -> Outcome<Value> {
    for index in 1..args.count {
        let (left, right) = (args.get(world, index - 1), args.get(world, index));
        if equality::order(world, who, left, right)? != Some(wanted) {
            return Ok(Value::NIL);
        }
    }
    Ok(Value::T)
}

pub(super) fn no(world: &mut World, args: Arguments) -> Outcome<Value> {
    Ok(Value::truth(args.get(world, 0).is_nil()))
}

pub(super) fn acons(world: &mut World, args: Arguments) -> Outcome<Value> {
    Ok(Value::truth(args.get(world, 0).is_cell()))
}

pub(super) fn atom(world: &mut World, args: Arguments) -> Outcome<Value> {
    Ok(Value::truth(!args.get(world, 0).is_cell()))
}

pub(super) fn idfn(world: &mut World, args: Arguments) -> Outcome<Value> {
    Ok(args.get(world, 0))
}

pub(super) fn list(world: &mut World, args: Arguments) -> Outcome<Value> {
    let mut list = Value::NIL;
    for index in (0..args.count).rev() {
        list = world.cons(args.get(world, index), list)?;
    }
    Ok(list)
}

pub(super) fn len(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    if value.is_nil() || value.is_cell() {
        return match world.length(value)? {
            Some(length) => Ok(Value::size(length)),
            None => Err(world.wrong_type("len", "a proper list", value)),
        };
    }
    let length = value.as_object().and_then(|object| match world.heap.header(object).kind()? {
        ObjectKind::String => Some(Text::of(&world.heap, object).len()),
        ObjectKind::Table => Some(tables::len(&world.heap, object)),
        _ => None,
    });
    length.map(Value::size).ok_or_else(|| world.wrong_type("len", "a list, string or table", value))
}

/// Copies the cells of a proper list, before `tail`.
fn copy_before(world: &mut World, who: &str, list: Value, tail: Value) -> Outcome<Value> {
    let mut first = tail;
    let mut last = None;
    let mut rest = list;
    while let Some((car, cdr)) = world.uncons(rest) {
        world.step()?;
        let cell = world.cons(car, tail)?;
        match last {
            Some(last) => world.heap.set_cdr(last, cell),
            None => first = cell,
        }
        last = cell.as_cell();
        rest = cdr;
    }
    if rest.is_nil() { Ok(first) } else { Err(world.wrong_type(who, "a proper list", list)) }
}

pub(super) fn append(world: &mut World, args: Arguments) -> Outcome<Value> {
    copy_before(world, ",@", args.get(world, 0), args.get(world, 1))
}

pub(super) fn copylist(world: &mut World, args: Arguments) -> Outcome<Value> {
    copy_before(world, "copylist", args.get(world, 0), Value::NIL)
}

/// Joins lists: all but the last are copied.
pub(super) fn join(world: &mut World, args: Arguments) -> Outcome<Value> {
    let Some(last) = args.count.checked_sub(1) else { return Ok(Value::NIL) };
    let mut joined = args.get(world, last);
    for index in (0..last).rev() {
        joined = copy_before(world, "join", args.get(world, index), joined)?;
    }
    Ok(joined)
}

pub(super) fn rev(world: &mut World, args: Arguments) -> Outcome<Value> {
    let list = args.get(world, 0);
    let (mut reversed, mut rest) = (Value::NIL, list);
    while let Some((car, cdr)) = world.uncons(rest) {
        world.step()?;
        reversed = world.cons(car, reversed)?;
        rest = cdr;
    }
    if rest.is_nil() { Ok(reversed) } else { Err(world.wrong_type("rev", "a proper list", list)) }
}

pub(super) fn nthcdr(world: &mut World, args: Arguments) -> Outcome<Value> {
    let (count, list) = (args.get(world, 0), args.get(world, 1));
    if count.is_nil() {
        return Ok(list);
    }
    let wanted = match Number::of(&world.heap, count)? {
        Some(number) => number.to_float(),
        None => return Err(world.wrong_type("nthcdr", "a number", count)),
    };
    let (mut rest, mut passed) = (list, 0.0);
    while passed < wanted && !rest.is_nil() {
        world.step()?;
        rest = world.cdr(rest)?;
        passed += 1.0;
    }
    Ok(rest)
}

pub(super) fn type_of(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let known = match value.unpack() {
        Unpacked::Fixnum(_) => Known::Int,
        Unpacked::Cell(_) => Known::Cons,
        Unpacked::Constant(_) => Known::Sym,
        Unpacked::Char(_) => Known::Char,
        Unpacked::Builtin(_) => Known::Fn,
        Unpacked::Object(object) => match world.heap.header(object).kind() {
            Some(ObjectKind::Tagged) => return Ok(tagged::tag(world, object)),
            Some(ObjectKind::String) => Known::String,
            Some(ObjectKind::Symbol) => Known::Sym,
            Some(ObjectKind::Bignum) => Known::Int,
            Some(ObjectKind::Float | ObjectKind::Ratio) => Known::Num,
            Some(ObjectKind::Table) => Known::Table,
            Some(ObjectKind::Closure | ObjectKind::Continuation) => Known::Fn,
            Some(ObjectKind::Condition) => Known::Exception,
            Some(ObjectKind::Thread) => Known::Thread,
            Some(ObjectKind::Port) if ports::direction(world, value) == Some(true) => Known::Input,
            Some(ObjectKind::Port) if ports::is_listener(world, value) => Known::Socket,
            Some(ObjectKind::Port) => Known::Output,
            _ => Known::Vector,
        },
    };
    Ok(world.known(known))
}
