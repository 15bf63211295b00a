//! Saving: what the roots reach is copied to a heap of its own, which is written.
//!
//! The copy is made object by object, from a list of what was copied and not looked at yet; where something went is
//! kept beside the heap that is saved, which is only read. So a program may save itself in the middle of anything,
//! a cycle of its collector included.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use super::format::{HEADER_BYTES, Header};
use super::{Contents, CoreError, Remap};
use crate::gc::Roots;
use crate::gc::forwarding::replace_in;
use crate::heap::Heap;
use crate::raw::TABLE_PAGES;
use crate::space::Space;
use crate::space::chunk::Chunk;
use crate::space::extent::HOME;
use crate::space::limit::Exhausted;
use crate::space::page_table::PageEntry;
use crate::terms::{Address, CHUNK, CHUNK_GRANULES, CHUNK_PAGES, GRANULE, GcCause, GcUnit, PAGE};
use crate::value::{Unpacked, Value};
use crate::walk::each_item;

/// Bytes that are written to a file at once. What is written in large pieces, each at a multiple of its size, lies in large
/// pieces in the system's cache: then there are fewer pages to map when it is loaded.
const BUFFER: usize = 8 << 20;

impl Roots for Contents {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.roots.iter_mut().for_each(visit);
    }
}

impl From<Exhausted> for CoreError {
    fn from(_exhausted: Exhausted) -> Self {
        Self::NoRoom
    }
}

/// Copies what some roots reach.
struct Copier<'s> {
    source: &'s Heap,
    target: Heap,
    /// For every chunk of the source, for every granule, the value that refers to the copy of what begins there; 0
    /// for none.
    copies: Vec<Vec<u64>>,
    /// Copies that still refer to the source.
    queue: Vec<Value>,
}

