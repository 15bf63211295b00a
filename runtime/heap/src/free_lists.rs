//! The free lists as one looks at them: how many free runs are how long, the list of one pool in its order, and where the
//! next things that are allocated will lie.

use crate::heap::Heap;
use crate::raw::Bitmap;
use crate::space::bitmap;
use crate::space::chunk::{Chunk, Slot};
use crate::terms::{Address, CHUNK_PAGES, GRANULE, PAGE, POOL_PAGES, PoolKind, Span};

/// Classes of free runs: of 1 granule, 2, up to 4 … up to 4,096, which is a whole pool.
pub const CLASSES: usize = 13;

/// The free runs of the pools of one sort, by their length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RunClasses {
    /// How many there are of each class: of class `n` at most 2ⁿ granules, and more than half of that.
    pub counts: [u64; CLASSES],
    /// Bytes of them.
    pub bytes: [u64; CLASSES],
    /// Bytes of the longest.
    pub longest: u64,
}

impl RunClasses {
    fn add(&mut self, granules: usize) {
        let class = (granules.next_power_of_two().trailing_zeros() as usize).min(CLASSES - 1);
        let bytes = (granules * GRANULE) as u64;
        self.counts[class] += 1;
        self.bytes[class] += bytes;
        self.longest = self.longest.max(bytes);
    }
}

/// The free list of one pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PoolList {
    /// Where the pool lies.
    pub span: Span,
    /// What it holds.
    pub kind: PoolKind,
    /// Its free runs, in the order in which they are filled: where each begins, and its bytes.
    pub runs: Vec<(Address, usize)>,
}

/// The free lists of a heap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FreeLists {
    /// The free runs of the pools of cells.
    pub cells: RunClasses,
    /// The free runs of the other pools, and those between blocks.
    pub objects: RunClasses,
    /// Free pools.
    pub free_pools: usize,
    /// Bytes of the longest stretch of free pages in any mebibyte: what is larger needs new memory.
    pub longest_free_pages: usize,
    /// Where the next cell will lie, unless the collector comes first; `None` when the heap must grow for it, and where
    /// the system's allocator decides.
    pub next_cell: Option<Address>,
    /// The same for the next object of [`FreeLists::OBJECT`] bytes.
    pub next_object: Option<Address>,
    /// The list of the pool that was asked for, if there is one at that address.
    pub chosen: Option<PoolList>,
}

impl FreeLists {
    /// The size of the object whose place is predicted, header included: a string of up to 24 characters.
    pub const OBJECT: usize = 2 * GRANULE;
}

impl Heap {
    /// The free lists, and that of the pool in which `chosen` lies.
    pub fn free_lists(&mut self, chosen: Option<Address>) -> FreeLists {
        self.settle();
        let mut lists = FreeLists {
            cells: RunClasses::default(),
            objects: RunClasses::default(),
            free_pools: 0,
            longest_free_pages: 0,
            next_cell: self.predict_cell(),
            next_object: self.predict_object(FreeLists::OBJECT),
            chosen: chosen.and_then(|address| self.pool_list(address)),
        };
        for chunk in self.space.chunks() {
            lists.add(chunk);
        }
        lists
    }

    fn pool_list(&self, address: Address) -> Option<PoolList> {
        let (_, chunk) = self.space.chunk_at(address)?;
        let page = (address - chunk.base()) / PAGE;
        let slot = (page < CHUNK_PAGES).then_some(page / POOL_PAGES)?;
        let Slot::Pool { kind, .. } = chunk.slot(slot) else { return None };
        let pool = chunk.pool(slot);
        let pages = pool.pages();
        let runs = bitmap::clear_runs(pool.chunk, Bitmap::Allocated, pool.granules());
        let runs = runs.map(|run| (pool.chunk.granule_address(run.start), run.len() * GRANULE)).collect();
        Some(PoolList { span: chunk.base() + pages.start * PAGE..chunk.base() + pages.end * PAGE, kind, runs })
    }
}

