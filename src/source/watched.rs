//! A host whose runtime is recorded, or has a black box, or both.

use heapatlas_arc::error::ArcError;
use heapatlas_arc::host::{Answer, Errand, Host, Verdict};
use heapatlas_arc::inspect::Findings;
use heapatlas_heap::gc::StepReport;
use heapatlas_heap::{Exhausted, Heap};

use super::black_box::BlackBox;
use super::recorder::{Recorder, SharedRecorder};
use super::times::System;

/// Calls between two looks at whether a frame is due.
const CALLS: u32 = 8_000;

/// A host whose runtime is recorded, or has a black box.
#[derive(Debug)]
pub struct Watched {
    host: Box<dyn Host>,
    /// What cuts frames; it records them nowhere when only the black box wants them.
    recorder: SharedRecorder,
    black_box: Option<BlackBox>,
}

impl Watched {
    /// Watches the runtime of a host.
    #[must_use]
    pub fn new(host: Box<dyn Host>, recorder: Option<SharedRecorder>, black_box: Option<BlackBox>) -> Self {
        let nowhere = || SharedRecorder::new(Recorder::nowhere(Box::new(System::new())));
        Self { host, recorder: recorder.unwrap_or_else(nowhere), black_box }
    }

    fn record(&mut self, heap: &mut Heap) {
        let mut recorder = self.recorder.lock();
        if recorder.look(heap)
            && let Some(black_box) = &self.black_box
        {
            black_box.see(recorder.frame());
        }
    }
}

impl Host for Watched {
    fn look(&mut self, heap: &mut Heap) -> Verdict {
        self.record(heap);
        match self.host.look(heap) {
            Verdict::Go { calls } => Verdict::Go { calls: calls.min(CALLS) },
            verdict => verdict,
        }
    }

    fn rests(&mut self, heap: &mut Heap) -> Verdict {
        self.record(heap);
        self.host.rests(heap)
    }

    fn exhausted(&mut self, heap: &mut Heap, exhausted: &Exhausted) -> Answer {
        let mut recorder = self.recorder.lock();
        recorder.cut_now(heap);
        if let Some(black_box) = &self.black_box {
            black_box.see(recorder.frame());
            black_box.write(heap, exhausted);
        }
        drop(recorder);
        self.host.exhausted(heap, exhausted)
    }

    fn evaluated(&mut self, heap: &mut Heap, result: Result<Option<String>, ArcError>) {
        self.host.evaluated(heap, result);
    }

    fn follows_phases(&self) -> bool {
        self.host.follows_phases()
    }

    fn still_wants(&mut self, errand: &Errand) -> bool {
        self.host.still_wants(errand)
    }

    fn stepped(&mut self, heap: &mut Heap, report: &StepReport) {
        self.host.stepped(heap, report);
    }

    fn inspected(&mut self, heap: &mut Heap, findings: Findings) {
        self.host.inspected(heap, findings);
    }

    fn form_begins(&mut self, heap: &mut Heap) {
        self.host.form_begins(heap);
    }

    fn form_ends(&mut self, heap: &mut Heap) {
        self.host.form_ends(heap);
    }

    fn idles(&mut self, heap: &mut Heap) {
        self.record(heap);
        self.host.idles(heap);
    }
}
