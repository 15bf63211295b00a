//! The checker is checked: one word is broken, and exactly that violation must be named.

use super::*;
use crate::gc::Roots;
use crate::object::{Header, ObjectFlags};
use crate::raw::{ChunkRef, ObjectRef, TablesAt, poke};
use crate::space::policy::{Placement, Policy};
use crate::terms::{GcCause, GcUnit};

struct List(Vec<Value>);

impl Roots for List {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.0.iter_mut().for_each(visit);
    }
}

/// A heap with a list, a vector that holds it, and a large object, all alive after a collection.
struct Sample {
    heap: Heap,
    roots: List,
    cell: Value,
    vector: ObjectRef,
    large: ObjectRef,
}

fn sample() -> Sample {
    let mut heap = Heap::new().unwrap();
    let mut list = Value::NIL;
    for number in 0..100 {
        list = heap.cons(Value::small(number), list).unwrap();
    }
    let vector = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 7 * 8).unwrap();
    heap.set_value(vector, 3, list);
    let large = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, 50_000).unwrap();
    let mut roots = List(vec![Value::object(vector), Value::object(large)]);
    // SAFETY: the values kept are reachable from the roots.
    unsafe { collect(&mut heap, &mut roots) };
    // A frame makes every page clean, so that the verifier finds the entries as the tests leave them.
    heap.cut_frame(true);
    assert_eq!(heap.verify(), []);
    Sample { heap, roots, cell: list, vector, large }
}

/// # Safety
/// As for [`Heap::collect`].
unsafe fn collect(heap: &mut Heap, roots: &mut List) {
    // SAFETY: the caller's duty.
    unsafe { heap.collect(GcCause::Asked, roots) };
}

