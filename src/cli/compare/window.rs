//! `compare --window`: maps and curves side by side.

use std::path::Path;

use crate::cli::arguments::{BaseOptions, CompareOptions};
use crate::cli::exit::Ending;
use crate::recording::reader::Recording;
use crate::source::program::{Base, Program};
use crate::ui::comparison::{self, Compared};
use crate::ui::{self, WindowError};

/// Opens the window.
pub(super) fn show(options: &CompareOptions) -> Ending {
    let (title, compared) = match compared(options) {
        Ok(compared) => compared,
        Err(ending) => return ending,
    };
    match ui::compare(&title, compared, options.theme.into()) {
        Ok(()) => Ending::Fine,
        Err(WindowError::NoDisplay) => {
            Ending::System("there is no display; without --window compare writes a table".to_owned())
        }
        Err(WindowError::Failed(why)) => Ending::System(format!("can't open the window: {why}")),
    }
}

/// What is compared, and what all of it is called.
fn compared(options: &CompareOptions) -> Result<(String, Vec<Compared>), Ending> {
    if let Some((file, why)) = options.files.iter().find_map(|file| Some((file, unreadable(file)?))) {
        return Err(Ending::Unreadable(format!("can't read {}: {why}", file.display())));
    }
    let recordings = options.files.iter().filter(|file| is_recording(file)).count();
    let only_files = options.expressions.is_empty() && options.heaps.is_empty();
    match recordings {
        0 => {
            let program = program(options);
            let compared = match options.heaps.as_slice() {
                [] => comparison::every_policy(&program),
                policies => comparison::policies(&program, policies),
            };
            Ok((program.name(), compared))
        }
        count if count < options.files.len() || !only_files => {
            Err(Ending::Misused("a program is compared under policies, or recordings as they are: not both".to_owned()))
        }
        1 => Err(Ending::Misused("one recording alone can't be compared: name another".to_owned())),
        count => Ok((format!("{count} recordings"), comparison::recordings(&options.files))),
    }
}

fn is_recording(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "atlas")
}

fn unreadable(file: &Path) -> Option<String> {
    if is_recording(file) {
        Recording::open(file).err().map(|error| error.to_string())
    } else {
        std::fs::metadata(file).err().map(|error| error.to_string())
    }
}

fn program(options: &CompareOptions) -> Program {
    let BaseOptions { arc, no_arc, soft_limit } = &options.base;
    let base = match arc {
        Some(path) => Base::File(path.clone()),
        None if *no_arc => Base::None,
        None => Base::BuiltIn,
    };
    Program {
        base,
        files: options.files.clone(),
        expressions: options.expressions.clone(),
        soft_limit: *soft_limit,
        ..Program::default()
    }
}
