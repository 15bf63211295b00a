//! Symbols: interning, the names the runtime itself uses, global values.
//!
//! A symbol is an object of three values: its name, the value of the global variable of that name, and a fixnum with the
//! hash of the name and a few facts. The table of interned symbols is a heap vector, probed linearly.
//!
//! A name is a string. Most are shorter than the header of one, and are kept in the word that would refer to it, which is a
//! fixnum then: two bits of tag and six of length, and in each of the other bytes a character.

use std::cmp::Ordering;

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{Exhausted, Heap, ObjectRef, Value};

use crate::ssyntax;
use crate::text::{CharBuffer, Text};

const NAME: usize = 0;
const VALUE: usize = 1;
const INFO: usize = 2;

/// Characters of a name that is kept in its word, at most. Where the first byte of a word is the highest, none is.
const SHORT: usize = if cfg!(target_endian = "little") { 7 } else { 0 };
/// Bits of a fixnum's tag.
const TAG_BITS: u32 = 2;

/// The name holds a character that is special in symbol syntax.
const SSYNTAX: i64 = 1 << 32;
/// Compiled code does what the builtin bound to this symbol does, without asking the symbol.
const INLINED: i64 = 1 << 33;
const HASH_MASK: i64 = 0xffff_ffff;

macro_rules! known {
    ($($variant:ident $name:literal,)*) => {
        /// The symbols that the runtime itself uses.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        pub(crate) enum Known { $($variant,)* }

        pub(crate) const KNOWN_NAMES: &[&str] = &[$($name,)*];
    };
}

known! {
    Quote "quote",
    Quasiquote "quasiquote",
    Unquote "unquote",
    UnquoteSplicing "unquote-splicing",
    If "if",
    Fn "fn",
    Assign "assign",
    Compose "compose",
    Complement "complement",
    Andf "andf",
    And "and",
    No "no",
    Get "get",
    String "string",
    Optional "o",
    Underscore "_",
    Mac "mac",
    Append "append",
    Sym "sym",
    Cons "cons",
    Int "int",
    Num "num",
    Char "char",
    Table "table",
    Input "input",
    Output "output",
    Exception "exception",
    Thread "thread",
    Socket "socket",
    Vector "vector",
    Atstrings "atstrings",
    ExplicitFlush "explicit-flush",
    AtomicInvoke "atomic-invoke",
    Sig "sig",
    That "that",
}

/// The table of interned symbols, and the known ones.
#[derive(Debug)]
pub(crate) struct Symbols {
    table: Value,
    count: usize,
    known: [Value; KNOWN_NAMES.len()],
    /// How many symbols `uniq` made.
    pub(crate) uniq: u64,
}

const FIRST_TABLE: usize = 1024;

