//! Evacuation: what lives in sparse pools moves to dense ones, so that the sparse ones can be given back.
//!
//! No allocator that can't move objects gets back what random death leaves behind. A batch of pools is chosen; what
//! lives in them is copied to free pools, one after the other without gaps; each old place keeps the address of the new
//! one and a grey bit; then every reference on the heap and in the roots that leads to a grey bit is replaced, and the
//! batch is free.
//!
//! ```text
//!   before   ▐#  # ▌▐ #   ▌▐   ##▌▐     ▌        after   ▐     ▌▐     ▌▐     ▌▐######▌
//! ```
//!
//! After an ordinary cycle one batch of pools at most half full moves, if that frees pools at all. A collection that
//! was asked for spares no effort: batch after batch, and with them large objects that fit pools, first until no pool is
//! sparse, then until no free pool lies below one that is used. Pools with something pinned stay as they are.

use super::Roots;
use super::mover::Mover;
use crate::object::ObjectFlags;
use crate::raw::Bitmap;
use crate::space::Space;
use crate::space::bitmap;
use crate::space::chunk::{PoolRef, Slot};
use crate::terms::{Address, CHUNK_POOLS, POOL_GRANULES, PoolKind};
use crate::walk::each_item_of_pool;

/// Pools in a batch at most. The references of the whole heap are looked at once for each.
const BATCH: usize = 1024;
/// Pools in the batch of an ordinary cycle at most: what it moves is no more than four mebibytes.
const ORDINARY_BATCH: usize = 64;
/// After an ordinary cycle pools with at most this share of their granules used are worth moving: a half.
const SPARSE: (usize, usize) = (1, 2);
/// When no effort is spared, pools with less than this share.
const IMPERFECT: (usize, usize) = (31, 32);

/// The pools of one batch.
pub(super) struct Batch {
    pools: [Option<PoolRef>; BATCH],
    room: usize,
    pub(super) count: usize,
    granules: usize,
}

impl Batch {
    const EMPTY: Self = Self { pools: [None; BATCH], room: BATCH, count: 0, granules: 0 };

    /// An empty batch for so many pools.
    fn of_at_most(pools: usize) -> Self {
        Self { room: pools.min(BATCH), ..Self::EMPTY }
    }

    fn is_full(&self) -> bool {
        self.count == self.room
    }

    fn add(&mut self, pool: PoolRef, used: usize) {
        if !self.is_full() {
            self.pools[self.count] = Some(pool);
            self.count += 1;
            self.granules += used;
        }
    }

    pub(super) fn pools(&self) -> impl Iterator<Item = PoolRef> + '_ {
        self.pools[..self.count].iter().flatten().copied()
    }

    /// Pools that what lives in the batch fills when nothing is lost between objects.
    fn needed(&self) -> usize {
        self.granules.div_ceil(POOL_GRANULES)
    }
}

/// What evacuation would do with a pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Evacuation {
    /// It is at most half used: an ordinary cycle of a small heap moves what lives in it, if that frees a pool; so does
    /// any collection on request.
    Sparse,
    /// It is more than half used: a collection on request moves what lives in it.
    OnRequest,
    /// It is so full that nothing would be gained.
    Full,
    /// Something in it may not move.
    Pinned,
    /// Nothing moves under this policy.
    Off,
}

/// What evacuation would do with a pool.
pub(crate) fn outlook(space: &Space, pool: PoolRef, kind: PoolKind) -> Evacuation {
    let is_at_most = |share: (usize, usize)| used_granules(pool) * share.1 <= pool.granules().len() * share.0;
    if !space.policy().evacuates || kind == PoolKind::Mixed {
        Evacuation::Off
    } else if has_pinned(pool, kind) {
        Evacuation::Pinned
    } else if is_at_most(SPARSE) {
        Evacuation::Sparse
    } else if is_at_most(IMPERFECT) {
        Evacuation::OnRequest
    } else {
        Evacuation::Full
    }
}

/// How much a cycle moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effort {
    /// One batch of sparse pools of each kind, if that frees any.
    Ordinary,
    /// Until nothing is left to gain.
    Whole,
    /// A batch of each kind, whether or not that frees any: for tests of whoever holds references.
    Stress,
}

/// Moves what is worth moving. Gives the bytes that moved. `clock` is the allocation clock.
pub(crate) fn evacuate(space: &mut Space, roots: &mut dyn Roots, effort: Effort, clock: u64) -> usize {
    // An ordinary cycle makes do with what is free; the others may grow the heap.
    let limit = if effort == Effort::Ordinary { Some(Address::new(usize::MAX)) } else { None };
    let mut mover = Mover { space, roots, clock, limit, gained: 0, moved: 0 };
    for kind in [PoolKind::Cells, PoolKind::Objects] {
        match effort {
            Effort::Ordinary => {
                move_sparse(&mut mover, kind, SPARSE, effort);
            }
            Effort::Stress => {
                move_sparse(&mut mover, kind, (1, 1), effort);
            }
            // The sparsest first: among the others may be some that pack no better.
            Effort::Whole => {
                for share in [SPARSE, IMPERFECT] {
                    while move_sparse(&mut mover, kind, share, effort) {}
                }
            }
        }
    }
    if effort == Effort::Whole {
        for kind in [PoolKind::Cells, PoolKind::Objects] {
            loop {
                let batch = highest_pools(mover.space, kind);
                mover.limit = batch.pools().map(PoolRef::start).min();
                if batch.count == 0 || !mover.move_batch(&batch, kind, Effort::Ordinary) {
                    break;
                }
            }
        }
    }
    mover.moved
}

