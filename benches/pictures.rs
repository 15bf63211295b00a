//! How long it takes to draw a map of a million pages.
//!
//! `cargo bench --bench pictures` draws the same heap of 4 GiB, every page of it different from the next, in pixels and in
//! shapes, five times each. On a machine that others use too, the time of the processor says more than the clock.

#![allow(clippy::print_stdout, reason = "a benchmark tells what it measured")]

use std::time::{Duration, Instant};

use heapatlas::export::{self, Format, Title};
use heapatlas::format;
use heapatlas::model::HeapModel;
use heapatlas_heap::PageEntry;
use heapatlas_heap::frame::Frame;
use heapatlas_heap::terms::{Address, PAGE};
use rustix::time::{ClockId, clock_gettime};

const PAGES: usize = 1 << 20;
const BASE: usize = 1 << 44;
const ROUNDS: usize = 5;

/// A heap of pages as different from each other as can be.
fn heap() -> HeapModel {
    let mut random = fastrand::Rng::with_seed(1);
    let mut frame = Frame { sequence: 1, key: true, ..Frame::default() };
    frame.extents = vec![Address::new(BASE)..Address::new(BASE + PAGES * PAGE)];
    frame.runs = vec![(frame.extents[0].start, PAGES as u32)];
    frame.entries = std::iter::repeat_with(|| {
        let used = random.u64(..=256);
        let live = random.u64(..=used);
        PageEntry::from_fields([4 + random.u64(..2), 24, used, live, 0, 0, 0, 1, (256 - used) / 2, 0])
            .unwrap_or_default()
    })
    .take(PAGES)
    .collect();
    frame.counters.committed = (PAGES * PAGE) as u64;
    let mut model = HeapModel::default();
    model.apply(&frame);
    model
}

/// The time that this thread has had of a processor.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

fn main() -> std::io::Result<()> {
    let model = heap();
    let title = Title { program: "a million pages".to_owned(), ..Title::default() };
    for (name, format) in [("pixels", Format::Png), ("shapes", Format::Svg)] {
        let mut times = [(Duration::ZERO, Duration::ZERO); ROUNDS];
        let mut bytes = Vec::new();
        for (processor, wall) in &mut times {
            bytes.clear();
            let (begun, before) = (Instant::now(), thread_time());
            export::write(&mut bytes, format, &model, &title)?;
            (*processor, *wall) = (thread_time() - before, begun.elapsed());
        }
        times.sort();
        let (processor, wall) = times[ROUNDS / 2];
        println!(
            "{PAGES} pages in {name}: {processor:.0?} of the processor ({:.0?} to {:.0?}), {wall:.0?} by the clock, {}",
            times[0].0,
            times[ROUNDS - 1].0,
            format::bytes(bytes.len() as u64)
        );
    }
    Ok(())
}
