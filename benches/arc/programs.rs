//! The programs, and what each must have printed.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A program to be measured.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
    /// A line that its output has.
    pub(crate) prints: &'static str,
}

/// Definitions of the program that is nothing but to be loaded.
const DEFINITIONS: usize = 2000;

/// Every program; what is not a file of its own is written to `folder`.
pub(crate) fn all(folder: &Path) -> Vec<Program> {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/arc/programs");
    let file = |name, prints| Program { name, path: files.join(name).with_extension("arc"), prints };
    vec![
        file("fib", "196418"),
        file("tak", "7"),
        file("nrev", "300"),
        file("queens", "92"),
        file("table", "2666686666700000"),
        file("text", "106274 16000"),
        file("sort", "0 32808 65536"),
        file("trees", "65536"),
        file("closures", "150000"),
        written(folder, "load", &definitions(), "(13 19)"),
    ]
}

/// A program that does nothing: what it takes is what an implementation takes to get ready.
pub(crate) fn empty(folder: &Path) -> Program {
    written(folder, "start", "(prn 'ready)\n", "ready")
}

fn written(folder: &Path, name: &'static str, text: &str, prints: &'static str) -> Program {
    let path = folder.join(name).with_extension("arc");
    std::fs::write(&path, text).expect("a program written");
    Program { name, path, prints }
}

/// Many definitions full of macros, of which only the last is called.
fn definitions() -> String {
    let mut text = String::new();
    for number in 0..DEFINITIONS {
        write!(
            text,
            "(def work-{number} (xs n)
  (let total {number}
    (each x xs
      (if (and (> x n) (or (odd x) (is n 0)))
          (++ total x)
          (-- total)))
    (when (> total {number})
      (zap [+ _ 2] total))
    (case total
      1 'one
      2 'two
      (awhen (find [is _ total] xs) (push it xs)))
    (with (a 1 b 2)
      (for i 1 3 (= a (+ a b i)))
      (list a (len (accum keep-it (each x xs (unless (odd x) (keep-it x)))))))))\n"
        )
        .expect("a text that grows");
    }
    writeln!(text, "(prn (work-{} (range 1 39) 4))", DEFINITIONS - 1).expect("a text that grows");
    text
}
