//! Strings, and coercion from one type to another.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Unpacked, Value};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::Arguments;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::numbers::arithmetic::{self, Rounding};
use crate::numbers::{BUFFERS, Number, parse, print, room};
use crate::printer::{self, Mode};
use crate::scratch::ValueStack;
use crate::symbols::Known;
use crate::tagged;
use crate::text::{self, CharBuffer, Text};
use crate::world::World;

/// Text longer than this is not taken for a number.
const LONGEST_NUMBER: usize = 1 << 24;

pub(super) fn newstring(world: &mut World, args: Arguments) -> Outcome<Value> {
    let length = args.get(world, 0);
    let length = match length.as_fixnum().map(usize::try_from) {
        Some(Ok(length)) => length,
        _ => return Err(world.wrong_type("newstring", "a length", length)),
    };
    let fill = match args.maybe(world, 1) {
        Some(value) => value.as_char().ok_or_else(|| world.wrong_type("newstring", "a character", value))?,
        None => '\0',
    };
    let code = u32::from(fill);
    let string = text::new_string(&mut world.heap, length, code > 255)?;
    if code > 255 {
        for index in 0..length {
            text::set_char(&mut world.heap, string, index, fill)?;
        }
    } else {
        world.heap.bytes_mut(string).fill(code as u8);
    }
    Ok(Value::object(string))
}

/// Adds a value as text: nil is nothing, a list its elements, one after the other.
pub(super) fn push_text(world: &mut World, value: Value, text: &mut CharBuffer) -> Outcome<()> {
    if value.is_nil() {
        return Ok(());
    }
    if !value.is_cell() {
        return push_atom(world, value, text);
    }
    let mut waiting = ValueStack::default();
    let mut rest = value;
    loop {
        world.step()?;
        if let Some((car, cdr)) = world.uncons(rest) {
            if car.is_cell() {
                waiting.push(&mut world.heap, cdr)?;
                rest = car;
                continue;
            }
            if !car.is_nil() {
                push_atom(world, car, text)?;
            }
            rest = cdr;
            continue;
        }
        if !rest.is_nil() {
            push_atom(world, rest, text)?;
        }
        match waiting.pop(&world.heap) {
            Some(next) => rest = next,
            None => return Ok(()),
        }
    }
}

fn push_atom(world: &mut World, value: Value, text: &mut CharBuffer) -> Outcome<()> {
    if let Some(character) = value.as_char() {
        return Ok(text.push(&mut world.heap, character)?);
    }
    if world.is_kind(value, ObjectKind::Tagged) {
        return Err(world.wrong_type("coerce", "something with a text", value));
    }
    printer::print_to_buffer(world, value, Mode::Display, text)
}

/// What a value is, as far as coercion cares.
enum From {
    Char(char),
    Integer(Number),
    Number(Number),
    String(ObjectRef),
    Cons,
    Nil,
    Symbol,
    Tagged,
    Other,
}

fn classify(world: &World, value: Value) -> Outcome<From> {
    Ok(match value.unpack() {
        Unpacked::Char(character) => From::Char(character),
        Unpacked::Cell(_) => From::Cons,
        Unpacked::Constant(Value::NIL) => From::Nil,
        Unpacked::Constant(_) => From::Symbol,
        Unpacked::Builtin(_) => From::Other,
        Unpacked::Fixnum(number) => From::Integer(Number::Fixnum(number)),
        Unpacked::Object(object) => match world.heap.header(object).kind() {
            Some(ObjectKind::String) => From::String(object),
            Some(ObjectKind::Symbol) => From::Symbol,
            Some(ObjectKind::Tagged) => From::Tagged,
            _ => match Number::of(&world.heap, value)? {
                Some(number) if number.is_integer() => From::Integer(number),
                Some(number) => From::Number(number),
                None => From::Other,
            },
        },
    })
}

pub(super) fn coerce(world: &mut World, args: Arguments) -> Outcome<Value> {
    let (value, to) = (args.get(world, 0), args.get(world, 1));
    let radix = match args.maybe(world, 2) {
        Some(radix) => radix.as_fixnum().and_then(|radix| u32::try_from(radix).ok()).filter(|r| (2..=36).contains(r)),
        None => Some(10),
    };
    let Some(radix) = radix else { return Err(world.wrong_type("coerce", "a radix from 2 to 36", args.get(world, 2))) };
    let from = classify(world, value)?;
    if let From::Tagged = from {
        let tag = value.as_object().map_or(Value::NIL, |object| tagged::tag(world, object));
        return if tag == to { Ok(value) } else { Err(cannot(world, value, to)) };
    }
    let known = |known| world.known(known) == to;
    if known(Known::String) {
        to_string(world, value, from, to, radix)
    } else if known(Known::Int) {
        to_int(world, value, from, to, radix)
    } else if known(Known::Num) {
        to_num(world, value, from, to, radix)
    } else if known(Known::Sym) {
        to_symbol(world, value, from, to)
    } else if known(Known::Char) {
        to_char(world, value, from, to)
    } else if known(Known::Cons) {
        to_cons(world, value, from, to)
    } else {
        match from {
            // Types without a row in the table are left alone.
            From::Other => Ok(value),
            _ => Err(cannot(world, value, to)),
        }
    }
}

