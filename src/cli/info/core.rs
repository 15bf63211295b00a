//! What a core holds: where it is at home, its pages, and the things on them by kind.

use std::io::{self, Write};

use heapatlas_arc::Runtime;
use heapatlas_heap::core::{Check, KindSummary, Summary};
use heapatlas_heap::terms::{PageKind, Span};
use serde::Serialize;

use super::{InfoOptions, counted, write_json};
use crate::cli::exit::Ending;
use crate::cli::recorded;
use crate::export::json;
use crate::format;

/// Tells what a core holds.
pub(super) fn tell(options: &InfoOptions) -> Result<Ending, Ending> {
    let check = if options.check { Check::Everything } else { Check::Checksums };
    let summary = Runtime::summarize_core(&options.path, check)?;
    let name = options.path.display().to_string();
    Ok(recorded::show(|out| match options.json {
        true => write_json(out, &Told::of(&summary, &name, options.check)),
        false => write(out, &summary, &name, options.check),
    }))
}

fn bytes_of(span: &Span) -> u64 {
    (span.end - span.start) as u64
}

fn write(out: &mut dyn Write, core: &Summary, name: &str, followed: bool) -> io::Result<()> {
    let mut line = |name: &str, value: String| writeln!(out, "{name:<12}{value}");
    line("core", name.to_owned())?;
    line("format", format!("version {}, {}", core.version, core.architecture))?;
    line("size", format::bytes(core.file_bytes))?;
    let right = if followed {
        "the checksums are right, and every reference leads to something"
    } else {
        "the checksums are right"
    };
    line("checked", right.to_owned())?;
    line("home", format::address(core.home))?;
    for extent in &core.extents {
        let (bytes, start) = (format::bytes(bytes_of(extent)), format::address(extent.start));
        line("extent", format!("{bytes} at {start}"))?;
    }
    let pages = PageKind::ALL.iter().zip(core.pages).filter(|(_, count)| *count > 0);
    let pages: Vec<_> = pages.map(|(kind, count)| format!("{} {}", format::count(count), kind.name())).collect();
    line("pages", pages.join(", "))?;
    let (things, bytes) = totals(&core.kinds);
    let payload = format::bytes(core.live_bytes);
    line("holds", format!("{} of {}, {payload} of it payload", counted(things, "thing"), format::bytes(bytes)))?;
    for kind in &core.kinds {
        let (things, bytes) = (format::count(kind.things), format::bytes(kind.bytes));
        line("", format!("{:<14}{things:>12}{bytes:>12}", kind.name()))?;
    }
    Ok(())
}

/// How many things there are of all kinds, and their bytes.
fn totals(kinds: &[KindSummary]) -> (u64, u64) {
    kinds.iter().fold((0, 0), |(things, bytes), kind| (things + kind.things, bytes + kind.bytes))
}

/// The same for programs. The names are a contract.
#[derive(Serialize)]
struct Told<'c> {
    core: &'c str,
    version: u32,
    architecture: &'static str,
    file_bytes: u64,
    /// A file whose checksums are wrong is not told of but refused.
    checksums_right: bool,
    /// Unknown unless they were followed.
    references_right: Option<bool>,
    home: String,
    extents: Vec<[String; 2]>,
    pages: serde_json::Map<String, serde_json::Value>,
    things: u64,
    allocated_bytes: u64,
    live_bytes: u64,
    kinds: Vec<ToldKind>,
}

#[derive(Serialize)]
struct ToldKind {
    kind: &'static str,
    things: u64,
    bytes: u64,
}

impl<'c> Told<'c> {
    fn of(core: &Summary, name: &'c str, followed: bool) -> Self {
        let ends = |span: &Span| [span.start, span.end].map(|address| format!("{:#x}", address.get()));
        let (things, allocated_bytes) = totals(&core.kinds);
        let told = |kind: &KindSummary| ToldKind { kind: kind.name(), things: kind.things, bytes: kind.bytes };
        Self {
            core: name,
            version: core.version,
            architecture: core.architecture,
            file_bytes: core.file_bytes,
            checksums_right: true,
            references_right: followed.then_some(true),
            home: format!("{:#x}", core.home.get()),
            extents: core.extents.iter().map(ends).collect(),
            pages: json::pages_by_kind(&core.pages),
            things,
            allocated_bytes,
            live_bytes: core.live_bytes,
            kinds: core.kinds.iter().map(told).collect(),
        }
    }
}
