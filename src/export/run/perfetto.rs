//! A trace for ui.perfetto.dev: the few messages of Perfetto's protocol buffers that counters and slices need.
//!
//! A trace is a sequence of packets; a packet describes a track, or is an event on one. The numbers below are those of the
//! fields in Perfetto's `trace_packet.proto` and what that includes.

use std::io::{self, Write};
use std::time::Duration;

use super::{COUNTERS, Run, Slice, Track};
use crate::export::Title;
use crate::recording::varint::put;

/// Fields of a message, in the wire format.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    /// A field that is a number.
    fn number(mut self, field: u64, value: u64) -> Self {
        put(&mut self.0, field << 3);
        put(&mut self.0, value);
        self
    }

    /// A field that is bytes: a text, or a message.
    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        put(&mut self.0, field << 3 | 2);
        put(&mut self.0, bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }
}

mod packet {
    pub(super) const IN_TRACE: u64 = 1;
    pub(super) const TIMESTAMP: u64 = 8;
    pub(super) const SEQUENCE: u64 = 10;
    pub(super) const TRACK_EVENT: u64 = 11;
    pub(super) const TRACK_DESCRIPTOR: u64 = 60;
}

mod descriptor {
    pub(super) const UUID: u64 = 1;
    pub(super) const NAME: u64 = 2;
    pub(super) const PROCESS: u64 = 3;
    pub(super) const PARENT: u64 = 5;
    pub(super) const COUNTER: u64 = 8;
    pub(super) const PROCESS_PID: u64 = 1;
    pub(super) const PROCESS_NAME: u64 = 6;
    pub(super) const COUNTER_UNIT: u64 = 3;
    pub(super) const UNIT_BYTES: u64 = 3;
}

mod event {
    pub(super) const ANNOTATION: u64 = 4;
    pub(super) const TYPE: u64 = 9;
    pub(super) const TRACK: u64 = 11;
    pub(super) const NAME: u64 = 23;
    pub(super) const COUNTER_VALUE: u64 = 30;
    pub(super) const BEGIN: u64 = 1;
    pub(super) const END: u64 = 2;
    pub(super) const COUNTER: u64 = 4;
    pub(super) const ANNOTATION_NUMBER: u64 = 3;
    pub(super) const ANNOTATION_TEXT: u64 = 6;
    pub(super) const ANNOTATION_NAME: u64 = 10;
}

/// The track of the process; those of slices and of counters follow.
const PROCESS: u64 = 1;

const fn track(track: Track) -> u64 {
    PROCESS + 1 + track as u64
}

const fn counter(index: usize) -> u64 {
    PROCESS + 1 + Track::ALL.len() as u64 + index as u64
}

/// Writes the trace of a run.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, run: &Run, title: &Title) -> io::Result<()> {
    describe(out, title)?;
    // Events in the order of time; at the same time ends before beginnings, and of those the outer first.
    let mut events: Vec<(Duration, u8, usize, Message)> = Vec::new();
    for slice in &run.slices {
        let ends_at = slice.end.max(slice.begin);
        // What took no time ends after it began.
        let order = if ends_at == slice.begin { 2 } else { 0 };
        events.push((slice.begin, 1, slice.depth, begin(slice)));
        let end = Message::default().number(event::TYPE, event::END).number(event::TRACK, track(slice.track));
        events.push((ends_at, order, usize::MAX - slice.depth, end));
    }
    for sample in &run.samples {
        for (index, value) in sample.values.iter().enumerate() {
            if let Some(bytes) = value {
                let message = Message::default()
                    .number(event::TYPE, event::COUNTER)
                    .number(event::TRACK, counter(index))
                    .number(event::COUNTER_VALUE, *bytes);
                events.push((sample.wall, 1, 0, message));
            }
        }
    }
    events.sort_by_key(|(wall, order, depth, _)| (*wall, *order, *depth));
    for (wall, _, _, message) in &events {
        let nanos = u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX);
        let packet = Message::default().number(packet::TIMESTAMP, nanos).message(packet::TRACK_EVENT, message);
        put_packet(out, packet)?;
    }
    Ok(())
}

fn put_packet(out: &mut dyn Write, packet: Message) -> io::Result<()> {
    let packet = packet.number(packet::SEQUENCE, 1);
    out.write_all(&Message::default().message(packet::IN_TRACE, &packet).0)
}

/// Says what tracks there are.
fn describe(out: &mut dyn Write, title: &Title) -> io::Result<()> {
    let process = Message::default().number(descriptor::PROCESS_PID, 1).text(descriptor::PROCESS_NAME, &title.program);
    let of_process = Message::default().number(descriptor::UUID, PROCESS).message(descriptor::PROCESS, &process);
    put_packet(out, Message::default().message(packet::TRACK_DESCRIPTOR, &of_process))?;
    let named = |uuid, name| {
        Message::default()
            .number(descriptor::UUID, uuid)
            .number(descriptor::PARENT, PROCESS)
            .text(descriptor::NAME, name)
    };
    for kind in Track::ALL {
        put_packet(out, Message::default().message(packet::TRACK_DESCRIPTOR, &named(track(kind), kind.name())))?;
    }
    let unit = Message::default().number(descriptor::COUNTER_UNIT, descriptor::UNIT_BYTES);
    for (index, (name, _)) in COUNTERS.iter().enumerate() {
        let described = named(counter(index), name).message(descriptor::COUNTER, &unit);
        put_packet(out, Message::default().message(packet::TRACK_DESCRIPTOR, &described))?;
    }
    Ok(())
}

fn begin(slice: &Slice) -> Message {
    let named = |name| Message::default().text(event::ANNOTATION_NAME, name);
    let mut message = Message::default()
        .number(event::TYPE, event::BEGIN)
        .number(event::TRACK, track(slice.track))
        .text(event::NAME, &slice.name)
        .message(event::ANNOTATION, &named("detail").text(event::ANNOTATION_TEXT, &slice.detail));
    if let Some(bytes) = slice.allocated {
        message = message.message(event::ANNOTATION, &named("allocated bytes").number(event::ANNOTATION_NUMBER, bytes));
    }
    message
}