impl Symbols {
    pub(crate) fn new(heap: &mut Heap) -> Result<Self, Exhausted> {
        let table = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, FIRST_TABLE * 8)?;
        let mut symbols =
            Self { table: Value::object(table), count: 0, known: [Value::NIL; KNOWN_NAMES.len()], uniq: 0 };
        for (index, name) in KNOWN_NAMES.iter().enumerate() {
            symbols.known[index] = symbols.intern_str(heap, name)?;
        }
        Ok(symbols)
    }

    /// No symbols; the values are to be filled in.
    pub(crate) fn empty(count: usize, uniq: u64) -> Self {
        Self { table: Value::NIL, count, known: [Value::NIL; KNOWN_NAMES.len()], uniq }
    }

    /// How many symbols are interned.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The symbols whose global variables have values, in no order.
    pub(crate) fn bound<'h>(&self, heap: &'h Heap) -> impl Iterator<Item = ObjectRef> + use<'h> {
        let table = self.table.as_object();
        let slots = table.map_or(0, |table| heap.header(table).payload_words());
        let symbols = (0..slots).filter_map(move |at| heap.value(table?, at).as_object());
        symbols.filter(|symbol| global(heap, *symbol) != Value::UNBOUND)
    }

    /// The names of those that are no longer than this. Names that begin with `%` are a library's own and left out.
    pub(crate) fn bound_names<'h>(&self, heap: &'h Heap, longest: usize) -> impl Iterator<Item = String> + use<'h> {
        let names = self.bound(heap).map(|symbol| name_of(heap, symbol)).filter(move |name| name.len() <= longest);
        names.map(move |name| name.prefix(longest)).filter(|name| !name.starts_with('%'))
    }

    pub(crate) fn each_root(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        visit(&mut self.table);
        self.known.iter_mut().for_each(visit);
    }

    pub(crate) fn known(&self, known: Known) -> Value {
        self.known[known as usize]
    }

    /// The symbol with this name.
    pub(crate) fn intern_str(&mut self, heap: &mut Heap, name: &str) -> Result<Value, Exhausted> {
        let mut buffer = CharBuffer::default();
        for character in name.chars() {
            buffer.push(heap, character)?;
        }
        self.intern(heap, &buffer)
    }

    /// The symbol with this name, if there is one.
    pub(crate) fn find(&self, heap: &Heap, name: &str) -> Option<ObjectRef> {
        let table = self.table.as_object()?;
        let symbols = (0..heap.header(table).payload_words()).filter_map(|at| heap.value(table, at).as_object());
        let mut named = symbols.filter(|symbol| name_of(heap, *symbol).chars().eq(name.chars()));
        named.next()
    }

    /// The names of the global variables that have a value and begin so, sorted, at most so many.
    pub(crate) fn bound_with_prefix(&self, heap: &Heap, prefix: &str, most: usize) -> Vec<String> {
        let Some(table) = self.table.as_object() else { return Vec::new() };
        let symbols = (0..heap.header(table).payload_words()).filter_map(|at| heap.value(table, at).as_object());
        let bound = symbols.filter(|symbol| global(heap, *symbol) != Value::UNBOUND);
        let longest = 200;
        let names = bound.map(|symbol| name_of(heap, symbol).prefix(longest));
        let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort_unstable();
        names.truncate(most);
        names
    }

    /// The symbol with this name; nil and t have values of their own.
    pub(crate) fn intern(&mut self, heap: &mut Heap, name: &CharBuffer) -> Result<Value, Exhausted> {
        if name.is(heap, "nil") {
            return Ok(Value::NIL);
        }
        if name.is(heap, "t") {
            return Ok(Value::T);
        }
        let hash = name.chars(heap).fold(FNV_START, fnv);
        let Some(table) = self.table.as_object() else { return Ok(Value::NIL) };
        let mask = heap.header(table).payload_words() - 1;
        let mut at = hash as usize & mask;
        while let Some(symbol) = heap.value(table, at).as_object() {
            if info(heap, symbol) & HASH_MASK == i64::from(hash) && same_name(heap, symbol, name) {
                return Ok(Value::object(symbol));
            }
            at = (at + 1) & mask;
        }
        let symbol = make(heap, name, hash)?;
        if (self.count + 1) * 2 > mask {
            self.grow(heap)?;
        }
        self.insert(heap, symbol, hash);
        self.count += 1;
        Ok(symbol)
    }

    fn insert(&self, heap: &mut Heap, symbol: Value, hash: u32) {
        let Some(table) = self.table.as_object() else { return };
        let mask = heap.header(table).payload_words() - 1;
        let mut at = hash as usize & mask;
        while heap.value(table, at).is_object() {
            at = (at + 1) & mask;
        }
        heap.set_value(table, at, symbol);
    }

    fn grow(&mut self, heap: &mut Heap) -> Result<(), Exhausted> {
        let Some(old) = self.table.as_object() else { return Ok(()) };
        let slots = heap.header(old).payload_words();
        let larger = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, slots * 2 * 8)?;
        self.table = Value::object(larger);
        for at in 0..slots {
            if let Some(symbol) = heap.value(old, at).as_object() {
                let hash = (info(heap, symbol) & HASH_MASK) as u32;
                self.insert(heap, Value::object(symbol), hash);
            }
        }
        Ok(())
    }

    /// A new symbol that no text reads as.
    pub(crate) fn make_uniq(&mut self, heap: &mut Heap) -> Result<Value, Exhausted> {
        self.uniq += 1;
        let mut name = CharBuffer::default();
        for character in format!("gs{}", self.uniq).chars() {
            name.push(heap, character)?;
        }
        let hash = name.chars(heap).fold(FNV_START, fnv);
        make(heap, &name, hash)
    }
}

