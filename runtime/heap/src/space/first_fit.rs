//! First fit: the lowest free run that something fits, in one kind of pool for everything.
//!
//! Between two sweeps free memory only shrinks. So where a run of so many granules was not found it need not be looked for
//! again: for each size the search goes on where it ended.

use super::Space;
use super::bitmap;
use super::chunk::{Chunk, PoolRef, Slot};
use super::limit::Refused;
use crate::raw::{Bitmap, ChunkRef, Run};
use crate::terms::{Address, CHUNK_POOLS, GRANULE, LARGE_THRESHOLD, PoolKind};

/// Granules of the largest object that is placed in a pool.
const LARGEST: usize = LARGE_THRESHOLD / GRANULE;

/// Where the search for runs has come to.
#[derive(Debug)]
pub(crate) struct FirstFit {
    /// For each number of granules, below which address no free run is that long.
    from: Box<[Address]>,
}

impl FirstFit {
    pub(crate) fn new() -> Self {
        Self { from: vec![Address::default(); LARGEST + 1].into_boxed_slice() }
    }

    /// Everything may have changed: a sweep is about to begin, or has been.
    pub(crate) fn start_over(&mut self) {
        self.from.fill(Address::default());
    }

    /// The lowest run of so many granules at or above `above`, below which a cursor is at work. Its bits are set.
    /// `clock` is the allocation clock in bytes.
    pub(crate) fn place(
        &mut self,
        granules: usize,
        above: Address,
        space: &mut Space,
        clock: u64,
    ) -> Result<(ChunkRef, Run), Refused> {
        let from = self.from[granules].max(above);
        let (pool, start) = match space.first_run(granules, from, clock) {
            Some(found) => found,
            None => {
                let pool = space.take_pool(PoolKind::Mixed, clock)?;
                space.leave_pool(pool, pool.granules().len());
                (pool, pool.granules().start)
            }
        };
        let run = start..start + granules;
        bitmap::set(pool.chunk, Bitmap::Allocated, run.clone());
        space.chunk_mut(pool.chunk).note_allocation(run.clone());
        self.from[granules] = pool.chunk.granule_address(run.end);
        Ok((pool.chunk, pool.chunk.run(run.start, run.end)))
    }
}

impl Space {
    /// The first free run of so many granules at or above an address: the pool, which may have been free until now, and the
    /// granule where the run begins.
    fn first_run(&mut self, granules: usize, from: Address, clock: u64) -> Option<(PoolRef, usize)> {
        let first = self.chunks().partition_point(|chunk| chunk.end() <= from);
        for index in first..self.chunks().len() {
            let chunk = &self.chunks()[index];
            let found = (0..CHUNK_POOLS).find_map(|slot| Some((slot, run_in_slot(chunk, slot, granules, from)?)));
            if let Some((slot, start)) = found {
                let pool = chunk.pool(slot);
                if matches!(chunk.slot(slot), Slot::Free { .. }) {
                    self.take_slot(index, slot, PoolKind::Mixed, clock);
                    self.leave_pool(pool, pool.granules().len());
                }
                return Some((pool, start));
            }
        }
        None
    }
}

/// Where the first free run of so many granules at or above an address begins in a slot that is free or a mixed pool.
fn run_in_slot(chunk: &Chunk, slot: usize, granules: usize, from: Address) -> Option<usize> {
    let all = chunk.pool(slot).granules();
    let start = from.checked_offset_from(chunk.base()).unwrap_or_default().div_ceil(GRANULE).max(all.start);
    match chunk.slot(slot) {
        Slot::Free { .. } => (start + granules <= all.end).then_some(start),
        Slot::Pool { kind: PoolKind::Mixed, free, .. } if usize::from(free) >= granules => {
            let mut runs = bitmap::clear_runs(chunk.memory(), Bitmap::Allocated, start..all.end);
            runs.find(|run| run.len() >= granules).map(|run| run.start)
        }
        _ => None,
    }
}
