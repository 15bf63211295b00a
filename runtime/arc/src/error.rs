//! Errors as the outside sees them: text and places, nothing of the heap.

use std::fmt;

/// A place in a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Location {
    /// The path, as the program gave it.
    pub file: String,
    /// The line, from one; zero when unknown.
    pub line: u32,
    /// The column in characters, from one; zero when unknown.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

/// The sorts of error, by what a caller does about them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// A file that can't be read, or is not text.
    Unreadable,
    /// Text that is no Arc data.
    Syntax {
        /// Whether it ended too early: more of it might make it right.
        incomplete: bool,
    },
    /// An error that the program raised and did not handle.
    Program,
    /// The heap was exhausted, and nobody handled that.
    Exhausted,
    /// Somebody stopped the program.
    Interrupted,
    /// The program asked to end.
    Quit(i32),
}

/// A function that was running when an error happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Its name; empty when it has none.
    pub function: String,
    /// Where in it, when it is written in a file.
    pub location: Option<Location>,
}

/// An error that left the runtime.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArcError {
    /// What sort of error.
    pub kind: ErrorKind,
    /// What happened, in one sentence.
    pub message: String,
    /// Where, when that is known.
    pub location: Option<Location>,
    /// The top-level form in which it happened, its first words.
    pub form: Option<String>,
    /// The functions that were running, innermost first.
    pub trace: Vec<Caller>,
}

impl ArcError {
    /// An error without a place.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), location: None, form: None, trace: Vec::new() }
    }
}

impl fmt::Display for ArcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        // One line, whatever the message holds.
        for character in self.message.chars() {
            if character.is_control() { f.write_str(" ")? } else { write!(f, "{character}")? }
        }
        match &self.form {
            Some(form) => write!(f, " in {form}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ArcError {}
