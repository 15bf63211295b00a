//! The implementations, and how each is given a program.

use std::path::{Path, PathBuf};

use super::measure::Job;
use super::programs::Program;

/// How a program is given to an implementation.
#[derive(Debug)]
enum Way {
    /// As `heapatlas run FILE`.
    Run,
    /// On the standard input of a prompt, in this folder, with these arguments; between two forms that tell the time,
    /// where getting ready takes so long that what a program takes can't be told from two runs.
    Prompt { command: PathBuf, arguments: Vec<&'static str>, folder: PathBuf, timed: bool },
}

/// Forms before and after a program that print what it took, as [`TOOK`] and milliseconds.
const TELLING: (&str, &str) =
    ("(= began* (current-process-milliseconds))", "(prn \"program took \" (- (current-process-milliseconds) began*))");

/// What is printed before the milliseconds that a program took.
pub(crate) const TOOK: &str = "program took ";

/// Something that runs Arc.
#[derive(Debug)]
pub(crate) struct Implementation {
    pub(crate) name: &'static str,
    way: Way,
    /// Where programs are written with the form behind them that ends a prompt.
    scratch: PathBuf,
}

/// The implementations that can be run, this one first.
pub(crate) fn installed(scratch: &Path) -> Vec<Implementation> {
    let implementation = |name, way| Implementation { name, way, scratch: scratch.to_owned() };
    let prompt = |command, arguments, folder, timed| Way::Prompt { command, arguments, folder, timed };
    let mut found = vec![implementation("heapatlas", Way::Run)];
    if let Some(command) = command("ARCUEID", "arcueid") {
        found.push(implementation("Arcueid", prompt(command, Vec::new(), scratch.to_owned(), false)));
    }
    if let (Some(folder), Some(command)) = (std::env::var_os("ARC31"), command("RACKET", "racket")) {
        found.push(implementation("Racket Arc", prompt(command, vec!["-f", "as.scm"], folder.into(), true)));
    }
    found
}

/// The command that a variable names, or else the one of this name on the path.
fn command(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

impl Implementation {
    /// The command that runs a program.
    pub(crate) fn job(&self, program: &Program) -> Job {
        match &self.way {
            Way::Run => Job {
                words: vec![env!("CARGO_BIN_EXE_heapatlas").into(), "run".into(), program.path.clone().into()],
                folder: self.scratch.clone(),
                input: None,
            },
            Way::Prompt { command, arguments, folder, timed } => {
                let text = std::fs::read_to_string(&program.path).expect("a program");
                let (before, after) = if *timed { TELLING } else { ("", "") };
                let typed = self.scratch.join("typed");
                std::fs::write(&typed, format!("{before}\n{text}\n{after}\n(quit)\n")).expect("a program written");
                let words = std::iter::once(command.clone().into()).chain(arguments.iter().map(Into::into));
                Job { words: words.collect(), folder: folder.clone(), input: Some(typed) }
            }
        }
    }
}
