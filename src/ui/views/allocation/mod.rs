//! Who allocates: the top-level forms, or the functions, on a stretch of the allocation clock, as a table or as a flame
//! graph. What is clicked has its pages lit on the map.
//!
//! * [`rows`] the data
//! * [`table`] the table
//! * [`flame`] the flame graph

pub mod flame;
pub mod rows;
pub mod table;

use std::ops::Range;

use eframe::egui::{Label, RichText, Ui};
use heapatlas_heap::terms::Address;

use crate::command::Command;
use crate::format;
use crate::model::flame::Node;
use crate::model::pages::Pages;
use crate::ui::session::Session;
use crate::ui::widgets::segments::{Segment, segments};
use crate::ui::words::{Counts, Word};
use rows::Row;
use table::Sort;

/// Who allocates.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Who {
    #[default]
    Forms,
    Functions,
}

/// On which part of the allocation clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Over {
    #[default]
    All,
    SinceCollection,
    Latest,
    /// The stretch that the timeline is brushed to.
    Stretch,
}

/// How much of the clock is the latest part.
const LATEST: u64 = 1 << 20;

impl Over {
    fn clock(self, session: &Session, stretch: Option<Range<u64>>) -> Range<u64> {
        let now = session.model().counters().clock;
        let collected = session.told().cycles().rev().find_map(|cycle| Some(cycle.after?.clock));
        match self {
            Self::All => 0..now,
            // What comes later than the moment that is shown is not known there.
            Self::Stretch => stretch.map_or(0..now, |clocks| clocks.start.min(now)..clocks.end.min(now)),
            Self::SinceCollection => collected.unwrap_or(0)..now,
            Self::Latest => now.saturating_sub(LATEST)..now,
        }
    }
}

/// What is shown of allocation.
#[derive(Debug, Default)]
pub struct AllocationView {
    who: Who,
    over: Over,
    /// What the timeline is brushed to.
    stretch: Option<Range<u64>>,
    /// Whether as a flame graph.
    flame: bool,
    sort: Sort,
    zoomed: Vec<String>,
    /// What was made, of which frame and of which choices.
    made: Option<Made>,
    lit: Option<Lit>,
}

#[derive(Debug)]
struct Made {
    of: (u64, Who, Range<u64>, Sort),
    rows: Vec<Row>,
    tree: Node,
}

/// What was clicked, when it allocated, and the pages of that at a version of the page table.
#[derive(Debug)]
struct Lit {
    name: String,
    clocks: Vec<Range<u64>>,
    pages: (u64, Vec<Address>),
}

impl AllocationView {
    /// Shows who allocates, and gives what the runtime is to be asked. Whoever has just brushed the timeline to a stretch of
    /// the allocation clock wants to know of that.
    pub fn show(&mut self, ui: &mut Ui, session: &Session, stretch: Option<Range<u64>>) -> Option<Command> {
        if self.stretch != stretch {
            self.over = if stretch.is_some() { Over::Stretch } else { Over::All };
            self.stretch = stretch;
        }
        let command = ui.horizontal_wrapped(|ui| self.show_choices(ui, session)).inner;
        self.make(session);
        let Some(made) = &self.made else { return command };
        if made.rows.is_empty() {
            ui.weak(self.why_nothing(session));
            return command;
        }
        if self.lit.as_ref().is_some_and(|lit| rows::pages_of(session.model().pages(), &lit.clocks).is_empty()) {
            ui.weak("No page is known to hold what it allocated: that has died, has moved, or lies among others'.");
        }
        let clicked = if self.flame {
            let root = if self.who == Who::Forms { "all forms" } else { "all functions" };
            let clicked = flame::show(ui, &made.tree, (root, &self.zoomed));
            if let Some(path) = &clicked {
                self.zoomed.clone_from(path);
            }
            clicked.and_then(|mut path| path.pop())
        } else {
            table::show(ui, &made.rows, &mut self.sort, self.lit.as_ref().map(|lit| lit.name.as_str()))
        };
        if let Some(name) = clicked {
            self.light(name);
        }
        command
    }

