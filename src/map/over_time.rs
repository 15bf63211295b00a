//! The page table over time as an image: which rows share a line, which column a pixel shows, and in which colours.

use heapatlas_heap::PageEntry;
use heapatlas_heap::terms::{Address, Span};

use super::colouring::{Colouring, age_class};
use super::palette::{Rgb, Theme};
use crate::model::chronicle::Axis;
use crate::model::over_time::{Cell, Column, OverTime};

/// One line of the image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// Adjacent rows.
    Rows {
        /// Where they lie.
        span: Span,
        /// Their numbers.
        rows: Vec<usize>,
    },
    /// Where no page ever was, whatever its size.
    Hole {
        /// Where.
        span: Span,
    },
}

impl Line {
    /// Where it lies.
    #[must_use]
    pub fn span(&self) -> &Span {
        match self {
            Self::Rows { span, .. } | Self::Hole { span } => span,
        }
    }

    /// What a column has in it.
    #[must_use]
    pub fn cell(&self, column: &Column) -> Option<Cell> {
        let Self::Rows { rows, .. } = self else { return None };
        rows.iter().filter_map(|row| column.cell(*row)).reduce(Cell::join)
    }
}

/// The lines of an image, lowest address first; about so many of rows at most, and one for each hole.
#[must_use]
pub fn lines(over_time: &OverTime, most: usize) -> Vec<Line> {
    let together = over_time.rows().count().div_ceil(most.max(1)).max(1);
    let mut lines: Vec<Line> = Vec::new();
    for (span, row) in over_time.rows() {
        match lines.last_mut() {
            Some(Line::Rows { span: last, rows }) if last.end == span.start && rows.len() < together => {
                last.end = span.end;
                rows.push(row);
                continue;
            }
            Some(line) if line.span().end < span.start => {
                let hole = line.span().end..span.start;
                lines.push(Line::Hole { span: hole });
            }
            _ => {}
        }
        lines.push(Line::Rows { span, rows: vec![row] });
    }
    lines
}

/// The line in which an address lies.
#[must_use]
pub fn line_of(lines: &[Line], address: Address) -> Option<usize> {
    lines.iter().position(|line| line.span().contains(&address))
}

/// The column that each of so many pixels shows on a stretch of an axis; `None` before the first moment.
#[must_use]
pub fn columns(over_time: &OverTime, axis: Axis, (from, to): (f64, f64), pixels: usize) -> Vec<Option<usize>> {
    let end = over_time.columns().last().map_or(0.0, |last| axis.of(last.at));
    let step = (to - from) / pixels.max(1) as f64;
    // Behind the last moment there is nothing, but that has a pixel.
    let at = |pixel: usize| from + step * (pixel as f64 + 1.0);
    let column = |pixel| (at(pixel) - step <= end).then(|| over_time.column_at(axis, at(pixel))).flatten();
    (0..pixels).map(column).collect()
}

/// What the image is coloured by when the map is coloured by this: what happened since some moment is no question where
/// every moment is to be seen, and whose a page was is not kept for each of them.
#[must_use]
pub fn colouring_of(map: Colouring) -> Colouring {
    match map {
        Colouring::Change | Colouring::Form => Colouring::Kind,
        other => other,
    }
}

/// The colours of the emptiest and of the fullest page of a cell, as the map has them.
#[must_use]
pub fn colours(cell: Cell, column: &Column, colouring: Colouring, theme: Theme) -> [Rgb; 2] {
    let colouring = colouring_of(colouring);
    let colour = |entry: PageEntry| {
        let since = |clock: u64| age_class(column.at.clock.saturating_sub(clock));
        let age = match colouring {
            Colouring::Age => since(entry.birth()),
            Colouring::LastTouched => since(cell.touched),
            _ => 0,
        };
        colouring.shade(entry, age, theme).flat(theme)
    };
    [colour(cell.emptiest), colour(cell.fullest)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HeapModel;
    use heapatlas_heap::frame::{Counters, Frame};
    use heapatlas_heap::terms::PAGE;

    fn over_time(clocks: &[u64]) -> OverTime {
        let mut over_time = OverTime::of_run(1);
        let mut model = HeapModel::default();
        let extent = |start: usize, pages: usize| Address::new(start)..Address::new(start + pages * PAGE);
        for (n, clock) in clocks.iter().enumerate() {
            let counters = Counters { clock: *clock, ..Counters::default() };
            let extents = vec![extent(0x10_0000, 10), extent(0x7000_0000_0000, 3)];
            model.apply(&Frame { key: true, sequence: 1 + n as u64, extents, counters, ..Frame::default() });
            over_time.look(&model);
        }
        over_time
    }

    #[test]
    fn rows_share_lines_but_not_across_a_hole() {
        let over_time = over_time(&[0]);
        let all = lines(&over_time, 100);
        assert_eq!(all.len(), 10 + 1 + 3);
        assert!(matches!(&all[10], Line::Hole { span } if span.start == Address::new(0x10_a000)));
        let few = lines(&over_time, 4);
        let lengths = few.iter().map(|line| match line {
            Line::Rows { rows, .. } => rows.len(),
            Line::Hole { .. } => 0,
        });
        assert_eq!(lengths.collect::<Vec<_>>(), [4, 4, 2, 0, 3]);
        assert_eq!(line_of(&few, Address::new(0x10_5123)), Some(1));
        assert!(
            few.iter().all(|line| line.cell(&over_time.columns()[0]).is_some() != matches!(line, Line::Hole { .. }))
        );
    }

    #[test]
    fn what_is_not_kept_for_every_moment_is_coloured_by_kind() {
        let mut heap = heapatlas_heap::Heap::new().expect("a heap");
        heap.cons(heapatlas_heap::Value::NIL, heapatlas_heap::Value::T).expect("room");
        let mut model = HeapModel::default();
        model.apply(&heap.cut_frame(true));
        let mut over_time = OverTime::of_run(1);
        over_time.look(&model);
        let column = &over_time.columns()[0];
        let line = lines(&over_time, 100).into_iter().find_map(|line| line.cell(column)).expect("a page");
        let by = |colouring| colours(line, column, colouring, Theme::Dark);
        assert_eq!(by(Colouring::Form), by(Colouring::Kind));
        assert_eq!(by(Colouring::Change), by(Colouring::Kind));
        assert_ne!(by(Colouring::Residency), by(Colouring::Kind));
    }

    #[test]
    fn a_pixel_shows_the_last_moment_up_to_its_end() {
        let over_time = over_time(&[10, 20, 50]);
        let shown = columns(&over_time, Axis::Clock, (0.0, 100.0), 10);
        let expected = [Some(0), Some(1), Some(1), Some(1), Some(2), Some(2), None, None, None, None];
        assert_eq!(shown, expected);
        assert_eq!(columns(&over_time, Axis::Clock, (0.0, 5.0), 2), [None, None]);
    }
}
