//! Policies: how a heap places what it allocates, and what it does to get memory back.
//!
//! The policy is chosen when a heap is made. Everything else, the collector, the page table, the frames, is the same for
//! all of them, so that a program can be looked at under each.

use std::fmt;
use std::str::FromStr;

use crate::terms::GRANULE;

/// The largest cell that a text can ask for.
const LARGEST_CELL: usize = 4096;

/// Where what is allocated comes to lie.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Placement {
    /// Pools of cells and pools of objects, each with a cursor.
    #[default]
    Pool,
    /// One kind of pool for everything: each thing goes to the lowest free run that it fits.
    Single,
    /// Each thing is a block of the system's allocator, and stays where that put it.
    Malloc,
}

impl Placement {
    /// Every placement.
    pub const ALL: [Self; 3] = [Self::Pool, Self::Single, Self::Malloc];

    /// The word for people and for the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Single => "single",
            Self::Malloc => "malloc",
        }
    }
}

/// What a heap does with its memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Policy {
    /// Where what is allocated comes to lie.
    pub placement: Placement,
    /// Bytes asked of the system's allocator for a cell, at least 16. Elsewhere a cell is 16 bytes.
    pub cell_bytes: usize,
    /// Whether the heap collects by itself as the program allocates. It does so in any case when asked to, and when
    /// there is no room.
    pub collects: bool,
    /// Whether free memory returns to the system after a collection.
    pub gives_back: bool,
    /// Whether what lives in sparse pools moves to dense ones. Only in pools of one kind.
    pub evacuates: bool,
    /// Whether what is mapped 16 MiB and more at a time lies in large pages, where the system has them: then the processor
    /// searches its page tables less often, so that marking and sweeping wait less. But a large page is resident as a whole
    /// as soon as anything in it is touched. Not where the system's allocator places things.
    pub large_pages: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self::of(Placement::default())
    }
}

impl Policy {
    /// The policy of a placement that leaves nothing out.
    #[must_use]
    pub const fn of(placement: Placement) -> Self {
        Self {
            placement,
            cell_bytes: GRANULE,
            collects: true,
            gives_back: true,
            evacuates: matches!(placement, Placement::Pool),
            large_pages: false,
        }
    }

    /// Whether it leaves nothing out and places things as heaps do by default.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Sees that it asks for nothing that its placement can't do.
    ///
    /// # Errors
    /// A sentence that says what that is.
    pub fn check(&self) -> Result<(), String> {
        if self.large_pages && self.placement == Placement::Malloc {
            return Err(
                "large pages are for pool and single; under malloc the system's allocator maps memory".to_owned()
            );
        }
        Ok(())
    }

    /// Whether a cell asks for more than it holds.
    #[must_use]
    pub const fn has_padded_cells(&self) -> bool {
        self.cell_bytes > GRANULE
    }
}

/// The shortest text that says it all: `pool`, `malloc:cell=480,collect=no`.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::of(self.placement);
        f.write_str(self.placement.name())?;
        let mut sign = ':';
        let mut option = |key: &str, value: &dyn fmt::Display| {
            let before = std::mem::replace(&mut sign, ',');
            write!(f, "{before}{key}={value}")
        };
        if self.cell_bytes != usual.cell_bytes {
            option("cell", &self.cell_bytes)?;
        }
        let switches = [
            ("collect", self.collects, usual.collects),
            ("give-back", self.gives_back, usual.gives_back),
            ("evacuate", self.evacuates, usual.evacuates),
            ("large-pages", self.large_pages, usual.large_pages),
        ];
        for (key, value, _) in switches.into_iter().filter(|(_, value, usual)| value != usual) {
            option(key, if value { &"yes" } else { &"no" })?;
        }
        Ok(())
    }
}

/// Why a text names no policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoPolicy(String);

impl fmt::Display for NoPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoPolicy {}

/// A placement, and after a colon what to do differently, as [`Policy`] is displayed; what is usual may be said too.
impl FromStr for Policy {
    type Err = NoPolicy;

    fn from_str(text: &str) -> Result<Self, NoPolicy> {
        let (name, options) = text.split_once(':').unwrap_or((text, ""));
        let placement = Placement::ALL.into_iter().find(|placement| placement.name() == name);
        let placement = placement.ok_or_else(|| NoPolicy(format!("{name} is none of pool, single, malloc")))?;
        let mut policy = Self::of(placement);
        for option in options.split(',').filter(|option| !option.is_empty()) {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            policy.set(key, value).map_err(NoPolicy)?;
        }
        Ok(policy)
    }
}

impl Policy {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let only = |wanted: Placement| {
            let (name, here) = (wanted.name(), self.placement.name());
            if self.placement == wanted { Ok(()) } else { Err(format!("{key} is an option of {name}, not of {here}")) }
        };
        let yes = || match value {
            "yes" => Ok(true),
            "no" => Ok(false),
            "" => Err(format!("{key} lacks a value: {key}=no")),
            _ => Err(format!("{key} is yes or no, not {value}")),
        };
        match key {
            "cell" => {
                only(Placement::Malloc)?;
                let bytes = value.parse().ok().filter(|bytes| (GRANULE..=LARGEST_CELL).contains(bytes));
                self.cell_bytes = bytes.ok_or_else(|| format!("a cell has 16 to {LARGEST_CELL} bytes, not {value}"))?;
            }
            "collect" => self.collects = yes()?,
            "give-back" => self.gives_back = yes()?,
            "evacuate" => {
                only(Placement::Pool)?;
                self.evacuates = yes()?;
            }
            "large-pages" => {
                self.large_pages = yes()?;
                self.check()?;
            }
            _ => return Err(format!("{key} is none of cell, collect, give-back, evacuate, large-pages")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_as_it_is_written() {
        let texts = ["pool", "single", "malloc", "malloc:cell=480,collect=no,give-back=no", "pool:evacuate=no"];
        for text in texts.into_iter().chain(["pool:large-pages=yes", "single:give-back=no,large-pages=yes"]) {
            assert_eq!(text.parse::<Policy>().unwrap().to_string(), text);
        }
        assert_eq!("pool:collect=yes".parse(), Ok(Policy::default()));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (text, words) in [
            ("heap", "none of pool"),
            ("pool:cell=32", "option of malloc"),
            ("single:evacuate=yes", "option of pool"),
            ("malloc:cell=8", "16 to 4096"),
            ("malloc:large-pages=yes", "for pool and single"),
            ("pool:large-pages", "lacks a value"),
            ("malloc:collect", "collect=no"),
            ("malloc:collect=maybe", "yes or no"),
            ("malloc:speed=1", "none of cell"),
        ] {
            let error = text.parse::<Policy>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
