//! Keeping runtimes in step: on the allocation clock nobody is far ahead of the slowest.

/// A runtime, as far as keeping in step goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Runner {
    /// Its allocation clock.
    pub clock: u64,
    /// Whether it still has something to run.
    pub under_way: bool,
    /// Whether it was told to stand still.
    pub held: bool,
}

/// How far one may be ahead: a few frames.
const AHEAD: u64 = 192 << 10;

/// For each runtime whether it is to be held, or to go on; `None` for what is as it should be.
#[must_use]
pub fn orders(runners: &[Runner], playing: bool) -> Vec<Option<bool>> {
    let slowest = runners.iter().filter(|runner| runner.under_way).map(|runner| runner.clock).min().unwrap_or(0);
    let order = |runner: &Runner| {
        // Once held it waits until the others are close, so that it does not stop and go at every frame.
        let ahead = if runner.held { AHEAD / 2 } else { AHEAD };
        let held = !playing || runner.clock > slowest + ahead;
        (runner.under_way && held != runner.held).then_some(held)
    };
    runners.iter().map(order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(clock: u64, held: bool) -> Runner {
        Runner { clock, under_way: true, held }
    }

    #[test]
    fn who_is_ahead_waits_until_the_others_are_close() {
        assert_eq!(orders(&[runner(0, false), runner(AHEAD, false)], true), [None, None]);
        assert_eq!(orders(&[runner(0, false), runner(AHEAD + 1, false)], true), [None, Some(true)]);
        assert_eq!(orders(&[runner(9, false), runner(AHEAD, true)], true), [None, None]);
        assert_eq!(orders(&[runner(AHEAD / 2, false), runner(AHEAD, true)], true), [None, Some(false)]);
    }

    #[test]
    fn nobody_waits_for_one_that_has_ended_and_all_stand_still_together() {
        let ended = Runner { clock: 10, under_way: false, held: false };
        assert_eq!(orders(&[ended, runner(9 * AHEAD, false)], true), [None, None]);
        assert_eq!(orders(&[ended, runner(9, false), runner(7, true)], false), [None, Some(true), None]);
    }
}
