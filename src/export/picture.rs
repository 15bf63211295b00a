//! What is where in a picture of the map: title, address gutter, rows, legend, balance.
//!
//! The picture is composed once, on a [`Surface`]; pixels and shapes are two surfaces.

use heapatlas_heap::terms::{PAGE, PageKind};

use super::Title;
use crate::format;
use crate::map::balance::Term;
use crate::map::layout::{Layout, Row};
use crate::map::palette::{Rgb, Theme};
use crate::map::shade::Shade;
use crate::model::HeapModel;

/// A rectangle in pixels: left, top, width, height.
pub type Rect = (f32, f32, f32, f32);

/// How large text is, and how it lies at its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lettering {
    /// The title.
    Title,
    /// Everything else.
    Body,
    /// Addresses and numbers, ending at the point, all digits of one width.
    Gutter,
    /// Addresses and numbers, beginning at the point.
    Number,
}

impl Lettering {
    /// Pixels from one line to the next.
    #[must_use]
    pub const fn size(self) -> f32 {
        match self {
            Self::Title => 19.0,
            Self::Body => 13.0,
            Self::Gutter | Self::Number => 12.0,
        }
    }
}

/// What a picture is drawn on.
pub trait Surface {
    /// Fills a rectangle.
    fn fill(&mut self, rect: Rect, colour: Rgb);

    /// Draws thin slanting lines over a rectangle.
    fn hatch(&mut self, rect: Rect, colour: Rgb);

    /// Draws a line that goes up and down from left to right.
    fn zigzag(&mut self, rect: Rect, colour: Rgb);

    /// Draws text whose baseline begins, or for a gutter ends, at a point.
    fn text(&mut self, at: (f32, f32), text: &str, lettering: Lettering, colour: Rgb);
}

/// Something to be drawn.
pub trait Drawing {
    /// What it is called, and its surroundings.
    fn title(&self) -> &Title;

    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it.
    fn draw(&self, surface: &mut dyn Surface);
}

pub(super) const MARGIN: f32 = 24.0;
pub(super) const GUTTER: f32 = 132.0;
pub(super) const HEAD: f32 = 68.0;
/// Width of the map itself, about.
const MAP_WIDTH: f32 = 1024.0;
pub(super) const HOLE_HEIGHT: f32 = 20.0;
const BALANCE_HEIGHT: f32 = 22.0;
pub(super) const LEGEND_LINE: f32 = 20.0;
/// Squares from this size on show their fill; smaller ones are one colour.
const FILLED_FROM: f32 = 5.0;

/// How many columns a map of so many pages has, and the side of a page's square in pixels.
pub(super) fn columns_of(pages: usize) -> (usize, f32) {
    // As many columns as make the map about as wide as high, the squares a whole number of pixels.
    let columns = ((pages.max(1) as f32).sqrt() * 1.3).round().max(64.0) as usize;
    let columns = columns.next_power_of_two().min(2048);
    let side = (MAP_WIDTH / columns as f32).floor().max(1.0);
    (columns, side)
}

/// A picture, measured and ready to be drawn.
#[derive(Debug)]
pub struct Picture<'m> {
    model: &'m HeapModel,
    title: &'m Title,
    layout: Layout,
    /// Side of a page's square, in pixels.
    side: f32,
    heights: Vec<f32>,
}

impl<'m> Picture<'m> {
    /// Measures the picture of a model.
    #[must_use]
    pub fn new(model: &'m HeapModel, title: &'m Title) -> Self {
        Self::in_columns_of(model, title, model.pages().len())
    }

    /// Measures the picture of a model, in as many columns as a model of so many pages has, so that a page is where it is
    /// in that of another moment.
    #[must_use]
    pub fn in_columns_of(model: &'m HeapModel, title: &'m Title, pages: usize) -> Self {
        let (columns, side) = columns_of(pages);
        let spans: Vec<_> = model.pages().extents().iter().map(|extent| extent.span.clone()).collect();
        let layout = Layout::new(&spans, columns);
        let height = |row: &Row| if matches!(row, Row::Hole { .. }) { HOLE_HEIGHT } else { side };
        let heights = layout.rows().iter().map(height).collect();
        Self { model, title, layout, side, heights }
    }

