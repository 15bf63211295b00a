//! Calling: closures, builtins, data, continuations; arguments to parameters.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Unpacked, Value};

use super::Machine;
use crate::builtins::{self, Arguments};
use crate::closures;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::tables;
use crate::text::Text;
use crate::world::World;

impl Machine {
    /// Calls what is at slot `base` with `count` arguments from slot `base + 2` on; its return is in slot `base + 1`.
    /// Afterwards the registers say what runs next. `false` when that is nothing: the result waits in slot 0.
    pub(super) fn invoke(&mut self, base: usize, count: usize) -> Outcome<bool> {
        let callee = self.world.heap.slot(base);
        if let Some(closure) = self.world.heap.as_kind(callee, ObjectKind::Closure) {
            self.enter(base, base, count, closure)?;
            return Ok(true);
        }
        if let Some(continuation) = self.world.heap.as_kind(callee, ObjectKind::Continuation) {
            let value = self.continuation_argument(base, count)?;
            return self.jump(continuation, value);
        }
        let value = self.apply_other(callee, base + 2, count)?;
        self.give(base, value)
    }

    /// Returns what the function or thing at slot `base` gives for its arguments from the running function.
    pub(super) fn invoke_in_tail(&mut self, base: usize, count: usize) -> Outcome<bool> {
        let callee = self.world.heap.slot(base);
        let own = self.registers.fp - 2;
        if let Some(closure) = self.world.heap.as_kind(callee, ObjectKind::Closure) {
            self.enter(own, base, count, closure)?;
            return Ok(true);
        }
        if let Some(continuation) = self.world.heap.as_kind(callee, ObjectKind::Continuation) {
            let value = self.continuation_argument(base, count)?;
            return self.jump(continuation, value);
        }
        let value = self.apply_other(callee, base + 2, count)?;
        self.give(own, value)
    }

    /// Gives a result; when nobody waits for it, leaves it in slot 0.
    pub(super) fn give(&mut self, base: usize, value: Value) -> Outcome<bool> {
        let waited_for = self.deliver(base, value)?;
        if !waited_for {
            self.world.heap.set_slot(0, value);
        }
        Ok(waited_for)
    }

    fn continuation_argument(&self, base: usize, count: usize) -> Outcome<Value> {
        match count {
            0 => Ok(Value::NIL),
            1 => Ok(self.world.heap.slot(base + 2)),
            _ => Err(Fault::failure(FailureKind::Arity, format!("a continuation takes 1 argument, not {count}"))),
        }
    }

    /// What a builtin or data gives for arguments in slots.
    #[inline]
    pub(super) fn apply_other(&mut self, callee: Value, first: usize, count: usize) -> Outcome<Value> {
        let arguments = Arguments { first, count };
        if let Some(number) = callee.as_builtin() {
            return builtins::call(&mut self.world, number, arguments);
        }
        apply_data(&mut self.world, callee, arguments)
    }

    /// Begins to run the closure that is called at slot `base`, in a frame whose callee is at slot `own`: the same slot,
    /// or, in a tail call, that of the running function. What may fail comes before anything of the running frame is
    /// given up, so that a call can be made again after a collection, and an error is one of the caller.
    pub(super) fn enter(&mut self, own: usize, base: usize, count: usize, closure: ObjectRef) -> Outcome<()> {
        let Some(code) = closures::code(&self.world.heap, closure) else { return Ok(()) };
        let signature = closures::signature(&self.world.heap, code);
        let (required, positional) =
            (usize::from(signature.required), usize::from(signature.required + signature.optional));
        if count < required || (count > positional && !signature.rest && !signature.lenient) {
            return Err(self.wrong_count(closure, count));
        }
        let mut rest = Value::NIL;
        if signature.rest {
            for index in (positional..count).rev() {
                let argument = self.world.heap.slot(base + 2 + index);
                rest = self.world.cons(argument, rest)?;
            }
        }
        let needed = usize::from(signature.registers).max(count).max(positional + 1);
        let mut own = own;
        if !self.reach(own + 2 + needed) {
            self.move_down(own, base, count + 2, needed)?;
            own = 0;
            self.reach(2 + needed);
        } else if own != base {
            self.world.heap.set_slot(own, Value::object(closure));
            for index in 2..count + 2 {
                let argument = self.world.heap.slot(base + index);
                self.world.heap.set_slot(own + index, argument);
            }
        }
        let first = own + 2;
        for index in count..positional {
            self.world.heap.set_slot(first + index, Value::ABSENT);
        }
        if signature.rest {
            self.world.heap.set_slot(first + positional, rest);
        }
        self.set_running(first, 0);
        Ok(())
    }

