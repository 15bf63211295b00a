//! Frames: the changes to the page table since the last frame, with counters and events, numbered.
//!
//! The heap marks pages dirty; cutting a frame collects the dirty ones and makes them clean. A frame that is not cut
//! loses nothing: its pages stay dirty and join the next one.

mod events;

use std::time::Duration;

pub use events::{Event, EventLog, Happening};

use crate::heap::Heap;
use crate::space::accounting::Balance;
use crate::space::page_table::PageEntry;
use crate::space::policy::Policy;
use crate::terms::{Address, GcPhase, PAGE, PageKind, Span};

/// The changes since the last frame, or, in a key frame, everything.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Counts the frames of a heap from one, without a gap.
    pub sequence: u64,
    /// Whether the frame says everything, so that nothing before it is needed.
    pub key: bool,
    /// Time since the heap was made.
    pub wall: Duration,
    /// The extents, lowest first; what lies between two of them is a hole.
    pub extents: Vec<Span>,
    /// Extents mapped since the last frame, in the order of their mapping: their pages are fresh, but for those of
    /// `runs`. Apply these before the entries.
    pub mapped: Vec<Span>,
    /// Where the entries belong: an address, and how many adjacent pages from there.
    pub runs: Vec<(Address, u32)>,
    /// The entries of the pages of `runs`, in the same order.
    pub entries: Vec<PageEntry>,
    /// The counters.
    pub counters: Counters,
    /// What happened since the last frame, oldest first.
    pub events: Vec<Happening>,
    /// How many events were lost because nobody fetched them.
    pub lost_events: u64,
}

/// What is counted for the whole heap. Bytes unless the name says otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counters {
    /// How the heap places things and gets memory back: it says what can be done about each term of the balance.
    pub policy: Policy,
    /// The allocation clock: bytes allocated since the heap was made.
    pub clock: u64,
    /// Mapped and ours.
    pub committed: u64,
    /// From the beginning of the lowest extent to the end of the highest, holes included.
    pub span: u64,
    /// In holes.
    pub holes: u64,
    /// Granules allocated, in bytes: live, dead and unjudged together, overhead included.
    pub allocated: u64,
    /// Where the committed bytes are.
    pub balance: Balance,
    /// Pages of each kind, in the order of [`PageKind::ALL`].
    pub pages: [u64; PageKind::ALL.len()],
    /// The soft limit.
    pub limit: Option<u64>,
    /// Collections completed.
    pub cycles: u64,
    /// Time spent collecting.
    pub gc_time: Duration,
    /// Where the collector is.
    pub phase: Option<GcPhase>,
    /// The allocation clock when residency was last measured; `None` when it was not, or when that is not known. What was
    /// allocated since may be in memory and not be counted as resident yet.
    pub measured: Option<u64>,
    /// How often the system answered elsewhere than asked.
    pub diverted: u64,
}

impl Counters {
    /// Measured to be resident; `None` when not measured.
    #[must_use]
    pub fn resident(&self) -> Option<u64> {
        self.balance.resident()
    }

    /// Pages of one kind.
    #[must_use]
    pub fn pages_of(&self, kind: PageKind) -> u64 {
        self.pages[kind as usize]
    }
}

impl Frame {
    /// The pages of the frame with their entries.
    pub fn pages(&self) -> impl Iterator<Item = (Address, PageEntry)> {
        let addresses = self.runs.iter().flat_map(|(start, count)| (0..*count as usize).map(|n| *start + n * PAGE));
        addresses.zip(self.entries.iter().copied())
    }
}

impl Heap {
    /// The counters as of now.
    pub fn counters(&mut self) -> Counters {
        self.settle_for_frame();
        let sums = self.space.sums();
        let (first, last) =
            self.space.spans().fold((None, None), |(first, _), span| (first.or(Some(span.start)), Some(span.end)));
        let span = first.zip(last).map_or(0, |(start, end)| end - start);
        let committed = self.space.committed();
        Counters {
            policy: self.policy(),
            clock: self.clock(),
            committed: committed as u64,
            span: span as u64,
            holes: (span - committed) as u64,
            allocated: (sums.used_granules * crate::terms::GRANULE) as u64,
            balance: Balance::of(&sums),
            pages: sums.pages_of_heap().map(|count| count as u64),
            limit: self.limit().map(|bytes| bytes as u64),
            cycles: self.gc_stats().cycles,
            gc_time: self.gc_stats().total,
            phase: Some(self.gc_phase()),
            measured: self.measured,
            diverted: self.space.diverted(),
        }
    }

    /// Cuts a frame: what changed since the last, or everything for a key frame.
    pub fn cut_frame(&mut self, key: bool) -> Frame {
        let mut frame = Frame { key, ..Frame::default() };
        self.cut_frame_into(&mut frame);
        frame
    }

    /// Cuts a frame into one that was used before, whose lists keep their room. `frame.key` says which kind.
    pub fn cut_frame_into(&mut self, frame: &mut Frame) {
        frame.counters = self.counters();
        self.frames_cut += 1;
        frame.sequence = self.frames_cut;
        frame.wall = self.age();
        frame.extents.clear();
        frame.extents.extend(self.space.spans());
        frame.mapped.clear();
        frame.mapped.append(self.space.newly_mapped());
        frame.runs.clear();
        frame.entries.clear();
        let key = frame.key;
        let (runs, entries) = (&mut frame.runs, &mut frame.entries);
        for chunk in self.space.chunks_mut() {
            let base = chunk.base();
            let mut add = |page: usize, entry: PageEntry| {
                let address = base + page * PAGE;
                match runs.last_mut() {
                    Some((start, count)) if *start + *count as usize * PAGE == address => *count += 1,
                    _ => runs.push((address, 1)),
                }
                entries.push(entry.as_framed());
            };
            if key {
                chunk.clean(|_, _| {});
                let pages = (0..chunk.pages()).map(|page| (page, chunk.entry(page)));
                pages.filter(|(_, entry)| entry.kind() != PageKind::Foreign).for_each(|(page, entry)| add(page, entry));
            } else {
                chunk.clean(add);
            }
        }
        frame.lost_events = self.space.log.take_into(&mut frame.events);
    }
}
