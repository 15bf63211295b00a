//! A trace like that of a Lisp: nine in ten allocations are cells and small objects, nine in a hundred have 64 to 512
//! bytes, one in a hundred 1 to 64 KiB. A fifth stays for ever, the rest dies after 100,000 allocations in the mean. At
//! the end nine in ten of what is left die at random.
//!
//! Each allocator runs in a process of its own, so that what is resident is its own.

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::terms::GcCause;
use heapatlas_heap::{Balance, Heap, Value};

use crate::measure::{bar, figure, milliseconds, report, resident, run_child, timed};
use crate::peers::{Block, Peer};
use crate::program::{Dice, List, safepoint};

/// The first argument of a process that runs the trace; the second is the allocator.
pub(crate) const IN_CHILD: &str = "trace-of";

const ALLOCATIONS: usize = 20_000_000;
/// Places of what dies: a random one is replaced at each allocation.
const MORTAL: usize = 100_000;

/// What is allocated.
enum Thing {
    Cell,
    Bytes(usize),
}

impl Thing {
    fn next(dice: &mut Dice) -> Self {
        Self::Bytes(match dice.roll(100) {
            0 => {
                let least = 1024 << dice.roll(6);
                least + dice.roll(least)
            }
            1..10 => 64 + dice.roll(449),
            10..40 => 1 + dice.roll(48),
            _ => return Self::Cell,
        } as usize)
    }
}

/// The place that the next allocation takes: one of the mortal, or a new one of what stays.
fn place(dice: &mut Dice) -> Option<usize> {
    (dice.roll(5) > 0).then(|| dice.roll(MORTAL as u64) as usize)
}

fn dies(dice: &mut Dice) -> bool {
    dice.roll(10) > 0
}

/// Runs the trace on an allocator and prints what the parent reads.
pub(crate) fn in_child(of: &str) {
    match of {
        "heap" => on_heap(),
        "system" => on_peer(Peer::System),
        "mimalloc" => on_peer(Peer::Mimalloc),
        _ => println!("no allocator is called {of}"),
    }
}

/// What is resident against what was asked for and lives, to the byte, as for the peers: the heap counts payload in words.
fn ratio(heap: &mut Heap, roots: &List) -> f64 {
    heap.measure_residency();
    let asked = |root: &Value| match root.as_object() {
        Some(object) => heap.bytes(object).len(),
        None if root.is_reference() => 16,
        None => 0,
    };
    let live: usize = roots.0.iter().map(asked).sum();
    heap.counters().resident().map_or(f64::NAN, |resident| resident as f64 / live as f64)
}

fn on_heap() {
    let mut heap = Heap::new().unwrap();
    let mut dice = Dice::new();
    let mut roots = List(vec![Value::NIL; MORTAL]);
    let ((), time) = timed(|| {
        for _ in 0..ALLOCATIONS {
            let value = match Thing::next(&mut dice) {
                Thing::Cell => heap.cons(Value::T, Value::NIL).unwrap(),
                Thing::Bytes(bytes) => {
                    let object = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, bytes).unwrap();
                    heap.bytes_mut(object).fill(1);
                    Value::object(object)
                }
            };
            match place(&mut dice) {
                Some(place) => roots.0[place] = value,
                None => roots.0.push(value),
            }
            if heap.tick() {
                safepoint(&mut heap, &mut roots);
                heap.set_countdown(100);
            }
        }
    });
    println!("seconds {}", time.as_secs_f64());
    println!("left {}", ratio(&mut heap, &roots));
    // SAFETY: the only values used afterwards are in the roots.
    unsafe { heap.collect(GcCause::Asked, &mut roots) };
    println!("end {}", ratio(&mut heap, &roots));
    print_balance(&heap.counters().balance);
    for root in &mut roots.0 {
        if dies(&mut dice) {
            *root = Value::NIL;
        }
    }
    // SAFETY: as above.
    let (_, time) = timed(|| unsafe { heap.collect(GcCause::Asked, &mut roots) });
    println!("sparse {}", ratio(&mut heap, &roots));
    println!("milliseconds {}", milliseconds(time));
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
}

/// The terms beside what lives, in hundredths of it, for whoever asks what the ratio is made of.
fn print_balance(balance: &Balance) {
    let share = |bytes: u64| bytes as f64 / balance.live as f64 * 100.0;
    println!("overhead {}", share(balance.overhead));
    println!("free-runs {}", share(balance.free_runs));
    println!("free-pages {}", share(balance.free_pages));
    println!("tables {}", share(balance.tables));
    println!("reserve {}", share(balance.reserve));
    println!("absent {}", share(balance.not_resident.unwrap_or_default()));
}

fn on_peer(peer: Peer) {
    let mut dice = Dice::new();
    // What holds the blocks is resident before anything is measured.
    let room = MORTAL + ALLOCATIONS / 4;
    let mut kept: Vec<Option<Block>> = (0..room).map(|_| None).collect();
    kept.truncate(MORTAL);
    let before = resident();
    let live = |kept: &[Option<Block>]| kept.iter().flatten().map(Block::bytes).sum::<usize>() as f64;
    let ((), time) = timed(|| {
        for _ in 0..ALLOCATIONS {
            let mut block = match Thing::next(&mut dice) {
                Thing::Cell => peer.allocate(16),
                Thing::Bytes(bytes) => peer.allocate(bytes),
            };
            block.fill(1);
            match place(&mut dice) {
                Some(place) => kept[place] = Some(block),
                None => kept.push(Some(block)),
            }
        }
    });
    println!("seconds {}", time.as_secs_f64());
    println!("end {}", (resident() - before) / live(&kept));
    for place in &mut kept {
        if dies(&mut dice) {
            *place = None;
        }
    }
    println!("sparse {}", (resident() - before) / live(&kept));
}

pub(crate) fn bench() {
    let ours = run_child(IN_CHILD, "heap");
    bar("trace of 20 M: resident / live after a collection", figure(&ours, "end"), "x", 1.05);
    report("    as the program leaves it", figure(&ours, "left"), "x");
    for term in ["overhead", "free-runs", "free-pages", "tables", "reserve", "absent"] {
        report(&format!("    {term}, of what lives"), figure(&ours, term), "%");
    }
    bar("    after nine in ten have died, and one collection", figure(&ours, "sparse"), "x", 1.3);
    report("    which took", figure(&ours, "milliseconds"), "ms");
    report("    the trace before it", figure(&ours, "seconds"), "s");
    for peer in ["system", "mimalloc"] {
        let theirs = run_child(IN_CHILD, peer);
        report(&format!("the same with malloc of {peer}: resident / live at the end"), figure(&theirs, "end"), "x");
        report("    after nine in ten have died", figure(&theirs, "sparse"), "x");
        report("    the trace before it", figure(&theirs, "seconds"), "s");
    }
}
