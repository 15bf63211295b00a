//! The black box: when the heap is exhausted or a fatal signal ends the process, a snapshot in a file, with what was asked
//! for in vain and what happened last, for whoever comes too late to ask.
//!
//! An exhausted heap is looked at itself. What a fatal signal has interrupted is not: the snapshot is what the frames told
//! until then, and a thread of its own writes it, see [`super::fatal`].

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use heapatlas_heap::frame::{Frame, Happening};
use heapatlas_heap::terms::PAGE;
use heapatlas_heap::{Exhausted, Heap};

use super::fatal;
use crate::exhaustion;
use crate::model::{Applied, HeapModel};
use crate::recording::description::{Description, Occasion};
use crate::recording::encode::Encoder;
use crate::recording::writer::Writer;

/// Events kept.
const EVENTS: usize = 1000;
/// A program that handles one exhaustion after the other does not fill the disk.
const FILES_MOST: u32 = 8;
/// Bytes that writing a snapshot takes for each page of the heap, about: entries in two frames and the model, fields,
/// columns, and those packed.
const BYTES_A_PAGE: usize = 192;

/// What writes snapshots.
#[derive(Clone, Debug)]
pub struct BlackBox(Arc<Mutex<Contents>>);

impl BlackBox {
    /// A black box that puts its files in a folder. It is the one that hears of a fatal signal, unless another is made.
    #[must_use]
    pub fn new(folder: PathBuf, program: String, tell: Box<dyn Fn(String) + Send>) -> Self {
        let (model, events) = (HeapModel::default(), VecDeque::new());
        let contents = Arc::new(Mutex::new(Contents { folder, program, model, events, written: 0, tell }));
        fatal::watch_for(&contents);
        Self(contents)
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what a frame tells that was cut for somebody else. Says whether it follows what was seen before: without a
    /// key frame nothing that follows can be remembered.
    pub fn see(&self, frame: &Frame) -> bool {
        self.lock().see(frame)
    }

    /// Writes a snapshot of an exhausted heap, and says where, or why not.
    pub fn write(&self, heap: &mut Heap, exhausted: &Exhausted) {
        self.lock().write_exhausted(heap, exhausted);
    }
}

/// What a black box knows.
pub(super) struct Contents {
    folder: PathBuf,
    program: String,
    /// What the frames told that were cut so far.
    model: HeapModel,
    /// Their latest events, oldest first.
    events: VecDeque<Happening>,
    written: u32,
    /// Says in one line what became of a snapshot.
    tell: Box<dyn Fn(String) + Send>,
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").field("folder", &self.folder).field("written", &self.written).finish_non_exhaustive()
    }
}

impl Contents {
    fn see(&mut self, frame: &Frame) -> bool {
        self.events.extend(frame.events.iter().cloned());
        let surplus = self.events.len().saturating_sub(EVENTS);
        self.events.drain(..surplus);
        self.model.apply(frame) == Applied::UpToDate
    }

    fn write_exhausted(&mut self, heap: &mut Heap, exhausted: &Exhausted) {
        if self.written == FILES_MOST {
            return;
        }
        let committed = heap.counters().committed as usize;
        self.write(committed, occasion(exhausted), |contents| {
            heap.measure_residency();
            contents.see(&heap.cut_frame(true));
        });
    }

    /// Writes what is known when a signal ends the process, and says where, or why not.
    pub(super) fn write_fatal(&mut self, signal: &str) {
        let committed = self.model.counters().committed as usize;
        let what = format!("fatal signal {signal}");
        self.write(committed, Occasion { what, ..Occasion::default() }, |_contents| ());
    }

    /// Brings up to date what is known of a heap of so many bytes, writes it, and says where, or why not.
    fn write(&mut self, committed: usize, occasion: Occasion, update: impl FnOnce(&mut Self)) {
        self.written += 1;
        let path = self.folder.join(format!("heapatlas-{}-{}.atlas", std::process::id(), self.written));
        let what = occasion.what.split(':').next().unwrap_or_default().to_owned();
        // Rust ends a process whose allocator is refused memory, so that is found out first.
        let needed = committed / PAGE * BYTES_A_PAGE;
        let has_room = Vec::<u8>::new().try_reserve_exact(needed).map_err(|_refused| io::ErrorKind::OutOfMemory.into());
        let written = has_room.and_then(|()| {
            update(self);
            self.write_file(&path, occasion)
        });
        let line = match written {
            Ok(()) => format!("{what}: what the heap was like is in {}", path.display()),
            Err(error) => format!("{what}, and the black box can't write {}: {error}", path.display()),
        };
        (self.tell)(line);
    }

    fn write_file(&self, path: &PathBuf, occasion: Occasion) -> io::Result<()> {
        let mut frame = self.model.key_frame();
        frame.events = self.events.iter().cloned().collect();
        fs::create_dir_all(&self.folder)?;
        let out = File::create(path)?;
        let description = Description::new(&self.program, &frame.counters.policy);
        let mut writer = Writer::new(out, &Description { occasion: Some(occasion), ..description })?;
        let mut encoder = Encoder::default();
        encoder.push(&frame);
        if let Some(chunk) = encoder.flush() {
            writer.write(&chunk)?;
        }
        writer.finish().map(drop)
    }
}

fn occasion(exhausted: &Exhausted) -> Occasion {
    Occasion {
        what: exhaustion::sentence(exhausted),
        request_bytes: Some(exhausted.request as u64),
        by_system: exhausted.by_system,
        limit_bytes: exhausted.limit.map(|bytes| bytes as u64),
        largest_free_run_bytes: Some(exhausted.largest_free as u64),
    }
}
