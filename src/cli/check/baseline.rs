//! What an earlier run measured, in a file: budgets of a later one.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::budget::{Budget, Measure};
use super::lasting;
use crate::cli::stats::Report;

/// The version of the file's shape.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Baseline {
    heapatlas_baseline: u32,
    program: String,
    /// By name, in the unit of each: bytes, or a ratio.
    measures: BTreeMap<String, f64>,
}

/// Writes what a run measured.
///
/// # Errors
/// When writing fails.
pub(super) fn write(out: &mut dyn Write, program: &str, report: &Report) -> io::Result<()> {
    let measures = lasting().filter_map(|measure| Some((measure.name().to_owned(), measure.of(report)?)));
    let baseline = Baseline { heapatlas_baseline: VERSION, program: program.to_owned(), measures: measures.collect() };
    serde_json::to_writer_pretty(&mut *out, &baseline)?;
    writeln!(out)
}

/// The budgets that a baseline makes: what was measured, and a share of it more.
///
/// # Errors
/// A sentence, when it can't be read.
pub(super) fn read(path: &Path, tolerance: f64) -> Result<Vec<Budget>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| format!("no baseline: {error}"))?;
    if baseline.heapatlas_baseline != VERSION {
        return Err(format!("a baseline of version {}; this program reads {VERSION}", baseline.heapatlas_baseline));
    }
    let budget = |measure: Measure| {
        let most = baseline.measures.get(measure.name())? * (1.0 + tolerance);
        Some(Budget { measure, most })
    };
    Ok(lasting().filter_map(budget).collect())
}
