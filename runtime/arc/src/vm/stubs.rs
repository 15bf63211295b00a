//! Builtins that call functions, as bytecode.
//!
//! They must not call back from Rust, so they are small programs of the machine. The ones that need the machine's own
//! operations are written here; each is bound to the global of its name.

use heapatlas_heap::Value;

use crate::builtins;
use crate::bytecode::op::Op;
use crate::bytecode::{Instruction, Signature};
use crate::closures;
use crate::conditions;
use crate::fault::Outcome;
use crate::scratch::{ValueStack, WordList};
use crate::symbols;
use crate::text;
use crate::world::World;

/// In a frame of `on-err`: the register of the dynamic state to go back to, the one that gets the condition, the
/// instruction behind the one that fills the former, and the one from which on the handler is called. Before the first
/// of these there is nothing to go back to.
pub(super) const HANDLER_STATE: usize = 2;
pub(super) const HANDLER_REGISTER: usize = 3;
pub(super) const PROTECTED_PC: usize = 1;
pub(super) const HANDLER_PC: usize = 4;
/// The same for an exhausted heap, whose handler has the reserve until it ends.
pub(super) const EXHAUSTED_PC: usize = 8;

/// The builtins that the machine itself must recognise or call.
#[derive(Debug)]
pub(crate) struct Stubs {
    pub(super) on_err: Value,
    pub(super) apply: Value,
    pub(super) unwind: Value,
    pub(super) deliver_value: Value,
    pub(super) deliver_test: Value,
    pub(crate) eval: Value,
    /// The code of what evaluates a text while a program stands still.
    pub(super) console: Value,
    /// The condition for when there is no room for any other.
    pub(super) exhausted: Value,
}

/// A builtin as bytecode.
struct Stub {
    name: &'static str,
    required: u16,
    optional: u16,
    rest: bool,
    registers: u16,
    /// Its constants, as builtins or small numbers.
    constants: &'static [Constant],
    code: &'static [Instruction],
}

#[derive(Clone, Copy)]
enum Constant {
    Zero,
    MakeTable,
    Sread,
    Eof,
    Eval,
}

/// The first constant of a stub's own.
const K: u16 = closures::OWN_CONSTANTS as u16;

const fn i(op: Op, a: u16, b: u16, c: u16) -> Instruction {
    Instruction::new(op, a, b, c)
}

const fn jump(op: Op, a: u16, target: u32) -> Instruction {
    Instruction::jump(op, a, target)
}

const fn stub(name: &'static str, required: u16, registers: u16, code: &'static [Instruction]) -> Stub {
    Stub { name, required, optional: 0, rest: false, registers, constants: &[], code }
}

const ON_ERR: Stub = stub(
    "on-err",
    2,
    8,
    &[
        i(Op::SaveDynamics, 2, 0, 0),
        i(Op::Move, 3, 1, 0),
        i(Op::Call, 3, 0, 0),
        i(Op::Return, 3, 0, 0),
        // The handler: register 3 holds the condition.
        i(Op::Move, 5, 3, 0),
        i(Op::Move, 3, 0, 0),
        i(Op::RestoreDynamics, 2, 0, 0),
        i(Op::TailCall, 3, 1, 0),
        // The same for an exhausted heap.
        i(Op::Move, 5, 3, 0),
        i(Op::Move, 3, 0, 0),
        i(Op::RestoreDynamics, 2, 0, 0),
        i(Op::Call, 3, 1, 0),
        i(Op::EndHandling, 0, 0, 0),
        i(Op::Return, 3, 0, 0),
    ],
);

const EVAL: Stub = stub(
    "eval",
    1,
    8,
    &[
        i(Op::BeginExpansion, 1, 0, 0),
        i(Op::Expand, 1, 0, 0),
        i(Op::Compile, 3, 1, 0),
        i(Op::Call, 3, 0, 0),
        i(Op::EndForm, 2, 0, 0),
        i(Op::Return, 3, 0, 0),
    ],
);

const UNWIND: Stub = stub("unwind", 1, 6, &[i(Op::ResumeUnwind, 0, 0, 0)]);
const DELIVER_VALUE: Stub = stub("deliver", 1, 6, &[i(Op::DeliverValue, 1, 0, 0)]);
const DELIVER_TEST: Stub = stub("deliver", 1, 6, &[i(Op::DeliverTest, 1, 0, 0)]);

