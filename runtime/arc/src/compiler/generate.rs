//! Tree → bytecode.
//!
//! Registers are handed out like a stack: a task says which register its value goes to and from which on registers are
//! free, so there is no state of allocation to get wrong. Tasks wait on a stack in the heap. Functions inside functions
//! are generated one after the other; the places of their code are filled in at the end.
//!
//! A variable that is assigned lives in a box, because a continuation copies registers and must share variables. One
//! that is bound to nil and at once assigned the function that is its only value, as `afn` and `rfn` do, needs neither
//! box nor capture: inside that function it is the running function.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Value};

use super::tree::{self, Function, Node, Variable};
use crate::builtins;
use crate::bytecode::inline::{self, INLINES, Inline, Operands};
use crate::bytecode::op::Op;
use crate::bytecode::{Instruction, Signature};
use crate::closures;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::scratch::{ValueStack, WordList};
use crate::symbols;
use crate::world::World;

/// A function's frame has no more registers than this.
const MOST_REGISTERS: usize = 60_000;

/// What waits on the stack: a node and what to do with it, or something to be done behind a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    /// Put the node's value into register x; registers from y on are free.
    Value = 0,
    /// Return the node's value; registers from y on are free.
    Tail = 1,
    /// Do what the node does, without its value; registers from y on are free.
    Effect = 2,
    /// Go to label z if the node's value is nil; registers from y on are free.
    Test = 3,
    /// Emit an instruction.
    Emit = 4,
    /// Emit a jump to label z: operation x on register y.
    Jump = 5,
    /// Label z is here.
    Bind = 6,
    /// What follows is written at the place that the node is.
    Place = 7,
    /// Give the target that the node is the value in register x; registers from y on are free.
    Target = 8,
    /// Take the list in register x apart into the targets that the node is; registers from y on are free.
    Destructure = 9,
    /// Emit a test with label z as its short target; the instruction is in the node.
    EmitTest = 10,
}

impl Task {
    fn from_number(number: u64) -> Self {
        match number {
            0 => Self::Value,
            1 => Self::Tail,
            2 => Self::Effect,
            3 => Self::Test,
            4 => Self::Emit,
            5 => Self::Jump,
            6 => Self::Bind,
            7 => Self::Place,
            8 => Self::Target,
            9 => Self::Destructure,
            _ => Self::EmitTest,
        }
    }
}

/// A register of the frame.
type Register = usize;
/// A place in the code, known or not yet.
type Label = usize;

/// Makes the function that does what a tree says. It takes no arguments.
pub(crate) fn generate(world: &mut World, tree: Value) -> Outcome<Value> {
    let mut generator = Generator {
        world,
        tasks: ValueStack::default(),
        pending: ValueStack::default(),
        patches: ValueStack::default(),
        constants: ValueStack::default(),
        code: WordList::default(),
        lines: WordList::default(),
        labels: WordList::default(),
        fixups: WordList::default(),
        function: None,
        registers: 0,
        place: Value::NIL,
        noted_place: Value::NIL,
        file: Value::NIL,
    };
    generator.run(tree)
}

struct Generator<'w> {
    world: &'w mut World,
    tasks: ValueStack,
    /// Functions to be generated.
    pending: ValueStack,
    /// Code objects with the constants that are functions yet: code, index, function.
    patches: ValueStack,
    constants: ValueStack,
    code: WordList,
    /// Instruction numbers (high half) with the lines from there on.
    lines: WordList,
    /// The instruction each label is at; [`UNBOUND`] until it is known.
    labels: WordList,
    /// Instructions whose target is a label, with the label.
    fixups: WordList,
    function: Option<ObjectRef>,
    registers: usize,
    place: Value,
    noted_place: Value,
    file: Value,
}

const UNBOUND: u64 = u64::MAX;

/// How many of the latest constants are looked through for an equal one.
const CONSTANTS_SEARCHED: usize = 48;

