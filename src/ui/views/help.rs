//! Every key, in a small window over the others.

use eframe::egui::{Align2, Context, Grid, RichText, Window};

use crate::ui::action::SHORTCUTS;

/// Width of the sentences below the keys.
const WIDTH: f32 = 640.0;

/// Shows the keys while `open`.
pub fn show(ctx: &Context, open: &mut bool) {
    Window::new("Keys").open(open).anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false).show(
        ctx,
        |ui| {
            let told: Vec<_> = SHORTCUTS.iter().filter(|shortcut| !shortcut.written.is_empty()).collect();
            ui.horizontal_top(|ui| {
                for (column, shortcuts) in told.chunks(told.len().div_ceil(2)).enumerate() {
                    ui.add_space(if column == 0 { 0.0 } else { 24.0 });
                    Grid::new(("keys", column)).num_columns(2).spacing([18.0, 5.0]).min_row_height(18.0).show(ui, |ui| {
                        for shortcut in shortcuts {
                            ui.label(RichText::new(shortcut.written).monospace().strong());
                            ui.label(shortcut.meaning);
                            ui.end_row();
                        }
                    });
                }
            });
            ui.add_space(6.0);
            ui.set_max_width(WIDTH);
            ui.weak(
                "Ctrl with the wheel zooms the map; the wheel scrolls it. A click on a page pins it, dragging selects pages, a \
                 click on a term of the balance lights up the pages that hold it. In the console Tab completes a name.",
            );
        },
    );
}
