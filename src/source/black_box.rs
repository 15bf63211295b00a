//! The black box: when the heap is exhausted, a snapshot of it in a file, with what was asked for in vain and what happened
//! last, for whoever comes too late to ask.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use heapatlas_heap::frame::{Frame, Happening};
use heapatlas_heap::terms::PAGE;
use heapatlas_heap::{Exhausted, Heap};

use crate::exhaustion;
use crate::recording::description::{Description, Occasion};
use crate::recording::encode::Encoder;
use crate::recording::writer::Writer;

/// Events kept.
const EVENTS: usize = 1000;
/// A program that handles one exhaustion after the other does not fill the disk.
const FILES_MOST: u32 = 8;
/// Bytes that writing a snapshot takes for each page of the heap, about: its frame, its columns, and those packed.
const BYTES_A_PAGE: usize = 64;

/// What writes snapshots of an exhausted heap.
pub struct BlackBox {
    folder: PathBuf,
    program: String,
    /// The latest events of the frames that were cut, oldest first.
    events: VecDeque<Happening>,
    written: u32,
    /// Says in one line what became of a snapshot.
    tell: Box<dyn Fn(String) + Send>,
}

impl fmt::Debug for BlackBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlackBox").field("folder", &self.folder).field("written", &self.written).finish_non_exhaustive()
    }
}

impl BlackBox {
    /// A black box that puts its files in a folder.
    #[must_use]
    pub fn new(folder: PathBuf, program: String, tell: Box<dyn Fn(String) + Send>) -> Self {
        Self { folder, program, events: VecDeque::new(), written: 0, tell }
    }

    /// Remembers the events of a frame that was cut for somebody else.
    pub fn see(&mut self, events: &[Happening]) {
        self.events.extend(events.iter().cloned());
        let surplus = self.events.len().saturating_sub(EVENTS);
        self.events.drain(..surplus);
    }

    /// Writes a snapshot of an exhausted heap, and says where, or why not.
    pub fn write(&mut self, heap: &mut Heap, exhausted: &Exhausted) {
        if self.written == FILES_MOST {
            return;
        }
        self.written += 1;
        let path = self.folder.join(format!("heapatlas-{}-{}.atlas", std::process::id(), self.written));
        let line = match self.try_write(&path, heap, exhausted) {
            Ok(()) => format!("heap exhausted: what it was like is in {}", path.display()),
            Err(error) => format!("heap exhausted, and the black box can't write {}: {error}", path.display()),
        };
        (self.tell)(line);
    }

    fn try_write(&mut self, path: &PathBuf, heap: &mut Heap, exhausted: &Exhausted) -> io::Result<()> {
        // Rust ends a process whose allocator is refused memory, so that is found out first.
        let needed = heap.counters().committed as usize / PAGE * BYTES_A_PAGE;
        Vec::<u8>::new().try_reserve_exact(needed).map_err(|_refused| io::ErrorKind::OutOfMemory)?;
        heap.measure_residency();
        let mut frame = heap.cut_frame(true);
        self.see(&frame.events);
        frame.events = self.events.iter().cloned().collect();
        fs::create_dir_all(&self.folder)?;
        let out = File::create(path)?;
        let description = Description { occasion: Some(occasion(exhausted)), ..self.description(&frame) };
        let mut writer = Writer::new(out, &description)?;
        let mut encoder = Encoder::default();
        encoder.push(&frame);
        if let Some(chunk) = encoder.flush() {
            writer.write(&chunk)?;
        }
        writer.finish().map(drop)
    }

    fn description(&self, frame: &Frame) -> Description {
        Description::new(&self.program, &frame.counters.policy)
    }
}

fn occasion(exhausted: &Exhausted) -> Occasion {
    Occasion {
        what: exhaustion::sentence(exhausted),
        request_bytes: exhausted.request as u64,
        by_system: exhausted.by_system,
        limit_bytes: exhausted.limit.map(|bytes| bytes as u64),
        largest_free_run_bytes: exhausted.largest_free as u64,
    }
}
