//! What the heap needs of the operating system: one small contract, and the systems that meet it.
//!
//! * [`linux`] maps with hints, gives back with `madvise`, and reads residency from `/proc/self/pagemap`.
//! * [`plain`] asks Rust's allocator; for other systems, for Miri, and for tests. Residency is unknown there.
//! * [`blocks`] single blocks from the system's allocator, for the policy that places everything that way.
//! * [`fatal`] tells of fatal signals before the process ends of them.
//! * [`mod@file`] a file mapped to be read.
//! * [`faulty`] refuses chosen requests; for tests of a system that is out of memory.

pub mod blocks;
#[cfg(all(target_os = "linux", not(miri)))]
pub mod fatal;
#[cfg(not(all(target_os = "linux", not(miri))))]
#[path = "no_fatal.rs"]
pub mod fatal;
pub mod faulty;
pub mod file;
#[cfg(all(target_os = "linux", not(miri)))]
pub mod linux;
pub mod plain;

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Deref;

use blocks::Block;

use crate::terms::{Address, Span};

/// Memory mapped and owned. Dropping one leaks it; [`Os::unmap`] takes it back.
#[derive(Debug, PartialEq, Eq)]
pub struct Mapping {
    start: Address,
    bytes: usize,
    /// Whether large pages were asked for.
    large_pages: bool,
}

impl Mapping {
    /// A mapping that an implementation of [`Os`] has just made.
    fn new(start: Address, bytes: usize) -> Self {
        Self { start, bytes, large_pages: false }
    }

    /// Where it begins.
    #[must_use]
    pub fn start(&self) -> Address {
        self.start
    }

    /// Bytes it covers.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// One past its end.
    #[must_use]
    pub fn end(&self) -> Address {
        self.start + self.bytes
    }
}

/// A request that the system refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OsError {
    /// What was asked for.
    pub purpose: Purpose,
    /// How many bytes.
    pub bytes: usize,
    /// The system's error number, where there was one.
    pub code: Option<i32>,
}

/// What a refused request was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Mapping an extent.
    Map,
    /// Giving pages back.
    GiveBack,
}

impl fmt::Display for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.purpose {
            Purpose::Map => "map",
            Purpose::GiveBack => "take back",
        };
        write!(f, "the system refused to {what} {} bytes", self.bytes)?;
        match self.code {
            Some(code) => write!(f, ": {}", std::io::Error::from_raw_os_error(code)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for OsError {}

/// The contract. All sizes are multiples of [`crate::terms::PAGE`].
///
/// Memory that `map` and `map_at` return is private, readable, writable, aligned to a chunk, and zero.
pub trait Os: fmt::Debug + Send {
    /// Maps `bytes`, at `hint` if the system likes, and says by the mapping where. A system may ignore the hint.
    ///
    /// # Errors
    /// When the system has no such memory to give.
    fn map(&mut self, hint: Address, bytes: usize) -> Result<Mapping, OsError>;

    /// Maps `bytes` at `address` or not at all: `Ok(None)` when something is in the way there. A system that can't
    /// choose addresses answers `Ok(None)` always.
    ///
    /// # Errors
    /// When the system has no such memory to give.
    fn map_at(&mut self, address: Address, bytes: usize) -> Result<Option<Mapping>, OsError>;

    /// Where, at or above `from`, a range of `bytes` lies that nothing is mapped in, aligned to a chunk. `None` when
    /// there is none or the system does not tell.
    fn gap(&self, from: Address, bytes: usize) -> Option<Address>;

    /// Calls `visit` for every range of this process's memory that can be written, lowest first. `false` when the system
    /// does not tell.
    fn each_writable(&self, visit: &mut dyn FnMut(Span)) -> bool;

    /// Unmaps a whole mapping. Nothing in it is used any more: what the heap hands out says how it sees to that.
    fn unmap(&mut self, mapping: Mapping);

    /// A block of the system's allocator.
    ///
    /// # Errors
    /// When the allocator has no such block to give, or the system no such allocator.
    fn block(&mut self, bytes: usize) -> Result<Block, OsError> {
        blocks::allocate(bytes)
    }

    /// Makes `bytes` at `start`, whole pages inside `mapping`, leave residency. They read as zeros afterwards.
    ///
    /// # Errors
    /// When the system refuses; then the pages are as they were.
    fn give_back(&mut self, mapping: &Mapping, start: Address, bytes: usize) -> Result<(), OsError>;

    /// Makes `bytes` at `start`, whole pages inside `mapping`, resident at once, because all of them are about to be
    /// written. A system may ignore this: then each becomes resident when it is touched, which costs more.
    fn populate(&mut self, _mapping: &Mapping, _start: Address, _bytes: usize) {}

    /// Asks for large pages in a mapping that nothing has touched yet, in the parts of it that are aligned to them. A system
    /// may ignore this, and has them only as long as it finds memory in pieces so large. Then a page is resident as soon as
    /// another in the same large page is touched. What [`Self::give_back`] takes of a large page leaves residency at once,
    /// and what is left of it are small pages from then on; but the system may keep the memory until it is short of some.
    fn prefer_large_pages(&mut self, _mapping: &mut Mapping) {}

    /// How many bytes of some ranges lie in large pages; whole mappings count, of whatever else they are part. `None` when
    /// the system does not tell.
    fn in_large_pages(&self, _ranges: &[Span]) -> Option<usize> {
        None
    }

    /// Makes the first `bytes` of a fresh mapping hold what `file` holds from `offset` on, a multiple of a page. It is read
    /// when it is touched, and what is written there stays in this process. Says whether it is done: when not, the mapping
    /// is as it was. The file must stay as it is as long as the mapping: one that is cut off ends the process.
    fn map_file(&mut self, _mapping: &Mapping, _file: &File, _offset: u64, _bytes: usize) -> bool {
        false
    }

    /// Measures which of the pages from `start` on are resident, one answer for each element of `resident`. `false`
    /// when the system does not tell; then the elements mean nothing.
    fn residency(&mut self, start: Address, resident: &mut [bool]) -> bool;
}

/// The operating system this program runs on.
#[must_use]
pub fn system() -> Box<dyn Os> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        Box::new(linux::Linux::new())
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    {
        Box::new(plain::Plain::new())
    }
}

/// What is in a file, to be looked at: mapped where the system does that, else read.
///
/// # Errors
/// When the file can't be read.
pub(crate) fn view(file: &File) -> io::Result<Box<dyn Deref<Target = [u8]> + '_>> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        Ok(Box::new(linux::view(file)?))
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut &*file, &mut bytes)?;
        Ok(Box::new(bytes))
    }
}
