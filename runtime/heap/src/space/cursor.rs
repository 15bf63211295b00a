//! Allocation: bump inside a free run, the next run of the pool, the next pool in address order, a free pool, growth.
//!
//! Nothing is counted per allocation. What was allocated since the last [`Cursor::settle`] lies between two
//! addresses; settling sets its bits and moves the clock. Runs are often shorter than pages: what they add to the counts
//! of a page is entered in the table when the cursor comes to another, or at [`Cursor::enter`].

use std::ops::Range;

use super::Space;
use super::bitmap;
use super::chunk::PoolRef;
use super::limit::Refused;
use crate::raw::{Bitmap, ChunkRef, Run};
use crate::terms::{Address, GRANULE, PAGE_GRANULES, PoolKind};

/// Granules of a free run that are handed out at a time: so that whoever watches the clock has a look now and then. An
/// object that needs more gets more.
const STRETCH: usize = PAGE_GRANULES;

/// A place of allocation: a run being filled, and where to look for the next.
#[derive(Debug)]
pub(crate) struct Cursor {
    kind: PoolKind,
    pub(crate) run: Run,
    /// Up to here what was allocated in the run is accounted for.
    settled: Address,
    pool: Option<PoolRef>,
    /// The granule of the pool up to which granules are free behind the run, which is handed out a stretch at a time.
    reach: usize,
    /// The granule of the pool at which the search for the next run goes on.
    scan: usize,
    /// Partly free pools below this were passed since the last sweep.
    passed: Address,
    /// Whether free granules of a pool that was passed remain for another cursor.
    leaves_rest: bool,
    /// Granules of one page of the pool whose bits are set, but which are missing from the table: the first page they
    /// touch and how many they are.
    noted: (usize, usize),
}

impl Cursor {
    /// A cursor that has no pool yet. One that `leaves_rest` skips runs too short for what it places, and leaves
    /// them to others.
    pub(crate) fn new(kind: PoolKind, leaves_rest: bool) -> Self {
        Self {
            kind,
            run: Run::EMPTY,
            settled: Address::default(),
            pool: None,
            reach: 0,
            scan: 0,
            passed: Address::default(),
            leaves_rest,
            noted: (0, 0),
        }
    }

    /// Bytes allocated and not yet accounted for.
    #[inline]
    pub(crate) fn unsettled(&self) -> usize {
        self.run.next() - self.settled
    }

    /// Bytes of the current run not yet allocated.
    pub(crate) fn left(&self) -> usize {
        self.run.left()
    }

    /// The address the next allocation gets, if it fits the current run.
    pub(crate) fn next(&self) -> Option<Address> {
        (self.run.left() > 0).then(|| self.run.next())
    }

    /// The end of the current run: below it nothing is free that the cursor has not passed.
    pub(crate) fn run_end(&self) -> Address {
        self.run.next() + self.run.left()
    }

    /// What it places.
    pub(crate) fn kind(&self) -> PoolKind {
        self.kind
    }

    /// Accounts for what was allocated, and gives its granules. The table has it after [`Self::enter`].
    pub(crate) fn settle(&mut self, space: &mut Space) -> Option<(ChunkRef, Range<usize>)> {
        let (pool, granules) = self.unsettled_granules()?;
        bitmap::set(pool.chunk, Bitmap::Allocated, granules.clone());
        self.settled = self.run.next();
        let mut rest = granules.clone();
        while rest.start < rest.end {
            let page = rest.start / PAGE_GRANULES;
            let here = rest.end.min((page + 1) * PAGE_GRANULES) - rest.start;
            if page != self.noted.0 {
                self.enter(space);
            }
            self.noted = (page, self.noted.1 + here);
            rest.start += here;
        }
        Some((pool.chunk, granules))
    }

    /// Enters in the page table what was settled.
    pub(crate) fn enter(&mut self, space: &mut Space) {
        let (page, granules) = std::mem::take(&mut self.noted);
        if let Some(pool) = self.pool.filter(|_| granules > 0) {
            space.chunk_mut(pool.chunk).note_granules(page, granules);
        }
    }

    /// What is not accounted for yet: the pool and its granules.
    pub(crate) fn unsettled_granules(&self) -> Option<(PoolRef, Range<usize>)> {
        let pool = self.pool.filter(|_| self.unsettled() > 0)?;
        let start = (self.settled - pool.chunk.base()) / GRANULE;
        Some((pool, start..start + self.unsettled() / GRANULE))
    }

    /// Leaves its pool for an empty one. The cursor must be settled.
    pub(crate) fn leave_for(&mut self, pool: PoolRef, space: &mut Space) {
        debug_assert_eq!(self.unsettled(), 0);
        self.leave(space);
        self.pool = Some(pool);
        self.run = pool.chunk.run(pool.granules().start, pool.granules().end);
        self.settled = self.run.next();
        self.reach = pool.granules().end;
        self.scan = pool.granules().end;
    }

