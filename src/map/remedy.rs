//! What a term of the balance counts, and what would lower it: that depends on what the heap's policy can do.

use heapatlas_heap::{Placement, Policy};

use super::balance::Term;

impl Term {
    /// What it counts under a policy.
    #[must_use]
    pub const fn meaning(self, policy: &Policy) -> &'static str {
        let blocks = matches!(policy.placement, Placement::Malloc);
        match self {
            Self::Live => "payload of what the last mark reached",
            Self::Overhead if policy.has_padded_cells() => {
                "headers, rounding and unused capacity, that of the cells included"
            }
            Self::Overhead if blocks => "headers, rounding and unused capacity of what is live, malloc's included",
            Self::Overhead => "headers, rounding and unused capacity of what is live",
            Self::Unjudged => "allocated since the last mark: nobody has looked whether it is alive",
            Self::Dead => "known to be dead, not swept yet",
            Self::FreeRuns if blocks => {
                "what else is in pages that something lives in: free, malloc's own, or the process's"
            }
            Self::FreeRuns => "free bytes in pages that something lives in",
            Self::FreePages => "pages with nothing in them",
            Self::Tables if blocks => "none: page entries and bitmaps are kept beside the blocks, and not counted",
            Self::Tables => "the heap's own page entries and bitmaps",
            Self::Reserve => "held back for the handler of an exhausted heap",
            Self::NotResident => "committed, but not in memory: given back, never touched, or swapped",
        }
    }

    /// What would lower it under a policy, or why nothing should.
    #[must_use]
    pub const fn remedy(self, policy: &Policy) -> &'static str {
        match self {
            Self::Live => "hold on to less: it is reachable",
            Self::Overhead if policy.has_padded_cells() => "smaller cells: 16 bytes of each are used",
            Self::Overhead if matches!(policy.placement, Placement::Malloc) => {
                "pools, where a cons has no overhead; here every block has malloc's"
            }
            Self::Overhead => "fewer, larger objects; conses have none",
            Self::Unjudged if !policy.collects => "a collection, which this policy begins only when asked to",
            Self::Unjudged => "a collection",
            Self::Dead => "the sweep that is under way",
            Self::FreeRuns if policy.evacuates => "compaction: the free bytes lie between things that live",
            Self::FreeRuns => {
                "moving together what lives, which this policy never does; what is new can only fill the gaps"
            }
            Self::FreePages if !policy.gives_back => "giving back, which this policy leaves out",
            Self::FreePages => "giving back: collecting on request does it",
            Self::Tables => "a smaller heap; it is a fixed share",
            Self::Reserve => "nothing: it is a few pages of safety",
            Self::NotResident => "nothing: it costs no memory",
        }
    }

    /// What would lower it when everything that can move has just been moved together.
    #[must_use]
    pub const fn remedy_after_compaction(self, policy: &Policy) -> &'static str {
        match self {
            Self::FreeRuns if policy.evacuates => {
                "less that is pinned (keys that are found by their address): compaction moves everything else, and left \
                 this"
            }
            other => other.remedy(policy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_do_what_the_policy_cannot() {
        for placement in Placement::ALL {
            let policy = Policy::of(placement);
            for term in Term::ALL {
                let can_move = placement == Placement::Pool;
                assert_eq!(term.remedy(&policy).contains("compaction"), can_move && term == Term::FreeRuns, "{policy}");
            }
            let idle = Policy { collects: false, gives_back: false, evacuates: false, ..policy };
            for term in [Term::Unjudged, Term::FreeRuns, Term::FreePages] {
                assert!(term.remedy(&idle).contains("this policy"), "{idle}: {}", term.remedy(&idle));
            }
        }
    }

    #[test]
    fn what_a_cell_costs_is_said_of_the_overhead() {
        let story = Policy { cell_bytes: 480, ..Policy::of(Placement::Malloc) };
        assert!(Term::Overhead.remedy(&story).contains("smaller cells"));
        assert!(Term::Overhead.remedy(&Policy::of(Placement::Malloc)).contains("malloc's"));
        assert!(Term::Overhead.remedy(&Policy::default()).contains("conses have none"));
    }
}
