//! What a stream says of itself, and what that means to this program.
//!
//! Kinds, fields, counters and events are matched by name, so that a stream of another allocator, or of a later version
//! of this one, may have others: what has no meaning here is left out, and what is missing is zero or unknown.

use std::time::{SystemTime, UNIX_EPOCH};

use heapatlas_heap::terms::{GRANULE, GcPhase, PAGE, PageKind};
use heapatlas_heap::{PageEntry, Policy};
use serde::{Deserialize, Serialize};

use super::counters::COUNTERS;
use super::events::EVENTS;

/// Something that a stream has a number for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Named {
    /// What it is called.
    pub name: String,
    /// What it counts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Of a kind of page that only some allocators have: which of the usual ones it is drawn like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
}

impl Named {
    fn new(name: &str, unit: &str) -> Self {
        Self { name: name.to_owned(), unit: unit.to_owned(), like: None }
    }
}

/// Where the program ran.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// The operating system and its release.
    pub system: String,
    /// The kind of processor.
    pub processor: String,
    /// How many of them the program could use; zero when unknown.
    pub processors: usize,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        let name = rustix::system::uname();
        let words = [name.sysname(), name.release()].map(|word| word.to_string_lossy());
        Self {
            system: words.join(" "),
            processor: std::env::consts::ARCH.to_owned(),
            processors: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        }
    }
}

/// Why a snapshot was written when nobody asked for one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Occasion {
    /// What happened, in one sentence.
    pub what: String,
    /// Bytes that were asked for in vain; `None` when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_bytes: Option<u64>,
    /// Whether the system refused, rather than the soft limit.
    pub by_system: bool,
    /// The soft limit, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<u64>,
    /// Bytes of the largest free run, where it was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_free_run_bytes: Option<u64>,
}

/// What a stream says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Description {
    /// What ran.
    #[serde(default)]
    pub program: String,
    /// Who wrote the stream.
    #[serde(default)]
    pub writer: String,
    /// How the heap places things, as `--heap` takes it; anything else for other allocators.
    #[serde(default)]
    pub policy: String,
    /// Where it ran.
    #[serde(default)]
    pub machine: Machine,
    /// When the recording began, in seconds since 1970.
    #[serde(default)]
    pub began: u64,
    /// Why the snapshot was written, when nobody asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasion: Option<Occasion>,
    /// Bytes of a page.
    pub page_bytes: u64,
    /// Bytes of a granule.
    pub granule_bytes: u64,
    /// The kinds of page, by number.
    pub kinds: Vec<Named>,
    /// The phases of a collection, by number.
    #[serde(default)]
    pub phases: Vec<Named>,
    /// The fields of a page, in the order of their columns.
    pub fields: Vec<Named>,
    /// The counters, in their order.
    pub counters: Vec<Named>,
    /// The events, by number.
    #[serde(default)]
    pub events: Vec<Named>,
}

/// No stream has more names of a sort.
const NAMES_MOST: usize = 256;

impl Description {
    /// The description of a stream that this program writes now.
    #[must_use]
    pub fn new(program: &str, policy: &Policy) -> Self {
        let names = |names: &mut dyn Iterator<Item = &'static str>| names.map(|name| Named::new(name, "")).collect();
        Self {
            program: program.to_owned(),
            writer: format!("heapatlas {}", env!("CARGO_PKG_VERSION")),
            policy: policy.to_string(),
            machine: Machine::this(),
            began: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
            occasion: None,
            page_bytes: PAGE as u64,
            granule_bytes: GRANULE as u64,
            kinds: names(&mut PageKind::ALL.iter().map(|kind| kind.name())),
            phases: names(&mut GcPhase::ALL.iter().map(|phase| phase.name())),
            fields: PageEntry::FIELDS.iter().map(|field| Named::new(field.name, field.unit)).collect(),
            counters: COUNTERS.iter().map(|counter| Named::new(counter.name, counter.unit)).collect(),
            events: names(&mut EVENTS.iter().copied()),
        }
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        // Texts and numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What it means to this program.
    ///
    /// # Errors
    /// A sentence, when its pages are none that the map can show.
    pub fn meaning(&self) -> Result<Meaning, String> {
        if (self.page_bytes, self.granule_bytes) != (PAGE as u64, GRANULE as u64) {
            let (page, granule) = (self.page_bytes, self.granule_bytes);
            return Err(format!(
                "a recording of pages of {page} bytes and granules of {granule}; this program shows {PAGE} and {GRANULE}"
            ));
        }
        let lists = [&self.kinds, &self.phases, &self.fields, &self.counters, &self.events];
        if lists.iter().any(|names| names.len() > NAMES_MOST) {
            return Err(format!("a recording that names more than {NAMES_MOST} things of a sort"));
        }
        let kind = |named: &Named| {
            let named_so = |name: &str| PageKind::ALL.into_iter().find(|kind| kind.name() == name);
            named_so(&named.name).or_else(|| named_so(named.like.as_deref()?)).unwrap_or(PageKind::Mixed)
        };
        let field = |named: &Named| PageEntry::FIELDS.iter().position(|field| field.name == named.name);
        let counter = |named: &Named| COUNTERS.iter().position(|counter| counter.name == named.name);
        Ok(Meaning {
            policy: self.policy.parse().unwrap_or_default(),
            kinds: self.kinds.iter().map(kind).collect(),
            fields: self.fields.iter().map(field).collect(),
            counters: self.counters.iter().map(counter).collect(),
            events: self.events.iter().map(|named| named.name.clone()).collect(),
        })
    }
}

/// What the numbers of a stream mean here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meaning {
    /// The heap's policy.
    pub policy: Policy,
    /// The kind of each number.
    pub kinds: Vec<PageKind>,
    /// Of each column which of [`PageEntry::FIELDS`] it is; `None` when it is none.
    pub fields: Vec<Option<usize>>,
    /// Of each counter which of [`COUNTERS`] it is; `None` when it is none.
    pub counters: Vec<Option<usize>>,
    /// The name of each event.
    pub events: Vec<String>,
}

impl Meaning {
    /// That of the streams that this program writes.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            policy: Policy::default(),
            kinds: PageKind::ALL.to_vec(),
            fields: (0..PageEntry::FIELDS.len()).map(Some).collect(),
            counters: (0..COUNTERS.len()).map(Some).collect(),
            events: EVENTS.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_program_writes_means_what_it_says() {
        let description = Description::new("x.arc", &Policy::default());
        assert_eq!(description.meaning(), Ok(Meaning::usual()));
        let again: Description = serde_json::from_str(&description.text()).expect("a description");
        assert_eq!(again, description);
    }

    #[test]
    fn names_of_other_allocators_are_matched_or_left_out() {
        let mut description = Description::new("x", &Policy::default());
        description.kinds = vec![Named::new("nursery", ""), Named::new("cells", ""), Named::new("slab", "")];
        description.kinds[2].like = Some("objects".to_owned());
        description.fields = vec![Named::new("age", "years"), Named::new("used", "granules")];
        description.counters.insert(0, Named::new("temperature", "kelvin"));
        let meaning = description.meaning().expect("a meaning");
        assert_eq!(meaning.kinds, [PageKind::Mixed, PageKind::Cells, PageKind::Objects]);
        assert_eq!(meaning.fields, [None, Some(2)]);
        assert_eq!(meaning.counters[..2], [None, Some(0)]);
        description.page_bytes = 16384;
        assert!(description.meaning().is_err_and(|why| why.contains("16384")));
    }
}
