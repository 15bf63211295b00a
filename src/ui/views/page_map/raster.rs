//! Pages to pixels: bands of rows, each a texture, painted again only when what it shows has changed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use eframe::egui::{Color32, ColorImage, Context, TextureHandle, TextureId, TextureOptions};
use heapatlas_heap::PageEntry;

use super::geometry::{FILLED_FROM, Tile, lines_of};
use crate::map::balance::Term;
use crate::map::colouring::Colouring;
use crate::map::palette::{Rgb, Theme};
use crate::map::shade::Shade;
use crate::ui::theme;

/// A page that is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drawn {
    /// What is known of it.
    pub entry: PageEntry,
    /// The class of the age, the form or the change that the colours are about; 0 when they are about none.
    pub class: u8,
}

/// What a box looks like on the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Of its pages the one that stands lowest in what the colours show, and the one that stands highest.
    pub extremes: [Drawn; 2],
    /// How recently something was allocated in one of them, from 0 for long ago to [`GLOWS`] for just now.
    pub glow: u8,
    /// Whether there is a hole among its pages.
    pub pierced: bool,
}

/// Steps of recency.
pub const GLOWS: u8 = 3;
/// Bytes on the allocation clock for which each step lasts, the latest last.
const GLOW_BYTES: [u64; GLOWS as usize] = [256 << 10, 128 << 10, 48 << 10];

/// How recently a page was allocated in.
#[must_use]
pub fn glow(touched: u64, clock: u64) -> u8 {
    if touched == 0 {
        return 0;
    }
    let age = clock.saturating_sub(touched);
    GLOW_BYTES.iter().filter(|bytes| age < **bytes).count() as u8
}

/// A colour of what was allocated in that recently: lighter on dark ground, darker on light.
#[must_use]
pub fn glowing(colour: Rgb, glow: u8, theme: Theme) -> Rgb {
    let step = match theme {
        Theme::Dark => 0.17,
        Theme::Light => 0.12,
    };
    colour.mix(theme.recent(), f32::from(glow) * step)
}

/// How pages are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Manner {
    /// The tile of a box.
    pub tile: Tile,
    /// What the colours say.
    pub colouring: Colouring,
    /// The term of the balance that is lit.
    pub lit: Option<Term>,
    /// Whether it is dark.
    pub dark: bool,
}

impl Manner {
    fn theme(self) -> Theme {
        if self.dark { Theme::Dark } else { Theme::Light }
    }

    /// What a box takes of an image. In a direction in which it is of one colour, and leaves nothing free, one pixel does,
    /// which the renderer enlarges: a texture that fits the processor's caches is what makes millions of pages cheap to draw.
    fn grain(self) -> Tile {
        let [right, below] = lines_of(self.tile);
        let width = if right == 0 && self.tile.gap == 0 { 1 } else { self.tile.width };
        let height = if below == 0 && self.tile.pages == 1 { 1 } else { self.tile.height };
        Tile { width, height, ..self.tile }
    }

    /// That without the lines to the next boxes: width and height.
    fn inside(self) -> (u32, u32) {
        let (grain, [right, below]) = (self.grain(), lines_of(self.tile));
        (grain.width - right, grain.height - below)
    }
}

/// A row of boxes: a look in every column, or nothing.
pub type Looks = Vec<Option<Look>>;

/// The bands painted so far, by the number of their first row.
#[derive(Default)]
pub struct Bands {
    bands: HashMap<usize, Band>,
    generation: u64,
}

/// Some rows, and what was painted of them. Of an image only the tiles that changed are painted again, and of a texture
/// only the rows from the first that changed to the last are handed to the renderer.
struct Band {
    texture: TextureHandle,
    image: Arc<ColorImage>,
    rows: Vec<Looks>,
    manner: Manner,
    /// When it was last wanted.
    generation: u64,
}

impl std::fmt::Debug for Bands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bands").field("bands", &self.bands.len()).finish_non_exhaustive()
    }
}

impl Bands {
    /// Whether a band of so many rows was painted in this manner.
    pub fn is_painted(&self, first: usize, rows: usize, manner: Manner) -> bool {
        self.bands.get(&first).is_some_and(|band| band.manner == manner && band.rows.len() == rows)
    }

