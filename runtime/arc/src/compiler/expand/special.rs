//! Special forms, and calls that are expanded in place like them.

use heapatlas_heap::Value;
use heapatlas_heap::object::ObjectKind;

use super::parameters::{self, Parameters};
use super::stacks::{Context, Task};
use super::{Expansion, quasi};
use crate::compiler::tree::{self, Function, Variable};
use crate::fault::Outcome;
use crate::symbols::{self, Known};

impl Expansion<'_> {
    /// Expands a special form; says whether it is one.
    pub(super) fn special(&mut self, form: Value, head: Value, operands: Value, context: Context) -> Outcome<bool> {
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
    pub(super) fn binding(&mut self, function: Value, arguments: Value, context: Context) -> Outcome<bool> {
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
    pub(super) fn atomic(&mut self, head: Value, operands: Value, context: Context) -> Outcome<bool> {
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
}
