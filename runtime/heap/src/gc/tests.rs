//! Collections in steps: however large the steps, and whatever the program does between them, the end is the same.

use super::*;
use crate::heap::Heap;
use crate::object::{ObjectFlags, ObjectKind};

struct One(Value);

impl Roots for One {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        visit(&mut self.0);
    }
}

/// After how many steps the heap is verified: after each, but Miri takes seconds to verify one.
const VERIFY_EVERY: usize = if cfg!(miri) { 50 } else { 1 };
/// Cells of a list that is gone through one by one.
const SHORT: u32 = if cfg!(miri) { 12 } else { 50 };

/// A tree of cells that is wide in the car, so that the queue of a depth-first walk grows.
fn comb(heap: &mut Heap, teeth: u32) -> Value {
    let mut comb = Value::NIL;
    for tooth in 0..teeth {
        let mut branch = Value::small(tooth);
        for _ in 0..300 {
            let inner = heap.cons(Value::T, Value::NIL).unwrap();
            branch = heap.cons(branch, inner).unwrap();
        }
        comb = heap.cons(branch, comb).unwrap();
    }
    comb
}

#[test]
#[cfg_attr(miri, ignore = "a hundred thousand cells take Miri an hour")]
fn a_queue_that_overflows_loses_nothing() {
    let mut heap = Heap::new().unwrap();
    *heap.collector.marker_mut() = Marker::with_queue(TablesAt::HEAD, 8);
    let mut root = One(comb(&mut heap, 200));
    let used = heap.counters().allocated;
    // SAFETY: the only value in use is the root.
    unsafe { heap.collect(GcCause::Asked, &mut root) };
    assert!(heap.collector.marker_mut().floods() > 0, "the test must overflow the queue");
    assert_eq!(heap.counters().allocated, used, "everything is alive");
    assert_eq!(heap.verify(), []);
    assert_eq!(heap.verify_reachable(&mut root), []);
}

#[test]
#[cfg_attr(miri, ignore = "three mebibytes take Miri an hour")]
fn a_queue_that_overflows_beside_a_huge_object_is_drained_too() {
    let mut heap = Heap::new().unwrap();
    *heap.collector.marker_mut() = Marker::with_queue(TablesAt::HEAD, 8);
    let huge = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 3 << 20).unwrap();
    let comb = comb(&mut heap, 50);
    heap.set_value(huge, 77, comb);
    // SAFETY: the only value in use is the root.
    unsafe { heap.collect(GcCause::Asked, &mut One(Value::object(huge))) };
    assert!(heap.collector.marker_mut().floods() > 0, "the test must overflow the queue");
    assert_eq!(heap.verify(), []);
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn mark_bitmaps_are_resident_before_slices_come_upon_them() {
    let mut heap = Heap::new().unwrap();
    let mut resident_tables = |touch: bool| {
        heap.space.chunks().iter().filter(|_| touch).for_each(|chunk| chunk.memory().touch_marks());
        assert!(heap.measure_residency());
        let chunk = &heap.space.chunks()[0];
        (0..crate::raw::TABLE_PAGES).filter(|page| chunk.entry(*page).resident() == Some(true)).count()
    };
    let before = resident_tables(false);
    assert_eq!(resident_tables(true), before + 2, "of pages for a bit a granule there are two");
}

#[test]
#[cfg_attr(miri, ignore = "three mebibytes take Miri an hour")]
fn the_marks_of_a_huge_object_are_counted_page_by_page() {
    let mut heap = Heap::new().unwrap();
    let huge = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 3 << 20).unwrap();
    let mut root = One(Value::object(huge));
    let mut marking = 0;
    loop {
        // SAFETY: the only value in use is the root.
        unsafe { heap.collect_step(GcUnit::Object, GcCause::Asked, &mut root) };
        assert_eq!(heap.verify(), []);
        if heap.gc_phase() != GcPhase::Mark {
            break;
        }
        marking += 1;
    }
    assert!(marking > 0, "the test must look while a mark goes on");
}

#[test]
#[cfg_attr(miri, ignore = "twenty thousand cells take Miri an hour")]
fn a_pool_that_stayed_full_is_swept_as_soon_as_something_in_it_dies() {
    let mut heap = Heap::new().unwrap();
    let middle = (0..10_000).fold(Value::NIL, |rest, n| heap.cons(Value::small(n), rest).unwrap());
    let mut root = One((0..10_000).fold(middle, |rest, n| heap.cons(Value::small(n), rest).unwrap()));
    for _ in 0..3 {
        // SAFETY: the values in use are the root, and the middle, which hangs on it and is not moved.
        unsafe { heap.collect(GcCause::Allocation, &mut root) };
        assert_eq!(heap.verify(), []);
    }
    assert!(heap.space.chunks()[0].slots().any(|(slot, _)| heap.space.chunks()[0].is_full(slot)));
    heap.set_cdr(middle.as_cell().unwrap(), Value::NIL);
    // SAFETY: the only value used afterwards is the root.
    unsafe { heap.collect(GcCause::Allocation, &mut root) };
    assert_eq!(heap.counters().allocated, 10_001 * 16);
    assert_eq!(heap.verify(), []);
    assert_eq!(heap.verify_reachable(&mut root), []);
}

