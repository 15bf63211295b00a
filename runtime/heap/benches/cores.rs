//! How long it takes to save a core of 6.5 million cells and to load it, at its home address and elsewhere.
//!
//! On a machine that others use too, the time of the processor says more than the clock on the wall.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use heapatlas_heap::core::{self, Check, Contents};
use heapatlas_heap::os::system;
use heapatlas_heap::{Heap, Value};
use rustix::time::{ClockId, clock_gettime};

const CELLS: u32 = 6_500_000;
const LANGUAGE: u64 = 1;
const ROUNDS: usize = 5;

fn load(path: &Path, check: Check) -> (Heap, Contents) {
    let file = File::open(path).expect("the core");
    core::load_file(system(), LANGUAGE, &file, check).expect("a heap")
}

/// What something took, by the clock on the wall and in time of the processor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Took {
    processor: Duration,
    wall: Duration,
}

fn timed<T>(what: impl FnOnce() -> T) -> (T, Took) {
    let processor = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
    };
    let (wall, before) = (Instant::now(), processor());
    let made = what();
    (made, Took { processor: processor() - before, wall: wall.elapsed() })
}

/// The median of several loads.
fn measure(path: &Path, check: Check) -> Took {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let ((heap, contents), took) = timed(|| load(path, check));
            assert_eq!(contents.roots.len(), 1);
            // SAFETY: no value of it is used any more.
            unsafe { heap.release() };
            took
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

#[expect(clippy::print_stdout, reason = "a benchmark reports")]
fn report(what: &str, took: Took) {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{what:20} {:7.1} ms of the processor, {:5.1} ns a cell; {:7.1} ms by the clock",
        milliseconds(took.processor),
        milliseconds(took.processor) * 1e6 / f64::from(CELLS),
        milliseconds(took.wall)
    );
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cells.core");
    let mut heap = Heap::new().expect("a heap");
    let mut list = Value::NIL;
    for number in 0..CELLS {
        list = heap.cons(Value::small(number), list).expect("room");
    }
    let (saved, took) = timed(|| core::save_file(&heap, LANGUAGE, &[list], &[], &path));
    saved.expect("a core");
    report("saving", took);
    report("loading, elsewhere", measure(&path, Check::Checksums));
    // SAFETY: no value of it is used any more.
    unsafe { heap.release() };
    // Where the heap was, which is the home of cores, nothing is in the way now.
    report("loading, at home", measure(&path, Check::Checksums));
    report("the same, verified", measure(&path, Check::Everything));
}
