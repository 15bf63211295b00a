//! Drives a window, and waits for what comes of it: for things, never for times.

use std::process::Child;
use std::time::{Duration, Instant};

use heapatlas::map::palette::Rgb;

use crate::screen::{Display, Part};
use crate::{AT_ONCE, end_of};

/// Until a key is pressed again that nothing came of.
const AGAIN: Duration = Duration::from_secs(10);

/// The window, and its screen.
pub(crate) struct Driver<'d> {
    pub(crate) display: &'d Display,
    pub(crate) program: Child,
}

impl Driver<'_> {
    /// Waits until a part of the screen has so many pixels of a colour.
    pub(crate) fn wait(&mut self, what: &str, part: &Part, colour: Rgb, enough: impl Fn(usize) -> bool) {
        self.display.wait_for(&mut self.program, what, || enough(self.display.count(part, colour)));
    }

    /// Does something, and waits until a part of the screen looks otherwise.
    pub(crate) fn change(&mut self, what: &str, part: &Part, act: impl FnOnce(&Display)) {
        let before = self.display.pixels(part);
        act(self.display);
        self.display.wait_for(&mut self.program, what, || self.display.pixels(part) != before);
    }

    /// Presses keys that lead elsewhere, and again after a while if nothing has come of it: without a window manager the window
    /// may not have the keyboard yet on a machine that does something else.
    pub(crate) fn leave_by(&mut self, keys: &str, part: &Part) {
        let display = self.display;
        let before = display.pixels(part);
        let mut pressed: Option<Instant> = None;
        display.wait_for(&mut self.program, keys, || {
            if pressed.is_none_or(|at| at.elapsed() > AGAIN) {
                display.press(keys);
                pressed = Some(Instant::now());
            }
            display.pixels(part) != before
        });
    }

    /// Takes hold of something, which moves a little to and fro with the mouse: a press and a move far away that the window
    /// gets in one frame take nothing along.
    pub(crate) fn take(&mut self, what: &str, (x, y): (u32, u32), part: &Part) {
        let display = self.display;
        display.move_to((x, y));
        let before = display.pixels(part);
        display.button(true);
        let mut steps = [4, 0].into_iter().cycle();
        display.wait_for(&mut self.program, what, || {
            display.move_to((x + steps.next().unwrap_or(0), y));
            display.pixels(part) != before
        });
    }

    /// Closes the window by its key, which takes no time.
    pub(crate) fn quit(self) {
        self.display.press("ctrl+q");
        let (code, time) = end_of(self.program, Instant::now());
        assert_eq!(code, Some(0));
        assert!(time < AT_ONCE, "closing took {time:?}");
    }
}
