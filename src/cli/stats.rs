//! What `--stats` reports: the state of the heap as the program left it and after a final collection, and what the run
//! cost.

use std::time::Duration;

use heapatlas_arc::Runtime;
use heapatlas_heap::gc::GcStats;
use heapatlas_heap::{Balance, Heap};
use nix::sys::resource::{UsageWho, getrusage};
use procfs::process::Process;
use serde::{Deserialize, Serialize};

use super::arguments::StatsFormat;
use crate::export::json;
use crate::format;
use crate::map::balance::{Term, resident};
use crate::model::HeapModel;

/// The report. The names are a contract; see the README.
#[derive(Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) heap: String,
    /// After a final collection.
    #[serde(flatten)]
    pub(super) collected: State,
    /// As the program left it.
    pub(super) as_left: State,
    pub(super) allocated_bytes_total: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) allocations: Option<u64>,
    pub(super) process_resident_bytes: Option<u64>,
    pub(super) process_virtual_bytes: Option<u64>,
    pub(super) gc: GcReport,
    pub(super) wall_ms: f64,
    pub(super) user_ms: Option<f64>,
    forms: u64,
}

/// Where the bytes of the heap are at one moment, everything in it judged live or dead.
#[derive(Serialize, Deserialize)]
pub(super) struct State {
    pub(super) live_bytes: u64,
    allocated_bytes: u64,
    pub(super) committed_bytes: u64,
    mapped_bytes: u64,
    pub(super) resident_bytes: Option<u64>,
    pub(super) hole_bytes: u64,
    /// What of it lies in large pages.
    large_page_bytes: Option<u64>,
    balance: serde_json::Map<String, serde_json::Value>,
    /// The same terms, as far as they are in memory; they sum to what is resident.
    pub(super) resident_balance: Option<serde_json::Map<String, serde_json::Value>>,
    pages: serde_json::Map<String, serde_json::Value>,
    pub(super) free_runs: u64,
    longest_free_run_bytes: u64,
}

impl State {
    /// The state of a heap, and its balance.
    fn of(heap: &mut Heap) -> (Self, Balance) {
        heap.measure_residency();
        let mut model = HeapModel::default();
        model.apply(&heap.cut_frame(true));
        let counters = model.counters();
        let (mut free_runs, mut longest) = (0, 0);
        for (_, bytes) in heap.free_runs() {
            free_runs += 1;
            longest = longest.max(bytes as u64);
        }
        let state = Self {
            live_bytes: counters.balance.live,
            allocated_bytes: counters.allocated,
            committed_bytes: counters.committed,
            mapped_bytes: counters.committed,
            resident_bytes: counters.resident(),
            hole_bytes: counters.holes,
            large_page_bytes: heap.in_large_pages().map(|bytes| bytes as u64),
            balance: json::balance(&counters.balance),
            resident_balance: resident(model.pages()).as_ref().map(json::resident_balance),
            pages: json::pages_by_kind(&counters.pages),
            free_runs,
            longest_free_run_bytes: longest,
        };
        (state, counters.balance)
    }
}

