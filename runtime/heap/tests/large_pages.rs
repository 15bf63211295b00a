//! Heaps in large pages. Whether there are any is the system's affair: what must hold holds with and without.

#![cfg(all(target_os = "linux", not(miri)))]
#![expect(clippy::unwrap_used, reason = "what fails here must stop the test")]

use heapatlas_heap::gc::Roots;
use heapatlas_heap::os::system;
use heapatlas_heap::terms::{CHUNK, GRANULE, GcCause};
use heapatlas_heap::{Heap, Placement, Policy, Value};

/// One root: a list.
struct Root(Value);

impl Roots for Root {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        visit(&mut self.0);
    }
}

fn heap(placement: Placement) -> Heap {
    Heap::with(Policy { large_pages: true, ..Policy::of(placement) }, system()).unwrap()
}

/// Puts cells before a list until it is so many bytes longer.
fn extend(heap: &mut Heap, root: &mut Root, bytes: usize) {
    for number in 0..bytes / GRANULE {
        root.0 = heap.cons(Value::small(number as u32), root.0).unwrap();
    }
}

fn length(heap: &Heap, root: &Root) -> usize {
    std::iter::successors(root.0.as_cell(), |cell| heap.cdr(*cell).as_cell()).count()
}

fn collect(heap: &mut Heap, root: &mut Root) {
    // SAFETY: the only value used afterwards is the root's.
    unsafe { heap.collect(GcCause::Asked, root) };
    assert_eq!(heap.verify(), []);
    assert_eq!(heap.verify_reachable(root), []);
}

/// Bytes of the heap that are resident, measured.
fn resident(heap: &mut Heap) -> usize {
    assert!(heap.measure_residency());
    heap.counters().resident().unwrap() as usize
}

fn release(heap: Heap) {
    // SAFETY: no value is used any more.
    unsafe { heap.release() };
}

#[test]
fn extents_that_double_are_aligned_to_their_size() {
    let mut heap = heap(Placement::Pool);
    let mut root = Root(Value::NIL);
    extend(&mut heap, &mut root, 40 << 20);
    let extents = heap.cut_frame(true).extents.clone();
    assert_eq!(extents.last().map(|last| last.end - last.start), Some(32 * CHUNK));
    for extent in extents {
        assert!(extent.start.is_aligned(extent.end - extent.start), "{extent:?}");
    }
    assert_eq!(heap.holes().count(), 0);
    release(heap);
}

#[test]
fn what_only_its_neighbours_made_resident_is_given_back_on_request() {
    for placement in [Placement::Pool, Placement::Single] {
        let mut heap = heap(placement);
        let mut root = Root(Value::NIL);
        // Of the extent of 16 MiB less than a half is needed.
        extend(&mut heap, &mut root, 20 << 20);
        let used = 20 << 20;
        let before = resident(&mut heap);
        let had_large = heap.in_large_pages().unwrap() > 0;
        if had_large {
            assert!(before > used + 4 * CHUNK, "{before} of {used}");
        }
        collect(&mut heap, &mut root);
        let live = heap.live_bytes();
        assert_eq!(live, 20 << 20);
        let large = heap.in_large_pages().unwrap();
        assert!(!had_large || large >= 4 * CHUNK, "what is full of what lives stays in large pages: {large}");
        let after = resident(&mut heap);
        assert!(after < live + live / 8, "{after} of {live} in {placement:?}");
        // Given back, the pages are as good as fresh ones.
        extend(&mut heap, &mut root, 8 << 20);
        assert_eq!(length(&heap, &root), (28 << 20) / GRANULE);
        collect(&mut heap, &mut root);
        // When nothing lives, nothing stays but the first extent.
        root.0 = Value::NIL;
        collect(&mut heap, &mut root);
        assert!(resident(&mut heap) <= CHUNK);
        release(heap);
    }
}

/// The same bytes, in the same places relative to each other, and nothing of it large.
#[test]
fn a_small_heap_is_as_without() {
    let mut heap = heap(Placement::Pool);
    let mut root = Root(Value::NIL);
    extend(&mut heap, &mut root, 6 << 20);
    assert_eq!(heap.in_large_pages(), Some(0));
    let with = (heap.counters().committed, resident(&mut heap));
    release(heap);
    let mut heap = Heap::new().unwrap();
    root.0 = Value::NIL;
    extend(&mut heap, &mut root, 6 << 20);
    assert_eq!((heap.counters().committed, resident(&mut heap)), with);
    release(heap);
}
