//! Bytecode: one word an instruction, registers in the frame of the running function.
//!
//! * [`op`] the operations, one table
//! * [`inline`] calls of builtins that became operations, and how they turn back into calls
//! * [`disassemble`] compiled functions as text; [`listing`] which functions a file defines
//!
//! ```text
//!  63        48 47        32 31        16 15     8 7      0
//! +------------+------------+------------+--------+--------+
//! | c          | b          | a          | d      | op     |
//! +------------+------------+------------+--------+--------+
//! ```
//!
//! `a`, `b` and `c` are registers, constants or small numbers as the operation says; a jump's target is `b` and `c`
//! together, or `c` alone. `d` names the inlined call that an operation stands for.

pub(crate) mod disassemble;
pub(crate) mod inline;
pub(crate) mod listing;
pub(crate) mod op;

use op::Op;

/// An instruction, packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Instruction(u64);

const _: () = assert!(size_of::<Instruction>() == 8);

impl Instruction {
    /// An instruction that stands for no inlined call.
    pub(crate) const fn new(op: Op, a: u16, b: u16, c: u16) -> Self {
        Self::inlined(op, inline::NONE, a, b, c)
    }

    /// An instruction that stands for the inlined call `d`.
    pub(crate) const fn inlined(op: Op, d: u8, a: u16, b: u16, c: u16) -> Self {
        Self(op as u64 | (d as u64) << 8 | (a as u64) << 16 | (b as u64) << 32 | (c as u64) << 48)
    }

    /// A jump whose target takes `b` and `c` together.
    pub(crate) const fn jump(op: Op, a: u16, target: u32) -> Self {
        Self::new(op, a, target as u16, (target >> 16) as u16)
    }

    #[inline(always)]
    pub(crate) const fn from_word(word: u64) -> Self {
        Self(word)
    }

    #[inline(always)]
    pub(crate) const fn word(self) -> u64 {
        self.0
    }

    /// The number of the operation.
    #[inline(always)]
    pub(crate) const fn opcode(self) -> u8 {
        self.0 as u8
    }

    #[inline(always)]
    pub(crate) const fn d(self) -> u8 {
        (self.0 >> 8) as u8
    }

    #[inline(always)]
    pub(crate) const fn a(self) -> usize {
        (self.0 >> 16) as u16 as usize
    }

    #[inline(always)]
    pub(crate) const fn b(self) -> usize {
        (self.0 >> 32) as u16 as usize
    }

    #[inline(always)]
    pub(crate) const fn c(self) -> usize {
        (self.0 >> 48) as usize
    }

    /// `c` as a signed number.
    #[inline(always)]
    pub(crate) const fn small(self) -> i16 {
        (self.0 >> 48) as i16
    }

    /// `b` and `c` together.
    #[inline(always)]
    pub(crate) const fn target(self) -> usize {
        (self.0 >> 32) as usize
    }

    /// The same instruction with another operation.
    pub(crate) const fn with_op(self, op: Op) -> Self {
        Self(self.0 & !0xff | op as u64)
    }

    /// The same jump with another target in `b` and `c`.
    pub(crate) const fn with_target(self, target: u32) -> Self {
        Self(self.0 & 0xffff_ffff | (target as u64) << 32)
    }

    /// The same jump with another target in `c` alone.
    pub(crate) const fn with_short_target(self, target: u16) -> Self {
        Self(self.0 & 0x0000_ffff_ffff_ffff | (target as u64) << 48)
    }
}

/// The first raw word of a code object: how its function is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Signature {
    /// Parameters that must be passed.
    pub(crate) required: u16,
    /// Further parameters that may be.
    pub(crate) optional: u16,
    /// Whether what is left over makes a list.
    pub(crate) rest: bool,
    /// Whether what is left over is dropped: a parameter list with anything but symbols is not counted.
    pub(crate) lenient: bool,
    /// Whether the function is one of the runtime's own.
    pub(crate) builtin: bool,
    /// Registers of its frame.
    pub(crate) registers: u16,
}

impl Signature {
    pub(crate) const fn word(self) -> u64 {
        self.required as u64
            | (self.optional as u64) << 16
            | (self.registers as u64) << 32
            | (self.rest as u64) << 48
            | (self.lenient as u64) << 49
            | (self.builtin as u64) << 50
    }

    #[inline(always)]
    pub(crate) const fn from_word(word: u64) -> Self {
        Self {
            required: word as u16,
            optional: (word >> 16) as u16,
            registers: (word >> 32) as u16,
            rest: word >> 48 & 1 == 1,
            lenient: word >> 49 & 1 == 1,
            builtin: word >> 50 & 1 == 1,
        }
    }

    /// The number of arguments if exactly so many must be passed.
    #[inline(always)]
    pub(crate) const fn exact(self) -> Option<usize> {
        if self.optional == 0 && !self.rest && !self.lenient { Some(self.required as usize) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_keep_their_parts() {
        let instruction = Instruction::inlined(Op::Cons, 3, 1, 0xffff, 2);
        assert_eq!((instruction.opcode(), instruction.d()), (Op::Cons as u8, 3));
        assert_eq!((instruction.a(), instruction.b(), instruction.c()), (1, 0xffff, 2));
        assert_eq!(Instruction::new(Op::Move, 0, 0, -5_i16 as u16).small(), -5);
        let jump = Instruction::jump(Op::Jump, 7, 0).with_target(0x12_3456);
        assert_eq!((jump.a(), jump.target()), (7, 0x12_3456));
        assert_eq!(instruction.with_short_target(9).c(), 9);
        assert_eq!(instruction.with_op(Op::SlowValue).opcode(), Op::SlowValue as u8);
    }

    #[test]
    fn signatures_keep_their_parts() {
        let signature = Signature { required: 3, optional: 2, rest: true, lenient: true, builtin: true, registers: 77 };
        assert_eq!(Signature::from_word(signature.word()), signature);
        assert_eq!(signature.exact(), None);
    }
}