/// What collections cost.
#[derive(Serialize, Deserialize)]
pub(super) struct GcReport {
    pub(super) cycles: u64,
    pub(super) pause_max_us: u64,
    pause_p99_us: u64,
    total_us: u64,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What the program's own collections cost; the final one, which is only for the report, is left out.
fn gc_report(stats: &GcStats) -> GcReport {
    GcReport {
        cycles: stats.cycles,
        pause_max_us: micros(stats.longest),
        pause_p99_us: micros(stats.percentile(0.99)),
        total_us: micros(stats.total),
    }
}

/// What the system says of this process.
#[derive(Default)]
struct ProcessNumbers {
    resident: Option<u64>,
    size: Option<u64>,
    user: Option<Duration>,
    wall: Option<Duration>,
}

fn process_numbers() -> ProcessNumbers {
    let Some((process, stat)) = Process::myself().ok().and_then(|p| p.stat().ok().map(|stat| (p, stat))) else {
        return ProcessNumbers::default();
    };
    let ticks = procfs::ticks_per_second() as f64;
    let page = procfs::page_size();
    let memory = process.statm().ok();
    let uptime = procfs::Uptime::current_or_none();
    let wall = uptime.map(|uptime| uptime.saturating_sub(Duration::from_secs_f64(stat.starttime as f64 / ticks)));
    ProcessNumbers {
        resident: memory.as_ref().map(|memory| memory.resident * page),
        size: memory.as_ref().map(|memory| memory.size * page),
        user: user_time(),
        wall,
    }
}

/// The time this process has spent in its own code, to the microsecond; `/proc` has it to ten milliseconds.
fn user_time() -> Option<Duration> {
    let time = getrusage(UsageWho::RUSAGE_SELF).ok()?.user_time();
    let (seconds, micros) = (u64::try_from(time.tv_sec()).ok()?, u64::try_from(time.tv_usec()).ok()?);
    Some(Duration::from_secs(seconds) + Duration::from_micros(micros))
}

/// The time since the machine started.
trait CurrentOrNone {
    fn current_or_none() -> Option<Duration>;
}

impl CurrentOrNone for procfs::Uptime {
    fn current_or_none() -> Option<Duration> {
        use procfs::Current;
        Self::current().ok().map(|uptime| uptime.uptime_duration())
    }
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

impl Report {
    /// Marks, collects and measures. The balance is that after the collection.
    pub(super) fn of(runtime: &mut Runtime) -> (Self, Balance) {
        let wall = runtime.heap().age();
        let process = process_numbers();
        let gc = gc_report(runtime.heap().gc_stats());
        let (allocated, allocations) = (runtime.heap().clock(), runtime.heap().blocks());
        runtime.mark();
        let (as_left, _) = State::of(runtime.heap());
        runtime.collect();
        let (collected, balance) = State::of(runtime.heap());
        let report = Self {
            heap: runtime.heap().policy().to_string(),
            collected,
            as_left,
            allocated_bytes_total: allocated,
            allocations,
            process_resident_bytes: process.resident,
            process_virtual_bytes: process.size,
            gc,
            wall_ms: milliseconds(process.wall.unwrap_or(wall).max(wall)),
            user_ms: process.user.map(milliseconds),
            forms: runtime.forms(),
        };
        (report, balance)
    }
}

/// Measures and reports to standard error.
pub(super) fn report(runtime: &mut Runtime, format: StatsFormat) {
    let (report, balance) = Report::of(runtime);
    match format {
        StatsFormat::Json => print_json(&report),
        StatsFormat::Text => print_text(&report, &balance),
    }
}

#[allow(clippy::print_stderr, reason = "statistics go to standard error, so that output stays the program's")]
fn print_json(report: &Report) {
    // Numbers and strings always serialise.
    eprintln!("{}", serde_json::to_string(report).unwrap_or_default());
}

#[allow(clippy::print_stderr, reason = "statistics go to standard error, so that output stays the program's")]
fn print_text(report: &Report, balance: &Balance) {
    let line = |name: &str, value: String| eprintln!("{name:<14} {value:>12}");
    line("live", format::bytes(report.collected.live_bytes));
    line("resident", format::maybe_bytes(report.collected.resident_bytes));
    line("committed", format::bytes(report.collected.committed_bytes));
    line("holes", format::bytes(report.collected.hole_bytes));
    line("large pages", format::maybe_bytes(report.collected.large_page_bytes));
    line("clock", format::bytes(report.allocated_bytes_total));
    for term in Term::ALL {
        let sign = if term == Term::NotResident { "−" } else { "+" };
        line(&format!("  {sign} {}", term.name()), format::maybe_bytes(term.of(balance)));
    }
    line("collections", format::count(report.gc.cycles));
    line("longest pause", format::time(Duration::from_micros(report.gc.pause_max_us)));
    line("collecting", format::time(Duration::from_micros(report.gc.total_us)));
    line("process", format::maybe_bytes(report.process_resident_bytes));
    line("wall", format::time(Duration::from_secs_f64(report.wall_ms / 1e3)));
    line("user", report.user_ms.map_or_else(String::new, |ms| format::time(Duration::from_secs_f64(ms / 1e3))));
    line("forms", format::count(report.forms));
}
