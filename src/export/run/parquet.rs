//! Pages over time as a table of columns, for whoever asks questions with SQL or a data frame: a row for each page of which a
//! frame says something. A key frame says something of every page; another one only of those that changed.

use std::io::{self, Write};
use std::sync::Arc;

use heapatlas_heap::frame::Frame;
use heapatlas_heap::terms::{Address, GRANULE, PageKind};
use heapatlas_heap::{PageBalance, PageEntry};
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::recording::format::nanos;

/// Rows that are kept in memory until they are written.
const GROUP: usize = 1 << 18;

/// What a row is made of.
struct Row<'f> {
    frame: &'f Frame,
    address: Address,
    entry: PageEntry,
    balance: PageBalance,
}

/// A column of numbers.
struct Numbers {
    name: &'static str,
    get: fn(&Row<'_>) -> u64,
}

/// The columns of numbers, named as those of a moment are; `kind` and `resident` follow.
const NUMBERS: [Numbers; 12] = {
    const fn column(name: &'static str, get: fn(&Row<'_>) -> u64) -> Numbers {
        Numbers { name, get }
    }
    [
        column("frame", |row| row.frame.sequence),
        column("clock_bytes", |row| row.frame.counters.clock),
        column("wall_ns", |row| nanos(row.frame.wall)),
        column("address", |row| row.address.get() as u64),
        column("used_bytes", |row| (row.entry.used() * GRANULE) as u64),
        column("live_bytes", |row| row.balance.live as u64),
        column("overhead_bytes", |row| row.balance.overhead as u64),
        column("unjudged_bytes", |row| row.balance.unjudged as u64),
        column("dead_bytes", |row| row.balance.dead as u64),
        column("free_runs", |row| row.entry.free_runs() as u64),
        column("longest_free_bytes", |row| (row.entry.longest_free() * GRANULE) as u64),
        column("birth_clock_bytes", |row| row.entry.birth()),
    ]
};

/// The columns, as Parquet's schemas are written.
fn schema() -> String {
    let numbers: String = NUMBERS.iter().map(|column| format!("REQUIRED INT64 {}; ", column.name)).collect();
    format!("message pages {{ {numbers} REQUIRED BYTE_ARRAY kind (STRING); OPTIONAL BOOLEAN resident; }}")
}

fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error.to_string())
}

/// A table that is being written.
pub struct Table<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    /// The name of each kind, in the order of [`PageKind::ALL`].
    names: [ByteArray; PageKind::ALL.len()],
    numbers: [Vec<i64>; NUMBERS.len()],
    kinds: Vec<ByteArray>,
    /// Whether pages are resident, those of which that is not known left out, …
    resident: Vec<bool>,
    /// … and for each row one if it is known.
    known: Vec<i16>,
}

impl<W: Write + Send> std::fmt::Debug for Table<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("rows", &self.kinds.len()).finish_non_exhaustive()
    }
}

impl<W: Write + Send> Table<W> {
    /// Begins a table.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(out: W) -> io::Result<Self> {
        let schema = Arc::new(parse_message_type(&schema()).map_err(failed)?);
        let properties = Arc::new(WriterProperties::builder().set_compression(Compression::LZ4_RAW).build());
        Ok(Self {
            writer: SerializedFileWriter::new(out, schema, properties).map_err(failed)?,
            names: PageKind::ALL.map(|kind| ByteArray::from(kind.name())),
            numbers: Default::default(),
            kinds: Vec::new(),
            resident: Vec::new(),
            known: Vec::new(),
        })
    }

    /// Adds the rows of a frame.
    ///
    /// # Errors
    /// When writing fails.
    pub fn add(&mut self, frame: &Frame) -> io::Result<()> {
        for (address, entry) in frame.pages() {
            let row = Row { frame, address, entry, balance: entry.balance() };
            for (values, column) in self.numbers.iter_mut().zip(&NUMBERS) {
                // Parquet's integers are signed; no number of ours is as large.
                values.push(i64::try_from((column.get)(&row)).unwrap_or(i64::MAX));
            }
            self.kinds.push(self.names[entry.kind() as usize].clone());
            self.resident.extend(entry.resident());
            self.known.push(i16::from(entry.resident().is_some()));
        }
        if self.kinds.len() >= GROUP { self.write().map_err(failed) } else { Ok(()) }
    }

    /// Writes the rows that wait, and the end.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> io::Result<()> {
        self.write().map_err(failed)?;
        self.writer.close().map(drop).map_err(failed)
    }

    /// Writes the rows that wait, in the order of the columns.
    fn write(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        let mut numbers = self.numbers.iter_mut();
        let mut position = 0;
        while let Some(mut column) = group.next_column()? {
            if let Some(values) = numbers.next() {
                column.typed::<Int64Type>().write_batch(values, None, None)?;
                values.clear();
            } else if position == NUMBERS.len() {
                column.typed::<ByteArrayType>().write_batch(&self.kinds, None, None)?;
            } else {
                column.typed::<BoolType>().write_batch(&self.resident, Some(&self.known), None)?;
            }
            column.close()?;
            position += 1;
        }
        group.close()?;
        self.kinds.clear();
        self.resident.clear();
        self.known.clear();
        Ok(())
    }
}
