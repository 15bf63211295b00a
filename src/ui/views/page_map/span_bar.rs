//! The farthest zoom: the whole span in one bar, extents to scale and holes as gaps. Each stretch shows its emptiest page
//! above and its fullest below, so that one page that differs from all others is seen.

use std::time::Duration;

use eframe::egui::{
    Color32, ColorImage, Context, Mesh, Rect, Role, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui,
    WidgetInfo, pos2, vec2,
};
use heapatlas_heap::PageEntry;
use heapatlas_heap::terms::{Address, PAGE, Span};

use super::at_intervals::AtIntervals;
use crate::format;
use crate::map::palette::Theme;
use crate::map::shade::Shade;
use crate::model::HeapModel;
use crate::model::pages::{Pages, fullness, is_telling};
use crate::ui::theme::{self, color};
use crate::ui::words::{Counts, Word};

/// Height of the bar.
const HEIGHT: f32 = 14.0;
/// Width of a hole at most; many holes get less.
const HOLE: f32 = 8.0;
/// Width of a column.
const COLUMN: f32 = 2.0;
/// It is made again after so long at least: an overview need not keep step with the map below.
const INTERVAL: Duration = Duration::from_millis(100);

/// What the bar showed last.
#[derive(Default)]
pub struct SpanBar {
    /// The changes of the pages, and the columns there was room for.
    made: Option<(u64, usize)>,
    making: AtIntervals,
    columns: Vec<Column>,
    /// The columns as pixels, a column wide and two rows high: a thousand rectangles would be drawn one by one.
    painted: Option<(Theme, TextureHandle)>,
}

impl std::fmt::Debug for SpanBar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpanBar").field("made", &self.made).field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// One column of the bar.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Column {
    /// The first address.
    start: Address,
    /// The page with the least in use, and the one with the most; `None` in a hole.
    pages: Option<(PageEntry, PageEntry)>,
}

impl SpanBar {
    /// Shows the bar in the width there is, with a frame around what is shown on the map. Gives the page that was clicked.
    pub fn show(&mut self, ui: &mut Ui, model: &HeapModel, shown: Option<&Span>) -> Option<Address> {
        let columns = (ui.available_width() / COLUMN).max(16.0) as usize;
        let (rect, response) = ui.allocate_exact_size(vec2(columns as f32 * COLUMN, HEIGHT), Sense::click());
        let span = format::bytes(model.counters().span);
        let words = format!("the whole span: {span} in {} extents", model.pages().extents().len());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
        let response = response.described(Word::Span);
        self.update(ui.ctx(), model.pages(), columns);
        let theme = theme::current(ui);
        // Where extents and holes are many, there are more columns than asked for, which are then narrower.
        let wide = rect.width() / self.columns.len().max(1) as f32;
        let x = |column: usize| rect.left() + column as f32 * wide;
        if let Some(texture) = self.texture(ui.ctx(), theme) {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            let mut bar = Mesh::with_texture(texture.id());
            let place = Rect::from_min_max(rect.min, pos2(x(texture.size()[0]), rect.bottom()));
            bar.add_rect_with_uv(place, whole, Color32::WHITE);
            ui.painter().add(bar);
        }
        if let Some(shown) = shown.filter(|_| !self.columns.is_empty()) {
            let first = self.columns.partition_point(|column| column.start <= shown.start).saturating_sub(1);
            let end = self.columns.partition_point(|column| column.start < shown.end).max(first + 1);
            let frame = Rect::from_min_max(pos2(x(first), rect.top()), pos2(x(end), rect.bottom()));
            ui.painter().rect_stroke(frame, 1.0, Stroke::new(1.5, color(theme.accent())), StrokeKind::Outside);
        }
        let under = |at: eframe::egui::Pos2| self.columns.get(((at.x - rect.left()) / wide) as usize).copied();
        let clicked = response.clicked();
        let hovered = response.hover_pos().and_then(under)?;
        let hint = match hovered.pages {
            Some(_) => {
                format!("{}: above the emptiest page from here on, below the fullest", format::address(hovered.start))
            }
            None => "a hole".to_owned(),
        };
        response.on_hover_text_at_pointer(hint);
        hovered.pages.filter(|_| clicked).map(|_| hovered.start)
    }

    fn update(&mut self, ctx: &Context, pages: &Pages, columns: usize) {
        let (version, known) = (pages.version(), self.made.is_some_and(|(_, width)| width == columns));
        if self.made == Some((version, columns)) || (known && !self.making.is_due(ctx, INTERVAL)) {
            return;
        }
        self.columns = self.making.take(|| columns_of(pages, columns));
        self.made = Some((version, columns));
        self.painted = None;
    }

    /// The columns as pixels, in a theme; none while there are no columns.
    fn texture(&mut self, ctx: &Context, theme: Theme) -> Option<&TextureHandle> {
        // A heap in very many pieces has more columns than there is room for.
        let most = ctx.input(|input| input.max_texture_side);
        let columns = &self.columns[..self.columns.len().min(most)];
        if columns.is_empty() {
            return None;
        }
        let known = self.painted.take().filter(|(painted, _)| *painted == theme);
        let anew = || (theme, ctx.load_texture("span", paint(columns, theme), TextureOptions::NEAREST));
        Some(&self.painted.insert(known.unwrap_or_else(anew)).1)
    }
}

