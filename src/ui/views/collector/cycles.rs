//! The table of cycles: why each began, what it changed, how long it took. A click chooses one.

use eframe::egui::{Grid, Label, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo};

use crate::format;
use crate::model::chronicle::Told;
use crate::model::cycles::Cycle;
use crate::ui::theme::{self, color};
use crate::ui::words::{Counts, Word};

/// The columns.
const COLUMNS: [Word; 5] = [Word::Cycle, Word::Cause, Word::CycleAllocated, Word::CycleResident, Word::CycleTook];

/// Shows the cycles, the latest first, and gives the number of the one that was clicked.
pub(super) fn show(ui: &mut Ui, told: Told<'_>, chosen: u64) -> Option<u64> {
    let mut clicked = None;
    let theme = theme::current(ui);
    ScrollArea::both().id_salt("cycles").min_scrolled_height(0.0).auto_shrink([false, false]).show(ui, |ui| {
        Grid::new("cycles").num_columns(5).spacing([6.0, 2.0]).min_row_height(17.0).show(ui, |ui| {
            for word in COLUMNS {
                let name = RichText::new(word.name()).small().color(color(theme.faint_text()));
                ui.add(Label::new(name).extend()).counts(word);
            }
            ui.end_row();
            for cycle in told.cycles().rev() {
                let is_chosen = cycle.number == chosen;
                for (n, (word, text)) in COLUMNS.into_iter().zip(row_of(&cycle)).enumerate() {
                    let words = RichText::new(&text).small();
                    let words = if is_chosen { words.strong().underline() } else { words };
                    // A click anywhere in the row will do; the keyboard stops at its number alone.
                    let sense = if n == 0 { Sense::click() } else { Sense::CLICK };
                    let response = ui.add(Label::new(words).extend().sense(sense));
                    if n == 0 {
                        let name = format!("cycle {text}");
                        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &name));
                    }
                    if response.counts(word).clicked() {
                        clicked = Some(cycle.number);
                    }
                }
                ui.end_row();
            }
        });
    });
    clicked
}

fn row_of(cycle: &Cycle) -> [String; 5] {
    let Cycle { number, cause, before, after, .. } = cycle;
    let change = |before: String, after: Option<String>| match after {
        Some(after) => {
            // A unit that both have is told once.
            let same =
                before.split_once(' ').filter(|(_, unit)| after.split_once(' ').is_some_and(|(_, its)| its == *unit));
            format!("{} to {after}", same.map_or(before.as_str(), |(number, _)| number))
        }
        None => format!("{before} to …"),
    };
    let took = after.map(|after| after.gc_time.saturating_sub(before.gc_time));
    [
        number.to_string(),
        cause.name().to_owned(),
        change(format::bytes(before.allocated), after.map(|after| format::bytes(after.allocated))),
        change(format::maybe_bytes(before.resident), after.map(|after| format::maybe_bytes(after.resident))),
        took.map_or_else(|| "…".to_owned(), format::time),
    ]
}
