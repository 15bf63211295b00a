//! The source: the file being loaded with the form that runs, and how much each form allocated. Or the forms alone, those
//! that allocated most first.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui::{
    Align2, Color32, Label, Rect, RichText, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2,
};
use heapatlas_arc::libraries::BASE;

use crate::format;
use crate::model::forms::{Form, FormsThen};
use crate::source::samples::SAMPLES;
use crate::ui::theme::{self, color};
use crate::ui::views::status::plural;
use crate::ui::widgets::elided::elided;
use crate::ui::widgets::segments::{Segment, segments};
use crate::ui::words::{Counts, Word};

/// How the forms are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    /// In their file.
    Source,
    /// Those that allocated most first.
    Most,
}

/// What is shown of the source.
#[derive(Debug, Default)]
pub struct SourceView {
    /// What was chosen. Without, the file is shown while it is loaded, and then what allocated most.
    chosen: Option<Order>,
    /// The lines of each file that was shown; nothing for one that can't be read.
    files: HashMap<Arc<str>, Vec<String>>,
    /// The line that was scrolled to last.
    followed: Option<(Arc<str>, u32)>,
}

/// Height of a line, and the margin with numbers and bytes.
const LINE: f32 = 16.0;
const MARGIN: f32 = 132.0;
const NUMBER: f32 = 44.0;

impl SourceView {
    /// Shows the source in all the room there is.
    pub fn show(&mut self, ui: &mut Ui, forms: FormsThen<'_>) {
        ui.horizontal(|ui| {
            let choices = [
                Segment { word: "source", name: "in the source", hint: "the file that is being loaded" },
                Segment { word: "most bytes", name: "by bytes", hint: "the forms that allocated most first" },
            ];
            let shown = usize::from(self.order(forms) == Order::Most);
            if let Some(place) = segments(ui, choices, Some(shown)) {
                self.chosen = Some(if place == 0 { Order::Source } else { Order::Most });
            }
            if let Some(form) = forms.running().or_else(|| forms.last()) {
                let words = format!("{}, {} form{}", form.file, format::count(forms.count()), plural(forms.count()));
                ui.add(Label::new(RichText::new(words).weak()).truncate()).counts(Word::FormsBegun);
            }
        });
        match self.order(forms) {
            Order::Source => self.show_source(ui, forms),
            Order::Most => show_most(ui, forms),
        }
    }

    fn order(&self, forms: FormsThen<'_>) -> Order {
        let ended = forms.count() > 0 && forms.running().is_none();
        self.chosen.unwrap_or(if ended { Order::Most } else { Order::Source })
    }

    fn show_source(&mut self, ui: &mut Ui, forms: FormsThen<'_>) {
        let running = forms.running();
        let Some(current) = running.or_else(|| forms.last()) else {
            ui.weak("No form yet.");
            return;
        };
        let lines = self.files.entry(Arc::clone(&current.file)).or_insert_with(|| lines_of(&current.file));
        if lines.is_empty() {
            ui.weak("The text is not at hand. The forms are, by their bytes.");
            return;
        }
        let here = forms.iter().filter(|form| form.file == current.file);
        let allocated: HashMap<u32, Cow<'_, Form>> = here.map(|form| (form.line, form)).collect();
        let at = (Arc::clone(&current.file), current.line);
        let follows = self.followed.as_ref() != Some(&at);
        self.followed = Some(at);
        let end = end_of(lines, current.line);
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut area = ScrollArea::vertical().id_salt("source").auto_shrink(false);
        if follows {
            let top = (current.line.saturating_sub(3)) as f32 * LINE;
            area = area.vertical_scroll_offset(top);
        }
        area.show_rows(ui, LINE, lines.len(), |ui, shown| {
            for index in shown {
                let number = index as u32 + 1;
                let lit = running.is_some() && (current.line..end).contains(&number);
                show_line(ui, &lines[index], number, allocated.get(&number).map(|form| &**form), lit);
            }
        });
    }
}

/// The lines of a file, of those built in or of the disk's; none when it can't be read.
fn lines_of(name: &str) -> Vec<String> {
    let built_in =
        BASE.iter().chain(SAMPLES).find(|library| library.name == name).map(|library| library.text.to_owned());
    let text = built_in.or_else(|| std::fs::read_to_string(name).ok()).unwrap_or_default();
    text.lines().map(|line| line.replace('\t', "    ")).collect()
}

