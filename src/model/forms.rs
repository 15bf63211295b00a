//! The top-level forms seen so far: where they are written, how much they allocated, and which of them ran when.
//!
//! Events say how much a form allocated, and frames between which places on the allocation clock they are. So of the bytes
//! of a frame each form is credited with what was its own, and whatever the frame says was filled is put down to the form
//! with the most of them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use heapatlas_heap::frame::{Event, Happening};

/// A top-level form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Form {
    /// How many began before it.
    pub number: u64,
    /// The file it is in.
    pub file: Arc<str>,
    /// The line it begins on, from one.
    pub line: u32,
    /// Its first words.
    pub text: Arc<str>,
    /// Bytes allocated while it ran; `None` while it runs.
    pub allocated: Option<u64>,
    /// Of those, bytes allocated while forms ran that it loaded.
    pub allocated_within: u64,
    /// The allocation clock when it began. Events carry no clock: it is what the frame before said, and what forms have
    /// allocated since.
    pub begun: u64,
    /// When it began and when it ended, since the heap was made; it has no end while it runs.
    pub wall: (Duration, Option<Duration>),
    /// How many forms it lies within, which load it.
    pub depth: usize,
}

impl Form {
    /// Bytes that it allocated itself; `None` while it runs.
    #[must_use]
    pub fn own(&self) -> Option<u64> {
        Some(self.allocated?.saturating_sub(self.allocated_within))
    }

    /// The allocation clock from when it began to when it ended; `None` while it runs.
    #[must_use]
    pub fn clock(&self) -> Option<Range<u64>> {
        Some(self.begun..self.begun + self.allocated?)
    }
}

/// What was filled behind the place before, up to this one on the allocation clock, is put down to a form.
#[derive(Clone, Copy, Debug)]
struct Credit {
    upto: u64,
    form: Option<u64>,
}

/// The forms, the latest last.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    latest: VecDeque<Form>,
    count: u64,
    /// In the order of the clock; two that follow one another are of different forms.
    credits: VecDeque<Credit>,
}

/// Forms kept at most, and changes from one to another.
const MOST: usize = 4096;
const MOST_CREDITS: usize = 65_536;

impl Forms {
    /// Takes in the events of a frame, which lie between two places on the allocation clock.
    pub(super) fn apply(&mut self, events: &[Happening], clocks: Range<u64>) {
        let mut at = clocks.start;
        let mut most: Option<(u64, u64)> = None;
        let mut credit = |form: &Form, bytes: u64| {
            if most.is_none_or(|(most, _)| bytes >= most) {
                most = Some((bytes, form.number));
            }
        };
        for Happening { wall, event } in events {
            match event {
                Event::FormBegin { file, line, text } => self.begin(file, *line, text, (at, *wall)),
                // Forms nest when one loads a file: the end belongs to the latest that runs.
                Event::FormEnd { allocated } => {
                    let mut running = self.latest.iter_mut().rev().filter(|form| form.allocated.is_none());
                    if let Some(form) = running.next() {
                        form.allocated = Some(*allocated);
                        form.wall.1 = Some(*wall);
                        let end = form.begun.saturating_add(*allocated).min(clocks.end).max(at);
                        credit(form, end - at);
                        at = end;
                    }
                    if let Some(around) = running.next() {
                        around.allocated_within += allocated;
                    }
                }
                _ => {}
            }
        }
        if let Some(form) = self.running() {
            credit(form, clocks.end.saturating_sub(at));
        }
        self.put_down(clocks.end, most.map(|(_, form)| form));
    }

    fn begin(&mut self, file: &Arc<str>, line: u32, text: &str, (begun, wall): (u64, Duration)) {
        let depth = self.latest.iter().filter(|form| form.allocated.is_none()).count();
        if self.latest.len() == MOST {
            self.latest.pop_front();
        }
        let (number, file, text) = (self.count, Arc::clone(file), Arc::from(text));
        let (allocated, wall) = (None, (wall, None));
        self.latest.push_back(Form { number, file, line, text, allocated, allocated_within: 0, begun, wall, depth });
        self.count += 1;
    }

    /// Puts what was filled up to a place on the clock down to a form.
    fn put_down(&mut self, upto: u64, form: Option<u64>) {
        match self.credits.back_mut() {
            Some(last) if last.form == form => last.upto = last.upto.max(upto),
            _ => self.credits.push_back(Credit { upto, form }),
        }
        if self.credits.len() > MOST_CREDITS {
            self.credits.pop_front();
        }
    }

    /// The number of the form to which is put down what was filled at a place on the allocation clock, and where it is put
    /// down to that form from there on; `None` when no form ran, or nobody knows.
    #[must_use]
    pub fn filled_by(&self, clock: u64) -> (Option<u64>, Range<u64>) {
        let place = self.credits.partition_point(|credit| credit.upto < clock);
        let from = place.checked_sub(1).map_or(0, |before| self.credits[before].upto + 1);
        match self.credits.get(place) {
            Some(credit) => (credit.form, from..credit.upto + 1),
            None => (None, from..u64::MAX),
        }
    }

    /// The form with a number, unless it is too long ago.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Form> {
        let first = self.latest.front()?.number;
        self.latest.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// What was known of them at a moment.
    pub(super) fn until(&self, wall: Duration) -> FormsThen<'_> {
        let begun = self.latest.partition_point(|form| form.wall.0 <= wall);
        FormsThen { forms: self, begun, wall }
    }

    /// The form that runs, if one does.
    fn running(&self) -> Option<&Form> {
        self.latest.iter().rev().find(|form| form.allocated.is_none())
    }

    /// How many forms began.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// What was known of the forms at a moment: later ones not at all, and of those that ran then not how they ended.
