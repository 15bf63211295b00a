//! `info`, `export` and `diff`.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use heapatlas::model::{Applied, HeapModel};
use heapatlas::recording::reader::{At, Recording};
use heapatlas::recording::varint::Bytes;
use serde_json::Value;

use super::golden;
use super::program::{Scratch, command, finish, project, run_on, run_with_input};
use super::xml;

/// A recording of a sample.
fn record(scratch: &Scratch, name: &str, sample: &str) -> PathBuf {
    let path = scratch.path(name);
    let mut command = command(["run", "--record"]);
    command.arg(&path).arg(project(sample));
    finish(command).fine();
    path
}

/// What `export` writes of a recording.
fn export(scratch: &Scratch, recording: &PathBuf, name: &str, more: &[&str]) -> Vec<u8> {
    let out = scratch.path(name);
    let mut command = command(["export", "-o"]);
    command.arg(&out).arg(recording).args(more);
    assert_eq!(finish(command).fine(), "");
    fs::read(out).expect("an export")
}

#[test]
fn info_says_what_is_inside() {
    let scratch = Scratch::new();
    let path = record(&scratch, "churn.atlas", "samples/churn.arc");
    let told = run_on("info --check", &path).fine();
    let elsewhere = |line: &&str| !line.starts_with("machine ");
    let told: String = told.lines().filter(elsewhere).flat_map(|line| [line, "\n"]).collect();
    golden::check("info.txt", &golden::shape(&told.replace(&project("").display().to_string(), "")));
    let object: Value = serde_json::from_str(&run_on("info --json", &path).fine()).expect("an object");
    assert_eq!((&object["heap"], &object["finished"]), (&Value::from("pool"), &Value::Bool(true)));
    assert_eq!(object["file_bytes"].as_u64(), fs::metadata(&path).ok().map(|file| file.len()));
    assert!(object["live_bytes"].as_u64() <= object["committed_bytes"].as_u64());
    // The tail says where the index begins. Cut off in the last chunk before it, it says so, and shows the rest: that there is
    // one takes longer than a chunk waits to be full.
    let long = scratch.file("long.arc", "(repeat 5000000 (list 1 2 3 4))");
    let path = record(&scratch, "long.atlas", &long.display().to_string());
    let bytes = fs::read(&path).expect("a recording");
    let tail = bytes.len() - 16;
    let index = bytes[tail..].first_chunk().map_or(0, |offset| u64::from_le_bytes(*offset)) as usize;
    let cut = scratch.file("cut.atlas", &bytes[..index - 1]);
    let ran = run_on("info", &cut);
    assert!(ran.out.contains("finished    no: it is still being written") && ran.code == Some(0), "{}", ran.out);
    assert!(ran.errors.contains("cut.atlas: the last chunk was never finished"), "{}", ran.errors);
    let mut damaged = bytes;
    damaged[index] ^= 0x10;
    let ran = run_on("info --check", scratch.file("damaged.atlas", &damaged));
    assert!(ran.errors.contains("damaged and left out") && ran.errors.lines().count() == 1, "{}", ran.errors);
}

#[test]
fn a_moment_is_exported_as_a_snapshot_is() {
    let scratch = Scratch::new();
    let path = record(&scratch, "grow.atlas", "samples/grow.arc");
    let text = export(&scratch, &path, "end.json", &[]);
    let snapshot: Value = serde_json::from_slice(&text).expect("JSON");
    let mut model = HeapModel::default();
    let recording = Recording::open(&path).expect("a recording");
    recording.replay(At::End, &mut |frame| assert_eq!(model.apply(frame), Applied::UpToDate)).expect("the end");
    assert_eq!(snapshot["clock_bytes"], model.counters().clock);
    assert_eq!(snapshot["pages"].as_array().map(Vec::len), Some(model.pages().len()));
    assert!(snapshot["program"].as_str().is_some_and(|program| program.ends_with("samples/grow.arc")));
    let early: Value = serde_json::from_slice(&export(&scratch, &path, "gc.json", &["--at", "gc:1"])).expect("JSON");
    assert_eq!(early["gc_cycles"], 1);
    assert!(export(&scratch, &path, "end.png", &[]).starts_with(b"\x89PNG"));
    xml::elements(&String::from_utf8(export(&scratch, &path, "end.svg", &[])).expect("text")).expect("XML");
    let rows = String::from_utf8(export(&scratch, &path, "end.csv", &["--at", "end"])).expect("text");
    assert_eq!(rows.lines().count(), model.pages().len() + 1);
    // A moment is a recording too, and says the same.
    let moment = scratch.path("moment.atlas");
    export(&scratch, &path, "moment.atlas", &[]);
    let again: Value = serde_json::from_slice(&export(&scratch, &moment, "again.json", &[])).expect("JSON");
    assert_eq!(again, snapshot);
    let metrics = String::from_utf8(export(&scratch, &path, "end.om", &[])).expect("text");
    let committed = model.counters().committed;
    assert!(metrics.ends_with("# EOF\n") && metrics.contains("# TYPE heapatlas_committed_bytes gauge"), "{metrics}");
    assert!(
        metrics
            .lines()
            .any(|line| line.starts_with("heapatlas_committed_bytes{") && line.ends_with(&format!(" {committed}")))
    );
}

