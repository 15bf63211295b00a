//! Calls, and those of builtins that become operations.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Value};

use super::emit::instruction;
use super::tasks::Task;
use super::{Generator, Goal, Label, Register};
use crate::builtins;
use crate::bytecode::Instruction;
use crate::bytecode::inline::{INLINES, Inline, Operands};
use crate::bytecode::op::Op;
use crate::compiler::tree;
use crate::fault::Outcome;
use crate::symbols;
use crate::world::World;

/// The parts of a call.
#[derive(Clone, Copy)]
struct Call {
    place: Value,
    head: Value,
    arguments: Value,
}

/// A call that becomes an operation: number `d` of [`INLINES`].
#[derive(Clone, Copy)]
struct InlinedCall {
    d: u8,
    inline: &'static Inline,
    call: Call,
}

impl InlinedCall {
    fn instruction(&self, op: Op, [a, b, c]: [usize; 3]) -> Instruction {
        Instruction::inlined(op, self.d, a as u16, b as u16, c as u16)
    }
}

impl Generator<'_> {
    fn call_parts(&self, fields: Value) -> Call {
        let (place, rest) = self.world.uncons(fields).unwrap_or_default();
        let (head, arguments) = self.world.uncons(rest).unwrap_or_default();
        Call { place, head, arguments }
    }

    /// A call, its value into a register, or returned.
    pub(super) fn call(&mut self, fields: Value, to: Option<Register>, top: Register) -> Outcome<()> {
        let call = self.call_parts(fields);
        if let Some(inlined) = self.inlined(call) {
            let target = to.unwrap_or(top);
            if to.is_none() {
                self.push(Task::Emit(instruction(Op::Return, target, 0, 0)))?;
            }
            return self.push_inlined(&inlined, top.max(target + 1), |[a, b]| {
                Task::Emit(inlined.instruction(inlined.inline.value, [target, a, b]))
            });
        }
        // A register that is the last in use can be the callee's: the result needs no move.
        let base = to.filter(|to| to + 1 == top).unwrap_or(top);
        let count = self.world.length(call.arguments)?.unwrap_or(0);
        self.reach(base + 2 + count)?;
        if let Some(to) = to.filter(|to| *to != base) {
            self.push(Task::Emit(instruction(Op::Move, to, base, 0)))?;
        }
        let op = if to.is_some() { Op::Call } else { Op::TailCall };
        self.push(Task::Emit(instruction(op, base, count, 0)))?;
        self.push(Task::Place(call.place))?;
        let start = self.tasks.len();
        self.push_node(call.head, Goal::Register(base), base + 1)?;
        let (mut rest, mut register) = (call.arguments, base + 2);
        while let Some((argument, cdr)) = self.world.uncons(rest) {
            self.push_node(argument, Goal::Register(register), register + 1)?;
            register += 1;
            rest = cdr;
        }
        self.turn_round(start);
        self.note_before(call)
    }

    /// A variable that has no value yet may be a misspelt one: fetching it is to fail at the place of its call. Others do
    /// not fail, and places take room.
    fn note_before(&mut self, call: Call) -> Outcome<()> {
        let heap = &self.world.heap;
        let is_unbound = |node: Value| {
            heap.as_kind(node, ObjectKind::Symbol).is_some_and(|name| symbols::global(heap, name) == Value::UNBOUND)
        };
        let mut rest = call.arguments;
        let mut found = is_unbound(call.head);
        while let Some((argument, cdr)) = self.world.uncons(rest).filter(|_| !found) {
            found = is_unbound(argument);
            rest = cdr;
        }
        if found { self.push(Task::Place(call.place)) } else { Ok(()) }
    }

    /// A call as a test, if it becomes an operation that is one; says whether it does.
    pub(super) fn inlined_test(&mut self, fields: Value, top: Register, label: Label) -> Outcome<bool> {
        let call = self.call_parts(fields);
        if let Some(inlined) = self.inlined(call)
            && let Some(op) = inlined.inline.test
            // A short target must reach: code this long has no fused tests.
            && self.code.len() < usize::from(u16::MAX) / 2
            && self.world.length(call.arguments)?.is_some()
        {
            self.push_inlined(&inlined, top, |[a, b]| Task::EmitTest(inlined.instruction(op, [a, b, 0]), label))?;
            return Ok(true);
        }
        Ok(false)
    }

    /// The operation that a call may become: its head is a global that holds the builtin, or the builtin itself.
    fn inlined(&mut self, call: Call) -> Option<InlinedCall> {
        let symbol = self.world.heap.as_kind(call.head, ObjectKind::Symbol);
        let value = match symbol {
            Some(symbol) => symbols::global(&self.world.heap, symbol),
            None => tree::as_constant(self.world, call.head)?,
        };
        let builtin = value.as_builtin()?;
        let (_, rest) = self.world.uncons(call.arguments)?;
        let second = self.world.uncons(rest);
        let name = builtins::name(builtin);
        // The global may hold a builtin of another name: `(= kar car)` is no reason to inline `kar`.
        if symbol.is_some_and(|symbol| !is_named(self.world, symbol, name)) {
            return None;
        }
        let fits = |inline: &Inline| match (inline.operands, second) {
            (Operands::One, None) => true,
            (Operands::Two, Some((_, Value::NIL))) => true,
            (Operands::OneAndNil, Some((second, Value::NIL))) => {
                tree::as_constant(self.world, second) == Some(Value::NIL)
            }
            (Operands::OneAndConstant, Some((second, Value::NIL))) => {
                tree::as_constant(self.world, second).is_some_and(|value| self.is_by_identity(value))
            }
            (Operands::OneAndSmall, Some((second, Value::NIL))) => {
                tree::as_constant(self.world, second).is_some_and(|value| small(value).is_some())
            }
            _ => false,
        };
        let at = INLINES.iter().position(|inline| inline.builtin == name && fits(inline))?;
        if let Some(symbol) = symbol {
            symbols::set_inlined(&mut self.world.heap, symbol, true);
        }
        Some(InlinedCall { d: at as u8, inline: &INLINES[at], call })
    }

    /// Whether `is` compares this constant by identity.
    fn is_by_identity(&self, value: Value) -> bool {
        !value.is_object() || self.world.is_kind(value, ObjectKind::Symbol)
    }

    /// Pushes what an inlined call becomes: the task that emits it, which `task` makes of its two operand fields, and
    /// before it what computes them.
    fn push_inlined(
        &mut self,
        inlined: &InlinedCall,
        top: Register,
        task: impl FnOnce([usize; 2]) -> Task,
    ) -> Outcome<()> {
        let operands = inlined.inline.operands;
        let (first, second) = self.two(inlined.call.arguments);
        let (a, after_first) = self.operand(first, top);
        let (b, after_second) = match operands {
            Operands::One | Operands::OneAndNil => (0, after_first),
            Operands::Two => self.operand(second, after_first),
            Operands::OneAndSmall => {
                let number = tree::as_constant(self.world, second).and_then(small).unwrap_or(0);
                (usize::from(number as u16), after_first)
            }
            Operands::OneAndConstant => {
                let value = tree::as_constant(self.world, second).unwrap_or_default();
                (self.constant(value)?, after_first)
            }
        };
        self.reach(after_second)?;
        self.push(task([a, b]))?;
        self.push(Task::Place(inlined.call.place))?;
        if operands == Operands::Two && after_second > after_first {
            self.push_node(second, Goal::Register(b), after_second)?;
        }
        if after_first > top {
            self.push_node(first, Goal::Register(a), after_first)?;
        }
        self.note_before(inlined.call)
    }

    /// A register for an operand: where it is already, or the next free one, for which a task is pushed later.
    fn operand(&self, node: Value, top: Register) -> (Register, Register) {
        match self.resident(node) {
            Some(register) => (register, top),
            None => (top, top + 1),
        }
    }
}

fn small(value: Value) -> Option<i16> {
    value.as_fixnum().and_then(|number| i16::try_from(number).ok())
}

fn is_named(world: &World, symbol: ObjectRef, name: &str) -> bool {
    let text = symbols::name_of(&world.heap, symbol);
    text.len() == name.len() && text.chars().eq(name.chars())
}
