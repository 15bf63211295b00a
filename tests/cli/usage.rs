//! Help, version, and arguments that make no sense.

use super::golden::{self, shape};
use super::program::{Scratch, run, run_on};

#[test]
fn help_says_what_can_be_asked_for() {
    golden::check("help.txt", &run("--help").fine());
    for command in [
        "run",
        "repl",
        "explain",
        "profile",
        "disassemble",
        "snapshot",
        "open",
        "core",
        "info",
        "export",
        "diff",
        "check",
    ] {
        let help = run(&format!("{command} --help")).fine();
        golden::check(&format!("help-{command}.txt"), &help);
    }
}

#[test]
fn the_version_is_one_line() {
    assert_eq!(shape(&run("--version").fine()), "heapatlas #\n");
}

#[test]
fn arguments_that_make_no_sense_are_code_2() {
    let arguments = [
        "run",
        "run --colour x.arc",
        "run -e 1 --stats xml",
        "run -e 1 --soft-limit much",
        "run -e 1 --soft-limit 12K",
        "run -e 1 --arc a.arc --no-arc",
        "run -e 1 --core x.core --arc a.arc",
        "core",
        "core save",
        "run -e 1 --heap heap-of-sand",
        "snapshot",
        "profile",
        "profile -e 1 --by calls",
        "disassemble",
    ];
    for arguments in arguments {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments}: {}", ran.errors);
        assert!(ran.errors.contains("--help") || ran.errors.contains("help"), "{arguments}: {}", ran.errors);
    }
    let words = run("run -e 1 --heap malloc --large-pages");
    assert!(words.failed(2, "").contains("large pages are for pool and single"), "{words:?}");
    assert!(run("fly").failed(2, "").contains("fly: the window opens Arc programs"));
    let scratch = Scratch::new();
    let words = run_on("snapshot -o", scratch.path("map.bmp"));
    assert!(words.failed(2, "").contains("the extension must be"), "{words:?}");
    let words = run_on("open", scratch.file("notes.txt", "x"));
    assert!(words.failed(2, "").contains("opens Arc programs"), "{words:?}");
}