    fn map_width(&self) -> f32 {
        self.layout.columns() as f32 * self.side
    }

    fn map_height(&self) -> f32 {
        self.heights.iter().sum()
    }

    fn draw_head(&self, surface: &mut dyn Surface, theme: Theme) {
        let counters = self.model.counters();
        surface.text((MARGIN, 32.0), &self.title.program, Lettering::Title, theme.text());
        let resident = counters.resident();
        let ratio = resident.map_or_else(String::new, |resident| {
            format!(", {} resident / live", format::ratio(resident, counters.balance.live))
        });
        let heap = if counters.policy.is_usual() { String::new() } else { format!("heap {} · ", counters.policy) };
        let line = format!(
            "{heap}{} allocated on the clock · {} resident · {} committed · {} live{ratio}",
            format::bytes(counters.clock),
            format::maybe_bytes(resident),
            format::bytes(counters.committed),
            format::bytes(counters.balance.live),
        );
        surface.text((MARGIN, 53.0), &line, Lettering::Body, theme.faint_text());
    }

    fn draw_rows(&self, surface: &mut dyn Surface, theme: Theme) {
        let left = MARGIN + GUTTER;
        let mut top = HEAD;
        let mut labelled = f32::MIN;
        for (row, height) in self.layout.rows().iter().zip(&self.heights) {
            // Rows thinner than text share a label.
            let labels = top - labelled >= Lettering::Gutter.size() + 2.0;
            match row {
                Row::Pages { start, column, first, count, .. } => {
                    if labels {
                        let baseline = top + self.side.min(Lettering::Gutter.size()) * 0.5 + 4.5;
                        surface.text(
                            (left - 10.0, baseline),
                            &format::address(*start),
                            Lettering::Gutter,
                            theme.faint_text(),
                        );
                        labelled = top;
                    }
                    for page in 0..*count {
                        let x = left + (column + page) as f32 * self.side;
                        match self.model.pages().at(*first + page * PAGE) {
                            Some(found) => self.draw_page(surface, theme, Shade::of(found.entry, theme), (x, top)),
                            // A gap: a line through what is not the heap's.
                            None => surface.fill((x, top + self.side / 2.0, self.side, 1.0), theme.line()),
                        }
                    }
                }
                Row::Hole { span } => {
                    surface.zigzag((left, top + 4.0, self.map_width(), height - 8.0), theme.line());
                    let words = format!(" hole of {} ", format::bytes((span.end - span.start) as u64));
                    let at = left + 24.0;
                    surface.fill((at, top + 2.0, words.len() as f32 * 7.0, height - 4.0), theme.background());
                    surface.text((at + 4.0, top + 15.0), words.trim(), Lettering::Body, theme.text());
                    labelled = top;
                }
            }
            top += height;
        }
    }

    fn draw_page(&self, surface: &mut dyn Surface, theme: Theme, shade: Shade, (x, y): (f32, f32)) {
        if self.side < FILLED_FROM {
            surface.fill((x, y, self.side, self.side), shade.flat(theme));
            return;
        }
        let inner = self.side - 1.0;
        surface.fill((x, y, inner, inner), shade.empty);
        let (live, filled) = ((inner * shade.live).round(), (inner * shade.fill).round());
        if live > 0.0 {
            surface.fill((x, y + inner - live, inner, live), shade.full);
        }
        if filled > live {
            surface.fill((x, y + inner - filled, inner, filled - live), shade.unjudged);
        }
        if shade.absent {
            surface.hatch((x, y, inner, inner), theme.background());
        }
    }

