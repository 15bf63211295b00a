//! A long series of values in bounded memory, of which any part can be drawn in any width without losing a peak.
//!
//! Samples are summed up in buckets that know the least and the greatest of each value, and the last. Each level holds the
//! buckets of the one below in pairs:
//!
//! ```text
//! level 2   [              ][              ]
//! level 1   [      ][      ][      ][      ]
//! level 0   [  ][  ][  ][  ][  ][  ][  ][  ][  ]      open: [.
//! ```
//!
//! When level 0 is full it is dropped, and level 1 takes its place: half the resolution, for twice as long a run. The
//! extremes stay exact all the same.

use super::chronicle::{Axis, Position};

/// Buckets of a level at most; even, so that a full level is pairs throughout.
const MOST: usize = 16_384;

/// What is known of one value over some time: the least, the greatest and the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// The least.
    pub least: u64,
    /// The greatest.
    pub greatest: u64,
    /// The last.
    pub last: u64,
}

/// What is known of `N` values over some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bucket<const N: usize> {
    /// When its first sample was taken.
    pub start: Position,
    /// When its last was.
    pub end: Position,
    /// The values; `None` for one that was never known.
    pub ranges: [Option<Range>; N],
}

impl<const N: usize> Bucket<N> {
    fn of(at: Position, values: [Option<u64>; N]) -> Self {
        let range = |value: Option<u64>| value.map(|value| Range { least: value, greatest: value, last: value });
        Self { start: at, end: at, ranges: values.map(range) }
    }

    /// Sums up with the bucket after it.
    fn join(&mut self, later: &Self) {
        self.end = later.end;
        for (range, later) in self.ranges.iter_mut().zip(later.ranges) {
            *range = match (*range, later) {
                (Some(a), Some(b)) => {
                    let (least, greatest) = (a.least.min(b.least), a.greatest.max(b.greatest));
                    Some(Range { least, greatest, last: b.last })
                }
                (range, later) => later.or(range),
            };
        }
    }
}

/// A long series of `N` values.
#[derive(Clone, Debug)]
pub struct Pyramid<const N: usize> {
    levels: Vec<Vec<Bucket<N>>>,
    /// What will be the next bucket of level 0, and how many samples are in it.
    open: Option<(Bucket<N>, u64)>,
    /// Samples in a bucket of level 0.
    per_bucket: u64,
    most: usize,
}

impl<const N: usize> Default for Pyramid<N> {
    fn default() -> Self {
        Self { levels: vec![Vec::new()], open: None, per_bucket: 1, most: MOST }
    }
}

impl<const N: usize> Pyramid<N> {
    /// Adds a sample, which is no earlier than the one before.
    pub fn push(&mut self, at: Position, values: [Option<u64>; N]) {
        let sample = Bucket::of(at, values);
        let (bucket, count) = match self.open.take() {
            Some((mut bucket, count)) => {
                bucket.join(&sample);
                (bucket, count + 1)
            }
            None => (sample, 1),
        };
        if count < self.per_bucket {
            self.open = Some((bucket, count));
        } else {
            self.add(bucket);
        }
    }

