//! Compiles each datum of a text as the body of a function, without calling it, and lists its bytecode. Macros of the
//! library are called as they come.

#![no_main]

use heapatlas_fuzz::trial::{Care, evaluate};
use libfuzzer_sys::fuzz_target;

const PROGRAM: &str = "
    (let eof (uniq)
      (whiler form (on-err (fn (e) eof) (fn () (read (stdin) eof))) eof
        (on-err details (fn () (disassemble (eval (list 'fn '(a (o b a) . c) form)))))
        (on-err details (fn () (macex1 form)))))";

fuzz_target!(|data: &[u8]| {
    // A first byte above 0xf7 is in no text: it asks for a collection at every call.
    let stress = data.first().is_some_and(|first| *first > 0xf7);
    let care = Care { stress, verify: stress, ..Care::default() };
    // What a program ends with is its own affair.
    evaluate(PROGRAM, &data[usize::from(stress)..], care).ok();
});
