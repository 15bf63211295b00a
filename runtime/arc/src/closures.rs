//! Functions: closures and the code they run.
//!
//! A closure is an object of values: its code, then what it captured. A code object begins with constants of its own
//! ([`OWN_CONSTANTS`] of them), then those of the program; its raw words are the instructions, then the lines.

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{Heap, ObjectRef, Value};

use crate::bytecode::Signature;
use crate::fault::Outcome;
use crate::positions::Place;
use crate::scratch::{ValueStack, WordList};
use crate::world::World;

/// The constants every code object has.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Own {
    /// The signature word as a fixnum.
    Signature = 0,
    /// How many instructions there are.
    Instructions = 1,
    /// The symbol the function is known by, or nil.
    Name = 2,
    /// The path of the file it is written in, as a string, or nil.
    File = 3,
}

/// How many constants every code object has.
pub(crate) const OWN_CONSTANTS: usize = 4;

/// The values of a closure before what it captured.
pub(crate) const FIRST_CAPTURED: usize = 1;

/// Begins a list of constants with those that every code object has.
pub(crate) fn begin_constants(world: &mut World, constants: &mut ValueStack, name: Value, file: Value) -> Outcome<()> {
    constants.truncate(0);
    for own in [Value::small(0), Value::small(0), name, file] {
        constants.push(&mut world.heap, own)?;
    }
    Ok(())
}

/// A new code object.
pub(crate) fn make_code(
    world: &mut World,
    signature: Signature,
    constants: &ValueStack,
    instructions: &WordList,
    lines: &WordList,
) -> Outcome<ObjectRef> {
    let code = world.heap.allocate_code(constants.len(), instructions.len() + lines.len())?;
    for index in 0..constants.len() {
        let value = constants.get(&world.heap, index);
        set_constant(world, code, index, value);
    }
    set_constant(world, code, Own::Signature as usize, Value::size(signature.word() as usize));
    set_constant(world, code, Own::Instructions as usize, Value::size(instructions.len()));
    let first = 1 + constants.len();
    for (offset, list) in [(0, instructions), (instructions.len(), lines)] {
        for index in 0..list.len() {
            let word = list.get(&world.heap, index);
            world.heap.set_word(code, first + offset + index, word);
        }
    }
    Ok(code)
}

/// Replaces a constant of a code object.
pub(crate) fn set_constant(world: &mut World, code: ObjectRef, index: usize, value: Value) {
    world.heap.set_value(code, 1 + index, value);
}

fn own(heap: &Heap, code: ObjectRef, own: Own) -> Value {
    heap.value(code, 1 + own as usize)
}

/// How a function with this code is called.
#[inline(always)]
pub(crate) fn signature(heap: &Heap, code: ObjectRef) -> Signature {
    Signature::from_word(own(heap, code, Own::Signature).as_fixnum().unwrap_or(0) as u64)
}

/// The place of each instruction among the raw words, and how many there are.
pub(crate) fn instructions(heap: &Heap, code: ObjectRef) -> std::ops::Range<usize> {
    let first = 1 + heap.constants(code);
    first..first + own(heap, code, Own::Instructions).as_fixnum().unwrap_or(0) as usize
}

/// A new closure.
pub(crate) fn make(world: &mut World, code: Value, captured: &[Value]) -> Outcome<Value> {
    let size = (FIRST_CAPTURED + captured.len()) * 8;
    let closure = world.heap.allocate(ObjectKind::Closure, ObjectFlags::NONE, size)?;
    world.heap.set_value(closure, 0, code);
    for (index, value) in captured.iter().enumerate() {
        world.heap.set_value(closure, FIRST_CAPTURED + index, *value);
    }
    Ok(Value::object(closure))
}

/// The code of a closure.
#[inline(always)]
pub(crate) fn code(heap: &Heap, closure: ObjectRef) -> Option<ObjectRef> {
    heap.value(closure, 0).as_object()
}

/// Whether a closure is one of the runtime's own, and the symbol it is known by.
pub(crate) fn name(heap: &Heap, closure: ObjectRef) -> (bool, Value) {
    match code(heap, closure) {
        Some(code) => (signature(heap, code).builtin, code_name(heap, code)),
        None => (false, Value::NIL),
    }
}

/// The symbol that the function with this code is known by, or nil.
pub(crate) fn code_name(heap: &Heap, code: ObjectRef) -> Value {
    own(heap, code, Own::Name)
}

/// Entry `index` of the places noted in a code object: from which instruction on, and where that is written.
pub(crate) fn noted_place(heap: &Heap, code: ObjectRef, index: usize) -> Option<(usize, Place)> {
    let at = instructions(heap, code).end + index;
    (at < heap.header(code).payload_words()).then(|| {
        let word = heap.word(code, at);
        let place = Place { line: (word >> 16 & 0xff_ffff) as u32, column: (word & 0xffff) as u32 };
        ((word >> 40) as usize, place)
    })
}

/// The file and the place in it of an instruction; nil and unknown where there is none.
pub(crate) fn place(heap: &Heap, code: ObjectRef, instruction: usize) -> (Value, Place) {
    let noted = (0..).map_while(|index| noted_place(heap, code, index));
    let last = noted.take_while(|(from, _)| *from <= instruction).last();
    (own(heap, code, Own::File), last.map(|(_, place)| place).unwrap_or_default())
}
