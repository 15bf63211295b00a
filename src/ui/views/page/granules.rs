//! The nearest zoom: the granules of one page, each thing in the colour of what is known of it.

use eframe::egui::{Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};
use heapatlas_arc::inspect::{PageFindings, Thing};
use heapatlas_heap::survey::Colour;
use heapatlas_heap::terms::{Address, GRANULE, PAGE_GRANULES};

use crate::format;
use crate::map::palette::{Marked, Rgb, Theme};
use crate::ui::theme::{self, color};
use crate::ui::words::{Counts, Word};

/// Granules a row.
const COLUMNS: usize = 32;
const ROWS: usize = PAGE_GRANULES / COLUMNS;
/// Height of a granule, in points.
const HEIGHT: f32 = 12.0;

/// The granules of a page that a thing takes.
fn granules_of(thing: &Thing, page: Address) -> std::ops::Range<usize> {
    let start = thing.address.checked_offset_from(page).unwrap_or(0) / GRANULE;
    let bytes = usize::try_from(thing.bytes).unwrap_or(usize::MAX);
    let end = (thing.address.get().saturating_add(bytes)).saturating_sub(page.get()).div_ceil(GRANULE);
    start..end.min(PAGE_GRANULES)
}

/// The colour of a thing: that of the mark under way, else whether it lives.
fn colour_of(thing: &Thing, theme: Theme) -> Rgb {
    match thing.colour {
        Some(Colour::White) => theme.marking(Marked::White),
        Some(Colour::Grey) => theme.marking(Marked::Grey),
        Some(Colour::Black) => theme.marking(Marked::Black),
        None if thing.is_alive() => theme.running(),
        None => theme.marking(Marked::White),
    }
}

/// What stands out of a page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// The thing that was chosen.
    pub chosen: Option<Address>,
    /// The one that the collector scanned last.
    pub scanned: Option<Address>,
}

/// Shows the page, and gives the thing that was clicked.
pub fn show(ui: &mut Ui, findings: &PageFindings, marks: Marks) -> Option<Address> {
    let wide = (ui.available_width() / COLUMNS as f32).floor();
    let size = vec2(wide * COLUMNS as f32, HEIGHT * ROWS as f32);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let words = format!("the granules of the page: {} things", findings.things.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
    let response = response.described(Word::Things);
    let theme = theme::current(ui);
    ui.painter().rect_filled(rect, 0.0, color(theme.free()));
    let cell = |granule: usize| {
        let at = vec2((granule % COLUMNS) as f32 * wide, (granule / COLUMNS) as f32 * HEIGHT);
        Rect::from_min_size(rect.min + at, vec2(wide, HEIGHT))
    };
    for thing in &findings.things {
        let fill = color(colour_of(thing, theme));
        let is = |marked: Option<Address>| marked == Some(thing.address);
        let outlines = [(is(marks.scanned), theme.waiting()), (is(marks.chosen), theme.accent())];
        for granule in granules_of(thing, findings.page) {
            let begins = findings.page + granule * GRANULE == thing.address;
            let mut part = cell(granule).shrink2(vec2(0.0, 0.5));
            // A gap before each thing keeps neighbours apart.
            part.min.x += if begins { 1.5 } else { 0.0 };
            ui.painter().rect_filled(part, 0.0, fill);
            for (_, ink) in outlines.into_iter().filter(|(is_drawn, _)| *is_drawn) {
                ui.painter().rect_stroke(part, 0.0, Stroke::new(1.5, color(ink)), StrokeKind::Inside);
            }
        }
    }
    let under = |at: Pos2| thing_at(at - rect.min, vec2(wide, HEIGHT), findings);
    let clicked = response.interact_pointer_pos().filter(|_| response.clicked()).and_then(under);
    if let Some(at) = response.hover_pos() {
        response.on_hover_text_at_pointer(under(at).map_or_else(|| "free".to_owned(), in_short));
    }
    clicked.map(|thing| thing.address)
}

/// The thing at a place of the drawing.
fn thing_at(at: Vec2, cell: Vec2, findings: &PageFindings) -> Option<&Thing> {
    let granule = (at.y / cell.y) as usize * COLUMNS + ((at.x / cell.x) as usize).min(COLUMNS - 1);
    findings.things.iter().find(|thing| granules_of(thing, findings.page).contains(&granule))
}

/// What it is, where, whether it lives, and what it prints as.
fn in_short(thing: &Thing) -> String {
    let (address, bytes) = (format::address(thing.address), format::bytes(thing.bytes));
    let alive = if thing.is_alive() { "alive" } else { "dead" };
    format!("{address}  {} of {bytes}, {alive}\n{}", thing.kind, thing.printed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_takes_its_granules_and_no_more_than_the_page() {
        let page = Address::new(0x10_0000);
        let thing = |address, bytes| Thing {
            address,
            bytes,
            kind: "vector",
            printed: String::new(),
            colour: None,
            pinned: false,
            path: Vec::new(),
            holders: Vec::new(),
            references: 0,
        };
        assert_eq!(granules_of(&thing(page + 32, 48), page), 2..5);
        assert_eq!(granules_of(&thing(Address::new(0xf_fff0), 48), page), 0..2, "it began on the page before");
        assert_eq!(granules_of(&thing(Address::new(0xf_0000), 1 << 20), page), 0..256);
    }
}
