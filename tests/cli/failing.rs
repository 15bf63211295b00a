//! Bad input and programs that fail: one line that names file and place, what helps to find it, the right code, nothing
//! lost, no panic.

use std::fs;
use std::path::Path;

use super::golden;
use super::program::{Ran, Scratch, run_on, run_with_input};

/// The line with which a program failed, with only the name of its file.
fn line(ran: &Ran, code: i32, out: &str, file: &Path) -> String {
    let folder = format!("{}/", file.parent().expect("a folder").display());
    ran.failed(code, out).replace(&folder, "")
}

#[test]
fn bad_input_is_one_line_with_its_place() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("directory.arc")).expect("a directory");
    let before = "(prn \"before\")\n";
    let good = |text: &str| format!("{before}{text}").into_bytes();
    let unbalanced = "(prn \"more\")\n(def f (x)\n  (let y 2\n    (+ x y))\n\n(prn \"never\")\n";
    let cases: Vec<(&str, Option<Vec<u8>>, i32, &str)> = vec![
        ("missing.arc", None, 3, ""),
        ("directory.arc", None, 3, ""),
        ("unbalanced.arc", Some(good(unbalanced)), 3, "before\nmore\n"),
        ("surplus.arc", Some(good("(prn \"more\"))\n(prn \"never\")")), 3, "before\nmore\n"),
        ("bracket.arc", Some(good("(prn [+ _ 1))\n")), 3, "before\n"),
        ("string.arc", Some(good("\n(prn \"never closed)\n\n")), 3, "before\n"),
        ("escape.arc", Some(good("(prn \"\\q\")\n")), 3, "before\n"),
        ("utf8.arc", Some(b"(prn \"before\")\n; a comment\n(prn \"\xff\xfe\")\n".to_vec()), 3, "before\n"),
        ("binary.arc", Some(vec![0x7f, 0xc3, 0x28, 0, 0, 0xff]), 3, ""),
        ("raised.arc", Some(good("(def f (x)\n  (err \"no such\" x))\n(+ 1\n   (f \"thing\"))\n")), 1, "before\n"),
        ("type.arc", Some(good("(def f (x)\n  (car x))\n(prn (f 7))\n")), 1, "before\n"),
        ("unbound.arc", Some(good("(prn nothing-of-the-kind)\n")), 1, "before\n"),
        ("arity.arc", Some(good("(def f (x y) x)\n(f 1)\n")), 1, "before\n"),
        ("macro.arc", Some(good("(mac m (x) (car x))\n(m 7)\n")), 1, "before\n"),
        ("place.arc", Some(good("(= '(1) 2)\n")), 1, "before\n"),
        ("nul.arc", Some(good("(pr \"a\0b\" (len \"\0\0\"))\n  (car\0 7)\n")), 1, "before\na\0b2"),
        ("lines.arc", Some(good("(err \"two\\nlines\")\n")), 1, "before\n"),
    ];
    let mut lines = String::new();
    for (name, content, code, out) in cases {
        let file = content.map_or_else(|| scratch.path(name), |content| scratch.file(name, content));
        let ran = run_on("run", &file);
        lines += &format!("{code} {}\n", line(&ran, code, out, &file));
    }
    golden::check("errors.txt", &lines);
}

#[test]
fn what_follows_the_line_shows_the_place_and_who_called() {
    let scratch = Scratch::new();
    let nested = "(def f (n)\n  (if (is n 0)\n      (car 1)\n      (+ 1 (f (- n 1)))))\n\n(def g (xs)\n  (map [f _] xs))\n\n\
                  (prn (car (g (list 3))))\n";
    let ring: String = (0..12).map(|n| format!("(def f{n} (x)\n  (+ 1 (f{} x)))\n", (n + 1) % 12)).collect();
    let cases = [
        ("nested.arc", nested.to_owned()),
        ("misspelt.arc", "(def small (xs)\n  (map [* _ 2]\n       (kepp odd xs)))\n\n(small '(1 2))\n".to_owned()),
        ("argument.arc", "(def f (x)\n  (prn \"a\"\n       (+ x\n          yy)))\n\n(f 1)\n".to_owned()),
        ("unbalanced.arc", "(def f (x)\n  (prn x]\n".to_owned()),
        ("ring.arc", format!("{ring}(= f11 [car _])\n(f0 7)\n")),
        ("caught.arc", "(prn (on-err details (fn () (strng 1))))\n".to_owned()),
    ];
    let mut found = String::new();
    for (name, content) in cases {
        let file = scratch.file(name, content);
        let ran = run_on("run", &file);
        let folder = format!("{}/", file.parent().expect("a folder").display());
        found += &format!("{}{}\n", ran.out, ran.errors.replace(&folder, ""));
    }
    golden::check("details.txt", &found);
}

#[test]
fn the_file_after_a_bad_one_does_not_run() {
    let scratch = Scratch::new();
    let bad = scratch.file("bad.arc", "(prn 1)\n(car 2)\n(prn 3)");
    let next = scratch.file("next.arc", "(prn 4)");
    let mut command = super::program::command(["run", "-e", "(prn 5)"]);
    command.arg(&bad).arg(next);
    let ran = super::program::finish(command);
    assert!(line(&ran, 1, "1\n", &bad).starts_with("bad.arc:2:1: "));
}

