//! What there is to know of a page, and of a symbol, as plain data that may leave the runtime: what lies there, what it
//! prints as, who holds it, why it is alive.

use heapatlas_heap::free_lists::FreeLists;
use heapatlas_heap::gc::Evacuation;
use heapatlas_heap::paths::{Step, Unfinished};
use heapatlas_heap::survey::{Colour, MOST_STEPS, Path, Surveyed};
use heapatlas_heap::terms::{Address, GcPhase, PAGE, Span};

use crate::host::Errand;
use crate::symbols;
use crate::vm::Machine;

/// Characters of what something prints as, at most about so many.
const MOST_PRINTED: usize = 120;

/// Names told at most.
const MOST_NAMES: usize = 64;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Inspection {
    /// What lies on the page of an address.
    Page(Address),
    /// Where the value of a global variable lies.
    Symbol(String),
    /// Which global variables begin so.
    Names(String),
    /// The free lists, and that of the pool at an address.
    FreeLists(Option<Address>),
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Findings {
    /// What lies on a page.
    Page(PageFindings),
    /// The global variables that begin so, in order of their names.
    Names {
        /// What they begin with.
        prefix: String,
        /// Their names, bounded in number.
        names: Vec<String>,
    },
    /// The free lists.
    FreeLists(Box<FreeLists>),
    /// Nothing of the heap's is at that address.
    NoPage(Address),
    /// More is alive than the search for its holders can note.
    TooMany(Address),
    /// The search for the holders of what lies on this page was not wanted any more.
    Withdrawn(Address),
    /// Where the value of a global variable lies; `None` when it has none, or one that takes no room.
    Symbol {
        /// Its name.
        name: String,
        /// Where its value lies.
        address: Option<Address>,
    },
}

/// What lies on a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageFindings {
    /// Where the page begins.
    pub page: Address,
    /// What lies on it, wholly or in part, lowest first.
    pub things: Vec<Thing>,
    /// Its pool, if it is part of one.
    pub pool: Option<Pool>,
}

/// The pool of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pool {
    /// Where it lies.
    pub span: Span,
    /// Bytes allocated in it.
    pub used: u64,
    /// What evacuation would do with it.
    pub evacuation: Evacuation,
}

/// A reference to something, by what holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// What refers, and with which of its parts, in words.
    pub words: String,
    /// Where what refers lies; `None` for what does not lie on the heap, or is more than one.
    pub holder: Option<Address>,
}

/// A cell or an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thing {
    /// Where it begins.
    pub address: Address,
    /// Bytes it occupies, header and rounding included.
    pub bytes: u64,
    /// What it is.
    pub kind: &'static str,
    /// What it prints as, in part; empty for what may refer to memory that is free again.
    pub printed: String,
    /// What the collector under way knows of it.
    pub colour: Option<Colour>,
    /// Whether it may not move.
    pub pinned: bool,
    /// Why it is alive: the path from a root, outermost first; empty when it is not.
    pub path: Vec<Reference>,
    /// Who refers to it, of all that is alive: the first few.
    pub holders: Vec<Reference>,
    /// How many references to it there are.
    pub references: usize,
}

impl Thing {
    /// Whether a root leads to it.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.path.is_empty()
    }
}

impl Machine {
    /// Finds out what is asked, with the machine between two instructions.
    pub(crate) fn inspect(&mut self, inspection: Inspection) -> Findings {
        let slots = self.slots_in_use();
        self.inspect_above(inspection, slots)
    }

    /// The same when no program runs.
    pub(crate) fn inspect_at_rest(&mut self, inspection: Inspection) -> Findings {
        self.inspect_above(inspection, 0)
    }

    fn inspect_above(&mut self, inspection: Inspection, slots: usize) -> Findings {
        match inspection {
            Inspection::Page(address) => self.inspect_page(address, slots),
            Inspection::Names(prefix) => {
                let names = self.world.symbols.bound_with_prefix(&self.world.heap, &prefix, MOST_NAMES);
                Findings::Names { prefix, names }
            }
            Inspection::FreeLists(chosen) => Findings::FreeLists(Box::new(self.world.heap.free_lists(chosen))),
            Inspection::Symbol(name) => {
                let symbol = self.world.symbols.find(&self.world.heap, &name);
                let value = symbol.map(|symbol| symbols::global(&self.world.heap, symbol));
                Findings::Symbol { name, address: value.and_then(heapatlas_heap::Value::address) }
            }
        }
    }

    fn inspect_page(&mut self, address: Address, slots: usize) -> Findings {
        self.settle_stack(slots);
        let (heap, mut roots, host) = self.split_with_host();
        let mut still_wanted = |reached| host.still_wants(&Errand::Search(reached));
        let survey = heap.survey(address, &mut roots, &mut still_wanted);
        self.restore_frames();
        let survey = match survey {
            Ok(Some(survey)) => survey,
            Ok(None) => return Findings::NoPage(address),
            Err(Unfinished::TooMany) => return Findings::TooMany(address.align_down(PAGE)),
            Err(Unfinished::Withdrawn) => return Findings::Withdrawn(address.align_down(PAGE)),
        };
        let things = survey.things.iter().map(|thing| self.describe(thing)).collect();
        let pool =
            survey.pool.map(|pool| Pool { span: pool.span, used: pool.used as u64, evacuation: pool.evacuation });
        Findings::Page(PageFindings { page: survey.page, things, pool })
    }

    fn describe(&self, thing: &Surveyed) -> Thing {
        let Surveyed { item, colour, pinned, path, holders, references } = thing;
        // While the sweep is under way, what is dead may refer to what was freed already.
        let readable = path.is_some() || self.heap().gc_phase() != GcPhase::Sweep;
        let printed = if readable { self.world.show_up_to(item.value, MOST_PRINTED) } else { String::new() };
        let kind = item.header.and_then(|header| header.kind()).map_or("cell", |kind| kind.name());
        Thing {
            address: item.address,
            bytes: item.bytes as u64,
            kind,
            printed,
            colour: *colour,
            pinned: *pinned,
            path: path.as_ref().map(|path| self.path_in_words(path)).unwrap_or_default(),
            holders: holders.iter().filter_map(|holder| self.holder_in_words(holder)).collect(),
            references: *references,
        }
    }

    fn path_in_words(&self, path: &Path) -> Vec<Reference> {
        let Path { outer, skipped, inner } = path;
        let mut words = self.steps_in_words(outer);
        if *skipped > 0 {
            words.push(Reference { words: format!("{skipped} more steps"), holder: None });
        }
        // Without what comes before it, the first of these says less; there are more.
        words.extend(self.steps_in_words(inner).into_iter().take(MOST_STEPS));
        words
    }

    /// Who holds something: the last step to it, and what the holder prints as.
    fn holder_in_words(&self, step: &Step) -> Option<Reference> {
        let mut reference = self.steps_in_words(std::slice::from_ref(step)).pop()?;
        if let Some(value) = step.holder {
            reference.words = format!("{}  {}", reference.words, self.world.show(value));
        }
        Some(reference)
    }
}
