//! `(disassemble f)`: bytecode as text.

use std::fs;
use std::io;

use heapatlas_arc::host::NoHost;
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::Heap;

#[test]
fn the_bytecode_of_a_function_is_listed_with_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let text = "(assign add (fn (a b)\n  (if (< a 2)\n      (+ a b)\n      (fn () b))))\n(assign port (outstring))
        (call-w/stdout port (fn () (disassemble add)))";
    let path = folder.path().join("listed.arc");
    fs::write(&path, text).unwrap();
    let streams = Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
    let mut runtime = Runtime::new(Heap::new().unwrap(), streams, Box::new(NoHost)).unwrap();
    runtime.load_file(path.to_str().unwrap()).unwrap();
    let found = runtime.evaluate("(inside port)", "test").unwrap().unwrap();
    let expected = "\
add: 2 arguments, 3 registers
   0  UnlessLessSmall  r0 2 →3                line 2
   1  Add              r2 r0 r1               line 3
   2  Return           r2
   3  MakeClosure      r2 fn 1
   4  Capture          0 1
   5  Return           r2
fn: 0 arguments, 1 register
   0  GetCaptured      r0 up0                 line 4
   1  Return           r0
";
    assert_eq!(found, format!("{expected:?}"));
    assert!(runtime.evaluate("(disassemble car)", "test").is_err());
    runtime.release();
}
