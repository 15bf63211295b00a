//! Parameter lists: what is required, optional, taken apart, left over.

use heapatlas_heap::Value;
use heapatlas_heap::object::ObjectKind;

use super::Expansion;
use super::stacks::Context;
use crate::bytecode::Signature;
use crate::compiler::tree::{self, OPTIONAL};
use crate::fault::{FailureKind, Fault, Outcome};
use crate::symbols::Known;
use crate::world::World;

/// Patterns nest no deeper than this.
const DEEPEST: usize = 256;
/// A function has no more parameters than this.
const MOST: usize = 10_000;

/// A parameter list, analysed.
pub(super) struct Parameters {
    /// The targets in order, optional ones included, without what is left over.
    pub(super) targets: Value,
    /// The target of what is left over; nil when there is none.
    pub(super) rest: Value,
    pub(super) signature: Signature,
    /// The scope of the body.
    pub(super) scope: Value,
    /// Optional targets whose default is a form yet: a list of `(target form . scope)`, latest first.
    pub(super) defaults: Value,
}

/// Analyses a parameter list. The variables belong to the context's function and see its scope.
pub(super) fn analyse(expansion: &mut Expansion<'_>, parameters: Value, context: Context) -> Outcome<Parameters> {
    let mut walk = Walk { scope: context.scope, defaults: Value::NIL, owner: context.function, count: 0 };
    let simple = is_simple(expansion.world, parameters);
    if simple {
        refuse_duplicates(expansion.world, parameters)?;
    }
    let (targets, rest) = walk.list(expansion, parameters, 0)?;
    let (mut required, mut total, mut list) = (0, 0, targets);
    while let Some((target, cdr)) = expansion.world.uncons(list) {
        total += 1;
        if !tree::is_optional(expansion.world, target) {
            required = total;
        }
        list = cdr;
    }
    // A rest parameter named nil is a list that ends there.
    let signature = Signature {
        required,
        optional: total - required,
        rest: !rest.is_nil(),
        lenient: !simple,
        builtin: false,
        registers: 0,
    };
    Ok(Parameters { targets, rest, signature, scope: walk.scope, defaults: walk.defaults })
}

/// Whether a parameter list holds symbols alone.
fn is_simple(world: &World, parameters: Value) -> bool {
    let mut rest = parameters;
    while let Some((parameter, cdr)) = world.uncons(rest) {
        if !world.is_symbol(parameter) {
            return false;
        }
        rest = cdr;
    }
    true
}

/// Whether `given` arguments can be bound to the parameters one by one, in place.
pub(super) fn match_one_by_one(world: &mut World, parameters: Value, given: usize) -> Outcome<bool> {
    let Some(count) = world.length(parameters)? else { return Ok(false) };
    let simple = is_simple(world, parameters);
    let optional = world.known(Known::Optional);
    let mut rest = parameters;
    while let Some((parameter, cdr)) = world.uncons(rest) {
        if world.uncons(parameter).is_some_and(|(head, _)| head == optional) {
            return Ok(false);
        }
        rest = cdr;
    }
    Ok(given == count || (given > count && !simple))
}

fn refuse_duplicates(world: &mut World, parameters: Value) -> Outcome<()> {
    let mut rest = parameters;
    let mut count = 0;
    while let Some((parameter, cdr)) = world.uncons(rest) {
        count += 1;
        if count > MOST {
            return Err(too_many());
        }
        let mut others = cdr;
        while !others.is_nil() {
            let (other, more) = world.uncons(others).unwrap_or((others, Value::NIL));
            if other == parameter && !parameter.is_nil() {
                let shown = world.show(parameter);
                return Err(Fault::failure(FailureKind::Form, format!("two parameters are named {shown}")));
            }
            others = more;
            world.step()?;
        }
        rest = cdr;
    }
    Ok(())
}

fn too_many() -> Fault {
    Fault::failure(FailureKind::Form, format!("more than {MOST} parameters"))
}

struct Walk {
    scope: Value,
    defaults: Value,
    owner: Value,
    count: usize,
}

impl Walk {
    /// The targets of a parameter list and the target of what is left over.
    fn list(&mut self, expansion: &mut Expansion<'_>, parameters: Value, depth: usize) -> Outcome<(Value, Value)> {
        if depth > DEEPEST {
            let what = format!("parameters nested deeper than {DEEPEST}");
            return Err(Fault::failure(FailureKind::Form, what));
        }
        let mut reversed = Value::NIL;
        let mut rest = parameters;
        while let Some((parameter, cdr)) = expansion.world.uncons(rest) {
            let target = self.target(expansion, parameter, depth)?;
            reversed = expansion.world.cons(target, reversed)?;
            rest = cdr;
        }
        let rest = if rest.is_nil() { Value::NIL } else { self.variable(expansion, rest)? };
        let mut targets = Value::NIL;
        while let Some((target, cdr)) = expansion.world.uncons(reversed) {
            targets = expansion.world.cons(target, targets)?;
            reversed = cdr;
        }
        Ok((targets, rest))
    }

    fn target(&mut self, expansion: &mut Expansion<'_>, parameter: Value, depth: usize) -> Outcome<Value> {
        self.count += 1;
        if self.count > MOST {
            return Err(too_many());
        }
        let Some((head, operands)) = expansion.world.uncons(parameter) else {
            return if parameter.is_nil() { Ok(Value::NIL) } else { self.variable(expansion, parameter) };
        };
        if head == expansion.world.known(Known::Optional) {
            return self.optional(expansion, parameter, operands);
        }
        let (targets, rest) = self.list(expansion, parameter, depth + 1)?;
        dotted(expansion.world, targets, rest)
    }

    fn optional(&mut self, expansion: &mut Expansion<'_>, parameter: Value, operands: Value) -> Outcome<Value> {
        let Some((name, rest)) = expansion.world.uncons(operands) else {
            return Err(expansion.bad_form("an optional parameter wants a name", parameter));
        };
        let form = expansion.world.uncons(rest).map_or(Value::NIL, |(form, _)| form);
        let scope = self.scope;
        let variable = self.variable(expansion, name)?;
        let inner = expansion.world.cons(variable, Value::NIL)?;
        let target = expansion.world.cons(OPTIONAL, inner)?;
        let with_scope = expansion.world.cons(form, scope)?;
        let entry = expansion.world.cons(target, with_scope)?;
        self.defaults = expansion.world.cons(entry, self.defaults)?;
        Ok(target)
    }

    fn variable(&mut self, expansion: &mut Expansion<'_>, name: Value) -> Outcome<Value> {
        let world = &mut *expansion.world;
        if !world.is_kind(name, ObjectKind::Symbol) && name != Value::T {
            return Err(expansion.bad_form("a parameter must be a symbol or a list, not", name));
        }
        let variable = tree::make_variable(world, name, self.owner)?;
        self.scope = world.cons(variable, self.scope)?;
        Ok(variable)
    }
}

/// A list of targets with a last cdr.
fn dotted(world: &mut World, targets: Value, rest: Value) -> Outcome<Value> {
    let mut last = None;
    let mut list = targets;
    while let Some(cell) = list.as_cell() {
        last = Some(cell);
        list = world.heap.cdr(cell);
    }
    if let Some(cell) = last {
        world.heap.set_cdr(cell, rest);
    }
    Ok(targets)
}
