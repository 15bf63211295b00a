//! Random programs whose collector is stepped: after every step the counts that the window shows, summed over the pages
//! of the frames, equal a fresh walk of the heap, and the heap verifies.

use std::io;
use std::sync::{Arc, Mutex};

use heapatlas::model::{Applied, HeapModel};
use heapatlas::source::program::{Base, Program};
use heapatlas_arc::Streams;
use heapatlas_arc::host::{Host, Verdict};
use heapatlas_heap::Heap;
use heapatlas_heap::gc::StepReport;
use heapatlas_heap::terms::{GcPhase, GcUnit};
use proptest::prelude::*;

/// What the steps of a program showed.
#[derive(Debug, Default)]
struct Seen {
    steps: usize,
    /// Steps after which there was something white, something reached and something grey.
    in_all_colours: usize,
    wrong: Option<String>,
}

/// Steps the collector every few calls, once the heap is stressed, which it takes as the sign to begin.
#[derive(Debug)]
struct Stepper {
    units: Vec<GcUnit>,
    stepping: bool,
    due: bool,
    model: HeapModel,
    seen: Arc<Mutex<Seen>>,
}

/// Calls of the program between two steps.
const CALLS: u32 = 40;
/// Every how many steps the whole heap is verified.
const VERIFIED: usize = 16;

impl Host for Stepper {
    fn look(&mut self, heap: &mut Heap) -> Verdict {
        self.stepping |= heap.is_stressed();
        heap.set_stress(false);
        self.due = self.stepping && !self.due;
        if !self.due {
            return Verdict::Go { calls: CALLS };
        }
        let mut seen = self.seen.lock().expect("nobody panicked");
        seen.steps += 1;
        Verdict::Collect(self.units[seen.steps % self.units.len()])
    }

    fn stepped(&mut self, heap: &mut Heap, report: &StepReport) {
        let mut seen = self.seen.lock().expect("nobody panicked");
        let first = self.model.sequence() == 0;
        assert_eq!(self.model.apply(&heap.cut_frame(first)), Applied::UpToDate);
        let (shown, counted) = (self.model.pages().colours(), heap.colours());
        seen.in_all_colours += usize::from(counted.white > 0 && counted.reached > 0 && counted.grey > 0);
        let violations = if seen.steps.is_multiple_of(VERIFIED) { heap.verify() } else { Vec::new() };
        let idle = heap.gc_phase() == GcPhase::Idle && (counted.reached, counted.grey) != (0, 0);
        if shown != counted || !violations.is_empty() || idle {
            seen.wrong.get_or_insert(format!("{report:?}: shown {shown:?}, counted {counted:?}; {violations:?}"));
        }
    }
}

fn statement() -> impl Strategy<Value = String> {
    let name = 0..4;
    prop_oneof![
        4 => (name.clone(), 1_u32..400).prop_map(|(v, n)| format!("(= v{v} (range 1 {n}))")),
        3 => (name.clone(), 1_u32..60).prop_map(|(v, n)| format!("(push (n-of {n} (list 'a \"text\" {n})) v{v})")),
        2 => (name.clone(), 1_u32..90_000).prop_map(|(v, n)| format!("(= v{v} (list (newstring {n} #\\x)))")),
        1 => (name.clone(), 1_u32..300).prop_map(|(v, n)| format!("(= v{v} (let h (table) (for i 1 {n} (= h.i (list i))) (list h)))")),
        2 => (name.clone(), name.clone()).prop_map(|(a, b)| format!("(swap v{a} v{b})")),
        1 => name.prop_map(|v| format!("(= v{v} nil)")),
        2 => (1_u32..3000).prop_map(|n| format!("(repeat {n} (list 1 2 3))")),
        1 => (10_u32..600).prop_map(|n| format!("((afn (n) (if (is n 0) 0 (+ 1 (self (- n 1))))) {n})")),
    ]
}

fn unit() -> impl Strategy<Value = GcUnit> {
    prop_oneof![4 => Just(GcUnit::Object), 2 => Just(GcUnit::Page), 1 => Just(GcUnit::Phase)]
}

/// Runs statements on a heap whose collector is stepped meanwhile.
fn run(statements: &[String], units: Vec<GcUnit>) -> Result<Arc<Mutex<Seen>>, TestCaseError> {
    let seen = Arc::default();
    let host = Stepper { units, stepping: false, due: false, model: HeapModel::default(), seen: Arc::clone(&seen) };
    let streams = Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
    let program = Program { base: Base::BuiltIn, ..Program::default() };
    let mut runtime = program.runtime(streams, Box::new(host)).expect("a runtime");
    program.load_base(&mut runtime).expect("the library");
    runtime.evaluate("(= v0 nil v1 nil v2 nil v3 nil)", "setup").expect("variables");
    runtime.heap().set_stress(true);
    for statement in statements {
        let result = runtime.evaluate(statement, "statement");
        prop_assert!(result.is_ok(), "{statement}: {}", result.expect_err("an error"));
    }
    runtime.release();
    Ok(seen)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_every_step_the_counts_shown_are_those_of_a_walk(
        statements in prop::collection::vec(statement(), 1..10),
        units in prop::collection::vec(unit(), 1..8),
    ) {
        let seen = run(&statements, units)?;
        let seen = seen.lock().expect("nobody panicked");
        prop_assert_eq!(&seen.wrong, &None);
    }
}

#[test]
fn the_steps_of_a_cycle_show_all_three_colours() {
    let statements = ["(= v0 (range 1 2000))", "(repeat 4000 (list 1 2))"].map(str::to_owned);
    let seen = run(&statements, vec![GcUnit::Object]).expect("it runs");
    let seen = seen.lock().expect("nobody panicked");
    assert_eq!(seen.wrong, None);
    assert!(seen.in_all_colours > 50, "{seen:?}");
}
