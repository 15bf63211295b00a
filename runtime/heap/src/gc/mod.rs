//! The collector: precise mark and sweep, divisible into steps.
//!
//! * `mark` shading and scanning, with a fixed queue
//! * `pending` that queue: what waits, by the region in which it lies
//! * `bits` marks, greys and overhead of one thing, in the tables of its chunk
//! * `sweep` dead granules become free
//! * `evacuate` what lives in sparse pools moves to dense ones
//! * `mover` copies what lives in a batch of pools
//! * `forwarding` references to what has moved are replaced
//! * [`compact`] on request everything is brought together, and holes close
//! * `pacing` when the next cycle begins, and what stays warm
//! * `report` what a step did, in a sentence too
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

mod bits;
pub mod compact;
pub(crate) mod evacuate;
pub(crate) mod forwarding;
pub(crate) mod mark;
mod mover;
pub(crate) mod pacing;
mod pauses;
mod pending;
mod report;
#[allow(unsafe_code, reason = "the one promise that a caller makes")]
pub(crate) mod safepoint;
#[cfg(test)]
#[allow(unsafe_code, reason = "these tests collect")]
mod slice_tests;
pub(crate) mod sweep;
#[cfg(test)]
#[allow(unsafe_code, reason = "these tests collect")]
mod tests;

use std::ops::Range;
use std::time::Instant;

use crate::frame::Event;
use crate::raw::{ChunkRef, ObjectRef, TablesAt};
use crate::space::Space;
use crate::space::chunk::Chunk;
use crate::space::policy::{Placement, Policy};
use crate::terms::{Address, GcCause, GcPhase, GcUnit, PAGE_GRANULES, PoolKind};
use crate::value::Value;
use evacuate::Effort;
pub use evacuate::Evacuation;
use mark::{Marker, Scanned};
use pacing::{Pacing, SLICE_GIVEN, SLICE_TOUCHED, SLICE_VALUES};
pub use pauses::{GcStats, Pauses};
pub use report::StepReport;
use sweep::Sweeper;

/// Runs of fewer free pages stay resident after an ordinary cycle: a call costs as much as touching a few pages anew.
const LEAST_GIVEN_BACK: usize = 4;

/// Where the program keeps references outside the heap.
pub trait Roots {
    /// Calls `visit` for every value that must stay alive.
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value));
}

/// Asked between the slices of a step that may be long, with what it did so far and the phase it is in: whether it is still
/// wanted.
pub type StillWanted<'w> = &'w mut dyn FnMut(&StepReport) -> bool;

/// The collector of a heap.
#[derive(Debug)]
pub(crate) struct Collector {
    phase: GcPhase,
    cause: GcCause,
    marker: Marker,
    sweeper: Sweeper,
    /// Below this the mark bitmaps are resident, when the roots are about to be shaded in slices.
    touched: Address,
    /// Below this are pages to be given back, while that is done in slices.
    given_below: Address,
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
            given_below: Address::default(),
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
                bits::mark_unswept(chunk, granules, kind, page.saturating_mul(PAGE_GRANULES));
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
                bits::mark_object(TablesAt::HEAD, object);
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

    /// What the allocation clock says while the collector works.
    pub(crate) fn set_clock(&mut self, clock: u64) {
        self.clock = clock;
    }

    /// Leaves a collection that was asked for to the program: what is left of it is done as if it had been due, between
    /// two stretches of the program.
    fn withdraw(&mut self) {
        if self.is_whole() {
            self.cause = GcCause::Allocation;
        }
        self.exact = false;
        self.watched = false;
    }

    /// Goes one step; the cursors are retired. With somebody to ask, a phase or a cycle goes a slice at a time, and ends
    /// early when it is not wanted any more.
    pub(crate) fn step(
        &mut self,
        unit: GcUnit,
        space: &mut Space,
        roots: &mut dyn Roots,
        mut still_wanted: Option<StillWanted<'_>>,
    ) -> StepReport {
        let began = Instant::now();
        let began_in = self.phase;
        let mut report = StepReport::begun_in(began_in);
        let divides = still_wanted.is_some() && matches!(unit, GcUnit::Phase | GcUnit::Cycle);
        let part = if divides { GcUnit::Slice } else { unit };
        self.exact = began_in == GcPhase::Roots && unit == GcUnit::Cycle;
        self.watched = matches!(unit, GcUnit::Object | GcUnit::Page | GcUnit::Phase);
        loop {
            let ended_phase = self.step_in_phase(part, space, roots, &mut report);
            let done = match unit {
                GcUnit::Object | GcUnit::Page | GcUnit::Slice => true,
                GcUnit::Phase => ended_phase,
                GcUnit::Cycle => self.phase == GcPhase::Idle,
            };
            if done || self.phase == GcPhase::Idle {
                break;
            }
            report.ended_in = self.phase;
            if still_wanted.as_mut().is_some_and(|still_wanted| !still_wanted(&report)) {
                self.withdraw();
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
        let given = space.give_back(warm, least, most, &mut self.given_below);
        report.given_back += given as u64;
        // Unmapping takes as long again.
        if self.given_below > Address::default() || (unit == GcUnit::Slice && given > 0) {
            return false;
        }
        let (given, done) = space.unmap_empty(mapped, most);
        report.given_back += given as u64;
        if !done {
            return false;
        }
        if self.is_whole() {
            report.given_back += (space.give_back_untouched() + space.give_back_idle_tables()) as u64;
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

    /// Scans what the finish has found; in a slice, no more than a slice is for. Gives what was scanned.
    ///
    /// However many roots lead to what is black already, they are all looked at: so a finish that does not end scans
    /// something, and there is an end to it.
    fn scan_found(&mut self, unit: GcUnit, space: &Space) -> Scanned {
        if unit != GcUnit::Slice {
            return self.marker.scan(GcUnit::Phase, space);
        }
        let mut scanned = Scanned::default();
        while scanned.values < SLICE_VALUES && !self.marker.is_done() {
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
                report.add_scanned(self.marker.scan(unit, space));
                if unit == GcUnit::Object {
                    report.object = self.marker.last_scanned();
                }
                let ended = self.marker.is_done();
                if ended {
                    self.enter(GcPhase::Finish, space);
                }
                ended
            }
            GcPhase::Finish => {
                roots.each(&mut |root| self.marker.shade(*root));
                self.marker.rescan_stacks(space);
                report.add_scanned(self.scan_found(unit, space));
                if !self.marker.is_done() {
                    // Much hung on what the program had taken out of the heap. Once more, then, from the roots.
                    return false;
                }
                self.sweeper.begin(space, self.watched);
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
                self.given_below = Address::new(usize::MAX);
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