#[derive(Clone, Copy, Debug)]
pub struct FormsThen<'f> {
    forms: &'f Forms,
    /// How many of those that are remembered had begun.
    begun: usize,
    wall: Duration,
}

impl<'f> FormsThen<'f> {
    fn begun(self) -> impl DoubleEndedIterator<Item = &'f Form> {
        self.forms.latest.range(..self.begun)
    }

    /// The form that ran, if one did: where it is and its words.
    #[must_use]
    pub fn running(self) -> Option<&'f Form> {
        self.begun().rev().find(|form| form.wall.1.is_none_or(|ended| ended > self.wall))
    }

    /// The form that had begun last: where it is and its words.
    #[must_use]
    pub fn last(self) -> Option<&'f Form> {
        self.begun().next_back()
    }

    /// How many forms had begun.
    #[must_use]
    pub fn count(self) -> u64 {
        self.forms.count - (self.forms.latest.len() - self.begun) as u64
    }

    /// The latest forms, oldest first.
    pub fn iter(self) -> impl Iterator<Item = Cow<'f, Form>> {
        self.begun().map(move |form| match form.wall {
            (began, Some(ended)) if ended > self.wall => {
                Cow::Owned(Form { allocated: None, wall: (began, None), ..form.clone() })
            }
            _ => Cow::Borrowed(form),
        })
    }

    /// The form with a number, unless it is too long ago: where it is and its words.
    #[must_use]
    pub fn get(self, number: u64) -> Option<&'f Form> {
        self.forms.get(number)
    }

    /// What [`Forms::filled_by`] says. What is put down to later forms is about bytes that were not there then.
    #[must_use]
    pub fn filled_by(self, clock: u64) -> (Option<u64>, Range<u64>) {
        self.forms.filled_by(clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happening(event: Event) -> Happening {
        Happening { wall: Duration::ZERO, event }
    }

    fn begin(line: u32) -> Happening {
        happening(Event::FormBegin { file: Arc::from("a.arc"), line, text: "(load b)".into() })
    }

    fn end(allocated: u64) -> Happening {
        happening(Event::FormEnd { allocated })
    }

    #[test]
    fn a_form_has_what_it_allocated_itself_and_when() {
        let mut forms = Forms::default();
        forms.apply(&[begin(1), begin(2), end(30), begin(3), end(50)], 1000..1090);
        assert_eq!(forms.running().map(|form| form.line), Some(1));
        forms.apply(&[end(100)], 1090..1100);
        let found: Vec<_> = forms.latest.iter().map(|form| (form.own(), form.clock(), form.depth)).collect();
        assert_eq!(
            found,
            [(Some(20), Some(1000..1100), 0), (Some(30), Some(1000..1030), 1), (Some(50), Some(1030..1080), 1)]
        );
    }

    #[test]
    fn at_a_moment_later_forms_are_not_known_and_what_ended_later_runs() {
        let mut forms = Forms::default();
        let at = |millis, happening: Happening| Happening { wall: Duration::from_millis(millis), ..happening };
        forms.apply(&[at(1, begin(1)), at(2, begin(2)), at(3, end(7)), at(5, end(9))], 0..9);
        let then = |millis| {
            let then = forms.until(Duration::from_millis(millis));
            (then.count(), then.running().map(|form| form.line))
        };
        assert_eq!([0, 1, 2, 3, 5].map(then), [(0, None), (1, Some(1)), (2, Some(2)), (2, Some(1)), (2, None)]);
        let allocated =
            |millis| forms.until(Duration::from_millis(millis)).iter().map(|form| form.allocated).collect::<Vec<_>>();
        assert_eq!(allocated(4), [None, Some(7)]);
        assert_eq!(allocated(5), [Some(9), Some(7)]);
    }

    #[test]
    fn what_a_frame_filled_is_put_down_to_the_form_with_most_of_its_bytes() {
        let mut forms = Forms::default();
        let filled_by = |forms: &Forms, clock| forms.filled_by(clock).0;
        forms.apply(&[], 0..100);
        // The first allocates 300 bytes, the second what is left of the thousand.
        forms.apply(&[begin(1), end(300), begin(2)], 100..1100);
        // The second goes on for 150, and within the third, which goes on itself, the fourth has the most.
        forms.apply(&[end(850), begin(3), begin(4), end(700)], 1100..2000);
        forms.apply(&[], 2000..3000);
        forms.apply(&[end(1750)], 3000..3001);
        forms.apply(&[], 3001..4000);
        let lines = [50, 100, 101, 1100, 1101, 2000, 2001, 3001, 3002, 9999]
            .map(|clock| filled_by(&forms, clock).map(|number| forms.get(number).expect("a form that is known").line));
        let expected = [None, None, Some(2), Some(2), Some(4), Some(4), Some(3), Some(3), None, None];
        assert_eq!(lines, expected);
        assert_eq!(forms.filled_by(1500), (Some(3), 1101..2001));
        assert_eq!(forms.running(), None);
    }

    #[test]
    fn forms_long_ago_are_forgotten_and_none_is_taken_for_another() {
        let mut forms = Forms::default();
        for n in 0..MOST as u32 + 10 {
            let clock = u64::from(n) * 10;
            forms.apply(&[begin(n), end(10)], clock..clock + 10);
        }
        assert_eq!(forms.get(9), None);
        assert_eq!(forms.get(10).map(|form| form.line), Some(10));
        assert_eq!(forms.filled_by(55).0, Some(5));
        assert_eq!(forms.get(forms.count()), None);
    }
}
