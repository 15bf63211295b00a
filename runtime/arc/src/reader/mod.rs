//! The reader: text to data.
//!
//! * [`lexer`] characters to tokens
//!
//! Here tokens become data. Open lists and prefixes wait on a stack in the heap, so a million parentheses are no
//! deeper for the reader than one.

mod lexer;

use heapatlas_heap::{ObjectRef, Value};

use crate::fault::{Failure, FailureKind, Fault, Outcome};
use crate::numbers::parse::{Mistake, parse};
use crate::numbers::{BUFFERS, room};
use crate::ports;
use crate::positions::{Place, PositionsBuilder};
use crate::scratch::ValueStack;
use crate::symbols::Known;
use crate::text::CharBuffer;
use crate::world::World;
use lexer::{Bracket, Lexer, Token};

/// What is wrong with bytes that are no text.
pub(crate) const NOT_TEXT: &str = "invalid UTF-8";

/// No number is read from a token longer than this.
const LONGEST_NUMBER: usize = 1 << 26;

/// The symbol or number that a token without quoting is.
pub(crate) fn atom(world: &mut World, token: &CharBuffer) -> Outcome<Value> {
    let first = if token.len() > 0 { token.get(&world.heap, 0) } else { ' ' };
    if first.is_ascii_digit() || matches!(first, '+' | '-' | '.' | '#') {
        room(&world.heap, token.len().min(LONGEST_NUMBER) * BUFFERS)?;
        let number = match token.short(&world.heap, LONGEST_NUMBER) {
            Some(text) => parse(&text, 10),
            None => Ok(None),
        };
        match number {
            Ok(Some(number)) => return number.store(&mut world.heap),
            Ok(None) => {}
            Err(Mistake::ZeroDenominator) => {
                return Err(Fault::failure(FailureKind::Arithmetic, "division by zero in a number"));
            }
            Err(Mistake::TooLong) => return Err(crate::numbers::too_large()),
        }
    }
    Ok(world.symbols.intern(&mut world.heap, token)?)
}

/// Reads the next datum of an input port; `None` at the end of the input. When it fails because the heap has no room
/// or the port has nothing yet, the port stands where it stood before. Where the port has a name, notes where the lists
/// of the datum begin.
pub(crate) fn read(world: &mut World, port: ObjectRef) -> Outcome<Option<Value>> {
    let mark = ports::set_mark(world, port);
    let result = Reader::new(world, port).read();
    match result {
        Err(Fault::Exhausted(_) | Fault::Waits(_)) => ports::go_back(world, port, mark),
        _ => ports::clear_mark(world, port),
    }
    result
}

/// What is open around the next datum.
#[derive(Clone, Copy)]
enum Open {
    /// A list in parentheses or braces.
    List = 0,
    /// A function in brackets.
    Function = 1,
    /// A quotation mark: the next datum becomes the second element of a list.
    Prefix = 2,
    /// A datum comment: the next datum is dropped.
    Skip = 3,
}

/// Values on the stack for each open thing: the sort with the bracket, the first cell or the symbol of the prefix, the
/// last cell, the state of the dot, and the place.
const FRAME: usize = 5;

/// Whether a list has met a dot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dot {
    None = 0,
    Seen = 1,
    Done = 2,
}

struct Reader<'w> {
    world: &'w mut World,
    lexer: Lexer,
    stack: ValueStack,
    positions: Option<PositionsBuilder>,
}

impl<'w> Reader<'w> {
    fn new(world: &'w mut World, port: ObjectRef) -> Self {
        let named = !ports::name(world, port).is_nil();
        let positions = named.then(PositionsBuilder::default);
        Self { world, lexer: Lexer::new(port), stack: ValueStack::default(), positions }
    }

    fn read(mut self) -> Outcome<Option<Value>> {
        let value = self.datum()?;
        self.world.positions = match self.positions {
            Some(positions) => {
                let name = ports::name(self.world, self.lexer.port());
                positions.finish(self.world, name)?
            }
            None => Value::NIL,
        };
        Ok(value)
    }

    fn datum(&mut self) -> Outcome<Option<Value>> {
        loop {
            self.world.step()?;
            let token = self.lexer.next(self.world)?;
            let place = self.lexer.token_place();
            if self.stack.is_empty() {
                self.world.datum_place = place;
            }
            let value = match token {
                Token::Open(bracket) => {
                    let open = if bracket == Bracket::Square { Open::Function } else { Open::List };
                    self.open(open, bracket as u32, Value::NIL, place)?;
                    continue;
                }
                Token::Prefix(known) => {
                    let symbol = self.world.known(known);
                    self.open(Open::Prefix, 0, symbol, place)?;
                    continue;
                }
                Token::SkipDatum => {
                    self.open(Open::Skip, 0, Value::NIL, place)?;
                    continue;
                }
                Token::Dot => {
                    self.dot()?;
                    continue;
                }
                Token::Close(bracket) => self.close(bracket)?,
                Token::Value(value) => value,
                Token::End if self.stack.is_empty() => return Ok(None),
                Token::End => return Err(self.unfinished()),
            };
            if let Some(value) = self.deliver(value)? {
                return Ok(Some(value));
            }
        }
    }

    fn open(&mut self, open: Open, bracket: u32, first: Value, place: Place) -> Outcome<()> {
        let heap = &mut self.world.heap;
        self.stack.push(heap, Value::small(open as u32 | bracket << 8))?;
        self.stack.push(heap, first)?;
        self.stack.push(heap, Value::NIL)?;
        self.stack.push(heap, Value::small(Dot::None as u32))?;
        self.stack.push(heap, place.value())?;
        Ok(())
    }

