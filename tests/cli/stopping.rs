//! Ctrl-C, and output that nobody takes.

use std::process::Stdio;
use std::time::Duration;

use super::program::{Running, command, project};

/// Nobody waits longer than this after Ctrl-C.
const AT_ONCE: Duration = Duration::from_secs(1);
/// What shells say of a program that Ctrl-C ended.
const INTERRUPTED: Option<i32> = Some(130);

/// Presses Ctrl-C once the program has said that it is ready.
fn interrupt(command: std::process::Command) {
    let mut running = Running::start(command);
    running.wait_for("ready\n");
    running.interrupt();
    let (ran, took) = running.finish_in();
    assert_eq!((ran.code, ran.errors.as_str()), (INTERRUPTED, "heapatlas: interrupted\n"));
    assert!(took < AT_ONCE, "took {took:?}");
    assert_eq!(ran.out, "ready\n");
}

#[test]
fn ctrl_c_ends_a_program() {
    let loops = [
        "(while t nil)",
        "(let l nil (while t (push 1 l) (if (> (len l) 999) (wipe l))))",
        "(sleep 1000)",
        "(on-err (fn (c) (prn \"caught\")) (fn () (while t nil)))",
        "(protect (fn () (while t nil)) (fn () (while t nil)))",
        "(do (thread (while t nil)) (while t nil))",
        "(system \"sleep 5\")",
        "(readline)",
    ];
    for endless in loops {
        let ready = format!("(do (prn \"ready\") (flushout) {endless})");
        let mut command = command(["run", "-e", &ready, "-e", "(prn \"never\")"]);
        // A pipe that nobody writes to and nobody closes: whoever reads waits.
        if endless == "(readline)" {
            command.stdin(Stdio::piped());
            let mut running = Running::start(command);
            running.wait_for("ready\n");
            running.interrupt();
            std::thread::sleep(AT_ONCE);
            let ran = running.finish();
            assert_eq!((ran.code, ran.errors.as_str()), (INTERRUPTED, "heapatlas: interrupted\n"));
            continue;
        }
        interrupt(command);
    }
}

#[test]
fn ctrl_c_ends_a_program_whose_handler_frees_nothing() {
    // By the time it is ready the heap is full, and all it does is exhaust it again.
    let again = "(on-err (fn (c) nil) (fn () (while t (push 1 all))))";
    let program = format!("(do (= all nil) {again} (prn \"ready\") (flushout) (while t {again}))");
    interrupt(command(["run", "--soft-limit", "16M", "-e", &program]));
}

#[test]
fn ctrl_c_at_the_prompt_stops_the_form_and_not_the_prompt() {
    let mut command = command(["repl"]);
    command.stdin(Stdio::piped());
    let mut running = Running::start(command);
    running.say("(do (prn \"ready\") (flushout) (while t nil))\n");
    running.wait_for("ready\n");
    running.interrupt();
    running.wait_for("Error: interrupted\n");
    running.say("(+ 1 2)\n");
    running.wait_for("3\n");
    assert_eq!(running.finish().code, Some(0));
}

#[test]
fn ctrl_c_at_an_idle_prompt_ends_it() {
    let mut command = command(["repl"]);
    command.stdin(Stdio::piped());
    let mut running = Running::start(command);
    running.say("(prn \"ready\")\n");
    running.wait_for("ready\n\"ready\"\n");
    running.interrupt();
    std::thread::sleep(AT_ONCE);
    let ran = running.finish();
    assert_eq!((ran.code, ran.errors.as_str()), (INTERRUPTED, "heapatlas: interrupted\n"));
}

#[test]
fn ctrl_c_ends_explain_and_snapshot_but_not_without_the_balance() {
    let mut running = Running::start(command(["explain", "-e", "(do (prn \"ready\") (flushout) (while t nil))"]));
    running.wait_for("ready\n");
    running.interrupt();
    let (ran, took) = running.finish_in();
    assert!(took < AT_ONCE && ran.code == INTERRUPTED, "{took:?} {:?}", ran.code);
    assert!(ran.out.contains("committed"), "{}", ran.out);
}

#[test]
fn ctrl_c_ends_the_map_in_the_terminal() {
    let scratch = super::program::Scratch::new();
    let mut command = command(["open"]);
    command.arg(scratch.file("endless.arc", "(while t nil)"));
    let running = Running::start(command);
    std::thread::sleep(Duration::from_millis(500));
    running.interrupt();
    let (ran, took) = running.finish_in();
    assert_eq!(ran.code, INTERRUPTED, "{}", ran.errors);
    assert!(took < AT_ONCE, "took {took:?}");
}

/// The exit code and the errors when only the first bytes of the output are read.
fn read_a_little(mut command: std::process::Command) -> (Option<i32>, String) {
    use std::io::Read;
    command.stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut little = [0; 4];
    child.stdout.take().expect("its output").read_exact(&mut little).expect("a few bytes");
    let done = child.wait_with_output().expect("its end");
    (done.status.code(), String::from_utf8(done.stderr).expect("text"))
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let endless = "(while t (prn \"a line of text\"))";
    let quiet = (Some(0), String::new());
    assert_eq!(read_a_little(command(["run", "-e", endless])), quiet);
    assert_eq!(read_a_little(command(["explain"])), quiet);
    assert_eq!(read_a_little(command(["--help"])), quiet);
    let mut repl = command(["repl"]);
    repl.stdin(Stdio::from(std::fs::File::open(project("samples/queue.arc")).expect("a sample")));
    assert_eq!(read_a_little(repl), quiet);
}

#[test]
fn a_full_disk_is_a_failure() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    for arguments in [&["run", "-e", "(while t (prn 1))"][..], &["run", "-e", "(prn 1)"], &["explain"]] {
        let mut command = command(arguments);
        command.stdout(Stdio::from(full.try_clone().expect("a file")));
        let done = command.output().expect("its end");
        let errors = String::from_utf8(done.stderr).expect("text");
        assert!(errors.starts_with("heapatlas: can't write") && errors.lines().count() == 1, "{errors}");
        assert_eq!(done.status.code(), Some(1));
    }
}
