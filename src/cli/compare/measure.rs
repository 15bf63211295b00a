//! Runs a program under a policy in a process of its own, and reads what that reports.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use heapatlas_heap::Policy;
use serde::Serialize;

use super::autopsy;
use crate::cli::arguments::CompareOptions;
use crate::cli::exit::{Ending, tell};
use crate::cli::stats::{Report, State};
use crate::map::balance::Term;

/// What is run.
pub(super) struct Subject {
    /// What people call it.
    pub(super) name: String,
    /// The arguments that say what to run, but for the policy.
    arguments: Vec<OsString>,
}

impl Subject {
    /// What the options name.
    pub(super) fn of(options: &CompareOptions) -> Result<Self, Ending> {
        let mut arguments: Vec<OsString> = options.files.iter().map(|file| file.clone().into_os_string()).collect();
        let mut add = |option: &str, value: OsString| arguments.extend([OsString::from(option), value]);
        for expression in &options.expressions {
            add("-e", expression.into());
        }
        let named = options.files.iter().map(|file| file.display().to_string()).chain(options.expressions.clone());
        let mut name = named.collect::<Vec<_>>().join(", ");
        if name.is_empty() && options.autopsy {
            add("-e", autopsy::PROGRAM.into());
            "samples/autopsy.arc (built in)".clone_into(&mut name);
        } else if name.is_empty() {
            // Nothing but the base library, which is loaded in any case.
            add("-e", "nil".into());
            "the base library".clone_into(&mut name);
        }
        if let Some(path) = &options.base.arc {
            add("--arc", path.clone().into_os_string());
        }
        if options.base.no_arc {
            arguments.push("--no-arc".into());
        }
        if let Some(bytes) = options.base.soft_limit {
            arguments.extend([OsString::from("--soft-limit"), bytes.to_string().into()]);
        }
        // A program that can't be read is told once, not once for every policy.
        match options.files.iter().find_map(|file| Some((file, std::fs::metadata(file).err()?))) {
            Some((file, error)) => Err(Ending::Unreadable(format!("can't read {}: {error}", file.display()))),
            None => Ok(Self { name, arguments }),
        }
    }
}

/// What became of a program under a policy. Times are medians over the rounds, all else is of the last.
#[derive(Serialize)]
pub(super) struct Measured {
    pub(super) report: Report,
    /// Things allocated, as far as somebody counted.
    pub(super) allocations: Option<u64>,
}

impl Measured {
    /// Nanoseconds of user time for each thing allocated.
    pub(super) fn ns_per_allocation(&self) -> Option<f64> {
        let allocations = self.allocations.filter(|count| *count > 0)?;
        Some(self.report.user_ms? * 1e6 / allocations as f64)
    }
}

/// Bytes of a term that are in memory.
pub(super) fn resident_part(state: &State, term: Term) -> u64 {
    let terms = state.resident_balance.as_ref();
    terms.and_then(|terms| terms.get(term.key())?.as_u64()).unwrap_or_default()
}

/// Runs the subject under each policy, one after the other, as often as there are rounds.
pub(super) fn all(subject: &Subject, policies: &[Policy], rounds: u32) -> Result<Vec<Measured>, Ending> {
    let mut reports: Vec<Vec<Report>> = policies.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (policy, reports) in policies.iter().zip(&mut reports) {
            reports.push(once(subject, policy)?);
        }
    }
    let mut measured: Vec<Measured> = reports.into_iter().filter_map(summed_up).collect();
    // Only blocks of the system's allocator are counted one by one; the program allocates the same under every policy.
    let counted = measured.iter().find_map(|one| one.report.allocations);
    measured.iter_mut().for_each(|one| one.allocations = counted);
    Ok(measured)
}

fn summed_up(mut reports: Vec<Report>) -> Option<Measured> {
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    };
    let user = median(&mut reports.iter().filter_map(|report| report.user_ms).collect());
    let wall = median(&mut reports.iter().map(|report| report.wall_ms).collect());
    let mut report = reports.pop()?;
    report.user_ms = user;
    report.wall_ms = wall?;
    Some(Measured { report, allocations: None })
}

fn once(subject: &Subject, policy: &Policy) -> Result<Report, Ending> {
    let name = policy.to_string();
    let failed =
        |error: std::io::Error| Ending::System(format!("can't start another process of this program: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.arg("run").args(&subject.arguments).args(["--heap", &name, "--stats", "json"]);
    let ran = command.stdin(Stdio::null()).stdout(Stdio::null()).output().map_err(failed)?;
    let errors = String::from_utf8_lossy(&ran.stderr);
    // What the program itself says on standard error comes first, then the report, then why it failed.
    let report = errors.lines().rev().find_map(|line| serde_json::from_str(line).ok());
    let why = errors.lines().rev().find(|line| line.starts_with("heapatlas: "));
    let why = why.map(|line| line.trim_start_matches("heapatlas: "));
    match (ran.status.code(), report) {
        (Some(0), Some(report)) => Ok(report),
        (Some(0), None) => Err(Ending::System(format!("the run under {name} gave no report"))),
        (Some(code), _) => {
            tell(&format!("under {name}: {}", why.unwrap_or("the program ended with an error")));
            Err(Ending::Quit(code))
        }
        (None, _) => Err(Ending::System(format!("the run under {name} was killed by a signal"))),
    }
}
