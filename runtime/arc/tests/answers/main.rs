//! What the corpus has no record of: programs and their values, on the library built in.
//!
//! * [`found`] what fuzzing found
//! * [`heap`] what the heap tells Arc about itself
//! * [`limit`] heaps that are exhausted, and go on
//! * [`sockets`] connections, and what threads do meanwhile
//! * [`sorting`] sorting without calling functions
//! * [`threads`] stopping threads

mod found;
mod heap;
mod limit;
mod sockets;
mod sorting;
#[path = "../support/mod.rs"]
mod support;
mod threads;

use std::io;

use heapatlas_arc::host::NoHost;

/// The value of a program's last form as `write` prints it.
fn value_of(program: &str) -> String {
    let mut runtime = support::runtime(&[], Box::new(io::sink()), Box::new(NoHost));
    let value = runtime.evaluate(program, "test").unwrap_or_else(|error| panic!("{program}: {error}"));
    value.unwrap_or_default()
}
