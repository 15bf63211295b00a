//! `info`, `export` and `diff`.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use heapatlas::model::{Applied, HeapModel};
use heapatlas::recording::reader::{At, Recording};
use heapatlas::recording::varint::Bytes;
use serde_json::Value;

use super::golden;
use super::program::{Scratch, command, finish, project, run_on};
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
    // The tail says where the index begins. Cut off in the last chunk before it, it says so, and shows the rest.
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

/// What is in a trace of Perfetto.
#[derive(Default)]
struct Packets {
    tracks: usize,
    begun: usize,
}

/// The fields of a message: of each its number, and its value or its bytes.
fn fields(message: &[u8]) -> Vec<(u64, u64, &[u8])> {
    let mut bytes = Bytes::new(message);
    let mut fields = Vec::new();
    while bytes.left() > 0 {
        let key = bytes.number().expect("a key");
        let value = bytes.number().expect("a value");
        let mut content = &message[..0];
        if key & 7 == 2 {
            let start = message.len() - bytes.left();
            bytes.take(value).expect("as many bytes");
            content = &message[start..start + value as usize];
        }
        assert!(key & 7 == 0 || key & 7 == 2, "a wire type that is not written");
        fields.push((key >> 3, value, content));
    }
    fields
}

/// Reads a trace as its viewer does: slices of a track lie in each other, and every event is on a track that was
/// described.
fn perfetto(trace: &[u8]) -> Packets {
    let mut packets = Packets::default();
    let mut depths = std::collections::HashMap::new();
    let mut wall = 0;
    for (field, _, packet) in fields(trace) {
        assert_eq!(field, 1, "a packet");
        let packet = fields(packet);
        let find = |number| packet.iter().find(|(field, _, _)| *field == number);
        assert!(find(10).is_some(), "a sequence");
        if let Some((_, _, descriptor)) = find(60) {
            packets.tracks += 1;
            depths.insert(fields(descriptor)[0].1, 0);
            continue;
        }
        let (_, at, _) = find(8).expect("a time");
        assert!(*at >= wall, "in the order of time");
        wall = *at;
        let event = fields(find(11).expect("an event").2);
        let number = |number| event.iter().find(|(field, _, _)| *field == number).map(|(_, value, _)| *value);
        let depth = depths.get_mut(&number(11).expect("a track")).expect("a track that was described");
        match number(9) {
            Some(1) => {
                *depth += 1;
                packets.begun += 1;
            }
            Some(2) => *depth -= 1,
            Some(4) => assert!(number(30).is_some(), "a value"),
            other => panic!("an event of type {other:?}"),
        }
        assert!(*depth >= 0, "ends before it begins");
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
