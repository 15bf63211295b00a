//! What a recording holds: of which program, how long it is, and the heap at its end.

use std::io::{self, Write};

use serde::Serialize;

use super::{InfoOptions, counted, write_json};
use crate::cli::exit::Ending;
use crate::cli::recorded;
use crate::format;
use crate::model::HeapModel;
use crate::recording::reader::{At, Recording};

/// Tells what a recording holds.
pub(super) fn tell(options: &InfoOptions) -> Result<Ending, Ending> {
    let recording = recorded::open(&options.path)?;
    let mut model = HeapModel::default();
    let end = recorded::replay(&recording, &options.path, At::End, &mut model)?;
    let loss = if options.check { recording.each(&mut |_frame| {}) } else { end };
    recorded::tell_loss(&options.path, loss);
    let name = recorded::name(&recording, &options.path);
    Ok(recorded::show(|out| match options.json {
        true => write_json(out, &Told::of(&recording, &model, &name)),
        false => write(out, &recording, &model, &name),
    }))
}

fn write(out: &mut dyn Write, recording: &Recording, model: &HeapModel, name: &str) -> io::Result<()> {
    let mut line = |name: &str, value: String| writeln!(out, "{name:<12}{value}");
    line("program", name.to_owned())?;
    if let Some(description) = recording.description() {
        let machine = &description.machine;
        if !machine.system.is_empty() {
            let processors = format::count(machine.processors as u64);
            line("machine", format!("{}, {processors} × {}", machine.system, machine.processor))?;
        }
        line("heap", description.policy.clone())?;
        line("written by", description.writer.clone())?;
        if let Some(occasion) = &description.occasion {
            line("because", occasion.what.clone())?;
        }
    }
    let (index, counters) = (recording.index(), model.counters());
    let (last, keys) = (&index.last, index.keys.len() as u64);
    line("length", format!("{}, {} on the clock", format::time(last.wall), format::bytes(last.clock)))?;
    line("holds", format!("{}, {}", counted(last.cycles, "collection"), counted(last.forms, "form")))?;
    line("size", format!("{}, {}", format::bytes(recording.bytes()), counted(keys, "key frame")))?;
    let state = if recording.is_finished() { "yes" } else { "no: it is still being written, or its writer was killed" };
    line("finished", state.to_owned())?;
    let (committed, live) = (format::bytes(counters.committed), format::bytes(counters.balance.live));
    let resident = format::maybe_bytes(counters.resident());
    line("at its end", format!("{committed} committed, {resident} resident, {live} live"))
}

/// The same for programs. The names are a contract.
#[derive(Serialize)]
struct Told<'r> {
    program: &'r str,
    heap: Option<&'r str>,
    written_by: Option<&'r str>,
    because: Option<&'r str>,
    wall_ms: f64,
    clock_bytes: u64,
    gc_cycles: u64,
    forms: u64,
    file_bytes: u64,
    key_frames: usize,
    finished: bool,
    committed_bytes: u64,
    resident_bytes: Option<u64>,
    live_bytes: u64,
}

impl<'r> Told<'r> {
    fn of(recording: &'r Recording, model: &HeapModel, name: &'r str) -> Self {
        let description = recording.description();
        let (index, counters) = (recording.index(), model.counters());
        Self {
            program: name,
            heap: description.map(|description| description.policy.as_str()),
            written_by: description.map(|description| description.writer.as_str()),
            because: description.and_then(|description| Some(description.occasion.as_ref()?.what.as_str())),
            wall_ms: index.last.wall.as_secs_f64() * 1e3,
            clock_bytes: index.last.clock,
            gc_cycles: index.last.cycles,
            forms: index.last.forms,
            file_bytes: recording.bytes(),
            key_frames: index.keys.len(),
            finished: recording.is_finished(),
            committed_bytes: counters.committed,
            resident_bytes: counters.resident(),
            live_bytes: counters.balance.live,
        }
    }
}
