//! The window: what lies where, and what an action does.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{self, CentralPanel, Context, Frame, Margin, Panel, ScrollArea, Ui};
use heapatlas_heap::terms::{GcPhase, GcUnit};

use super::WindowOptions;
use super::action::{self, Action};
use super::session::{Phase, Session, Wake};
use super::speed;
use super::tabs::{self, Below, Side};
use super::theme::{self, MARGIN, color};
use super::views::balance::Subject;
use super::views::breakpoints::Breakpoints;
use super::views::console::Console;
use super::views::free_lists::FreeListsView;
use super::views::open::{self, Chosen, Open};
use super::views::page::inspector::Inspector;
use super::views::page_map::overlay::Overlay;
use super::views::page_map::{PageMap, controls, legend};
use super::views::question::Question;
use super::views::source::SourceView;
use super::views::timeline::Timeline;
use super::views::{balance, collector, help, page, status, toolbar};
use crate::command::{Command, Speed};
use crate::format;
use crate::map::balance::Term;
use crate::map::colouring::Colouring;
use crate::map::layout::Order;

/// The window.
#[derive(Debug)]
pub struct App {
    title: String,
    session: Session,
    map: PageMap,
    timeline: Timeline,
    console: Console,
    question: Question,
    /// The term of the balance whose pages are lit.
    lit: Option<Term>,
    side: Side,
    below: Below,
    inspector: Inspector,
    free_lists: FreeListsView,
    source: SourceView,
    breakpoints: Breakpoints,
    open: Open,
    help: bool,
    /// A sentence when a restart failed.
    trouble: Option<String>,
}

/// How long what has arrived is taken in before a picture is drawn.
const DRAIN: Duration = Duration::from_millis(8);
/// Width of the panel beside the map, and height of the one below, at first.
const SIDE: f32 = 356.0;
const BOTTOM: f32 = 304.0;

