//! Stacks of values and lists of words inside the heap, for work whose size the program decides.

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{Exhausted, Heap, ObjectRef, Value};

const FIRST: usize = 32;

/// A stack of values in a heap vector.
///
/// It is good as long as no safepoint is passed; across one, keep [`Self::vector`] in a root and the length with it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ValueStack {
    vector: Option<ObjectRef>,
    capacity: usize,
    len: usize,
}

impl ValueStack {
    /// The stack that [`Self::save`] put away.
    pub(crate) fn restore(heap: &Heap, vector: Value, len: Value) -> Self {
        let vector = vector.as_object();
        let capacity = vector.map_or(0, |vector| heap.header(vector).payload_words());
        Self { vector, capacity, len: len.as_fixnum().map_or(0, |len| len as usize) }
    }

    /// The stack as two values.
    pub(crate) fn save(self) -> (Value, Value) {
        (self.vector.map_or(Value::NIL, Value::object), Value::size(self.len))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn push(&mut self, heap: &mut Heap, value: Value) -> Result<(), Exhausted> {
        if self.len == self.capacity {
            self.grow(heap)?;
        }
        if let Some(vector) = self.vector {
            heap.set_value(vector, self.len, value);
            self.len += 1;
        }
        Ok(())
    }

    #[cold]
    fn grow(&mut self, heap: &mut Heap) -> Result<(), Exhausted> {
        let capacity = (self.capacity * 2).max(FIRST);
        let larger = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, capacity * 8)?;
        for index in 0..self.len {
            let value = self.get(heap, index);
            heap.set_value(larger, index, value);
        }
        self.vector = Some(larger);
        self.capacity = capacity;
        Ok(())
    }

    pub(crate) fn pop(&mut self, heap: &Heap) -> Option<Value> {
        let last = self.len.checked_sub(1)?;
        let value = self.get(heap, last);
        self.len = last;
        Some(value)
    }

    /// The value at `index`, counted from the bottom; nil outside the stack.
    pub(crate) fn get(&self, heap: &Heap, index: usize) -> Value {
        match self.vector {
            Some(vector) if index < self.len => heap.value(vector, index),
            _ => Value::NIL,
        }
    }

    pub(crate) fn set(&mut self, heap: &mut Heap, index: usize, value: Value) {
        if let Some(vector) = self.vector
            && index < self.len
        {
            heap.set_value(vector, index, value);
        }
    }

    /// Reverses the order of the groups of `width` values from `start` on, not that inside a group.
    pub(crate) fn reverse_groups(&mut self, heap: &mut Heap, start: usize, width: usize) {
        let count = (self.len - start) / width;
        for index in 0..count / 2 {
            let (low, high) = (start + index * width, start + (count - 1 - index) * width);
            for part in 0..width {
                let (a, b) = (self.get(heap, low + part), self.get(heap, high + part));
                self.set(heap, low + part, b);
                self.set(heap, high + part, a);
            }
        }
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}

/// A list of raw words in a heap object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WordList {
    bytes: Option<ObjectRef>,
    capacity: usize,
    len: usize,
}

impl WordList {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, heap: &mut Heap, word: u64) -> Result<(), Exhausted> {
        if self.len == self.capacity {
            let capacity = (self.capacity * 2).max(FIRST);
            let larger = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, capacity * 8)?;
            for index in 0..self.len {
                let word = self.get(heap, index);
                write(heap, larger, index, word);
            }
            self.bytes = Some(larger);
            self.capacity = capacity;
        }
        if let Some(bytes) = self.bytes {
            write(heap, bytes, self.len, word);
            self.len += 1;
        }
        Ok(())
    }

    pub(crate) fn get(&self, heap: &Heap, index: usize) -> u64 {
        self.bytes.map_or(0, |bytes| heap.word(bytes, index))
    }

    pub(crate) fn set(&mut self, heap: &mut Heap, index: usize, word: u64) {
        if let Some(bytes) = self.bytes {
            write(heap, bytes, index, word);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }
}

fn write(heap: &mut Heap, bytes: ObjectRef, index: usize, word: u64) {
    heap.set_word(bytes, index, word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_reversed_as_wholes() {
        let mut heap = Heap::new().unwrap();
        let mut stack = ValueStack::default();
        for number in 0..7 {
            stack.push(&mut heap, Value::small(number)).unwrap();
        }
        stack.reverse_groups(&mut heap, 1, 2);
        let found: Vec<_> = (0..7).map(|index| stack.get(&heap, index)).collect();
        assert_eq!(found, [0, 5, 6, 3, 4, 1, 2].map(Value::small));
    }

    #[test]
    fn stacks_and_lists_grow_and_keep_what_they_hold() {
        let mut heap = Heap::new().unwrap();
        let mut stack = ValueStack::default();
        let mut list = WordList::default();
        for number in 0..1000_u32 {
            stack.push(&mut heap, Value::small(number)).unwrap();
            list.push(&mut heap, u64::from(number) << 33 | 3).unwrap();
        }
        let (vector, len) = stack.save();
        let mut stack = ValueStack::restore(&heap, vector, len);
        for number in (0..1000_u32).rev() {
            assert_eq!(stack.pop(&heap), Some(Value::small(number)));
            assert_eq!(list.get(&heap, number as usize), u64::from(number) << 33 | 3);
        }
        assert_eq!(stack.pop(&heap), None);
        assert_eq!(list.len(), 1000);
    }
}
