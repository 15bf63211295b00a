//! Pages and holes to rows.
//!
//! Pages come in boxes: one page each, or a power of two of them, where there are too many to show each. A row holds a
//! power of two of boxes and begins at a multiple of its length, so that an address finds its column by its low bits and
//! rows stay where they are while the heap grows. A hole that takes whole rows is one row whatever its size: elided, but
//! never silently. A smaller one is a gap, drawn to scale; one within a box is for the box to show.

use heapatlas_heap::terms::{Address, PAGE, Span};

use super::hilbert;

/// In which order pages follow one another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Order {
    /// From left to right, row by row.
    #[default]
    Rows,
    /// Along a Hilbert curve through squares of 16 × 16 boxes, a mebibyte each when a box is a page; the squares from left
    /// to right.
    Hilbert,
}

/// One row of the map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Row {
    /// Boxes, with gaps where no page of a box is the heap's.
    Pages {
        /// The address of the row's first column, whether or not a box is there; of sixteen lines of squares, that of
        /// their first.
        start: Address,
        /// The column of the first box.
        column: usize,
        /// The address of the first box.
        first: Address,
        /// How many boxes it is from there to the end of the last, gaps included.
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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    columns: usize,
    box_pages: usize,
    order: Order,
    rows: Vec<Row>,
}

impl Layout {
    /// The rows of extents, lowest first, with this many pages a row, a power of two.
    #[must_use]
    pub fn new(extents: &[Span], columns: usize) -> Self {
        Self::ordered(extents, columns, Order::Rows, 1)
    }

    /// The same in an order, with so many pages a box, both powers of two; in squares a row has 16 boxes at least.
    #[must_use]
    pub fn ordered(extents: &[Span], columns: usize, order: Order, box_pages: usize) -> Self {
        if order == Order::Rows {
            return Self { columns, box_pages, order, rows: rows_of(extents, columns, box_pages) };
        }
        let columns = columns.max(hilbert::SIDE);
        let lines = rows_of(extents, columns * hilbert::SIDE, box_pages).into_iter().flat_map(|row| {
            let lines = if matches!(row, Row::Pages { .. }) { hilbert::SIDE } else { 1 };
            (0..lines).map(move |number| match &row {
                Row::Pages { start, first, count, .. } => {
                    Row::Pages { start: *start, column: 0, first: *first, count: *count, line: Some(number) }
                }
                Row::Hole { span } => Row::Hole { span: span.clone() },
            })
        });
        Self { columns, box_pages, order, rows: lines.collect() }
    }

    /// In which order pages follow one another.
    #[must_use]
    pub fn order(&self) -> Order {
        self.order
    }

    /// Boxes a row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Pages a box.
    #[must_use]
    pub fn box_pages(&self) -> usize {
        self.box_pages
    }

    /// Bytes a box: each begins at a multiple of that.
    #[must_use]
    pub fn box_bytes(&self) -> usize {
        self.box_pages * PAGE
    }

    /// The addresses that a square of a Hilbert curve takes.
    fn square_bytes(&self) -> usize {
        hilbert::SIDE * hilbert::SIDE * self.box_bytes()
    }

    /// The rows, lowest address first.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The address of the box at a row and a column, or of a gap there.
    #[must_use]
    pub fn address_at(&self, row: usize, column: usize) -> Option<Address> {
        self.address_in(self.rows.get(row)?, column)
    }

    /// From the first box of some rows to behind the last.
    #[must_use]
    pub fn span_of(&self, rows: std::ops::Range<usize>) -> Option<Span> {
        let mut spans = self.rows.get(rows)?.iter().map(|row| match row {
            Row::Pages { first, count, .. } => *first..*first + *count * self.box_bytes(),
            Row::Hole { span } => span.clone(),
        });
        let first = spans.next()?;
        let end = spans.next_back().map_or(first.end, |last| last.end);
        Some(first.start..end)
    }

    /// The address in a column of one of the rows.
    #[must_use]
    pub fn address_in(&self, row: &Row, column: usize) -> Option<Address> {
        let bytes = self.box_bytes();
        match row {
            Row::Pages { start, first, count, line: Some(line), .. } => {
                let place = hilbert::place_of(column % hilbert::SIDE, *line);
                let address = *start + column / hilbert::SIDE * self.square_bytes() + place * bytes;
                (column < self.columns && (*first..*first + count * bytes).contains(&address)).then_some(address)
            }
            Row::Pages { start, column: from, count, line: None, .. } => {
                (*from..from + count).contains(&column).then(|| *start + column * bytes)
            }
            Row::Hole { .. } => None,
        }
    }

