//! What frames cost: the garbage loop with frames cut at 60 Hz and without, in many short turns; and how many instructions
//! a cell takes with frames, with events kept for frames that nobody cuts, and when they are not even kept.

use std::process::Command;
use std::time::{Duration, Instant};

use heapatlas_heap::frame::Frame;
use heapatlas_heap::{Heap, Value};

use crate::garbage::{allocate, beside};
use crate::measure::{bar, median, nanoseconds, quartiles, report, timed};
use crate::program::List;

/// The first argument of a process whose instructions are counted; the second is the name of its [`Counted`].
pub(crate) const IN_CHILD: &str = "instructions";

/// Cells between two looks at the clock.
const LOOK: usize = 20_000;
const FRAME: Duration = Duration::from_micros(16_667);
/// Cells that live beside the loop: 64 MiB.
const BESIDE: usize = (64 << 20) / 16;
/// Pairs of turns, one with frames and one without, each of one cycle.
const PAIRS: usize = 60;
/// How often instructions are counted.
const COUNTS: usize = 3;
/// Cells of a run whose instructions are counted, without anything beside, and beside 64 MiB.
const COUNTED: usize = 2_000_000;
const COUNTED_BESIDE: usize = 6_000_000;

/// A program that allocates, and somebody who looks at it or looks away.
struct Subject {
    heap: Heap,
    roots: List,
    frame: Frame,
    watched: bool,
}

impl Subject {
    fn new() -> Self {
        let mut heap = Heap::new().unwrap();
        let roots = beside(&mut heap, BESIDE);
        Self { heap, roots, frame: Frame::default(), watched: false }
    }

    /// Somebody looks from now on, or nobody. What changed until then has a frame of its own, which is not what is
    /// measured.
    fn watch(&mut self, watched: bool) {
        self.watched = watched;
        self.heap.mute_events(!watched);
        self.heap.cut_frame_into(&mut self.frame);
    }

    /// Allocates to the end of a cycle, with frames at 60 Hz if it is watched. Gives the number of cells.
    fn cycle(&mut self) -> usize {
        let (mut cells, mut last) = (0, Instant::now());
        let cycles = self.heap.gc_stats().cycles;
        while self.heap.gc_stats().cycles == cycles {
            allocate(&mut self.heap, &mut self.roots, LOOK);
            cells += LOOK;
            if last.elapsed() >= FRAME {
                last = Instant::now();
                self.cut();
            }
        }
        cells
    }

    fn cut(&mut self) {
        if self.watched {
            self.heap.cut_frame_into(&mut self.frame);
        }
    }

    /// Takes a turn, and gives what a cell took, in nanoseconds.
    fn turn(&mut self, watched: bool) -> f64 {
        self.watch(watched);
        let (cells, time) = timed(|| self.cycle());
        nanoseconds(time, cells)
    }

    fn release(self) {
        // SAFETY: nothing of this heap is used after this.
        unsafe { self.heap.release() };
    }
}

/// What a process does whose instructions are counted.
#[derive(Clone, Copy)]
enum Counted {
    /// Allocates with nothing beside, and keeps events for frames that nobody cuts; or keeps none.
    Kept,
    Muted,
    /// Makes what lives beside the loop, and does no more.
    Beside,
    /// Allocates beside it; with a frame after every so many cells, or without.
    Framed(usize),
    Unframed,
}

impl Counted {
    fn name(self) -> String {
        match self {
            Self::Kept => "kept".to_owned(),
            Self::Muted => "muted".to_owned(),
            Self::Beside => "beside".to_owned(),
            Self::Framed(every) => every.to_string(),
            Self::Unframed => "unframed".to_owned(),
        }
    }

    fn of_name(name: &str) -> Self {
        match name {
            "kept" => Self::Kept,
            "muted" => Self::Muted,
            "beside" => Self::Beside,
            "unframed" => Self::Unframed,
            every => Self::Framed(every.parse().unwrap()),
        }
    }

