//! A session: a runtime, the model of its heap, and what is known of its program. Knows of no window.
//!
//! * `answers` what the runtime answered last to what was asked of it
//! * `beginning` how a session begins again

mod answers;
mod beginning;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use heapatlas_arc::host::Errand;
use heapatlas_arc::inspect::PageFindings;
use heapatlas_heap::free_lists::FreeLists;
use heapatlas_heap::gc::{Pauses, StepReport};
use heapatlas_heap::terms::Address;

use super::moments::{Go, Moments};
pub use super::progress::{Phase, Progress};
use super::transcript::{Transcript, Voice};
use crate::command::{Breakpoint, Command, Speed};
use crate::model::chronicle::{Chronicle, Position, Told};
use crate::model::functions::Functions;
use crate::model::over_time::OverTime;
use crate::model::{Applied, HeapModel};
use crate::source::program::Program;
use crate::source::{Message, Source, State, Subject};
use answers::Answers;
pub use answers::Walks;
use beginning::start_source;

/// Called from any thread when something arrived.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A runtime, the model of its heap, and what is known of its program.
pub struct Session {
    subject: Subject,
    wake: Wake,
    /// `None` when a restart failed, and when the runtime was let go.
    source: Option<Box<dyn Source>>,
    /// The model of the latest moment.
    now: HeapModel,
    moments: Moments,
    progress: Progress,
    transcript: Transcript,
    speed: Speed,
    /// What was asked of the runtime and takes long, how far it has come, and whether it was cancelled.
    errand: Option<(Errand, bool)>,
    /// What the collector did last on request.
    last_step: Option<StepReport>,
    pauses: Pauses,
    walks: Walks,
    answers: Answers,
    /// The breakpoints, which a fresh runtime gets too.
    breakpoints: Vec<Breakpoint>,
    /// Whether it is asked which functions allocate, and what was told up to the frame that comes next.
    profiles: bool,
    sampled: Vec<(Vec<String>, u64)>,
    functions: Functions,
    /// Why the program stood still last, if a breakpoint made it.
    stopped: Option<String>,
    /// Whether a key frame is under way: one is enough.
    wants_key: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Session {
    /// Starts a runtime, or the replay of a recording. `wake` is called whenever something arrived.
    ///
    /// # Errors
    /// When the system refuses another thread, or a recording can't be written.
    pub fn start(subject: Subject, wake: Wake) -> io::Result<Self> {
        let speed = match &subject {
            Subject::Program(beginning) => beginning.speed,
            Subject::Recording(_) => Speed::Full,
        };
        let source = start_source(&subject, &wake)?;
        let (moments, trouble) = Moments::start(&subject, &wake);
        let mut transcript = Transcript::default();
        trouble.inspect(|trouble| transcript.say(Voice::Note, trouble));
        Ok(Self {
            source: Some(source),
            subject,
            wake,
            now: HeapModel::default(),
            moments,
            progress: Progress::default(),
            transcript,
            speed,
            errand: None,
            last_step: None,
            pauses: Pauses::default(),
            walks: Walks::default(),
            answers: Answers::default(),
            breakpoints: Vec::new(),
            profiles: false,
            sampled: Vec::new(),
            functions: Functions::default(),
            stopped: None,
            wants_key: false,
        })
    }

    /// Whether it is asked which functions allocate.
    #[must_use]
    pub fn profiles(&self) -> bool {
        self.profiles
    }

    /// Which functions allocated while that was asked.
    #[must_use]
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// The program that runs in this process; none while a recording is shown.
    #[must_use]
    pub fn program(&self) -> Option<&Program> {
        match &self.subject {
            Subject::Program(beginning) => Some(&beginning.program),
            Subject::Recording(_) => None,
        }
    }

    /// Whether a program runs in this process, rather than that a recording is shown.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.subject, Subject::Program(_))
    }

