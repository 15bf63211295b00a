//! Recordings for the commands that read them: opened, or why not, and what was lost told in one line.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use heapatlas_heap::frame::Frame;

use super::exit::{self, Ending};
use crate::export::file::write_whole;
use crate::model::HeapModel;
use crate::recording::RecordingError;
use crate::recording::cursor::Loss;
use crate::recording::reader::{At, Recording};
use crate::source::recorder::is_standard;

/// Opens a recording: a file, or all that comes through a pipe or standard input.
pub(super) fn open(path: &Path) -> Result<Recording, Ending> {
    let opened = if is_standard(path) { Recording::read(io::stdin().lock()) } else { open_file(path) };
    opened.map_err(|error| unreadable(path, &error))
}

fn open_file(path: &Path) -> Result<Recording, RecordingError> {
    let kind = path.metadata()?.file_type();
    if kind.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
    }
    // Only files can be mapped; shells make a pipe of what a command prints look like one.
    if kind.is_file() { Recording::open(path) } else { Recording::read(File::open(path)?) }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Ending {
    Ending::Unreadable(format!("can't read {}: {error}", called(path)))
}

/// What to call where a recording comes from.
fn called(path: &Path) -> String {
    if is_standard(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// Says in one line what of a recording could not be read.
pub(super) fn tell_loss(path: &Path, loss: Loss) {
    if !loss.is_none() {
        exit::tell(&format!("{}: {loss}", called(path)));
    }
}

/// The model of a recording at a moment.
pub(super) fn model_at(recording: &Recording, path: &Path, at: At) -> Result<HeapModel, Ending> {
    let mut model = HeapModel::default();
    tell_loss(path, replay(recording, path, at, &mut model)?);
    Ok(model)
}

/// Brings a model to a moment of a recording, and gives what of it is lost.
pub(super) fn replay(recording: &Recording, path: &Path, at: At, model: &mut HeapModel) -> Result<Loss, Ending> {
    let apply = &mut |frame: &Frame| {
        model.apply(frame);
    };
    replay_between(recording, path, (at, at), apply)
}

/// Gives the frames that make up a moment of a recording, and all that follow up to a later one; and what of them is lost.
pub(super) fn replay_between(
    recording: &Recording,
    path: &Path,
    stretch: (At, At),
    each: &mut dyn FnMut(&Frame),
) -> Result<Loss, Ending> {
    recording.replay_between(stretch, each).map_err(|error| unreadable(path, &error))
}

/// What to call a recording: its program, or its file.
pub(super) fn name(recording: &Recording, path: &Path) -> String {
    match recording.program() {
        "" => called(path),
        program => program.to_owned(),
    }
}

/// Writes a file whole, or leaves it as it was.
pub(super) fn write_file(path: &Path, write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> Ending {
    match write_whole(path, write) {
        Ok(()) => Ending::Fine,
        Err(error) => Ending::System(format!("can't write {}: {error}", path.display())),
    }
}

/// Writes to standard output; that nobody reads it any more is fine.
pub(super) fn show(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Ending {
    match write(&mut io::stdout().lock()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Ending::System(format!("can't write: {error}")),
        _ => Ending::Fine,
    }
}
