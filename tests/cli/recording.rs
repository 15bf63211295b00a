//! `--record`, and opening what was recorded: from a file, from a pipe, after the program was killed, while it runs.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use heapatlas::model::chronicle::Chronicle;
use heapatlas::model::{Applied, HeapModel};
use heapatlas::recording::cursor::Loss;
use heapatlas::recording::reader::{At, Recording};
use heapatlas::source::recording::{Origin, Replay};
use heapatlas::source::{Message, Source, State};

use heapatlas_heap::frame::Event;
use heapatlas_heap::terms::PageKind;
use rustix::process::Signal;

use super::program::{Running, Scratch, command, finish, project, run, run_on, run_with_input};

/// Allocates for ever, and keeps a part of it.
const FOR_EVER: &str = "(= kept nil) (while t (= kept (firstn 2000 (cons (range 1 50) kept))))";

/// What a recording holds at a moment, and what of it is lost.
fn at(path: &Path, moment: At) -> (HeapModel, Loss) {
    let recording = Recording::open(path).expect("a recording");
    let mut model = HeapModel::default();
    let loss = recording.replay(moment, &mut |frame| {
        assert_eq!(model.apply(frame), Applied::UpToDate);
    });
    (model, loss.expect("the moment"))
}

#[test]
fn a_run_is_recorded_from_its_beginning_to_its_end() {
    let scratch = Scratch::new();
    let path = scratch.path("run.atlas");
    let mut command = command(["run", "--stats", "json", "--record"]);
    // A program that is over at once has few frames: they may cost it no more than a share of its time.
    command.arg(&path).arg(project("samples/churn.arc")).args(["-e", "(repeat 1000000 (range 1 10))"]);
    let ran = finish(command);
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    let stats: serde_json::Value = serde_json::from_str(&ran.errors).expect("statistics");
    let recording = Recording::open(&path).expect("a recording");
    assert!(recording.is_finished() && recording.loss().is_none());
    let description = recording.description().expect("a description");
    assert!(description.program.ends_with("samples/churn.arc") && description.policy == "pool");
    let (model, loss) = at(&path, At::End);
    assert!(loss.is_none());
    let counters = model.counters();
    assert_eq!(stats["as_left"]["committed_bytes"], counters.committed);
    assert_eq!(stats["allocated_bytes_total"], counters.clock);
    assert_eq!(stats["gc"]["cycles"], counters.cycles);
    let mut frames = 0;
    let (mut whole, mut chronicle) = (HeapModel::default(), Chronicle::default());
    let loss = recording.each(&mut |frame| {
        frames += 1;
        assert_eq!(whole.apply(frame), Applied::UpToDate);
        chronicle.see(frame);
        assert!(frame.events.is_sorted_by_key(|happening| happening.wall));
        assert!(frame.events.iter().all(|happening| happening.wall <= frame.wall));
    });
    assert!(loss.is_none() && frames > 10, "{frames} frames");
    assert_eq!(Some(chronicle.forms().count()), stats["forms"].as_u64());
}