/// Moves a batch of pools in which no more than a share is used, if that frees any. Says whether another may follow: all
/// of it moved, and pages were gained. If the ends of pools have eaten up the gain, the next batch were the same again.
fn move_sparse(mover: &mut Mover<'_>, kind: PoolKind, share: (usize, usize), effort: Effort) -> bool {
    let room = if effort == Effort::Whole { BATCH } else { ORDINARY_BATCH };
    let batch = sparse_pools(mover.space, kind, share, room);
    let gains = batch.count > batch.needed() || effort == Effort::Stress;
    mover.gained = 0;
    gains && mover.move_batch(&batch, kind, effort) && mover.gained > 0
}

/// Moves what lives in pools below `floor` to free pools at or above it, which is the floor of the space. Gives the
/// bytes that moved: all, unless there are too few pools.
pub(super) fn vacate(space: &mut Space, roots: &mut dyn Roots, floor: Address, clock: u64) -> usize {
    let mut mover = Mover { space, roots, clock, limit: Some(Address::new(usize::MAX)), gained: 0, moved: 0 };
    for kind in [PoolKind::Cells, PoolKind::Objects] {
        loop {
            let batch = pools_below(mover.space, kind, floor);
            if batch.count == 0 || !mover.move_batch(&batch, kind, Effort::Ordinary) {
                break;
            }
        }
    }
    mover.moved
}

/// Pools of a kind below an address.
fn pools_below(space: &Space, kind: PoolKind, limit: Address) -> Batch {
    let mut batch = Batch::EMPTY;
    for chunk in space.chunks().iter().take_while(|chunk| chunk.base() < limit) {
        for (slot, _) in chunk.slots().filter(|(_, state)| is_pool(*state, kind)) {
            let pool = chunk.pool(slot);
            batch.add(pool, used_granules(pool));
        }
    }
    batch
}

pub(super) fn used_granules(pool: PoolRef) -> usize {
    bitmap::count(pool.chunk, Bitmap::Allocated, pool.granules())
}

/// The highest pools of a kind in which no more than a share of the granules is used.
fn sparse_pools(space: &Space, kind: PoolKind, share: (usize, usize), room: usize) -> Batch {
    let mut batch = Batch::of_at_most(room);
    for chunk in space.chunks().iter().rev() {
        for (slot, _) in chunk.slots().filter(|(_, state)| is_pool(*state, kind)) {
            let pool = chunk.pool(slot);
            let used = used_granules(pool);
            if used * share.1 <= pool.granules().len() * share.0 && !has_pinned(pool, kind) {
                batch.add(pool, used);
            }
        }
    }
    batch
}

fn is_pool(state: Slot, kind: PoolKind) -> bool {
    matches!(state, Slot::Pool { kind: k, .. } if k == kind)
}

/// Whether a slot is free and as long as any: the first of a chunk is shorter, and what filled another does not fit it.
fn is_free_and_whole((slot, state): (usize, Slot)) -> bool {
    slot > 0 && matches!(state, Slot::Free { .. })
}

/// The highest pools of a kind, as long as there are free ones below them.
fn highest_pools(space: &Space, kind: PoolKind) -> Batch {
    let mut batch = Batch::EMPTY;
    let mut free_below: usize =
        space.chunks().iter().map(|chunk| chunk.slots().filter(|slot| is_free_and_whole(*slot)).count()).sum();
    for chunk in space.chunks().iter().rev() {
        for slot in (0..CHUNK_POOLS).rev() {
            let state = chunk.slot(slot);
            if is_free_and_whole((slot, state)) {
                free_below -= 1;
            }
            if free_below <= batch.count || batch.is_full() {
                return batch;
            }
            let pool = chunk.pool(slot);
            if is_pool(state, kind) && !has_pinned(pool, kind) {
                batch.add(pool, used_granules(pool));
            }
        }
    }
    batch
}

pub(super) fn has_pinned(pool: PoolRef, kind: PoolKind) -> bool {
    let mut pinned = false;
    if kind == PoolKind::Objects {
        each_item_of_pool(pool, kind, &mut |item| {
            pinned |= item.header.is_some_and(|header| header.flags().has(ObjectFlags::PINNED));
        });
    }
    pinned
}
