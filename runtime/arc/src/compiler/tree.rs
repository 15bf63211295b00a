//! Expanded code: what expansion makes and generation reads.
//!
//! A node is a symbol (a global variable), a variable (a local one), or a list that begins with a number from
//! [`Node`]. Variables and functions are vectors with named fields.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Value};

use crate::fault::Outcome;
use crate::positions::Place;
use crate::world::World;

/// What a node that is a list says. The fields after the number:
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Node {
    /// `value`
    Constant = 0,
    /// test then else
    If = 1,
    /// function
    Function = 2,
    /// variable node
    SetLocal = 3,
    /// symbol node
    SetGlobal = 4,
    /// place head argument…
    Call = 5,
    /// targets nodes body: a list of targets, a list of nodes
    Let = 6,
    /// node…
    Sequence = 7,
    /// body, run while no other thread is atomic
    Atomic = 8,
}

/// A target of binding, in a parameter list or a `Let`: nil (ignored), a variable, `(OPTIONAL variable . default)` with
/// a node as default, or a list of targets to take an argument apart, dotted when its tail is bound too.
pub(crate) const OPTIONAL: Value = Value::ABSENT;

impl Node {
    pub(crate) fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Constant,
            1 => Self::If,
            2 => Self::Function,
            3 => Self::SetLocal,
            4 => Self::SetGlobal,
            5 => Self::Call,
            6 => Self::Let,
            7 => Self::Sequence,
            _ => Self::Atomic,
        }
    }

    /// The number that begins the list.
    pub(crate) fn tag(self) -> Value {
        Value::small(self as u32)
    }
}

/// The fields of a local variable.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(crate) enum Variable {
    /// The symbol.
    Name = 0,
    /// The function in whose frame it lives.
    Owner = 1,
    /// How often it is assigned.
    Assignments = 2,
    /// Its register, once generation has given it one.
    Register = 3,
    /// The function that is its only value, when it is bound to nil and assigned a function at once, as `afn` does.
    Itself = 4,
}

/// How many fields a variable has.
pub(crate) const VARIABLE_FIELDS: usize = 5;

/// The fields of a function.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(crate) enum Function {
    /// The symbol it is known by, or nil.
    Name = 0,
    /// The function around it, or nil.
    Parent = 1,
    /// Its targets, those that must be passed first, then optional ones.
    Targets = 2,
    /// The target of what is left over, or nil.
    Rest = 3,
    /// Required and optional parameters and facts, as a signature word.
    Signature = 4,
    /// The node that is its body.
    Body = 5,
    /// The variables of functions around it that it uses, as a list, latest first.
    Captured = 6,
    /// Where it is written.
    Place = 7,
    /// Its code, once generated.
    Code = 8,
    /// Of an outermost function: the path of the file it is written in, or nil.
    File = 9,
}

/// How many fields a function has.
pub(crate) const FUNCTION_FIELDS: usize = 10;

/// Field of a variable.
pub(crate) fn variable(world: &World, object: ObjectRef, field: Variable) -> Value {
    world.heap.value(object, field as usize)
}

/// Replaces a field of a variable.
pub(crate) fn set_variable(world: &mut World, object: ObjectRef, field: Variable, value: Value) {
    world.heap.set_value(object, field as usize, value);
}

/// Field of a function.
pub(crate) fn function(world: &World, object: ObjectRef, field: Function) -> Value {
    world.heap.value(object, field as usize)
}

/// Replaces a field of a function.
pub(crate) fn set_function(world: &mut World, object: ObjectRef, field: Function, value: Value) {
    world.heap.set_value(object, field as usize, value);
}

/// A new variable of a function.
pub(crate) fn make_variable(world: &mut World, name: Value, owner: Value) -> Outcome<Value> {
    let fields: [Value; VARIABLE_FIELDS] = [name, owner, Value::small(0), Value::NIL, Value::NIL];
    Ok(Value::object(world.object(ObjectKind::Vector, &fields)?))
}

/// The variable that a node or target is.
pub(crate) fn as_variable(world: &World, node: Value) -> Option<ObjectRef> {
    world.heap.as_kind(node, ObjectKind::Vector)
}

/// Whether a target is an optional parameter.
pub(crate) fn is_optional(world: &World, target: Value) -> bool {
    world.uncons(target).is_some_and(|(car, _)| car == OPTIONAL)
}

/// A node that is a list.
pub(crate) fn make(world: &mut World, node: Node, fields: &[Value]) -> Outcome<Value> {
    let rest = world.list(fields)?;
    world.cons(node.tag(), rest)
}

/// A node for a constant. The value follows the tag directly, so that any value can be one.
pub(crate) fn constant(world: &mut World, value: Value) -> Outcome<Value> {
    world.cons(Node::Constant.tag(), value)
}

/// What a node that is a list says, and its fields; `None` for variables and globals.
pub(crate) fn open(world: &World, node: Value) -> Option<(Node, Value)> {
    let (tag, fields) = world.uncons(node)?;
    Some((Node::from_number(tag.as_fixnum().unwrap_or(0)), fields))
}

/// The value of a node that is a constant.
pub(crate) fn as_constant(world: &World, node: Value) -> Option<Value> {
    match open(world, node) {
        Some((Node::Constant, value)) => Some(value),
        _ => None,
    }
}

/// Field number `index` of a node's fields; nil when there are fewer.
pub(crate) fn field(world: &World, fields: Value, index: usize) -> Value {
    let mut rest = fields;
    for _ in 0..index {
        rest = world.uncons(rest).map_or(Value::NIL, |(_, cdr)| cdr);
    }
    world.uncons(rest).map_or(Value::NIL, |(car, _)| car)
}

/// A place as a value, unknown as nil.
pub(crate) fn place_value(place: Option<Place>) -> Value {
    place.map_or(Value::NIL, Place::value)
}
