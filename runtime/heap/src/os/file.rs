//! A file mapped to be read, of which parts are copied out: as large as it may be, only what was looked at lately takes
//! memory.
//!
//! Others may write to the file meanwhile, and even cut it off. Nothing here hands out a reference into the mapping, so
//! what they do is seen as old or new bytes, for which whoever reads has checksums.

use std::fs::File;
use std::io;

use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapOptions, MmapRaw, UncheckedAdvice};

/// After so many bytes what was looked at is let go: the system has it still, but it no longer counts as this process's.
const KEPT: u64 = 32 << 20;
/// Whoever looks at a byte gets the pages around it mapped as well, as far as the system has them.
const AROUND: u64 = 64 << 10;

/// A file mapped to be read.
#[derive(Debug)]
pub struct MappedFile {
    file: File,
    /// `None` while there is nothing to map.
    mapping: Option<MmapRaw>,
    /// Bytes mapped in since everything was let go, at most.
    looked_at: AtomicU64,
}

impl MappedFile {
    /// Maps a file as long as it is now.
    ///
    /// # Errors
    /// When the system can't map it: it is no regular file, say.
    pub fn new(file: File) -> io::Result<Self> {
        let mut mapped = Self { file, mapping: None, looked_at: AtomicU64::new(0) };
        mapped.refresh()?;
        Ok(mapped)
    }

    /// Bytes mapped: as long as the file was when it was mapped last.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.mapping.as_ref().map_or(0, |mapping| mapping.len() as u64)
    }

    /// Whether nothing is mapped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mapping.is_none()
    }

    /// Maps the file anew if its length has changed.
    ///
    /// # Errors
    /// When the system can't map it.
    pub fn refresh(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length != self.len() {
            let bytes = usize::try_from(length).map_err(io::Error::other)?;
            self.mapping = match bytes {
                0 => None,
                _ => Some(MmapOptions::new().len(bytes).map_raw_read_only(&self.file)?),
            };
        }
        Ok(())
    }

    /// Fills `bytes` from an offset. `false`, with `bytes` as they were, when the file is not that long, even if it was.
    #[must_use]
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> bool {
        let Some(end) = offset.checked_add(bytes.len() as u64) else { return false };
        // A page behind the end of a file that was cut off can't be read: the length is asked for each time.
        let length = self.file.metadata().map_or(0, |metadata| metadata.len());
        let Some(mapping) = self.mapping.as_ref().filter(|_| end <= length.min(self.len())) else { return false };
        // SAFETY: the offset is within the mapping, which is not longer than the file.
        let from = unsafe { mapping.as_ptr().add(offset as usize) };
        // SAFETY: as many bytes are mapped from there on, as was just seen, and `bytes` is none of the mapping, of which
        // nobody has a reference. Whoever cuts off the file at this very moment ends the process, and nothing worse.
        unsafe { std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
        self.let_go(mapping, bytes.len() as u64 + 2 * AROUND);
        true
    }

    /// Lets go what was looked at, when with these bytes it is too much.
    fn let_go(&self, mapping: &MmapRaw, more: u64) {
        if self.looked_at.fetch_add(more, Ordering::Relaxed) + more > KEPT {
            self.looked_at.store(0, Ordering::Relaxed);
            // SAFETY: nothing was ever written through the mapping, and nobody has a reference into it; what is looked at
            // again comes from the file again. That the system may refuse does no harm.
            unsafe { mapping.unchecked_advise(UncheckedAdvice::DontNeed) }.ok();
        }
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_mapped_file_grows_and_may_be_cut_off() {
        let mut file = tempfile::tempfile().expect("a file");
        let mut mapped = MappedFile::new(file.try_clone().expect("the file")).expect("a mapping");
        assert!(mapped.is_empty());
        let mut bytes = [0; 3];
        assert!(!mapped.read(0, &mut bytes));
        file.write_all(b"abcdef").expect("room");
        assert!(!mapped.read(0, &mut bytes), "not mapped yet");
        mapped.refresh().expect("a mapping");
        assert!(mapped.read(3, &mut bytes));
        assert_eq!((&bytes, mapped.len()), (b"def", 6));
        assert!(!mapped.read(4, &mut bytes) && !mapped.read(u64::MAX, &mut bytes));
        file.set_len(2).expect("shorter");
        assert!(!mapped.read(1, &mut bytes), "cut off");
        mapped.refresh().expect("a mapping");
        assert_eq!(mapped.len(), 2);
    }

    #[test]
    fn what_was_let_go_is_read_again() {
        let mut file = tempfile::tempfile().expect("a file");
        let written: Vec<u8> = (0..1 << 20).map(|at: u32| (at / 4099) as u8).collect();
        file.write_all(&written).expect("room");
        let mapped = MappedFile::new(file).expect("a mapping");
        let mut bytes = vec![0; written.len()];
        for _ in 0..KEPT >> 20 {
            bytes.fill(0);
            assert!(mapped.read(0, &mut bytes) && bytes == written);
        }
        let looked_at = mapped.looked_at.load(Ordering::Relaxed);
        assert!(looked_at < 8 << 20, "{looked_at} bytes since something was let go");
    }
}
