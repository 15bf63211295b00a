//! x
#![forbid(unsafe_op_in_unsafe_fn)]
#![deny(unsafe_code)]
mod builtins;
mod bytecode;
mod closures;
mod compiler;
mod equality;
pub mod error;
mod fault;
pub mod host;
pub mod libraries;
mod numbers;
mod ports;
mod positions;
mod printer;
mod reader;
mod runtime;
#[allow(unsafe_code, reason = "the promise that the heap asks for at a safepoint")]
mod safepoint;
mod scratch;
mod ssyntax;
mod symbols;
mod tables;
mod text;
mod vm;
mod world;
pub use runtime::{Runtime, Streams};
