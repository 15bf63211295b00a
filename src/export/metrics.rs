//! The counters of a moment as OpenMetrics text.

use std::io::{self, Write};

use heapatlas_heap::terms::PageKind;

use super::Title;
use crate::map::balance::Term;
use crate::model::HeapModel;

/// Writes the counters of a model.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, model: &HeapModel, title: &Title) -> io::Result<()> {
    let counters = model.counters();
    let program = escape(&title.program);
    let bytes = [
        ("committed", "Mapped by the heap.", Some(counters.committed)),
        ("resident", "Of these, in memory as the system tells.", counters.resident()),
        ("in_use", "Allocated: live, dead and unjudged, overhead included.", Some(counters.allocated)),
        ("holes", "Between extents.", Some(counters.holes)),
        ("soft_limit", "The most the heap commits.", counters.limit),
    ];
    for (name, help, value) in bytes {
        if let Some(value) = value {
            head(out, &format!("heapatlas_{name}_bytes"), "gauge", help)?;
            writeln!(out, "heapatlas_{name}_bytes{{program=\"{program}\"}} {value}")?;
        }
    }
    head(out, "heapatlas_balance_bytes", "gauge", "The terms of the balance; all but not_resident sum to committed.")?;
    for term in Term::ALL {
        if let Some(value) = term.of(&counters.balance) {
            writeln!(out, "heapatlas_balance_bytes{{program=\"{program}\",term=\"{}\"}} {value}", term.key())?;
        }
    }
    head(out, "heapatlas_pages", "gauge", "Pages of 4 KiB by kind.")?;
    for kind in PageKind::ALL.into_iter().filter(|kind| *kind != PageKind::Foreign) {
        let key = kind.name().replace(' ', "_");
        writeln!(out, "heapatlas_pages{{program=\"{program}\",kind=\"{key}\"}} {}", counters.pages_of(kind))?;
    }
    let totals = [
        ("heapatlas_clock_bytes", "Ever allocated.", counters.clock as f64),
        ("heapatlas_collections", "Collections completed.", counters.cycles as f64),
        ("heapatlas_collecting_seconds", "Time spent collecting.", counters.gc_time.as_secs_f64()),
    ];
    for (name, help, value) in totals {
        head(out, name, "counter", help)?;
        writeln!(out, "{name}_total{{program=\"{program}\"}} {value}")?;
    }
    writeln!(out, "# EOF")
}

/// What is said of a family of metrics before its values.
fn head(out: &mut dyn Write, name: &str, kind: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# TYPE {name} {kind}")?;
    if let Some(unit) = ["bytes", "seconds"].into_iter().find(|unit| name.ends_with(unit)) {
        writeln!(out, "# UNIT {name} {unit}")?;
    }
    writeln!(out, "# HELP {name} {help}")
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
