//! Which variable a name is, and which functions capture it.

use heapatlas_heap::{ObjectRef, Value};

use super::Expansion;
use super::stacks::Context;
use crate::compiler::tree::{self, Function, Variable};
use crate::fault::Outcome;

impl Expansion<'_> {
    /// The node of a symbol that is evaluated.
    pub(super) fn reference(&mut self, symbol: Value, context: Context) -> Outcome<()> {
        match self.find(symbol, context)? {
            Some(variable) => self.push_node(Value::object(variable)),
            None if symbol == Value::T => self.push_constant(symbol),
            None => self.push_node(symbol),
        }
    }

    /// The local variable of this name, noted as captured by every function between its own and this one.
    pub(super) fn find(&mut self, name: Value, context: Context) -> Outcome<Option<ObjectRef>> {
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

    /// Notes that the functions from `function` out to the variable's own, that one excepted, capture it.
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

    /// Whether a name is a local variable, without capturing it.
    pub(super) fn is_local(&self, name: Value, scope: Value) -> bool {
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
}
