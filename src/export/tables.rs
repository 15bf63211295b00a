//! What views of the window show, as tables for spreadsheets: the balance, the counters over time, the collections.

use std::io::{self, Write};

use crate::map::balance::Term;
use crate::model::HeapModel;

/// Writes a row for each term of the balance. What is not known is empty.
///
/// # Errors
/// When writing fails.
pub fn write_balance(out: &mut dyn Write, model: &HeapModel) -> io::Result<()> {
    writeln!(out, "term,bytes")?;
    for term in Term::ALL {
        writeln!(out, "{},{}", term.key(), maybe(term.of(&model.counters().balance)))?;
    }
    Ok(())
}

/// Writes a row for each moment that is remembered.
///
/// # Errors
/// When writing fails.
pub fn write_history(out: &mut dyn Write, model: &HeapModel) -> io::Result<()> {
    writeln!(out, "clock_bytes,wall_us,committed_bytes,resident_bytes,allocated_bytes,live_bytes,hole_bytes,cycles")?;
    for sample in model.history().samples() {
        writeln!(
            out,
            "{},{},{},{},{},{},{},{}",
            sample.clock,
            sample.wall.as_micros(),
            sample.committed,
            maybe(sample.resident),
            sample.allocated,
            sample.live,
            sample.holes,
            sample.cycles
        )?;
    }
    Ok(())
}

/// Writes a row for each collection that is remembered.
///
/// # Errors
/// When writing fails.
pub fn write_cycles(out: &mut dyn Write, model: &HeapModel) -> io::Result<()> {
    writeln!(out, "cycle,cause,clock_bytes,allocated_before_bytes,allocated_after_bytes,committed_after_bytes")?;
    for cycle in model.cycles().iter() {
        let (number, cause, before) = (cycle.number, cycle.cause.name(), cycle.before);
        let after = |value: fn(&crate::model::cycles::Moment) -> u64| maybe(cycle.after.as_ref().map(value));
        writeln!(
            out,
            "{number},{cause},{},{},{},{}",
            before.clock,
            before.allocated,
            after(|moment| moment.allocated),
            after(|moment| moment.committed)
        )?;
    }
    Ok(())
}

fn maybe(value: Option<u64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Writer = fn(&mut dyn Write, &HeapModel) -> io::Result<()>;

    #[test]
    fn every_row_has_as_many_columns_as_there_are_names() {
        let mut heap = heapatlas_heap::Heap::new().expect("a heap");
        let mut model = HeapModel::default();
        model.apply(&heap.cut_frame(true));
        let writers: [(Writer, usize); 3] = [(write_balance, Term::ALL.len()), (write_history, 1), (write_cycles, 0)];
        for (write, rows) in writers {
            let mut out = Vec::new();
            write(&mut out, &model).expect("room");
            let text = String::from_utf8(out).expect("text");
            let columns: Vec<_> = text.lines().map(|line| line.split(',').count()).collect();
            assert_eq!(columns.len(), rows + 1, "{text}");
            assert!(columns.iter().all(|count| *count == columns[0]), "{text}");
        }
    }
}
