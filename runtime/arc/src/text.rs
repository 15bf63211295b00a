//! Strings: characters in heap objects.
//!
//! A string is *narrow*, one byte a character, as long as every character fits a byte, else *wide*, four bytes a
//! character; so indexing takes constant time. A wide character stored into a narrow string moves its characters to an
//! object of their own, to which the string is redirected.

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{Exhausted, Heap, ObjectRef, Value};

const WIDE: usize = 4;

/// The characters of a string, for as long as the heap is not written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'h> {
    Narrow(&'h [u8]),
    Wide(&'h [u8]),
}

impl<'h> Text<'h> {
    /// The characters of a string object.
    pub(crate) fn of(heap: &'h Heap, string: ObjectRef) -> Self {
        if let Some(moved) = heap.redirected(string) {
            Self::Wide(heap.bytes(moved))
        } else if heap.header(string).flags().has(ObjectFlags::WIDE) {
            Self::Wide(heap.bytes(string))
        } else {
            Self::Narrow(heap.bytes(string))
        }
    }

    /// How many characters there are.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Narrow(bytes) => bytes.len(),
            Self::Wide(bytes) => bytes.len() / WIDE,
        }
    }

    /// The character at `index`.
    pub(crate) fn get(self, index: usize) -> Option<char> {
        match self {
            Self::Narrow(bytes) => bytes.get(index).copied().map(char::from),
            Self::Wide(bytes) => bytes.get(index * WIDE..(index + 1) * WIDE).map(wide_char),
        }
    }

    /// The characters in order.
    pub(crate) fn chars(self) -> impl Iterator<Item = char> + 'h {
        let (narrow, wide): (&[u8], &[u8]) = match self {
            Self::Narrow(bytes) => (bytes, &[]),
            Self::Wide(bytes) => (&[], bytes),
        };
        narrow.iter().copied().map(char::from).chain(wide.chunks_exact(WIDE).map(wide_char))
    }

    /// A copy of the first `most` characters outside the heap.
    pub(crate) fn prefix(self, most: usize) -> String {
        self.chars().take(most).collect()
    }
}

fn wide_char(bytes: &[u8]) -> char {
    let code = bytes.iter().rev().fold(0, |code, byte| (code << 8) | u32::from(*byte));
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A new string of `len` NUL characters that has room for characters of four bytes if `wide`.
pub(crate) fn new_string(heap: &mut Heap, len: usize, wide: bool) -> Result<ObjectRef, Exhausted> {
    let flags = if wide { ObjectFlags::WIDE } else { ObjectFlags::NONE };
    heap.allocate(ObjectKind::String, flags, if wide { len.saturating_mul(WIDE) } else { len })
}

/// A new string with the characters of `text`.
pub(crate) fn string(heap: &mut Heap, text: &str) -> Result<Value, Exhausted> {
    let mut buffer = CharBuffer::default();
    for character in text.chars() {
        buffer.push(heap, character)?;
    }
    buffer.finish(heap)
}

/// Replaces the character at `index`, which must be inside the string.
pub(crate) fn set_char(heap: &mut Heap, string: ObjectRef, index: usize, character: char) -> Result<(), Exhausted> {
    let (target, wide) = match heap.redirected(string) {
        Some(moved) => (moved, true),
        None => (string, heap.header(string).flags().has(ObjectFlags::WIDE)),
    };
    if wide {
        heap.bytes_mut(target)[index * WIDE..(index + 1) * WIDE].copy_from_slice(&u32::from(character).to_le_bytes());
    } else if let Ok(byte) = u8::try_from(u32::from(character)) {
        heap.bytes_mut(target)[index] = byte;
    } else {
        let len = heap.header(string).payload_bytes();
        let moved = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, len * WIDE)?;
        for at in 0..len {
            let byte = heap.bytes(string)[at];
            heap.bytes_mut(moved)[at * WIDE] = byte;
        }
        heap.redirect_string(string, moved);
        return set_char(heap, string, index, character);
    }
    Ok(())
}

/// Characters kept outside the heap before a buffer moves into it.
const SMALL: usize = 120;

/// Characters being collected. A few are kept on the stack; more move to a heap object, so that no program can make
/// them grow outside the heap.
#[derive(Debug)]
pub(crate) struct CharBuffer {
    small: [char; SMALL],
    len: usize,
    /// Four bytes a character, once there are more than [`SMALL`] or one of them is wide; else one.
    large: Option<ObjectRef>,
    wide: bool,
}

impl Default for CharBuffer {
    fn default() -> Self {
        Self { small: ['\0'; SMALL], len: 0, large: None, wide: false }
    }
}

