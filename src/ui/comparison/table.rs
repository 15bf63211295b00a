//! What the heaps are like now, side by side: what `heapatlas compare` tells of their ends.

use eframe::egui::{Grid, Label, RichText, ScrollArea, Ui};
use heapatlas_heap::frame::Counters;

use crate::format;
use crate::map::balance::Term;
use crate::ui::words::{Counts, Word};

/// A line: what it counts, and how that is had.
type Line = (Word, fn(&Counters) -> String);

const LINES: [Line; 9] = [
    (Word::Clock, |counters| format::bytes(counters.clock)),
    (Word::Live, live),
    (Word::Committed, |counters| format::bytes(counters.committed)),
    (Word::Resident, |counters| format::maybe_bytes(counters.resident())),
    (Word::ResidentPerLive, ratio),
    (Word::Rest, rest),
    (Word::Holes, |counters| format::bytes(counters.holes)),
    (Word::CollectionsCompleted, |counters| format::count(counters.cycles)),
    (Word::Collecting, |counters| format::time(counters.gc_time)),
];

fn live(counters: &Counters) -> String {
    if counters.cycles > 0 { format::bytes(counters.balance.live) } else { "–".to_owned() }
}

fn ratio(counters: &Counters) -> String {
    let judged = counters.resident().filter(|_| counters.cycles > 0);
    judged.map_or_else(|| "–".to_owned(), |resident| format::ratio(resident, counters.balance.live))
}

fn rest(counters: &Counters) -> String {
    Term::costliest(&counters.balance).map_or_else(
        || "–".to_owned(),
        |(term, bytes)| format!("{} {}", term.name(), format::percent(bytes, counters.committed)),
    )
}

/// Shows a column for each heap.
pub fn show(ui: &mut Ui, heaps: &[(&str, &Counters)]) {
    ScrollArea::both().id_salt("comparison").auto_shrink(false).show(ui, |ui| {
        Grid::new("comparison").num_columns(4).spacing([22.0, 2.0]).min_row_height(17.0).show(ui, |ui| {
            ui.label("");
            for (name, _) in heaps {
                ui.strong(*name);
            }
            ui.end_row();
            for (word, value) in LINES {
                let (name, meaning) = (word.name(), word.sentence());
                ui.weak(name).counts(word);
                for (heap, counters) in heaps {
                    let value = value(counters);
                    let response = ui.add(Label::new(RichText::new(&value)).extend());
                    response.on_hover_text(format!("{name} under {heap}: {value}. {meaning}"));
                }
                ui.end_row();
            }
        });
    });
}