fn make(heap: &mut Heap, name: &CharBuffer, hash: u32) -> Result<Value, Exhausted> {
    let text = match short_name(heap, name) {
        Some(short) => short,
        None => name.finish(heap)?,
    };
    let symbol = heap.allocate(ObjectKind::Symbol, ObjectFlags::NONE, 3 * 8)?;
    let special = if ssyntax::is_special(name, heap) { SSYNTAX } else { 0 };
    heap.set_value(symbol, NAME, text);
    heap.set_value(symbol, VALUE, Value::UNBOUND);
    set_info(heap, symbol, i64::from(hash) | special);
    Ok(Value::object(symbol))
}

/// A name as the word of a symbol has it, if it is short and a byte is enough for each character.
fn short_name(heap: &Heap, name: &CharBuffer) -> Option<Value> {
    if name.len() > SHORT {
        return None;
    }
    let mut word = [0; 8];
    word[0] = (name.len() << TAG_BITS) as u8;
    for (byte, character) in word[1..].iter_mut().zip(name.chars(heap)) {
        *byte = u8::try_from(u32::from(character)).ok()?;
    }
    Value::fixnum(i64::from_le_bytes(word) >> TAG_BITS)
}

/// The characters of a name that is kept in the word of its symbol.
fn short_text(heap: &Heap, symbol: ObjectRef) -> &[u8] {
    let word = &heap.bytes(symbol)[NAME * 8..(NAME + 1) * 8];
    let length = usize::from(word[0] >> TAG_BITS).min(SHORT);
    &word[1..=length]
}

fn same_name(heap: &Heap, symbol: ObjectRef, name: &CharBuffer) -> bool {
    let text = name_of(heap, symbol);
    text.len() == name.len() && text.chars().eq(name.chars(heap))
}

const FNV_START: u32 = 0x811c_9dc5;

fn fnv(hash: u32, character: char) -> u32 {
    (hash ^ u32::from(character)).wrapping_mul(0x0100_0193)
}

fn info(heap: &Heap, symbol: ObjectRef) -> i64 {
    heap.value(symbol, INFO).as_fixnum().unwrap_or(0)
}

/// The hash of a symbol's name, which does not change when the symbol moves.
pub(crate) fn name_hash(heap: &Heap, symbol: ObjectRef) -> u64 {
    (info(heap, symbol) & HASH_MASK) as u64 * 0x9e37_79b9
}

fn set_info(heap: &mut Heap, symbol: ObjectRef, info: i64) {
    if let Some(info) = Value::fixnum(info) {
        heap.set_value(symbol, INFO, info);
    }
}

/// The characters of a symbol's name.
pub(crate) fn name_of(heap: &Heap, symbol: ObjectRef) -> Text<'_> {
    match heap.value(symbol, NAME).as_object() {
        Some(name) => Text::of(heap, name),
        None => Text::Narrow(short_text(heap, symbol)),
    }
}

/// The order of the names of two symbols.
pub(crate) fn name_order(heap: &Heap, left: Value, right: Value) -> Ordering {
    let object = |symbol| heap.as_kind(symbol, ObjectKind::Symbol);
    match (object(left), object(right)) {
        (Some(left), Some(right)) => name_of(heap, left).chars().cmp(name_of(heap, right).chars()),
        // The other names are shorter than this.
        _ => name_prefix(heap, left, 4).cmp(&name_prefix(heap, right, 4)),
    }
}

