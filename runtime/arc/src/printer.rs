//! The printer: values to text, for `write` and for `disp`.
//!
//! What is still to be printed waits on a stack, in the heap for real output, so nothing is too deep to print.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{Heap, ObjectRef, Unpacked, Value};

use crate::closures;
use crate::conditions;
use crate::fault::Outcome;
use crate::numbers::{Number, parse, print::to_text};
use crate::ports;
use crate::scratch::ValueStack;
use crate::symbols;
use crate::tables;
use crate::tagged;
use crate::text::{CharBuffer, Text};
use crate::world::World;

/// Whether text is for reading back or for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// So that it reads back, where it can.
    Write,
    /// For people: strings and characters as they are.
    Display,
}

/// Where text goes, and where what is still to be printed waits.
trait Out {
    fn world(&self) -> &World;
    fn put(&mut self, text: &str) -> Outcome<()>;
    fn put_char(&mut self, character: char) -> Outcome<()> {
        self.put(character.encode_utf8(&mut [0; 4]))
    }
    fn push(&mut self, task: Task, value: Value) -> Outcome<()>;
    fn pop(&mut self) -> Option<(Task, Value)>;
    /// Called now and then; fails when printing should stop.
    fn step(&mut self) -> Outcome<()>;
}

/// What is still to be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    /// A value.
    Value = 0,
    /// The rest of a list, after one of its elements.
    Rest = 1,
    /// One of [`LITERALS`], by its number.
    Literal = 2,
    /// The entries of a table from the one with this number on; the table follows as a task of its own.
    Entries = 3,
}

const LITERALS: [&str; 4] = [")", " ", ">", " . "];
const CLOSE: Value = Value::small(0);
const BLANK: Value = Value::small(1);
const END_OPAQUE: Value = Value::small(2);
const DOT: Value = Value::small(3);

impl Task {
    fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Value,
            1 => Self::Rest,
            2 => Self::Literal,
            _ => Self::Entries,
        }
    }
}

/// Prints a value to a port.
pub(crate) fn print(world: &mut World, value: Value, mode: Mode, port: ObjectRef) -> Outcome<()> {
    let collected = ports::collected_bytes(world, port);
    let mut out = PortOut { world, port, stack: ValueStack::default() };
    let result = print_to(&mut out, value, mode);
    if result.is_err() {
        ports::cut_back(world, port, collected);
    }
    result
}

/// Adds a value as `disp` or `write` prints it to a buffer.
pub(crate) fn print_to_buffer(world: &mut World, value: Value, mode: Mode, buffer: &mut CharBuffer) -> Outcome<()> {
    print_to(&mut BufferOut { world, buffer, stack: ValueStack::default() }, value, mode)
}

/// A value as `write` prints it, at most about `most` characters of it.
pub(crate) fn excerpt(world: &World, value: Value, most: usize) -> String {
    let mut out = ExcerptOut { world, text: String::new(), left: most, stack: Vec::new() };
    if print_to(&mut out, value, Mode::Write).is_err() {
        out.text.push('…');
    }
    out.text
}

struct PortOut<'w> {
    world: &'w mut World,
    port: ObjectRef,
    stack: ValueStack,
}

impl Out for PortOut<'_> {
    fn world(&self) -> &World {
        self.world
    }

    fn put(&mut self, text: &str) -> Outcome<()> {
        ports::write_bytes(self.world, self.port, text.as_bytes())
    }

    fn push(&mut self, task: Task, value: Value) -> Outcome<()> {
        self.stack.push(&mut self.world.heap, value)?;
        Ok(self.stack.push(&mut self.world.heap, Value::small(task as u32))?)
    }

    fn pop(&mut self) -> Option<(Task, Value)> {
        pop(&mut self.stack, self.world)
    }

    fn step(&mut self) -> Outcome<()> {
        self.world.step()
    }
}

struct BufferOut<'w> {
    world: &'w mut World,
    buffer: &'w mut CharBuffer,
    stack: ValueStack,
}

