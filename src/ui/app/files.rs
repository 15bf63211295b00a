//! What panels show, written to files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{self, Align, Context, Frame, Label, Layout, RichText, Ui};

use super::App;
use crate::export::Title;
use crate::export::file::WholeFile;
use crate::map::palette::Theme;
use crate::ui::exports::{self, Kind};
use crate::ui::panel::Panel;
use crate::ui::views::errand;
use crate::ui::work::{self, Pulse};

/// How often it is looked how far a file has come.
const LOOK: Duration = Duration::from_millis(100);

impl App {
    /// Where files are written to; the current folder without.
    pub fn write_into(&mut self, folder: PathBuf) {
        self.folder = folder;
    }

    /// Writes what a panel shows to a file. What may be long is written by a thread, which can be cancelled.
    pub(super) fn export(&mut self, ctx: &Context, panel: Panel, kind: Kind) {
        if panel == Panel::Difference && kind != Kind::Png && self.session().marked().is_none() {
            self.written =
                Some("there is no difference to write: mark a moment as A first, and go to another".to_owned());
            return;
        }
        let path = exports::free_path(&self.folder, panel, kind);
        let file = match WholeFile::create_new(&path) {
            Ok(file) => file,
            Err(error) => return self.written = Some(told(&path, Err(error))),
        };
        let theme = if ctx.theme() == egui::Theme::Dark { Theme::Dark } else { Theme::Light };
        let title = Title { program: self.title.clone(), theme };
        if let Some(write) = exports::long(panel, kind, &self.panels, title) {
            self.write_beside(ctx, path, file, write);
        } else if kind == Kind::Png {
            self.write_picture(ctx, panel, path, file);
        } else {
            let result = file.write(|out| exports::write_table(out, panel, &self.panels));
            self.written = Some(told(&path, result));
        }
    }

    /// Writes a picture of the screen where a panel is, once there is one.
    fn write_picture(&self, ctx: &Context, panel: Panel, path: PathBuf, file: WholeFile) {
        let Some(part) = self.dock.rect(panel) else { return };
        let (sender, scale) = (self.writing.0.clone(), ctx.pixels_per_point());
        ctx.request_screenshot(move |screen| {
            let result = file.write(|out| exports::write_screen(out, &screen, part, scale));
            // Whoever does not look any more need not know.
            sender.try_send(told(&path, result)).ok();
        });
    }

    /// Has a thread write a file.
    fn write_beside(
        &mut self,
        ctx: &Context,
        path: PathBuf,
        file: WholeFile,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) {
        let ctx = ctx.clone();
        let (what, known) = (format!("writing {}", path.display()), path.clone());
        let work = move |pulse: &Pulse| match work::write_while_wanted(file, pulse, write) {
            Err(_) if pulse.is_cancelled() => format!("cancelled: {} was not written", path.display()),
            result => told(&path, result),
        };
        if let Err(error) = self.work.start(what, Arc::new(move || ctx.request_repaint()), work) {
            self.written = Some(told(&known, Err(error)));
        }
    }

    /// Shows what takes long; what could not be done, and what became of the file that was written last, until that is put
    /// away.
    pub(super) fn show_told(&mut self, ui: &mut Ui, frame: Frame) {
        let came = self.work.outcome().or_else(|| self.writing.1.try_recv().ok());
        self.written = came.or(self.written.take());
        if !self.work.is_empty() {
            // It has to be told of when it takes long, and how far it has come.
            ui.ctx().request_repaint_after(LOOK);
        }
        if self.work.is_long() {
            egui::Panel::top("work").frame(frame).show(ui, |ui| self.work.show(ui));
        }
        if let Some(errand) = self.session().errand()
            && egui::Panel::top("errand").frame(frame).show(ui, |ui| errand::show(ui, errand)).inner
        {
            self.panels.session.cancel();
        }
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

/// What became of a file, in a sentence.
fn told(path: &Path, result: io::Result<()>) -> String {
    match result {
        Ok(()) => format!("written: {}", path.display()),
        Err(error) => format!("can't write {}: {error}", path.display()),
    }
}
