//! A snapshot as a recording of one key frame.

use std::io::{self, Write};

use super::Title;
use crate::model::HeapModel;
use crate::recording::description::Description;
use crate::recording::encode::Encoder;
use crate::recording::writer::Writer;

/// Writes a snapshot of a model.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, model: &HeapModel, title: &Title) -> io::Result<()> {
    let mut writer = Writer::new(out, &Description::new(&title.program, &model.counters().policy))?;
    let mut encoder = Encoder::default();
    encoder.push(&model.key_frame());
    if let Some(chunk) = encoder.flush() {
        writer.write(&chunk)?;
    }
    writer.finish().map(drop)
}
