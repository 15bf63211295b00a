//! What Unicode says of characters.

use heapatlas_heap::Value;

use super::Arguments;
use crate::fault::Outcome;
use crate::symbols;
use crate::world::World;

fn character(world: &World, who: &str, value: Value) -> Outcome<char> {
    value.as_char().ok_or_else(|| world.wrong_type(who, "a character", value))
}

/// The one character that a mapping gives; the same where it gives several.
fn single(mut mapped: impl Iterator<Item = char>, otherwise: char) -> Value {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => Value::char(one),
        _ => Value::char(otherwise),
    }
}

pub(super) fn upcase(world: &mut World, args: Arguments) -> Outcome<Value> {
    let letter = character(world, "%char-upcase", args.get(world, 0))?;
    Ok(single(letter.to_uppercase(), letter))
}

pub(super) fn downcase(world: &mut World, args: Arguments) -> Outcome<Value> {
    let letter = character(world, "%char-downcase", args.get(world, 0))?;
    Ok(single(letter.to_lowercase(), letter))
}

/// `(%char-is c property)`
pub(super) fn char_is(world: &mut World, args: Arguments) -> Outcome<Value> {
    let letter = character(world, "%char-is", args.get(world, 0))?;
    let property = args.get(world, 1);
    let name = property.as_object().filter(|_| world.is_symbol(property));
    let name = name.map(|_| symbols::name_prefix(&world.heap, property, 20)).unwrap_or_default();
    Ok(Value::truth(match &*name {
        "whitespace" => letter.is_whitespace(),
        "alphabetic" => letter.is_alphabetic(),
        "numeric" => letter.is_numeric(),
        "punctuation" => letter.is_ascii_punctuation() && !"$+<=>^`|~".contains(letter),
        _ => return Err(world.wrong_type("%char-is", "a property of characters", property)),
    }))
}