    fn show_choices(&mut self, ui: &mut Ui, session: &Session) -> Option<Command> {
        let mut command = None;
        let who = [
            Segment { word: "forms", name: "by form", hint: "top-level forms: exact" },
            Segment {
                word: "functions",
                name: "by function",
                hint: "functions, by samples of the stack: exact in sum, by chance for each; the program runs a little slower",
            },
        ];
        if let Some(place) = segments(ui, who, Some(usize::from(self.who == Who::Functions))) {
            self.who = [Who::Forms, Who::Functions][place];
            self.zoomed.clear();
            let wanted = self.who == Who::Functions;
            command = (session.is_live() && wanted != session.profiles()).then_some(Command::Profile(wanted));
        }
        let overs = [Over::All, Over::SinceCollection, Over::Latest, Over::Stretch];
        let choices = [
            Segment { word: "all", name: "over all", hint: "since the start" },
            Segment { word: "since collection", name: "since the last collection", hint: "since it ended" },
            Segment { word: "last MiB", name: "over the last mebibyte", hint: "of the allocation clock" },
            Segment { word: "stretch", name: "over the stretch", hint: "that the timeline is brushed to" },
        ];
        let choices = choices.into_iter().take(if self.stretch.is_some() { 4 } else { 3 });
        if let Some(place) = segments(ui, choices, overs.iter().position(|over| *over == self.over)) {
            self.over = overs[place];
        }
        let choices = [
            Segment { word: "table", name: "as a table", hint: "sort it by a click on a heading" },
            Segment { word: "flame", name: "as a flame graph", hint: "a box is as wide as its bytes; click to zoom" },
        ];
        if let Some(place) = segments(ui, choices, Some(usize::from(self.flame))) {
            self.flame = place == 1;
        }
        let clocks = self.over.clock(session, self.stretch.clone());
        let words = format!("{} to {}", format::bytes(clocks.start), format::bytes(clocks.end));
        ui.add(Label::new(RichText::new(words).weak()).extend()).counts(Word::Stretch);
        command
    }

    /// Makes rows and tree anew when there is something new, or something else is wanted.
    fn make(&mut self, session: &Session) {
        let told = session.told();
        let over = self.over.clock(session, self.stretch.clone());
        let of = (session.model().sequence(), self.who, over.clone(), self.sort);
        if self.made.as_ref().is_some_and(|made| made.of == of) {
            return;
        }
        let (mut rows, tree) = match self.who {
            Who::Forms => (rows::forms(told, &over), rows::tree_of_forms(told, &over)),
            Who::Functions => {
                let functions = session.functions();
                (rows::functions(told, functions, &over), rows::tree_of_functions(functions, &over))
            }
        };
        table::sort(&mut rows, self.sort);
        self.made = Some(Made { of, rows, tree });
    }

    fn why_nothing(&self, session: &Session) -> &'static str {
        match (self.who, session.is_live()) {
            (Who::Functions, false) => "A recording has no stacks: it tells forms, not functions.",
            (Who::Functions, true) => "No sample yet: they are taken while the program runs, from now on.",
            (Who::Forms, false) => "No form has ended here yet: go on in the recording (→).",
            (Who::Forms, true) => "No form has ended here yet: let the program run (Space), or step to the next (N).",
        }
    }

    /// Lights up the pages of what has a name, or puts them out.
    fn light(&mut self, name: String) {
        let was_lit = self.lit.take().is_some_and(|lit| lit.name == name);
        let rows = self.made.iter().flat_map(|made| &made.rows);
        let clocks: Vec<_> = match rows.clone().find(|row| row.name == name) {
            Some(row) => row.clocks.clone(),
            // A file: all of its forms.
            None => rows
                .filter(|row| row.name.starts_with(&format!("{name}:")))
                .flat_map(|row| row.clocks.clone())
                .collect(),
        };
        if !was_lit {
            self.lit = Some(Lit { name, clocks, pages: (0, Vec::new()) });
        }
    }

    /// The rows that were shown last.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        self.made.as_ref().map_or(&[], |made| &made.rows)
    }

    /// The pages that are lit.
    pub fn lit(&mut self, pages: &Pages) -> &[Address] {
        let Some(lit) = &mut self.lit else { return &[] };
        if lit.pages.0 != pages.version() {
            lit.pages = (pages.version(), rows::pages_of(pages, &lit.clocks));
        }
        &lit.pages.1
    }

    /// Puts out what is lit. Says whether something was.
    pub fn dismiss(&mut self) -> bool {
        self.lit.take().is_some()
    }
}
