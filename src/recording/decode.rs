//! The bytes of a chunk back to frames.

use heapatlas_heap::PageEntry;
use heapatlas_heap::frame::{Counters, Frame, Happening};
use heapatlas_heap::terms::{Address, PAGE, PageKind, Span};

use super::counters::{self, COUNTERS};
use super::description::Meaning;
use super::encode::{EXTENTS, KEY};
use super::events::{self, HIGHEST};
use super::format::{ChunkHeader, Moment, nanos};
use super::trust::Trust;
use super::varint::{Bytes, Nonsense};

/// Which of the fields of an entry is its kind.
const KIND: usize = 0;
/// Pages of which the columns are decoded at a time: what they take stays close to the processor.
const STRETCH: usize = 128;
/// A frame has no more events: a heap keeps fewer.
const EVENTS_MOST: usize = 1 << 16;

/// What is left of a chunk to be decoded.
#[derive(Debug)]
pub struct Decoder {
    raw: Vec<u8>,
    at: usize,
    sequence: u64,
    wall: u64,
    numbers: Vec<u64>,
    extents: Vec<Span>,
    /// What the stream is trusted with.
    trust: Trust,
}

impl Decoder {
    /// The frames of a chunk that was unpacked. Frames of more pages than its stream is trusted with are nonsense.
    #[must_use]
    pub fn new(header: &ChunkHeader, raw: Vec<u8>, trust: Trust) -> Self {
        let Moment { sequence, wall, .. } = header.first;
        Self { raw, at: 0, sequence, wall: nanos(wall), numbers: Vec::new(), extents: Vec::new(), trust }
    }

    /// Decodes the next frame into one that was used before. `false` when there is none.
    ///
    /// # Errors
    /// When the bytes are no frame; then nothing more of the chunk can be read.
    pub fn next(&mut self, meaning: &Meaning, frame: &mut Frame) -> Result<bool, Nonsense> {
        if self.at == self.raw.len() {
            return Ok(false);
        }
        let raw = std::mem::take(&mut self.raw);
        let mut bytes = Bytes::new(&raw[self.at..]);
        let length = bytes.number()?;
        let mut body = bytes.take(length)?;
        self.at = raw.len() - bytes.left();
        self.frame(&mut body, meaning, frame)?;
        if self.at < raw.len() {
            self.raw = raw;
        } else {
            // Whoever gets the last frame needs the room.
            self.at = 0;
        }
        Ok(true)
    }

    fn frame(&mut self, body: &mut Bytes<'_>, meaning: &Meaning, frame: &mut Frame) -> Result<(), Nonsense> {
        let flags = body.number()? as u8;
        self.sequence = body.step(self.sequence)?;
        self.wall = body.step(self.wall)?;
        frame.key = flags & KEY != 0;
        frame.sequence = self.sequence;
        frame.wall = std::time::Duration::from_nanos(self.wall);
        self.numbers(body, meaning)?;
        frame.counters = self.counters(meaning)?;
        if flags & EXTENTS != 0 {
            self.extents = spans(body, self.trust)?;
            if self.extents.windows(2).any(|pair| pair[0].end > pair[1].start) {
                return Err(Nonsense);
            }
        }
        frame.extents.clone_from(&self.extents);
        frame.mapped = spans(body, self.trust)?;
        let pages = self.runs(body, meaning.fields.len(), &mut frame.runs)?;
        entries(body, meaning, pages, &mut frame.entries)?;
        frame.lost_events = body.number()?;
        happenings(body, meaning, &mut frame.events)?;
        Ok(())
    }

    fn numbers(&mut self, body: &mut Bytes<'_>, meaning: &Meaning) -> Result<(), Nonsense> {
        self.numbers.resize(meaning.counters.len() + meaning.kinds.len(), 0);
        for number in &mut self.numbers {
            *number = body.step(*number)?;
        }
        Ok(())
    }

    /// Runs of pages, of which so many columns follow; gives how many pages they have altogether.
    fn runs(&self, body: &mut Bytes<'_>, columns: usize, runs: &mut Vec<(Address, u32)>) -> Result<usize, Nonsense> {
        runs.clear();
        let (mut at, mut pages) = (0_u64, 0_usize);
        for _ in 0..body.count()? {
            let start = body.step(at)?;
            let count = u32::try_from(some(body.number()?)?).map_err(|_large| Nonsense)?;
            at = start.checked_add(u64::from(count)).ok_or(Nonsense)?;
            address(at)?;
            // Each column has a byte a page at least.
            let most = body.left().checked_div(columns).unwrap_or(0);
            pages = pages.checked_add(count as usize).filter(|pages| *pages <= most).ok_or(Nonsense)?;
            if !self.trust.holds(0, pages as u64) {
                return Err(Nonsense);
            }
            runs.push((address(start)?, count));
        }
        Ok(pages)
    }

