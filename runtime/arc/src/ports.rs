//! Ports: text in and out, of files, strings, and the streams the host gave.
//!
//! A port is an object of values; what it buffers is in the heap. What it is connected with is a stream: see
//! [`crate::streams`].

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::net::IpAddr;

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{ObjectRef, Value};

use crate::fault::{FailureKind, Fault, Outcome};
use crate::streams::Stream;
use crate::text::{CharBuffer, Text};
use crate::world::World;

/// The fields of a port object.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Field {
    /// What it is: the bits below.
    Flags = 0,
    /// The number of its stream; -1 for none.
    Stream = 1,
    /// The bytes buffered.
    Buffer = 2,
    /// Where the next byte is read.
    At = 3,
    /// Where the buffered bytes end.
    End = 4,
    /// A string: the path, or nil.
    Name = 5,
    /// The line of the next character, from one.
    Line = 6,
    /// Its column, from one.
    Column = 7,
    /// Bytes from here on are kept while a datum is being read; -1 for none.
    Mark = 8,
}

const FIELDS: usize = 9;

const INPUT: i64 = 1;
const CLOSED: i64 = 2;
const ENDED: i64 = 4;
/// One of the three that a program begins with.
const STANDARD: i64 = 8;
/// Neither input nor output: connections arrive here.
const LISTENER: i64 = 16;

/// Bytes read from a stream at a time.
const CHUNK: usize = 4096;
/// Bytes an output port on a string begins with.
const FIRST_OUTPUT: usize = 64;

pub(crate) fn io_failure(what: &str, error: &io::Error) -> Fault {
    Fault::failure(FailureKind::Io, format!("{what}: {}", describe(error)))
}

/// An error of the operating system in a few words, without its number.
pub(crate) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

// Making ports.

/// What a new port begins with.
#[derive(Clone, Copy, Default)]
struct Beginning {
    flags: i64,
    buffer: Value,
    /// The bytes in the buffer.
    bytes: usize,
    name: Value,
}

/// A new port without a stream.
fn make(world: &mut World, beginning: Beginning) -> Outcome<ObjectRef> {
    let port = world.heap.allocate(ObjectKind::Port, ObjectFlags::NONE, FIELDS * 8)?;
    world.heap.set_value(port, Field::Buffer as usize, beginning.buffer);
    world.heap.set_value(port, Field::Name as usize, beginning.name);
    set(world, port, Field::Flags, beginning.flags);
    set(world, port, Field::Stream, -1);
    set(world, port, Field::End, beginning.bytes as i64);
    set(world, port, Field::Line, 1);
    set(world, port, Field::Column, 1);
    set(world, port, Field::Mark, -1);
    Ok(port)
}

/// Gives a new port its stream, last: a stream whose port found no room would stay open.
fn attach(world: &mut World, port: ObjectRef, stream: Stream) -> Value {
    let number = world.streams.add(stream);
    set(world, port, Field::Stream, number);
    Value::object(port)
}

/// An input port whose stream is still to be attached.
fn unconnected_input(world: &mut World, name: Value) -> Outcome<ObjectRef> {
    let buffer = world.heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, CHUNK)?;
    make(world, Beginning { flags: INPUT, buffer: Value::object(buffer), bytes: 0, name })
}

/// An input port on a stream.
pub(crate) fn input_stream(world: &mut World, stream: Stream, name: Option<&str>) -> Outcome<Value> {
    let name = match name {
        Some(name) => crate::text::string(&mut world.heap, name)?,
        None => Value::NIL,
    };
    let port = unconnected_input(world, name)?;
    Ok(attach(world, port, stream))
}

/// An output port on a stream.
pub(crate) fn output_stream(world: &mut World, stream: Box<dyn Write + Send>, name: Option<&str>) -> Outcome<Value> {
    let name = match name {
        Some(name) => crate::text::string(&mut world.heap, name)?,
        None => Value::NIL,
    };
    let port = make(world, Beginning { name, ..Beginning::default() })?;
    Ok(attach(world, port, Stream::Writer(BufWriter::new(stream))))
}

