//! The host: who runs the runtime, and looks in at safepoints.

use std::fmt;

use heapatlas_heap::gc::StepReport;
use heapatlas_heap::terms::GcUnit;
use heapatlas_heap::{Exhausted, Heap};

use crate::error::ArcError;
use crate::inspect::{Findings, Inspection};
use crate::profile::Sample;

/// What the host wants at a safepoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The program goes on; the host looks in again after this many calls at the latest.
    Go {
        /// Calls until the next look.
        calls: u32,
    },
    /// The collector goes one step; then the host is asked again.
    Collect(GcUnit),
    /// The forms of this text are evaluated, the program standing still meanwhile; then the host is told what came of
    /// it, and asked again.
    Evaluate(String),
    /// The same for a question of the host's own: its forms are told to nobody, and are no top-level forms of the program.
    Test(String),
    /// The host wants to know what lies somewhere; then it is told, and asked again.
    Inspect(Inspection),
    /// The program stops.
    Stop,
}

/// What is done for the host that may take long, and how far it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Errand {
    /// A [`Verdict::Collect`] of a phase or a cycle: what it did so far, and the phase it is in.
    Collection(StepReport),
    /// A search through all that is alive: how many cells and objects were reached.
    Search(usize),
}

/// What is done about an exhausted heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// This is the soft limit from now on, in bytes, or there is none; what found no room is tried again.
    Limit(Option<usize>),
    /// The heap is collected, and everything moved that can move; what found no room is tried again.
    Collect,
    /// The program gets the error.
    Signal,
}

/// Who runs the runtime. Every method runs on the runtime's thread and holds the program up. A method that is not
/// implemented lets the program run.
pub trait Host: fmt::Debug + Send {
    /// At a safepoint: may cut frames, wait, and say what is next.
    fn look(&mut self, _heap: &mut Heap) -> Verdict {
        Verdict::Go { calls: UNWATCHED }
    }

    /// Whether somebody wants to see every phase of a collection that is due: then it goes a phase at a time, with the
    /// program and a look in between, however small the heap.
    fn follows_phases(&self) -> bool {
        false
    }

    /// Between programs: waits for something to do.
    fn rests(&mut self, _heap: &mut Heap) -> Verdict {
        Verdict::Stop
    }

    /// The heap is exhausted: a collection left no room for what was asked for. Says what is done, before any handler
    /// of the program hears of it, as a debugger would be asked first; a host with nobody to ask signals the error.
    /// Asked again when the answer left no room for what was asked for and for the reserve. An interrupt that arrives
    /// meanwhile stops the program, whatever the answer.
    fn exhausted(&mut self, _heap: &mut Heap, _exhausted: &Exhausted) -> Answer {
        Answer::Signal
    }

    /// What came of an [`Verdict::Evaluate`] or a [`Verdict::Test`]: the value of the last form as `write` prints it, if
    /// there was one.
    fn evaluated(&mut self, _heap: &mut Heap, _result: Result<Option<String>, ArcError>) {}

    /// The collector went the step that the host wanted, and this is what it did.
    fn stepped(&mut self, _heap: &mut Heap, _report: &StepReport) {}

    /// Asked every few milliseconds while something is done that the host wanted: whether it is still wanted. If not, a
    /// collection is left where it is, and a search tells [`Findings::Withdrawn`].
    fn still_wants(&mut self, _errand: &Errand) -> bool {
        true
    }

    /// What came of an [`Verdict::Inspect`].
    fn inspected(&mut self, _heap: &mut Heap, _findings: Findings) {}

    /// A top-level form of a file begins; the event is in the heap's log.
    fn form_begins(&mut self, _heap: &mut Heap) {}

    /// It ended.
    fn form_ends(&mut self, _heap: &mut Heap) {}

    /// Whether somebody wants to know which functions allocate while the program runs.
    fn wants_samples(&self) -> bool {
        false
    }

    /// A sample was taken, because somebody wants them.
    fn sampled(&mut self, _sample: Sample) {}

    /// The program sleeps or waits.
    fn idles(&mut self, _heap: &mut Heap) {}
}

/// A host that lets the program run.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

/// Calls between two safepoints when nobody watches. Interrupts wait no longer than that.
const UNWATCHED: u32 = 20_000;

impl Host for NoHost {}
