//! Linux: `mmap` with hints, `madvise`, `/proc/self/maps` and `/proc/self/pagemap`.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::ptr;

use memmap2::Mmap;
use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, mmap_anonymous, munmap};

use super::{Mapping, Os, OsError, Purpose};
use crate::terms::{Address, CHUNK, PAGE, Span};

/// Bytes of one entry of `/proc/self/pagemap`, and the bit that says the page is present.
const PAGEMAP_ENTRY: usize = 8;
const PAGEMAP_PRESENT: u64 = 1 << 63;
/// Bytes of a large page.
const LARGE_PAGE: usize = 2 << 20;
/// Entries read at a time.
const PAGEMAP_BATCH: usize = 512;

/// What growth leaves to the rest of the process where the system limits it: its stacks, buffers, and the messages of
/// its errors. Rust ends a process whose allocator is refused memory, so nothing else may be refused it before the heap.
const SPARED: usize = 2 << 20;

/// The memory of this process.
#[derive(Debug)]
pub struct Linux {
    pagemap: Option<File>,
    /// Where files are mapped, inside mappings of ours.
    of_files: Vec<Span>,
}

impl Linux {
    /// Opens what tells residency; where `/proc` is missing, residency is unknown.
    #[must_use]
    pub fn new() -> Self {
        Self { pagemap: File::open("/proc/self/pagemap").ok(), of_files: Vec::new() }
    }
}

impl Default for Linux {
    fn default() -> Self {
        Self::new()
    }
}

fn pointer(address: Address) -> *mut c_void {
    ptr::with_exposed_provenance_mut(address.get())
}

fn refused(purpose: Purpose, bytes: usize, errno: Errno) -> OsError {
    OsError { purpose, bytes, code: Some(errno.raw_os_error()) }
}

fn map_private(address: Address, bytes: usize, flags: MapFlags) -> Result<Address, Errno> {
    let start = map_anywhere(address, bytes, flags)?;
    // The heap can do without the last of what the system has to give; the rest of the process can't.
    match map_anywhere(Address::default(), SPARED, MapFlags::empty()) {
        Ok(spared) => unmap_range(spared, SPARED),
        Err(errno) => {
            unmap_range(start, bytes);
            return Err(errno);
        }
    }
    Ok(start)
}

fn map_anywhere(address: Address, bytes: usize, flags: MapFlags) -> Result<Address, Errno> {
    // SAFETY: without MAP_FIXED the kernel never replaces a mapping, so no memory in use is touched.
    let start = unsafe {
        mmap_anonymous(pointer(address), bytes, ProtFlags::READ | ProtFlags::WRITE, flags | MapFlags::PRIVATE)
    }?;
    Ok(Address::new(start.expose_provenance()))
}

fn unmap_range(start: Address, bytes: usize) {
    if bytes > 0 {
        // SAFETY: the callers own the range and use nothing in it any more.
        let done = unsafe { munmap(pointer(start), bytes) };
        debug_assert!(done.is_ok(), "unmapping our own pages: {done:?}");
    }
}

/// Sees that the system does not bring together again the large pages of a mapping in which some pages were given back: it
/// would fill them up, and what was given back would be resident again after seconds.
fn keep_small(mapping: &Mapping, start: Address, bytes: usize) {
    let first = start.align_down(LARGE_PAGE).max(mapping.start);
    let end = (start + bytes).align_up(LARGE_PAGE).min(mapping.end());
    // SAFETY: the range is inside a mapping of ours, and keeps what it holds.
    let done = unsafe { madvise(pointer(first), end - first, Advice::LinuxNoHugepage) };
    // There may be no more mappings than so many, and this can make two of one. Then what is resident is measured anyway.
    done.ok();
}

/// What is in a file, mapped.
///
/// # Errors
/// When the system refuses.
pub(crate) fn view(file: &File) -> io::Result<Mmap> {
    // SAFETY: the file is only read. That nobody changes it meanwhile is the duty of whoever names it, as with programs.
    unsafe { Mmap::map(file) }
}

impl Linux {
    /// Maps `bytes` wherever the kernel likes, aligned to a chunk: maps a chunk more and cuts off both ends.
    fn map_aligned(bytes: usize) -> Result<Mapping, Errno> {
        let start = map_private(Address::default(), bytes + CHUNK, MapFlags::empty())?;
        let aligned = start.align_up(CHUNK);
        unmap_range(start, aligned - start);
        unmap_range(aligned + bytes, CHUNK - (aligned - start));
        Ok(Mapping::new(aligned, bytes))
    }
}

