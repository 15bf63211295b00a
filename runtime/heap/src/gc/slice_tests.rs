//! What a slice does at most, counted and not timed: values, pages, bytes. Beside that it looks at all roots when a mark
//! begins and ends, and at what is in use of every stack; and a large object is swept at once.

use super::pacing::{SLICE_PASSED, SLICE_SWEPT, SLICE_TAKEN};
use super::*;
use crate::heap::Heap;
use crate::object::{ObjectFlags, ObjectKind};
use crate::terms::{CHUNK, PAGE, POOL_PAGES};
use mark::PART;

struct List(Vec<Value>);

impl Roots for List {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.0.iter_mut().for_each(visit);
    }
}

/// A share of everything: Miri takes a second for what takes a millisecond.
const SCALE: u32 = if cfg!(miri) { 200 } else { 1 };

fn vector(heap: &mut Heap, values: usize, value: Value) -> Value {
    let vector = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, values * 8).unwrap();
    (0..values).for_each(|index| heap.set_value(vector, index, value));
    Value::object(vector)
}

fn list(heap: &mut Heap, cells: u32) -> Value {
    (0..cells).fold(Value::NIL, |rest, n| heap.cons(Value::small(n), rest).unwrap())
}

/// Slices of a cycle to its end.
fn slices(heap: &mut Heap, roots: &mut List) -> Vec<StepReport> {
    let mut reports = Vec::new();
    loop {
        // SAFETY: the only values used afterwards are those of the roots.
        reports.push(unsafe { heap.collect_step(GcUnit::Slice, GcCause::Allocation, roots) });
        if heap.gc_phase() == GcPhase::Idle {
            return reports;
        }
    }
}

/// Sees that no slice did more than it should beside objects of so many pages at most.
fn check(reports: &[StepReport], largest: usize) {
    for (n, report) in reports.iter().enumerate() {
        assert!(report.values <= SLICE_VALUES + PART as u64, "{n}: {report:?}");
        assert!(report.scanned <= SLICE_TAKEN, "{n}: {report:?}");
        assert!(report.swept_pages < SLICE_SWEPT + largest as u64, "{n}: {report:?}");
        assert!(report.passed_pages <= SLICE_PASSED, "{n}: {report:?}");
        assert!(report.given_back <= (SLICE_GIVEN + LEAST_GIVEN_BACK * PAGE) as u64, "{n}: {report:?}");
    }
}

fn sum(reports: &[StepReport], of: fn(&StepReport) -> u64) -> u64 {
    reports.iter().map(of).sum()
}

#[test]
fn a_list_in_order_is_followed_no_further_than_a_slice_goes() {
    let mut heap = Heap::new().unwrap();
    let cells = 400_000 / SCALE;
    let mut roots = List(vec![list(&mut heap, cells)]);
    let reports = slices(&mut heap, &mut roots);
    check(&reports, POOL_PAGES);
    assert_eq!(sum(&reports, |report| report.scanned), u64::from(cells));
    assert_eq!(sum(&reports, |report| report.values), 2 * u64::from(cells));
}

#[test]
#[cfg_attr(miri, ignore = "sixteen mebibytes take Miri an hour")]
fn objects_count_by_what_they_hold() {
    let mut heap = Heap::new().unwrap();
    // Just short enough to be scanned whole; one that is long, and a stack that is.
    let many: Vec<_> = (0..2000).map(|_| vector(&mut heap, 1000, Value::T)).collect();
    let long = vector(&mut heap, 200_000, many[7]);
    let stack = heap.allocate_stack(7000).unwrap();
    heap.set_stack_top(stack, 7000);
    let mut roots = List(many);
    roots.0.extend([long, Value::object(stack)]);
    let reports = slices(&mut heap, &mut roots);
    check(&reports, (200_000 * 8_usize).div_ceil(PAGE) + 1);
    assert_eq!(sum(&reports, |report| report.scanned), 2002);
    assert!(sum(&reports, |report| report.values) >= 2000 * 1000 + 200_000);
    assert_eq!(heap.verify_reachable(&mut roots), []);
}

