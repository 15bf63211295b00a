//! The thread that writes, seeks, and goes through a recording while nobody asks for anything.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use heapatlas_heap::frame::Frame;

use super::seeker::{Seeker, Stretch};
use super::tape::Tape;
use super::{Read, Reply, Request, Target};
use crate::model::HeapModel;
use crate::model::chronicle::Chronicle;
use crate::model::over_time::OverTime;
use crate::recording::cursor::Cursor;
use crate::recording::reader::Recording;

/// How long a recording is gone through before somebody's question is looked for.
const SLICE: Duration = Duration::from_millis(5);
/// How often what is known is told while a recording is gone through.
const TELL: Duration = Duration::from_millis(250);
/// How often a recording that is still being written is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Where the frames are.
pub(super) enum Reel {
    /// On the tape of a live run.
    Tape(Box<Tape>),
    /// In a file.
    File {
        /// Its path.
        path: PathBuf,
        /// It, as long as it was when it was opened last.
        recording: Box<Recording>,
    },
}

impl Reel {
    /// A recording in a file.
    pub(super) fn open(path: PathBuf) -> Result<Self, String> {
        let recording = Recording::open(&path).map_err(|error| error.to_string())?;
        Ok(Self::File { path, recording: Box::new(recording) })
    }

    /// The frames that there are by now.
    fn stretch(&mut self) -> Result<Stretch<'_>, String> {
        match self {
            Self::Tape(tape) => tape.stretch().map_err(|error| error.to_string()),
            Self::File { path, recording } => {
                let length = std::fs::metadata(&*path).map_or(0, |metadata| metadata.len());
                if !recording.is_finished() && length > recording.bytes() {
                    **recording = Recording::open(path).map_err(|error| error.to_string())?;
                }
                let keys = &recording.index().keys;
                Ok(Stretch { input: recording.input(), meaning: recording.meaning(), keys })
            }
        }
    }
}

/// Goes through a recording.
struct Reading {
    cursor: Cursor,
    frame: Frame,
    model: HeapModel,
    read: Read,
    /// When that was told last, and up to which byte.
    told: (Instant, u64),
}

impl Reading {
    /// Takes in the frame that was decoded.
    fn take_in(&mut self) {
        self.read.chronicle.see(&self.frame);
        self.model.apply(&self.frame);
        self.read.over_time.look(&self.model);
    }
}

/// What the thread does.
pub(super) struct Worker {
    reel: Reel,
    requests: Receiver<Request>,
    reply: Box<dyn Fn(Reply) -> bool>,
    seeker: Seeker,
    /// `None` for a tape, and when it was stopped.
    reading: Option<Reading>,
    /// Whether all that there is was read, for now.
    has_read: bool,
}

impl Worker {
    pub(super) fn new(reel: Reel, requests: Receiver<Request>, reply: Box<dyn Fn(Reply) -> bool>) -> Self {
        let reading = match &reel {
            Reel::Tape(_) => None,
            Reel::File { recording, .. } => Some(Reading {
                cursor: Cursor::new(recording.chunks()),
                frame: Frame::default(),
                model: HeapModel::default(),
                read: Read {
                    chronicle: Chronicle::default(),
                    over_time: OverTime::of_run(recording.index().last.clock),
                    share: 0.0,
                },
                told: (Instant::now(), 0),
            }),
        };
        Self { reel, requests, reply, seeker: Seeker::default(), reading, has_read: false }
    }

    /// Works until nobody asks any more.
    pub(super) fn work(mut self) {
        while let Some(target) = self.take_requests() {
            let goes_on = match target {
                Some(target) => self.seek(target),
                None => self.read(),
            };
            if !goes_on {
                break;
            }
        }
    }

    /// Does what was asked, but for seeking: of several moments that were asked for the last is wanted. Waits only when
    /// there is nothing else to do. `None` when nobody asks any more.
    fn take_requests(&mut self) -> Option<Option<Target>> {
        let mut wanted = None;
        let mut waits = self.reading.is_none() || self.has_read;
        loop {
            let request = if waits {
                match self.requests.recv_timeout(LOOK) {
                    Ok(request) => request,
                    Err(RecvTimeoutError::Timeout) if self.reading.is_none() => continue,
                    Err(RecvTimeoutError::Timeout) => return Some(wanted),
                    Err(RecvTimeoutError::Disconnected) => return None,
                }
            } else {
                match self.requests.try_recv() {
                    Ok(request) => request,
                    Err(TryRecvError::Empty) => return Some(wanted),
                    Err(TryRecvError::Disconnected) => return None,
                }
            };
            waits = false;
            match request {
                Request::Seek(target) => wanted = Some(target),
                Request::StopReading => self.reading = None,
                Request::Chunk(chunk) => {
                    if let Reel::Tape(tape) = &mut self.reel
                        && let Err(error) = tape.write(&chunk)
                    {
                        (self.reply)(Reply::Trouble(format!("the past can't be kept: {error}")));
                        return None;
                    }
                }
            }
        }
    }

    /// Answers with a moment. `false` when nobody listens any more.
    fn seek(&mut self, target: Target) -> bool {
        let found = self.reel.stretch().and_then(|stretch| {
            let model = self.seeker.seek(stretch, target);
            model.cloned().ok_or_else(|| "no key frame before that moment can be read".to_owned())
        });
        (self.reply)(match found {
            Ok(model) => Reply::Moment(Box::new(model)),
            Err(why) => Reply::Trouble(why),
        })
    }

    /// Goes on through the recording for a while. `false` when nobody listens any more.
    fn read(&mut self) -> bool {
        let Some(reading) = &mut self.reading else { return true };
        let Ok(stretch) = self.reel.stretch() else { return true };
        let begun = Instant::now();
        self.has_read = false;
        while begun.elapsed() < SLICE && !self.has_read {
            self.has_read = !reading.cursor.next(stretch.input, stretch.meaning, &mut reading.frame);
            if !self.has_read {
                reading.take_in();
            }
        }
        let at = reading.cursor.offset();
        let (told, upto) = reading.told;
        let is_due = told.elapsed() >= TELL || (self.has_read && upto < at);
        if !is_due {
            return true;
        }
        reading.told = (Instant::now(), at);
        let length = stretch.input.len().max(1);
        reading.read.share = if self.has_read { 1.0 } else { (at as f64 / length as f64) as f32 };
        (self.reply)(Reply::Read(Box::new(reading.read.clone())))
    }
}
