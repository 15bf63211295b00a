//! Recordings from inside: frames to bytes and back, through damage too.
//!
//! * [`written`] recordings to test with
//! * [`replay`] what was recorded comes back exactly, at every moment
//! * [`damage`] truncated, corrupted and hostile files
//! * [`specification`] docs/atlas-format.md says what is so

mod damage;
#[path = "../programs/mod.rs"]
mod programs;
mod replay;
mod specification;
mod written;
