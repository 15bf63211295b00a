//! The same work under several policies, or several recordings, side by side: maps and curves in step on the allocation
//! clock, and a table of what the heaps are like.
//!
//! * [`pace`] nobody is far ahead of the slowest
//! * [`curves`] one quantity of each heap over the clock
//! * [`table`] numbers side by side

pub mod curves;
pub mod pace;
pub mod table;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use eframe::egui::{Align, CentralPanel, Context, Frame, Key, Layout, Margin, Panel, RichText, Ui, Visuals};
use heapatlas_heap::{Placement, Policy};

use super::session::{Phase, Session, Wake};
use super::speed;
use super::theme::{self, MARGIN};
use super::views::page_map::overlay::Overlay;
use super::views::page_map::{PageMap, legend};
use super::widgets::button::IconButton;
use super::widgets::icon::Icon;
use super::widgets::segments::{Segment, segments};
use crate::command::{Command, Speed};
use crate::map::colouring::Colouring;
use crate::source::Subject;
use crate::source::embedded::Beginning;
use crate::source::program::Program;
use crate::source::recording::Origin;
use curves::Quantity;
use pace::Runner;

/// What is compared, and what it is called.
pub type Compared = (String, Subject);

/// How long what has arrived for one heap is taken in before a picture is drawn.
const DRAIN: Duration = Duration::from_millis(3);
/// Height of what lies below the maps, at first.
const BELOW: f32 = 290.0;

/// One of the heaps.
#[derive(Debug)]
struct Lane {
    name: String,
    session: Session,
    map: PageMap,
    /// Whether it was told to stand still.
    held: bool,
}

/// Heaps side by side.
#[derive(Debug)]
pub struct Comparison {
    title: String,
    lanes: Vec<Lane>,
    playing: bool,
    /// Whether everything goes to its end, in step or not.
    skipping: bool,
    speed: Speed,
    colouring: Colouring,
    quantity: Quantity,
}

/// A program under some policies.
#[must_use]
pub fn policies(program: &Program, policies: &[Policy]) -> Vec<Compared> {
    let under = |policy: &Policy| {
        let program = Program { policy: *policy, record: None, black_box: None, ..program.clone() };
        let beginning = Beginning { program, speed: Speed::SLOW_MOTION, paused: false, asks: false };
        (policy.to_string(), Subject::Program(beginning))
    };
    policies.iter().map(under).collect()
}

/// A program under each of the plain policies.
#[must_use]
pub fn every_policy(program: &Program) -> Vec<Compared> {
    policies(program, &Placement::ALL.map(Policy::of))
}

/// Some recordings.
#[must_use]
pub fn recordings(paths: &[PathBuf]) -> Vec<Compared> {
    let named = |path: &PathBuf| (path.display().to_string(), Subject::Recording(Origin::File(path.clone())));
    paths.iter().map(named).collect()
}

