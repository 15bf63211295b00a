//! Tables, tagged values, places, symbols, conditions.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{Unpacked, Value};

use super::Arguments;
use super::strings::push_text;
use crate::conditions;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::printer::{self, Mode};
use crate::ssyntax as syntax;
use crate::symbols::{self, Known};
use crate::tables;
use crate::tagged;
use crate::text::{self, CharBuffer, Text};
use crate::world::World;

pub(super) fn make_table(world: &mut World, _args: Arguments) -> Outcome<Value> {
    tables::make(world)
}

pub(super) fn annotate(world: &mut World, args: Arguments) -> Outcome<Value> {
    let (tag, value) = (args.get(world, 0), args.get(world, 1));
    let same = super::lists::type_of(world, Arguments { first: args.first + 1, count: 1 })? == tag;
    if same {
        return Ok(value);
    }
    tagged::make(world, tag, value)
}

pub(super) fn rep(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    Ok(world.heap.as_kind(value, ObjectKind::Tagged).map_or(value, |object| tagged::rep(&world.heap, object)))
}

/// `(sref object value key)`: stores a value in an object under a key.
pub(super) fn sref(world: &mut World, args: Arguments) -> Outcome<Value> {
    let (target, value, key) = (args.get(world, 0), args.get(world, 1), args.get(world, 2));
    match target.unpack() {
        Unpacked::Cell(_) => {
            let index = index(world, key)?;
            let mut rest = target;
            for _ in 0..index {
                world.step()?;
                rest = world.uncons(rest).map_or(Value::NIL, |(_, cdr)| cdr);
            }
            let cell = rest.as_cell().ok_or_else(|| outside("list", index))?;
            world.heap.set_car(cell, value);
        }
        Unpacked::Object(object) => match world.heap.header(object).kind() {
            Some(ObjectKind::Table) => tables::set(world, object, key, value)?,
            Some(ObjectKind::String) => {
                let index = index(world, key)?;
                if index >= Text::of(&world.heap, object).len() {
                    return Err(outside("string", index));
                }
                let character =
                    value.as_char().ok_or_else(|| world.wrong_type("a string element", "a character", value))?;
                text::set_char(&mut world.heap, object, index, character)?;
            }
            _ => return Err(no_place(world, target)),
        },
        _ => return Err(no_place(world, target)),
    }
    Ok(value)
}

#[cold]
fn no_place(world: &World, target: Value) -> Fault {
    let shown = world.show(target);
    Fault::failure(FailureKind::Type, format!("can't set reference of {shown}"))
}

fn outside(what: &str, index: usize) -> Fault {
    Fault::failure(FailureKind::Index, format!("index {index} is outside the {what}"))
}

fn index(world: &World, key: Value) -> Outcome<usize> {
    match key.as_fixnum().map(usize::try_from) {
        Some(Ok(index)) => Ok(index),
        _ => Err(world.wrong_type("an index", "a whole number from 0", key)),
    }
}

pub(super) fn uniq(world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(world.symbols.make_uniq(&mut world.heap)?)
}

pub(super) fn bound(world: &mut World, args: Arguments) -> Outcome<Value> {
    let name = args.get(world, 0);
    if name.is_nil() || name == Value::T {
        return Ok(Value::T);
    }
    match world.heap.as_kind(name, ObjectKind::Symbol) {
        Some(symbol) => Ok(Value::truth(symbols::global(&world.heap, symbol) != Value::UNBOUND)),
        None => Err(world.wrong_type("bound", "a symbol", name)),
    }
}

pub(super) fn ssyntax(world: &mut World, args: Arguments) -> Outcome<Value> {
    let symbol = world.heap.as_kind(args.get(world, 0), ObjectKind::Symbol);
    Ok(Value::truth(symbol.is_some_and(|symbol| symbols::has_ssyntax(&world.heap, symbol))))
}

pub(super) fn ssexpand(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    match world.heap.as_kind(value, ObjectKind::Symbol) {
        Some(symbol) if symbols::has_ssyntax(&world.heap, symbol) => syntax::expand(world, symbol),
        Some(_) => Err(world.wrong_type("ssexpand", "a symbol with symbol syntax", value)),
        None => Ok(value),
    }
}

pub(super) fn declare(world: &mut World, args: Arguments) -> Outcome<Value> {
    let (key, value) = (args.get(world, 0), args.get(world, 1));
    if key == world.known(Known::Atstrings) {
        world.atstrings = !value.is_nil();
    } else if key == world.known(Known::ExplicitFlush) {
        world.explicit_flush = !value.is_nil();
    }
    Ok(value)
}

pub(super) fn err(world: &mut World, args: Arguments) -> Outcome<Value> {
    let mut message = CharBuffer::default();
    let what = args.get(world, 0);
    if args.count == 1 && world.is_symbol(what) && !what.is_nil() {
        for character in "error: ".chars() {
            message.push(&mut world.heap, character)?;
        }
    }
    push_text(world, what, &mut message)?;
    for index in 1..args.count {
        message.push(&mut world.heap, ' ')?;
        printer::print_to_buffer(world, args.get(world, index), Mode::Write, &mut message)?;
    }
    let message = message.finish(&mut world.heap)?;
    let condition = conditions::make(world, message)?;
    Err(Fault::Raise(Value::object(condition)))
}

pub(super) fn details(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    match world.heap.as_kind(value, ObjectKind::Condition) {
        Some(condition) => Ok(conditions::message(&world.heap, condition)),
        None => Err(world.wrong_type("details", "an exception", value)),
    }
}
