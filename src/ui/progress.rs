//! What a program does, as far as its runtime has told. Knows of no window.

use heapatlas_arc::error::ArcError;
use heapatlas_heap::Exhausted;

use crate::source::State;

/// What is known of the program.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Progress {
    /// What the runtime does.
    activity: Activity,
    /// How the program ended; `None` while it runs.
    outcome: Option<Result<(), ArcError>>,
    /// Texts handed to the console that nothing came of yet.
    evaluating: usize,
    /// Whether the program goes at full speed to its end.
    skipping: bool,
}

/// What the runtime does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Activity {
    /// Not yet heard of.
    #[default]
    Starting,
    Running,
    Paused,
    /// Waits for an answer.
    Exhausted(Exhausted),
    Ended,
}

/// What a program does, for a person.
#[derive(Clone, PartialEq, Debug)]
pub enum Phase<'p> {
    /// The runtime is not there yet.
    Starting,
    /// The program runs.
    Loading,
    /// The program runs at full speed to its end.
    Skipping,
    /// The program stands still.
    Paused,
    /// The heap is exhausted, and a person is asked what to do.
    Exhausted(Exhausted),
    /// The program has ended well.
    Finished,
    /// The program has ended, and what a person typed is being evaluated.
    Evaluating,
    /// The program has ended with an error.
    Failed(&'p ArcError),
    /// The runtime is gone.
    Ended,
}

impl Progress {
    /// What the program does.
    #[must_use]
    pub fn phase(&self) -> Phase<'_> {
        match (self.activity, &self.outcome) {
            (Activity::Ended, None | Some(Ok(()))) => Phase::Ended,
            (Activity::Paused, _) => Phase::Paused,
            (Activity::Exhausted(exhausted), _) => Phase::Exhausted(exhausted),
            (_, Some(_)) if self.evaluating > 0 => Phase::Evaluating,
            (_, Some(Ok(()))) => Phase::Finished,
            (_, Some(Err(error))) => Phase::Failed(error),
            (Activity::Starting, None) => Phase::Starting,
            (Activity::Running, None) if self.skipping => Phase::Skipping,
            (Activity::Running, None) => Phase::Loading,
        }
    }

    /// Whether the program, or what was typed, goes on and can be paused.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.phase(), Phase::Loading | Phase::Skipping | Phase::Evaluating)
    }

    /// Whether it stands still and can go on.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.activity == Activity::Paused
    }

    /// Whether nothing runs, and nothing more will of itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.phase(), Phase::Finished | Phase::Failed(_) | Phase::Ended)
    }

    /// Whether there is more of the program to come.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.outcome.is_none() && matches!(self.activity, Activity::Running | Activity::Paused)
    }

    /// Whether nothing has come yet of what was typed.
    #[must_use]
    pub fn is_evaluating(&self) -> bool {
        self.evaluating > 0
    }

    /// That of a runtime that is gone.
    pub(super) fn ended() -> Self {
        Self { activity: Activity::Ended, ..Self::default() }
    }

    /// The program goes at full speed to its end from now on, or as it did.
    pub(super) fn skips(&mut self, skips: bool) {
        self.skipping = skips;
    }

    /// A text was handed to the runtime to be evaluated.
    pub(super) fn was_handed_a_text(&mut self) {
        self.evaluating += 1;
    }

    /// Something came of the text that waited longest.
    pub(super) fn something_came_of_a_text(&mut self) {
        self.evaluating = self.evaluating.saturating_sub(1);
    }

    /// Takes in what the runtime said.
    pub(super) fn hear(&mut self, state: State) {
        match state {
            State::Running => self.activity = Activity::Running,
            State::Paused => self.activity = Activity::Paused,
            State::Exhausted(exhausted) => self.activity = Activity::Exhausted(exhausted),
            State::Finished(outcome) => {
                self.outcome = Some(outcome);
                self.activity = Activity::Running;
                self.skipping = false;
            }
            State::Ended => self.activity = Activity::Ended,
        }
    }
}
