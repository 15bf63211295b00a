//! How a command ends: the exit code, and the line that says why.
//!
//! This is the one place that writes to standard error on its own account.

use std::process::ExitCode;

use heapatlas_arc::error::{ArcError, ErrorKind};

use super::details;

/// How a command ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// As it should: 0.
    Fine,
    /// The program failed: 1.
    Failed(ArcError),
    /// The arguments make no sense; clap or the command said why: 2.
    Usage,
    /// The arguments make no sense, and this is why: 2.
    Misused(String),
    /// What was to be read can't be: 3.
    Unreadable(String),
    /// A program is no Arc text: 3.
    NotArc(ArcError),
    /// The heap was exhausted, and the program did not handle it: 4.
    Exhausted(ArcError),
    /// The system refuses what is needed before there is a heap: 4.
    NoRoom,
    /// A budget was exceeded: 1.
    Exceeded(String),
    /// Something of the system failed: 1.
    System(String),
    /// Somebody pressed Ctrl-C: 130, as shells have it.
    Interrupted,
    /// The program asked for this code.
    Quit(i32),
}

impl From<ArcError> for Ending {
    fn from(error: ArcError) -> Self {
        match error.kind {
            ErrorKind::Unreadable => Self::Unreadable(error.to_string()),
            ErrorKind::Syntax { .. } => Self::NotArc(error),
            ErrorKind::Program => Self::Failed(error),
            ErrorKind::Exhausted => Self::Exhausted(error),
            ErrorKind::Interrupted => Self::Interrupted,
            ErrorKind::Quit(code) => Self::Quit(code),
        }
    }
}

impl Ending {
    /// The exit code.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Fine => 0,
            Self::Failed(_) | Self::Exceeded(_) | Self::System(_) => 1,
            Self::Usage | Self::Misused(_) => 2,
            Self::Unreadable(_) | Self::NotArc(_) => 3,
            Self::Exhausted(_) | Self::NoRoom => 4,
            Self::Interrupted => 130,
            Self::Quit(code) => u8::try_from(*code).unwrap_or(0),
        })
    }

    /// Tells why on standard error, where there is something to tell: a line, and for errors of a program some more,
    /// indented, about where.
    pub fn tell(&self) {
        match self {
            Self::Fine | Self::Usage | Self::Quit(_) => {}
            Self::Failed(error) | Self::Exhausted(error) | Self::NotArc(error) => {
                let lines = details::lines(error).into_iter().map(|line| format!("\n{line}"));
                tell(&format!("{error}{}", lines.collect::<String>()));
            }
            Self::Misused(why) | Self::Unreadable(why) | Self::Exceeded(why) | Self::System(why) => tell(why),
            Self::NoRoom => tell("the system refuses the memory to start with: raise its limit (ulimit -v)"),
            Self::Interrupted => tell("interrupted"),
        }
    }
}

/// Tells a line, or several, on standard error.
#[allow(clippy::print_stderr, reason = "the command line talks to people on standard error")]
pub fn tell(line: &str) {
    eprintln!("heapatlas: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_code() {
        let code = |kind| format!("{:?}", Ending::from(ArcError::new(kind, "x")).code());
        let expected = |code: u8| format!("{:?}", ExitCode::from(code));
        assert_eq!(code(ErrorKind::Program), expected(1));
        assert_eq!(code(ErrorKind::Unreadable), expected(3));
        assert_eq!(code(ErrorKind::Syntax { incomplete: true }), expected(3));
        assert_eq!(code(ErrorKind::Exhausted), expected(4));
        assert_eq!(code(ErrorKind::Interrupted), expected(130));
        assert_eq!(code(ErrorKind::Quit(7)), expected(7));
        assert_eq!(format!("{:?}", Ending::Usage.code()), expected(2));
    }
}
