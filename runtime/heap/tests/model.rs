//! The heap against a naive one: random operations on both, compared after every collection.
//!
//! The model keeps its objects in a list that is never freed. Roots are a list of references into it. After each
//! collection the two graphs are walked together from the roots and must be equal, and the verifier must be content.

#![expect(clippy::unwrap_used, reason = "what fails here must stop the test")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use heapatlas_heap::gc::Roots;
use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::os::plain::Plain;
use heapatlas_heap::os::{Os, system};
use heapatlas_heap::terms::{GcCause, GcPhase, GcUnit, PAGE};
use heapatlas_heap::{Heap, Placement, Policy, Unpacked, Value};
use proptest::collection::vec as list;
use proptest::prelude::{Just, ProptestConfig, any, prop_oneof, proptest};
use proptest::strategy::Strategy;

/// One thing of the model; references are places in the list.
#[derive(Clone, Debug)]
enum Thing {
    Number(i64),
    Cell([usize; 2]),
    Vector(Vec<usize>),
    Bytes(Vec<u8>),
}

#[derive(Clone, Debug)]
enum Operation {
    Number(i64),
    Cons(usize, usize),
    Vector(Vec<usize>),
    Bytes(usize, u8),
    SetCar(usize, usize),
    SetCdr(usize, usize),
    SetElement(usize, usize, usize),
    /// What a cell or a vector refers to becomes a root.
    Load(usize, usize),
    Forget(usize),
    Collect(bool),
    CollectInSteps,
    /// One step, after which the program goes on.
    Step(GcUnit),
}

fn operation() -> impl Strategy<Value = Operation> {
    let choice = 0usize..1000;
    prop_oneof![
        4 => (Value::FIXNUM_MIN..=Value::FIXNUM_MAX).prop_map(Operation::Number),
        60 => (choice.clone(), choice.clone()).prop_map(|(a, b)| Operation::Cons(a, b)),
        8 => list(choice.clone(), 0..40).prop_map(Operation::Vector),
        2 => list(choice.clone(), 4000..9000).prop_map(Operation::Vector),
        6 => (0usize..300, any::<u8>()).prop_map(|(n, byte)| Operation::Bytes(n, byte)),
        2 => (0usize..200_000, any::<u8>()).prop_map(|(n, byte)| Operation::Bytes(n, byte)),
        1 => (1_000_000usize..1_400_000, any::<u8>()).prop_map(|(n, byte)| Operation::Bytes(n, byte)),
        4 => (choice.clone(), choice.clone()).prop_map(|(a, b)| Operation::SetCar(a, b)),
        4 => (choice.clone(), choice.clone()).prop_map(|(a, b)| Operation::SetCdr(a, b)),
        4 => (choice.clone(), choice.clone(), choice.clone()).prop_map(|(a, b, c)| Operation::SetElement(a, b, c)),
        8 => (choice.clone(), choice.clone()).prop_map(|(from, index)| Operation::Load(from, index)),
        12 => choice.prop_map(Operation::Forget),
        3 => any::<bool>().prop_map(Operation::Collect),
        1 => Just(Operation::CollectInSteps),
        12 => prop_oneof![
            4 => Just(GcUnit::Object),
            2 => Just(GcUnit::Page),
            1 => Just(GcUnit::Slice),
            1 => Just(GcUnit::Phase),
        ]
        .prop_map(Operation::Step),
    ]
}

/// Operations of a program that goes on while a mark is under way: every other one is a small step.
fn operation_while_marking() -> impl Strategy<Value = Operation> {
    let choice = 0usize..1000;
    prop_oneof![
        10 => Just(Operation::Step(GcUnit::Object)),
        4 => (choice.clone(), choice.clone()).prop_map(|(a, b)| Operation::Cons(a, b)),
        1 => list(choice.clone(), 0..20).prop_map(Operation::Vector),
        3 => (choice.clone(), choice.clone()).prop_map(|(a, b)| Operation::SetCar(a, b)),
        3 => (choice.clone(), choice.clone()).prop_map(|(a, b)| Operation::SetCdr(a, b)),
        2 => (choice.clone(), choice.clone(), choice.clone()).prop_map(|(a, b, c)| Operation::SetElement(a, b, c)),
        6 => (choice.clone(), choice.clone()).prop_map(|(from, index)| Operation::Load(from, index)),
        8 => choice.prop_map(Operation::Forget),
    ]
}

/// A heap and its model, with the roots of both side by side.
struct Pair {
    heap: Heap,
    things: Vec<Thing>,
    roots: Vec<(Value, usize)>,
}

struct RootList<'r>(&'r mut Vec<(Value, usize)>);

impl Roots for RootList<'_> {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        for (value, _) in self.0.iter_mut() {
            visit(value);
        }
    }
}

