//! Ports: opening, reading, writing, closing.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Value};

use super::Arguments;
use crate::fault::Outcome;
use crate::libraries;
use crate::ports::{self, Next};
use crate::printer::{self, Mode};
use crate::reader;
use crate::symbols::Known;
use crate::text::{self, Text};
use crate::world::World;

/// Paths are no longer than this.
const LONGEST_PATH: usize = 4096;

/// The path that a string names.
pub(crate) fn path(world: &World, who: &str, value: Value) -> Outcome<String> {
    match world.heap.as_kind(value, ObjectKind::String) {
        Some(string) => Ok(Text::of(&world.heap, string).prefix(LONGEST_PATH)),
        None => Err(world.wrong_type(who, "a path", value)),
    }
}

pub(super) fn infile(world: &mut World, args: Arguments) -> Outcome<Value> {
    let path = path(world, "infile", args.get(world, 0))?;
    match libraries::find(&path).filter(|library| library.name == path) {
        Some(library) => ports::open_text(world, library.text, library.name),
        None => ports::open_input(world, &path),
    }
}

/// The name under which the library built in that a path means can be opened; nil when it means none.
pub(super) fn library(world: &mut World, args: Arguments) -> Outcome<Value> {
    let path = path(world, "%library", args.get(world, 0))?;
    match libraries::find(&path) {
        Some(library) => Ok(text::string(&mut world.heap, library.name)?),
        None => Ok(Value::NIL),
    }
}

pub(super) fn outfile(world: &mut World, args: Arguments) -> Outcome<Value> {
    let path = path(world, "outfile", args.get(world, 0))?;
    let append = args.maybe(world, 1) == Some(world.known(Known::Append));
    ports::open_output(world, &path, append)
}

pub(super) fn instring(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    match world.heap.as_kind(value, ObjectKind::String) {
        Some(string) => ports::open_string(world, string),
        None => Err(world.wrong_type("instring", "a string", value)),
    }
}

pub(super) fn outstring(world: &mut World, _args: Arguments) -> Outcome<Value> {
    ports::collector(world)
}

pub(super) fn inside(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let port = world.heap.as_kind(value, ObjectKind::Port).filter(|port| ports::is_collector(world, *port));
    match port {
        Some(port) => ports::collected(world, port),
        None => Err(world.wrong_type("inside", "a port that collects text", value)),
    }
}

pub(super) fn stdin(world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(world.input)
}

pub(super) fn stdout(world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(world.output)
}

pub(super) fn stderr(world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(world.errors)
}

fn input(world: &World, who: &str, args: Arguments, index: usize) -> Outcome<ObjectRef> {
    let port = args.maybe(world, index).filter(|port| !port.is_nil()).unwrap_or(world.input);
    ports::input(world, who, port)
}

fn output(world: &World, who: &str, args: Arguments, index: usize) -> Outcome<ObjectRef> {
    let port = args.maybe(world, index).filter(|port| !port.is_nil()).unwrap_or(world.output);
    ports::output(world, who, port)
}

pub(super) fn readc(world: &mut World, args: Arguments) -> Outcome<Value> {
    let port = input(world, "readc", args, 0)?;
    Ok(ports::read_char(world, port)?.map_or(Value::NIL, Value::char))
}

pub(super) fn peekc(world: &mut World, args: Arguments) -> Outcome<Value> {
    let port = input(world, "peekc", args, 0)?;
    Ok(match ports::peek(world, port)? {
        Next::Char(character, _) => Value::char(character),
        Next::Invalid => Value::char(char::REPLACEMENT_CHARACTER),
        Next::End => Value::NIL,
    })
}

pub(super) fn readb(world: &mut World, args: Arguments) -> Outcome<Value> {
    let port = input(world, "readb", args, 0)?;
    Ok(ports::read_byte(world, port)?.map_or(Value::NIL, |byte| Value::small(u32::from(byte))))
}

pub(super) fn writec(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let character = value.as_char().ok_or_else(|| world.wrong_type("writec", "a character", value))?;
    let port = output(world, "writec", args, 1)?;
    ports::write_char(world, port, character)?;
    Ok(value)
}

pub(super) fn writeb(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let byte = value.as_fixnum().and_then(|byte| u8::try_from(byte).ok());
    let byte = byte.ok_or_else(|| world.wrong_type("writeb", "a byte", value))?;
    let port = output(world, "writeb", args, 1)?;
    ports::write_bytes(world, port, &[byte])?;
    Ok(value)
}

pub(super) fn write(world: &mut World, args: Arguments) -> Outcome<Value> {
    print(world, args, "write", Mode::Write)
}

pub(super) fn disp(world: &mut World, args: Arguments) -> Outcome<Value> {
    print(world, args, "disp", Mode::Display)
}

/// Prints an argument. Without any it only flushes.
fn print(world: &mut World, args: Arguments, who: &str, mode: Mode) -> Outcome<Value> {
    let port = output(world, who, args, 1)?;
    match args.maybe(world, 0) {
        Some(value) => printer::print(world, value, mode, port)?,
        None => ports::flush(world, port)?,
    }
    // The standard error is for now; other streams are written out when they are full, when the program waits or
    // reads, and when it ends.
    if Value::object(port) == world.errors && !world.explicit_flush {
        ports::flush(world, port)?;
    }
    Ok(Value::NIL)
}

pub(super) fn sread(world: &mut World, args: Arguments) -> Outcome<Value> {
    let port = ports::input(world, "sread", args.get(world, 0))?;
    let end = args.get(world, 1);
    Ok(reader::read(world, port)?.unwrap_or(end))
}

pub(super) fn close(world: &mut World, args: Arguments) -> Outcome<Value> {
    for index in 0..args.count {
        let value = args.get(world, index);
        match world.heap.as_kind(value, ObjectKind::Port) {
            Some(port) => ports::close(world, port)?,
            None => return Err(world.wrong_type("close", "a port", value)),
        }
    }
    Ok(Value::NIL)
}

pub(super) fn flushout(world: &mut World, _args: Arguments) -> Outcome<Value> {
    let port = ports::output(world, "flushout", world.output)?;
    ports::flush(world, port)?;
    Ok(Value::T)
}
