//! The story of fragmentation in the real window: the tour to its end, the same program under every policy, the pages over
//! time, a picture of them in a file, and a panel that is found again where it was left.

use std::path::Path;

use heapatlas::map::palette::{Rgb, Theme};
use heapatlas_heap::terms::PageKind;

use crate::driver::Driver;
use crate::screen::{Display, Part};

const THEME: Theme = Theme::Dark;
/// The left edges of the panels that the tour points at, which has an outline when it does.
const MAP_EDGE: Part = Part { columns: 0..8, rows: 80..428 };
const TIMELINE_EDGE: Part = Part { columns: 0..8, rows: 464..732 };
const BALANCE_EDGE: Part = Part { columns: 924..932, rows: 80..570 };
/// Pixels of an outline there at least.
const OUTLINE: usize = 250;
/// The maps of a comparison: under pool, single and malloc.
const MAPS: [Part; 3] = [
    Part { columns: 0..420, rows: 110..500 },
    Part { columns: 434..840, rows: 110..500 },
    Part { columns: 854..1280, rows: 110..500 },
];
/// The panel in the middle, and its tabs; the room at the side; the tabs there once a panel was put below the others.
const MIDDLE: Part = Part { columns: 0..923, rows: 80..428 };
const TABS: Part = Part { columns: 0..800, rows: 48..79 };
const SIDE: Part = Part { columns: 926..1280, rows: 50..733 };
const LOW_TABS: Part = Part { columns: 930..1240, rows: 392..424 };
const BELOW_THEM: Part = Part { columns: 926..1280, rows: 430..733 };
/// Places to click at: the last button of the card at its last step, the three dots of the panel in the middle, and
/// the first line of their menu; a tab, and the lower half of the side.
const END_OF_TOUR: (u32, u32) = (1022, 730);
const DOTS: (u32, u32) = (904, 62);
const AS_PNG: (u32, u32) = (950, 97);
const TAB: (u32, u32) = (133, 62);
const LOWER_HALF: (u32, u32) = (1100, 640);

#[test]
fn the_story_of_fragmentation_is_told_compared_written_and_left() {
    let Some(display) = Display::open() else { return eprintln!("skipped: no Xvfb or no xdotool") };
    let program = display.start_with_tour("fragmentation", &["--theme", "dark"]);
    let mut driver = Driver { display: &display, program };
    take_the_tour(&mut driver);
    compare(&mut driver);
    let (x, y) = END_OF_TOUR;
    display.click(x, y);
    driver.wait("the end of the tour", &BALANCE_EDGE, THEME.accent(), |pixels| pixels < OUTLINE);
    write_pages_over_time(&mut driver);

    // The panel is dragged to the lower half of the side, and is there in the next window.
    driver.take("the panel in the hand", TAB, &TABS);
    driver.change("the panel over the side", &SIDE, |display| display.move_to(LOWER_HALF));
    let mixed = THEME.kind(PageKind::Mixed);
    display.button(false);
    driver.wait("the panel at the side", &SIDE, mixed, |pixels| pixels > 2_000);
    // Nothing under the mouse lights up there.
    display.move_to((640, 20));
    driver.wait("its tab", &LOW_TABS, THEME.accent(), |pixels| pixels > 90);
    let tabs = display.pixels(&LOW_TABS);
    driver.quit();
    let program = display.start(&["--theme", "dark", "--speed", "full"]);
    let mut driver = Driver { display: &display, program };
    display.wait_for(&mut driver.program, "the panel where it was", || display.pixels(&LOW_TABS) == tabs);
    // However few moments there are of a program that is done at once: its large objects live from the first to the last.
    driver.wait("pages over time", &BELOW_THEM, THEME.kind(PageKind::LargeHead), |pixels| pixels > 1_000);
    driver.quit();
}

/// Goes through the steps by the keyboard, each of which points at another panel than the last.
fn take_the_tour(driver: &mut Driver<'_>) {
    let steps = [&MAP_EDGE, &TIMELINE_EDGE, &BALANCE_EDGE, &MAP_EDGE, &BALANCE_EDGE];
    for (number, edge) in (1..).zip(steps) {
        driver.wait(&format!("step {number}"), edge, THEME.accent(), |pixels| pixels > OUTLINE);
        if number < steps.len() {
            driver.display.press("Next");
        }
    }
}

/// Runs the program under every policy, until there is something of each, and goes back.
fn compare(driver: &mut Driver<'_>) {
    // Where the third map will be are the balance and the side's tabs.
    driver.leave_by("ctrl+d", &SIDE);
    let kinds = [PageKind::Objects, PageKind::Mixed, PageKind::Mixed];
    for (map, kind) in MAPS.iter().zip(kinds) {
        driver.wait("three maps", map, THEME.kind(kind), |pixels| pixels > 2_000);
    }
    driver.display.press("Escape");
    driver.wait("the tour again", &BALANCE_EDGE, THEME.accent(), |pixels| pixels > OUTLINE);
}

/// Opens the pages over time, and writes them by the menu of their panel. The picture is what is to be seen there.
fn write_pages_over_time(driver: &mut Driver<'_>) {
    let mixed = THEME.kind(PageKind::Mixed);
    driver.change("another panel", &MIDDLE, |display| display.press("F11"));
    driver.wait("pages over time", &MIDDLE, mixed, |pixels| pixels > 10_000);
    let shown = driver.display.count(&MIDDLE, mixed);
    let tabs = driver.display.pixels(&TABS);
    driver.change("the menu", &SIDE, |display| display.click(DOTS.0, DOTS.1));
    driver.display.click(AS_PNG.0, AS_PNG.1);
    let path = driver.display.folder.path().join("heapatlas-address-×-time.png");
    let mut written = None;
    driver.display.wait_for(&mut driver.program, "a picture", || {
        written = pixels_of(&path);
        written.is_some()
    });
    let pixels = written.expect("a picture");
    assert_eq!(pixels.iter().filter(|pixel| **pixel == mixed).count(), shown);
    // What tells of the file comes above the tabs, and is put away: everything is where it was.
    driver.display.wait_for(&mut driver.program, "the name of the file", || driver.display.pixels(&TABS) != tabs);
    driver.display.press("Escape");
    driver.display.wait_for(&mut driver.program, "the tabs again", || driver.display.pixels(&TABS) == tabs);
}

/// The pixels of a picture, once all of it is written.
fn pixels_of(path: &Path) -> Option<Vec<Rgb>> {
    let file = std::io::BufReader::new(std::fs::File::open(path).ok()?);
    let mut reader = png::Decoder::new(file).read_info().ok()?;
    let mut bytes = vec![0; reader.output_buffer_size()?];
    reader.next_frame(&mut bytes).ok()?;
    Some(bytes.chunks_exact(3).map(|pixel| Rgb(pixel[0], pixel[1], pixel[2])).collect())
}
