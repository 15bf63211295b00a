//! The collector: precise mark and sweep, divisible into steps.
//!
//! * `mark` shading and scanning, with a fixed queue
//! * `sweep` dead granules become free
//! * `evacuate` what lives in sparse pools moves to dense ones
//! * [`compact`] on request everything is brought together, and holes close
//! * `pacing` when the next cycle begins, and what stays warm
//! * `report` what a step did, in a sentence
//! * `pauses` how long the program was stopped
//! * `safepoint` the one moment at which anything is freed
//!
//! The program may run between two steps. While a mark is under way, whatever it stores is shaded, and what it allocates
//! is black: marked, with what it refers to shaded, at the next step; the roots and the stacks, to which it writes without
//! telling, count as grey until they are scanned again when the mark ends. So after every step no black object refers to a
//! white one.
//!
//! *White* is allocated and not marked, *grey* is marked and not scanned, *black* is marked and scanned. The phases
//! are those of [`GcPhase`]. A collection never allocates: the mark queue is fixed, and what does not fit stays grey
//! on a page that is flagged as flooded and looked at later.

pub mod compact;
pub(crate) mod evacuate;
pub(crate) mod mark;
pub(crate) mod pacing;
mod pauses;
mod report;
#[allow(unsafe_code, reason = "the one promise that a caller makes")]
pub(crate) mod safepoint;
pub(crate) mod sweep;

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::frame::Event;
use crate::raw::{ChunkRef, ObjectRef, TablesAt};
use crate::space::Space;
use crate::space::chunk::Chunk;
use crate::space::policy::{Placement, Policy};
use crate::terms::{Address, GcCause, GcPhase, GcUnit, PAGE_GRANULES, PoolKind};
use crate::value::Value;
use evacuate::Effort;
pub use evacuate::Evacuation;
use mark::Marker;
use pacing::{Pacing, SLICE_GIVEN, SLICE_SCANNED, SLICE_TOUCHED};
pub use pauses::Pauses;
use sweep::Sweeper;

/// Runs of fewer free pages stay resident after an ordinary cycle: a call costs as much as touching a few pages anew.
const LEAST_GIVEN_BACK: usize = 4;

/// Where the program keeps references outside the heap.
pub trait Roots {
    /// Calls `visit` for every value that must stay alive.
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value));
}

/// What collections did so far.
#[derive(Clone, Debug, Default)]
pub struct GcStats {
    /// Cycles completed.
    pub cycles: u64,
    /// Time spent in the collector.
    pub total: Duration,
    /// The pauses, one for each time the program was stopped; the latest [`GcStats::PAUSES_KEPT`] of them.
    pub pauses: std::collections::VecDeque<Duration>,
    /// The longest pause ever.
    pub longest: Duration,
}

impl GcStats {
    /// How many pauses are kept for percentiles.
    pub const PAUSES_KEPT: usize = 4096;

    fn add_pause(&mut self, pause: Duration) {
        self.total += pause;
        self.longest = self.longest.max(pause);
        if self.pauses.len() == Self::PAUSES_KEPT {
            self.pauses.pop_front();
        }
        self.pauses.push_back(pause);
    }

    /// The pause that `share` of all kept pauses do not exceed; `share` between 0 and 1. Zero when there was none.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Duration {
        let mut sorted: Vec<_> = self.pauses.iter().copied().collect();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
        sorted.get(at).copied().unwrap_or_default()
    }
}

/// What one step did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepReport {
    /// The phase in which the step began.
    pub began_in: GcPhase,
    /// The phase in which it ended.
    pub ended_in: GcPhase,
    /// Objects and cells scanned.
    pub scanned: u64,
    /// Grey things that wait when the step ended; after a slice, entries of the queue, which may be more.
    pub grey: u64,
    /// Whether more grey things than those wait on pages that are looked at later.
    pub flooded: bool,
    /// The page swept last.
    pub page: Option<Address>,
    /// Pages swept.
    pub swept_pages: u64,
    /// Granules that became free.
    pub freed_granules: u64,
    /// Bytes that moved.
    pub moved: u64,
    /// Bytes that left residency.
    pub given_back: u64,
}

/// The collector of a heap.
#[derive(Debug)]
pub(crate) struct Collector {
    phase: GcPhase,
    cause: GcCause,
    marker: Marker,
    sweeper: Sweeper,
    /// Below this the mark bitmaps are resident, when the roots are about to be shaded in slices.
    touched: Address,
    pub(crate) pacing: Pacing,
    pub(crate) stats: GcStats,
    /// How many cycles moved something.
    moves: u64,
    /// The allocation clock, which stands still while the collector works.
    clock: u64,
    /// Whether the program stood still during the whole latest cycle, for all we know.
    exact: bool,
    /// Whether somebody goes through the cycle step by step.
    watched: bool,
}

