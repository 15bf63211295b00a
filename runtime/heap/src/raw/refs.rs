//! What a reference leads to: cells, objects, stacks, code.

use std::fmt;
use std::ptr;
use std::slice;

use super::{read, write};
use crate::heap::Heap;
use crate::object::{HEADER, Header, ObjectKind};
use crate::terms::Address;
use crate::value::Value;

/// A reference to a cell: 16 bytes, car and cdr, no header. See D2 in the source for how long it is good.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellRef(pub(super) Address);

impl CellRef {
    /// The reference in a value word tagged as a cell, its tag removed.
    #[inline(always)]
    pub(crate) const fn of_value(bits: u64) -> Self {
        Self(Address::new(bits as usize))
    }

    /// Where the cell lies.
    #[inline(always)]
    #[must_use]
    pub const fn address(self) -> Address {
        self.0
    }

    /// The cell at its new place.
    #[inline(always)]
    pub(crate) fn moved_to(self, address: Address) -> Self {
        Self(address)
    }

    #[inline(always)]
    pub(crate) fn car(self) -> Value {
        // SAFETY: D2, D3.
        Value::from_bits(unsafe { read(self.0) })
    }

    #[inline(always)]
    pub(crate) fn cdr(self) -> Value {
        // SAFETY: D2, D3.
        Value::from_bits(unsafe { read(self.0 + 8) })
    }

    #[inline(always)]
    pub(crate) fn store_car(self, value: Value) {
        // SAFETY: D2, D4.
        unsafe { write(self.0, value.bits()) }
    }

    #[inline(always)]
    pub(crate) fn store_cdr(self, value: Value) {
        // SAFETY: D2, D4.
        unsafe { write(self.0 + 8, value.bits()) }
    }
}

impl fmt::Debug for CellRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell@{}", self.0)
    }
}

/// A reference to an object with a header. See D2 in the source for how long it is good.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef(pub(super) Address);

impl ObjectRef {
    /// The reference in a value word tagged as an object, its tag removed.
    #[inline(always)]
    pub(crate) const fn of_value(bits: u64) -> Self {
        Self(Address::new(bits as usize))
    }

    /// Where the header lies.
    #[inline(always)]
    #[must_use]
    pub const fn address(self) -> Address {
        self.0
    }

    /// The object at its new place.
    #[inline(always)]
    pub(crate) fn moved_to(self, address: Address) -> Self {
        Self(address)
    }

    #[inline(always)]
    pub(crate) fn header(self) -> Header {
        // SAFETY: D2.
        Header::from_bits(unsafe { read(self.0) })
    }

    /// Replaces the header by one for the same number of granules.
    pub(crate) fn store_header(self, header: Header) {
        debug_assert_eq!(header.granules(), self.header().granules());
        // SAFETY: D2, D4.
        unsafe { write(self.0, header.bits()) }
    }

    /// Payload word `index`, any bits.
    #[inline(always)]
    pub(crate) fn word(self, index: usize) -> u64 {
        self.check(index);
        // SAFETY: D2, and the index is inside the payload.
        unsafe { read(self.word_address(index)) }
    }

    /// Payload word `index`, which the object's shape calls a value.
    #[inline(always)]
    pub(crate) fn value(self, index: usize) -> Value {
        Value::from_bits(self.word(index))
    }

    #[inline(always)]
    pub(crate) fn store_word(self, index: usize, word: u64) {
        self.check(index);
        // SAFETY: D2, D4, and the index is inside the payload.
        unsafe { write(self.word_address(index), word) }
    }

    /// The first payload word, which is there whatever the payload size: the smallest object has 8 bytes of it.
    pub(crate) fn first_word(self) -> u64 {
        // SAFETY: D2; an object occupies at least one granule, header and one word.
        unsafe { read(self.0 + HEADER) }
    }

