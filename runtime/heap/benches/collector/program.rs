//! What the programs measured have in common: roots, safepoints, lists, dice.

use heapatlas_heap::gc::Roots;
use heapatlas_heap::terms::{GcCause, GcPhase, GcUnit};
use heapatlas_heap::{Due, Heap, Value};

use crate::measure::thread_time;
use std::time::Duration;

/// The roots of a program.
pub(crate) struct List(pub(crate) Vec<Value>);

impl Roots for List {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.0.iter_mut().for_each(visit);
    }
}

/// Lets pacing have what is due.
pub(crate) fn safepoint(heap: &mut Heap, roots: &mut List) {
    if heap.due() != Due::Nothing {
        // SAFETY: the only values used afterwards are in the roots.
        unsafe { heap.collect_slice(roots) };
    }
}

/// A list in the order of its cells, the last cell first.
pub(crate) fn list(heap: &mut Heap, cells: usize) -> Value {
    (0..cells).fold(Value::NIL, |rest, n| heap.cons(Value::small(n as u32), rest).unwrap())
}

/// As many cells in so many lists that grow in turns: neighbours in a list lie far apart.
pub(crate) fn scattered(heap: &mut Heap, cells: usize, lists: usize) -> List {
    let mut roots = List(vec![Value::NIL; lists]);
    let mut dice = Dice::new();
    for n in 0..cells {
        let slot = dice.roll(lists as u64) as usize;
        roots.0[slot] = heap.cons(Value::small(n as u32), roots.0[slot]).unwrap();
    }
    roots
}

/// Collects once, phase by phase, without moving anything. Gives the time of the mark and that of the sweep.
pub(crate) fn mark_and_sweep(heap: &mut Heap, roots: &mut List) -> (Duration, Duration) {
    let (mut mark, mut sweep) = (Duration::ZERO, Duration::ZERO);
    loop {
        // Steps by phase are for people who watch, and tell them more at the end of the mark.
        let unit = if heap.gc_phase() == GcPhase::Finish { GcUnit::Slice } else { GcUnit::Phase };
        let since = thread_time();
        // SAFETY: the only values used afterwards are in the roots.
        let report = unsafe { heap.collect_step(unit, GcCause::Allocation, roots) };
        match report.began_in {
            GcPhase::Mark | GcPhase::Finish => mark += thread_time() - since,
            GcPhase::Sweep => sweep += thread_time() - since,
            _ => {}
        }
        if heap.gc_phase() == GcPhase::Idle {
            return (mark, sweep);
        }
    }
}

/// Numbers that look random and are the same every time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}
