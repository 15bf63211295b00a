//! Holes: how they come about where something is in the way, and how a compaction closes them.
//!
//! Only Linux lets a test choose where to be in the way.

#![cfg(all(target_os = "linux", not(miri)))]
#![expect(clippy::unwrap_used, reason = "what fails here must stop the test")]

use heapatlas_heap::gc::Roots;
use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::os::faulty::{Faulty, Refusal};
use heapatlas_heap::os::{Mapping, Os, OsError, system};
use heapatlas_heap::terms::{Address, CHUNK, GRANULE, GcCause, GcUnit, PAGE, Span};
use heapatlas_heap::{Heap, ObjectRef, Unpacked, Value};

/// Roots side by side.
struct RootList(Vec<Value>);

impl Roots for RootList {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.0.iter_mut().for_each(visit);
    }
}

/// A heap, its roots, and mappings of this process that are in its way.
struct Scene {
    heap: Heap,
    roots: RootList,
    others: Box<dyn Os>,
    obstacles: Vec<Mapping>,
}

impl Scene {
    fn new() -> Self {
        Self::on(system())
    }

    fn on(os: Box<dyn Os>) -> Self {
        let heap = Heap::on(os).unwrap();
        Self { heap, roots: RootList(Vec::new()), others: system(), obstacles: Vec::new() }
    }

    fn extents(&mut self) -> Vec<Span> {
        self.heap.cut_frame(true).extents.clone()
    }

    fn end(&mut self) -> Address {
        self.extents().last().unwrap().end
    }

    /// Maps something right behind the heap that is not the heap's.
    fn obstruct(&mut self, chunks: usize) -> Span {
        let end = self.end().align_up(CHUNK);
        let obstacle = self.others.map_at(end, chunks * CHUNK).unwrap().unwrap();
        let span = obstacle.start()..obstacle.end();
        self.obstacles.push(obstacle);
        span
    }

    /// Puts numbers before the list that is root `index`, until it is that much longer.
    fn extend(&mut self, index: usize, cells: usize) {
        for _ in 0..cells {
            let rest = self.roots.0[index];
            let number = rest.as_cell().map_or(0, |cell| self.heap.car(cell).as_fixnum().unwrap() + 1);
            self.roots.0[index] = self.heap.cons(Value::fixnum(number).unwrap(), rest).unwrap();
        }
    }

    /// A new root, a list of that many numbers.
    fn list(&mut self, cells: usize) -> usize {
        self.roots.0.push(Value::NIL);
        let index = self.roots.0.len() - 1;
        self.extend(index, cells);
        index
    }

    /// How long the list is that is root `index`. Its numbers must count down to 0.
    fn length(&self, index: usize) -> usize {
        let mut rest = self.roots.0[index];
        let first = rest.as_cell().map(|cell| self.heap.car(cell).as_fixnum().unwrap());
        let mut count = 0;
        while let Unpacked::Cell(cell) = rest.unpack() {
            assert_eq!(self.heap.car(cell).as_fixnum().unwrap(), first.unwrap() - count);
            rest = self.heap.cdr(cell);
            count += 1;
        }
        count as usize
    }

