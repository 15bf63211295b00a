//! Where rows and pages lie, in points: from rows of the layout to rectangles, and back from a point to a page.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};
use heapatlas_heap::terms::{Address, CHUNK_PAGES, PAGE, POOL_PAGES, Span};

use super::Step;
use crate::map::layout::{Layout, Order, Row};

/// Height of the row of a hole, in points.
pub const HOLE_HEIGHT: f32 = 24.0;
/// Tiles to choose from, in pixels: squares of these sides.
const SIDES: [u32; 11] = [4, 6, 8, 10, 13, 16, 20, 24, 32, 40, 52];
/// The widths that fitting all pages chooses from: no smaller than can be told apart, no larger than is pleasant.
const FITTING: std::ops::RangeInclusive<u32> = 4..=52;
/// Where not all pages fit one by one, a tile stands for so many times as many, and again: for a gibibyte at most.
const TOGETHER: usize = 4;
const MOST_TOGETHER: usize = 1 << 18;
/// The side of a tile of several pages at least: it shows two of them, one above the other.
const LEAST_TOGETHER: u32 = 6;
/// How much taller than wide a tile is at most.
const TALLEST: (u32, u32) = (7, 4);
/// Height of a band, in pixels, about.
const BAND: u32 = 192;
/// From this height on a tile shows its fill; a smaller one is of one colour.
pub(super) const FILLED_FROM: u32 = 6;
/// From this width on pools stand apart.
const APART_FROM: u32 = 6;
/// Pages a row: at least half a pool, at most as many as keep a row within a texture.
const COLUMNS: std::ops::RangeInclusive<usize> = POOL_PAGES / 2..=4 * CHUNK_PAGES;
/// Pages a row at least where all of them are to fit.
const FITTING_COLUMNS: usize = 2 * POOL_PAGES;

/// The tile of a box, in pixels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tile {
    /// Its width, the line to the next page included.
    pub width: u32,
    /// Its height, the line to the next row included.
    pub height: u32,
    /// What keeps a pool apart from the next.
    pub gap: u32,
    /// How many pages it stands for, a power of two.
    pub pages: usize,
}

impl Tile {
    /// The square of a page.
    const fn square(side: u32) -> Self {
        Self { width: side, height: side, gap: if side >= APART_FROM { 2 } else { 0 }, pages: 1 }
    }

    /// The square of some pages.
    const fn of(pages: usize, side: u32) -> Self {
        if pages == 1 { Self::square(side) } else { Self { width: side, height: side, gap: 0, pages } }
    }

    /// Where a column begins, or, of the number of columns, where a row ends.
    #[must_use]
    pub const fn left_of(self, column: usize) -> u32 {
        column as u32 * self.width + (column / POOL_PAGES) as u32 * self.gap
    }

    /// The column at so many pixels.
    fn column_at(self, x: f32) -> Option<usize> {
        let pool = self.left_of(POOL_PAGES) as f32;
        let within = (x % pool / self.width as f32) as usize;
        (x >= 0.0 && within < POOL_PAGES).then(|| (x / pool) as usize * POOL_PAGES + within)
    }

    /// The next larger square to choose from, or the next smaller one. What is smaller than the smallest square of a page is
    /// one of several pages.
    #[must_use]
    pub fn next(self, larger: bool) -> Self {
        let pages = if larger { self.pages / TOGETHER } else { self.pages * TOGETHER };
        if self.pages > 1 || (!larger && self.width <= SIDES[0]) {
            return match pages {
                0 | 1 => Self::square(SIDES[0]),
                _ => Self::of(pages.min(MOST_TOGETHER), LEAST_TOGETHER),
            };
        }
        let found = if larger {
            SIDES.into_iter().find(|side| *side > self.width)
        } else {
            SIDES.into_iter().rev().find(|side| *side < self.width)
        };
        found.map_or(self, Self::square)
    }
}

/// Where everything lies. Points count from the left upper corner of the map; pixels are what a screen has.
#[derive(Clone, PartialEq, Debug)]
pub struct Geometry {
    layout: Layout,
    tile: Tile,
    /// Points a pixel.
    pixel: f32,
    /// Where each row begins, in points, and where the last ends.
    tops: Vec<f32>,
}

