//! What the panels show, and what they share: the session, the map, what is lit.

use eframe::egui::{self, CentralPanel, Context, Frame, Margin, ScrollArea, Ui};
use heapatlas_heap::terms::{Address, GcPhase};

use super::action::Action;
use super::moments::Go;
use super::panel::Panel;
use super::session::Session;
use super::views::allocation::AllocationView;
use super::views::balance::{self, Subject};
use super::views::breakpoints::Breakpoints;
use super::views::collector::CollectorView;
use super::views::console::Console;
use super::views::difference::DifferenceView;
use super::views::free_lists::FreeListsView;
use super::views::over_time::OverTimeView;
use super::views::page;
use super::views::page::inspector::Inspector;
use super::views::page_map::overlay::Overlay;
use super::views::page_map::{PageMap, controls, legend};
use super::views::source::SourceView;
use super::views::timeline::Timeline;
use super::words::{Counts, Word};
use crate::command::Command;
use crate::format;
use crate::map::balance::Term;
use crate::past::Target;

/// Height of the page map's panel with room for a legend.
const WITH_LEGEND: f32 = 200.0;

/// Width of the balance at most.
const BALANCE: f32 = 520.0;

/// What the panels show.
#[derive(Debug)]
pub struct Panels {
    /// What is known of the program and its heap.
    pub session: Session,
    /// The page map.
    pub map: PageMap,
    /// The console.
    pub console: Console,
    /// The term of the balance whose pages are lit.
    pub lit: Option<Term>,
    /// Whether the free lists are to be seen: then the map shows them too.
    pub shows_free_lists: bool,
    /// The whole run.
    pub timeline: Timeline,
    inspector: Inspector,
    free_lists: FreeListsView,
    source: SourceView,
    /// Which forms and functions allocate.
    pub allocation: AllocationView,
    breakpoints: Breakpoints,
    over_time: OverTimeView,
    difference: DifferenceView,
    collector: CollectorView,
    /// An address to be shown once the moment is there that it was asked for at.
    visited: Option<Address>,
}

