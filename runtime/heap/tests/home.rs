//! A core at its home address, where it is mapped from its file. One test: whoever comes first in a process is at home.

use std::fs::{self, File};
use std::path::Path;

use heapatlas_heap::core::{Check, Contents, CoreError, load_file, save_file};
use heapatlas_heap::gc::Roots;
use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::os::system;
use heapatlas_heap::terms::{GcCause, PAGE};
use heapatlas_heap::{Heap, Value};

const LANGUAGE: u64 = 5;
const CELLS: u32 = 300_000;

struct Root(Value);

impl Roots for Root {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        visit(&mut self.0);
    }
}

/// A long list, and two huge objects in each other, of which one holds the list.
fn sample(heap: &mut Heap) -> Value {
    let list = (0..CELLS).fold(Value::NIL, |rest, n| heap.cons(Value::small(n), rest).expect("room"));
    let first = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 1_500_000).expect("room");
    let second = heap.allocate(ObjectKind::Vector, ObjectFlags::NONE, 2_100_000).expect("room");
    heap.set_value(first, 1, Value::object(second));
    heap.set_value(second, 200_000, Value::object(first));
    heap.set_value(second, 1, list);
    Value::object(first)
}

fn check_sample(heap: &Heap, root: Value) {
    let first = root.as_object().expect("a vector");
    let second = heap.value(first, 1).as_object().expect("a vector");
    assert_eq!(heap.value(second, 200_000), root);
    let (mut rest, mut expected) = (heap.value(second, 1), CELLS);
    while let Some(cell) = rest.as_cell() {
        expected -= 1;
        assert_eq!(heap.car(cell), Value::small(expected));
        rest = heap.cdr(cell);
    }
    assert_eq!(expected, 0);
}

fn load(path: &Path, check: Check) -> Result<(Heap, Contents), CoreError> {
    load_file(system(), LANGUAGE, &File::open(path).expect("the core"), check)
}

/// Bytes of the heap that are resident.
fn resident(heap: &mut Heap) -> u64 {
    assert!(heap.measure_residency());
    heap.counters().balance.resident().expect("a measure")
}

#[test]
#[cfg(target_os = "linux")]
fn a_core_at_home_is_mapped_and_lives_on_like_any_heap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.core");
    let mut heap = Heap::new().unwrap();
    let root = sample(&mut heap);
    save_file(&heap, LANGUAGE, &[root], &[1], &path).unwrap();
    // SAFETY: no value of it is used any more.
    unsafe { heap.release() };

    for check in [Check::Checksums, Check::Everything] {
        let (mut heap, contents) = load(&path, check).unwrap();
        if check == Check::Checksums {
            // The system maps what lies around a page that is touched, and tables are.
            let (resident, committed) = (resident(&mut heap), heap.counters().committed);
            assert!(resident < committed / 2, "{resident} of {committed} bytes are resident and nothing was touched");
        }
        assert_eq!(heap.verify(), []);
        check_sample(&heap, contents.roots[0]);
        // Without the list most of it is given back, and what was read from the file must not come back.
        let second = heap.value(contents.roots[0].as_object().unwrap(), 1);
        heap.set_value(second.as_object().unwrap(), 1, Value::NIL);
        let mut root = Root(contents.roots[0]);
        // SAFETY: the only value used afterwards is the root.
        unsafe { heap.collect(GcCause::Asked, &mut root) };
        assert_eq!(heap.verify(), []);
        assert_eq!(heap.verify_reachable(&mut root), []);
        let bytes = heap.allocate(ObjectKind::Bytes, ObjectFlags::NONE, 200 * PAGE).unwrap();
        assert!(heap.bytes(bytes).iter().all(|byte| *byte == 0), "what is fresh is zero");
        let more = (0..CELLS).fold(Value::NIL, |rest, n| heap.cons(Value::small(n), rest).unwrap());
        let second = heap.value(root.0.as_object().unwrap(), 1);
        heap.set_value(second.as_object().unwrap(), 1, more);
        check_sample(&heap, root.0);
        assert_eq!(heap.verify(), []);
        // SAFETY: no value of it is used any more.
        unsafe { heap.release() };
    }

    // What is written stays in the process: the file is as it was, until a byte of it changes.
    let mut bytes = fs::read(&path).unwrap();
    for at in [PAGE, 2 * PAGE + 17, bytes.len() / 2, bytes.len() - 1] {
        bytes[at] ^= 4;
        let damaged = folder.path().join("damaged.core");
        fs::write(&damaged, &bytes).unwrap();
        assert!(matches!(load(&damaged, Check::Checksums), Err(CoreError::Damaged(_))), "byte {at}");
        bytes[at] ^= 4;
    }
    fs::write(&path, []).unwrap();
    assert!(matches!(load(&path, Check::Checksums), Err(CoreError::NotACore)));
}