    /// Paints a band of rows, or what of it has changed.
    pub fn paint(&mut self, ctx: &Context, first: usize, rows: Vec<Looks>, manner: Manner) {
        match self.bands.entry(first) {
            Entry::Occupied(known) => known.into_mut().update(rows, manner),
            Entry::Vacant(place) => {
                let image = Arc::new(paint(&rows, manner));
                let texture = ctx.load_texture("pages", Arc::clone(&image), TextureOptions::NEAREST);
                place.insert(Band { texture, image, rows, manner, generation: self.generation });
            }
        }
    }

    /// The texture of a band that was painted, and its rows.
    pub fn band(&mut self, first: usize) -> Option<(TextureId, &[Looks])> {
        let band = self.bands.get_mut(&first)?;
        band.generation = self.generation;
        Some((band.texture.id(), &band.rows))
    }

    /// Forgets the bands that nobody wanted since the last call.
    pub fn retire(&mut self) {
        let generation = self.generation;
        self.bands.retain(|_, band| band.generation == generation);
        self.generation += 1;
    }
}

impl Band {
    fn update(&mut self, rows: Vec<Looks>, manner: Manner) {
        let columns = |rows: &[Looks]| rows.first().map_or(0, Vec::len);
        let is_same = self.manner == manner && self.rows.len() == rows.len() && columns(&self.rows) == columns(&rows);
        if is_same {
            self.repaint(&rows);
        } else {
            self.image = Arc::new(paint(&rows, manner));
            self.texture.set(Arc::clone(&self.image), TextureOptions::NEAREST);
        }
        self.rows = rows;
        self.manner = manner;
    }

    /// Paints the tiles that have changed.
    fn repaint(&mut self, rows: &[Looks]) {
        let differs = |row: &usize| self.rows[*row] != rows[*row];
        let Some(first) = (0..rows.len()).find(differs) else { return };
        let last = (first..rows.len()).rev().find(differs).unwrap_or(first);
        let image = Arc::make_mut(&mut self.image);
        for (row, (looks, known)) in rows.iter().zip(&self.rows).enumerate().take(last + 1).skip(first) {
            for (column, (look, _)) in looks.iter().zip(known).enumerate().filter(|(_, (look, known))| look != known) {
                paint_tile(image, (column, row), *look, self.manner);
            }
        }
        let height = self.manner.grain().height as usize;
        let (top, high) = (first * height, (last + 1 - first) * height);
        if high == image.height() {
            self.texture.set_partial([0, 0], Arc::clone(&self.image), TextureOptions::NEAREST);
        } else {
            let part = image.region_by_pixels([0, top], [image.width(), high]);
            self.texture.set_partial([0, top], part, TextureOptions::NEAREST);
        }
    }
}

/// How much of a tile's height the line of what waits takes: one part of so many.
const LINE_SHARE: u32 = 5;
/// Pixels from one line of the hatch to the next.
const HATCH: u32 = 4;

fn paint(rows: &[Looks], manner: Manner) -> ColorImage {
    let theme = manner.theme();
    let tile = manner.grain();
    let columns = rows.first().map_or(0, Vec::len);
    let size = [tile.left_of(columns) as usize, rows.len() * tile.height as usize];
    let mut image = ColorImage::filled(size, theme::color(theme.background()));
    for (row, looks) in rows.iter().enumerate() {
        for (column, look) in looks.iter().enumerate().filter(|(_, look)| look.is_some()) {
            paint_tile(&mut image, (column, row), *look, manner);
        }
    }
    image
}

/// Paints a box, or that there is none any more.
fn paint_tile(image: &mut ColorImage, (column, row): (usize, usize), look: Option<Look>, manner: Manner) {
    let tile = manner.grain();
    let corner = (tile.left_of(column), row as u32 * tile.height);
    match look {
        Some(look) => paint_box(image, corner, look, manner),
        None => {
            let ground = theme::color(manner.theme().background());
            fill(image, corner, (tile.width, tile.height), |_, _| ground);
        }
    }
}

fn shade_of(page: Drawn, glow: u8, manner: Manner) -> Shade {
    let theme = manner.theme();
    let mut shade = match manner.lit {
        Some(term) => Shade::lit(page.entry, term, theme),
        None => manner.colouring.shade(page.entry, page.class, theme),
    };
    if manner.lit.is_none() && manner.colouring == Colouring::Kind {
        shade.full = glowing(shade.full, glow, theme);
        shade.unjudged = glowing(shade.unjudged, glow, theme);
    }
    shade
}

