//! Pages and holes to rows.
//!
//! A row holds a power of two of pages and begins at a multiple of its length, so that an address finds its column by
//! its low bits and rows stay where they are while the heap grows. A hole that takes whole rows is one row whatever its
//! size: elided, but never silently. A smaller one is a gap, drawn to scale.

use heapatlas_heap::terms::{Address, CHUNK, PAGE, Span};

use super::hilbert;

/// In which order pages follow one another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Order {
    /// From left to right, row by row.
    #[default]
    Rows,
    /// Along a Hilbert curve through each mebibyte, which is a square of 16 × 16 pages; the squares from left to right.
    Hilbert,
}

/// One row of the map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Row {
    /// Pages, with gaps where a page is not the heap's.
    Pages {
        /// The address of the row's first column, whether or not a page is there; of sixteen lines of squares, that of
        /// their first.
        start: Address,
        /// The column of the first page.
        column: usize,
        /// The address of the first page.
        first: Address,
        /// How many pages it is from there to the end of the last, gaps included.
        count: usize,
        /// Which of the sixteen lines of squares it is; `None` in rows.
        line: Option<usize>,
    },
    /// A range that is not the heap's, of a row or more.
    Hole {
        /// Where.
        span: Span,
    },
}

/// The rows of a map.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    columns: usize,
    order: Order,
    rows: Vec<Row>,
}

impl Layout {
    /// The rows of extents, lowest first, with this many pages a row, a power of two.
    #[must_use]
    pub fn new(extents: &[Span], columns: usize) -> Self {
        Self { columns, order: Order::Rows, rows: rows_of(extents, columns) }
    }

    /// The same in an order; in squares a row has 16 pages at least.
    #[must_use]
    pub fn ordered(extents: &[Span], columns: usize, order: Order) -> Self {
        if order == Order::Rows {
            return Self::new(extents, columns);
        }
        let columns = columns.max(hilbert::SIDE);
        let lines = rows_of(extents, columns * hilbert::SIDE).into_iter().flat_map(|row| {
            let lines = if matches!(row, Row::Pages { .. }) { hilbert::SIDE } else { 1 };
            (0..lines).map(move |number| match &row {
                Row::Pages { start, first, count, .. } => {
                    Row::Pages { start: *start, column: 0, first: *first, count: *count, line: Some(number) }
                }
                Row::Hole { span } => Row::Hole { span: span.clone() },
            })
        });
        Self { columns, order, rows: lines.collect() }
    }

    /// In which order pages follow one another.
    #[must_use]
    pub fn order(&self) -> Order {
        self.order
    }

    /// Pages a row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The rows, lowest address first.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The address at a row and a column, of a page or of a gap.
    #[must_use]
    pub fn address_at(&self, row: usize, column: usize) -> Option<Address> {
        self.address_in(self.rows.get(row)?, column)
    }

    /// From the first page of some rows to behind the last.
    #[must_use]
    pub fn span_of(&self, rows: std::ops::Range<usize>) -> Option<Span> {
        let mut spans = self.rows.get(rows)?.iter().map(|row| match row {
            Row::Pages { first, count, .. } => *first..*first + *count * PAGE,
            Row::Hole { span } => span.clone(),
        });
        let first = spans.next()?;
        let end = spans.next_back().map_or(first.end, |last| last.end);
        Some(first.start..end)
    }

    /// The address in a column of one of the rows.
    #[must_use]
    pub fn address_in(&self, row: &Row, column: usize) -> Option<Address> {
        match row {
            Row::Pages { start, first, count, line: Some(line), .. } => {
                let place = hilbert::place_of(column % hilbert::SIDE, *line);
                let address = *start + column / hilbert::SIDE * CHUNK + place * PAGE;
                (column < self.columns && (*first..*first + count * PAGE).contains(&address)).then_some(address)
            }
            Row::Pages { start, column: from, count, line: None, .. } => {
                (*from..from + count).contains(&column).then(|| *start + column * PAGE)
            }
            Row::Hole { .. } => None,
        }
    }

    /// The row and the column of the page or the gap in which an address lies; of a hole that has a row, that and column
    /// zero.
    #[must_use]
    pub fn place_of(&self, address: Address) -> Option<(usize, usize)> {
        let above = self.rows.partition_point(|row| match row {
            Row::Pages { first, .. } => *first <= address,
            Row::Hole { span } => span.start <= address,
        });
        let row = above.checked_sub(1)?;
        match &self.rows[row] {
            Row::Pages { first, count, .. } if address >= *first + count * PAGE => None,
            Row::Pages { start, line: Some(line), .. } => {
                // The row that was found is one of the sixteen, whichever.
                let offset = address - *start;
                let (column, wanted) = hilbert::cell_at(offset % CHUNK / PAGE);
                Some((row + wanted - line, offset / CHUNK * hilbert::SIDE + column))
            }
            Row::Pages { start, line: None, .. } => Some((row, (address - *start) / PAGE)),
            Row::Hole { span } => span.contains(&address).then_some((row, 0)),
        }
    }
}

