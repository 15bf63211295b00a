//! The top-level forms seen so far: where they are written and how much they allocated.

use std::collections::VecDeque;
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
}

/// The forms, the latest last.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    latest: VecDeque<Form>,
    count: u64,
}

/// Forms kept at most.
const MOST: usize = 4096;

impl Forms {
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::FormBegin { file, line, text } => {
                if self.latest.len() == MOST {
                    self.latest.pop_front();
                }
                let text = Arc::from(&**text);
                self.latest.push_back(Form { file: Arc::clone(file), line: *line, text, allocated: None });
                self.count += 1;
            }
            Event::FormEnd { allocated } => {
                // Forms nest when one loads a file: the end belongs to the latest that runs.
                if let Some(form) = self.latest.iter_mut().rev().find(|form| form.allocated.is_none()) {
                    form.allocated = Some(*allocated);
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
