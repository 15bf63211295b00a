//! What the language reads and writes in cells, objects and code.

use super::Heap;
use crate::object::{Header, ObjectFlags, ObjectKind, Shape};
use crate::raw::{CellRef, CodeRef, ObjectRef};
use crate::space::limit::Exhausted;
use crate::value::Value;

impl Heap {
    /// The car of a cell.
    #[inline(always)]
    #[must_use]
    pub fn car(&self, cell: CellRef) -> Value {
        cell.car()
    }

    /// The cdr of a cell.
    #[inline(always)]
    #[must_use]
    pub fn cdr(&self, cell: CellRef) -> Value {
        cell.cdr()
    }

    /// The barrier: while a mark is under way, what is stored is shaded, whatever it is stored in.
    #[inline(always)]
    fn note_store(&mut self, value: Value) {
        if self.marking {
            self.shade(value);
        }
    }

    #[cold]
    fn shade(&mut self, value: Value) {
        self.collector.shade(value);
    }

    /// Replaces the car of a cell.
    #[inline(always)]
    pub fn set_car(&mut self, cell: CellRef, value: Value) {
        self.note_store(value);
        cell.store_car(value);
    }

    /// Replaces the cdr of a cell.
    #[inline(always)]
    pub fn set_cdr(&mut self, cell: CellRef, value: Value) {
        self.note_store(value);
        cell.store_cdr(value);
    }

    /// The header of an object.
    #[inline(always)]
    #[must_use]
    pub fn header(&self, object: ObjectRef) -> Header {
        object.header()
    }

    /// Whether a value is an object of this kind; then the object.
    #[inline(always)]
    #[must_use]
    pub fn as_kind(&self, value: Value, kind: ObjectKind) -> Option<ObjectRef> {
        value.as_object().filter(|object| object.header().is(kind))
    }

    /// Value `index` of an object whose payload is values, or value `index` after the count.
    ///
    /// # Panics
    /// When there is no such word.
    #[inline(always)]
    #[must_use]
    pub fn value(&self, object: ObjectRef, index: usize) -> Value {
        debug_assert!(holds_value(object, index), "word {index} of {:?} is no value", object.header());
        object.value(index)
    }

    /// Replaces value `index` of an object.
    ///
    /// # Panics
    /// When there is no such word.
    #[inline(always)]
    pub fn set_value(&mut self, object: ObjectRef, index: usize, value: Value) {
        debug_assert!(holds_value(object, index), "word {index} of {:?} is no value", object.header());
        self.note_store(value);
        object.store_word(index, value.bits());
    }

    /// Raw word `index` of an object.
    ///
    /// # Panics
    /// When there is no such word.
    #[inline(always)]
    #[must_use]
    pub fn word(&self, object: ObjectRef, index: usize) -> u64 {
        object.word(index)
    }

    /// Replaces raw word `index` of an object.
    ///
    /// # Panics
    /// When there is no such word, or the object's shape calls it a value.
    pub fn set_word(&mut self, object: ObjectRef, index: usize, word: u64) {
        assert!(!holds_value(object, index), "word {index} of {:?} is a value", object.header());
        object.store_word(index, word);
    }

    /// The payload of an object as bytes.
    #[inline]
    #[must_use]
    pub fn bytes(&self, object: ObjectRef) -> &[u8] {
        object.bytes(self)
    }

    /// The payload of an object without values, as bytes to write.
    ///
    /// # Panics
    /// When the object holds values.
    pub fn bytes_mut(&mut self, object: ObjectRef) -> &mut [u8] {
        assert_eq!(object.header().shape(), Shape::Raw, "{:?} holds values", object.header());
        object.bytes_mut(self)
    }

