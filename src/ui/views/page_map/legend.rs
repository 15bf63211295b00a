//! What the colours of the map mean, and the scale.

use eframe::egui::{Label, Response, RichText, TextStyle, Ui};
use heapatlas_heap::terms::PageKind;

use super::{PageMap, raster};
use crate::format;
use crate::map::balance::Term;
use crate::map::colouring::{AGES, Colouring, NO_FORM, OTHER_FORM, fill_of_form};
use crate::map::layout::{Layout, Order};
use crate::map::palette::{Marked, Theme};
use crate::model::HeapModel;
use crate::model::difference::Change;
use crate::model::forms::FormsThen;
use crate::ui::session::Session;
use crate::ui::theme::{self, color};
use crate::ui::widgets::swatch;
use crate::ui::words::{Counts, Word};

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

/// Characters of a form's name at most.
const MOST_NAME: usize = 20;

/// Shows the legend.
pub fn show(ui: &mut Ui, map: &PageMap, session: &Session, lit: Option<Term>) {
    let theme = theme::current(ui);
    let model = session.model();
    in_a_row(ui, |ui| match (lit, map.colouring()) {
        (Some(term), _) => {
            swatch::swatch(ui, color(theme.term(term)));
            say(ui, &format!("{}: {}", term.name(), term.meaning(&model.counters().policy)));
            ui.weak("Esc puts the light out.");
        }
        (None, Colouring::Kind) => show_kinds(ui, model, theme),
        (None, Colouring::LiveShare) => {
            show_scale(ui, theme, &["nothing lives", "a half", "all of it lives"]);
            note(ui, "filled from below by the live share, as of the last mark");
        }
        (None, Colouring::Residency) => {
            swatch::swatch(ui, color(theme.running()));
            say(ui, "resident");
            ui.add_space(8.0);
            swatch::hatched(ui, color(theme.faint_text()));
            say(ui, "not resident");
            ui.add_space(8.0);
            swatch::swatch(ui, color(theme.free()));
            say(ui, "not measured");
        }
        (None, colouring @ (Colouring::Age | Colouring::LastTouched)) => show_ages(ui, theme, colouring),
        (None, Colouring::Marking) => show_marking(ui, theme),
        (None, Colouring::Change) if session.marked().is_none() => {
            say(ui, "No moment is marked yet.");
            note(ui, "M marks the one that is shown: what changes from there gets a colour here");
        }
        (None, Colouring::Change) => show_changes(ui, theme),
        (None, Colouring::Form) => show_forms(ui, map, session.told().forms(), theme),
    });
    in_a_row(ui, |ui| {
        if lit.is_none() && map.colouring() == Colouring::Kind {
            show_fill(ui, model, theme);
        }
        if let Some(drawn) = &map.drawn {
            let words = RichText::new(scale_in_words(drawn.layout(), map.colouring())).weak();
            // A narrow map's scale may be longer than its legend is wide.
            ui.add(Label::new(words).wrap()).counts(Word::MapScale);
        }
    });
}

/// How many bytes a mark stands for.
fn scale_in_words(layout: &Layout, colouring: Colouring) -> String {
    let (columns, pages) = (layout.columns(), layout.box_pages());
    let bytes = |boxes: usize| format::bytes((boxes * layout.box_bytes()) as u64);
    let (least, most) = if colouring == Colouring::Kind { ("emptiest", "fullest") } else { ("least", "most") };
    let of_box = match pages {
        1 => "a box is a page of 4 KiB".to_owned(),
        _ => format!("a box is {pages} pages, {}: above the {least}, below the {most}", bytes(1)),
    };
    match (layout.order(), pages) {
        (Order::Rows, 1) => format!("{of_box}, a row {columns} pages, {}", bytes(columns)),
        (Order::Rows, _) => format!("{of_box}; a row is {}", bytes(columns)),
        (Order::Hilbert, _) => format!("{of_box}; a square of 16 × 16 is {}", bytes(256)),
    }
}

fn in_a_row(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.spacing_mut().interact_size.y = 18.0;
        content(ui);
    });
}

/// Begins a row where a square and its words would be parted by the end of this one.
fn keep_together(ui: &mut Ui, words: &str) {
    let font = TextStyle::Body.resolve(ui.style());
    let width = ui.painter().layout_no_wrap(words.to_owned(), font, ui.visuals().text_color()).size().x;
    if swatch::SIDE + ui.spacing().item_spacing.x + width > ui.available_size_before_wrap().x {
        ui.end_row();
    }
}

fn show_kinds(ui: &mut Ui, model: &HeapModel, theme: Theme) {
    for (name, kinds) in KINDS {
        let pages: u64 = kinds.iter().map(|kind| model.counters().pages_of(*kind)).sum();
        if pages > 0 {
            let words = format!("{name} {}", format::count(pages));
            keep_together(ui, &words);
            swatch::swatch(ui, color(theme.kind(kinds[0])));
            say(ui, &words).counts(Word::PagesOfKind);
            ui.add_space(8.0);
        }
    }
}

