//! The past in motion.

use std::time::Duration;

use eframe::egui::Context;

use super::App;
use crate::past::Target;
use crate::ui::moments::Go;
use crate::ui::playback::Play;

impl App {
    /// Shows the run along the other axis. What plays would go on at another place there.
    pub(super) fn change_axis(&mut self) {
        self.playback.set(Play::Stop);
        self.panels.timeline.change_axis();
    }

    /// Moves the past on, while it is played.
    pub(super) fn play(&mut self, ctx: &Context) {
        if !self.playback.is_moving() {
            return;
        }
        ctx.request_repaint();
        // What was asked for last is to be seen before the next is asked for.
        let session = &mut self.panels.session;
        if session.is_seeking() {
            return;
        }
        let axis = self.panels.timeline.axis();
        let time = Duration::from_secs_f32(ctx.input(|input| input.stable_dt).min(0.2));
        let (extent, shown) = (session.extent_in_time(), session.position());
        let at = self.playback.step(axis, extent, shown, time);
        let is_end = at >= axis.of(extent.1);
        session.go(if is_end { Go::Now } else { Go::To(Target::on(axis, at)) });
    }
}
