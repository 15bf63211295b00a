//! How soon the window is drawn again for what has arrived.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui::Context;

/// From one frame to the next at least, while a program runs at full speed: a little less than a thirtieth of a second. More
/// nobody could follow, and where the processors draw, too, the program needs them.
const AT_FULL_SPEED: Duration = Duration::from_millis(31);
/// What asks for two frames when it is zero asks for one when it is not.
const SOON: Duration = Duration::from_millis(1);

/// How soon the window is drawn again for what has arrived: what arrives asks once for each frame, from whatever thread.
#[derive(Debug, Default)]
pub(super) struct Pace {
    asked: AtomicBool,
    /// When the latest frame was begun, if the next one is not to follow at once.
    begun: Mutex<Option<Instant>>,
}

impl Pace {
    /// A frame begins, which will show everything that arrived.
    pub(super) fn begin(&self, at_full_speed: bool) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = at_full_speed.then(Instant::now);
        self.asked.store(false, Ordering::Release);
    }

    /// Asks for a frame that shows what has arrived, unless it was asked for.
    pub(super) fn ask(&self, ctx: &Context) {
        if !self.asked.swap(true, Ordering::AcqRel) {
            ctx.request_repaint_after(self.rest());
        }
    }

    fn rest(&self) -> Duration {
        let begun = *self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.map_or(Duration::ZERO, |begun| AT_FULL_SPEED.saturating_sub(begun.elapsed()).max(SOON))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn what_arrives_asks_once_a_frame_and_waits_only_at_full_speed() {
        let pace = Pace::default();
        let asked_after = |at_full_speed| {
            let (told, delays) = channel();
            let ctx = Context::default();
            ctx.set_request_repaint_callback(move |info| told.send(info.delay).expect("somebody listens"));
            pace.begin(at_full_speed);
            pace.ask(&ctx);
            pace.ask(&ctx);
            delays.try_iter().collect::<Vec<_>>()
        };
        assert_eq!(asked_after(false), [Duration::ZERO]);
        let waits = asked_after(true);
        assert!(waits.len() == 1 && waits[0] >= SOON && waits[0] <= AT_FULL_SPEED, "{waits:?}");
        assert_eq!(asked_after(false), [Duration::ZERO]);
    }
}
