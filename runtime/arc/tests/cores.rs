//! A runtime goes to a core, and another starts from it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use heapatlas_arc::error::{ArcError, ErrorKind};
use heapatlas_arc::host::NoHost;
use heapatlas_arc::libraries::BASE;
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::Heap;
use heapatlas_heap::core::Check;

/// Collects what a program prints.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn streams(input: &'static str, output: &Printed) -> Streams {
    Streams { input: Box::new(input.as_bytes()), output: Box::new(output.clone()), errors: Box::new(io::sink()) }
}

fn fresh() -> Runtime {
    let streams = streams("", &Printed::default());
    let mut runtime = Runtime::new(Heap::new().expect("a heap"), streams, Box::new(NoHost)).expect("a runtime");
    runtime.begin_library().expect("builtins");
    BASE.into_iter().for_each(|library| runtime.load_library(library).expect("the library"));
    runtime
}

fn start(core: &Path) -> Result<Runtime, ArcError> {
    let mut runtime = Runtime::from_core(core, Check::Everything, streams("", &Printed::default()), Box::new(NoHost))?;
    runtime.set_verify(true);
    Ok(runtime)
}

fn value(runtime: &mut Runtime, text: &str) -> String {
    runtime.evaluate(text, "test").unwrap_or_else(|error| panic!("{text}: {error}")).unwrap_or_default()
}

