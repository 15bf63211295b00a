//! Macro expansion and scope: form → tree.
//!
//! * [`stacks`] what is still to be expanded, and what is done
//! * [`scope`] which variable a name is, and who captures it
//! * [`special`] special forms, and calls expanded in place like them
//! * [`parameters`] parameter lists
//! * [`quasi`] quasiquotation
//! * [`rewrite`] forms that stand for other forms
//! * [`finish`] nodes made of nodes
//!
//! What is still to be expanded waits on one stack in the heap, with its scope and the function it is in; nodes that
//! are done wait on another until the node around them is made. A scope is a list of variables, innermost first.
//!
//! The heads of special forms and macros are recognised by name, whatever the scope says, as the language wants it.

mod finish;
mod parameters;
mod quasi;
mod rewrite;
mod scope;
mod special;
mod stacks;

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{ObjectRef, Value};

use self::stacks::{Context, Task};
use super::tree::{self, Function};
use crate::fault::{Failure, FailureKind, Fault, Outcome};
use crate::positions::{self, Place};
use crate::scratch::ValueStack;
use crate::ssyntax;
use crate::symbols::{self, Known};
use crate::world::World;

/// A call has no more parts than this: each needs a register.
const MOST_ARGUMENTS: usize = 50_000;

/// What expansion came to.
pub(crate) enum Progress {
    /// The tree is done.
    Done(Value),
    /// This function must be called with the arguments in the list; then expansion goes on with its value.
    Call { function: Value, arguments: Value },
}

/// The fields of an expansion that is put away while a macro runs.
#[repr(usize)]
enum Saved {
    Tasks = 0,
    TaskCount = 1,
    Nodes = 2,
    NodeCount = 3,
    Positions = 4,
    Scope = 5,
    Function = 6,
    Place = 7,
    Waiting = 8,
}

const SAVED_FIELDS: usize = 9;

/// An expansion under way.
struct Expansion<'w> {
    world: &'w mut World,
    tasks: ValueStack,
    nodes: ValueStack,
    positions: Value,
    /// Where what is being expanded is written, for errors.
    place: Value,
}

/// Begins the expansion of a form; gives the object that [`go_on`] works on.
pub(crate) fn begin(world: &mut World, form: Value) -> Outcome<Value> {
    let positions = match positions::lookup(&world.heap, world.positions, form) {
        Some(_) => world.positions,
        None => Value::NIL,
    };
    let saved = world.heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, SAVED_FIELDS * 8)?;
    let mut fields = [Value::NIL; tree::FUNCTION_FIELDS];
    fields[Function::Place as usize] = tree::place_value(positions::lookup(&world.heap, positions, form));
    fields[Function::Signature as usize] = Value::small(0);
    fields[Function::File as usize] = positions::file(&world.heap, positions);
    let function = Value::object(world.object(ObjectKind::Vector, &fields)?);
    let mut expansion =
        Expansion { world, tasks: ValueStack::default(), nodes: ValueStack::default(), positions, place: Value::NIL };
    let context = Context { scope: Value::NIL, function, place: Value::NIL };
    expansion.tasks.push(&mut expansion.world.heap, function)?;
    expansion.tasks.push(&mut expansion.world.heap, Value::small(Task::Function as u32))?;
    expansion.push_form(form, context)?;
    expansion.save(saved);
    Ok(Value::object(saved))
}

/// Goes on with an expansion; `result` is what the macro that it waited for returned.
pub(crate) fn go_on(world: &mut World, saved: ObjectRef, result: Value) -> Outcome<Progress> {
    let field = |world: &World, field: Saved| world.heap.value(saved, field as usize);
    let tasks = ValueStack::restore(&world.heap, field(world, Saved::Tasks), field(world, Saved::TaskCount));
    let nodes = ValueStack::restore(&world.heap, field(world, Saved::Nodes), field(world, Saved::NodeCount));
    let context = Context {
        scope: field(world, Saved::Scope),
        function: field(world, Saved::Function),
        place: field(world, Saved::Place),
    };
    let waiting = !field(world, Saved::Waiting).is_nil();
    let positions = field(world, Saved::Positions);
    let mut expansion = Expansion { world, tasks, nodes, positions, place: context.place };
    let progress = expansion.run(if waiting { Some((result, context)) } else { None }, saved);
    let place = expansion.place;
    progress.map_err(|fault| at_place(fault, place))
}

