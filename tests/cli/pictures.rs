//! `snapshot` in every format.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use heapatlas::map::balance::Term;
use heapatlas::map::palette::{Rgb, Theme};
use heapatlas_heap::terms::PageKind;
use serde_json::Value;

use super::golden;
use super::program::{Scratch, command, finish, project, run_on};
use super::xml;

/// A snapshot of a sample; what it prints goes where it always goes.
fn snapshot(scratch: &Scratch, name: &str, more: &[&str]) -> PathBuf {
    let out = scratch.path(name);
    let mut command = command(["snapshot", "-o"]);
    command.arg(&out).arg(project("samples/grow.arc")).args(more);
    assert_eq!(finish(command).fine(), "2000000 characters and 10000 entries kept\n");
    out
}

/// Width, height, and the colours in a picture.
fn decode(path: &PathBuf) -> (u32, u32, HashSet<[u8; 3]>) {
    let decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).expect("a picture")));
    let mut reader = decoder.read_info().expect("a header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    assert_eq!(info.color_type, png::ColorType::Rgb);
    let colours = pixels[..info.buffer_size()].chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    (info.width, info.height, colours.collect())
}

#[test]
fn a_picture_of_pixels_has_the_palettes_colours() {
    let scratch = Scratch::new();
    let themes = [(Theme::Dark, "dark"), (Theme::Light, "light")];
    let mut sizes = HashSet::new();
    for (theme, name) in themes {
        let path = snapshot(&scratch, &format!("{name}.png"), &["--as-is", "--theme", name]);
        let (width, height, found) = decode(&path);
        sizes.insert((width, height));
        let mut wanted = vec![theme.background(), theme.text(), theme.line(), theme.accent()];
        wanted.extend(
            [PageKind::Cells, PageKind::Objects, PageKind::LargeHead, PageKind::Tables].map(|kind| theme.kind(kind)),
        );
        wanted.extend([Term::Live, Term::Unjudged, Term::FreePages].map(|term| theme.term(term)));
        for Rgb(red, green, blue) in wanted {
            assert!(found.contains(&[red, green, blue]), "{name} lacks {red} {green} {blue}");
        }
    }
    assert_eq!(sizes.len(), 1, "themes differ in colour only");
}

#[test]
fn a_picture_of_shapes_is_well_formed() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(snapshot(&scratch, "map.svg", &["--as-is"])).expect("a picture");
    let elements = xml::elements(&text).expect("XML");
    assert_eq!(elements[..4], ["svg", "title", "defs", "pattern"]);
    let count = |name: &str| elements.iter().filter(|element| *element == name).count();
    assert!(count("rect") > 50 && count("text") > 20, "{elements:?}");
    assert!(count("polyline") >= 1, "the hole is drawn");
    assert!(text.contains("hole of ") && text.contains("samples/grow.arc"), "words");
    assert!(text.len() < 200_000, "squares of one colour become one: {} bytes", text.len());
}

#[test]
fn the_map_of_the_library_is_small_in_shapes() {
    let scratch = Scratch::new();
    let out = scratch.path("arc.svg");
    let mut command = command(["snapshot", "--as-is", "-e", "nil", "-o"]);
    command.arg(&out);
    finish(command).fine();
    let text = fs::read_to_string(out).expect("a picture");
    xml::elements(&text).expect("XML");
    assert!(text.len() < 2_000_000, "{} bytes", text.len());
}

#[test]
fn what_a_program_is_called_may_hold_anything() {
    let scratch = Scratch::new();
    let program = scratch.file("a & b <c> \"d\".arc", "(prn 1)");
    let out = scratch.path("map.svg");
    let mut command = command(["snapshot", "-o"]);
    command.arg(&out).arg(program);
    finish(command).fine();
    let text = fs::read_to_string(out).expect("a picture");
    xml::elements(&text).expect("XML");
    assert!(text.contains("a &amp; b &lt;c&gt; &quot;d&quot;.arc"), "{text:.400}");
}

/// The sum of a member over all pages.
fn sum(snapshot: &Value, member: &str) -> i64 {
    snapshot["pages"].as_array().expect("pages").iter().map(|page| page[member].as_i64().expect("bytes")).sum()
}

