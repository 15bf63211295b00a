//! Instructions, labels and constants of the code being generated, and the code object they become.

use heapatlas_heap::Value;
use heapatlas_heap::object::ObjectKind;

use super::{Generator, Label, Register, too_large};
use crate::bytecode::op::Op;
use crate::bytecode::{Instruction, Signature};
use crate::closures;
use crate::compiler::tree::{self, Function};
use crate::fault::Outcome;

/// A function's frame has no more registers than this.
const MOST_REGISTERS: usize = 60_000;

/// How many of the latest constants are looked through for an equal one.
const CONSTANTS_SEARCHED: usize = 48;

/// Where a label is that is not known yet.
pub(super) const UNBOUND: u64 = u64::MAX;

/// In a fixup: the target is `c` alone.
const SHORT: u64 = 1 << 31;

/// An instruction whose operands are registers or constants, which [`Generator::reach`] and [`Generator::constant`]
/// keep below 2¹⁶.
pub(super) fn instruction(op: Op, a: usize, b: usize, c: usize) -> Instruction {
    Instruction::new(op, a as u16, b as u16, c as u16)
}

impl Generator<'_> {
    pub(super) fn emit(&mut self, instruction: Instruction) -> Outcome<()> {
        if self.place != self.noted_place {
            self.noted_place = self.place;
            let at = (self.code.len() as u64) << 40;
            let place = self.place.as_fixnum().unwrap_or(0) as u64;
            // A line and a column take 56 bits, an instruction number 24: the column gives way.
            let line = place >> 24 & 0xff_ffff;
            let column = (place & 0xff_ffff).min(0xffff);
            self.lines.push(&mut self.world.heap, at | line << 16 | column)?;
        }
        Ok(self.code.push(&mut self.world.heap, instruction.word())?)
    }

    pub(super) fn emit_jump(&mut self, op: Op, register: Register, label: Label) -> Outcome<()> {
        self.fix_up(label as u64)?;
        self.emit(instruction(op, register, 0, 0))
    }

    /// Emits a test whose short target is a label.
    pub(super) fn emit_test(&mut self, test: Instruction, label: Label) -> Outcome<()> {
        self.fix_up(SHORT | label as u64)?;
        self.emit(test)
    }

    fn fix_up(&mut self, target: u64) -> Outcome<()> {
        let fixup = (self.code.len() as u64) << 32 | target;
        Ok(self.fixups.push(&mut self.world.heap, fixup)?)
    }

    /// What is emitted from here on is written at this place; unknown changes nothing.
    pub(super) fn note_place(&mut self, place: Value) {
        if !place.is_nil() {
            self.place = place;
        }
    }

    /// A new label.
    pub(super) fn label(&mut self) -> Outcome<Label> {
        self.labels.push(&mut self.world.heap, UNBOUND)?;
        Ok(self.labels.len() - 1)
    }

    /// The label is here.
    pub(super) fn bind_label(&mut self, label: Label) {
        let here = self.code.len() as u64;
        self.labels.set(&mut self.world.heap, label, here);
    }

    /// Notes that registers below `top` are in use.
    pub(super) fn reach(&mut self, top: usize) -> Outcome<()> {
        if top > MOST_REGISTERS {
            return Err(too_large());
        }
        self.registers = self.registers.max(top);
        Ok(())
    }

    /// The number of a constant.
    pub(super) fn constant(&mut self, value: Value) -> Outcome<usize> {
        let count = self.constants.len();
        let from = count.saturating_sub(CONSTANTS_SEARCHED).max(closures::OWN_CONSTANTS);
        if let Some(index) = (from..count).find(|index| self.constants.get(&self.world.heap, *index) == value) {
            return Ok(index);
        }
        if count > usize::from(u16::MAX) {
            return Err(too_large());
        }
        self.constants.push(&mut self.world.heap, value)?;
        Ok(count)
    }

    /// Fills in the targets and makes the code object.
    pub(super) fn assemble(&mut self) -> Outcome<Value> {
        for index in 0..self.fixups.len() {
            let fixup = self.fixups.get(&self.world.heap, index);
            let (at, label) = ((fixup >> 32) as usize, (fixup & (SHORT - 1)) as usize);
            let target = self.labels.get(&self.world.heap, label);
            let jump = Instruction::from_word(self.code.get(&self.world.heap, at));
            let jump = if fixup & SHORT == 0 {
                jump.with_target(target as u32)
            } else {
                let target = u16::try_from(target).map_err(|_far| too_large())?;
                jump.with_short_target(target)
            };
            self.code.set(&mut self.world.heap, at, jump.word());
        }
        let signature = Signature::from_word(self.field(Function::Signature).as_fixnum().unwrap_or(0) as u64);
        let registers = u16::try_from(self.registers).map_err(|_many| too_large())?;
        let code = closures::make_code(
            self.world,
            Signature { registers, ..signature },
            &self.constants,
            &self.code,
            &self.lines,
        )?;
        for index in 0..self.constants.len() {
            let constant = self.constants.get(&self.world.heap, index);
            let is_function = self
                .world
                .heap
                .as_kind(constant, ObjectKind::Vector)
                .is_some_and(|object| self.world.heap.header(object).payload_words() == tree::FUNCTION_FIELDS);
            if is_function {
                self.patches.push(&mut self.world.heap, Value::object(code))?;
                self.patches.push(&mut self.world.heap, Value::size(index + 1))?;
                self.patches.push(&mut self.world.heap, constant)?;
            }
        }
        Ok(Value::object(code))
    }
}