    /// Adds a whole bucket, and what it is the second half of.
    fn add(&mut self, bucket: Bucket<N>) {
        let mut whole = bucket;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let buckets = &mut self.levels[level];
            buckets.push(whole);
            let [.., first, second] = buckets.as_slice() else { break };
            if buckets.len() % 2 == 1 {
                break;
            }
            whole = *first;
            whole.join(second);
        }
        if self.levels[0].len() == self.most {
            self.levels.remove(0);
            self.per_bucket *= 2;
        }
    }

    /// The finest buckets of which there are no more than so many on a stretch of an axis, in order, with the one before
    /// the stretch and the one after it.
    pub fn within(&self, axis: Axis, (from, to): (f64, f64), most: usize) -> impl Iterator<Item = Bucket<N>> {
        let part = |level: &[Bucket<N>]| {
            let first = level.partition_point(|bucket| axis.of(bucket.end) < from).saturating_sub(1);
            first..level.partition_point(|bucket| axis.of(bucket.start) <= to).saturating_add(1)
        };
        let fits = |level: &Vec<Bucket<N>>| part(level).len() <= most.max(2).saturating_add(2);
        let top = self.levels.iter().position(fits).unwrap_or(self.levels.len() - 1);
        // What has no second half yet is on the levels below alone.
        let below = (0..top).rev().flat_map(|n| &self.levels[n][self.levels[n + 1].len() * 2..]);
        let rest: Vec<Bucket<N>> = below.copied().chain(self.open.map(|(bucket, _)| bucket)).collect();
        let level = &self.levels[top];
        let wanted = part(level);
        let rest_end = if wanted.end > level.len() { part(&rest).end.min(rest.len()) } else { 0 };
        let whole = &level[wanted.start..wanted.end.min(level.len())];
        whole.iter().copied().chain(rest.into_iter().take(rest_end))
    }

    /// The sample, or the bucket with it, that is the last up to a place on an axis.
    #[must_use]
    pub fn at(&self, axis: Axis, at: f64) -> Option<Bucket<N>> {
        if let Some((bucket, _)) = self.open.filter(|(bucket, _)| axis.of(bucket.start) <= at) {
            return Some(bucket);
        }
        let after = self.levels[0].partition_point(|bucket| axis.of(bucket.start) <= at);
        self.levels[0].get(after.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    /// A small pyramid of these samples, each at a clock that is its place and at a wall time that is twice that.
    fn pyramid(samples: &[[Option<u64>; 2]]) -> Pyramid<2> {
        let mut pyramid = Pyramid { most: 8, ..Pyramid::default() };
        for (place, values) in samples.iter().enumerate() {
            let at = Position { clock: place as u64, wall: Duration::from_secs(2 * place as u64) };
            pyramid.push(at, *values);
        }
        pyramid
    }

    fn range_of(samples: &[[Option<u64>; 2]], value: usize) -> Option<Range> {
        let known: Vec<u64> = samples.iter().filter_map(|sample| sample[value]).collect();
        let (least, greatest) = (*known.iter().min()?, *known.iter().max()?);
        Some(Range { least, greatest, last: *known.last()? })
    }

    proptest! {
        #[test]
        fn every_bucket_says_what_all_of_its_samples_say(
            samples in prop::collection::vec([prop::option::of(0..100_u64), prop::option::of(0..5_u64)], 0..300),
            from in 0..300_usize,
            length in 0..300_usize,
            most in 0..40_usize,
        ) {
            let pyramid = pyramid(&samples);
            prop_assert!(pyramid.levels[0].len() < 8);
            prop_assert!(pyramid.levels.iter().map(Vec::len).sum::<usize>() < 16);
            let to = from + length;
            for (axis, scale) in [(Axis::Clock, 1.0), (Axis::Wall, 2.0)] {
                let found: Vec<_> = pyramid.within(axis, (from as f64 * scale, to as f64 * scale), most).collect();
                prop_assert!(found.len() <= most.max(2) + 8);
                for bucket in &found {
                    let part = &samples[bucket.start.clock as usize..=bucket.end.clock as usize];
                    prop_assert_eq!(bucket.ranges, [range_of(part, 0), range_of(part, 1)]);
                }
                // No sample of the stretch is missing, and none is there twice.
                for pair in found.windows(2) {
                    prop_assert_eq!(pair[0].end.clock + 1, pair[1].start.clock);
                }
                if from < samples.len() {
                    prop_assert!(found.first().is_some_and(|first| first.start.clock as usize <= from));
                    prop_assert!(found.last().is_some_and(|last| last.end.clock as usize >= to.min(samples.len() - 1)));
                }
            }
            for (place, _) in samples.iter().enumerate() {
                let bucket = pyramid.at(Axis::Clock, place as f64).expect("a bucket");
                prop_assert!((bucket.start.clock..=bucket.end.clock).contains(&(place as u64)));
            }
        }
    }

    #[test]
    fn a_lone_peak_among_a_million_is_seen() {
        let mut pyramid = Pyramid::<1>::default();
        for clock in 0..1_000_000 {
            let at = Position { clock, wall: Duration::ZERO };
            pyramid.push(at, [Some(if clock == 654_321 { 1000 } else { clock % 7 })]);
        }
        let shown: Vec<_> = pyramid.within(Axis::Clock, (0.0, 1e6), 500).collect();
        assert!(shown.len() < 530, "{}", shown.len());
        let peaks = shown.iter().filter(|bucket| bucket.ranges[0].is_some_and(|range| range.greatest == 1000));
        assert_eq!(peaks.count(), 1);
        assert!(pyramid.levels[0].len() <= MOST);
    }
}
