//! What is listed from outside: which functions a file defines, and their bytecode.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Value};

use super::disassemble;
use crate::closures;
use crate::fault::Outcome;
use crate::ports;
use crate::symbols;
use crate::text::Text;
use crate::world::World;

/// Names longer than this are not listed.
const LONGEST: usize = 200;

/// The function that a value is, or the one inside a macro.
fn function(world: &World, value: Value) -> Option<ObjectRef> {
    let value = world.macro_function(value).unwrap_or(value);
    world.heap.as_kind(value, ObjectKind::Closure)
}

/// The names of the functions and macros that are written in a file and that global variables hold, in its order.
pub(crate) fn defined_in(world: &World, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for symbol in world.symbols.bound(&world.heap) {
        let closure = function(world, symbols::global(&world.heap, symbol));
        let Some(code) = closure.and_then(|closure| closures::code(&world.heap, closure)) else { continue };
        let (file, place) = closures::place(&world.heap, code, 0);
        if file.as_object().is_some_and(|file| Text::of(&world.heap, file).chars().eq(path.chars())) {
            found.push((place.line, place.column, symbols::name_prefix(&world.heap, Value::object(symbol), LONGEST)));
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(_, _, name)| name).collect()
}

/// The bytecode of the function or macro with this name; `None` when there is none.
pub(crate) fn of(world: &mut World, name: &str) -> Outcome<Option<String>> {
    let symbol = world.symbols.intern_str(&mut world.heap, name)?.as_object();
    let value = symbol.map_or(Value::NIL, |symbol| symbols::global(&world.heap, symbol));
    let Some(closure) = function(world, value) else { return Ok(None) };
    let Some(port) = ports::collector(world)?.as_object() else { return Ok(None) };
    if world.macro_function(value).is_some() {
        // The function in a macro has no name of its own.
        ports::write_bytes(world, port, format!("macro {name}\n").as_bytes())?;
    }
    if !disassemble::print(world, Value::object(closure), port)? {
        return Ok(None);
    }
    let text = ports::collected(world, port)?;
    Ok(text.as_object().map(|text| Text::of(&world.heap, text).chars().collect()))
}
