//! What views of the window show, as tables for spreadsheets: the balance, the counters over time, the collections, the free
//! runs, the forms, what changed from one moment to another.

use std::io::{self, Write};

use heapatlas_heap::PageEntry;
use heapatlas_heap::free_lists::{CLASSES, RunClasses};
use heapatlas_heap::terms::GRANULE;

use crate::map::balance::Term;
use crate::model::HeapModel;
use crate::model::chronicle::{Axis, Told};
use crate::model::difference::{self, Change};
use crate::model::forms::FormsThen;
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

/// Writes a row for each class of free runs, by their length: those of cells, and those of objects.
///
/// # Errors
/// When writing fails.
pub fn write_free_runs(out: &mut dyn Write, [cells, objects]: [&RunClasses; 2]) -> io::Result<()> {
    writeln!(out, "up_to_bytes,runs_of_cells,bytes_of_cells,runs_of_objects,bytes_of_objects")?;
    for class in 0..CLASSES {
        let longest = GRANULE << class;
        let [cells, objects] = [cells, objects].map(|classes| (classes.counts[class], classes.bytes[class]));
        writeln!(out, "{longest},{},{},{},{}", cells.0, cells.1, objects.0, objects.1)?;
    }
    Ok(())
}

/// Writes a row for each form that is remembered. What has not ended has no bytes.
///
/// # Errors
/// When writing fails.
pub fn write_forms(out: &mut dyn Write, forms: FormsThen<'_>) -> io::Result<()> {
    writeln!(out, "form,file,line,text,begun_clock_bytes,allocated_bytes,own_bytes")?;
    for form in forms.iter() {
        let (file, text) = (quoted(&form.file), quoted(&form.text));
        let (allocated, own) = (maybe(form.allocated), maybe(form.own()));
        writeln!(out, "{},{file},{},{text},{},{allocated},{own}", form.number, form.line, form.begun)?;
    }
    Ok(())
}

/// Writes a row for each page that changed from one moment to another. What was not there has no kind.
///
/// # Errors
/// When writing fails.
pub fn write_changes(out: &mut dyn Write, before: &HeapModel, after: &HeapModel) -> io::Result<()> {
    writeln!(out, "address,change,kind_before,kind_after,used_before_bytes,used_after_bytes")?;
    let changed = difference::pages(before.pages(), after.pages()).filter(|page| page.change() != Change::None);
    for page in changed {
        let kind = |entry: Option<PageEntry>| entry.map_or("", |entry| entry.kind().name());
        let used = |entry: Option<PageEntry>| maybe(entry.map(|entry| (entry.used() * GRANULE) as u64));
        let (address, change) = (page.address, page.change().name());
        let (before, after) = (page.before, page.after);
        let (was, is) = (kind(before), kind(after));
        writeln!(out, "{address},{change},{was},{is},{},{}", used(before), used(after))?;
    }
    Ok(())
}

/// A text as one field.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn maybe(value: Option<u64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use heapatlas_heap::frame::Event;

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
        let lists = heap.free_lists(None);
        assert_eq!(rows(|out| write_free_runs(out, [&lists.cells, &lists.objects])), CLASSES);
        assert_eq!(rows(|out| write_changes(out, &model, &model)), 0);
        assert_eq!(rows(|out| write_changes(out, &HeapModel::default(), &model)), model.pages().len());
    }

    #[test]
    fn a_field_ends_where_its_text_does() {
        assert_eq!(quoted(r#"(pr "a, b")"#), r#""(pr ""a, b"")""#);
    }

    #[test]
    fn forms_have_bytes_once_they_have_ended() {
        let (mut model, mut chronicle) = (HeapModel::default(), Chronicle::default());
        let mut heap = heapatlas_heap::Heap::new().expect("a heap");
        let begin = |text: &str| Event::FormBegin { file: "x.arc".into(), line: 7, text: text.into() };
        for event in [begin("(pr \"a, b\")"), Event::FormEnd { allocated: 48 }, begin("(x)")] {
            heap.log(event);
        }
        let frame = heap.cut_frame(true);
        model.apply(&frame);
        chronicle.see(&frame);
        let mut out = Vec::new();
        write_forms(&mut out, chronicle.until(&model).forms()).expect("room");
        let text = String::from_utf8(out).expect("text");
        let rows: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(rows, ["0,\"x.arc\",7,\"(pr \"\"a, b\"\")\",0,48,48", "1,\"x.arc\",7,\"(x)\",0,,"]);
    }
}
