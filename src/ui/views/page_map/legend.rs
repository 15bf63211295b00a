//! What the colours of the map mean, and the scale.

use eframe::egui::{Label, RichText, Ui};
use heapatlas_heap::terms::{PAGE, PageKind};

use super::{PageMap, raster};
use crate::format;
use crate::map::balance::Term;
use crate::model::HeapModel;
use crate::ui::theme::{self, color};
use crate::ui::widgets::swatch;

/// Kinds that look the same and are told as one.
const KINDS: [(&str, &[PageKind]); 8] = [
    ("cells", &[PageKind::Cells]),
    ("objects", &[PageKind::Objects]),
    ("mixed", &[PageKind::Mixed]),
    ("large", &[PageKind::LargeHead, PageKind::LargeRest]),
    ("stack", &[PageKind::Stack]),
    ("tables", &[PageKind::Tables]),
    ("reserve", &[PageKind::Reserve]),
    ("free", &[PageKind::Fresh, PageKind::Free, PageKind::GivenBack]),
];

/// Shows the legend.
pub fn show(ui: &mut Ui, map: &PageMap, model: &HeapModel, lit: Option<Term>) {
    let theme = theme::current(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.spacing_mut().interact_size.y = 18.0;
        if let Some(term) = lit {
            swatch::swatch(ui, color(theme.term(term)));
            say(ui, &format!("{}: {}", term.name(), term.meaning(&model.counters().policy)));
            ui.weak("Esc puts the light out.");
            return;
        }
        for (name, kinds) in KINDS {
            let pages: u64 = kinds.iter().map(|kind| model.counters().pages_of(*kind)).sum();
            if pages > 0 {
                swatch::swatch(ui, color(theme.kind(kinds[0])));
                say(ui, &format!("{name} {}", format::count(pages)));
                ui.add_space(8.0);
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.spacing_mut().interact_size.y = 18.0;
        let mixed = model.counters().pages_of(PageKind::Mixed) > 0;
        let hue = theme.kind(if mixed { PageKind::Mixed } else { PageKind::Cells });
        let unjudged = hue.mix(theme.free(), 0.4);
        swatch::filled(ui, color(hue), color(unjudged), color(theme.free()));
        note(ui, "filled from below: live, paler unjudged, then free");
        ui.add_space(8.0);
        swatch::hatched(ui, color(theme.faint_text()));
        note(ui, "not resident");
        ui.add_space(8.0);
        swatch::swatch(ui, color(raster::glowing(hue, raster::GLOWS, theme)));
        note(ui, "just allocated");
        ui.add_space(8.0);
        if let Some(drawn) = &map.drawn {
            let columns = drawn.layout().columns();
            let row = format::bytes((columns * PAGE) as u64);
            note(ui, &format!("a box is a page of 4 KiB, a row {columns} pages, {row}"));
        }
    });
}

fn say(ui: &mut Ui, text: &str) {
    ui.add(Label::new(text).extend());
}

fn note(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).weak()).extend());
}
