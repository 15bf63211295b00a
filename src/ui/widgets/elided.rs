//! As much of a text as there is room for.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Color32, FontId, Painter, Rect, pos2};

/// Writes a text on one line, from the left of a rectangle and in the middle of its height; … is a sign that there is more.
pub fn elided(painter: &Painter, room: Rect, text: &str, font: FontId, ink: Color32) {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, ink);
    job.wrap = TextWrapping::truncate_at_width(room.width().max(0.0));
    let galley = painter.layout_job(job);
    painter.galley(pos2(room.left(), room.center().y - galley.size().y / 2.0), galley, ink);
}
