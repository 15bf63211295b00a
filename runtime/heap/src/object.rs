//! Objects: a header word, then a payload. What each kind holds is said here, once, for the collector, the walker,
//! the verifier and the window.
//!
//! ```text
//!  63                       24 23     16 15      8 7       2 1 0
//! +---------------------------+---------+---------+---------+---+
//! | payload size in bytes     | spare   | flags   | sort    | 11|
//! +---------------------------+---------+---------+---------+---+
//! ```
//!
//! A header is a word that no value is: tagged like an immediate, of a sort that no immediate has, one for each kind.
//! So the first word of anything says whether it is an object or a cell, wherever it lies.

use crate::terms::{GRANULE, PAGE};
use crate::value::{HEADER_SORTS, IMMEDIATE_TAG, SORT_BITS, TAG_BITS};

/// Bytes in the header.
pub const HEADER: usize = 8;

/// The largest payload: 40 bits of size, less what rounding needs.
pub const MAX_PAYLOAD: usize = (1 << 40) - 2 * PAGE;

/// What an object is. The number is stored in the header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(u8)]
pub enum ObjectKind {
    /// Characters: one byte each, or, with [`ObjectFlags::WIDE`], four. With [`ObjectFlags::INDIRECT`] the payload
    /// size still counts the characters, but the first payload word refers to [`ObjectKind::Bytes`] holding them,
    /// four bytes each: that is what a narrow string becomes when a wide character is stored into it.
    String = 1,
    /// A name and the value of the global variable of that name.
    Symbol = 2,
    /// A floating-point number, 64 bits.
    Float = 3,
    /// An integer of any size: its magnitude, least significant byte first.
    Bignum = 4,
    /// An exact fraction: numerator and denominator.
    Ratio = 5,
    /// Values.
    Vector = 6,
    /// Bytes.
    Bytes = 7,
    /// A hash table: its counts and the vectors it consists of.
    Table = 8,
    /// A function: its code, then the values it closes over.
    Closure = 9,
    /// Bytecode: a count of constants, the constants, then instructions.
    Code = 10,
    /// A variable that is both assigned and closed over.
    Box = 11,
    /// A value with a type of its own: the type, or, with [`ObjectFlags::USUAL`], none; then the value.
    Tagged = 12,
    /// An input or output port.
    Port = 13,
    /// An error being handled.
    Condition = 14,
    /// A thread of the program.
    Thread = 15,
    /// The rest of a computation, to be called.
    Continuation = 16,
    /// Frames set aside from a stack; never written again.
    Segment = 17,
    /// The stack of a thread: how many words are in use, then the words.
    Stack = 18,
}

/// Which payload words of an object are values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// None.
    Raw,
    /// All.
    Values,
    /// The first word.
    First,
    /// The first word is a fixnum n, and the n words after it.
    Counted,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::String,
        Self::Symbol,
        Self::Float,
        Self::Bignum,
        Self::Ratio,
        Self::Vector,
        Self::Bytes,
        Self::Table,
        Self::Closure,
        Self::Code,
        Self::Box,
        Self::Tagged,
        Self::Port,
        Self::Condition,
        Self::Thread,
        Self::Continuation,
        Self::Segment,
        Self::Stack,
    ];

    /// The kind with this number, if there is one.
    #[inline]
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).wrapping_sub(1)).copied()
    }

    /// The word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Symbol => "symbol",
            Self::Float => "float",
            Self::Bignum => "bignum",
            Self::Ratio => "ratio",
            Self::Vector => "vector",
            Self::Bytes => "bytes",
            Self::Table => "table",
            Self::Closure => "closure",
            Self::Code => "code",
            Self::Box => "box",
            Self::Tagged => "tagged",
            Self::Port => "port",
            Self::Condition => "condition",
            Self::Thread => "thread",
            Self::Continuation => "continuation",
            Self::Segment => "segment",
            Self::Stack => "stack",
        }
    }
}

/// One-bit facts about an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ObjectFlags(u8);

impl ObjectFlags {
    /// None of the facts.
    pub const NONE: Self = Self(0);
    /// A string of four bytes a character.
    pub const WIDE: Self = Self(1);
    /// A string whose characters are in another object.
    pub const INDIRECT: Self = Self(2);
    /// A bignum below zero.
    pub const NEGATIVE: Self = Self(4);
    /// A tagged value without a tag of its own: it has the one that nearly all have, which the language knows.
    pub const USUAL: Self = Self(16);
    /// An object that may not move: somebody goes by its address.
    pub const PINNED: Self = Self(8);