/// Evaluates the forms of the port it captured; gives the value of the last.
const CONSOLE: Stub = Stub {
    name: "console",
    required: 0,
    optional: 0,
    rest: false,
    registers: 10,
    constants: &[Constant::Sread, Constant::Eof, Constant::Eval],
    code: &[
        i(Op::Nil, 1, 0, 0),
        i(Op::Constant, 2, K, 0),
        i(Op::GetCaptured, 4, 0, 0),
        i(Op::Constant, 5, K + 1, 0),
        i(Op::Call, 2, 2, 0),
        i(Op::UnlessIsConstant, 2, K + 1, 7),
        i(Op::Return, 1, 0, 0),
        i(Op::Constant, 3, K + 2, 0),
        i(Op::Move, 5, 2, 0),
        i(Op::Call, 3, 1, 0),
        i(Op::Move, 1, 3, 0),
        jump(Op::Jump, 0, 1),
    ],
};

/// The builtins that programs call by name.
const BOUND: &[Stub] = &[
    Stub {
        name: "apply",
        required: 1,
        optional: 0,
        rest: true,
        registers: 2,
        constants: &[],
        code: &[i(Op::Spread, 0, 0, 0)],
    },
    stub("ccc", 1, 1, &[i(Op::CallWithContinuation, 0, 0, 0)]),
    stub(
        "protect",
        2,
        8,
        &[
            i(Op::SaveDynamics, 2, 0, 0),
            i(Op::PushWinder, 1, 0, 0),
            i(Op::Move, 3, 0, 0),
            i(Op::Call, 3, 0, 0),
            i(Op::RestoreDynamics, 2, 0, 0),
            i(Op::Move, 4, 1, 0),
            i(Op::Call, 4, 0, 0),
            i(Op::Return, 3, 0, 0),
        ],
    ),
    stub(
        "call-w/stdout",
        2,
        6,
        &[
            i(Op::SaveDynamics, 2, 0, 0),
            i(Op::SetOutput, 0, 0, 0),
            i(Op::Move, 3, 1, 0),
            i(Op::Call, 3, 0, 0),
            i(Op::RestoreDynamics, 2, 0, 0),
            i(Op::Return, 3, 0, 0),
        ],
    ),
    stub(
        "call-w/stdin",
        2,
        6,
        &[
            i(Op::SaveDynamics, 2, 0, 0),
            i(Op::SetInput, 0, 0, 0),
            i(Op::Move, 3, 1, 0),
            i(Op::Call, 3, 0, 0),
            i(Op::RestoreDynamics, 2, 0, 0),
            i(Op::Return, 3, 0, 0),
        ],
    ),
    stub(
        "atomic-invoke",
        1,
        5,
        &[
            i(Op::EnterAtomic, 1, 0, 0),
            i(Op::Move, 2, 0, 0),
            i(Op::Call, 2, 0, 0),
            i(Op::RestoreDynamics, 1, 0, 0),
            i(Op::Return, 2, 0, 0),
        ],
    ),
    Stub {
        name: "maptable",
        required: 2,
        optional: 0,
        rest: false,
        registers: 8,
        constants: &[Constant::Zero],
        code: &[
            i(Op::Constant, 2, K, 0),
            i(Op::NextEntry, 1, 2, 5),
            i(Op::Move, 3, 0, 0),
            i(Op::Call, 3, 2, 0),
            jump(Op::Jump, 0, 1),
            i(Op::Return, 1, 0, 0),
        ],
    },
    Stub {
        name: "table",
        required: 0,
        optional: 1,
        rest: false,
        registers: 6,
        constants: &[Constant::MakeTable],
        code: &[
            i(Op::Constant, 1, K, 0),
            i(Op::Call, 1, 0, 0),
            jump(Op::JumpIfPassed, 0, 4),
            i(Op::Return, 1, 0, 0),
            i(Op::Move, 2, 0, 0),
            i(Op::Move, 4, 1, 0),
            i(Op::Call, 2, 1, 0),
            i(Op::Return, 1, 0, 0),
        ],
    },
    stub(
        "macex",
        1,
        6,
        &[i(Op::MacroStep, 1, 0, 3), i(Op::Move, 0, 1, 0), jump(Op::Jump, 0, 0), i(Op::Return, 0, 0, 0)],
    ),
    stub("macex1", 1, 6, &[i(Op::MacroStep, 1, 0, 2), i(Op::Return, 1, 0, 0), i(Op::Return, 0, 0, 0)]),
    stub("sleep", 1, 1, &[i(Op::Sleep, 0, 0, 0), i(Op::Return, 0, 0, 0)]),
    stub("gc", 0, 1, &[i(Op::Collect, 0, 0, 0), i(Op::Return, 0, 0, 0)]),
    stub("compact", 0, 1, &[i(Op::Compact, 0, 0, 0), i(Op::Return, 0, 0, 0)]),
    stub("save-core", 1, 2, &[i(Op::SaveCore, 1, 0, 0), i(Op::Return, 1, 0, 0)]),
    stub("pin-reason", 1, 2, &[i(Op::Nil, 1, 0, 0), i(Op::PinReason, 1, 0, 0), i(Op::Return, 1, 0, 0)]),
    stub("new-thread", 1, 2, &[i(Op::NewThread, 1, 0, 0), i(Op::Return, 1, 0, 0)]),
    stub("kill-thread", 1, 2, &[i(Op::StopThread, 1, 0, 0), i(Op::Return, 1, 0, 0)]),
    stub("break-thread", 1, 2, &[i(Op::StopThread, 1, 0, 1), i(Op::Return, 1, 0, 0)]),
];