impl Out for BufferOut<'_> {
    fn world(&self) -> &World {
        self.world
    }

    fn put(&mut self, text: &str) -> Outcome<()> {
        for character in text.chars() {
            self.buffer.push(&mut self.world.heap, character)?;
        }
        Ok(())
    }

    fn push(&mut self, task: Task, value: Value) -> Outcome<()> {
        self.stack.push(&mut self.world.heap, value)?;
        Ok(self.stack.push(&mut self.world.heap, Value::small(task as u32))?)
    }

    fn pop(&mut self) -> Option<(Task, Value)> {
        pop(&mut self.stack, self.world)
    }

    fn step(&mut self) -> Outcome<()> {
        self.world.step()
    }
}

fn pop(stack: &mut ValueStack, world: &World) -> Option<(Task, Value)> {
    let task = stack.pop(&world.heap)?.as_fixnum().unwrap_or(0);
    Some((Task::from_number(task), stack.pop(&world.heap)?))
}

/// Keeps a bounded number of characters, so its stack is bounded too: every open list costs one.
struct ExcerptOut<'w> {
    world: &'w World,
    text: String,
    left: usize,
    stack: Vec<(Task, Value)>,
}

impl Out for ExcerptOut<'_> {
    fn world(&self) -> &World {
        self.world
    }

    fn put(&mut self, text: &str) -> Outcome<()> {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(crate::fault::Fault::Interrupted)?;
            self.text.push(character);
        }
        Ok(())
    }

    fn push(&mut self, task: Task, value: Value) -> Outcome<()> {
        self.stack.push((task, value));
        Ok(())
    }

    fn pop(&mut self) -> Option<(Task, Value)> {
        self.stack.pop()
    }

    fn step(&mut self) -> Outcome<()> {
        Ok(())
    }
}

fn print_to(out: &mut impl Out, value: Value, mode: Mode) -> Outcome<()> {
    print_one(out, value, mode)?;
    while let Some((task, value)) = out.pop() {
        out.step()?;
        match task {
            Task::Value => print_one(out, value, mode)?,
            Task::Literal => out.put(LITERALS[value.as_fixnum().unwrap_or(0) as usize % LITERALS.len()])?,
            Task::Rest => match out.world().uncons(value) {
                Some((car, cdr)) => {
                    out.put(" ")?;
                    out.push(Task::Rest, cdr)?;
                    print_one(out, car, mode)?;
                }
                None if value.is_nil() => out.put(")")?,
                None => {
                    out.put(" . ")?;
                    out.push(Task::Literal, CLOSE)?;
                    print_one(out, value, mode)?;
                }
            },
            Task::Entries => {
                let Some((_, table)) = out.pop() else { return Ok(()) };
                print_entry(out, table, value, mode)?;
            }
        }
    }
    Ok(())
}

fn print_entry(out: &mut impl Out, table: Value, from: Value, mode: Mode) -> Outcome<()> {
    let from = from.as_fixnum().unwrap_or(0) as usize;
    let Some(object) = table.as_object() else { return Ok(()) };
    let Some((at, key, value)) = tables::next(&out.world().heap, object, from) else { return out.put(")") };
    if tables::next(&out.world().heap, object, 0).is_some_and(|(first, ..)| first != at) {
        out.put(" ")?;
    }
    out.push(Task::Value, table)?;
    out.push(Task::Entries, Value::size(at + 1))?;
    out.put("(")?;
    out.push(Task::Literal, CLOSE)?;
    out.push(Task::Value, value)?;
    out.push(Task::Literal, DOT)?;
    print_one(out, key, mode)
}

