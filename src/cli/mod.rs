//! The command line: another client of the same library as the window.
//!
//! * [`arguments`] what can be asked for
//! * [`exit`] how it ends: exit codes and the line that says why
//! * `details` what else there is to tell about an error
//! * `session` a runtime on the terminal's streams, with Ctrl-C
//! * `question` what to do about an exhausted heap, asked at a terminal
//! * `run`, `repl`, `explain`, `profile`, `disassemble`, `compare`, `snapshot`, `core`, `open`, `info`, `export`, `diff`,
//!   `check` the commands
//! * `editor`, `brackets` the line editor of the prompt
//! * `recorded` recordings for those that read them
//! * `state` where this program keeps its state
//! * `stats` what `--stats` reports
//! * `live` the map in the terminal, where there is no display

pub mod arguments;
mod brackets;
mod check;
mod compare;
mod core;
mod details;
mod diff;
mod disassemble;
mod editor;
pub mod exit;
mod explain;
mod export;
mod info;
mod live;
mod open;
mod profile;
mod question;
mod recorded;
mod repl;
mod run;
mod session;
mod snapshot;
mod state;
mod stats;

use std::hint::black_box;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, CoreCommand};
use exit::Ending;

/// What arguments, streams and messages take of memory at most, in bytes. Without it not even an error could be told.
const ROOM_TO_START: usize = 512 << 10;

/// Does what the arguments of the process say.
pub fn main() -> ExitCode {
    let mut room = Vec::<u8>::new();
    let refused = room.try_reserve_exact(ROOM_TO_START).is_err();
    // A compiler may leave out memory that nobody uses, and take it to have been there.
    black_box(&room);
    drop(room);
    if refused {
        Ending::NoRoom.tell();
        return Ending::NoRoom.code();
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no mistake; clap words everything else.
            let failed = error.use_stderr();
            error.print().ok();
            return if failed { Ending::Usage.code() } else { Ending::Fine.code() };
        }
    };
    if let Err(words) = arguments.check() {
        let ending = Ending::Misused(words);
        ending.tell();
        return ending.code();
    }
    let ending = match arguments.command {
        None => open::open(arguments.open),
        Some(Command::Open(options)) => open::open(options),
        Some(Command::Run(options)) => run::run(options),
        Some(Command::Repl(options)) => repl::repl(options),
        Some(Command::Explain(options)) => explain::explain(options),
        Some(Command::Profile(options)) => profile::profile(options),
        Some(Command::Disassemble(options)) => disassemble::disassemble(options),
        Some(Command::Compare(options)) => compare::compare(options),
        Some(Command::Snapshot(options)) => snapshot::snapshot(options),
        Some(Command::Check(options)) => check::check(options),
        Some(Command::Info(options)) => info::info(&options),
        Some(Command::Export(options)) => export::export(&options),
        Some(Command::Diff(options)) => diff::diff(&options),
        Some(Command::Core(CoreCommand::Save(options))) => core::save(options),
    };
    ending.tell();
    ending.code()
}
