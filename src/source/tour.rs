//! Tours: what there is to see in a sample, and when. They are written in the sample itself, as comments.
//!
//! `; tour heap: POLICY` says how the heap is to place things. `; tour PLACE: words`, with more words on the comment lines that
//! follow, is a step: the program stands still where the next form begins, or at its end when none follows, and the words
//! are about the place. That is a panel, `hole` for the largest one, or `symbol NAME` for where its value lies. With
//! `, collect` behind the place the heap is collected first.

use heapatlas_arc::libraries::Library;
use heapatlas_heap::Policy;

use super::samples::SAMPLES;

/// What a step points at: a panel, or a place on the map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Landmark {
    /// The page map.
    Map,
    /// The balance.
    Balance,
    /// The timeline.
    Timeline,
    /// The console.
    Console,
    /// The steps of the collector.
    Collector,
    /// The page on which the value of a global variable lies.
    Symbol(String),
    /// The page below the largest hole.
    Hole,
}

/// A step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// What there is to see.
    pub words: String,
    /// Where.
    pub landmark: Landmark,
    /// The line of the form that is about to begin; `None` at the end of the program.
    pub line: Option<u32>,
    /// Whether the heap is collected first.
    pub collects: bool,
}

/// A tour through a sample.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tour {
    /// The sample.
    pub sample: Library,
    /// How its heap places things.
    pub policy: Policy,
    /// The steps, in the order in which the program comes to them.
    pub steps: Vec<Step>,
}

/// The tour through a sample, if it has one.
#[must_use]
pub fn of(sample: &Library) -> Option<Tour> {
    let mut policy = Policy::default();
    let mut steps: Vec<Step> = Vec::new();
    let mut waiting = 0;
    let mut in_step = false;
    for (line, number) in sample.text.lines().zip(1..) {
        let comment = line.strip_prefix("; ");
        if let Some((place, words)) = comment.and_then(|comment| comment.strip_prefix("tour ")?.split_once(": ")) {
            if place == "heap" {
                policy = words.parse().ok()?;
                in_step = false;
            } else {
                steps.push(step(place, words)?);
                in_step = true;
            }
        } else if let Some(more) = comment.filter(|_| in_step) {
            let step = steps.last_mut()?;
            step.words.push(' ');
            step.words.push_str(more);
        } else {
            in_step = false;
        }
        if line.starts_with('(') {
            steps[waiting..].iter_mut().for_each(|step| step.line = Some(number));
            waiting = steps.len();
        }
    }
    (!steps.is_empty()).then_some(Tour { sample: *sample, policy, steps })
}

fn step(place: &str, words: &str) -> Option<Step> {
    let (place, collects) = place.strip_suffix(", collect").map_or((place, false), |place| (place, true));
    let landmark = match place {
        "map" => Landmark::Map,
        "balance" => Landmark::Balance,
        "timeline" => Landmark::Timeline,
        "console" => Landmark::Console,
        "collector" => Landmark::Collector,
        "hole" => Landmark::Hole,
        _ => Landmark::Symbol(place.strip_prefix("symbol ")?.to_owned()),
    };
    Some(Step { words: words.to_owned(), landmark, line: None, collects })
}

/// The tours, by the name of the sample without what is around it.
pub fn all() -> impl Iterator<Item = (&'static str, Tour)> {
    SAMPLES.iter().filter_map(|sample| {
        let name = sample.name.strip_prefix("samples/")?.strip_suffix(".arc")?;
        Some((name, of(sample)?))
    })
}

/// The tour of a name.
#[must_use]
pub fn named(name: &str) -> Option<Tour> {
    all().find(|(known, _)| *known == name).map(|(_, tour)| tour)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "; A sample.\n\n; tour heap: single\n; tour map: First\n; words.\n(a)\n\n; Not of it.\n(b)\n\
                        ; tour symbol x: Then.\n(c\n  d)\n; tour balance, collect: Last.\n";

    #[test]
    fn steps_wait_for_the_form_that_follows_them() {
        let tour = of(&Library { name: "samples/x.arc", text: TEXT }).expect("a tour");
        assert_eq!(tour.policy.to_string(), "single");
        let found: Vec<_> = tour.steps.iter().map(|step| (step.words.as_str(), step.line, step.collects)).collect();
        assert_eq!(found, [("First words.", Some(6), false), ("Then.", Some(11), false), ("Last.", None, true)]);
        assert_eq!(tour.steps[1].landmark, Landmark::Symbol("x".to_owned()));
        assert_eq!(of(&Library { name: "samples/x.arc", text: "(a)" }), None);
    }

    #[test]
    fn the_stories_have_tours() {
        let names: Vec<_> = all().map(|(name, _)| name).collect();
        for name in ["fragmentation", "grow", "autopsy"] {
            assert!(names.contains(&name), "{name}");
            let tour = named(name).expect("a tour");
            assert!(tour.steps.len() >= 4, "{name}");
            assert_eq!(tour.steps.last().and_then(|step| step.line), None, "{name} ends with the program");
        }
    }
}
