//! What is drawn of the map, and where: rows, holes, addresses, frames.

use eframe::egui::{Align2, Color32, FontId, Pos2, Rect, Shape, Stroke, StrokeKind, TextStyle, Ui, Vec2, pos2, vec2};
use heapatlas_heap::terms::{Address, PAGE, Span};

use super::GUTTER_GAP;
use super::forms::FormClasses;
use super::geometry::{Geometry, line_of};
use super::raster::{Bands, Look, Manner, glow};
use crate::format;
use crate::map::balance::Term;
use crate::map::colouring::{Colouring, age_class};
use crate::map::layout::{Order, Row};
use crate::map::palette::Theme;
use crate::model::HeapModel;
use crate::model::difference::Change;
use crate::model::pages::Page;
use crate::ui::theme::{self, color};

/// Pages along a curve that are veiled at most, when they are selected.
const MOST_VEILED: usize = 16_384;
/// Distance between two addresses at least.
const GUTTER_LINE: f32 = 15.0;

/// What is drawn, and where.
pub(super) struct Scene<'m> {
    pub(super) geometry: &'m Geometry,
    pub(super) model: &'m HeapModel,
    /// The moment that this one is compared with.
    pub(super) before: Option<&'m HeapModel>,
    pub(super) colouring: Colouring,
    pub(super) lit: Option<Term>,
    pub(super) forms: &'m FormClasses,
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
        let looks: Vec<_> = self.geometry.layout().rows()[rows.clone()].iter().map(|row| self.looks(row)).collect();
        let (texture, looks) = bands.texture(ui.ctx(), rows.start, looks, manner);
        let rect = Rect::from_min_max(pos2(0.0, top), pos2(self.geometry.size().x, bottom)).translate(self.corner);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture, rect, whole, Color32::WHITE);
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
        let mut looks = vec![None; self.geometry.layout().columns()];
        match row {
            Row::Hole { .. } => {}
            Row::Pages { column, first, count, line: None, .. } => {
                for page in self.model.pages().within(*first..*first + *count * PAGE) {
                    looks[column + (page.address - *first) / PAGE] = Some(self.look(page));
                }
            }
            Row::Pages { line: Some(_), .. } => {
                for (column, look) in looks.iter_mut().enumerate() {
                    let address = self.geometry.layout().address_in(row, column);
                    *look = address.and_then(|address| self.model.pages().at(address)).map(|page| self.look(page));
                }
            }
        }
        looks
    }

    fn look(&self, page: Page) -> Look {
        let clock = self.model.counters().clock;
        let class = match self.colouring {
            Colouring::Age => age_class(clock.saturating_sub(page.entry.birth())),
            Colouring::LastTouched => age_class(clock.saturating_sub(page.touched)),
            Colouring::Form => self.forms.class_of(page, self.model.forms()),
            Colouring::Change => {
                // Without a moment to compare with nothing has changed.
                let before = self.before.map(|before| before.pages().at(page.address).map(|page| page.entry));
                before.map_or(Change::None, |before| Change::of(before, Some(page.entry))) as u8
            }
            _ => 0,
        };
        Look { entry: page.entry, glow: glow(page.touched, clock), class }
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
        ui.painter().rect_filled(plate, 3.0, color(theme.panel()));
        ui.painter().galley(plate.min + vec2(8.0, 2.0), galley, color(theme.text()));
    }

    /// The address of each row, or of as many as there is room for.
    pub(super) fn draw_gutter(&self, ui: &Ui, shown: std::ops::Range<usize>) {
        let theme = theme::current(ui);
        // Of the fonts at hand this one has plain zeros, and all digits of one width.
        let font = FontId::proportional(12.5);
        let mut free = f32::MIN;
        for row in shown {
            let Row::Pages { first, line, .. } = &self.geometry.layout().rows()[row] else { continue };
            if line.is_some_and(|line| line > 0) {
                continue;
            }
            let (top, bottom) = self.geometry.row(row);
            // The first row may be lower than its address.
            let middle = ((top + bottom) / 2.0).max(GUTTER_LINE / 2.0);
            if middle - free < GUTTER_LINE {
                continue;
            }
            free = middle;
            let at = pos2(self.corner.x - GUTTER_GAP, middle + self.corner.y);
            draw_address(ui, at, *first, &font, theme);
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
            let (start, end) = (span.start.max(*first), span.end.min(*first + *count * PAGE));
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
        for tile in tiles.filter(|tile| seen.intersects(*tile)).take(MOST_VEILED) {
            ui.painter().rect_filled(tile, 0.0, color(theme.accent()).gamma_multiply(0.35));
            ui.painter().rect_stroke(tile, 0.0, Stroke::new(1.0, color(theme.accent())), StrokeKind::Inside);
        }
    }

    /// A place within a page, in points of the screen, by how far it is through the page.
    pub(super) fn place(&self, address: Address) -> Option<Pos2> {
        let page = address.align_down(PAGE);
        let rect = self.geometry.page(page)?.translate(self.corner);
        let share = (address - page) as f32 / PAGE as f32;
        Some(pos2(rect.left() + rect.width() * share, rect.center().y))
    }

    pub(super) fn outline(&self, ui: &Ui, address: Address, stroke: Stroke) {
        if let Some(rect) = self.geometry.page(address) {
            let line = line_of(self.geometry.tile()) as f32;
            ui.painter().rect_stroke(rect.translate(self.corner).expand(line), 1.0, stroke, StrokeKind::Outside);
        }
    }
}

/// An address that ends at a point: its low half, which is what changes, in full weight.
fn draw_address(ui: &Ui, at: Pos2, address: Address, font: &FontId, theme: Theme) {
    let text = format::address(address);
    let (high, low) = text.split_at(text.len() - 9);
    let low = ui.painter().text(at, Align2::RIGHT_CENTER, low, font.clone(), color(theme.text()));
    ui.painter().text(low.left_center(), Align2::RIGHT_CENTER, high, font.clone(), color(theme.faint_text()));
}
