//! What waits to be scanned, by the region of the heap in which it lies.
//!
//! Each region of two mebibytes has a stack, and one stack is worked off before the next is begun: what was found there
//! meanwhile too. So for a while all that is touched lies close together, and the processor need not search the page
//! tables for nearly every address, which is most of what scattered things cost in small pages. The more waits, the more
//! of it lies in one region: so there is room for much. Within a region lists and trees are walked depth first, and little
//! waits in a small heap. Go's collector (Green Tea) lets what it finds on a span gather for the same reason.
//!
//! The stacks share their entries, in blocks. Beneath the top block of a stack all are full, and an empty block belongs to no
//! stack: so there is one more for each region than the entries need, and always one to be had. Regions too far apart
//! share a stack. They are counted from whatever came first, for the order not to depend on where the heap lies.

use std::{iter, mem};

use super::bits::address_of;
use crate::terms::Address;
use crate::value::Value;

/// Bytes of a region. Translations of its 512 pages fit the larger of a processor's two buffers, which has 1,024 or more.
const REGION: usize = 2 << 20;
/// Stacks: as many as an integer has bits.
const STACKS: usize = u128::BITS as usize;
/// Entries of a block.
const BLOCK: usize = 32;
/// Entries that lie in one piece of memory: 64 KiB. From a larger piece that was freed the system's allocator would learn
/// to keep blocks of that size, and heaps whose blocks it places would not become smaller any more.
const PIECE: usize = 8192;

/// Things that wait, up to a fixed number.
#[derive(Debug)]
pub(super) struct Pending {
    /// The words of values. Room is reserved for as many as a piece has, and no memory until they are used.
    pieces: Box<[Vec<u64>]>,
    /// Of a block in a stack, the end of the stack beneath it; of any other, the next that is free.
    beneath: Box<[u32]>,
    /// The first free block.
    free: u32,
    /// How many blocks have been in use.
    used: usize,
    /// Behind the last entry of each stack, or 0 if there is none.
    ends: [u32; STACKS],
    /// A bit for each stack that is not empty.
    waiting: u128,
    /// The stack that is worked off.
    current: usize,
    /// From where regions are counted.
    origin: Address,
    len: usize,
    most: usize,
}

