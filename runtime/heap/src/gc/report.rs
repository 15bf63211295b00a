//! What a step of a collection did, as numbers.

use super::mark::Scanned;
use crate::terms::{Address, GcPhase};

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
