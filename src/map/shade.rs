//! What a page looks like: hue by kind, fill by how much of it lives, and how certain that is.

use heapatlas_heap::PageEntry;
use heapatlas_heap::terms::{PAGE, PageKind};

use super::balance::Term;
use super::palette::{Rgb, Theme};

/// What a page looks like. From below: what lives, what nobody has judged yet, and the rest.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Shade {
    /// The colour of what is known to live.
    pub full: Rgb,
    /// The colour of what was allocated since somebody last looked.
    pub unjudged: Rgb,
    /// The colour of what is not filled.
    pub empty: Rgb,
    /// How much is known to live, from 0 to `fill`.
    pub live: f32,
    /// How much is filled, from 0 to 1: what lives, and what was allocated since somebody last looked.
    pub fill: f32,
    /// Whether the page is known to be out of memory: hatched.
    pub absent: bool,
    /// A line right above what is known to live: something waits there.
    pub line: Option<Rgb>,
}

/// How much of the ground a page that is in use lets through where nothing lives.
const TINT: f32 = 0.76;
/// How much of that shows through what nobody has judged.
const DOUBT: f32 = 0.34;

impl Shade {
    /// What a page looks like.
    #[must_use]
    pub fn of(entry: PageEntry, theme: Theme) -> Self {
        let kind = entry.kind();
        let hue = theme.kind(kind);
        let empty = if kind.is_free() { theme.free() } else { hue.mix(theme.background(), TINT) };
        let balance = entry.balance();
        let (live, fill) = match kind {
            PageKind::Fresh | PageKind::Free | PageKind::GivenBack => (0, 0),
            PageKind::Tables | PageKind::Reserve => (PAGE, PAGE),
            _ => (balance.live + balance.overhead, balance.live + balance.overhead + balance.unjudged),
        };
        Self {
            full: hue,
            unjudged: hue.mix(empty, DOUBT),
            empty,
            live: share(live),
            fill: share(fill),
            absent: entry.resident() == Some(false),
            line: None,
        }
    }

    /// What a page looks like when one term of the balance is lit: filled as far as the page holds that term.
    #[must_use]
    pub fn lit(entry: PageEntry, term: Term, theme: Theme) -> Self {
        let full = theme.term(term);
        let ground = if entry.kind().is_free() { theme.background() } else { theme.free() };
        let fill = share(term.of_page(entry));
        let absent = entry.resident() == Some(false);
        Self { full, unjudged: full, empty: ground, live: fill, fill, absent, line: None }
    }

    /// One colour for the whole page, when it is too small to show more.
    #[must_use]
    pub fn flat(self, theme: Theme) -> Rgb {
        let filled = if self.fill > 0.0 { self.unjudged.mix(self.full, self.live / self.fill) } else { self.full };
        let colour = self.empty.mix(filled, self.fill);
        let colour = self.line.map_or(colour, |line| colour.mix(line, 0.7));
        if self.absent { colour.mix(theme.background(), 0.55) } else { colour }
    }
}

fn share(bytes: usize) -> f32 {
    (bytes as f32 / PAGE as f32).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HeapModel;
    use heapatlas_heap::{Heap, Value};

    #[test]
    fn what_was_just_allocated_is_filled_but_not_yet_known_to_live() {
        let mut heap = Heap::new().expect("a heap");
        for _ in 0..1000 {
            heap.cons(Value::NIL, Value::T).expect("room");
        }
        let mut model = HeapModel::default();
        model.apply(&heap.cut_frame(true));
        let page = model.pages().iter().find(|page| page.entry.kind() == PageKind::Cells).expect("a page of cells");
        for theme in [Theme::Dark, Theme::Light] {
            let shade = Shade::of(page.entry, theme);
            assert_eq!((shade.live, shade.fill), (0.0, 1.0));
            assert_eq!(shade.flat(theme), shade.unjudged);
            assert_eq!(Shade::lit(page.entry, Term::Unjudged, theme).fill, 1.0);
            assert_eq!(Shade::lit(page.entry, Term::Live, theme).fill, 0.0);
        }
    }
}
