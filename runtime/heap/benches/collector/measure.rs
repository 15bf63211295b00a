//! Clocks, medians, and the line that says whether a bar is met.

use std::process::Command;
use std::time::Duration;

/// Runs of which the median counts.
pub(crate) const RUNS: usize = 5;

/// Time that this thread spent on a processor; where the system does not tell, time that went by.
pub(crate) fn thread_time() -> Duration {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
    #[cfg(not(target_os = "linux"))]
    {
        static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
        START.elapsed()
    }
}

/// What `work` gives, and how long the thread worked on it.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let since = thread_time();
    let made = work();
    (made, thread_time() - since)
}

pub(crate) fn nanoseconds(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The figures that a quarter, a half and three quarters of all do not exceed.
pub(crate) fn quartiles(mut figures: Vec<f64>) -> [f64; 3] {
    figures.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| figures[figures.len() * quarter / 4])
}

/// Prints a figure that no bar is set for.
pub(crate) fn report(name: &str, figure: f64, unit: &str) {
    println!("{name:<62} {figure:>9.2} {unit}");
}

/// Prints a figure and whether it is no more than its bar.
pub(crate) fn bar(name: &str, figure: f64, unit: &str, most: f64) {
    let verdict = if figure <= most { "met" } else { "not met" };
    println!("{name:<62} {figure:>9.2} {unit:<4} bar {most} {unit}: {verdict}");
}

/// Bytes of this process that are resident; not a number where the system does not tell.
pub(crate) fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).map_or(f64::NAN, |pages| pages * 4096.0)
}

/// Runs a job in a process of its own, and gives what it printed.
pub(crate) fn run_child(job: &str, of: &str) -> String {
    let child = Command::new(std::env::current_exe().unwrap()).args([job, of]).output().unwrap();
    String::from_utf8(child.stdout).unwrap()
}

/// The figure that a process printed under a name; not a number when it did not.
pub(crate) fn figure(printed: &str, name: &str) -> f64 {
    let found = printed.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    found.unwrap_or(f64::NAN)
}