/// Paints a box: of pages that differ the one that stands lowest above the one that stands highest, and between them a line
/// for a hole.
fn paint_box(image: &mut ColorImage, corner: (u32, u32), look: Look, manner: Manner) {
    let [least, most] = look.extremes;
    if least == most && !look.pierced {
        return paint_page(image, corner, shade_of(least, look.glow, manner), manner);
    }
    let theme = manner.theme();
    let [above, below] = look.extremes.map(|page| theme::color(shade_of(page, look.glow, manner).flat(theme)));
    let (wide, high) = manner.inside();
    let hole = look.pierced.then(|| theme::color(theme.faint_text()));
    fill(image, corner, (wide, high), |_, y| match hole {
        Some(hole) if y == high / 2 => hole,
        _ if y < high / 2 => above,
        _ => below,
    });
}

fn paint_page(image: &mut ColorImage, corner: (u32, u32), shade: Shade, manner: Manner) {
    let theme = manner.theme();
    let (wide, high) = manner.inside();
    if manner.tile.height < FILLED_FROM {
        let flat = theme::color(shade.flat(theme));
        return fill(image, corner, (wide, high), |_, _| flat);
    }
    let [full, unjudged, empty, hatch, ground] =
        [shade.full, shade.unjudged, shade.empty, theme.hatch(), theme.background()].map(theme::color);
    let height = |share: f32| {
        // Whatever is there at all shows, and what is not full shows that.
        let pixels = (share * high as f32).round() as u32;
        if share <= 0.0 {
            0
        } else if share >= 1.0 {
            high
        } else {
            pixels.clamp(1, high - 1)
        }
    };
    let (filled, live) = (height(shade.fill), height(shade.live));
    if let Some(line) = shade.line {
        let thick = (high / LINE_SHARE).max(2);
        let live = live.min(high - thick);
        let [line, full, unjudged, empty] = [line, shade.full, shade.unjudged, shade.empty].map(theme::color);
        return fill(image, corner, (wide, high), |_, y| match high - y {
            from_below if from_below <= live => full,
            from_below if from_below <= live + thick => line,
            from_below if from_below <= filled => unjudged,
            _ => empty,
        });
    }
    fill(image, corner, (wide, high), |x, y| {
        let from_below = high - y;
        let is_hatch = shade.absent && (corner.0 + x + corner.1 + y).is_multiple_of(HATCH);
        match (from_below <= filled, is_hatch) {
            (true, true) => ground,
            (false, true) => hatch,
            (true, false) if from_below <= live => full,
            (true, false) => unjudged,
            (false, false) => empty,
        }
    });
}

