//! Values: 64-bit tagged words.
//!
//! ```text
//!  63                                      2 1 0
//! +-----------------------------------------+---+
//! | signed number, 62 bits                  | 00|  fixnum
//! | address of a cell, a multiple of 16     | 01|  cell
//! | address of an object, a multiple of 16  | 10|  object
//! | payload (32 bits) . sort (6 bits)       | 11|  immediate
//! +-----------------------------------------+---+
//! ```
//!
//! A word of zeros is the fixnum 0, so memory fresh from the system holds valid values.

use std::fmt;

use crate::raw::{CellRef, ObjectRef};
use crate::terms::Address;

/// A tagged word: a number, a reference into the heap, or an immediate constant.
///
/// A value that refers into the heap can only be made from a reference that the heap handed out. It is good until
/// the next safepoint at which it is not reachable from a root; see [`crate::Heap::collect`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Value(u64);

/// Bits of the tag.
pub(crate) const TAG_BITS: u32 = 2;
const TAG_MASK: u64 = 3;
const TAG_FIXNUM: u64 = 0;
const TAG_CELL: u64 = 1;
const TAG_OBJECT: u64 = 2;
/// The tag of immediates and of the headers of objects.
pub(crate) const IMMEDIATE_TAG: u64 = 3;

/// Bits of the sort of an immediate.
pub(crate) const SORT_BITS: u32 = 6;
const SORT_MASK: u64 = (1 << SORT_BITS) - 1;
const PAYLOAD_SHIFT: u32 = TAG_BITS + SORT_BITS;

/// The sorts of immediate value.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
enum Sort {
    Constant = 0,
    Char = 1,
    Builtin = 2,
}

/// From here on the sorts are those of headers: no value has one.
pub(crate) const HEADER_SORTS: u64 = Sort::Builtin as u64 + 1;

/// A value taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unpacked {
    /// A small integer.
    Fixnum(i64),
    /// A cons.
    Cell(CellRef),
    /// An object with a header.
    Object(ObjectRef),
    /// One of the named constants: [`Value::NIL`], [`Value::T`] and their like.
    Constant(Value),
    /// A Unicode scalar value.
    Char(char),
    /// A function built into the runtime, by its number.
    Builtin(u16),
}

const fn immediate(sort: Sort, payload: u32) -> Value {
    Value(((payload as u64) << PAYLOAD_SHIFT) | ((sort as u64) << TAG_BITS) | IMMEDIATE_TAG)
}

impl Value {
    /// The empty list, and false.
    pub const NIL: Self = immediate(Sort::Constant, 0);
    /// True.
    pub const T: Self = immediate(Sort::Constant, 1);
    /// What a variable holds before it is given a value.
    pub const UNBOUND: Self = immediate(Sort::Constant, 2);
    /// What stands for an optional argument that was not passed.
    pub const ABSENT: Self = immediate(Sort::Constant, 3);
    /// What a read yields at the end of its input.
    pub const EOF: Self = immediate(Sort::Constant, 4);
    /// The mark at the bottom of a stack below which frames continue elsewhere.
    pub const UNDERFLOW: Self = immediate(Sort::Constant, 5);
    /// A removed entry in a table.
    pub const TOMBSTONE: Self = immediate(Sort::Constant, 6);

    /// The largest fixnum.
    pub const FIXNUM_MAX: i64 = (1 << 61) - 1;
    /// The smallest fixnum.
    pub const FIXNUM_MIN: i64 = -(1 << 61);

    /// The fixnum for `number`, or `None` when it needs more than 62 bits.
    #[inline]
    #[must_use]
    pub const fn fixnum(number: i64) -> Option<Self> {
        if number >= Self::FIXNUM_MIN && number <= Self::FIXNUM_MAX {
            Some(Self((number as u64) << TAG_BITS))
        } else {
            None
        }
    }

    /// The fixnum for a count or an index that fits 32 bits.
    #[inline]
    #[must_use]
    pub const fn small(number: u32) -> Self {
        Self((number as u64) << TAG_BITS)
    }

    /// The fixnum for a size or count of things in memory, which always fits.
    #[inline]
    #[must_use]
    pub const fn size(number: usize) -> Self {
        Self(((number as u64) & (u64::MAX >> 3)) << TAG_BITS)
    }

