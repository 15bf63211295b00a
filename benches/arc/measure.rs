//! A process, its user time and its peak.
//!
//! The system tells these of all children of a process that have ended, so every run has a parent of its own: this
//! program once more, which runs the command, passes on what it prints, and tells about its only child.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};

use super::implementations::TOOK;
use super::programs::Program;

/// The argument that makes this program such a parent.
pub(crate) const CHILD: &str = "--child";

/// A process to be measured.
#[derive(Debug)]
pub(crate) struct Job {
    /// The command and its arguments.
    pub(crate) words: Vec<OsString>,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// What it finds on its standard input.
    pub(crate) input: Option<PathBuf>,
}

/// What a run may take before it counts as failed: bytes of addresses, and seconds of processor time. An implementation
/// that needs more would disturb every other.
const MOST_BYTES: u64 = 6 << 30;
const MOST_SECONDS: u64 = 180;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// User time in milliseconds.
    pub(crate) user_ms: f64,
    /// The program's share of that, where it told; not a number where it did not.
    pub(crate) told_ms: f64,
    /// The most memory that was resident, in MiB.
    pub(crate) peak_mib: f64,
}

/// Runs a job and says what it took, or why it counts for nothing.
pub(crate) fn run(job: &Job, program: &Program) -> Result<Figures, String> {
    let input = match &job.input {
        Some(path) => Stdio::from(File::open(path).map_err(|error| error.to_string())?),
        None => Stdio::null(),
    };
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut parent = Command::new(this);
    parent.arg(CHILD).args(&job.words).current_dir(&job.folder).stdin(input).stderr(Stdio::piped());
    let output = parent.output().map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    // A prompt stands before what a program prints.
    if !printed.lines().any(|line| line.ends_with(program.prints)) {
        return Err(format!("it did not print {}", program.prints));
    }
    let told_ms = printed.split_once(TOOK).and_then(|(_, behind)| behind.lines().next()?.parse().ok());
    let told_ms = told_ms.unwrap_or(f64::NAN);
    let told = String::from_utf8_lossy(&output.stderr);
    let mut figures = told.lines().last().unwrap_or_default().split(' ').map(str::parse);
    match (figures.next(), figures.next()) {
        (Some(Ok(user_ms)), Some(Ok(peak_mib))) => Ok(Figures { user_ms, told_ms, peak_mib }),
        _ => Err(told.into_owned()),
    }
}

/// Runs the command in the arguments, and prints its user time and its peak as the last line of standard error.
pub(crate) fn be_child(arguments: &[String]) -> ExitCode {
    let Some((command, arguments)) = arguments.split_first() else { return ExitCode::FAILURE };
    for (resource, most) in [(Resource::RLIMIT_AS, MOST_BYTES), (Resource::RLIMIT_CPU, MOST_SECONDS)] {
        setrlimit(resource, most, most).expect("limits can be lowered");
    }
    if let Err(error) = Command::new(command).args(arguments).status() {
        eprintln!("{command}: {error}");
        return ExitCode::FAILURE;
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("what a child that has ended took");
    let user = usage.user_time();
    let user_ms = user.tv_sec() as f64 * 1e3 + user.tv_usec() as f64 / 1e3;
    // Linux counts it in KiB.
    eprintln!("{user_ms} {}", usage.max_rss() as f64 / 1024.0);
    ExitCode::SUCCESS
}

/// The medians, each by itself; `None` of no runs.
pub(crate) fn median(runs: Vec<Figures>) -> Option<Figures> {
    let middle = |mut figures: Vec<f64>| {
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    };
    let user_ms = middle(runs.iter().map(|run| run.user_ms).collect())?;
    let told_ms = middle(runs.iter().map(|run| run.told_ms).collect())?;
    let peak_mib = middle(runs.iter().map(|run| run.peak_mib).collect())?;
    Some(Figures { user_ms, told_ms, peak_mib })
}