impl Pair {
    fn new(placement: Placement, os: Box<dyn Os>) -> Self {
        let mut pair =
            Self { heap: Heap::with(Policy::of(placement), os).unwrap(), things: Vec::new(), roots: Vec::new() };
        pair.add(Value::small(0), Thing::Number(0));
        pair
    }

    fn add(&mut self, value: Value, thing: Thing) {
        self.things.push(thing);
        self.roots.push((value, self.things.len() - 1));
    }

    fn root(&self, choice: usize) -> (Value, usize) {
        self.roots[choice % self.roots.len()]
    }

    fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Number(number) => self.add(Value::fixnum(*number).unwrap(), Thing::Number(*number)),
            Operation::Cons(car, cdr) => {
                let (car, cdr) = (self.root(*car), self.root(*cdr));
                let cell = self.heap.cons(car.0, cdr.0).unwrap();
                self.add(cell, Thing::Cell([car.1, cdr.1]));
            }
            Operation::Vector(elements) => {
                let vector = self.heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, elements.len() * 8).unwrap();
                let elements: Vec<_> = elements.iter().map(|choice| self.root(*choice)).collect();
                for (index, element) in elements.iter().enumerate() {
                    self.heap.set_value(vector, index, element.0);
                }
                self.add(Value::object(vector), Thing::Vector(elements.iter().map(|element| element.1).collect()));
            }
            Operation::Bytes(length, byte) => {
                let bytes = self.heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, *length).unwrap();
                self.heap.bytes_mut(bytes).fill(*byte);
                self.add(Value::object(bytes), Thing::Bytes(vec![*byte; *length]));
            }
            Operation::SetCar(target, value) => self.set_part(*target, *value, 0),
            Operation::SetCdr(target, value) => self.set_part(*target, *value, 1),
            Operation::SetElement(target, index, value) => {
                let (target, value) = (self.root(*target), self.root(*value));
                if let Thing::Vector(elements) = &mut self.things[target.1]
                    && !elements.is_empty()
                {
                    let index = index % elements.len();
                    elements[index] = value.1;
                    self.heap.set_value(target.0.as_object().unwrap(), index, value.0);
                }
            }
            Operation::Load(from, index) => {
                let (value, thing) = self.root(*from);
                let loaded = match (&self.things[thing], value.unpack()) {
                    (Thing::Cell([car, _]), Unpacked::Cell(cell)) if index % 2 == 0 => {
                        Some((self.heap.car(cell), *car))
                    }
                    (Thing::Cell([_, cdr]), Unpacked::Cell(cell)) => Some((self.heap.cdr(cell), *cdr)),
                    (Thing::Vector(elements), Unpacked::Object(vector)) if !elements.is_empty() => {
                        let index = index % elements.len();
                        Some((self.heap.value(vector, index), elements[index]))
                    }
                    _ => None,
                };
                self.roots.extend(loaded);
            }
            Operation::Forget(choice) => {
                if self.roots.len() > 1 {
                    let at = choice % self.roots.len();
                    self.roots.swap_remove(at);
                }
            }
            Operation::Collect(asked) => {
                let cause = if *asked { GcCause::Compaction } else { GcCause::Allocation };
                // SAFETY: every value in use is in the roots.
                unsafe { self.heap.collect(cause, &mut RootList(&mut self.roots)) };
                self.compare();
            }
            Operation::CollectInSteps => {
                let unit = if self.things.len().is_multiple_of(2) { GcUnit::Page } else { GcUnit::Phase };
                for step in 0.. {
                    // SAFETY: every value in use is in the roots.
                    unsafe { self.heap.collect_step(unit, GcCause::Asked, &mut RootList(&mut self.roots)) };
                    if self.heap.gc_phase() == GcPhase::Idle {
                        break;
                    }
                    if unit == GcUnit::Phase || step % 64 == 0 {
                        assert_eq!(self.heap.verify(), []);
                    }
                }
                self.compare();
            }
            Operation::Step(unit) => {
                let cause = if self.things.len().is_multiple_of(3) { GcCause::Asked } else { GcCause::Allocation };
                // SAFETY: every value in use is in the roots.
                unsafe { self.heap.collect_step(*unit, cause, &mut RootList(&mut self.roots)) };
                self.compare();
            }
        }
    }

    fn set_part(&mut self, target: usize, value: usize, part: usize) {
        let (target, value) = (self.root(target), self.root(value));
        if let Thing::Cell(parts) = &mut self.things[target.1] {
            parts[part] = value.1;
            let cell = target.0.as_cell().unwrap();
            if part == 0 { self.heap.set_car(cell, value.0) } else { self.heap.set_cdr(cell, value.0) }
        }
    }

    /// Walks both graphs together; counts what is reachable; asks the verifier.
    fn compare(&mut self) {
        assert_eq!(self.heap.verify(), []);
        assert_eq!(self.heap.verify_reachable(&mut RootList(&mut self.roots)), []);
        let mut seen = vec![None; self.things.len()];
        let mut queue = self.roots.clone();
        while let Some((value, thing)) = queue.pop() {
            if let Some(before) = seen[thing].replace(value) {
                assert_eq!(before, value, "one thing, one place");
                continue;
            }
            match (value.unpack(), &self.things[thing]) {
                (Unpacked::Fixnum(number), Thing::Number(model)) => assert_eq!(number, *model),
                (Unpacked::Cell(cell), Thing::Cell(parts)) => {
                    queue.push((self.heap.car(cell), parts[0]));
                    queue.push((self.heap.cdr(cell), parts[1]));
                }
                (Unpacked::Object(object), Thing::Vector(elements)) => {
                    assert_eq!(self.heap.header(object).payload_words(), elements.len());
                    for (index, element) in elements.iter().enumerate() {
                        queue.push((self.heap.value(object, index), *element));
                    }
                }
                (Unpacked::Object(object), Thing::Bytes(bytes)) => {
                    assert!(self.heap.bytes(object) == bytes, "the bytes of {object:?}");
                }
                (found, model) => panic!("{found:?} is not {model:?}"),
            }
        }
    }

    fn check_frames(&mut self, shadow: &mut std::collections::BTreeMap<usize, (u64, u64)>, key: bool) {
        let frame = self.heap.cut_frame(key);
        if key {
            shadow.clear();
        }
        let mapped =
            |address: usize| frame.extents.iter().any(|span| span.start.get() <= address && address < span.end.get());
        shadow.retain(|address, _| mapped(*address));
        for span in &frame.mapped {
            shadow.extend((span.start.get()..span.end.get()).step_by(PAGE).map(|address| (address, (0, 0))));
        }
        for (address, entry) in frame.pages() {
            shadow.insert(address.get(), strip_dirty(entry.words()));
        }
        let balance = frame.counters.balance;
        assert_eq!(balance.committed(), frame.counters.committed, "{balance:?}");
        let fresh = self.heap.cut_frame(true);
        let whole: std::collections::BTreeMap<_, _> =
            fresh.pages().map(|(address, entry)| (address.get(), strip_dirty(entry.words()))).collect();
        let differs = whole.iter().find(|(address, entry)| shadow.get(address) != Some(entry));
        assert_eq!(differs, None, "frames add up to the page table; the frames say {:?}", {
            differs.map(|(address, _)| shadow.get(address))
        });
        assert_eq!(shadow.len(), whole.len());
    }
}