/// Where connections arrive.
pub(crate) fn listener(world: &mut World, listener: Stream) -> Outcome<Value> {
    let port = make(world, Beginning { flags: LISTENER, ..Beginning::default() })?;
    Ok(attach(world, port, listener))
}

/// The two ports of a connection that is still to come; [`connect`] gives them its streams.
pub(crate) fn unconnected(world: &mut World) -> Outcome<(ObjectRef, ObjectRef)> {
    Ok((unconnected_input(world, Value::NIL)?, make(world, Beginning::default())?))
}

/// Connects the two ports of a connection.
pub(crate) fn connect(world: &mut World, ports: (ObjectRef, ObjectRef), streams: (Stream, Stream)) {
    attach(world, ports.0, streams.0);
    attach(world, ports.1, streams.1);
}

/// After a start from a core: whatever a port was connected with is gone.
pub(crate) fn disconnect(world: &mut World, port: ObjectRef) {
    if get(world, port, Field::Stream) >= 0 {
        let flags = get(world, port, Field::Flags) | CLOSED;
        set(world, port, Field::Flags, flags);
        set(world, port, Field::Stream, -1);
    }
}

/// Makes a port one of the three that a program begins with. They have no name, since what is read from them has no
/// place to go back to, but they are called something when they are printed.
pub(crate) fn mark_standard(world: &mut World, port: Value) {
    if let Some(port) = world.heap.as_kind(port, ObjectKind::Port) {
        let flags = get(world, port, Field::Flags) | STANDARD;
        set(world, port, Field::Flags, flags);
    }
}

/// Connects a standard port that comes from a core with the stream of this process.
fn reconnect(world: &mut World, port: Value, flags: i64, stream: Stream) -> Option<Value> {
    let port = world.heap.as_kind(port, ObjectKind::Port)?;
    for (field, number) in [
        (Field::Flags, flags | STANDARD),
        (Field::At, 0),
        (Field::End, 0),
        (Field::Line, 1),
        (Field::Column, 1),
        (Field::Mark, -1),
    ] {
        set(world, port, field, number);
    }
    Some(attach(world, port, stream))
}

/// Connects the standard input that comes from a core; `None` when it is no port.
pub(crate) fn reconnect_input(world: &mut World, port: Value, stream: Box<dyn Read + Send>) -> Option<Value> {
    reconnect(world, port, INPUT, Stream::Reader(stream))
}

/// Connects a standard output that comes from a core; `None` when it is no port.
pub(crate) fn reconnect_output(world: &mut World, port: Value, stream: Box<dyn Write + Send>) -> Option<Value> {
    reconnect(world, port, 0, Stream::Writer(BufWriter::new(stream)))
}

/// An input port on a file.
pub(crate) fn open_input(world: &mut World, path: &str) -> Outcome<Value> {
    let failed = |error: &io::Error| io_failure(&format!("can't read {path}"), error);
    let file = File::open(path).map_err(|error| failed(&error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(failed(&io::ErrorKind::IsADirectory.into()));
    }
    input_stream(world, Stream::Reader(Box::new(file)), Some(path))
}

/// An output port on a file, which is created if need be, and emptied unless `append`.
pub(crate) fn open_output(world: &mut World, path: &str, append: bool) -> Outcome<Value> {
    let file = File::options().create(true).write(true).append(append).truncate(!append).open(path);
    let file = file.map_err(|error| io_failure(&format!("can't write {path}"), &error))?;
    output_stream(world, Box::new(file), Some(path))
}

/// An input port on the characters of a string, as they are now.
pub(crate) fn open_string(world: &mut World, string: ObjectRef) -> Outcome<Value> {
    let bytes: usize = Text::of(&world.heap, string).chars().map(char::len_utf8).sum();
    let buffer = world.heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, bytes)?;
    let (mut at, mut encoded) = (0, [0; 4]);
    for index in 0..Text::of(&world.heap, string).len() {
        let character = Text::of(&world.heap, string).get(index).unwrap_or_default();
        let utf8 = character.encode_utf8(&mut encoded).as_bytes();
        world.heap.bytes_mut(buffer)[at..at + utf8.len()].copy_from_slice(utf8);
        at += utf8.len();
    }
    let beginning = Beginning { flags: INPUT | ENDED, buffer: Value::object(buffer), bytes, name: Value::NIL };
    Ok(Value::object(make(world, beginning)?))
}