    /// Copies the first `count` bytes of one object without values to another.
    ///
    /// # Panics
    /// When one of them holds values or is shorter.
    pub fn copy_bytes(&mut self, from: ObjectRef, to: ObjectRef, count: usize) {
        assert_eq!(from.header().shape(), Shape::Raw, "{:?} holds values", from.header());
        if from != to {
            let mut done = 0;
            let mut window = [0; 512];
            while done < count {
                let size = (count - done).min(window.len());
                window[..size].copy_from_slice(&self.bytes(from)[done..done + size]);
                self.bytes_mut(to)[done..done + size].copy_from_slice(&window[..size]);
                done += size;
            }
        }
    }

    /// Turns a narrow string into one whose characters are in `bytes`, four bytes each.
    ///
    /// # Panics
    /// When `string` is not a string with characters of its own, or `bytes` has not four bytes for each.
    pub fn redirect_string(&mut self, string: ObjectRef, bytes: ObjectRef) {
        let header = string.header();
        assert!(header.is(ObjectKind::String) && header.flags() == ObjectFlags::NONE, "{header:?}");
        assert_eq!(bytes.header().payload_bytes(), 4 * header.payload_bytes());
        self.note_store(Value::object(bytes));
        string.store_first_word(Value::object(bytes).bits());
        string.store_header(header.with_flags(ObjectFlags::INDIRECT));
    }

    /// The bytes to which a narrow string was redirected.
    #[must_use]
    pub fn redirected(&self, string: ObjectRef) -> Option<ObjectRef> {
        let indirect = string.header().flags().has(ObjectFlags::INDIRECT);
        if indirect { Value::from_bits(string.first_word()).as_object() } else { None }
    }

    /// Keeps an object where it is from now on: somebody goes by its address.
    pub fn pin(&mut self, object: ObjectRef) {
        let header = object.header();
        object.store_header(header.with_flags(header.flags().with(ObjectFlags::PINNED)));
    }

    /// Counts the collections that moved something. Whoever goes by addresses of things that are not pinned must look
    /// again when it has changed.
    #[must_use]
    pub fn moves(&self) -> u64 {
        self.collector.moves()
    }

    /// A new code object with room for `constants` values and `words` raw words. Value `n` is word `1 + n`; the raw
    /// words come after the values.
    ///
    /// # Errors
    /// When there is no room.
    pub fn allocate_code(&mut self, constants: usize, words: usize) -> Result<ObjectRef, Exhausted> {
        let code = self.allocate(ObjectKind::Code, ObjectFlags::NONE, (1 + constants + words) * 8)?;
        code.store_word(0, Value::size(constants).bits());
        Ok(code)
    }

    /// A code object, for quick reading.
    ///
    /// # Panics
    /// When it is no code object.
    #[inline(always)]
    #[must_use]
    pub fn code(&self, code: ObjectRef) -> CodeRef {
        CodeRef::of(code)
    }

    /// How many constants a code object has.
    #[must_use]
    pub fn constants(&self, code: ObjectRef) -> usize {
        code.value(0).as_fixnum().map_or(0, |count| count as usize)
    }

    /// No code, for a machine that has not begun.
    #[must_use]
    pub fn no_code(&self) -> CodeRef {
        CodeRef::NONE
    }

    /// A constant of a code object.
    ///
    /// # Panics
    /// When there is no such constant.
    #[inline(always)]
    #[must_use]
    pub fn code_constant(&self, code: CodeRef, index: usize) -> Value {
        code.constant(index)
    }

    /// A raw word of a code object.
    ///
    /// # Panics
    /// When there is no such word.
    #[inline(always)]
    #[must_use]
    pub fn code_word(&self, code: CodeRef, index: usize) -> u64 {
        code.word(index)
    }
}

/// Whether the object's shape calls a payload word a value.
fn holds_value(object: ObjectRef, index: usize) -> bool {
    match object.header().shape() {
        Shape::Raw => false,
        Shape::Values => true,
        Shape::First => index == 0,
        Shape::Counted => {
            object.header().is(ObjectKind::Stack)
                || index <= object.value(0).as_fixnum().map_or(0, |count| count as usize)
        }
    }
}