    /// The value for a character.
    #[inline]
    #[must_use]
    pub const fn char(character: char) -> Self {
        immediate(Sort::Char, character as u32)
    }

    /// The value for the function built into the runtime under this number.
    #[inline]
    #[must_use]
    pub const fn builtin(number: u16) -> Self {
        immediate(Sort::Builtin, number as u32)
    }

    /// The value for a truth: t or nil.
    #[inline]
    #[must_use]
    pub const fn truth(holds: bool) -> Self {
        if holds { Self::T } else { Self::NIL }
    }

    /// The value that refers to a cell.
    #[inline]
    #[must_use]
    pub fn cell(cell: CellRef) -> Self {
        Self(cell.address().get() as u64 | TAG_CELL)
    }

    /// The value that refers to an object.
    #[inline]
    #[must_use]
    pub fn object(object: ObjectRef) -> Self {
        Self(object.address().get() as u64 | TAG_OBJECT)
    }

    /// The word itself.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// A word read from heap memory, or from a core that is verified before anybody follows it: the word must have been
    /// stored as a value.
    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Takes the value apart.
    #[inline]
    #[must_use]
    pub fn unpack(self) -> Unpacked {
        match self.0 & TAG_MASK {
            TAG_FIXNUM => Unpacked::Fixnum((self.0 as i64) >> TAG_BITS),
            TAG_CELL => Unpacked::Cell(CellRef::of_value(self.0 & !TAG_MASK)),
            TAG_OBJECT => Unpacked::Object(ObjectRef::of_value(self.0 & !TAG_MASK)),
            _ => self.unpack_immediate(),
        }
    }

