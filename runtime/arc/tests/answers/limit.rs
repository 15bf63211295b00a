//! Heaps that are exhausted: by a soft limit, or because the system refuses. The program is told, handles it with code
//! that allocates, and goes on.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use heapatlas_arc::Runtime;
use heapatlas_arc::error::ErrorKind;
use heapatlas_arc::host::{Answer, Host, NoHost};
use heapatlas_heap::os::faulty::{Faulty, Refusal};
use heapatlas_heap::{Exhausted, Heap};

use crate::support;

const MIB: usize = 1 << 20;

/// A list of 65,536 cells of 16 bytes.
const MEBIBYTE_OF_CELLS: &str = "(with (i 0 cells nil) (while (< i 65536) (= cells (cons i cells)) (++ i)) cells)";

/// A runtime under a soft limit.
fn limited(bytes: usize) -> Runtime {
    let mut runtime = support::runtime(&[], Box::new(io::sink()), Box::new(NoHost));
    runtime.heap().set_limit(Some(bytes));
    runtime
}

/// The value of the last form of a text, as `write` prints it.
#[track_caller]
fn value(runtime: &mut Runtime, text: &str) -> String {
    let value = runtime.evaluate(text, "test").unwrap_or_else(|error| panic!("{text}: {error}"));
    value.unwrap_or_default()
}

#[track_caller]
fn numbers(runtime: &mut Runtime, text: &str) -> Vec<u64> {
    let list = value(runtime, text);
    let numbers = list.trim_matches(['(', ')']).split(' ');
    numbers.map(|number| number.parse().unwrap_or_else(|_| panic!("{text}: {list}"))).collect()
}

#[track_caller]
fn verify(runtime: &mut Runtime) {
    assert_eq!(runtime.heap().verify(), []);
    // It goes on.
    assert_eq!(value(runtime, "(apply + (map [* _ _] '(1 2 3)))"), "14");
}

#[test]
fn what_nobody_keeps_is_no_reason_to_stop() {
    let mut runtime = limited(64 * MIB);
    // A mebibyte of cells, a hundred times here and twenty thousand times in the long test below.
    value(&mut runtime, &format!("(repeat 100 {MEBIBYTE_OF_CELLS})"));
    assert!(runtime.heap().clock() > 100 * MIB as u64);
    assert!(runtime.heap().counters().committed <= 64 * MIB as u64);
    verify(&mut runtime);
}

#[test]
fn a_tail_call_that_found_no_room_is_made_again_with_its_own_arguments() {
    // The rest of the arguments is a mebibyte of cells, most of which no safepoint precedes.
    let program = "
        (def f (a . more) (and (is a 1) (is (car more) 2) (len more)))
        (= numbers (range 1 60000))
        (keep [isnt _ 59999] (n-of 40 (apply f numbers)))";
    for limit in (8..=24).step_by(3).map(|halves| halves * MIB / 2) {
        let mut runtime = limited(limit);
        assert_eq!(value(&mut runtime, program), "nil", "{limit} bytes");
        verify(&mut runtime);
    }
}

#[test]
#[ignore = "twenty gibibytes of cells"]
fn twenty_gibibytes_that_nobody_keeps_fit_into_64_mebibytes() {
    let mut runtime = limited(64 * MIB);
    value(&mut runtime, &format!("(repeat 20000 {MEBIBYTE_OF_CELLS})"));
    assert!(runtime.heap().clock() > 20_000 * MIB as u64);
    verify(&mut runtime);
}