    fn draw_balance(&self, surface: &mut dyn Surface, theme: Theme, top: f32) {
        let balance = &self.model.counters().balance;
        let committed = balance.committed();
        let width = GUTTER + self.map_width();
        let mut x = MARGIN;
        for term in Term::COMMITTED {
            let bytes = term.of(balance).unwrap_or(0);
            let part = width * bytes as f32 / committed.max(1) as f32;
            surface.fill((x, top, part, BALANCE_HEIGHT), theme.term(term));
            x += part;
        }
        if let Some(resident) = balance.resident() {
            let at = MARGIN + width * resident as f32 / committed.max(1) as f32;
            surface.fill((at - 1.0, top - 5.0, 2.0, BALANCE_HEIGHT + 10.0), theme.accent());
        }
        let (mut x, mut y) = (MARGIN, top + BALANCE_HEIGHT + LEGEND_LINE);
        for term in Term::COMMITTED {
            let bytes = term.of(balance).unwrap_or(0);
            let words = format!("{} {} ({})", term.name(), format::bytes(bytes), format::percent(bytes, committed));
            let advance = 30.0 + words.chars().count() as f32 * 6.9;
            if x + advance > MARGIN + width {
                x = MARGIN;
                y += LEGEND_LINE;
            }
            surface.fill((x, y - 10.0, 11.0, 11.0), theme.term(term));
            surface.text((x + 17.0, y), &words, Lettering::Body, theme.text());
            x += advance;
        }
        let words = format!(
            "committed {} − not resident {} = resident {} (the mark on the bar)",
            format::bytes(committed),
            format::maybe_bytes(balance.not_resident),
            format::maybe_bytes(balance.resident()),
        );
        surface.text((MARGIN, top + BALANCE_HEIGHT + 3.0 * LEGEND_LINE), &words, Lettering::Body, theme.faint_text());
    }

    fn draw_legend(&self, surface: &mut dyn Surface, theme: Theme, top: f32) {
        let counters = self.model.counters();
        let (mut x, mut y) = (MARGIN, top + 12.0);
        let right = MARGIN + GUTTER + self.map_width();
        for kind in PageKind::ALL {
            let pages = counters.pages_of(kind);
            if pages == 0 {
                continue;
            }
            let words = format!("{} {}", kind.name(), format::count(pages));
            let advance = 34.0 + words.chars().count() as f32 * 6.9;
            if x + advance > right {
                x = MARGIN;
                y += LEGEND_LINE;
            }
            surface.fill((x, y - 10.0, 11.0, 11.0), theme.kind(kind));
            surface.text((x + 17.0, y), &words, Lettering::Body, theme.text());
            x += advance;
        }
        let columns = self.layout.columns();
        let words = format!(
            "one square is a page of 4 KiB, one row {columns} pages, {}; filled from below: what lives, paler what is \
             unjudged; hatched or dimmed: not resident",
            format::bytes((columns * PAGE) as u64),
        );
        surface.text((MARGIN, y + LEGEND_LINE), &words, Lettering::Body, theme.faint_text());
    }
}

impl Drawing for Picture<'_> {
    fn title(&self) -> &Title {
        self.title
    }

    fn size(&self) -> (u32, u32) {
        let width = MARGIN + GUTTER + self.map_width() + MARGIN;
        let legend = 3.0 * LEGEND_LINE;
        let height = HEAD + self.map_height() + 28.0 + BALANCE_HEIGHT + 3.0 * LEGEND_LINE + 16.0 + legend + MARGIN;
        (width.ceil() as u32, height.ceil() as u32)
    }

    fn draw(&self, surface: &mut dyn Surface) {
        let theme = self.title.theme;
        let (width, height) = self.size();
        surface.fill((0.0, 0.0, width as f32, height as f32), theme.background());
        self.draw_head(surface, theme);
        self.draw_rows(surface, theme);
        let top = HEAD + self.map_height() + 28.0;
        self.draw_balance(surface, theme, top);
        self.draw_legend(surface, theme, top + BALANCE_HEIGHT + 3.0 * LEGEND_LINE + 16.0);
    }
}