/// What fill, hatch and brightness say of a page in the colour of its kind.
fn show_fill(ui: &mut Ui, model: &HeapModel, theme: Theme) {
    let mixed = model.counters().pages_of(PageKind::Mixed) > 0;
    let hue = theme.kind(if mixed { PageKind::Mixed } else { PageKind::Cells });
    let unjudged = hue.mix(theme.free(), 0.4);
    swatch::filled(ui, color(hue), color(unjudged), color(theme.free()));
    note(ui, "filled from below: live, paler unjudged, then free");
    ui.add_space(8.0);
    keep_together(ui, "not resident");
    swatch::hatched(ui, color(theme.faint_text()));
    note(ui, "not resident");
    ui.add_space(8.0);
    keep_together(ui, "just allocated");
    swatch::swatch(ui, color(raster::glowing(hue, raster::GLOWS, theme)));
    note(ui, "just allocated");
    ui.add_space(8.0);
}

/// A scale with words, from its lower end to its upper one.
fn show_scale(ui: &mut Ui, theme: Theme, words: &[&str]) {
    for (n, word) in words.iter().enumerate() {
        keep_together(ui, word);
        swatch::swatch(ui, color(theme.scale(n as f32 / (words.len() - 1).max(1) as f32)));
        say(ui, word);
        ui.add_space(8.0);
    }
}

fn show_ages(ui: &mut Ui, theme: Theme, colouring: Colouring) {
    let what = if colouring == Colouring::Age { "taken" } else { "last allocated in" };
    note(ui, &format!("{what} so many bytes of allocation ago:"));
    for (class, most) in AGES.iter().enumerate() {
        let youth = 1.0 - class as f32 / (AGES.len() + 1) as f32;
        let words = format!("< {}", format::bytes(*most));
        keep_together(ui, &words);
        swatch::swatch(ui, color(theme.scale(youth)));
        say(ui, &words).counts(Word::Age);
    }
    swatch::swatch(ui, color(theme.scale(1.0 / (AGES.len() + 1) as f32)));
    say(ui, "more");
    note(ui, "the fuller the later");
}

fn show_changes(ui: &mut Ui, theme: Theme) {
    note(ui, "since A:");
    for change in Change::ALL {
        keep_together(ui, change.name());
        swatch::swatch(ui, color(theme.change(change)));
        say(ui, change.name());
        ui.add_space(8.0);
    }
    note(ui, "filled from below by what is allocated");
}

fn show_marking(ui: &mut Ui, theme: Theme) {
    for (marked, words) in [
        (Marked::Black, "black: reached and scanned"),
        (Marked::Grey, "a line: grey things wait here"),
        (Marked::White, "white: not reached"),
    ] {
        keep_together(ui, words);
        swatch::swatch(ui, color(theme.marking(marked)));
        say(ui, words);
        ui.add_space(8.0);
    }
    note(ui, "outlined: what the last step worked on");
}

/// The forms that have a colour, those with the most pages first.
fn show_forms(ui: &mut Ui, map: &PageMap, forms: FormsThen<'_>, theme: Theme) {
    let ground = color(theme.free());
    let ranked = map.classes.ranked();
    for (class, number, pages) in &ranked {
        let Some(form) = forms.get(*number) else { continue };
        let colour = color(theme.form(*class));
        let words = format!("{} {}", short_name(&form.text), format::count(*pages));
        keep_together(ui, &words);
        swatch::part_filled(ui, colour, fill_of_form(*class), ground);
        let hint = format!("{}:{}  {}", form.file, form.line, form.text);
        ui.add(Label::new(words).extend()).on_hover_text(hint);
        ui.add_space(8.0);
    }
    for (class, name, pages) in
        [(OTHER_FORM, "other forms", map.classes.others()), (NO_FORM, "not known", map.classes.unknown())]
    {
        if pages > 0 {
            let fill = if class == NO_FORM { 0.0 } else { fill_of_form(class) };
            swatch::part_filled(ui, color(theme.form(class)), fill, ground);
            say(ui, &format!("{name} {}", format::count(pages))).counts(Word::PagesOfForm);
            ui.add_space(8.0);
        }
    }
    note(
        ui,
        if ranked.is_empty() { "No form has allocated yet." } else { "pages by the form that allocated there last" },
    );
}

/// The first two words of a form, as a person would call it.
fn short_name(text: &str) -> String {
    let words = text.split_whitespace().take(2).map(|word| word.trim_matches(['(', ')']));
    let name = words.collect::<Vec<_>>().join(" ");
    match name.char_indices().nth(MOST_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

fn say(ui: &mut Ui, text: &str) -> Response {
    ui.add(Label::new(text).extend())
}

fn note(ui: &mut Ui, text: &str) -> Response {
    ui.add(Label::new(RichText::new(text).weak()).extend())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_called_by_its_first_words() {
        let names = ["(def map1 (f xs) (if", "(prn x)", "42", "(mac a-very-long-name-indeed (x))"].map(short_name);
        assert_eq!(names, ["def map1", "prn x", "42", "mac a-very-long-name…"]);
    }
}
