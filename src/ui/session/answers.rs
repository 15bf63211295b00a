//! What the runtime answered last to what was asked of it, and how walks of the heap compare with what is shown.

use heapatlas_arc::inspect::{Findings, PageFindings};
use heapatlas_heap::Colours;
use heapatlas_heap::free_lists::FreeLists;
use heapatlas_heap::terms::Address;

/// Walks of the heap, counted thing by thing, against what the pages say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Walks {
    /// How many counted the same.
    pub agreed: u64,
    /// The first that did not: what the pages said, and what it counted.
    pub differed: Option<(Colours, Colours)>,
}

impl Walks {
    pub(super) fn compare(&mut self, shown: Colours, counted: Colours) {
        if shown == counted {
            self.agreed += 1;
        } else {
            self.differed.get_or_insert((shown, counted));
        }
    }
}

/// The latest answers of the runtime to what was asked of it.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) page: Option<PageFindings>,
    pub(super) too_much_alive: Option<Address>,
    /// The page about which a search was cancelled.
    pub(super) withdrawn: Option<Address>,
    pub(super) free_lists: Option<FreeLists>,
    /// A name and where its value lies, until somebody takes note of it.
    pub(super) symbol: Option<(String, Option<Address>)>,
    /// What was to be completed, and names that begin so, until somebody takes note of them.
    pub(super) names: Option<(String, Vec<String>)>,
}

impl Answers {
    /// Takes in an answer.
    pub(super) fn hear(&mut self, findings: Findings) {
        match findings {
            Findings::Page(page) => self.page = Some(page),
            Findings::NoPage(_) => self.page = None,
            Findings::TooMany(page) => self.too_much_alive = Some(page),
            Findings::Withdrawn(page) => self.withdrawn = Some(page),
            Findings::FreeLists(lists) => self.free_lists = Some(*lists),
            Findings::Names { prefix, names } => self.names = Some((prefix, names)),
            Findings::Symbol { name, address } => self.symbol = Some((name, address)),
        }
    }
}
