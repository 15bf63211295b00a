//! Symbol syntax: what `a.b`, `a!b`, `~a`, `a:b` and `a&b` stand for, one step at a time.

use heapatlas_heap::{Heap, ObjectRef, Value};

use crate::fault::{FailureKind, Fault, Outcome};
use crate::reader;
use crate::symbols::{Known, name_of, name_prefix};
use crate::text::CharBuffer;
use crate::world::World;

/// Whether a name holds a character that is special in symbol syntax.
pub(crate) fn is_special(name: &CharBuffer, heap: &Heap) -> bool {
    name.chars(heap).any(|character| matches!(character, ':' | '~' | '.' | '!' | '&'))
}

/// What a symbol with symbol syntax expands to in one step.
pub(crate) fn expand(world: &mut World, symbol: ObjectRef) -> Outcome<Value> {
    let (mut composes, mut applies) = (false, false);
    for character in name_of(&world.heap, symbol).chars() {
        composes |= matches!(character, ':' | '~');
        applies |= matches!(character, '.' | '!');
    }
    let expanded = if composes {
        expand_compose(world, symbol)?
    } else if applies {
        expand_application(world, symbol)?
    } else {
        expand_and(world, symbol)?
    };
    if expanded == Value::object(symbol) { Err(bad(world, symbol)) } else { Ok(expanded) }
}

#[cold]
fn bad(world: &World, symbol: ObjectRef) -> Fault {
    let name = name_prefix(&world.heap, Value::object(symbol), 60);
    Fault::failure(FailureKind::Form, format!("bad symbol syntax: {name}"))
}

fn char_at(world: &World, symbol: ObjectRef, index: usize) -> Option<char> {
    name_of(&world.heap, symbol).get(index)
}

/// The pieces between separators, those that are not empty, each as `read_piece` makes it; in order, as a list.
fn pieces(
    world: &mut World,
    symbol: ObjectRef,
    separator: char,
    read_piece: fn(&mut World, &CharBuffer) -> Outcome<Value>,
) -> Outcome<Vec<Value>> {
    let mut found = Vec::new();
    let mut piece = CharBuffer::default();
    let mut index = 0;
    loop {
        let next = char_at(world, symbol, index);
        index += 1;
        match next {
            Some(character) if character != separator => piece.push(&mut world.heap, character)?,
            _ => {
                if piece.len() > 0 {
                    found.push(read_piece(world, &piece)?);
                    piece.clear();
                }
                if next.is_none() {
                    return Ok(found);
                }
            }
        }
    }
}

fn expand_compose(world: &mut World, symbol: ObjectRef) -> Outcome<Value> {
    let found = pieces(world, symbol, ':', |world, piece| {
        if piece.get(&world.heap, 0) != '~' {
            return reader::atom(world, piece);
        }
        if piece.len() == 1 {
            return Ok(world.known(Known::No));
        }
        let mut rest = CharBuffer::default();
        for index in 1..piece.len() {
            let character = piece.get(&world.heap, index);
            rest.push(&mut world.heap, character)?;
        }
        let rest = reader::atom(world, &rest)?;
        world.list(&[world.known(Known::Complement), rest])
    })?;
    one_or_form(world, symbol, Known::Compose, &found)
}

fn expand_and(world: &mut World, symbol: ObjectRef) -> Outcome<Value> {
    let found = pieces(world, symbol, '&', reader::atom)?;
    one_or_form(world, symbol, Known::Andf, &found)
}

fn one_or_form(world: &mut World, symbol: ObjectRef, head: Known, found: &[Value]) -> Outcome<Value> {
    match found {
        [] => Err(bad(world, symbol)),
        [one] => Ok(*one),
        several => {
            let rest = world.list(several)?;
            world.cons(world.known(head), rest)
        }
    }
}

fn expand_application(world: &mut World, symbol: ObjectRef) -> Outcome<Value> {
    let mut result = None;
    let mut quoted = false;
    let mut piece = CharBuffer::default();
    let mut index = 0;
    loop {
        let next = char_at(world, symbol, index);
        let separator = matches!(next, None | Some('.' | '!'));
        if !separator {
            piece.push(&mut world.heap, next.unwrap_or_default())?;
            index += 1;
            continue;
        }
        if piece.len() > 0 {
            let argument = reader::atom(world, &piece)?;
            piece.clear();
            result = Some(match result {
                None => argument,
                Some(function) => {
                    let argument = if quoted { world.list(&[world.known(Known::Quote), argument])? } else { argument };
                    world.list(&[function, argument])?
                }
            });
        } else if index == 0 && next.is_some() {
            // A leading separator supplies the function.
            result = Some(world.known(Known::Get));
        } else {
            return Err(bad(world, symbol));
        }
        match next {
            None => return result.ok_or_else(|| bad(world, symbol)),
            Some(character) => quoted = character == '!',
        }
        index += 1;
    }
}
