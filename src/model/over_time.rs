//! The page table over time, in bounded memory: one column a moment, one row an address range.
//!
//! Of the pages in a row it keeps the emptiest and the fullest, so that one page that differs from all others is seen. When
//! there are too many columns, two become one; when there are too many rows, a row becomes twice as long. The extremes stay
//! exact all the same. Rows are there only where a page ever was: what lies between is a hole.

use std::collections::BTreeMap;
use std::sync::Arc;

use heapatlas_heap::PageEntry;
use heapatlas_heap::terms::{Address, PAGE, Span};

use super::chronicle::{Axis, Position};
use super::pages::{Page, fullness, is_telling};
use super::{HeapModel, next_version};

/// Columns and rows at most; both even.
const MOST_COLUMNS: usize = 1024;
const MOST_ROWS: usize = 512;
/// A column for so many bytes on the allocation clock, at first.
const STEP: u64 = 16 << 10;

/// The pages of a row at a moment, or over some time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cell {
    /// The one with the least in use.
    pub emptiest: PageEntry,
    /// The one with the most.
    pub fullest: PageEntry,
    /// The allocation clock when something was last allocated in one of them.
    pub touched: u64,
}

impl Cell {
    fn of(page: Page) -> Self {
        Self { emptiest: page.entry, fullest: page.entry, touched: page.touched }
    }

    /// Sums up with another. Tables show only where there is nothing else.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (is_telling(self.fullest), is_telling(other.fullest)) {
            (true, false) => return self,
            (false, true) => return other,
            _ => {}
        }
        let emptiest = if fullness(other.emptiest) < fullness(self.emptiest) { other.emptiest } else { self.emptiest };
        let fullest = if fullness(other.fullest) > fullness(self.fullest) { other.fullest } else { self.fullest };
        Self { emptiest, fullest, touched: self.touched.max(other.touched) }
    }
}

fn join(a: Option<Cell>, b: Option<Cell>) -> Option<Cell> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.join(b)),
        (a, b) => a.or(b),
    }
}

/// The pages at a moment, or over some time.
#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    /// The moment, or the first of them.
    pub at: Position,
    /// The cell of each row by its number; `None`, or nothing at the end, where no page was.
    cells: Vec<Option<Cell>>,
}

impl Column {
    /// The cell of a row, by its number; `None` where no page was.
    #[must_use]
    pub fn cell(&self, row: usize) -> Option<Cell> {
        self.cells.get(row).copied().flatten()
    }
}

/// The page table over time.
#[derive(Clone, Debug)]
pub struct OverTime {
    columns: Vec<Arc<Column>>,
    /// The number of each row by its place: its address in lengths of a row.
    rows: BTreeMap<usize, usize>,
    /// Pages in a row, a power of two.
    row_pages: usize,
    /// From one column to the next, in bytes on the allocation clock.
    step: u64,
    /// Collections completed at the last column.
    cycles: u64,
    /// Changes with every change.
    version: u64,
}

impl Default for OverTime {
    fn default() -> Self {
        Self { columns: Vec::new(), rows: BTreeMap::new(), row_pages: 1, step: STEP, cycles: 0, version: 0 }
    }
}

impl OverTime {
    /// For a run of which it is known how much it allocates.
    #[must_use]
    pub fn of_run(clock: u64) -> Self {
        Self { step: (clock / MOST_COLUMNS as u64 * 2).max(1), ..Self::default() }
    }

    /// Looks at a moment: takes a column if one is due.
    pub fn look(&mut self, model: &HeapModel) {
        let (clock, cycles) = (model.counters().clock, model.counters().cycles);
        let is_due = self.columns.last().is_none_or(|last| clock >= last.at.clock + self.step) || cycles != self.cycles;
        if !is_due || model.pages().is_empty() {
            return;
        }
        self.cycles = cycles;
        self.version = next_version();
        let cells = self.cells_of(model);
        self.columns.push(Arc::new(Column { at: Position { clock, wall: model.wall() }, cells }));
        while self.rows.len() > MOST_ROWS {
            self.lengthen_rows();
        }
        if self.columns.len() == MOST_COLUMNS {
            self.join_columns();
        }
    }

    fn cells_of(&mut self, model: &HeapModel) -> Vec<Option<Cell>> {
        let mut cells = vec![None; self.rows.len()];
        let row_bytes = self.row_pages * PAGE;
        let mut here = (usize::MAX, 0);
        for page in model.pages().iter() {
            let place = page.address.get() / row_bytes;
            if here.0 != place {
                let next = self.rows.len();
                here = (place, *self.rows.entry(place).or_insert(next));
                cells.resize(self.rows.len(), None);
            }
            cells[here.1] = join(cells[here.1], Some(Cell::of(page)));
        }
        cells
    }

