//! A trace as Chrome has it: JSON, times in microseconds.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::{COUNTERS, Run, Track};
use crate::export::Title;

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

/// Writes the trace of a run.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, run: &Run, title: &Title) -> io::Result<()> {
    let mut separator = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
    let mut put = |event: &Value| -> io::Result<()> {
        out.write_all(std::mem::replace(&mut separator, ",\n").as_bytes())?;
        serde_json::to_writer(&mut *out, event).map_err(io::Error::from)
    };
    put(&json!({ "ph": "M", "name": "process_name", "pid": 1, "args": { "name": title.program } }))?;
    for (thread, track) in Track::ALL.into_iter().enumerate() {
        put(&json!({ "ph": "M", "name": "thread_name", "pid": 1, "tid": thread, "args": { "name": track.name() } }))?;
    }
    for sample in &run.samples {
        for ((name, _), value) in COUNTERS.iter().zip(sample.values) {
            if let Some(bytes) = value {
                let ts = micros(sample.wall);
                put(&json!({ "ph": "C", "name": name, "pid": 1, "ts": ts, "args": { "bytes": bytes } }))?;
            }
        }
    }
    for slice in &run.slices {
        let mut event = json!({
            "ph": "X",
            "name": slice.name,
            "pid": 1,
            "tid": slice.track as usize,
            "ts": micros(slice.begin),
            "dur": micros(slice.end.saturating_sub(slice.begin)),
            "args": { "detail": slice.detail },
        });
        if let Some(bytes) = slice.allocated {
            event["args"]["allocated"] = bytes.into();
        }
        put(&event)?;
    }
    writeln!(out, "\n]}}")
}
