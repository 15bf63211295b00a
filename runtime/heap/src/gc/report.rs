//! What a step of a collection did, as numbers and in a sentence for people.

use std::fmt;

use super::mark::Scanned;
use crate::terms::{Address, GRANULE, GcPhase, PAGE};

/// What one step did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepReport {
    /// The phase in which the step began.
    pub began_in: GcPhase,
    /// The phase in which it ended.
    pub ended_in: GcPhase,
    /// Objects and cells scanned; one that is scanned in several steps by the last of them.
    pub scanned: u64,
    /// The values in what was scanned, two or more a thing: they tell how much work it was.
    pub values: u64,
    /// The one that a step of an object scanned.
    pub object: Option<Address>,
    /// Grey things that wait when the step ended; after a slice, entries of the queue, which may be more.
    pub grey: u64,
    /// Whether more grey things than those wait on pages that are looked at later.
    pub flooded: bool,
    /// The page swept last.
    pub page: Option<Address>,
    /// Pages swept.
    pub swept_pages: u64,
    /// Pages that the sweep passed over because nothing is in them.
    pub passed_pages: u64,
    /// Granules that became free.
    pub freed_granules: u64,
    /// Bytes that moved.
    pub moved: u64,
    /// Bytes that left residency.
    pub given_back: u64,
}

/// A number of bytes in units of 1,024, with at most one decimal.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
        let mut unit = 0;
        let mut tenths = self.0 * 10;
        while tenths >= 10_240 && unit + 1 < UNITS.len() {
            tenths = (tenths + 512) / 1024;
            unit += 1;
        }
        match tenths % 10 {
            0 => write!(f, "{} {}", tenths / 10, UNITS[unit]),
            tenth => write!(f, "{}.{tenth} {}", tenths / 10, UNITS[unit]),
        }
    }
}

/// The plural of a word when there is not one.
fn s(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl StepReport {
    /// A step that has done nothing yet.
    pub(super) const fn begun_in(phase: GcPhase) -> Self {
        Self {
            began_in: phase,
            ended_in: phase,
            scanned: 0,
            values: 0,
            object: None,
            grey: 0,
            flooded: false,
            page: None,
            swept_pages: 0,
            passed_pages: 0,
            freed_granules: 0,
            moved: 0,
            given_back: 0,
        }
    }

    pub(super) fn add_scanned(&mut self, scanned: Scanned) {
        self.scanned += scanned.things;
        self.values += scanned.values;
    }
}

/// One sentence: the phase in which the step began, then what was done, then the phase that comes next if it is another.
impl fmt::Display for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.began_in == GcPhase::Idle {
            return f.write_str("idle: no collection is under way");
        }
        write!(f, "{}: ", self.began_in.name())?;
        let mut any = false;
        let mut part =
            |f: &mut fmt::Formatter<'_>| if std::mem::replace(&mut any, true) { f.write_str(", ") } else { Ok(()) };
        if self.scanned > 0 {
            part(f)?;
            match self.object {
                Some(object) => write!(f, "scanned what lies at {object}")?,
                None => write!(f, "scanned {} thing{}", self.scanned, s(self.scanned))?,
            }
        }
        if matches!(self.ended_in, GcPhase::Roots | GcPhase::Mark | GcPhase::Finish) {
            part(f)?;
            write!(f, "{} wait{} grey", self.grey, if self.grey == 1 { "s" } else { "" })?;
            if self.flooded {
                f.write_str(" and more on flooded pages")?;
            }
        }
        if let Some(page) = self.page {
            part(f)?;
            let swept = Bytes(self.swept_pages * PAGE as u64);
            let freed = Bytes(self.freed_granules * GRANULE as u64);
            match self.swept_pages {
                1 => write!(f, "page {page} freed {freed} of {swept}")?,
                pages => write!(f, "{pages} pages freed {freed} of {swept}, the last {page}")?,
            }
        }
        if self.moved > 0 {
            part(f)?;
            write!(f, "moved {}", Bytes(self.moved))?;
        }
        if self.given_back > 0 {
            part(f)?;
            write!(f, "gave back {}", Bytes(self.given_back))?;
        }
        if !any {
            f.write_str("nothing to do")?;
        }
        if self.ended_in == self.began_in { Ok(()) } else { write!(f, "; then {}", self.ended_in.name()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Address;

    const REPORT: StepReport = StepReport::begun_in(GcPhase::Mark);

    #[test]
    fn a_step_is_a_sentence() {
        let page = Some(Address::new(0x1000_0001_2000));
        let sweep = StepReport { began_in: GcPhase::Sweep, ended_in: GcPhase::Sweep, page, ..REPORT };
        let roots = StepReport { began_in: GcPhase::Roots, grey: 700, ..REPORT };
        let cases = [
            (StepReport { scanned: 1, grey: 12, ..REPORT }, "mark: scanned 1 thing, 12 wait grey"),
            (
                StepReport { scanned: 1, object: page, grey: 12, ..REPORT },
                "mark: scanned what lies at 0x100000012000, 12 wait grey",
            ),
            (StepReport { scanned: 4096, grey: 1, ..REPORT }, "mark: scanned 4096 things, 1 waits grey"),
            (
                StepReport { scanned: 2, grey: 8192, flooded: true, ..REPORT },
                "mark: scanned 2 things, 8192 wait grey and more on flooded pages",
            ),
            (
                StepReport { scanned: 3, ended_in: GcPhase::Finish, ..REPORT },
                "mark: scanned 3 things, 0 wait grey; then finish",
            ),
            (roots, "roots: 700 wait grey; then mark"),
            (
                StepReport { swept_pages: 1, freed_granules: 77, ..sweep },
                "sweep: page 0x100000012000 freed 1.2 KiB of 4 KiB",
            ),
            (
                StepReport { swept_pages: 300, freed_granules: 0, ..sweep },
                "sweep: 300 pages freed 0 B of 1.2 MiB, the last 0x100000012000",
            ),
            (
                StepReport { began_in: GcPhase::Evacuate, ended_in: GcPhase::GiveBack, moved: 3 << 20, ..REPORT },
                "evacuate: moved 3 MiB; then give back",
            ),
            (
                StepReport { began_in: GcPhase::Evacuate, ended_in: GcPhase::GiveBack, ..REPORT },
                "evacuate: nothing to do; then give back",
            ),
            (
                StepReport { began_in: GcPhase::GiveBack, ended_in: GcPhase::Idle, given_back: 65536, ..REPORT },
                "give back: gave back 64 KiB; then idle",
            ),
            (
                StepReport { began_in: GcPhase::Idle, ended_in: GcPhase::Idle, ..REPORT },
                "idle: no collection is under way",
            ),
        ];
        for (report, sentence) in cases {
            assert_eq!(report.to_string(), sentence);
        }
    }
}
