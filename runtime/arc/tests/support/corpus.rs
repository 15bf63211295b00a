//! The corpus of records, as several test programs read it.

use std::path::{Path, PathBuf};

use heapatlas_arc::Runtime;

/// What a record expects.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Expected {
    Value(String),
    Error,
}

/// A record of the corpus.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) name: String,
    text: String,
    expected: Expected,
    pub(crate) tags: Vec<String>,
}

/// The records of a file: blocks between blank lines that have a `>` line.
pub(crate) fn records(path: &Path) -> Vec<Record> {
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

impl Record {
    /// Evaluates the record; says what is wrong with what it gave.
    pub(crate) fn judge(&self, mut runtime: Runtime) -> Result<(), String> {
        let result = runtime.evaluate(&self.text, "record");
        runtime.release();
        match (&self.expected, result) {
            (Expected::Error, Err(_)) => Ok(()),
            (Expected::Value(expected), Ok(Some(found))) if *expected == found => Ok(()),
            (Expected::Value(expected), Ok(found)) => {
                Err(format!("expected {expected}, found {}", found.unwrap_or_default()))
            }
            (Expected::Value(expected), Err(error)) => Err(format!("expected {expected}, found error {error}")),
            (Expected::Error, Ok(found)) => Err(format!("expected an error, found {}", found.unwrap_or_default())),
        }
    }
}

/// Where the records are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// The files of a folder with this extension, in order.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    found.sort();
    found
}
