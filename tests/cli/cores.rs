//! Cores: saved by a command and by a program, started from, and refused when they are no good.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use serde_json::Value;

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

#[test]
fn info_tells_what_a_core_holds() {
    let scratch = Scratch::new();
    let core = scratch.path("x.core");
    let program = "(= kept (range 1 50000) text (newstring 300000 #\\x))";
    let saved = finish(command(["core", "save", &core.display().to_string(), "-e", program]));
    assert_eq!(saved.fine(), "");
    let bytes = fs::metadata(&core).expect("a core").len();
    let told: Value = serde_json::from_str(&heapatlas("info --json CORE", &core).fine()).expect("an object");
    let number = |value: &Value| value.as_u64().expect("a number");
    assert_eq!(number(&told["file_bytes"]), bytes);
    assert_eq!((&told["checksums_right"], &told["references_right"]), (&Value::Bool(true), &Value::Null));
    let kinds = told["kinds"].as_array().expect("kinds");
    let sum = |name: &str| kinds.iter().map(|kind| number(&kind[name])).sum::<u64>();
    assert_eq!((sum("things"), sum("bytes")), (number(&told["things"]), number(&told["allocated_bytes"])));
    let cells = kinds.iter().find(|kind| kind["kind"] == "cell").expect("cells");
    assert!(number(&cells["things"]) >= 50_000 && number(&cells["bytes"]) == 16 * number(&cells["things"]), "{cells}");
    assert!(number(&told["pages"]["large_head"]) >= 1, "the string has pages of its own: {}", told["pages"]);
    let extent = told["extents"][0][0].as_str().expect("an address");
    assert_eq!(told["home"].as_str(), Some(extent));
    let checked: Value = serde_json::from_str(&heapatlas("info --check --json CORE", &core).fine()).expect("an object");
    assert_eq!(checked["references_right"], Value::Bool(true));
    // The same in lines.
    let lines = heapatlas("info CORE", &core).fine();
    for (name, what) in [("format", told["architecture"].as_str().expect("a name")), ("checked", "checksums are right")]
    {
        let line = lines.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        assert!(line.contains(what), "{lines}");
    }
}

#[test]
fn info_on_a_core_that_is_no_good_is_one_line_and_code_3() {
    let scratch = Scratch::new();
    let core = scratch.path("x.core");
    assert_eq!(heapatlas("core save CORE", &core).fine(), "");
    let whole = fs::read(&core).expect("a core");
    let changed = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        (whole[..20].to_vec(), "cut off"),
        (whole[..whole.len() - 1].to_vec(), "cut off"),
        (changed(8), "it is a core of version"),
        (changed(40), "damaged"),
        (changed(whole.len() - 1), "damaged"),
    ];
    for (bytes, why) in cases {
        fs::write(&core, bytes).expect("a core");
        for words in ["info CORE", "info --check CORE", "info --json CORE"] {
            let ran = heapatlas(words, &core);
            let told = ran.failed(3, "");
            assert!(told.contains("can't read") && told.contains(why), "{words}: {ran:?}");
        }
    }
}
