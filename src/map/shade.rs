//! What a page looks like: hue by kind, fill by how much of it lives, and how certain that is.

use heapatlas_heap::PageEntry;
use heapatlas_heap::terms::{PAGE, PageKind};

use super::palette::{Rgb, Theme};

/// What a page looks like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Shade {
    /// The colour of what is filled.
    pub full: Rgb,
    /// The colour of what is not.
    pub empty: Rgb,
    /// How much is filled, from 0 to 1: what lives, and what was allocated since somebody last looked.
    pub fill: f32,
    /// Whether the page is known to be out of memory: hatched.
    pub absent: bool,
}

/// How much of the ground a page that is in use lets through where nothing lives.
const TINT: f32 = 0.72;

impl Shade {
    /// What a page looks like.
    #[must_use]
    pub fn of(entry: PageEntry, theme: Theme) -> Self {
        let kind = entry.kind();
        let hue = theme.kind(kind);
        let absent = entry.resident() == Some(false);
        let balance = entry.balance();
        let fill = match kind {
            PageKind::Fresh | PageKind::Free | PageKind::GivenBack => 0.0,
            PageKind::Tables | PageKind::Reserve => 1.0,
            _ => (balance.live + balance.unjudged + balance.overhead.min(balance.live)) as f32 / PAGE as f32,
        };
        let empty = if kind.is_free() { theme.free() } else { hue.mix(theme.background(), TINT) };
        Self { full: hue, empty, fill: fill.clamp(0.0, 1.0), absent }
    }

    /// One colour for the whole page, when it is too small to show more.
    #[must_use]
    pub fn flat(self, theme: Theme) -> Rgb {
        let colour = self.empty.mix(self.full, self.fill);
        if self.absent { colour.mix(theme.background(), 0.55) } else { colour }
    }
}
