//! The records in `conformance/`: what Arc 3.1 answers, checked one by one, each a test of its own.
//!
//! A record is some forms and the value that `write` prints for the last, or the mark that evaluating them raises an
//! error. Every record starts from a fresh runtime. The programs in `conformance/programs` must print exactly what is
//! expected.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use heapatlas_arc::host::NoHost;
use heapatlas_arc::libraries::{BASE, CODE, HTML, PPRINT};
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::Heap;
use libtest_mimic::{Arguments, Failed, Trial};

/// When this is set, the heap is collected and verified at every safepoint while a record is evaluated.
const STRESS: &str = "HEAPATLAS_STRESS";

/// What a record expects.
#[derive(Clone, PartialEq, Eq)]
enum Expected {
    Value(String),
    Error,
}

struct Record {
    name: String,
    text: String,
    expected: Expected,
    tags: Vec<String>,
}

/// The records of a file: blocks between blank lines that have a `>` line.
fn records(path: &Path) -> Vec<Record> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("?").to_owned();
    let mut found = Vec::new();
    for block in text.split("\n\n") {
        let forms: Vec<&str> = block
            .lines()
            .filter_map(|line| line.strip_prefix('>'))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        if forms.is_empty() {
            continue;
        }
        let expected = block.lines().find_map(|line| match line.strip_prefix("= ") {
            Some(value) => Some(Expected::Value(value.to_owned())),
            None => line.starts_with('!').then_some(Expected::Error),
        });
        let tags = block.lines().filter_map(|line| line.strip_prefix(';'));
        let tags = tags.flat_map(str::split_whitespace).map(str::to_owned).collect();
        let number = found.len() + 1;
        found.push(Record {
            name: format!("{file}::{number:03} {}", forms.join(" ")),
            text: forms.join("\n"),
            expected: expected.unwrap_or_else(|| panic!("{file} record {number} expects nothing")),
            tags,
        });
    }
    found
}

/// A runtime with the libraries that a record's tags name.
fn runtime(tags: &[String], output: Box<dyn Write + Send>) -> Runtime {
    let streams = Streams { input: Box::new(io::empty()), output, errors: Box::new(io::sink()) };
    let mut runtime = Runtime::new(Heap::new().expect("a heap"), streams, Box::new(NoHost)).expect("a runtime");
    runtime.begin_library().expect("builtins");
    let wanted = |tag: &str| tags.iter().any(|other| other == tag);
    let more = [("lib:pprint", PPRINT), ("lib:code", CODE), ("lib:html", HTML)];
    let pprint_for_html = wanted("lib:html").then_some(PPRINT);
    let more = more.into_iter().filter(|(tag, _)| wanted(tag)).map(|(_, library)| library);
    let mut libraries: Vec<_> = BASE.into_iter().chain(pprint_for_html).chain(more).collect();
    libraries.dedup();
    for library in libraries {
        runtime.load_library(library).unwrap_or_else(|error| panic!("{error}"));
    }
    runtime
}

fn check(record: &Record) -> Result<(), Failed> {
    let mut runtime = runtime(&record.tags, Box::new(io::sink()));
    if std::env::var_os(STRESS).is_some() {
        runtime.set_verify(true);
        runtime.heap().set_stress(true);
    }
    let result = runtime.evaluate(&record.text, "record");
    runtime.release();
    match (&record.expected, result) {
        (Expected::Error, Err(_)) => Ok(()),
        (Expected::Value(expected), Ok(Some(found))) if *expected == found => Ok(()),
        (Expected::Value(expected), Ok(found)) => {
            Err(format!("expected {expected}, found {}", found.unwrap_or_default()).into())
        }
        (Expected::Value(expected), Err(error)) => Err(format!("expected {expected}, found error {error}").into()),
        (Expected::Error, Ok(found)) => Err(format!("expected an error, found {}", found.unwrap_or_default()).into()),
    }
}

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
    let mut runtime = runtime(&[], Box::new(printed.clone()));
    runtime.load_file(&path.display().to_string()).map_err(|error| error.to_string())?;
    runtime.release();
    let expected = std::fs::read_to_string(path.with_extension("expected"))?;
    let found = printed.0.lock().unwrap_or_else(PoisonError::into_inner);
    let found = String::from_utf8_lossy(&found);
    if found == expected { Ok(()) } else { Err(format!("expected\n{expected}\nfound\n{found}").into()) }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    found.sort();
    found
}

#[expect(clippy::print_stdout, reason = "the summary of the run")]
fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut trials = Vec::new();
    for file in files(&folder, "txt") {
        for record in records(&file) {
            trials.push(Trial::test(record.name.clone(), move || check(&record)));
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
