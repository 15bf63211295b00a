//! A heap goes to a core and comes back; a core that is not whole does not.

use std::io::Cursor;

use super::*;
use crate::heap::Heap;
use crate::object::{ObjectFlags, ObjectKind};
use crate::os;
use crate::raw::TABLE_PAGES;
use crate::terms::{CHUNK, PAGE, POOL};

const LANGUAGE: u64 = 77;

fn saved(heap: &Heap, roots: &[Value], words: &[u64]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    save(heap, LANGUAGE, roots, words, &mut file).unwrap();
    file.into_inner()
}

fn loaded(file: &[u8]) -> Result<(Heap, Contents), CoreError> {
    load(os::system(), LANGUAGE, file, Check::Checksums)
}

fn list(heap: &mut Heap, count: u32) -> Value {
    (0..count).fold(Value::NIL, |rest, n| heap.cons(Value::small(n), rest).unwrap())
}

/// Something of everything: cells, a cycle, bytes, code, a stack, a huge object and one of some pages, all in one vector.
fn sample(heap: &mut Heap) -> Value {
    let vector = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 6 * 8).unwrap();
    let long = list(heap, 20_000);
    heap.set_value(vector, 0, long);
    let bytes = heap.allocate(ObjectKind::Bytes, ObjectFlags::PINNED, 300).unwrap();
    heap.bytes_mut(bytes).fill(0xa5);
    heap.set_value(vector, 1, Value::object(bytes));
    let huge = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 3 << 20).unwrap();
    heap.set_value(huge, 300_000, Value::object(vector));
    heap.set_value(vector, 2, Value::object(huge));
    let code = heap.allocate_code(2, 3).unwrap();
    heap.set_value(code, 2, Value::object(bytes));
    heap.set_word(code, 4, u64::MAX);
    heap.set_value(vector, 3, Value::object(code));
    let stack = heap.allocate_stack(5000).unwrap();
    heap.set_stack_top(stack, 2);
    heap.set_value(stack, 2, Value::object(huge));
    heap.set_value(vector, 4, Value::object(stack));
    let large = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 100_000).unwrap();
    heap.set_value(large, 12_000, Value::cell(long.as_cell().unwrap()));
    heap.set_value(vector, 5, Value::object(large));
    Value::object(vector)
}

fn check_sample(heap: &Heap, root: Value) {
    let vector = root.as_object().unwrap();
    let (mut rest, mut expected) = (heap.value(vector, 0), 20_000);
    while let Some(cell) = rest.as_cell() {
        expected -= 1;
        assert_eq!(heap.car(cell), Value::small(expected));
        rest = heap.cdr(cell);
    }
    assert_eq!(expected, 0);
    let object = |index| heap.value(vector, index).as_object().unwrap();
    let (bytes, huge, code, stack, large) = (object(1), object(2), object(3), object(4), object(5));
    assert_eq!(heap.bytes(bytes), [0xa5; 300]);
    assert!(heap.header(bytes).flags().has(ObjectFlags::PINNED));
    assert_eq!(heap.value(huge, 300_000), root, "a cycle");
    assert_eq!(heap.value(code, 2), Value::object(bytes));
    assert_eq!(heap.word(code, 4), u64::MAX);
    assert_eq!((heap.stack_top(stack), heap.value(stack, 2)), (2, Value::object(huge)));
    assert_eq!(heap.value(large, 12_000), heap.value(vector, 0));
}

