//! Marking 100 MiB of cells, in order and scattered, and sweeping them: in small pages, as by default, and in large ones.
//!
//! How fast scattered lists can be marked is the machine's affair as much as ours: beside them the same lists are
//! followed in plain memory, through a ring as long as ours, with nothing marked. That is the least it can cost.

use heapatlas_heap::os::system;
use heapatlas_heap::terms::GRANULE;
use heapatlas_heap::{Heap, Policy};

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

/// Two heaps of one policy, the same cells in each: one list in order, and lists that are scattered.
struct Subject {
    ordered: (Heap, List),
    mixed: (Heap, List),
    /// Nanoseconds a cell in order and scattered; milliseconds of a sweep, in order and scattered.
    figures: [Vec<f64>; 4],
}

impl Subject {
    fn new(policy: Policy) -> Self {
        let mut ordered = Heap::with(policy, system()).unwrap();
        let roots = List(vec![list(&mut ordered, CELLS)]);
        let mut mixed = Heap::with(policy, system()).unwrap();
        let mixed_roots = scattered(&mut mixed, CELLS, LISTS);
        Self { ordered: (ordered, roots), mixed: (mixed, mixed_roots), figures: [const { Vec::new() }; 4] }
    }

    fn measure(&mut self) {
        let Self { ordered, mixed, figures } = self;
        let of_ordered = mark_and_sweep(&mut ordered.0, &mut ordered.1);
        let of_mixed = mark_and_sweep(&mut mixed.0, &mut mixed.1);
        for (n, (mark, sweep)) in [of_ordered, of_mixed].into_iter().enumerate() {
            figures[n].push(nanoseconds(mark, CELLS));
            figures[n + 2].push(milliseconds(sweep));
        }
    }

    /// Prints what was measured, and gives the nanoseconds of a scattered cell.
    fn tell(self, pages: &str) -> f64 {
        let [in_order, scattered, sweep, sweep_scattered] = self.figures.map(median);
        bar(&format!("marking 100 MiB of cells in order, {pages}, a cell"), in_order, "ns", 10.0);
        bar(&format!("marking them scattered over 65,536 lists, {pages}, a cell"), scattered, "ns", 22.0);
        bar(&format!("sweeping them in order, {pages}"), sweep, "ms", 0.2);
        bar(&format!("sweeping them scattered, {pages}"), sweep_scattered, "ms", 0.2);
        let large = self.mixed.0.in_large_pages().map_or(f64::NAN, |bytes| bytes as f64 / f64::from(1 << 20));
        report(&format!("what of the scattered lies in large pages, {pages} wanted"), large, "MiB");
        for heap in [self.ordered.0, self.mixed.0] {
            // SAFETY: nothing of these heaps is used after this.
            unsafe { heap.release() };
        }
        scattered
    }
}

pub(crate) fn bench() {
    let usual = Policy::default();
    let mut small = Subject::new(usual);
    let mut large = Subject::new(Policy { large_pages: true, ..usual });
    let plain = Plain::scattered();
    let mut followed = Vec::new();
    for _ in 0..RUNS {
        small.measure();
        large.measure();
        let (count, time) = timed(|| plain.follow());
        assert_eq!(count, CELLS);
        followed.push(nanoseconds(time, CELLS));
    }
    let scattered = small.tell("small pages");
    let in_large = large.tell("large pages");
    let followed = median(followed);
    report("the same lists only followed, in plain memory, a cell", followed, "ns");
    report("marking / following", scattered / followed, "x");
    report("marking in large pages / in small pages", in_large / scattered, "x");
}
