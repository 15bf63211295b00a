//! The window; without a display, the same in the terminal.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::arguments::{OpenOptions, SpeedName};
use super::exit::{self, Ending};
use super::live;
use super::{session, state};
use crate::command::Speed;
use crate::recording::reader::Recording;
use crate::source::Subject;
use crate::source::embedded::Beginning;
use crate::source::recorder::is_standard;
use crate::source::recording::Origin;
use crate::source::tour;
use crate::ui::{self, FirstTour, WindowError, WindowOptions};

/// Opens the window.
pub(super) fn open(options: OpenOptions) -> Ending {
    let (theme_name, no_black_box) = (options.theme, options.no_black_box);
    let tour = match first_tour(options.tour.as_deref()) {
        Ok(tour) => tour,
        Err(ending) => return ending,
    };
    let (subject, title) = match subject(options) {
        Ok(subject) => subject,
        Err(ending) => return ending,
    };
    let theme = theme_name.into();
    let interrupted = Arc::new(AtomicBool::new(false));
    let (told, close) = crossbeam_channel::bounded(1);
    session::catch_interrupts(Arc::clone(&interrupted), Some(told));
    let shown = if no_black_box { subject.clone() } else { with_black_box(subject.clone()) };
    match ui::run(WindowOptions { subject: shown, title, theme, close }, tour) {
        Ok(()) if interrupted.load(Ordering::Relaxed) => Ending::Interrupted,
        Ok(()) => Ending::Fine,
        Err(WindowError::NoDisplay) => {
            if matches!(&subject, Subject::Program(beginning) if beginning.program.records_to_output()) {
                let why = "there is no display: the map goes to standard output, and so would the recording";
                return Ending::Misused(why.to_owned());
            }
            exit::tell("there is no display; showing the map in the terminal");
            live::show(subject)
        }
        Err(WindowError::Failed(why)) => Ending::System(format!("can't open the window: {why}")),
    }
}

/// The tour of a name.
fn first_tour(name: Option<&str>) -> Result<FirstTour, Ending> {
    match name {
        None => Ok(FirstTour::AtFirst),
        Some("none") => Ok(FirstTour::Never),
        Some("window") => Ok(FirstTour::Window),
        Some(name) => tour::named(name).map(|tour| FirstTour::Through(Box::new(tour))).ok_or_else(|| {
            let names: Vec<_> = tour::all().map(|(name, _)| name).collect();
            Ending::Misused(format!("there is no tour {name}: the tours are window, {}, none", names.join(", ")))
        }),
    }
}

/// What the arguments say is to be looked at, and what it is called.
fn subject(options: OpenOptions) -> Result<(Subject, String), Ending> {
    if let [path] = options.files.as_slice()
        && let Some(origin) = recording(path)
    {
        return replay(origin, &options);
    }
    for file in &options.files {
        if file.extension().is_none_or(|extension| extension != "arc") {
            let what = "the window opens Arc programs (.arc) or one recording (.atlas)";
            return Err(Ending::Misused(format!("{}: {what}", file.display())));
        }
        if let Err(error) = std::fs::metadata(file) {
            return Err(Ending::Unreadable(format!("can't read {}: {error}", file.display())));
        }
    }
    let program = options.runtime.program(options.files, Vec::new());
    let title = program.name();
    let speed = match options.speed {
        SpeedName::Slow => Speed::SLOW_MOTION,
        SpeedName::Full => Speed::Full,
    };
    Ok((Subject::Program(Beginning { program, speed, paused: options.paused, asks: true }), title))
}

/// What the window shows: a program has a black box there, even if nobody asked for one.
fn with_black_box(mut subject: Subject) -> Subject {
    if let Subject::Program(Beginning { program, .. }) = &mut subject
        && program.black_box.is_none()
    {
        program.black_box = state::folder().map(|folder| folder.join("black-box"));
    }
    subject
}

/// Where the recording is that a path stands for, if it does.
fn recording(path: &Path) -> Option<Origin> {
    if is_standard(path) {
        return Some(Origin::Input);
    }
    let is_recording = path.extension().is_some_and(|extension| extension == "atlas");
    is_recording.then(|| Origin::File(path.to_owned()))
}

/// A recording, if it can be shown, and what it is called.
fn replay(origin: Origin, options: &OpenOptions) -> Result<(Subject, String), Ending> {
    let name = match &origin {
        Origin::File(path) => path.display().to_string(),
        Origin::Input => "standard input".to_owned(),
    };
    if options.runtime.record.is_some() {
        return Err(Ending::Misused(format!("{name} is a recording already: --record takes a program")));
    }
    if let Origin::File(path) = &origin
        && let Err(error) = Recording::open(path)
    {
        return Err(Ending::Unreadable(format!("can't read {name}: {error}")));
    }
    Ok((Subject::Recording(origin), name))
}
