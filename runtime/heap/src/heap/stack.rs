//! The stack of the running thread: an object of the heap, whose slots are the machine's registers.

use super::Heap;
use crate::object::{ObjectFlags, ObjectKind};
use crate::raw::{ObjectRef, StackRef};
use crate::space::limit::Exhausted;
use crate::value::Value;

impl Heap {
    /// A new stack object with room for `slots` values, none in use.
    ///
    /// # Errors
    /// When there is no room.
    pub fn allocate_stack(&mut self, slots: usize) -> Result<ObjectRef, Exhausted> {
        self.allocate(ObjectKind::Stack, ObjectFlags::NONE, (slots + 1) * 8)
    }

    /// Makes `stack` the one that the functions below act on.
    ///
    /// # Panics
    /// When it is no stack.
    pub fn use_stack(&mut self, stack: ObjectRef) {
        assert!(stack.header().is(ObjectKind::Stack), "{:?}", stack.header());
        self.stack = StackRef::of(stack);
    }

    /// Acts on no stack from now on, until one is to be used again: there are no slots.
    pub fn leave_stack(&mut self) {
        self.stack = StackRef::NONE;
    }

    /// Says how many slots of a stack are in use: only those are scanned.
    ///
    /// # Panics
    /// When it is no stack, or has fewer slots.
    pub fn set_stack_top(&mut self, stack: ObjectRef, slots: usize) {
        let header = stack.header();
        assert!(header.is(ObjectKind::Stack) && slots < header.payload_words(), "{slots} slots of {header:?}");
        stack.store_word(0, Value::size(slots).bits());
    }

    /// How many slots of a stack are in use.
    #[must_use]
    pub fn stack_top(&self, stack: ObjectRef) -> usize {
        stack.value(0).as_fixnum().map_or(0, |slots| slots as usize)
    }

    /// How many slots the stack has.
    #[inline(always)]
    #[must_use]
    pub fn stack_capacity(&self) -> usize {
        self.stack.capacity()
    }

    /// A slot of the stack.
    #[inline(always)]
    #[must_use]
    pub fn slot(&self, index: usize) -> Value {
        self.stack.get(index)
    }

    /// Replaces a slot of the stack.
    #[inline(always)]
    pub fn set_slot(&mut self, index: usize, value: Value) {
        self.stack.set(index, value);
    }

    /// Sets slots to zero.
    pub fn clear_slots(&mut self, from: usize, to: usize) {
        self.stack.clear(from, to);
    }

    /// The slots from `from` up to `to`.
    #[must_use]
    pub fn slots(&self, from: usize, to: usize) -> &[Value] {
        self.stack.slots(from, to, self)
    }

    /// A new segment that holds copies of the slots from `from` up to `to`.
    ///
    /// # Errors
    /// When there is no room.
    pub fn segment_of_slots(&mut self, from: usize, to: usize) -> Result<ObjectRef, Exhausted> {
        let segment = self.allocate(ObjectKind::Segment, ObjectFlags::NONE, (to - from) * 8)?;
        self.stack.copy_to(from, segment, 0, to - from);
        Ok(segment)
    }

    /// Copies `count` values of a segment, from `from` on, to the slots from `to` on.
    ///
    /// # Panics
    /// When it is no segment, or one of the ranges is too long.
    pub fn slots_from_segment(&mut self, to: usize, segment: ObjectRef, from: usize, count: usize) {
        assert!(segment.header().is(ObjectKind::Segment), "{:?}", segment.header());
        self.stack.fill_from(to, segment, from, count);
    }
}
