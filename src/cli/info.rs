//! `heapatlas info`: what a recording holds, at a glance.

use std::io::{self, Write};

use super::arguments::InfoOptions;
use super::exit::Ending;
use super::recorded;
use crate::format;
use crate::model::HeapModel;
use crate::recording::reader::{At, Recording};

/// Tells what a recording holds.
pub(super) fn info(options: &InfoOptions) -> Ending {
    match recorded::open(&options.path) {
        Ok(recording) => tell(&recording, options).unwrap_or_else(|ending| ending),
        Err(ending) => ending,
    }
}

fn tell(recording: &Recording, options: &InfoOptions) -> Result<Ending, Ending> {
    let mut model = HeapModel::default();
    let end = recorded::replay(recording, &options.path, At::End, &mut model)?;
    let loss = if options.check { recording.each(&mut |_frame| {}) } else { end };
    recorded::tell_loss(&options.path, loss);
    let name = recorded::name(recording, &options.path);
    Ok(recorded::show(|out| write(out, recording, &model, &name)))
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

/// How many there are of something, in words.
fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", format::count(number), if number == 1 { "" } else { "s" })
}