    fn run(self) {
        let every = match self {
            Self::Kept | Self::Muted => {
                let mut heap = Heap::new().unwrap();
                heap.mute_events(matches!(self, Self::Muted));
                allocate(&mut heap, &mut List(vec![Value::NIL; 4096]), COUNTED);
                // SAFETY: nothing of this heap is used after this.
                return unsafe { heap.release() };
            }
            Self::Beside => None,
            Self::Framed(every) => Some(every),
            Self::Unframed => Some(COUNTED_BESIDE),
        };
        let mut subject = Subject::new();
        subject.watch(matches!(self, Self::Framed(_)));
        if let Some(every) = every {
            for _ in 0..COUNTED_BESIDE / every {
                allocate(&mut subject.heap, &mut subject.roots, every);
                subject.cut();
            }
        }
        subject.release();
    }

    /// Instructions of a whole process, if what counts them is installed: the median, for they differ by some thousands.
    fn instructions(self) -> Option<f64> {
        let runs: Option<Vec<f64>> = (0..COUNTS).map(|_| self.counted_once()).collect();
        runs.map(median)
    }

    fn counted_once(self) -> Option<f64> {
        let arguments = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let ours = std::env::current_exe().unwrap();
        let child = Command::new("valgrind").args(arguments).arg(ours).args([IN_CHILD, &self.name()]).output().ok()?;
        let printed = String::from_utf8_lossy(&child.stderr).into_owned();
        let line = printed.lines().find(|line| line.contains("Collected :"))?;
        line.rsplit(' ').next()?.parse().ok()
    }
}

/// Runs the loop, for a tool that counts instructions.
pub(crate) fn in_child(of: &str) {
    Counted::of_name(of).run();
}

/// The time with frames against that without, pair by pair; gives the time of a cell without.
///
/// One heap takes all turns: of two, one is marked faster than the other, depending on the memory they got, and by more than
/// frames cost. A turn is a whole cycle, because the time of half a one says nothing; and short, so that
/// whatever else the machine does falls on both of a pair.
fn in_turns() -> f64 {
    let mut subject = Subject::new();
    subject.cycle();
    let pairs: Vec<(f64, f64)> = (0..PAIRS)
        .map(|pair| {
            // Neither always goes first.
            let first = subject.turn(pair % 2 == 0);
            let second = subject.turn(pair % 2 != 0);
            if pair % 2 == 0 { (first, second) } else { (second, first) }
        })
        .collect();
    subject.release();
    let (with, without): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let without = median(without);
    report("garbage loop beside 64 MiB, no frames, a cell", without, "ns");
    report("with frames at 60 Hz", median(with), "ns");
    let [low, middle, high] = quartiles(pairs.iter().map(|(with, without)| (with / without - 1.0) * 100.0).collect());
    bar("what frames cost, the median of pairs of turns", middle, "%", 2.0);
    report("    a quarter of them below", low, "%");
    report("    a quarter above", high, "%");
    without
}

/// Instructions with frames at 60 Hz, of which so many nanoseconds a cell are the measure, against those without.
fn counted(nanoseconds: f64) -> Option<()> {
    let every = (FRAME.as_nanos() as f64 / nanoseconds) as usize;
    let beside = Counted::Beside.instructions()?;
    let [unframed, framed] = [Counted::Unframed, Counted::Framed(every)].map(Counted::instructions);
    let (unframed, framed) = (unframed? - beside, framed? - beside);
    report("instructions a cell beside 64 MiB, no frames", unframed / COUNTED_BESIDE as f64, "");
    report("with as many frames as at 60 Hz", framed / COUNTED_BESIDE as f64, "");
    bar("what frames cost, in instructions", (framed / unframed - 1.0) * 100.0, "%", 2.0);
    let (kept, muted) = (Counted::Kept.instructions()?, Counted::Muted.instructions()?);
    report("instructions a cell, events kept and no frame cut", kept / COUNTED as f64, "");
    report("instructions a cell, no events kept either", muted / COUNTED as f64, "");
    bar("what instrumentation costs when nobody looks", (kept / muted - 1.0) * 100.0, "%", 0.1);
    Some(())
}

pub(crate) fn bench() {
    let nanoseconds = in_turns();
    if counted(nanoseconds).is_none() {
        println!("valgrind is not installed: instructions are not counted");
    }
}