#[test]
fn a_line_of_two_million_characters_is_a_line() {
    let scratch = Scratch::new();
    let long = format!("(prn \"before\") (= x '({})) (prn (len x))\n(car 7)\n", "a ".repeat(1_000_000));
    let ran = run_on("run", scratch.file("long.arc", long));
    assert!(ran.failed(1, "before\n1000000\n").contains("long.arc:2:1: "));
}

#[test]
fn a_form_nested_a_million_deep_is_data() {
    let scratch = Scratch::new();
    let (open, close) = ("(".repeat(1_000_000), ")".repeat(1_000_000));
    let file = scratch.file("deep.arc", format!("(prn \"before\")\n(= x '{open}{close})\n(prn \"read\")\n"));
    assert_eq!(run_on("run", file).fine(), "before\nread\n");
    let file = scratch.file("open.arc", format!("(prn \"before\")\n{open}\n"));
    assert!(run_on("run", file).failed(3, "before\n").contains("open.arc:2:"));
    let code = format!("(prn \"before\")\n{}nil{close}\n", "(car ".repeat(1_000_000));
    let ran = run_on("run", scratch.file("code.arc", code));
    assert!(ran.failed(1, "before\n").contains("code.arc:2:"));
}

#[test]
fn a_recursion_without_end_is_an_error() {
    let ran = run_on("run --soft-limit 16M -e", "(do (prn \"before\") ((afn (n) (+ 1 (self n))) 0))");
    assert!(ran.failed(4, "before\n").contains("heap exhausted"));
    let ran = run_on("run -e", "(prn (on-err details (fn () ((afn (n) (+ 1 (self n))) 0))))");
    assert!(ran.fine().contains("deep"));
}

#[test]
fn an_endless_list_exhausts_the_heap() {
    let scratch = Scratch::new();
    let file = scratch.file("endless.arc", "(prn \"before\")\n(= all nil)\n(while t (push 1 all))\n(prn \"never\")\n");
    let ran = run_on("run --soft-limit 2M --verify", &file);
    let words = line(&ran, 4, "before\n", &file);
    assert!(words.starts_with("endless.arc:3:1: heap exhausted") && words.contains("soft limit 2097152"), "{words}");
}

#[test]
fn an_exhausted_heap_can_be_handled() {
    let scratch = Scratch::new();
    let handled = "(= all nil)\n(prn (on-err (fn (c) (wipe all) \"handled\") (fn () (while t (push 1 all)))))\n\
                   (prn (len (n-of 10000 1)))\n";
    let file = scratch.file("handled.arc", handled);
    for limit in ["2M", "3M", "8M"] {
        let ran = run_on(&format!("run --verify --soft-limit {limit}"), &file);
        assert_eq!(ran.fine(), "handled\n10000\n", "{limit}");
    }
}

#[test]
fn a_handler_that_exhausts_the_heap_too_ends_the_program() {
    let scratch = Scratch::new();
    let full = "(prn \"before\")\n(= all nil)\n(on-err (fn (c) (while t (push 1 all)))\n        (fn () (while t (push 1 \
                all))))\n(prn \"never\")\n";
    let file = scratch.file("full.arc", full);
    for options in ["--soft-limit 2M --verify", "--soft-limit 16M"] {
        let ran = run_on(&format!("run {options}"), &file);
        assert!(line(&ran, 4, "before\n", &file).starts_with("full.arc:3:1: heap exhausted: "), "{ran:?}");
    }
}

#[test]
fn what_the_system_limits_is_an_error_too() {
    // A shell sets the limit, which the program inherits.
    let program = env!("CARGO_BIN_EXE_heapatlas");
    let script = format!("ulimit -v 200000; exec {program} run -e '(= all nil)' -e '(while t (push 1 all))'");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).env_remove("RUST_BACKTRACE");
    command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let ran = super::program::finish(command);
    assert!(ran.failed(4, "").contains("which the system refused"), "{ran:?}");
}

#[test]
fn a_file_that_may_not_be_read_is_unreadable() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let file = scratch.file("secret.arc", "(prn 1)");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("permissions");
    // For root there are no secrets.
    if fs::read(&file).is_err() {
        assert!(run_on("run", &file).failed(3, "").contains("secret.arc"));
        assert!(run_on("open", &file).failed(3, "").contains("secret.arc"));
    }
    assert!(run_on("open", scratch.path("missing.arc")).failed(3, "").contains("missing.arc"));
}

#[test]
fn the_prompt_reports_a_bad_first_file_and_ends() {
    let scratch = Scratch::new();
    let bad = scratch.file("bad.arc", "(prn 1)\n(car 2)\n");
    let ran = run_with_input(&format!("repl {}", bad.display()), "(prn 3)\n");
    assert!(line(&ran, 1, "1\n", &bad).starts_with("bad.arc:2:1: "));
}
