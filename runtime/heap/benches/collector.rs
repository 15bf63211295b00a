//! What allocating and collecting cost: `cargo bench -p heapatlas-heap`.
//!
//! Each figure is the median of five runs; those that are compared take turns. Nothing here is a test: it prints.

#![allow(unsafe_code, reason = "benchmarks collect")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and stops when it can't go on")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use heapatlas_heap::gc::Roots;
use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::terms::{GRANULE, GcCause, GcPhase, GcUnit};
use heapatlas_heap::{Due, Heap, Value};

const RUNS: usize = 5;

struct List(Vec<Value>);

impl Roots for List {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.0.iter_mut().for_each(visit);
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn report(name: &str, figure: f64, unit: &str) {
    println!("{name:<58} {figure:>9.2} {unit}");
}

fn nanoseconds(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

/// Lets pacing have what is due.
fn safepoint(heap: &mut Heap, roots: &mut List) {
    if heap.due() != Due::Nothing {
        // SAFETY: the only values used afterwards are in the roots.
        unsafe { heap.collect_slice(roots) };
    }
}

/// Cells, of which every sixteenth is kept for a while.
fn garbage_loop(cells: usize) -> f64 {
    let mut heap = Heap::new().unwrap();
    let mut roots = List(vec![Value::NIL; 4096]);
    let since = Instant::now();
    for n in 0..cells {
        let cell = heap.cons(Value::small(n as u32), Value::NIL).unwrap();
        if n % 16 == 0 {
            roots.0[n / 16 % 4096] = cell;
        }
        if heap.tick() {
            safepoint(&mut heap, &mut roots);
            heap.set_countdown(1000);
        }
    }
    let time = since.elapsed();
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
    nanoseconds(time, cells)
}

/// The same of the system's allocator in use, freed one by one.
fn malloc_loop(cells: usize) -> f64 {
    let mut kept: Vec<Option<Box<[u64; 2]>>> = (0..4096).map(|_| None).collect();
    let since = Instant::now();
    for n in 0..cells {
        let cell = black_box(Box::new([n as u64, 0]));
        if n % 16 == 0 {
            kept[n / 16 % 4096] = Some(cell);
        }
    }
    nanoseconds(since.elapsed(), cells)
}

fn list(heap: &mut Heap, cells: usize) -> Value {
    (0..cells).fold(Value::NIL, |rest, n| heap.cons(Value::small(n as u32), rest).unwrap())
}

/// As many cells in so many lists that grow in turns: neighbours in a list lie far apart.
fn scattered(heap: &mut Heap, cells: usize, lists: usize) -> List {
    let mut roots = List(vec![Value::NIL; lists]);
    let mut at = 1;
    for n in 0..cells {
        at = (at * 48_271) % 0x7fff_ffff;
        let slot = at % lists;
        roots.0[slot] = heap.cons(Value::small(n as u32), roots.0[slot]).unwrap();
    }
    roots
}

/// Marks and sweeps a heap once, phase by phase: nanoseconds a cell, milliseconds.
fn mark_and_sweep(heap: &mut Heap, roots: &mut List, cells: usize) -> (f64, f64) {
    let (mut mark, mut sweep) = (Duration::ZERO, Duration::ZERO);
    loop {
        let since = Instant::now();
        // SAFETY: the only values used afterwards are in the roots.
        let report = unsafe { heap.collect_step(GcUnit::Phase, GcCause::Allocation, roots) };
        match report.began_in {
            GcPhase::Mark => mark += since.elapsed(),
            GcPhase::Sweep => sweep += since.elapsed(),
            _ => {}
        }
        if heap.gc_phase() == GcPhase::Idle {
            return (nanoseconds(mark, cells), sweep.as_secs_f64() * 1e3);
        }
    }
}

/// Pauses while allocating beside `live` bytes of cells: the longest, and what 99 of 100 do not exceed, in milliseconds.
fn pauses(live: usize) -> (f64, f64, Option<(GcPhase, f64)>) {
    let mut heap = Heap::new().unwrap();
    // The lists hang on one long vector.
    let lists = scattered(&mut heap, live / GRANULE, 65_536).0;
    let holder = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, lists.len() * 8).unwrap();
    for (index, list) in lists.into_iter().enumerate() {
        heap.set_value(holder, index, list);
    }
    let mut roots = List(vec![Value::NIL; 1025]);
    roots.0[1024] = Value::object(holder);
    let mut worst = None;
    let mut all = Vec::new();
    for n in 0..60_000_000_u32 {
        let cell = heap.cons(Value::small(n), Value::NIL).unwrap();
        if n % 7 == 0 {
            roots.0[n as usize % 1024] = cell;
        }
        if heap.tick() {
            let phase = heap.gc_phase();
            let since = Instant::now();
            safepoint(&mut heap, &mut roots);
            let time = since.elapsed().as_secs_f64() * 1e3;
            all.push(time);
            if worst.is_none_or(|(_, worst)| worst < time) {
                worst = Some((phase, time));
            }
            heap.set_countdown(1000);
        }
    }
    all.sort_by(f64::total_cmp);
    let all: Vec<_> = all.into_iter().filter(|time| *time > 0.001).collect();
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
    let pause = |share: usize| all[(all.len() - 1) * share / 100];
    (pause(100), pause(99), worst)
}

fn allocation() {
    let cells = 20_000_000;
    let (ours, theirs): (Vec<_>, Vec<_>) = (0..RUNS).map(|_| (garbage_loop(cells), malloc_loop(cells))).unzip();
    report("garbage loop, a cell, collection included", median(ours), "ns");
    report("the same with malloc and free", median(theirs), "ns");
}

fn marking() {
    let cells = (100 << 20) / GRANULE;
    let mut heap = Heap::new().unwrap();
    let mut roots = List(vec![list(&mut heap, cells)]);
    let (mark, sweep): (Vec<_>, Vec<_>) = (0..RUNS).map(|_| mark_and_sweep(&mut heap, &mut roots, cells)).unzip();
    report("marking 100 MiB of cells in order, a cell", median(mark), "ns");
    report("sweeping them", median(sweep), "ms");
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
    let mut heap = Heap::new().unwrap();
    let mut roots = scattered(&mut heap, cells, 65_536);
    let (mark, _): (Vec<_>, Vec<_>) = (0..RUNS).map(|_| mark_and_sweep(&mut heap, &mut roots, cells)).unzip();
    report("marking them scattered over 65,536 lists, a cell", median(mark), "ns");
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
}

fn pausing() {
    for live in [100 << 20, 500 << 20] {
        let (longest, most, worst) = pauses(live);
        report(&format!("longest pause beside {} MiB that live", live >> 20), longest, "ms");
        report("what 99 of 100 do not exceed", most, "ms");
        println!("    the longest was in {worst:?}");
    }
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// One allocation of the trace: nine in ten are cells and small objects, nine in a hundred have 64 to 512 bytes, one in a
/// hundred has 1 to 64 KiB.
fn allocate_some(heap: &mut Heap, dice: &mut Dice) -> Value {
    let bytes = |heap: &mut Heap, bytes: u64| {
        let object = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, bytes as usize).unwrap();
        heap.bytes_mut(object).fill(1);
        Value::object(object)
    };
    match dice.roll(100) {
        0 => {
            let size = 1024 << dice.roll(6);
            let size = size + dice.roll(size);
            bytes(heap, size)
        }
        1..10 => {
            let size = 64 + dice.roll(449);
            bytes(heap, size)
        }
        10..40 => {
            let size = 1 + dice.roll(48);
            bytes(heap, size)
        }
        _ => heap.cons(Value::T, Value::NIL).unwrap(),
    }
}

/// A trace like that of a Lisp: a fifth of what is allocated stays for ever, the rest dies after 100,000 allocations in
/// the mean. Then nine in ten of what is left die at random.
fn trace() {
    const ALLOCATIONS: usize = 4_000_000;
    const MORTAL: u64 = 100_000;
    let mut heap = Heap::new().unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut roots = List(vec![Value::NIL; MORTAL as usize]);
    for _ in 0..ALLOCATIONS {
        let value = allocate_some(&mut heap, &mut dice);
        if dice.roll(5) == 0 {
            roots.0.push(value);
        } else {
            roots.0[dice.roll(MORTAL) as usize] = value;
        }
        if heap.tick() {
            safepoint(&mut heap, &mut roots);
            heap.set_countdown(100);
        }
    }
    let ratio = |heap: &mut Heap| {
        heap.measure_residency();
        let balance = heap.counters().balance;
        balance.resident().map_or(f64::NAN, |resident| resident as f64 / balance.live as f64)
    };
    report("trace: resident / live as the program leaves it", ratio(&mut heap), "x");
    // SAFETY: the only values used afterwards are in the roots.
    unsafe { heap.collect(GcCause::Asked, &mut roots) };
    report("the same after a collection", ratio(&mut heap), "x");
    for root in &mut roots.0 {
        if dice.roll(10) > 0 {
            *root = Value::NIL;
        }
    }
    let since = Instant::now();
    // SAFETY: as above.
    unsafe { heap.collect(GcCause::Asked, &mut roots) };
    report("after nine in ten have died, and one collection", ratio(&mut heap), "x");
    report("which took", since.elapsed().as_secs_f64() * 1e3, "ms");
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
}

fn main() {
    // As with `cargo test`, a word chooses among them: allocation, marking, pauses, trace.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let all: [(&str, fn()); 4] =
        [("allocation", allocation), ("marking", marking), ("pauses", pausing), ("trace", trace)];
    for (name, run) in all {
        if chosen.is_empty() || chosen.iter().any(|word| name.contains(word.as_str())) {
            run();
        }
    }
}