    /// Finds a run of at least `granules`. The cursor must be settled. `clock` is the allocation clock in bytes.
    pub(crate) fn refill(&mut self, granules: usize, space: &mut Space, clock: u64) -> Result<(), Refused> {
        debug_assert_eq!(self.unsettled(), 0);
        if self.stretch(granules) {
            return Ok(());
        }
        self.drop_run();
        loop {
            if let Some(pool) = self.pool {
                if self.next_run(pool, granules) {
                    return Ok(());
                }
                self.leave(space);
            }
            let pool = match space.next_partial_pool(self.kind, self.passed, clock) {
                Some(pool) => {
                    self.passed = pool.start() + 1;
                    pool
                }
                None => space.take_pool(self.kind, clock)?,
            };
            self.pool = Some(pool);
            self.scan = pool.granules().start;
        }
    }

    /// Where the next `granules` will be placed, if nothing is collected before; `None` when the heap must grow for them. The
    /// cursor must be settled. Looks where [`Self::refill`] looks, in the same order, and changes nothing.
    pub(crate) fn predict(&self, granules: usize, space: &Space) -> Option<Address> {
        if self.run.left() >= granules * GRANULE {
            return Some(self.run.next());
        }
        let fits = |run: &Range<usize>| run.len() >= granules;
        let first_in = |pool: PoolRef, rest: Range<usize>| {
            let run = bitmap::clear_runs(pool.chunk, Bitmap::Allocated, rest).find(fits)?;
            Some(pool.chunk.granule_address(run.start))
        };
        if let Some((pool, rest)) = self.rest_of_run().filter(|(_, rest)| fits(rest)) {
            return Some(pool.chunk.granule_address(rest.start));
        }
        if let Some(found) = self.pool.and_then(|pool| first_in(pool, self.scan..pool.granules().end)) {
            return Some(found);
        }
        let mut from = self.passed;
        while let Some(pool) = space.find_partial_pool(self.kind, from) {
            let found = first_in(pool, pool.granules());
            if found.is_some() {
                return found;
            }
            from = pool.start() + 1;
        }
        space.find_free_pool().map(|pool| pool.chunk.granule_address(pool.granules().start))
    }

    /// Hands out more of the free run, if it has `granules` more.
    fn stretch(&mut self, granules: usize) -> bool {
        self.rest_of_run().is_some_and(|(pool, rest)| self.hand_out(pool, rest, granules))
    }

    /// What is free from where the run has come to on.
    fn rest_of_run(&self) -> Option<(PoolRef, Range<usize>)> {
        let pool = self.pool.filter(|_| self.run.next() > Address::default())?;
        let start = (self.run.next() - pool.chunk.base()) / GRANULE;
        // In a mixed pool somebody else may have placed something there meanwhile.
        let end = bitmap::next_set(pool.chunk, Bitmap::Allocated, start..self.reach);
        Some((pool, start..end))
    }

    fn hand_out(&mut self, pool: PoolRef, free: Range<usize>, granules: usize) -> bool {
        let fits = free.len() >= granules;
        if fits {
            self.run = pool.chunk.run(free.start, free.end.min(free.start + granules.max(STRETCH)));
            self.settled = self.run.next();
            self.reach = free.end;
        }
        fits
    }

    fn next_run(&mut self, pool: PoolRef, granules: usize) -> bool {
        let rest = self.scan..pool.granules().end;
        for run in bitmap::clear_runs(pool.chunk, Bitmap::Allocated, rest) {
            self.scan = run.end;
            if self.hand_out(pool, run, granules) {
                return true;
            }
        }
        self.scan = pool.granules().end;
        false
    }

    fn drop_run(&mut self) {
        self.run = Run::EMPTY;
        self.settled = self.run.next();
    }

    /// Leaves the pool behind with what it has for others: nothing, when everything that fits was used.
    fn leave(&mut self, space: &mut Space) {
        self.enter(space);
        if self.leaves_rest {
            self.leave_rest(space);
        } else if let Some(pool) = self.pool.take() {
            space.leave_pool(pool, 0);
        }
    }

    fn leave_rest(&mut self, space: &mut Space) {
        if let Some(pool) = self.pool.take() {
            let used = bitmap::count(pool.chunk, Bitmap::Allocated, pool.granules());
            space.leave_pool(pool, pool.granules().len() - used);
        }
    }

    /// Gives up the run and the pool, settled before, and starts over at the lowest pool: the collector is about to
    /// change what is free.
    pub(crate) fn retire(&mut self, space: &mut Space) {
        debug_assert_eq!(self.unsettled(), 0);
        self.drop_run();
        self.enter(space);
        self.leave_rest(space);
        self.passed = Address::default();
    }
}
