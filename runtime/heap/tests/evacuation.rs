//! Evacuation of what packs badly.

use heapatlas_heap::gc::Roots;
use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::terms::{CHUNK, GcCause, GcPhase, GcUnit, PAGE, POOL, PageKind};
use heapatlas_heap::{Heap, Value};

/// One root: a list.
struct Root(Value);

impl Roots for Root {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        visit(&mut self.0);
    }
}

/// Bytes of payload of which a pool takes 21, and leaves more than a thirty-second unused.
const BYTES: usize = 3000;
const IN_A_POOL: usize = POOL / (BYTES + 8);

#[test]
fn a_collection_ends_although_no_pool_gets_denser() {
    // So many pools that what they leave unused would fill one, if only an object fitted into it.
    let pools = 50;
    let mut heap = Heap::new().unwrap();
    let mut root = Root(Value::NIL);
    for _ in 0..pools * IN_A_POOL {
        let object = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, BYTES).unwrap();
        root.0 = heap.cons(Value::object(object), root.0).unwrap();
    }
    for _ in 0..2 {
        // SAFETY: the only value used afterwards is the root's.
        unsafe { heap.collect(GcCause::Asked, &mut root) };
        assert_eq!(heap.verify(), []);
        assert_eq!(heap.verify_reachable(&mut root), []);
    }
    let pages = heap.counters().pages_of(PageKind::Objects) as usize;
    assert!(pages * PAGE <= (pools + 2) * POOL, "{pages} pages");
}

/// Bytes of payload of which a pool takes two, and the first of a chunk, which is shorter, one.
const HALF: usize = POOL / 2 - 8;

#[test]
fn what_no_short_pool_has_room_for_moves_past_those_that_are_free() {
    let mut heap = Heap::new().unwrap();
    let mut root = Root(Value::NIL);
    let objects: Vec<_> =
        (0..400).map(|_| heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, HALF).unwrap()).collect();
    let middle = objects[objects.len() / 2].address();
    let mut kept = 0;
    for (number, object) in objects.into_iter().enumerate() {
        // All the first pools of chunks are free; further up the others are half full.
        let is_in_first = object.address() - object.address().align_down(CHUNK) < POOL;
        if !is_in_first && (object.address() < middle || number % 2 == 0) {
            root.0 = heap.cons(Value::object(object), root.0).unwrap();
            kept += 1;
        }
    }
    // SAFETY: the only value used afterwards is the root's.
    unsafe { heap.collect(GcCause::Asked, &mut root) };
    assert_eq!(heap.verify(), []);
    assert_eq!(heap.verify_reachable(&mut root), []);
    let pages = heap.counters().pages_of(PageKind::Objects) as usize;
    assert!(pages * PAGE <= (kept / 2 + 2) * POOL, "{pages} pages for {kept} halves of a pool");
}

/// Bytes of payload of which no pool takes two, and a page and a half is left in twelve.
const LARGE: usize = 10 * PAGE + PAGE / 2;

#[test]
fn large_objects_that_fit_a_pool_move_there_with_what_fills_the_rest() {
    let mut heap = Heap::new().unwrap();
    let mut root = Root(Value::NIL);
    for number in 0..200 {
        let large = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, LARGE).unwrap();
        heap.set_value(large, 0, Value::small(number));
        root.0 = heap.cons(Value::object(large), root.0).unwrap();
        for kept in [false, true, false, false] {
            let bytes = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, POOL / 4).unwrap();
            if kept {
                root.0 = heap.cons(Value::object(bytes), root.0).unwrap();
                heap.set_value(large, 1, root.0);
            }
        }
    }
    let pinned = heap.allocate(ObjectKind::Bytes, ObjectFlags::PINNED, LARGE).unwrap();
    root.0 = heap.cons(Value::object(pinned), root.0).unwrap();
    let live = heap.counters().allocated as usize;
    for unit in [GcUnit::Cycle, GcUnit::Object, GcUnit::Slice] {
        // SAFETY: the only value used afterwards is the root's.
        while unsafe { heap.collect_step(unit, GcCause::Asked, &mut root) }.ended_in != GcPhase::Idle {}
        assert_eq!(heap.verify(), []);
        assert_eq!(heap.verify_reachable(&mut root), []);
    }
    let counters = heap.counters();
    assert_eq!(counters.pages_of(PageKind::LargeHead), 1, "what is pinned stays where it is");
    assert!(counters.allocated < live as u64);
    // A large vector and a short object leave an eighth of a pool.
    let pages = counters.pages_of(PageKind::Objects) as usize;
    assert!(pages * PAGE <= 205 * POOL, "{pages} pages");
    let (mut rest, mut number) = (root.0, 200);
    while let Some(cell) = rest.as_cell() {
        rest = heap.cdr(cell);
        if let Some(large) = heap.as_kind(heap.car(cell), ObjectKind::Vector) {
            number -= 1;
            assert_eq!(heap.value(large, 0), Value::small(number));
        }
    }
    assert_eq!(number, 0);
}
