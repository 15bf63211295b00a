//! Tree → bytecode.
//!
//! * [`tasks`] what waits to be generated
//! * [`emit`] instructions, labels and constants, and the code object they become
//! * [`functions`] entering a function, making one
//! * [`nodes`] what each kind of node becomes
//! * [`binding`] giving targets their values
//! * [`calls`] calls, and those of builtins that become operations
//! * [`variables`] where variables live
//!
//! Registers are handed out like a stack: a task says where its value goes to and from which register on they are free,
//! so there is no state of allocation to get wrong. Tasks wait on a stack in the heap. Functions inside functions are
//! generated one after the other; the places of their code are filled in at the end.
//!
//! A variable that is assigned lives in a box, because a continuation copies registers and must share variables. One
//! that is bound to nil and at once assigned the function that is its only value, as `afn` and `rfn` do, needs neither
//! box nor capture: inside that function it is the running function.

mod binding;
mod calls;
mod emit;
mod functions;
mod nodes;
mod tasks;
mod variables;

use heapatlas_heap::{ObjectRef, Value};

use super::tree::{self, Function, Node};
use crate::closures;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::scratch::{ValueStack, WordList};
use crate::world::World;

/// A register of the frame.
type Register = usize;
/// A place in the code, known or not yet.
type Label = usize;

/// What becomes of a node's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Goal {
    /// It goes into this register.
    Register(Register),
    /// The function returns it.
    Return,
    /// Nobody wants it.
    Effect,
    /// Control goes to this label if it is nil.
    Test(Label),
}

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
    /// The instruction each label is at; [`emit::UNBOUND`] until it is known.
    labels: WordList,
    /// Instructions whose target is a label, with the label.
    fixups: WordList,
    /// The function being generated, and the registers it needs so far.
    function: Option<ObjectRef>,
    registers: usize,
    /// Where what is being generated is written, and what was last noted in `lines`.
    place: Value,
    noted_place: Value,
    file: Value,
}

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

    /// Generates one function; those inside it become pending.
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
        self.note_place(self.field(Function::Place));
        self.enter()?;
        while let Some(task) = self.next_task() {
            self.world.step()?;
            self.perform(task)?;
        }
        let code = self.assemble()?;
        tree::set_function(self.world, function, Function::Code, code);
        Ok(())
    }

    /// A field of the function being generated.
    fn field(&self, field: Function) -> Value {
        self.function.map_or(Value::NIL, |function| tree::function(self.world, function, field))
    }
}

#[cold]
fn too_large() -> Fault {
    Fault::failure(FailureKind::Form, "the form is too large for one function; split it")
}
