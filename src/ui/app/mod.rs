//! The window: what lies where, and what an action does.
//!
//! * `touring` a tour through it
//! * `comparing` the program under every policy, in its place
//! * `files` what panels show, written to files
//! * `playing` the past in motion

mod comparing;
mod files;
mod playing;
mod touring;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use eframe::egui::{self, CentralPanel, Context, Frame, Margin, Ui};
use eframe::{CreationContext, Storage};
use heapatlas_heap::terms::{Address, GcUnit};

use super::action::{self, Action};
use super::comparison::Comparison;
use super::dock::{Dock, Layout};
use super::moments::Go;
use super::pace::Pace;
use super::panel::Panel;
use super::panels::Panels;
use super::playback::{Play, Playback};
use super::session::{Phase, Session, Wake};
use super::settings::{self, Settings};
use super::speed;
use super::theme::{self, MARGIN};
use super::tour::Guide;
use super::undo::History;
use super::views::allocation::rows::Row;
use super::views::open::{self, Chosen, Open};
use super::views::page_map::PageMap;
use super::views::page_map::view::MapView;
use super::views::question::Question;
use super::views::timeline::Timeline;
use super::views::view_menu::Shown;
use super::views::{help, status, toolbar, transport};
use super::work::Work;
use super::{FirstTour, ThemeChoice, WindowOptions};
use crate::command::{Command, Speed};
use crate::format;
use crate::map::balance::Term;
use crate::map::colouring::Colouring;
use crate::map::layout::Order;
use crate::source::tour;

/// The window.
#[derive(Debug)]
pub struct App {
    title: String,
    /// What the window was told to be called.
    told_title: String,
    pace: Arc<Pace>,
    dock: Dock,
    panels: Panels,
    playback: Playback,
    history: History<View>,
    settings: Settings,
    question: Question,
    open: Open,
    /// What is looked at instead of everything else.
    comparison: Option<Comparison>,
    /// The tour under way.
    guide: Option<Guide>,
    help: bool,
    /// A sentence about what could not be done, until it is put away.
    trouble: Option<String>,
    /// Where files are written to, what became of the last one, and what becomes of those on their way.
    folder: PathBuf,
    written: Option<String>,
    writing: (Sender<String>, Receiver<String>),
    /// What threads do beside the window.
    work: Work,
}

/// How everything is looked at: what can be taken back.
#[derive(Clone, PartialEq, Debug)]
struct View {
    layout: Layout,
    map: MapView,
    lit: Option<Term>,
}

/// How long what has arrived is taken in before a picture is drawn, and how long when a program that runs at full speed sends
/// more as soon as there is room: what it does not send joins what it sends next.
const DRAIN: Duration = Duration::from_millis(8);
const DRAIN_AT_FULL_SPEED: Duration = Duration::from_millis(2);
/// Pictures of the screen that are on their way at most.
const PICTURES: usize = 8;

