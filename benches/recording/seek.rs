//! Opening a recording and seeking in it, in a process that has done nothing else.

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use heapatlas::model::HeapModel;
use heapatlas::recording::reader::{At, Recording};

use super::thread_time;

/// Moments that are sought.
const MOMENTS: u32 = 100;

/// Starts a process that seeks in a recording with its index, one that does so while the last byte is missing, without which
/// there is none, and one that scrubs.
pub(crate) fn measure(path: &Path) -> Result<(), Box<dyn Error>> {
    start("seek", path)?;
    let file = File::options().read(true).write(true).open(path)?;
    let at = file.metadata()?.len() - 1;
    let mut last = [0];
    file.read_exact_at(&mut last, at)?;
    file.set_len(at)?;
    let result = start("seek", path);
    file.write_all_at(&last, at)?;
    result?;
    start("scrub", path)
}

fn start(what: &str, path: &Path) -> Result<(), Box<dyn Error>> {
    let status = Command::new(std::env::current_exe()?).arg(what).arg(path).status()?;
    if status.success() { Ok(()) } else { Err(format!("{what} failed").into()) }
}

/// Opens a recording, and seeks to random moments of it.
pub(crate) fn seek(path: &Path) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let recording = Recording::open(path)?;
    let opened = begun.elapsed();
    let index = if recording.is_finished() { "with its index" } else { "without its index" };
    println!("opened {index} in {opened:.2?}: {} key frames", recording.index().keys.len());
    let mut random = fastrand::Rng::with_seed(2);
    let mut times = Vec::new();
    let (first, last) = (recording.index().keys[0].first.clock, recording.index().last.clock);
    for _ in 0..MOMENTS {
        let at = At::Clock(random.u64(first..=last));
        let (begun, before) = (Instant::now(), thread_time());
        let mut model = HeapModel::default();
        recording.replay(at, &mut |frame| {
            model.apply(frame);
        })?;
        times.push((thread_time() - before, begun.elapsed()));
    }
    let most = |of: fn(&(Duration, Duration)) -> Duration| times.iter().map(of).max().unwrap_or_default();
    println!(
        "{MOMENTS} moments sought: {:.1?} of the processor on average, {:.1?} at most, {:.1?} by the clock at most; \
         the process never had more than {} MiB",
        times.iter().map(|time| time.0).sum::<Duration>() / MOMENTS,
        most(|time| time.0),
        most(|time| time.1),
        most_kibibytes() / 1024,
    );
    Ok(())
}

/// The most memory that this process ever had, as the system tells it: of files too.
pub(crate) fn most_kibibytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
