//! The free lists: how many free runs are how long, where the next thing will lie, what would not fit, and the list of one
//! pool in its order.

use std::time::{Duration, Instant};

use eframe::egui::{Align2, Grid, Label, Rect, RichText, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};
use heapatlas_heap::free_lists::{FreeLists, PoolList, RunClasses};
use heapatlas_heap::terms::{Address, GRANULE, LARGE_THRESHOLD, PageKind, PoolKind};

use crate::command::Command;
use crate::format;
use crate::ui::session::{Phase, Session};
use crate::ui::theme::{self, color};
use crate::ui::views::page_map::PageMap;
use crate::ui::widgets::link::link;
use crate::ui::words::{Counts, Word};

/// When the lists were asked for.
#[derive(Debug, Default)]
pub struct FreeListsView {
    asked: Option<(Option<Address>, u64, Instant)>,
}

/// While the program runs, the lists are asked for no more often than this.
const FRESH: Duration = Duration::from_millis(400);
/// Height of a bar of a histogram.
const BAR: f32 = 13.0;
/// Room for the words at either side of a bar.
const SIZES: f32 = 78.0;
const COUNTS: f32 = 128.0;
/// Runs of a pool that are listed at most.
const MOST_LISTED: usize = 40;

impl FreeListsView {
    /// Shows the lists, that of the pool of the pinned page among them, and gives what is to be asked.
    pub fn show(&mut self, ui: &mut Ui, map: &mut PageMap, session: &Session) -> Option<Command> {
        let command = self.ask(map.pinned(), session);
        let mut gone_to = None;
        ui.heading("Free lists");
        let Some(lists) = session.free_lists() else {
            ui.weak("Asking the runtime …");
            return command;
        };
        show_classes(ui, "in pools of cells", PageKind::Cells, &lists.cells);
        show_classes(ui, "in pools of objects", PageKind::Objects, &lists.objects);
        ui.add_space(6.0);
        ui.strong("Next allocation");
        Grid::new("next").num_columns(2).spacing([14.0, 2.0]).min_row_height(18.0).show(ui, |ui| {
            for (what, next) in [("a cell", lists.next_cell), ("a short string", lists.next_object)] {
                ui.weak(what);
                match next {
                    Some(address) => {
                        let words = format::address(address);
                        gone_to = show_place(ui, words, address, Word::NextAllocation).or(gone_to);
                    }
                    None => {
                        ui.label("the heap grows, or the system decides");
                    }
                }
                ui.end_row();
            }
        });
        ui.weak("Ringed on the map. It lies there, unless the collector comes first.");
        ui.add_space(6.0);
        ui.strong("What would not fit");
        for sentence in what_does_not_fit(lists) {
            ui.add(Label::new(sentence).wrap()).counts(Word::FitsNot);
        }
        ui.add_space(6.0);
        match &lists.chosen {
            Some(list) => gone_to = show_list(ui, list).or(gone_to),
            None => {
                ui.weak("Pin a page of a pool to see its free list here, and its order on the map.");
            }
        }
        if let Some(address) = gone_to {
            map.go_to(address, session.model());
            ui.ctx().request_repaint();
        }
        command
    }

    /// The lists must be asked for when another pool is pinned, and when something was allocated since.
    fn ask(&mut self, pinned: Option<Address>, session: &Session) -> Option<Command> {
        if matches!(session.progress().phase(), Phase::Starting | Phase::Ended) {
            return None;
        }
        let sequence = session.model().sequence();
        let due = self.asked.is_none_or(|(pool, known, at)| {
            pool != pinned || (known != sequence && (!session.progress().is_running() || at.elapsed() >= FRESH))
        });
        if !due {
            return None;
        }
        self.asked = Some((pinned, sequence, Instant::now()));
        Some(Command::FreeLists(pinned))
    }
}