    /// Makes one column of two.
    fn join_columns(&mut self) {
        self.step *= 2;
        let joined = self.columns.chunks(2).map(|pair| match pair {
            [first, second] => {
                let rows = first.cells.len().max(second.cells.len());
                let cells = (0..rows).map(|row| join(first.cell(row), second.cell(row))).collect();
                Arc::new(Column { at: first.at, cells })
            }
            rest => Arc::clone(&rest[0]),
        });
        self.columns = joined.collect();
    }

    /// Makes rows twice as long.
    fn lengthen_rows(&mut self) {
        self.row_pages *= 2;
        let mut rows = BTreeMap::new();
        let mut moved = vec![0; self.rows.len()];
        for (place, number) in &self.rows {
            let next = rows.len();
            moved[*number] = *rows.entry(place / 2).or_insert(next);
        }
        self.rows = rows;
        for column in &mut self.columns {
            let mut cells = vec![None; self.rows.len()];
            for (number, cell) in column.cells.iter().enumerate() {
                cells[moved[number]] = join(cells[moved[number]], *cell);
            }
            *column = Arc::new(Column { at: column.at, cells });
        }
    }

    /// The columns, oldest first.
    #[must_use]
    pub fn columns(&self) -> &[Arc<Column>] {
        &self.columns
    }

    /// The column of a place on an axis: the last up to there.
    #[must_use]
    pub fn column_at(&self, axis: Axis, at: f64) -> Option<usize> {
        self.columns.partition_point(|column| axis.of(column.at) <= at).checked_sub(1)
    }

    /// The rows, lowest first: where each lies, and its number.
    pub fn rows(&self) -> impl Iterator<Item = (Span, usize)> {
        let row = self.row_pages * PAGE;
        let span = move |place: usize| Address::new(place * row)..Address::new((place + 1) * row);
        self.rows.iter().map(move |(place, number)| (span(*place), *number))
    }

    /// Pages in a row.
    #[must_use]
    pub fn row_pages(&self) -> usize {
        self.row_pages
    }

    /// Changes with every change: as long as it stays the same, so does everything.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::frame::Frame;
    use heapatlas_heap::{Heap, Value};

    #[test]
    fn a_growing_heap_is_kept_in_so_many_rows_and_columns_and_no_extreme_is_lost() {
        let mut heap = Heap::new().expect("a heap");
        let (mut model, mut over_time) = (HeapModel::default(), OverTime::default());
        let mut fullest = 0;
        for round in 0..1500 {
            for _ in 0..1100 {
                heap.cons(Value::NIL, Value::T).expect("room");
            }
            model.apply(&heap.cut_frame(round == 0));
            over_time.look(&model);
            fullest = model.pages().iter().map(|page| fullness(page.entry)).max().expect("pages");
        }
        assert!(over_time.columns().len() < MOST_COLUMNS && over_time.columns().len() > 200);
        assert!(over_time.rows().count() <= MOST_ROWS && over_time.row_pages() > 1);
        assert!(over_time.columns().is_sorted_by_key(|column| column.at.clock));
        let last = over_time.columns().last().expect("a column");
        for page in model.pages().iter() {
            let (span, number) = over_time.rows().find(|(span, _)| span.contains(&page.address)).expect("a row");
            let cell = last.cell(number).expect("a cell");
            assert!(span.end - span.start == over_time.row_pages() * PAGE);
            assert!(fullness(cell.emptiest) <= fullness(cell.fullest));
        }
        let seen = over_time.rows().filter_map(|(_, number)| last.cell(number)).map(|cell| fullness(cell.fullest));
        assert_eq!(seen.max(), Some(fullest));
        let first = over_time.columns()[0].at.clock as f64;
        assert_eq!(over_time.column_at(Axis::Clock, first - 1.0), None);
        assert_eq!(over_time.column_at(Axis::Clock, 1e18), Some(over_time.columns().len() - 1));
    }

    #[test]
    fn rows_are_only_where_a_page_ever_was() {
        let mut model = HeapModel::default();
        let mut over_time = OverTime::default();
        let extent = |start: usize, pages: usize| Address::new(start)..Address::new(start + pages * PAGE);
        let extents = vec![extent(0x10_0000, 3), extent(0x7000_0000_0000, 2)];
        model.apply(&Frame { key: true, sequence: 1, extents: extents.clone(), ..Frame::default() });
        over_time.look(&model);
        let rows: Vec<_> = over_time.rows().map(|(span, _)| span.start).collect();
        let expected = [0x10_0000, 0x10_1000, 0x10_2000, 0x7000_0000_0000, 0x7000_0000_1000].map(Address::new);
        assert_eq!(rows, expected);
    }
}
