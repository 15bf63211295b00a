//! The compiler: a form becomes a function without parameters, once.
//!
//! * [`tree`] what lies between the two passes: expanded code, its variables resolved
//! * [`expand`] macro expansion and scope: form → tree. Stops wherever a macro must be called, so that the machine can
//!   call it, and goes on with what it returned
//! * [`generate`] tree → bytecode
//!
//! Neither pass recurses on Rust's stack: what is still to be done waits on stacks in the heap.

pub(crate) mod expand;
pub(crate) mod generate;
mod tree;