    /// A new root, an object of that many bytes, each of them `byte`.
    fn bytes(&mut self, bytes: usize, byte: u8) -> usize {
        let object = self.heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, bytes).unwrap();
        self.heap.bytes_mut(object).fill(byte);
        self.roots.0.push(Value::object(object));
        self.roots.0.len() - 1
    }

    fn object(&self, index: usize) -> ObjectRef {
        self.roots.0[index].as_object().unwrap()
    }

    fn assert_filled(&self, index: usize, byte: u8) {
        assert!(self.heap.bytes(self.object(index)).iter().all(|found| *found == byte));
    }

    fn collect(&mut self, cause: GcCause) {
        // SAFETY: the values used afterwards are taken from the roots.
        unsafe { self.heap.collect(cause, &mut self.roots) };
        assert_eq!(self.heap.verify(), []);
        assert_eq!(self.heap.verify_reachable(&mut self.roots), []);
        let counters = self.heap.counters();
        assert_eq!(counters.span, counters.committed + counters.holes);
        assert_eq!(counters.holes, self.heap.holes().map(|hole| (hole.end - hole.start) as u64).sum::<u64>());
        // Entries are for the pages of extents alone.
        let frame = self.heap.cut_frame(true);
        assert_eq!((frame.entries.len() * PAGE) as u64, counters.committed);
        let holes: Vec<_> = self.heap.holes().collect();
        assert!(frame.runs.iter().all(|(start, _)| holes.iter().all(|hole| !hole.contains(start))));
        assert!(self.heap.free_runs().all(|(start, _)| holes.iter().all(|hole| !hole.contains(&start))));
    }

    fn compact(&mut self) {
        self.collect(GcCause::Compaction);
    }

    fn holes(&self) -> Vec<Span> {
        self.heap.holes().collect()
    }

    fn release(mut self) {
        self.obstacles.drain(..).for_each(|obstacle| self.others.unmap(obstacle));
        // SAFETY: no value is used any more.
        unsafe { self.heap.release() };
    }
}

/// Cells that a mebibyte holds, about.
const MEBIBYTE_OF_CELLS: usize = CHUNK / GRANULE;

#[test]
fn an_answer_above_the_hint_leaves_a_hole() {
    let mut scene = Scene::new();
    let obstacle = scene.obstruct(3);
    let list = scene.list(2 * MEBIBYTE_OF_CELLS);
    let holes = scene.holes();
    assert_eq!(holes.len(), 1, "{holes:?}");
    assert_eq!(holes[0].start, obstacle.start);
    assert!(holes[0].end >= obstacle.end, "{holes:?}");
    assert!(scene.heap.counters().diverted >= 1);
    scene.collect(GcCause::Asked);
    assert_eq!(scene.length(list), 2 * MEBIBYTE_OF_CELLS);
    scene.release();
}

/// A system that answers ever lower, and knows of no gap.
#[derive(Debug)]
struct Downward {
    inner: Box<dyn Os>,
    next: Address,
}

impl Downward {
    /// How far apart its answers begin: more than the extents of these tests are long.
    const STRIDE: usize = 64 << 20;

    fn new() -> Self {
        let inner = system();
        let next = inner.gap(Address::new(0x6000_0000_0000), 64 * Self::STRIDE).unwrap() + 63 * Self::STRIDE;
        Self { inner, next }
    }
}

impl Os for Downward {
    fn map(&mut self, _hint: Address, bytes: usize) -> Result<Mapping, OsError> {
        let mapping = self.inner.map_at(self.next, bytes)?.unwrap();
        self.next = Address::new(self.next.get() - Self::STRIDE);
        Ok(mapping)
    }

    fn map_at(&mut self, address: Address, bytes: usize) -> Result<Option<Mapping>, OsError> {
        self.inner.map_at(address, bytes)
    }

    fn gap(&self, _from: Address, _bytes: usize) -> Option<Address> {
        None
    }

    fn unmap(&mut self, mapping: Mapping) {
        self.inner.unmap(mapping);
    }

    fn give_back(&mut self, mapping: &Mapping, start: Address, bytes: usize) -> Result<(), OsError> {
        self.inner.give_back(mapping, start, bytes)
    }

    fn each_writable(&self, visit: &mut dyn FnMut(Span)) -> bool {
        self.inner.each_writable(visit)
    }

    fn residency(&mut self, start: Address, resident: &mut [bool]) -> bool {
        self.inner.residency(start, resident)
    }
}

