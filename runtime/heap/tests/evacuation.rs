//! Evacuation of what packs badly.

use heapatlas_heap::gc::Roots;
use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::terms::{CHUNK, GcCause, PAGE, POOL, PageKind};
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
