//! Systems that refuse memory: limits of the process that end before the program does.
//!
//! What a limit leaves differs from machine to machine, so each is taken in several sizes; whichever the size, the
//! program gets an error that it can handle, and goes on.

use std::process::Command;

use super::program::{Ran, command, finish};

/// Keeps what `step` makes until there is no room, forgets it, and says how it ended.
const HOLD: &str = r#"
(def hold (step)
  (let held nil
    (on-err (fn (e) (let said (details e) (= held nil) (gc) (prn (cut said 0 14))))
            (fn () (while t (push (step) held))))
    (prn (sum idfn (range 1 1000)))))"#;

/// What fills the heap, or what lies beside it.
const STEPS: [(&str, &str); 9] = [
    ("conses", "(hold (fn () (list 1 2 3)))"),
    ("strings", "(hold (fn () (newstring 20000)))"),
    ("symbols", "(let n 0 (hold (fn () (sym (string \"a-rather-long-name-\" (++ n))))))"),
    ("tables", "(let n 0 (hold (fn () (let one (table) (repeat 50 (= (one (++ n)) n)) one))))"),
    ("megabytes", "(hold (fn () (newstring 3000000)))"),
    ("large numbers", "(let n (expt 3 200000) (hold (fn () (+ n n))))"),
    ("digits", "(let n (expt 3 20000) (hold (fn () (coerce n 'string 16))))"),
    ("text printed", "(let s (newstring 20000) (hold (fn () (tostring (write s)))))"),
    ("text read", "(let s (tostring (repeat 500 (pr \"abc 12 \"))) (hold (fn () (readall s))))"),
];

/// The program with a limit of the shell's `ulimit` of that many KiB.
fn under(limit: &str, kibibytes: usize, arguments: &[&str]) -> Command {
    let program = command::<&str>([]);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -c 0; ulimit {limit} {kibibytes} && exec \"$0\" \"$@\"")]);
    shell.arg(program.get_program()).args(arguments);
    shell.env_clear().stdin(std::process::Stdio::null());
    shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    shell
}

fn starts(limit: &str, kibibytes: usize) -> bool {
    let Ran { code, out, .. } = finish(under(limit, kibibytes, &["run", "-e", "(prn 'here)"]));
    code == Some(0) && out == "here\n"
}

/// About the least limit under which the program starts, in KiB.
fn least(limit: &str) -> usize {
    let enough = (1..64).map(|n| n * 8192).find(|kibibytes| starts(limit, *kibibytes));
    enough.expect("with 512 MiB it starts")
}

fn keeps_going(limit: &str, more: &[usize]) {
    let least = least(limit);
    for (n, (what, step)) in STEPS.iter().enumerate() {
        // Odd sizes, so that the end comes at another moment each time.
        for more in more {
            let kibibytes = least + more + n * 1237;
            let ran = finish(under(limit, kibibytes, &["run", "-e", HOLD, "-e", step]));
            let said = format!("{what} under ulimit {limit} {kibibytes}: {ran:?}");
            assert!(ran.code == Some(0) && ran.out == "heap exhausted\n500500\n", "{said}");
        }
    }
}

#[test]
fn a_limit_of_addresses_is_an_error_that_the_program_handles() {
    keeps_going("-v", &[16 << 10]);
}

#[test]
fn a_limit_of_data_is_an_error_that_the_program_handles() {
    keeps_going("-d", &[16 << 10]);
}

#[test]
#[ignore = "some minutes"]
fn limits_of_all_sizes_are_errors_that_the_program_handles() {
    keeps_going("-v", &[4 << 10, 8 << 10, 21_111, 64 << 10, 100_001, 256 << 10, 1 << 20]);
    keeps_going("-d", &[4 << 10, 8 << 10, 21_111, 64 << 10, 100_001, 256 << 10, 1 << 20]);
}

#[test]
fn a_heap_that_is_exhausted_and_not_handled_ends_the_program_with_its_code() {
    let kibibytes = least("-v") + (16 << 10);
    let ran = finish(under("-v", kibibytes, &["run", "-e", "(= held nil) (while t (push (list 1 2) held))"]));
    assert!(ran.failed(4, "").contains("heap exhausted"), "{ran:?}");
}

#[test]
fn a_limit_that_leaves_too_little_to_start_is_told() {
    let least = least("-v");
    for kibibytes in (least - 8192..least).step_by(1024) {
        let ran = finish(under("-v", kibibytes, &["run", "-e", "(prn 'here)"]));
        let told = ran.code == Some(0) || ran.code == Some(4);
        // Below that the system can't even load the program: it kills it, or its loader says what it lacks.
        let not_loaded = ran.errors.is_empty() || ran.errors.contains("shared libraries");
        assert!(told || not_loaded, "with {kibibytes} KiB: {ran:?}");
        assert!(!ran.errors.contains("panicked") && !ran.errors.contains("memory allocation"), "{ran:?}");
    }
}