/// An input port on text of the host.
pub(crate) fn open_text(world: &mut World, text: &str, name: &str) -> Outcome<Value> {
    let buffer = world.heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, text.len())?;
    world.heap.bytes_mut(buffer).copy_from_slice(text.as_bytes());
    let name = crate::text::string(&mut world.heap, name)?;
    let beginning = Beginning { flags: INPUT | ENDED, buffer: Value::object(buffer), bytes: text.len(), name };
    Ok(Value::object(make(world, beginning)?))
}

/// An output port that collects text.
pub(crate) fn collector(world: &mut World) -> Outcome<Value> {
    let buffer = world.heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, FIRST_OUTPUT)?;
    let beginning = Beginning { buffer: Value::object(buffer), ..Beginning::default() };
    Ok(Value::object(make(world, beginning)?))
}

// Looking at ports.

#[inline]
fn get(world: &World, port: ObjectRef, field: Field) -> i64 {
    world.heap.value(port, field as usize).as_fixnum().unwrap_or(0)
}

#[inline]
fn set(world: &mut World, port: ObjectRef, field: Field, number: i64) {
    if let Some(number) = Value::fixnum(number) {
        world.heap.set_value(port, field as usize, number);
    }
}

fn has(world: &World, port: ObjectRef, flag: i64) -> bool {
    get(world, port, Field::Flags) & flag != 0
}

/// Whether a value is a port, and then whether it is one for input.
pub(crate) fn direction(world: &World, value: Value) -> Option<bool> {
    world.heap.as_kind(value, ObjectKind::Port).map(|port| has(world, port, INPUT))
}

/// Whether a value is a listener.
pub(crate) fn is_listener(world: &World, value: Value) -> bool {
    world.heap.as_kind(value, ObjectKind::Port).is_some_and(|port| has(world, port, LISTENER))
}

/// The number of the stream of the open listener that a value must be.
pub(crate) fn listening(world: &World, who: &str, value: Value) -> Outcome<i64> {
    let port = world.heap.as_kind(value, ObjectKind::Port).filter(|port| has(world, *port, LISTENER));
    let port = port.ok_or_else(|| world.wrong_type(who, "a socket", value))?;
    if has(world, port, CLOSED) { Err(closed(who)) } else { Ok(get(world, port, Field::Stream)) }
}

/// Who is at the other end of a port; `None` when that is nobody on the network.
pub(crate) fn peer(world: &World, port: ObjectRef) -> Option<IpAddr> {
    world.streams.peer(get(world, port, Field::Stream))
}

/// The path of a port's file, as a string; nil when it has none.
pub(crate) fn name(world: &World, port: ObjectRef) -> Value {
    world.heap.value(port, Field::Name as usize)
}

/// What a port is called when it is printed.
pub(crate) fn label(world: &World, port: ObjectRef) -> String {
    if let Some(name) = name(world, port).as_object() {
        return Text::of(&world.heap, name).prefix(4096);
    }
    let flags = get(world, port, Field::Flags);
    let label = match (flags & STANDARD != 0, flags & INPUT != 0) {
        (true, true) => "stdin",
        (true, false) if Value::object(port) == world.errors => "stderr",
        (true, false) => "stdout",
        (false, _) if peer(world, port).is_some() => "socket",
        (false, _) if get(world, port, Field::Stream) >= 0 => "pipe",
        (false, _) => "string",
    };
    label.to_owned()
}

/// The line and the column of the next character of an input port.
pub(crate) fn place(world: &World, port: ObjectRef) -> (u32, u32) {
    (get(world, port, Field::Line) as u32, get(world, port, Field::Column) as u32)
}

/// The open input port that a value must be.
pub(crate) fn input(world: &World, who: &str, value: Value) -> Outcome<ObjectRef> {
    open(world, who, value, true)
}

/// The open output port that a value must be.
pub(crate) fn output(world: &World, who: &str, value: Value) -> Outcome<ObjectRef> {
    open(world, who, value, false)
}

