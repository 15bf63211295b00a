//! The first story rebuilt, one cause after the other, on one program.
//!
//! An Arc implementation kept 101 MB resident after loading its library, of which 6 MB were live. Its author took that for
//! fragmentation and wrote an allocator of pools. Here every step from where he began to where he could have arrived is a
//! policy of its own, so that what each of them is worth can be read off.

use std::io::{self, Write};

use heapatlas_heap::{Placement, Policy};

use super::measure::{Measured, Subject, resident_part};
use super::table::{bar, ratio};
use crate::cli::stats::State;
use crate::export::bars::Bar;
use crate::format;
use crate::map::balance::Term;

/// The program, when no other is named.
pub(super) const PROGRAM: &str = include_str!("../../../samples/autopsy.arc");

/// One step of the autopsy.
pub(super) struct Stage {
    /// What is different from the step before.
    pub(super) name: &'static str,
    /// The policy that has it so.
    pub(super) policy: Policy,
    /// What was measured on the originals, resident in the whole process.
    original: Option<&'static str>,
}

const MALLOC: Policy = Policy::of(Placement::Malloc);
const POOL: Policy = Policy::of(Placement::Pool);

/// The steps, from where the author began.
pub(super) const STAGES: [Stage; 7] = [
    Stage {
        name: "malloc, 480 bytes a cell, no collection",
        policy: Policy { cell_bytes: 480, collects: false, gives_back: false, ..MALLOC },
        original: Some("101 MB"),
    },
    Stage {
        name: "16 bytes a cell",
        policy: Policy { collects: false, gives_back: false, ..MALLOC },
        original: Some("43 MB"),
    },
    Stage { name: "collection", policy: Policy { gives_back: false, ..MALLOC }, original: None },
    Stage { name: "giving back (trim)", policy: MALLOC, original: Some("12.3 MB") },
    Stage {
        name: "pools, nothing given back",
        policy: Policy { gives_back: false, evacuates: false, ..POOL },
        original: Some("34.8 MB"),
    },
    Stage { name: "pools, giving back", policy: Policy { evacuates: false, ..POOL }, original: None },
    Stage { name: "pools, evacuation", policy: POOL, original: None },
];

/// The terms that have a column; the rest are summed up in one.
const COLUMNS: [Term; 4] = [Term::Live, Term::Dead, Term::Overhead, Term::FreeRuns];

/// The state that a step is judged by: after a collection where there is one, else as the program left it.
fn state<'m>(one: &'m Measured, stage: &Stage) -> &'m State {
    let report = &one.report;
    if stage.policy.collects { &report.collected } else { &report.as_left }
}

/// Writes the table: a line for each step, its resident bytes by terms.
pub(super) fn write(out: &mut dyn Write, subject: &Subject, measured: &[Measured]) -> io::Result<()> {
    writeln!(out, "{}: where resident bytes go, one cause taken away after the other", subject.name)?;
    writeln!(out)?;
    write!(out, "{:<41}{:>10}{:>16}", "", "resident", "resident / live")?;
    for term in COLUMNS {
        write!(out, "{:>11}", term.name())?;
    }
    writeln!(out, "{:>11}{:>13}", "other", "original")?;
    for (stage, one) in STAGES.iter().zip(measured) {
        let state = state(one, stage);
        write!(out, "{:<41}{:>10}{:>16}", stage.name, format::maybe_bytes(state.resident_bytes), ratio(state))?;
        let mut rest = state.resident_bytes.unwrap_or_default();
        for term in COLUMNS {
            let bytes = resident_part(state, term);
            rest = rest.saturating_sub(bytes);
            write!(out, "{:>11}", format::bytes(bytes))?;
        }
        writeln!(out, "{:>11}{:>13}", format::bytes(rest), stage.original.unwrap_or("–"))?;
    }
    writeln!(out)?;
    writeln!(out, "Steps with a collection are shown after a full one, the others as the program left them.")?;
    writeln!(out, "Original: the whole process of Arcueid after loading its library, as far as somebody measured it.")
}

/// The resident bytes of each step, by terms.
pub(super) fn bars(measured: &[Measured]) -> Vec<Bar> {
    let steps = STAGES.iter().zip(measured);
    steps.map(|(stage, one)| bar(stage.name.to_owned(), state(one, stage), stage.original)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_takes_one_cause_away() {
        let changes = |a: &Policy, b: &Policy| {
            usize::from(a.placement != b.placement)
                + usize::from(a.cell_bytes != b.cell_bytes)
                + usize::from(a.collects != b.collects)
                + usize::from(a.gives_back != b.gives_back)
                + usize::from(a.evacuates != b.evacuates)
        };
        for pair in STAGES.windows(2) {
            // Going over to pools, nothing is given back at first.
            let most = if pair[0].policy.placement == pair[1].policy.placement { 1 } else { 2 };
            assert!((1..=most).contains(&changes(&pair[0].policy, &pair[1].policy)), "{}", pair[1].name);
        }
    }
}
