//! Recordings to test with.

use std::io;

use heapatlas::model::HeapModel;
use heapatlas::recording::description::Description;
use heapatlas::recording::encode::Encoder;
use heapatlas::recording::reader::Recording;
use heapatlas::recording::writer::Writer;
use heapatlas::source::program::{Base, Program};
use heapatlas_arc::host::NoHost;
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::PageEntry;
use heapatlas_heap::frame::Frame;
use heapatlas_heap::terms::Address;

/// A runtime that prints nothing.
pub(crate) fn runtime(program: &Program) -> Runtime {
    let streams = Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
    let mut runtime = program.runtime(streams, Box::new(NoHost)).expect("a runtime");
    program.load_base(&mut runtime).expect("the library");
    runtime
}

/// The bytes of a recording of these frames.
pub(crate) fn bytes(frames: &[Frame]) -> Vec<u8> {
    let policy = frames.first().map(|frame| frame.counters.policy).unwrap_or_default();
    let mut writer = Writer::new(Vec::new(), &Description::new("test.arc", &policy)).expect("room");
    let mut encoder = Encoder::default();
    for frame in frames {
        if let Some(chunk) = encoder.push(frame) {
            writer.write(&chunk).expect("room");
        }
    }
    if let Some(chunk) = encoder.flush() {
        writer.write(&chunk).expect("room");
    }
    writer.finish().expect("room")
}

/// The frames of a small program without a library: key frames and changes, several chunks.
pub(crate) fn small() -> Vec<Frame> {
    let program = Program { base: Base::None, ..Program::default() };
    let mut runtime = runtime(&program);
    let mut frames = vec![runtime.heap().cut_frame(true)];
    for round in 0..9 {
        runtime.evaluate("((fn (x) (cons x x)) (cons 1 2))", "statement").expect("a value");
        frames.push(runtime.heap().cut_frame(round % 4 == 3));
    }
    runtime.collect();
    frames.push(runtime.heap().cut_frame(true));
    runtime.release();
    frames
}

/// Every page of a model.
pub(crate) fn table(model: &HeapModel) -> Vec<(Address, PageEntry)> {
    model.pages().iter().map(|page| (page.address, page.entry)).collect()
}

/// A recording of these bytes.
pub(crate) fn open(bytes: &[u8]) -> Recording {
    Recording::of(Box::new(bytes.to_vec())).expect("a recording")
}