    /// These facts and those.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These facts and not those.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of those facts hold.
    #[inline]
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The header word of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Header(u64);

impl Header {
    /// A header for a payload of `bytes` bytes, at most [`MAX_PAYLOAD`].
    #[inline]
    #[must_use]
    pub const fn new(kind: ObjectKind, flags: ObjectFlags, bytes: usize) -> Self {
        Self(((bytes as u64) << 24) | ((flags.0 as u64) << 8) | low_byte(kind) as u64)
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The word itself.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether a word is a header, rather than a value.
    #[inline]
    pub(crate) const fn is_header(word: u64) -> bool {
        word as u8 & TAG_MASK == IMMEDIATE_TAG as u8 && word as u8 >> TAG_BITS >= HEADER_SORTS as u8
    }

    /// Whether this is the header of an object of that kind.
    #[inline]
    #[must_use]
    pub const fn is(self, kind: ObjectKind) -> bool {
        self.0 as u8 == low_byte(kind)
    }

    /// The kind. `None` only when memory was corrupted.
    #[inline]
    #[must_use]
    pub fn kind(self) -> Option<ObjectKind> {
        let number = (self.0 as u8 >> TAG_BITS).wrapping_sub(HEADER_SORTS as u8 - 1);
        if Self::is_header(self.0) { ObjectKind::from_number(number) } else { None }
    }

    /// The facts.
    #[inline]
    #[must_use]
    pub const fn flags(self) -> ObjectFlags {
        ObjectFlags((self.0 >> 8) as u8)
    }

    /// The same header with other facts.
    #[must_use]
    pub const fn with_flags(self, flags: ObjectFlags) -> Self {
        Self((self.0 & !0xff00) | ((flags.0 as u64) << 8))
    }

    /// Bytes of payload, as asked for.
    #[inline]
    #[must_use]
    pub const fn payload_bytes(self) -> usize {
        (self.0 >> 24) as usize
    }

    /// Whole words of payload.
    #[inline]
    #[must_use]
    pub const fn payload_words(self) -> usize {
        self.payload_bytes() / 8
    }

    /// Granules the object occupies, header included.
    #[inline]
    #[must_use]
    pub const fn granules(self) -> usize {
        granules_for(self.payload_bytes())
    }

    /// Bytes the object occupies beyond its payload: the header and the rounding to granules.
    #[inline]
    #[must_use]
    pub const fn overhead_bytes(self) -> usize {
        self.granules() * GRANULE - self.payload_bytes()
    }

    /// Which payload words are values.
    #[inline]
    #[must_use]
    pub fn shape(self) -> Shape {
        let Some(kind) = self.kind() else { return Shape::Raw };
        match kind {
            ObjectKind::String if self.flags().has(ObjectFlags::INDIRECT) => Shape::First,
            ObjectKind::String | ObjectKind::Float | ObjectKind::Bignum | ObjectKind::Bytes => Shape::Raw,
            ObjectKind::Code | ObjectKind::Stack => Shape::Counted,
            _ => Shape::Values,
        }
    }
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind() {
            Some(kind) => write!(f, "{} of {} bytes", kind.name(), self.payload_bytes()),
            None => write!(f, "no header: {:#018x}", self.0),
        }
    }
}

const TAG_MASK: u8 = (1 << TAG_BITS) - 1;

/// The lowest byte of the header of an object of a kind. The kinds are numbered from one.
const fn low_byte(kind: ObjectKind) -> u8 {
    ((kind as u8 - 1 + HEADER_SORTS as u8) << TAG_BITS) | IMMEDIATE_TAG as u8
}

const _: () = assert!(HEADER_SORTS + (ObjectKind::ALL.len() as u64) <= 1 << SORT_BITS);

/// Granules for an object with a payload of `bytes` bytes.
#[inline]
#[must_use]
pub const fn granules_for(bytes: usize) -> usize {
    (bytes + HEADER).div_ceil(GRANULE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn headers_keep_kind_flags_and_size() {
        for (number, kind) in ObjectKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number + 1);
            let header = Header::new(kind, ObjectFlags::WIDE, MAX_PAYLOAD);
            assert_eq!(header.kind(), Some(kind));
            assert_eq!(header.payload_bytes(), MAX_PAYLOAD);
            assert!(header.flags().has(ObjectFlags::WIDE));
            assert!(!header.with_flags(ObjectFlags::NONE).flags().has(ObjectFlags::WIDE));
        }
        assert_eq!(Header::from_bits(0).kind(), None);
    }

    #[test]
    fn no_value_is_a_header() {
        for kind in ObjectKind::ALL {
            assert!(Header::is_header(Header::new(kind, ObjectFlags::PINNED, 12_345).bits()));
        }
        let immediates = [Value::NIL, Value::T, Value::TOMBSTONE, Value::char('\u{10ffff}'), Value::builtin(u16::MAX)];
        let numbers = [Value::FIXNUM_MIN, -1, 0, 0x0f0f_0f0f, Value::FIXNUM_MAX].map(|n| Value::fixnum(n).unwrap());
        for value in immediates.into_iter().chain(numbers) {
            assert!(!Header::is_header(value.bits()), "{value:?}");
        }
    }

    #[test]
    fn sizes_include_the_header_and_round_to_granules() {
        assert_eq!(granules_for(0), 1);
        assert_eq!(granules_for(8), 1);
        assert_eq!(granules_for(9), 2);
        assert_eq!(Header::new(ObjectKind::Bytes, ObjectFlags::NONE, 9).overhead_bytes(), 23);
    }
}
