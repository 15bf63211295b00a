//! The machine on a heap that is collected in small steps while the program goes on, and verified after each.

#[path = "support/corpus.rs"]
mod corpus;
mod support;

use std::io;

use corpus::{Record, files, folder, records};
use heapatlas_arc::Runtime;
use heapatlas_arc::host::{Host, Verdict};
use heapatlas_heap::Heap;
use heapatlas_heap::terms::GcUnit;
use support::runtime;

/// Every how many records one is evaluated so.
const EVERY: usize = 16;
/// Calls of the program between two steps.
const CALLS: u32 = 3;

/// The tags of records that are not: some make a hundred thousand calls, and some write files, for which only
/// `conformance` has a place.
const UNFIT: [&str; 3] = ["deep", "tail-call", "fs"];

/// A host that steps the collector page by page, once somebody says so.
#[derive(Debug, Default)]
struct Stepper {
    steps: bool,
    stepped: bool,
}

impl Host for Stepper {
    fn look(&mut self, heap: &mut Heap) -> Verdict {
        self.steps |= heap.is_stressed();
        heap.set_stress(false);
        self.stepped = self.steps && !self.stepped;
        if !self.stepped {
            return Verdict::Go { calls: CALLS };
        }
        Verdict::Collect(GcUnit::Page)
    }
}

/// A runtime whose collector steps from now on.
fn stepped(tags: &[String]) -> Runtime {
    let mut runtime = runtime(tags, Box::new(io::sink()), Box::<Stepper>::default());
    runtime.set_verify(true);
    // The host takes this as the sign to begin.
    runtime.heap().set_stress(true);
    runtime
}

#[test]
fn what_a_program_hands_around_is_not_lost() {
    // Lists are swapped between places all the time, a few of which are marked already and most are not.
    let program = "
        (= places (map [list _ (list _ _)] (range 1 40)) seed 7)
        (def pick ()
          (= seed (mod (* seed 48271) 2147483647))
          (places (mod seed 40)))
        (for i 1 60000
          (with (a (pick) b (pick))
            (swap (cadr a) (cadr b))
            (= (cddr a) (cons i nil))))
        (apply + (map [car (cadr _)] places))";
    let mut runtime = stepped(&[]);
    // Thousands of steps: what is lost is missed, or found when the heap is verified at the end.
    runtime.set_verify(false);
    let before = runtime.heap().gc_stats().cycles;
    let value = runtime.evaluate(program, "test").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(value.as_deref(), Some("820"));
    let cycles = runtime.heap().gc_stats().cycles - before;
    assert_eq!(runtime.heap().verify(), []);
    let committed = runtime.heap().counters().committed;
    assert!(committed < 8 << 20, "{committed} bytes for a few lists: steps must not cost memory");
    assert!(cycles > 3, "{cycles} cycles");
}

#[test]
fn records_hold_while_the_collector_steps_between_calls() {
    let all = files(&folder(), "txt").into_iter().flat_map(|file| records(&file));
    let fit = |record: &Record| record.tags.iter().all(|tag| !UNFIT.contains(&tag.as_str()));
    let wrong: Vec<_> = all
        .filter(fit)
        .step_by(EVERY)
        .filter_map(|record| record.judge(stepped(&record.tags)).err().map(|wrong| format!("{}: {wrong}", record.name)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