/// Prints the beginning of a value and pushes what follows.
fn print_one(out: &mut impl Out, value: Value, mode: Mode) -> Outcome<()> {
    match value.unpack() {
        Unpacked::Fixnum(number) => out.put(&number.to_string()),
        Unpacked::Cell(cell) => {
            let (car, cdr) = (out.world().heap.car(cell), out.world().heap.cdr(cell));
            out.put("(")?;
            out.push(Task::Rest, cdr)?;
            // The car is printed by the loop, so that a list nested in its car is no recursion.
            out.push(Task::Value, car)
        }
        Unpacked::Char(character) if mode == Mode::Display => out.put_char(character),
        Unpacked::Char(character) => print_char(out, character),
        Unpacked::Builtin(number) => {
            out.put("#<procedure:")?;
            out.put((out.world().name_of_builtin)(number))?;
            out.put(">")
        }
        Unpacked::Constant(Value::NIL) => out.put("nil"),
        Unpacked::Constant(Value::T) => out.put("t"),
        Unpacked::Constant(Value::EOF) => out.put("#<eof>"),
        Unpacked::Constant(_) => out.put("#<unbound>"),
        Unpacked::Object(object) => print_object(out, object, mode),
    }
}

fn print_object(out: &mut impl Out, object: ObjectRef, mode: Mode) -> Outcome<()> {
    let heap = &out.world().heap;
    let Some(kind) = heap.header(object).kind() else { return out.put("#<corrupt>") };
    match kind {
        ObjectKind::String => print_string(out, object, mode),
        ObjectKind::Symbol => print_symbol(out, object, mode),
        ObjectKind::Float | ObjectKind::Bignum | ObjectKind::Ratio => {
            let text = Number::of(heap, Value::object(object))?.map(|number| to_text(&number, 10));
            out.put(&text.unwrap_or_default())
        }
        ObjectKind::Table => {
            out.put("#hash(")?;
            out.push(Task::Value, Value::object(object))?;
            out.push(Task::Entries, Value::small(0))
        }
        ObjectKind::Tagged => {
            let (tag, rep) = (tagged::tag(out.world(), object), tagged::rep(heap, object));
            out.put("#(tagged ")?;
            out.push(Task::Literal, CLOSE)?;
            out.push(Task::Value, rep)?;
            out.push(Task::Literal, BLANK)?;
            print_one(out, tag, mode)
        }
        ObjectKind::Closure => {
            let (builtin, name) = closures::name(heap, object);
            let name = if name.is_nil() { String::new() } else { symbols::name_prefix(heap, name, 4096) };
            match (builtin, name.is_empty()) {
                (true, _) => out.put(&format!("#<procedure:{name}>")),
                (false, true) => out.put("#<procedure>"),
                (false, false) => out.put(&format!("#<procedure: {name}>")),
            }
        }
        ObjectKind::Continuation => out.put("#<continuation>"),
        ObjectKind::Port if ports::is_listener(out.world(), Value::object(object)) => out.put("#<socket>"),
        ObjectKind::Port => {
            let direction =
                if ports::direction(out.world(), Value::object(object)) == Some(true) { "input" } else { "output" };
            let label = ports::label(out.world(), object);
            out.put(&format!("#<{direction}-port:{label}>"))
        }
        ObjectKind::Condition => {
            out.put("#<exception: ")?;
            out.push(Task::Literal, END_OPAQUE)?;
            let message = conditions::message(&out.world().heap, object);
            out.push(Task::Value, message)
        }
        other => out.put(&format!("#<{}>", other.name())),
    }
}

/// Characters that are put at once where nothing comes between them.
const RUN: usize = 64;

/// Puts the characters of an object, a string or a symbol, as they are.
fn put_text(out: &mut impl Out, object: ObjectRef, text_of: fn(&Heap, ObjectRef) -> Text<'_>) -> Outcome<()> {
    let mut from = 0;
    loop {
        out.step()?;
        let text = text_of(&out.world().heap, object);
        let mut run = [0; RUN * 4];
        let (mut bytes, mut index) = (0, from);
        while index - from < RUN
            && let Some(character) = text.get(index)
        {
            bytes += character.encode_utf8(&mut run[bytes..]).len();
            index += 1;
        }
        if index == from {
            return Ok(());
        }
        from = index;
        out.put(std::str::from_utf8(&run[..bytes]).unwrap_or_default())?;
    }
}