    /// Why the program stood still last, if a breakpoint made it.
    #[must_use]
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Sends a command, and remembers what it means for what is shown.
    pub fn send(&mut self, command: Command) {
        match &command {
            Command::Speed(speed) => {
                self.speed = *speed;
                self.progress.skips(false);
            }
            Command::Skip => self.progress.skips(true),
            Command::SetBreakpoints(set) => self.breakpoints.clone_from(set),
            Command::Profile(wanted) => self.profiles = *wanted,
            Command::Evaluate(text) => self.transcript.say(Voice::Input, text),
            Command::InspectPage(_) => self.answers.withdrawn = None,
            _ => {}
        }
        let evaluates = matches!(command, Command::Evaluate(_));
        if self.tell(command) {
            if evaluates {
                self.progress.was_handed_a_text();
            }
        } else if evaluates {
            self.transcript.say(Voice::Error, "the runtime takes no commands now");
        }
    }

    fn tell(&mut self, command: Command) -> bool {
        self.source.as_mut().is_some_and(|source| source.send(command))
    }

    /// Takes in what has arrived, for so long at most. Says whether there may be more.
    pub fn drain(&mut self, budget: Duration) -> bool {
        if let Some(trouble) = self.moments.drain(&self.now) {
            self.transcript.say(Voice::Note, &trouble);
        }
        let since = Instant::now();
        while let Some(message) = self.source.as_mut().and_then(|source| source.next()) {
            self.hear(message);
            if since.elapsed() >= budget {
                return true;
            }
        }
        false
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Frame(mut frame) => {
                let before = self.now.counters().clock;
                match self.now.apply(&frame) {
                    Applied::UpToDate => {
                        self.wants_key = false;
                        if !self.sampled.is_empty() {
                            let clock = before..self.now.counters().clock;
                            self.functions.add(clock, std::mem::take(&mut self.sampled));
                        }
                        self.moments.see(&mut frame, &self.now);
                    }
                    Applied::Gap if !self.wants_key => self.wants_key = self.tell(Command::KeyFrame),
                    Applied::Gap => {}
                }
                if let Some(source) = &mut self.source {
                    source.recycle(frame);
                }
            }
            Message::Output(text) => self.transcript.print(&text),
            Message::Sampled(stacks) => self.sampled.extend(stacks),
            Message::Note(text) => self.transcript.say(Voice::Note, &text),
            Message::Evaluated(result) => {
                self.progress.something_came_of_a_text();
                match result {
                    Ok(value) => self.transcript.say(Voice::Value, value.as_deref().unwrap_or_default()),
                    Err(error) => self.transcript.say(Voice::Error, &error.to_string()),
                }
            }
            Message::UnderWay(errand) => {
                let cancelled = self.errand.is_some_and(|(_, cancelled)| cancelled);
                self.errand = Some((errand, cancelled));
            }
            Message::Found(findings) => {
                self.errand = None;
                self.answers.hear(findings);
            }
            Message::Stopped(why) => {
                self.transcript.say(Voice::Note, &format!("stopped: {why}"));
                self.stopped = Some(why);
            }
            Message::Stepped(report) => {
                self.errand = None;
                self.last_step = Some(report);
            }
            // After a gap the pages are not those that were walked.
            Message::Walked(_) if self.wants_key => {}
            Message::Walked(counted) => self.walks.compare(self.now.pages().colours(), counted),
            Message::Pauses(pauses) => self.pauses = *pauses,
            Message::State(state) => {
                if let State::Finished(Err(error)) = &state {
                    self.transcript.say(Voice::Error, &error.to_string());
                }
                self.progress.hear(state);
            }
        }
    }

    /// The model of the heap at the moment that is shown: the latest, if no other was asked for.
    #[must_use]
    pub fn model(&self) -> &HeapModel {
        self.moments.shown().unwrap_or(&self.now)
    }

    /// Whether the moment that is shown is not the latest.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.moments.shown().is_some()
    }

    /// Goes to a moment; it is shown when it has come. What runs goes on.
    pub fn go(&mut self, go: Go) {
        self.moments.go(go, &self.now);
    }

    /// Marks the moment that is shown: others are compared with it.
    pub fn mark(&mut self) {
        self.moments.mark(&self.now);
    }

    /// Compares with no moment any more.
    pub fn unmark(&mut self) {
        self.moments.unmark();
    }

    /// The moment that others are compared with.
    #[must_use]
    pub fn marked(&self) -> Option<&HeapModel> {
        self.moments.marked()
    }

    /// Whether a moment was asked for that has not come yet.
    #[must_use]
    pub fn is_seeking(&self) -> bool {
        self.moments.is_seeking()
    }

    /// Where the moment that is shown is in time.
    #[must_use]
    pub fn position(&self) -> Position {
        match self.moments.shown() {
            Some(model) => Position { clock: model.counters().clock, wall: model.wall() },
            None => self.moments.end(&self.now),
        }
    }

    /// The first moment and the latest, as far as they are known.
    #[must_use]
    pub fn extent_in_time(&self) -> (Position, Position) {
        (self.moments.chronicle().start(), self.moments.end(&self.now))
    }

    /// The whole run, as far as it is known.
    #[must_use]
    pub fn chronicle(&self) -> &Chronicle {
        self.moments.chronicle()
    }

    /// What was known of the run at the moment that is shown.
    #[must_use]
    pub fn told(&self) -> Told<'_> {
        self.chronicle().until(self.model())
    }

    /// The pages over time, as far as they are known.
    #[must_use]
    pub fn over_time(&self) -> &OverTime {
        self.moments.over_time()
    }

    /// How much of a recording was gone through, from 0 to 1, while that is going on.
    #[must_use]
    pub fn reading(&self) -> Option<f32> {
        self.moments.reading()
    }

    /// Leaves the rest of a recording unread.
    pub fn stop_reading(&mut self) {
        self.moments.stop_reading();
    }

    /// What is known of the program.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Whether it is a recording that is looked at: then there is no runtime to ask.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        matches!(self.subject, Subject::Recording(_))
    }

    /// What was said.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// What was asked of the runtime and takes long, how far it has come, and whether it was cancelled.
    #[must_use]
    pub fn errand(&self) -> Option<(Errand, bool)> {
        self.errand
    }

    /// Cancels what takes long, if something does. Says whether it does.
    pub fn cancel(&mut self) -> bool {
        let Some((errand, false)) = self.errand else { return false };
        let withdrawn = self.tell(Command::Withdraw);
        self.errand = Some((errand, withdrawn));
        withdrawn
    }

    /// The page about which a search was cancelled.
    #[must_use]
    pub fn withdrawn_search(&self) -> Option<Address> {
        self.answers.withdrawn
    }

    /// What the collector did last on request.
    #[must_use]
    pub fn last_step(&self) -> Option<&StepReport> {
        self.last_step.as_ref()
    }

    /// How long the collector has stopped the program so far.
    #[must_use]
    pub fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    /// How walks of the heap compare with what is shown; none are made unless the program is verified.
    #[must_use]
    pub fn walks(&self) -> &Walks {
        &self.walks
    }

    /// What lies on the page that was asked about last.
    #[must_use]
    pub fn page_findings(&self) -> Option<&PageFindings> {
        self.answers.page.as_ref()
    }

    /// The page asked about of which nothing can be told, because more is alive than can be searched.
    #[must_use]
    pub fn too_much_alive(&self) -> Option<Address> {
        self.answers.too_much_alive
    }

    /// The free lists as they were told last.
    #[must_use]
    pub fn free_lists(&self) -> Option<&FreeLists> {
        self.answers.free_lists.as_ref()
    }

    /// Takes the names that begin as what was to be completed, if they have come: that, and the names.
    pub fn take_names(&mut self) -> Option<(String, Vec<String>)> {
        self.answers.names.take()
    }

    /// Takes the answer to where the value of a symbol lies, if one has come: the name, and the address if it has one.
    pub fn take_symbol(&mut self) -> Option<(String, Option<Address>)> {
        self.answers.symbol.take()
    }

    /// The speed chosen last.
    #[must_use]
    pub fn speed(&self) -> Speed {
        self.speed
    }

    /// Whether a program runs, and as fast as it can.
    #[must_use]
    pub fn runs_at_full_speed(&self) -> bool {
        let goes_on = self.progress.is_running() && matches!(self.subject, Subject::Program(_));
        goes_on && (self.speed == Speed::Full || self.progress.phase() == Phase::Skipping)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use heapatlas_heap::terms::{GcPhase, GcUnit};

    use super::*;
    use crate::source::embedded::Beginning;

    fn wait(session: &mut Session, until: impl Fn(&Session) -> bool) {
        let since = Instant::now();
        while !until(session) {
            session.drain(Duration::from_millis(8));
            assert!(since.elapsed() < Duration::from_secs(60), "still {:?}", session.progress);
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn last_line(session: &Session) -> Option<&str> {
        session.transcript().lines().last().map(|line| line.text.as_str())
    }

    #[test]
    fn what_is_typed_is_evaluated_while_the_program_stands_still_and_after_its_end() {
        let beginning = Beginning { program: Program::default(), speed: Speed::SLOW_MOTION, paused: true, asks: true };
        let mut session = Session::start(Subject::Program(beginning), Arc::new(|| {})).expect("a thread");
        assert_eq!(session.progress().phase(), Phase::Starting);
        wait(&mut session, |session| session.progress().phase() == Phase::Paused);
        session.send(Command::Evaluate("(+ 1 2)".to_owned()));
        wait(&mut session, |session| !session.progress().is_evaluating());
        assert_eq!(last_line(&session), Some("3"));
        assert_eq!(session.progress().phase(), Phase::Paused);
        session.send(Command::Skip);
        wait(&mut session, |session| session.progress().phase() == Phase::Finished);
        session.send(Command::Evaluate("(len (range 1 50000))".to_owned()));
        assert_eq!(session.progress().phase(), Phase::Evaluating);
        wait(&mut session, |session| session.progress().phase() == Phase::Finished);
        assert_eq!(last_line(&session), Some("50000"));
        session.send(Command::Evaluate("(car 7)".to_owned()));
        wait(&mut session, |session| session.progress().phase() == Phase::Finished);
        assert_eq!(session.transcript().lines().last().map(|line| line.voice), Some(Voice::Error));
        let allocated = session.model().counters().clock;
        session.restart().expect("a thread");
        wait(&mut session, |session| session.progress().phase() == Phase::Paused);
        assert!(session.model().counters().clock < allocated);
    }

    #[test]
    fn what_takes_long_is_cancelled_and_the_program_is_there() {
        let program = Program { expressions: vec!["(= held (range 1 2000000))".to_owned()], ..Program::default() };
        let beginning = Beginning { program, speed: Speed::Full, paused: false, asks: true };
        let mut session = Session::start(Subject::Program(beginning), Arc::new(|| {})).expect("a thread");
        wait(&mut session, |session| session.progress().phase() == Phase::Finished);
        let page = session.model().pages().iter().map(|page| page.address).last().expect("a page");
        // A thread that gets no time to cancel may come too late: then it is done again.
        while session.withdrawn_search() != Some(page) {
            session.send(Command::InspectPage(page));
            session.errand = Some((Errand::Search(0), false));
            assert!(session.cancel() && !session.cancel(), "once is enough");
            wait(&mut session, |session| session.errand().is_none());
        }
        let ended_in = |session: &Session| session.last_step().map(|step| step.ended_in);
        while ended_in(&session).is_none_or(|phase| phase == GcPhase::Idle) {
            session.last_step = None;
            session.send(Command::Collect(GcUnit::Cycle));
            session.send(Command::Withdraw);
            wait(&mut session, |session| session.last_step().is_some());
        }
        session.send(Command::Evaluate("(len held)".to_owned()));
        wait(&mut session, |session| !session.progress().is_evaluating());
        assert_eq!(last_line(&session), Some("2000000"));
        session.send(Command::Collect(GcUnit::Cycle));
        wait(&mut session, |session| ended_in(session) == Some(GcPhase::Idle));
    }
}
