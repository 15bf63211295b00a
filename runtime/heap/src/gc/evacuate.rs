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
//! was asked for spares no effort: batch after batch, first until no pool is sparse, then until no free pool lies below
//! one that is used. Pools with something pinned stay as they are.

use super::Roots;
use super::bits::overhead_of;
use crate::object::{ObjectFlags, Shape};
use crate::raw::{self, Bitmap, CellRef, ChunkRef, ObjectRef, TablesAt};
use crate::space::Space;
use crate::space::bitmap;
use crate::space::chunk::{PoolRef, Slot};
use crate::space::cursor::Cursor;
use crate::terms::{Address, CHUNK, CHUNK_POOLS, GRANULE, PAGE_GRANULES, POOL_GRANULES, PoolKind};
use crate::value::{Unpacked, Value};
use crate::walk::{Item, each_item_of_pool, each_large_of_slot};

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
    count: usize,
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

    fn pools(&self) -> impl Iterator<Item = PoolRef> + '_ {
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
    let mut mover = Mover { space, roots, clock, limit, taken: 0, moved: 0 };
    for kind in [PoolKind::Cells, PoolKind::Objects] {
        let (share, most) = match effort {
            Effort::Ordinary => (SPARSE, 1),
            Effort::Whole => (IMPERFECT, usize::MAX),
            Effort::Stress => ((1, 1), 1),
        };
        for _ in 0..most {
            let room = if effort == Effort::Whole { BATCH } else { ORDINARY_BATCH };
            let batch = sparse_pools(mover.space, kind, share, room);
            let gains = batch.count > batch.needed() || effort == Effort::Stress;
            mover.taken = 0;
            // What the ends of pools lost to rounding may have eaten up the gain: then the next batch is the same again.
            if !gains || !mover.move_batch(&batch, kind) || mover.taken >= batch.count {
                break;
            }
        }
    }
    if effort == Effort::Whole {
        for kind in [PoolKind::Cells, PoolKind::Objects] {
            loop {
                let batch = highest_pools(mover.space, kind);
                mover.limit = batch.pools().map(PoolRef::start).min();
                if batch.count == 0 || !mover.move_batch(&batch, kind) {
                    break;
                }
            }
        }
    }
    mover.moved
}