/// Adds to a failure where it happened, if it does not say so itself.
fn at_place(fault: Fault, place: Value) -> Fault {
    match fault {
        Fault::Failure(failure) if failure.place.is_none() && !place.is_nil() => {
            Fault::Failure(Box::new(Failure { place: Some(Place::of(place)), ..*failure }))
        }
        other => other,
    }
}

impl Expansion<'_> {
    fn run(&mut self, returned: Option<(Value, Context)>, saved: ObjectRef) -> Outcome<Progress> {
        let mut next = returned;
        loop {
            self.world.step()?;
            if let Some((form, context)) = next.take() {
                if let Some(call) = self.form(form, context)? {
                    self.save(saved);
                    for (field, value) in [
                        (Saved::Scope, context.scope),
                        (Saved::Function, context.function),
                        (Saved::Place, self.place),
                        (Saved::Waiting, Value::T),
                    ] {
                        self.world.heap.set_value(saved, field as usize, value);
                    }
                    return Ok(call);
                }
                continue;
            }
            let Some(task) = self.tasks.pop(&self.world.heap) else {
                return Ok(Progress::Done(self.pop_node()));
            };
            let task = Task::from_number(task.as_fixnum().unwrap_or(0));
            if task == Task::Form {
                let context = self.pop_context();
                next = Some((self.pop_task(), context));
            } else {
                self.finish(task)?;
            }
        }
    }

    #[cold]
    fn bad_form(&self, what: &str, form: Value) -> Fault {
        let shown = self.world.show(form);
        Fault::failure(FailureKind::Form, format!("{what}: {shown}"))
    }

    /// Expands the outermost part of a form. Gives the call of a macro that must be made first.
    fn form(&mut self, form: Value, context: Context) -> Outcome<Option<Progress>> {
        self.place = context.place;
        if let Some((head, operands)) = self.world.uncons(form) {
            let place = positions::lookup(&self.world.heap, self.positions, form);
            let place = place.map_or(context.place, Place::value);
            self.place = place;
            return self.compound(form, head, operands, Context { place, ..context });
        }
        match self.world.heap.as_kind(form, ObjectKind::Symbol) {
            Some(symbol) if symbols::has_ssyntax(&self.world.heap, symbol) => {
                let expanded = ssyntax::expand(self.world, symbol)?;
                self.push_form(expanded, context)?;
            }
            Some(_) => self.reference(form, context)?,
            // t is a constant and a symbol: it may be the name of a parameter.
            None if form == Value::T => self.reference(form, context)?,
            None if self.world.atstrings && self.world.is_kind(form, ObjectKind::String) => {
                self.template_string(form, context)?;
            }
            None => self.push_constant(form)?,
        }
        Ok(None)
    }

    /// Expands a form that is a list: a special form, a call of a macro, a call.
    fn compound(&mut self, form: Value, head: Value, operands: Value, context: Context) -> Outcome<Option<Progress>> {
        if let Some(symbol) = self.world.heap.as_kind(head, ObjectKind::Symbol) {
            if symbols::has_ssyntax(&self.world.heap, symbol) {
                let expanded = ssyntax::expand(self.world, symbol)?;
                let form = self.world.cons(expanded, operands)?;
                self.push_form(form, context)?;
                return Ok(None);
            }
            if self.special(form, head, operands, context)? {
                return Ok(None);
            }
            if let Some(function) = self.world.macro_function(symbols::global(&self.world.heap, symbol)) {
                return Ok(Some(Progress::Call { function, arguments: operands }));
            }
            if head == self.world.known(Known::AtomicInvoke) && self.atomic(head, operands, context)? {
                return Ok(None);
            }
        } else if let Some((inner, inner_operands)) = self.world.uncons(head) {
            if inner == self.world.known(Known::Fn) && self.binding(inner_operands, operands, context)? {
                return Ok(None);
            }
            if let Some(form) = self.modified(inner, inner_operands, operands)? {
                self.push_form(form, context)?;
                return Ok(None);
            }
        }
        let count = self.count(form)?;
        if count > MOST_ARGUMENTS {
            let what = format!("a call has {count} parts; more than {MOST_ARGUMENTS} can't be compiled");
            return Err(Fault::failure(FailureKind::Form, what));
        }
        self.push_task(Task::Call, &[Value::size(count), context.place])?;
        self.push_forms(form, context)?;
        Ok(None)
    }

    /// How many forms a list of them has.
    fn count(&mut self, forms: Value) -> Outcome<usize> {
        match self.world.length(forms)? {
            Some(count) => Ok(count),
            None => Err(self.bad_form("a form must be a proper list", forms)),
        }
    }
}
