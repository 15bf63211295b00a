//! The command line from outside: arguments in, bytes and exit codes out.
//!
//! * [`program`] starts the program and waits for it, but not for ever
//! * [`golden`] what it printed against a file; `HEAPATLAS_BLESS=1` writes the files anew
//! * [`xml`] whether a text is well-formed XML
//!
//! What is tested: [`running`], [`comparing`], [`cores`], [`statistics`], [`explaining`], [`pictures`], [`profiling`],
//! [`failing`], [`asking`], [`typing`], [`budgets`], [`recording`], [`exporting`], [`refused`], [`stopping`],
//! [`usage`].

mod asking;
mod budgets;
mod comparing;
mod cores;
mod explaining;
mod exporting;
mod failing;
mod golden;
mod pictures;
mod profiling;
mod program;
mod recording;
mod refused;
mod running;
mod statistics;
mod stopping;
mod typing;
mod usage;
mod xml;
