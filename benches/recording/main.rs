//! How large recordings become, how long it takes to open them and to seek in them, with how much memory, and what
//! recording costs a program.
//!
//! ```text
//! cargo bench --bench recording                        185 MiB, as large as an hour may become, of a heap that never was
//! cargo bench --bench recording -- 20480               the same with 20 GiB
//! cargo bench --bench recording -- million [PATH]      a million frames of a small heap; kept when a path is given
//! cargo bench --bench recording -- hour [MB/s [PATH]]  an hour of a real heap, its program allocating 100 MB/s, or so many
//! cargo bench --bench recording -- cost                what recording costs programs of benches/arc, once and for seconds
//! ```
//!
//! Each recording is opened with its index and without, 100 random moments are sought, and it is scrubbed as by the slider of
//! the window, in processes of their own.

#![allow(clippy::print_stdout, reason = "a benchmark tells what it measured")]

mod cost;
mod hour;
mod scrub;
mod seek;
mod synthetic;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use heapatlas::format;
use rustix::time::{ClockId, clock_gettime};
use synthetic::{BUSY, SMALL, Synthetic, Until};

/// What an hour takes at most.
const MEBIBYTES: u64 = 185;
/// What a busy program allocates in a second.
const MEGABYTES: u64 = 100;

/// Writes a recording of a heap that never was.
fn write(synthetic: &Synthetic, path: &Path, until: Until) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let frames = synthetic.write(path, until)?;
    let bytes = format::bytes(path.metadata()?.len());
    println!("written: {bytes}, {} frames in {:.1?}", format::count(frames), begun.elapsed());
    Ok(())
}

/// The time that this thread has had of a processor.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds an option of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir()?;
    let own = folder.path().join("bench.atlas");
    let kept = |at: usize| arguments.get(at).map_or_else(|| own.clone(), PathBuf::from);
    let path = match arguments[..] {
        ["seek", path] => return seek::seek(Path::new(path)),
        ["scrub", path] => return scrub::scrub(Path::new(path)),
        ["cost"] => return cost::measure(&own),
        ["million", ..] => {
            write(&SMALL, &kept(1), Until::Frames(1_000_000))?;
            kept(1)
        }
        ["hour", ..] => {
            let rate = arguments.get(1).map_or(Ok(MEGABYTES), |rate| rate.parse())?;
            hour::record(&kept(2), rate)?;
            kept(2)
        }
        _ => {
            let mebibytes = arguments.first().map_or(Ok(MEBIBYTES), |size| size.parse())?;
            write(&BUSY, &own, Until::Bytes(mebibytes << 20))?;
            own
        }
    };
    seek::measure(&path)
}
