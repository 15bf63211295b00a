//! `heapatlas compare`: the same program under several policies, each in a process of its own.
//!
//! * [`measure`] runs a program under a policy and reads what it reports
//! * [`table`] what the runs tell, side by side
//! * [`autopsy`] the first story rebuilt, one cause after the other
//! * [`window`] maps and curves side by side

mod autopsy;
mod measure;
mod table;
mod window;

use std::io;
use std::path::Path;

use heapatlas_heap::{Placement, Policy};

use super::arguments::{CompareOptions, ThemeName};
use super::exit::Ending;
use super::recorded;
use crate::export::bars::{Bar, Bars};
use crate::export::{Title, png, svg};
use crate::map::palette::Theme;
use measure::{Measured, Subject};

/// Runs a program under each policy and shows what came of it.
pub(super) fn compare(options: CompareOptions) -> Ending {
    if options.window {
        return window::show(&options);
    }
    if let Some(path) = &options.output
        && Output::of_path(path).is_none()
    {
        return Ending::Misused(format!("{}: the extension must be .png, .svg or .json", path.display()));
    }
    let subject = match Subject::of(&options) {
        Ok(subject) => subject,
        Err(ending) => return ending,
    };
    let policies = match (options.autopsy, options.heaps.is_empty()) {
        (true, _) => autopsy::STAGES.iter().map(|stage| stage.policy).collect(),
        (false, true) => Placement::ALL.map(Policy::of).to_vec(),
        (false, false) => options.heaps.clone(),
    };
    let measured = match measure::all(&subject, &policies, options.rounds) {
        Ok(measured) => measured,
        Err(ending) => return ending,
    };
    let bars = if options.autopsy { autopsy::bars(&measured) } else { table::bars(&measured) };
    let out = &mut io::stdout().lock();
    let written = if options.autopsy {
        autopsy::write(out, &subject, &measured)
    } else {
        table::write(out, &subject, &measured, options.rounds)
    };
    let saved = options.output.as_deref().map(|path| save(path, &options, &subject, &measured, &bars));
    match (written, saved) {
        (Err(error), _) if error.kind() != io::ErrorKind::BrokenPipe => Ending::System(format!("can't write: {error}")),
        (_, saved) => saved.unwrap_or(Ending::Fine),
    }
}

/// What can be written besides the table.
#[derive(Clone, Copy)]
enum Output {
    Png,
    Svg,
    Json,
}

impl Output {
    fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "svg" => Some(Self::Svg),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

fn save(path: &Path, options: &CompareOptions, subject: &Subject, measured: &[Measured], bars: &[Bar]) -> Ending {
    let theme = match options.theme {
        ThemeName::System | ThemeName::Dark => Theme::Dark,
        ThemeName::Light => Theme::Light,
    };
    let title = Title { program: subject.name.clone(), theme };
    let picture = Bars::new(&title, bars);
    recorded::write_file(path, |out| match Output::of_path(path) {
        Some(Output::Png) => png::write_drawing(out, &picture),
        Some(Output::Svg) => svg::write_drawing(out, &picture),
        Some(Output::Json) | None => {
            serde_json::to_writer_pretty(&mut *out, measured)?;
            writeln!(out)
        }
    })
}