impl CharBuffer {
    /// How many characters there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds a character.
    pub(crate) fn push(&mut self, heap: &mut Heap, character: char) -> Result<(), Exhausted> {
        let narrow = u32::from(character) < 256;
        if self.large.is_none() && self.len < SMALL {
            self.small[self.len] = character;
            self.wide |= !narrow;
            self.len += 1;
            return Ok(());
        }
        let width = if self.wide { WIDE } else { 1 };
        let capacity = self.large.map_or(0, |bytes| heap.header(bytes).payload_bytes() / width);
        if self.len == capacity || self.large.is_none() || !(narrow || self.wide) {
            self.grow(heap, self.wide || !narrow)?;
        }
        let Some(bytes) = self.large else { return Ok(()) };
        let bytes = heap.bytes_mut(bytes);
        if self.wide {
            let at = self.len * WIDE;
            bytes[at..at + WIDE].copy_from_slice(&u32::from(character).to_le_bytes());
        } else {
            bytes[self.len] = u32::from(character) as u8;
        }
        self.len += 1;
        Ok(())
    }

    fn grow(&mut self, heap: &mut Heap, wide: bool) -> Result<(), Exhausted> {
        let width = if wide { WIDE } else { 1 };
        let larger = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, (self.len * 2).max(4 * SMALL) * width)?;
        for at in 0..self.len {
            let code = u32::from(self.get(heap, at)).to_le_bytes();
            heap.bytes_mut(larger)[at * width..(at + 1) * width].copy_from_slice(&code[..width]);
        }
        self.large = Some(larger);
        self.wide = wide;
        Ok(())
    }

    /// The character at `index`, which must be in the buffer.
    pub(crate) fn get(&self, heap: &Heap, index: usize) -> char {
        match self.large {
            None => self.small[index],
            Some(bytes) if self.wide => wide_char(&heap.bytes(bytes)[index * WIDE..(index + 1) * WIDE]),
            Some(bytes) => char::from(heap.bytes(bytes)[index]),
        }
    }

    /// The characters in order.
    pub(crate) fn chars<'b>(&'b self, heap: &'b Heap) -> impl DoubleEndedIterator<Item = char> + 'b {
        (0..self.len).map(|index| self.get(heap, index))
    }

    /// Whether these are the characters of `text`, which has a byte each.
    pub(crate) fn is(&self, heap: &Heap, text: &str) -> bool {
        self.len == text.len() && self.chars(heap).eq(text.chars())
    }

    /// The characters as a string outside the heap, if there are no more than `most`.
    pub(crate) fn short(&self, heap: &Heap, most: usize) -> Option<String> {
        (self.len <= most).then(|| self.chars(heap).collect())
    }

    /// Forgets the characters.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.large = None;
        self.wide = false;
    }

    /// A new string with the characters.
    pub(crate) fn finish(&self, heap: &mut Heap) -> Result<Value, Exhausted> {
        let string = new_string(heap, self.len, self.wide)?;
        let width = if self.wide { WIDE } else { 1 };
        for at in 0..self.len {
            let code = u32::from(self.get(heap, at)).to_le_bytes();
            heap.bytes_mut(string)[at * width..(at + 1) * width].copy_from_slice(&code[..width]);
        }
        Ok(Value::object(string))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(heap: &Heap, value: Value) -> String {
        Text::of(heap, value.as_object().unwrap()).chars().collect()
    }

    #[test]
    fn strings_keep_narrow_and_wide_characters() {
        let mut heap = Heap::new().unwrap();
        for text in ["", "plain", "naïve", "λ calculus", "😀"] {
            let value = string(&mut heap, text).unwrap();
            assert_eq!(content(&heap, value), text);
            let object = value.as_object().unwrap();
            assert_eq!(Text::of(&heap, object).len(), text.chars().count());
            assert_eq!(Text::of(&heap, object).get(text.chars().count()), None);
        }
    }

    #[test]
    fn a_wide_character_moves_a_narrow_string() {
        let mut heap = Heap::new().unwrap();
        for text in ["a", "abc", "abcdefghijklmnopq"] {
            let value = string(&mut heap, text).unwrap();
            let object = value.as_object().unwrap();
            let last = text.len() - 1;
            set_char(&mut heap, object, last, 'λ').unwrap();
            set_char(&mut heap, object, 0, 'é').unwrap();
            set_char(&mut heap, object, last, '😀').unwrap();
            let mut wanted: Vec<char> = text.chars().collect();
            wanted[0] = 'é';
            wanted[last] = '😀';
            assert_eq!(content(&heap, value), wanted.into_iter().collect::<String>());
        }
        assert_eq!(heap.verify(), []);
    }

    #[test]
    fn buffers_move_into_the_heap_when_they_grow() {
        let mut heap = Heap::new().unwrap();
        for wide_at in [None, Some(0), Some(5), Some(119), Some(120), Some(700)] {
            let text: String = (0..1000).map(|n| if Some(n) == wide_at { 'λ' } else { 'x' }).collect();
            let value = string(&mut heap, &text).unwrap();
            assert_eq!(content(&heap, value), text);
        }
    }
}
