//! Growth when the system refuses memory. `holes.rs` has what happens when it answers elsewhere than asked.

#![expect(clippy::unwrap_used, reason = "what fails here must stop the test")]

use heapatlas_heap::gc::Roots;
use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::os::faulty::{Faulty, Refusal};
use heapatlas_heap::os::system;
use heapatlas_heap::terms::{CHUNK, GcCause};
use heapatlas_heap::{Exhausted, Heap, Unpacked, Value};

/// One root: a list.
struct Root(Value);

impl Roots for Root {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        visit(&mut self.0);
    }
}

/// Puts numbers before a list until the heap has grown by an extent.
fn fill_until_growth(heap: &mut Heap, root: &mut Root) -> Result<(), Exhausted> {
    let before = heap.counters().committed;
    while heap.counters().committed == before {
        for number in 0..100 {
            root.0 = heap.cons(Value::small(number), root.0)?;
        }
    }
    Ok(())
}

/// The numbers of the list, latest first, must count down over and over.
fn check_list(heap: &Heap, root: &Root) {
    let mut rest = root.0;
    let mut count = 0;
    while let Unpacked::Cell(cell) = rest.unpack() {
        let next = heap.cdr(cell);
        let (number, before) = (heap.car(cell), next.as_cell().map(|cell| heap.car(cell)));
        if let Some(before) = before.and_then(Value::as_fixnum) {
            assert_eq!(number.as_fixnum().unwrap(), (before + 1) % 100);
        }
        rest = next;
        count += 1;
    }
    assert!(count > CHUNK / 2 / 16);
}

/// Collects; whatever uses values afterwards takes them from the root.
fn collect(heap: &mut Heap, root: &mut Root) {
    // SAFETY: the only value used afterwards is the root's.
    unsafe { heap.collect(GcCause::Asked, root) };
    assert_eq!(heap.verify(), []);
    assert_eq!(heap.verify_reachable(root), []);
}

#[test]
fn growth_that_is_refused_asks_for_less() {
    // The first request is the first extent, the second asks for twice as much.
    let mut heap = Heap::on(Box::new(Faulty::new(system(), Refusal::Only(2)))).unwrap();
    let mut root = Root(Value::NIL);
    fill_until_growth(&mut heap, &mut root).unwrap();
    assert_eq!(heap.counters().committed, 2 * CHUNK as u64, "one chunk, where two were refused");
    assert_eq!(heap.verify(), []);
    collect(&mut heap, &mut root);
    check_list(&heap, &root);
    // SAFETY: no value is used any more.
    unsafe { heap.release() };
}

#[test]
fn a_heap_that_may_not_grow_is_exhausted_and_goes_on_after_a_collection() {
    let mut heap = Heap::on(Box::new(Faulty::new(system(), Refusal::From(2)))).unwrap();
    let mut root = Root(Value::NIL);
    let exhausted = fill_until_growth(&mut heap, &mut root).unwrap_err();
    assert!(exhausted.by_system, "{exhausted}");
    assert_eq!(heap.counters().committed, CHUNK as u64);
    assert_eq!(heap.verify(), []);
    // Too large for what is left, before and after.
    assert!(heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, 4 * CHUNK).is_err());
    collect(&mut heap, &mut root);
    check_list(&heap, &root);
    // One cell stays: a heap in which nothing lives gives back the only extent it has.
    heap.set_cdr(root.0.as_cell().unwrap(), Value::NIL);
    collect(&mut heap, &mut root);
    heap.recover().unwrap();
    let bytes = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, CHUNK / 4).unwrap();
    assert_eq!(heap.bytes(bytes).iter().position(|byte| *byte != 0), None);
    assert_eq!(heap.verify(), []);
    // SAFETY: no value is used any more.
    unsafe { heap.release() };
}

#[test]
fn a_system_without_memory_gives_no_heap() {
    assert!(Heap::on(Box::new(Faulty::new(system(), Refusal::From(1)))).unwrap_err().by_system);
}