fn check_whole(heap: &mut Heap, mut contents: Contents) {
    assert_eq!(heap.verify(), []);
    assert_eq!(heap.verify_reachable(&mut contents), []);
    check_sample(heap, contents.roots[0]);
    assert_eq!(heap.counters().clock, 0);
    // It is a heap like any other: it grows, and is collected.
    let more = list(heap, 300_000);
    contents.roots.push(more);
    heap.retire_cursors();
    heap.collector.begin(crate::terms::GcCause::Asked, &mut heap.space);
    heap.step_collector(crate::terms::GcUnit::Cycle, &mut contents);
    assert_eq!(heap.verify(), []);
    assert_eq!(heap.verify_reachable(&mut contents), []);
    check_sample(heap, contents.roots[0]);
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn what_is_reached_comes_back_and_nothing_else() {
    let mut heap = Heap::new().unwrap();
    let root = sample(&mut heap);
    let reached = heap.counters().allocated;
    list(&mut heap, 100_000);
    let file = saved(&heap, &[root, Value::T], &[1, u64::MAX]);
    // The header, the directory, the tables of two chunks, and what is left of the last pool of cells and of each of the two
    // kinds of pools of objects.
    let beside = ((2 + 2 * TABLE_PAGES + 1) * PAGE + 3 * POOL) as u64;
    assert!(file.len() as u64 <= reached + beside, "{} bytes for {reached}", file.len());
    check_sample(&heap, root);
    let (mut copy, contents) = loaded(&file).unwrap();
    assert_eq!((contents.roots[1], &contents.words[..]), (Value::T, &[1, u64::MAX][..]));
    // The stack's unused words were saved as they are; all the rest is what was reached.
    assert_eq!(copy.counters().allocated, reached);
    assert_eq!(copy.counters().balance.unjudged, 0, "everything is known to be live");
    check_whole(&mut copy, contents);
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn a_core_loads_where_it_was_meant_for_and_elsewhere_as_well() {
    let mut heap = Heap::new().unwrap();
    let root = sample(&mut heap);
    let file = saved(&heap, &[root], &[]);
    // Whoever is at home already, one of these must have moved: they are there at the same time.
    let copies: Vec<_> = (0..3).map(|_| loaded(&file).unwrap()).collect();
    let places: Vec<_> = copies.iter().map(|(_, contents)| contents.roots[0]).collect();
    assert!(places[0] != places[1] && places[1] != places[2] && places[0] != places[2]);
    for (mut copy, contents) in copies {
        check_whole(&mut copy, contents);
    }
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn a_system_that_chooses_no_addresses_loads_cores_too() {
    let mut heap = Heap::on(Box::new(os::plain::Plain::new())).unwrap();
    let root = sample(&mut heap);
    let file = saved(&heap, &[root], &[]);
    let (mut copy, contents) = load(Box::new(os::plain::Plain::new()), LANGUAGE, &file, Check::Checksums).unwrap();
    check_whole(&mut copy, contents);
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn a_core_of_a_core_is_the_same_core() {
    let mut heap = Heap::new().unwrap();
    let root = sample(&mut heap);
    let file = saved(&heap, &[root], &[5]);
    let (copy, contents) = loaded(&file).unwrap();
    let again = saved(&copy, &contents.roots, &contents.words);
    assert_eq!(file.len(), again.len());
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn a_heap_is_saved_while_its_collector_is_half_done() {
    let mut heap = Heap::new().unwrap();
    let mut contents = Contents { roots: vec![sample(&mut heap)], words: Vec::new() };
    for _ in 0..40 {
        heap.retire_cursors();
        heap.collector.begin(crate::terms::GcCause::Asked, &mut heap.space);
        heap.step_collector(crate::terms::GcUnit::Slice, &mut contents);
        let file = saved(&heap, &contents.roots, &[]);
        let (copy, found) = loaded(&file).unwrap();
        check_sample(&copy, found.roots[0]);
        let mut copy = copy;
        copy.space.release();
    }
}

/// A core that is small, so that every byte can be tried.
fn small_file() -> Vec<u8> {
    let mut heap = Heap::new().unwrap();
    let root = list(&mut heap, if cfg!(miri) { 100 } else { 3000 });
    let bytes = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, 5000).unwrap();
    let root = heap.cons(root, Value::object(bytes)).unwrap();
    saved(&heap, &[root], &[])
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn every_flipped_bit_of_the_header_is_noticed() {
    let mut file = small_file();
    for at in 0..PAGE {
        for bit in [0, 3, 7] {
            file[at] ^= 1 << bit;
            assert!(loaded(&file).is_err(), "bit {bit} of byte {at}");
            file[at] ^= 1 << bit;
        }
    }
    assert!(loaded(&file).is_ok());
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn flipped_bytes_anywhere_are_noticed() {
    let mut file = small_file();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..1000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let at = PAGE + random as usize % (file.len() - PAGE);
        let flip = (random >> 40) as u8 | 1;
        file[at] ^= flip;
        assert!(matches!(loaded(&file), Err(CoreError::Damaged(_))), "byte {at} ^ {flip}");
        file[at] ^= flip;
    }
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn a_core_that_is_cut_off_or_goes_on_is_noticed() {
    let mut file = small_file();
    for length in [0, 1, 7, 8, 100, PAGE - 1, PAGE, PAGE + 1, file.len() / 2, file.len() - PAGE, file.len() - 1] {
        let error = loaded(&file[..length]).unwrap_err();
        let expected = if length < 8 { matches!(error, CoreError::NotACore) } else { is_length(&error) };
        assert!(expected, "{length}: {error}");
    }
    file.push(0);
    assert!(is_length(&loaded(&file).unwrap_err()));
}

fn is_length(error: &CoreError) -> bool {
    matches!(error, CoreError::Length(..))
}

#[test]
fn a_core_from_elsewhere_is_told_from_a_damaged_one() {
    let file = small_file();
    let mut other = file.clone();
    other[8] = 9;
    assert!(matches!(loaded(&other), Err(CoreError::Version(9))));
    let mut other = file.clone();
    other[12] ^= 2;
    sign(&mut other);
    assert!(matches!(loaded(&other), Err(CoreError::Architecture)));
    let mut other = file.clone();
    other[16] ^= 1;
    sign(&mut other);
    assert!(matches!(loaded(&other), Err(CoreError::Build)));
    assert!(matches!(load(os::system(), LANGUAGE + 1, &file, Check::Checksums), Err(CoreError::Build)));
    assert!(matches!(loaded(b"#!/bin/sh\n"), Err(CoreError::NotACore)));
}

/// Makes all checksums right again.
fn sign(file: &mut [u8]) {
    let directory = u64::from_le_bytes(file[16 + 4 * 8..16 + 5 * 8].try_into().unwrap()) as usize * 8;
    let pages = (PAGE + directory).next_multiple_of(PAGE);
    let (first, second) = (crc32fast::hash(&file[PAGE..pages]), crc32fast::hash(&file[pages..]));
    file[80..84].copy_from_slice(&first.to_le_bytes());
    file[84..88].copy_from_slice(&second.to_le_bytes());
    let sum = crc32fast::hash(&file[..PAGE - 4]);
    file[PAGE - 4..PAGE].copy_from_slice(&sum.to_le_bytes());
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn forged_checksums_do_not_make_a_heap_that_is_wrong() {
    let file = small_file();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut refused, mut accepted) = (0, 0);
    for round in 0..600 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut forged = file.clone();
        // Mostly in the directory and the tables of the first chunk, where it hurts most.
        let range = if round % 3 == 0 { PAGE..file.len() } else { PAGE..2 * PAGE + 12_288 };
        let at = range.start + random as usize % range.len();
        forged[at] ^= (random >> 40) as u8 | 1;
        sign(&mut forged);
        match load(os::system(), LANGUAGE, &forged, Check::Everything) {
            Err(_) => refused += 1,
            Ok((mut heap, _)) => {
                accepted += 1;
                assert_eq!(heap.verify(), [], "byte {at}");
                heap.space.release();
            }
        }
    }
    assert!(refused > 50 && accepted > 50, "{refused} refused, {accepted} accepted");
}

#[test]
#[cfg_attr(miri, ignore = "a sample of many pages takes Miri an hour")]
fn the_pools_of_a_core_are_one_extent_without_holes() {
    let mut heap = Heap::new().unwrap();
    let root = list(&mut heap, 200_000);
    let file = saved(&heap, &[root], &[]);
    let (heap, _) = loaded(&file).unwrap();
    assert_eq!(heap.holes().count(), 0);
    assert!(heap.space.extents()[0].bytes() >= 3 * CHUNK, "one extent of consecutive chunks");
}