/// How many runs are how long: a bar for each class that there is, as long as its bytes.
fn show_classes(ui: &mut Ui, name: &str, kind: PageKind, classes: &RunClasses) {
    let runs: u64 = classes.counts.iter().sum();
    let bytes: u64 = classes.bytes.iter().sum();
    ui.add_space(4.0);
    let words = format!("{} {name}, {}", runs_in_words(runs), format::bytes(bytes));
    ui.add(Label::new(&words).wrap()).counts(Word::FreeRuns);
    let most = classes.bytes.iter().copied().max().unwrap_or(0).max(1);
    let theme = theme::current(ui);
    let font = TextStyle::Small.resolve(ui.style());
    ui.spacing_mut().item_spacing.y = 1.0;
    for (class, (count, bytes)) in classes.counts.iter().zip(classes.bytes).enumerate().filter(|(_, (n, _))| **n > 0) {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
        let size = format!("up to {}", format::bytes((GRANULE << class) as u64));
        let value = format!("{}, {}", runs_in_words(*count), format::bytes(bytes));
        response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, format!("{size}: {value}")));
        response.counts(Word::FreeRuns);
        let faint = color(theme.faint_text());
        ui.painter().text(pos2(rect.left() + SIZES, rect.center().y), Align2::RIGHT_CENTER, size, font.clone(), faint);
        let room = (rect.width() - SIZES - COUNTS - 12.0).max(10.0);
        let long = (room * bytes as f32 / most as f32).max(1.5);
        let bar = Rect::from_min_size(pos2(rect.left() + SIZES + 6.0, rect.top() + 1.0), vec2(long, BAR - 2.0));
        ui.painter().rect_filled(bar, 1.0, color(theme.kind(kind)));
        let at = pos2(rect.right(), rect.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, value, font.clone(), color(theme.text()));
    }
    ui.spacing_mut().item_spacing.y = 5.0;
}

fn runs_in_words(count: u64) -> String {
    format!("{} run{}", format::count(count), if count == 1 { "" } else { "s" })
}

/// What finds no room as things are, and what happens then.
fn what_does_not_fit(lists: &FreeLists) -> Vec<String> {
    let pools = match lists.free_pools {
        0 => "no pool is free, so the heap grows".to_owned(),
        1 => "it takes the one free pool".to_owned(),
        count => format!("it takes one of {} free pools", format::count(count as u64)),
    };
    let object = if lists.objects.longest >= LARGE_THRESHOLD as u64 {
        "Whatever goes into a pool fits a free run.".to_owned()
    } else {
        format!("An object of more than {} fits no free run: {pools}.", format::bytes(lists.objects.longest))
    };
    let stretch = lists.longest_free_pages.max(LARGE_THRESHOLD);
    let large = format!(
        "A large object of more than {} finds no stretch of free pages: the heap grows.",
        format::bytes(stretch as u64)
    );
    vec![object, large]
}

/// A place on the heap, and what it is. Gives it when it was clicked.
fn show_place(ui: &mut Ui, words: String, address: Address, what: Word) -> Option<Address> {
    let hint = format!("{}; click to show it on the map", what.sentence());
    link(ui, RichText::new(words).monospace(), &hint).then_some(address)
}

/// The free list of a pool, in its order. Gives the run that was clicked.
fn show_list(ui: &mut Ui, list: &PoolList) -> Option<Address> {
    let PoolList { span, kind, runs } = list;
    let kind = match kind {
        PoolKind::Cells => "cells",
        PoolKind::Objects => "objects",
        PoolKind::Mixed => "cells and objects",
    };
    let place = format!("The list of the pool of {kind} at {}", format::address(span.start));
    ui.strong(place).counts(Word::Address);
    if runs.is_empty() {
        ui.weak("No free run in it.").counts(Word::FreeRuns);
        return None;
    }
    let bytes: usize = runs.iter().map(|(_, bytes)| bytes).sum();
    let all = format!("{}, {}, filled in this order:", runs_in_words(runs.len() as u64), format::bytes(bytes as u64));
    ui.weak(all).counts(Word::FreeRuns);
    let mut clicked = None;
    for (start, bytes) in runs.iter().take(MOST_LISTED) {
        let words = format!("{}  {}", format::address(*start), format::bytes(*bytes as u64));
        clicked = show_place(ui, words, *start, Word::FreeRun).or(clicked);
    }
    if runs.len() > MOST_LISTED {
        ui.weak(format!("and {} more", format::count((runs.len() - MOST_LISTED) as u64))).counts(Word::FreeRuns);
    }
    clicked
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::{Heap, Value};

    #[test]
    fn what_does_not_fit_is_what_is_longer_than_the_longest_run() {
        let mut heap = Heap::new().expect("a heap");
        heap.cons(Value::NIL, Value::NIL).expect("room");
        let mut lists = heap.free_lists(None);
        lists.objects.longest = 128;
        lists.free_pools = 3;
        let words = what_does_not_fit(&lists);
        assert_eq!(words[0], "An object of more than 128 B fits no free run: it takes one of 3 free pools.");
        lists.free_pools = 0;
        assert!(what_does_not_fit(&lists)[0].ends_with("no pool is free, so the heap grows."));
        lists.objects.longest = 65_536;
        assert!(what_does_not_fit(&lists)[0].starts_with("Whatever goes into a pool fits"));
        assert!(words[1].starts_with("A large object of more than "), "{}", words[1]);
    }
}