impl Os for Linux {
    fn map(&mut self, hint: Address, bytes: usize) -> Result<Mapping, OsError> {
        let refuse = |errno| refused(Purpose::Map, bytes, errno);
        let start = map_private(hint, bytes, MapFlags::empty()).map_err(refuse)?;
        if start.is_aligned(CHUNK) {
            return Ok(Mapping::new(start, bytes));
        }
        unmap_range(start, bytes);
        Self::map_aligned(bytes).map_err(refuse)
    }

    fn map_at(&mut self, address: Address, bytes: usize) -> Result<Option<Mapping>, OsError> {
        match map_private(address, bytes, MapFlags::FIXED_NOREPLACE) {
            Ok(start) if start == address => Ok(Some(Mapping::new(start, bytes))),
            Ok(elsewhere) => {
                // A kernel before 4.17 takes the address for a hint.
                unmap_range(elsewhere, bytes);
                Ok(None)
            }
            Err(Errno::EXIST) => Ok(None),
            Err(errno) => Err(refused(Purpose::Map, bytes, errno)),
        }
    }

    fn gap(&self, from: Address, bytes: usize) -> Option<Address> {
        let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
        first_gap(&maps, from, bytes)
    }

    fn each_writable(&self, visit: &mut dyn FnMut(Span)) -> bool {
        let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return false };
        for line in maps.lines() {
            let Some((span, rest)) = mapped_range(line) else { return false };
            if rest.starts_with("rw") {
                visit(span);
            }
        }
        true
    }

    fn unmap(&mut self, mapping: Mapping) {
        self.of_files.retain(|file| file.start < mapping.start || file.start >= mapping.end());
        unmap_range(mapping.start, mapping.bytes);
    }

    fn give_back(&mut self, mapping: &Mapping, start: Address, bytes: usize) -> Result<(), OsError> {
        assert!(start >= mapping.start && start + bytes <= mapping.end(), "pages of the mapping");
        let done = if self.of_files.iter().any(|file| file.contains(&start)) {
            // Advice would bring back what the file holds.
            let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::FIXED);
            // SAFETY: the pages are ours, and nothing is allocated in them: the heap gives back free pages only.
            unsafe { mmap_anonymous(pointer(start), bytes, access, flags) }.map(drop)
        } else {
            // SAFETY: as above.
            unsafe { madvise(pointer(start), bytes, Advice::LinuxDontNeed) }
        };
        if mapping.large_pages {
            keep_small(mapping, start, bytes);
        }
        done.map_err(|errno| refused(Purpose::GiveBack, bytes, errno))
    }

    fn populate(&mut self, mapping: &Mapping, start: Address, bytes: usize) {
        assert!(start >= mapping.start && start + bytes <= mapping.end(), "pages of the mapping");
        // SAFETY: the pages are ours, and keep what they hold.
        let done = unsafe { madvise(pointer(start), bytes, Advice::LinuxPopulateWrite) };
        // A kernel before 5.14 knows no such advice; then pages become resident as they are touched.
        done.ok();
    }

    fn prefer_large_pages(&mut self, mapping: &mut Mapping) {
        mapping.large_pages = true;
        // SAFETY: the mapping is ours, and keeps what it holds.
        let done = unsafe { madvise(pointer(mapping.start), mapping.bytes, Advice::LinuxHugepage) };
        // A kernel without them knows no such advice; then pages are small.
        done.ok();
    }

    fn in_large_pages(&self, ranges: &[Span]) -> Option<usize> {
        large_pages_of(&std::fs::read_to_string("/proc/self/smaps").ok()?, ranges)
    }

    fn map_file(&mut self, mapping: &Mapping, file: &File, offset: u64, bytes: usize) -> bool {
        assert!(bytes <= mapping.bytes && bytes.is_multiple_of(PAGE), "pages of the mapping");
        if bytes == 0 || self.of_files.try_reserve(1).is_err() {
            return false;
        }
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::FIXED);
        // SAFETY: the range is in a mapping of ours that is fresh, so that nothing is in it yet.
        let done = unsafe { mmap(pointer(mapping.start), bytes, access, flags, file, offset) };
        if done.is_ok() {
            self.of_files.push(mapping.start..mapping.start + bytes);
        }
        done.is_ok()
    }

    fn residency(&mut self, start: Address, resident: &mut [bool]) -> bool {
        let Some(pagemap) = &self.pagemap else { return false };
        let mut buffer = [0_u8; PAGEMAP_BATCH * PAGEMAP_ENTRY];
        for (batch, answers) in resident.chunks_mut(PAGEMAP_BATCH).enumerate() {
            let first = start.get() / PAGE + batch * PAGEMAP_BATCH;
            let entries = &mut buffer[..answers.len() * PAGEMAP_ENTRY];
            if pagemap.read_exact_at(entries, (first * PAGEMAP_ENTRY) as u64).is_err() {
                return false;
            }
            for (answer, entry) in answers.iter_mut().zip(entries.chunks_exact(PAGEMAP_ENTRY)) {
                let entry = entry.iter().rev().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
                *answer = entry & PAGEMAP_PRESENT != 0;
            }
        }
        true
    }
}

