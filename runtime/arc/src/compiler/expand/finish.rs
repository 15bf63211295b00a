//! Nodes, made of nodes that are done.

use heapatlas_heap::Value;

use super::stacks::Task;
use super::{Expansion, quasi};
use crate::compiler::tree::{self, Function, Node, Variable};
use crate::fault::Outcome;

impl Expansion<'_> {
    /// Makes a node of nodes that are done.
    pub(super) fn finish(&mut self, task: Task) -> Outcome<()> {
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
}