impl FreeLists {
    fn add(&mut self, chunk: &Chunk) {
        let memory = chunk.memory();
        for (slot, state) in chunk.slots() {
            match state {
                Slot::Free { .. } => self.free_pools += 1,
                Slot::Pool { kind, .. } => {
                    let classes = if kind == PoolKind::Cells { &mut self.cells } else { &mut self.objects };
                    let runs = bitmap::clear_runs(memory, Bitmap::Allocated, chunk.pool(slot).granules());
                    runs.for_each(|run| classes.add(run.len()));
                }
                Slot::Pages | Slot::Blocks => {}
            }
        }
        for stretch in chunk.stretches_of_blocks() {
            let runs = bitmap::clear_runs(memory, Bitmap::Allocated, stretch);
            runs.for_each(|run| self.objects.add(run.len()));
        }
        let mut stretch = 0;
        for page in chunk.usable_pages() {
            stretch = if chunk.entry(page).kind().is_free() { stretch + PAGE } else { 0 };
            self.longest_free_pages = self.longest_free_pages.max(stretch);
        }
    }
}

#[cfg(test)]
#[allow(unsafe_code, reason = "its tests collect")]
mod tests {
    use super::*;
    use crate::gc::Roots;
    use crate::object::{ObjectFlags, ObjectKind};
    use crate::space::policy::{Placement, Policy};
    use crate::terms::GcCause;
    use crate::value::Value;

    struct List(Vec<Value>);

    impl Roots for List {
        fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
            self.0.iter_mut().for_each(visit);
        }
    }

    /// Things allocated: Miri takes minutes for so few.
    const THINGS: usize = if cfg!(miri) { 120 } else { 60_000 };

    #[test]
    fn what_is_allocated_lies_where_it_was_predicted() {
        // Nothing moves, so that every third thing that survives leaves its free runs where it died.
        let policy = Policy { evacuates: false, ..Policy::of(Placement::Pool) };
        let mut heap = Heap::with(policy, crate::os::system()).unwrap();
        let mut roots = List(Vec::new());
        let mut grew = 0;
        for n in 0..THINGS {
            let size = if n % 2 == 0 { GRANULE } else { FreeLists::OBJECT };
            let cell = size == GRANULE;
            let predicted = if cell { heap.predict_cell() } else { heap.predict_object(size) };
            let value = if cell {
                heap.cons(Value::NIL, Value::NIL).unwrap()
            } else {
                Value::object(heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, size - 8).unwrap())
            };
            match predicted {
                Some(_) => assert_eq!(predicted, value.address(), "allocation {n}"),
                None => grew += 1,
            }
            if n % 3 == 0 {
                roots.0.push(value);
            }
            if (n + 1).is_multiple_of(THINGS / 3) {
                // SAFETY: what is used afterwards is in the roots.
                unsafe { heap.collect(GcCause::Asked, &mut roots) };
            }
        }
        assert!(grew < 4, "{grew} times the heap had to grow");
        assert_eq!(heap.verify(), []);
    }

    #[test]
    fn the_lists_hold_what_the_page_table_counts_as_free() {
        let mut heap = Heap::new().unwrap();
        let mut roots = List(Vec::new());
        for n in 0..THINGS / 12 {
            let cell = heap.cons(Value::NIL, Value::NIL).unwrap();
            let object = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, n % 600).unwrap();
            if n % 4 == 0 {
                roots.0.extend([cell, Value::object(object)]);
            }
        }
        // SAFETY: what is used afterwards is in the roots.
        unsafe { heap.collect(GcCause::Allocation, &mut roots) };
        let chosen = roots.0[0].address().unwrap();
        let lists = heap.free_lists(Some(chosen));
        let bytes: u64 = lists.cells.bytes.iter().chain(&lists.objects.bytes).sum();
        assert_eq!(bytes, heap.counters().balance.free_runs);
        let runs: u64 = lists.cells.counts.iter().chain(&lists.objects.counts).sum();
        assert_eq!(runs, heap.free_runs().count() as u64);
        let list = lists.chosen.unwrap();
        assert!(list.span.contains(&chosen) && list.kind == PoolKind::Cells);
        assert!(list.runs.is_sorted() && list.runs.iter().all(|(start, _)| list.span.contains(start)));
        assert_eq!(lists.cells.longest.max(lists.objects.longest), heap.largest_free_run() as u64);
    }
}
