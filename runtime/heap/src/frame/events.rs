//! Events: what happened between two frames that the page table does not tell.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::terms::{Address, GcCause, GcPhase, PoolKind, Span};

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// An extent was mapped.
    ExtentMapped {
        /// Where.
        span: Span,
    },
    /// An extent was unmapped: a hole now, or a shorter span.
    ExtentUnmapped {
        /// Where.
        span: Span,
    },
    /// A pool was taken.
    PoolTaken {
        /// Its first page.
        start: Address,
        /// Its kind.
        kind: PoolKind,
    },
    /// A pool became free.
    PoolFreed {
        /// Its first page.
        start: Address,
    },
    /// A large object was freed.
    LargeFreed {
        /// Where it was.
        start: Address,
        /// Bytes of its pages.
        bytes: usize,
    },
    /// The collector entered a phase.
    GcPhase {
        /// Which.
        phase: GcPhase,
        /// Why the cycle began.
        cause: GcCause,
    },
    /// The soft limit was reached, or the system refused memory.
    LimitHit {
        /// Bytes asked for.
        request: usize,
        /// Whether the system refused.
        by_system: bool,
    },
    /// A top-level form began.
    FormBegin {
        /// The file it is in.
        file: Arc<str>,
        /// The line it begins on, from one.
        line: u32,
        /// Its first words.
        text: Box<str>,
    },
    /// The top-level form ended.
    FormEnd {
        /// Bytes allocated while it ran.
        allocated: u64,
    },
}

/// An event, and when it happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Happening {
    /// Time since the heap was made.
    pub wall: Duration,
    /// What happened.
    pub event: Event,
}

/// Events kept when nobody fetches them.
const KEPT: usize = 4096;

/// Events that wait for the next frame. Bounded: the oldest are dropped, and counted.
#[derive(Debug)]
pub struct EventLog {
    /// When the heap was made.
    started: Instant,
    /// When each happened, and what. How long after the start is worked out for those that somebody fetches.
    waiting: Vec<(Instant, Event)>,
    /// Where the oldest of them is, which the next takes the place of when there are as many as are kept.
    oldest: usize,
    lost: u64,
    muted: bool,
}

impl Default for EventLog {
    fn default() -> Self {
        Self { started: Instant::now(), waiting: Vec::new(), oldest: 0, lost: 0, muted: false }
    }
}

impl EventLog {
    /// Time since the heap was made.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Adds an event.
    #[inline]
    pub fn push(&mut self, event: Event) {
        if self.muted {
            return;
        }
        let happened = (Instant::now(), event);
        if self.waiting.len() < KEPT {
            self.waiting.push(happened);
        } else {
            self.replace_oldest(happened);
        }
    }

    #[cold]
    fn replace_oldest(&mut self, happened: (Instant, Event)) {
        self.waiting[self.oldest] = happened;
        self.oldest = (self.oldest + 1) % KEPT;
        self.lost += 1;
    }

    /// What waits, oldest first.
    pub(crate) fn waiting(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        let place = |n| (self.oldest + n) % self.waiting.len();
        (0..self.waiting.len()).map(move |n| &self.waiting[place(n)].1)
    }

    /// Keeps no events from now on, when nobody is going to fetch them, or keeps them again.
    pub(crate) fn mute(&mut self, muted: bool) {
        self.muted = muted;
        if muted {
            self.waiting.clear();
            self.oldest = 0;
        }
    }

    /// Whether events are kept.
    pub(crate) fn is_muted(&self) -> bool {
        self.muted
    }

    /// Moves what waits to the end of `events`, emptied before, and tells how many were lost since the last time.
    pub(crate) fn take_into(&mut self, events: &mut Vec<Happening>) -> u64 {
        events.clear();
        self.waiting.rotate_left(std::mem::take(&mut self.oldest));
        let started = self.started;
        events.extend(self.waiting.drain(..).map(|(at, event)| Happening { wall: at - started, event }));
        std::mem::take(&mut self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_drops_the_oldest_and_says_so() {
        let mut log = EventLog::default();
        for n in 0..KEPT + 3 {
            log.push(Event::FormEnd { allocated: n as u64 });
        }
        let mut events = Vec::new();
        assert_eq!(log.take_into(&mut events), 3);
        assert_eq!(events.len(), KEPT);
        assert_eq!(events[0].event, Event::FormEnd { allocated: 3 });
        assert!(events.is_sorted_by_key(|happening| happening.wall));
        assert_eq!(log.take_into(&mut events), 0);
        assert!(events.is_empty());
    }
}
