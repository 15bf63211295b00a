//! What the heap tells Arc about itself.

use heapatlas_heap::frame::Counters;
use heapatlas_heap::object::ObjectFlags;
use heapatlas_heap::terms::GRANULE;
use heapatlas_heap::{PageEntry, Unpacked, Value};

use super::Arguments;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::tables;
use crate::world::World;

fn number(count: u64) -> Value {
    i64::try_from(count).ok().and_then(Value::fixnum).unwrap_or_default()
}

fn maybe_number(count: Option<u64>) -> Value {
    count.map_or(Value::NIL, number)
}

/// A table with symbols as keys.
fn table_of(world: &mut World, entries: &[(&str, Value)]) -> Outcome<Value> {
    let table = tables::make(world)?;
    if let Some(object) = tables::as_table(&world.heap, table) {
        for (name, value) in entries {
            let key = world.symbols.intern_str(&mut world.heap, name)?;
            tables::set(world, object, key, *value)?;
        }
    }
    Ok(table)
}

/// Bytes in use: what was allocated and not found dead yet.
pub(super) fn memory(world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(number(world.heap.counters().allocated))
}

/// The counters and the terms of the balance, in bytes; nil for what was not measured.
pub(super) fn heap_stats(world: &mut World, _args: Arguments) -> Outcome<Value> {
    world.heap.measure_residency();
    let Counters { clock, committed, span, holes, allocated, balance, limit, cycles, gc_time, .. } =
        world.heap.counters();
    let microseconds = |time: std::time::Duration| number(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    let longest = world.heap.gc_stats().longest;
    table_of(
        world,
        &[
            ("clock", number(clock)),
            ("committed", number(committed)),
            ("resident", maybe_number(balance.resident())),
            ("allocated", number(allocated)),
            ("live", number(balance.live)),
            ("overhead", number(balance.overhead)),
            ("unjudged", number(balance.unjudged)),
            ("dead", number(balance.dead)),
            ("free-runs", number(balance.free_runs)),
            ("free-pages", number(balance.free_pages)),
            ("tables", number(balance.tables)),
            ("reserve", number(balance.reserve)),
            ("not-resident", maybe_number(balance.not_resident)),
            ("span", number(span)),
            ("holes", number(holes)),
            ("limit", maybe_number(limit)),
            ("cycles", number(cycles)),
            ("gc-microseconds", microseconds(gc_time)),
            ("longest-pause-microseconds", microseconds(longest)),
        ],
    )
}

/// The row of the page table for the page in which an object lies, or begins; nil for what lies in no page.
pub(super) fn heap_page(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let address = match value.unpack() {
        Unpacked::Cell(cell) => cell.address(),
        Unpacked::Object(object) => object.address(),
        _ => return Ok(Value::NIL),
    };
    let pinned = value.as_object().is_some_and(|object| world.heap.header(object).flags().has(ObjectFlags::PINNED));
    world.heap.measure_residency();
    let Some((page, entry)) = world.heap.page_at(address) else { return Ok(Value::NIL) };
    let kind = world.symbols.intern_str(&mut world.heap, &entry.kind().name().replace(' ', "-"))?;
    let bytes = |granules: usize| number((granules * GRANULE) as u64);
    let PageFacts { live, overhead, unjudged, dead, free } = PageFacts::of(entry);
    table_of(
        world,
        &[
            ("address", number(page.get() as u64)),
            ("kind", kind),
            ("used", bytes(entry.used())),
            ("live", live),
            ("overhead", overhead),
            ("unjudged", unjudged),
            ("dead", dead),
            ("free", free),
            ("free-runs", number(entry.free_runs() as u64)),
            ("longest-free", bytes(entry.longest_free())),
            ("resident", entry.resident().map_or(Value::NIL, Value::truth)),
            ("birth", number(entry.birth())),
            ("pinned", Value::truth(pinned)),
        ],
    )
}

/// The terms of the balance of a used page.
struct PageFacts {
    live: Value,
    overhead: Value,
    unjudged: Value,
    dead: Value,
    free: Value,
}

impl PageFacts {
    fn of(entry: PageEntry) -> Self {
        let balance = entry.balance();
        let bytes = |count: usize| number(count as u64);
        Self {
            live: bytes(balance.live),
            overhead: bytes(balance.overhead),
            unjudged: bytes(balance.unjudged),
            dead: bytes(balance.dead),
            free: bytes(balance.free_runs),
        }
    }
}

/// The soft limit in bytes; nil for none.
pub(super) fn heap_limit(world: &mut World, _args: Arguments) -> Outcome<Value> {
    Ok(maybe_number(world.heap.limit().map(|bytes| bytes as u64)))
}

/// Bytes that a heap needs at least.
const LEAST_LIMIT: i64 = 1 << 20;

/// Sets the soft limit, or lifts it.
pub(super) fn set_heap_limit(world: &mut World, args: Arguments) -> Outcome<Value> {
    let value = args.get(world, 0);
    let limit = match value.as_fixnum() {
        _ if value.is_nil() => None,
        Some(bytes) if bytes >= LEAST_LIMIT => usize::try_from(bytes).ok(),
        Some(bytes) => {
            let message = format!("a heap needs a limit of at least {LEAST_LIMIT} bytes, not {bytes}");
            return Err(Fault::failure(FailureKind::Type, message));
        }
        None => return Err(world.wrong_type("heap-limit", "a number of bytes, or nil", value)),
    };
    world.heap.set_limit(limit);
    Ok(value)
}
