//! One row a page, for spreadsheets.

use std::io::{self, Write};

use super::json::PageRow;
use crate::model::HeapModel;

/// Writes one row a page, after a row of names.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, model: &HeapModel) -> io::Result<()> {
    writeln!(
        out,
        "address,kind,used_bytes,live_bytes,overhead_bytes,unjudged_bytes,dead_bytes,free_runs,longest_free_bytes,\
         resident,birth_clock_bytes"
    )?;
    for page in model.pages().iter() {
        let PageRow {
            address,
            kind,
            used_bytes,
            live_bytes,
            overhead_bytes,
            unjudged_bytes,
            dead_bytes,
            free_runs,
            longest_free_bytes,
            resident,
            birth_clock_bytes,
        } = PageRow::of(page);
        let resident = resident.map_or("", |resident| if resident { "true" } else { "false" });
        writeln!(
            out,
            "{address},{kind},{used_bytes},{live_bytes},{overhead_bytes},{unjudged_bytes},{dead_bytes},{free_runs},\
             {longest_free_bytes},{resident},{birth_clock_bytes}"
        )?;
    }
    Ok(())
}