#[test]
fn a_run_is_exported_as_traces_that_agree() {
    let scratch = Scratch::new();
    let path = record(&scratch, "churn.atlas", "samples/churn.arc");
    let trace: Value = serde_json::from_slice(&export(&scratch, &path, "run.trace.json", &[])).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    let slices: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
    let collections = slices.iter().filter(|event| event["name"] == "collection").count() as u64;
    let recording = Recording::open(&path).expect("a recording");
    assert_eq!(collections, recording.index().last.cycles);
    let ends = slices.iter().map(|event| event["ts"].as_f64().expect("µs") + event["dur"].as_f64().expect("µs"));
    let last = recording.index().last.wall.as_secs_f64() * 1e6;
    assert!(ends.fold(0.0, f64::max) <= last + 0.01);
    let counters: HashSet<_> =
        events.iter().filter(|event| event["ph"] == "C").map(|event| event["name"].as_str()).collect();
    assert_eq!(counters.len(), 7);
    let packets = perfetto(&export(&scratch, &path, "run.pftrace", &[]));
    assert_eq!(packets.begun, slices.len());
    assert_eq!(packets.tracks, 1 + 2 + counters.len());
    let folded = String::from_utf8(export(&scratch, &path, "run.folded", &[])).expect("text");
    let line = folded.lines().find(|line| line.contains("churn.arc")).expect("a form of the program");
    assert!(line.rsplit_once(' ').is_some_and(|(_, bytes)| bytes.parse::<u64>().is_ok()), "{line}");
}

#[cfg(feature = "parquet")]
#[test]
fn pages_over_time_are_exported_as_a_table() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    let scratch = Scratch::new();
    let path = record(&scratch, "churn.atlas", "samples/churn.arc");
    export(&scratch, &path, "run.parquet", &[]);
    let file = fs::File::open(scratch.path("run.parquet")).expect("a table");
    let table = SerializedFileReader::new(file).expect("a table");
    let columns = table.metadata().file_metadata().schema().get_fields();
    let named: Vec<_> = columns.iter().map(|column| column.name()).collect();
    let position = |name| named.iter().position(|named| *named == name).expect("a column");
    let mut rows = table.get_row_iter(None).expect("rows");
    Recording::open(&path).expect("a recording").each(&mut |frame| {
        for (address, entry) in frame.pages() {
            let row = rows.next().expect("no fewer rows").expect("a row");
            let number = |name| row.get_long(position(name)).expect("a number") as u64;
            assert_eq!(number("frame"), frame.sequence);
            assert_eq!(number("clock_bytes"), frame.counters.clock);
            assert_eq!(number("address"), address.get() as u64);
            assert_eq!(number("live_bytes"), entry.balance().live as u64);
            assert_eq!(row.get_string(position("kind")).expect("a kind"), entry.kind().name());
            assert_eq!(row.get_bool(position("resident")).ok(), entry.resident());
        }
    });
    assert!(rows.next().is_none());
}

#[test]
fn what_comes_through_a_pipe_is_read_like_a_file() {
    let scratch = Scratch::new();
    let path = record(&scratch, "holes.atlas", "samples/holes.arc");
    let told = run_on("info", &path).fine();
    let bytes = fs::read(&path).expect("a recording");
    for name in ["-", "/dev/stdin"] {
        let mut reader = command(["info", name]);
        let mut reader = reader.stdin(Stdio::piped()).spawn().expect("a run");
        // The rest is dropped, and with it the writing end.
        reader.stdin.take().expect("its input").write_all(&bytes).expect("a pipe");
        let ran = reader.wait_with_output().expect("its end");
        assert_eq!(String::from_utf8_lossy(&ran.stdout), told, "{name}");
    }
    let ran = run_with_input("info -", "yes\n");
    let why = "can't read standard input: not a recording: it does not begin with the mark of .atlas files";
    assert!(ran.failed(3, "").ends_with(why), "{}", ran.errors);
    let ran = run_on("info", scratch.path(""));
    assert!(ran.failed(3, "").ends_with("is a directory"), "{}", ran.errors);
}

/// What is in a trace of Perfetto.
#[derive(Default)]
struct Packets {
    tracks: usize,
    begun: usize,
}