impl App {
    /// The window's content, as it was left. The runtime starts at once.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub fn restored(creation: &CreationContext<'_>, options: WindowOptions, tour: FirstTour) -> std::io::Result<Self> {
        let theme = options.theme;
        let mut app = Self::new(&creation.egui_ctx, options)?;
        if let Some(storage) = creation.storage {
            app.restore(storage);
        }
        if theme == ThemeChoice::System {
            theme::choose(&creation.egui_ctx, app.settings.theme);
        }
        creation.egui_ctx.set_zoom_factor(app.settings.sound_scale());
        match tour {
            FirstTour::Through(tour) => app.guide_through(*tour),
            FirstTour::Window => app.guide = Some(Guide::of_the_window()),
            FirstTour::AtFirst if creation.storage.is_some() && !app.settings.toured => {
                app.guide = Some(Guide::of_the_window());
            }
            FirstTour::AtFirst | FirstTour::Never => {}
        }
        app.settings.toured |= app.guide.is_some();
        Ok(app)
    }

    /// The window's content, as it is at a first start. The runtime starts at once.
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
        let pace = Arc::<Pace>::default();
        let (waker, paced) = (ctx.clone(), Arc::clone(&pace));
        let wake: Wake = Arc::new(move || paced.ask(&waker));
        Ok(Self {
            title: options.title,
            told_title: String::new(),
            pace,
            dock: Dock::default(),
            panels: Panels::new(Session::start(options.subject, wake)?),
            playback: Playback::default(),
            history: History::default(),
            settings: Settings::default(),
            question: Question::default(),
            open: Open::default(),
            comparison: None,
            guide: None,
            help: false,
            trouble: None,
            folder: PathBuf::from("."),
            written: None,
            writing: crossbeam_channel::bounded(PICTURES),
            work: Work::default(),
        })
    }

    /// Puts everything where a window before left it.
    pub fn restore(&mut self, storage: &dyn Storage) {
        self.settings = Settings::load(storage);
        if let Some(layout) = settings::load_layout(storage) {
            self.dock.restore(layout);
        }
    }

    /// What is known of the program and its heap.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.panels.session
    }

    /// The page map.
    #[must_use]
    pub fn map(&self) -> &PageMap {
        &self.panels.map
    }

    /// The term of the balance whose pages are lit.
    #[must_use]
    pub fn lit(&self) -> Option<Term> {
        self.panels.lit
    }

    /// The pages that are lit because they filled while a form or a function ran.
    pub fn lit_pages(&mut self) -> &[Address] {
        self.panels.allocation.lit(self.panels.session.model().pages())
    }

    /// The forms or functions that allocated, as they were shown last.
    #[must_use]
    pub fn allocation(&self) -> &[Row] {
        self.panels.allocation.rows()
    }

    /// The tour under way.
    #[must_use]
    pub fn guide(&self) -> Option<&Guide> {
        self.guide.as_ref()
    }

    /// What is looked at side by side, if that is.
    #[must_use]
    pub fn comparison(&self) -> Option<&Comparison> {
        self.comparison.as_ref()
    }

    /// The whole run.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.panels.timeline
    }

    /// Where the panels lie.
    #[must_use]
    pub fn dock(&self) -> &Dock {
        &self.dock
    }

    /// Does what a person asked for.
    fn act(&mut self, ctx: &Context, action: Action) {
        let panels = &mut self.panels;
        match action {
            Action::PlayPause if panels.session.progress().is_paused() => panels.session.send(Command::Run),
            Action::PlayPause => panels.session.send(Command::Pause),
            Action::StepForm => {
                // Whoever steps wants to see where to.
                panels.session.go(Go::Now);
                panels.session.send(Command::StepForm);
            }
            Action::Go(go) => {
                self.playback.set(Play::Stop);
                panels.session.go(go);
            }
            Action::Visit(target, address) => {
                self.playback.set(Play::Stop);
                panels.visit(target, address);
            }
            Action::PlayPast(play) => self.playback.set(play),
            Action::Mark => {
                panels.session.mark();
                panels.map.set_colouring(Colouring::Change);
                self.focus(Panel::Difference);
            }
            Action::Unmark => {
                panels.session.unmark();
                panels.map.set_colouring(Colouring::Kind);
            }
            Action::NextAxis => self.change_axis(),
            Action::StopReading => panels.session.stop_reading(),
            Action::Skip => panels.session.send(Command::Skip),
            Action::Collect(unit) => self.collect(unit, Command::Collect(unit)),
            Action::CollectTo(phase) => self.collect(GcUnit::Phase, Command::CollectTo(phase)),
            Action::Focus(panel) => self.focus(panel),
            Action::Close(panel) => self.dock.close(panel),
            Action::ResetLayout => self.dock.reset(),
            Action::Export(panel, kind) => self.export(ctx, panel, kind),
            Action::Scale(larger) => {
                self.settings.scale_by_a_step(larger);
                ctx.set_zoom_factor(self.settings.sound_scale());
            }
            Action::UsualScale => {
                self.settings.scale = 1.0;
                ctx.set_zoom_factor(1.0);
            }
            Action::Undo => self.look_again(History::undo),
            Action::Redo => self.look_again(History::redo),
            Action::NextOrder => panels.map.set_order(match panels.map.order() {
                Order::Rows => Order::Hilbert,
                Order::Hilbert => Order::Rows,
            }),
            Action::Search => {
                panels.map.focus_search();
                self.focus(Panel::Map);
            }
            Action::Select => panels.map.select(),
            Action::NextColouring => panels.map.set_colouring(panels.map.colouring().next()),
            Action::Open => self.open.ask(),
            Action::Restart => {
                self.trouble = panels.session.restart().err().map(|error| format!("can't start the runtime: {error}"));
            }
            Action::Turn(wish) => self.turn(wish),
            Action::Compare => self.compare(ctx),
            Action::Tour(None) => self.guide = Some(Guide::of_the_window()),
            Action::Tour(Some(name)) => {
                if let Some(tour) = tour::named(name) {
                    self.guide_through(tour);
                }
            }
            Action::Speed(place) => {
                let speed = speed::CHOICES.get(place).map_or(Speed::Full, |choice| choice.speed);
                panels.session.send(Command::Speed(speed));
            }
            Action::ZoomIn => panels.map.zoom(true),
            Action::ZoomOut => panels.map.zoom(false),
            Action::ZoomFit => panels.map.zoom_to_fit(),
            Action::Pin(step) => panels.map.pin_beside(step, panels.session.model()),
            Action::Dismiss => self.dismiss(),
            Action::Interrupt => panels.session.send(Command::Interrupt),
            Action::Theme(choice) => self.choose_theme(ctx, choice),
            Action::OtherTheme => self.choose_theme(ctx, theme::other(ctx)),
            Action::Help => self.help = !self.help,
            Action::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    /// Brings a panel to the front; the console gets the keyboard too.
    fn focus(&mut self, panel: Panel) {
        self.dock.focus(panel);
        if panel == Panel::Console {
            self.panels.console.focus();
        }
    }

    fn choose_theme(&mut self, ctx: &Context, choice: ThemeChoice) {
        self.settings.theme = choice;
        theme::choose(ctx, choice);
    }

    /// Collects. Whoever goes step by step wants the program to stand still, and to see what the mark does.
    fn collect(&mut self, unit: GcUnit, command: Command) {
        if unit != GcUnit::Cycle {
            if self.session().progress().is_running() {
                self.panels.session.send(Command::Pause);
            }
            self.panels.session.go(Go::Now);
            self.dock.focus(Panel::Collector);
            self.panels.map.set_colouring(Colouring::Marking);
        }
        self.panels.session.send(command);
    }

    /// Cancels what takes long, else puts away what lies on top.
    fn dismiss(&mut self) {
        if self.work.cancel() || self.panels.session.cancel() || self.open.dismiss() {
            // That was on top.
        } else if self.help {
            self.help = false;
        } else if self.trouble.take().is_some() || self.written.take().is_some() {
            // That was in the way of everything else.
        } else if self.panels.lit.take().is_none() && !self.panels.allocation.dismiss() {
            self.panels.map.dismiss();
        }
    }

    /// Looks at everything as it was looked at in another state of the history.
    fn look_again(&mut self, go: fn(&mut History<View>) -> Option<&View>) {
        if let Some(View { layout, map, lit }) = go(&mut self.history) {
            self.dock.restore(layout.clone());
            self.panels.map.set_view(map);
            self.panels.lit = *lit;
        }
    }

    /// Notes how everything is looked at, for it to be taken back. What is being dragged is not there yet.
    fn note_view(&mut self, ctx: &Context) {
        if !ctx.input(|input| input.pointer.any_down()) {
            let view = View { layout: self.dock.layout().clone(), map: self.panels.map.view(), lit: self.panels.lit };
            if self.dock.was_fitted() {
                self.history.amend(&view);
            } else {
                self.history.note(&view);
            }
        }
    }

    /// Has the title of the window say what is shown, and what that does.
    fn tell_title(&mut self, ctx: &Context) {
        let doing = match self.panels.session.progress().phase() {
            Phase::Paused => ", paused",
            Phase::Exhausted(_) => ", heap exhausted",
            Phase::Failed(_) => ", failed",
            _ => "",
        };
        let touring = if self.guide.is_some() { ", guided" } else { "" };
        let session = &self.panels.session;
        let moment = if session.is_past() {
            let (position, (_, end)) = (session.position(), session.extent_in_time());
            format!(" · moment {} of {}", format::bytes(position.clock), format::bytes(end.clock))
        } else {
            String::new()
        };
        let title = super::title_of(&format!("{}{touring}{doing}{moment}", self.title));
        if self.told_title != title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.told_title = title;
        }
    }

    fn show(&mut self, ui: &mut Ui) {
        self.tell_title(ui.ctx());
        let bar = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(MARGIN, 8));
        let mut asked = None;
        egui::Panel::top("toolbar").frame(bar).resizable(false).exact_size(46.0).show(ui, |ui| {
            let shown = Shown {
                open: Panel::ALL.into_iter().filter(|panel| self.dock.is_open(*panel)).collect(),
                is_live: self.session().is_live(),
                theme: theme::chosen(ui.ctx()),
                can: (self.history.can_undo(), self.history.can_redo()),
            };
            asked = toolbar::show(ui, &self.panels.session, &self.title, &shown);
        });
        let low = bar.inner_margin(Margin::symmetric(MARGIN, 4));
        egui::Panel::bottom("status").frame(low).exact_size(32.0).show(ui, |ui| {
            status::show(ui, &self.panels.session);
        });
        egui::Panel::bottom("moment").frame(bar.inner_margin(Margin::symmetric(MARGIN, 2))).exact_size(34.0).show(
            ui,
            |ui| {
                asked =
                    transport::show(ui, &self.panels.session, self.panels.timeline.axis(), &self.playback).or(asked);
            },
        );
        self.show_told(ui, low);
        self.show_question(ui, bar);
        self.panels.begin(ui.ctx());
        self.panels.shows_free_lists = self.dock.is_shown(Panel::FreeLists);
        CentralPanel::no_frame().show(ui, |ui| asked = self.dock.show(ui, &mut self.panels).or(asked));
        if let Some(action) = asked {
            self.act(ui.ctx(), action);
        }
        self.note_view(ui.ctx());
        self.show_tour(ui.ctx());
        help::show(ui.ctx(), &mut self.help);
        if let Some(chosen) =
            self.open.show(ui.ctx(), &self.settings.recent).or_else(|| open::dropped(ui.ctx()).map(Chosen::File))
        {
            self.begin(chosen);
        }
    }

    /// Begins again with another program, or with a recording.
    fn begin(&mut self, chosen: Chosen) {
        if let Chosen::File(path) = &chosen {
            self.settings.opened(path);
        }
        self.guide = None;
        let session = &mut self.panels.session;
        let (title, begun) = match chosen {
            Chosen::File(path) if path.extension().is_some_and(|extension| extension == "atlas") => {
                (path.display().to_string(), session.replay(path))
            }
            Chosen::File(path) => (path.display().to_string(), session.open(Vec::new(), vec![path])),
            Chosen::Sample(sample) => (sample.name.to_owned(), session.open(vec![sample], Vec::new())),
        };
        self.title = title;
        self.trouble = begun.err().map(|error| format!("can't start: {error}"));
    }

    /// What to do about an exhausted heap, while that is asked.
    fn show_question(&mut self, ui: &mut Ui, frame: Frame) {
        let Phase::Exhausted(exhausted) = self.panels.session.progress().phase() else {
            self.question.close();
            return;
        };
        if !self.question.is_open() {
            // The balance and the kinds of pages say where the memory is.
            self.dock.focus(Panel::Balance);
            self.panels.map.set_colouring(Colouring::Kind);
        }
        let shown = egui::Panel::top("question")
            .frame(frame)
            .resizable(false)
            .show(ui, |ui| self.question.show(ui, &exhausted));
        if let Some(answer) = shown.inner {
            self.panels.session.send(answer);
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        let at_full_speed = self.session().runs_at_full_speed();
        self.pace.begin(at_full_speed);
        if self.panels.session.drain(if at_full_speed { DRAIN_AT_FULL_SPEED } else { DRAIN }) {
            self.pace.ask(ctx);
        }
        if self.comparison.as_mut().is_some_and(Comparison::advance) {
            ctx.request_repaint();
        }
        self.play(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        if self.show_comparison(ui) {
            return;
        }
        let typing = ui.ctx().egui_wants_keyboard_input();
        let cleared_in = ui.ctx().theme();
        for action in action::pressed(ui.ctx(), typing) {
            self.act(ui.ctx(), action);
        }
        if ui.ctx().theme() != cleared_in {
            theme::begin_again(ui);
        }
        self.show(ui);
    }

    fn save(&mut self, storage: &mut dyn Storage) {
        self.settings.save(storage);
        settings::save_layout(storage, self.dock.layout());
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::ground(visuals)
    }
}
