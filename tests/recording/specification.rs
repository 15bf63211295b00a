//! docs/atlas-format.md says what is so.

use heapatlas::model::HeapModel;
use heapatlas::recording::counters::COUNTERS;
use heapatlas::recording::events::EVENTS;
use heapatlas::recording::format::MAGIC;
use heapatlas_heap::PageEntry;
use heapatlas_heap::terms::{GRANULE, PageKind};

use super::written::{open, table};

fn specification() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/atlas-format.md");
    std::fs::read_to_string(path).expect("the specification")
}

/// The bytes of the example: of each line the words of two hexadecimal digits between its offset and what is said.
fn example() -> Vec<u8> {
    let text = specification();
    let lines = text.split("```hex\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let mut bytes = Vec::new();
    for line in lines.lines() {
        let (offset, rest) = line.split_once("  ").expect("an offset");
        assert_eq!(usize::from_str_radix(offset, 16), Ok(bytes.len()), "{line}");
        let digits = rest.split("  ").next().unwrap_or(rest);
        bytes.extend(digits.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("a byte")));
    }
    bytes
}

#[test]
fn the_example_is_a_recording_of_another_allocator() {
    let bytes = example();
    assert!(bytes.starts_with(&MAGIC));
    let recording = open(&bytes);
    assert!(recording.is_finished() && recording.loss().is_none());
    assert_eq!(recording.program(), "tiny");
    let mut model = HeapModel::default();
    let loss = recording.each(&mut |frame| {
        model.apply(frame);
    });
    assert!(loss.is_none());
    let pages: Vec<_> =
        table(&model).iter().map(|(address, entry)| (address.get(), entry.kind(), entry.used() * GRANULE)).collect();
    let expected = [
        (0x1000_0000, PageKind::Objects, 4096),
        (0x1000_1000, PageKind::Objects, 192),
        (0x1000_2000, PageKind::Free, 0),
    ];
    assert_eq!(pages, expected);
    let counters = model.counters();
    assert_eq!((model.sequence(), counters.clock, counters.committed), (1, 4288, 3 * 4096));
    assert_eq!(counters.resident(), None, "nobody measured");
}

#[test]
fn every_name_is_in_the_specification() {
    let text = specification();
    let kinds = PageKind::ALL.iter().map(|kind| kind.name());
    let counters = COUNTERS.iter().map(|counter| counter.name);
    let fields = PageEntry::FIELDS.iter().map(|field| field.name);
    for name in kinds.chain(counters).chain(fields).chain(EVENTS) {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
}
