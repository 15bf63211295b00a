//! One runtime for one input: it starts from a core, stops when its budget is spent, and can't leave the process.

use std::io::{self, Cursor};
use std::path::PathBuf;
use std::sync::LazyLock;

use heapatlas_arc::error::ArcError;
use heapatlas_arc::host::{Host, NoHost, Verdict};
use heapatlas_arc::libraries::BASE;
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::Heap;
use heapatlas_heap::core::Check;

/// What leaves the process or waits for something outside it. A trial's program finds nil there.
const DOORS: &[&str] = &[
    "system",
    "pipe-from",
    "infile",
    "outfile",
    "dir",
    "rmfile",
    "mvfile",
    "save-core",
    "sleep",
    "setuid",
    "open-socket",
    "socket-accept",
    "socket-connect",
];

/// Calls between two looks at the budget.
const CALLS: u32 = 500;

/// No program needs more memory to find a bug.
const SOFT_LIMIT: usize = 32 << 20;

/// Stops a program that came to a number of safepoints.
#[derive(Debug)]
struct Budget {
    looks: u32,
}

impl Host for Budget {
    fn look(&mut self, _heap: &mut Heap) -> Verdict {
        self.looks = self.looks.saturating_sub(1);
        if self.looks == 0 { Verdict::Stop } else { Verdict::Go { calls: CALLS } }
    }
}

/// A core with the base library loaded and the doors closed.
static CORE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder for the core").keep();
    let path = folder.join("fuzz.core");
    let streams = streams(Vec::new());
    let mut runtime = Runtime::new(Heap::new().expect("a heap"), streams, Box::new(NoHost)).expect("a runtime");
    runtime.begin_library().expect("room for the library");
    for library in BASE {
        runtime.load_library(library).expect("the library");
    }
    for door in DOORS {
        runtime.evaluate(&format!("(assign {door} nil)"), "doors").expect("a closed door");
    }
    runtime.save_core(&path).expect("a core");
    runtime.release();
    path
});

fn streams(input: Vec<u8>) -> Streams {
    Streams { input: Box::new(Cursor::new(input)), output: Box::new(io::sink()), errors: Box::new(io::sink()) }
}

/// How much a trial may do, and how closely the heap is watched.
#[derive(Clone, Copy, Debug)]
pub struct Care {
    /// Safepoints after which the program is stopped; under stress every call is one, else every 500th.
    pub looks: u32,
    /// Collect at every safepoint.
    pub stress: bool,
    /// Verify the heap after every collection, and collect at the end.
    pub verify: bool,
    /// The soft limit in bytes.
    pub limit: usize,
}

impl Default for Care {
    fn default() -> Self {
        Self { looks: 100, stress: false, verify: true, limit: SOFT_LIMIT }
    }
}

/// Evaluates a program that finds `input` on its standard input.
///
/// # Panics
/// When the runtime has a bug.
pub fn evaluate(program: &str, input: &[u8], care: Care) -> Result<Option<String>, ArcError> {
    let budget = Budget { looks: care.looks };
    let streams = streams(input.to_vec());
    let mut runtime = Runtime::from_core(&CORE, Check::Checksums, streams, Box::new(budget)).expect("a start");
    runtime.heap().set_limit(Some(care.limit));
    runtime.set_verify(care.verify);
    runtime.heap().set_stress(care.stress);
    let result = runtime.evaluate(program, "trial");
    if care.verify {
        runtime.heap().set_stress(false);
        runtime.collect();
    }
    runtime.release();
    result
}
