//! What is drawn of the map, and where: rows, holes, addresses, frames.

use eframe::egui::{Color32, Mesh, Pos2, Rect, Shape, Stroke, StrokeKind, TextStyle, Ui, Vec2, pos2, vec2};
use heapatlas_heap::terms::{Address, PAGE, Span};

use super::forms::FormClasses;
use super::geometry::{Geometry, lines_of};
use super::raster::{Bands, Drawn, Look, Manner, glow};
use crate::format;
use crate::map::balance::Term;
use crate::map::colouring::{Colouring, NO_FORM, age_class};
use crate::map::layout::{Order, Row};
use crate::map::palette::Theme;
use crate::model::HeapModel;
use crate::model::difference::{self, Change};
use crate::model::forms::FormsThen;
use crate::model::pages::{Page, is_telling};
use crate::ui::gutter::{self, Gutter};
use crate::ui::theme::{self, color};

/// Pages along a curve that are veiled at most, when they are selected.
const MOST_VEILED: usize = 16_384;

/// What is drawn, and where.
pub(super) struct Scene<'m> {
    pub(super) geometry: &'m Geometry,
    pub(super) model: &'m HeapModel,
    /// The moment that this one is compared with.
    pub(super) before: Option<&'m HeapModel>,
    pub(super) colouring: Colouring,
    pub(super) lit: Option<Term>,
    /// The forms as they were known then, and which of them have a colour.
    pub(super) forms: Option<(FormsThen<'m>, &'m FormClasses)>,
    /// Whether the pages are looked at again; otherwise what was painted of them is shown once more.
    pub(super) looks_again: bool,
    /// From the map's corner to the screen's.
    pub(super) corner: Vec2,
}

