//! Compiled functions as text: one instruction a line.
//!
//! ```text
//! double: 1 argument, 2 registers
//!    0  Add        r1 r0 r0              line 1
//!    1  Return     r1
//! ```
//!
//! An instruction's line is given where it is another than that of the instruction before.

use std::fmt::Write;

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Value};

use super::op::{Op, Operand};
use super::{Instruction, Signature};
use crate::closures;
use crate::fault::Outcome;
use crate::ports;
use crate::printer;
use crate::world::World;

/// Characters of a constant that are shown.
const EXCERPT: usize = 40;

/// Prints the listing of a function, and of the functions written inside it; says whether it is one of bytecode.
pub(crate) fn print(world: &mut World, function: Value, port: ObjectRef) -> Outcome<bool> {
    let closure = world.heap.as_kind(function, ObjectKind::Closure);
    let Some(code) = closure.and_then(|closure| closures::code(&world.heap, closure)) else { return Ok(false) };
    let mut waiting = vec![code];
    while let Some(code) = waiting.pop() {
        print_code(world, code, port)?;
        let inner = (0..world.heap.constants(code)).rev().filter_map(|index| as_code(world, code, index));
        waiting.extend(inner);
    }
    Ok(true)
}

/// Constant `index` of a code object if it is the code of a function inside.
fn as_code(world: &World, code: ObjectRef, index: usize) -> Option<ObjectRef> {
    world.heap.as_kind(world.heap.value(code, 1 + index), ObjectKind::Code)
}

fn print_code(world: &mut World, code: ObjectRef, port: ObjectRef) -> Outcome<()> {
    let header = heading(world, code);
    ports::write_bytes(world, port, header.as_bytes())?;
    let words = closures::instructions(&world.heap, code);
    let (first, count) = (words.start, words.len());
    let mut noted = 0;
    let mut shown = None;
    for at in 0..count {
        world.step()?;
        let mut place = None;
        while let Some((from, there)) = closures::noted_place(&world.heap, code, noted)
            && from <= at
        {
            place = Some(there.line);
            noted += 1;
        }
        let line = place.filter(|line| *line > 0 && shown != Some(*line));
        shown = line.or(shown);
        let instruction = Instruction::from_word(world.heap.word(code, first + at));
        let mut text = format!("{at:4}  {}", shown_instruction(world, code, instruction));
        if let Some(line) = line {
            text = format!("{text:44}  line {line}");
        }
        text.push('\n');
        ports::write_bytes(world, port, text.as_bytes())?;
    }
    Ok(())
}

/// The line above a function's instructions: its name, what it takes, how large its frame is.
fn heading(world: &World, code: ObjectRef) -> String {
    let Signature { required, optional, rest, registers, .. } = closures::signature(&world.heap, code);
    let plural = |count: u16| if count == 1 { "" } else { "s" };
    let takes = match (required, optional, rest) {
        (_, 0, false) => format!("{required} argument{}", plural(required)),
        (_, _, false) => format!("{required} to {} arguments", required + optional),
        (_, _, true) => format!("{required} or more arguments"),
    };
    format!("{}: {takes}, {registers} register{}\n", shown_name(world, code), plural(registers))
}

fn shown_name(world: &World, code: ObjectRef) -> String {
    match closures::code_name(&world.heap, code) {
        Value::NIL => "fn".to_owned(),
        name => printer::excerpt(world, name, EXCERPT),
    }
}

/// The operation and its operands.
fn shown_instruction(world: &World, code: ObjectRef, instruction: Instruction) -> String {
    let Some(op) = Op::ALL.get(usize::from(instruction.opcode())) else { return "?".to_owned() };
    let fields = [instruction.a(), instruction.b(), instruction.c()];
    let mut text = format!("{:<16}", op.name());
    for (operand, field) in op.operands().iter().zip(fields) {
        let shown = match operand {
            Operand::None => continue,
            Operand::Register => format!("r{field}"),
            Operand::Captured => format!("up{field}"),
            Operand::Number => field.to_string(),
            Operand::Signed => (field as u16 as i16).to_string(),
            Operand::Target => format!("→{field}"),
            Operand::LongTarget => format!("→{}", instruction.target()),
            Operand::Constant => match as_code(world, code, field) {
                Some(inner) => shown_name(world, inner),
                None => printer::excerpt(world, world.heap.value(code, 1 + field), EXCERPT),
            },
        };
        // Writing to a string does not fail.
        write!(text, " {shown}").ok();
    }
    text
}