impl Pending {
    /// Room for `most` things; for no fewer than 4,096 of them where the system has no memory for so many.
    pub(super) fn new(most: usize) -> Self {
        let blocks = most.div_ceil(BLOCK) + STACKS;
        let others = iter::from_fn(reserved).take((blocks * BLOCK).div_ceil(PIECE) - 1);
        let pieces: Box<[_]> = iter::once(Vec::with_capacity(PIECE)).chain(others).collect();
        let blocks = blocks.min(pieces.len() * PIECE / BLOCK);
        let most = most.min((blocks - STACKS) * BLOCK);
        Self {
            pieces,
            beneath: (1..=blocks as u32).collect(),
            free: 0,
            used: 0,
            ends: [0; STACKS],
            waiting: 0,
            current: 0,
            origin: Address::default(),
            len: 0,
            most,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many things there is room for.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Adds what `value` refers to; says whether there was room.
    #[inline(always)]
    pub(super) fn push(&mut self, value: Value) -> bool {
        if self.len == self.most {
            return false;
        }
        let address = address_of(value);
        if self.len == 0 {
            (self.origin, self.current) = (address, 0);
        }
        let stack = address.get().wrapping_sub(self.origin.get()) / REGION % STACKS;
        let mut end = self.ends[stack] as usize;
        if end.is_multiple_of(BLOCK) {
            end = self.take_block(stack) * BLOCK;
        }
        self.pieces[end / PIECE][end % PIECE] = value.bits();
        self.ends[stack] = end as u32 + 1;
        self.len += 1;
        true
    }

    /// Removes some of the latest of the region that is worked off, `most` of them at most, and gives their words, the latest
    /// last; none when nothing waits. When nothing is left there, the next region below is its turn: most references lead to
    /// what is older, and that lies below.
    #[inline(always)]
    pub(super) fn pop(&mut self, most: usize) -> &[u64] {
        if self.len == 0 {
            return &[];
        }
        if self.waiting & (1 << self.current) == 0 {
            let below = self.waiting & ((1 << self.current) - 1);
            let among = if below == 0 { self.waiting } else { below };
            self.current = among.ilog2() as usize;
        }
        let end = self.ends[self.current] as usize;
        let count = ((end - 1) % BLOCK + 1).min(most);
        let start = end - count;
        self.ends[self.current] = start as u32;
        if start.is_multiple_of(BLOCK) {
            self.return_block(self.current);
        }
        self.len -= count;
        &self.pieces[start / PIECE][start % PIECE..][..count]
    }

    /// Puts a free block on top of a stack, which has none or a full one there.
    #[inline]
    fn take_block(&mut self, stack: usize) -> usize {
        let block = self.free as usize;
        if block == self.used {
            self.use_block(block);
        }
        self.free = mem::replace(&mut self.beneath[block], self.ends[stack]);
        self.waiting |= 1 << stack;
        block
    }

    /// Has a block be memory. Blocks are used for the first time in order: of the free ones those that were in use are taken
    /// first.
    #[cold]
    fn use_block(&mut self, block: usize) {
        self.pieces[block * BLOCK / PIECE].resize(block * BLOCK % PIECE + BLOCK, 0);
        self.used = block + 1;
    }

    /// Takes the top block off a stack, which ends where that begins.
    #[inline]
    fn return_block(&mut self, stack: usize) {
        let block = self.ends[stack] as usize / BLOCK;
        self.ends[stack] = mem::replace(&mut self.beneath[block], self.free);
        self.free = block as u32;
        if self.ends[stack] == 0 {
            self.waiting &= !(1 << stack);
        }
    }

    /// All that waits, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        let block_of = |end: u32| (end as usize - 1) / BLOCK;
        let is_used = |end: &u32| *end > 0;
        let tops = self.ends.iter().copied().filter(is_used);
        let ends = tops.flat_map(move |top| {
            iter::successors(Some(top), move |end| Some(self.beneath[block_of(*end)]).filter(is_used))
        });
        let words = ends.flat_map(move |end| {
            let start = block_of(end) * BLOCK;
            self.pieces[start / PIECE][start % PIECE..].iter().take(end as usize - start)
        });
        words.map(|word| Value::from_bits(*word))
    }
}

/// Room for a piece, if the system has some.
fn reserved() -> Option<Vec<u64>> {
    let mut piece = Vec::new();
    piece.try_reserve_exact(PIECE).is_ok().then_some(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reference to a cell so many regions and granules above an address. Nobody follows it.
    fn cell(base: usize, region: usize, granule: usize) -> Value {
        let cell = Value::from_bits((base + region * REGION + granule * 16 + 1) as u64);
        assert!(cell.is_cell());
        cell
    }

    fn pop(pending: &mut Pending) -> Option<Value> {
        pending.pop(1).first().map(|word| Value::from_bits(*word))
    }

    fn drained(pending: &mut Pending) -> Vec<Value> {
        iter::from_fn(|| pop(pending)).collect()
    }

    fn sorted(values: impl Iterator<Item = Value>) -> Vec<u64> {
        let mut words: Vec<u64> = values.map(Value::bits).collect();
        words.sort_unstable();
        words
    }

    #[test]
    fn a_region_is_worked_off_before_the_next_below() {
        let base = 0x5000_0000_0000;
        let mut pending = Pending::new(100);
        for (region, granule) in [(2, 0), (1, 1), (3, 2), (2, 3), (1, 4)] {
            assert!(pending.push(cell(base, region, granule)));
        }
        assert_eq!(pop(&mut pending), Some(cell(base, 2, 3)));
        assert!(pending.push(cell(base, 3, 5)) && pending.push(cell(base, 2, 6)));
        let places = [(2, 6), (2, 0), (1, 4), (1, 1), (3, 5), (3, 2)];
        assert_eq!(drained(&mut pending), places.map(|(region, granule)| cell(base, region, granule)));
    }

    #[test]
    fn as_much_as_there_is_room_for_waits_and_all_of_it_is_told() {
        // Whether it all lies in one region, or some in each and in regions that share a stack.
        for regions in [1, STACKS, 3 * STACKS] {
            let most = 5 * STACKS + 7;
            let mut pending = Pending::new(most);
            let things: Vec<Value> = (0..most).map(|n| cell(1 << 40, n % regions, n)).collect();
            for _ in 0..3 {
                assert!(things.iter().all(|thing| pending.push(*thing)));
                assert!(!pending.push(cell(1 << 40, 0, most)), "{regions} regions: full");
                let told = sorted(pending.iter());
                let popped = sorted(drained(&mut pending).into_iter());
                let pushed = sorted(things.iter().copied());
                assert_eq!(told, pushed);
                assert_eq!(popped, pushed);
                assert_eq!((pending.len(), pending.iter().count()), (0, 0));
            }
        }
    }

    #[test]
    fn several_at_a_time_are_the_same_in_the_same_order() {
        let filled = || {
            let mut pending = Pending::new(1000);
            assert!((0..1000).all(|n| pending.push(cell(1 << 40, n * 37 % 61, n))));
            pending
        };
        let (mut several, mut all) = (filled(), Vec::new());
        for most in (1..=40).cycle() {
            let words = several.pop(most);
            if words.is_empty() {
                break;
            }
            assert!(words.len() <= most);
            all.extend(words.iter().rev().map(|word| Value::from_bits(*word)));
        }
        assert_eq!(all, drained(&mut filled()));
    }

    #[test]
    fn the_order_does_not_depend_on_where_the_heap_lies() {
        let order = |base: usize| {
            let mut pending = Pending::new(1000);
            for n in 0..1000 {
                assert!(pending.push(cell(base, n * 37 % 61, n * 101)));
            }
            drained(&mut pending).into_iter().map(|value| value.bits() - base as u64).collect::<Vec<_>>()
        };
        assert_eq!(order(1 << 40), order((1 << 40) + 77 * 4096));
    }
}
