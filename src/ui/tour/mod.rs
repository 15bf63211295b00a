//! A guided tour: a card that says what there is to see, while the program stands still there.
//!
//! * [`card`] the card, and what it points at
//! * [`window`] the tour of the window itself

pub mod card;
pub mod window;

use crate::command::{Breakpoint, Command, Speed};
use crate::source::embedded::Beginning;
use crate::source::program::Program;
use crate::source::tour::{Landmark, Step, Tour};
use crate::ui::session::{Phase, Session};

/// How fast the allocation clock goes from one step to the next.
const SPEED: Speed = Speed::BytesPerSecond(8_000_000.0);

/// A tour under way.
#[derive(Debug)]
pub struct Guide {
    title: String,
    steps: Vec<Step>,
    /// What the forms of the program are called, before the line; empty where there is no program to wait for.
    file: String,
    /// The step that is shown.
    at: usize,
    /// The step that the program has come to, or goes to.
    goes_to: usize,
    /// Whether it is there.
    there: bool,
}

/// What a person wants of a tour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// The step before.
    Back,
    /// The next step.
    Next,
    /// No more of it.
    End,
}

impl Guide {
    /// Begins a tour through a sample in a fresh heap.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub fn through(tour: Tour, session: &mut Session) -> std::io::Result<Self> {
        let file = tour.sample.name.to_owned();
        let title = file.trim_start_matches("samples/").trim_end_matches(".arc").to_owned();
        let program = Program { texts: vec![tour.sample], policy: tour.policy, ..Program::default() };
        // At its very first form it stands still: then it is told where to go.
        session.begin(Beginning { program, speed: Speed::Full, paused: true, asks: true })?;
        let guide = Self { title, steps: tour.steps, file, at: 0, goes_to: 0, there: false };
        guide.go(session);
        Ok(guide)
    }

    /// Begins the tour of the window itself. Whatever runs goes on.
    #[must_use]
    pub fn of_the_window() -> Self {
        let steps = window::steps();
        Self { title: "Heapatlas".to_owned(), steps, file: String::new(), at: 0, goes_to: 0, there: true }
    }

    /// The step that is shown, once the program is there.
    #[must_use]
    pub fn step(&self) -> Option<&Step> {
        (self.there || self.at < self.goes_to).then(|| &self.steps[self.at])
    }

    /// Lets the program run to the step that it is to come to.
    fn go(&self, session: &mut Session) {
        let line = self.steps[self.goes_to].line;
        let form = line.map(|line| Breakpoint::Form(format!("{}:{line}", self.file)));
        session.send(Command::SetBreakpoints(form.into_iter().collect()));
        session.send(Command::Run);
    }

    /// Looks whether the program has come to the step. Gives it once, when it has.
    pub fn arrive(&mut self, session: &mut Session) -> Option<&Step> {
        if self.there {
            return None;
        }
        let step = &self.steps[self.goes_to];
        let phase = session.progress().phase();
        let stands = step.line.is_some_and(|line| {
            let place = format!("{}:{line} begins", self.file);
            phase == Phase::Paused && session.stopped().is_some_and(|why| why.starts_with(&place))
        });
        if !stands && !matches!(phase, Phase::Finished | Phase::Failed(_) | Phase::Ended) {
            return None;
        }
        self.there = true;
        session.send(Command::Speed(SPEED));
        Some(step)
    }

    /// Goes on, or back: the program itself does not go back. Gives the step that is shown now, if another one is.
    pub fn turn(&mut self, wish: Wish, session: &mut Session) -> Option<&Step> {
        match wish {
            Wish::Back if self.at > 0 => self.at -= 1,
            Wish::Next if self.at < self.goes_to || self.file.is_empty() => {
                self.at = (self.at + 1).min(self.steps.len() - 1);
            }
            Wish::Next if self.there && self.at + 1 < self.steps.len() => {
                self.at += 1;
                self.goes_to = self.at;
                self.there = false;
                self.go(session);
            }
            _ => return None,
        }
        self.step()
    }

    /// Ends the tour: the program goes its own way.
    pub fn end(&self, session: &mut Session) {
        if !self.file.is_empty() {
            session.send(Command::SetBreakpoints(Vec::new()));
        }
    }
}

/// The panel that a step is about.
#[must_use]
pub fn panel_of(landmark: &Landmark) -> crate::ui::panel::Panel {
    use crate::ui::panel::Panel;
    match landmark {
        Landmark::Map | Landmark::Symbol(_) | Landmark::Hole => Panel::Map,
        Landmark::Balance => Panel::Balance,
        Landmark::Timeline => Panel::Timeline,
        Landmark::Console => Panel::Console,
        Landmark::Collector => Panel::Collector,
    }
}
