//! Runs programs made of the input: calls of everything there is with arguments of every kind, closures, continuations,
//! threads, errors and assignments. See `program`.

#![no_main]

use heapatlas_fuzz::program;
use heapatlas_fuzz::trial::{Care, evaluate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((mode, bytes)) = data.split_first() else { return };
    let care = match mode % 4 {
        0 => Care { looks: 60, stress: true, ..Care::default() },
        // Less than the library and what a program of some size needs.
        1 => Care { limit: 2 << 20, ..Care::default() },
        _ => Care::default(),
    };
    let program = program::of_bytes(bytes);
    if std::env::var_os("FUZZ_SHOW").is_some() {
        eprintln!("{program}");
    }
    // What a program ends with is its own affair.
    evaluate(&program, b"(some (input 1 2)) text \"and\" more", care).ok();
});