    /// Replaces the first payload word; see [`Self::first_word`].
    pub(crate) fn store_first_word(self, word: u64) {
        // SAFETY: D2, D4; an object occupies at least one granule, header and one word.
        unsafe { write(self.0 + HEADER, word) }
    }

    #[inline(always)]
    fn word_address(self, index: usize) -> Address {
        self.0 + HEADER + index * 8
    }

    #[inline(always)]
    fn check(self, index: usize) {
        assert!(index < self.header().payload_words(), "word {index} of {:?}", self.header());
    }

    /// Copies the payload of another object of the same size, which lies elsewhere.
    pub(crate) fn copy_payload(self, from: Self) {
        let bytes = from.header().payload_bytes();
        assert_eq!(self.header().payload_bytes(), bytes, "objects of one size");
        let source = ptr::with_exposed_provenance::<u8>((from.0 + HEADER).get());
        let target = ptr::with_exposed_provenance_mut::<u8>((self.0 + HEADER).get());
        // SAFETY: D2 for both, D4; both payloads are that long; two objects do not overlap, and one is copied to itself
        // harmlessly.
        unsafe { ptr::copy(source, target, bytes) }
    }

    /// The payload as bytes, for as long as the heap is not written.
    pub(crate) fn bytes(self, _heap: &Heap) -> &[u8] {
        let start = ptr::with_exposed_provenance::<u8>((self.0 + HEADER).get());
        // SAFETY: D2; the payload is that long; D4: the heap stays borrowed while the slice lives.
        unsafe { slice::from_raw_parts(start, self.header().payload_bytes()) }
    }

    /// The payload as bytes to write. The object's shape must not call any of them a value.
    pub(crate) fn bytes_mut(self, _heap: &mut Heap) -> &mut [u8] {
        let start = ptr::with_exposed_provenance_mut::<u8>((self.0 + HEADER).get());
        // SAFETY: D2; the payload is that long; D4: the heap stays mutably borrowed while the slice lives.
        unsafe { slice::from_raw_parts_mut(start, self.header().payload_bytes()) }
    }
}

impl fmt::Debug for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object@{}", self.0)
    }
}

/// Asks the processor to fetch what lies at an address.
#[inline(always)]
pub(crate) fn prefetch(address: Address) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch has no effect but on caches, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(ptr::with_exposed_provenance(address.get())) }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        let _unused = address;
    }
}

/// The words of a stack object, for quick access by the virtual machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StackRef {
    first: Address,
    words: usize,
}

impl StackRef {
    /// No stack: every access is out of bounds.
    pub(crate) const NONE: Self = Self { first: Address::new(0), words: 0 };

    /// The words of `object` after the one that counts those in use.
    pub(crate) fn of(object: ObjectRef) -> Self {
        Self { first: object.word_address(1), words: object.header().payload_words() - 1 }
    }

    /// The object whose words these are; `None` for no stack.
    pub(crate) fn object(self) -> Option<ObjectRef> {
        (self.words > 0).then(|| ObjectRef(Address::new(self.first.get() - HEADER - 8)))
    }

    /// How many words there are.
    #[inline(always)]
    pub(crate) fn capacity(self) -> usize {
        self.words
    }

    #[inline(always)]
    pub(crate) fn get(self, index: usize) -> Value {
        assert!(index < self.words, "stack slot {index} of {}", self.words);
        // SAFETY: D2 for the stack object, which stays reachable while it is in use; the index is inside it; D3.
        Value::from_bits(unsafe { read(self.first + index * 8) })
    }

    #[inline(always)]
    pub(crate) fn set(self, index: usize, value: Value) {
        assert!(index < self.words, "stack slot {index} of {}", self.words);
        // SAFETY: D2 for the stack object, which stays reachable while it is in use; the index is inside it; D4.
        unsafe { write(self.first + index * 8, value.bits()) }
    }

