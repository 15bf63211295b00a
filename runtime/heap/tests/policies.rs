//! Placements from outside: what each promises of where things lie, and of what is given back.

#![expect(clippy::unwrap_used, reason = "what fails here must stop the test")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use heapatlas_heap::gc::Roots;
use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::os::faulty::{Faulty, Refusal};
use heapatlas_heap::os::system;
use heapatlas_heap::terms::{GcCause, PAGE, PageKind};
use heapatlas_heap::{Due, Heap, ObjectRef, Placement, Policy, Value};

struct List(Vec<Value>);

impl Roots for List {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.0.iter_mut().for_each(visit);
    }
}

/// One heap of a process at a time can be placed by the allocator of the system.
fn allocator() -> MutexGuard<'static, ()> {
    static ALLOCATOR: Mutex<()> = Mutex::new(());
    ALLOCATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

fn heap(placement: Placement) -> Heap {
    Heap::with(Policy::of(placement), system()).unwrap()
}

fn bytes(heap: &mut Heap, count: usize) -> ObjectRef {
    heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, count).unwrap()
}

fn collect(heap: &mut Heap, roots: &mut List) {
    // SAFETY: the tests use afterwards what the roots visited, and addresses, which are numbers.
    unsafe { heap.collect(GcCause::Asked, roots) };
    assert_eq!(heap.verify(), []);
}

fn release(heap: Heap) {
    // SAFETY: the tests use nothing of the heap after this.
    unsafe { heap.release() };
}

#[test]
fn one_kind_of_pool_places_each_thing_in_the_lowest_run_that_it_fits() {
    let mut heap = heap(Placement::Single);
    // Cells and objects of several sizes side by side, of which every other dies: runs of 2, 7 and 20 granules.
    let mut roots = List(Vec::new());
    for _ in 0..200 {
        for payload in [24, 104, 312] {
            bytes(&mut heap, payload);
            roots.0.push(heap.cons(Value::NIL, Value::NIL).unwrap());
        }
    }
    collect(&mut heap, &mut roots);
    let runs: Vec<_> = heap.free_runs().collect();
    assert!(runs.len() >= 600, "a run between any two cells");
    let lowest = |granules: usize| runs.iter().find(|(_, bytes)| *bytes >= granules * 16).unwrap().0;
    // The longest first: each leaves the runs below alone.
    let (long, middle, short) = (lowest(20), lowest(7), lowest(2));
    assert!(short < middle && middle < long);
    assert_eq!(bytes(&mut heap, 312).address(), long);
    assert_eq!(bytes(&mut heap, 104).address(), middle);
    assert_eq!(bytes(&mut heap, 24).address(), short);
    assert_eq!(heap.cons(Value::NIL, Value::NIL).unwrap().as_cell().unwrap().address(), lowest_left(&mut heap));
    release(heap);
}

/// Where the cell lies that was allocated last, if it went to the lowest run: just below the first that is free now.
fn lowest_left(heap: &mut Heap) -> heapatlas_heap::terms::Address {
    let (start, _) = heap.free_runs().next().unwrap();
    start - 16
}

#[test]
fn blocks_leave_the_heap_when_the_allocator_returns_them() {
    let _alone = allocator();
    let mut heap = heap(Placement::Malloc);
    let mut roots = List((0..200).map(|_| Value::object(bytes(&mut heap, 300_000))).collect());
    let cells = heap.cons(Value::T, Value::NIL).unwrap();
    roots.0.push(cells);
    let before = heap.counters();
    assert!(before.committed >= 200 * 300_000);
    assert_eq!(heap.blocks(), Some(201));
    assert_eq!(before.pages_of(PageKind::Foreign), 0, "not counted: they are not the heap's");
    roots.0.drain(..200);
    collect(&mut heap, &mut roots);
    let after = heap.counters();
    assert!(after.committed < before.committed / 20, "{} of {}", after.committed, before.committed);
    assert_eq!(after.balance.committed(), after.committed);
    let sum: usize = heap.cut_frame(true).extents.iter().map(|span| span.end - span.start).sum();
    assert_eq!(sum as u64, after.committed, "the spans of a frame are the pages that are the heap's");
    release(heap);
}

