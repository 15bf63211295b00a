//! The heap: allocation and safepoints.
//!
//! * [`place`] where a thing goes that the current run has no room for
//! * [`access`] what the language reads and writes in cells, objects and code
//! * [`stack`] the stack of the running thread
//! * [`status`] clocks, limits, holes, free runs: what the heap tells about itself

mod access;
mod place;
mod stack;
mod status;

use crate::gc::{Collector, Roots, StepReport, StillWanted};
use crate::object::{Header, ObjectFlags, ObjectKind};
use crate::os::{self, Os};
use crate::raw::{ObjectRef, StackRef};
use crate::space::Space;
use crate::space::cursor::Cursor;
use crate::space::first_fit::FirstFit;
use crate::space::limit::{Exhausted, Refused};
use crate::space::policy::{Placement, Policy};
use crate::terms::{GRANULE, GcPhase, GcUnit, LARGE_THRESHOLD, PoolKind};
use crate::value::Value;

/// Objects of more granules than this are placed by a cursor of their own, so that they need not skip short runs.
const MEDIUM: usize = 16;

/// A heap of Arc values.
///
/// Values that it hands out are good until the next safepoint; see [`Heap::collect`]. Dropping a heap leaks its
/// memory; see [`Heap::release`].
#[derive(Debug)]
pub struct Heap {
    cells: Cursor,
    stack: StackRef,
    /// Calls until the next safepoint.
    countdown: u32,
    /// Whether a mark is under way: stores must be told to the collector.
    marking: bool,
    objects: Cursor,
    medium: Cursor,
    /// Where the search for runs has come to, when there is one kind of pool.
    first_fit: Option<FirstFit>,
    /// The allocation clock without what the cursors have not settled yet, in granules.
    settled_granules: u64,
    /// What was asked for when the reserve had to be let go.
    pending: Option<Refused>,
    /// Whether a handler of an exhausted heap has the reserve.
    handling: bool,
    stress: bool,
    pub(crate) space: Space,
    pub(crate) collector: Collector,
    pub(crate) frames_cut: u64,
    /// The allocation clock when residency was last measured.
    pub(crate) measured: Option<u64>,
}

/// Why a safepoint was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// Nothing in the heap: the countdown ended.
    Nothing,
    /// As much was allocated as pacing allows until the next cycle or slice, or stress wants it.
    Cycle,
    /// A small request was met from the reserve.
    Reserve,
}

impl Heap {
    /// A heap on the memory of this process.
    ///
    /// # Errors
    /// When the system refuses the first extent.
    pub fn new() -> Result<Self, Exhausted> {
        Self::on(os::system())
    }

    /// A heap on memory of this system.
    ///
    /// # Errors
    /// When the system refuses the first extent.
    pub fn on(os: Box<dyn Os>) -> Result<Self, Exhausted> {
        Self::with(Policy::default(), os)
    }

    /// A heap on memory of this system that places things, and gets memory back, as `policy` says.
    ///
    /// # Errors
    /// When the system refuses what the heap needs to begin with, or has no allocator for single blocks; or when another
    /// heap of this process is placed by the system's allocator already, beside whose tables there is no room for ours.
    pub fn with(policy: Policy, os: Box<dyn Os>) -> Result<Self, Exhausted> {
        let mut heap = Self::bare_with(policy, os);
        if !heap.space.claim_allocator() {
            return Err(heap.exhausted(Refused { bytes: 0, by_system: true }));
        }
        if heap.space.fill_reserve() {
            return Ok(heap);
        }
        // Nothing was allocated yet.
        heap.space.release();
        Err(heap.exhausted(Refused { bytes: crate::terms::CHUNK, by_system: true }))
    }

    /// A heap with nothing mapped.
    pub(crate) fn bare(os: Box<dyn Os>) -> Self {
        Self::bare_with(Policy::default(), os)
    }