/// Columns as pixels, the emptiest pages in the first row and the fullest in the second. Holes are left out.
fn paint(columns: &[Column], theme: Theme) -> ColorImage {
    let row = |page: fn(&(PageEntry, PageEntry)) -> PageEntry| {
        let shade =
            move |column: &Column| column.pages.as_ref().map_or(Color32::TRANSPARENT, |pages| flat(page(pages), theme));
        columns.iter().map(shade)
    };
    let pixels = row(|pages| pages.0).chain(row(|pages| pages.1)).collect();
    ColorImage::new([columns.len(), 2], pixels)
}

fn flat(entry: PageEntry, theme: Theme) -> Color32 {
    color(Shade::of(entry, theme).flat(theme))
}

/// Extents and holes as so many columns.
fn columns_of(pages: &Pages, columns: usize) -> Vec<Column> {
    let extents = pages.extents();
    let holes = pages.holes().count();
    let hole = (columns / 4).checked_div(holes).map_or(0, |room| room.clamp(1, (HOLE / 2.0) as usize));
    let room = columns.saturating_sub(holes * hole).max(extents.len());
    let all = pages.len().max(1);
    let mut found = Vec::with_capacity(columns);
    let (mut before, mut column, mut end) = (0, 0, None);
    for extent in extents {
        if let Some(end) = end.filter(|end| *end < extent.span.start) {
            found.extend((0..hole).map(|_| Column { start: end, pages: None }));
        }
        end = Some(extent.span.end);
        let count = extent.entries.len();
        before += count;
        let upto = (before * room / all).max(column + 1);
        let wide = upto - column;
        for n in 0..wide {
            let (from, to) = (n * count / wide, ((n + 1) * count / wide).max(n * count / wide + 1).min(count));
            let start = extent.span.start + from.min(count - 1) * PAGE;
            found.push(Column { start, pages: extremes(&extent.entries[from.min(count - 1)..to]) });
        }
        column = upto;
    }
    found
}

/// The pages with the least and the most in use, tables aside.
fn extremes(entries: &[PageEntry]) -> Option<(PageEntry, PageEntry)> {
    let fill = |entry: &PageEntry| fullness(*entry);
    let telling = || entries.iter().copied().filter(|entry| is_telling(*entry));
    let extremes = telling().min_by_key(fill).zip(telling().max_by_key(fill));
    extremes.or_else(|| entries.first().map(|tables| (*tables, *tables)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::frame::Frame;
    use heapatlas_heap::terms::PageKind;
    use heapatlas_heap::{Heap, Value};

    fn pages(extents: &[(usize, usize)], free: Option<usize>) -> HeapModel {
        let mut heap = Heap::new().expect("a heap");
        for _ in 0..256 {
            heap.cons(Value::NIL, Value::T).expect("room");
        }
        let entries = heap.cut_frame(true).entries;
        let full =
            *entries.iter().find(|entry| entry.used() == 256 && entry.kind() == PageKind::Cells).expect("a full page");
        let empty = *entries.iter().find(|entry| entry.kind().is_free()).expect("a free page");
        let mut frame = Frame { key: true, sequence: 1, ..Frame::default() };
        for (start, count) in extents {
            let start = Address::new(*start);
            frame.extents.push(start..start + count * PAGE);
            frame.runs.push((start, *count as u32));
            frame.entries.extend((0..*count).map(|n| if Some(n) == free { empty } else { full }));
        }
        let mut model = HeapModel::default();
        model.apply(&frame);
        model
    }

    #[test]
    fn one_free_page_among_a_hundred_thousand_is_seen() {
        let model = pages(&[(0x1000_0000, 100_000)], Some(77_777));
        let columns = columns_of(model.pages(), 300);
        assert_eq!(columns.len(), 300);
        let with_free =
            columns.iter().filter(|column| column.pages.is_some_and(|(emptiest, _)| emptiest.kind().is_free()));
        let with_free: Vec<_> = with_free.collect();
        assert_eq!(with_free.len(), 1);
        assert!(with_free[0].start <= Address::new(0x1000_0000 + 77_777 * PAGE));
        assert!(columns.is_sorted_by_key(|column| column.start));
    }

    #[test]
    fn holes_are_gaps_whatever_their_size_and_no_extent_is_lost() {
        let model = pages(&[(0x1000_0000, 10_000), (0x7000_0000_0000, 1), (0x7100_0000_0000, 5)], None);
        let columns = columns_of(model.pages(), 400);
        assert!((396..=404).contains(&columns.len()), "{}", columns.len());
        assert_eq!(columns.iter().filter(|column| column.pages.is_none()).count(), 8);
        for start in [0x1000_0000, 0x7000_0000_0000, 0x7100_0000_0000] {
            assert!(columns.iter().any(|column| column.pages.is_some() && column.start == Address::new(start)));
        }
    }
}
