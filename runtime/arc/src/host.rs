//! The host: who runs the runtime, and looks in at safepoints.

use std::fmt;

use heapatlas_heap::Heap;
use heapatlas_heap::terms::GcUnit;

use crate::error::ArcError;

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
    /// The program stops.
    Stop,
}

/// Who runs the runtime. Every method runs on the runtime's thread and holds the program up.
pub trait Host: fmt::Debug + Send {
    /// At a safepoint: may cut frames, wait, and say what is next.
    fn look(&mut self, heap: &mut Heap) -> Verdict;

    /// Between programs: waits for something to do.
    fn rests(&mut self, heap: &mut Heap) -> Verdict;

    /// What came of an [`Verdict::Evaluate`]: the value of the last form as `write` prints it, if there was one.
    fn evaluated(&mut self, heap: &mut Heap, result: Result<Option<String>, ArcError>);

    /// A top-level form of a file begins; the event is in the heap's log.
    fn form_begins(&mut self, heap: &mut Heap);

    /// It ended.
    fn form_ends(&mut self, heap: &mut Heap);

    /// The program sleeps or waits.
    fn idles(&mut self, heap: &mut Heap);
}

/// A host that lets the program run.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

/// Calls between two safepoints when nobody watches. Interrupts wait no longer than that.
const UNWATCHED: u32 = 20_000;

impl Host for NoHost {
    fn look(&mut self, _heap: &mut Heap) -> Verdict {
        Verdict::Go { calls: UNWATCHED }
    }

    fn rests(&mut self, _heap: &mut Heap) -> Verdict {
        Verdict::Stop
    }

    fn evaluated(&mut self, _heap: &mut Heap, _result: Result<Option<String>, ArcError>) {}

    fn form_begins(&mut self, _heap: &mut Heap) {}

    fn form_ends(&mut self, _heap: &mut Heap) {}

    fn idles(&mut self, _heap: &mut Heap) {}
}