    /// Field `field` of the innermost open thing.
    fn top(&self, field: usize) -> Value {
        self.stack.get(&self.world.heap, self.stack.len() - FRAME + field)
    }

    fn set_top(&mut self, field: usize, value: Value) {
        let at = self.stack.len() - FRAME + field;
        self.stack.set(&mut self.world.heap, at, value);
    }

    fn top_open(&self) -> Option<Open> {
        if self.stack.is_empty() {
            return None;
        }
        Some(match self.top(0).as_fixnum().unwrap_or(0) & 0xff {
            0 => Open::List,
            1 => Open::Function,
            2 => Open::Prefix,
            _ => Open::Skip,
        })
    }

    /// Hands a datum to what is open around it; gives it back when nothing is.
    fn deliver(&mut self, value: Value) -> Outcome<Option<Value>> {
        let mut value = value;
        loop {
            match self.top_open() {
                None => return Ok(Some(value)),
                Some(Open::List | Open::Function) => {
                    self.append(value)?;
                    return Ok(None);
                }
                Some(Open::Prefix) => {
                    let (symbol, place) = (self.top(1), self.top(4));
                    self.stack.truncate(self.stack.len() - FRAME);
                    value = self.world.list(&[symbol, value])?;
                    self.note(value, place)?;
                }
                Some(Open::Skip) => {
                    self.stack.truncate(self.stack.len() - FRAME);
                    return Ok(None);
                }
            }
        }
    }

    fn append(&mut self, value: Value) -> Outcome<()> {
        let state = self.top(3).as_fixnum().unwrap_or(0);
        if state == Dot::Done as i64 {
            return Err(self.mistake("more than one datum after a dot"));
        }
        if state == Dot::Seen as i64 {
            if let Some(last) = self.top(2).as_cell() {
                self.world.heap.set_cdr(last, value);
            }
            self.set_top(3, Value::small(Dot::Done as u32));
            return Ok(());
        }
        let cell = self.world.cons(value, Value::NIL)?;
        match self.top(2).as_cell() {
            Some(last) => self.world.heap.set_cdr(last, cell),
            None => self.set_top(1, cell),
        }
        self.set_top(2, cell);
        Ok(())
    }

    fn dot(&mut self) -> Outcome<()> {
        let in_list = matches!(self.top_open(), Some(Open::List | Open::Function));
        if !in_list || self.top(2).is_nil() || self.top(3) != Value::small(Dot::None as u32) {
            return Err(self.mistake("a dot that does not stand between the last two parts of a list"));
        }
        self.set_top(3, Value::small(Dot::Seen as u32));
        Ok(())
    }

    fn close(&mut self, bracket: Bracket) -> Outcome<Value> {
        let Some(open) = self.top_open() else {
            return Err(self.mistake(&format!("{} without anything open", bracket.closing())));
        };
        if matches!(open, Open::Prefix | Open::Skip) {
            return Err(self.mistake(&format!("{} where a datum should be", bracket.closing())));
        }
        let opened = Bracket::from_number(self.top(0).as_fixnum().unwrap_or(0) >> 8);
        if opened != bracket {
            let place = Place::of(self.top(4));
            let (found, wanted) = (bracket.closing(), opened.closing());
            let opening = opened.opening();
            let what = format!("{found} where {wanted} should be, for the {opening} on line {}", place.line);
            return Err(self.mistake(&what));
        }
        if self.top(3) == Value::small(Dot::Seen as u32) {
            return Err(self.mistake("nothing after a dot"));
        }
        let (list, place) = (self.top(1), self.top(4));
        self.stack.truncate(self.stack.len() - FRAME);
        self.note(list, place)?;
        if !matches!(open, Open::Function) {
            return Ok(list);
        }
        let parameters = self.world.list(&[self.world.known(Known::Underscore)])?;
        let function = self.world.list(&[self.world.known(Known::Fn), parameters, list])?;
        self.note(function, place)?;
        Ok(function)
    }

    fn note(&mut self, list: Value, place: Value) -> Outcome<()> {
        match &mut self.positions {
            Some(positions) if list.is_cell() => positions.add(self.world, list, place),
            _ => Ok(()),
        }
    }

    #[cold]
    fn mistake(&self, what: &str) -> Fault {
        syntax(self.lexer.token_place(), what, false)
    }

    /// The failure of an input that ends inside something: it names what is open innermost but for prefixes.
    #[cold]
    fn unfinished(&self) -> Fault {
        let mut at = self.stack.len();
        let mut what = "a quotation mark";
        let mut place = Place::of(self.top(4));
        while at >= FRAME {
            at -= FRAME;
            let sort = self.stack.get(&self.world.heap, at).as_fixnum().unwrap_or(0);
            place = Place::of(self.stack.get(&self.world.heap, at + 4));
            if sort & 0xff <= Open::Function as i64 {
                what = Bracket::from_number(sort >> 8).opening();
                break;
            }
        }
        let Place { line, column } = place;
        syntax(place, &format!("the {what} opened on line {line}, column {column} is never closed"), true)
    }
}

/// The failure of text that is no datum.
#[cold]
fn syntax(place: Place, what: &str, incomplete: bool) -> Fault {
    let kind = FailureKind::Syntax { incomplete };
    Fault::Failure(Box::new(Failure { kind, message: what.to_owned(), place: Some(place) }))
}