#[test]
fn a_cell_costs_what_the_policy_says() {
    let _alone = allocator();
    let policy = Policy { cell_bytes: 480, ..Policy::of(Placement::Malloc) };
    let mut heap = Heap::with(policy, system()).unwrap();
    let mut roots = List((0..1000).map(|_| heap.cons(Value::NIL, Value::NIL).unwrap()).collect());
    collect(&mut heap, &mut roots);
    let balance = heap.counters().balance;
    assert_eq!(balance.live, 1000 * 16);
    assert!((1000 * 464..1000 * 520).contains(&balance.overhead), "{balance:?}");
    release(heap);
}

#[test]
fn the_limit_holds_for_blocks_too() {
    let _alone = allocator();
    let mut heap = heap(Placement::Malloc);
    let limit = 8 << 20;
    heap.set_limit(Some(limit));
    let mut roots = List(Vec::new());
    let exhausted = loop {
        match heap.cons(Value::NIL, Value::NIL) {
            Ok(cell) => roots.0.push(cell),
            Err(exhausted) => break exhausted,
        }
    };
    assert!(!exhausted.by_system && exhausted.limit == Some(limit));
    assert!(heap.counters().committed <= limit as u64);
    assert_eq!(heap.due(), Due::Reserve, "the reserve carried the program on before");
    roots.0.truncate(1000);
    collect(&mut heap, &mut roots);
    heap.recover().unwrap();
    assert!(!heap.is_short());
    heap.cons(Value::NIL, Value::NIL).unwrap();
    release(heap);
}

#[test]
fn an_allocator_that_refuses_is_met_from_the_reserve() {
    let _alone = allocator();
    for refusal in [Refusal::Only(3), Refusal::Only(40), Refusal::Every(7)] {
        let policy = Policy::of(Placement::Malloc);
        let mut heap = Heap::with(policy, Box::new(Faulty::new(system(), refusal))).unwrap();
        let mut roots = List(Vec::new());
        for _ in 0..200 {
            // What the reserve can't help with is an error, and the heap goes on.
            roots.0.extend(heap.cons(Value::T, Value::NIL).ok());
            if heap.due() == Due::Reserve {
                collect(&mut heap, &mut roots);
                heap.recover().ok();
            }
        }
        assert!(roots.0.len() >= 150, "{refusal:?}: {}", roots.0.len());
        collect(&mut heap, &mut roots);
        release(heap);
    }
}

#[test]
fn what_is_not_to_be_collected_is_not() {
    let policy = Policy { collects: false, ..Policy::default() };
    let mut heap = Heap::with(policy, system()).unwrap();
    for _ in 0..200_000 {
        heap.cons(Value::NIL, Value::NIL).unwrap();
    }
    assert_eq!(heap.due(), Due::Nothing);
    assert_eq!(heap.counters().allocated, 200_000 * 16);
    collect(&mut heap, &mut List(Vec::new()));
    assert_eq!(heap.counters().allocated, 0, "asked for, it is");
    release(heap);
}

#[test]
fn what_is_not_to_be_given_back_stays_resident() {
    for gives_back in [true, false] {
        let policy = Policy { gives_back, ..Policy::default() };
        let mut heap = Heap::with(policy, system()).unwrap();
        for _ in 0..200_000 {
            heap.cons(Value::NIL, Value::NIL).unwrap();
        }
        collect(&mut heap, &mut List(Vec::new()));
        let counters = heap.counters();
        if heap.measure_residency() {
            let resident = heap.counters().resident().unwrap();
            assert_eq!(resident > 3 << 20, !gives_back, "{resident} resident");
        }
        assert_eq!(counters.committed > 3 << 20, !gives_back, "{} committed", counters.committed);
        assert_eq!(counters.committed % PAGE as u64, 0);
        release(heap);
    }
}

#[test]
fn the_allocator_places_one_heap_at_a_time() {
    let _alone = allocator();
    let first = heap(Placement::Malloc);
    assert!(Heap::with(Policy::of(Placement::Malloc), system()).is_err());
    release(first);
    release(heap(Placement::Malloc));
}