/// One heap of a process at a time can be placed by the allocator of the system.
fn allocator() -> MutexGuard<'static, ()> {
    static ALLOCATOR: Mutex<()> = Mutex::new(());
    ALLOCATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

fn strip_dirty((counts, state): (u64, u64)) -> (u64, u64) {
    (counts, state & !(1 << 8))
}

fn run(placement: Placement, os: Box<dyn Os>, operations: &[Operation]) {
    let mut pair = Pair::new(placement, os);
    let mut shadow = std::collections::BTreeMap::new();
    pair.check_frames(&mut shadow, true);
    for (count, operation) in operations.iter().enumerate() {
        pair.apply(operation);
        if count % 16 == 0 {
            if count % 48 == 0 {
                pair.heap.measure_residency();
            }
            pair.check_frames(&mut shadow, false);
        }
    }
    pair.apply(&Operation::Collect(false));
    pair.roots.truncate(1);
    pair.apply(&Operation::Collect(true));
    // SAFETY: nothing of this heap is used after this.
    unsafe { pair.heap.release() };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_agree_with_the_model(operations in list(operation(), 1..400)) {
        run(Placement::Pool, system(), &operations);
    }

    #[test]
    fn random_operations_agree_with_the_model_on_a_plain_system(
        operations in list(operation(), 1..120),
    ) {
        run(Placement::Pool, Box::new(Plain::new()), &operations);
    }

    #[test]
    fn one_kind_of_pool_agrees_with_the_model(operations in list(operation(), 1..400)) {
        run(Placement::Single, system(), &operations);
    }

    #[test]
    fn the_allocator_of_the_system_agrees_with_the_model(operations in list(operation(), 1..400)) {
        let _alone = allocator();
        run(Placement::Malloc, system(), &operations);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_program_that_runs_between_steps_loses_nothing(
        before in list(operation(), 50..200),
        operations in list(operation_while_marking(), 1..600),
    ) {
        run(Placement::Pool, system(), &[before, operations].concat());
    }

    #[test]
    fn a_program_between_steps_loses_nothing_in_one_kind_of_pool(
        before in list(operation(), 50..200),
        operations in list(operation_while_marking(), 1..600),
    ) {
        run(Placement::Single, system(), &[before, operations].concat());
    }

    #[test]
    fn a_program_between_steps_loses_nothing_in_blocks_of_the_system(
        before in list(operation(), 50..200),
        operations in list(operation_while_marking(), 1..600),
    ) {
        let _alone = allocator();
        run(Placement::Malloc, system(), &[before, operations].concat());
    }
}
