//! A predicate at which the program is to stand still: when it is evaluated, and whether it has become true.
//!
//! It is a question to the program, evaluated in it while it stands still: when a top-level form begins, when a collection
//! has ended, and after every so many bytes of allocation, for between those little has changed. What it allocates itself
//! does not count.

use heapatlas_arc::error::ArcError;
use heapatlas_heap::Heap;

use crate::command::Breakpoint;

/// Bytes allocated after which it is evaluated again.
const EVERY: u64 = 64 << 10;

/// What comes of a predicate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Truth {
    #[default]
    Untrue,
    True,
    Failed,
}

/// The predicate, and how far it has been looked after.
#[derive(Debug, Default)]
pub(super) struct Predicate {
    /// What is evaluated; none without.
    text: Option<String>,
    /// What came of it last.
    last: Truth,
    /// Whether it is being evaluated.
    asking: bool,
    /// Whether a form has begun since.
    form_began: bool,
    /// The clock and the collections when it was evaluated last, or when it is being evaluated, began to be.
    clock: u64,
    cycles: u64,
}

impl Predicate {
    /// Takes the predicate from the breakpoints. The same as before goes on as it was.
    pub(super) fn set(&mut self, breakpoints: &[Breakpoint]) {
        let text = breakpoints.iter().find_map(|breakpoint| match breakpoint {
            Breakpoint::When(text) => Some(text.clone()),
            _ => None,
        });
        if text != self.text {
            *self = Self { text, clock: self.clock, form_began: true, ..Self::default() };
        }
    }

    /// Whether it is being evaluated.
    pub(super) fn is_asking(&self) -> bool {
        self.asking
    }

    /// A top-level form begins.
    pub(super) fn form_begins(&mut self) {
        self.form_began = self.text.is_some();
    }

    /// What is to be evaluated now, if it is time to.
    pub(super) fn ask(&mut self, heap: &Heap) -> Option<String> {
        let text = self.text.as_ref()?;
        let cycles = heap.gc_stats().cycles;
        let is_due = self.form_began || cycles != self.cycles || heap.clock() >= self.clock + EVERY;
        if self.asking || !is_due {
            return None;
        }
        self.asking = true;
        self.clock = heap.clock();
        Some(text.clone())
    }

    /// What came of it. Gives why the program is to stand still, if it is, and the bytes that the question allocated.
    pub(super) fn answered(&mut self, result: &Result<Option<String>, ArcError>, heap: &Heap) -> (Option<String>, u64) {
        let allocated = heap.clock() - self.clock;
        let text = self.text.as_deref().unwrap_or_default();
        let (truth, words) = match result {
            Ok(Some(value)) if value != "nil" => (Truth::True, format!("{text} is {value}")),
            Ok(_) => (Truth::Untrue, String::new()),
            Err(error) => (Truth::Failed, format!("{text} can't be told: {}", error.message)),
        };
        // Whoever goes on after it was told does not want to hear it again.
        let is_news = std::mem::replace(&mut self.last, truth) != truth && truth != Truth::Untrue;
        (self.asking, self.form_began) = (false, false);
        self.clock = heap.clock();
        self.cycles = heap.gc_stats().cycles;
        ((is_news && self.text.is_some()).then_some(words), allocated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_arc::error::ErrorKind;
    use heapatlas_heap::Value;

    #[test]
    fn it_is_asked_at_forms_and_after_some_allocation_and_told_when_it_becomes_true() {
        let mut heap = Heap::new().expect("a heap");
        let mut predicate = Predicate::default();
        assert_eq!(predicate.ask(&heap), None);
        predicate.set(&[Breakpoint::Growth, Breakpoint::When("(f)".to_owned())]);
        assert_eq!(predicate.ask(&heap).as_deref(), Some("(f)"));
        assert_eq!(predicate.ask(&heap), None, "it is being asked");
        let answer = |predicate: &mut Predicate, value: &str| predicate.answered(&Ok(Some(value.to_owned())), &heap).0;
        assert_eq!(answer(&mut predicate, "nil"), None);
        assert_eq!(answer(&mut predicate, "3").as_deref(), Some("(f) is 3"));
        assert_eq!(answer(&mut predicate, "4"), None, "it was true before");
        let failed = Err(ArcError::new(ErrorKind::Program, "unbound".to_owned()));
        assert_eq!(predicate.answered(&failed, &heap).0.as_deref(), Some("(f) can't be told: unbound"));
        assert_eq!(predicate.ask(&heap), None);
        predicate.form_begins();
        assert!(predicate.ask(&heap).is_some());
        predicate.answered(&failed, &heap);
        for _ in 0..EVERY / 16 {
            assert_eq!(predicate.ask(&heap), None);
            heap.cons(Value::NIL, Value::NIL).expect("room");
        }
        assert!(predicate.ask(&heap).is_some());
    }
}
