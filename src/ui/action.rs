//! Everything a key or a button can do, and the table of keys.

use eframe::egui::{Context, Event, Key, Modifiers};
use heapatlas_heap::terms::{Address, GcPhase, GcUnit};

use super::ThemeChoice;
use super::exports::Kind;
use super::moments::Go;
use super::panel::Panel;
use super::playback::Play;
use super::tour::Wish;
use super::views::page_map::Step;
use crate::past::Target;

/// What a person asks for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Action {
    /// Stand still, or go on.
    PlayPause,
    /// Go on to the next top-level form.
    StepForm,
    /// Go to the end of what is being loaded, at full speed.
    Skip,
    /// Collect: a whole cycle, or a step of one.
    Collect(GcUnit),
    /// Collect to the beginning of a phase.
    CollectTo(GcPhase),
    /// Bring a panel to the front; open it if it is closed.
    Focus(Panel),
    /// Close a panel.
    Close(Panel),
    /// Write what a panel shows to a file.
    Export(Panel, Kind),
    /// Put every panel where it was at first.
    ResetLayout,
    /// Show everything larger, or smaller.
    Scale(bool),
    /// Show everything as large as usual.
    UsualScale,
    /// Take back the last change of what is shown: layout, zoom, colours, order, selection.
    Undo,
    /// Do again what was taken back last.
    Redo,
    /// Look for something on the map.
    Search,
    /// Select the pages from the one that was pinned when this was asked for last to the one that is pinned now.
    Select,
    /// Have the colours of the map say the next thing.
    NextColouring,
    /// Have pages follow one another in the other order.
    NextOrder,
    /// Go to another moment.
    Go(Go),
    /// Go to another moment, and pin the page of an address there.
    Visit(Target, Address),
    /// Mark the moment that is shown: others are compared with it.
    Mark,
    /// Compare with no moment any more.
    Unmark,
    /// Play the past.
    PlayPast(Play),
    /// Show the run along the allocation clock, or along time.
    NextAxis,
    /// Leave the rest of a recording unread.
    StopReading,
    /// Stop the form that runs, or what is being evaluated.
    Interrupt,
    /// Ask what to open.
    Open,
    /// Begin again with a fresh runtime.
    Restart,
    /// Begin a tour: through the sample of a name, or of the window.
    Tour(Option<&'static str>),
    /// Go on with the tour, or back.
    Turn(Wish),
    /// Run the same program under every policy, side by side.
    Compare,
    /// Choose a speed, by its place in [`super::speed::CHOICES`].
    Speed(usize),
    /// Show the pages larger.
    ZoomIn,
    /// Show them smaller.
    ZoomOut,
    /// Show them as large as all of them fit.
    ZoomFit,
    /// Pin the page beside the pinned one.
    Pin(Step),
    /// Cancel what is being written; else put away, one at a time, what lies on top: help, the pinned page, the lit term.
    Dismiss,
    /// Choose dark, light, or what the system has.
    Theme(ThemeChoice),
    /// Change between dark and light.
    OtherTheme,
    /// Show or hide the keys.
    Help,
    /// Close the window.
    Quit,
}

/// Keys for an action.
#[derive(Clone, Copy, Debug)]
pub struct Shortcut {
    /// What they do.
    pub action: Action,
    /// Any of these.
    pub keys: &'static [(Modifiers, Key)],
    /// How a person reads them; empty when the line above tells.
    pub written: &'static str,
    /// What they do, in words.
    pub meaning: &'static str,
}

const fn shortcut(
    action: Action,
    keys: &'static [(Modifiers, Key)],
    written: &'static str,
    meaning: &'static str,
) -> Shortcut {
    Shortcut { action, keys, written, meaning }
}

