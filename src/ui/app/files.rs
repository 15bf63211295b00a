//! What panels show, written to files.

use std::path::{Path, PathBuf};

use eframe::egui::{self, Context, Frame, Ui};

use super::App;
use crate::export::Title;
use crate::map::palette::Theme;
use crate::ui::exports::{self, Kind};
use crate::ui::panel::Panel;

impl App {
    /// Where files are written to; the current folder without.
    pub fn write_into(&mut self, folder: PathBuf) {
        self.folder = folder;
    }

    /// Writes what a panel shows to a file.
    pub(super) fn export(&mut self, ctx: &Context, panel: Panel, kind: Kind) {
        let path = exports::free_path(&self.folder, panel, kind);
        let told = move |path: &Path, result: std::io::Result<()>| match result {
            Ok(()) => format!("written: {}", path.display()),
            Err(error) => format!("can't write {}: {error}", path.display()),
        };
        if kind == Kind::Png && panel != Panel::Map {
            let Some(part) = self.dock.rect(panel) else { return };
            let (sender, scale) = (self.writing.0.clone(), ctx.pixels_per_point());
            ctx.request_screenshot(move |screen| {
                let result = exports::write_screen(&path, &screen, part, scale);
                // Whoever does not look any more need not know.
                sender.try_send(told(&path, result)).ok();
            });
            return;
        }
        let theme = if ctx.theme() == egui::Theme::Dark { Theme::Dark } else { Theme::Light };
        let title = Title { program: self.title.clone(), theme };
        self.written = Some(told(&path, exports::write(&path, (panel, kind), &self.panels, &title)));
    }

    /// Shows what became of the file that was written last, until that is put away.
    pub(super) fn show_written(&mut self, ui: &mut Ui, frame: Frame) {
        self.written = self.writing.1.try_recv().ok().or(self.written.take());
        let Some(written) = &self.written else { return };
        let shown = egui::Panel::top("written").frame(frame).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(written);
                ui.button("OK").clicked()
            })
        });
        if shown.inner.inner {
            self.written = None;
        }
    }
}
