//! What frames cost: the garbage loop with frames cut at 60 Hz and without, in turns; and how many instructions a cell
//! takes when events are kept for frames that nobody cuts, and when they are not even kept.

use std::process::Command;
use std::time::{Duration, Instant};

use heapatlas_heap::frame::Frame;
use heapatlas_heap::{Heap, Value};

use crate::garbage::{allocate, beside};
use crate::measure::{RUNS, bar, median, nanoseconds, report, timed};
use crate::program::List;

/// The first argument of a process whose instructions are counted; the second says whether events are kept.
pub(crate) const IN_CHILD: &str = "instructions";

const CELLS: usize = 40_000_000;
/// Cells between two looks at the clock.
const LOOK: usize = 20_000;
const FRAME: Duration = Duration::from_micros(16_667);
/// Cells that live beside the loop: 64 MiB.
const BESIDE: usize = (64 << 20) / 16;
/// Cells of a run whose instructions are counted.
const COUNTED: usize = 2_000_000;

fn run(framed: bool) -> f64 {
    let mut heap = Heap::new().unwrap();
    heap.mute_events(!framed);
    let mut roots = beside(&mut heap, BESIDE);
    // The first frame has everything; it is cut when somebody begins to look.
    let mut frame = heap.cut_frame(true);
    frame.key = false;
    let ((), time) = timed(|| in_turns(&mut heap, &mut roots, framed.then_some(&mut frame)));
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
    nanoseconds(time, CELLS)
}

/// The loop, cut in pieces between which a frame may be due.
fn in_turns(heap: &mut Heap, roots: &mut List, mut frame: Option<&mut Frame>) {
    let mut last = Instant::now();
    for _ in 0..CELLS / LOOK {
        allocate(heap, roots, LOOK);
        let now = Instant::now();
        if now - last >= FRAME {
            last = now;
            if let Some(frame) = &mut frame {
                heap.cut_frame_into(frame);
            }
        }
    }
}

/// Runs the loop, for a tool that counts instructions.
pub(crate) fn in_child(of: &str) {
    let mut heap = Heap::new().unwrap();
    heap.mute_events(of == "muted");
    allocate(&mut heap, &mut List(vec![Value::NIL; 4096]), COUNTED);
    // SAFETY: nothing of this heap is used after this.
    unsafe { heap.release() };
}

/// Instructions of a whole process under callgrind, if that is installed.
fn instructions(of: &str) -> Option<f64> {
    let arguments = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let ours = std::env::current_exe().unwrap();
    let child = Command::new("valgrind").args(arguments).arg(ours).args([IN_CHILD, of]).output().ok()?;
    let printed = String::from_utf8_lossy(&child.stderr).into_owned();
    let line = printed.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

pub(crate) fn bench() {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        with.push(run(true));
        without.push(run(false));
    }
    let (with, without) = (median(with), median(without));
    report("garbage loop beside 64 MiB, no frames, a cell", without, "ns");
    report("with frames at 60 Hz", with, "ns");
    bar("what frames cost", (with / without - 1.0) * 100.0, "%", 2.0);
    match (instructions("kept"), instructions("muted")) {
        (Some(kept), Some(muted)) => {
            report("instructions a cell, events kept and no frame cut", kept / COUNTED as f64, "");
            report("instructions a cell, no events kept either", muted / COUNTED as f64, "");
            bar("what instrumentation costs when nobody looks", (kept / muted - 1.0) * 100.0, "%", 0.1);
        }
        _ => println!("valgrind is not installed: instructions are not counted"),
    }
}