    fn unpack_immediate(self) -> Unpacked {
        let payload = (self.0 >> PAYLOAD_SHIFT) as u32;
        match (self.0 >> TAG_BITS) & SORT_MASK {
            sort if sort == Sort::Char as u64 => {
                Unpacked::Char(char::from_u32(payload).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            sort if sort == Sort::Builtin as u64 => Unpacked::Builtin(payload as u16),
            _ => Unpacked::Constant(self),
        }
    }

    /// The number of a fixnum.
    #[inline]
    #[must_use]
    pub const fn as_fixnum(self) -> Option<i64> {
        if self.is_fixnum() { Some((self.0 as i64) >> TAG_BITS) } else { None }
    }

    /// Where the cell or the object referred to begins.
    #[must_use]
    pub fn address(self) -> Option<Address> {
        self.as_cell().map(CellRef::address).or_else(|| self.as_object().map(ObjectRef::address))
    }

    /// The cell referred to.
    #[inline]
    #[must_use]
    pub fn as_cell(self) -> Option<CellRef> {
        if self.is_cell() { Some(CellRef::of_value(self.0 & !TAG_MASK)) } else { None }
    }

    /// The object referred to.
    #[inline]
    #[must_use]
    pub fn as_object(self) -> Option<ObjectRef> {
        if self.is_object() { Some(ObjectRef::of_value(self.0 & !TAG_MASK)) } else { None }
    }

    /// The character.
    #[inline]
    #[must_use]
    pub fn as_char(self) -> Option<char> {
        match self.unpack() {
            Unpacked::Char(character) => Some(character),
            _ => None,
        }
    }

    /// The number of a function built into the runtime.
    #[inline]
    #[must_use]
    pub const fn as_builtin(self) -> Option<u16> {
        let low = (self.0 & ((1 << PAYLOAD_SHIFT) - 1)) ^ IMMEDIATE_TAG;
        if low == (Sort::Builtin as u64) << TAG_BITS { Some((self.0 >> PAYLOAD_SHIFT) as u16) } else { None }
    }

    /// Whether this is the empty list.
    #[inline]
    #[must_use]
    pub const fn is_nil(self) -> bool {
        self.0 == Self::NIL.0
    }

    /// Whether this is a small integer.
    #[inline]
    #[must_use]
    pub const fn is_fixnum(self) -> bool {
        self.0 & TAG_MASK == TAG_FIXNUM
    }

    /// Whether this is a cons.
    #[inline]
    #[must_use]
    pub const fn is_cell(self) -> bool {
        self.0 & TAG_MASK == TAG_CELL
    }

    /// Whether this refers to an object with a header.
    #[inline]
    #[must_use]
    pub const fn is_object(self) -> bool {
        self.0 & TAG_MASK == TAG_OBJECT
    }

    /// Whether this refers into the heap at all.
    #[inline]
    #[must_use]
    pub const fn is_reference(self) -> bool {
        let tag = self.0 & TAG_MASK;
        tag == TAG_CELL || tag == TAG_OBJECT
    }

    /// Whether both are fixnums.
    #[inline]
    #[must_use]
    pub const fn both_fixnums(self, other: Self) -> bool {
        (self.0 | other.0) & TAG_MASK == TAG_FIXNUM
    }

    /// The sum of two fixnums, or `None` when either is not one or the sum needs more than 62 bits.
    #[inline]
    #[must_use]
    pub const fn fixnum_add(self, other: Self) -> Option<Self> {
        if !self.both_fixnums(other) {
            return None;
        }
        match (self.0 as i64).checked_add(other.0 as i64) {
            Some(sum) => Some(Self(sum as u64)),
            None => None,
        }
    }

    /// The difference of two fixnums, or `None` when either is not one or it needs more than 62 bits.
    #[inline]
    #[must_use]
    pub const fn fixnum_sub(self, other: Self) -> Option<Self> {
        if !self.both_fixnums(other) {
            return None;
        }
        match (self.0 as i64).checked_sub(other.0 as i64) {
            Some(difference) => Some(Self(difference as u64)),
            None => None,
        }
    }

    /// Whether one fixnum is less than another, or `None` when either is not one.
    #[inline]
    #[must_use]
    pub const fn fixnum_less(self, other: Self) -> Option<bool> {
        if self.both_fixnums(other) { Some((self.0 as i64) < (other.0 as i64)) } else { None }
    }
}

impl Default for Value {
    /// Nil.
    fn default() -> Self {
        Self::NIL
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unpack() {
            Unpacked::Fixnum(number) => write!(f, "{number}"),
            Unpacked::Cell(cell) => write!(f, "cell@{}", cell.address()),
            Unpacked::Object(object) => write!(f, "object@{}", object.address()),
            Unpacked::Char(character) => write!(f, "{character:?}"),
            Unpacked::Builtin(number) => write!(f, "builtin {number}"),
            Unpacked::Constant(Self::NIL) => f.write_str("nil"),
            Unpacked::Constant(Self::T) => f.write_str("t"),
            Unpacked::Constant(Self::UNBOUND) => f.write_str("unbound"),
            Unpacked::Constant(Self::ABSENT) => f.write_str("absent"),
            Unpacked::Constant(Self::EOF) => f.write_str("eof"),
            Unpacked::Constant(constant) => write!(f, "constant {:#x}", constant.0),
        }
    }
}

const _: () = assert!(size_of::<Value>() == 8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixnums_keep_62_bits_and_no_more() {
        for number in [0, 1, -1, Value::FIXNUM_MAX, Value::FIXNUM_MIN] {
            assert_eq!(Value::fixnum(number).unwrap().as_fixnum(), Some(number));
        }
        assert_eq!(Value::fixnum(Value::FIXNUM_MAX + 1), None);
        assert_eq!(Value::fixnum(Value::FIXNUM_MIN - 1), None);
        assert_eq!(Value::small(0).bits(), 0);
    }

    #[test]
    fn sums_that_leave_62_bits_are_refused() {
        let max = Value::fixnum(Value::FIXNUM_MAX).unwrap();
        let min = Value::fixnum(Value::FIXNUM_MIN).unwrap();
        let one = Value::small(1);
        assert_eq!(max.fixnum_add(one), None);
        assert_eq!(min.fixnum_sub(one), None);
        assert_eq!(max.fixnum_sub(one).unwrap().as_fixnum(), Some(Value::FIXNUM_MAX - 1));
        assert_eq!(min.fixnum_less(max), Some(true));
        assert_eq!(max.fixnum_add(Value::NIL), None);
    }

    #[test]
    fn immediates_are_told_apart() {
        assert_eq!(Value::char('λ').as_char(), Some('λ'));
        assert_eq!(Value::builtin(77).as_builtin(), Some(77));
        assert_eq!(Value::char('a').as_builtin(), None);
        assert_eq!(Value::NIL.as_builtin(), None);
        assert!(Value::NIL.is_nil() && !Value::T.is_nil());
        assert_eq!(Value::T.unpack(), Unpacked::Constant(Value::T));
    }
}
