//! Recordings from inside: frames to bytes and back, through damage too.
//!
//! * [`written`] recordings to test with
//! * [`replay`] what was recorded comes back exactly, at every moment
//! * [`damage`] truncated and corrupted files; those made to do harm are in tests/hostile.rs
//! * [`forged`] what somebody made by hand
//! * [`specification`] docs/atlas-format.md says what is so

mod damage;
mod forged;
#[path = "../programs/mod.rs"]
mod programs;
mod replay;
mod specification;
mod written;
