//! `heapatlas repl`: Arc at the prompt.
//!
//! Lines are read until they make whole forms; each is evaluated and its value written. An error is told, and the
//! prompt comes back. At a terminal lines are edited. Piped input gets no prompt, so that only values are printed.

use std::io::{self, BufRead, IsTerminal, Write};

use heapatlas_arc::error::{ArcError, ErrorKind};

use super::arguments::ReplOptions;
use super::editor::{LineEditor, Typed};
use super::exit::Ending;
use super::question::Person;
use super::run::{report, run_program};
use super::session::{Session, keeps_output};

const PROMPT: &str = "arc> ";
const CONTINUED: &str = "...  ";

/// Talks Arc until the input ends or the program quits.
pub(super) fn repl(options: ReplOptions) -> Ending {
    let program = options.runtime.program(options.files, Vec::new());
    if let Some(misused) = keeps_output(&program) {
        return misused;
    }
    let mut session = match Session::start(&program, Box::new(Person)) {
        Ok(session) => session,
        Err(error) => return error.into(),
    };
    let mut ending = run_program(&mut session, &program);
    if ending == Ending::Fine {
        ending = talk(&mut session);
    }
    let ending = session.end_recording(ending);
    report(&mut session, options.stats);
    ending
}

/// Evaluates what is typed, until the input ends or the program quits.
pub(super) fn talk(session: &mut Session) -> Ending {
    read_and_evaluate(session).unwrap_or_else(|error| Ending::System(format!("can't go on: {error}")))
}

/// Where what is evaluated comes from.
enum Input {
    /// A terminal: lines are edited.
    Terminal(Box<LineEditor>),
    /// A pipe or a file: no prompt.
    Lines,
}

impl Input {
    fn new() -> io::Result<Self> {
        let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        Ok(if is_terminal { Self::Terminal(Box::new(LineEditor::new()?)) } else { Self::Lines })
    }

    /// Reads a line, or several whose brackets belong together, and adds it to what waits. `false` at the end.
    fn read(&mut self, session: &Session, waiting: &mut String) -> io::Result<bool> {
        let Self::Terminal(editor) = self else { return Ok(io::stdin().lock().read_line(waiting)? > 0) };
        let prompt = if waiting.is_empty() { PROMPT } else { CONTINUED };
        match editor.read(prompt, session.runtime.globals())? {
            Typed::Text(text) => *waiting += &(text + "\n"),
            Typed::Dropped => waiting.clear(),
            Typed::End => return Ok(false),
        }
        Ok(true)
    }
}

fn read_and_evaluate(session: &mut Session) -> io::Result<Ending> {
    let mut input = Input::new()?;
    let mut waiting = String::new();
    loop {
        let ended = !input.read(session, &mut waiting)?;
        if ended && waiting.trim().is_empty() {
            return Ok(Ending::Fine);
        }
        let result = session.runtime.evaluate(&waiting, "prompt");
        if let Some(ending) = session.output_lost() {
            return Ok(ending);
        }
        match result {
            // The form goes on in the next line.
            Err(ArcError { kind: ErrorKind::Syntax { incomplete: true }, .. }) if !ended => continue,
            Err(error) if matches!(error.kind, ErrorKind::Quit(_)) => return Ok(error.into()),
            Err(error) => show(&format!("Error: {}\n", error.message))?,
            Ok(Some(value)) => show(&format!("{value}\n"))?,
            Ok(None) => {}
        }
        waiting.clear();
        if ended {
            return Ok(Ending::Fine);
        }
    }
}

fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