impl Panels {
    /// The panels on a session.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self {
            session,
            map: PageMap::default(),
            console: Console::default(),
            lit: None,
            shows_free_lists: false,
            timeline: Timeline::default(),
            inspector: Inspector::default(),
            free_lists: FreeListsView::default(),
            source: SourceView::default(),
            allocation: AllocationView::default(),
            breakpoints: Breakpoints::default(),
            over_time: OverTimeView::default(),
            difference: DifferenceView::default(),
            collector: CollectorView::default(),
            visited: None,
        }
    }

    /// Goes to another moment, and pins the page of an address there.
    pub fn visit(&mut self, target: Target, address: Address) {
        self.session.go(Go::To(target));
        self.visited = Some(address);
    }

    /// A frame begins: hands the runtime's answers to those who asked.
    pub fn begin(&mut self, ctx: &Context) {
        self.map.begin();
        if let Some((prefix, names)) = self.session.take_names() {
            self.console.complete(ctx, &prefix, &names);
        }
        if !self.session.is_seeking()
            && let Some(address) = self.visited.take()
        {
            self.map.go_to(address, self.session.model());
        }
        if let Some((name, address)) = self.session.take_symbol() {
            self.map.show_symbol(&name, address, self.session.model());
        }
    }

    /// Shows a panel in all the room there is, and gives what was asked for.
    pub fn show(&mut self, ui: &mut Ui, panel: Panel) -> Option<Action> {
        let mut asked = None;
        let command = match panel {
            Panel::Map => self.show_map(ui),
            Panel::Balance => {
                asked = scrolled(ui, |ui| self.show_balance(ui));
                None
            }
            Panel::Page | Panel::FreeLists if self.session.is_recording() => {
                asked = show_not_recorded(ui);
                None
            }
            Panel::Page | Panel::FreeLists if self.session.is_past() => {
                asked = show_now_only(ui);
                None
            }
            Panel::Page => scrolled(ui, |ui| self.inspector.show(ui, &mut self.map, &self.session)),
            Panel::FreeLists => scrolled(ui, |ui| self.free_lists.show(ui, &mut self.map, &self.session)),
            Panel::Timeline => {
                asked = self.timeline.show(ui, &self.session);
                None
            }
            Panel::Collector => {
                asked = self.collector.show(ui, &self.session);
                None
            }
            Panel::Source => {
                self.source.show(ui, self.session.told().forms());
                None
            }
            Panel::Allocation => {
                let stretch = self.timeline.clocks(self.session.chronicle());
                self.allocation.show(ui, &self.session, stretch)
            }
            Panel::Difference => {
                asked = self.difference.show(ui, &self.session);
                None
            }
            Panel::OverTime => {
                let how = (self.map.colouring(), self.map.pinned());
                asked = self.over_time.show(ui, &self.session, &self.timeline, how);
                None
            }
            Panel::Breakpoints => self.breakpoints.show(ui, &self.session),
            Panel::Console => self.console.show(ui, &self.session),
        };
        if let Some(command) = command {
            self.session.send(command);
        }
        asked
    }

    fn show_map(&mut self, ui: &mut Ui) -> Option<Command> {
        if ui.available_height() >= WITH_LEGEND {
            egui::Panel::bottom("legend")
                .frame(Frame::NONE.inner_margin(Margin { top: 8, ..Margin::ZERO }))
                .show_separator_line(false)
                .resizable(false)
                .show(ui, |ui| legend::show(ui, &self.map, &self.session, self.lit));
        }
        let command = egui::Panel::top("map controls")
            .frame(Frame::NONE.inner_margin(Margin { bottom: 8, ..Margin::ZERO }))
            .show_separator_line(false)
            .resizable(false)
            .show(ui, |ui| controls::show(ui, &mut self.map, self.session.model()));
        let model = self.session.model();
        let overlay = Overlay {
            lit: self.lit,
            stepped: self.session.last_step().is_some() && model.counters().phase != Some(GcPhase::Idle),
            scanned: self.session.last_step().and_then(|step| step.object),
            allocated: self.allocation.lit(model.pages()),
            before: self.session.marked(),
            forms: Some(self.session.told().forms()),
            lists: self.session.free_lists().filter(|_| self.shows_free_lists && !self.session.is_past()),
        };
        CentralPanel::no_frame().show(ui, |ui| self.map.show(ui, model, &overlay));
        command.inner
    }

    /// The balance of what is selected, else of the heap, and the row of the page table.
    fn show_balance(&mut self, ui: &mut Ui) -> Option<Action> {
        // In a wide panel the numbers stay beside their names.
        ui.set_max_width(ui.available_width().min(BALANCE));
        let model = self.session.model();
        match self.map.selected() {
            Some(span) => {
                let pages = model.pages().within(span.clone()).count() as u64;
                ui.heading(format!("Selected: {} pages", format::count(pages))).counts(Word::Selection);
                balance::show(ui, &Subject::selection(model, self.session.told(), span), &mut self.lit);
            }
            None => balance::show(ui, &Subject::heap(model, self.session.told()), &mut self.lit),
        }
        ui.add_space(6.0);
        ui.separator();
        page::show(ui, &mut self.map, model)
    }
}

/// Says that something is not in a recording, and offers to open what was recorded.
fn show_not_recorded(ui: &mut Ui) -> Option<Action> {
    ui.weak("A recording holds the page table, and not what lies on the pages or who holds it.");
    ui.weak("Point at a page: the balance (F2) has its row below. To ask who holds what, open the program itself.");
    let hint = format!("a program, or a sample  [{}]", super::action::written(Action::Open));
    ui.button("Open a program").on_hover_text(hint).clicked().then_some(Action::Open)
}

/// Says that something is told of the latest moment alone, and offers to go there.
fn show_now_only(ui: &mut Ui) -> Option<Action> {
    ui.weak("The runtime can tell what lies on a page, and its free lists, of now alone.");
    ui.button("Show now").clicked().then_some(Action::Go(Go::Now))
}

fn scrolled<R>(ui: &mut Ui, show: impl FnOnce(&mut Ui) -> R) -> R {
    ScrollArea::vertical().id_salt("panel").auto_shrink(false).show(ui, show).inner
}
