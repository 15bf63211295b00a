//! What each kind of node becomes: for its value, returned, for its effect, or as a test.

use heapatlas_heap::Value;

use super::emit::instruction;
use super::tasks::Task;
use super::{Generator, Goal, Label, Register};
use crate::bytecode::op::Op;
use crate::compiler::tree::{self, Node};
use crate::fault::Outcome;

impl Generator<'_> {
    /// Puts a node's value into a register.
    pub(super) fn value(&mut self, node: Value, to: Register, top: Register) -> Outcome<()> {
        self.reach(top.max(to + 1))?;
        if let Some(variable) = tree::as_variable(self.world, node) {
            return self.emit_get(variable, to);
        }
        let Some((kind, fields)) = tree::open(self.world, node) else {
            let index = self.constant(node)?;
            return self.emit(instruction(Op::GetGlobal, to, index, 0));
        };
        match kind {
            Node::Constant => self.load(fields, to),
            Node::If => self.branch_and_join(fields, Goal::Register(to), top),
            Node::Function => self.closure(fields, to),
            Node::SetLocal | Node::SetGlobal => {
                let (target, value) = self.two(fields);
                if let Some(store) = self.store(kind, target, to)? {
                    self.push(Task::Emit(store))?;
                }
                self.push_node(value, Goal::Register(to), top.max(to + 1))
            }
            Node::Call => self.call(fields, Some(to), top),
            Node::Let => self.bind(fields, Goal::Register(to), top),
            Node::Sequence => self.sequence(fields, Goal::Register(to), top),
            Node::Atomic => {
                let body = tree::field(self.world, fields, 0);
                self.push(Task::Emit(instruction(Op::RestoreDynamics, top, 0, 0)))?;
                self.push_node(body, Goal::Register(to), top + 1)?;
                self.reach(top + 1)?;
                self.push(Task::Emit(instruction(Op::EnterAtomic, top, 0, 0)))
            }
        }
    }

    fn load(&mut self, value: Value, to: Register) -> Outcome<()> {
        if value.is_nil() {
            return self.emit(instruction(Op::Nil, to, 0, 0));
        }
        let index = self.constant(value)?;
        self.emit(instruction(Op::Constant, to, index, 0))
    }

    /// Returns a node's value.
    pub(super) fn tail(&mut self, node: Value, top: Register) -> Outcome<()> {
        if let Some(register) = self.resident(node) {
            return self.emit(instruction(Op::Return, register, 0, 0));
        }
        if let Some((kind, fields)) = tree::open(self.world, node) {
            match kind {
                Node::If => {
                    let otherwise = self.label()?;
                    let (test, branch, other) = self.three(fields);
                    self.push_node(other, Goal::Return, top)?;
                    self.push(Task::Bind(otherwise))?;
                    self.push_node(branch, Goal::Return, top)?;
                    return self.push_node(test, Goal::Test(otherwise), top);
                }
                Node::Call => return self.call(fields, None, top),
                Node::Let => return self.bind(fields, Goal::Return, top),
                Node::Sequence => return self.sequence(fields, Goal::Return, top),
                _ => {}
            }
        }
        self.push(Task::Emit(instruction(Op::Return, top, 0, 0)))?;
        self.push_node(node, Goal::Register(top), top + 1)
    }

    /// Does what a node does, without its value.
    pub(super) fn effect(&mut self, node: Value, top: Register) -> Outcome<()> {
        if let Some((kind, fields)) = tree::open(self.world, node) {
            match kind {
                Node::Constant | Node::Function => return Ok(()),
                Node::If => return self.branch_and_join(fields, Goal::Effect, top),
                Node::Let => return self.bind(fields, Goal::Effect, top),
                Node::Sequence => return self.sequence(fields, Goal::Effect, top),
                _ => {}
            }
        } else if tree::as_variable(self.world, node).is_some() {
            return Ok(());
        }
        self.push_node(node, Goal::Register(top), top + 1)
    }

    /// Goes to a label if a node's value is nil.
    pub(super) fn test(&mut self, node: Value, top: Register, label: Label) -> Outcome<()> {
        if let Some(register) = self.resident(node) {
            return self.emit_jump(Op::JumpIfNil, register, label);
        }
        if let Some((kind, fields)) = tree::open(self.world, node) {
            match kind {
                Node::Constant if fields.is_nil() => return self.emit_jump(Op::Jump, 0, label),
                Node::Constant | Node::Function => return Ok(()),
                Node::Call if self.inlined_test(fields, top, label)? => return Ok(()),
                Node::If => {
                    // (if a b nil) as a test is (and a b): the commonest shape of all.
                    let (test, branch, other) = self.three(fields);
                    if tree::as_constant(self.world, other) == Some(Value::NIL) {
                        self.push_node(branch, Goal::Test(label), top)?;
                        return self.push_node(test, Goal::Test(label), top);
                    }
                }
                Node::Let => return self.bind(fields, Goal::Test(label), top),
                Node::Sequence => return self.sequence(fields, Goal::Test(label), top),
                _ => {}
            }
        }
        self.push(Task::Jump { op: Op::JumpIfNil, register: top, label })?;
        self.push_node(node, Goal::Register(top), top + 1)
    }

    /// An `If` behind whose branches the code goes on.
    fn branch_and_join(&mut self, fields: Value, goal: Goal, top: Register) -> Outcome<()> {
        let (otherwise, end) = (self.label()?, self.label()?);
        let (test, branch, other) = self.three(fields);
        self.push(Task::Bind(end))?;
        self.push_node(other, goal, top)?;
        self.push(Task::Bind(otherwise))?;
        self.push(Task::Jump { op: Op::Jump, register: 0, label: end })?;
        self.push_node(branch, goal, top)?;
        self.push_node(test, Goal::Test(otherwise), top)
    }

    /// Nodes one after the other; the goal is that of the last.
    fn sequence(&mut self, nodes: Value, goal: Goal, top: Register) -> Outcome<()> {
        let start = self.tasks.len();
        let mut rest = nodes;
        while let Some((node, cdr)) = self.world.uncons(rest) {
            self.push_node(node, if cdr.is_nil() { goal } else { Goal::Effect }, top)?;
            rest = cdr;
        }
        self.turn_round(start);
        Ok(())
    }

    pub(super) fn two(&self, fields: Value) -> (Value, Value) {
        (tree::field(self.world, fields, 0), tree::field(self.world, fields, 1))
    }

    pub(super) fn three(&self, fields: Value) -> (Value, Value, Value) {
        let (first, second) = self.two(fields);
        (first, second, tree::field(self.world, fields, 2))
    }
}