fn open(world: &World, who: &str, value: Value, wants_input: bool) -> Outcome<ObjectRef> {
    let wanted = if wants_input { "an input port" } else { "an output port" };
    let fits = |port: &ObjectRef| has(world, *port, INPUT) == wants_input && !has(world, *port, LISTENER);
    let port = world.heap.as_kind(value, ObjectKind::Port).filter(fits);
    let port = port.ok_or_else(|| world.wrong_type(who, wanted, value))?;
    if has(world, port, CLOSED) {
        return Err(closed(who));
    }
    Ok(port)
}

fn closed(who: &str) -> Fault {
    Fault::failure(FailureKind::Io, format!("{who}: the port is closed"))
}

/// Closes a port; closing it again does nothing.
pub(crate) fn close(world: &mut World, port: ObjectRef) -> Outcome<()> {
    let flags = get(world, port, Field::Flags);
    let stream = get(world, port, Field::Stream);
    set(world, port, Field::Flags, flags | CLOSED);
    set(world, port, Field::Stream, -1);
    if has(world, port, INPUT) {
        world.heap.set_value(port, Field::Buffer as usize, Value::NIL);
        set(world, port, Field::At, 0);
        set(world, port, Field::End, 0);
    }
    if flags & CLOSED != 0 {
        return Ok(());
    }
    world.streams.close(stream).map_err(|error| io_failure("close", &error))
}

// Reading.

/// Makes sure that a byte is buffered; `false` at the end of the input. When the stream has nothing yet, fails with
/// [`Fault::Waits`], and nothing has changed.
fn fill(world: &mut World, port: ObjectRef) -> Outcome<bool> {
    if get(world, port, Field::At) < get(world, port, Field::End) {
        return Ok(true);
    }
    if has(world, port, ENDED) {
        return Ok(false);
    }
    let Some(mut buffer) = world.heap.value(port, Field::Buffer as usize).as_object() else { return Ok(false) };
    let stream = get(world, port, Field::Stream);
    world.streams.flush_all();
    if !world.streams.is_ready(stream) {
        return Err(Fault::Waits(stream));
    }
    let (mark, end) = (get(world, port, Field::Mark), get(world, port, Field::End) as usize);
    // Bytes from the mark on stay, because the datum being read may have to be read again.
    let kept = if mark >= 0 { mark as usize..end } else { end..end };
    let room = world.heap.header(buffer).payload_bytes();
    if room - kept.len() < CHUNK {
        let larger = world.heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, room * 2)?;
        for (to, from) in kept.clone().enumerate() {
            let byte = world.heap.bytes(buffer)[from];
            world.heap.bytes_mut(larger)[to] = byte;
        }
        buffer = larger;
        world.heap.set_value(port, Field::Buffer as usize, Value::object(larger));
    } else {
        world.heap.bytes_mut(buffer).copy_within(kept.clone(), 0);
    }
    let World { heap, streams, .. } = world;
    let count = streams.read(stream, &mut heap.bytes_mut(buffer)[kept.len()..kept.len() + CHUNK]);
    let count = count.map_err(|error| io_failure("can't read", &error))?;
    set(world, port, Field::At, kept.len() as i64);
    set(world, port, Field::End, (kept.len() + count) as i64);
    if mark >= 0 {
        set(world, port, Field::Mark, 0);
    }
    if count == 0 {
        // A terminal or a pipe may have more later; a file that ended stays so.
        set(world, port, Field::End, kept.len() as i64);
    }
    Ok(count > 0)
}

/// The next byte if it is in the buffer, as it nearly always is.
#[inline]
fn buffered(world: &World, port: ObjectRef) -> Option<u8> {
    let (at, end) = (get(world, port, Field::At), get(world, port, Field::End));
    let buffer = world.heap.value(port, Field::Buffer as usize).as_object()?;
    if at < end { world.heap.bytes(buffer).get(at as usize).copied() } else { None }
}

