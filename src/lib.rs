//! x
pub mod command;
pub mod format;
pub mod map;
pub mod model;
pub mod source;
