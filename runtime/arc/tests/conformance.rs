//! The records in `conformance/`: what Arc 3.1 answers, checked one by one, each a test of its own.
//!
//! A record is some forms and the value that `write` prints for the last, or the mark that evaluating them raises an
//! error. Every record starts from a fresh runtime. The programs in `conformance/programs` must print exactly what is
//! expected.

#[path = "support/corpus.rs"]
mod corpus;
mod support;

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use corpus::{files, folder, records};
use heapatlas_arc::host::NoHost;
use libtest_mimic::{Arguments, Failed, Trial};
use support::runtime;

/// Collects what a program prints.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn run_program(path: &Path) -> Result<(), Failed> {
    let printed = Printed::default();
    let mut runtime = runtime(&[], Box::new(printed.clone()), Box::new(NoHost));
    runtime.load_file(&path.display().to_string()).map_err(|error| error.to_string())?;
    runtime.release();
    let expected = std::fs::read_to_string(path.with_extension("expected"))?;
    let found = printed.0.lock().unwrap_or_else(PoisonError::into_inner);
    let found = String::from_utf8_lossy(&found);
    if found == expected { Ok(()) } else { Err(format!("expected\n{expected}\nfound\n{found}").into()) }
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
    for program in files(&folder.join("programs"), "arc") {
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
