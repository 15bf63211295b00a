//! What to open: a path, or one of the samples.

use std::path::PathBuf;

use eframe::egui::{Align2, Button, Context, Grid, Key, Order, TextEdit, Window, vec2};
use heapatlas_arc::libraries::Library;

use crate::source::samples::{SAMPLES, about};

/// What to open, while that is asked.
#[derive(Debug, Default)]
pub struct Open {
    shown: bool,
    /// Whether the field is to have the keyboard.
    opened: bool,
    path: String,
}

/// What was chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Chosen {
    /// A program of the person's.
    File(PathBuf),
    /// A sample.
    Sample(Library),
}

/// Width of the field.
const FIELD: f32 = 320.0;
/// Width of a button with a sample's name.
const NAME: f32 = 126.0;

impl Open {
    /// Asks.
    pub fn ask(&mut self) {
        self.shown = true;
        self.opened = true;
    }

    /// Asks no more. Says whether it did.
    pub fn dismiss(&mut self) -> bool {
        std::mem::take(&mut self.shown)
    }

    /// Shows the question while it is asked, and gives what was chosen.
    pub fn show(&mut self, ctx: &Context, recent: &[PathBuf]) -> Option<Chosen> {
        let mut chosen = None;
        let mut shown = self.shown;
        Window::new("Open")
            .open(&mut shown)
            .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
            // Over a hint that was to be seen, too.
            .order(Order::Tooltip)
            .collapsible(false)
            .resizable(false)
            .show(ctx, |ui| {
                ui.label("An Arc program, which runs after the library in a fresh heap, or a recording.");
                ui.horizontal(|ui| {
                    let field = TextEdit::singleline(&mut self.path)
                        .id_salt("path field")
                        .hint_text("program.arc, or run.atlas");
                    let response = ui.add(field.desired_width(FIELD).lock_focus(false));
                    response.widget_info(|| {
                        eframe::egui::WidgetInfo::labeled(eframe::egui::Role::TextInput, true, "Path of a program")
                    });
                    if std::mem::take(&mut self.opened) {
                        response.request_focus();
                    }
                    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                    if (ui.button("Open it").clicked() || entered) && !self.path.trim().is_empty() {
                        chosen = Some(Chosen::File(PathBuf::from(self.path.trim())));
                    }
                });
                ui.weak("Or drop a file on the window.");
                if !recent.is_empty() {
                    ui.add_space(6.0);
                    ui.label("Opened last:");
                    for path in recent {
                        let name = path.display().to_string();
                        if ui.add(Button::new(&name).truncate()).on_hover_text(&name).clicked() {
                            chosen = Some(Chosen::File(path.clone()));
                        }
                    }
                }
                ui.add_space(6.0);
                ui.label("Samples, each of which says in its first lines what to look for:");
                Grid::new("samples").num_columns(2).spacing([14.0, 4.0]).show(ui, |ui| {
                    for sample in SAMPLES {
                        if ui
                            .add(Button::new(sample.name.trim_start_matches("samples/")).min_size(vec2(NAME, 0.0)))
                            .clicked()
                        {
                            chosen = Some(Chosen::Sample(*sample));
                        }
                        ui.label(about(sample));
                        ui.end_row();
                    }
                });
            });
        self.shown = shown && chosen.is_none() && !ctx.input(|input| input.key_pressed(Key::Escape));
        chosen
    }
}

/// A file that was dropped on the window.
#[must_use]
pub fn dropped(ctx: &Context) -> Option<PathBuf> {
    ctx.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()))
}