#[test]
fn what_is_moved_behind_the_mark_is_not_lost() {
    let mut heap = Heap::new().unwrap();
    let list = |heap: &mut Heap| (0..SHORT).fold(Value::NIL, |rest, n| heap.cons(Value::small(n), rest).unwrap());
    // Two lists. While one is marked, elements of the other are hung behind the mark and cut off where they were.
    let (front, back) = (list(&mut heap), list(&mut heap));
    let lists = heap.cons(front, back).unwrap();
    let mut root = One(lists);
    let mut hung = 0_usize;
    loop {
        // SAFETY: the only values used afterwards are read again from the root.
        unsafe { heap.collect_step(GcUnit::Object, GcCause::Asked, &mut root) };
        if hung.is_multiple_of(VERIFY_EVERY) {
            assert_eq!(heap.verify(), [], "after {hung}");
        }
        if heap.gc_phase() != GcPhase::Mark {
            break;
        }
        let lists = root.0.as_cell().unwrap();
        let (front, back) = (heap.car(lists).as_cell().unwrap(), heap.cdr(lists).as_cell().unwrap());
        if let Some(next) = heap.cdr(back).as_cell() {
            let rest = heap.cdr(next);
            heap.set_car(front, Value::cell(next));
            heap.set_cdr(back, rest);
            heap.set_cdr(next, heap.car(front));
            hung += 1;
        }
    }
    assert!(hung > SHORT as usize * 2 / 5, "{hung}");
    // SAFETY: the only value used afterwards is the root.
    unsafe { heap.collect(GcCause::Asked, &mut root) };
    assert_eq!(heap.verify(), []);
    assert_eq!(heap.verify_reachable(&mut root), []);
}

/// Steps until a cycle ends; says how many.
fn steps(unit: GcUnit, heap: &mut Heap, roots: &mut dyn Roots) -> usize {
    for steps in 1..1000_usize {
        // SAFETY: the only values in use are those of the roots.
        unsafe { heap.collect_step(unit, GcCause::Asked, roots) };
        if steps.is_multiple_of(VERIFY_EVERY) || heap.gc_phase() == GcPhase::Idle {
            assert_eq!(heap.verify(), [], "after {steps}");
        }
        if heap.gc_phase() == GcPhase::Idle {
            return steps;
        }
    }
    panic!("a cycle does not end");
}

#[test]
fn a_dead_object_on_several_pages_is_swept_at_once() {
    let mut heap = Heap::new().unwrap();
    for _ in 0..20 {
        heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, 10_000).unwrap();
    }
    steps(GcUnit::Page, &mut heap, &mut One(Value::NIL));
    assert_eq!(heap.counters().allocated, 0);
}

#[test]
#[cfg_attr(miri, ignore = "a hundred thousand cells take Miri an hour")]
fn more_roots_than_the_queue_holds_do_not_keep_slices_from_ending() {
    struct Many(Vec<Value>);
    impl Roots for Many {
        fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
            self.0.iter_mut().for_each(visit);
        }
    }
    let mut heap = Heap::new().unwrap();
    let mut roots = Many((0..100_000).map(|n| heap.cons(Value::small(n), Value::NIL).unwrap()).collect());
    assert!(steps(GcUnit::Slice, &mut heap, &mut roots) > 5);
    assert_eq!(heap.counters().allocated, 100_000 * 16);
    assert_eq!(heap.verify_reachable(&mut roots), []);
}

#[test]
#[cfg_attr(miri, ignore = "eighteen thousand cells take Miri an hour")]
fn what_only_a_root_leads_to_at_the_end_is_found_in_several_slices() {
    let mut heap = Heap::new().unwrap();
    let long = comb(&mut heap, 30);
    let holder = heap.cons(long, Value::NIL).unwrap();
    let mut root = One(Value::NIL);
    // The mark begins while nothing is reached; then the program has the list, as in a register.
    while heap.gc_phase() != GcPhase::Finish {
        // SAFETY: nothing is freed before the finish, and the holder is a root by then.
        unsafe { heap.collect_step(GcUnit::Slice, GcCause::Asked, &mut root) };
    }
    root.0 = holder;
    let mut finishes = 0_usize;
    while heap.gc_phase() == GcPhase::Finish {
        finishes += 1;
        // SAFETY: the only value in use is the root.
        unsafe { heap.collect_step(GcUnit::Slice, GcCause::Asked, &mut root) };
        if finishes.is_multiple_of(VERIFY_EVERY) {
            assert_eq!(heap.verify(), []);
        }
    }
    assert!(finishes > 5, "{finishes}");
    steps(GcUnit::Slice, &mut heap, &mut root);
    assert_eq!(heap.counters().allocated, (30 * 601 + 1) * 16);
    assert_eq!(heap.verify_reachable(&mut root), []);
}

#[test]
#[cfg_attr(miri, ignore = "five thousand cells, one at a time, take Miri an hour")]
fn steps_by_object_reach_the_same_end_as_a_whole_cycle() {
    let mut heap = Heap::new().unwrap();
    let mut root = One(comb(&mut heap, 3));
    comb(&mut heap, 5);
    let (mut steps, mut scanned) = (0, 0);
    loop {
        // SAFETY: the only value in use is the root.
        let report = unsafe { heap.collect_step(GcUnit::Object, GcCause::Asked, &mut root) };
        steps += 1;
        scanned += report.scanned;
        assert_eq!(report.object.is_some(), report.began_in == GcPhase::Mark && report.scanned == 1, "{report:?}");
        if heap.gc_phase() == GcPhase::Idle {
            break;
        }
        if steps % 97 == 0 {
            assert_eq!(heap.verify(), []);
        }
    }
    assert_eq!(scanned, 3 * 601);
    assert_eq!(heap.counters().allocated, 3 * 601 * 16);
    assert_eq!(heap.verify_reachable(&mut root), []);
}
