//! What the runs tell, side by side: a column for each policy.

use std::io::{self, Write};
use std::time::Duration;

use super::measure::{Measured, Subject, resident_part};
use crate::cli::stats::State;
use crate::export::bars::Bar;
use crate::format;
use crate::map::balance::Term;

/// The least a column is wide.
const COLUMN: usize = 18;

/// Writes the table.
pub(super) fn write(out: &mut dyn Write, subject: &Subject, measured: &[Measured], rounds: u32) -> io::Result<()> {
    let heads: Vec<String> = measured.iter().map(|one| one.report.heap.clone()).collect();
    let width = heads.iter().map(|head| head.chars().count() + 2).max().unwrap_or_default().max(COLUMN);
    let mut line = |name: &str, values: Vec<String>| {
        let values: String = values.iter().map(|value| format!("{value:>width$}")).collect();
        writeln!(out, "{}", format!("{name:<26}{values}").trim_end())
    };
    line(&subject.name, Vec::new())?;
    line("", heads)?;
    line("as the program left it", Vec::new())?;
    state(&mut line, measured, |one| &one.report.as_left)?;
    let each = |value: &dyn Fn(&Measured) -> String| measured.iter().map(value).collect::<Vec<_>>();
    line("  process, resident", each(&|one| format::maybe_bytes(one.report.process_resident_bytes)))?;
    line("  process, virtual", each(&|one| format::maybe_bytes(one.report.process_virtual_bytes)))?;
    line("after a full collection", Vec::new())?;
    state(&mut line, measured, |one| &one.report.collected)?;
    line(if rounds == 1 { "speed" } else { "speed, medians" }, Vec::new())?;
    let milliseconds = |ms: f64| format::time(Duration::from_secs_f64(ms / 1e3));
    line("  user time", each(&|one| one.report.user_ms.map_or_else(|| "–".to_owned(), milliseconds)))?;
    line("  wall time", each(&|one| milliseconds(one.report.wall_ms)))?;
    let ns = |one: &Measured| one.ns_per_allocation().map_or_else(|| "–".to_owned(), |ns| format!("{ns:.0} ns"));
    line("  user time / allocation", each(&ns))?;
    line("  collections", each(&|one| format::count(one.report.gc.cycles)))?;
    if let Some(allocations) = measured.iter().find_map(|one| one.allocations) {
        line("", Vec::new())?;
        line(&format!("{} things were allocated, counted under malloc.", format::count(allocations)), Vec::new())?;
    }
    Ok(())
}

/// Writes the lines that describe a state.
fn state(
    line: &mut impl FnMut(&str, Vec<String>) -> io::Result<()>,
    measured: &[Measured],
    state: impl Fn(&Measured) -> &State,
) -> io::Result<()> {
    let each = |value: &dyn Fn(&State) -> String| measured.iter().map(|one| value(state(one))).collect::<Vec<_>>();
    line("  live", each(&|state| format::bytes(state.live_bytes)))?;
    line("  committed", each(&|state| format::bytes(state.committed_bytes)))?;
    line("  resident", each(&|state| format::maybe_bytes(state.resident_bytes)))?;
    line("  resident / live", each(&ratio))?;
    line("  most of the rest", each(&most_of_the_rest))?;
    line("  free runs", each(&|state| format::count(state.free_runs)))?;
    line("  holes", each(&|state| format::bytes(state.hole_bytes)))
}

/// Resident over live.
pub(super) fn ratio(state: &State) -> String {
    state.resident_bytes.map_or_else(|| "–".to_owned(), |resident| format::ratio(resident, state.live_bytes))
}

/// The term besides what lives that most of the resident bytes are.
fn most_of_the_rest(state: &State) -> String {
    let parts = Term::COMMITTED.into_iter().filter(|term| *term != Term::Live);
    let largest = parts.map(|term| (resident_part(state, term), term)).max_by_key(|(bytes, _)| *bytes);
    match (largest, state.resident_bytes) {
        (Some((bytes, term)), Some(resident)) if bytes > 0 => {
            format!("{} {}", term.name(), format::percent(bytes, resident))
        }
        _ => "–".to_owned(),
    }
}

/// The resident bytes of each run as the program left it, by terms.
pub(super) fn bars(measured: &[Measured]) -> Vec<Bar> {
    measured.iter().map(|one| bar(one.report.heap.clone(), &one.report.as_left, None)).collect()
}

/// The resident bytes of a state by terms.
pub(super) fn bar(name: String, state: &State, beside: Option<&str>) -> Bar {
    let parts = Term::COMMITTED.map(|term| (term, resident_part(state, term))).to_vec();
    let resident = format::maybe_bytes(state.resident_bytes);
    let words = format!("{resident} resident, {} live", ratio(state));
    Bar { name, words, parts, beside: beside.map(str::to_owned) }
}
