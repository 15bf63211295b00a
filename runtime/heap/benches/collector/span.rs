//! A hole of 100 TB in the span; and a full collection against what lives and against the span.

use heapatlas_heap::os::{Mapping, Os, OsError, system};
use heapatlas_heap::terms::{Address, CHUNK, GRANULE, POOL, Span};
use heapatlas_heap::{Heap, PageEntry, Value};

use crate::garbage::{allocate, beside};
use crate::measure::{RUNS, bar, figure, median, milliseconds, nanoseconds, report, resident, run_child, timed};
use crate::program::{Dice, List, mark_and_sweep};

/// The first argument of a process with a hole, or without; the second says which.
pub(crate) const IN_CHILD: &str = "span-of";

/// Bytes of the span before the hole, and how far away what comes after it lies.
const NEAR: usize = 3 << 20;
const FAR: usize = 100_000_000_000_000 / CHUNK * CHUNK;
/// Cells that live beside the loop: 64 MiB, most of them behind the hole.
const BESIDE: usize = (64 << 20) / GRANULE;
const CELLS: usize = 10_000_000;

/// The system, as it is when what lies above the first extents belongs to somebody else for 100 TB.
#[derive(Debug)]
struct Crowded {
    inner: Box<dyn Os>,
    home: Option<Address>,
}

impl Crowded {
    /// The lowest address from this one on that belongs to nobody else.
    fn beyond(&self, from: Address) -> Address {
        let home = self.home.unwrap_or(from);
        if from >= home + NEAR { from.max(home + FAR) } else { from }
    }
}

impl Os for Crowded {
    fn map(&mut self, hint: Address, bytes: usize) -> Result<Mapping, OsError> {
        self.home.get_or_insert(hint);
        let hint = self.beyond(hint);
        self.inner.map(hint, bytes)
    }

    fn map_at(&mut self, address: Address, bytes: usize) -> Result<Option<Mapping>, OsError> {
        self.inner.map_at(address, bytes)
    }

    fn gap(&self, from: Address, bytes: usize) -> Option<Address> {
        self.inner.gap(self.beyond(from), bytes)
    }

    fn each_writable(&self, visit: &mut dyn FnMut(Span)) -> bool {
        self.inner.each_writable(visit)
    }

    fn unmap(&mut self, mapping: Mapping) {
        self.inner.unmap(mapping);
    }

    fn give_back(&mut self, mapping: &Mapping, start: Address, bytes: usize) -> Result<(), OsError> {
        self.inner.give_back(mapping, start, bytes)
    }

    fn residency(&mut self, start: Address, resident: &mut [bool]) -> bool {
        self.inner.residency(start, resident)
    }
}

/// Runs a program on a heap with a hole, or without, and prints what the parent reads.
pub(crate) fn in_child(of: &str) {
    let inner = system();
    let os = if of == "hole" { Box::new(Crowded { inner, home: None }) } else { inner };
    let mut heap = Heap::on(os).unwrap();
    let (mut roots, time) = timed(|| {
        let mut roots = beside(&mut heap, BESIDE);
        allocate(&mut heap, &mut roots, CELLS);
        roots
    });
    println!("nanoseconds {}", nanoseconds(time, BESIDE + CELLS));
    let (mark, sweep) = mark_and_sweep(&mut heap, &mut roots);
    println!("collection {}", milliseconds(mark + sweep));
    let counters = heap.counters();
    println!("span {}", counters.span as f64 / 1e12);
    println!("resident {}", resident() / 1e6);
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
}

fn hole() {
    let names = ["nanoseconds", "collection", "resident", "span"];
    let mut with = names.map(|_| Vec::new());
    let mut without = names.map(|_| Vec::new());
    for _ in 0..RUNS {
        for (of, figures) in [("hole", &mut with), ("whole", &mut without)] {
            let printed = run_child(IN_CHILD, of);
            names.iter().zip(figures).for_each(|(name, figures)| figures.push(figure(&printed, name)));
        }
    }
    let [time, collection, resident, span] = with.map(median);
    let [plain_time, plain_collection, plain_resident, _] = without.map(median);
    report("span with a hole", span, "TB");
    bar("    a cell, collection included / without the hole", time / plain_time, "x", 1.02);
    bar("    a full collection / without the hole", collection / plain_collection, "x", 1.02);
    bar("    resident, more than without the hole", resident - plain_resident, "MB", 1.0);
}

/// How what lives lies among what does not.
#[derive(Clone, Copy)]
enum Spread {
    /// Cell by cell: wherever one looks, some live.
    Evenly,
    /// Pool by pool: all cells that were allocated together live, or none.
    Together,
}