    /// Sets the slots from `from` up to `to` to zero, which is a valid value.
    pub(crate) fn clear(self, from: usize, to: usize) {
        assert!(from <= to && to <= self.words, "stack slots {from}..{to} of {}", self.words);
        let start = ptr::with_exposed_provenance_mut::<u64>((self.first + from * 8).get());
        // SAFETY: D2, D4; the slots are inside the stack.
        unsafe { ptr::write_bytes(start, 0, to - from) }
    }

    /// The slots from `from` up to `to`, for as long as the heap is not written.
    pub(crate) fn slots(self, from: usize, to: usize, _heap: &Heap) -> &[Value] {
        assert!(from <= to && to <= self.words, "stack slots {from}..{to} of {}", self.words);
        let start = ptr::with_exposed_provenance::<Value>((self.first + from * 8).get());
        // SAFETY: D2, D3; the slots are inside the stack; D4: the heap stays borrowed while the slice lives.
        unsafe { slice::from_raw_parts(start, to - from) }
    }

    /// Copies `count` words of `object`'s payload, from word `from` on, to the slots from `to` on.
    pub(crate) fn fill_from(self, to: usize, object: ObjectRef, from: usize, count: usize) {
        assert!(to + count <= self.words, "stack slots {to}+{count} of {}", self.words);
        assert!(from + count <= object.header().payload_words(), "words {from}+{count} of {:?}", object.header());
        let target = ptr::with_exposed_provenance_mut::<u64>((self.first + to * 8).get());
        let source = ptr::with_exposed_provenance::<u64>(object.word_address(from).get());
        // SAFETY: D2 for both; both ranges were just checked; a stack and a segment do not overlap.
        unsafe { ptr::copy_nonoverlapping(source, target, count) }
    }

    /// Copies `count` slots from `from` on to the payload of `object`, from word `to` on.
    pub(crate) fn copy_to(self, from: usize, object: ObjectRef, to: usize, count: usize) {
        assert!(from + count <= self.words, "stack slots {from}+{count} of {}", self.words);
        assert!(to + count <= object.header().payload_words(), "words {to}+{count} of {:?}", object.header());
        let target = ptr::with_exposed_provenance_mut::<u64>(object.word_address(to).get());
        let source = ptr::with_exposed_provenance::<u64>((self.first + from * 8).get());
        // SAFETY: D2 for both; both ranges were just checked; a stack and a segment do not overlap; D4.
        unsafe { ptr::copy_nonoverlapping(source, target, count) }
    }
}

/// A code object, for quick access by the virtual machine: a count of constants, the constants, raw words.
///
/// Good until the next safepoint, like a value.
#[derive(Clone, Copy, Debug)]
pub struct CodeRef {
    payload: Address,
    constants: usize,
    words: usize,
}

impl CodeRef {
    /// No code: every access is out of bounds.
    pub(crate) const NONE: Self = Self { payload: Address::new(0), constants: 0, words: 0 };

    /// The constants and raw words of a code object.
    #[inline(always)]
    pub(crate) fn of(object: ObjectRef) -> Self {
        let header = object.header();
        assert!(header.is(ObjectKind::Code), "{header:?}");
        let constants = object.value(0).as_fixnum().map_or(0, |count| count as usize);
        Self { payload: object.word_address(0), constants, words: header.payload_words() - 1 - constants }
    }

    /// Constant number `index`.
    #[inline(always)]
    pub(crate) fn constant(self, index: usize) -> Value {
        assert!(index < self.constants, "constant {index} of {}", self.constants);
        // SAFETY: D2 for the code object; the index is inside its constants, which are values (D3).
        Value::from_bits(unsafe { read(self.payload + (1 + index) * 8) })
    }

    /// Raw word number `index`.
    #[inline(always)]
    pub(crate) fn word(self, index: usize) -> u64 {
        assert!(index < self.words, "word {index} of {}", self.words);
        // SAFETY: D2 for the code object; the index is inside its raw words.
        unsafe { read(self.payload + (1 + self.constants + index) * 8) }
    }
}
