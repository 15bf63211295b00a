//! Where variables live: in a register, a box, or among what the function captured.

use heapatlas_heap::{ObjectRef, Value};

use super::emit::instruction;
use super::{Generator, Register};
use crate::bytecode::Instruction;
use crate::bytecode::op::Op;
use crate::compiler::tree::{self, Function, Node, Variable};
use crate::fault::Outcome;

impl Generator<'_> {
    pub(super) fn give_register(&mut self, variable: Value, register: Register) {
        if let Some(variable) = variable.as_object() {
            tree::set_variable(self.world, variable, Variable::Register, Value::size(register));
        }
    }

    /// Whether the variable lives in a box.
    pub(super) fn is_boxed(&self, variable: ObjectRef) -> bool {
        let assignments = tree::variable(self.world, variable, Variable::Assignments);
        assignments != Value::small(0) && !self.is_itself(variable)
    }

    /// Whether the variable's only value is a function that is assigned to it at once.
    pub(super) fn is_itself(&self, variable: ObjectRef) -> bool {
        !tree::variable(self.world, variable, Variable::Itself).is_nil()
    }

    /// The register of a variable of this frame.
    pub(super) fn register(&self, variable: ObjectRef) -> Register {
        tree::variable(self.world, variable, Variable::Register).as_fixnum().unwrap_or(0) as usize
    }

    /// Whether the variable lives in this frame.
    pub(super) fn is_own(&self, variable: ObjectRef) -> bool {
        let owner = tree::variable(self.world, variable, Variable::Owner);
        owner.as_object() == self.function
    }

    /// Whether the variable is another name of the function being generated.
    pub(super) fn is_this_function(&self, variable: ObjectRef) -> bool {
        let itself = tree::variable(self.world, variable, Variable::Itself).as_object();
        itself.is_some() && itself == self.function
    }

    /// The number under which the function captured a variable.
    pub(super) fn captured(&self, variable: ObjectRef) -> usize {
        let mut rest = self.field(Function::Captured);
        let mut index = 0;
        while let Some((other, cdr)) = self.world.uncons(rest) {
            if other.as_object() == Some(variable) {
                return index;
            }
            let skipped = other.as_object().is_some_and(|other| self.is_this_function(other));
            index += usize::from(!skipped);
            rest = cdr;
        }
        index
    }

    /// The register in which a node's value is already: a variable of this frame without a box.
    pub(super) fn resident(&self, node: Value) -> Option<Register> {
        let variable = tree::as_variable(self.world, node)?;
        (self.is_own(variable) && !self.is_boxed(variable)).then(|| self.register(variable))
    }

    /// Puts a variable's value into a register.
    pub(super) fn emit_get(&mut self, variable: ObjectRef, to: Register) -> Outcome<()> {
        let get = if self.is_this_function(variable) {
            instruction(Op::Itself, to, 0, 0)
        } else if self.is_own(variable) {
            let register = self.register(variable);
            if self.is_boxed(variable) {
                instruction(Op::GetBox, to, register, 0)
            } else if register == to {
                return Ok(());
            } else {
                instruction(Op::Move, to, register, 0)
            }
        } else {
            let op = if self.is_boxed(variable) { Op::GetCapturedBox } else { Op::GetCaptured };
            instruction(op, to, self.captured(variable), 0)
        };
        self.emit(get)
    }

    /// The instruction by which an assignment stores a register, if it takes one.
    pub(super) fn store(&mut self, kind: Node, target: Value, from: Register) -> Outcome<Option<Instruction>> {
        if kind == Node::SetGlobal {
            let index = self.constant(target)?;
            return Ok(Some(instruction(Op::SetGlobal, from, index, 0)));
        }
        let Some(variable) = target.as_object() else { return Ok(None) };
        if self.is_itself(variable) {
            let register = self.register(variable);
            let elsewhere = self.is_own(variable) && register != from;
            return Ok(elsewhere.then(|| instruction(Op::Move, register, from, 0)));
        }
        Ok(Some(if self.is_own(variable) {
            instruction(Op::SetBox, self.register(variable), from, 0)
        } else {
            instruction(Op::SetCapturedBox, self.captured(variable), from, 0)
        }))
    }
}
