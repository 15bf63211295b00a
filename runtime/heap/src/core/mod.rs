//! Cores: a heap in a file, so that a program starts where another has left off.
//!
//! * `format` what is in the file, byte by byte
//! * [`save`] copies what some roots reach to a heap of its own, without holes, and writes that
//! * [`load`] checks a file, and makes a heap of it
//! * `summary` what a core holds, for people who ask
//! * `references` adjusts every reference to where things are now, and sees that each leads to something
//!
//! What is saved is what the roots reach and nothing else, packed as an allocation without interruption packs it, and
//! collected once, so that what the page table says is exact. At the address for which it was written a core is mapped as
//! it is, tables included, and a page is read when it is touched. When something is in the way there, it is copied into
//! extents obtained in the ordinary way, and one pass adjusts every reference.
//!
//! Three checksums cover a file to the last byte, and are looked at before anything else: a core that is damaged, cut off
//! or made by another version is an error. Checksums are no proof against malice. Where references have to be adjusted, the
//! verifier looks at every page and reference on the way; at home only with [`Check::Everything`]. A core holds code, so
//! one from strangers deserves the caution that a program from strangers does.

mod format;
mod load;
mod references;
mod save;
mod summary;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;

use crate::raw::{CellRef, ObjectRef};
use crate::terms::Address;
use crate::value::{Unpacked, Value};

pub use format::fingerprint;
pub use load::{load, load_file};
pub use save::{save, save_file};
pub use summary::{KindSummary, Summary, is_core, summarize_file};

/// What a core keeps beside the heap.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// The values with which everything is reached. Good until the next safepoint of the heap.
    pub roots: Vec<Value>,
    /// Whatever else whoever saves it wants to find again.
    pub words: Vec<u64>,
}

/// How much of a core is looked at before it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// The checksums, which tell damage, and whatever there is to adjust.
    Checksums,
    /// Every page and every reference, so that forged checksums make no heap that is wrong either.
    Everything,
}

/// Why a core could not be written, or made no heap.
#[derive(Debug)]
#[non_exhaustive]
pub enum CoreError {
    /// The file can't be read or written.
    Io(io::Error),
    /// The file is something else.
    NotACore,
    /// The file has another version of the format.
    Version(u32),
    /// The file was written on a machine of another architecture.
    Architecture,
    /// The file was written by another build, whose objects or operations are not those of this one.
    Build,
    /// The file ends too early, or goes on after its end: the bytes it has and those it should have.
    Length(u64, u64),
    /// The file is damaged: what is wrong.
    Damaged(String),
    /// There is no room for the heap.
    NoRoom,
}

impl fmt::Display for CoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotACore => f.write_str("it is no core"),
            Self::Version(version) => {
                write!(f, "it is a core of version {version}; this program reads version {}", format::VERSION)
            }
            Self::Architecture => f.write_str("it is a core of another architecture"),
            Self::Build => f.write_str("it is a core of another build of this program"),
            Self::Length(has, wants) if has < wants => {
                write!(f, "the core is cut off: {has} of {wants} bytes are there")
            }
            Self::Length(has, wants) => write!(f, "the core has {wants} bytes, but the file {has}"),
            Self::Damaged(what) => write!(f, "the core is damaged: {what}"),
            Self::NoRoom => f.write_str("there is no room for the heap of the core"),
        }
    }
}

impl std::error::Error for CoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for CoreError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Where ranges of addresses are now, or will be.
#[derive(Debug, Default)]
struct Remap {
    /// Where each range began, its bytes, where it begins now; lowest first.
    parts: Vec<(Address, usize, Address)>,
}

impl Remap {
    fn new(mut parts: Vec<(Address, usize, Address)>) -> Self {
        parts.sort_unstable_by_key(|part| part.0);
        Self { parts }
    }

    /// Whether nothing moves.
    fn is_identity(&self) -> bool {
        self.parts.iter().all(|(from, _, to)| from == to)
    }

    fn address(&self, address: Address) -> Option<Address> {
        let above = self.parts.partition_point(|part| part.0 <= address);
        let (from, bytes, to) = self.parts[above.checked_sub(1)?];
        let offset = address - from;
        (offset < bytes).then(|| to + offset)
    }

    /// Where a range began that begins at an address now.
    fn source(&self, to: Address) -> Option<Address> {
        self.parts.iter().find(|part| part.2 == to).map(|part| part.0)
    }

    /// A value, its reference adjusted; `None` when it refers to none of the ranges.
    fn value(&self, value: Value) -> Option<Value> {
        match value.unpack() {
            Unpacked::Cell(cell) => self.address(cell.address()).map(|to| Value::cell(CellRef::moved_to(cell, to))),
            Unpacked::Object(object) => {
                self.address(object.address()).map(|to| Value::object(ObjectRef::moved_to(object, to)))
            }
            _ => Some(value),
        }
    }
}
