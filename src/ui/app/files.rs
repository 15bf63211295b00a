//! What panels show, written to files.

use std::path::{Path, PathBuf};

use eframe::egui::{self, Align, Context, Frame, Label, Layout, RichText, Ui};

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

    /// Shows what could not be done, and what became of the file that was written last, until that is put away.
    pub(super) fn show_told(&mut self, ui: &mut Ui, frame: Frame) {
        self.written = self.writing.1.try_recv().ok().or(self.written.take());
        let error = Some(ui.visuals().error_fg_color);
        for (id, told, ink) in [("trouble", &mut self.trouble, error), ("written", &mut self.written, None)] {
            let Some(words) = told else { continue };
            let shown = egui::Panel::top(id).frame(frame).show(ui, |ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let closes = ui.button("OK").on_hover_text("[Esc]").clicked();
                    let words = ink.map_or(RichText::new(&*words), |ink| RichText::new(&*words).color(ink));
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(Label::new(words).truncate()));
                    closes
                })
            });
            if shown.inner.inner {
                *told = None;
            }
        }
    }
}
