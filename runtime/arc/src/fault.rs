//! What can go wrong while Arc code runs, as values inside the runtime.
//!
//! A [`Fault`] may refer into the heap and lives until the next safepoint at the latest. What leaves the runtime is an
//! [`ArcError`](crate::error::ArcError), which refers to nothing.

use heapatlas_heap::{Exhausted, Value};

use crate::positions::Place;

/// Why an operation of the runtime did not produce a value.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The heap has no room; the operation may be tried again after a collection.
    Exhausted(Exhausted),
    /// Arc code raised this condition.
    Raise(Value),
    /// The runtime found a mistake in the program or in its input.
    Failure(Box<Failure>),
    /// The stream with this number has nothing to read yet. The operation has changed nothing; it is done again when
    /// there is something, and other threads run until then.
    Waits(i64),
    /// Somebody asked the program to stop.
    Interrupted,
    /// The thread was told to end: winders run, no handler does.
    Break,
    /// The program asked to end with this exit code.
    Quit(i32),
}

/// A mistake, with what is needed to tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    /// Where, when the failure itself knows: in text being read, or in a form being compiled.
    pub(crate) place: Option<Place>,
}

/// The sorts of mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// An argument of the wrong type.
    Type,
    /// Too few or too many arguments.
    Arity,
    /// An index outside what it indexes.
    Index,
    /// A global variable without a value.
    Unbound,
    /// Arithmetic without a result.
    Arithmetic,
    /// Text that is no datum.
    Syntax {
        /// Whether the text ended too early: more of it might make it right.
        incomplete: bool,
    },
    /// A form that means nothing.
    Form,
    /// Files, directories, processes.
    Io,
    /// A recursion deeper than the stack may grow.
    Depth,
    /// Something this implementation does not do.
    Unsupported,
}

/// The result of an operation of the runtime.
pub(crate) type Outcome<T> = Result<T, Fault>;

impl Fault {
    /// A failure with this message.
    #[cold]
    pub(crate) fn failure(kind: FailureKind, message: impl Into<String>) -> Self {
        Self::Failure(Box::new(Failure { kind, message: message.into(), place: None }))
    }
}

impl From<Exhausted> for Fault {
    #[cold]
    fn from(exhausted: Exhausted) -> Self {
        Self::Exhausted(exhausted)
    }
}
