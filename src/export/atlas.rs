//! A snapshot as a recording of one key frame.

use std::io::{self, Write};

use heapatlas_heap::frame::Frame;
use heapatlas_heap::terms::Span;

use super::Title;
use crate::model::HeapModel;
use crate::recording::description::Description;
use crate::recording::encode::Encoder;
use crate::recording::writer::Writer;

/// The key frame that says what a model knows of the pages.
#[must_use]
pub fn key_frame(model: &HeapModel) -> Frame {
    let extents = model.pages().extents();
    let wall = model.history().samples().last().map(|sample| sample.wall).unwrap_or_default();
    let pages = |span: &Span| (span.end - span.start) / heapatlas_heap::terms::PAGE;
    Frame {
        sequence: model.sequence(),
        key: true,
        wall,
        extents: extents.iter().map(|extent| extent.span.clone()).collect(),
        runs: extents.iter().map(|extent| (extent.span.start, pages(&extent.span) as u32)).collect(),
        entries: extents.iter().flat_map(|extent| extent.entries.iter().copied()).collect(),
        counters: model.counters().clone(),
        ..Frame::default()
    }
}

/// Writes a snapshot of a model.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, model: &HeapModel, title: &Title) -> io::Result<()> {
    let mut writer = Writer::new(out, &Description::new(&title.program, &model.counters().policy))?;
    let mut encoder = Encoder::default();
    encoder.push(&key_frame(model));
    if let Some(chunk) = encoder.flush() {
        writer.write(&chunk)?;
    }
    writer.finish().map(drop)
}
