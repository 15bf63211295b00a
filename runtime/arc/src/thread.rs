//! A thread as an object: what of it lies in the heap while another runs.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Value};

use crate::fault::Outcome;
use crate::world::World;

/// The fields of a thread.
#[derive(Clone, Copy)]
#[repr(usize)]
pub(crate) enum Thread {
    /// What it does: a number from [`State`].
    State = 0,
    /// The record of its frames.
    Record = 1,
    /// Its dynamic state.
    Dynamics = 2,
    /// When it wakes, in milliseconds since the epoch; or the number of the stream that it waits for.
    Wakes = 3,
    /// The function it is to call, before it has begun.
    Function = 4,
    /// Whether it is to be broken when it runs next.
    Broken = 5,
}

const THREAD_FIELDS: usize = 6;

/// What a thread does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// Waits for its turn.
    Ready = 0,
    /// Waits for its time.
    Sleeping = 1,
    /// Has ended.
    Dead = 2,
    /// Waits until a stream has something to read.
    Waiting = 3,
}

/// A new thread that is to call a function.
pub(crate) fn make(world: &mut World, function: Value, dynamics: Value) -> Outcome<Value> {
    let fields: [Value; THREAD_FIELDS] =
        [Value::small(State::Ready as u32), Value::NIL, dynamics, Value::NIL, function, Value::NIL];
    Ok(Value::object(world.object(ObjectKind::Thread, &fields)?))
}

/// Whether a thread has ended.
pub(crate) fn is_dead(world: &World, thread: ObjectRef) -> bool {
    world.heap.value(thread, Thread::State as usize) == Value::small(State::Dead as u32)
}