/// The next byte, left where it is; `None` at the end.
fn peek_byte(world: &mut World, port: ObjectRef, ahead: usize) -> Outcome<Option<u8>> {
    if !fill(world, port)? {
        return Ok(None);
    }
    let at = get(world, port, Field::At) as usize + ahead;
    if at < get(world, port, Field::End) as usize {
        let buffer = world.heap.value(port, Field::Buffer as usize).as_object();
        return Ok(buffer.map(|buffer| world.heap.bytes(buffer)[at]));
    }
    if has(world, port, ENDED) {
        return Ok(None);
    }
    // A character is cut by the end of the buffer: read on behind it.
    let old_mark = get(world, port, Field::Mark);
    let from = get(world, port, Field::At);
    set(world, port, Field::Mark, if old_mark >= 0 { old_mark } else { from });
    let passed = get(world, port, Field::End) - from;
    set(world, port, Field::At, from + passed);
    let more = fill(world, port);
    let back = get(world, port, Field::At) - passed;
    set(world, port, Field::At, back);
    let kept_from = if more.is_ok() { 0 } else { old_mark };
    set(world, port, Field::Mark, if old_mark >= 0 { kept_from } else { -1 });
    if more? { peek_byte(world, port, ahead) } else { Ok(None) }
}

/// The next byte; `None` at the end.
pub(crate) fn read_byte(world: &mut World, port: ObjectRef) -> Outcome<Option<u8>> {
    let byte = peek_byte(world, port, 0)?;
    if let Some(byte) = byte {
        advance(world, port, 1, if byte == b'\n' { '\n' } else { ' ' });
    }
    Ok(byte)
}

#[inline]
fn advance(world: &mut World, port: ObjectRef, bytes: usize, character: char) {
    let at = get(world, port, Field::At) + bytes as i64;
    set(world, port, Field::At, at);
    if character == '\n' {
        let line = get(world, port, Field::Line) + 1;
        set(world, port, Field::Line, line);
        set(world, port, Field::Column, 1);
    } else {
        let column = get(world, port, Field::Column) + 1;
        set(world, port, Field::Column, column);
    }
}

/// A character of the input, or bytes that are none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// A character and its length in bytes.
    Char(char, usize),
    /// A byte that begins no character.
    Invalid,
    /// There is nothing more.
    End,
}

/// The next character, left where it is.
#[inline]
pub(crate) fn peek(world: &mut World, port: ObjectRef) -> Outcome<Next> {
    match buffered(world, port) {
        Some(ascii @ ..0x80) => Ok(Next::Char(char::from(ascii), 1)),
        _ => peek_any(world, port),
    }
}

fn peek_any(world: &mut World, port: ObjectRef) -> Outcome<Next> {
    let Some(first) = peek_byte(world, port, 0)? else { return Ok(Next::End) };
    if first < 0x80 {
        return Ok(Next::Char(char::from(first), 1));
    }
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Ok(Next::Invalid),
    };
    let mut bytes = [first, 0, 0, 0];
    for (ahead, byte) in bytes.iter_mut().enumerate().take(length).skip(1) {
        match peek_byte(world, port, ahead)? {
            Some(next) => *byte = next,
            None => return Ok(Next::Invalid),
        }
    }
    match std::str::from_utf8(&bytes[..length]).ok().and_then(|text| text.chars().next()) {
        Some(character) => Ok(Next::Char(character, length)),
        None => Ok(Next::Invalid),
    }
}

/// Passes over what [`peek`] gave.
#[inline]
pub(crate) fn skip(world: &mut World, port: ObjectRef, next: Next) {
    match next {
        Next::Char(character, length) => advance(world, port, length, character),
        Next::Invalid => advance(world, port, 1, ' '),
        Next::End => {}
    }
}

/// The next character; a byte that begins none counts as U+FFFD. `None` at the end.
pub(crate) fn read_char(world: &mut World, port: ObjectRef) -> Outcome<Option<char>> {
    let next = peek(world, port)?;
    skip(world, port, next);
    Ok(match next {
        Next::Char(character, _) => Some(character),
        Next::Invalid => Some(char::REPLACEMENT_CHARACTER),
        Next::End => None,
    })
}

/// Where an input port stands, to go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    line: i64,
    column: i64,
}

/// From here on the port keeps what is read, so that [`go_back`] can give it again.
pub(crate) fn set_mark(world: &mut World, port: ObjectRef) -> Mark {
    let at = get(world, port, Field::At);
    set(world, port, Field::Mark, at);
    Mark { line: get(world, port, Field::Line), column: get(world, port, Field::Column) }
}

