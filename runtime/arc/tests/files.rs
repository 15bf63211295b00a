//! Files that are no good, or large: what goes wrong is told with its place, and nothing overflows.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use heapatlas_arc::error::{ArcError, ErrorKind};
use heapatlas_arc::host::NoHost;
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::Heap;

/// How deep the deepest forms are nested.
const DEEP: usize = 1_000_000;

fn runtime() -> Runtime {
    let streams = Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
    Runtime::new(Heap::new().expect("a heap"), streams, Box::new(NoHost)).expect("a runtime")
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("a file");
    path
}

/// Loads a file in a fresh runtime.
fn load(path: &Path) -> Result<(), ArcError> {
    let mut runtime = runtime();
    let result = runtime.load_file(&path.display().to_string());
    runtime.release();
    result
}

fn line(error: &ArcError) -> Option<u32> {
    error.location.as_ref().map(|location| location.line)
}

#[test]
fn an_open_paren_is_told_by_the_line_on_which_it_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "open.arc", "(assign a 1)\n\n(assign b\n  (cons 1\n    2)\n(assign c 3)\n");
    let error = load(&path).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Syntax { incomplete: true }), "{error:?}");
    assert_eq!(line(&error), Some(3), "{error}");
    assert_eq!(error.location.unwrap().file, path.to_str().unwrap());
}

#[test]
fn a_paren_too_many_is_told_by_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(&write(folder.path(), "close.arc", "(assign a 1)\n(assign b 2))\n(assign c 3)\n")).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Syntax { incomplete: false }), "{error:?}");
    assert_eq!(line(&error), Some(2), "{error}");
}

#[test]
fn bytes_that_are_no_text_are_told_by_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(&write(folder.path(), "bytes.arc", b"(assign a 1)\n(assign b \"\xff\xfe\")\n")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreadable, "{error:?}");
    assert_eq!(line(&error), Some(2), "{error}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let folder = tempfile::tempdir().unwrap();
    load(&write(folder.path(), "marked.arc", "\u{feff}(assign a 1)\n(assign b (+ a 1))\n")).unwrap();
}

#[test]
fn an_error_that_a_form_raises_is_told_by_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(&write(folder.path(), "raise.arc", "(assign a 1)\n\n(car\n  a)\n")).unwrap_err();
    assert_eq!((error.kind, line(&error)), (ErrorKind::Program, Some(3)), "{error}");
    assert_eq!(error.form.as_deref(), Some("(car a)"));
}

#[test]
fn what_is_no_file_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    let missing = load(&folder.path().join("missing.arc")).unwrap_err();
    assert_eq!(missing.kind, ErrorKind::Unreadable);
    assert!(missing.message.contains("no such file"), "{missing}");
    let directory = load(folder.path()).unwrap_err();
    assert_eq!(directory.kind, ErrorKind::Unreadable);
    assert!(directory.message.contains("is a directory"), "{directory}");
}

#[test]
fn a_quoted_form_nests_as_deep_as_it_likes() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("(assign deep '{}{})\n", "(".repeat(DEEP), ")".repeat(DEEP));
    let path = write(folder.path(), "quoted.arc", text);
    let mut runtime = runtime();
    runtime.load_file(path.to_str().unwrap()).unwrap();
    let depth = "((fn (n x) (assign loop (fn (n x) (if x (loop (+ n 1) (car x)) n))) (loop n x)) 0 deep)";
    // The innermost pair of parens is nil.
    assert_eq!(runtime.evaluate(depth, "test").unwrap().unwrap(), (DEEP - 1).to_string());
    assert_eq!(runtime.evaluate("deep", "test").unwrap().unwrap().len(), 1 << 20);
    runtime.release();
}

#[test]
fn a_form_that_is_evaluated_nests_as_deep_as_it_likes() {
    let folder = tempfile::tempdir().unwrap();
    // Calls in the place of the function: the innermost is a call of nil.
    let heads = write(folder.path(), "heads.arc", format!("{}{}\n", "(".repeat(DEEP), ")".repeat(DEEP)));
    let error = load(&heads).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Program, "{error}");
    // Calls in the place of an argument: each needs a register, and there are not so many.
    let arguments = write(folder.path(), "arguments.arc", format!("{}1{}\n", "(car ".repeat(DEEP), ")".repeat(DEEP)));
    let error = load(&arguments).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Program, "{error}");
}

#[test]
fn a_line_may_be_as_long_as_it_likes() {
    const LONG: usize = 10_000_000;
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "long.arc", format!("(assign long (len \"{}\"))\n", "x".repeat(LONG)));
    let mut runtime = runtime();
    runtime.load_file(path.to_str().unwrap()).unwrap();
    assert_eq!(runtime.evaluate("long", "test").unwrap().unwrap(), LONG.to_string());
    runtime.release();
}