const PLAIN: Modifiers = Modifiers::NONE;
const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// Every key, in the order of the cheat sheet.
pub const SHORTCUTS: &[Shortcut] = &[
    shortcut(Action::PlayPause, &[(PLAIN, Key::Space)], "Space", "pause, or go on"),
    shortcut(Action::StepForm, &[(PLAIN, Key::N)], "N", "step to the next top-level form"),
    shortcut(Action::Skip, &[(PLAIN, Key::S)], "S", "skip to the end at full speed"),
    shortcut(Action::Speed(0), &[(PLAIN, Key::Num1)], "1 … 5", "speed, from slow motion to full"),
    shortcut(Action::Speed(1), &[(PLAIN, Key::Num2)], "", ""),
    shortcut(Action::Speed(2), &[(PLAIN, Key::Num3)], "", ""),
    shortcut(Action::Speed(3), &[(PLAIN, Key::Num4)], "", ""),
    shortcut(Action::Speed(4), &[(PLAIN, Key::Num5)], "", ""),
    shortcut(Action::Interrupt, &[(CTRL, Key::Period)], "Ctrl+.", "stop the form that runs"),
    shortcut(Action::Open, &[(CTRL, Key::O)], "Ctrl+O", "open a program, or a sample"),
    shortcut(Action::Restart, &[(CTRL, Key::R)], "Ctrl+R", "restart with a fresh heap"),
    shortcut(Action::Compare, &[(CTRL, Key::D)], "Ctrl+D", "the same program under every policy, side by side"),
    shortcut(Action::Collect(GcUnit::Cycle), &[(PLAIN, Key::G)], "G", "collect"),
    shortcut(Action::Collect(GcUnit::Phase), &[(SHIFT, Key::G)], "Shift+G", "collect, one phase at a time"),
    shortcut(Action::Collect(GcUnit::Object), &[(PLAIN, Key::O)], "O", "collect, one object at a time"),
    shortcut(Action::Collect(GcUnit::Page), &[(PLAIN, Key::P)], "P", "collect, one page at a time"),
    shortcut(Action::CollectTo(GcPhase::Idle), &[(CTRL, Key::Num0)], "Ctrl+0", "collect to the end of the cycle"),
    shortcut(
        Action::CollectTo(GcPhase::Roots),
        &[(CTRL, Key::Num1)],
        "Ctrl+1 … 6",
        "collect to a phase, from roots to give back",
    ),
    shortcut(Action::CollectTo(GcPhase::Mark), &[(CTRL, Key::Num2)], "", ""),
    shortcut(Action::CollectTo(GcPhase::Finish), &[(CTRL, Key::Num3)], "", ""),
    shortcut(Action::CollectTo(GcPhase::Sweep), &[(CTRL, Key::Num4)], "", ""),
    shortcut(Action::CollectTo(GcPhase::Evacuate), &[(CTRL, Key::Num5)], "", ""),
    shortcut(Action::CollectTo(GcPhase::GiveBack), &[(CTRL, Key::Num6)], "", ""),
    shortcut(Action::Go(Go::Frames(-1)), &[(PLAIN, Key::ArrowLeft)], "←  →", "a frame back, or on"),
    shortcut(Action::Go(Go::Frames(1)), &[(PLAIN, Key::ArrowRight)], "", ""),
    shortcut(Action::Go(Go::Frames(-10)), &[(CTRL, Key::ArrowLeft)], "Ctrl+←  Ctrl+→", "ten frames back, or on"),
    shortcut(Action::Go(Go::Frames(10)), &[(CTRL, Key::ArrowRight)], "", ""),
    shortcut(
        Action::Go(Go::BeforeCollection),
        &[(PLAIN, Key::OpenBracket)],
        "[  ]",
        "to before the last collection, or after the next",
    ),
    shortcut(Action::Go(Go::AfterCollection), &[(PLAIN, Key::CloseBracket)], "", ""),
    shortcut(Action::Go(Go::First), &[(PLAIN, Key::Home)], "Home", "the first moment"),
    shortcut(Action::Go(Go::Now), &[(PLAIN, Key::End)], "End", "back to now"),
    shortcut(Action::PlayPast(Play::Backwards), &[(PLAIN, Key::J)], "J  L", "play backwards, forwards; again: faster"),
    shortcut(Action::PlayPast(Play::Forwards), &[(PLAIN, Key::L)], "", ""),
    shortcut(Action::PlayPast(Play::Stop), &[(PLAIN, Key::K)], "K", "stop playing"),
    shortcut(Action::Mark, &[(PLAIN, Key::M)], "M", "mark the moment: what changes from there is shown"),
    shortcut(Action::NextAxis, &[(PLAIN, Key::W)], "W", "the timeline along the allocation clock, or time"),
    shortcut(
        Action::ZoomIn,
        &[(PLAIN, Key::Plus), (SHIFT, Key::Plus), (PLAIN, Key::Equals)],
        "+  Ctrl+wheel",
        "larger pages",
    ),
    shortcut(Action::ZoomOut, &[(PLAIN, Key::Minus)], "−", "smaller pages"),
    shortcut(Action::ZoomFit, &[(PLAIN, Key::Num0)], "0", "as large as all of them fit"),
    shortcut(Action::Pin(Step::Right), &[(SHIFT, Key::ArrowRight)], "Shift+arrows", "pin the page beside"),
    shortcut(Action::Pin(Step::Left), &[(SHIFT, Key::ArrowLeft)], "", ""),
    shortcut(Action::Pin(Step::Up), &[(SHIFT, Key::ArrowUp)], "", ""),
    shortcut(Action::Pin(Step::Down), &[(SHIFT, Key::ArrowDown)], "", ""),
    shortcut(Action::NextOrder, &[(PLAIN, Key::H)], "H", "rows, or a Hilbert curve"),
    shortcut(Action::NextColouring, &[(PLAIN, Key::C)], "C", "colour the map by the next quantity"),
    shortcut(
        Action::Search,
        &[(PLAIN, Key::Slash), (CTRL, Key::F)],
        "/  Ctrl+F",
        "look for an address, a size, a symbol",
    ),
    shortcut(Action::Select, &[(PLAIN, Key::X)], "X", "select from the pinned page to the next"),
    shortcut(Action::Focus(Panel::Balance), &[(PLAIN, Key::F2)], "F2", "the balance"),
    shortcut(Action::Focus(Panel::Page), &[(PLAIN, Key::F3), (PLAIN, Key::I)], "F3  I", "what lies on the pinned page"),
    shortcut(Action::Focus(Panel::FreeLists), &[(PLAIN, Key::F4)], "F4", "the free lists"),
    shortcut(Action::Focus(Panel::Map), &[(PLAIN, Key::F5)], "F5", "the page map"),
    shortcut(Action::Focus(Panel::Timeline), &[(PLAIN, Key::F6)], "F6", "the timeline"),
    shortcut(Action::Focus(Panel::Collector), &[(PLAIN, Key::F7)], "F7", "the collector"),
    shortcut(Action::Focus(Panel::Source), &[(PLAIN, Key::F8)], "F8", "the source"),
    shortcut(Action::Focus(Panel::Breakpoints), &[(PLAIN, Key::F9)], "F9", "breakpoints"),
    shortcut(Action::Focus(Panel::Allocation), &[(PLAIN, Key::F10)], "F10", "who allocates"),
    shortcut(Action::Focus(Panel::OverTime), &[(PLAIN, Key::F11)], "F11", "the pages over time"),
    shortcut(Action::Focus(Panel::Difference), &[(PLAIN, Key::F12)], "F12", "what changed since the mark"),
    shortcut(
        Action::Focus(Panel::Console),
        &[(PLAIN, Key::Colon), (SHIFT, Key::Colon), (CTRL, Key::E)],
        ":  Ctrl+E",
        "to the console",
    ),
    shortcut(Action::Turn(Wish::Next), &[(PLAIN, Key::PageDown)], "PgDn  PgUp", "a step of the tour on, or back"),
    shortcut(Action::Turn(Wish::Back), &[(PLAIN, Key::PageUp)], "", ""),
    shortcut(Action::Undo, &[(CTRL, Key::Z)], "Ctrl+Z", "take back a change of what is shown"),
    shortcut(Action::Redo, &[(CTRL_SHIFT, Key::Z), (CTRL, Key::Y)], "Ctrl+Shift+Z", "do it again"),
    shortcut(
        Action::Scale(true),
        &[(CTRL, Key::Plus), (CTRL_SHIFT, Key::Plus), (CTRL, Key::Equals)],
        "Ctrl+  Ctrl−",
        "everything larger, or smaller",
    ),
    shortcut(Action::Scale(false), &[(CTRL, Key::Minus)], "", ""),
    shortcut(Action::OtherTheme, &[(PLAIN, Key::T)], "T", "dark, or light"),
    shortcut(Action::Dismiss, &[(PLAIN, Key::Escape)], "Esc", "cancel, leave the console, unpin, unlight"),
    shortcut(
        Action::Help,
        &[(PLAIN, Key::F1), (PLAIN, Key::Questionmark), (SHIFT, Key::Questionmark)],
        "?  F1",
        "show or hide this",
    ),
    shortcut(Action::Quit, &[(CTRL, Key::Q), (CTRL, Key::W)], "Ctrl+Q", "close the window"),
];