/// Goes back to the mark.
pub(crate) fn go_back(world: &mut World, port: ObjectRef, mark: Mark) {
    let at = get(world, port, Field::Mark);
    set(world, port, Field::At, at.max(0));
    set(world, port, Field::Line, mark.line);
    set(world, port, Field::Column, mark.column);
    clear_mark(world, port);
}

/// Keeps no more of what is read.
pub(crate) fn clear_mark(world: &mut World, port: ObjectRef) {
    set(world, port, Field::Mark, -1);
}

// Writing.

/// Writes bytes, all of them or none.
pub(crate) fn write_bytes(world: &mut World, port: ObjectRef, bytes: &[u8]) -> Outcome<()> {
    let stream = get(world, port, Field::Stream);
    if let Some(written) = world.streams.write(stream, bytes) {
        return written.map_err(|error| io_failure("can't write", &error));
    }
    let Some(mut buffer) = world.heap.value(port, Field::Buffer as usize).as_object() else { return Ok(()) };
    let end = get(world, port, Field::End) as usize;
    let room = world.heap.header(buffer).payload_bytes();
    if end + bytes.len() > room {
        let wanted = (room * 2).max(end + bytes.len());
        let larger = world.heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, wanted)?;
        world.heap.copy_bytes(buffer, larger, end);
        buffer = larger;
        world.heap.set_value(port, Field::Buffer as usize, Value::object(larger));
    }
    world.heap.bytes_mut(buffer)[end..end + bytes.len()].copy_from_slice(bytes);
    set(world, port, Field::End, (end + bytes.len()) as i64);
    Ok(())
}

/// Writes a character.
pub(crate) fn write_char(world: &mut World, port: ObjectRef, character: char) -> Outcome<()> {
    write_bytes(world, port, character.encode_utf8(&mut [0; 4]).as_bytes())
}

/// How much a port on a string has collected; to be cut back to when a write fails half-way.
pub(crate) fn collected_bytes(world: &World, port: ObjectRef) -> usize {
    get(world, port, Field::End) as usize
}

/// Forgets what a port on a string collected after `bytes`.
pub(crate) fn cut_back(world: &mut World, port: ObjectRef, bytes: usize) {
    if get(world, port, Field::Stream) < 0 {
        set(world, port, Field::End, bytes as i64);
    }
}

/// The text that a port on a string has collected; bytes that are no characters count as U+FFFD.
pub(crate) fn collected(world: &mut World, port: ObjectRef) -> Outcome<Value> {
    let end = collected_bytes(world, port);
    let Some(buffer) = world.heap.value(port, Field::Buffer as usize).as_object() else {
        return Err(Fault::failure(FailureKind::Io, "inside: the port collects no text"));
    };
    let mut text = CharBuffer::default();
    let mut at = 0;
    while at < end {
        // A window of bounded size is copied out, so that the heap can be written while it is decoded.
        let mut window = [0; 256];
        let size = (end - at).min(window.len());
        window[..size].copy_from_slice(&world.heap.bytes(buffer)[at..at + size]);
        let (valid, bad) = match std::str::from_utf8(&window[..size]) {
            Ok(valid) => (valid, 0),
            Err(error) => {
                let valid = std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default();
                let cut_off = error.error_len().is_none() && at + size < end;
                (valid, if cut_off { 0 } else { error.error_len().unwrap_or(size - error.valid_up_to()) })
            }
        };
        for character in valid.chars() {
            text.push(&mut world.heap, character)?;
        }
        if bad > 0 {
            text.push(&mut world.heap, char::REPLACEMENT_CHARACTER)?;
        }
        at += valid.len() + bad;
    }
    Ok(text.finish(&mut world.heap)?)
}

/// Whether a port collects text.
pub(crate) fn is_collector(world: &World, port: ObjectRef) -> bool {
    get(world, port, Field::Stream) < 0 && !has(world, port, INPUT | LISTENER)
}

/// Writes out what is buffered for a port.
pub(crate) fn flush(world: &mut World, port: ObjectRef) -> Outcome<()> {
    let stream = get(world, port, Field::Stream);
    world.streams.flush(stream).map_err(|error| io_failure("can't write", &error))
}
