//! A profile: where a program spent time and allocated, by the functions that were running.
//!
//! At a safepoint, some time after the last sample, the stack is looked at, and what went by since the last sample, in
//! time and in bytes, is put down to it. So nothing is lost but for the program's last moment; who gets it is a matter of
//! chance, as everywhere where samples are taken. A function that ended in a tail call is no longer on the stack.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// No two samples are nearer than this.
const BETWEEN: Duration = Duration::from_micros(200);
/// Functions of a stack that are told apart; of a deeper one the innermost.
pub(crate) const DEEPEST: usize = 128;
/// What the time of the collector is put down to, on top of whoever was running.
const COLLECTOR: &str = "(collector)";

/// What was put down to a stack of functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cost {
    /// How often the stack was seen.
    pub samples: u64,
    /// Time that went by.
    pub time: Duration,
    /// Bytes that were allocated.
    pub bytes: u64,
}

impl Cost {
    /// Adds to what was put down.
    pub fn add(&mut self, more: Self) {
        self.samples += more.samples;
        self.time += more.time;
        self.bytes += more.bytes;
    }
}

/// A profile of a program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profile {
    /// Functions, the outermost first, and what was put down to the innermost of them while the others waited. In
    /// alphabetical order.
    pub stacks: Vec<(Vec<String>, Cost)>,
}

/// What a host hears while a program runs, if it wants to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sample {
    /// The functions that were running, the outermost first.
    pub stack: Vec<String>,
    /// Bytes that were allocated since the sample before.
    pub bytes: u64,
}

/// What went by since the last sample.
#[derive(Debug)]
pub(crate) struct Meter {
    last: Instant,
    /// The allocation clock at the last sample.
    clock: u64,
    /// How long the collector had run in all at the last sample.
    collected: Duration,
}

impl Meter {
    pub(crate) fn new(clock: u64, collected: Duration) -> Self {
        Self { last: Instant::now(), clock, collected }
    }

    /// Whether it is time for a sample.
    pub(crate) fn is_due(&self) -> bool {
        self.last.elapsed() >= BETWEEN
    }

    /// What went by since the last sample, and how much time of that was the collector's, which the cost is without.
    pub(crate) fn read(&mut self, clock: u64, collected: Duration) -> (Cost, Duration) {
        let elapsed = self.last.elapsed();
        let collecting = collected.saturating_sub(self.collected).min(elapsed);
        let bytes = clock.saturating_sub(self.clock);
        (self.clock, self.collected) = (clock, collected);
        (Cost { samples: 1, time: elapsed - collecting, bytes }, collecting)
    }

    /// From here on time counts again: what taking the sample took is nobody's.
    pub(crate) fn go_on(&mut self) {
        self.last = Instant::now();
    }
}

/// A profile being made.
#[derive(Debug)]
pub(crate) struct Profiler {
    seen: HashMap<Vec<String>, Cost>,
    meter: Meter,
}

impl Profiler {
    pub(crate) fn new(clock: u64, collected: Duration) -> Self {
        Self { seen: HashMap::new(), meter: Meter::new(clock, collected) }
    }

    /// Whether it is time for a sample.
    pub(crate) fn is_due(&self) -> bool {
        self.meter.is_due()
    }

    /// Puts down to a stack what went by since the last sample.
    pub(crate) fn take(&mut self, stack: Vec<String>, clock: u64, collected: Duration) {
        let (cost, collecting) = self.meter.read(clock, collected);
        if collecting > Duration::ZERO {
            let mut collector = stack.clone();
            collector.push(COLLECTOR.to_owned());
            self.seen.entry(collector).or_default().add(Cost { samples: 1, time: collecting, bytes: 0 });
        }
        self.seen.entry(stack).or_default().add(cost);
        self.meter.go_on();
    }

    /// What was found.
    pub(crate) fn finish(self) -> Profile {
        let mut stacks: Vec<_> = self.seen.into_iter().collect();
        stacks.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        Profile { stacks }
    }
}
