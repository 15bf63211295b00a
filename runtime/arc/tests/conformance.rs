//! The records in `conformance/`: what Arc 3.1 answers, checked one by one, each a test of its own.
//!
//! A record is some forms and the value that `write` prints for the last, or the mark that evaluating them raises an
//! error. Every record starts from a fresh runtime. The programs in `conformance/programs` must print exactly what is
//! expected.

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/programs.rs"]
mod programs;
mod support;

use std::io;
use std::path::Path;

use corpus::{files, folder, records};
use heapatlas_arc::host::NoHost;
use libtest_mimic::{Arguments, Failed, Trial};
use programs::{Printed, judge_program, programs};
use support::runtime;

fn run_program(path: &Path) -> Result<(), Failed> {
    let printed = Printed::default();
    let runtime = runtime(&[], Box::new(printed.clone()), Box::new(NoHost));
    Ok(judge_program(path, runtime, &printed)?)
}

#[expect(clippy::print_stdout, reason = "the summary of the run")]
fn main() {
    let arguments = Arguments::from_args();
    let folder = folder();
    let mut trials = Vec::new();
    for file in files(&folder, "txt") {
        for record in records(&file) {
            trials.push(Trial::test(record.name.clone(), move || {
                let runtime = runtime(&record.tags, Box::new(io::sink()), Box::new(NoHost));
                Ok(record.judge(runtime)?)
            }));
        }
    }
    for program in programs() {
        let name = format!("programs::{}", program.file_stem().and_then(|stem| stem.to_str()).unwrap_or("?"));
        trials.push(Trial::test(name, move || run_program(&program)));
    }
    // Records may write files in the current directory.
    let scratch = tempfile::tempdir().expect("a directory for scratch files");
    std::env::set_current_dir(&scratch).expect("the scratch directory");
    let conclusion = libtest_mimic::run(&arguments, trials);
    let total = conclusion.num_passed + conclusion.num_failed;
    let rate = conclusion.num_passed as f64 * 100.0 / total.max(1) as f64;
    println!("conformance: {} of {total} pass, {rate:.1} %", conclusion.num_passed);
    drop(scratch);
    conclusion.exit();
}