impl Geometry {
    /// The map of extents in an order, in this much room, with tiles that were chosen, or as large as all fit.
    #[must_use]
    pub fn new(extents: &[Span], order: Order, room: Vec2, pixel: f32, chosen: Option<Tile>) -> Self {
        let width = room.x / pixel;
        let tile = chosen.unwrap_or_else(|| fitting(extents, order, room, pixel));
        let fits = |columns: &usize| tile.left_of(*columns) as f32 <= width;
        let columns = powers().take_while(fits).last().unwrap_or(*COLUMNS.start());
        let layout = Layout::ordered(extents, columns, order, tile.pages);
        let mut tops = Vec::with_capacity(layout.rows().len() + 1);
        let mut top = 0.0;
        for row in layout.rows() {
            tops.push(top);
            top += match row {
                Row::Pages { .. } => tile.height as f32 * pixel,
                Row::Hole { .. } => HOLE_HEIGHT,
            };
        }
        tops.push(top);
        Self { layout, tile, pixel, tops }
    }

    /// The rows.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The tile of a box.
    #[must_use]
    pub fn tile(&self) -> Tile {
        self.tile
    }

    /// Width and height of the map, in points.
    #[must_use]
    pub fn size(&self) -> Vec2 {
        vec2(self.left_of(self.layout.columns()), self.tops.last().copied().unwrap_or_default())
    }

    /// Where a column begins, in points, or, of the number of columns, where a row ends.
    #[must_use]
    pub fn left_of(&self, column: usize) -> f32 {
        self.tile.left_of(column) as f32 * self.pixel
    }

    /// From where to where a row goes, in points.
    #[must_use]
    pub fn row(&self, row: usize) -> (f32, f32) {
        (self.tops[row], self.tops[row + 1])
    }

    /// The rows between two heights.
    #[must_use]
    pub fn rows_between(&self, top: f32, bottom: f32) -> std::ops::Range<usize> {
        let rows = self.layout.rows().len();
        let first = self.tops.partition_point(|row| *row <= top).saturating_sub(1);
        let end = self.tops.partition_point(|row| *row < bottom).min(rows);
        first.min(end)..end
    }

    /// The rows, and some more, in bands: a hole, or rows of pages with none between. Bands begin at the same rows
    /// wherever one has scrolled to.
    #[must_use]
    pub fn bands(&self, shown: std::ops::Range<usize>) -> Vec<std::ops::Range<usize>> {
        let rows = self.layout.rows();
        let is_hole = |row: &usize| matches!(rows[*row], Row::Hole { .. });
        let most = (BAND / self.tile.height).max(1) as usize;
        let mut bands = Vec::new();
        let mut first = shown.start / most * most;
        while first < shown.end {
            let end = ((first / most + 1) * most).min(rows.len());
            let end = if is_hole(&first) { first + 1 } else { (first..end).find(is_hole).unwrap_or(end) };
            bands.push(first..end);
            first = end;
        }
        bands
    }

    /// The addresses of the box in which one lies.
    #[must_use]
    pub fn box_of(&self, address: Address) -> Span {
        let start = address.align_down(self.layout.box_bytes());
        start..start + self.layout.box_bytes()
    }

    /// Where the tile of the box is in which a page lies, without the line to the next.
    #[must_use]
    pub fn page(&self, address: Address) -> Option<Rect> {
        let (row, column) = self.layout.place_of(address)?;
        self.layout.address_at(row, column)?;
        let [right, below] = lines_of(self.tile);
        let size = vec2((self.tile.width - right) as f32, (self.tile.height - below) as f32) * self.pixel;
        Some(Rect::from_min_size(pos2(self.left_of(column), self.tops[row]), size))
    }

    /// The address at a point, of a box or of a gap between two.
    #[must_use]
    pub fn box_at(&self, at: Pos2) -> Option<Address> {
        let row = self.row_at(at.y)?;
        let column = self.tile.column_at(at.x / self.pixel)?;
        self.layout.address_at(row, column)
    }

    /// The box beside the one in which a page lies.
    #[must_use]
    pub fn beside(&self, address: Address, step: Step) -> Option<Address> {
        let (row, column) = self.layout.place_of(address)?;
        let (row, column) = match step {
            Step::Left => (row, column.checked_sub(1)?),
            Step::Right => (row, column + 1),
            Step::Up => (row.checked_sub(1)?, column),
            Step::Down => (row + 1, column),
        };
        self.layout.address_at(row, column)
    }

    /// The hole that has the row at a height.
    #[must_use]
    pub fn hole_at(&self, y: f32) -> Option<Span> {
        match &self.layout.rows()[self.row_at(y)?] {
            Row::Hole { span } => Some(span.clone()),
            Row::Pages { .. } => None,
        }
    }

