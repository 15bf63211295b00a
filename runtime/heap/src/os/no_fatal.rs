//! Fatal signals where nobody can watch for them.

use std::io;

/// What hears of a fatal signal: there is none here.
#[derive(Debug)]
pub enum FatalSignals {}

impl FatalSignals {
    /// Can't watch.
    ///
    /// # Errors
    /// Always.
    pub fn watch() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Never waits, for nobody can watch.
    ///
    /// # Errors
    /// None.
    pub fn wait(&mut self) -> io::Result<&'static str> {
        match *self {}
    }
}
