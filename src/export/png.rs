//! The picture in pixels.

use std::io::{self, Write};

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};

use super::Title;
use super::picture::{Drawing, Lettering, Picture, Rect, Surface};
use crate::map::palette::Rgb;
use crate::model::HeapModel;

/// Writes the picture of a model.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, model: &HeapModel, title: &Title) -> io::Result<()> {
    write_drawing(out, &Picture::new(model, title))
}

/// Writes a picture.
///
/// # Errors
/// When writing fails.
pub fn write_drawing(out: &mut dyn Write, drawing: &dyn Drawing) -> io::Result<()> {
    let (width, height) = drawing.size();
    write_pixels(out, (width, height), &pixels(drawing, (width, height))?)
}

/// Writes pixels, three bytes each, of a picture of this width and height.
///
/// # Errors
/// When writing fails, or when there are not as many.
pub fn write_pixels(out: &mut dyn Write, (width, height): (u32, u32), pixels: &[u8]) -> io::Result<()> {
    let mut encoder = png::Encoder::new(out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let failed = |error: png::EncodingError| io::Error::other(error.to_string());
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)
}

/// The pixels of a picture, three bytes each, on a ground of this width and height.
///
/// # Errors
/// When there is no lettering.
pub(super) fn pixels(drawing: &dyn Drawing, (width, height): (u32, u32)) -> io::Result<Vec<u8>> {
    let mut canvas = Canvas::new(width, height)?;
    let whole = (0.0, 0.0, width as f32, height as f32);
    canvas.fill(whole, drawing.title().theme.background());
    drawing.draw(&mut canvas);
    Ok(canvas.pixels)
}

/// Pixels, three bytes each.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    body: FontRef<'static>,
    digits: FontRef<'static>,
}

impl Canvas {
    fn new(width: u32, height: u32) -> io::Result<Self> {
        let font = |bytes| FontRef::try_from_slice(bytes).map_err(|error| io::Error::other(error.to_string()));
        let (width, height) = (width as usize, height as usize);
        Ok(Self {
            width,
            height,
            pixels: vec![0; width * height * 3],
            body: font(epaint_default_fonts::UBUNTU_LIGHT)?,
            digits: font(epaint_default_fonts::HACK_REGULAR)?,
        })
    }

    fn blend(&mut self, x: i32, y: i32, colour: Rgb, share: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x < self.width && y < self.height {
            let pixel = &mut self.pixels[(y * self.width + x) * 3..][..3];
            let mixed = Rgb(pixel[0], pixel[1], pixel[2]).mix(colour, share);
            pixel.copy_from_slice(&[mixed.0, mixed.1, mixed.2]);
        }
    }

    /// The whole pixels that a rectangle covers, cut to the canvas.
    fn covered(&self, (x, y, width, height): Rect) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let clamp = |value: f32, most: usize| (value.round().max(0.0) as usize).min(most);
        (clamp(x, self.width)..clamp(x + width, self.width), clamp(y, self.height)..clamp(y + height, self.height))
    }
}

/// Pixels between two lines of a hatch.
const HATCH: usize = 4;

impl Surface for Canvas {
    fn fill(&mut self, rect: Rect, colour: Rgb) {
        let (columns, rows) = self.covered(rect);
        for y in rows {
            for pixel in self.pixels[(y * self.width + columns.start) * 3..(y * self.width + columns.end) * 3]
                .chunks_exact_mut(3)
            {
                pixel.copy_from_slice(&[colour.0, colour.1, colour.2]);
            }
        }
    }

    fn hatch(&mut self, rect: Rect, colour: Rgb) {
        let (columns, rows) = self.covered(rect);
        for y in rows {
            for x in columns.clone().filter(|x| (x + y) % HATCH == 0) {
                self.blend(x as i32, y as i32, colour, 0.75);
            }
        }
    }

    fn zigzag(&mut self, (x, y, width, height): Rect, colour: Rgb) {
        let period = height * 2.0;
        for step in 0..(width as usize * 2) {
            let along = step as f32 / 2.0;
            let phase = along % period;
            let up = if phase < height { phase } else { period - phase };
            for thick in 0..2 {
                self.blend((x + along) as i32, (y + up) as i32 + thick, colour, 1.0);
            }
        }
    }

    fn text(&mut self, (x, y): (f32, f32), text: &str, lettering: Lettering, colour: Rgb) {
        let font = match lettering {
            Lettering::Title | Lettering::Body => self.body.clone(),
            Lettering::Gutter | Lettering::Number => self.digits.clone(),
        };
        let scaled = font.as_scaled(PxScale::from(lettering.size() * 1.2));
        // A narrow space that a font lacks is still a space, not the box for what is missing.
        let lacks = |character: char| character.is_whitespace() && scaled.glyph_id(character).0 == 0;
        let advance = |character| {
            if lacks(character) {
                scaled.h_advance(scaled.glyph_id(' ')) * 0.6
            } else {
                scaled.h_advance(scaled.glyph_id(character))
            }
        };
        let width: f32 = text.chars().map(advance).sum();
        let mut at = if lettering == Lettering::Gutter { x - width } else { x };
        for character in text.chars() {
            let glyph = scaled.glyph_id(character).with_scale_and_position(scaled.scale(), ab_glyph::point(at, y));
            if let Some(outline) = font.outline_glyph(glyph).filter(|_| !lacks(character)) {
                let bounds = outline.px_bounds();
                outline.draw(|column, row, share| {
                    self.blend(bounds.min.x as i32 + column as i32, bounds.min.y as i32 + row as i32, colour, share);
                });
            }
            at += advance(character);
        }
    }
}