/// What the keys from that of an action on are about, in the order of the cheat sheet.
pub const HEADINGS: [(&str, Action); 6] = [
    ("The program", Action::PlayPause),
    ("The collector", Action::Collect(GcUnit::Cycle)),
    ("The moment", Action::Go(Go::Frames(-1))),
    ("The page map", Action::ZoomIn),
    ("Panels", Action::Focus(Panel::Balance)),
    ("The window", Action::Turn(Wish::Next)),
];

/// The actions whose keys were pressed. While something has the keyboard, a text field say, only keys that nobody
/// types count.
#[must_use]
pub fn pressed(ctx: &Context, typing: bool) -> Vec<Action> {
    let action_of = |event: &Event| match event {
        Event::Key { key, pressed: true, modifiers, .. } if !typing || modifiers.command || is_function_key(*key) => {
            action_of(*modifiers, *key)
        }
        _ => None,
    };
    // A text field takes back what was typed itself.
    let is_texts = |action: &Action| typing && matches!(action, Action::Undo | Action::Redo);
    ctx.input(|input| input.events.iter().filter_map(action_of).filter(|action| !is_texts(action)).collect())
}

fn is_function_key(key: Key) -> bool {
    (Key::F1..=Key::F12).contains(&key)
}

fn action_of(modifiers: Modifiers, key: Key) -> Option<Action> {
    let is = |(wanted, name): &(Modifiers, Key)| *name == key && modifiers.matches_exact(*wanted);
    SHORTCUTS.iter().find(|shortcut| shortcut.keys.iter().any(is)).map(|shortcut| shortcut.action)
}

