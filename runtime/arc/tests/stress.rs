//! The machine on a heap that is collected, moved about and verified at every safepoint.
//!
//! Of the corpus every [`EVERY`]th record is evaluated so, and every program; a few records make so many calls, each of
//! which is a collection here, that they are left out. All of them, which takes nine minutes on two cores:
//!
//! ```text
//! HEAPATLAS_STRESS=all cargo test --release -p heapatlas-arc --test stress
//! ```

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/programs.rs"]
mod programs;
mod support;

use std::io;
use std::path::Path;
use std::sync::LazyLock;

use corpus::{Record, files, folder, records};
use heapatlas_arc::Runtime;
use heapatlas_arc::host::NoHost;
use heapatlas_heap::os::system;
use heapatlas_heap::{Heap, Placement, Policy};
use programs::{Printed, judge_program, programs};
use support::{runtime, runtime_on};

/// Which records are evaluated, unless all are.
const EVERY: usize = 5;

/// The tags of records that make up to a hundred thousand calls.
const LONG: [&str; 2] = ["deep", "tail-call"];

/// Whether everything is evaluated.
static ALL: LazyLock<bool> = LazyLock::new(|| std::env::var_os("HEAPATLAS_STRESS").is_some_and(|value| value == "all"));

/// Where records write files: the current directory of all tests here.
static SCRATCH: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let scratch = tempfile::tempdir().expect("a directory for scratch files");
    std::env::set_current_dir(&scratch).expect("the scratch directory");
    scratch
});

fn stress(runtime: &mut Runtime) {
    runtime.set_verify(true);
    runtime.heap().set_stress(true);
}

/// A runtime with the base library under stress.
fn stressed() -> Runtime {
    let mut runtime = runtime(&[], Box::new(io::sink()), Box::new(NoHost));
    stress(&mut runtime);
    runtime
}

/// Evaluates the chosen records whose number leaves a remainder by a divisor, so that several tests share the work, on heaps
/// of a placement.
fn check_records(placement: Placement, divisor: usize, remainder: usize) {
    assert!(SCRATCH.path().is_dir());
    let all = files(&folder(), "txt").into_iter().flat_map(|file| records(&file));
    let fit = |record: &Record| *ALL || record.tags.iter().all(|tag| !LONG.contains(&tag.as_str()));
    let chosen: Vec<Record> = all.filter(fit).step_by(if *ALL { 1 } else { EVERY }).collect();
    let mine = chosen.iter().enumerate().filter(|(number, _)| number % divisor == remainder);
    let wrong: Vec<_> = mine
        .filter_map(|(_, record)| {
            let heap = Heap::with(Policy::of(placement), system()).expect("a heap");
            let mut runtime =
                runtime_on(heap, &record.tags, Box::new(io::sink()), Box::new(NoHost)).expect("a runtime");
            stress(&mut runtime);
            record.judge(runtime).err().map(|wrong| format!("{}: {wrong}", record.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check_program(path: &Path) -> Result<(), String> {
    let printed = Printed::default();
    let mut runtime = runtime(&[], Box::new(printed.clone()), Box::new(NoHost));
    stress(&mut runtime);
    judge_program(path, runtime, &printed)
}

#[test]
fn programs_hold_under_stress() {
    for program in programs() {
        check_program(&program).unwrap_or_else(|wrong| panic!("{}: {wrong}", program.display()));
    }
}

#[test]
fn even_records_hold_under_stress() {
    check_records(Placement::Pool, 2, 0);
}

#[test]
fn odd_records_hold_under_stress() {
    check_records(Placement::Pool, 2, 1);
}

#[test]
fn some_records_hold_under_stress_in_one_kind_of_pool() {
    check_records(Placement::Single, 5, 1);
}

#[test]
fn some_records_hold_under_stress_in_blocks_of_the_system() {
    check_records(Placement::Malloc, 5, 2);
}

#[test]
fn objects_move_while_a_program_works_with_them() {
    let mut runtime = stressed();
    let before = runtime.heap().moves();
    let program = "
        (= seen (table))
        (def note (n) (= (seen (string n)) (list n (* n n))) n)
        (each n (range 1 60) (note n) (if (is 0 (mod n 3)) (wipe (seen (string (- n 1))))))
        (list (len (keys seen)) (apply + (map cadr (vals seen))) (map [seen (string _)] '(57 59 60)))";
    let found = runtime.evaluate(program, "test").unwrap();
    let kept = (1..=60_u32).filter(|n| n % 3 != 2);
    let squares: u32 = kept.clone().map(|n| n * n).sum();
    assert_eq!(found.unwrap(), format!("({} {squares} ((57 3249) nil (60 3600)))", kept.count()));
    assert!(runtime.heap().moves() > before, "nothing moved");
    runtime.release();
}

/// A frame may reach further than those above it. Its registers there must be good when they return, though a
/// collection in between had no reason to look at them.
#[test]
fn a_frame_keeps_its_registers_when_a_smaller_one_above_it_is_collected() {
    let mut runtime = stressed();
    let program = "
        (def small (x) x)
        (def wide (a b c d e f) (list a b c d e f))
        (def test (n) (wide (small n) n (+ n 1) (small (+ n 2)) (+ n 3) (small (+ n 4))))
        (list (test 1) (sort (compare < cadr) '((a 3) (b 1) (c 2))))";
    assert_eq!(runtime.evaluate(program, "test").unwrap().unwrap(), "((1 1 2 3 4 5) ((b 1) (c 2) (a 3)))");
    runtime.release();
}

/// The same when the frames lay in a segment in between.
#[test]
fn frames_that_come_back_from_a_segment_have_all_their_registers() {
    let mut runtime = runtime(&[], Box::new(io::sink()), Box::new(NoHost));
    runtime.set_verify(true);
    let program = "
        (def deep (n) (if (is n 0) 0 (+ 1 (deep (- n 1)))))
        (def wide (a b c d e f) (list a b c d e f))
        (def climb (n) (if (is n 0) (list 0) (wide (car (climb (- n 1))) n n n n (deep 3))))
        (list (deep 50000) (climb 3000))";
    let expected = "(50000 (0 3000 3000 3000 3000 3))";
    assert_eq!(runtime.evaluate(program, "test").unwrap().unwrap(), expected);
    runtime.release();
}
