//! What writes a recording while a program runs: cuts frames, encodes them, and hands chunks to a thread that packs and
//! writes them. Neither a slow disk nor a viewer that has gone holds the program up: while chunks wait no frame is cut,
//! what changed stays dirty, and joins the next.
//!
//! How often frames are cut follows from what they cost: the time that both threads spend on them is a bounded share of the
//! program's, and so is what is written a second, but for what every program may take at its beginning. So a short program is
//! recorded finely, and a long one coarsely.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use heapatlas_heap::Heap;
use heapatlas_heap::frame::Frame;

use super::times::{self, System, Times};
use crate::recording::description::Description;
use crate::recording::encode::{Encoder, RawChunk};
use crate::recording::format::nanos;
use crate::recording::writer::Writer;

/// Bytes allocated after which a frame is due, if time allows.
const FRAME_BYTES: u64 = 64 << 10;
/// Time after which one is.
const FRAME_TIME: Duration = Duration::from_millis(16);
/// Two frames are no closer than this.
const LEAST_TIME: Duration = Duration::from_micros(500);
/// Frames take no more than one part in so many of the thread's time, packing and writing them included, …
const COST_SHARE: u32 = 100;
/// … and this at the beginning.
const COST_BURST: Duration = Duration::from_millis(1);
/// How often residency is measured at most.
const RESIDENCY_TIME: Duration = Duration::from_millis(50);
/// So much is written as fast as it comes, …
const BURST: u64 = 16 << 20;
/// … and then so many bytes a second: 169 MiB an hour, with the burst 185.
const BYTES_PER_SECOND: u64 = 48 << 10;
/// A chunk that is not full waits no longer than this.
const CHUNK_TIME: Duration = Duration::from_millis(250);
/// Chunks under way to the writer.
const CHUNKS: usize = 8;

/// What the thread that writes is sent.
enum Work {
    Begin(Box<Description>),
    Chunk(RawChunk),
}

/// What the thread that writes has come to.
#[derive(Debug, Default)]
struct Written {
    /// Bytes written.
    bytes: AtomicU64,
    /// What that took of a processor, in nanoseconds.
    nanos: AtomicU64,
}

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    program: String,
    encoder: Encoder,
    frame: Frame,
    /// The number of the last frame that was recorded; zero before the first.
    sequence: u64,
    /// The clock at the last frame.
    clock: u64,
    /// What it goes by. The times of below are the wall's of it.
    times: Box<dyn Times>,
    last_frame: Duration,
    last_residency: Option<Duration>,
    last_chunk: Duration,
    /// The thread's time when the recording began, and how much of it went into frames since.
    thread_began: Duration,
    cost: Duration,
    /// What the last measurement of residency cost.
    residency_cost: Duration,
    /// `None` when the recording has ended, or there is none.
    work: Option<Sender<Work>>,
    written: Arc<Written>,
    writer: Option<JoinHandle<io::Result<()>>>,
}

impl Recorder {
    /// Begins a recording in a file, or on standard output when the path is `-`.
    ///
    /// # Errors
    /// When the file can't be written, or the system refuses another thread.
    pub fn create(path: &Path, program: &str) -> io::Result<Self> {
        let out: Box<dyn Write + Send> =
            if is_standard(path) { Box::new(io::stdout()) } else { Box::new(File::create(path)?) };
        Self::start(out, program, Box::new(System::new()))
    }

