//! Conses of which every sixteenth is kept for a while, collection included; beside allocators that free one by one.

use std::hint::black_box;

use heapatlas_heap::{Heap, Value};

use crate::measure::{RUNS, bar, median, nanoseconds, report, timed};
use crate::peers::{Block, Peer};
use crate::program::{List, safepoint, scattered};

const CELLS: usize = 20_000_000;
/// Every so manieth is kept, in one of so many places.
const KEPT: usize = 16;
const PLACES: usize = 4096;

fn ours() -> f64 {
    let mut heap = Heap::new().unwrap();
    let mut roots = List(vec![Value::NIL; PLACES]);
    let ((), time) = timed(|| allocate(&mut heap, &mut roots, CELLS));
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
    nanoseconds(time, CELLS)
}

/// Roots with the places of what the loop keeps, and so many cells in lists that live beside it.
pub(crate) fn beside(heap: &mut Heap, cells: usize) -> List {
    let mut roots = List(vec![Value::NIL; PLACES]);
    roots.0.extend(scattered(heap, cells, PLACES).0);
    roots
}

/// The loop: conses, and a safepoint whenever one is due.
pub(crate) fn allocate(heap: &mut Heap, roots: &mut List, cells: usize) {
    for n in 0..cells {
        let cell = heap.cons(Value::small(n as u32), Value::NIL).unwrap();
        if n % KEPT == 0 {
            roots.0[n / KEPT % PLACES] = cell;
        }
        if heap.tick() {
            safepoint(heap, roots);
            heap.set_countdown(1000);
        }
    }
}

fn theirs(peer: Peer) -> f64 {
    let mut kept: Vec<Option<Block>> = (0..PLACES).map(|_| None).collect();
    let ((), time) = timed(|| {
        for n in 0..CELLS {
            let mut cell = peer.allocate(16);
            cell.fill(0);
            let cell = black_box(cell);
            if n % KEPT == 0 {
                kept[n / KEPT % PLACES] = Some(cell);
            }
        }
    });
    nanoseconds(time, CELLS)
}

pub(crate) fn bench() {
    let mut figures = [const { Vec::new() }; 3];
    for _ in 0..RUNS {
        figures[0].push(ours());
        figures[1].push(theirs(Peer::Mimalloc));
        figures[2].push(theirs(Peer::System));
    }
    let [ours, mimalloc, system] = figures.map(median);
    report("garbage loop, a cell, collection included", ours, "ns");
    report("the same with malloc and free of mimalloc", mimalloc, "ns");
    report("the same with those of the system", system, "ns");
    bar("garbage loop / mimalloc", ours / mimalloc, "x", 0.6);
}
