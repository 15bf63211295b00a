//! `heapatlas core save`: everything that programs define, in a file to start from.

use heapatlas_arc::host::NoHost;

use super::arguments::CoreSaveOptions;
use super::exit::Ending;
use super::run::run_program;
use super::session::Session;

/// Runs programs, then saves a core; a program that failed leaves none.
pub(super) fn save(options: CoreSaveOptions) -> Ending {
    let program = options.runtime.program(options.files, options.expressions);
    let mut session = match Session::start(&program, Box::new(NoHost)) {
        Ok(session) => session,
        Err(error) => return error.into(),
    };
    let ending = run_program(&mut session, &program);
    let ending = session.end_recording(ending);
    if ending != Ending::Fine {
        return ending;
    }
    match session.runtime.save_core(&options.output) {
        Ok(()) => Ending::Fine,
        Err(error) => error.into(),
    }
}
