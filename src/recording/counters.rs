//! The counters of a frame by name, in the order in which they are stored.

use std::time::Duration;

use heapatlas_heap::frame::Counters;
use heapatlas_heap::terms::GcPhase;

use super::format::nanos;
use super::varint::Nonsense;

/// A counter: its name in the description of a stream, its unit, and where it is in [`Counters`]. `None` is unknown.
#[derive(Debug)]
pub struct Counter {
    /// What it is called.
    pub name: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// Its value.
    pub get: fn(&Counters) -> Option<u64>,
    /// Sets it.
    set: fn(&mut Counters, Option<u64>),
}

/// A counter that is always known.
macro_rules! known {
    ($name:literal, $unit:literal, $($place:ident).+) => {
        Counter {
            name: $name,
            unit: $unit,
            get: |counters| Some(counters.$($place).+),
            set: |counters, value| counters.$($place).+ = value.unwrap_or(0),
        }
    };
}

/// A counter that may be unknown.
macro_rules! optional {
    ($name:literal, $unit:literal, $($place:ident).+) => {
        Counter {
            name: $name,
            unit: $unit,
            get: |counters| counters.$($place).+,
            set: |counters, value| counters.$($place).+ = value,
        }
    };
}

/// Every counter but those of pages by kind.
pub const COUNTERS: [Counter; 20] = [
    known!("clock", "bytes", clock),
    known!("committed", "bytes", committed),
    known!("span", "bytes", span),
    known!("holes", "bytes", holes),
    known!("allocated", "bytes", allocated),
    known!("live", "bytes", balance.live),
    known!("unjudged", "bytes", balance.unjudged),
    known!("dead", "bytes", balance.dead),
    known!("overhead", "bytes", balance.overhead),
    known!("free_runs", "bytes", balance.free_runs),
    known!("free_pages", "bytes", balance.free_pages),
    known!("tables", "bytes", balance.tables),
    known!("reserve", "bytes", balance.reserve),
    optional!("not_resident", "bytes", balance.not_resident),
    optional!("limit", "bytes", limit),
    known!("cycles", "collections", cycles),
    Counter {
        name: "gc_time",
        unit: "nanoseconds",
        get: |counters| Some(nanos(counters.gc_time)),
        set: |counters, value| counters.gc_time = Duration::from_nanos(value.unwrap_or(0)),
    },
    Counter {
        name: "phase",
        unit: "phase",
        get: |counters| counters.phase.map(|phase| phase as u64),
        set: |counters, value| counters.phase = value.and_then(phase),
    },
    known!("diverted", "mappings", diverted),
    optional!("measured", "bytes", measured),
];

/// Larger numbers of bytes are nonsense, and sums of a few can't overflow.
const MOST: u64 = 1 << 56;

/// The phase with a number.
pub(super) fn phase(number: u64) -> Option<GcPhase> {
    GcPhase::ALL.into_iter().find(|phase| *phase as u64 == number)
}

impl Counter {
    /// Sets the counter.
    ///
    /// # Errors
    /// When the value is larger than makes sense.
    pub fn enter(&self, counters: &mut Counters, value: Option<u64>) -> Result<(), Nonsense> {
        if self.unit == "bytes" && value.is_some_and(|value| value > MOST) {
            return Err(Nonsense);
        }
        (self.set)(counters, value);
        Ok(())
    }
}

/// Whether the counters can be those of a heap: less is absent than is committed.
#[must_use]
pub fn make_sense(counters: &Counters) -> bool {
    let sum = counters.balance.committed();
    counters.balance.not_resident.is_none_or(|absent| absent <= sum)
}
