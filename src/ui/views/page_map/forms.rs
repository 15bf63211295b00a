//! Which forms have a colour of their own: those that allocated last in the most pages. A form keeps its colour as long as it
//! is among them.

use std::collections::HashMap;
use std::time::Duration;

use eframe::egui::Context;

use super::at_intervals::AtIntervals;
use crate::map::colouring::{FORMS, NO_FORM, OTHER_FORM};
use crate::model::HeapModel;
use crate::model::forms::FormsThen;
use crate::model::pages::{Page, Pages};

/// The forms that have a colour, and how many pages each form has.
#[derive(Clone, Debug, Default)]
pub struct FormClasses {
    /// The changes of the pages that were counted.
    made: Option<u64>,
    counting: AtIntervals,
    /// The number of the form of each class, and its pages.
    classes: [Option<(u64, u64)>; FORMS as usize],
    /// Pages of all other forms, and of none that is known.
    others: u64,
    unknown: u64,
}

impl FormClasses {
    /// Counts again what has changed.
    pub(super) fn update(&mut self, ctx: &Context, model: &HeapModel, forms: FormsThen<'_>) {
        let version = model.pages().version();
        if self.made != Some(version) && self.counting.is_due(ctx, Duration::ZERO) {
            let (counts, unknown) = self.counting.take(|| count(model.pages(), forms));
            self.assign(counts);
            self.unknown = unknown;
            self.made = Some(version);
        }
    }

    /// Gives the forms with the most pages the classes: the one it had to a form that had one.
    fn assign(&mut self, counts: HashMap<u64, u64>) {
        let mut ranked: Vec<(u64, u64)> = counts.into_iter().collect();
        ranked.sort_unstable_by_key(|(form, pages)| (std::cmp::Reverse(*pages), *form));
        self.others = ranked.iter().skip(FORMS as usize).map(|(_, pages)| pages).sum();
        ranked.truncate(FORMS as usize);
        for class in &mut self.classes {
            let kept = class.and_then(|(had, _)| ranked.iter().position(|(form, _)| *form == had));
            *class = kept.map(|place| ranked.remove(place));
        }
        let mut fresh = ranked.into_iter();
        for class in self.classes.iter_mut().filter(|class| class.is_none()) {
            *class = fresh.next();
        }
    }

    /// The class of the form that allocated in a page last.
    pub(super) fn class_of(&self, page: Page, forms: FormsThen<'_>) -> u8 {
        let Some(number) = forms.filled_by(page.touched).0 else { return NO_FORM };
        let place = self.classes.iter().position(|class| class.is_some_and(|(form, _)| form == number));
        place.map_or(OTHER_FORM, |place| place as u8)
    }

    /// The classes that forms have: class, number of the form, pages; most pages first.
    #[must_use]
    pub fn ranked(&self) -> Vec<(u8, u64, u64)> {
        let classes = self.classes.iter().enumerate();
        let mut ranked: Vec<_> =
            classes.filter_map(|(class, form)| form.map(|(form, pages)| (class as u8, form, pages))).collect();
        ranked.sort_by_key(|(_, _, pages)| std::cmp::Reverse(*pages));
        ranked
    }

    /// Pages of the forms that have no class.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.others
    }

    /// Pages in use of which no form is known.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }
}

/// How many pages each form has, and how many none that is known.
fn count(pages: &Pages, forms: FormsThen<'_>) -> (HashMap<u64, u64>, u64) {
    let (mut counts, mut unknown) = (HashMap::new(), 0);
    // What lies side by side was mostly filled by the same form.
    let mut last = forms.filled_by(0);
    for page in pages.iter().filter(|page| page.entry.kind().is_used()) {
        if !last.1.contains(&page.touched) {
            last = forms.filled_by(page.touched);
        }
        match last.0 {
            Some(form) => *counts.entry(form).or_default() += 1,
            None => unknown += 1,
        }
    }
    (counts, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_its_class_while_it_is_among_those_with_the_most_pages() {
        let mut classes = FormClasses::default();
        let counts = |pages: &[u64]| (10..).zip(pages.iter().copied()).collect::<HashMap<u64, u64>>();
        classes.assign(counts(&[6, 5, 4, 3, 2, 1, 1]));
        assert_eq!(classes.classes[0], Some((10, 6)));
        assert_eq!(classes.others(), 1);
        classes.assign(counts(&[6, 9, 4, 3, 0, 1, 8]));
        assert_eq!(classes.classes[..2], [Some((10, 6)), Some((11, 9))], "they keep theirs");
        assert_eq!(classes.classes[4], Some((16, 8)), "what another had is free");
        assert_eq!(classes.ranked()[0], (1, 11, 9));
        assert_eq!(classes.others(), 0);
    }
}
