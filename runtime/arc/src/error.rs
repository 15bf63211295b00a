//! Errors as the outside sees them: text and places, nothing of the heap.

use std::fmt::{self, Write};

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
    /// Its name; empty when it has none, as a top-level form, or one that only a library built in knows.
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
        write_on_a_line(f, &self.message)?;
        if let Some(form) = &self.form {
            f.write_str(" in ")?;
            write_on_a_line(f, form)?;
        }
        Ok(())
    }
}

/// Writes a text as one line that shows all it holds.
fn write_on_a_line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars().try_for_each(|character| f.write_char(visible(character)))
}

/// A character as it is shown within a line: white space as a space, and a control character, NUL say, as the picture
/// that Unicode has for it.
#[must_use]
pub fn visible(character: char) -> char {
    /// The picture of NUL; those of the other control characters follow.
    const PICTURES: u32 = 0x2400;
    match character {
        '\u{7f}' => '\u{2421}',
        '\t' | '\n' | '\r' => ' ',
        '\0'..='\u{1f}' => char::from_u32(PICTURES + u32::from(character)).unwrap_or(' '),
        _ if character.is_control() => ' ',
        _ => character,
    }
}

impl std::error::Error for ArcError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_line_that_shows_what_it_holds() {
        let mut error = ArcError::new(ErrorKind::Program, "two\nlines, \0 and \u{1b}[1m");
        error.form = Some("(f\0 \u{7f}\u{85})".to_owned());
        assert_eq!(error.to_string(), "two lines, \u{2400} and \u{241b}[1m in (f\u{2400} \u{2421} )");
    }
}