    fn row_at(&self, y: f32) -> Option<usize> {
        let above = self.tops.partition_point(|top| *top <= y);
        above.checked_sub(1).filter(|row| *row < self.layout.rows().len())
    }
}

/// The line at the right of a tile and that below it, in pixels. Of small tiles it would take a good part: there is none
/// between those of one colour, and of those that are of two, one above the other, only the rows stand apart.
#[must_use]
pub const fn lines_of(tile: Tile) -> [u32; 2] {
    match tile {
        Tile { height: FILLED_FROM.., .. } => [1, 1],
        Tile { height: 4.., pages: 2.., .. } => [0, 1],
        _ => [0, 0],
    }
}

fn powers() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(*COLUMNS.start()), |columns| Some(columns * 2)).take_while(|n| COLUMNS.contains(n))
}

/// The largest tile with which all pages fit, over every length of a row: a square, or taller than wide where there is
/// room, which shows the fill better. Where not all pages fit one by one, the fewest pages a tile.
fn fitting(extents: &[Span], order: Order, room: Vec2, pixel: f32) -> Tile {
    let all: usize = extents.iter().map(|extent| (extent.end - extent.start) / PAGE).sum();
    let together = std::iter::successors(Some(1), |pages| Some(pages * TOGETHER)).take_while(|n| *n <= MOST_TOGETHER);
    let area = room.x * room.y / pixel / pixel;
    let least = |pages: usize| if pages == 1 { *FITTING.start() } else { LEAST_TOGETHER };
    // Most can be seen not to fit without laying them out.
    let may_fit = |pages: &usize| (all / pages) as f32 * (least(*pages) * least(*pages)) as f32 <= area;
    let fits = |pages: usize| {
        let (side, high) = largest(extents, order, (room, pixel), pages);
        (side >= least(pages)).then_some((pages, side, high))
    };
    let found = together.filter(may_fit).find_map(fits);
    // So many holes that they leave no room: there is nothing but scrolling.
    let (pages, side, high) = found.unwrap_or((1, *FITTING.start(), *FITTING.start()));
    let most = (*FITTING.end() as f32 / pixel) as u32;
    let square = Tile::of(pages, side.clamp(*FITTING.start(), most.max(*FITTING.start())));
    match order {
        Order::Rows => Tile { height: high.clamp(square.width, square.width * TALLEST.0 / TALLEST.1), ..square },
        Order::Hilbert => square,
    }
}