#[cold]
fn cannot(world: &World, value: Value, to: Value) -> Fault {
    let (value, to) = (world.show(value), world.show(to));
    Fault::failure(FailureKind::Type, format!("can't coerce {value} to {to}"))
}

fn to_string(world: &mut World, value: Value, from: From, to: Value, radix: u32) -> Outcome<Value> {
    let mut buffer = CharBuffer::default();
    match from {
        From::String(_) | From::Other => return Ok(value),
        From::Tagged => return Err(cannot(world, value, to)),
        From::Integer(number) | From::Number(number) => {
            return Ok(text::string(&mut world.heap, &print::to_text(&number, radix))?);
        }
        From::Symbol => push_atom(world, value, &mut buffer)?,
        From::Char(_) | From::Cons | From::Nil => push_text(world, value, &mut buffer)?,
    }
    Ok(buffer.finish(&mut world.heap)?)
}

/// The number that a string is.
fn parse_string(world: &World, string: ObjectRef, radix: u32) -> Outcome<Option<Number>> {
    let text = Text::of(&world.heap, string);
    if text.len() > LONGEST_NUMBER {
        return Ok(None);
    }
    room(&world.heap, text.len() * BUFFERS)?;
    Ok(parse::parse(&text.prefix(LONGEST_NUMBER), radix).ok().flatten())
}

fn to_int(world: &mut World, value: Value, from: From, to: Value, radix: u32) -> Outcome<Value> {
    let number = match from {
        From::Integer(_) | From::Other => return Ok(value),
        From::Char(character) => return Ok(Value::small(u32::from(character))),
        From::Number(number) => Some(number),
        From::String(string) => parse_string(world, string, radix)?,
        From::Cons | From::Nil | From::Symbol | From::Tagged => None,
    };
    match number.and_then(|number| arithmetic::to_integer(number, Rounding::HalfEven)) {
        Some(integer) => integer.store(&mut world.heap),
        None => Err(cannot(world, value, to)),
    }
}

fn to_num(world: &mut World, value: Value, from: From, to: Value, radix: u32) -> Outcome<Value> {
    match from {
        From::Integer(_) | From::Number(_) | From::Other => Ok(value),
        From::String(string) => match parse_string(world, string, radix)? {
            Some(number) => number.store(&mut world.heap),
            None => Err(cannot(world, value, to)),
        },
        From::Char(_) | From::Cons | From::Nil | From::Symbol | From::Tagged => Err(cannot(world, value, to)),
    }
}

fn to_symbol(world: &mut World, value: Value, from: From, to: Value) -> Outcome<Value> {
    let mut name = CharBuffer::default();
    match from {
        From::Symbol | From::Nil | From::Other => return Ok(value),
        From::Char(character) => name.push(&mut world.heap, character)?,
        From::String(_) => push_atom(world, value, &mut name)?,
        From::Integer(_) | From::Number(_) | From::Cons | From::Tagged => return Err(cannot(world, value, to)),
    }
    Ok(world.symbols.intern(&mut world.heap, &name)?)
}

fn to_char(world: &mut World, value: Value, from: From, to: Value) -> Outcome<Value> {
    let number = match from {
        From::Char(_) | From::Other => return Ok(value),
        From::Integer(number) | From::Number(number) => arithmetic::to_integer(number, Rounding::HalfEven),
        From::String(_) | From::Cons | From::Nil | From::Symbol | From::Tagged => None,
    };
    let code = number.and_then(Number::into_integer).as_ref().and_then(BigInt::to_u32);
    code.and_then(char::from_u32).map(Value::char).ok_or_else(|| cannot(world, value, to))
}

fn to_cons(world: &mut World, value: Value, from: From, to: Value) -> Outcome<Value> {
    match from {
        From::Cons | From::Other => Ok(value),
        From::String(string) => {
            let mut list = Value::NIL;
            for index in (0..Text::of(&world.heap, string).len()).rev() {
                world.step()?;
                let character = Text::of(&world.heap, string).get(index).unwrap_or_default();
                list = world.cons(Value::char(character), list)?;
            }
            Ok(list)
        }
        _ => Err(cannot(world, value, to)),
    }
}