#[test]
fn answers_below_the_hint_are_taken_where_nothing_else_can_be_had() {
    let mut scene = Scene::on(Box::new(Downward::new()));
    let first = scene.extents()[0].start;
    let list = scene.list(3 * MEBIBYTE_OF_CELLS);
    let garbage = scene.list(3 * MEBIBYTE_OF_CELLS);
    let huge = scene.bytes(3 << 20, 7);
    let extents = scene.extents();
    assert!(extents.len() >= 4 && extents.is_sorted_by_key(|extent| extent.start), "{extents:?}");
    assert_eq!(extents.last().unwrap().start, first, "everything else is below");
    assert_eq!(scene.holes().len(), extents.len() - 1);
    assert!(scene.heap.counters().diverted >= 3);

    scene.roots.0[garbage] = Value::NIL;
    // In steps, with the program in between, growing downward while a cycle is under way.
    for unit in [GcUnit::Page, GcUnit::Phase, GcUnit::Page, GcUnit::Phase] {
        // SAFETY: the values used afterwards are taken from the roots.
        unsafe { scene.heap.collect_step(unit, GcCause::Asked, &mut scene.roots) };
        scene.extend(list, MEBIBYTE_OF_CELLS / 2);
    }
    scene.collect(GcCause::Asked);
    assert_eq!(scene.length(list), 5 * MEBIBYTE_OF_CELLS);
    scene.assert_filled(huge, 7);
    // Such a system leaves no choice of where to be: holes stay, and nothing is lost.
    scene.compact();
    assert_eq!(scene.length(list), 5 * MEBIBYTE_OF_CELLS);
    scene.assert_filled(huge, 7);
    scene.release();
}

#[test]
fn what_fits_below_an_obstacle_is_brought_there() {
    let mut scene = Scene::new();
    let first = scene.extents()[0].clone();
    scene.obstruct(3);
    scene.list(2 * MEBIBYTE_OF_CELLS);
    let kept = scene.list(MEBIBYTE_OF_CELLS / 4);
    let large = scene.bytes(100_000, 9);
    assert!(scene.object(large).address() > first.end, "it is above to begin with");
    scene.roots.0[0] = Value::NIL;
    scene.compact();
    assert_eq!(scene.extents(), [first]);
    assert_eq!(scene.holes(), []);
    assert_eq!(scene.length(kept), MEBIBYTE_OF_CELLS / 4);
    scene.assert_filled(large, 9);
    scene.release();
}

#[test]
fn what_does_not_fit_below_an_obstacle_is_brought_above_it() {
    let mut scene = Scene::new();
    // The stack in use goes along.
    let stack = scene.heap.allocate_stack(8000).unwrap();
    scene.heap.use_stack(stack);
    scene.roots.0.push(Value::object(stack));
    scene.heap.set_slot(77, Value::small(1234));
    scene.heap.set_stack_top(stack, 100);
    let early = scene.bytes(100_000, 5);
    let huge = scene.bytes(2 << 20, 6);
    let obstacle = scene.obstruct(3);
    let kept = scene.list(2 * MEBIBYTE_OF_CELLS);
    assert!(!scene.holes().is_empty());
    scene.compact();
    let extents = scene.extents();
    assert!(extents[0].start >= obstacle.end, "{extents:?}");
    assert!(scene.holes().iter().all(|hole| hole.end - hole.start < CHUNK), "{:?}", scene.holes());
    assert_eq!(scene.length(kept), 2 * MEBIBYTE_OF_CELLS);
    scene.assert_filled(early, 5);
    scene.assert_filled(huge, 6);
    assert_eq!(scene.heap.slot(77), Value::small(1234));
    assert_eq!(scene.heap.stack_capacity(), 8000);
    scene.release();
}

#[test]
fn what_is_pinned_below_an_obstacle_keeps_the_hole() {
    let mut scene = Scene::new();
    let pinned = scene.bytes(100, 3);
    let first = scene.object(pinned).address();
    scene.heap.pin(scene.object(pinned));
    let obstacle = scene.obstruct(3);
    let kept = scene.list(2 * MEBIBYTE_OF_CELLS);
    scene.compact();
    assert_eq!(scene.holes()[0].start, obstacle.start);
    assert_eq!(scene.object(pinned).address(), first);
    assert_eq!(scene.length(kept), 2 * MEBIBYTE_OF_CELLS);
    scene.release();
}

