//! The two stacks of an expansion: what is still to be expanded, and nodes that are done.

use heapatlas_heap::{ObjectRef, Value};

use super::{Expansion, Saved};
use crate::compiler::tree::{self, Node};
use crate::fault::Outcome;

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
    pub(super) fn from_number(number: i64) -> Self {
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

impl Expansion<'_> {
    pub(super) fn save(&mut self, saved: ObjectRef) {
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

    pub(super) fn pop_task(&mut self) -> Value {
        self.tasks.pop(&self.world.heap).unwrap_or(Value::NIL)
    }

    pub(super) fn pop_count(&mut self) -> usize {
        self.pop_task().as_fixnum().map_or(0, |count| count as usize)
    }

    pub(super) fn pop_node(&mut self) -> Value {
        self.nodes.pop(&self.world.heap).unwrap_or(Value::NIL)
    }

    /// Takes the latest `count` nodes as a list in their order, before `tail`.
    pub(super) fn pop_nodes(&mut self, count: usize, tail: Value) -> Outcome<Value> {
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
    pub(super) fn push_forms(&mut self, forms: Value, context: Context) -> Outcome<usize> {
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
        self.tasks.reverse_groups(&mut self.world.heap, start, WIDTH);
        Ok(count)
    }

    pub(super) fn push_tagged(&mut self, node: Node, fields: Value) -> Outcome<()> {
        let node = self.world.cons(node.tag(), fields)?;
        self.push_node(node)
    }

    /// What the two operands of a template task were.
    pub(super) fn pop_template(&mut self) -> (Value, Value, Context) {
        let context = self.pop_context();
        let level = self.pop_task();
        let template = self.pop_task();
        (template, level, context)
    }

    /// The context that the latest operands are.
    pub(super) fn pop_context(&mut self) -> Context {
        let place = self.pop_task();
        let function = self.pop_task();
        let scope = self.pop_task();
        Context { scope, function, place }
    }
}
