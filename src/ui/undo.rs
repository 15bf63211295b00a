//! What can be taken back: a short history of states, of which one is the present.

/// States that are remembered at most.
const MOST: usize = 100;

/// The states something has had, the one it has, and those that were taken back.
#[derive(Clone, Debug)]
pub struct History<T> {
    past: Vec<T>,
    present: Option<T>,
    future: Vec<T>,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        Self { past: Vec::new(), present: None, future: Vec::new() }
    }
}

impl<T: Clone + PartialEq> History<T> {
    /// Notes the state as it is now. A new one ends what was taken back.
    pub fn note(&mut self, state: &T) {
        if self.present.as_ref() == Some(state) {
            return;
        }
        if let Some(before) = self.present.replace(state.clone()) {
            self.past.push(before);
            self.future.clear();
            if self.past.len() > MOST {
                self.past.remove(0);
            }
        }
    }

    /// Notes that the state has changed by itself: nobody would take that back.
    pub fn amend(&mut self, state: &T) {
        self.present = Some(state.clone());
    }

    /// Goes back to the state before, if there is one, and gives it.
    pub fn undo(&mut self) -> Option<&T> {
        let before = self.past.pop()?;
        self.future.extend(self.present.replace(before));
        self.present.as_ref()
    }

    /// Goes to the state that was taken back last, if there is one, and gives it.
    pub fn redo(&mut self) -> Option<&T> {
        let after = self.future.pop()?;
        self.past.extend(self.present.replace(after));
        self.present.as_ref()
    }

    /// Whether there is a state to go back to.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is a state that was taken back.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_can_be_had_again_until_something_new_happens() {
        let mut history = History::default();
        assert_eq!(history.undo(), None);
        for state in [1, 2, 2, 3] {
            history.note(&state);
        }
        assert_eq!(history.undo(), Some(&2));
        assert_eq!(history.undo(), Some(&1));
        assert!(!history.can_undo());
        assert_eq!(history.undo(), None);
        assert_eq!(history.redo(), Some(&2));
        history.note(&2);
        assert!(history.can_redo(), "nothing new");
        history.note(&7);
        assert!(!history.can_redo());
        assert_eq!(history.undo(), Some(&2));
    }

    #[test]
    fn what_changed_by_itself_is_not_taken_back() {
        let mut history = History::default();
        history.note(&1);
        history.amend(&2);
        assert!(!history.can_undo());
        history.note(&3);
        assert_eq!(history.undo(), Some(&2));
    }

    #[test]
    fn the_oldest_states_are_forgotten() {
        let mut history = History::default();
        for state in 0..=MOST + 5 {
            history.note(&state);
        }
        let mut last = None;
        while let Some(state) = history.undo() {
            last = Some(*state);
        }
        assert_eq!(last, Some(5));
    }
}
