//! The map in block characters, for terminals and for `.txt`.
//!
//! One character is one page. The letter says the kind, the block how full the page is with what lives or is unjudged; a
//! page out of memory is a dot, what is not the heap's a tilde. With colour the hue says the kind and the block alone is drawn.

use std::io::{self, Write};

use heapatlas_heap::PageEntry;
use heapatlas_heap::frame::Counters;
use heapatlas_heap::terms::{PAGE, PageKind};

use crate::format;
use crate::map::balance::Term;
use crate::map::layout::{Layout, Row};
use crate::map::palette::{Rgb, Theme};
use crate::map::shade::Shade;
use crate::model::HeapModel;

/// How the map is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// With the escape sequences of terminals.
    pub colour: bool,
    /// Pages a row, a power of two.
    pub columns: usize,
    /// Rows at most; the map's middle is left out, and says so.
    pub most_rows: usize,
}

impl Style {
    /// For files: no colour, every row.
    #[must_use]
    pub const fn plain() -> Self {
        Self { colour: false, columns: 64, most_rows: usize::MAX }
    }
}

/// The letter of a kind of page, lower case when it is less than half full.
const fn letter(kind: PageKind) -> char {
    match kind {
        PageKind::Fresh => ' ',
        PageKind::Free => '·',
        PageKind::GivenBack => '.',
        PageKind::Tables => 'T',
        PageKind::Cells => 'C',
        PageKind::Objects => 'O',
        PageKind::LargeHead => 'L',
        PageKind::LargeRest => 'l',
        PageKind::Stack => 'S',
        PageKind::Reserve => 'R',
        PageKind::Mixed => 'M',
        PageKind::Foreign => '?',
    }
}

/// What is not the heap's between two pages of a row.
const GAP: char = '~';

const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

fn block(fill: f32) -> char {
    let steps = (BLOCKS.len() - 1) as f32;
    // Something is never nothing, and not everything is never everything.
    let step = (fill * steps).round() as usize;
    let step = if fill > 0.0 { step.max(1) } else { 0 };
    BLOCKS[if fill < 1.0 { step.min(BLOCKS.len() - 2) } else { step }]
}

fn plain_page(entry: PageEntry) -> char {
    let kind = entry.kind();
    let shade = Shade::of(entry, Theme::Dark);
    match (kind.is_used(), entry.resident()) {
        (_, Some(false)) => '.',
        (true, _) if shade.fill < 0.5 => letter(kind).to_ascii_lowercase(),
        _ => letter(kind),
    }
}

fn paint(out: &mut dyn Write, entry: PageEntry) -> io::Result<()> {
    let shade = Shade::of(entry, Theme::Dark);
    let Rgb(r, g, b) = shade.full;
    let ground = if shade.absent { Theme::Dark.background() } else { shade.empty };
    let character = if shade.absent { '·' } else { block(shade.fill) };
    write!(out, "\u{1b}[38;2;{r};{g};{b};48;2;{};{};{}m{character}", ground.0, ground.1, ground.2)
}

/// Writes the map, the legend and the balance.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, model: &HeapModel, style: &Style) -> io::Result<()> {
    let spans: Vec<_> = model.pages().extents().iter().map(|extent| extent.span.clone()).collect();
    let layout = Layout::new(&spans, style.columns);
    let rows = layout.rows();
    let left_out = if rows.len() > style.most_rows {
        let half = style.most_rows / 2;
        half..rows.len() - (style.most_rows - half)
    } else {
        0..0
    };
    for (number, row) in rows.iter().enumerate() {
        if left_out.contains(&number) {
            if number == left_out.start {
                writeln!(out, "{:>16}  … {} rows …", "", left_out.len())?;
            }
            continue;
        }
        write_row(out, model, row, style.colour)?;
    }
    write_legend(out, model, style)?;
    write_balance(out, model)
}

fn write_row(out: &mut dyn Write, model: &HeapModel, row: &Row, colour: bool) -> io::Result<()> {
    match row {
        Row::Hole { span } => {
            let size = format::bytes((span.end - span.start) as u64);
            writeln!(out, "{:>16}  /\\/\\/\\ hole of {size} /\\/\\/\\", "")
        }
        Row::Pages { start, column, first, count, .. } => {
            write!(out, "{}  {:column$}", format::address(*start), "")?;
            for page in 0..*count {
                match model.pages().at(*first + page * PAGE).map(|page| page.entry) {
                    Some(entry) if colour => paint(out, entry)?,
                    Some(entry) => write!(out, "{}", plain_page(entry))?,
                    None if colour => write!(out, "\u{1b}[0m{GAP}")?,
                    None => write!(out, "{GAP}")?,
                }
            }
            writeln!(out, "{}", if colour { "\u{1b}[0m" } else { "" })
        }
    }
}

fn write_legend(out: &mut dyn Write, model: &HeapModel, style: &Style) -> io::Result<()> {
    let counters = model.counters();
    let mut words = Vec::new();
    for kind in PageKind::ALL {
        let pages = counters.pages_of(kind);
        if pages > 0 {
            let mark = if style.colour {
                let Rgb(r, g, b) = Theme::Dark.kind(kind);
                format!("\u{1b}[38;2;{r};{g};{b}m█\u{1b}[0m")
            } else {
                format!("{}", letter(kind))
            };
            words.push(format!("{mark} {} {pages}", kind.name()));
        }
    }
    writeln!(out, "{}", words.join("   "))?;
    let row = format::bytes((style.columns * PAGE) as u64);
    if style.colour {
        writeln!(out, "one character is a page of 4 KiB, one row {row}; the block is how full it is, · is not resident")
    } else {
        writeln!(
            out,
            "one character is a page of 4 KiB, one row {row}; small letters are less than half full, a dot is not \
             resident"
        )
    }
}

fn write_balance(out: &mut dyn Write, model: &HeapModel) -> io::Result<()> {
    let Counters { balance, policy, .. } = model.counters();
    let heap = if policy.is_usual() { String::new() } else { format!("heap {policy}: ") };
    let terms: Vec<String> = Term::COMMITTED
        .iter()
        .filter_map(|term| Some((term, term.of(balance).filter(|bytes| *bytes > 0)?)))
        .map(|(term, bytes)| format!("{} {}", term.name(), format::bytes(bytes)))
        .collect();
    writeln!(out, "{heap}committed {} = {}", format::bytes(balance.committed()), terms.join(" + "))?;
    if let (Some(resident), Some(absent)) = (balance.resident(), balance.not_resident) {
        writeln!(
            out,
            "resident {} = committed − not resident {}; resident / live = {}",
            format::bytes(resident),
            format::bytes(absent),
            format::ratio(resident, balance.live)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_tell_something_from_nothing_and_full_from_nearly() {
        assert_eq!(block(0.0), ' ');
        assert_eq!(block(0.001), '▁');
        assert_eq!(block(0.999), '▇');
        assert_eq!(block(1.0), '█');
    }
}
