//! Giving targets their values: a `Let`, a pattern taken apart.

use heapatlas_heap::Value;

use super::emit::instruction;
use super::tasks::Task;
use super::{Generator, Goal, Register};
use crate::bytecode::op::Op;
use crate::compiler::tree::{self, Node, Variable};
use crate::fault::Outcome;
use crate::scratch::ValueStack;

impl Generator<'_> {
    /// A `Let`: gives registers to what it binds, and pushes the body and before it the binding.
    pub(super) fn bind(&mut self, fields: Value, goal: Goal, top: Register) -> Outcome<()> {
        let (targets, values, body) = self.three(fields);
        self.note_itself(targets, values, body);
        let mut free = top;
        let (mut rest, mut rest_values) = (targets, values);
        // One register for each value, then those of patterns.
        while let Some((_, cdr)) = self.world.uncons(rest_values) {
            let target = match self.world.uncons(rest) {
                Some((target, more)) => {
                    rest = more;
                    target
                }
                None => Value::NIL,
            };
            if tree::as_variable(self.world, target).is_some() {
                self.give_register(target, free);
            }
            free += 1;
            rest_values = cdr;
        }
        let mut rest = targets;
        while let Some((target, cdr)) = self.world.uncons(rest) {
            free += self.registers_of(target)?;
            rest = cdr;
        }
        self.reach(free)?;
        let free_for_body = match goal {
            Goal::Register(to) => free.max(to + 1),
            _ => free,
        };
        self.push_node(body, goal, free_for_body)?;
        self.push_binding(targets, values, top)
    }

    /// Recognises `afn`: one variable, bound to nil, whose only assignment begins the body and gives it a function.
    fn note_itself(&mut self, targets: Value, values: Value, body: Value) {
        let Some((target, Value::NIL)) = self.world.uncons(targets) else { return };
        let Some((value, Value::NIL)) = self.world.uncons(values) else { return };
        let Some(variable) = tree::as_variable(self.world, target) else { return };
        let once = tree::variable(self.world, variable, Variable::Assignments) == Value::small(1);
        if !once || tree::as_constant(self.world, value) != Some(Value::NIL) {
            return;
        }
        let first = match tree::open(self.world, body) {
            Some((Node::Sequence, nodes)) => tree::field(self.world, nodes, 0),
            _ => body,
        };
        if let Some((Node::SetLocal, fields)) = tree::open(self.world, first)
            && tree::field(self.world, fields, 0) == target
            && let Some((Node::Function, inner)) = tree::open(self.world, tree::field(self.world, fields, 1))
        {
            let function = tree::field(self.world, inner, 0);
            tree::set_variable(self.world, variable, Variable::Itself, function);
        }
    }

    /// Pushes the tasks that put the values of a `Let` into their registers and then take them apart.
    fn push_binding(&mut self, targets: Value, values: Value, top: Register) -> Outcome<()> {
        let start = self.tasks.len();
        let (mut rest, mut register) = (values, top);
        while let Some((value, cdr)) = self.world.uncons(rest) {
            self.push_node(value, Goal::Register(register), register + 1)?;
            register += 1;
            rest = cdr;
        }
        let (mut rest, mut at, mut free) = (targets, top, register);
        while let Some((target, cdr)) = self.world.uncons(rest) {
            self.push(Task::Target { target, register: at, free })?;
            free += self.registers_of(target)?;
            at += 1;
            rest = cdr;
        }
        self.turn_round(start);
        Ok(())
    }

    /// How many registers the variables and cursors inside a pattern need; none for other targets.
    pub(super) fn registers_of(&mut self, target: Value) -> Outcome<usize> {
        if tree::as_variable(self.world, target).is_some() || target.is_nil() || tree::is_optional(self.world, target) {
            return Ok(0);
        }
        let mut waiting = ValueStack::default();
        waiting.push(&mut self.world.heap, target)?;
        let mut count = 0;
        while let Some(pattern) = waiting.pop(&self.world.heap) {
            // The cursor.
            count += 1;
            let mut rest = pattern;
            while let Some((target, cdr)) = self.world.uncons(rest) {
                if target.is_cell() && !tree::is_optional(self.world, target) {
                    waiting.push(&mut self.world.heap, target)?;
                } else if !target.is_nil() {
                    count += 1;
                }
                rest = cdr;
            }
            count += usize::from(!rest.is_nil());
        }
        Ok(count)
    }

    /// Gives a target the value in a register: a box if it is assigned, its parts if it is a pattern. Registers from
    /// `free` on belong to the pattern.
    pub(super) fn target(&mut self, target: Value, register: Register, free: Register) -> Outcome<()> {
        if let Some(variable) = tree::as_variable(self.world, target) {
            return if self.is_boxed(variable) {
                self.emit(instruction(Op::MakeBox, register, register, 0))
            } else {
                Ok(())
            };
        }
        if target.is_nil() {
            return Ok(());
        }
        // The cursor is a register of its own: the value may be somebody else's.
        self.emit(instruction(Op::Move, free, register, 0))?;
        self.push(Task::Destructure { targets: target, cursor: free, free: free + 1 })
    }

    /// Takes one element off the list in the cursor, and pushes the rest of the pattern. Registers from `free` on
    /// belong to it.
    pub(super) fn destructure(&mut self, targets: Value, cursor: Register, free: Register) -> Outcome<()> {
        let Some((target, rest)) = self.world.uncons(targets) else {
            if tree::as_variable(self.world, targets).is_some() {
                self.give_register(targets, free);
                self.emit(instruction(Op::Move, free, cursor, 0))?;
                return self.target(targets, free, free + 1);
            }
            return Ok(());
        };
        let is_variable = tree::as_variable(self.world, target).is_some();
        let is_optional = tree::is_optional(self.world, target);
        let used = match (target.is_nil(), is_optional || is_variable) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => self.registers_of(target)?,
        };
        self.push(Task::Destructure { targets: rest, cursor, free: free + used })?;
        if is_optional {
            return self.destructure_optional(target, cursor, free);
        }
        if target.is_nil() {
            return self.emit(instruction(Op::TakeCdr, cursor, cursor, 0));
        }
        if is_variable {
            self.give_register(target, free);
        }
        self.emit(instruction(Op::TakeCar, free, cursor, 0))?;
        self.emit(instruction(Op::TakeCdr, cursor, cursor, 0))?;
        if is_variable {
            return self.target(target, free, free + 1);
        }
        self.push(Task::Destructure { targets: target, cursor: free, free: free + 1 })
    }

    /// Takes an optional element off the list in the cursor, or its default when there is none.
    fn destructure_optional(&mut self, target: Value, cursor: Register, free: Register) -> Outcome<()> {
        let (_, inner) = self.world.uncons(target).unwrap_or_default();
        let (variable, default) = self.world.uncons(inner).unwrap_or_default();
        self.give_register(variable, free);
        let (absent, end) = (self.label()?, self.label()?);
        self.emit_jump(Op::JumpIfNil, cursor, absent)?;
        self.emit(instruction(Op::TakeCar, free, cursor, 0))?;
        self.emit(instruction(Op::TakeCdr, cursor, cursor, 0))?;
        self.emit_jump(Op::Jump, 0, end)?;
        self.push(Task::Target { target: variable, register: free, free: free + 1 })?;
        self.push(Task::Bind(end))?;
        // The default may use every register that is not the pattern's.
        let scratch = self.registers;
        self.push_node(default, Goal::Register(free), scratch)?;
        self.push(Task::Bind(absent))
    }
}