impl Comparison {
    /// Starts a runtime, or the replay of a recording, for each heap.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub fn start(title: String, compared: Vec<Compared>, wake: &Wake) -> io::Result<Self> {
        let lane = |(name, subject)| {
            let session = Session::start(subject, Wake::clone(wake))?;
            Ok(Lane { name, session, map: PageMap::default(), held: false })
        };
        let lanes = compared.into_iter().map(lane).collect::<io::Result<_>>()?;
        Ok(Self {
            title,
            lanes,
            playing: true,
            skipping: false,
            speed: Speed::SLOW_MOTION,
            colouring: Colouring::default(),
            quantity: Quantity::default(),
        })
    }

    /// The heaps: what each is called, and what is known of it.
    pub fn sessions(&self) -> impl Iterator<Item = (&str, &Session)> {
        self.lanes.iter().map(|lane| (lane.name.as_str(), &lane.session))
    }

    /// Takes in what has arrived and keeps everybody in step. Says whether there may be more.
    pub fn advance(&mut self) -> bool {
        let mut more = false;
        for lane in &mut self.lanes {
            more |= lane.session.drain(DRAIN);
        }
        if !self.skipping {
            let runners: Vec<Runner> = self.lanes.iter().map(Lane::runner).collect();
            for (lane, order) in self.lanes.iter_mut().zip(pace::orders(&runners, self.playing)) {
                if let Some(held) = order {
                    lane.hold(held);
                }
            }
        }
        more
    }

    /// Stands still, or goes on.
    pub fn play(&mut self, playing: bool) {
        self.playing = playing;
        if !playing {
            self.skipping = false;
        }
    }

    /// Shows everything. Says whether it was asked to go back to where one came from, if there is such a place.
    pub fn show(&mut self, ui: &mut Ui, can_leave: bool) -> bool {
        if ui.input(|input| input.key_pressed(Key::Space)) {
            self.play(!self.playing);
        }
        let card = Frame::side_top_panel(ui.style());
        let mut leaves = false;
        let bar = card.inner_margin(Margin::symmetric(MARGIN, 8));
        Panel::top("comparison toolbar").frame(bar).resizable(false).exact_size(46.0).show(ui, |ui| {
            ui.horizontal_centered(|ui| leaves = self.show_toolbar(ui, can_leave));
        });
        let below = Panel::bottom("comparison numbers").frame(card.inner_margin(Margin::same(MARGIN)));
        below.resizable(true).default_size(BELOW).size_range(160.0..=520.0).show(ui, |ui| self.show_numbers(ui));
        // The ground of the maps is what the window was cleared to.
        let maps = Frame::NONE.inner_margin(Margin::same(MARGIN));
        CentralPanel::default().frame(maps).show(ui, |ui| self.show_maps(ui));
        leaves
    }

    fn show_toolbar(&mut self, ui: &mut Ui, can_leave: bool) -> bool {
        ui.label(RichText::new("Heapatlas").heading().strong());
        ui.weak(format!("{}, side by side", self.title));
        ui.add_space(10.0);
        let under_way = self.lanes.iter().any(|lane| lane.runner().under_way);
        let (icon, word) = if self.playing { (Icon::Pause, "Pause") } else { (Icon::Play, "Play") };
        if ui.add_enabled(under_way, IconButton::new(icon, word).width(86.0)).clicked() {
            self.play(!self.playing);
        }
        if ui.add_enabled(under_way, IconButton::new(Icon::Skip, "Skip")).on_hover_text("to the end").clicked() {
            self.skip();
        }
        let choices =
            speed::CHOICES.map(|choice| Segment { word: choice.name, name: choice.name, hint: choice.meaning });
        if let Some(place) = segments(ui, choices, speed::place_of(self.speed)) {
            self.speed = speed::CHOICES[place].speed;
            self.lanes.iter_mut().for_each(|lane| lane.session.send(Command::Speed(self.speed)));
        }
        let choices = [Colouring::Kind, Colouring::LiveShare, Colouring::Residency];
        let names = choices.map(|choice| format!("colour by {}", choice.name()));
        let segment = |(choice, name)| {
            let choice: &Colouring = choice;
            Segment { word: choice.name(), name, hint: choice.meaning() }
        };
        let chosen = choices.iter().position(|choice| *choice == self.colouring);
        if let Some(place) = segments(ui, choices.iter().zip(names.iter().map(String::as_str)).map(segment), chosen) {
            self.colouring = choices[place];
        }
        let back = |ui: &mut Ui| can_leave && ui.button("Back").on_hover_text("end this comparison").clicked();
        ui.with_layout(Layout::right_to_left(Align::Center), back).inner
    }

    fn skip(&mut self) {
        (self.playing, self.skipping) = (true, true);
        for lane in &mut self.lanes {
            lane.hold(false);
            lane.session.send(Command::Skip);
        }
    }

    fn show_numbers(&mut self, ui: &mut Ui) {
        let room = ui.available_width();
        Panel::right("comparison table")
            .frame(Frame::NONE.inner_margin(Margin { left: MARGIN, ..Margin::ZERO }))
            .default_size(room * 0.5)
            .size_range(260.0..=1100.0)
            .show(ui, |ui| {
                let heaps: Vec<_> = self.sessions().map(|(name, session)| (name, session.model().counters())).collect();
                table::show(ui, &heaps);
            });
        CentralPanel::no_frame().show(ui, |ui| {
            ui.horizontal(|ui| {
                let hint = "bytes, over the allocation clock";
                let choices = Quantity::ALL.map(|choice| Segment { word: choice.name(), name: choice.name(), hint });
                let chosen = Quantity::ALL.iter().position(|choice| *choice == self.quantity);
                if let Some(place) = segments(ui, choices, chosen) {
                    self.quantity = Quantity::ALL[place];
                }
            });
            let histories = self.lanes.iter().map(|lane| (lane.name.as_str(), lane.session.chronicle().history()));
            curves::show(ui, self.quantity, histories);
        });
    }

    fn show_maps(&mut self, ui: &mut Ui) {
        let colouring = self.colouring;
        ui.columns(self.lanes.len(), |columns| {
            for (place, (ui, lane)) in columns.iter_mut().zip(&mut self.lanes).enumerate() {
                // The maps scroll each for itself.
                ui.push_id(place, |ui| lane.show(ui, colouring));
            }
        });
    }
}

