//! Exports: a model as a picture, a table, or text.
//!
//! * [`picture`] what is where in a picture of the map
//! * [`bars`] a picture of several balances
//! * [`png`] and [`svg`] the two surfaces it is drawn on
//! * [`json`], [`csv`], [`text`] the same page table for programs and for terminals
//! * [`metrics`] the counters alone
//! * [`atlas`] a recording of one key frame
//! * [`file`](mod@file) a file that is written whole or not at all
//! * [`run`](mod@run) exports of a whole run rather than a moment
//! * [`tables`] what views of the window show
//! * [`over_time`] the pages over time as a picture
//! * [`difference`] what changed between two moments: a table, for programs, and as a picture

pub mod atlas;
pub mod bars;
pub mod csv;
pub mod difference;
pub mod file;
pub mod json;
pub mod metrics;
pub mod over_time;
pub mod picture;
pub mod png;
pub mod run;
pub mod svg;
pub mod tables;
pub mod text;

use std::io::{self, Write};
use std::path::Path;

use crate::map::palette::Theme;
use crate::model::HeapModel;

/// What an export is called and about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Title {
    /// What ran.
    pub program: String,
    /// Dark or light, where that matters.
    pub theme: Theme,
}

/// How a snapshot is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A picture of pixels.
    Png,
    /// A picture of shapes.
    Svg,
    /// Everything, for programs.
    Json,
    /// One row a page.
    Csv,
    /// The map in block characters.
    Text,
    /// The counters, for monitoring.
    Metrics,
    /// A recording of this one moment.
    Atlas,
}

impl Format {
    /// The format that a path's extension names.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "svg" => Some(Self::Svg),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "txt" => Some(Self::Text),
            "om" => Some(Self::Metrics),
            "atlas" => Some(Self::Atlas),
            _ => None,
        }
    }
}

/// Writes a snapshot of a model to a file, whole.
///
/// # Errors
/// When the file can't be written: then it is as it was.
pub fn write_file(path: &Path, format: Format, model: &HeapModel, title: &Title) -> io::Result<()> {
    file::write_whole(path, |out| write(out, format, model, title))
}

/// Writes a snapshot of a model.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, format: Format, model: &HeapModel, title: &Title) -> io::Result<()> {
    match format {
        Format::Png => png::write(out, model, title),
        Format::Svg => svg::write(out, model, title),
        Format::Json => json::write(out, model, title),
        Format::Csv => csv::write(out, model),
        Format::Text => text::write(out, model, &text::Style::plain()),
        Format::Metrics => metrics::write(out, model, title),
        Format::Atlas => atlas::write(out, model, title),
    }
}