impl App {
    /// The window's content. The runtime starts at once.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub fn new(ctx: &Context, options: WindowOptions) -> std::io::Result<Self> {
        theme::install(ctx, options.theme);
        let closer = ctx.clone();
        // Ends with the sender.
        std::thread::Builder::new().name("close".to_owned()).spawn(move || {
            if options.close.recv().is_ok() {
                closer.send_viewport_cmd(egui::ViewportCommand::Close);
            }
        })?;
        let waker = ctx.clone();
        let wake: Wake = Arc::new(move || waker.request_repaint());
        Ok(Self {
            title: options.title,
            session: Session::start(options.subject, wake)?,
            map: PageMap::default(),
            timeline: Timeline::default(),
            console: Console::default(),
            question: Question::default(),
            lit: None,
            side: Side::default(),
            below: Below::default(),
            inspector: Inspector::default(),
            free_lists: FreeListsView::default(),
            source: SourceView::default(),
            breakpoints: Breakpoints::default(),
            open: Open::default(),
            help: false,
            trouble: None,
        })
    }

    /// What is known of the program and its heap.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The page map.
    #[must_use]
    pub fn map(&self) -> &PageMap {
        &self.map
    }

    /// The term of the balance whose pages are lit.
    #[must_use]
    pub fn lit(&self) -> Option<Term> {
        self.lit
    }

    /// Does what a person asked for.
    fn act(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::PlayPause if self.session.progress().is_paused() => self.session.send(Command::Run),
            Action::PlayPause => self.session.send(Command::Pause),
            Action::StepForm => self.session.send(Command::StepForm),
            Action::Skip => self.session.send(Command::Skip),
            Action::Collect(unit) => self.collect(unit, Command::Collect(unit)),
            Action::CollectTo(phase) => self.collect(GcUnit::Phase, Command::CollectTo(phase)),
            Action::Below(panel) => self.below = panel,
            Action::NextOrder => self.map.set_order(match self.map.order() {
                Order::Rows => Order::Hilbert,
                Order::Hilbert => Order::Rows,
            }),
            Action::Side(panel) => self.side = panel,
            Action::Search => self.map.focus_search(),
            Action::Select => self.map.select(),
            Action::NextColouring => self.map.set_colouring(self.map.colouring().next()),
            Action::Open => self.open.ask(),
            Action::Restart => {
                self.trouble = self.session.restart().err().map(|error| format!("can't start the runtime: {error}"));
            }
            Action::Speed(place) => {
                let speed = speed::CHOICES.get(place).map_or(Speed::Full, |choice| choice.speed);
                self.session.send(Command::Speed(speed));
            }
            Action::ZoomIn => self.map.zoom(true),
            Action::ZoomOut => self.map.zoom(false),
            Action::ZoomFit => self.map.zoom_to_fit(),
            Action::Pin(step) => self.map.pin_beside(step, self.session.model()),
            Action::Dismiss => self.dismiss(),
            Action::Console => self.console.focus(),
            Action::Interrupt => self.session.send(Command::Interrupt),
            Action::Theme => {
                let dark = ctx.theme() == egui::Theme::Dark;
                ctx.set_theme(if dark { egui::Theme::Light } else { egui::Theme::Dark });
            }
            Action::Help => self.help = !self.help,
            Action::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    /// Collects. Whoever goes step by step wants the program to stand still, and to see what the mark does.
    fn collect(&mut self, unit: GcUnit, command: Command) {
        if unit != GcUnit::Cycle {
            if self.session.progress().is_running() {
                self.session.send(Command::Pause);
            }
            self.below = Below::Collector;
            self.map.set_colouring(Colouring::Marking);
        }
        self.session.send(command);
    }

    /// Puts away what lies on top.
    fn dismiss(&mut self) {
        if self.open.dismiss() {
            // That was on top.
        } else if self.help {
            self.help = false;
        } else if self.lit.is_some() {
            self.lit = None;
        } else {
            self.map.dismiss();
        }
    }

    fn show(&mut self, ui: &mut Ui) {
        let bar = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(MARGIN, 8));
        let card = Frame::side_top_panel(ui.style()).inner_margin(Margin::same(MARGIN));
        let ground = Frame::central_panel(ui.style())
            .fill(color(theme::current(ui).background()))
            .inner_margin(Margin::same(MARGIN));
        let mut asked = None;
        Panel::top("toolbar").frame(bar).resizable(false).exact_size(46.0).show(ui, |ui| {
            asked = toolbar::show(ui, &self.session, &self.title);
        });
        Panel::bottom("status").frame(bar.inner_margin(Margin::symmetric(MARGIN, 4))).exact_size(32.0).show(ui, |ui| {
            status::show(ui, &self.session);
        });
        self.show_question(ui, bar);
        Panel::right("side").frame(card).resizable(true).default_size(SIDE).size_range(300.0..=520.0).show(ui, |ui| {
            self.show_side(ui);
        });
        Panel::bottom("below").frame(card).resizable(true).default_size(BOTTOM).size_range(140.0..=520.0).show(
            ui,
            |ui| {
                let width = ui.available_width() * 0.42;
                Panel::right("console")
                    .frame(Frame::NONE.inner_margin(Margin { left: MARGIN, ..Margin::ZERO }))
                    .default_size(width)
                    .size_range(260.0..=900.0)
                    .resizable(true)
                    .show(ui, |ui| {
                        if let Some(command) = self.console.show(ui, &self.session) {
                            self.session.send(command);
                        }
                    });
                CentralPanel::no_frame().show(ui, |ui| asked = self.show_below(ui).or(asked));
            },
        );
        CentralPanel::default().frame(ground).show(ui, |ui| self.show_map(ui));
        if let Some(action) = asked {
            self.act(ui.ctx(), action);
        }
        help::show(ui.ctx(), &mut self.help);
        if let Some(chosen) = self.open.show(ui.ctx()).or_else(|| open::dropped(ui.ctx()).map(Chosen::File)) {
            self.begin(ui.ctx(), chosen);
        }
    }

    /// Begins again with another program, or with a recording.
    fn begin(&mut self, ctx: &Context, chosen: Chosen) {
        let (title, begun) = match chosen {
            Chosen::File(path) if path.extension().is_some_and(|extension| extension == "atlas") => {
                (path.display().to_string(), self.session.replay(path))
            }
            Chosen::File(path) => (path.display().to_string(), self.session.open(Vec::new(), vec![path])),
            Chosen::Sample(sample) => (sample.name.to_owned(), self.session.open(vec![sample], Vec::new())),
        };
        ctx.send_viewport_cmd(egui::ViewportCommand::Title(super::title_of(&title)));
        self.title = title;
        self.trouble = begun.err().map(|error| format!("can't start: {error}"));
    }

    /// What to do about an exhausted heap, while that is asked.
    fn show_question(&mut self, ui: &mut Ui, frame: Frame) {
        let Phase::Exhausted(exhausted) = self.session.progress().phase() else {
            self.question.close();
            return;
        };
        if !self.question.is_open() {
            // The balance and the kinds of pages say where the memory is.
            self.side = Side::Balance;
            self.map.set_colouring(Colouring::Kind);
        }
        let shown =
            Panel::top("question").frame(frame).resizable(false).show(ui, |ui| self.question.show(ui, &exhausted));
        if let Some(answer) = shown.inner {
            self.session.send(answer);
        }
    }

    fn show_map(&mut self, ui: &mut Ui) {
        if let Some(trouble) = &self.trouble {
            ui.colored_label(ui.visuals().error_fg_color, trouble);
        }
        Panel::bottom("legend")
            .frame(Frame::NONE.inner_margin(Margin { top: 8, ..Margin::ZERO }))
            .show_separator_line(false)
            .resizable(false)
            .show(ui, |ui| {
                legend::show(ui, &self.map, self.session.model(), self.lit);
            });
        Panel::top("map controls")
            .frame(Frame::NONE.inner_margin(Margin { bottom: 8, ..Margin::ZERO }))
            .show_separator_line(false)
            .resizable(false)
            .show(ui, |ui| {
                if let Some(command) = controls::show(ui, &mut self.map, self.session.model()) {
                    self.session.send(command);
                }
            });
        if let Some((prefix, names)) = self.session.take_names() {
            self.console.complete(ui.ctx(), &prefix, &names);
        }
        if let Some((name, address)) = self.session.take_symbol() {
            self.map.show_symbol(&name, address, self.session.model());
        }
        let model = self.session.model();
        let overlay = Overlay {
            lit: self.lit,
            stepped: self.session.last_step().is_some() && model.counters().phase != Some(GcPhase::Idle),
            lists: self.session.free_lists().filter(|_| self.side == Side::FreeLists),
        };
        CentralPanel::no_frame().show(ui, |ui| self.map.show(ui, model, &overlay));
    }

    /// The panel beside the map that is chosen.
    fn show_side(&mut self, ui: &mut Ui) {
        if let Some(panel) = tabs::side(ui, self.side) {
            self.side = panel;
        }
        ui.add_space(2.0);
        let mut command = None;
        ScrollArea::vertical().id_salt("side").auto_shrink(false).show(ui, |ui| match self.side {
            Side::Balance => self.show_balance(ui),
            Side::Page => command = self.inspector.show(ui, &self.map, &self.session),
            Side::FreeLists => command = self.free_lists.show(ui, self.map.pinned(), &self.session),
        });
        if let Some(command) = command {
            self.session.send(command);
        }
    }

    /// The balance of what is selected, else of the heap, and the row of the page table.
    fn show_balance(&mut self, ui: &mut Ui) {
        let model = self.session.model();
        match self.map.selected() {
            Some(span) => {
                let pages = model.pages().within(span.clone()).count() as u64;
                ui.heading(format!("Selected: {} pages", format::count(pages)));
                balance::show(ui, &Subject::selection(model, span), &mut self.lit);
            }
            None => balance::show(ui, &Subject::heap(model), &mut self.lit),
        }
        ui.add_space(6.0);
        ui.separator();
        page::show(ui, &mut self.map, model);
    }

    /// The panel below the map that is chosen.
    fn show_below(&mut self, ui: &mut Ui) -> Option<Action> {
        if let Some(panel) = tabs::below(ui, self.below) {
            self.below = panel;
        }
        ui.add_space(2.0);
        match self.below {
            Below::Timeline => {
                self.timeline.show(ui, self.session.model());
                None
            }
            Below::Collector => collector::show(ui, &self.session),
            Below::Source => {
                self.source.show(ui, self.session.model());
                None
            }
            Below::Breakpoints => {
                if let Some(command) = self.breakpoints.show(ui, &self.session) {
                    self.session.send(command);
                }
                None
            }
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        if self.session.drain(DRAIN) {
            ctx.request_repaint();
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let typing = ui.ctx().egui_wants_keyboard_input();
        for action in action::pressed(ui.ctx(), typing) {
            self.act(ui.ctx(), action);
        }
        self.show(ui);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