#[test]
fn a_limit_that_leaves_no_room_to_copy_keeps_the_hole() {
    let mut scene = Scene::new();
    let obstacle = scene.obstruct(3);
    let kept = scene.list(2 * MEBIBYTE_OF_CELLS + MEBIBYTE_OF_CELLS / 2);
    let committed = scene.heap.counters().committed;
    scene.heap.set_limit(Some(committed as usize));
    scene.compact();
    assert_eq!(scene.holes()[0].start, obstacle.start);
    assert!(scene.heap.counters().committed <= committed);
    assert_eq!(scene.length(kept), 2 * MEBIBYTE_OF_CELLS + MEBIBYTE_OF_CELLS / 2);
    scene.release();
}

#[test]
fn huge_objects_close_the_gaps_that_others_left() {
    let mut scene = Scene::new();
    let sizes = [5, 2, 3, 8, 1].map(|mebibytes| (mebibytes << 20) - 8);
    let indices: Vec<_> = sizes.iter().zip(1..).map(|(bytes, byte)| scene.bytes(*bytes, byte)).collect();
    // A huge vector, so that references inside what moves are followed.
    let vector = scene.heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 2 << 20).unwrap();
    scene.heap.set_value(vector, 200_000, scene.roots.0[indices[3]]);
    scene.roots.0.push(Value::object(vector));
    for dead in [0, 2] {
        scene.roots.0[indices[dead]] = Value::NIL;
    }
    scene.collect(GcCause::Asked);
    let holes = scene.holes();
    assert!(holes.iter().any(|hole| hole.end - hole.start > 4 << 20), "{holes:?}");
    scene.compact();
    let holes = scene.holes();
    assert!(holes.iter().all(|hole| hole.end - hole.start < CHUNK), "{holes:?}");
    for kept in [1, 3, 4] {
        scene.assert_filled(indices[kept], kept as u8 + 1);
    }
    let vector = scene.roots.0.last().unwrap().as_object().unwrap();
    assert_eq!(scene.heap.value(vector, 200_000), scene.roots.0[indices[3]]);
    scene.release();
}

#[test]
fn free_bytes_are_in_one_piece_after_a_compaction() {
    let mut scene = Scene::new();
    for _ in 0..40 {
        scene.list(1000);
        scene.bytes(70_000, 1);
        scene.bytes(300, 2);
    }
    for dead in (0..120).filter(|index| index % 7 < 4) {
        scene.roots.0[dead] = Value::NIL;
    }
    scene.compact();
    assert_eq!(scene.holes(), []);
    let frame = scene.heap.cut_frame(true);
    let last_used = frame.entries.iter().rposition(|entry| entry.kind().is_used()).unwrap();
    // Below what is used only such pieces are free as the large objects, of 18 pages each, do not fit.
    let pieces = frame.entries[..last_used].split(|entry| !entry.kind().is_free()).map(<[_]>::len);
    let sizes: Vec<_> = pieces.filter(|pages| *pages > 0).collect();
    assert!(sizes.iter().all(|pages| *pages < 18), "{sizes:?}");
    assert!(frame.entries.len() - last_used > 18 + sizes.iter().sum::<usize>(), "{sizes:?}");
    scene.release();
}

#[test]
fn a_system_that_refuses_during_a_compaction_loses_nothing() {
    for n in 2..30 {
        let mut scene = Scene::on(Box::new(Faulty::new(system(), Refusal::From(n))));
        let obstacle = scene.obstruct(3);
        scene.roots.0.push(Value::NIL);
        let mut length = 0;
        while length < 3 * MEBIBYTE_OF_CELLS {
            let Ok(cell) = scene.heap.cons(Value::small(length as u32), scene.roots.0[0]) else { break };
            scene.roots.0[0] = cell;
            length += 1;
        }
        scene.compact();
        assert_eq!(scene.length(0), length, "from request {n} on; {obstacle:?}");
        scene.release();
    }
}