/// Moves what lives in pools below `floor` to free pools at or above it, which is the floor of the space. Gives the
/// bytes that moved: all, unless there are too few pools.
pub(super) fn vacate(space: &mut Space, roots: &mut dyn Roots, floor: Address, clock: u64) -> usize {
    let mut mover = Mover { space, roots, clock, limit: Some(Address::new(usize::MAX)), taken: 0, moved: 0 };
    for kind in [PoolKind::Cells, PoolKind::Objects] {
        loop {
            let batch = pools_below(mover.space, kind, floor);
            if batch.count == 0 || !mover.move_batch(&batch, kind) {
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

fn used_granules(pool: PoolRef) -> usize {
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

/// The cells of a pool, lowest first.
fn cells(pool: PoolRef) -> impl Iterator<Item = CellRef> {
    bitmap::set_granules(pool.chunk, Bitmap::Allocated, pool.granules()).map(move |at| pool.chunk.cell_at(at))
}

/// Pools that are filled at a time by what moves. The more there are, the less is left at their ends.
const TARGETS: usize = 32;

/// The pools being filled by what moves, each thing in the one in which it leaves least: large objects leave gaps at the
/// ends of pools, which small ones then fill.
struct Targets {
    open: [Cursor; TARGETS],
    /// Empty pools that what lives in one pool fits: a whole one, or of cells, which fit anywhere, two short ones.
    spare: [Option<PoolRef>; 2],
}

impl Targets {
    fn new(kind: PoolKind) -> Self {
        Self { open: std::array::from_fn(|_| Cursor::new(kind, true)), spare: [None; 2] }
    }

    /// Of those with room for so many bytes, the one with least.
    fn tightest(&self, bytes: usize) -> Option<usize> {
        let fits = self.open.iter().enumerate().filter(|(_, target)| target.left() >= bytes);
        fits.min_by_key(|(_, target)| target.left()).map(|(index, _)| index)
    }

    /// Granules of the spare pools.
    fn spare_granules(&self) -> usize {
        self.spare.iter().flatten().map(|pool| pool.granules().len()).sum()
    }

    /// The one with least room.
    fn fullest(&self) -> usize {
        self.tightest(0).unwrap_or_default()
    }
}

/// What moves batches.
struct Mover<'m> {
    space: &'m mut Space,
    roots: &'m mut dyn Roots,
    clock: u64,
    /// Only pools below this are taken.
    limit: Option<Address>,
    /// Pools taken for the batch that is being moved, less those not needed.
    taken: usize,
    moved: usize,
}

impl Mover<'_> {
    /// Moves what lives in a batch of pools to free ones, and frees the batch. `false` when there was not room for
    /// all; what did move has moved.
    fn move_batch(&mut self, batch: &Batch, kind: PoolKind) -> bool {
        let mut targets = Targets::new(kind);
        let mut emptied = 0;
        for pool in batch.pools() {
            if !self.move_pool(pool, kind, &mut targets) {
                break;
            }
            emptied += 1;
        }
        for target in &mut targets.open {
            self.settle(target);
            target.retire(self.space);
        }
        targets.spare.into_iter().flatten().for_each(|pool| self.untake(pool));
        if emptied == 0 {
            return false;
        }
        for pool in batch.pools().take(emptied) {
            // Nobody fills a pool during a collection: the mark means that it is being emptied.
            self.space.chunk_mut(pool.chunk).set_slot(pool.slot, Slot::Pool { kind, free: 0, filling: true });
        }
        replace_references(self.space, self.roots);
        for pool in batch.pools().take(emptied) {
            bitmap::clear(pool.chunk, Bitmap::Allocated, pool.granules());
            bitmap::clear(pool.chunk, Bitmap::Grey, pool.granules());
            self.space.release_pool(pool);
        }
        emptied == batch.count
    }

    /// Moves what lives in a pool, all or nothing: the spare pools have room for what the open ones have none for.
    fn move_pool(&mut self, pool: PoolRef, kind: PoolKind, targets: &mut Targets) -> bool {
        let used = used_granules(pool);
        while targets.spare_granules() < used {
            let Some(place) = targets.spare.iter().position(Option::is_none) else { return false };
            targets.spare[place] = self.take(kind);
            if targets.spare[place].is_none() {
                return false;
            }
        }
        self.moved += used * GRANULE;
        match kind {
            PoolKind::Cells => self.move_cells(pool, targets),
            PoolKind::Objects | PoolKind::Mixed => self.move_objects(pool, targets),
        }
        true
    }

    fn move_cells(&mut self, pool: PoolRef, targets: &mut Targets) {
        let mut target = 0;
        for cell in cells(pool) {
            if targets.open[target].left() == 0 {
                target = self.target_for(GRANULE, targets);
            }
            let Some(to) = targets.open[target].run.cell(cell.car(), cell.cdr()) else {
                unreachable!("the target has room")
            };
            raw::leave_forwarding(cell.address(), to.address());
        }
        for word in pool.granules().step_by(64).map(|granule| granule / 64) {
            pool.chunk.set_bits(Bitmap::Grey, word, pool.chunk.bits(Bitmap::Allocated, word));
        }
    }

    fn move_objects(&mut self, pool: PoolRef, targets: &mut Targets) {
        each_item_of_pool(pool, PoolKind::Objects, &mut |item| {
            let target = self.target_for(item.bytes, targets);
            let Some(to) = targets.open[target].run.copy(item.address, item.bytes / GRANULE) else {
                unreachable!("the target has room")
            };
            note_overhead(to, item);
            raw::leave_forwarding(item.address, to);
            let granule = (item.address - pool.chunk.base()) / GRANULE;
            bitmap::set(pool.chunk, Bitmap::Grey, granule..granule + 1);
        });
    }

    /// The target that something goes to: when it fits none, a spare pool, which takes the place of the fullest.
    fn target_for(&mut self, bytes: usize, targets: &mut Targets) -> usize {
        targets.tightest(bytes).unwrap_or_else(|| {
            let fullest = targets.fullest();
            let Some(spare) = targets.spare.iter_mut().find_map(Option::take) else {
                unreachable!("what lives in a pool fits the spare ones")
            };
            self.settle(&mut targets.open[fullest]);
            targets.open[fullest].leave_for(spare, self.space);
            fullest
        })
    }

    /// Takes a free pool, for objects one that is whole.
    fn take(&mut self, kind: PoolKind) -> Option<PoolRef> {
        let pool = match (self.limit, kind) {
            (Some(limit), PoolKind::Cells) => self.space.take_pool_below(kind, limit, self.clock),
            (None, PoolKind::Cells) => self.space.take_pool(kind, self.clock).ok(),
            (Some(limit), _) => self.space.take_whole_pool_below(kind, limit, self.clock),
            (None, _) => self.space.take_whole_pool(kind, self.clock).ok(),
        }?;
        self.taken += 1;
        Some(pool)
    }

    fn untake(&mut self, pool: PoolRef) {
        self.space.release_pool(pool);
        self.taken -= 1;
    }

    /// Enters in the page table that what was copied is live.
    fn settle(&mut self, target: &mut Cursor) {
        let Some((pool, granules)) = target.unsettled_granules() else { return };
        target.settle(self.space);
        target.enter(self.space);
        let chunk = self.space.chunk_mut(pool.chunk);
        for page in granules.start / PAGE_GRANULES..=(granules.end - 1) / PAGE_GRANULES {
            let used = bitmap::count_page(pool.chunk, Bitmap::Allocated, page);
            chunk.update(page, |entry| {
                entry.set_used(used);
                entry.set_live(used);
                entry.set_overhead_words(entry.overhead_words() + entry.pending_words());
                entry.set_pending_words(0);
            });
        }
    }
}

fn note_overhead(to: Address, item: Item) {
    if let Some(header) = item.header {
        let chunk = chunk_of(to);
        let granule = (to - chunk.base()) / GRANULE;
        for (page, words) in overhead_of(header, granule) {
            let mut entry = chunk.entry(page);
            entry.set_pending_words(entry.pending_words() + words);
            chunk.set_entry(page, entry);
        }
    }
}

/// What moves lies in pools, which have their tables at hand.
fn chunk_of(address: Address) -> ChunkRef {
    TablesAt::HEAD.chunk_of(address)
}

/// Replaces every reference to something that moved, but for those in the pools it moved from, which are marked as being
/// filled.
pub(super) fn replace_references(space: &Space, roots: &mut dyn Roots) {
    roots.each(&mut |root| *root = followed(*root));
    let replace = &mut |item: Item| match item.value.unpack() {
        Unpacked::Cell(cell) => replace_in_cell(cell),
        Unpacked::Object(object) => replace_in(object, &mut followed),
        _ => {}
    };
    for chunk in space.chunks() {
        for (slot, state) in chunk.slots() {
            let pool = chunk.pool(slot);
            match state {
                Slot::Pool { filling: true, .. } | Slot::Free { .. } | Slot::Blocks => {}
                Slot::Pool { kind: PoolKind::Cells, .. } => cells(pool).for_each(replace_in_cell),
                Slot::Pool { kind, .. } => each_item_of_pool(pool, kind, replace),
                Slot::Pages => each_large_of_slot(chunk, slot, replace),
            }
        }
    }
}

fn replace_in_cell(cell: CellRef) {
    let (car, cdr) = (cell.car(), cell.cdr());
    let (car_now, cdr_now) = (followed(car), followed(cdr));
    if car_now != car {
        cell.store_car(car_now);
    }
    if cdr_now != cdr {
        cell.store_cdr(cdr_now);
    }
}

/// Replaces every value in an object by what `followed` makes of it.
pub(crate) fn replace_in(object: ObjectRef, followed: &mut impl FnMut(Value) -> Value) {
    let header = object.header();
    match header.shape() {
        Shape::Raw => {}
        Shape::First => {
            let value = followed(Value::from_bits(object.first_word()));
            object.store_first_word(value.bits());
        }
        Shape::Values => replace_words(object, 0, header.payload_words(), followed),
        Shape::Counted => {
            let words = header.payload_words();
            let count = if words > 0 { object.value(0).as_fixnum().map_or(0, |count| count as usize) } else { 0 };
            replace_words(object, 1, count.saturating_add(1).min(words), followed);
        }
    }
}

fn replace_words(object: ObjectRef, from: usize, to: usize, followed: &mut impl FnMut(Value) -> Value) {
    for index in from..to {
        let value = object.value(index);
        let now = followed(value);
        if now != value {
            object.store_word(index, now.bits());
        }
    }
}

#[inline]
fn has_moved(address: Address) -> bool {
    let chunk = chunk_of(address);
    bitmap::is_set(chunk, Bitmap::Grey, (address - address.align_down(CHUNK)) / GRANULE)
}

/// A value, or what it is now that what it referred to has moved.
#[inline]
fn followed(value: Value) -> Value {
    match value.unpack() {
        Unpacked::Cell(cell) if has_moved(cell.address()) => {
            Value::cell(cell.moved_to(raw::forwarding(cell.address())))
        }
        Unpacked::Object(object) if has_moved(object.address()) => {
            Value::object(object.moved_to(raw::forwarding(object.address())))
        }
        _ => value,
    }
}
