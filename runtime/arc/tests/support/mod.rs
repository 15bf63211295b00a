//! Runtimes for tests.

use std::io::{self, Write};

use heapatlas_arc::error::ArcError;
use heapatlas_arc::host::Host;
use heapatlas_arc::libraries::{BASE, CODE, HTML, PPRINT};
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::Heap;

/// A runtime on a host, with the libraries that a record's tags name.
pub(crate) fn runtime(tags: &[String], output: Box<dyn Write + Send>, host: Box<dyn Host>) -> Runtime {
    let heap = Heap::new().expect("a heap");
    runtime_on(heap, tags, output, host).unwrap_or_else(|error| panic!("{error}"))
}

/// A runtime on a heap and a host, with the libraries that a record's tags name; or why there is none.
pub(crate) fn runtime_on(
    heap: Heap,
    tags: &[String],
    output: Box<dyn Write + Send>,
    host: Box<dyn Host>,
) -> Result<Runtime, ArcError> {
    let streams = Streams { input: Box::new(io::empty()), output, errors: Box::new(io::sink()) };
    let mut runtime = Runtime::new(heap, streams, host)?;
    runtime.begin_library()?;
    let wanted = |tag: &str| tags.iter().any(|other| other == tag);
    let more = [("lib:pprint", PPRINT), ("lib:code", CODE), ("lib:html", HTML)];
    let pprint_for_html = wanted("lib:html").then_some(PPRINT);
    let more = more.into_iter().filter(|(tag, _)| wanted(tag)).map(|(_, library)| library);
    let mut libraries: Vec<_> = BASE.into_iter().chain(pprint_for_html).chain(more).collect();
    libraries.dedup();
    for library in libraries {
        runtime.load_library(library)?;
    }
    Ok(runtime)
}
