//! What changed between two moments: a table for people, an object for programs, and a picture.

use std::io::{self, Write};

use heapatlas_heap::terms::PAGE;
use serde_json::{Map, Value, json};

use super::Title;
use super::picture::{Drawing, GUTTER, HEAD, HOLE_HEIGHT, LEGEND_LINE, Lettering, MARGIN, Surface, columns_of};
use crate::format;
use crate::map::difference::{Moved, Sum, counts, sums};
use crate::map::layout::{Layout, Row};
use crate::model::HeapModel;
use crate::model::difference::{self, Change, ChangedPage};
use crate::model::moves::Way;

/// Two moments.
#[derive(Clone, Copy, Debug)]
pub struct Difference<'m> {
    before: &'m HeapModel,
    after: &'m HeapModel,
    moved: Moved,
    title: &'m Title,
}

impl<'m> Difference<'m> {
    /// The difference between two moments, and what the collector moved between them.
    #[must_use]
    pub fn new((before, after): (&'m HeapModel, &'m HeapModel), moved: Moved, title: &'m Title) -> Self {
        Self { before, after, moved, title }
    }

    fn pages(&self) -> impl Iterator<Item = ChangedPage> {
        difference::pages(self.before.pages(), self.after.pages())
    }

    /// Writes the table.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{:<16}{:>12}{:>12}{:>13}", "", "before", "after", "change")?;
        for Sum { name, before, after, .. } in sums(self.before, self.after) {
            let change =
                before.zip(after).map_or_else(|| "–".to_owned(), |(before, after)| format::change(before, after));
            let (before, after) = (format::maybe_bytes(before), format::maybe_bytes(after));
            writeln!(out, "{name:<16}{before:>12}{after:>12}{change:>13}")?;
        }
        writeln!(out, "\n{:<16}{:>12}{:>12}", "pages", "count", "bytes")?;
        for (change, count) in Change::ALL.into_iter().zip(counts(self.before, self.after)) {
            let bytes = format::bytes(count * PAGE as u64);
            writeln!(out, "{:<16}{:>12}{bytes:>12}", change.name(), format::count(count))?;
        }
        writeln!(out, "\n{:<20}{:>8}{:>12}", "by the collector", "pages", "bytes")?;
        for way in Way::ALL {
            let count = self.moved.map(|moved| moved[way as usize]);
            let bytes = format::maybe_bytes(count.map(|count| count * PAGE as u64));
            let count = count.map_or_else(|| "–".to_owned(), format::count);
            writeln!(out, "{:<20}{count:>8}{bytes:>12}", way.name())?;
        }
        Ok(())
    }

    /// Writes the object.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let sums = sums(self.before, self.after).into_iter();
        let sums = sums.map(|sum| (sum.key.to_owned(), json!({ "before": sum.before, "after": sum.after })));
        let counts = Change::ALL.into_iter().zip(counts(self.before, self.after));
        let counts = counts.map(|(change, count)| (change.name().replace(' ', "_"), Value::from(count)));
        let moved = Way::ALL.map(|way| {
            let count = self.moved.map(|moved| moved[way as usize]);
            (way.name().replace(' ', "_"), Value::from(count))
        });
        let entry = |entry: heapatlas_heap::PageEntry| {
            let used = entry.used() * heapatlas_heap::terms::GRANULE;
            json!({ "kind": entry.kind().name(), "used_bytes": used, "resident": entry.resident() })
        };
        let changed = self.pages().filter(|page| page.change() != Change::None).map(|page| {
            json!({
                "address": format!("{:#x}", page.address.get()),
                "change": page.change().name(),
                "before": page.before.map(entry),
                "after": page.after.map(entry),
            })
        });
        let object = json!({
            "heapatlas_difference": 1,
            "program": self.title.program,
            "bytes": sums.collect::<Map<_, _>>(),
            "pages": counts.collect::<Map<_, _>>(),
            "moved": Map::from_iter(moved),
            "changed": changed.collect::<Vec<_>>(),
        });
        serde_json::to_writer(&mut *out, &object)?;
        writeln!(out)
    }

    fn layout(&self) -> (Layout, f32) {
        let spans = difference::spans(self.before.pages(), self.after.pages());
        let (columns, side) = columns_of(self.before.pages().len().max(self.after.pages().len()));
        (Layout::new(&spans, columns), side)
    }
}