impl Lane {
    fn runner(&self) -> Runner {
        let progress = self.session.progress();
        let clock = self.session.model().counters().clock;
        Runner { clock, under_way: self.session.is_live() && progress.is_under_way(), held: self.held }
    }

    fn hold(&mut self, held: bool) {
        self.held = held;
        self.session.send(if held { Command::Pause } else { Command::Run });
    }

    fn show(&mut self, ui: &mut Ui, colouring: Colouring) {
        ui.horizontal(|ui| {
            ui.heading(&self.name);
            ui.weak(self.doing());
        });
        self.map.set_colouring(colouring);
        Panel::bottom("comparison legend")
            .frame(Frame::NONE.inner_margin(Margin { top: 8, ..Margin::ZERO }))
            .show_separator_line(false)
            .resizable(false)
            .show(ui, |ui| legend::show(ui, &self.map, &self.session, None));
        self.map.show(ui, self.session.model(), &Overlay::default());
    }

    fn doing(&self) -> String {
        match self.session.progress().phase() {
            Phase::Starting => "starting".to_owned(),
            Phase::Paused if self.held => "waits for the others".to_owned(),
            Phase::Failed(error) => error.to_string(),
            Phase::Finished | Phase::Ended => "finished".to_owned(),
            _ => "running".to_owned(),
        }
    }
}

/// A window with nothing but a comparison.
#[derive(Debug)]
pub struct ComparisonWindow(Comparison);

impl ComparisonWindow {
    /// The window's content. The runtimes start at once.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub fn new(ctx: &Context, title: String, compared: Vec<Compared>) -> io::Result<Self> {
        let waker = ctx.clone();
        let wake: Wake = std::sync::Arc::new(move || waker.request_repaint());
        Comparison::start(title, compared, &wake).map(Self)
    }

    /// What is compared.
    #[must_use]
    pub fn comparison(&self) -> &Comparison {
        &self.0
    }
}

impl eframe::App for ComparisonWindow {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        if self.0.advance() {
            ctx.request_repaint();
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        if ui.input(|input| input.key_pressed(Key::T)) {
            theme::choose(ui.ctx(), theme::other(ui.ctx()));
            theme::begin_again(ui);
        }
        self.0.show(ui, false);
    }

    fn clear_color(&self, visuals: &Visuals) -> [f32; 4] {
        theme::ground(visuals)
    }
}