/// The range that a line of `maps` is about, and the rest of the line, which begins with its permissions.
fn mapped_range(line: &str) -> Option<(Span, &str)> {
    let (low, rest) = line.split_once('-')?;
    let (high, rest) = rest.split_once(' ')?;
    let number = |digits| usize::from_str_radix(digits, 16).ok().map(Address::new);
    Some((number(low)?..number(high)?, rest))
}

/// Bytes in large pages of the mappings in `smaps` that overlap one of some ranges.
fn large_pages_of(smaps: &str, ranges: &[Span]) -> Option<usize> {
    let mut is_ours = false;
    let mut sum = 0;
    for line in smaps.lines() {
        // A mapping is a line as in `maps`, and below it a line for each of its numbers.
        if let Some((span, _)) = mapped_range(line) {
            is_ours = ranges.iter().any(|range| range.start < span.end && span.start < range.end);
        } else if let Some(number) = line.strip_prefix("AnonHugePages:").filter(|_| is_ours) {
            sum += number.trim().strip_suffix(" kB")?.parse::<usize>().ok()? << 10;
        }
    }
    Some(sum)
}

/// The first range of `bytes` at or above `from`, aligned to a chunk, that lies between the lines of `maps`.
fn first_gap(maps: &str, from: Address, bytes: usize) -> Option<Address> {
    let mut candidate = from.align_up(CHUNK);
    for line in maps.lines() {
        let (Span { start: low, end: high }, _) = mapped_range(line)?;
        if high <= candidate {
            continue;
        }
        if low.checked_offset_from(candidate).is_some_and(|room| room >= bytes) {
            return Some(candidate);
        }
        candidate = high.align_up(CHUNK);
    }
    // Above the last line there is room as far as the processor can address; 47 bits hold everywhere.
    (candidate.get().checked_add(bytes)? < 1 << 47).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_lands_at_a_free_hint_and_not_on_what_is_there() {
        let mut os = Linux::new();
        let hint = os.gap(Address::new(0x5000_0000_0000), 4 * CHUNK).unwrap();
        let first = os.map(hint, CHUNK).unwrap();
        assert_eq!(first.start(), hint);
        assert_eq!(os.map_at(hint, CHUNK), Ok(None));
        let second = os.map(hint, CHUNK).unwrap();
        assert_ne!(second.start(), hint);
        assert!(second.start().is_aligned(CHUNK));
        os.unmap(first);
        os.unmap(second);
    }

    #[test]
    fn pages_become_resident_by_a_touch_and_leave_when_given_back() {
        let mut os = Linux::new();
        let mapping = os.map(Address::default(), CHUNK).unwrap();
        let mut resident = vec![true; CHUNK / PAGE];
        assert!(os.residency(mapping.start(), &mut resident));
        assert!(resident.iter().all(|page| !page));
        // SAFETY: the page was just mapped.
        unsafe { ptr::with_exposed_provenance_mut::<u64>(mapping.start().get() + 3 * PAGE).write(1) };
        assert!(os.residency(mapping.start(), &mut resident));
        assert_eq!(resident.iter().filter(|page| **page).count(), 1);
        assert!(resident[3]);
        os.give_back(&mapping, mapping.start() + 3 * PAGE, PAGE).unwrap();
        assert!(os.residency(mapping.start(), &mut resident));
        assert!(!resident[3]);
        os.unmap(mapping);
    }

    #[test]
    fn a_file_is_mapped_privately_and_what_is_given_back_of_it_is_zero() {
        let mut os = Linux::new();
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), vec![7; 3 * PAGE]).unwrap();
        let file = File::open(path.path()).unwrap();
        let mapping = os.map(Address::default(), CHUNK).unwrap();
        assert!(os.map_file(&mapping, &file, PAGE as u64, 2 * PAGE));
        let byte = |page: usize| ptr::with_exposed_provenance_mut::<u8>(mapping.start().get() + page * PAGE);
        // SAFETY: the three pages are mapped; the last is beyond the file.
        assert_eq!([0, 1, 2].map(|page| unsafe { byte(page).read() }), [7, 7, 0]);
        // SAFETY: the page is mapped.
        unsafe { byte(1).write(8) };
        assert_eq!(std::fs::read(path.path()).unwrap(), vec![7; 3 * PAGE]);
        os.give_back(&mapping, mapping.start(), PAGE).unwrap();
        // SAFETY: both pages are mapped.
        assert_eq!([0, 1].map(|page| unsafe { byte(page).read() }), [0, 8]);
        os.unmap(mapping);
        assert_eq!(os.of_files, []);
    }

    #[test]
    fn large_pages_are_those_of_the_mappings_asked_for() {
        let smaps = "10000000-10400000 rw-p 00000000 00:00 0\nRss:  4096 kB\nAnonHugePages:      2048 kB\nVmFlags: rd wr\n\
                     10400000-10800000 rw-p 00000000 00:00 0\nAnonHugePages:      4096 kB\n\
                     7f0000000000-7f0000001000 r--p 00000000 00:00 0 /lib\nAnonHugePages:         0 kB\n";
        let within = |start, end| large_pages_of(smaps, &[Address::new(start)..Address::new(end)]);
        assert_eq!(within(0x1030_0000, 0x1040_0000), Some(2 << 20));
        assert_eq!(within(0x1030_0000, 0x1040_1000), Some(6 << 20));
        assert_eq!(within(0x7f00_0000_0000, 0x7f00_0000_1000), Some(0));
    }

    /// Whether there are large pages is the system's affair. Where there are, they leave residency page by page.
    #[test]
    fn what_is_given_back_inside_a_large_page_is_not_resident() {
        let mut os = Linux::new();
        let mut mapping = os.map(Address::default(), 4 * LARGE_PAGE).unwrap();
        let span = mapping.start()..mapping.end();
        os.prefer_large_pages(&mut mapping);
        let middle = (mapping.start() + LARGE_PAGE).align_up(LARGE_PAGE);
        // SAFETY: the page was just mapped.
        unsafe { ptr::with_exposed_provenance_mut::<u64>(middle.get()).write(1) };
        let mut resident = vec![false; LARGE_PAGE / PAGE];
        assert!(os.residency(middle, &mut resident));
        let large = os.in_large_pages(&[span]).unwrap() > 0;
        assert_eq!(resident.iter().filter(|page| **page).count(), if large { resident.len() } else { 1 });
        os.give_back(&mapping, middle + 5 * PAGE, 3 * PAGE).unwrap();
        assert!(os.residency(middle, &mut resident));
        assert_eq!(resident[5..8], [false; 3]);
        assert_eq!(resident[8], large);
        // SAFETY: the page is mapped.
        assert_eq!(unsafe { ptr::with_exposed_provenance_mut::<u64>(middle.get() + 5 * PAGE).read() }, 0);
        // The system is not to bring the pages together again: `nh`.
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let ours = smaps.lines().skip_while(|line| mapped_range(line).is_none_or(|(span, _)| span.start != middle));
        let flags = ours.map(|line| line.strip_prefix("VmFlags:")).find_map(|flags| flags).unwrap();
        assert!(flags.split(' ').any(|flag| flag == "nh"), "{flags}");
        os.unmap(mapping);
    }

    #[test]
    fn gaps_are_found_between_the_lines_of_the_maps() {
        let maps = "10000000-10100000 rw-p 00000000 00:00 0\n10200000-10300000 rw-p 00000000 00:00 0\n\
                    7f0000000000-7f0000001000 r--p 00000000 00:00 0 /lib\n";
        let gap = |from, bytes| first_gap(maps, Address::new(from), bytes);
        assert_eq!(gap(0x1000_0000, CHUNK), Some(Address::new(0x1010_0000)));
        assert_eq!(gap(0x1000_0000, 2 * CHUNK), Some(Address::new(0x1030_0000)));
        assert_eq!(gap(0x1234, CHUNK), Some(Address::new(0x10_0000)));
        assert_eq!(gap(0x7f00_0000_0000, CHUNK), Some(Address::new(0x7f00_0010_0000)));
        assert_eq!(gap(0x7f00_0000_0000, 1 << 47), None);
    }
}
