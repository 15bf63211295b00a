//! What the heaps are like now, side by side: what `heapatlas compare` tells of their ends.

use eframe::egui::{Grid, Label, RichText, ScrollArea, Ui};
use heapatlas_heap::frame::Counters;

use crate::format;
use crate::map::balance::Term;

/// A line: its name, how its value is had, and what it counts.
type Line = (&'static str, fn(&Counters) -> String, &'static str);

const LINES: [Line; 9] = [
    ("allocation clock", |counters| format::bytes(counters.clock), "bytes allocated since the start"),
    ("live", live, "bytes that the last mark reached; unknown before the first collection"),
    ("committed", |counters| format::bytes(counters.committed), "bytes mapped, and ours"),
    (
        "resident",
        |counters| format::maybe_bytes(counters.resident()),
        "bytes of its pages in memory, as the kernel says",
    ),
    ("resident / live", ratio, "what a byte that is in use costs in memory"),
    (
        "most of the rest",
        rest,
        "the largest term of the balance besides what lives, and its share of what is committed",
    ),
    ("holes", |counters| format::bytes(counters.holes), "bytes between extents, and not ours"),
    ("collections", |counters| format::count(counters.cycles), "completed since the start"),
    ("collecting", |counters| format::time(counters.gc_time), "time spent in the collector"),
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
            for (name, value, meaning) in LINES {
                ui.weak(name).on_hover_text(meaning);
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