#[test]
fn what_is_kept_is_told_and_the_program_goes_on() {
    let mut runtime = limited(64 * MIB);
    let program = format!(
        "(let kept nil
           (on-err (fn (c)
                     (let cells (n-of 1000 (list 1))
                       (wipe kept)
                       (list 'handled (len cells))))
                   (fn () (repeat 20000 (push {MEBIBYTE_OF_CELLS} kept)))))"
    );
    assert_eq!(value(&mut runtime, &program), "(handled 1000)");
    // What was kept is free again.
    assert_eq!(value(&mut runtime, "(len (n-of 1000000 nil))"), "1000000");
    verify(&mut runtime);
}

/// What a program keeps until there is no more room: its name, the code that makes one, and the bytes of one at most.
const KEPT: [(&str, &str, u64); 6] = [
    ("conses", "(cons 1 2)", 16),
    ("strings", "(newstring 100)", 112),
    ("tables", "(let one (table) (= one.1 2 one.3 4) one)", 112),
    ("strings of 1 MB", "(newstring 1000000)", 1_000_016),
    ("strings of 1 MiB", "(newstring 1048576)", MIB as u64 + 16),
    // Entries and index have a mebibyte each; to grow to that the halves and some chunks are needed too.
    ("tables of 2 MiB", "(let one (table) (for n 1 40000 (= one.n n)) one)", 4 * MIB as u64),
];

/// Keeps as much as there is room for, again and again. Says what share of the limit was in use when there was no more,
/// in per mille.
#[track_caller]
#[allow(clippy::print_stdout, reason = "the numbers are for whoever asks for them with --nocapture")]
fn fill(limit: usize, name: &str, make: &str, bytes: u64) -> u64 {
    let mut runtime = limited(limit);
    let program = format!(
        "(let kept nil
           (on-err (fn (c)
                     (let h (heap-stats)
                       (list h!allocated h!live (len (n-of 1000 (list 1))) (len kept))))
                   (fn () (while t (push {make} kept)))))"
    );
    let told = numbers(&mut runtime, &program);
    let [used, live, 1000, count] = told[..] else { panic!("{name}: {told:?}") };
    let share = used * 1000 / limit as u64;
    println!(
        "{:>5} MiB {name:<18} in use {share} ‰, payload {} ‰, {count} kept",
        limit / MIB,
        live * 1000 / limit as u64
    );
    // What is left has not room for one more beside the reserve and the tables.
    let reserve = (limit as u64 / 100 * 3).clamp(64 << 10, 4 << 20);
    let tables = limit as u64 * 7 / 256;
    let full = used + bytes + reserve + tables > limit as u64;
    // Tables grow by halves, and the chunks of the smaller halves are not for the larger ones.
    let least = if name == "tables of 2 MiB" { 700 } else { 900 };
    assert!(share >= least || full, "{name} under {limit}: only {share} per mille are in use");
    assert!(runtime.heap().counters().committed <= limit as u64);
    verify(&mut runtime);
    share
}

#[test]
fn a_heap_is_full_before_it_is_exhausted() {
    for limit in [16 * MIB, 64 * MIB] {
        for (name, make, bytes) in KEPT {
            fill(limit, name, make, bytes);
        }
    }
}

#[test]
#[ignore = "minutes"]
fn a_large_heap_is_full_before_it_is_exhausted() {
    for limit in [256 * MIB, 1024 * MIB] {
        for (name, make, bytes) in KEPT {
            fill(limit, name, make, bytes);
        }
    }
}

#[test]
fn a_handler_that_has_no_room_either_ends_the_form() {
    let mut runtime = limited(16 * MIB);
    value(&mut runtime, "(= kept nil)");
    let program = "(on-err (fn (c) (while t (push 1 kept))) (fn () (while t (push 1 kept))))";
    let error = runtime.evaluate(program, "test").expect_err("there is no room");
    assert_eq!(error.kind, ErrorKind::Exhausted, "{error}");
    assert!(error.message.contains("heap exhausted") && error.message.contains("16777216"), "{error}");
    // With what the prompt can do without allocating much there is room again.
    assert_eq!(value(&mut runtime, "(= kept nil)"), "nil");
    assert_eq!(value(&mut runtime, "(len (n-of 100000 1))"), "100000");
    verify(&mut runtime);
}

#[test]
fn a_handler_in_a_handler_is_told_too_when_there_is_room_for_it() {
    let mut runtime = limited(16 * MIB);
    // The first handler asks for more than the reserve, but in one piece: the reserve is still there.
    let program = "(let kept nil
                     (on-err (fn (c) (wipe kept) 'outer)
                             (fn () (on-err (fn (c) (newstring 8000000))
                                            (fn () (while t (push 1 kept)))))))";
    assert_eq!(value(&mut runtime, program), "outer");
    verify(&mut runtime);
}

#[test]
fn exhaustion_is_handled_as_often_as_it_happens() {
    for (name, make, _) in KEPT {
        let mut runtime = limited(16 * MIB);
        // Each time a hundredth of what is kept goes: less than the reserve.
        let program = format!(
            "(let kept nil
               (accum note
                 (repeat 5
                   (on-err (fn (c) (= kept (nthcdr (+ 1 (trunc (/ (len kept) 100))) kept)) (note 1))
                           (fn () (while t (push {make} kept)))))))"
        );
        assert_eq!(numbers(&mut runtime, &program), [1; 5], "{name}");
        verify(&mut runtime);
    }
}