/// The width of the largest tiles with which boxes of so many pages fit, and how high they could be.
fn largest(extents: &[Span], order: Order, (room, pixel): (Vec2, f32), pages: usize) -> (u32, u32) {
    let side_of = |columns: usize| {
        let layout = Layout::ordered(extents, columns, order, pages);
        let holes = layout.rows().iter().filter(|row| matches!(row, Row::Hole { .. })).count();
        let rows = layout.rows().len() - holes;
        let high = ((room.y - holes as f32 * HOLE_HEIGHT) / pixel / rows.max(1) as f32) as u32;
        let apart = (columns / POOL_PAGES) as f32 * Tile::of(pages, APART_FROM).gap as f32;
        let wide = ((room.x / pixel - apart) / columns as f32) as u32;
        let side = high.min(wide);
        let most = if order == Order::Rows { side * TALLEST.0 / TALLEST.1 } else { side };
        (side * high.clamp(side, most), side, high)
    };
    let largest = powers().filter(|columns| *columns >= FITTING_COLUMNS).map(side_of).max().unwrap_or_default();
    (largest.1, largest.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, pages: usize) -> Span {
        Address::new(start)..Address::new(start + pages * PAGE)
    }

    #[test]
    fn a_point_in_a_tile_finds_its_page() {
        for pixel in [1.0, 0.5] {
            let extents = [span(0x10_0000, 256), span(0x4000_0000, 512)];
            let geometry = Geometry::new(&extents, Order::Rows, vec2(700.0, 500.0), pixel, None);
            assert!(geometry.size().x <= 700.0 && geometry.size().y <= 500.0, "{:?}", geometry.size());
            for (start, pages) in [(0x10_0000, 256), (0x4000_0000, 512)] {
                for page in 0..pages {
                    let address = Address::new(start + page * PAGE);
                    let square = geometry.page(address).expect("a square");
                    assert_eq!(geometry.box_at(square.center()), Some(address));
                }
            }
            let hole = geometry.row(geometry.layout().place_of(Address::new(0x30_0000)).expect("the hole").0);
            assert_eq!(geometry.box_at(pos2(5.0, (hole.0 + hole.1) / 2.0)), None);
            assert_eq!(
                geometry.hole_at((hole.0 + hole.1) / 2.0),
                Some(Address::new(0x20_0000)..Address::new(0x4000_0000))
            );
            assert_eq!(geometry.box_at(pos2(-1.0, 1.0)), None);
            assert_eq!(geometry.box_at(pos2(1.0, 1e6)), None);
        }
    }

    #[test]
    fn large_tiles_stay_within_the_room() {
        for side in SIDES {
            let geometry =
                Geometry::new(&[span(0x10_0000, 512)], Order::Rows, vec2(500.0, 300.0), 1.0, Some(Tile::square(side)));
            assert!(geometry.size().x <= 500.0, "{side}: {:?}", geometry.size());
        }
    }

    #[test]
    fn rows_between_two_heights_are_those_that_show() {
        let geometry =
            Geometry::new(&[span(0x10_0000, 2560)], Order::Rows, vec2(400.0, 100.0), 1.0, Some(Tile::square(10)));
        let (top, bottom) = geometry.row(7);
        assert_eq!(geometry.rows_between(top, bottom), 7..8);
        assert_eq!(geometry.rows_between(top - 1.0, bottom + 1.0), 6..9);
        assert_eq!(geometry.rows_between(-50.0, 1e9), 0..geometry.layout().rows().len());
    }

    #[test]
    fn bands_hold_every_row_once_and_holes_alone() {
        let extents = [span(0x10_0000, 2048), span(0x4000_0000, 100)];
        let geometry = Geometry::new(&extents, Order::Rows, vec2(400.0, 100.0), 1.0, Some(Tile::square(10)));
        let rows = geometry.layout().rows().len();
        let bands = geometry.bands(0..rows);
        assert!(bands.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!((bands[0].start, bands.last().map(|band| band.end)), (0, Some(rows)));
        let hole = geometry.layout().place_of(Address::new(0x3000_0000)).expect("the hole").0;
        assert!(bands.contains(&(hole..hole + 1)));
        let scrolled = geometry.bands(21..25);
        assert!(scrolled.iter().all(|band| bands.contains(band)), "{scrolled:?}");
    }

    #[test]
    fn tiles_grow_and_shrink_within_bounds() {
        let mut square = Tile::square(12);
        for _ in 0..40 {
            square = square.next(true);
        }
        assert_eq!(square.width, 52);
        for _ in 0..40 {
            square = square.next(false);
        }
        assert_eq!((square.width, square.pages), (LEAST_TOGETHER, MOST_TOGETHER));
        for _ in 0..10 {
            square = square.next(true);
        }
        assert_eq!(square, Tile::square(6), "and back again");
    }

    #[test]
    fn what_does_not_fit_page_by_page_fits_in_boxes() {
        for (pages, order) in
            [1 << 16, 1 << 20, 16 << 20].into_iter().flat_map(|n| [(n, Order::Rows), (n, Order::Hilbert)])
        {
            let extents = [span(0x10_0000, pages / 2), span(0x7000_0000_3000, pages / 2)];
            let geometry = Geometry::new(&extents, order, vec2(900.0, 500.0), 1.0, None);
            assert!(geometry.size().x <= 900.0 && geometry.size().y <= 500.0, "{pages}: {:?}", geometry.size());
            assert!(geometry.tile().pages > 1 && geometry.tile().width >= LEAST_TOGETHER);
            for address in [extents[0].start, extents[0].end - PAGE, extents[1].start, extents[1].end - PAGE] {
                let tile = geometry.page(address).expect("a tile");
                let found = geometry.box_at(tile.center()).expect("a box");
                assert_eq!(geometry.box_of(address), found..found + geometry.layout().box_bytes());
            }
        }
    }

    #[test]
    fn nothing_mapped_is_an_empty_map() {
        let geometry = Geometry::new(&[], Order::Rows, vec2(400.0, 100.0), 1.0, None);
        assert_eq!(geometry.size().y, 0.0);
        assert_eq!(geometry.box_at(pos2(1.0, 1.0)), None);
        assert_eq!(geometry.rows_between(0.0, 100.0), 0..0);
    }
}
