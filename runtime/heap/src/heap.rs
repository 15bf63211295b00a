//! The heap: allocation, and what the language reads and writes.

use std::time::Instant;

use crate::frame::Event;
use crate::gc::{Collector, GcStats, Roots, StepReport};
use crate::object::{Header, MAX_PAYLOAD, ObjectFlags, ObjectKind, Shape};
use crate::os::{self, Os};
use crate::raw::{Bitmap, CellRef, CodeRef, ObjectRef, StackRef};
use crate::space::Space;
use crate::space::bitmap;
use crate::space::cursor::Cursor;
use crate::space::limit::{Exhausted, Refused};
use crate::terms::{Address, GRANULE, GcPhase, GcUnit, LARGE_THRESHOLD, PAGE, PAGE_GRANULES, PageKind, PoolKind, Span};
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
    objects: Cursor,
    medium: Cursor,
    /// The allocation clock without what the cursors have not settled yet, in granules.
    settled_granules: u64,
    /// What was asked for when the reserve had to be let go.
    pending: Option<Refused>,
    stress: bool,
    pub(crate) space: Space,
    pub(crate) collector: Collector,
    pub(crate) frames_cut: u64,
    pub(crate) started: Instant,
}

/// Why a safepoint was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// Nothing in the heap: the countdown ended.
    Nothing,
    /// As much was allocated as pacing allows, or stress wants it.
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
        let mut heap = Self {
            cells: Cursor::new(PoolKind::Cells, false),
            stack: StackRef::NONE,
            countdown: 1,
            objects: Cursor::new(PoolKind::Objects, false),
            medium: Cursor::new(PoolKind::Objects, true),
            settled_granules: 0,
            pending: None,
            stress: false,
            space: Space::new(os),
            collector: Collector::new(),
            frames_cut: 0,
            started: Instant::now(),
        };
        if heap.space.fill_reserve() {
            Ok(heap)
        } else {
            Err(heap.exhausted(Refused { bytes: crate::terms::CHUNK, by_system: true }))
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
            None => self.cons_in_next_run(car, cdr),
        }
    }

    #[cold]
    fn cons_in_next_run(&mut self, car: Value, cdr: Value) -> Result<Value, Exhausted> {
        self.refill(Which::Cells, 1)?;
        match self.cells.run.cell(car, cdr) {
            Some(cell) => Ok(Value::cell(cell)),
            None => unreachable!("a run that was just found has room"),
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
        self.allocate_slowly(kind, flags, bytes)
    }

    #[cold]
    fn allocate_slowly(&mut self, kind: ObjectKind, flags: ObjectFlags, bytes: usize) -> Result<ObjectRef, Exhausted> {
        if bytes > MAX_PAYLOAD {
            let limit = self.limit();
            return Err(Exhausted { request: bytes, limit, by_system: false, too_large: true });
        }
        let header = Header::new(kind, flags, bytes);
        let granules = header.granules();
        if granules * GRANULE > LARGE_THRESHOLD {
            return self.allocate_large(header);
        }
        let which = if granules <= MEDIUM { Which::Objects } else { Which::Medium };
        if self.cursor(which).left() < granules * GRANULE {
            self.refill(which, granules)?;
        }
        match self.cursor(which).run.object(header) {
            Some(object) => Ok(object),
            None => unreachable!("a run that was just found has room"),
        }
    }

    fn allocate_large(&mut self, header: Header) -> Result<ObjectRef, Exhausted> {
        let bytes = header.granules() * GRANULE;
        let count = bytes.div_ceil(PAGE);
        let clock = self.clock();
        let run = self.space.take_pages(count).map_err(|refused| self.refuse(refused))?;
        let stack = header.is(ObjectKind::Stack);
        let chunk = &mut self.space.chunks_mut()[run.chunk];
        for page in run.pages.clone() {
            let kind = match page == run.pages.start {
                _ if stack => PageKind::Stack,
                true => PageKind::LargeHead,
                false => PageKind::LargeRest,
            };
            chunk.set_kind(page, kind, clock);
            chunk.update(page, |entry| entry.set_used(PAGE_GRANULES));
        }
        let memory = chunk.memory();
        let head = run.pages.start * PAGE_GRANULES;
        bitmap::set(memory, Bitmap::Allocated, head..head + 1);
        let object = memory.large_object(run.pages.start, header, run.zeroed);
        self.settled_granules += (count * PAGE_GRANULES) as u64;
        self.watch_pacing();
        Ok(object)
    }

    fn cursor(&mut self, which: Which) -> &mut Cursor {
        match which {
            Which::Cells => &mut self.cells,
            Which::Objects => &mut self.objects,
            Which::Medium => &mut self.medium,
        }
    }

    fn refill(&mut self, which: Which, granules: usize) -> Result<(), Exhausted> {
        self.settle_cursor(which);
        let clock = self.clock();
        self.watch_pacing();
        let (cursor, space) = match which {
            Which::Cells => (&mut self.cells, &mut self.space),
            Which::Objects => (&mut self.objects, &mut self.space),
            Which::Medium => (&mut self.medium, &mut self.space),
        };
        let Err(refused) = cursor.refill(granules, space, clock) else { return Ok(()) };
        // The reserve carries the program to its next safepoint. While a handler runs, the reserve is already its own.
        if !space.reserve_is_released() && space.release_reserve() && cursor.refill(granules, space, clock).is_ok() {
            self.pending = Some(refused);
            self.countdown = 1;
            self.space.log.push(Event::LimitHit { request: refused.bytes, by_system: refused.by_system });
            return Ok(());
        }
        Err(self.refuse(refused))
    }

    fn refuse(&mut self, refused: Refused) -> Exhausted {
        self.space.log.push(Event::LimitHit { request: refused.bytes, by_system: refused.by_system });
        self.exhausted(refused)
    }

    fn exhausted(&self, refused: Refused) -> Exhausted {
        Exhausted { request: refused.bytes, limit: self.limit(), by_system: refused.by_system, too_large: false }
    }

    fn watch_pacing(&mut self) {
        if self.clock() >= self.collector.pacing.next_cycle {
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
        } else if self.stress || self.clock() >= self.collector.pacing.next_cycle {
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
            return Ok(());
        }
        match pending {
            Some(refused) => Err(self.exhausted(refused)),
            None => Ok(()),
        }
    }

    /// Lets the reserve go, for the handler of an error that says the heap is exhausted.
    pub fn begin_handling(&mut self) {
        self.pending = None;
        self.space.release_reserve();
    }

    /// Whether a handler has the reserve.
    #[must_use]
    pub fn is_handling(&self) -> bool {
        self.space.reserve_is_released()
    }

    pub(crate) fn retire_cursors(&mut self) {
        self.settle();
        let Self { cells, objects, medium, space, .. } = self;
        cells.retire(space);
        objects.retire(space);
        medium.retire(space);
    }

    pub(crate) fn step_collector(&mut self, unit: GcUnit, roots: &mut dyn Roots) -> StepReport {
        let clock = self.clock();
        let report = self.collector.step(unit, &mut self.space, roots, clock);
        if self.collector.phase() == GcPhase::Idle {
            let used = self.space.sums().used_granules * GRANULE;
            self.collector.pacing.plan(self.clock(), used as u64);
        }
        report
    }

    // Accounting.

    fn settle_cursor(&mut self, which: Which) {
        let black = self.collector.is_marking();
        let Self { cells, objects, medium, space, .. } = self;
        let cursor = match which {
            Which::Cells => cells,
            Which::Objects => objects,
            Which::Medium => medium,
        };
        self.settled_granules += cursor.settle(space, black) as u64;
    }

    /// Accounts for everything allocated so far, so that the page table is exact.
    pub fn settle(&mut self) {
        for which in [Which::Cells, Which::Objects, Which::Medium] {
            self.settle_cursor(which);
        }
        let marking = self.collector.is_marking();
        for chunk in self.space.chunks_mut() {
            chunk.recount_dirty(marking);
            if marking {
                chunk.recount_marks();
            }
        }
    }

    /// The allocation clock: bytes allocated since the heap was made.
    #[must_use]
    pub fn clock(&self) -> u64 {
        let unsettled = self.cells.unsettled() + self.objects.unsettled() + self.medium.unsettled();
        self.settled_granules * GRANULE as u64 + unsettled as u64
    }

    /// The soft limit in bytes.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        self.space.limit().bytes
    }

    /// Sets the soft limit in bytes; `None` for none. Below what is committed it acts at the next growth.
    pub fn set_limit(&mut self, bytes: Option<usize>) {
        self.space.set_limit(bytes);
    }

    /// Time since the heap was made.
    #[must_use]
    pub fn age(&self) -> std::time::Duration {
        self.started.elapsed()
    }

    /// What collections did so far.
    #[must_use]
    pub fn gc_stats(&self) -> &GcStats {
        &self.collector.stats
    }

    /// Where the collector is.
    #[must_use]
    pub fn gc_phase(&self) -> GcPhase {
        self.collector.phase()
    }

    /// Measures which pages are resident. `false` when the system does not tell.
    pub fn measure_residency(&mut self) -> bool {
        self.space.measure_residency()
    }

    /// The address ranges inside the heap's span that are not ours, lowest first.
    pub fn holes(&self) -> impl Iterator<Item = Span> {
        self.space.holes()
    }

    /// The free runs of all pools, lowest first: where each begins and its bytes.
    pub fn free_runs(&mut self) -> impl Iterator<Item = (Address, usize)> {
        self.settle();
        self.space.chunks().iter().flat_map(|chunk| {
            let memory = chunk.memory();
            let pools = chunk.slots().filter(|(_, slot)| matches!(slot, crate::space::chunk::Slot::Pool { .. }));
            pools.flat_map(move |(slot, _)| {
                let granules = crate::space::chunk::PoolRef { chunk: memory, slot }.granules();
                bitmap::clear_runs(memory, Bitmap::Allocated, granules)
                    .map(move |run| (memory.granule_address(run.start), run.len() * GRANULE))
            })
        })
    }

    /// Adds an event for the next frame.
    pub fn log(&mut self, event: Event) {
        self.space.log.push(event);
    }

    /// Keeps no events, when nobody is going to cut frames, or keeps them again.
    pub fn mute_events(&mut self, muted: bool) {
        self.space.log.mute(muted);
    }

    // What the language reads and writes.

    /// The car of a cell.
    #[inline(always)]
    #[must_use]
    pub fn car(&self, cell: CellRef) -> Value {
        cell.car()
    }

    /// The cdr of a cell.
    #[inline(always)]
    #[must_use]
    pub fn cdr(&self, cell: CellRef) -> Value {
        cell.cdr()
    }

    /// Replaces the car of a cell.
    #[inline(always)]
    pub fn set_car(&mut self, cell: CellRef, value: Value) {
        cell.store_car(value);
    }

    /// Replaces the cdr of a cell.
    #[inline(always)]
    pub fn set_cdr(&mut self, cell: CellRef, value: Value) {
        cell.store_cdr(value);
    }

    /// The header of an object.
    #[inline(always)]
    #[must_use]
    pub fn header(&self, object: ObjectRef) -> Header {
        object.header()
    }

    /// Whether a value is an object of this kind; then the object.
    #[inline(always)]
    #[must_use]
    pub fn as_kind(&self, value: Value, kind: ObjectKind) -> Option<ObjectRef> {
        value.as_object().filter(|object| object.header().is(kind))
    }

    /// Value `index` of an object whose payload is values, or value `index` after the count.
    ///
    /// # Panics
    /// When there is no such word.
    #[inline(always)]
    #[must_use]
    pub fn value(&self, object: ObjectRef, index: usize) -> Value {
        debug_assert!(holds_value(object, index), "word {index} of {:?} is no value", object.header());
        object.value(index)
    }

    /// Replaces value `index` of an object.
    ///
    /// # Panics
    /// When there is no such word.
    #[inline(always)]
    pub fn set_value(&mut self, object: ObjectRef, index: usize, value: Value) {
        debug_assert!(holds_value(object, index), "word {index} of {:?} is no value", object.header());
        object.store_word(index, value.bits());
    }

    /// Raw word `index` of an object.
    ///
    /// # Panics
    /// When there is no such word.
    #[inline(always)]
    #[must_use]
    pub fn word(&self, object: ObjectRef, index: usize) -> u64 {
        object.word(index)
    }

    /// Replaces raw word `index` of an object.
    ///
    /// # Panics
    /// When there is no such word, or the object's shape calls it a value.
    pub fn set_word(&mut self, object: ObjectRef, index: usize, word: u64) {
        assert!(!holds_value(object, index), "word {index} of {:?} is a value", object.header());
        object.store_word(index, word);
    }

    /// The payload of an object as bytes.
    #[inline]
    #[must_use]
    pub fn bytes(&self, object: ObjectRef) -> &[u8] {
        object.bytes(self)
    }

    /// The payload of an object without values, as bytes to write.
    ///
    /// # Panics
    /// When the object holds values.
    pub fn bytes_mut(&mut self, object: ObjectRef) -> &mut [u8] {
        assert_eq!(object.header().shape(), Shape::Raw, "{:?} holds values", object.header());
        object.bytes_mut(self)
    }

    /// Copies the first `count` bytes of one object without values to another.
    ///
    /// # Panics
    /// When one of them holds values or is shorter.
    pub fn copy_bytes(&mut self, from: ObjectRef, to: ObjectRef, count: usize) {
        assert_eq!(from.header().shape(), Shape::Raw, "{:?} holds values", from.header());
        if from != to {
            let mut done = 0;
            let mut window = [0; 512];
            while done < count {
                let size = (count - done).min(window.len());
                window[..size].copy_from_slice(&self.bytes(from)[done..done + size]);
                self.bytes_mut(to)[done..done + size].copy_from_slice(&window[..size]);
                done += size;
            }
        }
    }

    /// Turns a narrow string into one whose characters are in `bytes`, four bytes each.
    ///
    /// # Panics
    /// When `string` is not a string with characters of its own, or `bytes` has not four bytes for each.
    pub fn redirect_string(&mut self, string: ObjectRef, bytes: ObjectRef) {
        let header = string.header();
        assert!(header.is(ObjectKind::String) && header.flags() == ObjectFlags::NONE, "{header:?}");
        assert_eq!(bytes.header().payload_bytes(), 4 * header.payload_bytes());
        string.store_first_word(Value::object(bytes).bits());
        string.store_header(header.with_flags(ObjectFlags::INDIRECT));
    }

    /// The bytes to which a narrow string was redirected.
    #[must_use]
    pub fn redirected(&self, string: ObjectRef) -> Option<ObjectRef> {
        let indirect = string.header().flags().has(ObjectFlags::INDIRECT);
        if indirect { Value::from_bits(string.first_word()).as_object() } else { None }
    }

    /// Keeps an object where it is from now on: somebody goes by its address.
    pub fn pin(&mut self, object: ObjectRef) {
        let header = object.header();
        object.store_header(header.with_flags(header.flags().with(ObjectFlags::PINNED)));
    }

    /// Counts the collections that moved something. Whoever goes by addresses of things that are not pinned must look
    /// again when it has changed.
    #[must_use]
    pub fn moves(&self) -> u64 {
        self.collector.moves()
    }

    /// A new code object with room for `constants` values and `words` raw words. Value `n` is word `1 + n`; the raw
    /// words come after the values.
    ///
    /// # Errors
    /// When there is no room.
    pub fn allocate_code(&mut self, constants: usize, words: usize) -> Result<ObjectRef, Exhausted> {
        let code = self.allocate(ObjectKind::Code, ObjectFlags::NONE, (1 + constants + words) * 8)?;
        code.store_word(0, Value::size(constants).bits());
        Ok(code)
    }

    /// A code object, for quick reading.
    ///
    /// # Panics
    /// When it is no code object.
    #[inline(always)]
    #[must_use]
    pub fn code(&self, code: ObjectRef) -> CodeRef {
        CodeRef::of(code)
    }

    /// How many constants a code object has.
    #[must_use]
    pub fn constants(&self, code: ObjectRef) -> usize {
        code.value(0).as_fixnum().map_or(0, |count| count as usize)
    }

    /// No code, for a machine that has not begun.
    #[must_use]
    pub fn no_code(&self) -> CodeRef {
        CodeRef::NONE
    }

    /// A constant of a code object.
    ///
    /// # Panics
    /// When there is no such constant.
    #[inline(always)]
    #[must_use]
    pub fn code_constant(&self, code: CodeRef, index: usize) -> Value {
        code.constant(index)
    }

    /// A raw word of a code object.
    ///
    /// # Panics
    /// When there is no such word.
    #[inline(always)]
    #[must_use]
    pub fn code_word(&self, code: CodeRef, index: usize) -> u64 {
        code.word(index)
    }

    // The stack of the running thread.

    /// A new stack object with room for `slots` values, none in use.
    ///
    /// # Errors
    /// When there is no room.
    pub fn allocate_stack(&mut self, slots: usize) -> Result<ObjectRef, Exhausted> {
        self.allocate(ObjectKind::Stack, ObjectFlags::NONE, (slots + 1) * 8)
    }

    /// Makes `stack` the one that the functions below act on.
    ///
    /// # Panics
    /// When it is no stack.
    pub fn use_stack(&mut self, stack: ObjectRef) {
        assert!(stack.header().is(ObjectKind::Stack), "{:?}", stack.header());
        self.stack = StackRef::of(stack);
    }

    /// Says how many slots of a stack are in use: only those are scanned.
    ///
    /// # Panics
    /// When it is no stack, or has fewer slots.
    pub fn set_stack_top(&mut self, stack: ObjectRef, slots: usize) {
        let header = stack.header();
        assert!(header.is(ObjectKind::Stack) && slots < header.payload_words(), "{slots} slots of {header:?}");
        stack.store_word(0, Value::size(slots).bits());
    }

    /// How many slots of a stack are in use.
    #[must_use]
    pub fn stack_top(&self, stack: ObjectRef) -> usize {
        stack.value(0).as_fixnum().map_or(0, |slots| slots as usize)
    }

    /// How many slots the stack has.
    #[inline(always)]
    #[must_use]
    pub fn stack_capacity(&self) -> usize {
        self.stack.capacity()
    }

    /// A slot of the stack.
    #[inline(always)]
    #[must_use]
    pub fn slot(&self, index: usize) -> Value {
        self.stack.get(index)
    }

    /// Replaces a slot of the stack.
    #[inline(always)]
    pub fn set_slot(&mut self, index: usize, value: Value) {
        self.stack.set(index, value);
    }

    /// Sets slots to zero.
    pub fn clear_slots(&mut self, from: usize, to: usize) {
        self.stack.clear(from, to);
    }

    /// The slots from `from` up to `to`.
    #[must_use]
    pub fn slots(&self, from: usize, to: usize) -> &[Value] {
        self.stack.slots(from, to, self)
    }

    /// A new segment that holds copies of the slots from `from` up to `to`.
    ///
    /// # Errors
    /// When there is no room.
    pub fn segment_of_slots(&mut self, from: usize, to: usize) -> Result<ObjectRef, Exhausted> {
        let segment = self.allocate(ObjectKind::Segment, ObjectFlags::NONE, (to - from) * 8)?;
        self.stack.copy_to(from, segment, 0, to - from);
        Ok(segment)
    }

    /// Copies `count` values of a segment, from `from` on, to the slots from `to` on.
    ///
    /// # Panics
    /// When it is no segment, or one of the ranges is too long.
    pub fn slots_from_segment(&mut self, to: usize, segment: ObjectRef, from: usize, count: usize) {
        assert!(segment.header().is(ObjectKind::Segment), "{:?}", segment.header());
        self.stack.fill_from(to, segment, from, count);
    }

    /// The address that the next cell gets, if the current run has room.
    #[must_use]
    pub fn next_cell(&self) -> Option<Address> {
        self.cells.next()
    }
}

/// The three cursors.
#[derive(Clone, Copy, Debug)]
enum Which {
    Cells,
    Objects,
    Medium,
}

/// Whether the object's shape calls a payload word a value.
fn holds_value(object: ObjectRef, index: usize) -> bool {
    match object.header().shape() {
        Shape::Raw => false,
        Shape::Values => true,
        Shape::First => index == 0,
        Shape::Counted => {
            object.header().is(ObjectKind::Stack)
                || index <= object.value(0).as_fixnum().map_or(0, |count| count as usize)
        }
    }
}
