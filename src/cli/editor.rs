//! The line editor of the prompt: history, several lines while a bracket is open, completion of globals, and the
//! bracket that belongs to the one at the cursor in colour.

use std::borrow::Cow;
use std::cell::Cell;
use std::path::PathBuf;
use std::{env, fs, io};

use rustyline::completion::Completer;
use rustyline::config::{ColorMode, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Context, Helper};

use super::{brackets, state};

/// Entries of the history that are kept.
const MOST_HISTORY: usize = 2000;
/// What is before and behind a bracket in colour: bold cyan, and as before.
const COLOUR: (&str, &str) = ("\x1b[1;36m", "\x1b[0m");

/// What somebody typed.
pub(super) enum Typed {
    /// A text whose brackets are closed.
    Text(String),
    /// Ctrl-C: what was typed is dropped.
    Dropped,
    /// Ctrl-D on an empty line.
    End,
}

/// A line editor on the terminal.
pub(super) struct LineEditor {
    editor: rustyline::Editor<Assistant, FileHistory>,
    /// Where the history is kept, if it can be.
    history: Option<PathBuf>,
}

impl LineEditor {
    /// An editor with the history of earlier sessions.
    ///
    /// # Errors
    /// When the terminal can't be used.
    pub(super) fn new() -> io::Result<Self> {
        let colours = if env::var_os("NO_COLOR").is_some() { ColorMode::Disabled } else { ColorMode::Enabled };
        let config = Config::builder()
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .color_mode(colours)
            .max_history_size(MOST_HISTORY)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(to_io)?
            .build();
        let mut editor = rustyline::Editor::with_config(config).map_err(to_io)?;
        editor.set_helper(Some(Assistant::default()));
        let history = history_path();
        if let Some(path) = &history {
            // The first session has no file yet; a file that can't be read is no reason not to talk.
            editor.load_history(path).ok();
        }
        Ok(Self { editor, history })
    }

    /// Reads until brackets are closed; these names can be completed.
    ///
    /// # Errors
    /// When the terminal fails.
    pub(super) fn read(&mut self, prompt: &str, names: Vec<String>) -> io::Result<Typed> {
        if let Some(assistant) = self.editor.helper_mut() {
            assistant.names = names;
        }
        match self.editor.readline(prompt) {
            Ok(text) => {
                self.remember(&text);
                Ok(Typed::Text(text))
            }
            Err(ReadlineError::Interrupted) => Ok(Typed::Dropped),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(to_io(error)),
        }
    }

    /// Adds to the history, and to its file at once: a session may end in any way. Without a file there is only the
    /// history of this session.
    fn remember(&mut self, text: &str) {
        let added = !text.trim().is_empty() && self.editor.add_history_entry(text).unwrap_or(false);
        if let Some(path) = self.history.as_ref().filter(|_| added) {
            self.editor.append_history(path).ok();
        }
    }
}

fn to_io(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        ReadlineError::Errno(error) => error.into(),
        other => io::Error::other(other.to_string()),
    }
}

/// The file of the history, in a folder that is there.
fn history_path() -> Option<PathBuf> {
    let folder = state::folder()?;
    fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

/// What helps with typing.
#[derive(Default)]
struct Assistant {
    /// The global variables there are.
    names: Vec<String>,
    /// Whether brackets are coloured now: not in what stays on the screen.
    colours: Cell<bool>,
}

impl Assistant {
    /// Where the name before the cursor begins, and the names that go on with it. Parts of symbol syntax are names.
    fn candidates(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let before = &line[..cursor];
        let ends = |letter: char| letter.is_whitespace() || "()[]{}\"'`,;:~&.!|".contains(letter);
        let start = before.rfind(ends).map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        let begun = &before[start..];
        if begun.is_empty() || brackets::ends_inside(before) {
            return (cursor, Vec::new());
        }
        let mut found: Vec<String> = self.names.iter().filter(|name| name.starts_with(begun)).cloned().collect();
        found.sort_unstable();
        (start, found)
    }
}

impl Helper for Assistant {}

impl Hinter for Assistant {
    type Hint = String;
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let open = brackets::is_open(context.input());
        Ok(if open { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.candidates(line, cursor))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        let pair = if self.colours.get() { brackets::pair_at(line, cursor) } else { None };
        let Some((left, right)) = pair else { return Cow::Borrowed(line) };
        let (on, off) = COLOUR;
        let (opening, closing) = (&line[left..=left], &line[right..=right]);
        let (before, between, behind) = (&line[..left], &line[left + 1..right], &line[right + 1..]);
        Cow::Owned(format!("{before}{on}{opening}{off}{between}{on}{closing}{off}{behind}"))
    }

    fn highlight_char(&self, line: &str, _: usize, kind: CmdKind) -> bool {
        let had = self.colours.replace(kind != CmdKind::ForcedRefresh);
        had || line.contains([')', ']', '}'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_also_in_symbol_syntax() {
        let names = ["map", "map1", "maptable", "car"].map(str::to_owned).to_vec();
        let assistant = Assistant { names, colours: Cell::default() };
        let found = |line: &str| assistant.candidates(line, line.len());
        assert_eq!(found("(mapt"), (1, vec!["maptable".to_owned()]));
        assert_eq!(found("no:ca"), (3, vec!["car".to_owned()]));
        assert_eq!(found("(ä map").1, ["map", "map1", "maptable"]);
        assert_eq!(found("(").1, Vec::<String>::new());
        assert_eq!(found("\"ma").1, Vec::<String>::new());
    }

    #[test]
    fn the_pair_at_the_cursor_is_in_colour_while_one_types() {
        let assistant = Assistant::default();
        assert!(assistant.highlight_char("(a)", 3, CmdKind::Other));
        assert_eq!(assistant.highlight("(a)", 3), "\x1b[1;36m(\x1b[0ma\x1b[1;36m)\x1b[0m");
        assistant.highlight_char("(a)", 3, CmdKind::ForcedRefresh);
        assert_eq!(assistant.highlight("(a)", 3), "(a)");
    }
}
