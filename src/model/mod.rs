//! The model: what is known of a heap, from frames alone.
//!
//! It can't tell a live runtime from a recording, and knows of no window and no channel.
//!
//! * [`pages`] the page table, extent by extent
//! * [`difference`] what changed between two moments
//! * [`chronicle`] a whole run without its pages, and what of it was known at a moment
//! * [`history`] the counters over time
//! * [`over_time`] the page table over time
//! * [`pyramid`] a long series of values in bounded memory
//! * [`marks`] what happened, as marks on a timeline
//! * [`moves`] what the collector moved
//! * [`cycles`] the collections, with what was before and after each
//! * [`forms`] the top-level forms seen so far, and which of them ran when
//! * [`functions`] which functions allocated, as far as somebody looked
//! * [`survival`] what of an allocation was left by collections
//! * [`flame`] a tree of bytes

pub mod chronicle;
pub mod cycles;
pub mod difference;
pub mod flame;
pub mod forms;
pub mod functions;
pub mod history;
pub mod marks;
pub mod moves;
pub mod over_time;
pub mod pages;
pub mod pyramid;
pub mod survival;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use heapatlas_heap::frame::{Counters, Frame};
use heapatlas_heap::terms::{PAGE, Span};

use pages::Pages;

/// A number that nobody had before: what has the same version is the same, whichever moment it is of.
fn next_version() -> u64 {
    static LATEST: AtomicU64 = AtomicU64::new(0);
    LATEST.fetch_add(1, Ordering::Relaxed) + 1
}

/// What is known of a heap at one moment. What the run was until then is in its [`chronicle`].
#[derive(Clone, Debug, Default)]
pub struct HeapModel {
    /// The number of the latest frame applied; zero before the first.
    sequence: u64,
    /// When the latest frame was cut, since the heap was made.
    wall: Duration,
    /// The page table.
    pages: Pages,
    /// The counters of the latest frame.
    counters: Counters,
}

/// What came of applying a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Applied {
    /// The model is up to date.
    UpToDate,
    /// Frames are missing before this one, which was not applied: a key frame is needed.
    Gap,
}

impl HeapModel {
    /// Applies a frame. A frame that does not follow the latest, and is no key frame, changes nothing.
    pub fn apply(&mut self, frame: &Frame) -> Applied {
        if !frame.key && frame.sequence != self.sequence + 1 {
            return Applied::Gap;
        }
        self.sequence = frame.sequence;
        self.pages.apply(frame);
        self.counters.clone_from(&frame.counters);
        self.wall = frame.wall;
        Applied::UpToDate
    }

    /// The key frame that says what is known of the pages, and the counters.
    #[must_use]
    pub fn key_frame(&self) -> Frame {
        let extents = self.pages.extents();
        let pages = |span: &Span| ((span.end - span.start) / PAGE) as u32;
        Frame {
            sequence: self.sequence,
            key: true,
            wall: self.wall,
            extents: extents.iter().map(|extent| extent.span.clone()).collect(),
            runs: extents.iter().map(|extent| (extent.span.start, pages(&extent.span))).collect(),
            entries: extents.iter().flat_map(|extent| extent.entries.iter().copied()).collect(),
            counters: self.counters.clone(),
            ..Frame::default()
        }
    }

    /// The number of the latest frame applied; zero before the first.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The page table.
    #[must_use]
    pub fn pages(&self) -> &Pages {
        &self.pages
    }

    /// The counters of the latest frame.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// When the latest frame was cut, since the heap was made.
    #[must_use]
    pub fn wall(&self) -> Duration {
        self.wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::object::{ObjectFlags, ObjectKind};
    use heapatlas_heap::{Heap, Placement, Policy};

    #[test]
    fn frames_add_up_to_what_a_key_frame_says() {
        for placement in Placement::ALL {
            frames_add_up(Heap::with(Policy::of(placement), heapatlas_heap::os::system()).expect("a heap"));
        }
    }

    fn frames_add_up(mut heap: Heap) {
        let mut model = HeapModel::default();
        assert_eq!(model.apply(&heap.cut_frame(true)), Applied::UpToDate);
        for round in 0..40 {
            for _ in 0..1000 {
                heap.cons(heapatlas_heap::Value::NIL, heapatlas_heap::Value::T).expect("room");
            }
            heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, round * 5000).expect("room");
            assert_eq!(model.apply(&heap.cut_frame(false)), Applied::UpToDate);
        }
        let mut fresh = HeapModel::default();
        fresh.apply(&heap.cut_frame(true));
        let mut pages = fresh.pages().iter();
        for page in model.pages().iter() {
            let other = pages.next().expect("as many pages");
            assert_eq!((page.address, page.entry), (other.address, other.entry));
        }
        assert_eq!(model.counters().balance, fresh.counters().balance);
    }

    #[test]
    fn a_gap_is_noticed_and_a_key_frame_mends_it() {
        let mut heap = Heap::new().expect("a heap");
        let mut model = HeapModel::default();
        assert_eq!(model.apply(&heap.cut_frame(false)), Applied::UpToDate);
        heap.cut_frame(false);
        assert_eq!(model.apply(&heap.cut_frame(false)), Applied::Gap);
        assert_eq!(model.sequence(), 1);
        assert_eq!(model.apply(&heap.cut_frame(true)), Applied::UpToDate);
        assert_eq!(model.sequence(), 4);
    }
}
