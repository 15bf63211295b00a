//! Evacuation of what packs badly.

use heapatlas_heap::gc::Roots;
use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::terms::{GcCause, PAGE, POOL, PageKind};
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
