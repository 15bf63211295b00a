//! x
pub mod cli;
pub mod command;
pub mod export;
pub mod format;
pub mod map;
pub mod model;
pub mod source;
pub mod ui;
