//! Cores: saved by a command and by a program, started from, and refused when they are no good.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::program::{Ran, Scratch, command, finish};

fn heapatlas(words: &str, core: &Path) -> Ran {
    let arguments = words.split(' ').map(|word| if word == "CORE" { core.into() } else { OsString::from(word) });
    finish(command(arguments))
}

#[test]
fn a_program_starts_where_a_core_was_saved() {
    let scratch = Scratch::new();
    let (core, program) = (scratch.path("x.core"), scratch.path("x.arc"));
    fs::write(&program, "(def twice (x) (* 2 x)) (= seen (table)) (= seen!a 1)").expect("a program");
    let saved = finish(command([Path::new("core"), Path::new("save"), &core, &program]));
    assert_eq!(saved.fine(), "");
    assert_eq!(heapatlas("run --verify --core CORE -e (prn\t(twice\t(+\t(len\tseen)\t3)))", &core).fine(), "8\n");
    assert!(heapatlas("explain --core CORE", &core).fine().contains("resident"));
    assert_eq!(heapatlas("run --core CORE --no-arc -e 1", &core).code, Some(2));
    // A core of a core.
    assert_eq!(heapatlas("core save CORE --core CORE -e (=\tmore\t(twice\t21))", &core).fine(), "");
    assert_eq!(heapatlas("run --core CORE -e (prn\tmore)", &core).fine(), "42\n");
}

#[test]
fn cores_that_are_no_good_are_one_line_and_code_3() {
    let scratch = Scratch::new();
    let core = scratch.path("x.core");
    assert_eq!(heapatlas("core save CORE", &core).fine(), "");
    let whole = fs::read(&core).expect("a core");
    let mut flipped = whole.clone();
    flipped[whole.len() / 3] ^= 1;
    let mut other_version = whole.clone();
    other_version[8] = 200;
    let cases: [(&[u8], &str); 5] = [
        (b"", "it is no core"),
        (b"(prn 1)", "it is no core"),
        (&whole[..whole.len() / 2], "cut off"),
        (&flipped, "damaged"),
        (&other_version, "version 200"),
    ];
    for (bytes, why) in cases {
        fs::write(&core, bytes).expect("a core");
        let ran = heapatlas("run --core CORE -e 1", &core);
        assert!(ran.failed(3, "").contains(why), "{ran:?}");
    }
    fs::remove_file(&core).expect("a core");
    assert!(heapatlas("run --core CORE -e 1", &core).failed(3, "").contains("can't start from"));
    assert_eq!(heapatlas("core save CORE -e (car\t1)", &core).code, Some(1));
    assert!(!core.exists(), "a program that failed leaves no core");
}