#[test]
fn a_handler_that_is_left_early_is_as_good_as_one_that_ends() {
    // By a continuation, by another error, and by a continuation past a cleanup. Each time a hundredth of what is kept
    // goes, which is less than the reserve.
    let less = "(= kept (nthcdr (+ 1 (trunc (/ (len kept) 100))) kept))";
    let full = "(while t (push (cons 1 2) kept))";
    let ways = [
        format!("(ccc (fn (k) (on-err (fn (c) {less} (k nil)) (fn () {full}))))"),
        format!("(on-err (fn (c) nil) (fn () (on-err (fn (c) {less} (err \"left\")) (fn () {full}))))"),
        format!("(ccc (fn (k) (on-err (fn (c) (protect (fn () {less} (k nil)) (fn () (list 1 2)))) (fn () {full}))))"),
    ];
    for way in ways {
        let mut runtime = limited(16 * MIB);
        let program = format!("(let kept nil (accum note (repeat 5 {way} (note (if (len> kept 1000) 1 0)))))");
        assert_eq!(numbers(&mut runtime, &program), [1; 5], "{way}");
        verify(&mut runtime);
    }
}

#[test]
fn a_form_that_ends_in_a_handler_leaves_the_next_a_reserve() {
    let mut runtime = limited(16 * MIB);
    value(&mut runtime, "(= kept nil)");
    for _ in 0..5 {
        let program = "(on-err (fn (c) (= kept (nthcdr (+ 1 (trunc (/ (len kept) 100))) kept)) (err \"left\"))
                               (fn () (while t (push (cons 1 2) kept))))";
        let error = runtime.evaluate(program, "test").expect_err("the handler's error");
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Program, "left"));
    }
    value(&mut runtime, "(wipe kept)");
    verify(&mut runtime);
}

/// A host that gives these answers, one after the other, and remembers what it was asked.
#[derive(Debug)]
struct Answering {
    answers: VecDeque<Answer>,
    asked: Arc<Mutex<Vec<Exhausted>>>,
    /// Set when there is no answer left: somebody stops the program instead.
    interrupt: Arc<Mutex<Arc<AtomicBool>>>,
}

impl Host for Answering {
    fn exhausted(&mut self, _heap: &mut Heap, exhausted: &Exhausted) -> Answer {
        self.asked.lock().expect("the questions").push(*exhausted);
        self.answers.pop_front().unwrap_or_else(|| {
            self.interrupt.lock().expect("the flag").store(true, Ordering::Relaxed);
            Answer::Collect
        })
    }
}

/// A runtime under a soft limit of 16 MiB whose host gives these answers, and what it was asked.
fn answered(answers: &[Answer]) -> (Runtime, Arc<Mutex<Vec<Exhausted>>>) {
    let asked = Arc::<Mutex<Vec<Exhausted>>>::default();
    let interrupt = Arc::<Mutex<Arc<AtomicBool>>>::default();
    let host = Answering {
        answers: answers.iter().copied().collect(),
        asked: Arc::clone(&asked),
        interrupt: Arc::clone(&interrupt),
    };
    let mut runtime = support::runtime(&[], Box::new(io::sink()), Box::new(host));
    *interrupt.lock().expect("the flag") = runtime.interrupt();
    runtime.heap().set_limit(Some(16 * MIB));
    (runtime, asked)
}

#[test]
fn the_limit_is_raised_and_the_program_goes_on_as_if_nothing_had_been() {
    for (name, make, bytes) in [KEPT[0], KEPT[3], KEPT[5]] {
        let (mut runtime, asked) = answered(&[Answer::Limit(Some(32 * MIB)), Answer::Limit(None)]);
        // More than the limits hold. A handler would give another value.
        let count = 96 * MIB as u64 / bytes;
        let program =
            format!("(let kept nil (on-err (fn (c) 0) (fn () (repeat {count} (push {make} kept)) (len kept))))");
        assert_eq!(value(&mut runtime, &program), count.to_string(), "{name}");
        assert_eq!(runtime.heap().limit(), None, "{name}");
        let asked = asked.lock().expect("the questions").clone();
        let limits: Vec<_> = asked.iter().map(|question| question.limit).collect();
        assert_eq!(limits, [Some(16 * MIB), Some(32 * MIB)], "{name}");
        assert!(
            asked.iter().all(|question| !question.by_system && question.request > 0 && question.live > 0),
            "{name}"
        );
        verify(&mut runtime);
    }
}

