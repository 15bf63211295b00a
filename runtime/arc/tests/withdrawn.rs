//! What the host wanted and does not want any more: a collection is left where it is, a search has no answer.

mod support;

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};

use heapatlas_arc::Runtime;
use heapatlas_arc::host::{Errand, Host, Verdict};
use heapatlas_arc::inspect::{Findings, Inspection};
use heapatlas_heap::Heap;
use heapatlas_heap::gc::StepReport;
use heapatlas_heap::terms::{GcPhase, GcUnit, PAGE};
use support::runtime;

/// What a host wants, and then no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wanted {
    /// A whole collection, which is withdrawn when it comes to this phase.
    CollectionUntil(GcPhase),
    /// What lies where the next cell will.
    Search,
}

#[derive(Debug)]
struct Fickle {
    wanted: Wanted,
    began: bool,
    found: Sender<Findings>,
    stepped: Sender<StepReport>,
}

impl Host for Fickle {
    fn rests(&mut self, heap: &mut Heap) -> Verdict {
        if std::mem::replace(&mut self.began, true) {
            return Verdict::Stop;
        }
        match self.wanted {
            Wanted::CollectionUntil(_) => Verdict::Collect(GcUnit::Cycle),
            Wanted::Search => Verdict::Inspect(Inspection::Page(heap.next_cell().expect("a free cell"))),
        }
    }

    fn still_wants(&mut self, errand: &Errand) -> bool {
        match (errand, self.wanted) {
            (Errand::Collection(report), Wanted::CollectionUntil(phase)) => report.ended_in != phase,
            _ => false,
        }
    }

    fn stepped(&mut self, _heap: &mut Heap, report: &StepReport) {
        self.stepped.send(*report).ok();
    }

    fn inspected(&mut self, _heap: &mut Heap, findings: Findings) {
        self.found.send(findings).ok();
    }
}

/// More than is collected at once, every eighth cell of which is held.
const PROGRAM: &str = "(= held nil) (for i 1 400000 (let cell (cons i held) (if (is 0 (mod i 8)) (= held cell))))";

/// What came of what such a host wanted after the program had run.
fn served(wanted: Wanted) -> (Runtime, Receiver<Findings>, Receiver<StepReport>) {
    let ((found, findings), (stepped, reports)) = (channel(), channel());
    let host = Fickle { wanted, began: false, found, stepped };
    let mut runtime = runtime(&[], Box::new(io::sink()), Box::new(host));
    runtime.evaluate(PROGRAM, "test").unwrap_or_else(|error| panic!("{error}"));
    runtime.set_verify(true);
    runtime.serve();
    (runtime, findings, reports)
}

#[test]
fn a_collection_is_left_where_it_is_and_programs_go_on_with_it() {
    for until in [GcPhase::Mark, GcPhase::Sweep, GcPhase::Evacuate] {
        let (mut runtime, _, reports) = served(Wanted::CollectionUntil(until));
        assert_eq!(reports.try_iter().map(|report| report.ended_in).collect::<Vec<_>>(), [until]);
        assert_eq!(runtime.heap().gc_phase(), until);
        let cycles = runtime.heap().gc_stats().cycles;
        let value = runtime.evaluate("(for i 1 200000 (cons i nil)) (len held)", "test");
        assert_eq!(value, Ok(Some("50000".to_owned())));
        assert!(runtime.heap().gc_stats().cycles > cycles, "what is left of it is done while the program runs");
        assert_eq!(runtime.heap().verify(), []);
    }
}

#[test]
fn a_search_has_no_answer() {
    let (mut runtime, findings, _) = served(Wanted::Search);
    let page = runtime.heap().next_cell().expect("a free cell").align_down(PAGE);
    assert_eq!(findings.try_recv(), Ok(Findings::Withdrawn(page)));
}
