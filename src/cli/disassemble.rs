//! `heapatlas disassemble`: the bytecode of what a file defines.

use std::io::{self, Write};

use heapatlas_arc::host::NoHost;

use super::arguments::DisassembleOptions;
use super::exit::Ending;
use super::run::run_program;
use super::session::{Session, keeps_output};

/// Runs a file, which defines its functions, and lists one of them or all. What the file prints goes to standard error.
pub(super) fn disassemble(options: DisassembleOptions) -> Ending {
    let file = options.file.to_string_lossy().into_owned();
    let program = options.runtime.program(vec![options.file], Vec::new());
    if let Some(misused) = keeps_output(&program) {
        return misused;
    }
    let mut session = match Session::start_printing_to(&program, Box::new(NoHost), Box::new(io::stderr())) {
        Ok(session) => session,
        Err(error) => return error.into(),
    };
    let ending = run_program(&mut session, &program);
    let ending = session.end_recording(ending);
    if ending != Ending::Fine {
        return ending;
    }
    let names = match options.name {
        Some(name) => vec![name],
        None => session.runtime.defined_in(&file),
    };
    for name in names {
        let listing = match session.runtime.disassemble(&name) {
            Ok(Some(listing)) => listing,
            Ok(None) => return Ending::Misused(format!("there is no function or macro {name} in bytecode")),
            Err(error) => return error.into(),
        };
        match io::stdout().write_all(listing.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ending::Fine,
            Err(error) => return Ending::System(format!("can't write: {error}")),
            Ok(()) => {}
        }
    }
    Ending::Fine
}