/// How a person reads the keys of an action.
#[must_use]
pub fn written(action: Action) -> &'static str {
    let Some(place) = SHORTCUTS.iter().position(|shortcut| shortcut.action == action) else { return "" };
    // What is written at the first of several keys tells of all of them, and of each if it has as many parts.
    let first = SHORTCUTS[..=place].iter().rposition(|shortcut| !shortcut.written.is_empty()).unwrap_or(place);
    let others = SHORTCUTS[first + 1..].iter().take_while(|shortcut| shortcut.written.is_empty()).count();
    let all = SHORTCUTS[first].written;
    if others == 0 || all.split("  ").count() != others + 1 {
        return all;
    }
    all.split("  ").nth(place - first).unwrap_or(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        let mut seen = Vec::new();
        for keys in SHORTCUTS.iter().flat_map(|shortcut| shortcut.keys) {
            assert!(!seen.contains(keys), "{keys:?}");
            seen.push(*keys);
        }
    }

    #[test]
    fn every_key_is_under_a_heading() {
        let places = HEADINGS.map(|(_, first)| SHORTCUTS.iter().position(|shortcut| shortcut.action == first));
        assert_eq!(places[0], Some(0));
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?}");
    }

    #[test]
    fn a_key_means_something_else_with_shift() {
        assert_eq!(action_of(PLAIN, Key::G), Some(Action::Collect(GcUnit::Cycle)));
        assert_eq!(action_of(SHIFT, Key::G), Some(Action::Collect(GcUnit::Phase)));
        assert_eq!(action_of(Modifiers::CTRL | Modifiers::COMMAND, Key::R), Some(Action::Restart));
        assert_eq!(action_of(PLAIN, Key::R), None);
        assert_eq!(written(Action::Skip), "S");
        assert_eq!(written(Action::Scale(true)), "Ctrl+");
        assert_eq!(written(Action::Scale(false)), "Ctrl−");
        assert_eq!(written(Action::Go(Go::Frames(10))), "Ctrl+→");
        assert_eq!(written(Action::Speed(3)), "1 … 5");
        assert_eq!(written(Action::Focus(Panel::Page)), "F3  I");
    }
}
