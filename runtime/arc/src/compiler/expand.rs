//! Macro expansion and scope: form → tree.
//!
//! What is still to be expanded waits on one stack in the heap, with its scope and the function it is in; nodes that
//! are done wait on another until the node around them is made. A scope is a list of variables, innermost first.
//!
//! The heads of special forms and macros are recognised by name, whatever the scope says, as the language wants it.

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{ObjectRef, Value};

use super::parameters::{self, Parameters};
use super::quasi;
use super::tree::{self, Function, Node, Variable};
use crate::fault::{Failure, FailureKind, Fault, Outcome};
use crate::ports;
use crate::positions::{self, Place};
use crate::reader;
use crate::scratch::ValueStack;
use crate::ssyntax;
use crate::symbols::{self, Known};
use crate::text::{CharBuffer, Text};
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

/// What waits on the stack, after its operands: a form to be expanded, or a node to be made of nodes that are done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// form scope function place
    Form = 0,
    /// count: that many nodes, tests and branches in turn
    If = 1,
    /// count place: that many nodes
    Call = 2,
    /// count: that many nodes
    Sequence = 3,
    /// variable: one node
    SetLocal = 4,
    /// symbol: one node
    SetGlobal = 5,
    /// function: its body
    Function = 6,
    /// target: the default of an optional parameter
    Default = 7,
    /// targets count: that many nodes, then the body
    Let = 8,
    /// template level scope function place
    Template = 9,
    /// template: its car and its cdr
    TemplateCons = 10,
    /// the list to be spliced in and what follows it
    TemplateSplice = 11,
    /// one node: the body of an atomic form
    Atomic = 12,
}

impl Task {
    fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Form,
            1 => Self::If,
            2 => Self::Call,
            3 => Self::Sequence,
            4 => Self::SetLocal,
            5 => Self::SetGlobal,
            6 => Self::Function,
            7 => Self::Default,
            8 => Self::Let,
            9 => Self::Template,
            10 => Self::TemplateCons,
            11 => Self::TemplateSplice,
            _ => Self::Atomic,
        }
    }
}