impl Collector {
    pub(crate) fn new(policy: Policy) -> Self {
        let tables = if policy.placement == Placement::Malloc { TablesAt::BESIDE } else { TablesAt::HEAD };
        Self {
            phase: GcPhase::Idle,
            cause: GcCause::Asked,
            marker: Marker::new(tables),
            sweeper: Sweeper::default(),
            touched: Address::default(),
            pacing: Pacing::default(),
            stats: GcStats::default(),
            moves: 0,
            clock: 0,
            exact: true,
            watched: false,
        }
    }

    pub(crate) fn phase(&self) -> GcPhase {
        self.phase
    }

    /// Whether marks mean anything: between the beginning of a cycle and the end of its sweep.
    pub(crate) fn is_marking(&self) -> bool {
        matches!(self.phase, GcPhase::Roots | GcPhase::Mark | GcPhase::Finish | GcPhase::Sweep)
    }

    /// How many cycles moved something.
    pub(crate) fn moves(&self) -> u64 {
        self.moves
    }

    /// Whether a collection that was asked for, which spares no effort, is under way.
    fn is_whole(&self) -> bool {
        matches!(self.cause, GcCause::Asked | GcCause::Compaction)
    }

    fn effort(&self) -> Effort {
        match self.cause {
            GcCause::Asked | GcCause::Compaction => Effort::Whole,
            GcCause::Stress => Effort::Stress,
            GcCause::Allocation | GcCause::Limit => Effort::Ordinary,
        }
    }

    /// Whether stores must be told: a mark is under way.
    pub(crate) fn has_barrier(&self) -> bool {
        matches!(self.phase, GcPhase::Roots | GcPhase::Mark | GcPhase::Finish)
    }

    /// Whether somebody goes through the cycle step by step.
    pub(crate) fn is_watched(&self) -> bool {
        self.watched
    }

    /// Whether the latest cycle was done while the program stood still: then what it left is exactly what lived.
    pub(crate) fn was_exact(&self) -> bool {
        self.exact
    }

    /// Whether a page of the chunk at an address holds what the mark found dead and the sweep has not reached.
    pub(crate) fn may_hold_dead(&self, chunk: Address, page: usize) -> bool {
        self.phase == GcPhase::Sweep && page >= self.sweeper.unswept_from(chunk)
    }

    /// Enters in the bitmaps what is grey; see [`Marker::show_grey`].
    pub(crate) fn show_grey(&self, space: &Space) {
        self.marker.show_grey(space);
    }

    /// Takes out again what [`Self::show_grey`] entered.
    pub(crate) fn hide_grey(&self, space: &Space) {
        self.marker.hide_grey(space);
    }

    /// Notes that `value` was stored while a mark is under way.
    pub(crate) fn shade(&mut self, value: Value) {
        self.marker.shade_white(value);
    }

    /// Notes that granules of a pool were allocated.
    pub(crate) fn note_new(&mut self, chunk: ChunkRef, granules: Range<usize>, kind: PoolKind) {
        match self.phase {
            GcPhase::Roots | GcPhase::Mark | GcPhase::Finish => self.marker.blacken_new(chunk, granules, kind),
            GcPhase::Sweep => {
                let page = self.sweeper.unswept_from(chunk.base());
                mark::mark_unswept(chunk, granules, kind, page.saturating_mul(PAGE_GRANULES));
            }
            GcPhase::Idle | GcPhase::Evacuate | GcPhase::GiveBack => {}
        }
    }

    /// Notes that an object with pages of its own was allocated, whose head is that page.
    pub(crate) fn note_large(&mut self, chunk: ChunkRef, page: usize, object: ObjectRef) {
        match self.phase {
            // It is filled before the next step: then what it refers to is scanned.
            GcPhase::Roots | GcPhase::Mark | GcPhase::Finish => self.marker.shade(Value::object(object)),
            GcPhase::Sweep if page >= self.sweeper.unswept_from(chunk.base()) => {
                mark::mark_object(TablesAt::HEAD, object);
            }
            GcPhase::Idle | GcPhase::Sweep | GcPhase::Evacuate | GcPhase::GiveBack => {}
        }
    }

