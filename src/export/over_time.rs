//! The pages over time as a picture: one column a moment, one row an address range, coloured by kind.

use std::sync::Arc;

use heapatlas_heap::terms::{PAGE, PageKind};

use super::Title;
use super::picture::{Drawing, GUTTER, HEAD, HOLE_HEIGHT, LEGEND_LINE, Lettering, MARGIN, Surface};
use crate::format;
use crate::map::colouring::Colouring;
use crate::map::over_time::{self as image, Line};
use crate::map::palette::Rgb;
use crate::model::chronicle::Axis;
use crate::model::over_time::{Column, OverTime};

/// Width of the image itself, and its height, about.
const WIDTH: usize = 1024;
const HEIGHT: f32 = 640.0;
/// Lines of rows at most: each has a pixel for the emptiest page and one for the fullest.
const MOST_LINES: usize = HEIGHT as usize / 2;
/// Room for the marks of the axis.
const AXIS: f32 = 30.0;

/// The pages over time, measured and ready to be drawn.
#[derive(Debug)]
pub struct OverTimePicture<'o> {
    over_time: &'o OverTime,
    title: &'o Title,
    lines: Vec<Line>,
    /// Height of a line of rows.
    line: f32,
    /// From the first moment to the last, in bytes on the allocation clock.
    stretch: (f64, f64),
}

impl<'o> OverTimePicture<'o> {
    /// Measures the picture.
    #[must_use]
    pub fn new(over_time: &'o OverTime, title: &'o Title) -> Self {
        let lines = image::lines(over_time, MOST_LINES);
        let rows = lines.iter().filter(|line| matches!(line, Line::Rows { .. })).count().max(1);
        let line = (HEIGHT / rows as f32 / 2.0).floor().clamp(1.0, 6.0) * 2.0;
        let clock = |column: Option<&Arc<Column>>| column.map_or(0.0, |column| column.at.clock as f64);
        let stretch = (clock(over_time.columns().first()), clock(over_time.columns().last()) + 1.0);
        Self { over_time, title, lines, line, stretch }
    }

    fn height(&self, line: &Line) -> f32 {
        if matches!(line, Line::Hole { .. }) { HOLE_HEIGHT } else { self.line }
    }

    /// Draws a line: of the emptiest pages above, of the fullest below. What looks the same from one moment to the next
    /// is one rectangle.
    fn draw_line(&self, surface: &mut dyn Surface, line: &Line, (top, columns): (f32, &[Option<usize>])) {
        let theme = self.title.theme;
        let half = self.line / 2.0;
        let colours = |column: Option<usize>| -> Option<[Rgb; 2]> {
            let column = &self.over_time.columns()[column?];
            line.cell(column).map(|cell| image::colours(cell, column, Colouring::Kind, theme))
        };
        let mut before: Option<(Option<usize>, Option<[Rgb; 2]>)> = None;
        let looks: Vec<Option<[Rgb; 2]>> = columns
            .iter()
            .map(|column| match before {
                Some((same, look)) if same == *column => look,
                _ => {
                    let look = colours(*column);
                    before = Some((*column, look));
                    look
                }
            })
            .collect();
        for (n, y) in [top, top + half].into_iter().enumerate() {
            let mut start = 0;
            while let Some(look) = looks.get(start) {
                let colour = look.map(|look| look[n]);
                let same = looks[start..].iter().take_while(|look| look.map(|look| look[n]) == colour).count();
                if let Some(colour) = colour {
                    surface.fill((MARGIN + GUTTER + start as f32, y, same as f32, half), colour);
                }
                start += same;
            }
        }
    }

    fn draw_hole(&self, surface: &mut dyn Surface, line: &Line, top: f32) {
        let theme = self.title.theme;
        let left = MARGIN + GUTTER;
        surface.zigzag((left, top + 4.0, WIDTH as f32, HOLE_HEIGHT - 8.0), theme.line());
        let span = line.span();
        let words = format!("hole of {}", format::bytes((span.end - span.start) as u64));
        let width = words.chars().count() as f32 * 7.0 + 8.0;
        surface.fill((left + 24.0, top + 2.0, width, HOLE_HEIGHT - 4.0), theme.background());
        surface.text((left + 28.0, top + 15.0), &words, Lettering::Body, theme.text());
    }

