//! Entering a function, its parameters bound; making one as a value.

use heapatlas_heap::{ObjectRef, Value};

use super::emit::instruction;
use super::tasks::Task;
use super::{Generator, Goal, Register, too_large};
use crate::bytecode::Signature;
use crate::bytecode::op::Op;
use crate::compiler::tree::{self, Function, Variable};
use crate::fault::Outcome;
use crate::scratch::ValueStack;

impl Generator<'_> {
    /// Pushes the tasks that bind the parameters and then return the body.
    pub(super) fn enter(&mut self) -> Outcome<()> {
        let signature = Signature::from_word(self.field(Function::Signature).as_fixnum().unwrap_or(0) as u64);
        let parameters = usize::from(signature.required + signature.optional);
        let mut top = parameters + usize::from(signature.rest);
        self.reach(top)?;
        // Registers of simple parameters first, so that patterns get those behind them.
        let mut bindings = ValueStack::default();
        let (mut targets, mut register) = (self.field(Function::Targets), 0);
        while let Some((target, rest)) = self.world.uncons(targets) {
            bindings.push(&mut self.world.heap, target)?;
            bindings.push(&mut self.world.heap, Value::size(register))?;
            if tree::as_variable(self.world, target).is_some() {
                self.give_register(target, register);
            }
            targets = rest;
            register += 1;
        }
        if signature.rest {
            let rest = self.field(Function::Rest);
            self.give_register(rest, register);
            bindings.push(&mut self.world.heap, rest)?;
            bindings.push(&mut self.world.heap, Value::size(register))?;
        }
        let count = bindings.len() / 2;
        // The registers of patterns must be known before the body is begun, and the body is pushed first.
        let mut tops = ValueStack::default();
        for index in 0..count {
            let target = bindings.get(&self.world.heap, index * 2);
            tops.push(&mut self.world.heap, Value::size(top))?;
            top += self.registers_of(target)?;
        }
        self.reach(top)?;
        self.push_node(self.field(Function::Body), Goal::Return, top)?;
        for index in (0..count).rev() {
            let target = bindings.get(&self.world.heap, index * 2);
            let register = self.size(&bindings, index * 2 + 1);
            let free = self.size(&tops, index);
            if tree::is_optional(self.world, target) {
                self.push_optional(target, register, top)?;
            } else {
                self.push(Task::Target { target, register, free })?;
            }
        }
        Ok(())
    }

    fn size(&self, stack: &ValueStack, index: usize) -> usize {
        stack.get(&self.world.heap, index).as_fixnum().unwrap_or(0) as usize
    }

    /// The tasks for an optional parameter that arrives in a register: its default, unless it was passed.
    fn push_optional(&mut self, target: Value, register: Register, top: usize) -> Outcome<()> {
        let (_, rest) = self.world.uncons(target).unwrap_or_default();
        let (variable, default) = self.world.uncons(rest).unwrap_or_default();
        self.give_register(variable, register);
        let passed = self.label()?;
        self.push(Task::Target { target: variable, register, free: top })?;
        self.push(Task::Bind(passed))?;
        self.push_node(default, Goal::Register(register), top)?;
        self.push(Task::Jump { op: Op::JumpIfPassed, register, label: passed })
    }

    /// Makes a function with what it captures, in a register.
    pub(super) fn closure(&mut self, fields: Value, to: Register) -> Outcome<()> {
        let function = tree::field(self.world, fields, 0);
        let Some(inner) = function.as_object() else { return Ok(()) };
        self.pending.push(&mut self.world.heap, function)?;
        let index = self.constant(function)?;
        let mut count = 0;
        let captured = tree::function(self.world, inner, Function::Captured);
        let mut rest = captured;
        while let Some((variable, cdr)) = self.world.uncons(rest) {
            count += usize::from(!self.names_function(variable, inner));
            rest = cdr;
        }
        if count > usize::from(u16::MAX) {
            return Err(too_large());
        }
        self.emit(instruction(Op::MakeClosure, to, index, count))?;
        rest = captured;
        while let Some((variable, cdr)) = self.world.uncons(rest) {
            rest = cdr;
            let Some(object) = variable.as_object().filter(|_| !self.names_function(variable, inner)) else {
                continue;
            };
            let (from, number) = if self.is_this_function(object) {
                (2, 0)
            } else if self.is_own(object) {
                (0, self.register(object))
            } else {
                (1, self.captured(object))
            };
            self.emit(instruction(Op::Capture, from, number, 0))?;
        }
        Ok(())
    }

    fn names_function(&self, variable: Value, function: ObjectRef) -> bool {
        let itself = variable.as_object().map(|object| tree::variable(self.world, object, Variable::Itself));
        itself.and_then(Value::as_object) == Some(function)
    }
}