    /// Notes that a block was allocated, and what is in it.
    pub(crate) fn note_block(&mut self, value: Value) {
        match self.phase {
            GcPhase::Roots | GcPhase::Mark | GcPhase::Finish => self.marker.blacken_one(value),
            GcPhase::Sweep => self.sweeper.keep_block(value),
            GcPhase::Idle | GcPhase::Evacuate | GcPhase::GiveBack => {}
        }
    }

    #[cfg(test)]
    pub(crate) fn marker_mut(&mut self) -> &mut Marker {
        &mut self.marker
    }

    /// Begins a cycle, if none is under way. The cursors must be retired.
    pub(crate) fn begin(&mut self, cause: GcCause, space: &mut Space) {
        if self.phase == GcPhase::Idle {
            self.cause = cause;
            self.enter(GcPhase::Roots, space);
        }
    }

    fn enter(&mut self, phase: GcPhase, space: &mut Space) {
        self.phase = phase;
        space.log.push(Event::GcPhase { phase, cause: self.cause });
    }

    /// Goes one step. The cursors are retired; `clock` is the allocation clock.
    pub(crate) fn step(&mut self, unit: GcUnit, space: &mut Space, roots: &mut dyn Roots, clock: u64) -> StepReport {
        let began = Instant::now();
        let began_in = self.phase;
        let mut report = StepReport::begun_in(began_in);
        self.clock = clock;
        self.exact = began_in == GcPhase::Roots && unit == GcUnit::Cycle;
        self.watched = matches!(unit, GcUnit::Object | GcUnit::Page | GcUnit::Phase);
        loop {
            let ended_phase = self.step_in_phase(unit, space, roots, &mut report);
            let done = match unit {
                GcUnit::Object | GcUnit::Page | GcUnit::Slice => true,
                GcUnit::Phase => ended_phase,
                GcUnit::Cycle => self.phase == GcPhase::Idle,
            };
            if done || self.phase == GcPhase::Idle {
                break;
            }
        }
        report.ended_in = self.phase;
        (report.grey, report.flooded) = self.marker.waiting();
        if is_watched(unit) {
            report.grey = self.marker.show_grey(space);
            self.marker.hide_grey(space);
        }
        self.stats.add_pause(began.elapsed());
        report
    }

    /// Gives free memory back to the system. Says whether all was given that should be.
    fn give_back(&mut self, unit: GcUnit, space: &mut Space, report: &mut StepReport) -> bool {
        if space.is_of_blocks() {
            report.given_back += space.give_back_blocks() as u64;
            return true;
        }
        let (warm, mapped) = Pacing::kept(space, self.clock);
        // What is empty stands in the way of an extent for a huge object.
        let least_mapped = matches!(self.cause, GcCause::Limit | GcCause::Compaction);
        let mapped = if least_mapped { Pacing::used(space) } else { mapped };
        let (warm, least) = if self.is_whole() { (0, 1) } else { (warm, LEAST_GIVEN_BACK) };
        let most = if unit == GcUnit::Slice { SLICE_GIVEN } else { usize::MAX };
        let given = space.give_back(warm, least, most);
        report.given_back += given as u64;
        if given >= most {
            return false;
        }
        let (given, done) = space.unmap_empty(mapped, most);
        report.given_back += given as u64;
        if !done {
            return false;
        }
        if self.is_whole() {
            report.given_back += space.give_back_idle_tables() as u64;
        }
        true
    }

    /// Has the system put memory behind the mark bitmaps of the next chunks: in the slices of a mark that comes upon all
    /// of them in no order, it would be too much. Says whether no chunk is left.
    fn touch_marks(&mut self, space: &Space) -> bool {
        let from = space.chunks().partition_point(|chunk| chunk.base() < self.touched);
        let next = &space.chunks()[from..];
        next.iter().take(SLICE_TOUCHED).for_each(|chunk| chunk.memory().touch_marks());
        self.touched = next.get(SLICE_TOUCHED).map_or(Address::default(), Chunk::base);
        next.len() <= SLICE_TOUCHED
    }

    /// Scans what the finish has found; in a slice, no more than a slice is for. Gives how many things were scanned.
    ///
    /// However many roots lead to what is black already, they are all looked at: so a finish that does not end scans
    /// something, and there is an end to it.
    fn scan_found(&mut self, unit: GcUnit, space: &Space) -> u64 {
        if unit != GcUnit::Slice {
            return self.marker.scan(GcUnit::Phase, space);
        }
        let mut scanned = 0;
        while scanned < SLICE_SCANNED && !self.marker.is_done() {
            scanned += self.marker.scan(unit, space);
        }
        scanned
    }