    /// Marks at binary steps of the allocation clock, seven or so.
    fn draw_axis(&self, surface: &mut dyn Surface, top: f32) {
        let theme = self.title.theme;
        let (from, to) = self.stretch;
        let step = ((to - from) / 7.0).max(1.0).log2().ceil().exp2();
        let mut at = (from / step).ceil() * step;
        while at <= to {
            let x = MARGIN + GUTTER + (WIDTH as f64 * (at - from) / (to - from)) as f32;
            surface.fill((x, top, 1.0, 5.0), theme.faint_text());
            let words = format::bytes(at as u64).replace(".00 ", " ").replace(".0 ", " ");
            surface.text((x - words.len() as f32 * 3.2, top + 18.0), &words, Lettering::Body, theme.faint_text());
            at += step;
        }
    }

    fn draw_legend(&self, surface: &mut dyn Surface, top: f32) {
        let theme = self.title.theme;
        let seen = self.kinds();
        let mut x = MARGIN;
        for kind in PageKind::ALL.into_iter().filter(|kind| seen.contains(kind)) {
            surface.fill((x, top - 10.0, 11.0, 11.0), theme.kind(kind));
            surface.text((x + 17.0, top), kind.name(), Lettering::Body, theme.text());
            x += 34.0 + kind.name().chars().count() as f32 * 6.9;
        }
        let pages = self.over_time.row_pages() * self.together();
        let words = format!(
            "from left to right what was allocated since the start; a line is {pages} pages, {}: above the emptiest of them, \
             below the fullest",
            format::bytes((pages * PAGE) as u64)
        );
        surface.text((MARGIN, top + LEGEND_LINE), &words, Lettering::Body, theme.faint_text());
    }

    /// Rows that share a line.
    fn together(&self) -> usize {
        let rows = self.lines.iter().map(|line| match line {
            Line::Rows { rows, .. } => rows.len(),
            Line::Hole { .. } => 0,
        });
        rows.max().unwrap_or(1)
    }

    /// The kinds of pages that are in the picture.
    fn kinds(&self) -> Vec<PageKind> {
        let mut kinds = Vec::new();
        let cells = self
            .over_time
            .columns()
            .iter()
            .flat_map(|column| self.over_time.rows().filter_map(|(_, row)| column.cell(row)).collect::<Vec<_>>());
        for kind in cells.flat_map(|cell| [cell.emptiest.kind(), cell.fullest.kind()]) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }
}

impl Drawing for OverTimePicture<'_> {
    fn title(&self) -> &Title {
        self.title
    }

    fn size(&self) -> (u32, u32) {
        let width = MARGIN + GUTTER + WIDTH as f32 + MARGIN;
        let lines: f32 = self.lines.iter().map(|line| self.height(line)).sum();
        (width.ceil() as u32, (HEAD + lines + AXIS + 2.0 * LEGEND_LINE + MARGIN).ceil() as u32)
    }

    fn draw(&self, surface: &mut dyn Surface) {
        let theme = self.title.theme;
        let (width, height) = self.size();
        surface.fill((0.0, 0.0, width as f32, height as f32), theme.background());
        surface.text((MARGIN, 32.0), &self.title.program, Lettering::Title, theme.text());
        let moments = format::count(self.over_time.columns().len() as u64);
        let words =
            format!("address × time: {moments} moments until {} allocated", format::bytes(self.stretch.1 as u64));
        surface.text((MARGIN, 53.0), &words, Lettering::Body, theme.faint_text());
        let columns = image::columns(self.over_time, Axis::Clock, self.stretch, WIDTH);
        let (mut top, mut labelled) = (HEAD, f32::MIN);
        for line in &self.lines {
            if matches!(line, Line::Hole { .. }) {
                self.draw_hole(surface, line, top);
            } else {
                if top - labelled >= Lettering::Gutter.size() + 2.0 {
                    let at = (MARGIN + GUTTER - 10.0, top + 9.0);
                    surface.text(at, &format::address(line.span().start), Lettering::Gutter, theme.faint_text());
                    labelled = top;
                }
                self.draw_line(surface, line, (top, &columns));
            }
            top += self.height(line);
        }
        self.draw_axis(surface, top + 2.0);
        self.draw_legend(surface, top + AXIS + LEGEND_LINE);
    }
}