#[test]
fn an_answer_that_makes_no_room_is_asked_for_again() {
    let limit = Answer::Limit(Some(16 * MIB + 1));
    let (mut runtime, asked) = answered(&[Answer::Collect, limit, Answer::Signal, Answer::Collect, Answer::Signal]);
    // The handler is told after the third answer; and there is a second question when it has not made room.
    let program = "(let kept nil
                     (repeat 2 (on-err (fn (c) nil) (fn () (while t (push (newstring 100) kept)))))
                     (len> kept 1000))";
    assert_eq!(value(&mut runtime, program), "t");
    assert_eq!(runtime.heap().limit(), Some(16 * MIB + 1));
    assert_eq!(asked.lock().expect("the questions").len(), 5);
    verify(&mut runtime);
}

#[test]
fn a_handler_that_has_no_room_either_is_asked_about_too() {
    let (mut runtime, asked) = answered(&[Answer::Signal, Answer::Limit(None)]);
    let program = "(let kept nil
                     (on-err (fn (c) (repeat 1000000 (push 1 kept)) (len> kept 1000000))
                             (fn () (while t (push 1 kept)))))";
    assert_eq!(value(&mut runtime, program), "t");
    assert_eq!(asked.lock().expect("the questions").len(), 2);
    verify(&mut runtime);
}

#[test]
fn what_can_never_be_had_is_not_asked_about() {
    let (mut runtime, asked) = answered(&[]);
    let told = value(&mut runtime, "(on-err details (fn () (newstring 1000000000000000)))");
    assert!(told.contains("more than any object can have"), "{told}");
    assert!(asked.lock().expect("the questions").is_empty());
    verify(&mut runtime);
}

#[test]
fn the_question_can_be_left_by_stopping_the_program() {
    let (mut runtime, asked) = answered(&[Answer::Collect]);
    let program = "(let kept nil (while t (on-err (fn (c) nil) (fn () (while t (push 1 kept))))))";
    let error = runtime.evaluate(program, "test").expect_err("somebody stopped it");
    assert_eq!(error.kind, ErrorKind::Interrupted, "{error}");
    assert_eq!(asked.lock().expect("the questions").len(), 2);
    verify(&mut runtime);
}

#[test]
fn a_form_that_finds_no_room_to_be_read_is_asked_about() {
    let (mut runtime, asked) = answered(&[Answer::Signal, Answer::Limit(None)]);
    value(&mut runtime, "(= kept nil)");
    let error = runtime.evaluate("(while t (push 1 kept))", "test").expect_err("there is no room");
    assert_eq!(error.kind, ErrorKind::Exhausted, "{error}");
    let long = format!("(len '({}))", "1 ".repeat(MIB));
    assert_eq!(value(&mut runtime, &long), MIB.to_string());
    assert_eq!(asked.lock().expect("the questions").len(), 2);
    verify(&mut runtime);
}

/// Runs a program that asks the system for some two hundred mappings, some of which it refuses. Says whether that came
/// to a value.
#[track_caller]
fn run_refused(refusal: Refusal) -> bool {
    let program = "(let kept nil
                     (on-err (fn (c) (wipe kept) (len (n-of 1000 (list 1))))
                             (fn () (repeat 200 (push (newstring 1100000) kept)
                                                (push (n-of 100 (list 1)) kept)
                                                (= kept (firstn 60 kept)))
                                    'done)))";
    let Ok(heap) = Heap::on(Box::new(Faulty::new(heapatlas_heap::os::system(), refusal))) else { return false };
    let runtime = support::runtime_on(heap, &[], Box::new(io::sink()), Box::new(NoHost));
    let Ok(mut runtime) = runtime else { return false };
    let value = match runtime.evaluate(program, "test") {
        Ok(value) => {
            let value = value.unwrap_or_default();
            assert!(value == "done" || value == "1000", "{refusal:?}: {value}");
            true
        }
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Exhausted, "{refusal:?}: {error}");
            false
        }
    };
    assert_eq!(runtime.heap().verify(), [], "{refusal:?}");
    runtime.release();
    value
}

#[test]
fn a_system_that_refuses_is_an_error_like_any_other() {
    let mut values = 0;
    // The long test below takes every n.
    for n in (1..=6).chain((8..=200).step_by(48)) {
        for refusal in [Refusal::Only(n), Refusal::From(n), Refusal::Every(n)] {
            values += usize::from(run_refused(refusal));
        }
    }
    assert!(values > 20, "only {values} values");
}

#[test]
#[ignore = "six hundred runtimes"]
fn a_system_that_refuses_any_of_two_hundred_requests_is_an_error_like_any_other() {
    let mut values = 0;
    for n in 1..=200 {
        for refusal in [Refusal::Only(n), Refusal::From(n), Refusal::Every(n)] {
            values += usize::from(run_refused(refusal));
        }
    }
    assert!(values > 500, "only {values} values");
}
