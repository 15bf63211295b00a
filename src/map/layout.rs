//! Pages and holes to rows.
//!
//! A row holds a power of two of pages and begins at a multiple of its length, so that an address finds its column by
//! its low bits and rows stay where they are while the heap grows. A hole is one row whatever its size: elided, but
//! never silently.

use heapatlas_heap::terms::{Address, PAGE, Span};

/// One row of the map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Row {
    /// Adjacent pages of one extent.
    Pages {
        /// The address of the row's first column, whether or not a page is there.
        start: Address,
        /// The column of the first page.
        column: usize,
        /// The address of the first page.
        first: Address,
        /// How many pages there are.
        count: usize,
    },
    /// A range that is not the heap's.
    Hole {
        /// Where.
        span: Span,
    },
}

/// The rows of a map.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    columns: usize,
    rows: Vec<Row>,
}

impl Layout {
    /// The rows of extents, lowest first, with this many pages a row, a power of two.
    #[must_use]
    pub fn new(extents: &[Span], columns: usize) -> Self {
        assert!(columns.is_power_of_two(), "{columns} columns");
        let mut rows = Vec::new();
        let mut end: Option<Address> = None;
        for span in extents {
            if let Some(end) = end
                && end < span.start
            {
                rows.push(Row::Hole { span: end..span.start });
            }
            let mut first = span.start;
            while first < span.end {
                let start = first.align_down(columns * PAGE);
                let last = (start + columns * PAGE).min(span.end);
                rows.push(Row::Pages { start, column: (first - start) / PAGE, first, count: (last - first) / PAGE });
                first = last;
            }
            end = Some(span.end);
        }
        Self { columns, rows }
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

    /// The address of the page at a row and a column.
    #[must_use]
    pub fn address_at(&self, row: usize, column: usize) -> Option<Address> {
        match self.rows.get(row)? {
            Row::Pages { start, column: from, count, .. } => {
                (*from..from + count).contains(&column).then(|| *start + column * PAGE)
            }
            Row::Hole { .. } => None,
        }
    }

    /// The row and the column of the page in which an address lies; of a hole, its row and column zero.
    #[must_use]
    pub fn place_of(&self, address: Address) -> Option<(usize, usize)> {
        let above = self.rows.partition_point(|row| match row {
            Row::Pages { first, .. } => *first <= address,
            Row::Hole { span } => span.start <= address,
        });
        let row = above.checked_sub(1)?;
        match &self.rows[row] {
            Row::Pages { start, first, count, .. } => {
                (address < *first + count * PAGE).then(|| (row, (address - *start) / PAGE))
            }
            Row::Hole { span } => span.contains(&address).then_some((row, 0)),
        }
    }
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
