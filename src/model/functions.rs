//! Which functions allocated, by stretches of the allocation clock: bounded, so that a long run makes the stretches longer.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// Functions that were running, the outermost first.
pub type Stack = Arc<[Arc<str>]>;

/// What was allocated on one stretch of the clock, by stack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slice {
    /// The allocation clock at its beginning and at its end.
    pub clock: Range<u64>,
    /// Bytes by stack.
    pub stacks: BTreeMap<Stack, u64>,
}

/// The slices, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    slices: Vec<Slice>,
    names: BTreeSet<Arc<str>>,
}

/// Slices kept at most.
const MOST: usize = 2048;

impl Functions {
    /// Adds what was allocated on a stretch of the clock.
    pub fn add(&mut self, clock: Range<u64>, stacks: Vec<(Vec<String>, u64)>) {
        let stacks = stacks.into_iter().map(|(stack, bytes)| (self.interned(stack), bytes)).collect();
        self.slices.push(Slice { clock, stacks });
        if self.slices.len() > MOST {
            let halves = std::mem::take(&mut self.slices);
            self.slices = halves.chunks(2).map(joined).collect();
        }
    }

    fn interned(&mut self, stack: Vec<String>) -> Stack {
        let name = |name: String| match self.names.get(name.as_str()) {
            Some(known) => Arc::clone(known),
            None => {
                let name: Arc<str> = name.into();
                self.names.insert(Arc::clone(&name));
                name
            }
        };
        stack.into_iter().map(name).collect()
    }

    /// The slices that lie on a part of the clock, oldest first.
    pub fn within(&self, clock: &Range<u64>) -> impl Iterator<Item = &Slice> {
        self.slices.iter().filter(|slice| slice.clock.end > clock.start && slice.clock.start < clock.end)
    }

    /// Whether nobody has looked yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }
}

fn joined(slices: &[Slice]) -> Slice {
    let mut stacks = BTreeMap::new();
    for (stack, bytes) in slices.iter().flat_map(|slice| &slice.stacks) {
        *stacks.entry(Arc::clone(stack)).or_default() += bytes;
    }
    let (first, last) = (&slices[0], &slices[slices.len() - 1]);
    Slice { clock: first.clock.start..last.clock.end, stacks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_loses_no_byte_and_stays_bounded() {
        let mut functions = Functions::default();
        for n in 0..10_000 {
            let stack = vec!["main".to_owned(), format!("f{}", n % 3)];
            functions.add(n * 10..n * 10 + 10, vec![(stack, 10)]);
        }
        assert!(functions.slices.len() <= MOST);
        let all: u64 = functions.within(&(0..100_000)).flat_map(|slice| slice.stacks.values()).sum();
        assert_eq!(all, 100_000);
        assert_eq!(functions.names.len(), 4);
        let first = functions.within(&(0..1)).next().expect("a slice");
        assert_eq!(first.clock.start, 0);
        assert!(functions.slices.windows(2).all(|pair| pair[0].clock.end == pair[1].clock.start));
    }
}
