//! Any moment of a run, while it goes on or from its recording.
//!
//! What is looked at live is recorded as it comes, in a file without a name that goes with the process, so that both are
//! looked at in the same way. A thread called `past` writes, seeks and goes through recordings; nobody waits for it.
//!
//! * [`tape`] what was seen of a run, as it is recorded
//! * [`seeker`] from key frames and changes to the model of a moment
//! * `worker` the thread

pub mod seeker;
pub mod tape;
mod worker;

use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use heapatlas_heap::frame::Frame;

use crate::model::HeapModel;
use crate::model::chronicle::{Axis, Chronicle};
use crate::model::over_time::OverTime;
use crate::recording::encode::RawChunk;
use tape::{Feed, Tape};
use worker::{Reel, Worker};

/// A moment to look for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The last frame at which no more than this was allocated, in bytes on the allocation clock.
    Clock(u64),
    /// The last frame that was cut no later than this.
    Wall(Duration),
    /// The last frame whose number is not higher.
    UpTo(u64),
    /// The first frame whose number is not lower.
    From(u64),
    /// The first frame after so many collections were completed.
    Cycle(u64),
    /// The last frame before so many collections were completed.
    BeforeCycle(u64),
}

impl Target {
    /// The last frame up to a place on an axis.
    #[must_use]
    pub fn on(axis: Axis, at: f64) -> Self {
        match axis {
            Axis::Clock => Self::Clock(at.max(0.0) as u64),
            Axis::Wall => Self::Wall(Duration::try_from_secs_f64(at.max(0.0)).unwrap_or(Duration::MAX)),
        }
    }
}

/// What the past says.
#[derive(Debug)]
pub enum Reply {
    /// The model of the moment that was asked for last, or of the one closest to it.
    Moment(Box<HeapModel>),
    /// What is known of a recording as far as it was gone through.
    Read(Box<Read>),
    /// Nothing can be shown, and why.
    Trouble(String),
}

/// What is known of a recording as far as it was gone through.
#[derive(Clone, Debug)]
pub struct Read {
    /// The whole run.
    pub chronicle: Chronicle,
    /// Its pages over time.
    pub over_time: OverTime,
    /// How much was gone through, from 0 to 1.
    pub share: f32,
}

/// What the thread is sent.
enum Request {
    Chunk(RawChunk),
    Seek(Target),
    /// Leave the rest of the recording unread.
    StopReading,
}

/// Any moment of a run.
#[derive(Debug)]
pub struct Past {
    requests: Sender<Request>,
    replies: Receiver<Reply>,
    /// What makes the tape of a live run; `None` for a recording.
    feed: Option<Feed>,
    /// Whether an answer to [`Self::seek`] is under way.
    seeking: bool,
}

/// Chunks and questions under way.
const REQUESTS: usize = 64;
/// Answers under way.
const REPLIES: usize = 4;

impl Past {
    /// The past of a run that is about to begin. `wake` is called whenever there is a reply.
    ///
    /// # Errors
    /// When there is no place for the file, or the system refuses another thread.
    pub fn live(wake: Box<dyn Fn() + Send>) -> io::Result<Self> {
        let tape = Tape::create()?;
        Self::start(move || Ok(Reel::Tape(Box::new(tape))), Some(Feed::default()), wake)
    }

    /// The past of a recording in a file. What it says as a whole comes in replies.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub fn recorded(path: PathBuf, wake: Box<dyn Fn() + Send>) -> io::Result<Self> {
        Self::start(move || Reel::open(path), None, wake)
    }

    fn start(
        reel: impl FnOnce() -> Result<Reel, String> + Send + 'static,
        feed: Option<Feed>,
        wake: Box<dyn Fn() + Send>,
    ) -> io::Result<Self> {
        let (requests, request_receiver) = bounded(REQUESTS);
        let (reply_sender, replies) = bounded(REPLIES);
        // Ends with the sender of requests.
        thread::Builder::new().name("past".to_owned()).spawn(move || {
            let reply = move |reply| {
                let heard = reply_sender.send(reply).is_ok();
                wake();
                heard
            };
            match reel() {
                Ok(reel) => Worker::new(reel, request_receiver, Box::new(reply)).work(),
                Err(why) => {
                    reply(Reply::Trouble(why));
                }
            }
        })?;
        Ok(Self { requests, replies, feed, seeking: false })
    }

    /// The number of the latest frame on the tape of a live run.
    #[must_use]
    pub fn latest(&self) -> Option<u64> {
        self.feed.as_ref().map(Feed::sequence)
    }

    /// Records the next frame of a live run, after it was applied to a model. Its number becomes that of the tape.
    pub fn see(&mut self, frame: &mut Frame, model: &HeapModel) {
        let Some(feed) = &mut self.feed else { return };
        if let Some(chunk) = feed.see(frame, model)
            && self.requests.try_send(Request::Chunk(chunk)).is_err()
        {
            feed.chunk_was_lost();
        }
    }

    /// Asks for a moment. What was asked for before and has not come yet will not come. `model` is of the latest moment.
    pub fn seek(&mut self, target: Target, model: &HeapModel) {
        while let Some(feed) = &mut self.feed
            && let Some(chunk) = feed.flush(model)
        {
            if self.requests.try_send(Request::Chunk(chunk)).is_err() {
                feed.chunk_was_lost();
            }
        }
        self.seeking |= self.requests.try_send(Request::Seek(target)).is_ok();
    }

    /// Leaves the rest of a recording unread: what is known of it stays as it is.
    pub fn stop_reading(&mut self) {
        self.requests.try_send(Request::StopReading).ok();
    }

    /// The next reply, if there is one. Never waits.
    pub fn next_reply(&mut self) -> Option<Reply> {
        let reply = self.replies.try_recv().ok()?;
        if matches!(reply, Reply::Moment(_) | Reply::Trouble(_)) {
            self.seeking = false;
        }
        Some(reply)
    }

    /// Whether a moment was asked for that has not come yet.
    #[must_use]
    pub fn is_seeking(&self) -> bool {
        self.seeking
    }
}