/// How a field is written: as a number, or as so many bytes.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Wire {
    Number = 0,
    Bytes = 2,
}

/// Of the messages of a trace the fields that may be in them: the numbers and types of `trace_packet.proto`,
/// `track_descriptor.proto`, `process_descriptor.proto`, `counter_descriptor.proto`, `track_event.proto` and
/// `debug_annotation.proto`.
type Known = [(u64, Wire)];
const TRACE: &Known = &[(1, Wire::Bytes)];
const PACKET: &Known = &[(8, Wire::Number), (10, Wire::Number), (11, Wire::Bytes), (60, Wire::Bytes)];
const DESCRIPTOR: &Known =
    &[(1, Wire::Number), (2, Wire::Bytes), (3, Wire::Bytes), (5, Wire::Number), (8, Wire::Bytes)];
const PROCESS: &Known = &[(1, Wire::Number), (6, Wire::Bytes)];
const COUNTER: &Known = &[(3, Wire::Number)];
const EVENT: &Known = &[(4, Wire::Bytes), (9, Wire::Number), (11, Wire::Number), (23, Wire::Bytes), (30, Wire::Number)];
const ANNOTATION: &Known = &[(3, Wire::Number), (6, Wire::Bytes), (10, Wire::Bytes)];

/// The fields of a message that knows these: of each its number, and its value or its bytes.
fn fields<'m>(message: &'m [u8], known: &Known) -> Vec<(u64, u64, &'m [u8])> {
    let mut bytes = Bytes::new(message);
    let mut fields = Vec::new();
    while bytes.left() > 0 {
        let key = bytes.number().expect("a key");
        let wire = known.iter().find(|(number, _)| *number == key >> 3).map(|(_, wire)| *wire);
        assert_eq!(wire.map(|wire| wire as u64), Some(key & 7), "field {} among {known:?}", key >> 3);
        let value = bytes.number().expect("a value");
        let mut content = &message[..0];
        if wire == Some(Wire::Bytes) {
            let start = message.len() - bytes.left();
            bytes.take(value).expect("as many bytes");
            content = &message[start..start + value as usize];
        }
        fields.push((key >> 3, value, content));
    }
    fields
}

/// The track that a descriptor describes; tracks but the process's own lie in one that was described.
fn described(descriptor: &[u8], earlier: &std::collections::HashMap<u64, i32>) -> u64 {
    let mut track = 0;
    for (field, value, content) in fields(descriptor, DESCRIPTOR) {
        match field {
            1 => track = value,
            2 => assert!(std::str::from_utf8(content).is_ok_and(|name| !name.is_empty())),
            3 => assert_eq!(fields(content, PROCESS).len(), 2),
            5 => assert!(earlier.contains_key(&value), "the track above"),
            _ => assert_eq!(fields(content, COUNTER)[0].1, 3, "bytes"),
        }
    }
    track
}

/// Reads a trace as its viewer does: slices of a track lie in each other, and every event is on a track that was
/// described.
fn perfetto(trace: &[u8]) -> Packets {
    let mut packets = Packets::default();
    let mut depths = std::collections::HashMap::new();
    let mut wall = 0;
    for (_, _, packet) in fields(trace, TRACE) {
        let packet = fields(packet, PACKET);
        let find = |number| packet.iter().find(|(field, _, _)| *field == number);
        assert_eq!(find(10).map(|field| field.1), Some(1), "a sequence");
        if let Some((_, _, descriptor)) = find(60) {
            packets.tracks += 1;
            let track = described(descriptor, &depths);
            assert!(track > 0 && depths.insert(track, 0).is_none(), "a track of its own");
            continue;
        }
        let (_, at, _) = find(8).expect("a time");
        assert!(*at >= wall, "in the order of time, on every track");
        wall = *at;
        let event = fields(find(11).expect("an event").2, EVENT);
        let number = |number| event.iter().find(|(field, _, _)| *field == number).map(|(_, value, _)| *value);
        let depth = depths.get_mut(&number(11).expect("a track")).expect("a track that was described");
        match number(9) {
            Some(1) => {
                *depth += 1;
                packets.begun += 1;
                assert!(number(23).is_some(), "a name");
            }
            Some(2) => *depth -= 1,
            Some(4) => assert!(number(30).is_some(), "a value"),
            other => panic!("an event of type {other:?}"),
        }
        assert!(*depth >= 0, "ends before it begins");
        for (_, _, annotation) in event.iter().filter(|(field, _, _)| *field == 4) {
            let annotation = fields(annotation, ANNOTATION);
            assert!(annotation.len() == 2 && annotation[0].0 == 10, "a name, and a number or a text");
        }
    }
    assert!(depths.values().all(|depth| *depth == 0), "everything ends");
    packets
}

