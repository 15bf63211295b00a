//! The outcome as JUnit has it, for whatever collects the outcomes of tests.

use std::io::{self, Write};

use super::budget::Outcome;

/// Writes a test suite with one case a budget.
///
/// # Errors
/// When writing fails.
pub(super) fn write(out: &mut dyn Write, program: &str, outcomes: &[Outcome]) -> io::Result<()> {
    let failures = outcomes.iter().filter(|outcome| !outcome.is_met()).count();
    let program = escape(program);
    writeln!(out, "<testsuite name=\"heapatlas check\" tests=\"{}\" failures=\"{failures}\">", outcomes.len())?;
    for outcome in outcomes {
        let (needed, most) = outcome.words();
        write!(out, "  <testcase classname=\"{program}\" name=\"{}\"", outcome.name())?;
        if outcome.is_met() {
            writeln!(out, "/>")?;
        } else {
            writeln!(out, "><failure message=\"{needed}, at most {most}\"/></testcase>")?;
        }
    }
    writeln!(out, "</testsuite>")
}

/// A text as an attribute has it; what XML has no way to say is left out.
fn escape(text: &str) -> String {
    let text: String = text.chars().filter(|character| !character.is_control()).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
