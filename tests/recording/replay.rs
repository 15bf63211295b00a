//! What was recorded comes back exactly, at every moment.

use heapatlas::model::{Applied, HeapModel};
use heapatlas::recording::reader::At;
use heapatlas::source::program::Program;
use heapatlas_heap::frame::Frame;
use heapatlas_heap::{Placement, Policy};
use proptest::prelude::*;

use super::programs::{SETUP, statement};
use super::written::{bytes, open, runtime, small, table};

/// Runs statements under a policy, and gives the frames: changes after each, and at times a key frame right after them,
/// which says what a snapshot at that moment says.
fn frames_of(statements: &[String], placement: Placement) -> Result<Vec<Frame>, TestCaseError> {
    let program = Program { policy: Policy::of(placement), soft_limit: Some(256 << 20), ..Program::default() };
    let mut runtime = runtime(&program);
    runtime.evaluate(SETUP, "setup").expect("variables");
    let mut frames = vec![runtime.heap().cut_frame(true)];
    for (number, statement) in statements.iter().enumerate() {
        let result = runtime.evaluate(statement, "statement");
        prop_assert!(result.is_ok(), "{statement}: {}", result.expect_err("an error"));
        runtime.heap().measure_residency();
        frames.push(runtime.heap().cut_frame(false));
        if number % 3 == 1 {
            frames.push(runtime.heap().cut_frame(true));
        }
        if number % 4 == 2 {
            runtime.collect();
            frames.push(runtime.heap().cut_frame(false));
        }
    }
    frames.push(runtime.heap().cut_frame(false));
    frames.push(runtime.heap().cut_frame(true));
    runtime.release();
    Ok(frames)
}

fn check(frames: &[Frame]) -> Result<(), TestCaseError> {
    let recording = open(&bytes(frames));
    // Changes alone, applied one after the other, lead to what every key frame says.
    let mut model = HeapModel::default();
    let mut cut = frames.iter();
    let mut wrong = None;
    let loss = recording.each(&mut |frame| {
        let original = cut.next().expect("no more frames than were cut");
        let expected = Frame { sequence: frame.sequence, ..original.clone() };
        if format!("{frame:?}") != format!("{expected:?}") || frame.sequence != original.sequence {
            wrong.get_or_insert(format!("frame {} is another", original.sequence));
        }
        let mut snapshot = HeapModel::default();
        if frame.key {
            assert_eq!(snapshot.apply(original), Applied::UpToDate);
        }
        if frame.key && model.sequence() > 0 && table(&snapshot) != table(&model) {
            wrong.get_or_insert(format!("the pages at frame {} are others", frame.sequence));
        }
        assert_eq!(model.apply(frame), Applied::UpToDate);
    });
    prop_assert_eq!(wrong, None);
    prop_assert!(loss.is_none() && cut.next().is_none(), "{}", loss);
    // Seeking to a moment gives what going there from the beginning gives.
    let mut whole = HeapModel::default();
    for (number, frame) in frames.iter().enumerate() {
        whole.apply(frame);
        let clock = frame.counters.clock;
        let is_last_at = frames.get(number + 1).is_none_or(|next| next.counters.clock > clock);
        if is_last_at {
            let mut sought = HeapModel::default();
            let found = recording.replay(At::Clock(clock), &mut |frame| {
                sought.apply(frame);
            });
            prop_assert!(found.is_ok());
            prop_assert_eq!(sought.sequence(), frame.sequence);
            prop_assert_eq!(table(&sought), table(&whole));
            prop_assert_eq!(sought.counters(), whole.counters());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_replay_is_at_every_key_frame_what_a_snapshot_was(
        statements in prop::collection::vec(statement(), 1..10),
        placement in prop::sample::select(&Placement::ALL[..]),
    ) {
        check(&frames_of(&statements, placement)?)?;
    }
}

#[test]
fn moments_are_found_by_clock_collection_and_form() {
    let frames = small();
    let recording = open(&bytes(&frames));
    let reached = |at| {
        let mut reached = None;
        let loss = recording.replay(at, &mut |frame| reached = Some(frame.sequence)).map_err(|why| why.to_string())?;
        assert!(loss.is_none());
        Ok::<_, String>(reached)
    };
    let last = frames.last().expect("frames");
    let sequence =
        |holds: &dyn Fn(&Frame) -> bool| frames.iter().find(|frame| holds(frame)).map(|frame| frame.sequence);
    assert_eq!(reached(At::End), Ok(Some(last.sequence)));
    assert_eq!(reached(At::Cycle(1)), Ok(sequence(&|frame| frame.counters.cycles >= 1)));
    let clock = frames[7].counters.clock;
    assert_eq!(reached(At::Clock(clock)), Ok(Some(frames[7].sequence)));
    assert_eq!(reached(At::Clock(clock - 1)), Ok(Some(frames[6].sequence)));
    assert_eq!(reached(At::Cycle(99)), Err("gc:99 is not in the recording: it has 1 collections".to_owned()));
    assert!(reached(At::Clock(1 << 40)).is_err_and(|why| why.contains("it ends at")));
    assert!(reached(At::Clock(1)).is_err_and(|why| why.contains("it begins at")));
}

#[test]
fn a_moment_is_written_as_people_write_it() {
    for (text, at) in [("end", At::End), ("12K", At::Clock(12 << 10)), ("gc:7", At::Cycle(7)), ("form:9", At::Form(9))]
    {
        assert_eq!(text.parse(), Ok(at));
    }
    for text in ["", "gc:", "gc:x", "page:3", "noon"] {
        let why = text.parse::<At>().expect_err("no moment");
        assert!(why.contains("no number behind the colon") == text.starts_with("gc:"), "{why}");
    }
}