/// The rows of extents, with this many pages a row, a power of two.
fn rows_of(extents: &[Span], columns: usize) -> Vec<Row> {
    assert!(columns.is_power_of_two(), "{columns} columns");
    let row = columns * PAGE;
    let mut rows = Vec::new();
    let mut end: Option<Address> = None;
    for span in extents {
        if let Some(end) = end
            && end.align_up(row) < span.start.align_down(row)
        {
            rows.push(Row::Hole { span: end..span.start });
        }
        let mut first = span.start;
        if let Some(Row::Pages { start, first: begun, count, .. }) = rows.last_mut()
            && first < *start + row
        {
            first = (*start + row).min(span.end);
            *count = (first - *begun) / PAGE;
        }
        while first < span.end {
            let start = first.align_down(row);
            let last = (start + row).min(span.end);
            let (column, count) = ((first - start) / PAGE, (last - first) / PAGE);
            rows.push(Row::Pages { start, column, first, count, line: None });
            first = last;
        }
        end = Some(span.end);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, pages: usize) -> Span {
        Address::new(start)..Address::new(start + pages * PAGE)
    }

    #[test]
    fn rows_begin_at_multiples_and_holes_take_one() {
        let layout = Layout::new(&[span(0x10_0000, 256), span(0x30_0000, 100)], 64);
        assert_eq!(layout.rows().len(), 4 + 1 + 2);
        assert_eq!(layout.rows()[4], Row::Hole { span: Address::new(0x20_0000)..Address::new(0x30_0000) });
        assert_eq!(layout.address_at(6, 35), Some(Address::new(0x30_0000 + 99 * PAGE)));
        assert_eq!(layout.address_at(6, 36), None);
        assert_eq!(layout.address_at(4, 0), None);
    }

    #[test]
    fn a_hole_without_a_whole_row_is_a_gap() {
        // Within a row, over the end of one, and as long as a row without being one.
        let gaps = [span(0x10_0000, 10), span(0x10_c000, 40), span(0x14_8000, 10), span(0x18_2000, 10)];
        let layout = Layout::new(&gaps, 64);
        let row = |start, first, count| {
            let (start, first) = (Address::new(start), Address::new(first));
            Row::Pages { start, column: (first - start) / PAGE, first, count, line: None }
        };
        assert_eq!(
            layout.rows(),
            [row(0x10_0000, 0x10_0000, 52), row(0x14_0000, 0x14_8000, 10), row(0x18_0000, 0x18_2000, 10)]
        );
        assert_eq!(layout.place_of(Address::new(0x10_b000)), Some((0, 11)), "a gap has a place");
        assert_eq!(layout.place_of(Address::new(0x14_0000)), None);
        // What adjoins goes on in the same row.
        let layout = Layout::new(&[span(0x10_0000, 10), span(0x10_a000, 80)], 64);
        assert_eq!(layout.rows(), [row(0x10_0000, 0x10_0000, 64), row(0x14_0000, 0x14_0000, 26)]);
    }

    #[test]
    fn squares_hold_a_mebibyte_each_and_holes_a_row() {
        let extents = [span(0x10_0000, 512), span(0x500_0000, 300)];
        let layout = Layout::ordered(&extents, 32, Order::Hilbert);
        assert_eq!(layout.address_at(0, 0), None, "rows of two mebibytes begin at multiples of that");
        assert_eq!(layout.address_at(0, 16), Some(Address::new(0x10_0000)));
        assert_eq!(layout.address_at(16, 0), Some(Address::new(0x20_0000)));
        assert!(matches!(layout.rows()[32], Row::Hole { .. }));
        let mut found = 0;
        for row in 0..layout.rows().len() {
            for column in 0..32 {
                if let Some(address) = layout.address_at(row, column) {
                    assert_eq!(layout.place_of(address + 17), Some((row, column)));
                    found += 1;
                }
            }
        }
        assert_eq!(found, 512 + 300, "every page has one place");
        assert_eq!(layout.place_of(Address::new(0x100_0000)), Some((32, 0)));
    }

    #[test]
    fn places_and_addresses_agree() {
        let layout = Layout::new(&[span(0x10_0000, 256), span(0x400_0000_0000, 300)], 128);
        for row in 0..layout.rows().len() {
            for column in 0..128 {
                if let Some(address) = layout.address_at(row, column) {
                    assert_eq!(layout.place_of(address + 17), Some((row, column)));
                }
            }
        }
        assert_eq!(layout.place_of(Address::new(0x9_0000)), None);
        assert_eq!(layout.place_of(Address::new(0x50_0000)), Some((2, 0)));
    }
}