    #[cold]
    fn wrong_count(&self, closure: ObjectRef, count: usize) -> Fault {
        let (_, name) = closures::name(&self.world.heap, closure);
        let name = if name.is_nil() { "a function".to_owned() } else { self.world.show(name) };
        let signature =
            closures::code(&self.world.heap, closure).map(|code| closures::signature(&self.world.heap, code));
        let wanted = signature.map_or_else(String::new, |signature| {
            let (least, most) = (signature.required, signature.required + signature.optional);
            match (signature.rest || signature.lenient, least == most) {
                (true, _) => format!("at least {}", plural(least)),
                (false, true) => plural(least),
                (false, false) => format!("{least} to {}", plural(most)),
            }
        });
        Fault::failure(FailureKind::Arity, format!("{name} takes {wanted}, not {count}"))
    }

    /// `(apply f a … list)`: returns what `f` in register `at` gives for the arguments in the list in register
    /// `at + 1`, of which the last element is a list of more.
    pub(super) fn spread(&mut self, at: usize) -> Outcome<bool> {
        let (function, given) = (self.register(at), self.register(at + 1));
        let mut count = 0;
        let mut rest = given;
        let mut last = Value::NIL;
        while let Some((argument, cdr)) = self.world.uncons(rest) {
            self.world.step()?;
            (last, rest) = (argument, cdr);
            count += usize::from(!cdr.is_nil());
        }
        let Some(more) = self.world.length(last)? else {
            return Err(self.world.wrong_type("apply", "a list as last argument", last));
        };
        let count = count + more;
        let base = self.make_room(count + 2)?;
        let mut slot = base + 2;
        let mut rest = given;
        while let Some((argument, cdr)) = self.world.uncons(rest) {
            if cdr.is_nil() {
                rest = argument;
                break;
            }
            self.world.heap.set_slot(slot, argument);
            slot += 1;
            rest = cdr;
        }
        while let Some((argument, cdr)) = self.world.uncons(rest) {
            self.world.heap.set_slot(slot, argument);
            slot += 1;
            rest = cdr;
        }
        self.world.heap.set_slot(base, function);
        self.invoke_in_tail(base, count)
    }
}

fn plural(count: u16) -> String {
    format!("{count} argument{}", if count == 1 { "" } else { "s" })
}

/// What data gives in functional position: an element of a list or string, the value of a key in a table.
fn apply_data(world: &mut World, data: Value, arguments: Arguments) -> Outcome<Value> {
    let key = arguments.get(world, 0);
    match data.unpack() {
        Unpacked::Cell(_) => {
            let index = index(world, key)?;
            let mut rest = data;
            for _ in 0..index {
                world.step()?;
                rest = match world.uncons(rest) {
                    Some((_, cdr)) => cdr,
                    None => return Err(outside(world, "list", index)),
                };
            }
            world.uncons(rest).map(|(car, _)| car).ok_or_else(|| outside(world, "list", index))
        }
        Unpacked::Object(object) => match world.heap.header(object).kind() {
            Some(ObjectKind::Table) => match tables::get(world, object, key)? {
                Some(value) => Ok(value),
                None if arguments.count > 1 => Ok(arguments.get(world, 1)),
                None => Ok(Value::NIL),
            },
            Some(ObjectKind::String) => {
                let index = index(world, key)?;
                let character = Text::of(&world.heap, object).get(index);
                character.map(Value::char).ok_or_else(|| outside(world, "string", index))
            }
            _ => Err(not_callable(world, data)),
        },
        _ => Err(not_callable(world, data)),
    }
}

#[cold]
fn not_callable(world: &World, data: Value) -> Fault {
    let shown = world.show(data);
    Fault::failure(FailureKind::Type, format!("Function call on inappropriate object: {shown}"))
}

#[cold]
fn outside(_world: &World, what: &str, index: usize) -> Fault {
    Fault::failure(FailureKind::Index, format!("index {index} is outside the {what}"))
}

fn index(world: &World, key: Value) -> Outcome<usize> {
    match key.as_fixnum().map(usize::try_from) {
        Some(Ok(index)) => Ok(index),
        _ => {
            let shown = world.show(key);
            Err(Fault::failure(FailureKind::Index, format!("an index is a whole number from 0, not {shown}")))
        }
    }
}