    /// Begins a recording of a program. How often frames are cut follows from these times.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub fn start(out: Box<dyn Write + Send>, program: &str, times: Box<dyn Times>) -> io::Result<Self> {
        let (work, receiver) = bounded(CHUNKS);
        let mut recorder = Self::nowhere(times);
        program.clone_into(&mut recorder.program);
        let counted = Arc::clone(&recorder.written);
        let write = move || write(out, &receiver, &counted);
        recorder.work = Some(work);
        recorder.writer = Some(thread::Builder::new().name("recorder".to_owned()).spawn(write)?);
        Ok(recorder)
    }

    /// What cuts frames as often as a recorder does, for whoever wants to see them, and records them nowhere.
    #[must_use]
    pub fn nowhere(times: Box<dyn Times>) -> Self {
        Self {
            program: String::new(),
            encoder: Encoder::default(),
            frame: Frame::default(),
            sequence: 0,
            clock: 0,
            times,
            last_frame: Duration::ZERO,
            last_residency: None,
            last_chunk: Duration::ZERO,
            thread_began: Duration::ZERO,
            cost: Duration::ZERO,
            residency_cost: Duration::ZERO,
            work: None,
            written: Arc::default(),
            writer: None,
        }
    }

    /// Cuts and records a frame if one is due. Says whether one was.
    pub fn look(&mut self, heap: &mut Heap) -> bool {
        let clock = heap.clock();
        let now = self.times.wall();
        let since = now.saturating_sub(self.last_frame);
        let is_due = clock - self.clock >= FRAME_BYTES || (clock > self.clock && since >= FRAME_TIME);
        let is_first = self.sequence == 0;
        if is_first {
            self.thread_began = self.times.thread();
        }
        let cuts = is_first || (is_due && since >= LEAST_TIME && self.has_room() && self.within_rate(now));
        if cuts {
            self.cut(heap, now);
        }
        if now.saturating_sub(self.last_chunk) >= CHUNK_TIME && self.encoder.waiting() > 0 && self.has_room() {
            self.flush();
        }
        cuts
    }

    /// The frame that was cut last.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Cuts and records a frame, whether or not one is due.
    pub fn cut_now(&mut self, heap: &mut Heap) {
        self.last_residency = None;
        self.cut(heap, self.times.wall());
    }

    /// Records a frame that somebody else cut, if it follows the last; a key frame always does. Says whether a key frame is
    /// wanted.
    pub fn take(&mut self, frame: &Frame) -> bool {
        if !frame.key && frame.sequence != self.sequence + 1 {
            return true;
        }
        if self.sequence == 0 {
            let description = Description::new(&self.program, &frame.counters.policy);
            self.send(Work::Begin(Box::new(description)));
        }
        self.sequence = frame.sequence;
        self.clock = frame.counters.clock;
        if self.work.is_none() {
            return false;
        }
        if let Some(chunk) = self.encoder.push(frame) {
            self.send(Work::Chunk(chunk));
            self.last_chunk = self.times.wall();
        }
        self.encoder.wants_key()
    }

    /// Whether another chunk could be sent without waiting. A recording that has ended has room for ever.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.work.as_ref().is_none_or(|work| work.len() + 1 < CHUNKS)
    }

    /// Sends what waits to be written, full or not.
    pub fn flush(&mut self) {
        self.last_chunk = self.times.wall();
        if let Some(chunk) = self.encoder.flush() {
            self.send(Work::Chunk(chunk));
        }
    }

    /// Writes what waits, and the index. Nothing is recorded afterwards.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush();
        self.work = None;
        match self.writer.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_panic)) => Err(io::Error::other("the recorder failed")),
        }
    }

    /// Whether what was written, and the time that it took, leave room for more.
    fn within_rate(&self, now: Duration) -> bool {
        let bytes = BURST as f64 + now.as_secs_f64() * BYTES_PER_SECOND as f64;
        let time = COST_BURST + self.times.thread().saturating_sub(self.thread_began) / COST_SHARE;
        let writer = Duration::from_nanos(self.written.nanos.load(Ordering::Relaxed));
        (self.written.bytes.load(Ordering::Relaxed) as f64) < bytes && self.cost + writer < time
    }

    fn cut(&mut self, heap: &mut Heap, now: Duration) {
        let begun = self.times.thread();
        // It may take no more than half of what frames may.
        let pause = RESIDENCY_TIME.max(self.residency_cost * COST_SHARE * 2);
        if self.last_residency.is_none_or(|since| now.saturating_sub(since) >= pause) {
            heap.measure_residency();
            self.last_residency = Some(now);
            self.residency_cost = self.times.thread().saturating_sub(begun);
        }
        let mut frame = std::mem::take(&mut self.frame);
        frame.key = self.sequence == 0 || self.encoder.wants_key();
        heap.cut_frame_into(&mut frame);
        if !frame.key && frame.sequence != self.sequence + 1 {
            // Somebody else cut frames meanwhile; what they took is in a key frame.
            frame.key = true;
            heap.cut_frame_into(&mut frame);
        }
        self.take(&frame);
        self.frame = frame;
        self.last_frame = self.times.wall();
        self.cost += self.times.thread().saturating_sub(begun);
    }

    fn send(&mut self, work: Work) {
        // The writer is gone when it could not write; `finish` says why.
        if self.work.as_ref().is_some_and(|sender| sender.send(work).is_err()) {
            self.work = None;
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.finish().ok();
    }
}

/// Whether a path stands for standard input or output.
#[must_use]
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Packs and writes what arrives, until nothing more will.
fn write(out: Box<dyn Write + Send>, work: &Receiver<Work>, written: &Written) -> io::Result<()> {
    let Ok(Work::Begin(description)) = work.recv() else { return Ok(()) };
    let mut writer = Writer::new(out, &description)?;
    for work in work {
        if let Work::Chunk(chunk) = work {
            writer.write(&chunk)?;
            written.bytes.store(writer.written(), Ordering::Relaxed);
            written.nanos.store(nanos(times::thread_time()), Ordering::Relaxed);
        }
    }
    writer.finish().map(drop)
}

/// A recorder that a host and its owner share.
#[derive(Clone, Debug)]
pub struct SharedRecorder(Arc<Mutex<Recorder>>);

impl SharedRecorder {
    /// Shares a recorder.
    #[must_use]
    pub fn new(recorder: Recorder) -> Self {
        Self(Arc::new(Mutex::new(recorder)))
    }

    /// The recorder.
    pub fn lock(&self) -> MutexGuard<'_, Recorder> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
