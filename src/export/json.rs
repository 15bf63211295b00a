//! A snapshot for programs: counters, extents, holes, and one object a page.

use std::io::{self, Write};

use heapatlas_heap::terms::PageKind;
use serde::Serialize;

use super::Title;
use crate::map::balance::Term;
use crate::model::HeapModel;
use crate::model::pages::Page;

/// The version of the snapshot's shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Snapshot<'t> {
    heapatlas_snapshot: u32,
    program: &'t str,
    heap: String,
    page_bytes: usize,
    clock_bytes: u64,
    committed_bytes: u64,
    allocated_bytes: u64,
    live_bytes: u64,
    resident_bytes: Option<u64>,
    hole_bytes: u64,
    gc_cycles: u64,
    balance: serde_json::Map<String, serde_json::Value>,
    extents: Vec<[String; 2]>,
    holes: Vec<[String; 2]>,
    pages: Vec<PageRow>,
}

/// What the table says of a page, in bytes.
#[derive(Serialize)]
pub(super) struct PageRow {
    pub(super) address: String,
    pub(super) kind: &'static str,
    pub(super) used_bytes: usize,
    pub(super) live_bytes: usize,
    pub(super) overhead_bytes: usize,
    pub(super) unjudged_bytes: usize,
    pub(super) dead_bytes: usize,
    pub(super) free_runs: usize,
    pub(super) longest_free_bytes: usize,
    pub(super) resident: Option<bool>,
    pub(super) birth_clock_bytes: u64,
}

impl PageRow {
    /// The row of a page.
    pub(super) fn of(page: Page) -> Self {
        use heapatlas_heap::terms::GRANULE;
        let Page { address, entry, .. } = page;
        let balance = entry.balance();
        Self {
            address: format!("{:#x}", address.get()),
            kind: entry.kind().name(),
            used_bytes: entry.used() * GRANULE,
            live_bytes: balance.live,
            overhead_bytes: balance.overhead,
            unjudged_bytes: balance.unjudged,
            dead_bytes: balance.dead,
            free_runs: entry.free_runs(),
            longest_free_bytes: entry.longest_free() * GRANULE,
            resident: entry.resident(),
            birth_clock_bytes: entry.birth(),
        }
    }
}

/// The terms of a balance by name; what is not resident is negative, so that they sum to what is resident.
#[must_use]
pub fn balance(balance: &heapatlas_heap::Balance) -> serde_json::Map<String, serde_json::Value> {
    Term::ALL
        .iter()
        .filter_map(|term| {
            let bytes = i64::try_from(term.of(balance)?).unwrap_or(i64::MAX);
            let bytes = if *term == Term::NotResident { -bytes } else { bytes };
            Some((term.key().to_owned(), bytes.into()))
        })
        .collect()
}

/// The terms of the balance as far as they are in memory, by their names.
#[must_use]
pub fn resident_balance(balance: &heapatlas_heap::PageBalance) -> serde_json::Map<String, serde_json::Value> {
    Term::COMMITTED.iter().map(|term| (term.key().to_owned(), term.of_pages(balance).into())).collect()
}

/// Pages by kind; a kind without pages is there too.
#[must_use]
pub fn pages_by_kind(pages: &[u64]) -> serde_json::Map<String, serde_json::Value> {
    let kinds = PageKind::ALL.iter().zip(pages).filter(|(kind, _)| **kind != PageKind::Foreign);
    kinds.map(|(kind, count)| (kind.name().replace(' ', "_"), (*count).into())).collect()
}

/// Writes a snapshot of a model.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, model: &HeapModel, title: &Title) -> io::Result<()> {
    let counters = model.counters();
    let span =
        |span: &heapatlas_heap::terms::Span| [format!("{:#x}", span.start.get()), format!("{:#x}", span.end.get())];
    let snapshot = Snapshot {
        heapatlas_snapshot: VERSION,
        program: &title.program,
        heap: counters.policy.to_string(),
        page_bytes: heapatlas_heap::terms::PAGE,
        clock_bytes: counters.clock,
        committed_bytes: counters.committed,
        allocated_bytes: counters.allocated,
        live_bytes: counters.balance.live,
        resident_bytes: counters.resident(),
        hole_bytes: counters.holes,
        gc_cycles: counters.cycles,
        balance: balance(&counters.balance),
        extents: model.pages().extents().iter().map(|extent| span(&extent.span)).collect(),
        holes: model.pages().holes().map(|hole| span(&hole)).collect(),
        pages: model.pages().iter().map(PageRow::of).collect(),
    };
    serde_json::to_writer(&mut *out, &snapshot)?;
    writeln!(out)
}
