//! Events to bytes and back.

use std::sync::Arc;

use heapatlas_heap::frame::Event;
use heapatlas_heap::terms::{Address, GcCause, PoolKind, Span};

use super::counters::phase;
use super::varint::{self, Bytes, Nonsense};

/// The events by name, in the order of their numbers. What each holds is in the specification.
pub const EVENTS: [&str; 9] = [
    "extent_mapped",
    "extent_unmapped",
    "pool_taken",
    "pool_freed",
    "large_freed",
    "gc_phase",
    "limit_hit",
    "form_begin",
    "form_end",
];

const POOLS: [PoolKind; 3] = [PoolKind::Cells, PoolKind::Objects, PoolKind::Mixed];

const CAUSES: [GcCause; 5] =
    [GcCause::Allocation, GcCause::Limit, GcCause::Asked, GcCause::Stress, GcCause::Compaction];

/// No address of a heap is higher.
pub(super) const HIGHEST: u64 = 1 << 56;

/// Puts an event: its number, then what it holds.
pub fn put(out: &mut Vec<u8>, event: &Event) {
    let mut put_all = |numbers: &[u64]| numbers.iter().for_each(|number| varint::put(out, *number));
    match event {
        Event::ExtentMapped { span } => put_all(&[0, span.start.get() as u64, (span.end - span.start) as u64]),
        Event::ExtentUnmapped { span } => put_all(&[1, span.start.get() as u64, (span.end - span.start) as u64]),
        Event::PoolTaken { start, kind } => {
            let kind = POOLS.iter().position(|pool| pool == kind).unwrap_or(0);
            put_all(&[2, start.get() as u64, kind as u64]);
        }
        Event::PoolFreed { start } => put_all(&[3, start.get() as u64]),
        Event::LargeFreed { start, bytes } => put_all(&[4, start.get() as u64, *bytes as u64]),
        Event::GcPhase { phase, cause } => put_all(&[5, *phase as u64, *cause as u64]),
        Event::LimitHit { request, by_system } => put_all(&[6, *request as u64, u64::from(*by_system)]),
        Event::FormBegin { file, line, text } => {
            put_all(&[7, u64::from(*line)]);
            varint::put_text(out, file);
            varint::put_text(out, text);
        }
        Event::FormEnd { allocated } => put_all(&[8, *allocated]),
    }
}

fn address(bytes: &mut Bytes<'_>) -> Result<Address, Nonsense> {
    let number = bytes.number()?;
    if number > HIGHEST { Err(Nonsense) } else { Ok(Address::new(number as usize)) }
}

fn size(bytes: &mut Bytes<'_>) -> Result<usize, Nonsense> {
    let number = bytes.number()?;
    if number > HIGHEST { Err(Nonsense) } else { Ok(number as usize) }
}

fn span(bytes: &mut Bytes<'_>) -> Result<Span, Nonsense> {
    let start = address(bytes)?;
    Ok(start..start + size(bytes)?)
}

/// One of several, by its number.
fn one_of<T: Copy>(all: &[T], bytes: &mut Bytes<'_>) -> Result<T, Nonsense> {
    let number = usize::try_from(bytes.number()?).map_err(|_large| Nonsense)?;
    all.get(number).copied().ok_or(Nonsense)
}

/// What the event of a name holds; `None` for a name that is not known here.
///
/// # Errors
/// When that is nonsense.
pub fn event(name: &str, bytes: &mut Bytes<'_>) -> Result<Option<Event>, Nonsense> {
    let event = match name {
        "extent_mapped" => Event::ExtentMapped { span: span(bytes)? },
        "extent_unmapped" => Event::ExtentUnmapped { span: span(bytes)? },
        "pool_taken" => Event::PoolTaken { start: address(bytes)?, kind: one_of(&POOLS, bytes)? },
        "pool_freed" => Event::PoolFreed { start: address(bytes)? },
        "large_freed" => Event::LargeFreed { start: address(bytes)?, bytes: size(bytes)? },
        "gc_phase" => {
            let phase = phase(bytes.number()?).ok_or(Nonsense)?;
            Event::GcPhase { phase, cause: one_of(&CAUSES, bytes)? }
        }
        "limit_hit" => Event::LimitHit { request: size(bytes)?, by_system: bytes.number()? != 0 },
        "form_begin" => {
            let line = u32::try_from(bytes.number()?).map_err(|_large| Nonsense)?;
            Event::FormBegin { line, file: Arc::from(bytes.text()?), text: bytes.text()?.into() }
        }
        "form_end" => Event::FormEnd { allocated: bytes.number()? },
        _ => return Ok(None),
    };
    Ok(Some(event))
}
