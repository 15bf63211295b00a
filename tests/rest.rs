//! A viewer that comes late still sees where a program has come to: what found no room on the way to it is sent as soon as
//! there is some.

use std::thread;
use std::time::{Duration, Instant};

use heapatlas::command::Speed;
use heapatlas::model::HeapModel;
use heapatlas::source::embedded::{Beginning, Embedded};
use heapatlas::source::program::{Base, Program};
use heapatlas::source::{Message, Source};

/// Nothing that is waited for here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that the program allocates at least: many more frames than there is room for.
const ALLOCATED: u64 = 2_000_000 * 16;

#[test]
fn the_end_of_a_program_is_shown_to_a_viewer_that_was_busy() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = folder.path().join("done");
    let program = Program {
        base: Base::BuiltIn,
        expressions: vec![
            "(= n 0 all nil)".to_owned(),
            "(while (< n 2000000) (= all (cons n all)) (= n (+ n 1)))".to_owned(),
            format!("(close (outfile {:?}))", done.display().to_string()),
        ],
        ..Program::default()
    };
    let beginning = Beginning { program, speed: Speed::Full, paused: false, asks: false };
    let mut source = Embedded::start(beginning, Box::new(|| {})).expect("a thread");
    let began = Instant::now();
    while !done.exists() {
        assert!(began.elapsed() < PATIENCE, "the program does not end");
        thread::sleep(Duration::from_millis(20));
    }
    // Now it is over, or about to be, with no room for a frame.
    thread::sleep(Duration::from_millis(300));
    let mut model = HeapModel::default();
    while model.counters().clock < ALLOCATED {
        assert!(began.elapsed() < PATIENCE, "shown is what was at {} bytes", model.counters().clock);
        match source.next() {
            Some(Message::Frame(frame)) => {
                model.apply(&frame);
            }
            Some(_) => {}
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}