impl Spread {
    /// Cells of which either all live or none.
    fn cells(self) -> usize {
        match self {
            Self::Evenly => 1,
            Self::Together => POOL / GRANULE,
        }
    }
}

/// Fills a heap of `span` bytes with cells of which `live` bytes live, and the rest is dead.
fn partly_live(span: usize, live: usize, spread: Spread) -> (Heap, List) {
    let mut heap = Heap::new().unwrap();
    let mut roots = List(vec![Value::NIL; 1024]);
    // The dead hang on a root that is cut off at the end, so that they take up the span until then.
    let mut doomed = List(vec![Value::NIL; 1024]);
    let mut dice = Dice::new();
    let mut lives = false;
    for n in 0..span / GRANULE {
        if n.is_multiple_of(spread.cells()) {
            lives = dice.roll(span as u64) < live as u64;
        }
        let list = if lives { &mut roots.0[n % 1024] } else { &mut doomed.0[n % 1024] };
        *list = heap.cons(Value::small(n as u32), *list).unwrap();
    }
    (heap, roots)
}

/// The times of the mark and the sweep of a full collection of a heap in which only some lives, in milliseconds: the
/// medians.
fn collection(span: usize, live: usize, spread: Spread) -> [f64; 2] {
    let (mut heap, mut roots) = partly_live(span, live, spread);
    // The first frees what is dead.
    mark_and_sweep(&mut heap, &mut roots);
    let mut figures = [const { Vec::new() }; 2];
    for _ in 0..RUNS {
        let (mark, sweep) = mark_and_sweep(&mut heap, &mut roots);
        figures[0].push(milliseconds(mark));
        figures[1].push(milliseconds(sweep));
    }
    let figures = figures.map(median);
    if span == 4 << 30 && spread.cells() == 1 {
        let entries = (counted_pages(&mut heap) * size_of::<PageEntry>()) as f64;
        let tables = heap.counters().balance.tables as f64;
        let committed = heap.counters().committed as f64;
        bar("4 GiB, a fifth alive: page entries, of what is committed", entries / committed * 100.0, "%", 1.0);
        report("    tables with bitmaps, of what is committed", tables / committed * 100.0, "%");
    }
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
    figures
}

fn counted_pages(heap: &mut Heap) -> usize {
    heap.counters().pages.iter().sum::<u64>() as usize
}

/// The slope of the line through points, by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), point| {
        (above + (point.0 - x) * (point.1 - y), below + (point.0 - x) * (point.0 - x))
    });
    above / below
}

/// Measures some spans, in GiB, with so much alive in each, and prints what a collection took. Gives the slope of the mark
/// and that of the sweep: milliseconds a GiB of the first number, or of the second if that is what grows.
fn slopes(sizes: [(f64, f64); 3], spread: Spread) -> [f64; 2] {
    let bytes = |gib: f64| (gib * (1_u64 << 30) as f64) as usize;
    let mut points = [const { Vec::new() }; 2];
    for (span, live) in sizes {
        let [mark, sweep] = collection(bytes(span), bytes(live), spread);
        report(&format!("{live} GiB alive in {span} GiB: mark"), mark, "ms");
        report("    sweep", sweep, "ms");
        let grows = if sizes[0].0 == sizes[1].0 { live } else { span };
        points[0].push((grows, mark));
        points[1].push((grows, sweep));
    }
    points.map(|points| slope(&points))
}

fn against_span_and_live() {
    println!("what lives is spread evenly");
    let by_live: f64 = slopes([(1.0, 0.1), (1.0, 0.2), (1.0, 0.4)], Spread::Evenly).iter().sum();
    let [mark, sweep] = slopes([(1.0, 0.8), (2.0, 0.8), (4.0, 0.8)], Spread::Evenly);
    println!("what lives lies together in pools");
    let together: f64 = slopes([(1.0, 0.8), (2.0, 0.8), (4.0, 0.8)], Spread::Together).iter().sum();
    report("slope against what lives, a GiB", by_live, "ms");
    report("slope of the sweep against the span", sweep, "ms");
    report("slope of the mark against the span, spread evenly", mark, "ms");
    report("slope of both against the span, together in pools", together, "ms");
    bar("slope against the span / against what lives, together", together / by_live, "x", 0.1);
    bar("    spread evenly: fewer of it in a line of the cache", (mark + sweep) / by_live, "x", 0.1);
}

pub(crate) fn bench() {
    hole();
    against_span_and_live();
}
