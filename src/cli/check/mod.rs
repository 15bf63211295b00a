//! `heapatlas check`: a program against budgets, for machines that build it.
//!
//! * [`budget`] what can be measured, and how much of it is allowed
//! * [`baseline`] what an earlier run measured
//! * [`junit`] the outcome for whatever collects those of tests

mod baseline;
pub(super) mod budget;
mod junit;

use heapatlas_arc::host::NoHost;

use self::budget::{Budget, Measure, Outcome};
use super::arguments::CheckOptions;
use super::exit::Ending;
use super::recorded;
use super::run::run_program;
use super::session::{Session, keeps_output};
use super::stats::Report;
use crate::source::program::Program;

/// Runs a program and compares what it needed with what it may.
pub(super) fn check(options: CheckOptions) -> Ending {
    let mut budgets = options.budgets();
    if budgets.is_empty() && options.baseline.is_none() && options.write_baseline.is_none() {
        return Ending::Misused("nothing to check: name a budget, as --max-live 20M, or a --baseline".to_owned());
    }
    if let Some(path) = &options.baseline {
        match baseline::read(path, options.tolerance) {
            Ok(more) => budgets.extend(more),
            Err(why) => return Ending::Unreadable(format!("can't read {}: {why}", path.display())),
        }
    }
    let program = options.runtime.program(options.files.clone(), options.expressions.clone());
    if let Some(misused) = keeps_output(&program) {
        return misused;
    }
    match run(&program) {
        Ok(report) => judge(&options, &program.name(), &budgets, &report),
        Err(ending) => ending,
    }
}

/// What the program needed; a program that failed has met no budget.
fn run(program: &Program) -> Result<Report, Ending> {
    let mut session = Session::start(program, Box::new(NoHost))?;
    let ending = run_program(&mut session, program);
    match session.end_recording(ending) {
        Ending::Fine => Ok(Report::of(&mut session.runtime).0),
        ending => Err(ending),
    }
}

fn judge(options: &CheckOptions, name: &str, budgets: &[Budget], report: &Report) -> Ending {
    let outcomes: Vec<Outcome> = budgets.iter().map(|budget| budget.judge(report)).collect();
    let told = recorded::show(|out| outcomes.iter().try_for_each(|outcome| writeln!(out, "{outcome}")));
    let mut endings = vec![told];
    if let Some(path) = &options.write_baseline {
        endings.push(recorded::write_file(path, |out| baseline::write(out, name, report)));
    }
    if let Some(path) = &options.junit {
        endings.push(recorded::write_file(path, |out| junit::write(out, name, &outcomes)));
    }
    let exceeded = outcomes.iter().filter(|outcome| !outcome.is_met()).count();
    if exceeded > 0 {
        endings.push(Ending::Exceeded(format!("{exceeded} of {} budgets exceeded", outcomes.len())));
    }
    endings.into_iter().find(|ending| *ending != Ending::Fine).unwrap_or(Ending::Fine)
}

/// The measures that a baseline has: not times, which are the machine's as much as the program's.
fn lasting() -> impl Iterator<Item = Measure> {
    Measure::ALL.into_iter().filter(|measure| !measure.is_time())
}
