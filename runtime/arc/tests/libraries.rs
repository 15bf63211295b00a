//! The libraries' own tests, which are in Arc: `runtime/arc/lib/tests`.

use std::io;
use std::path::Path;

use heapatlas_arc::host::NoHost;
use heapatlas_arc::libraries::BASE;
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::Heap;

/// Runs the tests of a library.
fn test(name: &str) {
    let streams = Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
    let mut runtime = Runtime::new(Heap::new().expect("a heap"), streams, Box::new(NoHost)).expect("a runtime");
    runtime.begin_library().expect("room");
    for library in BASE {
        runtime.load_library(library).unwrap_or_else(|error| panic!("{error}"));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lib/tests");
    for file in ["expect.arc", name] {
        runtime.load_file(&folder.join(file).to_string_lossy()).unwrap_or_else(|error| panic!("{error}"));
    }
    runtime.release();
}

#[test]
fn strings() {
    test("strings.arc");
}

#[test]
fn html() {
    test("html.arc");
}

#[test]
fn srv() {
    test("srv.arc");
}