fn print_string(out: &mut impl Out, string: ObjectRef, mode: Mode) -> Outcome<()> {
    if mode == Mode::Display {
        return put_text(out, string, |heap, string| Text::of(heap, string));
    }
    let length = Text::of(&out.world().heap, string).len();
    out.put("\"")?;
    for index in 0..length {
        out.step()?;
        let Some(character) = Text::of(&out.world().heap, string).get(index) else { break };
        match character {
            '"' => out.put("\\\"")?,
            '\\' => out.put("\\\\")?,
            '\n' => out.put("\\n")?,
            '\t' => out.put("\\t")?,
            '\r' => out.put("\\r")?,
            '\u{7}' => out.put("\\a")?,
            '\u{8}' => out.put("\\b")?,
            '\u{b}' => out.put("\\v")?,
            '\u{c}' => out.put("\\f")?,
            '\u{1b}' => out.put("\\e")?,
            control if control.is_control() => out.put(&format!("\\u{:04X}", u32::from(control)))?,
            plain => out.put_char(plain)?,
        }
    }
    out.put("\"")
}

fn print_char(out: &mut impl Out, character: char) -> Outcome<()> {
    out.put("#\\")?;
    match character {
        '\0' => out.put("nul"),
        '\u{8}' => out.put("backspace"),
        '\t' => out.put("tab"),
        '\n' => out.put("newline"),
        '\u{b}' => out.put("vtab"),
        '\u{c}' => out.put("page"),
        '\r' => out.put("return"),
        ' ' => out.put("space"),
        '\u{7f}' => out.put("rubout"),
        control if control.is_control() => out.put(&format!("u{:04X}", u32::from(control))),
        plain => out.put_char(plain),
    }
}

/// How a symbol must be written to read back as itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    None,
    Bars,
    Backslashes,
}

/// Names longer than this can't be taken for numbers.
const LONGEST_NUMBER: usize = 4096;

fn quoting(name: Text<'_>) -> Quoting {
    let mut quoting = Quoting::None;
    for (index, character) in name.chars().enumerate() {
        match character {
            '|' => return Quoting::Backslashes,
            '(' | ')' | '[' | ']' | '{' | '}' | '"' | ',' | '\'' | '`' | ';' | '\\' => quoting = Quoting::Bars,
            '#' if index == 0 && name.get(1) != Some('%') => quoting = Quoting::Bars,
            blank if blank.is_whitespace() => quoting = Quoting::Bars,
            _ => {}
        }
    }
    let reads_otherwise = match name.len() {
        0 => true,
        1 => name.get(0) == Some('.'),
        _ => false,
    };
    let first = name.get(0).unwrap_or(' ');
    let numeric = (first.is_ascii_digit() || matches!(first, '+' | '-' | '.'))
        && name.len() <= LONGEST_NUMBER
        && !matches!(parse::parse(&name.prefix(LONGEST_NUMBER), 10), Ok(None));
    if reads_otherwise || numeric { Quoting::Bars } else { quoting }
}

fn print_symbol(out: &mut impl Out, symbol: ObjectRef, mode: Mode) -> Outcome<()> {
    let name = symbols::name_of(&out.world().heap, symbol);
    let (length, quoting) = (name.len(), if mode == Mode::Write { quoting(name) } else { Quoting::None });
    match quoting {
        Quoting::None => put_text(out, symbol, symbols::name_of),
        Quoting::Bars => {
            out.put("|")?;
            put_text(out, symbol, symbols::name_of)?;
            out.put("|")
        }
        Quoting::Backslashes => {
            for index in 0..length {
                out.step()?;
                let Some(character) = symbols::name_of(&out.world().heap, symbol).get(index) else { break };
                let is_plain = character.is_alphanumeric() || "-+*/_!?<>=:.~&$%^@".contains(character);
                // What begins with a hash, an unescaped one, is a character or a comment.
                if !(is_plain || character == '#' && index > 0) {
                    out.put("\\")?;
                }
                out.put_char(character)?;
            }
            Ok(())
        }
    }
}