#[test]
fn a_snapshot_for_programs_adds_up() {
    let scratch = Scratch::new();
    for (name, heap, more) in [
        ("as-is.json", "pool", &["--as-is"][..]),
        ("collected.json", "pool", &[]),
        ("single.json", "single", &["--heap", "single"]),
        ("malloc.json", "malloc", &["--heap", "malloc"]),
        ("idle.json", "malloc:cell=480,collect=no", &["--as-is", "--heap", "malloc:cell=480,collect=no"]),
    ] {
        let text = fs::read_to_string(snapshot(&scratch, name, more)).expect("a snapshot");
        let snapshot: Value = serde_json::from_str(&text).expect("JSON");
        let keys: Vec<&str> = snapshot.as_object().expect("an object").keys().map(String::as_str).collect();
        let page_keys: Vec<&str> =
            snapshot["pages"][0].as_object().expect("a page").keys().map(String::as_str).collect();
        golden::check("snapshot-json.txt", &format!("{}\npages: {}\n", keys.join(" "), page_keys.join(" ")));
        assert_eq!(snapshot["heap"], heap);
        let balance = snapshot["balance"].as_object().expect("terms");
        let terms = |wanted: &str| balance[wanted].as_i64().expect("bytes");
        let total: i64 = balance.values().map(|term| term.as_i64().expect("bytes")).sum();
        assert_eq!(Some(total), snapshot["resident_bytes"].as_i64());
        for term in ["live", "overhead", "unjudged", "dead"] {
            assert_eq!(sum(&snapshot, &format!("{term}_bytes")), terms(term), "{term} in {name}");
        }
        let pages = snapshot["pages"].as_array().expect("pages");
        let resident = pages.iter().filter(|page| page["resident"] == Value::Bool(true)).count() as i64;
        assert_eq!(Some(resident * 4096), snapshot["resident_bytes"].as_i64());
        assert_eq!(Some(pages.len() as i64 * 4096), snapshot["committed_bytes"].as_i64());
        let address = |text: &Value| {
            i64::from_str_radix(text.as_str().and_then(|text| text.strip_prefix("0x")).expect("hex"), 16).expect("hex")
        };
        let size = |span: &Value| address(&span[1]) - address(&span[0]);
        let total = |spans: &Value| spans.as_array().expect("spans").iter().map(size).sum::<i64>();
        assert_eq!(Some(total(&snapshot["extents"])), snapshot["committed_bytes"].as_i64());
        assert_eq!(Some(total(&snapshot["holes"])), snapshot["hole_bytes"].as_i64());
        // Whether one kind of pool leaves an extent empty depends on when it was last collected.
        assert!(total(&snapshot["holes"]) > 0 || heap == "single", "{name}");
    }
}

#[test]
fn pictures_of_blocks_name_the_policy_and_elide_what_lies_between() {
    let scratch = Scratch::new();
    let more = ["--heap", "malloc"];
    let text = fs::read_to_string(snapshot(&scratch, "map.txt", &more)).expect("a map");
    assert!(text.contains("\nheap malloc: committed ") && text.contains(" hole of "), "{text}");
    assert!(text.lines().count() < 300, "a hole takes one row");
    let text = fs::read_to_string(snapshot(&scratch, "map.svg", &more)).expect("a picture");
    xml::elements(&text).expect("XML");
    assert!(text.contains("heap malloc · ") && text.contains("hole of "), "words");
    let (_, height, found) = decode(&snapshot(&scratch, "map.png", &more));
    let Rgb(red, green, blue) = Theme::Dark.kind(PageKind::Mixed);
    assert!(found.contains(&[red, green, blue]) && height < 4000, "{height} pixels high");
}

#[test]
fn a_table_has_a_row_for_every_page() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(snapshot(&scratch, "map.csv", &[])).expect("a table");
    let mut rows = text.lines();
    let names = rows.next().expect("names");
    golden::check("snapshot-csv.txt", &format!("{names}\n"));
    let columns = names.split(',').count();
    let mut addresses = Vec::new();
    for row in rows {
        assert_eq!(row.split(',').count(), columns, "{row}");
        addresses.push(row.split(',').next().expect("an address").to_owned());
    }
    assert!(addresses.len() > 500 && addresses.is_sorted(), "{} pages", addresses.len());
}

#[test]
fn a_map_in_letters_names_the_kinds() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(snapshot(&scratch, "map.txt", &["--as-is"])).expect("a map");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("0x") || line.contains("hole of")).collect();
    assert!(
        rows.iter().any(|row| row.contains("Llll")) && rows.iter().any(|row| row.contains("/\\ hole of")),
        "{text}"
    );
    let width = rows.iter().map(|row| row.chars().count()).max();
    assert_eq!(width, Some(16 + 2 + 64));
    golden::check("snapshot-txt.txt", &golden::shape_without_map(&text));
}

#[test]
fn a_program_that_fails_has_a_map_too() {
    let scratch = Scratch::new();
    let out = scratch.path("map.txt");
    let mut command = command(["snapshot", "-o"]);
    command.arg(&out).args(["-e", "(car 7)"]);
    let ran = finish(command);
    assert!(ran.failed(1, "").contains("car wants a list"));
    assert!(fs::read_to_string(out).expect("a map").contains("tables"));
}

#[test]
fn a_map_that_cannot_be_written_is_said() {
    let ran = run_on("snapshot -e 1 -o", "/nowhere/map.png");
    assert!(ran.failed(1, "").contains("can't write /nowhere/map.png"));
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("map.png")).expect("a directory");
    let ran = run_on("snapshot -e 1 -o", scratch.path("map.png"));
    assert!(ran.failed(1, "").contains("can't write"));
}

#[test]
fn a_full_disk_costs_nobody_the_map_before() {
    let scratch = Scratch::new();
    let path = scratch.path("map.csv");
    fs::write(&path, "the map before").expect("a file");
    // A process whose files may have no more than 4 KiB; told so by an error and not by a signal.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_heapatlas")]);
    shell.args(["snapshot", "-e", "1", "-o"]).arg(&path);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ran = finish(shell);
    assert!(ran.failed(1, "").contains(&format!("can't write {}: File too large", path.display())), "{}", ran.errors);
    assert_eq!(fs::read_to_string(&path).expect("a file"), "the map before");
    let left: Vec<_> = fs::read_dir(path.parent().expect("a folder")).expect("a folder").collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let full = scratch.path("full.csv");
    symlink("/dev/full", &full).expect("a link");
    let ran = run_on("snapshot -e 1 -o", &full);
    assert!(ran.failed(1, "").contains("full.csv: No space left on device"), "{}", ran.errors);
}
