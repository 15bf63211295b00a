//! Quasiquotation, as part of expansion.
//!
//! A template becomes calls that build it. Parts without anything to evaluate stay the constants they are. The level
//! rises with every quasiquote inside and falls with every unquote; at level one an unquote is evaluated.

use heapatlas_heap::Value;

use super::Expansion;
use super::stacks::{Context, Task};
use crate::builtins;
use crate::compiler::tree::{self, Node};
use crate::fault::Outcome;
use crate::symbols::Known;

/// Begins with a template at level one.
pub(super) fn begin(expansion: &mut Expansion<'_>, template: Value, context: Context) -> Outcome<()> {
    if let Some((head, _)) = expansion.world.uncons(template)
        && head == expansion.world.known(Known::UnquoteSplicing)
    {
        return Err(expansion.bad_form("nothing to splice into", template));
    }
    push(expansion, template, 1, context)
}

fn push(expansion: &mut Expansion<'_>, template: Value, level: i64, context: Context) -> Outcome<()> {
    let level = Value::fixnum(level).unwrap_or_default();
    let operands = [template, level, context.scope, context.function, context.place];
    expansion.push_task(Task::Template, &operands)
}

/// Goes on with a template task.
pub(super) fn finish(expansion: &mut Expansion<'_>, task: Task) -> Outcome<()> {
    match task {
        Task::TemplateCons => {
            let template = expansion.pop_task();
            let cdr = expansion.pop_node();
            let car = expansion.pop_node();
            join(expansion, template, car, cdr)
        }
        Task::TemplateSplice => {
            let rest = expansion.pop_node();
            let spliced = expansion.pop_node();
            call(expansion, builtins::APPEND, spliced, rest)
        }
        _ => {
            let (template, level, context) = expansion.pop_template();
            open(expansion, template, level.as_fixnum().unwrap_or(1), context)
        }
    }
}

fn open(expansion: &mut Expansion<'_>, template: Value, level: i64, context: Context) -> Outcome<()> {
    let world = &mut *expansion.world;
    let Some((car, cdr)) = world.uncons(template) else { return expansion.push_constant(template) };
    if car == world.known(Known::Unquote) {
        if level > 1 {
            return pair(expansion, template, (car, level), (cdr, level - 1), context);
        }
        let operand = world.uncons(cdr).map(|(operand, _)| operand);
        return match operand {
            Some(form) => expansion.push_form(form, context),
            None => Err(expansion.bad_form("unquote wants a form", template)),
        };
    }
    if car == world.known(Known::Quasiquote) {
        return pair(expansion, template, (car, level), (cdr, level + 1), context);
    }
    if car == world.known(Known::UnquoteSplicing) && level > 1 {
        return pair(expansion, template, (car, level), (cdr, level - 1), context);
    }
    if level == 1
        && let Some((inner, operands)) = world.uncons(car)
        && inner == world.known(Known::UnquoteSplicing)
    {
        let Some((form, _)) = world.uncons(operands) else {
            return Err(expansion.bad_form("unquote-splicing wants a form", car));
        };
        expansion.push_task(Task::TemplateSplice, &[])?;
        push(expansion, cdr, level, context)?;
        return expansion.push_form(form, context);
    }
    pair(expansion, template, (car, level), (cdr, level), context)
}

fn pair(
    expansion: &mut Expansion<'_>,
    template: Value,
    car: (Value, i64),
    cdr: (Value, i64),
    context: Context,
) -> Outcome<()> {
    expansion.push_task(Task::TemplateCons, &[template])?;
    push(expansion, cdr.0, cdr.1, context)?;
    push(expansion, car.0, car.1, context)
}

/// A cons of two parts; the template itself where both are what it already holds.
fn join(expansion: &mut Expansion<'_>, template: Value, car: Value, cdr: Value) -> Outcome<()> {
    let world = &*expansion.world;
    let constants = (tree::as_constant(world, car), tree::as_constant(world, cdr));
    let held = world.uncons(template);
    if let ((Some(car), Some(cdr)), Some(held)) = (constants, held)
        && held == (car, cdr)
    {
        return expansion.push_constant(template);
    }
    call(expansion, builtins::CONS, car, cdr)
}

/// A call of a builtin, whatever the program made of the global of that name.
fn call(expansion: &mut Expansion<'_>, builtin: Value, first: Value, second: Value) -> Outcome<()> {
    let function = tree::constant(expansion.world, builtin)?;
    let fields = expansion.world.list(&[Value::NIL, function, first, second])?;
    expansion.push_tagged(Node::Call, fields)
}
