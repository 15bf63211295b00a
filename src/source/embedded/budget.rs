//! What frames may take of a thread's time, if more of them are to be cut than the window can show.

use std::time::{Duration, Instant};

use crate::source::times::thread_time;

/// They take no more than one part in so many, …
const SHARE: u32 = 200;
/// … and this at the beginning, so that of what is soon over all is seen.
const BURST: Duration = Duration::from_millis(10);

/// What they have taken.
#[derive(Debug, Default)]
pub(super) struct Budget {
    /// The thread's time before the first of them.
    began: Option<Duration>,
    spent: Duration,
    /// When there is room for the next.
    rests_until: Option<Instant>,
}

impl Budget {
    /// Whether there is room for another.
    pub(super) fn has_room(&self) -> bool {
        self.rests_until.is_none_or(|until| Instant::now() >= until)
    }

    /// Takes note of one that was begun at some time of the thread, and has ended now.
    pub(super) fn spend_since(&mut self, begun: Duration) {
        self.spend(begun, thread_time());
    }

    fn spend(&mut self, begun: Duration, ended: Duration) {
        let began = *self.began.get_or_insert(begun);
        self.spent += ended.saturating_sub(begun);
        let earned = ended.saturating_sub(began);
        let rest = (self.spent.saturating_sub(BURST) * SHARE).saturating_sub(earned);
        self.rests_until = (!rest.is_zero()).then(|| Instant::now() + rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_first_there_is_room_and_then_for_a_share() {
        let millis = Duration::from_millis;
        let mut budget = Budget::default();
        assert!(budget.has_room());
        budget.spend(millis(500), millis(510));
        assert!(budget.has_room(), "that was the burst");
        budget.spend(millis(600), millis(602));
        assert!(!budget.has_room(), "two milliseconds more take as many fifths of a second");
        let rest = budget.rests_until.expect("a rest") - Instant::now();
        assert!(rest > millis(200) && rest <= millis(298), "{rest:?}");
        budget.spend(millis(1000), millis(1000));
        assert!(budget.has_room(), "by then they are earned");
    }
}