    /// Works in the current phase; says whether it ended.
    fn step_in_phase(
        &mut self,
        unit: GcUnit,
        space: &mut Space,
        roots: &mut dyn Roots,
        report: &mut StepReport,
    ) -> bool {
        match self.phase {
            GcPhase::Idle => true,
            GcPhase::Roots => {
                if unit == GcUnit::Slice && !self.touch_marks(space) {
                    return false;
                }
                roots.each(&mut |root| self.marker.shade(*root));
                self.enter(GcPhase::Mark, space);
                true
            }
            GcPhase::Mark => {
                report.scanned += self.marker.scan(unit, space);
                let ended = self.marker.is_done();
                if ended {
                    self.enter(GcPhase::Finish, space);
                }
                ended
            }
            GcPhase::Finish => {
                roots.each(&mut |root| self.marker.shade(*root));
                self.marker.rescan_stacks(space);
                report.scanned += self.scan_found(unit, space);
                if !self.marker.is_done() {
                    // Much hung on what the program had taken out of the heap. Once more, then, from the roots.
                    return false;
                }
                self.sweeper.begin(space, is_watched(unit));
                self.enter(GcPhase::Sweep, space);
                true
            }
            GcPhase::Sweep => {
                let ended = self.sweeper.sweep(unit, space, report);
                if ended {
                    self.enter(GcPhase::Evacuate, space);
                }
                ended
            }
            GcPhase::Evacuate => {
                let moved = match self.cause {
                    _ if !space.policy().evacuates => 0,
                    GcCause::Allocation if !Pacing::evacuates(space) => 0,
                    GcCause::Compaction => compact::compact(space, roots, self.clock),
                    _ => evacuate::evacuate(space, roots, self.effort(), self.clock),
                };
                self.moves += u64::from(moved > 0);
                report.moved += moved as u64;
                self.enter(GcPhase::GiveBack, space);
                true
            }
            GcPhase::GiveBack => {
                if space.policy().gives_back && !self.give_back(unit, space, report) {
                    return false;
                }
                self.stats.cycles += 1;
                self.enter(GcPhase::Idle, space);
                true
            }
        }
    }
}

/// Whether somebody looks at what steps of a unit leave behind: only people ask for them.
fn is_watched(unit: GcUnit) -> bool {
    matches!(unit, GcUnit::Object | GcUnit::Page | GcUnit::Phase)
}

#[cfg(test)]
#[allow(unsafe_code, reason = "these tests collect")]
mod tests {
    use super::*;
    use crate::heap::Heap;
    use crate::object::{ObjectFlags, ObjectKind};

    struct One(Value);

