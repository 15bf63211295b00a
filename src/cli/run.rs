//! `heapatlas run`: programs without a window.

use heapatlas_arc::host::{Host, NoHost};

use super::arguments::{RunOptions, StatsFormat};
use super::exit::Ending;
use super::question::Person;
use super::repl::talk;
use super::session::Session;
use super::stats;
use crate::source::program::Program;

/// Runs programs; only what they print goes to standard output.
pub(super) fn run(options: RunOptions) -> Ending {
    let program = options.runtime.program(options.files, options.expressions);
    let host: Box<dyn Host> = if options.interactive { Box::new(Person) } else { Box::new(NoHost) };
    let mut session = match Session::start(&program, host) {
        Ok(session) => session,
        Err(error) => return error.into(),
    };
    let mut ending = run_program(&mut session, &program);
    if options.interactive && session.output_lost().is_none() && !matches!(ending, Ending::Quit(_)) {
        ending.tell();
        ending = talk(&mut session);
    }
    let ending = session.end_recording(ending);
    report(&mut session, options.stats);
    ending
}

/// Loads the base library and runs the program.
pub(super) fn run_program(session: &mut Session, program: &Program) -> Ending {
    let result = program.load_base(&mut session.runtime).and_then(|()| program.run(&mut session.runtime));
    match (session.output_lost(), result) {
        (Some(ending), _) => ending,
        (None, Ok(_)) => Ending::Fine,
        (None, Err(error)) => error.into(),
    }
}

/// Reports statistics, if they are wanted.
pub(super) fn report(session: &mut Session, format: Option<StatsFormat>) {
    if let Some(format) = format {
        stats::report(&mut session.runtime, format);
    }
}
