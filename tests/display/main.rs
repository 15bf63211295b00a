//! Starts the real window on a virtual display and looks at the pixels it puts there.
//!
//! Needs Xvfb, and xdotool to press keys. Where they are missing the tests say so and pass,
//! unless `HEAPATLAS_REQUIRE_WINDOW` is set.
//!
//! * `screen` a virtual display
//! * `driver` a window on it, and what comes of what is done there
//! * `driven` a session by mouse and keyboard
//! * `told` a tour to its end, a comparison, an export, and the layout again

#![cfg(target_os = "linux")]

mod driven;
mod driver;
mod screen;
mod told;

use std::collections::HashMap;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use driver::Driver;
use heapatlas::map::palette::{Rgb, Theme};
use heapatlas_heap::terms::PageKind;
use screen::Display;

/// Until the window has drawn what is waited for, on a slow machine with a software renderer.
const PATIENCE: Duration = Duration::from_secs(60);
/// A window closes, and a program stops, within this.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Waits for an end, and gives the exit code and how long it took.
fn end_of(mut program: Child, since: Instant) -> (Option<i32>, Duration) {
    loop {
        if let Some(status) = program.try_wait().expect("a status") {
            return (status.code(), since.elapsed());
        }
        if since.elapsed() > PATIENCE {
            program.kill().ok();
            panic!("heapatlas did not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn shows_the_map(theme: Theme, colours: &HashMap<Rgb, usize>) -> bool {
    // After a collection much is live, in full colour: pages of objects and stack, tables, and the ground of the map.
    let of = |colour: Rgb| colours.get(&colour).copied().unwrap_or_default();
    of(theme.kind(PageKind::Tables)) > 2_000
        && of(theme.kind(PageKind::Stack)) > 5_000
        && of(theme.kind(PageKind::Objects)) > 5_000
        && of(theme.kind(PageKind::Reserve)) > 3_000
        && of(theme.background()) > 50_000
}

#[test]
fn the_real_window_has_the_map_in_it_and_closes_at_once() {
    let Some(display) = Display::open() else { return eprintln!("skipped: no Xvfb or no xdotool") };
    for (name, theme) in [("dark", Theme::Dark), ("light", Theme::Light)] {
        let mut program = display.start(&["--theme", name, "--speed", "full"]);
        display.wait(&mut program, &format!("a {name} map"), |colours| shows_the_map(theme, colours));
        Driver { display: &display, program }.quit();
    }
}

#[test]
fn ctrl_c_ends_the_window_at_once_while_an_endless_program_runs() {
    let Some(display) = Display::open() else { return eprintln!("skipped: no Xvfb or no xdotool") };
    let endless = display.folder.path().join("endless.arc");
    write_endless(&endless);
    let path = endless.to_str().expect("a name");
    let mut program = display.start(&["--theme", "dark", "--speed", "full", path]);
    display.wait(&mut program, "a window", |colours| {
        colours.get(&Theme::Dark.kind(PageKind::Tables)).is_some_and(|count| *count > 1_000)
    });
    let since = Instant::now();
    let process = rustix::process::Pid::from_child(&program);
    rustix::process::kill_process(process, rustix::process::Signal::INT).expect("a signal");
    let (code, time) = end_of(program, since);
    assert_eq!(code, Some(130));
    assert!(time < AT_ONCE, "ending took {time:?}");
}

fn write_endless(path: &Path) {
    std::fs::write(path, "(while t (list 1 2 3))\n").expect("a file");
}
