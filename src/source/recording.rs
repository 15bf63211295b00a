//! A recording as a source: from a file, also one that is still being written, or from standard input.
//!
//! A thread reads and decodes; it waits for the viewer, never the other way round. Of a long recording it gives what the
//! last few mebibytes hold, so that the viewer is at its end at once.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use heapatlas_arc::error::{ArcError, ErrorKind};
use heapatlas_heap::frame::Frame;
use heapatlas_heap::os::file::MappedFile;

use super::{Message, Source, State};
use crate::command::Command;
use crate::recording::RecordingError;
use crate::recording::cursor::{Cursor, Input};
use crate::recording::description::Meaning;
use crate::recording::reader::{self, Preamble, Recording};

/// Bytes of a recording that are replayed from its end.
const REPLAYED: u64 = 8 << 20;
/// How often a file that grows is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Bytes read from standard input at a time.
const BLOCK: usize = 64 << 10;
/// Messages under way.
const MESSAGES: usize = 64;

/// Where a recording is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// In a file.
    File(PathBuf),
    /// It comes from standard input.
    Input,
}

/// A recording that is replayed by a thread of this process.
#[derive(Debug)]
pub struct Replay {
    messages: Receiver<Message>,
    recycled: Sender<Box<Frame>>,
    /// Tells the thread that nobody listens any more, when it is dropped.
    _alive: Sender<()>,
}

impl Replay {
    /// Begins to read. `wake` is called whenever a message was sent.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub fn start(origin: Origin, wake: Box<dyn Fn() + Send + Sync>) -> io::Result<Self> {
        let (sender, messages) = bounded(MESSAGES);
        let (recycled, recycled_receiver) = bounded(MESSAGES);
        let (alive, over) = bounded(0);
        let outlet = Outlet { messages: sender, recycled: recycled_receiver, wake, over };
        thread::Builder::new().name("replay".to_owned()).spawn(move || {
            outlet.tell(Message::State(State::Running));
            let result = match origin {
                Origin::File(path) => replay_file(&path, &outlet),
                Origin::Input => replay_input(&mut io::stdin().lock(), &outlet),
            };
            let result = result.map_err(|error| ArcError::new(ErrorKind::Unreadable, error.to_string()));
            outlet.tell(Message::State(State::Finished(result)));
            outlet.tell(Message::State(State::Ended));
        })?;
        Ok(Self { messages, recycled, _alive: alive })
    }
}

impl Source for Replay {
    fn next(&mut self) -> Option<Message> {
        self.messages.try_recv().ok()
    }

    fn recycle(&mut self, frame: Box<Frame>) {
        self.recycled.try_send(frame).ok();
    }

    fn send(&mut self, _command: Command) -> bool {
        // What was recorded can't be changed.
        false
    }
}

/// Where messages go.
struct Outlet {
    messages: Sender<Message>,
    recycled: Receiver<Box<Frame>>,
    wake: Box<dyn Fn() + Send + Sync>,
    over: Receiver<()>,
}

impl Outlet {
    /// Sends a message, waiting for a place. `false` when nobody listens any more.
    fn tell(&self, message: Message) -> bool {
        let sent = self.messages.send(message).is_ok();
        (self.wake)();
        sent
    }

    fn is_over(&self) -> bool {
        self.over.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Sends the frames that are there. `false` when nobody listens any more.
    fn frames(&self, cursor: &mut Cursor, input: &dyn Input, meaning: &Meaning) -> bool {
        loop {
            let mut frame = self.recycled.try_recv().unwrap_or_default();
            if !cursor.next(input, meaning, &mut frame) {
                return !self.is_over();
            }
            if !self.tell(Message::Frame(frame)) {
                return false;
            }
        }
    }

    /// Says in one line what could not be read.
    fn tell_loss(&self, cursor: &Cursor) {
        let loss = cursor.loss();
        if !loss.is_none() {
            self.tell(Message::Note(loss.to_string()));
        }
    }
}

/// Replays the end of a file; one that was not written to its end is followed as it grows.
fn replay_file(path: &PathBuf, outlet: &Outlet) -> Result<(), RecordingError> {
    let recording = Recording::open(path)?;
    let from = recording.bytes().saturating_sub(REPLAYED);
    let keys = &recording.index().keys;
    let start = keys.iter().find(|key| key.offset >= from).or(keys.last()).ok_or(RecordingError::NoKeyFrame)?;
    let mut cursor = Cursor::new(start.offset);
    let (meaning, chunks) = (recording.meaning().clone(), recording.chunks());
    let mut input = MappedFile::new(File::open(path)?)?;
    while outlet.frames(&mut cursor, &input, &meaning) {
        if reader::is_finished(&input, chunks) {
            outlet.tell_loss(&cursor);
            break;
        }
        thread::sleep(LOOK);
        input.refresh()?;
    }
    Ok(())
}

/// What has arrived of a stream, without what is no longer needed.
#[derive(Debug, Default)]
struct Received {
    /// Where the bytes begin in the stream.
    offset: u64,
    bytes: Vec<u8>,
}

impl Input for Received {
    fn len(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> bool {
        offset.checked_sub(self.offset).is_some_and(|offset| Input::read(&self.bytes, offset, into))
    }
}

impl Received {
    /// Forgets everything before an offset.
    fn forget(&mut self, offset: u64) {
        let count = usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX).min(self.bytes.len());
        self.bytes.drain(..count);
        self.offset += count as u64;
    }
}

/// Replays a stream as it arrives.
fn replay_input(from: &mut dyn Read, outlet: &Outlet) -> Result<(), RecordingError> {
    let mut received = Received::default();
    let mut begun: Option<(Preamble, Cursor)> = None;
    let mut block = vec![0; BLOCK];
    loop {
        let count = match from.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        if count == 0 {
            break;
        }
        received.bytes.extend(&block[..count]);
        if begun.is_none() {
            begun = Preamble::read(&received)?.map(|preamble| {
                let cursor = Cursor::new(preamble.chunks);
                (preamble, cursor)
            });
        }
        if let Some((preamble, cursor)) = &mut begun {
            if !outlet.frames(cursor, &received, &preamble.meaning) {
                return Ok(());
            }
            received.forget(cursor.offset());
        }
    }
    match begun {
        None => Err(RecordingError::Empty),
        Some((_, cursor)) => {
            outlet.tell_loss(&cursor);
            Ok(())
        }
    }
}
