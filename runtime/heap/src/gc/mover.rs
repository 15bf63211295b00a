//! Moving a batch of pools: what lives in them is copied to empty ones without gaps, and references are replaced.
//!
//! With the batch may go large objects that a pool has room for. Of pages of their own they leave half a one unused in the
//! mean; what they leave of a pool is filled by what lives in the batch. So they go one at a time, each after a pool.

use super::Roots;
use super::bits::overhead_of;
use super::compact::{is_pinned, large_below};
use super::evacuate::{Batch, Effort, used_granules};
use super::forwarding::{Place, cells, chunk_of, leave_large, release_large, replace_references};
use crate::object::{Header, ObjectKind};
use crate::raw::{self, Bitmap};
use crate::space::Space;
use crate::space::bitmap;
use crate::space::chunk::{PoolRef, Slot};
use crate::space::cursor::Cursor;
use crate::terms::{Address, GRANULE, PAGE_GRANULES, POOL, PoolKind};
use crate::walk::{Item, each_item_of_pool};

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

/// Large objects that go with a batch at most.
const LARGES: usize = 512;

/// The large objects that go with a batch.
struct Larges {
    /// Where they were.
    left: [Option<Place>; LARGES],
    count: usize,
    /// Those above it were looked at.
    below: Address,
}

impl Larges {
    fn new() -> Self {
        Self { left: [const { None }; LARGES], count: 0, below: Address::new(usize::MAX) }
    }

    /// The next that a pool has room for and that may move: from the top down.
    fn next(&mut self, space: &Space) -> Option<(Item, Header)> {
        while self.count < LARGES {
            let item = large_below(space, self.below)?;
            self.below = item.address;
            let fits = |header: &Header| header.granules() * GRANULE <= POOL && !header.is(ObjectKind::Stack);
            if let Some(header) = item.header.filter(fits)
                && !is_pinned(item)
            {
                return Some((item, header));
            }
        }
        None
    }
}

/// What moves batches.
pub(super) struct Mover<'m> {
    pub(super) space: &'m mut Space,
    pub(super) roots: &'m mut dyn Roots,
    /// The allocation clock.
    pub(super) clock: u64,
    /// Only pools below this are taken.
    pub(super) limit: Option<Address>,
    /// Pages that were freed, less those of the pools taken.
    pub(super) gained: isize,
    /// Bytes that moved.
    pub(super) moved: usize,
}

impl Mover<'_> {
    /// Moves what lives in a batch of pools to free ones, and frees the batch; with it, where the effort is whole, go large
    /// objects. `false` when there was not room for all; what did move has moved.
    pub(super) fn move_batch(&mut self, batch: &Batch, kind: PoolKind, effort: Effort) -> bool {
        let mut targets = Targets::new(kind);
        let mut larges = Larges::new();
        let mut with_larges = kind == PoolKind::Objects && effort == Effort::Whole;
        let mut emptied = 0;
        for pool in batch.pools() {
            if !self.move_pool(pool, kind, &mut targets) {
                break;
            }
            emptied += 1;
            with_larges = with_larges && self.move_large(&mut larges, &mut targets);
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
            self.gained += pool.pages().len() as isize;
            self.space.release_pool(pool);
        }
        for place in larges.left.into_iter().flatten() {
            self.gained += place.1.len() as isize;
            release_large(self.space, place);
        }
        emptied == batch.count
    }

    /// Moves what lives in a pool, all or nothing: the spare pools have room for what the open ones have none for.
    fn move_pool(&mut self, pool: PoolRef, kind: PoolKind, targets: &mut Targets) -> bool {
        let used = used_granules(pool);
        if !self.provide(used, kind, targets) {
            return false;
        }
        self.moved += used * GRANULE;
        match kind {
            PoolKind::Cells => self.move_cells(pool, targets),
            PoolKind::Objects | PoolKind::Mixed => self.move_objects(pool, targets),
        }
        true
    }

    /// Sees to it that the spare pools have so many granules, no more than a pool has.
    fn provide(&mut self, granules: usize, kind: PoolKind, targets: &mut Targets) -> bool {
        while targets.spare_granules() < granules {
            let Some(place) = targets.spare.iter().position(Option::is_none) else { return false };
            targets.spare[place] = self.take(kind);
            if targets.spare[place].is_none() {
                return false;
            }
        }
        true
    }

    /// Moves the next large object that a pool has room for to one. `false` when there is none, or not room for it.
    fn move_large(&mut self, larges: &mut Larges, targets: &mut Targets) -> bool {
        let Some((item, header)) = larges.next(self.space) else { return false };
        let granules = header.granules();
        if !self.provide(granules, PoolKind::Objects, targets) {
            return false;
        }
        let to = self.copy(&Item { bytes: granules * GRANULE, ..item }, targets);
        larges.left[larges.count] = leave_large(self.space, &item, to);
        larges.count += 1;
        self.moved += granules * GRANULE;
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
            raw::leave_forwarding(item.address, self.copy(&item, targets));
            let granule = (item.address - pool.chunk.base()) / GRANULE;
            bitmap::set(pool.chunk, Bitmap::Grey, granule..granule + 1);
        });
    }

    /// Copies an object to a target. Says where it is now.
    fn copy(&mut self, item: &Item, targets: &mut Targets) -> Address {
        let target = self.target_for(item.bytes, targets);
        let Some(to) = targets.open[target].run.copy(item.address, item.bytes / GRANULE) else {
            unreachable!("the target has room")
        };
        note_overhead(to, item);
        to
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
        self.gained -= pool.pages().len() as isize;
        Some(pool)
    }

    fn untake(&mut self, pool: PoolRef) {
        self.gained += pool.pages().len() as isize;
        self.space.release_pool(pool);
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

fn note_overhead(to: Address, item: &Item) {
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
