//! Recordings made to do harm: no panic, and no more memory than four times the file and a little. The allocator counts, so
//! there is one test here, alone in its process.

#[path = "recording/forged.rs"]
mod forged;

use heapatlas::model::HeapModel;
use heapatlas::recording::description::Description;
use heapatlas::recording::format::{self, ChunkKind, Packing};
use heapatlas::recording::reader::{At, Recording};
use heapatlas::recording::varint;
use heapatlas_heap::Policy;
use peak_alloc::PeakAlloc;

use forged::{TRUE, chunk, forged, frame};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What reading may take however small the file: a page table as `recording::trust` has it, and a chunk.
const ALLOWANCE: usize = 18 << 20;

/// Shows every frame of a file and seeks to its end; gives how many frames there are.
fn read(bytes: Vec<u8>) -> usize {
    let Ok(recording) = Recording::of(Box::new(bytes)) else { return 0 };
    let mut frames = 0;
    let mut model = HeapModel::default();
    recording.each(&mut |frame| {
        model.apply(frame);
        frames += 1;
    });
    model = HeapModel::default();
    // It has no end to seek when nothing in it can be read.
    let sought = recording.replay(At::End, &mut |frame| {
        model.apply(frame);
    });
    assert_eq!(sought.is_ok(), frames > 0);
    frames
}

/// Lengths that there is nothing behind, and numbers that are none.
fn lies() -> Vec<Vec<u8>> {
    let huge = u64::MAX >> 1;
    let zeros = vec![0; 1 << 20];
    vec![
        forged(&zeros, Packing::Lz4, u32::MAX),
        forged(&zeros, Packing::None, u32::MAX),
        forged(&zeros, Packing::Lz4, 1 << 20),
        // Extents: as many as can be counted; one of all addresses; one beyond them; two that overlap; an empty one.
        forged(&frame(&[huge]), Packing::None, TRUE),
        forged(&frame(&[1, 2, 1 << 44]), Packing::None, TRUE),
        forged(&frame(&[1, 2, huge]), Packing::None, TRUE),
        forged(&frame(&[2, 20, 5, 3, 5, 0, 0, 0, 0]), Packing::None, TRUE),
        forged(&frame(&[1, 20, 0, 0, 0, 0, 0]), Packing::None, TRUE),
        // Runs: of more pages than there are bytes; beyond all addresses.
        forged(&frame(&[0, 0, 1, 2, u64::from(u32::MAX), 0, 0]), Packing::None, TRUE),
        forged(&frame(&[0, 0, 1, huge, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Packing::None, TRUE),
        // Events: more than a heap keeps; longer than the frame.
        forged(&frame(&[0, 0, 0, 0, 1 << 40]), Packing::None, TRUE),
        forged(&frame(&[0, 0, 0, 0, 1, 0, huge]), Packing::None, TRUE),
        // An entry that says more than a page has: a kind that does not exist.
        forged(&frame(&[1, 20, 1, 0, 1, 20, 1, 90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Packing::None, TRUE),
    ]
}

/// The numbers of a frame from its extents on: each of one page, none next to another; no runs, no events.
fn extents(count: u64) -> Vec<u64> {
    let mut numbers = vec![count];
    numbers.extend((0..count).flat_map(|_| [2, 1]));
    numbers.extend([0, 0, 0, 0]);
    numbers
}

/// A frame of one extent of so many pages, and the entries of all of them in so many columns.
fn pages(count: u64, columns: u64) -> Vec<u64> {
    let mut numbers = vec![1, 2, count, 0, 1, 2, count];
    numbers.resize(numbers.len() + (count * columns) as usize, 0);
    numbers.extend([0, 0]);
    numbers
}

/// A frame of events that hold nothing.
fn events(count: u64) -> Vec<u64> {
    let mut numbers = vec![1, 2, 1, 0, 0, 0, count];
    // Of each the time, the length, and the number: a pool was freed at address 0.
    numbers.extend((0..count).flat_map(|_| [0, 2, 3, 0]));
    numbers
}

/// A recording whose description names one field.
fn one_column(raw: &[u8], packing: Packing) -> Vec<u8> {
    let mut description = Description::new("forged", &Policy::default());
    description.fields.truncate(1);
    [format::head(&description.text()), chunk(ChunkKind::Key, raw, packing, TRUE)].concat()
}

/// A recording of one small frame with an index that names so many key chunks, `apart` bytes from each other.
fn indexed(count: u64, apart: u64) -> Vec<u8> {
    let mut bytes = forged(&frame(&[1, 20, 1, 0, 0, 0, 0]), Packing::None, TRUE);
    let mut raw = vec![0; 5];
    varint::put(&mut raw, count);
    for _ in 0..count {
        varint::put(&mut raw, apart * 2);
        raw.extend([0; 5]);
    }
    let at = bytes.len() as u64;
    bytes.extend(chunk(ChunkKind::Index, &raw, Packing::Lz4, TRUE));
    bytes.extend(format::tail(at));
    bytes
}

/// Little that claims to be much, packed and as it is.
fn bombs() -> Vec<Vec<u8>> {
    let mut bombs = vec![indexed(1 << 17, 0), indexed(1 << 17, 64)];
    for packing in [Packing::Lz4, Packing::None] {
        for numbers in [
            extents(1 << 17),
            extents(1 << 20),
            pages(1 << 16, 10),
            pages(1 << 19, 10),
            vec![1, 2, 400_000, 0, 0, 0, 0],
            vec![1, 2, 4_000_000, 0, 0, 0, 0],
            events(65_536),
        ] {
            bombs.push(forged(&frame(&numbers), packing, TRUE));
        }
        bombs.push(one_column(&frame(&pages(400_000, 1)), packing));
        bombs.push(one_column(&frame(&pages(4_000_000, 1)), packing));
    }
    bombs
}

#[test]
fn no_file_takes_more_memory_than_it_justifies() {
    let mut frames = 0;
    for (number, file) in lies().into_iter().chain(bombs()).enumerate() {
        let bytes = file.len();
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        frames += read(file);
        let taken = ALLOCATOR.peak_usage() - before;
        assert!(taken <= 4 * bytes + ALLOWANCE, "file {number}: {taken} bytes for {bytes}");
    }
    assert!(frames >= 8, "what is allowed is read: {frames} frames");
}
