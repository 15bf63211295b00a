//! Conditions: the objects that errors are to Arc code, which handlers get and `details` reads.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{Heap, ObjectRef, Value};

use crate::fault::Outcome;
use crate::positions::Place;
use crate::world::World;

/// The fields of a condition.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Condition {
    /// The message, a string.
    Message = 0,
    /// The path of the file it happened in, or nil.
    File = 1,
    /// The place in it.
    Place = 2,
    /// Whether it says that the heap is exhausted.
    Exhausted = 3,
}

/// A new condition with a message, which happened nowhere yet.
pub(crate) fn make(world: &mut World, message: Value) -> Outcome<ObjectRef> {
    world.object(ObjectKind::Condition, &[message, Value::NIL, Place::default().value(), Value::NIL])
}

/// The message, a string.
pub(crate) fn message(heap: &Heap, condition: ObjectRef) -> Value {
    heap.value(condition, Condition::Message as usize)
}

/// Where it happened: the path of a file, and the place in it; nothing where that is not known.
pub(crate) fn origin(heap: &Heap, condition: ObjectRef) -> Option<(ObjectRef, Place)> {
    let file = heap.value(condition, Condition::File as usize).as_object()?;
    Some((file, Place::of(heap.value(condition, Condition::Place as usize))))
}

/// Says where it happened.
pub(crate) fn set_origin(heap: &mut Heap, condition: ObjectRef, file: Value, place: Place) {
    heap.set_value(condition, Condition::File as usize, file);
    heap.set_value(condition, Condition::Place as usize, place.value());
}

/// Whether it says that the heap is exhausted.
pub(crate) fn is_exhausted(heap: &Heap, condition: ObjectRef) -> bool {
    !heap.value(condition, Condition::Exhausted as usize).is_nil()
}

/// Has it say that the heap is exhausted.
pub(crate) fn set_exhausted(heap: &mut Heap, condition: ObjectRef) {
    heap.set_value(condition, Condition::Exhausted as usize, Value::T);
}