    fn bare_with(policy: Policy, os: Box<dyn Os>) -> Self {
        let cells = if policy.placement == Placement::Single { PoolKind::Mixed } else { PoolKind::Cells };
        Self {
            cells: Cursor::new(cells, false),
            stack: StackRef::NONE,
            countdown: 1,
            marking: false,
            objects: Cursor::new(PoolKind::Objects, false),
            medium: Cursor::new(PoolKind::Objects, true),
            first_fit: None,
            settled_granules: 0,
            pending: None,
            handling: false,
            stress: false,
            space: Space::new(policy, os),
            collector: Collector::new(policy),
            frames_cut: 0,
            measured: None,
        }
    }

    /// Begins with what was loaded: fills the reserve and plans the first cycle.
    pub(crate) fn begin_loaded(&mut self) -> Result<(), Exhausted> {
        let used = self.space.sums().used_granules * GRANULE;
        self.collector.pacing.plan_cycle(self.clock(), used as u64);
        if self.space.fill_reserve() {
            Ok(())
        } else {
            Err(self.exhausted(Refused { bytes: crate::terms::CHUNK, by_system: true }))
        }
    }

    // Allocation.

    /// A new cell.
    ///
    /// # Errors
    /// When not even the reserve has room.
    #[inline(always)]
    pub fn cons(&mut self, car: Value, cdr: Value) -> Result<Value, Exhausted> {
        match self.cells.run.cell(car, cdr) {
            Some(cell) => Ok(Value::cell(cell)),
            None => self.cons_elsewhere(car, cdr),
        }
    }

    /// A new object with a payload of `bytes` bytes, all zero: every value in it is the fixnum 0.
    ///
    /// # Errors
    /// When not even the reserve has room, or there is no object of that size.
    #[inline]
    pub fn allocate(&mut self, kind: ObjectKind, flags: ObjectFlags, bytes: usize) -> Result<ObjectRef, Exhausted> {
        if bytes < LARGE_THRESHOLD / 2 {
            let header = Header::new(kind, flags, bytes);
            let granules = header.granules();
            let cursor = if granules <= MEDIUM { &mut self.objects } else { &mut self.medium };
            if let Some(object) = cursor.run.object(header) {
                return Ok(object);
            }
        }
        self.allocate_elsewhere(kind, flags, bytes)
    }

    fn cursor(&mut self, which: Which) -> &mut Cursor {
        match which {
            Which::Cells => &mut self.cells,
            Which::Objects => &mut self.objects,
            Which::Medium => &mut self.medium,
        }
    }

    /// The error of a request for `bytes` bytes beside the heap, which the system would refuse.
    #[cold]
    #[must_use]
    pub fn refused_beside(&self, bytes: usize) -> Exhausted {
        self.exhausted(Refused { bytes, by_system: true })
    }

    fn exhausted(&self, refused: Refused) -> Exhausted {
        Exhausted {
            request: refused.bytes,
            limit: self.limit(),
            live: self.live_bytes(),
            largest_free: self.largest_free_run(),
            by_system: refused.by_system,
            too_large: false,
        }
    }

    /// Whether the heap collects by itself now: as its policy says, and to the end of a cycle that has begun.
    fn collects(&self) -> bool {
        self.space.policy().collects || self.collector.phase() != GcPhase::Idle
    }

    fn watch_pacing(&mut self) {
        if self.collects() && self.clock() >= self.collector.pacing.next {
            self.countdown = 1;
        }
    }

    // Safepoints.

    /// Counts one call. True when the program should come to a safepoint now and ask what is [`Self::due`].
    #[inline(always)]
    pub fn tick(&mut self) -> bool {
        self.countdown = self.countdown.wrapping_sub(1);
        self.countdown == 0
    }

    /// Sets after how many calls [`Self::tick`] is true at the latest.
    pub fn set_countdown(&mut self, calls: u32) {
        self.countdown = if self.stress { 1 } else { calls.max(1) };
    }

