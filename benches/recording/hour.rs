//! An hour of a busy program, at speed: a real heap of which 256 MiB live, recorded as the recorder does it, whose times
//! are those at which a program that allocates so much a second would come by.

use std::error::Error;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use heapatlas::format;
use heapatlas::recording::reader::Recording;
use heapatlas::source::program::Program;
use heapatlas::source::recorder::{Recorder, SharedRecorder};
use heapatlas::source::times::Times;
use heapatlas_arc::Streams;
use heapatlas_arc::host::{Host, Verdict};
use heapatlas_heap::Heap;

use super::thread_time;

const HOUR: Duration = Duration::from_secs(3600);
/// Calls between two looks: some ten kilobytes of allocation.
const CALLS: u32 = 100;

/// A cache of records of a kilobyte or so. Of eight that are made one stays, in the place of one that is there.
const PROGRAM: &str = "
    (= places 262144 cache (table))
    (def record () (let size (+ 100 (rand 1800)) (list size (newstring size))))
    (for place 0 (- places 1) (= (cache place) (record)))
    (while t (let made (record) (if (is 0 (rand 8)) (= (cache (rand places)) made))))";

/// Times that follow the allocation clock. What the thread really takes comes to that, so that frames have their cost.
#[derive(Debug)]
struct Simulated(Arc<AtomicU64>);

impl Times for Simulated {
    fn wall(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    fn thread(&self) -> Duration {
        self.wall() + thread_time()
    }
}

/// Lets a program run for an hour of simulated time.
#[derive(Debug)]
struct Clockwork {
    recorder: SharedRecorder,
    nanos: Arc<AtomicU64>,
    /// Bytes allocated in a second.
    rate: u64,
}

impl Host for Clockwork {
    fn look(&mut self, heap: &mut Heap) -> Verdict {
        let nanos = u128::from(heap.clock()) * 1_000_000_000 / u128::from(self.rate);
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.nanos.store(nanos, Ordering::Relaxed);
        self.recorder.lock().look(heap);
        if Duration::from_nanos(nanos) < HOUR { Verdict::Go { calls: CALLS } } else { Verdict::Stop }
    }
}

/// Records an hour of a program that allocates so many megabytes a second.
pub(crate) fn record(path: &Path, megabytes: u64) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let nanos = Arc::new(AtomicU64::new(0));
    let times = Simulated(Arc::clone(&nanos));
    let out = File::create(path)?;
    let recorder = SharedRecorder::new(Recorder::start(Box::new(out), "an hour", Box::new(times))?);
    let host = Clockwork { recorder: recorder.clone(), nanos, rate: megabytes * 1_000_000 };
    let program = Program { expressions: vec![PROGRAM.to_owned()], ..Program::default() };
    let streams = Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
    let mut runtime = program.runtime(streams, Box::new(host))?;
    program.load_base(&mut runtime)?;
    let stopped = program.run(&mut runtime);
    recorder.lock().cut_now(runtime.heap());
    recorder.lock().finish()?;
    let counters = runtime.heap().counters();
    runtime.release();
    let recording = Recording::open(path)?;
    let last = recording.index().last;
    println!(
        "an hour at {megabytes} MB/s, recorded in {:.0?} ({}): {}, {} frames, {} collections, {} committed, {} live",
        begun.elapsed(),
        stopped.map_or_else(|error| error.to_string(), |_value| "ran out".to_owned()),
        format::bytes(recording.bytes()),
        format::count(last.sequence),
        last.cycles,
        format::bytes(counters.committed),
        format::bytes(counters.balance.live),
    );
    Ok(())
}
