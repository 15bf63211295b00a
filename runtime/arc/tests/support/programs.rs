//! The programs of the corpus, which must print exactly what is expected.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use heapatlas_arc::Runtime;

use crate::corpus::{files, folder};

/// Every program of the corpus.
pub(crate) fn programs() -> Vec<PathBuf> {
    files(&folder().join("programs"), "arc")
}

/// What a program printed.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a program on a runtime whose output is `printed`; says what is wrong with what it printed.
pub(crate) fn judge_program(path: &Path, mut runtime: Runtime, printed: &Printed) -> Result<(), String> {
    runtime.load_file(&path.display().to_string()).map_err(|error| error.to_string())?;
    runtime.release();
    let expected = path.with_extension("expected");
    let expected = std::fs::read_to_string(&expected).map_err(|error| format!("{}: {error}", expected.display()))?;
    let found = printed.0.lock().unwrap_or_else(PoisonError::into_inner);
    let found = String::from_utf8_lossy(&found);
    if found == expected { Ok(()) } else { Err(format!("expected\n{expected}\nfound\n{found}")) }
}