#[test]
fn a_recording_goes_through_a_pipe_and_what_is_printed_beside_it() {
    let mut recorder = command(["run", "--record", "-", "-e", "(prn (len (range 1 20000)))"]);
    let ran = recorder.output().expect("a run");
    assert_eq!((ran.status.code(), ran.stderr.as_slice()), (Some(0), &b"20000\n"[..]));
    let mut viewer = command(["open", "-"]);
    let mut viewer = viewer.stdin(Stdio::piped()).spawn().expect("a viewer");
    let mut input = viewer.stdin.take().expect("its input");
    std::io::Write::write_all(&mut input, &ran.stdout).expect("a pipe");
    drop(input);
    let shown = viewer.wait_with_output().expect("its end");
    let (map, errors) = (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
    assert_eq!(shown.status.code(), Some(0), "{errors}");
    assert!(map.contains("committed ") && map.contains("\n0x"), "{map}");
    let mut whole = HeapModel::default();
    let recording = Recording::of(Box::new(ran.stdout)).expect("a recording");
    recording.each(&mut |frame| {
        whole.apply(frame);
    });
    let clock = heapatlas::format::bytes(whole.counters().clock);
    assert!(map.contains(&format!("{clock} on the clock")), "{map}");
}

#[test]
fn a_viewer_that_dies_does_not_hurt_the_program() {
    let mut recorder = command(["run", "--record", "-", "-e", "(repeat 300000 (range 1 10))", "-e", "(prn 'done)"]);
    let mut recorder = recorder.spawn().expect("a run");
    drop(recorder.stdout.take());
    let ran = recorder.wait_with_output().expect("its end");
    assert_eq!((ran.status.code(), ran.stderr.as_slice()), (Some(0), &b"done\n"[..]));
}

#[test]
fn a_recording_is_shown_in_the_terminal_where_there_is_no_display() {
    let scratch = Scratch::new();
    let path = scratch.path("grow.atlas");
    let mut recorder = command(["run", "--record"]);
    recorder.arg(&path).arg(project("samples/grow.arc"));
    finish(recorder).fine();
    let ran = run_on("open", &path);
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert!(ran.out.contains("large") && ran.out.contains("on the clock, form"), "{}", ran.out);
    // Without a command too.
    assert_eq!(run_on("--theme light", &path).out, ran.out);
}

#[test]
fn whoever_kills_the_recorder_loses_the_last_chunk_at_most() {
    let scratch = Scratch::new();
    let mut random = fastrand::Rng::with_seed(11);
    let mut largest = 0;
    for round in 0..100 {
        let path = scratch.path(&format!("{round}.atlas"));
        let mut recorder = command(["run", "--no-arc", "--record"]);
        let for_ever = "((fn (f) (f f)) (fn (f) (cons 1 2) (f f)))";
        let mut recorder = recorder.arg(&path).args(["-e", for_ever]).spawn().expect("a run");
        let since = Instant::now();
        // At the earliest when there is something to lose.
        while Recording::open(&path).is_err() {
            assert!(since.elapsed() < Duration::from_secs(60), "nothing was written");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(random.u64(..60)));
        recorder.kill().expect("its death");
        recorder.wait().expect("its end");
        let recording = Recording::open(&path).expect("a recording");
        let mut model = HeapModel::default();
        let loss = recording.each(&mut |frame| assert_eq!(model.apply(frame), Applied::UpToDate));
        assert!(!recording.is_finished());
        assert_eq!((loss.bytes, loss.frames, loss.description), (0, 0, false), "{loss}");
        assert_eq!(model.sequence(), recording.index().last.sequence);
        largest = largest.max(model.sequence());
    }
    assert!(largest > 5, "{largest} frames");
}

/// What a source says until something holds.
fn follow(source: &mut Replay, model: &mut HeapModel, until: impl Fn(&HeapModel, &Message) -> bool) {
    let since = Instant::now();
    loop {
        match source.next() {
            Some(message) => {
                if let Message::Frame(frame) = &message {
                    assert_eq!(model.apply(frame), Applied::UpToDate);
                }
                if until(model, &message) {
                    return;
                }
                if let Message::Frame(frame) = message {
                    source.recycle(frame);
                }
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
        assert!(since.elapsed() < Duration::from_secs(60), "still at frame {}", model.sequence());
    }
}

#[test]
fn a_recording_is_followed_while_it_is_written() {
    let scratch = Scratch::new();
    let path = scratch.path("live.atlas");
    let mut recorder = command(["run", "-e", FOR_EVER, "--record"]);
    recorder.arg(&path);
    let running = Running::start(recorder);
    let since = Instant::now();
    while Recording::open(&path).is_err() {
        assert!(since.elapsed() < Duration::from_secs(60), "nothing was written");
        thread::sleep(Duration::from_millis(5));
    }
    let mut source = Replay::start(Origin::File(path.clone()), Box::new(|| {})).expect("a thread");
    let mut model = HeapModel::default();
    follow(&mut source, &mut model, |model, _| model.counters().clock > 20 << 20);
    assert!(!Recording::open(&path).expect("a recording").is_finished(), "it is still being written");
    running.interrupt();
    assert_eq!(running.finish().code, Some(130));
    follow(&mut source, &mut model, |_, message| matches!(message, Message::State(State::Ended)));
    assert_eq!(model.sequence(), at(&path, At::End).0.sequence());
}

#[test]
fn what_cannot_be_opened_or_recorded_is_said() {
    let scratch = Scratch::new();
    let text = scratch.file("text.atlas", "(prn 1)\n");
    assert!(
        run_on("open", &text)
            .failed(3, "")
            .ends_with("text.atlas: not a recording: it does not begin with the mark of .atlas files")
    );
    assert!(run_on("open", scratch.path("none.atlas")).failed(3, "").contains("No such file"));
    let ran = run_with_input("open -", "(prn 1)\n");
    assert!(
        ran.errors.ends_with("not a recording: it does not begin with the mark of .atlas files\n"),
        "{}",
        ran.errors
    );
    assert_eq!(ran.code, Some(3));
    assert!(run_on("open --record x.atlas", &text).failed(2, "").contains("is a recording already"));
    assert!(run("run -e 1 --record /nowhere/x.atlas").failed(1, "").contains("can't write /nowhere/x.atlas"));
    for command in ["repl --record -", "explain --record -"] {
        assert!(run(command).failed(2, "").contains("record to a file"), "{command}");
    }
    assert!(fs::metadata(scratch.path("x.atlas")).is_err());
}

#[test]
fn a_disk_that_is_full_is_said_at_the_end() {
    let ran = run_on("run --record /dev/full -e", "(prn 1)");
    assert!(ran.failed(1, "1\n").contains("can't write the recording: No space left on device"), "{}", ran.errors);
}

#[test]
fn an_exhausted_heap_leaves_a_black_box() {
    let scratch = Scratch::new();
    for (number, more) in [&[][..], &["--record", "/dev/null"]].into_iter().enumerate() {
        let folder = scratch.path(&format!("boxes-{number}"));
        let mut command =
            command(["run", "--soft-limit", "4M", "-e", "(= all nil)", "-e", "(while t (push 1 all))", "--black-box"]);
        command.arg(&folder).args(more);
        let ran = finish(command);
        assert_eq!(ran.code, Some(4), "{}", ran.errors);
        let told = ran.errors.lines().next().expect("a line");
        let path = told.strip_prefix("heapatlas: heap exhausted: what the heap was like is in ").expect("where it is");
        let recording = Recording::open(Path::new(path)).expect("a snapshot");
        let occasion =
            recording.description().and_then(|description| description.occasion.clone()).expect("an occasion");
        assert_eq!((occasion.limit_bytes, occasion.by_system), (Some(4 << 20), false));
        assert!(occasion.request_bytes > Some(0) && occasion.largest_free_run_bytes > Some(0));
        let mut events = Vec::new();
        recording.each(&mut |frame| events.extend(frame.events.iter().map(|happening| happening.event.clone())));
        let hit = |event: &Event| matches!(event, Event::LimitHit { by_system: false, .. });
        assert!(events.iter().any(hit) && events.len() > 100 && events.len() <= 1000, "{} events", events.len());
        let info = run_on("info", path).fine();
        assert!(info.contains("because     heap exhausted: ") && info.contains("soft limit 4.00 MiB"), "{info}");
    }
}

#[test]
fn a_fatal_signal_leaves_a_black_box() {
    for (signal, name) in [(Signal::SEGV, "SIGSEGV"), (Signal::BUS, "SIGBUS"), (Signal::ABORT, "SIGABRT")] {
        let scratch = Scratch::new();
        // By the time it is ready it has been collected more than once.
        let ready = "(do (repeat 3000 (range 1 1000)) (prn \"ready\") (flushout))";
        let mut command = command(["run", "-e", ready, "-e", FOR_EVER, "--black-box"]);
        command.arg(scratch.path("boxes"));
        let mut running = Running::start(command);
        running.wait_for("ready\n");
        running.send(signal);
        let ran = running.finish();
        // It is the signal that ends the program.
        assert_eq!((ran.code, ran.signal), (None, Some(signal.as_raw())), "{}", ran.errors);
        let told = format!("heapatlas: fatal signal {name}: what the heap was like is in ");
        let path = ran.errors.trim_end().strip_prefix(&told).unwrap_or_else(|| panic!("{name}: {}", ran.errors));
        let (model, loss) = at(Path::new(path), At::End);
        assert!(loss.is_none() && model.counters().cycles > 0, "{loss}");
        let pages = |kind: PageKind| model.pages().iter().filter(|page| page.entry.kind() == kind).count() as u64;
        for kind in PageKind::ALL {
            assert_eq!(pages(kind), model.counters().pages_of(kind), "{kind:?}");
        }
        let mut events = 0;
        Recording::open(Path::new(path)).expect("a snapshot").each(&mut |frame| events += frame.events.len());
        assert!(events > 100 && events <= 1000, "{events} events");
        let info = run_on("info", path).fine();
        assert!(info.contains(&format!("because     fatal signal {name}\n")), "{info}");
    }
}