fn fill(image: &mut ColorImage, corner: (u32, u32), size: (u32, u32), color: impl Fn(u32, u32) -> Color32) {
    let width = image.size[0];
    for y in 0..size.1 {
        let start = (corner.1 + y) as usize * width + corner.0 as usize;
        for (x, pixel) in image.pixels[start..start + size.0 as usize].iter_mut().enumerate() {
            *pixel = color(x as u32, y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::terms::PageKind;
    use heapatlas_heap::{Heap, Value};

    #[test]
    fn recency_fades() {
        assert_eq!(glow(0, 10), 0);
        assert_eq!(glow(1000, 1000), GLOWS);
        assert_eq!(glow(1000, 1000 + (100 << 10)), 2);
        assert_eq!(glow(1000, 1000 + (1 << 20)), 0);
    }

    #[test]
    fn what_is_painted_again_where_it_changed_is_as_if_all_were_painted_anew() {
        let mut heap = Heap::new().expect("a heap");
        for _ in 0..5000 {
            heap.cons(Value::NIL, Value::T).expect("room");
        }
        let entries: Vec<_> = heap.cut_frame(true).pages().map(|(_, entry)| entry).collect();
        let drawn = |n: usize| Drawn { entry: entries[n % entries.len()], class: 0 };
        let look = |n: usize| {
            let extremes = [drawn(n), drawn(n + usize::from(n.is_multiple_of(5)))];
            (n % 7 != 3).then(|| Look { extremes, glow: (n % 4) as u8, pierced: n.is_multiple_of(11) })
        };
        let rows = |seed: usize| -> Vec<Looks> {
            (0..6)
                .map(|row| (0..40).map(|column| look(column + row * if row == seed { 31 } else { 9 })).collect())
                .collect()
        };
        let ctx = Context::default();
        for (tile, size) in [
            (Tile { width: 4, height: 4, gap: 0, pages: 4 }, [40, 4 * 6]),
            (Tile { width: 4, height: 4, gap: 0, pages: 1 }, [40, 6]),
            (Tile { width: 10, height: 14, gap: 2, pages: 1 }, [10 * 40 + 2 * 2, 14 * 6]),
        ] {
            let manner = Manner { tile, colouring: Colouring::Kind, lit: None, dark: true };
            let mut bands = Bands::default();
            for seed in [2, 3, 3, 9, 0] {
                bands.paint(&ctx, 0, rows(seed), manner);
                assert!(bands.is_painted(0, 6, manner));
                assert_eq!(bands.band(0).expect("just painted").1, rows(seed));
                let band = &bands.bands[&0];
                assert_eq!(*band.image, paint(&rows(seed), manner));
                assert_eq!(band.image.size, size);
            }
            let light = Manner { dark: false, ..manner };
            assert!(!bands.is_painted(0, 6, light));
            bands.paint(&ctx, 0, rows(0), light);
            assert_eq!(*bands.bands[&0].image, paint(&rows(0), light));
            bands.retire();
            bands.retire();
            assert!(bands.bands.is_empty());
        }
    }

    #[test]
    fn a_page_is_filled_from_below_in_the_colour_of_its_kind() {
        let mut heap = Heap::new().expect("a heap");
        for _ in 0..128 {
            heap.cons(Value::NIL, Value::T).expect("room");
        }
        let frame = heap.cut_frame(true);
        let cells = frame.pages().find(|(_, entry)| entry.kind() == PageKind::Cells && entry.used() > 0);
        let entry = cells.expect("a page of cells").1;
        let tile = Tile { width: 10, height: 10, gap: 0, pages: 1 };
        let manner = Manner { tile, colouring: Colouring::Kind, lit: None, dark: true };
        let look = Look { extremes: [Drawn { entry, class: 0 }; 2], glow: 0, pierced: false };
        let image = paint(&[vec![Some(look), None]], manner);
        assert_eq!(image.size, [20, 10]);
        let shade = Shade::of(entry, Theme::Dark);
        let at = |x: usize, y: usize| image.pixels[y * 20 + x];
        assert_eq!(at(0, 8), theme::color(shade.unjudged));
        assert_eq!(at(9, 9), theme::color(Theme::Dark.background()), "a line between pages");
        assert_eq!(at(15, 5), theme::color(Theme::Dark.background()), "nothing where no page is");
        let lit = paint(&[vec![Some(look)]], Manner { lit: Some(Term::Tables), ..manner });
        assert_ne!(lit.pixels[8 * 10], image.pixels[8 * 20]);
    }

    #[test]
    fn a_box_shows_its_extremes_and_a_hole_within() {
        let mut heap = Heap::new().expect("a heap");
        heap.cons(Value::NIL, Value::T).expect("room");
        let frame = heap.cut_frame(true);
        let page = |kind: PageKind| {
            let entry = frame.pages().find(|(_, entry)| entry.kind() == kind).expect("such a page").1;
            Drawn { entry, class: 0 }
        };
        let (least, most) = (page(PageKind::Fresh), page(PageKind::Cells));
        let theme = Theme::Dark;
        let flat = |page: Drawn| theme::color(Shade::of(page.entry, theme).flat(theme));
        for (side, pierced) in [(8, false), (8, true), (4, false), (4, true)] {
            let tile = Tile { width: side, height: side, gap: 0, pages: 64 };
            let manner = Manner { tile, colouring: Colouring::Kind, lit: None, dark: true };
            let image = paint(&[vec![Some(Look { extremes: [least, most], glow: 0, pierced })]], manner);
            let at = |y: u32| image.pixels[y as usize * image.width()];
            assert_eq!((at(0), at(side - 2)), (flat(least), flat(most)));
            assert_eq!(at((side - 1) / 2) == theme::color(theme.faint_text()), pierced);
            assert_eq!(at(side - 1), theme::color(theme.background()), "a line between rows");
        }
    }
}
