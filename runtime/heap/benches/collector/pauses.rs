//! How long the program stands still, beside much that lives.
//!
//! A machine that others use too stops a thread now and then, and books part of that to the thread. So as many pieces of
//! plain reading are timed beside the slices: what is longer there as well is not the collector's.

use std::hint::black_box;
use std::time::{Duration, Instant};

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::terms::{GRANULE, GcPhase};
use heapatlas_heap::{Due, Heap, Value};

use crate::measure::{bar, milliseconds, report, thread_time, timed};
use crate::program::{Dice, List, safepoint, scattered};

/// Cells allocated beside what lives: enough for several cycles.
const CELLS: u32 = 60_000_000;
/// What a slice should take at most.
const SLICE: Duration = Duration::from_micros(500);

/// One pause: where the collector was when it began, time on the processor, time that went by.
struct Pause {
    phase: GcPhase,
    worked: Duration,
    passed: Duration,
}

/// Pauses while allocating beside `live` bytes of cells in lists that hang on one long vector.
fn pauses(live: usize) -> (Vec<Pause>, u64) {
    let mut heap = Heap::new().unwrap();
    let lists = scattered(&mut heap, live / GRANULE, 65_536).0;
    let holder = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, lists.len() * 8).unwrap();
    for (index, list) in lists.into_iter().enumerate() {
        heap.set_value(holder, index, list);
    }
    let mut roots = List(vec![Value::NIL; 1025]);
    roots.0[1024] = Value::object(holder);
    let cycles = heap.gc_stats().cycles;
    let mut all = Vec::new();
    for n in 0..CELLS {
        let cell = heap.cons(Value::small(n), Value::NIL).unwrap();
        if n % 7 == 0 {
            roots.0[n as usize % 1024] = cell;
        }
        if heap.tick() {
            if heap.due() != Due::Nothing {
                let phase = heap.gc_phase();
                let (since, began) = (thread_time(), Instant::now());
                safepoint(&mut heap, &mut roots);
                all.push(Pause { phase, worked: thread_time() - since, passed: began.elapsed() });
            }
            heap.set_countdown(1000);
        }
    }
    let cycles = heap.gc_stats().cycles - cycles;
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
    (all, cycles)
}

/// Words that a piece of plain reading reads, in no order.
const READS: usize = 2000;

/// How long as many pieces of plain reading take, from as much memory as lives beside the slices.
fn reading(pieces: usize, live: usize) -> Vec<Duration> {
    let words: Vec<u64> = (0..live as u64 / 8).collect();
    let mut dice = Dice::new();
    let piece = |_| {
        let (sum, took) =
            timed(|| (0..READS).map(|_| words[dice.roll(words.len() as u64) as usize]).fold(0, u64::wrapping_add));
        black_box(sum);
        took
    };
    (0..pieces).map(piece).collect()
}

/// What a share of some times, in hundredths, do not exceed: milliseconds.
fn percentile(times: impl Iterator<Item = Duration>, share: usize) -> f64 {
    let mut sorted: Vec<_> = times.collect();
    sorted.sort_unstable();
    milliseconds(sorted[(sorted.len() - 1) * share / 100])
}

pub(crate) fn bench() {
    for live in [100 << 20, 500 << 20] {
        let (all, cycles) = pauses(live);
        println!("{} slices of {cycles} cycles beside {} MiB that live:", all.len(), live >> 20);
        for share in [50, 99] {
            let of = format!("    what {share} of 100 do not exceed");
            report(&of, percentile(all.iter().map(|pause| pause.worked), share), "ms");
        }
        let long = all.iter().filter(|pause| pause.worked > SLICE).count();
        let longer = all.iter().filter(|pause| pause.worked > 4 * SLICE).count();
        println!("    {longer} above 2 ms");
        report("    share above 0.5 ms", long as f64 / all.len() as f64 * 100.0, "%");
        bar("    longest", percentile(all.iter().map(|pause| pause.worked), 100), "ms", 2.0);
        report("    longest by the wall clock", percentile(all.iter().map(|pause| pause.passed), 100), "ms");
        let read = reading(all.len(), live);
        let longer = read.iter().filter(|time| **time > 4 * SLICE).count();
        let (half, most) = (percentile(read.iter().copied(), 50), percentile(read.iter().copied(), 100));
        println!(
            "    as many pieces of plain reading: half within {half:.3} ms, {longer} above 2 ms, longest {most:.3} ms"
        );
        for phase in GcPhase::ALL {
            let of_phase = || all.iter().filter(|pause| pause.phase == phase).map(|pause| pause.worked);
            if of_phase().next().is_some() {
                let (half, most) = (percentile(of_phase(), 50), percentile(of_phase(), 100));
                println!("        begun in {:<10} half within {half:.3} ms, longest {most:.3} ms", phase.name());
            }
        }
    }
}
