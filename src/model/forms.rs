//! The top-level forms seen so far: where they are written and how much they allocated.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use heapatlas_heap::frame::Event;

/// A top-level form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Form {
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

/// The forms, the latest last.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    latest: VecDeque<Form>,
    count: u64,
    /// The allocation clock, as far as it is known at the next event.
    clock: u64,
}

/// Forms kept at most.
const MOST: usize = 4096;

impl Forms {
    /// A frame begins whose events come after this place of the allocation clock.
    pub(super) fn begin_frame(&mut self, clock: u64) {
        self.clock = clock;
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::FormBegin { file, line, text } => {
                let depth = self.latest.iter().filter(|form| form.allocated.is_none()).count();
                if self.latest.len() == MOST {
                    self.latest.pop_front();
                }
                let form = Form {
                    file: Arc::clone(file),
                    line: *line,
                    text: Arc::from(&**text),
                    allocated: None,
                    allocated_within: 0,
                    begun: self.clock,
                    depth,
                };
                self.latest.push_back(form);
                self.count += 1;
            }
            Event::FormEnd { allocated } => {
                // Forms nest when one loads a file: the end belongs to the latest that runs.
                let mut running = self.latest.iter_mut().rev().filter(|form| form.allocated.is_none());
                if let Some(form) = running.next() {
                    form.allocated = Some(*allocated);
                    self.clock = self.clock.max(form.begun + allocated);
                }
                if let Some(around) = running.next() {
                    around.allocated_within += allocated;
                }
            }
            _ => {}
        }
    }

    /// The form that runs, if one does.
    #[must_use]
    pub fn running(&self) -> Option<&Form> {
        self.latest.iter().rev().find(|form| form.allocated.is_none())
    }

    /// The form that began last.
    #[must_use]
    pub fn last(&self) -> Option<&Form> {
        self.latest.back()
    }

    /// How many forms began.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The latest forms, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Form> {
        self.latest.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_what_it_allocated_itself_and_when() {
        let begin = |line| Event::FormBegin { file: "a.arc".into(), line, text: "(load)".into() };
        let mut forms = Forms::default();
        forms.begin_frame(1000);
        for event in [begin(1), begin(2), Event::FormEnd { allocated: 30 }, begin(3), Event::FormEnd { allocated: 50 }]
        {
            forms.apply(&event);
        }
        assert_eq!(forms.running().map(|form| form.line), Some(1));
        forms.begin_frame(1090);
        forms.apply(&Event::FormEnd { allocated: 100 });
        let found: Vec<_> = forms.iter().map(|form| (form.own(), form.clock(), form.depth)).collect();
        assert_eq!(
            found,
            [(Some(20), Some(1000..1100), 0), (Some(30), Some(1000..1030), 1), (Some(50), Some(1030..1080), 1)]
        );
    }
}
