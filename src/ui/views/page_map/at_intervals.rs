//! Work that grows with the heap, and is done again when there was time for it.

use std::time::{Duration, Instant};

use eframe::egui::Context;

/// Nothing is done again before so many times as long as it took.
const REST: u32 = 20;
/// Then it waits so long for a frame that is drawn for something else, before one is drawn for it alone.
const PATIENCE: Duration = Duration::from_millis(35);

/// When something was done last, and how long that took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AtIntervals {
    done: Option<(Instant, Duration)>,
}

impl AtIntervals {
    /// Whether it may be done again, so long after the last time at least. If not yet, the window is drawn once it may be,
    /// whatever happens until then.
    pub(super) fn is_due(self, ctx: &Context, least: Duration) -> bool {
        let rest = self.done.and_then(|(at, took)| (took * REST).max(least).checked_sub(at.elapsed()));
        rest.inspect(|rest| ctx.request_repaint_after(*rest + PATIENCE)).is_none()
    }

    /// Does it.
    pub(super) fn take<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = work();
        self.done = Some((begun, begun.elapsed()));
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_long_rests_and_the_window_is_drawn_afterwards() {
        let ctx = Context::default();
        let mut work = AtIntervals::default();
        let due = |work: AtIntervals| work.is_due(&ctx, Duration::ZERO);
        assert!(due(work), "never done");
        let took = Duration::from_secs(60);
        work.done = Some((Instant::now(), took));
        assert!(!due(work));
        work.done = Instant::now().checked_sub(took * (REST + 1)).map(|then| (then, took));
        assert!(due(work));
        assert!(!work.is_due(&ctx, took * REST * 2), "so long at least");
        assert_eq!(work.take(|| 7), 7);
        assert!(work.done.is_some_and(|(_, now)| now < took));
    }
}