/// The line behind a form that begins on one: the next that begins with a parenthesis or a comment.
fn end_of(lines: &[String], line: u32) -> u32 {
    let rest = lines.iter().enumerate().skip(line as usize);
    let mut next = rest.filter(|(_, text)| text.starts_with(['(', ';']));
    next.next().map_or(lines.len() as u32 + 1, |(index, _)| index as u32 + 1)
}

/// A line of the source: its number, the bytes of the form that begins there, the text.
fn show_line(ui: &mut Ui, text: &str, number: u32, form: Option<&Form>, lit: bool) {
    let theme = theme::current(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
    if lit {
        ui.painter().rect_filled(rect, 0.0, color(theme.pressed()));
    }
    let font = TextStyle::Monospace.resolve(ui.style());
    // What is paler elsewhere can't be read on a line that is lit.
    let faint = color(if lit { theme.text() } else { theme.faint_text() });
    let y = rect.center().y;
    let put = |x: f32, align: Align2, text: &str, ink| {
        ui.painter().text(pos2(x, y), align, text, font.clone(), ink);
    };
    put(rect.left() + NUMBER - 10.0, Align2::RIGHT_CENTER, &number.to_string(), faint);
    if let Some(form) = form {
        let bytes = form.allocated.map_or_else(|| "runs".to_owned(), format::bytes);
        put(rect.left() + MARGIN - 14.0, Align2::RIGHT_CENTER, &bytes, color(theme.text()));
    }
    let comment = text.trim_start().starts_with(';');
    put_elided(ui, rect, MARGIN, text, if comment { faint } else { color(theme.text()) });
}

/// As much of a text as there is room for on a line from so far on.
fn put_elided(ui: &Ui, line: Rect, from: f32, text: &str, ink: Color32) {
    let font = TextStyle::Monospace.resolve(ui.style());
    elided(ui.painter(), line.with_min_x(line.left() + from), text, font, ink);
}

/// The forms, those that allocated most first, each with a bar.
fn show_most(ui: &mut Ui, forms: FormsThen<'_>) {
    let mut forms: Vec<_> = forms.iter().filter_map(|form| form.allocated.map(|bytes| (form, bytes))).collect();
    forms.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let all: u64 = forms.iter().map(|(_, bytes)| bytes).sum();
    let most = forms.first().map_or(1, |(_, bytes)| (*bytes).max(1));
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().id_salt("most").auto_shrink(false);
    area.show_rows(ui, LINE, forms.len(), |ui, shown| {
        for (form, bytes) in &forms[shown] {
            let theme = theme::current(ui);
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
            let place = format!("{}:{}", form.file, form.line);
            let words = format!("{} {place} {}", format::bytes(*bytes), form.text);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
            let font = TextStyle::Monospace.resolve(ui.style());
            let painter = ui.painter().with_clip_rect(rect);
            let share = (MARGIN - 20.0) * (*bytes as f32 / most as f32);
            let bar = Rect::from_min_size(rect.min + vec2(0.0, 1.5), vec2(share.max(1.0), LINE - 3.0));
            painter.rect_filled(
                bar,
                1.0,
                color(theme.curve(crate::model::history::Curve::Allocated).mix(theme.background(), 0.55)),
            );
            let ink = color(theme.text());
            let y = rect.center().y;
            let amount = format!("{}  {}", format::bytes(*bytes), format::percent(*bytes, all));
            painter.text(pos2(rect.left() + 4.0, y), Align2::LEFT_CENTER, amount, font, ink);
            let text = format!("{place}  {}", form.text);
            put_elided(ui, rect, MARGIN + 10.0, format::briefly(&text), ink);
            response.on_hover_text(words);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_ends_where_the_next_begins() {
        let lines: Vec<_> = ["(def f ()", "  1)", "", "; g", "(def g ())"].map(str::to_owned).into();
        assert_eq!([1, 5].map(|line| end_of(&lines, line)), [4, 6]);
    }

    #[test]
    fn what_is_built_in_has_lines() {
        assert!(lines_of("builtin:arc.arc").len() > 100);
        assert!(lines_of("samples/queue.arc").len() > 5);
        assert!(lines_of("no such file").is_empty());
    }
}
