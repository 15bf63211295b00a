//! How long it takes to open a large recording and to seek in it, and how much memory.
//!
//! `cargo bench --bench recording` writes a synthetic recording of a heap of 256 MiB, of which a few hundred pages change from
//! frame to frame, as large as an hour of it may be; `-- 2048` makes it 2048 MiB. Then it opens it with its index and
//! without, and seeks to 100 random moments.

#![allow(clippy::print_stdout, reason = "a benchmark tells what it measured")]

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::{Duration, Instant};

use heapatlas::model::HeapModel;
use heapatlas::recording::description::Description;
use heapatlas::recording::encode::Encoder;
use heapatlas::recording::reader::{At, Recording};
use heapatlas::recording::writer::Writer;
use heapatlas_heap::frame::Frame;
use heapatlas_heap::terms::{Address, PAGE};
use heapatlas_heap::{PageEntry, Policy};

/// Pages of the heap.
const PAGES: usize = (256 << 20) / PAGE;
/// Where it lies.
const BASE: usize = 1 << 44;
/// Pages that change from one frame to the next.
const CHANGED: usize = 400;
/// Bytes allocated from one frame to the next.
const CLOCK: u64 = CHANGED as u64 * PAGE as u64;
/// An hour of a recording at most.
const MEBIBYTES: u64 = 185;

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

/// A frame: of every page, or of some that changed, in runs as the allocator takes them.
fn cut(random: &mut fastrand::Rng, sequence: u64, key: bool) -> Frame {
    let mut frame = Frame { sequence, key, wall: Duration::from_millis(16) * sequence as u32, ..Frame::default() };
    frame.counters.clock = CLOCK * sequence;
    frame.counters.committed = (PAGES * PAGE) as u64;
    frame.extents = vec![Address::new(BASE)..Address::new(BASE + PAGES * PAGE)];
    let runs =
        if key { vec![(0, PAGES)] } else { (0..CHANGED / 16).map(|_| (random.usize(..PAGES / 16) * 16, 16)).collect() };
    for (first, count) in runs {
        frame.runs.push((Address::new(BASE + first * PAGE), count as u32));
        frame.entries.extend((0..count).map(|_| entry(random, CLOCK * sequence)));
    }
    frame
}

/// Writes a recording of so many bytes; gives how many frames it has.
fn write(path: &Path, bytes: u64) -> std::io::Result<u64> {
    let mut random = fastrand::Rng::with_seed(1);
    let out = BufWriter::new(File::create(path)?);
    let mut writer = Writer::new(out, &Description::new("synthetic", &Policy::default()))?;
    let mut encoder = Encoder::default();
    let mut sequence = 0;
    while writer.written() < bytes {
        sequence += 1;
        let key = sequence == 1 || encoder.wants_key();
        if let Some(chunk) = encoder.push(&cut(&mut random, sequence, key)) {
            writer.write(&chunk)?;
        }
    }
    if let Some(chunk) = encoder.flush() {
        writer.write(&chunk)?;
    }
    writer.finish()?;
    Ok(sequence)
}

/// A number of kibibytes that the system tells of this process.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mebibytes = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(MEBIBYTES);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("synthetic.atlas");
    let begun = Instant::now();
    let frames = write(&path, mebibytes << 20)?;
    println!("written: {mebibytes} MiB, {frames} frames in {:.1?}", begun.elapsed());
    let begun = Instant::now();
    let recording = Recording::open(&path)?;
    println!("opened with its index in {:.2?}", begun.elapsed());
    let mut random = fastrand::Rng::with_seed(2);
    let before = status("RssAnon");
    let (mut longest, mut sum) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..100 {
        let at = At::Clock(random.u64(CLOCK..=recording.index().last.clock));
        let begun = Instant::now();
        let mut model = HeapModel::default();
        recording.replay(at, &mut |frame| {
            model.apply(frame);
        })?;
        longest = longest.max(begun.elapsed());
        sum += begun.elapsed();
    }
    let grown = (status("RssAnon").saturating_sub(before)) / 1024;
    println!("100 moments sought: {:.1?} on average, {longest:.1?} at most; {grown} MiB more memory", sum / 100);
    let file = File::options().write(true).open(&path)?;
    file.set_len(file.metadata()?.len() - 1)?;
    let begun = Instant::now();
    let keys = Recording::open(&path)?.index().keys.len();
    println!("opened without its index in {:.2?}: {keys} key frames", begun.elapsed());
    Ok(())
}
