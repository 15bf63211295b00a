//! A picture of several balances: for each a stacked bar on one scale and, because the small ones would tell nothing else, a
//! thin one below of its shares.

use super::Title;
use super::picture::{Drawing, Lettering, Surface};
use crate::format;
use crate::map::balance::Term;

/// One bar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bar {
    /// What it is the balance of.
    pub name: String,
    /// What it amounts to.
    pub words: String,
    /// Its parts, in the order in which they are drawn: terms with bytes.
    pub parts: Vec<(Term, u64)>,
    /// What was measured elsewhere, to be held against it.
    pub beside: Option<String>,
}

impl Bar {
    fn total(&self) -> u64 {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }
}

const MARGIN: f32 = 24.0;
const WIDTH: f32 = 1000.0;
const HEAD: f32 = 56.0;
const BAR: f32 = 20.0;
const SHARES: f32 = 5.0;
/// From one bar to the next.
const STEP: f32 = 66.0;
const LEGEND: f32 = 48.0;
/// Room at the right for what was measured elsewhere.
const BESIDE: f32 = 110.0;
/// Pixels of a letter, about.
const LETTER: f32 = 6.9;

/// Several bars, ready to be drawn.
#[derive(Debug)]
pub struct Bars<'b> {
    title: &'b Title,
    bars: &'b [Bar],
}

impl<'b> Bars<'b> {
    /// The picture of some bars.
    #[must_use]
    pub fn new(title: &'b Title, bars: &'b [Bar]) -> Self {
        Self { title, bars }
    }

    fn draw_bar(&self, surface: &mut dyn Surface, bar: &Bar, top: f32, scale: f32) {
        let theme = self.title.theme;
        surface.text((MARGIN, top + 13.0), &bar.name, Lettering::Body, theme.text());
        let words = (MARGIN + WIDTH - bar.words.chars().count() as f32 * LETTER - BESIDE).max(MARGIN + WIDTH / 2.0);
        surface.text((words, top + 13.0), &bar.words, Lettering::Body, theme.faint_text());
        self.draw_parts(surface, bar, (top + 20.0, BAR), scale);
        self.draw_parts(surface, bar, (top + 22.0 + BAR, SHARES), WIDTH / bar.total().max(1) as f32);
        if let Some(beside) = &bar.beside {
            let at = (MARGIN + WIDTH, top + 13.0);
            surface.text(at, beside, Lettering::Gutter, theme.accent());
        }
    }

    /// Draws the parts of a bar from a height on, so and so high; `scale` are the pixels of a byte.
    fn draw_parts(&self, surface: &mut dyn Surface, bar: &Bar, (top, height): (f32, f32), scale: f32) {
        let mut x = MARGIN;
        for (term, bytes) in &bar.parts {
            let width = *bytes as f32 * scale;
            surface.fill((x, top, width, height), self.title.theme.term(*term));
            x += width;
        }
    }

    fn draw_legend(&self, surface: &mut dyn Surface, top: f32) {
        let theme = self.title.theme;
        let mut x = MARGIN;
        let drawn = |term: &Term| {
            self.bars.iter().any(|bar| bar.parts.iter().any(|(other, bytes)| other == term && *bytes > 0))
        };
        for term in Term::COMMITTED.into_iter().filter(drawn) {
            surface.fill((x, top, 11.0, 11.0), theme.term(term));
            surface.text((x + 17.0, top + 10.0), term.name(), Lettering::Body, theme.text());
            x += 34.0 + term.name().chars().count() as f32 * LETTER;
        }
    }
}

impl Drawing for Bars<'_> {
    fn title(&self) -> &Title {
        self.title
    }

    fn size(&self) -> (u32, u32) {
        let height = HEAD + self.bars.len() as f32 * STEP + LEGEND + MARGIN;
        ((MARGIN + WIDTH + MARGIN) as u32, height as u32)
    }

    fn draw(&self, surface: &mut dyn Surface) {
        let theme = self.title.theme;
        let (width, height) = self.size();
        surface.fill((0.0, 0.0, width as f32, height as f32), theme.background());
        surface.text((MARGIN, 32.0), &self.title.program, Lettering::Title, theme.text());
        let largest = self.bars.iter().map(Bar::total).max().unwrap_or_default().max(1);
        let scale = WIDTH / largest as f32;
        if self.bars.iter().any(|bar| bar.beside.is_some()) {
            let at = (MARGIN + WIDTH, 32.0);
            surface.text(at, "original", Lettering::Gutter, theme.accent());
        }
        for (n, bar) in self.bars.iter().enumerate() {
            self.draw_bar(surface, bar, HEAD + n as f32 * STEP, scale);
        }
        let top = HEAD + self.bars.len() as f32 * STEP;
        self.draw_legend(surface, top + 8.0);
        let words = format!(
            "resident bytes of the heap alone: above on one scale, of which the longest is {}; below the shares of each",
            format::bytes(largest)
        );
        surface.text((MARGIN, top + 42.0), &words, Lettering::Body, theme.faint_text());
    }
}
