//! What the numbers of the window count: for each its name, its unit and what it counts. Whatever shows a number explains it
//! from here, to those who point at it and to those who have it read to them.
//!
//! The terms of the balance say that themselves ([`Term::meaning`](crate::map::balance::Term::meaning)), for it depends on
//! the policy.

use eframe::egui::{Response, Ui};
use heapatlas_heap::frame::Counters;

use crate::format;
use crate::model::history::Curve;

/// What a number is given in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Bytes, with a binary unit.
    Bytes,
    /// Pages of 4 KiB.
    Pages,
    /// Things, one by one.
    Count,
    /// Microseconds to minutes.
    Time,
    /// So many times something else.
    Ratio,
    /// A place in the heap.
    Address,
    /// A place in a text.
    Line,
    /// More than one of those, or none: the unit, if there is one, is beside each.
    Several,
}

impl Unit {
    /// How that is put behind a name.
    const fn words(self) -> &'static str {
        match self {
            Self::Bytes => ", in bytes",
            Self::Pages => ", in pages of 4 KiB",
            Self::Count => ", a count",
            Self::Time => ", a time",
            Self::Ratio => ", a ratio",
            Self::Address => ", a hexadecimal address",
            Self::Line => ", a file and a line",
            Self::Several => "",
        }
    }
}

macro_rules! words {
    ($($word:ident, $name:literal, $unit:ident, $meaning:literal;)*) => {
        /// What a number counts.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Word {
            $(#[doc = $meaning] $word,)*
        }

        impl Word {
            /// Every word.
            pub const ALL: &'static [Self] = &[$(Self::$word,)*];

            /// Its name, its unit, and what it counts.
            const fn entry(self) -> (&'static str, Unit, &'static str) {
                match self {
                    $(Self::$word => ($name, Unit::$unit, $meaning),)*
                }
            }
        }
    };
}

words! {
    Clock, "allocation clock", Bytes, "allocated since the heap was made; it never goes back";
    Moment, "the moment that is shown", Several,
        "what was allocated up to it, of what was allocated by now, and the time since the heap was made";
    Stretch, "the stretch that is looked at", Several, "from one place on the allocation clock to another, or in time";
    Committed, "committed", Bytes, "mapped, and ours";
    Resident, "resident", Bytes, "of the heap's pages in memory, as the kernel says";
    Allocated, "allocated", Bytes, "in use: live, unjudged and dead together";
    Live, "live", Bytes, "payload of what the last mark reached; unknown before the first collection";
    Holes, "holes", Bytes, "between extents, and not ours";
    SoftLimit, "soft limit", Bytes, "what may be committed before an error";
    Span, "the whole span", Bytes, "from the first byte of the lowest extent to the last of the highest, holes included";
    ResidentPerLive, "resident / live", Ratio, "what a byte that lives costs in memory";
    Rest, "most of the rest", Several,
        "the largest term of the balance besides what lives, and its share of what is committed";
    Selection, "selected", Pages, "from the first page of the selection to its last";
    MapOfPages, "the page map", Pages, "every page of the heap by what it is used for, and the holes between them";
    PagesOfKind, "pages of a kind", Pages, "used for that now";
    PagesOfForm, "pages of a form", Pages, "in which that form allocated last";
    MapScale, "the scale of the map", Several, "how much a box, and a row of them, stands for";
    Age, "age", Bytes, "of allocation since then: how far the allocation clock has gone on";
    Address, "where it lies", Address, "of its first byte";
    Offset, "where on the page", Address, "from the beginning of the page";
    Thing, "a thing on the page", Several, "where on the page it begins, its kind, its size in bytes, and what it prints as";
    Things, "things on the page", Count, "cells and objects that lie on it, or reach onto it";
    ThingSize, "size of the thing", Bytes, "that it takes, its header and rounding included";
    References, "references", Count, "from the heap and from roots to it";
    WhyItStays, "why the page stays", Several, "what lives on it and who holds that, and what would let its pool go";
    FreeRuns, "free runs", Several, "stretches of adjacent free bytes inside pools: how many of that length, and their bytes";
    FreeRun, "a free run", Several, "where it begins, and its length in bytes";
    NextAllocation, "where the next thing will lie", Address, "of the first free run that it fits";
    FitsNot, "what would not fit", Bytes, "a thing longer than that finds no room as things are";
    FormsBegun, "forms", Count, "top-level forms begun";
    FormPlace, "the form", Line, "where the top-level form begins";
    FormBytes, "bytes of a form", Bytes, "allocated while it ran, and its share of all forms'";
    Collections, "collections", Several, "completed, the time they took together, and why the last one began";
    Cycle, "cycle", Count, "its number among the collections, the latest first";
    Cause, "cause", Several, "why the collection began";
    CycleAllocated, "allocated", Bytes, "live, dead and unjudged, before and after, as the frames around it say";
    CycleResident, "resident", Bytes, "in memory, before and after, as the kernel says";
    CycleChange, "before and after", Bytes,
        "of every term of the balance and of the holes, on one scale, as the frames around the cycle say";
    CycleTook, "took", Time, "in the collector";
    CollectionsCompleted, "collections", Count, "completed since the start";
    Collecting, "collecting", Time, "spent in the collector since the start";
    LastStep, "the last step", Several, "what the collector did when it was stepped last";
    White, "white", Bytes, "allocated, and not reached by the mark";
    Grey, "grey", Count, "things that were reached and wait to be scanned";
    Reached, "reached", Bytes, "black and grey: kept, unless the sweep has passed and taken the marks off again";
    Walks, "walks", Count, "--verify: after so many steps the heap was walked, and counted the same";
    Pauses, "pauses", Time, "how long the program was stopped, each time the collector worked";
    Policy, "the policy", Several, "where things are placed, and what is done to get memory back";
    EventsLost, "events lost", Count, "that nobody fetched in time; the pages and counters are exact all the same";
    Marks, "marks above the curves", Count, "what happened in the run, of that sort";
    Timeline, "the timeline", Several, "the counters over the run, and what happened when";
    OverTime, "address × time", Count, "moments, each a column, and rows of pages";
    ChangedPages, "count", Pages, "that changed so from A to the moment that is shown; where several hold, the first";
    ChangedBytes, "bytes", Bytes, "of those pages: their number times 4 KiB";
    MovedPages, "count", Pages,
        "in use at the earlier moment and emptied since by evacuation or compaction, and in use at the later and filled so";
    AtA, "A", Several, "the value at the moment that was marked";
    Shown, "shown", Several, "the value at the moment that is shown";
    Change, "change", Several, "from A to the moment that is shown";
    TriedAfter, "how often an expression is tried", Bytes, "of allocation from one time to the next, at most";
    UnderWay, "under way", Several, "what the runtime has done so far of what was asked of it";
    Written, "written", Bytes, "to the file so far; it has its name when all of it is there";
    TourStep, "steps of the tour", Count, "the one that is told, of all";
    Exhausted, "an exhausted heap", Several, "what was asked of it, and what there is";
}