fn height(row: &Row, side: f32) -> f32 {
    if matches!(row, Row::Hole { .. }) { HOLE_HEIGHT } else { side }
}

impl Drawing for Difference<'_> {
    fn title(&self) -> &Title {
        self.title
    }

    fn size(&self) -> (u32, u32) {
        let (layout, side) = self.layout();
        let width = MARGIN + GUTTER + layout.columns() as f32 * side + MARGIN;
        let rows: f32 = layout.rows().iter().map(|row| height(row, side)).sum();
        (width.ceil() as u32, (HEAD + rows + 3.0 * LEGEND_LINE + MARGIN).ceil() as u32)
    }

    fn draw(&self, surface: &mut dyn Surface) {
        let theme = self.title.theme;
        let (width, whole_height) = self.size();
        surface.fill((0.0, 0.0, width as f32, whole_height as f32), theme.background());
        surface.text((MARGIN, 32.0), &self.title.program, Lettering::Title, theme.text());
        let clock = |model: &HeapModel| format::bytes(model.counters().clock);
        let line = format!("from {} to {} on the allocation clock", clock(self.before), clock(self.after));
        surface.text((MARGIN, 53.0), &line, Lettering::Body, theme.faint_text());
        let (layout, side) = self.layout();
        let left = MARGIN + GUTTER;
        let (mut top, mut labelled) = (HEAD, f32::MIN);
        for row in layout.rows() {
            match row {
                Row::Pages { start, column, first, count, .. } => {
                    if top - labelled >= Lettering::Gutter.size() + 2.0 {
                        let baseline = top + side.min(Lettering::Gutter.size()) * 0.5 + 4.5;
                        let address = format::address(*start);
                        surface.text((left - 10.0, baseline), &address, Lettering::Gutter, theme.faint_text());
                        labelled = top;
                    }
                    for page in 0..*count {
                        let address = *first + page * PAGE;
                        let entry = |model: &HeapModel| model.pages().at(address).map(|page| page.entry);
                        let (before, after) = (entry(self.before), entry(self.after));
                        if before.is_some() || after.is_some() {
                            let square = (side - if side < 5.0 { 0.0 } else { 1.0 }).max(1.0);
                            let x = left + (column + page) as f32 * side;
                            surface.fill((x, top, square, square), theme.change(Change::of(before, after)));
                        }
                    }
                }
                Row::Hole { span } => {
                    let map = layout.columns() as f32 * side;
                    surface.zigzag((left, top + 4.0, map, HOLE_HEIGHT - 8.0), theme.line());
                    let words = format!("hole of {}", format::bytes((span.end - span.start) as u64));
                    let width = words.chars().count() as f32 * 7.0 + 8.0;
                    surface.fill((left + 24.0, top + 2.0, width, HOLE_HEIGHT - 4.0), theme.background());
                    surface.text((left + 28.0, top + 15.0), &words, Lettering::Body, theme.text());
                }
            }
            top += height(row, side);
        }
        self.draw_legend(surface, top + LEGEND_LINE * 1.5);
    }
}

impl Difference<'_> {
    fn draw_legend(&self, surface: &mut dyn Surface, top: f32) {
        let theme = self.title.theme;
        let right = self.size().0 as f32 - MARGIN;
        let (mut x, mut y) = (MARGIN, top);
        for (change, count) in Change::ALL.into_iter().zip(counts(self.before, self.after)) {
            let words = format!("{} {}", change.name(), format::count(count));
            let advance = 34.0 + words.chars().count() as f32 * 6.9;
            if x + advance > right {
                x = MARGIN;
                y += LEGEND_LINE;
            }
            surface.fill((x, y - 10.0, 11.0, 11.0), theme.change(change));
            surface.text((x + 17.0, y), &words, Lettering::Body, theme.text());
            x += advance;
        }
    }
}
