//! The map over time as an animated picture (APNG).

use std::io::{self, Write};

use crate::export::Title;
use crate::export::picture::{Drawing, Picture};
use crate::export::png;
use crate::model::HeapModel;

/// Pictures of a film at most.
const PICTURES: u64 = 60;
/// Tenths of a second that each is shown.
const DELAY: u16 = 1;

/// Which moments a film shows, and how large it is. It is first shown a run to plan the film, and then once more to make it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    last_clock: u64,
    most_pages: usize,
    clocks: Vec<u64>,
    size: (u32, u32),
}

impl Plan {
    /// A plan for a run that ends at this on the allocation clock.
    #[must_use]
    pub fn new(last_clock: u64, most_pages: usize) -> Self {
        Self { last_clock, most_pages, ..Self::default() }
    }

    /// Whether the next picture is due.
    fn is_due(&self, model: &HeapModel) -> bool {
        let due = self.last_clock / PICTURES * self.clocks.len() as u64;
        model.counters().clock >= due && (self.clocks.len() as u64) < PICTURES
    }

    /// Shows the plan the next moment of the run.
    pub fn look(&mut self, model: &HeapModel) {
        if self.is_due(model) {
            self.clocks.push(model.counters().clock);
            let title = Title::default();
            let (width, height) = Picture::in_columns_of(model, &title, self.most_pages).size();
            self.size = (self.size.0.max(width), self.size.1.max(height));
        }
    }
}

/// Makes a film.
pub struct Film<W: Write> {
    writer: ::png::Writer<W>,
    plan: Plan,
    title: Title,
    shown: usize,
}

impl<W: Write> std::fmt::Debug for Film<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Film").field("plan", &self.plan).field("shown", &self.shown).finish_non_exhaustive()
    }
}

fn failed(error: ::png::EncodingError) -> io::Error {
    match error {
        ::png::EncodingError::IoError(error) => error,
        error => io::Error::other(error.to_string()),
    }
}

impl<W: Write> Film<W> {
    /// Begins a film.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(out: W, plan: Plan, title: Title) -> io::Result<Self> {
        let mut encoder = ::png::Encoder::new(out, plan.size.0.max(1), plan.size.1.max(1));
        encoder.set_color(::png::ColorType::Rgb);
        encoder.set_depth(::png::BitDepth::Eight);
        encoder.set_compression(::png::Compression::Fast);
        let pictures = u32::try_from(plan.clocks.len().max(1)).map_err(io::Error::other)?;
        encoder.set_animated(pictures, 0).map_err(failed)?;
        encoder.set_frame_delay(DELAY, 10).map_err(failed)?;
        Ok(Self { writer: encoder.write_header().map_err(failed)?, plan, title, shown: 0 })
    }

    /// Shows the film the next moment of the run.
    ///
    /// # Errors
    /// When writing fails.
    pub fn look(&mut self, model: &HeapModel) -> io::Result<()> {
        if self.plan.clocks.get(self.shown) != Some(&model.counters().clock) {
            return Ok(());
        }
        self.shown += 1;
        let picture = Picture::in_columns_of(model, &self.title, self.plan.most_pages);
        let pixels = png::pixels(&picture, self.plan.size)?;
        self.writer.write_image_data(&pixels).map_err(failed)
    }

    /// Ends the film.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self) -> io::Result<()> {
        self.writer.finish().map_err(failed)
    }
}