/// Where a form stands.
#[derive(Clone, Copy)]
pub(super) struct Context {
    /// The variables it sees, a list, innermost first.
    pub(super) scope: Value,
    /// The function it is in.
    pub(super) function: Value,
    /// Where it is written.
    pub(super) place: Value,
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
pub(super) struct Expansion<'w> {
    pub(super) world: &'w mut World,
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
    fn save(&mut self, saved: ObjectRef) {
        let ((tasks, task_count), (nodes, node_count)) = (self.tasks.save(), self.nodes.save());
        let fields = [
            (Saved::Tasks, tasks),
            (Saved::TaskCount, task_count),
            (Saved::Nodes, nodes),
            (Saved::NodeCount, node_count),
            (Saved::Positions, self.positions),
            (Saved::Waiting, Value::NIL),
        ];
        for (field, value) in fields {
            self.world.heap.set_value(saved, field as usize, value);
        }
    }

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
                let place = self.pop_task();
                let function = self.pop_task();
                let scope = self.pop_task();
                next = Some((self.pop_task(), Context { scope, function, place }));
            } else {
                self.finish(task)?;
            }
        }
    }

    // The two stacks.

    fn pop_task(&mut self) -> Value {
        self.tasks.pop(&self.world.heap).unwrap_or(Value::NIL)
    }

    fn pop_count(&mut self) -> usize {
        self.pop_task().as_fixnum().map_or(0, |count| count as usize)
    }

    pub(super) fn pop_node(&mut self) -> Value {
        self.nodes.pop(&self.world.heap).unwrap_or(Value::NIL)
    }

    /// Takes the latest `count` nodes as a list in their order, before `tail`.
    fn pop_nodes(&mut self, count: usize, tail: Value) -> Outcome<Value> {
        let mut list = tail;
        for _ in 0..count {
            let node = self.pop_node();
            list = self.world.cons(node, list)?;
        }
        Ok(list)
    }

    pub(super) fn push_node(&mut self, node: Value) -> Outcome<()> {
        Ok(self.nodes.push(&mut self.world.heap, node)?)
    }

    pub(super) fn push_constant(&mut self, value: Value) -> Outcome<()> {
        let node = tree::constant(self.world, value)?;
        self.push_node(node)
    }

    pub(super) fn push_task(&mut self, task: Task, operands: &[Value]) -> Outcome<()> {
        for operand in operands {
            self.tasks.push(&mut self.world.heap, *operand)?;
        }
        Ok(self.tasks.push(&mut self.world.heap, Value::small(task as u32))?)
    }

    pub(super) fn push_form(&mut self, form: Value, context: Context) -> Outcome<()> {
        self.push_task(Task::Form, &[form, context.scope, context.function, context.place])
    }

    /// Pushes the forms of a list so that the first is expanded first; gives their number.
    fn push_forms(&mut self, forms: Value, context: Context) -> Outcome<usize> {
        // Pushed in order and then turned round in place: the stack grows once.
        const WIDTH: usize = 5;
        let start = self.tasks.len();
        let mut rest = forms;
        let mut count = 0;
        while let Some((form, cdr)) = self.world.uncons(rest) {
            self.world.step()?;
            self.push_form(form, context)?;
            rest = cdr;
            count += 1;
        }
        if !rest.is_nil() {
            return Err(self.bad_form("a form must be a proper list", forms));
        }
        for index in 0..count / 2 {
            let (low, high) = (start + index * WIDTH, start + (count - 1 - index) * WIDTH);
            for part in 0..WIDTH {
                let heap = &mut self.world.heap;
                let (a, b) = (self.tasks.get(heap, low + part), self.tasks.get(heap, high + part));
                self.tasks.set(heap, low + part, b);
                self.tasks.set(heap, high + part, a);
            }
        }
        Ok(count)
    }

    #[cold]
    pub(super) fn bad_form(&self, what: &str, form: Value) -> Fault {
        let shown = self.world.show(form);
        Fault::failure(FailureKind::Form, format!("{what}: {shown}"))
    }

    // Forms.

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

    fn reference(&mut self, symbol: Value, context: Context) -> Outcome<()> {
        match self.find(symbol, context)? {
            Some(variable) => self.push_node(Value::object(variable)),
            None if symbol == Value::T => self.push_constant(symbol),
            None => self.push_node(symbol),
        }
    }

    /// The local variable of this name, noted as captured by every function between its own and this one.
    fn find(&mut self, name: Value, context: Context) -> Outcome<Option<ObjectRef>> {
        let mut rest = context.scope;
        while let Some((variable, cdr)) = self.world.uncons(rest) {
            rest = cdr;
            let Some(object) = variable.as_object() else { continue };
            if tree::variable(self.world, object, Variable::Name) == name {
                self.capture(variable, object, context.function)?;
                return Ok(Some(object));
            }
        }
        Ok(None)
    }

    fn capture(&mut self, variable: Value, object: ObjectRef, function: Value) -> Outcome<()> {
        let owner = tree::variable(self.world, object, Variable::Owner);
        let mut function = function;
        while function != owner
            && let Some(inner) = function.as_object()
        {
            let captured = tree::function(self.world, inner, Function::Captured);
            if !self.contains(captured, variable) {
                let captured = self.world.cons(variable, captured)?;
                tree::set_function(self.world, inner, Function::Captured, captured);
            }
            function = tree::function(self.world, inner, Function::Parent);
        }
        Ok(())
    }

    fn contains(&self, list: Value, value: Value) -> bool {
        let mut rest = list;
        while let Some((car, cdr)) = self.world.uncons(rest) {
            if car == value {
                return true;
            }
            rest = cdr;
        }
        false
    }

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

    /// Expands a special form; says whether it is one.
    fn special(&mut self, form: Value, head: Value, operands: Value, context: Context) -> Outcome<bool> {
        if head == self.world.known(Known::Quote) {
            let Some((datum, _)) = self.world.uncons(operands) else {
                return Err(self.bad_form("quote wants something to quote", form));
            };
            self.push_constant(datum)?;
        } else if head == self.world.known(Known::Quasiquote) {
            let Some((template, _)) = self.world.uncons(operands) else {
                return Err(self.bad_form("quasiquote wants a template", form));
            };
            quasi::begin(self, template, context)?;
        } else if head == self.world.known(Known::If) {
            let count = self.count(operands)?;
            self.push_task(Task::If, &[Value::size(count)])?;
            self.push_forms(operands, context)?;
        } else if head == self.world.known(Known::Fn) {
            let Some((parameters, body)) = self.world.uncons(operands) else {
                return Err(self.bad_form("fn wants parameters", form));
            };
            self.function(parameters, body, context)?;
        } else if head == self.world.known(Known::Assign) {
            self.assign(operands, context)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn push_body(&mut self, body: Value, context: Context) -> Outcome<()> {
        let count = self.count(body)?;
        if count != 1 {
            self.push_task(Task::Sequence, &[Value::size(count)])?;
        }
        self.push_forms(body, context)?;
        Ok(())
    }

    fn push_defaults(&mut self, parameters: &Parameters, context: Context) -> Outcome<()> {
        // The list is latest first, which is the order in which a stack wants them.
        let mut rest = parameters.defaults;
        while let Some((entry, cdr)) = self.world.uncons(rest) {
            let (target, with_scope) = self.world.uncons(entry).unwrap_or_default();
            let (form, scope) = self.world.uncons(with_scope).unwrap_or_default();
            self.push_task(Task::Default, &[target])?;
            self.push_form(form, Context { scope, ..context })?;
            rest = cdr;
        }
        Ok(())
    }

    fn function(&mut self, parameters: Value, body: Value, context: Context) -> Outcome<()> {
        let mut fields = [Value::NIL; tree::FUNCTION_FIELDS];
        fields[Function::Parent as usize] = context.function;
        fields[Function::Place as usize] = context.place;
        let function = self.world.object(ObjectKind::Vector, &fields)?;
        let inner = Context { function: Value::object(function), ..context };
        let analysed = parameters::analyse(self, parameters, inner)?;
        tree::set_function(self.world, function, Function::Targets, analysed.targets);
        tree::set_function(self.world, function, Function::Rest, analysed.rest);
        let signature = Value::size(analysed.signature.word() as usize);
        tree::set_function(self.world, function, Function::Signature, signature);
        self.push_task(Task::Function, &[Value::object(function)])?;
        self.push_body(body, Context { scope: analysed.scope, ..inner })?;
        self.push_defaults(&analysed, inner)
    }

    /// Expands `((fn parameters . body) . arguments)` as a binding in place, if the arguments fit the parameters one by
    /// one; says whether they do.
    fn binding(&mut self, function: Value, arguments: Value, context: Context) -> Outcome<bool> {
        let Some((parameters, body)) = self.world.uncons(function) else { return Ok(false) };
        let Some(given) = self.world.length(arguments)? else { return Ok(false) };
        if !parameters::match_one_by_one(self.world, parameters, given)? {
            return Ok(false);
        }
        let analysed = parameters::analyse(self, parameters, context)?;
        self.push_task(Task::Let, &[analysed.targets, Value::size(given)])?;
        self.push_body(body, Context { scope: analysed.scope, ..context })?;
        self.push_defaults(&analysed, context)?;
        self.push_forms(arguments, context)?;
        Ok(true)
    }

    fn assign(&mut self, operands: Value, context: Context) -> Outcome<()> {
        let mut reversed = Value::NIL;
        let mut rest = operands;
        let mut pairs = 0_u32;
        while let Some((target, cdr)) = self.world.uncons(rest) {
            let (value, cdr) = self.world.uncons(cdr).unwrap_or_default();
            let pair = self.world.cons(target, value)?;
            reversed = self.world.cons(pair, reversed)?;
            pairs += 1;
            rest = cdr;
        }
        if pairs != 1 {
            self.push_task(Task::Sequence, &[Value::small(pairs)])?;
        }
        while let Some((pair, cdr)) = self.world.uncons(reversed) {
            let (target, value) = self.world.uncons(pair).unwrap_or_default();
            self.push_assignment(target, context)?;
            self.push_form(value, context)?;
            reversed = cdr;
        }
        Ok(())
    }

    fn push_assignment(&mut self, target: Value, context: Context) -> Outcome<()> {
        if target == Value::NIL || target == Value::T {
            return Err(self.bad_form("can't rebind", target));
        }
        if !self.world.is_kind(target, ObjectKind::Symbol) {
            return Err(self.bad_form("assign wants a symbol, not", target));
        }
        match self.find(target, context)? {
            Some(variable) => {
                let count = tree::variable(self.world, variable, Variable::Assignments);
                let count = count.fixnum_add(Value::small(1)).unwrap_or(count);
                tree::set_variable(self.world, variable, Variable::Assignments, count);
                self.push_task(Task::SetLocal, &[Value::object(variable)])
            }
            None => self.push_task(Task::SetGlobal, &[target]),
        }
    }

    /// Expands `(atomic-invoke (fn () . body))` in place; says whether it could.
    fn atomic(&mut self, head: Value, operands: Value, context: Context) -> Outcome<bool> {
        let Some((thunk, Value::NIL)) = self.world.uncons(operands) else { return Ok(false) };
        let Some((inner, rest)) = self.world.uncons(thunk) else { return Ok(false) };
        let Some((Value::NIL, body)) = self.world.uncons(rest) else { return Ok(false) };
        let global = head.as_object().map(|symbol| symbols::global(&self.world.heap, symbol));
        let is_builtin = global == Some(self.world.atomic_invoke) && !self.is_local(head, context.scope);
        if inner != self.world.known(Known::Fn) || !is_builtin {
            return Ok(false);
        }
        self.push_task(Task::Atomic, &[])?;
        self.push_body(body, context)?;
        Ok(true)
    }

    fn is_local(&self, name: Value, scope: Value) -> bool {
        let mut rest = scope;
        while let Some((variable, cdr)) = self.world.uncons(rest) {
            let object = variable.as_object();
            if object.is_some_and(|object| tree::variable(self.world, object, Variable::Name) == name) {
                return true;
            }
            rest = cdr;
        }
        false
    }

    /// What a call of a `(compose …)`, `(complement …)` or `(andf …)` form stands for.
    fn modified(&mut self, head: Value, functions: Value, arguments: Value) -> Outcome<Option<Value>> {
        if head == self.world.known(Known::Compose) {
            return self.composed(functions, arguments).map(Some);
        }
        if head == self.world.known(Known::Complement) {
            let function = self.world.uncons(functions).unwrap_or_default().0;
            let call = self.world.cons(function, arguments)?;
            return self.world.list(&[self.world.known(Known::No), call]).map(Some);
        }
        if head == self.world.known(Known::Andf) {
            return self.conjoined(functions, arguments).map(Some);
        }
        Ok(None)
    }

    /// `((compose f g h) a b)` is `(f (g (h a b)))`; with nothing to compose, the argument.
    fn composed(&mut self, functions: Value, arguments: Value) -> Outcome<Value> {
        let mut reversed = Value::NIL;
        let mut rest = functions;
        while let Some((function, cdr)) = self.world.uncons(rest) {
            reversed = self.world.cons(function, reversed)?;
            rest = cdr;
        }
        let Some((innermost, mut rest)) = self.world.uncons(reversed) else {
            return Ok(self.world.uncons(arguments).unwrap_or_default().0);
        };
        let mut form = self.world.cons(innermost, arguments)?;
        while let Some((function, cdr)) = self.world.uncons(rest) {
            form = self.world.list(&[function, form])?;
            rest = cdr;
        }
        Ok(form)
    }

    /// `((andf f g) a b)` binds the arguments once and is `(and (f a b) (g a b))` of them.
    fn conjoined(&mut self, functions: Value, arguments: Value) -> Outcome<Value> {
        let mut names = Value::NIL;
        let mut rest = arguments;
        while let Some((_, cdr)) = self.world.uncons(rest) {
            let name = self.world.symbols.make_uniq(&mut self.world.heap)?;
            names = self.world.cons(name, names)?;
            rest = cdr;
        }
        let mut calls = Value::NIL;
        let mut rest = functions;
        while let Some((function, cdr)) = self.world.uncons(rest) {
            let call = self.world.cons(function, names)?;
            calls = self.world.cons(call, calls)?;
            rest = cdr;
        }
        let mut ordered = Value::NIL;
        while let Some((call, cdr)) = self.world.uncons(calls) {
            ordered = self.world.cons(call, ordered)?;
            calls = cdr;
        }
        let conjunction = self.world.cons(self.world.known(Known::And), ordered)?;
        let function = self.world.list(&[self.world.known(Known::Fn), names, conjunction])?;
        self.world.cons(function, arguments)
    }

    /// A string literal with `@` in it, read as a template: `"x=@x"` is `(string "x=" x)`.
    fn template_string(&mut self, literal: Value, context: Context) -> Outcome<()> {
        let Some(string) = literal.as_object() else { return Ok(()) };
        if !Text::of(&self.world.heap, string).chars().any(|character| character == '@') {
            return self.push_constant(literal);
        }
        let port = ports::open_string(self.world, string)?;
        let port = ports::input(self.world, "string", port)?;
        let mut parts = Value::NIL;
        let mut text = CharBuffer::default();
        while let Some(character) = ports::read_char(self.world, port)? {
            let next = ports::peek(self.world, port)?;
            if character != '@' || next == ports::Next::End {
                text.push(&mut self.world.heap, character)?;
            } else if let ports::Next::Char('@', _) = next {
                ports::skip(self.world, port, next);
                text.push(&mut self.world.heap, '@')?;
            } else {
                let part = text.finish(&mut self.world.heap)?;
                text.clear();
                parts = self.world.cons(part, parts)?;
                let Some(expression) = reader::read(self.world, port)? else { break };
                parts = self.world.cons(expression, parts)?;
            }
        }
        let last = text.finish(&mut self.world.heap)?;
        let quoted = self.world.list(&[self.world.known(Known::Quote), last])?;
        let mut form = self.world.list(&[quoted])?;
        // The literal parts are quoted, so that an `@` in them is not taken for another template.
        let mut is_expression = true;
        while let Some((part, cdr)) = self.world.uncons(parts) {
            let part = if is_expression { part } else { self.world.list(&[self.world.known(Known::Quote), part])? };
            form = self.world.cons(part, form)?;
            is_expression = !is_expression;
            parts = cdr;
        }
        let form = self.world.cons(self.world.known(Known::String), form)?;
        self.push_form(form, context)
    }

    // Nodes.

    /// Makes a node of nodes that are done.
    fn finish(&mut self, task: Task) -> Outcome<()> {
        match task {
            Task::Form => Ok(()),
            Task::If => self.finish_if(),
            Task::Call => {
                let place = self.pop_task();
                let count = self.pop_count();
                let parts = self.pop_nodes(count, Value::NIL)?;
                let fields = self.world.cons(place, parts)?;
                self.push_tagged(Node::Call, fields)
            }
            Task::Sequence => {
                let count = self.pop_count();
                if count == 0 {
                    return self.push_constant(Value::NIL);
                }
                let parts = self.pop_nodes(count, Value::NIL)?;
                self.push_tagged(Node::Sequence, parts)
            }
            Task::SetLocal | Task::SetGlobal => {
                let target = self.pop_task();
                let value = self.pop_node();
                let (node, name) = if task == Task::SetLocal {
                    let name = target.as_object().map(|v| tree::variable(self.world, v, Variable::Name));
                    (Node::SetLocal, name.unwrap_or_default())
                } else {
                    (Node::SetGlobal, target)
                };
                self.name_function(value, name);
                let fields = self.world.list(&[target, value])?;
                self.push_tagged(node, fields)
            }
            Task::Function => {
                let function = self.pop_task();
                let body = self.pop_node();
                if let Some(object) = function.as_object() {
                    tree::set_function(self.world, object, Function::Body, body);
                }
                let fields = self.world.list(&[function])?;
                self.push_tagged(Node::Function, fields)
            }
            Task::Default => {
                let target = self.pop_task();
                let default = self.pop_node();
                // (OPTIONAL variable . default)
                if let Some((_, rest)) = self.world.uncons(target)
                    && let Some(cell) = rest.as_cell()
                {
                    self.world.heap.set_cdr(cell, default);
                }
                Ok(())
            }
            Task::Let => self.finish_let(),
            Task::Atomic => {
                let body = self.pop_node();
                let fields = self.world.list(&[body])?;
                self.push_tagged(Node::Atomic, fields)
            }
            Task::Template | Task::TemplateCons | Task::TemplateSplice => quasi::finish(self, task),
        }
    }

    pub(super) fn push_tagged(&mut self, node: Node, fields: Value) -> Outcome<()> {
        let node = self.world.cons(node.tag(), fields)?;
        self.push_node(node)
    }

    fn finish_if(&mut self) -> Outcome<()> {
        let count = self.pop_count();
        let mut node = if count % 2 == 1 { self.pop_node() } else { tree::constant(self.world, Value::NIL)? };
        for _ in 0..count / 2 {
            let branch = self.pop_node();
            let test = self.pop_node();
            node = tree::make(self.world, Node::If, &[test, branch, node])?;
        }
        self.push_node(node)
    }

    fn finish_let(&mut self) -> Outcome<()> {
        let count = self.pop_count();
        let targets = self.pop_task();
        let body = self.pop_node();
        let values = self.pop_nodes(count, Value::NIL)?;
        let (mut rest_targets, mut rest_values) = (targets, values);
        while let (Some((target, more_targets)), Some((value, more_values))) =
            (self.world.uncons(rest_targets), self.world.uncons(rest_values))
        {
            if let Some(variable) = tree::as_variable(self.world, target) {
                let name = tree::variable(self.world, variable, Variable::Name);
                self.name_function(value, name);
            }
            (rest_targets, rest_values) = (more_targets, more_values);
        }
        let fields = self.world.list(&[targets, values, body])?;
        self.push_tagged(Node::Let, fields)
    }

    /// A function gets the name of the variable it becomes the value of, unless it has one.
    fn name_function(&mut self, node: Value, name: Value) {
        if let Some((Node::Function, fields)) = tree::open(self.world, node)
            && let Some(function) = tree::field(self.world, fields, 0).as_object()
            && tree::function(self.world, function, Function::Name).is_nil()
        {
            tree::set_function(self.world, function, Function::Name, name);
        }
    }

    /// What the two operands of a template task were.
    pub(super) fn pop_template(&mut self) -> (Value, Value, Context) {
        let place = self.pop_task();
        let function = self.pop_task();
        let scope = self.pop_task();
        let level = self.pop_task();
        let template = self.pop_task();
        (template, level, Context { scope, function, place })
    }

    pub(super) fn pop_operand(&mut self) -> Value {
        self.pop_task()
    }
}