#[test]
#[cfg_attr(miri, ignore = "sixty mebibytes take Miri an hour")]
fn pages_with_nothing_in_them_count_too_and_are_given_back_in_pieces() {
    let mut heap = Heap::new().unwrap();
    // As much lives as keeps the cycle from evacuating; most of what lies behind it dies.
    let mut roots = List(vec![list(&mut heap, 600_000)]);
    let mut dies = List(vec![list(&mut heap, 3_000_000), roots.0[0]]);
    check(&slices(&mut heap, &mut dies), POOL_PAGES);
    let reports = slices(&mut heap, &mut roots);
    check(&reports, POOL_PAGES);
    assert!(sum(&reports, |report| report.given_back) > 20 << 20);
    assert_eq!(sum(&reports, |report| report.moved), 0);
    let reports = slices(&mut heap, &mut roots);
    check(&reports, POOL_PAGES);
    assert!(sum(&reports, |report| report.passed_pages) > 0, "pages that stayed warm are passed over");
    assert_eq!(heap.verify(), []);
}

#[test]
#[cfg_attr(miri, ignore = "sixty mebibytes take Miri an hour")]
fn dead_huge_objects_are_unmapped_a_few_at_a_time_and_large_ones_one_by_one() {
    for (objects, bytes, most) in [(40, CHUNK + CHUNK / 2, 4), (8, 40 * CHUNK, 1)] {
        let mut heap = Heap::new().unwrap();
        // What lives keeps the cycle from evacuating; each of the others has an extent of its own.
        let mut roots = List(vec![list(&mut heap, 600_000)]);
        let others = heap.space.extents().len();
        for _ in 0..objects {
            heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, bytes).unwrap();
        }
        let mut before = heap.space.extents().len();
        assert_eq!(before, others + objects);
        loop {
            // SAFETY: the only values used afterwards are those of the roots.
            unsafe { heap.collect_step(GcUnit::Slice, GcCause::Allocation, &mut roots) };
            let now = heap.space.extents().len();
            assert!(before - now <= most, "{before} extents, then {now}");
            before = now;
            if heap.gc_phase() == GcPhase::Idle {
                break;
            }
        }
        assert!(before < others + objects / 2, "{before} extents are left");
        assert_eq!(heap.verify(), []);
    }
}

/// Cells that die between those that live, so that most pools are sparse.
fn sparse(heap: &mut Heap) -> List {
    let cells = 800_000 / SCALE;
    List(vec![(0..cells).fold(Value::NIL, |rest, n| {
        let cell = heap.cons(Value::small(n), rest).unwrap();
        if n % 8 == 0 { cell } else { rest }
    })])
}

#[test]
fn a_collection_that_stays_wanted_leaves_what_one_at_once_leaves() {
    let [mut heap, mut other] = [Heap::new().unwrap(), Heap::new().unwrap()];
    let [mut roots, mut its] = [sparse(&mut heap), sparse(&mut other)];
    let mut asked = 0;
    let mut count = |_: &StepReport| {
        asked += 1;
        true
    };
    // SAFETY: the only values used afterwards are those of the roots.
    let report = unsafe { heap.collect_step_while(GcUnit::Cycle, GcCause::Asked, &mut roots, &mut count) };
    // SAFETY: the same.
    let at_once = unsafe { other.collect_step(GcUnit::Cycle, GcCause::Asked, &mut its) };
    assert_eq!(report.ended_in, GcPhase::Idle);
    assert_eq!((report.scanned, report.moved), (at_once.scanned, at_once.moved));
    assert_eq!((heap.live_bytes(), heap.gc_stats().cycles), (other.live_bytes(), 1));
    assert!(asked > u64::from(800_000 / SCALE) / 8 / SLICE_VALUES, "asked {asked} times");
    assert_eq!(heap.verify(), []);
}

#[test]
fn a_collection_that_is_not_wanted_any_more_is_left_to_the_program() {
    for phase in [GcPhase::Mark, GcPhase::Sweep, GcPhase::Evacuate] {
        let mut heap = Heap::new().unwrap();
        let mut roots = sparse(&mut heap);
        let mut until = |report: &StepReport| report.ended_in != phase;
        // SAFETY: the only values used afterwards are those of the roots.
        let report = unsafe { heap.collect_step_while(GcUnit::Cycle, GcCause::Asked, &mut roots, &mut until) };
        assert_eq!((report.ended_in, heap.gc_phase(), report.moved), (phase, phase, 0));
        let kept = heap.cons(Value::T, roots.0[0]).unwrap();
        roots.0.push(kept);
        let rest = slices(&mut heap, &mut roots);
        check(&rest, POOL_PAGES);
        assert_eq!(heap.verify(), []);
        assert_eq!(heap.verify_reachable(&mut roots), []);
    }
}
