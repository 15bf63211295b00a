//! Tagged values: a type and a representation.
//!
//! Nearly all of them are macros. Those leave their tag out, which halves them: what is left fits a granule.

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{Heap, ObjectRef, Value};

use crate::fault::Outcome;
use crate::symbols::Known;
use crate::world::World;

/// A value tagged as a type.
pub(crate) fn make(world: &mut World, tag: Value, rep: Value) -> Outcome<Value> {
    if tag == world.known(Known::Mac) {
        let tagged = world.heap.allocate(ObjectKind::Tagged, ObjectFlags::USUAL, 8)?;
        world.heap.set_value(tagged, 0, rep);
        return Ok(Value::object(tagged));
    }
    Ok(Value::object(world.object(ObjectKind::Tagged, &[tag, rep])?))
}

/// The type of a tagged value.
pub(crate) fn tag(world: &World, tagged: ObjectRef) -> Value {
    if is_macro(&world.heap, tagged) { world.known(Known::Mac) } else { world.heap.value(tagged, 0) }
}

/// What is inside a tagged value.
pub(crate) fn rep(heap: &Heap, tagged: ObjectRef) -> Value {
    heap.value(tagged, usize::from(!is_macro(heap, tagged)))
}

/// Whether a tagged value is a macro.
#[inline]
pub(crate) fn is_macro(heap: &Heap, tagged: ObjectRef) -> bool {
    heap.header(tagged).flags().has(ObjectFlags::USUAL)
}
