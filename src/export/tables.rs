//! What views of the window show, as tables for spreadsheets: the balance, the counters over time, the collections.

use std::io::{self, Write};

use crate::map::balance::Term;
use crate::model::HeapModel;
use crate::model::chronicle::{Axis, Told};
use crate::model::history::{Curve, History};

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

/// Writes a row for each moment that is remembered, or for several together what was last of them.
///
/// # Errors
/// When writing fails.
pub fn write_history(out: &mut dyn Write, history: &History) -> io::Result<()> {
    write!(out, "clock_bytes,wall_us")?;
    for curve in Curve::ALL {
        write!(out, ",{}_bytes", curve.name())?;
    }
    writeln!(out)?;
    for moments in history.within(Axis::Clock, (0.0, f64::INFINITY), usize::MAX) {
        write!(out, "{},{}", moments.end.clock, moments.end.wall.as_micros())?;
        for curve in Curve::ALL {
            write!(out, ",{}", maybe(moments.ranges[curve.place()].map(|range| range.last)))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Writes a row for each collection that is remembered.
///
/// # Errors
/// When writing fails.
pub fn write_cycles(out: &mut dyn Write, told: Told<'_>) -> io::Result<()> {
    writeln!(out, "cycle,cause,clock_bytes,allocated_before_bytes,allocated_after_bytes,committed_after_bytes")?;
    for cycle in told.cycles() {
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
    use crate::model::chronicle::Chronicle;

    /// The rows below the names, after a look at whether there are as many columns everywhere.
    fn rows(write: impl Fn(&mut dyn Write) -> io::Result<()>) -> usize {
        let mut out = Vec::new();
        write(&mut out).expect("room");
        let text = String::from_utf8(out).expect("text");
        let columns: Vec<_> = text.lines().map(|line| line.split(',').count()).collect();
        assert!(columns.iter().all(|count| *count == columns[0]), "{text}");
        columns.len() - 1
    }

    #[test]
    fn every_row_has_as_many_columns_as_there_are_names() {
        let mut heap = heapatlas_heap::Heap::new().expect("a heap");
        let (mut model, mut chronicle) = (HeapModel::default(), Chronicle::default());
        let frame = heap.cut_frame(true);
        model.apply(&frame);
        chronicle.see(&frame);
        assert_eq!(rows(|out| write_balance(out, &model)), Term::ALL.len());
        assert_eq!(rows(|out| write_history(out, chronicle.history())), 1);
        assert_eq!(rows(|out| write_cycles(out, chronicle.until(&model))), 0);
    }
}