const DEFINITIONS: &str = r#"
(def square (x) (* x x))
(mac twice (x) `(do ,x ,x))
(= counter (let n 0 (fn () (++ n))))
(counter)
(= big (expt 3 400) half 1/2 pi-ish 3.25 wide "grüße, λ")
(= keys (map [annotate 'key _] (range 1 40)))
(= by-key (table))
(each k keys (= by-key.k (rep k)))
(= by-name (obj a 1 b (list 1 2 3) "c" 'd))
(each n (range 1 500) (= by-name.n (* n n)))
(= (by-name 77) nil)
(= ring (list 1 2 3))
(no (scdr (cddr ring) ring))
(= saved-out (stdout) text (instring "left (over)") name (uniq))
(= long (range 1 30000))
(= again (ccc [do _]))
"#;

const CHECKS: &[(&str, &str)] = &[
    ("(square 12)", "144"),
    ("(let n 0 (twice (++ n)) n)", "2"),
    ("(counter)", "2"),
    ("(is big (expt 3 400))", "t"),
    ("(list half pi-ish wide)", "(1/2 3.25 \"grüße, λ\")"),
    (
        "(map by-key keys)",
        "(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 \
      34 35 36 37 38 39 40)",
    ),
    ("(= (by-key keys.3) 'changed) (by-key keys.3)", "changed"),
    ("(list by-name!a by-name!b (by-name \"c\") by-name.76 by-name.77 by-name.500)", "(1 (1 2 3) d 5776 nil 250000)"),
    ("(len by-name)", "502"),
    ("(list (ring 0) (cadr:cddr ring))", "(1 1)"),
    ("(list (read text) (read text))", "(left (over))"),
    ("(isnt name (uniq))", "t"),
    ("(apply + long)", "450015000"),
    ("(tostring (pr 1 2))", "\"12\""),
    ("(on-err (fn (c) (details c)) (fn () (err \"oops\")))", "\"oops\""),
    ("(atomic (+ 1 2))", "3"),
    ("(def later (n) (if (is n 0) 0 (+ 1 (later (- n 1))))) (later 20000)", "20000"),
    ("(gc) (len (keep odd long))", "15000"),
    ("(map by-key (firstn 3 keys))", "(1 2 3)"),
];

#[test]
fn what_is_defined_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let core = folder.path().join("all.core");
    let mut runtime = fresh();
    runtime.evaluate(DEFINITIONS, "definitions").unwrap_or_else(|error| panic!("{error}"));
    runtime.save_core(&core).unwrap_or_else(|error| panic!("{error}"));
    // What was saved goes on.
    assert_eq!(value(&mut runtime, "(counter)"), "2");
    // Three at a time: at most one of them is where the core was meant for.
    let mut started: Vec<_> = (0..3).map(|_| start(&core).unwrap_or_else(|error| panic!("{error}"))).collect();
    for runtime in &mut started {
        assert_eq!(runtime.heap().verify(), []);
        for (text, expected) in CHECKS {
            assert_eq!(value(runtime, text), *expected, "{text}");
        }
        runtime.collect();
        assert_eq!(value(runtime, "(by-key keys.7)"), "8");
    }
    // A core of a core.
    let second = folder.path().join("second.core");
    started[0].save_core(&second).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(value(&mut start(&second).unwrap(), "(list (counter) (by-key keys.3))"), "(3 changed)");
}

#[test]
fn a_program_saves_itself_from_inside_a_function() {
    let folder = tempfile::tempdir().unwrap();
    let core = folder.path().join("inside.core");
    let mut runtime = fresh();
    let text =
        format!("(def f (n) (if (is n 0) (save-core \"{}\") (do1 (f (- n 1)) (= deep n)))) (f 3000)", core.display());
    assert_eq!(value(&mut runtime, &text), "t");
    assert_eq!(value(&mut runtime, "deep"), "3000", "the program went on");
    let mut other = start(&core).unwrap();
    assert_eq!(value(&mut other, "(bound 'deep)"), "nil", "when it was saved that was still to come");
    assert_eq!(value(&mut other, "(f 0)"), "t");
}

#[test]
fn standard_ports_are_those_of_the_new_process_and_others_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let core = folder.path().join("ports.core");
    let mut runtime = fresh();
    let file = folder.path().join("out");
    value(&mut runtime, &format!("(= old (stdout) file (outfile \"{}\") in (stdin))", file.display()));
    runtime.save_core(&core).unwrap();
    let printed = Printed::default();
    let mut other =
        Runtime::from_core(&core, Check::Checksums, streams("typed (here)", &printed), Box::new(NoHost)).unwrap();
    value(&mut other, "(disp \"to the old one\" old) (pr \"; to the new\") (is old (stdout))");
    assert_eq!(printed.text(), "to the old one; to the new");
    assert_eq!(value(&mut other, "(list (read in) (read))"), "(typed (here))");
    assert!(other.evaluate("(disp 1 file)", "test").is_err(), "a file of another process");
}

#[test]
fn threads_that_have_not_ended_can_not_be_saved() {
    let folder = tempfile::tempdir().unwrap();
    let core = folder.path().join("threads.core");
    let text = format!("(thread (sleep 100)) (save-core \"{}\")", core.display());
    let error = fresh().evaluate(&text, "test").unwrap_err();
    assert!(error.message.contains("thread"), "{error}");
    assert!(!core.exists());
    let text = format!("(= th (thread 1)) (sleep 0.02) (save-core \"{}\")", core.display());
    assert_eq!(value(&mut fresh(), &text), "t");
    assert_eq!(value(&mut start(&core).unwrap(), "(dead th)"), "t");
}

#[test]
fn a_file_that_can_not_be_written_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/x.core");
    let text = format!("(on-err details (fn () (save-core \"{}\")))", path.display());
    assert!(value(&mut fresh(), &text).contains("can't save"), "an error like any other");
    assert!(fresh().evaluate("(save-core 12)", "test").is_err());
    // What is there already stays when saving fails.
    let directory = folder.path().join("directory");
    fs::create_dir(&directory).unwrap();
    assert!(fresh().save_core(&directory).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_whole_core_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let core = folder.path().join("x.core");
    fresh().save_core(&core).unwrap();
    let whole = fs::read(&core).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&core, bytes).unwrap();
        let error = start(&core).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreadable, "{error}");
        assert!(error.message.starts_with("can't start from "), "{error}");
        error.message
    };
    assert!(refused(b"").ends_with("it is no core"));
    assert!(refused(b"(def f (x) x)").ends_with("it is no core"));
    assert!(refused(&whole[..whole.len() - 1]).contains("cut off"));
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    assert!(refused(&flipped).contains("damaged"));
    flipped = whole;
    flipped[9] ^= 1;
    assert!(refused(&flipped).contains("version"));
    fs::remove_file(&core).unwrap();
    assert_eq!(start(&core).unwrap_err().kind, ErrorKind::Unreadable);
}