impl Scene<'_> {
    pub(super) fn draw_rows(&self, ui: &Ui, shown: std::ops::Range<usize>, bands: &mut Bands) {
        for rows in self.geometry.bands(shown) {
            match &self.geometry.layout().rows()[rows.start] {
                Row::Hole { span } => self.draw_hole(ui, rows.start, span),
                Row::Pages { .. } => self.draw_band(ui, rows, bands),
            }
        }
    }

    fn draw_band(&self, ui: &Ui, rows: std::ops::Range<usize>, bands: &mut Bands) {
        let dark = theme::current(ui) == Theme::Dark;
        let manner = Manner { tile: self.geometry.tile(), colouring: self.colouring, lit: self.lit, dark };
        let (top, bottom) = (self.geometry.row(rows.start).0, self.geometry.row(rows.end - 1).1);
        if self.looks_again || !bands.is_painted(rows.start, rows.len(), manner) {
            let looks = self.geometry.layout().rows()[rows.clone()].iter().map(|row| self.looks(row)).collect();
            bands.paint(ui.ctx(), rows.start, looks, manner);
        }
        let Some((texture, looks)) = bands.band(rows.start) else { return };
        let rect = Rect::from_min_max(pos2(0.0, top), pos2(self.geometry.size().x, bottom)).translate(self.corner);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        // Two triangles and no soft edge around them: so a software renderer copies rather than computes each pixel.
        let mut band = Mesh::with_texture(texture);
        band.add_rect_with_uv(rect, whole, Color32::WHITE);
        ui.painter().add(band);
        if self.geometry.layout().order() == Order::Rows {
            for (row, looks) in rows.zip(looks) {
                self.draw_gaps(ui, row, looks);
            }
        }
    }

    /// A line through what is not the heap's between two pages of a row.
    fn draw_gaps(&self, ui: &Ui, row: usize, looks: &[Option<Look>]) {
        let (top, bottom) = self.geometry.row(row);
        let y = (top + bottom) / 2.0 + self.corner.y;
        let stroke = Stroke::new(1.0, color(theme::current(ui).faint_text()));
        let mut last = None;
        for (column, _) in looks.iter().enumerate().filter(|(_, look)| look.is_some()) {
            if let Some(last) = last.replace(column).filter(|last| last + 1 < column) {
                let (left, right) = (self.geometry.left_of(last + 1), self.geometry.left_of(column));
                ui.painter().hline(self.corner.x + left + 1.0..=self.corner.x + right - 2.0, y, stroke);
            }
        }
    }

    fn looks(&self, row: &Row) -> Vec<Option<Look>> {
        let layout = self.geometry.layout();
        let mut looks = vec![None; layout.columns()];
        match row {
            Row::Hole { .. } => {}
            Row::Pages { column, first, count, line: None, .. } => {
                let bytes = layout.box_bytes();
                let pages = self.pages_within(*first..*first + *count * bytes);
                let mut pages = pages.map(|page| (column + (page.address - *first) / bytes, page)).peekable();
                while let Some((column, first)) = pages.next() {
                    let others = std::iter::from_fn(|| pages.next_if(|(other, _)| *other == column));
                    looks[column] = Some(self.look(first, others.map(|(_, page)| page)));
                }
            }
            Row::Pages { line: Some(_), .. } => {
                for (column, look) in looks.iter_mut().enumerate() {
                    let start = layout.address_in(row, column);
                    let pages = start.map(|start| self.pages_within(start..start + layout.box_bytes()));
                    let mut pages = pages.into_iter().flatten();
                    *look = pages.next().map(|first| self.look(first, pages));
                }
            }
        }
        looks
    }

    /// The pages of a span. Where it is shown what changed, those that are gone are among them, as they were.
    fn pages_within(&self, span: Span) -> Box<dyn Iterator<Item = Page> + '_> {
        match self.before.filter(|_| self.colouring == Colouring::Change) {
            Some(before) => Box::new(difference::known_within(before.pages(), self.model.pages(), span)),
            None => Box::new(self.model.pages().within(span)),
        }
    }

    /// What a box looks like, from its pages: of those that say something, if there are any.
    fn look(&self, first: Page, others: impl Iterator<Item = Page>) -> Look {
        let (mut least, mut touched, mut count) = (self.ranked(first), first.touched, 1);
        let (mut most, mut last) = (least, first);
        let mut is_known = self.tells(first);
        for page in others {
            touched = touched.max(page.touched);
            count += 1;
            last = page;
            if is_known && !self.tells(page) {
                continue;
            }
            let ranked = self.ranked(page);
            if !is_known && self.tells(page) {
                (least, most, is_known) = (ranked, ranked, true);
            }
            if ranked.0 < least.0 {
                least = ranked;
            }
            if ranked.0 > most.0 {
                most = ranked;
            }
        }
        let glow = glow(touched, self.model.counters().clock);
        Look { extremes: [least.1, most.1], glow, pierced: self.is_pierced((first, last), count) }
    }

    fn tells(&self, page: Page) -> bool {
        self.lit.is_some() || is_telling(page.entry)
    }

    /// A page and where it stands in what is shown.
    fn ranked(&self, page: Page) -> (usize, Drawn) {
        let drawn = Drawn { entry: page.entry, class: self.class_of(page) };
        let rank = match self.lit {
            Some(term) => term.of_page(page.entry),
            None => self.colouring.rank(drawn.entry, drawn.class),
        };
        (rank, drawn)
    }

    /// Whether there is a hole among the pages of a box: something missing that is not before the heap or behind it.
    fn is_pierced(&self, (first, last): (Page, Page), count: usize) -> bool {
        let whole = self.geometry.box_of(first.address);
        if count == self.geometry.layout().box_pages() {
            return false;
        }
        let extents = self.model.pages().extents();
        let is_begun = extents.first().is_some_and(|extent| extent.span.start < whole.start);
        let goes_on = extents.last().is_some_and(|extent| extent.span.end > whole.end);
        let start = if is_begun { whole.start } else { first.address };
        let end = if goes_on { whole.end } else { last.address + PAGE };
        count < (end - start) / PAGE
    }

    fn class_of(&self, page: Page) -> u8 {
        let clock = self.model.counters().clock;
        match self.colouring {
            Colouring::Age => age_class(clock.saturating_sub(page.entry.birth())),
            Colouring::LastTouched => age_class(clock.saturating_sub(page.touched)),
            Colouring::Form => self.forms.map_or(NO_FORM, |(forms, classes)| classes.class_of(page, forms)),
            Colouring::Change => {
                // Without a moment to compare with nothing has changed.
                let entry_at = |model: &HeapModel| model.pages().at(page.address).map(|page| page.entry);
                self.before.map_or(Change::None, |before| Change::of(entry_at(before), entry_at(self.model))) as u8
            }
            _ => 0,
        }
    }

    /// A hole: a zigzag line with its size, whatever that is.
    fn draw_hole(&self, ui: &Ui, row: usize, span: &Span) {
        let theme = theme::current(ui);
        let (top, bottom) = self.geometry.row(row);
        let middle = (top + bottom) / 2.0 + self.corner.y;
        let left = self.corner.x;
        let right = left + self.geometry.size().x;
        let mut points = Vec::new();
        let mut x = left;
        while x <= right {
            let up = if points.len() % 2 == 0 { 3.0 } else { -3.0 };
            points.push(pos2(x, middle + up));
            x += 6.0;
        }
        ui.painter().add(Shape::line(points, Stroke::new(1.0, color(theme.faint_text()))));
        let words = format!("hole of {}, not ours", format::bytes((span.end - span.start) as u64));
        let font = TextStyle::Small.resolve(ui.style());
        let galley = ui.painter().layout_no_wrap(words, font, color(theme.text()));
        let size = galley.size() + vec2(16.0, 4.0);
        let plate = Rect::from_min_size(pos2(left + 30.0, middle - size.y / 2.0), size);
        ui.painter().rect_filled(plate, 3.0, color(theme.sheet()));
        ui.painter().galley(plate.min + vec2(8.0, 2.0), galley, color(theme.text()));
    }

    /// The address of each row, or of as many as there is room for.
    pub(super) fn draw_gutter(&self, ui: &Ui, shown: std::ops::Range<usize>) {
        let layout = self.geometry.layout();
        let row_bytes = layout.columns() * layout.box_bytes();
        let mut gutter = Gutter::beside(self.corner.to_pos2());
        let mut follows = false;
        for row in shown {
            let Row::Pages { first, column, line, .. } = &layout.rows()[row] else {
                follows = false;
                continue;
            };
            if line.is_some_and(|line| line > 0) {
                continue;
            }
            let (top, bottom) = self.geometry.row(row);
            // Where pages begin, and from there on at round addresses.
            let begins = !std::mem::replace(&mut follows, line.is_none());
            let distance = gutter::distance(row_bytes, bottom - top);
            if begins || (first.get() - column * layout.box_bytes()).is_multiple_of(distance) {
                gutter.write(ui, (top + bottom) / 2.0 + self.corner.y, *first);
            }
        }
    }

    /// A veil over some pages, and a line below each row of them.
    pub(super) fn frame(&self, ui: &Ui, span: &Span, ink: Color32) {
        if self.geometry.layout().order() == Order::Hilbert {
            let pages = self.model.pages().within(span.clone()).take(MOST_VEILED);
            let tiles = pages.filter_map(|page| self.geometry.page(page.address));
            tiles.for_each(|tile| {
                ui.painter().rect_filled(tile.translate(self.corner), 0.0, ink.gamma_multiply(0.3));
            });
            return;
        }
        for row in self.geometry.layout().rows() {
            let Row::Pages { first, count, .. } = row else { continue };
            let end = *first + *count * self.geometry.layout().box_bytes();
            let (start, end) = (span.start.max(*first), span.end.min(end));
            if start >= end {
                continue;
            }
            if let Some((from, to)) = self.geometry.page(start).zip(self.geometry.page(end - PAGE)) {
                let rect = from.union(to).translate(self.corner);
                ui.painter().rect_filled(rect, 0.0, ink.gamma_multiply(0.16));
                ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.0, ink), StrokeKind::Outside);
            }
        }
    }

    /// Veils all pages that are to be seen but some, which are given lowest first, and frames those.
    pub(super) fn mark(&self, ui: &Ui, pages: &[Address]) {
        let theme = theme::current(ui);
        let seen = ui.clip_rect();
        ui.painter().rect_filled(seen, 0.0, color(theme.background()).gamma_multiply(0.55));
        let tiles = pages.iter().filter_map(|page| self.geometry.page(*page)).map(|tile| tile.translate(self.corner));
        let mut tiles: Vec<Rect> = tiles.filter(|tile| seen.intersects(*tile)).collect();
        // Neighbours may share a box.
        tiles.dedup();
        for tile in tiles.into_iter().take(MOST_VEILED) {
            ui.painter().rect_filled(tile, 0.0, color(theme.accent()).gamma_multiply(0.35));
            ui.painter().rect_stroke(tile, 0.0, Stroke::new(1.0, color(theme.accent())), StrokeKind::Inside);
        }
    }

    /// The pages of the box at a point of the screen, from the first to behind the last; `None` where there is none.
    pub(super) fn box_at(&self, at: Pos2) -> Option<Span> {
        let whole = self.geometry.box_of(self.geometry.box_at(at - self.corner)?);
        let pages = || self.model.pages().within(whole.clone());
        Some(pages().next()?.address..pages().last()?.address + PAGE)
    }

    /// The page at a point of the screen that is the heap's no more, where it is shown what changed.
    pub(super) fn gone_at(&self, at: Pos2) -> Option<Page> {
        let whole = self.geometry.box_of(self.geometry.box_at(at - self.corner)?);
        self.pages_within(whole).find(|page| self.model.pages().at(page.address).is_none())
    }

    /// The hole at a point of the screen: in a row of its own, or a gap.
    pub(super) fn hole_at(&self, at: Pos2) -> Option<Span> {
        let at = at - self.corner;
        let gap = self.geometry.box_at(at).and_then(|address| self.model.pages().hole_at(address));
        gap.or_else(|| self.geometry.hole_at(at.y))
    }

    /// Of some pages the one in use with the least in it; of those that are not in use the first.
    pub(super) fn emptiest(&self, pages: Span) -> Option<Page> {
        let pages = || self.model.pages().within(pages.clone());
        pages()
            .filter(|page| page.entry.kind().is_used())
            .min_by_key(|page| page.entry.used())
            .or_else(|| pages().next())
    }

    /// A place within a box, in points of the screen, by how far it is through the box.
    pub(super) fn place(&self, address: Address) -> Option<Pos2> {
        let whole = self.geometry.box_of(address);
        let rect = self.geometry.page(whole.start)?.translate(self.corner);
        let share = (address - whole.start) as f32 / (whole.end - whole.start) as f32;
        Some(pos2(rect.left() + rect.width() * share, rect.center().y))
    }

    pub(super) fn outline(&self, ui: &Ui, address: Address, stroke: Stroke) {
        if let Some(rect) = self.geometry.page(address) {
            let line = lines_of(self.geometry.tile())[0] as f32;
            ui.painter().rect_stroke(rect.translate(self.corner).expand(line), 1.0, stroke, StrokeKind::Outside);
        }
    }
}
