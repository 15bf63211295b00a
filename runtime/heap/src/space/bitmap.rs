//! Searching and changing the bitmaps of a chunk, a word of 64 granules at a time.

use std::ops::Range;

use crate::raw::{Bitmap, ChunkRef};
use crate::terms::PAGE_GRANULES;

const WORD: usize = 64;
/// Bitmap words of a page.
pub(crate) const PAGE_WORDS: usize = PAGE_GRANULES / WORD;

/// Whether the bit of a granule is set.
#[inline]
pub(crate) fn is_set(chunk: ChunkRef, bitmap: Bitmap, granule: usize) -> bool {
    chunk.bits(bitmap, granule / WORD) >> (granule % WORD) & 1 == 1
}

/// The words that `range` touches, each with the mask of the bits inside the range.
#[inline]
fn masks(range: Range<usize>) -> impl Iterator<Item = (usize, u64)> {
    let (start, end) = (range.start, range.end);
    let words = if start < end { start / WORD..(end - 1) / WORD + 1 } else { 0..0 };
    words.map(move |word| {
        let low = if word == start / WORD { u64::MAX << (start % WORD) } else { u64::MAX };
        let high = if word == (end - 1) / WORD { u64::MAX >> (WORD - 1 - (end - 1) % WORD) } else { u64::MAX };
        (word, low & high)
    })
}

/// Sets the bits of `range`.
#[inline]
pub(crate) fn set(chunk: ChunkRef, bitmap: Bitmap, range: Range<usize>) {
    for (word, mask) in masks(range) {
        chunk.set_bits(bitmap, word, chunk.bits(bitmap, word) | mask);
    }
}

/// Clears the bits of `range`.
#[inline]
pub(crate) fn clear(chunk: ChunkRef, bitmap: Bitmap, range: Range<usize>) {
    for (word, mask) in masks(range) {
        chunk.set_bits(bitmap, word, chunk.bits(bitmap, word) & !mask);
    }
}

/// How many bits of `range` are set.
pub(crate) fn count(chunk: ChunkRef, bitmap: Bitmap, range: Range<usize>) -> usize {
    masks(range).map(|(word, mask)| (chunk.bits(bitmap, word) & mask).count_ones() as usize).sum()
}

/// How many bits of a page are set.
#[inline]
pub(crate) fn count_page(chunk: ChunkRef, bitmap: Bitmap, page: usize) -> usize {
    (page * PAGE_WORDS..(page + 1) * PAGE_WORDS).map(|word| chunk.bits(bitmap, word).count_ones() as usize).sum()
}

/// The first granule of `range` whose bit is set, or the end of the range.
#[inline]
pub(crate) fn next_set(chunk: ChunkRef, bitmap: Bitmap, range: Range<usize>) -> usize {
    next(range, |word| chunk.bits(bitmap, word))
}

/// The first granule of `range` whose bit is clear, or the end of the range.
#[inline]
pub(crate) fn next_clear(chunk: ChunkRef, bitmap: Bitmap, range: Range<usize>) -> usize {
    next(range, |word| !chunk.bits(bitmap, word))
}

#[inline]
fn next(range: Range<usize>, bits: impl Fn(usize) -> u64) -> usize {
    if range.start >= range.end {
        return range.end;
    }
    let mut word = range.start / WORD;
    let mut found = bits(word) & (u64::MAX << (range.start % WORD));
    while found == 0 {
        word += 1;
        if word * WORD >= range.end {
            return range.end;
        }
        found = bits(word);
    }
    (word * WORD + found.trailing_zeros() as usize).min(range.end)
}

/// The granules of `range` whose bits are set, lowest first. What changes behind the word that is being looked at is seen.
#[inline]
pub(crate) fn set_granules(chunk: ChunkRef, bitmap: Bitmap, range: Range<usize>) -> impl Iterator<Item = usize> {
    masks(range).flat_map(move |(word, mask)| {
        let mut bits = chunk.bits(bitmap, word) & mask;
        std::iter::from_fn(move || {
            let next = (bits != 0).then(|| word * WORD + bits.trailing_zeros() as usize)?;
            bits &= bits - 1;
            Some(next)
        })
    })
}

/// The stretches of clear bits in `range`, lowest first: for the allocation bitmap, the free list.
pub(crate) fn clear_runs(chunk: ChunkRef, bitmap: Bitmap, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        let start = next_clear(chunk, bitmap, at..range.end);
        if start == range.end {
            return None;
        }
        at = next_set(chunk, bitmap, start..range.end);
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::{Os, plain::Plain};
    use crate::terms::{Address, CHUNK};
    use proptest::prelude::*;

    fn with_chunk(test: impl FnOnce(ChunkRef)) {
        let mut os = Plain::new();
        let mapping = os.map(Address::default(), CHUNK).unwrap();
        test(ChunkRef::new(&mapping, 0));
        os.unmap(mapping);
    }

    fn model_runs(bits: &[bool], range: Range<usize>) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for granule in range {
            match runs.last_mut() {
                Some(run) if run.end == granule && !bits[granule] => run.end += 1,
                _ if !bits[granule] => runs.push(granule..granule + 1),
                _ => {}
            }
        }
        runs
    }

    proptest! {
        #[test]
        fn ranges_act_as_on_a_list_of_truths(
            changes in prop::collection::vec((any::<bool>(), 0usize..600, 0usize..200), 1..40),
            from in 0usize..400, length in 0usize..400,
        ) {
            with_chunk(|chunk| {
                let mut model = vec![false; 1000];
                for (on, start, length) in changes {
                    let range = start..start + length;
                    model[range.clone()].fill(on);
                    if on { set(chunk, Bitmap::Grey, range) } else { clear(chunk, Bitmap::Grey, range) }
                }
                let range = from..from + length;
                let model_count = model[range.clone()].iter().filter(|bit| **bit).count();
                assert_eq!(count(chunk, Bitmap::Grey, range.clone()), model_count);
                let model_set: Vec<_> = range.clone().filter(|granule| model[*granule]).collect();
                assert_eq!(set_granules(chunk, Bitmap::Grey, range.clone()).collect::<Vec<_>>(), model_set);
                let runs: Vec<_> = clear_runs(chunk, Bitmap::Grey, range.clone()).collect();
                assert_eq!(runs, model_runs(&model, range.clone()));
                let set_at = range.clone().find(|granule| model[*granule]).unwrap_or(range.end);
                assert_eq!(next_set(chunk, Bitmap::Grey, range), set_at);
            });
        }
    }
}
