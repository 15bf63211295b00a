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
use crate::gc::evacuate::replace_in;
use crate::heap::Heap;
use crate::raw::{BITMAP_WORDS, Bitmap};
use crate::space::chunk::Chunk;
use crate::space::extent::HOME;
use crate::space::limit::Exhausted;
use crate::terms::{Address, CHUNK_GRANULES, GRANULE, GcCause, GcUnit, PAGE};
use crate::value::{Unpacked, Value};
use crate::walk::each_item;

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

/// The runs of pages that something is in.
pub(super) fn runs(pages: usize, is_stored: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for page in (0..pages).filter(|page| is_stored(*page)) {
        match runs.last_mut() {
            Some(run) if run.end == page => run.end += 1,
            _ => runs.push(page..page + 1),
        }
    }
    runs
}

fn stored_runs(chunk: &Chunk) -> Vec<Range<usize>> {
    runs(chunk.pages(), |page| chunk.entry(page).kind().is_used() && chunk.entry(page).used() > 0)
}

/// Writes a heap, whose references lead nowhere afterwards.
fn write(heap: &mut Heap, language: u64, contents: &Contents, out: &mut (impl Write + Seek)) -> Result<(), CoreError> {
    let holds_something = |chunk: &Chunk| chunk.usable_pages().any(|page| chunk.entry(page).kind().is_used());
    let mut order: Vec<usize> =
        (0..heap.space.chunks().len()).filter(|index| holds_something(&heap.space.chunks()[*index])).collect();
    order.sort_by_key(|index| heap.space.chunks()[*index].is_huge());

    let (mut parts, mut directory, mut pages, mut next) = (Vec::new(), Vec::new(), 0, Address::new(HOME));
    for index in &order {
        let chunk = &heap.space.chunks()[*index];
        parts.push((chunk.base(), chunk.pages() * PAGE, next));
        next = next + chunk.pages() * PAGE;
        directory.push(chunk.pages() as u64);
        directory.extend((0..BITMAP_WORDS).map(|word| chunk.memory().bits(Bitmap::Allocated, word)));
        for page in 0..chunk.pages() {
            let (counts, state) = chunk.entry(page).as_saved().words();
            directory.extend([counts, state]);
        }
        pages += stored_runs(chunk).into_iter().map(|run| run.len() as u64).sum::<u64>();
    }
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
        pages,
        roots: contents.roots.len() as u64,
        words: contents.words.len() as u64,
        ..Header::default()
    };
    out.write_all(&[0; HEADER_BYTES])?;
    let mut bytes: Vec<u8> = directory.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
    header.directory_sum = crc32fast::hash(&bytes);
    out.write_all(&bytes)?;
    let mut sum = crc32fast::Hasher::new();
    for index in order {
        let chunk = &heap.space.chunks()[index];
        for run in stored_runs(chunk) {
            let stored = heap.space.stored(chunk.base() + run.start * PAGE, run.len() * PAGE);
            sum.update(stored);
            out.write_all(stored)?;
        }
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
        let mut out = BufWriter::new(file);
        save(heap, language, roots, words, &mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(fs::rename(&partial, path)?)
    });
    if written.is_err() {
        fs::remove_file(&partial).ok();
    }
    written
}