impl Generator<'_> {
    fn run(&mut self, tree: Value) -> Outcome<Value> {
        let Some((Node::Function, fields)) = tree::open(self.world, tree) else { return Ok(Value::NIL) };
        let outermost = tree::field(self.world, fields, 0);
        let file = outermost.as_object().map(|function| tree::function(self.world, function, Function::File));
        self.file = file.unwrap_or_default();
        self.pending.push(&mut self.world.heap, outermost)?;
        while let Some(function) = self.pending.pop(&self.world.heap) {
            if let Some(function) = function.as_object() {
                self.function(function)?;
            }
        }
        while let Some(function) = self.patches.pop(&self.world.heap) {
            let index = self.patches.pop(&self.world.heap).and_then(Value::as_fixnum).unwrap_or(0);
            let code = self.patches.pop(&self.world.heap).and_then(Value::as_object);
            if let (Some(code), Some(function)) = (code, function.as_object()) {
                let inner = tree::function(self.world, function, Function::Code);
                self.world.heap.set_value(code, index as usize, inner);
            }
        }
        let code = outermost.as_object().map(|function| tree::function(self.world, function, Function::Code));
        closures::make(self.world, code.unwrap_or_default(), &[])
    }

    // Functions.

    fn function(&mut self, function: ObjectRef) -> Outcome<()> {
        self.function = Some(function);
        self.code.clear();
        self.lines.clear();
        self.labels.clear();
        self.fixups.clear();
        self.constants.truncate(0);
        self.registers = 0;
        self.place = Value::NIL;
        self.noted_place = Value::NIL;
        let name = self.field(Function::Name);
        closures::begin_constants(self.world, &mut self.constants, name, self.file)?;
        self.note_place(self.field(Function::Place))?;
        self.entry()?;
        while let Some(packed) = self.tasks.pop(&self.world.heap) {
            self.world.step()?;
            let node = self.tasks.pop(&self.world.heap).unwrap_or_default();
            let packed = packed.as_fixnum().unwrap_or(0) as u64;
            let (x, y) = ((packed >> 8) as usize & 0xffff, (packed >> 24) as usize & 0xffff);
            self.perform(Task::from_number(packed & 0xff), node, x, y, (packed >> 40) as usize)?;
        }
        let code = self.assemble()?;
        tree::set_function(self.world, function, Function::Code, code);
        Ok(())
    }

    fn field(&self, field: Function) -> Value {
        self.function.map_or(Value::NIL, |function| tree::function(self.world, function, field))
    }

    /// Pushes the tasks that bind the parameters and then return the body.
    fn entry(&mut self) -> Outcome<()> {
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
        self.push(Task::Tail, self.field(Function::Body), 0, top, 0)?;
        for index in (0..count).rev() {
            let target = bindings.get(&self.world.heap, index * 2);
            let register = self.size(&bindings, index * 2 + 1);
            let free = self.size(&tops, index);
            let optional = self.world.uncons(target).is_some_and(|(car, _)| car == tree::OPTIONAL);
            if optional {
                self.push_optional(target, register, top)?;
            } else {
                self.push(Task::Target, target, register, free, 0)?;
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
        self.push(Task::Target, variable, register, top, 0)?;
        self.push(Task::Bind, Value::NIL, 0, 0, passed)?;
        self.push(Task::Value, default, register, top, 0)?;
        self.push(Task::Jump, Value::NIL, Op::JumpIfPassed as usize, register, passed)
    }

    /// How many registers the variables and cursors inside a pattern need; none for other targets.
    fn registers_of(&mut self, target: Value) -> Outcome<usize> {
        if tree::as_variable(self.world, target).is_some() || target.is_nil() {
            return Ok(0);
        }
        if self.world.uncons(target).is_some_and(|(car, _)| car == tree::OPTIONAL) {
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
                let optional = self.world.uncons(target).is_some_and(|(car, _)| car == tree::OPTIONAL);
                if target.is_cell() && !optional {
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

    fn give_register(&mut self, variable: Value, register: Register) {
        if let Some(variable) = variable.as_object() {
            tree::set_variable(self.world, variable, Variable::Register, Value::size(register));
        }
    }

    fn assemble(&mut self) -> Outcome<Value> {
        for index in 0..self.fixups.len() {
            let fixup = self.fixups.get(&self.world.heap, index);
            let (at, label, short) = ((fixup >> 32) as usize, (fixup & 0x7fff_ffff) as usize, fixup >> 31 & 1 == 1);
            let target = self.labels.get(&self.world.heap, label);
            let instruction = Instruction::from_word(self.code.get(&self.world.heap, at));
            let instruction = if short {
                let target = u16::try_from(target).map_err(|_far| too_large())?;
                instruction.with_short_target(target)
            } else {
                instruction.with_target(target as u32)
            };
            self.code.set(&mut self.world.heap, at, instruction.word());
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

    // Tasks and instructions.

    fn push(&mut self, task: Task, node: Value, x: usize, y: usize, z: usize) -> Outcome<()> {
        self.tasks.push(&mut self.world.heap, node)?;
        let packed = task as usize | x << 8 | y << 24 | z << 40;
        Ok(self.tasks.push(&mut self.world.heap, Value::size(packed))?)
    }

    /// Pushes an instruction to be emitted behind what is pushed after it.
    fn push_emit(&mut self, op: Op, d: u8, a: usize, b: usize, c: usize) -> Outcome<()> {
        let operands = Value::size(a | b << 16 | c << 32);
        self.push(Task::Emit, operands, op as usize | usize::from(d) << 8, 0, 0)
    }

    /// Pushes a test to be emitted behind what is pushed after it.
    fn push_test(&mut self, op: Op, d: u8, a: usize, b: usize, label: Label) -> Outcome<()> {
        let operands = Value::size(a | b << 16);
        self.push(Task::EmitTest, operands, op as usize | usize::from(d) << 8, 0, label)
    }

    fn emit(&mut self, instruction: Instruction) -> Outcome<()> {
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

    fn note_place(&mut self, place: Value) -> Outcome<()> {
        if !place.is_nil() {
            self.place = place;
        }
        Ok(())
    }

    fn label(&mut self) -> Outcome<Label> {
        self.labels.push(&mut self.world.heap, UNBOUND)?;
        Ok(self.labels.len() - 1)
    }

    fn emit_jump(&mut self, op: Op, register: Register, label: Label) -> Outcome<()> {
        let fixup = (self.code.len() as u64) << 32 | label as u64;
        self.fixups.push(&mut self.world.heap, fixup)?;
        self.emit(Instruction::jump(op, register as u16, 0))
    }

    /// Notes that registers below `top` are in use.
    fn reach(&mut self, top: usize) -> Outcome<()> {
        if top > MOST_REGISTERS {
            return Err(too_large());
        }
        self.registers = self.registers.max(top);
        Ok(())
    }

    fn constant(&mut self, value: Value) -> Outcome<usize> {
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

    fn perform(&mut self, task: Task, node: Value, x: usize, y: usize, z: usize) -> Outcome<()> {
        match task {
            Task::Value => self.value(node, x, y),
            Task::Tail => self.tail(node, y),
            Task::Effect => self.effect(node, y),
            Task::Test => self.test(node, y, z),
            Task::Emit => self.emit(instruction(node, x)),
            Task::EmitTest => {
                let fixup = (self.code.len() as u64) << 32 | 1 << 31 | z as u64;
                self.fixups.push(&mut self.world.heap, fixup)?;
                self.emit(instruction(node, x))
            }
            Task::Jump => self.emit_jump(Op::ALL[x], y, z),
            Task::Bind => {
                let here = self.code.len() as u64;
                self.labels.set(&mut self.world.heap, z, here);
                Ok(())
            }
            Task::Place => self.note_place(node),
            Task::Target => self.target(node, x, y),
            Task::Destructure => self.destructure(node, x, y),
        }
    }

    // Variables.

    fn is_boxed(&self, variable: ObjectRef) -> bool {
        let assignments = tree::variable(self.world, variable, Variable::Assignments);
        assignments != Value::small(0) && !self.is_itself(variable)
    }

    /// Whether the variable's only value is a function that is assigned to it at once.
    fn is_itself(&self, variable: ObjectRef) -> bool {
        !tree::variable(self.world, variable, Variable::Itself).is_nil()
    }

    fn register(&self, variable: ObjectRef) -> Register {
        tree::variable(self.world, variable, Variable::Register).as_fixnum().unwrap_or(0) as usize
    }

    fn is_own(&self, variable: ObjectRef) -> bool {
        let owner = tree::variable(self.world, variable, Variable::Owner);
        owner.as_object() == self.function
    }

    /// Whether the variable is another name of the function being generated.
    fn is_this_function(&self, variable: ObjectRef) -> bool {
        let itself = tree::variable(self.world, variable, Variable::Itself).as_object();
        itself.is_some() && itself == self.function
    }

    /// The number under which the function captured a variable.
    fn captured(&self, variable: ObjectRef) -> usize {
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
    fn resident(&self, node: Value) -> Option<Register> {
        let variable = tree::as_variable(self.world, node)?;
        (self.is_own(variable) && !self.is_boxed(variable)).then(|| self.register(variable))
    }

    fn emit_get(&mut self, variable: ObjectRef, to: Register) -> Outcome<()> {
        let to = to as u16;
        let instruction = if self.is_this_function(variable) {
            Instruction::new(Op::Itself, to, 0, 0)
        } else if self.is_own(variable) {
            let register = self.register(variable) as u16;
            if self.is_boxed(variable) {
                Instruction::new(Op::GetBox, to, register, 0)
            } else if register == to {
                return Ok(());
            } else {
                Instruction::new(Op::Move, to, register, 0)
            }
        } else {
            let op = if self.is_boxed(variable) { Op::GetCapturedBox } else { Op::GetCaptured };
            Instruction::new(op, to, self.captured(variable) as u16, 0)
        };
        self.emit(instruction)
    }

    // Nodes.

    /// Puts a node's value into a register.
    fn value(&mut self, node: Value, to: Register, top: usize) -> Outcome<()> {
        self.reach(top.max(to + 1))?;
        if let Some(variable) = tree::as_variable(self.world, node) {
            return self.emit_get(variable, to);
        }
        let Some((kind, fields)) = tree::open(self.world, node) else {
            let index = self.constant(node)?;
            return self.emit(Instruction::new(Op::GetGlobal, to as u16, index as u16, 0));
        };
        match kind {
            Node::Constant => self.load(fields, to),
            Node::If => {
                let (otherwise, end) = (self.label()?, self.label()?);
                let (test, branch, other) = self.three(fields);
                self.push(Task::Bind, Value::NIL, 0, 0, end)?;
                self.push(Task::Value, other, to, top, 0)?;
                self.push(Task::Bind, Value::NIL, 0, 0, otherwise)?;
                self.push(Task::Jump, Value::NIL, Op::Jump as usize, 0, end)?;
                self.push(Task::Value, branch, to, top, 0)?;
                self.push(Task::Test, test, 0, top, otherwise)
            }
            Node::Function => self.closure(fields, to),
            Node::SetLocal | Node::SetGlobal => {
                let (target, value) = self.two(fields);
                self.push_store(kind, target, to)?;
                self.push(Task::Value, value, to, top.max(to + 1), 0)
            }
            Node::Call => self.call(fields, Some(to), top),
            Node::Let => {
                let (body, free) = self.bind(fields, top)?;
                self.push_bound(Task::Value, body, to, free, fields, top)
            }
            Node::Sequence => self.sequence(Task::Value, fields, to, top),
            Node::Atomic => {
                let body = tree::field(self.world, fields, 0);
                self.push_emit(Op::RestoreDynamics, inline::NONE, top, 0, 0)?;
                self.push(Task::Value, body, to, top + 1, 0)?;
                self.reach(top + 1)?;
                self.push_emit(Op::EnterAtomic, inline::NONE, top, 0, 0)
            }
        }
    }

    fn two(&self, fields: Value) -> (Value, Value) {
        (tree::field(self.world, fields, 0), tree::field(self.world, fields, 1))
    }

    fn three(&self, fields: Value) -> (Value, Value, Value) {
        let (first, second) = self.two(fields);
        (first, second, tree::field(self.world, fields, 2))
    }

    fn load(&mut self, value: Value, to: Register) -> Outcome<()> {
        if value.is_nil() {
            return self.emit(Instruction::new(Op::Nil, to as u16, 0, 0));
        }
        let index = self.constant(value)?;
        self.emit(Instruction::new(Op::Constant, to as u16, index as u16, 0))
    }

    /// Returns a node's value.
    fn tail(&mut self, node: Value, top: usize) -> Outcome<()> {
        if let Some(register) = self.resident(node) {
            return self.emit(Instruction::new(Op::Return, register as u16, 0, 0));
        }
        if let Some((kind, fields)) = tree::open(self.world, node) {
            match kind {
                Node::If => {
                    let otherwise = self.label()?;
                    let (test, branch, other) = self.three(fields);
                    self.push(Task::Tail, other, 0, top, 0)?;
                    self.push(Task::Bind, Value::NIL, 0, 0, otherwise)?;
                    self.push(Task::Tail, branch, 0, top, 0)?;
                    return self.push(Task::Test, test, 0, top, otherwise);
                }
                Node::Call => return self.call(fields, None, top),
                Node::Let => {
                    let (body, free) = self.bind(fields, top)?;
                    return self.push_bound(Task::Tail, body, 0, free, fields, top);
                }
                Node::Sequence => return self.sequence(Task::Tail, fields, 0, top),
                _ => {}
            }
        }
        self.push_emit(Op::Return, inline::NONE, top, 0, 0)?;
        self.push(Task::Value, node, top, top + 1, 0)
    }

    /// Does what a node does, without its value.
    fn effect(&mut self, node: Value, top: usize) -> Outcome<()> {
        if let Some((kind, fields)) = tree::open(self.world, node) {
            match kind {
                Node::Constant | Node::Function => return Ok(()),
                Node::If => {
                    let (otherwise, end) = (self.label()?, self.label()?);
                    let (test, branch, other) = self.three(fields);
                    self.push(Task::Bind, Value::NIL, 0, 0, end)?;
                    self.push(Task::Effect, other, 0, top, 0)?;
                    self.push(Task::Bind, Value::NIL, 0, 0, otherwise)?;
                    self.push(Task::Jump, Value::NIL, Op::Jump as usize, 0, end)?;
                    self.push(Task::Effect, branch, 0, top, 0)?;
                    return self.push(Task::Test, test, 0, top, otherwise);
                }
                Node::Let => {
                    let (body, free) = self.bind(fields, top)?;
                    return self.push_bound(Task::Effect, body, 0, free, fields, top);
                }
                Node::Sequence => return self.sequence(Task::Effect, fields, 0, top),
                _ => {}
            }
        } else if tree::as_variable(self.world, node).is_some() {
            return Ok(());
        }
        self.push(Task::Value, node, top, top + 1, 0)
    }

    /// Goes to a label if a node's value is nil.
    fn test(&mut self, node: Value, top: usize, label: Label) -> Outcome<()> {
        if let Some(register) = self.resident(node) {
            return self.emit_jump(Op::JumpIfNil, register, label);
        }
        if let Some((kind, fields)) = tree::open(self.world, node) {
            match kind {
                Node::Constant if fields.is_nil() => return self.emit_jump(Op::Jump, 0, label),
                Node::Constant | Node::Function => return Ok(()),
                Node::Call => {
                    let (place, head, arguments) = self.call_parts(fields);
                    if let Some((d, inline)) = self.inline_for(head, arguments)
                        && let Some(op) = inline.test
                        // A short target must reach: code this long has no fused tests.
                        && self.code.len() < usize::from(u16::MAX) / 2
                        && self.world.length(arguments)?.is_some()
                    {
                        return self.inlined_test(inline, (d, op), arguments, place, (top, label));
                    }
                }
                Node::If => {
                    // (if a b nil) as a test is (and a b): the commonest shape of all.
                    let (test, branch, other) = self.three(fields);
                    if tree::as_constant(self.world, other) == Some(Value::NIL) {
                        self.push(Task::Test, branch, 0, top, label)?;
                        return self.push(Task::Test, test, 0, top, label);
                    }
                }
                Node::Let => {
                    let (body, free) = self.bind(fields, top)?;
                    return self.push_bound_test(body, free, fields, top, label);
                }
                Node::Sequence => return self.sequence_test(fields, top, label),
                _ => {}
            }
        }
        self.push(Task::Jump, Value::NIL, Op::JumpIfNil as usize, top, label)?;
        self.push(Task::Value, node, top, top + 1, 0)
    }

    fn sequence(&mut self, last: Task, nodes: Value, to: Register, top: usize) -> Outcome<()> {
        let start = self.tasks.len();
        let mut rest = nodes;
        while let Some((node, cdr)) = self.world.uncons(rest) {
            if cdr.is_nil() {
                self.push(last, node, to, top, 0)?;
            } else {
                self.push(Task::Effect, node, 0, top, 0)?;
            }
            rest = cdr;
        }
        self.turn_round(start);
        Ok(())
    }

    fn sequence_test(&mut self, nodes: Value, top: usize, label: Label) -> Outcome<()> {
        let start = self.tasks.len();
        let mut rest = nodes;
        while let Some((node, cdr)) = self.world.uncons(rest) {
            if cdr.is_nil() {
                self.push(Task::Test, node, 0, top, label)?;
            } else {
                self.push(Task::Effect, node, 0, top, 0)?;
            }
            rest = cdr;
        }
        self.turn_round(start);
        Ok(())
    }

    /// Reverses the tasks pushed since the stack had `start` values, so that the first pushed is the first performed.
    fn turn_round(&mut self, start: usize) {
        let count = (self.tasks.len() - start) / 2;
        for index in 0..count / 2 {
            let (low, high) = (start + index * 2, start + (count - 1 - index) * 2);
            for part in 0..2 {
                let (a, b) =
                    (self.tasks.get(&self.world.heap, low + part), self.tasks.get(&self.world.heap, high + part));
                self.tasks.set(&mut self.world.heap, low + part, b);
                self.tasks.set(&mut self.world.heap, high + part, a);
            }
        }
    }

    /// Pushes the instruction that stores register `from`.
    fn push_store(&mut self, kind: Node, target: Value, from: Register) -> Outcome<()> {
        if kind == Node::SetGlobal {
            let index = self.constant(target)?;
            return self.push_emit(Op::SetGlobal, inline::NONE, from, index, 0);
        }
        let Some(variable) = target.as_object() else { return Ok(()) };
        if self.is_itself(variable) {
            let register = self.register(variable);
            return if self.is_own(variable) && register != from {
                self.push_emit(Op::Move, inline::NONE, register, from, 0)
            } else {
                Ok(())
            };
        }
        if self.is_own(variable) {
            self.push_emit(Op::SetBox, inline::NONE, self.register(variable), from, 0)
        } else {
            self.push_emit(Op::SetCapturedBox, inline::NONE, self.captured(variable), from, 0)
        }
    }

    // Functions as values.

    fn closure(&mut self, fields: Value, to: Register) -> Outcome<()> {
        let function = tree::field(self.world, fields, 0);
        let Some(inner) = function.as_object() else { return Ok(()) };
        self.pending.push(&mut self.world.heap, function)?;
        let index = self.constant(function)?;
        let mut count = 0;
        let mut rest = tree::function(self.world, inner, Function::Captured);
        let captured = rest;
        while let Some((variable, cdr)) = self.world.uncons(rest) {
            count += u16::from(!self.names_function(variable, inner));
            rest = cdr;
        }
        self.emit(Instruction::new(Op::MakeClosure, to as u16, index as u16, count))?;
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
            self.emit(Instruction::new(Op::Capture, from, number as u16, 0))?;
        }
        Ok(())
    }

    fn names_function(&self, variable: Value, function: ObjectRef) -> bool {
        let itself = variable.as_object().map(|object| tree::variable(self.world, object, Variable::Itself));
        itself.and_then(Value::as_object) == Some(function)
    }

    // Binding.

    /// Pushes nothing yet, but gives registers to what a `Let` binds; gives its body and the first free register.
    fn bind(&mut self, fields: Value, top: usize) -> Outcome<(Value, usize)> {
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
        Ok((body, free))
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

    /// Pushes the body, and before it the binding.
    fn push_bound(
        &mut self,
        task: Task,
        body: Value,
        to: Register,
        free: usize,
        fields: Value,
        top: usize,
    ) -> Outcome<()> {
        let free_for_body = if task == Task::Value { free.max(to + 1) } else { free };
        self.push(task, body, to, free_for_body, 0)?;
        self.push_binding(fields, top)
    }

    fn push_bound_test(&mut self, body: Value, free: usize, fields: Value, top: usize, label: Label) -> Outcome<()> {
        self.push(Task::Test, body, 0, free, label)?;
        self.push_binding(fields, top)
    }

    /// Pushes the tasks that put the values of a `Let` into their registers and then take them apart.
    fn push_binding(&mut self, fields: Value, top: usize) -> Outcome<()> {
        let (targets, values, _) = self.three(fields);
        let start = self.tasks.len();
        let (mut rest, mut register) = (values, top);
        while let Some((value, cdr)) = self.world.uncons(rest) {
            self.push(Task::Value, value, register, register + 1, 0)?;
            register += 1;
            rest = cdr;
        }
        let (mut rest, mut at, mut free) = (targets, top, register);
        while let Some((target, cdr)) = self.world.uncons(rest) {
            self.push(Task::Target, target, at, free, 0)?;
            free += self.registers_of(target)?;
            at += 1;
            rest = cdr;
        }
        self.turn_round(start);
        Ok(())
    }

    /// Gives a target the value in a register: a box if it is assigned, its parts if it is a pattern. Registers from
    /// `free` on belong to the pattern.
    fn target(&mut self, target: Value, register: Register, free: usize) -> Outcome<()> {
        if let Some(variable) = tree::as_variable(self.world, target) {
            return if self.is_boxed(variable) {
                self.emit(Instruction::new(Op::MakeBox, register as u16, register as u16, 0))
            } else {
                Ok(())
            };
        }
        if target.is_nil() {
            return Ok(());
        }
        // The cursor is a register of its own: the value may be somebody else's.
        self.emit(Instruction::new(Op::Move, free as u16, register as u16, 0))?;
        self.push(Task::Destructure, target, free, free + 1, 0)
    }

    /// Takes one element off the list in the cursor, and pushes the rest of the pattern. Registers from `free` on
    /// belong to it.
    fn destructure(&mut self, targets: Value, cursor: Register, free: usize) -> Outcome<()> {
        let Some((target, rest)) = self.world.uncons(targets) else {
            if tree::as_variable(self.world, targets).is_some() {
                self.give_register(targets, free);
                self.emit(Instruction::new(Op::Move, free as u16, cursor as u16, 0))?;
                return self.target(targets, free, free + 1);
            }
            return Ok(());
        };
        let (cursor16, free16) = (cursor as u16, free as u16);
        let optional = self.world.uncons(target).filter(|(car, _)| *car == tree::OPTIONAL);
        let used = match (target.is_nil(), optional.is_some() || tree::as_variable(self.world, target).is_some()) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => self.registers_of(target)?,
        };
        self.push(Task::Destructure, rest, cursor, free + used, 0)?;
        if let Some((_, inner)) = optional {
            let (variable, default) = self.world.uncons(inner).unwrap_or_default();
            self.give_register(variable, free);
            let (absent, end) = (self.label()?, self.label()?);
            self.emit_jump(Op::JumpIfNil, cursor, absent)?;
            self.emit(Instruction::new(Op::TakeCar, free16, cursor16, 0))?;
            self.emit(Instruction::new(Op::TakeCdr, cursor16, cursor16, 0))?;
            self.emit_jump(Op::Jump, 0, end)?;
            self.push(Task::Target, variable, free, free + 1, 0)?;
            self.push(Task::Bind, Value::NIL, 0, 0, end)?;
            // The default may use every register that is not the pattern's.
            let scratch = self.registers;
            self.push(Task::Value, default, free, scratch, 0)?;
            return self.push(Task::Bind, Value::NIL, 0, 0, absent);
        }
        if tree::as_variable(self.world, target).is_some() {
            self.give_register(target, free);
            self.emit(Instruction::new(Op::TakeCar, free16, cursor16, 0))?;
            self.emit(Instruction::new(Op::TakeCdr, cursor16, cursor16, 0))?;
            return self.target(target, free, free + 1);
        }
        if !target.is_nil() {
            self.emit(Instruction::new(Op::TakeCar, free16, cursor16, 0))?;
            self.emit(Instruction::new(Op::TakeCdr, cursor16, cursor16, 0))?;
            return self.push(Task::Destructure, target, free, free + 1, 0);
        }
        self.emit(Instruction::new(Op::TakeCdr, cursor16, cursor16, 0))
    }

    // Calls.

    fn call_parts(&self, fields: Value) -> (Value, Value, Value) {
        let (place, rest) = self.world.uncons(fields).unwrap_or_default();
        let (head, arguments) = self.world.uncons(rest).unwrap_or_default();
        (place, head, arguments)
    }

    /// A call, its value into a register, or returned.
    fn call(&mut self, fields: Value, to: Option<Register>, top: usize) -> Outcome<()> {
        let (place, head, arguments) = self.call_parts(fields);
        if let Some((d, inline)) = self.inline_for(head, arguments) {
            let target = to.unwrap_or(top);
            if to.is_none() {
                self.push_emit(Op::Return, inline::NONE, target, 0, 0)?;
            }
            return self.inlined_value(inline, d, arguments, place, (target, top.max(target + 1)));
        }
        // A register that is the last in use can be the callee's: the result needs no move.
        let base = to.filter(|to| to + 1 == top).unwrap_or(top);
        let count = self.world.length(arguments)?.unwrap_or(0);
        self.reach(base + 2 + count)?;
        if to.is_some_and(|to| to != base) {
            self.push_emit(Op::Move, inline::NONE, to.unwrap_or(base), base, 0)?;
        }
        let op = if to.is_some() { Op::Call } else { Op::TailCall };
        self.push_emit(op, inline::NONE, base, count, 0)?;
        self.push(Task::Place, place, 0, 0, 0)?;
        let start = self.tasks.len();
        self.push(Task::Value, head, base, base + 1, 0)?;
        let (mut rest, mut register) = (arguments, base + 2);
        while let Some((argument, cdr)) = self.world.uncons(rest) {
            self.push(Task::Value, argument, register, register + 1, 0)?;
            register += 1;
            rest = cdr;
        }
        self.turn_round(start);
        Ok(())
    }

    /// The inlined call that a call may become: its head is a global that holds the builtin, or the builtin itself.
    fn inline_for(&mut self, head: Value, arguments: Value) -> Option<(u8, &'static Inline)> {
        let symbol = self.world.heap.as_kind(head, ObjectKind::Symbol);
        let value = match symbol {
            Some(symbol) => symbols::global(&self.world.heap, symbol),
            None => tree::as_constant(self.world, head)?,
        };
        let builtin = value.as_builtin()?;
        let (_, rest) = self.world.uncons(arguments)?;
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
        Some((at as u8, &INLINES[at]))
    }

    /// Whether `is` compares this constant by identity.
    fn is_by_identity(&self, value: Value) -> bool {
        !value.is_object() || self.world.is_kind(value, ObjectKind::Symbol)
    }

    /// A register for an operand: where it is already, or the next free one, for which a task is pushed later.
    fn operand(&self, node: Value, top: usize) -> (Register, usize) {
        match self.resident(node) {
            Some(register) => (register, top),
            None => (top, top + 1),
        }
    }

    /// The operands of an inlined call: two operand fields, and the pushing of what computes them.
    fn push_operands(
        &mut self,
        operands: Operands,
        arguments: Value,
        top: usize,
        push_instruction: impl FnOnce(&mut Self, usize, usize) -> Outcome<()>,
    ) -> Outcome<()> {
        let (first, second) = self.two(arguments);
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
        push_instruction(self, a, b)?;
        if operands == Operands::Two && after_second > after_first {
            self.push(Task::Value, second, b, after_second, 0)?;
        }
        if after_first > top {
            self.push(Task::Value, first, a, after_first, 0)?;
        }
        Ok(())
    }

    fn inlined_value(
        &mut self,
        inline: &Inline,
        d: u8,
        arguments: Value,
        place: Value,
        (to, top): (Register, usize),
    ) -> Outcome<()> {
        self.push_operands(inline.operands, arguments, top, |this, a, b| {
            this.push_emit(inline.value, d, to, a, b)?;
            this.push(Task::Place, place, 0, 0, 0)
        })
    }

    fn inlined_test(
        &mut self,
        inline: &Inline,
        (d, op): (u8, Op),
        arguments: Value,
        place: Value,
        (top, label): (usize, Label),
    ) -> Outcome<()> {
        self.push_operands(inline.operands, arguments, top, |this, a, b| {
            this.push_test(op, d, a, b, label)?;
            this.push(Task::Place, place, 0, 0, 0)
        })
    }
}

fn instruction(operands: Value, op: usize) -> Instruction {
    let operands = operands.as_fixnum().unwrap_or(0) as u64;
    let (a, b, c) = (operands as u16, (operands >> 16) as u16, (operands >> 32) as u16);
    Instruction::inlined(Op::ALL[op & 0xff], (op >> 8) as u8, a, b, c)
}

fn small(value: Value) -> Option<i16> {
    value.as_fixnum().and_then(|number| i16::try_from(number).ok())
}

fn is_named(world: &World, symbol: ObjectRef, name: &str) -> bool {
    let text = symbols::name_of(&world.heap, symbol);
    text.len() == name.len() && text.chars().eq(name.chars())
}

#[cold]
fn too_large() -> Fault {
    Fault::failure(FailureKind::Form, "the form is too large for one function; split it")
}
