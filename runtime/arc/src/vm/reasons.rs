//! Who holds a value: the path from a root to it, in words.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::paths::{Step, Unfinished};
use heapatlas_heap::{ObjectRef, Value};

use super::Machine;
use crate::closures;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::inspect::Reference;
use crate::symbols;
use crate::tables;

/// A part of a description.
enum Piece {
    Word(&'static str),
    Number(usize),
    Value(Value),
}

use Piece::{Number, Word};

/// One reference of a path: who refers, and what of it does.
struct Described {
    /// `None` for a root that is no value.
    holder: Option<Value>,
    pieces: Vec<Piece>,
}

impl Machine {
    /// The path from a root to a value as a list of descriptions, outermost first; nil when there is none.
    pub(super) fn pin_reason(&mut self, target: Value) -> Outcome<Value> {
        if target.as_cell().is_none() && target.as_object().is_none() {
            return Ok(Value::NIL); // A number or the like is a value by itself: nobody holds it.
        }
        let path = self.path_to(target).map_err(|unfinished| match unfinished {
            Unfinished::TooMany => {
                Fault::failure(FailureKind::Unsupported, "there is too much on the heap to find out who holds this")
            }
            Unfinished::Withdrawn => Fault::Interrupted,
        })?;
        let descriptions = self.describe_path(&path.unwrap_or_default());
        let mut list = Value::NIL;
        for Described { pieces, .. } in descriptions.iter().rev() {
            let mut description = Value::NIL;
            for piece in pieces.iter().rev() {
                let value = match piece {
                    Word(word) => self.world.symbols.intern_str(&mut self.world.heap, word)?,
                    Number(number) => Value::size(*number),
                    Piece::Value(value) => *value,
                };
                description = self.world.cons(value, description)?;
            }
            list = self.world.cons(description, list)?;
        }
        Ok(list)
    }

    /// The steps of a path, or a part of it, in words.
    pub(crate) fn steps_in_words(&self, steps: &[Step]) -> Vec<Reference> {
        let piece_in_words = |piece: &Piece| match piece {
            Word(word) => (*word).to_owned(),
            Number(number) => number.to_string(),
            Piece::Value(value) => self.world.show(*value),
        };
        let in_words = |described: &Described| Reference {
            words: described.pieces.iter().map(piece_in_words).collect::<Vec<_>>().join(" "),
            holder: described.holder.and_then(Value::address),
        };
        self.describe_path(steps).iter().map(in_words).collect()
    }

    fn describe_path(&self, path: &[Step]) -> Vec<Described> {
        let mut descriptions: Vec<Described> = Vec::new();
        for (index, step) in path.iter().enumerate() {
            let holder = step.holder;
            let Some(value) = holder else {
                descriptions.push(Described { holder, pieces: vec![Word("runtime")] });
                continue;
            };
            let Some(object) = value.as_object() else {
                let pieces = vec![Word(if step.reference == 0 { "car" } else { "cdr" })];
                descriptions.push(Described { holder, pieces });
                continue;
            };
            let before = index.checked_sub(1).and_then(|before| path[before].holder).and_then(Value::as_object);
            let table = before.filter(|before| tables::is_entries(&self.world.heap, *before, object));
            let pieces = match self.world.heap.header(object).kind() {
                // A global variable or a stack is known by itself: who holds that is of no interest.
                Some(ObjectKind::Symbol) if symbols::is_global(step.reference) => {
                    descriptions.clear();
                    vec![Word("global"), Piece::Value(value)]
                }
                Some(ObjectKind::Stack) => {
                    descriptions.clear();
                    vec![Word("stack"), Number(step.reference)]
                }
                _ if table.is_some() => {
                    // The table and its entries are one thing to its owner.
                    descriptions.pop();
                    self.describe_entry(object, step.reference)
                }
                kind => self.describe_reference(object, kind, step.reference),
            };
            descriptions.push(Described { holder, pieces });
        }
        descriptions
    }

    fn describe_entry(&self, entries: ObjectRef, reference: usize) -> Vec<Piece> {
        if reference.is_multiple_of(2) {
            return vec![Word("key"), Word("of"), Word("table")];
        }
        let key = self.world.heap.value(entries, reference - 1);
        vec![Word("value"), Word("of"), Word("key"), Piece::Value(key), Word("of"), Word("table")]
    }

    fn describe_reference(&self, object: ObjectRef, kind: Option<ObjectKind>, reference: usize) -> Vec<Piece> {
        let heap = &self.world.heap;
        let named = |word, number, name: Value| {
            let mut pieces = vec![Word(word), Number(number), Word("of"), Word("function")];
            if !name.is_nil() {
                pieces.push(Piece::Value(name));
            }
            pieces
        };
        match kind {
            Some(ObjectKind::Closure) if reference == 0 => vec![Word("code"), Word("of"), Word("function")],
            Some(ObjectKind::Closure) => {
                named("captured", reference - closures::FIRST_CAPTURED, closures::name(heap, object).1)
            }
            Some(ObjectKind::Code) => named("constant", reference, closures::code_name(heap, object)),
            Some(ObjectKind::Box) => vec![Word("variable")],
            kind => {
                let kind = kind.map_or("object", ObjectKind::name);
                vec![Word("value"), Number(reference), Word("of"), Word(kind)]
            }
        }
    }
}
