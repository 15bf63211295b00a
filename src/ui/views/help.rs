//! Every key, in a small window over the others.

use eframe::egui::{Align2, Context, Grid, Order, RichText, ScrollArea, Ui, Window};

use crate::ui::action::{HEADINGS, SHORTCUTS, Shortcut};

/// Headings in the left one of two columns.
const LEFT: usize = 3;
/// Room for the keys themselves, the same in both.
const KEYS: f32 = 104.0;
/// What of the window's height is left around.
const AROUND: f32 = 100.0;

/// Shows the keys while `open`.
pub fn show(ctx: &Context, open: &mut bool) {
    let height = (ctx.content_rect().height() - AROUND).max(AROUND);
    let window = Window::new("Keys").open(open).anchor(Align2::CENTER_CENTER, [0.0, 0.0]);
    // Over a hint that was to be seen, too.
    let window = window.order(Order::Tooltip);
    window.collapsible(false).resizable(false).show(ctx, |ui| {
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                let (left, right) = HEADINGS.split_at(LEFT);
                ui.vertical(|ui| left.iter().for_each(|(heading, _)| show_keys(ui, heading)));
                ui.add_space(24.0);
                ui.vertical(|ui| right.iter().for_each(|(heading, _)| show_keys(ui, heading)));
            });
            ui.add_space(4.0);
            ui.weak("Ctrl with the wheel zooms the map; the wheel scrolls it. A click on a page pins it, dragging selects pages.");
            ui.weak("A click on a term of the balance lights up the pages that hold it. In the console Tab completes a name.");
        });
    });
}

/// A heading, and the keys under it.
fn show_keys(ui: &mut Ui, heading: &str) {
    ui.strong(heading);
    let grid = Grid::new(heading).num_columns(2).spacing([14.0, 2.0]).min_col_width(KEYS).min_row_height(17.0);
    grid.show(ui, |ui| {
        for shortcut in under(heading).iter().filter(|shortcut| !shortcut.written.is_empty()) {
            ui.label(RichText::new(shortcut.written).monospace().strong());
            ui.label(shortcut.meaning);
            ui.end_row();
        }
    });
    ui.add_space(4.0);
}

/// The keys from those of a heading to those of the next.
fn under(heading: &str) -> &'static [Shortcut] {
    let place = |at: usize| {
        let first = HEADINGS.get(at).map(|(_, action)| *action);
        first.and_then(|first| SHORTCUTS.iter().position(|shortcut| shortcut.action == first))
    };
    let at = HEADINGS.iter().position(|(name, _)| *name == heading).unwrap_or_default();
    &SHORTCUTS[place(at).unwrap_or_default()..place(at + 1).unwrap_or(SHORTCUTS.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_shown_once() {
        let shown: usize = HEADINGS.iter().map(|(heading, _)| under(heading).len()).sum();
        assert_eq!(shown, SHORTCUTS.len());
    }
}
