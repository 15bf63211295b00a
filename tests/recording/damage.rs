//! Truncated and corrupted files: never a panic, and what can be read is read.

use heapatlas::model::HeapModel;
use heapatlas::recording::RecordingError;
use heapatlas::recording::format::Packing;
use heapatlas::recording::reader::{At, Recording};
use heapatlas_heap::frame::Frame;

use super::forged::{TRUE, forged, frame};
use super::written::{bytes, open, small, table};

/// Reads whatever can be read, and shows it; gives the numbers of the frames.
fn read(bytes: &[u8]) -> Result<Vec<u64>, RecordingError> {
    let recording = Recording::of(Box::new(bytes.to_vec()))?;
    let mut model = HeapModel::default();
    let mut read = Vec::new();
    let loss = recording.each(&mut |frame| {
        model.apply(frame);
        read.push(frame.sequence);
    });
    if !loss.is_none() {
        assert!(!loss.to_string().is_empty() && !loss.to_string().contains('\n'), "{loss:?}");
    }
    Ok(read)
}

/// Looks for moments, of which each is there or is not.
fn seek(bytes: &[u8]) {
    let Ok(recording) = Recording::of(Box::new(bytes.to_vec())) else { return };
    for at in [At::End, At::Cycle(1), At::Form(1), At::Clock(1 << 14)] {
        let mut model = HeapModel::default();
        let apply = &mut |frame: &Frame| {
            model.apply(frame);
        };
        let found = recording.replay(at, apply).is_ok();
        assert_eq!(found, model.sequence() > 0);
    }
}

#[test]
fn a_recording_that_ends_anywhere_is_read_up_to_there() {
    let frames = small();
    let bytes = bytes(&frames);
    let whole = read(&bytes).expect("a recording");
    assert_eq!(whole.len(), frames.len());
    let mut before = 0;
    for length in 0..bytes.len() {
        if length % 8 == 0 {
            seek(&bytes[..length]);
        }
        match read(&bytes[..length]) {
            Ok(read) => {
                assert_eq!(read, whole[..read.len()], "cut off after {length} bytes");
                assert!(read.len() >= before, "more bytes, fewer frames: {length}");
                before = read.len();
            }
            Err(why) => assert_eq!(before, 0, "{length}: {why}"),
        }
    }
    assert_eq!(before, whole.len(), "the index can do without its tail");
}

#[test]
fn everything_but_the_last_chunk_is_there_without_an_index() {
    let frames = small();
    let bytes = bytes(&frames);
    let recording = open(&bytes);
    let last_key = recording.index().keys.last().expect("key frames").offset as usize;
    // In the middle of the last chunk with frames.
    let cut = open(&bytes[..last_key + 100]);
    assert!(!cut.is_finished() && recording.is_finished());
    assert_eq!(cut.index().keys, recording.index().keys[..recording.index().keys.len() - 1]);
    assert_eq!(cut.loss().to_string(), "the last chunk was never finished (100 B)");
    let last = frames[frames.len() - 2].sequence;
    assert_eq!(cut.index().last.sequence, last);
}

#[test]
fn ten_thousand_corruptions_do_no_harm() {
    let bytes = bytes(&small());
    let whole = read(&bytes).expect("a recording");
    let mut random = fastrand::Rng::with_seed(7);
    let (mut same, mut fewer, mut unreadable) = (0, 0, 0);
    for round in 0..10_000 {
        let mut damaged = bytes.clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..damaged.len());
            match random.u8(..4) {
                0 => damaged[at] ^= 1 << random.u8(..8),
                1 => damaged[at] = random.u8(..),
                2 => drop(damaged.drain(at..(at + random.usize(..40)).min(bytes.len()).min(damaged.len()))),
                _ => damaged.splice(at..at, std::iter::repeat_with(|| random.u8(..)).take(9)).for_each(drop),
            }
        }
        if round % 16 == 0 {
            seek(&damaged);
        }
        match read(&damaged) {
            // What is read is what was written, in its order.
            Ok(read) => {
                assert!(read.is_sorted() && read.iter().all(|sequence| whole.contains(sequence)), "{read:?}");
                if read.len() == whole.len() { same += 1 } else { fewer += 1 }
            }
            Err(_why) => unreadable += 1,
        }
    }
    assert!(fewer > 5_000 && same > 100 && unreadable < 3_000, "{same} {fewer} {unreadable}");
}

#[test]
fn damage_costs_the_frames_up_to_the_next_key_frame_and_is_told() {
    let frames = small();
    let mut bytes = bytes(&frames);
    let recording = open(&bytes);
    let second = recording.index().keys[1];
    bytes[second.offset as usize + 80] ^= 1;
    let damaged = open(&bytes);
    let mut read = Vec::new();
    let loss = damaged.each(&mut |frame| read.push(frame.sequence));
    let third = recording.index().keys[2];
    let lost = third.first.sequence - second.first.sequence;
    assert_eq!(read.len() as u64, frames.len() as u64 - lost);
    assert_eq!((loss.stretches, loss.frames), (1, lost));
    let sentence = format!("in one place are damaged and left out; {lost} frames are missing");
    assert!(loss.to_string().ends_with(&sentence), "{loss}");
    // A moment whose key frame is damaged is shown as it was last known.
    let mut model = HeapModel::default();
    let apply = &mut |frame: &Frame| {
        model.apply(frame);
    };
    let loss = damaged.replay(At::Clock(second.first.clock), apply).expect("an earlier key frame");
    assert_eq!((model.sequence() + 1, loss.stretches), (second.first.sequence, 1));
}

#[test]
fn what_is_no_recording_is_said() {
    let why = |bytes: &[u8]| Recording::of(Box::new(bytes.to_vec())).expect_err("none").to_string();
    assert_eq!(why(b""), "nothing in it: the file ends within its head");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new.atlas");
    std::fs::write(&path, b"").expect("a file");
    assert_eq!(Recording::open(&path).expect_err("none").to_string(), why(b""), "in a file, too");
    // Whoever sends something else may never stop.
    let endless = Recording::read(std::io::repeat(b'y')).expect_err("none").to_string();
    assert_eq!(endless, why(b"yyyyyyyy"));
    assert_eq!(why(b"(prn 1)\n"), "not a recording: it does not begin with the mark of .atlas files");
    assert_eq!(why(b"\x89ATL"), "nothing in it: the file ends within its head");
    let bytes = bytes(&small());
    let mut future = bytes.clone();
    future[8] = 2;
    assert_eq!(why(&future), "version 2.0 of the format; this program reads version 1");
    // Additions are left out.
    let mut later = bytes.clone();
    later[10] = 9;
    assert!(read(&later).is_ok());
    // Without its description it is read as if this program had written it.
    let mut undescribed = bytes;
    undescribed[30] ^= 1;
    let recording = open(&undescribed);
    assert!(recording.description().is_none() && recording.loss().to_string().contains("description"));
}

#[test]
fn a_well_formed_frame_of_nothing_is_read() {
    let recording = open(&forged(&frame(&[1, 20, 1, 0, 0, 0, 0]), Packing::None, TRUE));
    let mut frames: Vec<Frame> = Vec::new();
    assert!(recording.each(&mut |frame| frames.push(frame.clone())).is_none());
    assert_eq!(frames.len(), 1);
    let mut model = HeapModel::default();
    model.apply(&frames[0]);
    assert_eq!(table(&model).len(), 1);
}
