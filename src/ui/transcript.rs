//! What was said in the console: bounded, one line an entry.

use std::collections::VecDeque;

/// Who said a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Voice {
    /// The program printed it.
    Output,
    /// The person typed it.
    Input,
    /// It is the value of what the person typed.
    Value,
    /// It went wrong.
    Error,
    /// The window says it.
    Note,
}

impl Voice {
    /// What it is called in exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Input => "input",
            Self::Value => "value",
            Self::Error => "error",
            Self::Note => "note",
        }
    }
}

/// A line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Who said it.
    pub voice: Voice,
    /// What, without a line end.
    pub text: String,
}

/// The lines, the latest last.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    lines: VecDeque<Line>,
    /// Whether the program may go on with the last line.
    open: bool,
}

/// Lines kept at most.
const MOST: usize = 2_000;
/// Bytes of a line at most; a longer one is broken.
const LONGEST: usize = 4_000;

impl Transcript {
    /// Adds lines that nobody goes on with.
    pub fn say(&mut self, voice: Voice, text: &str) {
        self.open = false;
        for line in text.lines() {
            self.push(voice, line);
        }
    }

    /// Adds what the program printed, which may begin and end anywhere in a line.
    pub fn print(&mut self, text: &str) {
        for part in text.split_inclusive('\n') {
            let line = part.trim_end_matches(['\n', '\r']);
            match self.lines.back_mut() {
                Some(last) if self.open && last.text.len() + line.len() <= LONGEST => last.text.push_str(line),
                _ => self.push(Voice::Output, line),
            }
            self.open = !part.ends_with('\n');
        }
    }

    fn push(&mut self, voice: Voice, text: &str) {
        let mut rest = text;
        loop {
            let (line, more) = rest.split_at(rest.floor_char_boundary(LONGEST));
            if self.lines.len() == MOST {
                self.lines.pop_front();
            }
            self.lines.push_back(Line { voice, text: line.replace('\t', "    ") });
            if more.is_empty() {
                return;
            }
            rest = more;
        }
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &Line> {
        self.lines.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(transcript: &Transcript) -> Vec<&str> {
        transcript.lines().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn what_is_printed_in_pieces_becomes_lines() {
        let mut transcript = Transcript::default();
        transcript.print("one");
        transcript.print(" and two\nthr");
        transcript.print("ee\n\n");
        assert_eq!(texts(&transcript), ["one and two", "three", ""]);
        transcript.print("open");
        transcript.say(Voice::Input, "(+ 1 2)");
        transcript.print("more\n");
        assert_eq!(texts(&transcript)[3..], ["open", "(+ 1 2)", "more"]);
    }

    #[test]
    fn it_stays_bounded() {
        let mut transcript = Transcript::default();
        transcript.print(&"é".repeat(LONGEST));
        assert_eq!(transcript.lines().len(), 2);
        assert!(transcript.lines().all(|line| line.text.len() <= LONGEST));
        transcript.print(&"line\n".repeat(2 * MOST));
        assert_eq!(transcript.lines().len(), MOST);
    }
}