    /// Collect at every safepoint.
    pub fn set_stress(&mut self, stress: bool) {
        self.stress = stress;
        self.countdown = 1;
    }

    /// Whether every safepoint collects.
    #[must_use]
    pub fn is_stressed(&self) -> bool {
        self.stress
    }

    /// What a safepoint is due for.
    #[must_use]
    pub fn due(&self) -> Due {
        if self.pending.is_some() {
            Due::Reserve
        } else if self.stress || (self.collects() && self.clock() >= self.collector.pacing.next) {
            Due::Cycle
        } else {
            Due::Nothing
        }
    }

    /// After a collection: fills the reserve again. `Err` when there is no room for that; then the program must be
    /// told, and what is left of the reserve is for its handler.
    ///
    /// # Errors
    /// The request that the limit or the system refused.
    pub fn recover(&mut self) -> Result<(), Exhausted> {
        let pending = self.pending.take();
        if self.space.fill_reserve() {
            self.handling = false;
            return Ok(());
        }
        if self.handling {
            // It stays with the handler.
            self.space.release_reserve();
        }
        match pending {
            Some(refused) => Err(self.exhausted(refused)),
            None => Ok(()),
        }
    }

    /// Whether the reserve is in use: what was asked for last had no other room.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.space.reserve_is_released()
    }

    /// Lets the reserve go, for the handler of an error that says the heap is exhausted.
    pub fn begin_handling(&mut self) {
        self.pending = None;
        self.handling = true;
        self.space.release_reserve();
    }

    /// Whether the reserve is a handler's: one has begun, and neither ended nor made room.
    #[must_use]
    pub fn is_handling(&self) -> bool {
        self.handling
    }

    /// After a collection: the handler has ended. Fills the reserve again with what there is, so that the next one has
    /// something too.
    pub fn end_handling(&mut self) {
        self.handling = false;
        self.space.fill_reserve();
    }

    /// Whether a handler has the reserve and too little is left of it for another.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.handling && !self.space.has_least_reserve()
    }

    pub(crate) fn retire_cursors(&mut self) {
        self.settle_cursors();
        let Self { cells, objects, medium, first_fit, space, .. } = self;
        if let Some(first_fit) = first_fit {
            first_fit.start_over();
        }
        cells.retire(space);
        objects.retire(space);
        medium.retire(space);
    }

    pub(crate) fn step_collector(&mut self, unit: GcUnit, roots: &mut dyn Roots) -> StepReport {
        self.step_while(unit, roots, None)
    }

    /// The same, as long as it is wanted.
    pub(crate) fn step_while(
        &mut self,
        unit: GcUnit,
        roots: &mut dyn Roots,
        still_wanted: Option<StillWanted<'_>>,
    ) -> StepReport {
        let clock = self.clock();
        let mut roots = WithStack { roots, stack: &mut self.stack };
        self.collector.set_clock(clock);
        let report = self.collector.step(unit, &mut self.space, &mut roots, still_wanted);
        self.marking = self.collector.has_barrier();
        if self.collector.phase() == GcPhase::Idle {
            let used = self.space.sums().used_granules * GRANULE;
            self.collector.pacing.plan_cycle(clock, used as u64);
        } else {
            self.collector.pacing.plan_slice(clock);
        }
        report
    }
}

/// The roots of the program, and the stack in use, which may move too.
struct WithStack<'h> {
    roots: &'h mut dyn Roots,
    stack: &'h mut StackRef,
}

impl Roots for WithStack<'_> {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.roots.each(visit);
        let Some(stack) = self.stack.object() else { return };
        let mut value = Value::object(stack);
        visit(&mut value);
        if let Some(moved) = value.as_object().filter(|moved| *moved != stack) {
            *self.stack = StackRef::of(moved);
        }
    }
}

/// The three cursors.
#[derive(Clone, Copy, Debug)]
enum Which {
    Cells,
    Objects,
    Medium,
}