/// The name of a symbol, nil and t included, outside the heap, cut to `most` characters; empty for anything else.
pub(crate) fn name_prefix(heap: &Heap, symbol: Value, most: usize) -> String {
    match heap.as_kind(symbol, ObjectKind::Symbol) {
        Some(object) => name_of(heap, object).prefix(most),
        None if symbol == Value::NIL => "nil".to_owned(),
        None if symbol == Value::T => "t".to_owned(),
        None => String::new(),
    }
}

/// The value of the global variable; [`Value::UNBOUND`] when it has none.
#[inline(always)]
pub(crate) fn global(heap: &Heap, symbol: ObjectRef) -> Value {
    heap.value(symbol, VALUE)
}

/// Gives the global variable a value.
#[inline(always)]
pub(crate) fn set_global(heap: &mut Heap, symbol: ObjectRef, value: Value) {
    heap.set_value(symbol, VALUE, value);
}

/// Whether this of a symbol's values is that of its global variable.
pub(crate) fn is_global(reference: usize) -> bool {
    reference == VALUE
}

/// Whether the name holds a character that is special in symbol syntax.
pub(crate) fn has_ssyntax(heap: &Heap, symbol: ObjectRef) -> bool {
    info(heap, symbol) & SSYNTAX != 0
}

/// Whether compiled code does what the builtin bound to this symbol does without asking the symbol.
#[inline(always)]
pub(crate) fn is_inlined(heap: &Heap, symbol: ObjectRef) -> bool {
    info(heap, symbol) & INLINED != 0
}

/// Notes whether compiled code does what the builtin bound to this symbol does.
pub(crate) fn set_inlined(heap: &mut Heap, symbol: ObjectRef, inlined: bool) {
    let rest = info(heap, symbol) & !INLINED;
    set_info(heap, symbol, if inlined { rest | INLINED } else { rest });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_short_and_long_are_what_they_were_made_of() {
        let mut heap = Heap::new().unwrap();
        let mut symbols = Symbols::new(&mut heap).unwrap();
        let names = ["", "a", "afn", "sixsix", "seven-7", "eight--8", "ÿÿÿÿÿÿÿ", "\0\0", "λ", "ab\u{100}"];
        let made = names.map(|name| symbols.intern_str(&mut heap, name).unwrap());
        for (name, symbol) in names.into_iter().zip(made) {
            assert_eq!(name_prefix(&heap, symbol, 100), name);
            assert_eq!(symbols.intern_str(&mut heap, name).unwrap(), symbol);
            let in_word = heap.value(symbol.as_object().unwrap(), NAME).is_fixnum();
            assert_eq!(in_word, name.chars().count() <= SHORT && name.chars().all(|c| u32::from(c) < 256), "{name}");
        }
    }

    #[test]
    fn equal_names_are_one_symbol_however_many_there_are() {
        let mut heap = Heap::new().unwrap();
        let mut symbols = Symbols::new(&mut heap).unwrap();
        let names: Vec<String> = (0..5000).map(|n| format!("name-{n}-λ")).collect();
        let first: Vec<_> = names.iter().map(|name| symbols.intern_str(&mut heap, name).unwrap()).collect();
        let again: Vec<_> = names.iter().map(|name| symbols.intern_str(&mut heap, name).unwrap()).collect();
        assert_eq!(first, again);
        assert_eq!(name_prefix(&heap, first[77], 100), "name-77-λ");
        assert_eq!(symbols.intern_str(&mut heap, "nil").unwrap(), Value::NIL);
        assert_eq!(symbols.intern_str(&mut heap, "t").unwrap(), Value::T);
        assert_ne!(symbols.make_uniq(&mut heap).unwrap(), symbols.intern_str(&mut heap, "gs1").unwrap());
    }
}
