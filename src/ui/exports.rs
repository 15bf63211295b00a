//! What a panel shows, as a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{ColorImage, Rect};
use heapatlas_arc::inspect::Thing;
use heapatlas_heap::free_lists::RunClasses;

use super::panel::Panel;
use super::panels::Panels;
use super::transcript::Transcript;
use super::views::allocation::rows;
use crate::export::difference::Difference;
use crate::export::file::part_of;
use crate::export::over_time::OverTimePicture;
use crate::export::{self, Format, Title, png, svg, tables};
use crate::map::difference;
use crate::model::HeapModel;

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A picture of pixels.
    Png,
    /// A picture of shapes.
    Svg,
    /// A table.
    Csv,
}

impl Kind {
    /// The extension of its files.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Csv => "csv",
        }
    }
}

/// How a panel can be written.
#[must_use]
pub const fn kinds(panel: Panel) -> &'static [Kind] {
    match panel {
        Panel::Map | Panel::Difference => &[Kind::Png, Kind::Svg, Kind::Csv],
        Panel::OverTime => &[Kind::Png, Kind::Svg],
        Panel::Balance
        | Panel::Page
        | Panel::FreeLists
        | Panel::Timeline
        | Panel::Collector
        | Panel::Source
        | Panel::Allocation
        | Panel::Console => &[Kind::Png, Kind::Csv],
        Panel::Breakpoints => &[Kind::Png],
    }
}

/// A file that does not exist yet, named after the panel.
#[must_use]
pub fn free_path(folder: &Path, panel: Panel, kind: Kind) -> PathBuf {
    let name = panel.name().to_lowercase().replace(' ', "-");
    let numbered = |number: u32| match number {
        1 => folder.join(format!("heapatlas-{name}.{}", kind.extension())),
        number => folder.join(format!("heapatlas-{name}-{number}.{}", kind.extension())),
    };
    (1..).map(numbered).find(|path| !path.exists() && !part_of(path).exists()).unwrap_or_else(|| numbered(1))
}

/// Writes a table of what a panel shows that is no map: that is short. Where the panel has nothing to show there are the
/// names of the columns alone.
///
/// # Errors
/// When it can't be written.
pub fn write_table(out: &mut dyn Write, panel: Panel, panels: &Panels) -> io::Result<()> {
    let session = &panels.session;
    match panel {
        Panel::Timeline => tables::write_history(out, session.chronicle().history()),
        Panel::Collector => tables::write_cycles(out, session.told()),
        Panel::Allocation => rows::write(out, panels.allocation.rows()),
        Panel::Source => tables::write_forms(out, session.told().forms()),
        Panel::FreeLists => {
            let none = RunClasses::default();
            let classes = session.free_lists().map_or([&none; 2], |lists| [&lists.cells, &lists.objects]);
            tables::write_free_runs(out, classes)
        }
        Panel::Page => write_things(out, session.page_findings().map_or(&[], |findings| &findings.things)),
        Panel::Console => write_lines(out, session.transcript()),
        _ => tables::write_balance(out, session.model()),
    }
}

/// Writes a row for each thing on a page.
fn write_things(out: &mut dyn Write, things: &[Thing]) -> io::Result<()> {
    writeln!(out, "address,kind,bytes,alive,pinned,references,root,prints_as")?;
    for thing in things {
        let root = thing.path.first().map(|root| tables::quoted(&root.words)).unwrap_or_default();
        let Thing { address, kind, bytes, pinned, references, printed, .. } = thing;
        let (alive, printed) = (thing.is_alive(), tables::quoted(printed));
        writeln!(out, "{address},{kind},{bytes},{alive},{pinned},{references},{root},{printed}")?;
    }
    Ok(())
}

/// Writes a row for each line that was said.
fn write_lines(out: &mut dyn Write, transcript: &Transcript) -> io::Result<()> {
    writeln!(out, "voice,text")?;
    for line in transcript.lines() {
        writeln!(out, "{},{}", line.voice.name(), tables::quoted(&line.text))?;
    }
    Ok(())
}

/// What writes a file that may be long.
pub type Writing = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// What writes a file of a panel that may be long; `None` for what is short, for a picture of the screen, and for a
/// difference when no moment is marked.
#[must_use]
pub fn long(panel: Panel, kind: Kind, panels: &Panels, title: Title) -> Option<Writing> {
    let session = &panels.session;
    let model = session.model().clone();
    match (panel, kind) {
        (Panel::Map, _) => Some(Box::new(move |out| write_map(out, kind, &model, &title))),
        (Panel::OverTime, Kind::Svg) => {
            let over_time = session.over_time().clone();
            Some(Box::new(move |out| svg::write_drawing(out, &OverTimePicture::new(&over_time, &title))))
        }
        (Panel::Difference, Kind::Svg) => {
            let before = session.marked()?.clone();
            let moved = difference::moved(session.chronicle().moves(), &before, &model);
            Some(Box::new(move |out| svg::write_drawing(out, &Difference::new((&before, &model), moved, &title))))
        }
        (Panel::Difference, Kind::Csv) => {
            let before = session.marked()?.clone();
            Some(Box::new(move |out| tables::write_changes(out, &before, &model)))
        }
        _ => None,
    }
}

/// Writes a moment of the map.
fn write_map(out: &mut dyn Write, kind: Kind, model: &HeapModel, title: &Title) -> io::Result<()> {
    let format = match kind {
        Kind::Png => Format::Png,
        Kind::Svg => Format::Svg,
        Kind::Csv => Format::Csv,
    };
    export::write(out, format, model, title)
}

/// Writes a part of a picture of the screen.
///
/// # Errors
/// When it can't be written.
pub fn write_screen(out: &mut dyn Write, screen: &Arc<ColorImage>, part: Rect, scale: f32) -> io::Result<()> {
    let part = screen.region(
        &part.intersect(Rect::from_min_size(
            eframe::egui::Pos2::ZERO,
            eframe::egui::vec2(screen.size[0] as f32, screen.size[1] as f32) / scale,
        )),
        Some(scale),
    );
    let pixels: Vec<u8> = part.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    png::write_pixels(out, (part.size[0] as u32, part.size[1] as u32), &pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = |kind| free_path(folder.path(), Panel::Map, kind).file_name().map(|name| name.to_owned());
        assert_eq!(name(Kind::Csv), Some("heapatlas-page-map.csv".into()));
        std::fs::write(folder.path().join("heapatlas-page-map.csv"), "x").expect("a file");
        assert_eq!(name(Kind::Csv), Some("heapatlas-page-map-2.csv".into()));
        assert_eq!(name(Kind::Svg), Some("heapatlas-page-map.svg".into()));
    }

    #[test]
    fn a_part_of_the_screen_is_a_picture() {
        let screen = Arc::new(ColorImage::filled([40, 30], eframe::egui::Color32::RED));
        let part = Rect::from_min_max(eframe::egui::pos2(5.0, 5.0), eframe::egui::pos2(15.0, 99.0));
        let mut picture = Vec::new();
        write_screen(&mut picture, &screen, part, 2.0).expect("room");
        assert_eq!(&picture[1..4], b"PNG");
        assert_eq!(picture[16..24], [0, 0, 0, 20, 0, 0, 0, 20], "in pixels, and not beyond the screen");
    }
}