fn make(world: &mut World, stub: &Stub) -> Outcome<(Value, Value)> {
    let (name, code) = make_code(world, stub)?;
    Ok((name, closures::make(world, code, &[])?))
}

/// The name and the code of a stub.
fn make_code(world: &mut World, stub: &Stub) -> Outcome<(Value, Value)> {
    let mut constants = ValueStack::default();
    let name = world.symbols.intern_str(&mut world.heap, stub.name)?;
    closures::begin_constants(world, &mut constants, name, Value::NIL)?;
    for constant in stub.constants {
        let value = match constant {
            Constant::Zero => Value::small(0),
            Constant::MakeTable => builtins::MAKE_TABLE,
            Constant::Sread => builtins::SREAD,
            Constant::Eof => Value::EOF,
            Constant::Eval => global(world, "eval")?,
        };
        constants.push(&mut world.heap, value)?;
    }
    let mut code = WordList::default();
    for instruction in stub.code {
        code.push(&mut world.heap, instruction.word())?;
    }
    let signature = Signature {
        required: stub.required,
        optional: stub.optional,
        rest: stub.rest,
        lenient: false,
        builtin: true,
        registers: stub.registers,
    };
    let code = closures::make_code(world, signature, &constants, &code, &WordList::default())?;
    Ok((name, Value::object(code)))
}

fn global(world: &mut World, name: &str) -> Outcome<Value> {
    let symbol = world.symbols.intern_str(&mut world.heap, name)?;
    Ok(symbol.as_object().map_or(Value::NIL, |symbol| symbols::global(&world.heap, symbol)))
}

impl Stubs {
    /// Makes all stubs and binds those that have a name.
    pub(crate) fn new(world: &mut World) -> Outcome<Self> {
        for stub in BOUND.iter().chain([&ON_ERR, &EVAL]) {
            let (name, function) = make(world, stub)?;
            if let Some(symbol) = name.as_object() {
                symbols::set_global(&mut world.heap, symbol, function);
            }
            if stub.name == "atomic-invoke" {
                world.atomic_invoke = function;
            }
        }
        let message = text::string(&mut world.heap, "heap exhausted")?;
        let condition = conditions::make(world, message)?;
        conditions::set_exhausted(&mut world.heap, condition);
        let exhausted = Value::object(condition);
        Ok(Self {
            on_err: global(world, "on-err")?,
            apply: global(world, "apply")?,
            eval: global(world, "eval")?,
            unwind: make(world, &UNWIND)?.1,
            deliver_value: make(world, &DELIVER_VALUE)?.1,
            deliver_test: make(world, &DELIVER_TEST)?.1,
            console: make_code(world, &CONSOLE)?.1,
            exhausted,
        })
    }

    /// No stubs; the values are to be filled in.
    pub(crate) fn empty() -> Self {
        let nil = Value::NIL;
        Self {
            on_err: nil,
            apply: nil,
            unwind: nil,
            deliver_value: nil,
            deliver_test: nil,
            eval: nil,
            console: nil,
            exhausted: nil,
        }
    }

    pub(crate) fn each_root(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        let Self { on_err, apply, unwind, deliver_value, deliver_test, eval, console, exhausted } = self;
        for root in [on_err, apply, unwind, deliver_value, deliver_test, eval, console, exhausted] {
            visit(root);
        }
    }
}