impl Copier<'_> {
    /// The copy of what a value refers to.
    fn copy(&mut self, value: Value) -> Result<Value, CoreError> {
        let address = match value.unpack() {
            Unpacked::Cell(cell) => cell.address(),
            Unpacked::Object(object) => object.address(),
            _ => return Ok(value),
        };
        let stray = || CoreError::Damaged(format!("{value:?} refers to nothing"));
        let (index, chunk) = self.source.space.chunk_at(address).ok_or_else(stray)?;
        let granule = (address - chunk.base()) / GRANULE;
        if self.copies[index].is_empty() {
            let copies = &mut self.copies[index];
            copies.try_reserve_exact(CHUNK_GRANULES).map_err(|_full| CoreError::NoRoom)?;
            copies.resize(CHUNK_GRANULES, 0);
        }
        let known = self.copies[index][granule];
        if known != 0 {
            return Ok(Value::from_bits(known));
        }
        let copy = match value.unpack() {
            Unpacked::Object(object) => {
                let header = object.header();
                let kind = header.kind().ok_or_else(stray)?;
                let copy = self.target.allocate(kind, header.flags(), header.payload_bytes())?;
                copy.copy_payload(object);
                Value::object(copy)
            }
            Unpacked::Cell(cell) => self.target.cons(cell.car(), cell.cdr())?,
            _ => value,
        };
        self.copies[index][granule] = copy.bits();
        self.queue.try_reserve(1).map_err(|_full| CoreError::NoRoom)?;
        self.queue.push(copy);
        Ok(copy)
    }

    fn copy_all(&mut self, roots: &[Value]) -> Result<Vec<Value>, CoreError> {
        let roots = roots.iter().map(|root| self.copy(*root)).collect::<Result<_, _>>()?;
        while let Some(copy) = self.queue.pop() {
            let mut failed = None;
            let mut follow = |value| match self.copy(value) {
                Ok(copy) => copy,
                Err(error) => {
                    failed = Some(error);
                    value
                }
            };
            match copy.unpack() {
                Unpacked::Cell(cell) => {
                    cell.store_car(follow(cell.car()));
                    cell.store_cdr(follow(cell.cdr()));
                }
                Unpacked::Object(object) => replace_in(object, &mut follow),
                _ => {}
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(roots)
    }
}

/// Writes a core of what `roots` reach, with `words` beside it. `language` stands for whatever gives the values their
/// meaning; only who gives the same number can load the core.
///
/// # Errors
/// When `out` can't be written, or there is no room for a copy.
pub fn save(
    heap: &Heap,
    language: u64,
    roots: &[Value],
    words: &[u64],
    out: &mut (impl Write + Seek),
) -> Result<(), CoreError> {
    let mut target = Heap::new()?;
    target.mute_events(true);
    let copies = heap.space.chunks().iter().map(|_| Vec::new()).collect();
    let mut copier = Copier { source: heap, target, copies, queue: Vec::new() };
    let copied = copier.copy_all(roots);
    let mut target = copier.target;
    let written = copied.and_then(|roots| {
        let mut contents = Contents { roots, words: words.to_vec() };
        settle(&mut target, &mut contents);
        write(&mut target, language, &contents, out)
    });
    // Nothing of the copy is used any more: this function alone knew of it.
    target.space.release();
    written
}

/// Collects the copy, so that its page table is exact. Everything of it that is used afterwards is in `contents`.
fn settle(target: &mut Heap, contents: &mut Contents) {
    target.retire_cursors();
    target.collector.begin(GcCause::Asked, &mut target.space);
    target.step_collector(GcUnit::Cycle, contents);
    // What was moved is entered, but not counted yet.
    target.settle();
    target.space.release_reserve();
}

/// How many pages of a chunk are stored. All of them, `whole`; else none behind the last that something is in.
fn stored_pages(chunk: &Chunk, whole: bool) -> usize {
    if whole {
        return chunk.pages();
    }
    let last = chunk.usable_pages().rev().find(|page| is_stored(chunk.entry(*page)));
    last.map_or(TABLE_PAGES, |last| last + 1)
}

/// Whether something is on the page of an entry.
pub(super) fn is_stored(entry: PageEntry) -> bool {
    entry.kind().is_used() && entry.used() > 0
}

/// The entries of some pages as a core has them, one after the other.
fn entries(chunk: &Chunk, pages: Range<usize>) -> Vec<u8> {
    let words = pages.flat_map(|page| <[u64; 2]>::from(chunk.entry(page).as_saved().words()));
    words.flat_map(u64::to_le_bytes).collect()
}

/// Gives the first `pages` pages of a chunk as they are stored to `out`, piece by piece.
fn image(space: &Space, chunk: &Chunk, pages: usize, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    out(&entries(chunk, 0..CHUNK_PAGES))?;
    let bitmaps = chunk.base() + CHUNK_PAGES * size_of::<PageEntry>();
    out(space.stored(bitmaps, TABLE_PAGES * PAGE - (bitmaps - chunk.base())))?;
    for page in TABLE_PAGES..pages.min(chunk.usable_pages().end) {
        let bytes = space.stored(chunk.base() + page * PAGE, PAGE);
        out(if is_stored(chunk.entry(page)) { bytes } else { &[0; PAGE] })?;
    }
    if chunk.is_huge() {
        let further = entries(chunk, CHUNK_PAGES..chunk.pages());
        let room = (chunk.pages() - chunk.usable_pages().end) * PAGE;
        out(&vec![0; room - further.len()])?;
        out(&further)?;
    }
    Ok(())
}

/// Writes whole pages one by one, so that a buffer of a whole number of pages is written when it is full, and not before.
fn write_pages(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    bytes.chunks(PAGE).try_for_each(|page| out.write_all(page))
}

/// Writes a heap, whose references lead nowhere afterwards.
fn write(heap: &mut Heap, language: u64, contents: &Contents, out: &mut (impl Write + Seek)) -> Result<(), CoreError> {
    let holds_something = |chunk: &Chunk| chunk.usable_pages().any(|page| chunk.entry(page).kind().is_used());
    let mut order: Vec<usize> =
        (0..heap.space.chunks().len()).filter(|index| holds_something(&heap.space.chunks()[*index])).collect();
    order.sort_by_key(|index| heap.space.chunks()[*index].is_huge());

    let last_of_pools = order.iter().rposition(|index| !heap.space.chunks()[*index].is_huge());
    let (mut parts, mut stored, mut next) = (Vec::new(), Vec::new(), Address::new(HOME));
    for (n, index) in order.iter().enumerate() {
        let chunk = &heap.space.chunks()[*index];
        parts.push((chunk.base(), chunk.pages() * PAGE, next));
        next = (next + chunk.pages() * PAGE).align_up(CHUNK);
        stored.push(stored_pages(chunk, Some(n) != last_of_pools));
    }
    let sizes = order.iter().zip(&stored).map(|(index, stored)| [heap.space.chunks()[*index].pages(), *stored]);
    let mut directory: Vec<u64> = sizes.flatten().map(|pages| pages as u64).collect();
    let remap = Remap::new(parts);
    for root in &contents.roots {
        let value = remap.value(*root).ok_or_else(|| CoreError::Damaged("a root leads nowhere".to_owned()))?;
        directory.push(value.bits());
    }
    directory.extend(&contents.words);
    relocate(heap, &remap)?;

    let mut header = Header {
        language,
        home: HOME as u64,
        chunks: order.len() as u64,
        directory: directory.len() as u64,
        pages: stored.iter().sum::<usize>() as u64,
        roots: contents.roots.len() as u64,
        words: contents.words.len() as u64,
        ..Header::default()
    };
    out.write_all(&[0; HEADER_BYTES])?;
    let mut bytes: Vec<u8> = directory.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
    header.directory_sum = crc32fast::hash(&bytes);
    write_pages(out, &bytes)?;
    let mut sum = crc32fast::Hasher::new();
    for (index, pages) in order.into_iter().zip(stored) {
        image(&heap.space, &heap.space.chunks()[index], pages, &mut |bytes| {
            sum.update(bytes);
            write_pages(out, bytes)
        })?;
    }
    header.pages_sum = sum.finalize();
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&header.bytes())?;
    out.flush()?;
    Ok(())
}

