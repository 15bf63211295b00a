//! What a panel shows, as a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{ColorImage, Rect};

use super::panel::Panel;
use super::panels::Panels;
use super::views::allocation::rows;
use crate::export::{self, Format, Title, png, tables};

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
        Panel::Map => &[Kind::Png, Kind::Svg, Kind::Csv],
        Panel::Balance | Panel::Timeline | Panel::Collector | Panel::Allocation => &[Kind::Png, Kind::Csv],
        _ => &[Kind::Png],
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
    (1..).map(numbered).find(|path| !path.exists()).unwrap_or_else(|| numbered(1))
}

/// Writes what a panel shows, but for a picture of anything else than the map: that is taken from the screen.
///
/// # Errors
/// When the file can't be written.
pub fn write(path: &Path, (panel, kind): (Panel, Kind), panels: &Panels, title: &Title) -> io::Result<()> {
    let model = panels.session.model();
    let mut out = BufWriter::new(File::create(path)?);
    match (panel, kind) {
        (Panel::Map, Kind::Png) => export::write(&mut out, Format::Png, model, title)?,
        (Panel::Map, Kind::Svg) => export::write(&mut out, Format::Svg, model, title)?,
        (Panel::Map, _) => export::write(&mut out, Format::Csv, model, title)?,
        (Panel::Timeline, _) => tables::write_history(&mut out, panels.session.chronicle().history())?,
        (Panel::Collector, _) => tables::write_cycles(&mut out, panels.session.told())?,
        (Panel::Allocation, _) => rows::write(&mut out, panels.allocation.rows())?,
        _ => tables::write_balance(&mut out, model)?,
    }
    out.flush()
}

/// Writes a part of a picture of the screen.
///
/// # Errors
/// When the file can't be written.
pub fn write_screen(path: &Path, screen: &Arc<ColorImage>, part: Rect, scale: f32) -> io::Result<()> {
    let part = screen.region(
        &part.intersect(Rect::from_min_size(
            eframe::egui::Pos2::ZERO,
            eframe::egui::vec2(screen.size[0] as f32, screen.size[1] as f32) / scale,
        )),
        Some(scale),
    );
    let pixels: Vec<u8> = part.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let mut out = BufWriter::new(File::create(path)?);
    png::write_pixels(&mut out, (part.size[0] as u32, part.size[1] as u32), &pixels)?;
    out.flush()
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
        let folder = tempfile::tempdir().expect("a folder");
        let screen = Arc::new(ColorImage::filled([40, 30], eframe::egui::Color32::RED));
        let path = folder.path().join("x.png");
        let part = Rect::from_min_max(eframe::egui::pos2(5.0, 5.0), eframe::egui::pos2(15.0, 99.0));
        write_screen(&path, &screen, part, 2.0).expect("a file");
        let picture = std::fs::read(path).expect("a file");
        assert_eq!(&picture[1..4], b"PNG");
        assert_eq!(picture[16..24], [0, 0, 0, 20, 0, 0, 0, 20], "in pixels, and not beyond the screen");
    }
}
