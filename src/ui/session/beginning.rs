//! A session that begins again: with the same program, another, or a recording.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use heapatlas_arc::libraries::Library;
use heapatlas_heap::gc::Pauses;

use super::answers::{Answers, Walks};
use super::{Progress, Session, Wake};
use crate::command::Command;
use crate::model::HeapModel;
use crate::model::functions::Functions;
use crate::source::embedded::Beginning;
use crate::source::program::Program;
use crate::source::recording::Origin;
use crate::source::{Source, State, Subject};
use crate::ui::moments::Moments;
use crate::ui::transcript::Voice;

impl Session {
    /// Ends the runtime and begins the same program again, at the speed chosen last.
    ///
    /// # Errors
    /// When the system refuses another thread: then there is no runtime any more. And what came from standard input can't
    /// be had again.
    pub fn restart(&mut self) -> io::Result<()> {
        match &mut self.subject {
            Subject::Program(beginning) => beginning.speed = self.speed,
            Subject::Recording(Origin::File(_)) => {}
            Subject::Recording(Origin::Input) => return Err(io::Error::other("it came from standard input")),
        }
        // The old heap goes first, so that the new one can have its addresses.
        self.source = None;
        self.now = HeapModel::default();
        self.moments = Moments::default();
        self.progress = Progress::ended();
        self.wants_key = false;
        self.errand = None;
        self.last_step = None;
        self.pauses = Pauses::default();
        self.walks = Walks::default();
        self.source = Some(start_source(&self.subject, &self.wake)?);
        let (moments, trouble) = Moments::start(&self.subject, &self.wake);
        self.moments = moments;
        trouble.inspect(|trouble| self.transcript.say(Voice::Note, trouble));
        self.answers = Answers::default();
        self.functions = Functions::default();
        self.sampled.clear();
        self.stopped = None;
        self.progress = Progress::default();
        self.transcript.say(Voice::Note, "restarted");
        if !self.breakpoints.is_empty() {
            self.tell(Command::SetBreakpoints(self.breakpoints.clone()));
        }
        if self.profiles {
            self.tell(Command::Profile(true));
        }
        Ok(())
    }

    /// Ends the runtime, so that another can have what there is one of. What was seen of it stays.
    pub fn let_go(&mut self) {
        if self.source.take().is_some() {
            self.progress.hear(State::Ended);
            self.transcript.say(Voice::Note, "ended: another heap has the system's allocator now; Ctrl+R begins again");
        }
    }

    /// Ends the runtime and begins with another program, without breakpoints.
    ///
    /// # Errors
    /// When the system refuses another thread: then there is no runtime any more.
    pub fn begin(&mut self, beginning: Beginning) -> io::Result<()> {
        self.speed = beginning.speed;
        self.breakpoints.clear();
        self.subject = Subject::Program(beginning);
        self.restart()
    }

    /// Ends the runtime and begins with other texts and files after the library.
    ///
    /// # Errors
    /// When the system refuses another thread: then there is no runtime any more.
    pub fn open(&mut self, texts: Vec<Library>, files: Vec<PathBuf>) -> io::Result<()> {
        let beginning = match &self.subject {
            Subject::Program(beginning) => beginning.clone(),
            Subject::Recording(_) => {
                Beginning { program: Program::default(), speed: self.speed, paused: false, asks: true }
            }
        };
        let program = Program { texts, files, expressions: Vec::new(), ..beginning.program };
        self.subject = Subject::Program(Beginning { program, ..beginning });
        self.restart()
    }

    /// Ends the source and begins with a recording.
    ///
    /// # Errors
    /// When the system refuses another thread: then there is no source any more.
    pub fn replay(&mut self, path: PathBuf) -> io::Result<()> {
        self.subject = Subject::Recording(Origin::File(path));
        self.restart()
    }
}

/// Starts the source of a session.
pub(super) fn start_source(subject: &Subject, wake: &Wake) -> io::Result<Box<dyn Source>> {
    let wake = Arc::clone(wake);
    subject.start(Box::new(move || wake()))
}