fn violated(heap: &mut Heap) -> Vec<Invariant> {
    let mut found: Vec<_> = heap.verify().into_iter().map(|violation| violation.invariant).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn chunk_of(sample: &Sample) -> ChunkRef {
    TablesAt::HEAD.chunk_of(sample.vector.address())
}

#[test]
fn a_dangling_reference_is_h7() {
    let mut sample = sample();
    let stray = sample.heap.cons(Value::NIL, Value::NIL).unwrap();
    // SAFETY: only the roots are used from here on; the stray cell is poked in, not used.
    unsafe { collect(&mut sample.heap, &mut sample.roots) };
    poke(sample.vector.address() + 8, stray.bits());
    assert_eq!(violated(&mut sample.heap), [Invariant::References]);
}

#[test]
fn a_reference_into_the_middle_of_an_object_is_h7() {
    let mut sample = sample();
    poke(sample.vector.address() + 8, Value::object(sample.vector).bits() + 16);
    assert_eq!(violated(&mut sample.heap), [Invariant::References]);
}

#[test]
fn a_cell_called_an_object_is_h7() {
    let mut sample = sample();
    let address = sample.cell.as_cell().unwrap().address().get() as u64;
    poke(sample.vector.address() + 8, address | 2);
    assert_eq!(violated(&mut sample.heap), [Invariant::References]);
}

#[test]
fn a_broken_header_is_h6() {
    let mut sample = sample();
    poke(sample.vector.address(), 0xff);
    assert!(violated(&mut sample.heap).contains(&Invariant::Tiling));
    let longer = Header::new(ObjectKind::Vector, ObjectFlags::NONE, 4096).bits();
    poke(sample.vector.address(), longer);
    assert!(violated(&mut sample.heap).contains(&Invariant::Tiling));
}

#[test]
fn a_mark_left_over_is_h5() {
    let mut sample = sample();
    let chunk = chunk_of(&sample);
    let granule = (sample.vector.address() - chunk.base()) / GRANULE;
    for bitmap in Bitmap::ALL {
        let word = chunk.bits(bitmap, granule / 64);
        chunk.set_bits(bitmap, granule / 64, word ^ (1 << (granule % 64)));
        let found = violated(&mut sample.heap);
        let wanted = if bitmap == Bitmap::Allocated { Invariant::FreeRuns } else { Invariant::Marks };
        assert!(found.contains(&wanted), "{bitmap:?}: {found:?}");
        chunk.set_bits(bitmap, granule / 64, word);
        assert_eq!(violated(&mut sample.heap), []);
    }
}

#[test]
fn a_wrong_count_is_h3_h4_or_h8() {
    let mut sample = sample();
    let chunk = chunk_of(&sample);
    let page = (sample.vector.address() - chunk.base()) / PAGE;
    let entry = chunk.entry(page);
    let mut wrong = entry;
    wrong.set_free_runs(entry.free_runs() + 1);
    chunk.set_entry(page, wrong);
    assert_eq!(violated(&mut sample.heap), [Invariant::FreeRuns]);
    wrong = entry;
    wrong.set_used(entry.used() + 1);
    chunk.set_entry(page, wrong);
    let all = [Invariant::Counts, Invariant::FreeRuns, Invariant::Balance];
    assert_eq!(violated(&mut sample.heap), all);
    wrong = entry;
    wrong.set_live(entry.used() + 1);
    chunk.set_entry(page, wrong);
    assert_eq!(violated(&mut sample.heap), [Invariant::Counts, Invariant::Balance]);
    chunk.set_entry(page, entry);
    assert_eq!(violated(&mut sample.heap), []);
}

#[test]
fn a_page_of_the_wrong_kind_is_h2() {
    let mut sample = sample();
    let chunk = chunk_of(&sample);
    let page = (sample.vector.address() - chunk.base()) / PAGE + 1;
    let entry = chunk.entry(page);
    let mut wrong = entry;
    wrong.become_kind(PageKind::Free, 0);
    chunk.set_entry(page, wrong);
    assert!(violated(&mut sample.heap).contains(&Invariant::Slots));
}

/// A heap of blocks with one cell, and the chunk and granule where it lies. Only one test makes one: a process has but
/// one such heap.
#[test]
#[cfg_attr(miri, ignore = "Miri has no allocator of the system's to place blocks")]
fn blocks_are_held_to_the_same_invariants() {
    let policy = Policy::of(Placement::Malloc);
    let mut heap = Heap::with(policy, crate::os::system()).unwrap();
    let cell = heap.cons(Value::T, Value::NIL).unwrap().as_cell().unwrap();
    let chunk = TablesAt::BESIDE.chunk_of(cell.address());
    let granule = (cell.address() - chunk.base()) / GRANULE;
    assert_eq!(heap.verify(), []);
    // A block that is not allocated to its end.
    bitmap::clear(chunk, Bitmap::Allocated, granule + 1..granule + 2);
    assert!(violated(&mut heap).contains(&Invariant::Tiling));
    bitmap::set(chunk, Bitmap::Allocated, granule + 1..granule + 2);
    // A page of another kind, wherever in the chunk it lies, and one that nobody counted.
    for page in [0, granule / PAGE_GRANULES] {
        let entry = chunk.entry(page);
        let mut wrong = entry;
        wrong.become_kind(PageKind::Cells, 0);
        chunk.set_entry(page, wrong);
        assert!(violated(&mut heap).contains(&Invariant::Slots));
        chunk.set_entry(page, entry);
    }
    heap.space.pretend_committed(PAGE);
    assert!(violated(&mut heap).contains(&Invariant::Extents));
}

#[test]
fn a_large_object_that_lost_a_page_is_h10() {
    let mut sample = sample();
    let chunk = chunk_of(&sample);
    let page = (sample.large.address() - chunk.base()) / PAGE + 2;
    let mut wrong = chunk.entry(page);
    wrong.set_used(0);
    wrong.set_live(0);
    wrong.set_overhead_words(0);
    chunk.set_entry(page, wrong);
    assert!(violated(&mut sample.heap).contains(&Invariant::Large));
}

#[test]
fn a_lost_extent_is_h1() {
    let mut sample = sample();
    sample.heap.space.pretend_committed(CHUNK);
    assert_eq!(violated(&mut sample.heap), [Invariant::Extents, Invariant::Balance]);
}

#[test]
fn a_white_child_of_a_black_parent_is_h9() {
    let mut sample = sample();
    // SAFETY: the values kept are reachable from the roots, and the heap is only verified afterwards.
    unsafe { sample.heap.collect_step(GcUnit::Phase, GcCause::Asked, &mut sample.roots) };
    // SAFETY: as above.
    unsafe { sample.heap.collect_step(GcUnit::Phase, GcCause::Asked, &mut sample.roots) };
    assert_eq!(sample.heap.gc_phase(), GcPhase::Finish);
    assert_eq!(violated(&mut sample.heap), []);
    let cell = sample.cell.as_cell().unwrap();
    let chunk = TablesAt::HEAD.chunk_of(cell.address());
    let granule = (cell.address() - chunk.base()) / GRANULE;
    bitmap::clear(chunk, Bitmap::Marked, granule..granule + 1);
    assert_eq!(violated(&mut sample.heap), [Invariant::TriColour]);
}

#[test]
fn a_survivor_that_no_root_reaches_is_h11() {
    let mut sample = sample();
    assert_eq!(sample.heap.verify_reachable(&mut sample.roots), []);
    let mut fewer = List(vec![Value::object(sample.vector)]);
    let found = sample.heap.verify_reachable(&mut fewer);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].invariant, Invariant::Reachable);
}
