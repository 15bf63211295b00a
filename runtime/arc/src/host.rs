//! The host: who runs the runtime, and looks in at safepoints.

use std::fmt;

use heapatlas_heap::Heap;
use heapatlas_heap::terms::GcUnit;

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
    /// The program stops.
    Stop,
}

/// Who runs the runtime. Every method runs on the runtime's thread and holds the program up.
pub trait Host: fmt::Debug + Send {
    /// At a safepoint: may cut frames, wait, and say what is next.
    fn look(&mut self, heap: &mut Heap) -> Verdict;

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

    fn form_begins(&mut self, _heap: &mut Heap) {}

    fn form_ends(&mut self, _heap: &mut Heap) {}

    fn idles(&mut self, _heap: &mut Heap) {}
}