/// Adjusts every reference in a heap.
pub(super) fn relocate(heap: &mut Heap, remap: &Remap) -> Result<(), CoreError> {
    if remap.is_identity() {
        return Ok(());
    }
    let mut stray = None;
    let mut follow = |value: Value| {
        remap.value(value).unwrap_or_else(|| {
            stray = Some(value);
            Value::NIL
        })
    };
    for chunk in heap.space.chunks() {
        let mut adjust = |item: crate::walk::Item| match item.value.unpack() {
            Unpacked::Cell(cell) => {
                cell.store_car(follow(cell.car()));
                cell.store_cdr(follow(cell.cdr()));
            }
            Unpacked::Object(object) => replace_in(object, &mut follow),
            _ => {}
        };
        each_item(chunk, &mut adjust, &mut |_| {});
    }
    match stray {
        None => Ok(()),
        Some(value) => Err(CoreError::Damaged(format!("{value:?} refers to nothing"))),
    }
}

/// Writes a core to a file, as [`save`] does. The file is there whole, or as it was before.
///
/// # Errors
/// When the file can't be written, or there is no room for a copy.
pub fn save_file(heap: &Heap, language: u64, roots: &[Value], words: &[u64], path: &Path) -> Result<(), CoreError> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidFilename).map_err(io::Error::from)?.to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = path.with_file_name(name);
    let written = File::create(&partial).map_err(CoreError::from).and_then(|file| {
        let mut out = BufWriter::with_capacity(BUFFER, file);
        save(heap, language, roots, words, &mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(fs::rename(&partial, path)?)
    });
    if written.is_err() {
        fs::remove_file(&partial).ok();
    }
    written
}