    fn counters(&self, meaning: &Meaning) -> Result<Counters, Nonsense> {
        let mut counters = Counters { policy: meaning.policy, ..Counters::default() };
        let (numbers, pages) = self.numbers.split_at(meaning.counters.len());
        for (number, counter) in numbers.iter().zip(&meaning.counters) {
            if let Some(counter) = counter {
                COUNTERS[*counter].enter(&mut counters, number.checked_sub(1))?;
            }
        }
        for (count, kind) in pages.iter().zip(&meaning.kinds) {
            let sum = &mut counters.pages[*kind as usize];
            *sum = sum.checked_add(*count).filter(|sum| *sum <= HIGHEST / PAGE as u64).ok_or(Nonsense)?;
        }
        if counters::make_sense(&counters) { Ok(counters) } else { Err(Nonsense) }
    }
}

/// The address of a page.
fn address(page: u64) -> Result<Address, Nonsense> {
    if page > HIGHEST / PAGE as u64 { Err(Nonsense) } else { Ok(Address::new(page as usize * PAGE)) }
}

/// A number of pages, none of which would be nonsense.
fn some(pages: u64) -> Result<u64, Nonsense> {
    if pages == 0 { Err(Nonsense) } else { Ok(pages) }
}

/// Spans of pages, no more than the stream is trusted with.
fn spans(body: &mut Bytes<'_>, trust: Trust) -> Result<Vec<Span>, Nonsense> {
    let mut spans = Vec::new();
    let (mut at, mut sum) = (0_u64, 0_u64);
    for _ in 0..body.count()? {
        let start = body.step(at)?;
        let pages = some(body.number()?)?;
        at = start.checked_add(pages).ok_or(Nonsense)?;
        sum = sum.checked_add(pages).filter(|sum| trust.holds(spans.len() + 1, *sum)).ok_or(Nonsense)?;
        spans.push(address(start)?..address(at)?);
    }
    Ok(spans)
}

/// The entries of so many pages, column by column.
fn entries(
    body: &mut Bytes<'_>,
    meaning: &Meaning,
    pages: usize,
    entries: &mut Vec<PageEntry>,
) -> Result<(), Nonsense> {
    entries.clear();
    entries.reserve_exact(pages);
    let mut columns = Vec::with_capacity(meaning.fields.len());
    for field in &meaning.fields {
        columns.push((*field, body.take_numbers(pages)?, 0));
    }
    // The columns are gone through side by side, so that nothing is kept but entries.
    let mut values = [[0; STRETCH]; PageEntry::FIELDS.len()];
    let mut unknown = [0; STRETCH];
    for first in (0..pages).step_by(STRETCH) {
        let count = STRETCH.min(pages - first);
        for (field, column, value) in &mut columns {
            let into = field.map_or(&mut unknown, |field| &mut values[field]);
            *value = column.steps(*value, &mut into[..count])?;
            if *field == Some(KIND) {
                for number in &mut into[..count] {
                    *number = kind(*number, meaning)? as u64;
                }
            }
        }
        let fields = (0..count).map(|page| values.each_ref().map(|column| column[page]));
        for fields in fields {
            entries.push(PageEntry::from_fields(fields).ok_or(Nonsense)?);
        }
    }
    Ok(())
}

fn kind(number: u64, meaning: &Meaning) -> Result<PageKind, Nonsense> {
    usize::try_from(number).ok().and_then(|number| meaning.kinds.get(number)).copied().ok_or(Nonsense)
}

fn happenings(body: &mut Bytes<'_>, meaning: &Meaning, into: &mut Vec<Happening>) -> Result<(), Nonsense> {
    into.clear();
    let mut wall = 0;
    let count = body.count()?;
    if count > EVENTS_MOST {
        return Err(Nonsense);
    }
    into.reserve_exact(count);
    for _ in 0..count {
        wall = body.step(wall)?;
        let length = body.number()?;
        let mut event = body.take(length)?;
        let number = usize::try_from(event.number()?).map_err(|_large| Nonsense)?;
        let name = meaning.events.get(number).map_or("", String::as_str);
        if let Some(event) = events::event(name, &mut event)? {
            into.push(Happening { wall: std::time::Duration::from_nanos(wall), event });
        }
    }
    Ok(())
}
