//! Reads a trace that `heapatlas export -o FILE.pftrace` wrote with a decoder generated from the format's own definitions, and
//! says what is in it. Ends with an error when something in it is unknown to them, or more or less than they would write.
//!
//! ```text
//! cargo run --manifest-path tests/perfetto/Cargo.toml -- FILE.pftrace
//! ```

use std::collections::BTreeMap;
use std::error::Error;

use perfetto_protos::trace::Trace;
use perfetto_protos::trace_packet::TracePacket;
use perfetto_protos::trace_packet::trace_packet::Data;
use perfetto_protos::track_event::track_event::Type;
use protobuf::Message;

/// What a packet holds, in words; `None` when there is something in it that the definitions don't know.
fn kind_of(packet: &TracePacket) -> Option<&'static str> {
    let (kind, unknown) = match packet.data.as_ref()? {
        Data::TrackDescriptor(track) => ("tracks", track.unknown_fields()),
        Data::TrackEvent(event) => match event.type_() {
            Type::TYPE_COUNTER => ("counters", event.unknown_fields()),
            Type::TYPE_INSTANT => ("instants", event.unknown_fields()),
            Type::TYPE_SLICE_BEGIN => ("slices", event.unknown_fields()),
            Type::TYPE_SLICE_END => ("ends of slices", event.unknown_fields()),
            Type::TYPE_UNSPECIFIED => return None,
        },
        _ => return None,
    };
    let is_known = unknown.iter().next().is_none() && packet.unknown_fields().iter().next().is_none();
    is_known.then_some(kind)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which trace? name a file")?;
    let bytes = std::fs::read(&path)?;
    let trace = Trace::parse_from_bytes(&bytes)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for packet in &trace.packet {
        let kind = kind_of(packet).ok_or_else(|| format!("not known: {packet:?}"))?;
        *counts.entry(kind).or_default() += 1;
    }
    // In which order the fields of a packet are written is left open.
    let again = trace.write_to_bytes()?.len();
    if again != bytes.len() {
        return Err(format!("written again it has {again} bytes, not {}", bytes.len()).into());
    }
    println!("{} bytes, {} packets: {counts:?}", bytes.len(), trace.packet.len());
    Ok(())
}
