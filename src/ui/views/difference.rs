//! What changed from the moment that was marked as A to the one that is shown: a table of bytes, and one of pages.

use eframe::egui::{Align, Grid, Label, Layout, RichText, ScrollArea, Ui};
use heapatlas_heap::terms::PAGE;

use crate::format;
use crate::map::difference::{self, Moved, Sum};
use crate::model::HeapModel;
use crate::model::difference::Change;
use crate::model::moves::{Moves, Way};
use crate::ui::action::{self, Action};
use crate::ui::moments::Go;
use crate::ui::session::Session;
use crate::ui::theme::{self, color};
use crate::ui::widgets::swatch;
use crate::ui::words::{Counts, Word};

/// The tables, as they were made for two moments.
#[derive(Debug, Default)]
pub struct DifferenceView {
    /// Of which moments they are: the versions of their pages.
    made: Option<[u64; 2]>,
    sums: Vec<Sum>,
    counts: [u64; Change::ALL.len()],
    moved: Moved,
}

/// The columns of the table of bytes, and of that of pages, behind the names.
const VALUES: [Word; 3] = [Word::AtA, Word::Shown, Word::Change];
const PAGES: [Word; 2] = [Word::ChangedPages, Word::ChangedBytes];

/// Width of the tables at most.
const WIDTH: f32 = 420.0;

impl DifferenceView {
    /// Shows the tables, and gives what was asked for.
    pub fn show(&mut self, ui: &mut Ui, session: &Session) -> Option<Action> {
        let asked = show_head(ui, session);
        let Some(before) = session.marked() else { return asked };
        self.update(before, session.model(), session.chronicle().moves());
        ScrollArea::both().id_salt("difference").auto_shrink(false).show(ui, |ui| {
            // In a wide panel the numbers stay beside their names.
            ui.set_max_width(ui.available_width().min(WIDTH));
            self.show_counts(ui);
            ui.add_space(10.0);
            self.show_moved(ui);
            ui.add_space(10.0);
            self.show_sums(ui);
        });
        asked
    }

    fn update(&mut self, before: &HeapModel, after: &HeapModel, moves: &Moves) {
        let versions = [before, after].map(|model| model.pages().version());
        if self.made != Some(versions) {
            self.sums = difference::sums(before, after);
            self.counts = difference::counts(before, after);
            self.moved = difference::moved(moves, before, after);
            self.made = Some(versions);
        }
    }

    fn show_sums(&self, ui: &mut Ui) {
        Grid::new("sums").num_columns(4).spacing([16.0, 2.0]).min_row_height(17.0).show(ui, |ui| {
            heads(ui, "bytes", &VALUES);
            for Sum { name, before, after, .. } in &self.sums {
                let change =
                    before.zip(*after).map_or_else(|| "–".to_owned(), |(before, after)| format::change(before, after));
                ui.add(Label::new(RichText::new(*name).small()).extend());
                let cells = [format::maybe_bytes(*before), format::maybe_bytes(*after), change];
                for (text, word) in cells.into_iter().zip(VALUES) {
                    number(ui, RichText::new(text).small(), word);
                }
                ui.end_row();
            }
        });
    }

    fn show_moved(&self, ui: &mut Ui) {
        Grid::new("moved").num_columns(3).spacing([16.0, 2.0]).min_row_height(17.0).show(ui, |ui| {
            heads(ui, "by the collector", &MOVED);
            for way in Way::ALL {
                ui.add(Label::new(RichText::new(way.name()).small()).extend());
                let count = self.moved.map(|moved| moved[way as usize]);
                let texts =
                    [count.map_or_else(|| "–".to_owned(), format::count), format::maybe_bytes(count.map(bytes_of))];
                for (text, word) in texts.into_iter().zip(MOVED) {
                    number(ui, RichText::new(text).small(), word);
                }
                ui.end_row();
            }
        });
    }

    fn show_counts(&self, ui: &mut Ui) {
        let theme = theme::current(ui);
        Grid::new("counts").num_columns(3).spacing([16.0, 2.0]).min_row_height(17.0).show(ui, |ui| {
            heads(ui, "pages", &PAGES);
            for (change, count) in Change::ALL.into_iter().zip(self.counts) {
                ui.horizontal(|ui| {
                    ui.spacing_mut().interact_size.y = 0.0;
                    swatch::swatch(ui, color(theme.change(change)));
                    ui.add(Label::new(RichText::new(change.name()).small()).extend());
                });
                for (text, word) in [format::count(count), format::bytes(bytes_of(count))].into_iter().zip(PAGES) {
                    number(ui, RichText::new(text).small(), word);
                }
                ui.end_row();
            }
        });
    }
}

/// What each column of the table of what moved says.
const MOVED: [Word; 2] = [Word::MovedPages, Word::ChangedBytes];

fn heads(ui: &mut Ui, first: &str, words: &[Word]) {
    let faint = color(theme::current(ui).faint_text());
    ui.add(Label::new(RichText::new(first).small().color(faint)).extend());
    for word in words {
        number(ui, RichText::new(word.name()).small().color(faint), *word);
    }
    ui.end_row();
}

/// A number of a table, or what a column of them is called: they end below one another.
fn number(ui: &mut Ui, text: RichText, word: Word) {
    let at_the_end = Layout::right_to_left(Align::Center);
    ui.with_layout(at_the_end, |ui| ui.add(Label::new(text).extend()).counts(word));
}

/// The bytes of so many pages.
const fn bytes_of(pages: u64) -> u64 {
    pages * PAGE as u64
}

/// Which moments are compared, and what can be done about that.
fn show_head(ui: &mut Ui, session: &Session) -> Option<Action> {
    let mut asked = None;
    ui.horizontal_wrapped(|ui| {
        let keys = action::written(Action::Mark);
        let hint = format!("the moment that is shown is what others are compared with  [{keys}]");
        if ui.button("Mark as A").on_hover_text(hint).clicked() {
            asked = Some(Action::Mark);
        }
        let Some(before) = session.marked() else {
            ui.weak("Mark a moment, and go to another: here is what changed from one to the other.");
            return;
        };
        if ui.button("Show A").clicked() {
            asked = Some(Action::Go(Go::To(crate::past::Target::Wall(before.wall()))));
        }
        if ui.button("Forget A").clicked() {
            asked = Some(Action::Unmark);
        }
        let (from, to) = (before.counters().clock, session.model().counters().clock);
        let words = format!("from A at {} to {}", format::bytes(from), format::bytes(to));
        ui.add(Label::new(RichText::new(words).weak()).truncate()).counts(Word::Stretch);
    });
    asked
}
