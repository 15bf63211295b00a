//! Where a thing goes that the current run has no room for: the one place that knows the placements apart.
//!
//! A pool's cursor finds the next run; a single kind of pool has the lowest run that fits; the system's allocator gives a
//! block. What any of them refuses is met from the reserve, until the next safepoint, if it is small.

use super::{Heap, MEDIUM, Which};
use crate::frame::Event;
use crate::object::{Header, MAX_PAYLOAD, ObjectFlags, ObjectKind};
use crate::os::blocks::Block;
use crate::raw::{self, Bitmap, ChunkRef, ObjectRef};
use crate::space::bitmap;
use crate::space::first_fit::FirstFit;
use crate::space::limit::{Exhausted, Refused};
use crate::space::policy::Placement;
use crate::terms::{GRANULE, LARGE_THRESHOLD, PAGE, PAGE_GRANULES, POOL, PageKind, PoolKind};
use crate::value::Value;

impl Heap {
    #[cold]
    pub(super) fn cons_elsewhere(&mut self, car: Value, cdr: Value) -> Result<Value, Exhausted> {
        if self.space.is_of_blocks() {
            let (block, granules) = self.take_block(self.space.policy().cell_bytes)?;
            let cell = Value::cell(raw::cell_in_block(&block, car, cdr));
            self.enter_block(cell, granules);
            return Ok(cell);
        }
        self.refill(Which::Cells, 1)?;
        match self.cells.run.cell(car, cdr) {
            Some(cell) => Ok(Value::cell(cell)),
            None => unreachable!("a run that was just found has room"),
        }
    }

    #[cold]
    pub(super) fn allocate_elsewhere(
        &mut self,
        kind: ObjectKind,
        flags: ObjectFlags,
        bytes: usize,
    ) -> Result<ObjectRef, Exhausted> {
        if bytes > MAX_PAYLOAD {
            let refused = Refused { bytes, by_system: false };
            return Err(Exhausted { too_large: true, ..self.exhausted(refused) });
        }
        let header = Header::new(kind, flags, bytes);
        let large = header.granules() * GRANULE > LARGE_THRESHOLD;
        match self.space.policy().placement {
            Placement::Malloc => self.allocate_block(header),
            _ if large => self.allocate_large(header),
            Placement::Single => self.allocate_first_fit(header),
            Placement::Pool => self.allocate_in_next_run(header),
        }
    }

    fn allocate_in_next_run(&mut self, header: Header) -> Result<ObjectRef, Exhausted> {
        let granules = header.granules();
        let which = if granules <= MEDIUM { Which::Objects } else { Which::Medium };
        if self.cursor(which).left() < granules * GRANULE {
            self.refill(which, granules)?;
        }
        match self.cursor(which).run.object(header) {
            Some(object) => Ok(object),
            None => unreachable!("a run that was just found has room"),
        }
    }

    /// The lowest run of all is the one that cells are being placed in.
    fn allocate_first_fit(&mut self, header: Header) -> Result<ObjectRef, Exhausted> {
        if let Some(object) = self.cells.run.object(header) {
            return Ok(object);
        }
        let granules = header.granules();
        let (chunk, mut run) = self.or_from_reserve(granules * GRANULE, |heap, clock| {
            let above = heap.cells.run_end();
            let Self { first_fit, space, .. } = heap;
            first_fit.get_or_insert_with(FirstFit::new).place(granules, above, space, clock)
        })?;
        let Some(object) = run.object(header) else { unreachable!("the run is as long as the object") };
        let granule = (object.address() - chunk.base()) / GRANULE;
        self.note_placed(chunk, granule..granule + granules, PoolKind::Mixed);
        Ok(object)
    }

    fn note_placed(&mut self, chunk: ChunkRef, granules: std::ops::Range<usize>, kind: PoolKind) {
        self.settled_granules += granules.len() as u64;
        self.collector.note_new(chunk, granules, kind);
    }

    fn allocate_block(&mut self, header: Header) -> Result<ObjectRef, Exhausted> {
        let (block, granules) = self.take_block(raw::block_bytes(header))?;
        let object = raw::object_in_block(&block, header);
        self.enter_block(Value::object(object), granules);
        Ok(object)
    }

    fn take_block(&mut self, bytes: usize) -> Result<(Block, usize), Exhausted> {
        self.or_from_reserve(bytes, |heap, clock| heap.space.take_block(bytes, clock))
    }

    fn enter_block(&mut self, value: Value, granules: usize) {
        self.settled_granules += granules as u64;
        self.collector.note_block(value);
    }

    fn allocate_large(&mut self, header: Header) -> Result<ObjectRef, Exhausted> {
        let bytes = header.granules() * GRANULE;
        let count = bytes.div_ceil(PAGE);
        let clock = self.clock();
        let run = match self.space.take_pages(count) {
            Ok(run) => run,
            Err(refused) => {
                let beside = self.space.take_pages_of_reserve(count);
                beside.ok_or_else(|| self.refuse(Refused { bytes, ..refused }))?
            }
        };
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
        self.collector.note_large(memory, run.pages.start, object);
        self.settled_granules += (count * PAGE_GRANULES) as u64;
        self.watch_pacing();
        Ok(object)
    }

    fn refill(&mut self, which: Which, granules: usize) -> Result<(), Exhausted> {
        self.settle_cursor(which);
        self.or_from_reserve(granules * GRANULE, |heap, clock| {
            let (cursor, space) = match which {
                Which::Cells => (&mut heap.cells, &mut heap.space),
                Which::Objects => (&mut heap.objects, &mut heap.space),
                Which::Medium => (&mut heap.medium, &mut heap.space),
            };
            cursor.refill(granules, space, clock)
        })
    }

    /// Finds room for `bytes` bytes; when that is refused, lets the reserve go and tries again. `find` is told the allocation
    /// clock.
    fn or_from_reserve<T>(
        &mut self,
        bytes: usize,
        find: impl Fn(&mut Self, u64) -> Result<T, Refused>,
    ) -> Result<T, Exhausted> {
        let clock = self.clock();
        self.watch_pacing();
        let refused = match find(self, clock) {
            Ok(found) => return Ok(found),
            Err(refused) => Refused { bytes, ..refused },
        };
        // The reserve carries the program to its next safepoint. While a handler runs, the reserve is already its own.
        let small = bytes <= POOL;
        if small
            && !self.space.reserve_is_released()
            && self.space.release_reserve()
            && let Ok(found) = find(self, clock)
        {
            self.pending = Some(refused);
            self.countdown = 1;
            self.space.log.push(Event::LimitHit { request: refused.bytes, by_system: refused.by_system });
            return Ok(found);
        }
        Err(self.refuse(refused))
    }

    fn refuse(&mut self, refused: Refused) -> Exhausted {
        self.space.log.push(Event::LimitHit { request: refused.bytes, by_system: refused.by_system });
        self.exhausted(refused)
    }
}
