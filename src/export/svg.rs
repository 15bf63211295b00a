//! The picture in shapes. Adjacent rectangles of one colour in a row become one, so that the file stays small.

use std::fmt::Write as _;
use std::io::{self, Write};

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
    let title = drawing.title();
    let mut shapes = Shapes::default();
    drawing.draw(&mut shapes);
    shapes.flush();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">"
    )?;
    writeln!(out, "<title>{}</title>", escape(&title.program))?;
    writeln!(
        out,
        "<defs><pattern id=\"hatch\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"1.2\" height=\"4\" fill=\"{}\"/></pattern></defs>",
        title.theme.background().hex()
    )?;
    out.write_all(shapes.text.as_bytes())?;
    writeln!(out, "</svg>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A number to a tenth, without needless digits; no picture has one below zero. Floats are slow to write, and a large map
/// has millions.
fn number(value: f32) -> String {
    let tenths = (value * 10.0).round() as u64;
    match tenths % 10 {
        0 => format!("{}", tenths / 10),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}

/// Shapes as text, the latest rectangle held back in case the next continues it.
#[derive(Default)]
struct Shapes {
    text: String,
    waiting: Vec<(Rect, Rgb)>,
    hatched: Option<Rect>,
}

/// Gap that a rectangle may leave to the one it continues: the line between two squares.
const GAP: f32 = 1.01;

impl Shapes {
    fn flush(&mut self) {
        for ((x, y, width, height), colour) in self.waiting.drain(..) {
            writeln!(
                self.text,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
                number(x),
                number(y),
                number(width),
                number(height),
                colour.hex()
            )
            .ok();
        }
        if let Some((x, y, width, height)) = self.hatched.take() {
            writeln!(
                self.text,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"url(#hatch)\"/>",
                number(x),
                number(y),
                number(width),
                number(height)
            )
            .ok();
        }
    }
}

fn continues(before: Rect, next: Rect) -> bool {
    let end = before.0 + before.2;
    before.1 == next.1 && before.3 == next.3 && next.0 >= end && next.0 - end <= GAP
}

impl Surface for Shapes {
    fn fill(&mut self, rect: Rect, colour: Rgb) {
        if rect.2 <= 0.0 || rect.3 <= 0.0 {
            return;
        }
        let same = |(before, other): &&mut (Rect, Rgb)| *other == colour && continues(*before, rect);
        if let Some((before, _)) = self.waiting.iter_mut().find(same) {
            before.2 = rect.0 + rect.2 - before.0;
            return;
        }
        // A new row, or something else altogether: nothing that waits can be continued.
        if self.waiting.iter().any(|(before, _)| rect.0 < before.0 + before.2 - GAP && rect.1 >= before.1 + before.3)
            || self.waiting.len() > 8
        {
            self.flush();
        }
        self.waiting.push((rect, colour));
    }

    fn hatch(&mut self, rect: Rect, _colour: Rgb) {
        match &mut self.hatched {
            Some(before) if continues(*before, rect) => before.2 = rect.0 + rect.2 - before.0,
            _ => {
                self.flush();
                self.hatched = Some(rect);
            }
        }
    }

    fn zigzag(&mut self, (x, y, width, height): Rect, colour: Rgb) {
        self.flush();
        let mut points = String::new();
        let mut along = 0.0;
        let mut up = false;
        while along <= width {
            let level = if up { y } else { y + height };
            write!(points, "{},{} ", number(x + along), number(level)).ok();
            along += height;
            up = !up;
        }
        writeln!(
            self.text,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
            points.trim_end(),
            colour.hex()
        )
        .ok();
    }

    fn text(&mut self, (x, y): (f32, f32), text: &str, lettering: Lettering, colour: Rgb) {
        self.flush();
        let (family, anchor) = match lettering {
            Lettering::Title | Lettering::Body => ("Ubuntu, 'Segoe UI', sans-serif", "start"),
            Lettering::Gutter => ("Hack, 'DejaVu Sans Mono', monospace", "end"),
            Lettering::Number => ("Hack, 'DejaVu Sans Mono', monospace", "start"),
        };
        writeln!(
            self.text,
            "<text x=\"{}\" y=\"{}\" font-family=\"{family}\" font-size=\"{}\" text-anchor=\"{anchor}\" \
             fill=\"{}\">{}</text>",
            number(x),
            number(y),
            number(lettering.size()),
            colour.hex(),
            escape(text)
        )
        .ok();
    }
}
