//! An embedded Arc: reader, expander, compiler, bytecode machine, builtins and libraries.
//!
//! A [`Runtime`] evaluates Arc on a [`Heap`](heapatlas_heap::Heap) of its own that anybody may look at. Everything a
//! program has, its symbols, code, frames and stacks included, lies in that heap, so that the map of the heap is the
//! whole truth.
//!
//! ```
//! use heapatlas_arc::host::NoHost;
//! use heapatlas_arc::libraries::BASE;
//! use heapatlas_arc::{Runtime, Streams};
//! use heapatlas_heap::Heap;
//! use std::io;
//!
//! let streams =
//!     Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
//! let mut runtime = Runtime::new(Heap::new()?, streams, Box::new(NoHost))?;
//! runtime.begin_library()?;
//! for library in BASE {
//!     runtime.load_library(library)?;
//! }
//! let value = runtime.evaluate("(map [* _ _] (range 1 4))", "example")?;
//! assert_eq!(value.as_deref(), Some("(1 4 9 16)"));
//!
//! let error = runtime.evaluate("(+ 1\n   (car 2))", "example").unwrap_err();
//! assert_eq!(error.location.map(|place| (place.line, place.column)), Some((2, 4)));
//! runtime.release();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How data flows
//!
//! ```text
//! text ─▶ reader ─▶ data ─▶ expander ─▶ tree ─▶ generator ─▶ bytecode ─▶ machine ─▶ heap
//!                              │   ▲                                        │  ▲
//!                              ▼   └─────────── macros, called ─────────────┘  └─ builtins
//! ```
//!
//! A top-level form is read, expanded, compiled to a function without parameters, and called. The expander stops
//! wherever a macro must be called; the machine calls it as it calls any function, and expansion goes on with what it
//! returned.
//!
//! # The rule
//!
//! Nothing recurses on Rust's stack as deep as a program likes: not the reader, the expander, the generator, the
//! machine, the printer or equality. What is still to be done waits on stacks in the heap. Builtins written in Rust
//! call no function of the program; those that must, such as `apply` and `on-err`, are bytecode. Deep recursion,
//! continuations that can be entered again, green threads, stepping, and a collector that moves objects all follow from
//! that.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | **form** | a datum to be evaluated; a *top-level form* is one of a file or a text |
//! | **ssyntax** | symbol syntax: `a.b`, `a!b`, `~a`, `a:b`, `a&b` |
//! | **tree** | expanded code, its variables resolved |
//! | **target** | what a value is bound to: a variable, an optional parameter, a pattern |
//! | **code**, **closure** | the bytecode of a function with its constants; code with what it captured |
//! | **frame**, **segment**, **record** | a call's registers on the stack; frames copied off it; what of a segment is meant |
//! | **dynamic state** | handlers, cleanups and current ports: what `protect` and jumps keep in order |
//! | **condition** | an error as Arc code gets it; a **fault** is one inside the runtime, an [`ArcError`](error::ArcError) one outside |
//! | **host** | who runs the runtime and looks in at safepoints |
//!
//! # Contents
//!
//! * `runtime` the [`Runtime`], as its host sees it
//! * [`host`] what a host can want; [`error`] what it is told; [`profile`] where a program spends its time; [`libraries`] the Arc libraries built in
//! * `reader` text to data; `positions` where the lists of a datum begin in their file; `ssyntax`
//! * `compiler` expansion and generation; `bytecode` operations, instructions, listings
//! * `vm` the machine: dispatch, calls, frames, errors and continuations, threads
//! * `builtins` functions in Rust; `numbers` the numeric tower; `tables`, `tagged`, `text`, `equality`, `closures`
//! * `ports` text in and out; `streams` what ports are connected with; `printer` values to text
//! * `symbols` interning and global values; `world` what all parts share; `fault` what can go wrong; `suggest` what was meant
//! * `core` what of a runtime a core keeps, and a runtime made of that
//! * `scratch` stacks and lists inside the heap, for work whose size the program decides
//! * [`inspect`] what lies on a page, who holds it and why it is alive, as plain data
//! * `safepoint` the moment at which the machine lets the heap collect
//!
//! # Unsafe code
//!
//! There is none but in `safepoint`, where the machine promises the heap that its roots are complete: it collects
//! between two instructions only, when every value that counts is in a register of the machine, on the stack, or in
//! the world.

#![deny(unsafe_code)]
mod builtins;
mod bytecode;
mod closures;
mod compiler;
mod conditions;
mod core;
mod equality;
pub mod error;
mod fault;
pub mod host;
pub mod inspect;
pub mod libraries;
mod numbers;
mod ports;
mod positions;
mod printer;
pub mod profile;
mod reader;
mod runtime;
#[allow(unsafe_code, reason = "the promise that the heap asks for at a safepoint")]
mod safepoint;
mod scratch;
mod ssyntax;
mod streams;
mod suggest;
mod symbols;
mod tables;
mod tagged;
mod text;
mod thread;
mod vm;
mod world;
pub use runtime::{Runtime, Streams};
