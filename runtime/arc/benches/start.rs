//! How long it takes until a program can run: with the library loaded from its text, and from a core.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use heapatlas_arc::error::ArcError;
use heapatlas_arc::host::NoHost;
use heapatlas_arc::libraries::BASE;
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::Heap;
use heapatlas_heap::core::Check;

const ROUNDS: usize = 50;

fn streams() -> Streams {
    Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) }
}

fn from_text() -> Result<Runtime, ArcError> {
    let mut runtime = Runtime::new(Heap::new().expect("a heap"), streams(), Box::new(NoHost))?;
    runtime.begin_library()?;
    BASE.into_iter().try_for_each(|library| runtime.load_library(library))?;
    Ok(runtime)
}

fn from_core(path: &Path) -> Result<Runtime, ArcError> {
    Runtime::from_core(path, Check::Checksums, streams(), Box::new(NoHost))
}

/// The median and the longest time of many starts.
fn measure(start: impl Fn() -> Result<Runtime, ArcError>) -> (Duration, Duration) {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let runtime = start().expect("a start");
            let time = began.elapsed();
            runtime.release();
            time
        })
        .collect();
    times.sort_unstable();
    (times[ROUNDS / 2], times[ROUNDS - 1])
}

#[expect(clippy::print_stdout, reason = "a benchmark reports")]
fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let core = folder.path().join("start.core");
    let mut runtime = from_text().expect("the library");
    let began = Instant::now();
    runtime.save_core(&core).expect("a core");
    let bytes = core.metadata().expect("a core").len();
    println!("saving the library: {:?}, {bytes} bytes", began.elapsed());
    let (median, longest) = measure(from_text);
    println!("from text:              median {median:?}, longest {longest:?}");
    let (median, longest) = measure(|| from_core(&core));
    println!("from the core:          median {median:?}, longest {longest:?}");
    runtime.release();
    // A runtime that lives where the core was meant for.
    let there = from_core(&core).expect("a start");
    let (median, longest) = measure(|| from_core(&core));
    println!("from the core, moved:   median {median:?}, longest {longest:?}");
    there.release();
}
