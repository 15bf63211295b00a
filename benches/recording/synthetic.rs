//! Recordings of heaps that never were: as large, or of as many frames, as one likes, and written quickly.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use heapatlas::recording::description::Description;
use heapatlas::recording::encode::Encoder;
use heapatlas::recording::writer::Writer;
use heapatlas_heap::frame::Frame;
use heapatlas_heap::terms::{Address, PAGE};
use heapatlas_heap::{PageEntry, Policy};

/// Where the heap lies.
const BASE: usize = 1 << 44;
/// Adjacent pages that change together, as the allocator takes them.
const RUN: usize = 16;
/// Frames of changes that are made up; then they come again, for making them up takes longer than writing them.
const PERIOD: u64 = 256;

/// A heap, and what happens in it.
pub(crate) struct Synthetic {
    /// Pages of the heap.
    pages: usize,
    /// Runs of pages that change from one frame to the next.
    runs: usize,
}

/// 256 MiB, of which 400 pages change from one frame to the next.
pub(crate) const BUSY: Synthetic = Synthetic { pages: 1 << 16, runs: 25 };
/// 1 MiB, of which 16 pages change.
pub(crate) const SMALL: Synthetic = Synthetic { pages: 256, runs: 1 };

/// When a recording is long enough.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// With so many bytes.
    Bytes(u64),
    /// With so many frames.
    Frames(u64),
}

/// The entry of a page in the middle of its life.
fn entry(random: &mut fastrand::Rng, clock: u64) -> PageEntry {
    let used = random.u64(..=256);
    let live = random.u64(..=used);
    let fields = [
        4 + random.u64(..2),
        24,
        used,
        live,
        random.u64(..=live),
        0,
        0,
        random.u64(..=9),
        (256 - used) / 2,
        clock >> 12,
    ];
    PageEntry::from_fields(fields).unwrap_or_default()
}

impl Synthetic {
    /// A frame that knows no time yet: of every page, or of some that changed.
    fn cut(&self, random: &mut fastrand::Rng, sequence: u64, key: bool) -> Frame {
        let mut frame = Frame { key, ..Frame::default() };
        frame.counters.committed = (self.pages * PAGE) as u64;
        frame.extents = vec![Address::new(BASE)..Address::new(BASE + self.pages * PAGE)];
        let runs = if key {
            vec![(0, self.pages)]
        } else {
            (0..self.runs).map(|_| (random.usize(..self.pages / RUN) * RUN, RUN)).collect()
        };
        for (first, count) in runs {
            frame.runs.push((Address::new(BASE + first * PAGE), count as u32));
            frame.entries.extend((0..count).map(|_| entry(random, self.clock(sequence))));
        }
        frame
    }

    /// The allocation clock at a frame.
    fn clock(&self, sequence: u64) -> u64 {
        (self.runs * RUN * PAGE) as u64 * sequence
    }

    /// Writes a recording; gives how many frames it has.
    pub(crate) fn write(&self, path: &Path, until: Until) -> std::io::Result<u64> {
        let mut random = fastrand::Rng::with_seed(1);
        let out = File::create(path)?;
        let mut writer = Writer::new(out, &Description::new("synthetic", &Policy::default()))?;
        let mut encoder = Encoder::default();
        let mut key = self.cut(&mut random, 0, true);
        let mut changes: Vec<Frame> = (0..PERIOD).map(|sequence| self.cut(&mut random, sequence, false)).collect();
        let mut sequence = 0;
        loop {
            let goes_on = match until {
                Until::Bytes(bytes) => writer.written() < bytes,
                Until::Frames(frames) => sequence < frames,
            };
            if !goes_on {
                break;
            }
            sequence += 1;
            let is_key = sequence == 1 || encoder.wants_key();
            let frame = if is_key { &mut key } else { &mut changes[(sequence % PERIOD) as usize] };
            (frame.sequence, frame.wall) = (sequence, Duration::from_millis(16 * sequence));
            frame.counters.clock = self.clock(sequence);
            if let Some(chunk) = encoder.push(frame) {
                writer.write(&chunk)?;
            }
        }
        if let Some(chunk) = encoder.flush() {
            writer.write(&chunk)?;
        }
        writer.finish()?;
        Ok(sequence)
    }
}
