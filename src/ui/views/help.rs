//! Every key, in a small window over the others.

use eframe::egui::{Align2, Context, Grid, RichText, Window};

use crate::ui::action::SHORTCUTS;

/// Width of the sentences below the keys.
const WIDTH: f32 = 330.0;

/// Shows the keys while `open`.
pub fn show(ctx: &Context, open: &mut bool) {
    Window::new("Keys").open(open).anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false).show(
        ctx,
        |ui| {
            Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
                for shortcut in SHORTCUTS.iter().filter(|shortcut| !shortcut.written.is_empty()) {
                    ui.label(RichText::new(shortcut.written).monospace().strong());
                    ui.label(shortcut.meaning);
                    ui.end_row();
                }
            });
            ui.add_space(6.0);
            ui.set_max_width(WIDTH);
            ui.weak(
                "Ctrl with the wheel zooms the map; the wheel scrolls it. A click on a page pins it, a click on a term of \
                 the balance lights up the pages that hold it.",
            );
        },
    );
}
