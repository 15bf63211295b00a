//! The whole of a session, by mouse and keyboard: load the library, pause, step a collection object by object, then by phase
//! to its end, look at a page, find why something on it is alive, set a limit, hit it, raise it, go on.
//!
//! `--verify` has the runtime walk the heap at every step, and the panel say whether the pages count the same. Its number
//! of walks changes with every step, so that waiting for a change is waiting for the step.

use heapatlas::map::palette::{Marked, Theme};
use heapatlas_heap::terms::PageKind;

use crate::driver::Driver;
use crate::screen::{Display, HEIGHT, Part, WIDTH};

const THEME: Theme = Theme::Dark;
/// Parts of the screen: the line of state, what is below the map at its left, beside the map, the field for
/// what is looked for, the console, and everything.
const STATE: Part = Part { columns: 0..60, rows: 770..HEIGHT };
const BELOW: Part = Part { columns: 0..540, rows: 470..765 };
const SIDE: Part = Part { columns: 930..WIDTH, rows: 60..765 };
const SEARCH: Part = Part { columns: 600..920, rows: 46..115 };
const CONSOLE: Part = Part { columns: 550..920, rows: 470..765 };
const ALL: Part = Part { columns: 0..WIDTH, rows: 0..HEIGHT };
/// Steps by object.
const OBJECTS: usize = 12;

/// Steps the collector by a key, and holds the panel's counts against the walk.
fn step(driver: &mut Driver<'_>, key: &str) {
    driver.change("the step", &BELOW, |display| display.press(key));
    assert_eq!(driver.display.count(&BELOW, THEME.error()), 0, "a walk counts something else");
    driver.wait("walks that agree", &BELOW, THEME.running(), |pixels| pixels > 50);
}

fn evaluate(driver: &mut Driver<'_>, text: &str) {
    // What is typed before the field has the keyboard goes elsewhere.
    driver.change("the field with the keyboard", &CONSOLE, |display| display.press("ctrl+e"));
    driver.display.enter(text);
}

#[test]
fn the_real_window_is_driven_by_mouse_and_keyboard() {
    let Some(display) = Display::open() else { return eprintln!("skipped: no Xvfb or no xdotool") };
    let program = display.start(&["--theme", "dark", "--verify", "--paused"]);
    let mut driver = Driver { display: &display, program };
    let (black, white) = (THEME.marking(Marked::Black), THEME.marking(Marked::White));
    // Slowly enough that there is something left to load, however long a frame takes to draw.
    driver.wait("the dot of a program that stands still", &STATE, THEME.waiting(), |pixels| pixels > 30);
    display.press("1");
    display.press("space");
    driver.wait("a program that runs", &STATE, THEME.waiting(), |pixels| pixels == 0);
    driver.wait("a map", &ALL, THEME.kind(PageKind::Objects), |pixels| pixels > 1_000);

    // Standing still, then object by object: much is white, something is reached, and grey waits.
    display.press("space");
    driver.wait("the dot again", &STATE, THEME.waiting(), |pixels| pixels > 30);
    display.press("o");
    driver.wait("walks that agree", &BELOW, THEME.running(), |pixels| pixels > 50);
    (1..OBJECTS).for_each(|_| step(&mut driver, "o"));
    driver.wait("white", &ALL, white, |pixels| pixels > 20_000);
    driver.wait("grey", &ALL, THEME.waiting(), |pixels| pixels > 100);
    // By phase to its end: what is reached is black, and then nothing is any more.
    for _ in 0..2 {
        step(&mut driver, "shift+g");
    }
    driver.wait("black", &ALL, black, |pixels| pixels > 1_500);
    for _ in 0..3 {
        step(&mut driver, "shift+g");
    }
    driver.wait("the end of the cycle", &ALL, black, |pixels| pixels < 600);

    // A page is clicked, and what lives on it is shown. Then the value of a function is looked for, and why it is alive.
    driver.change("the panel of a page", &SIDE, |display| display.press("F3"));
    driver.change("the page", &SIDE, |display| display.click(320, 160));
    driver.wait("what lives on the page", &SIDE, THEME.running(), |pixels| pixels > 1_000);
    driver.change("the field with the keyboard", &SEARCH, |display| display.press("slash"));
    driver.change("why it is alive", &SIDE, |display| display.enter("map1"));

    // The program ends, and a limit is set by what is typed. What keeps more than that asks, and goes on when it is
    // raised; at full speed, for a slow one is that of the console too.
    display.press("s");
    driver.wait("the end of the program", &STATE, THEME.waiting(), |pixels| pixels == 0);
    display.press("5");
    evaluate(&mut driver, "(= (heap-limit) 2097152)");
    driver.wait("the answer", &CONSOLE, THEME.running(), |pixels| pixels > 3);
    let said = display.count(&CONSOLE, THEME.running());
    evaluate(&mut driver, "(let l nil (repeat 150000 (push 1 l)) (len l))");
    driver.wait("the question", &STATE, THEME.waiting(), |pixels| pixels > 30);
    // The field of the question has the keyboard, and holds twice the limit.
    driver.change("a limit that is raised", &STATE, |display| display.press("Return"));
    driver.wait("a program that goes on", &STATE, THEME.waiting(), |pixels| pixels == 0);
    driver.wait("its value", &CONSOLE, THEME.running(), |pixels| pixels > said);

    driver.quit();
}