#[test]
fn a_film_has_pictures_of_one_size() {
    let scratch = Scratch::new();
    let path = scratch.path("small.atlas");
    let mut recorder = command(["run", "--no-arc", "--record"]);
    recorder.arg(&path).args([
        "-e",
        "(cons 1 2)",
        "-e",
        "((fn (f) (f f 3000)) (fn (f n) (if (is n 0) nil (f f (- n 1)))))",
    ]);
    finish(recorder).fine();
    let film = export(&scratch, &path, "film.apng", &[]);
    let reader = png::Decoder::new(std::io::Cursor::new(&film)).read_info().expect("a picture");
    let animation = reader.info().animation_control.expect("an animation");
    assert!((2..=60).contains(&animation.num_frames), "{} pictures", animation.num_frames);
}

#[test]
fn the_pages_over_time_are_drawn() {
    let scratch = Scratch::new();
    let path = record(&scratch, "holes.atlas", "samples/holes.arc");
    let png = export(&scratch, &path, "time.png", &["--over-time", "--theme", "light"]);
    assert!(png.starts_with(b"\x89PNG\r\n"));
    let svg = String::from_utf8(export(&scratch, &path, "time.svg", &["--over-time"])).expect("text");
    xml::elements(&svg).expect("XML");
    assert!(svg.contains("address × time: ") && svg.contains("hole of ") && svg.contains("0x1000 "), "{}", svg.len());
    for (name, option, why) in [
        ("time.csv", "--over-time", "the extension must be .png or .svg"),
        ("time.png", "--over-time --at end", "cannot be used with"),
    ] {
        let mut command = command(["export", "-o"]);
        command.arg(scratch.path(name)).arg(&path).args(option.split(' '));
        let ran = finish(command);
        assert!(ran.code == Some(2) && ran.errors.contains(why), "{}", ran.errors);
    }
}

#[test]
fn a_difference_is_told_and_drawn() {
    let scratch = Scratch::new();
    let path = record(&scratch, "grow.atlas", "samples/grow.arc");
    let told = run_on("diff --from gc:1 --to end", &path).fine();
    golden::check("diff.txt", &golden::shape(&told.replace(['+', '−'], "")));
    let out = scratch.path("diff.json");
    let mut command_ = command(["diff", "--from", "gc:1", "-o"]);
    command_.arg(&out).arg(&path);
    finish(command_).fine();
    let object: Value = serde_json::from_str(&fs::read_to_string(&out).expect("a file")).expect("JSON");
    let pages = object["pages"].as_object().expect("pages");
    let changed: u64 =
        pages.iter().filter(|(name, _)| *name != "unchanged").filter_map(|(_, count)| count.as_u64()).sum();
    assert_eq!(object["changed"].as_array().map(|pages| pages.len() as u64), Some(changed));
    assert!(changed > 0);
    let moved = object["moved"].as_object().expect("moves");
    assert!(moved["contents_moved_away"].as_u64() > Some(0), "the report at the end compacts: {moved:?}");
    let mut backwards = command(["diff", "--from", "end", "--to", "gc:1", "-o"]);
    backwards.arg(&out).arg(&path);
    finish(backwards).fine();
    let object: Value = serde_json::from_str(&fs::read_to_string(&out).expect("a file")).expect("JSON");
    assert_eq!(object["moved"].as_object(), Some(moved), "time goes from the earlier to the later");
    for name in ["diff.svg", "diff.png"] {
        let out = scratch.path(name);
        let mut command = command(["diff", "--to", "gc:1", "-o"]);
        command.arg(&out).arg(&path).arg(record(&scratch, "other.atlas", "samples/holes.arc"));
        finish(command).fine();
        assert!(fs::metadata(out).expect("a picture").len() > 1000);
    }
}

#[test]
fn what_cannot_be_exported_is_said() {
    let scratch = Scratch::new();
    let path = record(&scratch, "holes.atlas", "samples/holes.arc");
    let export = |name: &str, more: &[&str]| {
        let mut command = command(["export", "-o"]);
        command.arg(scratch.path(name)).arg(&path).args(more);
        finish(command)
    };
    assert!(export("x.bmp", &[]).failed(2, "").contains("the extension must be .png"));
    if cfg!(not(feature = "parquet")) {
        assert!(export("x.parquet", &[]).failed(2, "").contains("build it with --features parquet"));
    }
    assert!(export("x.pftrace", &["--at", "gc:1"]).failed(2, "").contains("leave out --at"));
    assert!(export("x.png", &["--at", "gc:99999"]).failed(3, "").contains("gc:99999 is not in the recording: it has"));
    assert_eq!(export("x.png", &["--at", "noon"]).code, Some(2));
    assert!(run_on("diff", &path).failed(2, "").contains("two moments of it"));
    assert!(run_on("explain", &path).fine().contains("As recorded, "));
}