    /// The row and the column of the box or the gap in which an address lies; of a hole that has a row, that and column
    /// zero.
    #[must_use]
    pub fn place_of(&self, address: Address) -> Option<(usize, usize)> {
        let above = self.rows.partition_point(|row| match row {
            Row::Pages { first, .. } => *first <= address,
            Row::Hole { span } => span.start <= address,
        });
        let row = above.checked_sub(1)?;
        let bytes = self.box_bytes();
        match &self.rows[row] {
            Row::Pages { first, count, .. } if address >= *first + count * bytes => None,
            Row::Pages { start, line: Some(line), .. } => {
                // The row that was found is one of the sixteen, whichever.
                let offset = address - *start;
                let (column, wanted) = hilbert::cell_at(offset % self.square_bytes() / bytes);
                Some((row + wanted - line, offset / self.square_bytes() * hilbert::SIDE + column))
            }
            Row::Pages { start, line: None, .. } => Some((row, (address - *start) / bytes)),
            Row::Hole { span } => span.contains(&address).then_some((row, 0)),
        }
    }
}

/// Extents that share a box, as if they were one.
struct Stretch {
    /// From the first box to behind the last.
    boxes: Span,
    /// From the first page to behind the last.
    pages: Span,
}

fn stretches(extents: &[Span], box_bytes: usize) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::with_capacity(extents.len());
    for pages in extents {
        let boxes = pages.start.align_down(box_bytes)..pages.end.align_up(box_bytes);
        match stretches.last_mut().filter(|last| boxes.start < last.boxes.end) {
            Some(last) => {
                last.boxes.end = boxes.end;
                last.pages.end = pages.end;
            }
            None => stretches.push(Stretch { boxes, pages: pages.clone() }),
        }
    }
    stretches
}

/// The rows of extents, with this many boxes a row and pages a box, both powers of two.
fn rows_of(extents: &[Span], columns: usize, box_pages: usize) -> Vec<Row> {
    assert!(columns.is_power_of_two() && box_pages.is_power_of_two(), "{columns} columns of {box_pages} pages");
    let box_bytes = box_pages * PAGE;
    let row = columns * box_bytes;
    let mut rows = Vec::new();
    let mut end: Option<Stretch> = None;
    for stretch in stretches(extents, box_bytes) {
        let span = &stretch.boxes;
        if let Some(below) = end
            && below.boxes.end.align_up(row) < span.start.align_down(row)
        {
            rows.push(Row::Hole { span: below.pages.end..stretch.pages.start });
        }
        let mut first = span.start;
        if let Some(Row::Pages { start, first: begun, count, .. }) = rows.last_mut()
            && first < *start + row
        {
            first = (*start + row).min(span.end);
            *count = (first - *begun) / box_bytes;
        }
        while first < span.end {
            let start = first.align_down(row);
            let last = (start + row).min(span.end);
            let (column, count) = ((first - start) / box_bytes, (last - first) / box_bytes);
            rows.push(Row::Pages { start, column, first, count, line: None });
            first = last;
        }
        end = Some(stretch);
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
        let layout = Layout::ordered(&extents, 32, Order::Hilbert, 1);
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

    #[test]
    fn boxes_of_many_pages_hold_every_page_and_holes_keep_their_size() {
        // The second extent shares a box with the first, the third lies far beyond.
        let extents = [span(0x10_3000, 300), span(0x23_5000, 40), span(0x400_0000_1000, 300)];
        for order in [Order::Rows, Order::Hilbert] {
            let layout = Layout::ordered(&extents, 16, order, 16);
            for extent in &extents {
                for page in 0..(extent.end - extent.start) / PAGE {
                    let address = extent.start + page * PAGE;
                    let (row, column) = layout.place_of(address).expect("a place");
                    assert_eq!(layout.address_at(row, column), Some(address.align_down(layout.box_bytes())));
                }
            }
            let holes: Vec<_> = layout.rows().iter().filter(|row| matches!(row, Row::Hole { .. })).collect();
            assert_eq!(holes, [&Row::Hole { span: extents[1].end..extents[2].start }], "exact, and no other");
        }
    }
}
