//! Marking 100 MiB of cells, in order and scattered, and sweeping them.
//!
//! How fast scattered lists can be marked is the machine's affair as much as ours: beside them the same lists are
//! followed in plain memory, through a ring as long as ours, with nothing marked. That is the least it can cost.

use heapatlas_heap::Heap;
use heapatlas_heap::terms::GRANULE;

use crate::measure::{RUNS, bar, median, milliseconds, nanoseconds, report, timed};
use crate::program::{Dice, List, list, mark_and_sweep, scattered};

const CELLS: usize = (100 << 20) / GRANULE;
const LISTS: usize = 65_536;
const RING: usize = 32;

/// Cells in plain memory, each with the place of the next: the same lists.
struct Plain {
    cells: Vec<[usize; 2]>,
    heads: Vec<usize>,
}

const NONE: usize = usize::MAX;

impl Plain {
    fn scattered() -> Self {
        let mut heads = vec![NONE; LISTS];
        let mut dice = Dice::new();
        let follow = |n| {
            let slot = dice.roll(LISTS as u64) as usize;
            [n, std::mem::replace(&mut heads[slot], n)]
        };
        let cells = (0..CELLS).map(follow).collect();
        Self { cells, heads }
    }

    /// Follows all lists, 32 cells on their way from memory at any time. Gives how many cells there were.
    fn follow(&self) -> usize {
        let mut waiting = self.heads.clone();
        let (mut ring, mut oldest, mut in_ring, mut count) = ([NONE; RING], 0, 0, 0);
        loop {
            while in_ring < RING
                && let Some(cell) = waiting.pop()
            {
                self.prefetch(cell);
                ring[(oldest + in_ring) % RING] = cell;
                in_ring += 1;
            }
            if in_ring == 0 {
                return count;
            }
            let [_, next] = self.cells[ring[oldest]];
            (oldest, in_ring, count) = ((oldest + 1) % RING, in_ring - 1, count + 1);
            if next != NONE {
                waiting.push(next);
            }
        }
    }

    fn prefetch(&self, cell: usize) {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let address = (&raw const self.cells[cell]).cast();
            // SAFETY: a prefetch has no effect but on caches.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(address) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _unused = cell;
        }
    }
}

pub(crate) fn bench() {
    let mut ordered = Heap::new().unwrap();
    let mut ordered_roots = List(vec![list(&mut ordered, CELLS)]);
    let mut mixed = Heap::new().unwrap();
    let mut mixed_roots = scattered(&mut mixed, CELLS, LISTS);
    let plain = Plain::scattered();
    let mut figures = [const { Vec::new() }; 4];
    for _ in 0..RUNS {
        let (mark, sweep) = mark_and_sweep(&mut ordered, &mut ordered_roots);
        figures[0].push(nanoseconds(mark, CELLS));
        figures[1].push(milliseconds(sweep));
        let (mark, _) = mark_and_sweep(&mut mixed, &mut mixed_roots);
        figures[2].push(nanoseconds(mark, CELLS));
        let (count, time) = timed(|| plain.follow());
        assert_eq!(count, CELLS);
        figures[3].push(nanoseconds(time, CELLS));
    }
    let [in_order, sweep, scattered, followed] = figures.map(median);
    bar("marking 100 MiB of cells in order, a cell", in_order, "ns", 10.0);
    bar("sweeping them", sweep, "ms", 0.2);
    bar("marking them scattered over 65,536 lists, a cell", scattered, "ns", 22.0);
    report("the same lists only followed, in plain memory, a cell", followed, "ns");
    report("marking / following", scattered / followed, "x");
    for heap in [ordered, mixed] {
        // SAFETY: nothing of these heaps is used after this.
        unsafe { heap.release() };
    }
}