    impl Roots for One {
        fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
            visit(&mut self.0);
        }
    }

    /// After how many steps the heap is verified: after each, but Miri takes ten seconds to verify one.
    const VERIFY_EVERY: usize = if cfg!(miri) { 50 } else { 1 };

    /// A tree of cells that is wide in the car, so that the queue of a depth-first walk grows.
    fn comb(heap: &mut Heap, teeth: u32) -> Value {
        let mut comb = Value::NIL;
        for tooth in 0..teeth {
            let mut branch = Value::small(tooth);
            for _ in 0..300 {
                let inner = heap.cons(Value::T, Value::NIL).unwrap();
                branch = heap.cons(branch, inner).unwrap();
            }
            comb = heap.cons(branch, comb).unwrap();
        }
        comb
    }

    #[test]
    #[cfg_attr(miri, ignore = "a hundred thousand cells take Miri an hour")]
    fn a_queue_that_overflows_loses_nothing() {
        let mut heap = Heap::new().unwrap();
        *heap.collector.marker_mut() = Marker::with_queue(TablesAt::HEAD, 8);
        let mut root = One(comb(&mut heap, 200));
        let used = heap.counters().allocated;
        // SAFETY: the only value in use is the root.
        unsafe { heap.collect(GcCause::Asked, &mut root) };
        assert!(heap.collector.marker_mut().floods() > 0, "the test must overflow the queue");
        assert_eq!(heap.counters().allocated, used, "everything is alive");
        assert_eq!(heap.verify(), []);
        assert_eq!(heap.verify_reachable(&mut root), []);
    }

    #[test]
    #[cfg_attr(miri, ignore = "three mebibytes take Miri an hour")]
    fn a_queue_that_overflows_beside_a_huge_object_is_drained_too() {
        let mut heap = Heap::new().unwrap();
        *heap.collector.marker_mut() = Marker::with_queue(TablesAt::HEAD, 8);
        let huge = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 3 << 20).unwrap();
        let comb = comb(&mut heap, 50);
        heap.set_value(huge, 77, comb);
        // SAFETY: the only value in use is the root.
        unsafe { heap.collect(GcCause::Asked, &mut One(Value::object(huge))) };
        assert!(heap.collector.marker_mut().floods() > 0, "the test must overflow the queue");
        assert_eq!(heap.verify(), []);
    }

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn mark_bitmaps_are_resident_before_slices_come_upon_them() {
        let mut heap = Heap::new().unwrap();
        let mut resident_tables = |touch: bool| {
            heap.space.chunks().iter().filter(|_| touch).for_each(|chunk| chunk.memory().touch_marks());
            assert!(heap.measure_residency());
            let chunk = &heap.space.chunks()[0];
            (0..crate::raw::TABLE_PAGES).filter(|page| chunk.entry(*page).resident() == Some(true)).count()
        };
        let before = resident_tables(false);
        assert_eq!(resident_tables(true), before + 2, "of pages for a bit a granule there are two");
    }

    #[test]
    #[cfg_attr(miri, ignore = "three mebibytes take Miri an hour")]
    fn the_marks_of_a_huge_object_are_counted_page_by_page() {
        let mut heap = Heap::new().unwrap();
        let huge = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 3 << 20).unwrap();
        let mut root = One(Value::object(huge));
        let mut marking = 0;
        loop {
            // SAFETY: the only value in use is the root.
            unsafe { heap.collect_step(GcUnit::Object, GcCause::Asked, &mut root) };
            assert_eq!(heap.verify(), []);
            if heap.gc_phase() != GcPhase::Mark {
                break;
            }
            marking += 1;
        }
        assert!(marking > 0, "the test must look while a mark goes on");
    }

    #[test]
    #[cfg_attr(miri, ignore = "twenty thousand cells take Miri an hour")]
    fn a_pool_that_stayed_full_is_swept_as_soon_as_something_in_it_dies() {
        let mut heap = Heap::new().unwrap();
        let middle = (0..10_000).fold(Value::NIL, |rest, n| heap.cons(Value::small(n), rest).unwrap());
        let mut root = One((0..10_000).fold(middle, |rest, n| heap.cons(Value::small(n), rest).unwrap()));
        for _ in 0..3 {
            // SAFETY: the values in use are the root, and the middle, which hangs on it and is not moved.
            unsafe { heap.collect(GcCause::Allocation, &mut root) };
            assert_eq!(heap.verify(), []);
        }
        assert!(heap.space.chunks()[0].slots().any(|(slot, _)| heap.space.chunks()[0].is_full(slot)));
        heap.set_cdr(middle.as_cell().unwrap(), Value::NIL);
        // SAFETY: the only value used afterwards is the root.
        unsafe { heap.collect(GcCause::Allocation, &mut root) };
        assert_eq!(heap.counters().allocated, 10_001 * 16);
        assert_eq!(heap.verify(), []);
        assert_eq!(heap.verify_reachable(&mut root), []);
    }

    #[test]
    fn what_is_moved_behind_the_mark_is_not_lost() {
        let mut heap = Heap::new().unwrap();
        let list = |heap: &mut Heap| (0..50).fold(Value::NIL, |rest, n| heap.cons(Value::small(n), rest).unwrap());
        // Two lists. While one is marked, elements of the other are hung behind the mark and cut off where they were.
        let (front, back) = (list(&mut heap), list(&mut heap));
        let lists = heap.cons(front, back).unwrap();
        let mut root = One(lists);
        let mut hung = 0_usize;
        loop {
            // SAFETY: the only values used afterwards are read again from the root.
            unsafe { heap.collect_step(GcUnit::Object, GcCause::Asked, &mut root) };
            if hung.is_multiple_of(VERIFY_EVERY) {
                assert_eq!(heap.verify(), [], "after {hung}");
            }
            if heap.gc_phase() != GcPhase::Mark {
                break;
            }
            let lists = root.0.as_cell().unwrap();
            let (front, back) = (heap.car(lists).as_cell().unwrap(), heap.cdr(lists).as_cell().unwrap());
            if let Some(next) = heap.cdr(back).as_cell() {
                let rest = heap.cdr(next);
                heap.set_car(front, Value::cell(next));
                heap.set_cdr(back, rest);
                heap.set_cdr(next, heap.car(front));
                hung += 1;
            }
        }
        assert!(hung > 20, "{hung}");
        // SAFETY: the only value used afterwards is the root.
        unsafe { heap.collect(GcCause::Asked, &mut root) };
        assert_eq!(heap.verify(), []);
        assert_eq!(heap.verify_reachable(&mut root), []);
    }

    /// Steps until a cycle ends; says how many.
    fn steps(unit: GcUnit, heap: &mut Heap, roots: &mut dyn Roots) -> usize {
        for steps in 1..1000_usize {
            // SAFETY: the only values in use are those of the roots.
            unsafe { heap.collect_step(unit, GcCause::Asked, roots) };
            if steps.is_multiple_of(VERIFY_EVERY) || heap.gc_phase() == GcPhase::Idle {
                assert_eq!(heap.verify(), [], "after {steps}");
            }
            if heap.gc_phase() == GcPhase::Idle {
                return steps;
            }
        }
        panic!("a cycle does not end");
    }

    #[test]
    fn a_dead_object_on_several_pages_is_swept_at_once() {
        let mut heap = Heap::new().unwrap();
        for _ in 0..20 {
            heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, 10_000).unwrap();
        }
        steps(GcUnit::Page, &mut heap, &mut One(Value::NIL));
        assert_eq!(heap.counters().allocated, 0);
    }

    #[test]
    #[cfg_attr(miri, ignore = "twenty thousand cells take Miri an hour")]
    fn more_roots_than_the_queue_holds_do_not_keep_slices_from_ending() {
        struct Many(Vec<Value>);
        impl Roots for Many {
            fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
                self.0.iter_mut().for_each(visit);
            }
        }
        let mut heap = Heap::new().unwrap();
        let mut roots = Many((0..20_000).map(|n| heap.cons(Value::small(n), Value::NIL).unwrap()).collect());
        assert!(steps(GcUnit::Slice, &mut heap, &mut roots) > 5);
        assert_eq!(heap.counters().allocated, 20_000 * 16);
        assert_eq!(heap.verify_reachable(&mut roots), []);
    }

    #[test]
    #[cfg_attr(miri, ignore = "eighteen thousand cells take Miri an hour")]
    fn what_only_a_root_leads_to_at_the_end_is_found_in_several_slices() {
        let mut heap = Heap::new().unwrap();
        let long = comb(&mut heap, 30);
        let holder = heap.cons(long, Value::NIL).unwrap();
        let mut root = One(Value::NIL);
        // The mark begins while nothing is reached; then the program has the list, as in a register.
        while heap.gc_phase() != GcPhase::Finish {
            // SAFETY: nothing is freed before the finish, and the holder is a root by then.
            unsafe { heap.collect_step(GcUnit::Slice, GcCause::Asked, &mut root) };
        }
        root.0 = holder;
        let mut finishes = 0_usize;
        while heap.gc_phase() == GcPhase::Finish {
            finishes += 1;
            // SAFETY: the only value in use is the root.
            unsafe { heap.collect_step(GcUnit::Slice, GcCause::Asked, &mut root) };
            if finishes.is_multiple_of(VERIFY_EVERY) {
                assert_eq!(heap.verify(), []);
            }
        }
        assert!(finishes > 5, "{finishes}");
        steps(GcUnit::Slice, &mut heap, &mut root);
        assert_eq!(heap.counters().allocated, (30 * 601 + 1) * 16);
        assert_eq!(heap.verify_reachable(&mut root), []);
    }

    #[test]
    #[cfg_attr(miri, ignore = "five thousand cells, one at a time, take Miri an hour")]
    fn steps_by_object_reach_the_same_end_as_a_whole_cycle() {
        let mut heap = Heap::new().unwrap();
        let mut root = One(comb(&mut heap, 3));
        comb(&mut heap, 5);
        let (mut steps, mut scanned) = (0, 0);
        loop {
            // SAFETY: the only value in use is the root.
            let report = unsafe { heap.collect_step(GcUnit::Object, GcCause::Asked, &mut root) };
            steps += 1;
            scanned += report.scanned;
            if heap.gc_phase() == GcPhase::Idle {
                break;
            }
            if steps % 97 == 0 {
                assert_eq!(heap.verify(), []);
            }
        }
        assert_eq!(scanned, 3 * 601);
        assert_eq!(heap.counters().allocated, 3 * 601 * 16);
        assert_eq!(heap.verify_reachable(&mut root), []);
    }
}