impl Word {
    /// Its name, its unit, and what it counts: one sentence.
    #[must_use]
    pub fn sentence(self) -> String {
        let (name, unit, meaning) = self.entry();
        format!("{name}{}: {meaning}", unit.words())
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.entry().0
    }

    /// What the value of a curve counts.
    #[must_use]
    pub const fn of_curve(curve: Curve) -> Self {
        match curve {
            Curve::Limit => Self::SoftLimit,
            Curve::Committed => Self::Committed,
            Curve::Resident => Self::Resident,
            Curve::Allocated => Self::Allocated,
            Curve::Live => Self::Live,
            Curve::Holes => Self::Holes,
        }
    }
}

/// What is resident, and when that was measured: what was allocated since may be in memory and not be counted yet, so that
/// more seems to live than is resident.
#[must_use]
pub fn of_residency(counters: &Counters) -> String {
    let sentence = Word::Resident.sentence();
    match counters.measured {
        None => sentence,
        Some(measured) => {
            let (at, since) = (format::bytes(measured), format::bytes(counters.clock.saturating_sub(measured)));
            format!(
                "{sentence}. Measured last at {at} on the allocation clock, {since} ago: what came since is not in it"
            )
        }
    }
}

/// What shows a number, and says what that counts.
pub trait Counts: Sized {
    /// Says what the number counts, when somebody points at it or has it read.
    fn counts(self, word: Word) -> Self;

    /// Has words read to who can't see it, and shows more to who points at it.
    fn explained(self, words: &str, show: impl FnOnce(&mut Ui)) -> Self;

    /// Has what the numbers count read; what is under the pointer is told beside that.
    fn described(self, word: Word) -> Self;
}

impl Counts for Response {
    fn counts(self, word: Word) -> Self {
        self.on_hover_text(word.sentence())
    }

    fn explained(self, words: &str, show: impl FnOnce(&mut Ui)) -> Self {
        self.ctx.accesskit_node_builder(self.id, |node| node.set_description(words));
        self.on_hover_ui(show)
    }

    fn described(self, word: Word) -> Self {
        self.ctx.accesskit_node_builder(self.id, |node| node.set_description(word.sentence()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_resident_says_when_that_was_measured() {
        let mut counters = Counters { clock: 3 << 20, ..Counters::default() };
        assert_eq!(of_residency(&counters), Word::Resident.sentence());
        counters.measured = Some(1 << 20);
        let words = of_residency(&counters);
        assert!(words.contains("Measured last at 1.00 MiB on the allocation clock, 2.00 MiB ago"), "{words}");
    }

    #[test]
    fn a_word_says_its_unit_and_what_it_counts() {
        assert_eq!(Word::Committed.sentence(), "committed, in bytes: mapped, and ours");
        for curve in Curve::ALL {
            assert!(Word::of_curve(curve).sentence().contains(", in bytes: "), "{}", curve.name());
        }
        assert!(Word::MapScale.sentence().starts_with("the scale of the map: how much a box"));
        let mut sentences: Vec<_> = Word::ALL.iter().map(|word| word.sentence()).collect();
        sentences.sort();
        sentences.dedup();
        assert_eq!(sentences.len(), Word::ALL.len(), "no two words say the same");
    }
}
