//! What waits to be generated: tasks on a stack in the heap, two values each.
//!
//! ```text
//!  60            36 35        20 19         4 3    0
//! +----------------+------------+------------+------+
//! | label          | y          | x          | kind |    and a value: the node, most often
//! +----------------+------------+------------+------+
//! ```

use heapatlas_heap::Value;

use super::{Generator, Goal, Label, Register};
use crate::bytecode::Instruction;
use crate::bytecode::op::Op;
use crate::fault::Outcome;

/// Something to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Task {
    /// Generate a node; registers from `top` on are free.
    Node { node: Value, goal: Goal, top: Register },
    /// Emit an instruction.
    Emit(Instruction),
    /// Emit a test whose short target is a label.
    EmitTest(Instruction, Label),
    /// Emit a jump to a label.
    Jump { op: Op, register: Register, label: Label },
    /// The label is here.
    Bind(Label),
    /// What follows is written at this place.
    Place(Value),
    /// Give a target the value in a register; registers from `free` on are free.
    Target { target: Value, register: Register, free: Register },
    /// Take the list in a register apart into targets; registers from `free` on are free.
    Destructure { targets: Value, cursor: Register, free: Register },
}

/// The kinds of task as they are packed; a node's is its goal.
#[derive(Clone, Copy)]
enum Kind {
    Register = 0,
    Return = 1,
    Effect = 2,
    Test = 3,
    Emit = 4,
    EmitTest = 5,
    Jump = 6,
    Bind = 7,
    Place = 8,
    Target = 9,
    Destructure = 10,
}

/// The word of a task.
fn pack(kind: Kind, x: usize, y: usize, label: Label) -> Value {
    Value::size(kind as usize | x << 4 | y << 20 | label << 36)
}

impl Task {
    /// The task as a value and a word.
    fn packed(self) -> (Value, Value) {
        // An instruction's upper three quarters are the value, the last quarter is x.
        let halves = |instruction: Instruction| {
            let word = instruction.word();
            (Value::size((word >> 16) as usize), (word & 0xffff) as usize)
        };
        match self {
            Self::Node { node, goal: Goal::Register(to), top } => (node, pack(Kind::Register, to, top, 0)),
            Self::Node { node, goal: Goal::Return, top } => (node, pack(Kind::Return, 0, top, 0)),
            Self::Node { node, goal: Goal::Effect, top } => (node, pack(Kind::Effect, 0, top, 0)),
            Self::Node { node, goal: Goal::Test(label), top } => (node, pack(Kind::Test, 0, top, label)),
            Self::Emit(instruction) => {
                let (value, x) = halves(instruction);
                (value, pack(Kind::Emit, x, 0, 0))
            }
            Self::EmitTest(instruction, label) => {
                let (value, x) = halves(instruction);
                (value, pack(Kind::EmitTest, x, 0, label))
            }
            Self::Jump { op, register, label } => (Value::NIL, pack(Kind::Jump, op as usize, register, label)),
            Self::Bind(label) => (Value::NIL, pack(Kind::Bind, 0, 0, label)),
            Self::Place(place) => (place, pack(Kind::Place, 0, 0, 0)),
            Self::Target { target, register, free } => (target, pack(Kind::Target, register, free, 0)),
            Self::Destructure { targets, cursor, free } => (targets, pack(Kind::Destructure, cursor, free, 0)),
        }
    }

    fn unpacked(value: Value, word: Value) -> Self {
        let word = word.as_fixnum().unwrap_or(0) as usize;
        let (x, y, label) = (word >> 4 & 0xffff, word >> 20 & 0xffff, word >> 36);
        let instruction = || Instruction::from_word((value.as_fixnum().unwrap_or(0) as u64) << 16 | x as u64);
        match word & 0xf {
            0 => Self::Node { node: value, goal: Goal::Register(x), top: y },
            1 => Self::Node { node: value, goal: Goal::Return, top: y },
            2 => Self::Node { node: value, goal: Goal::Effect, top: y },
            3 => Self::Node { node: value, goal: Goal::Test(label), top: y },
            4 => Self::Emit(instruction()),
            5 => Self::EmitTest(instruction(), label),
            6 => Self::Jump { op: Op::ALL[x], register: y, label },
            7 => Self::Bind(label),
            8 => Self::Place(value),
            9 => Self::Target { target: value, register: x, free: y },
            _ => Self::Destructure { targets: value, cursor: x, free: y },
        }
    }
}

impl Generator<'_> {
    /// Pushes a task: it is performed before those that wait already.
    pub(super) fn push(&mut self, task: Task) -> Outcome<()> {
        let (value, word) = task.packed();
        self.tasks.push(&mut self.world.heap, value)?;
        Ok(self.tasks.push(&mut self.world.heap, word)?)
    }

    pub(super) fn push_node(&mut self, node: Value, goal: Goal, top: Register) -> Outcome<()> {
        self.push(Task::Node { node, goal, top })
    }

    pub(super) fn next_task(&mut self) -> Option<Task> {
        let word = self.tasks.pop(&self.world.heap)?;
        let value = self.tasks.pop(&self.world.heap)?;
        Some(Task::unpacked(value, word))
    }

    pub(super) fn perform(&mut self, task: Task) -> Outcome<()> {
        match task {
            Task::Node { node, goal: Goal::Register(to), top } => self.value(node, to, top),
            Task::Node { node, goal: Goal::Return, top } => self.tail(node, top),
            Task::Node { node, goal: Goal::Effect, top } => self.effect(node, top),
            Task::Node { node, goal: Goal::Test(label), top } => self.test(node, top, label),
            Task::Emit(instruction) => self.emit(instruction),
            Task::EmitTest(instruction, label) => self.emit_test(instruction, label),
            Task::Jump { op, register, label } => self.emit_jump(op, register, label),
            Task::Bind(label) => {
                self.bind_label(label);
                Ok(())
            }
            Task::Place(place) => {
                self.note_place(place);
                Ok(())
            }
            Task::Target { target, register, free } => self.target(target, register, free),
            Task::Destructure { targets, cursor, free } => self.destructure(targets, cursor, free),
        }
    }

    /// Reverses the tasks pushed since the stack had `start` values, so that the first pushed is the first performed.
    pub(super) fn turn_round(&mut self, start: usize) {
        self.tasks.reverse_groups(&mut self.world.heap, start, 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_survive_packing() {
        let node = Value::small(77);
        let instruction = Instruction::inlined(Op::UnlessLess, 5, 59_999, 1, 0xffff);
        let tasks = [
            Task::Node { node, goal: Goal::Register(59_999), top: 60_000 },
            Task::Node { node, goal: Goal::Return, top: 1 },
            Task::Node { node, goal: Goal::Effect, top: 2 },
            Task::Node { node, goal: Goal::Test(1 << 20), top: 3 },
            Task::Emit(instruction),
            Task::EmitTest(instruction, 9),
            Task::Jump { op: Op::JumpIfPassed, register: 4, label: 5 },
            Task::Bind(6),
            Task::Place(node),
            Task::Target { target: node, register: 7, free: 8 },
            Task::Destructure { targets: node, cursor: 9, free: 10 },
        ];
        for task in tasks {
            let (value, word) = task.packed();
            assert_eq!(Task::unpacked(value, word), task);
        }
    }
}
