//! `heapatlas info`: what a file holds, at a glance.
//!
//! * `recording` what happened in a heap
//! * `core` a heap to start from

mod core;
mod recording;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use heapatlas_heap::core::is_core;
use serde::Serialize;

use super::arguments::InfoOptions;
use super::exit::Ending;
use crate::format;
use crate::source::recorder::is_standard;

/// Tells what a recording or a core holds.
pub(super) fn info(options: &InfoOptions) -> Ending {
    let told = if begins_as_core(&options.path) { core::tell(options) } else { recording::tell(options) };
    told.unwrap_or_else(|ending| ending)
}

/// Whether there is a file that begins as cores do. Only files are looked at: what was read of a pipe is gone.
fn begins_as_core(path: &Path) -> bool {
    let is_file = !is_standard(path) && path.metadata().is_ok_and(|metadata| metadata.is_file());
    let mut mark = Vec::new();
    is_file && File::open(path).is_ok_and(|file| file.take(8).read_to_end(&mut mark).is_ok()) && is_core(&mark)
}

/// Writes what there is to tell as an object on lines of its own.
fn write_json(out: &mut dyn Write, told: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, told)?;
    writeln!(out)
}

/// How many there are of something, in words.
fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", format::count(number), if number == 1 { "" } else { "s" })
}
