//! Starts the real window on a virtual display and looks at the pixels it puts there.
//!
//! Needs Xvfb, and xdotool to press keys. Where they are missing the tests say so and pass,
//! unless `HEAPATLAS_REQUIRE_WINDOW` is set.

#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use heapatlas::map::palette::{Rgb, Theme};
use heapatlas_heap::terms::PageKind;

/// Until the window has drawn what is waited for, on a slow machine with a software renderer.
const PATIENCE: Duration = Duration::from_secs(60);
/// A window closes, and a program stops, within this.
const AT_ONCE: Duration = Duration::from_secs(1);
const WIDTH: usize = 1280;
const HEIGHT: usize = 800;

/// A virtual display that ends with its owner.
struct Display {
    server: Child,
    name: String,
    /// Holds the picture, as X window dump.
    folder: tempfile::TempDir,
}

impl Display {
    /// A display, or nothing where it can't be had and need not be.
    fn open() -> Option<Self> {
        let required = std::env::var_os("HEAPATLAS_REQUIRE_WINDOW").is_some();
        for tool in ["Xvfb", "xdotool"] {
            let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).stdout(Stdio::null()).status();
            if !found.is_ok_and(|status| status.success()) {
                assert!(!required, "{tool} is not installed");
                return None;
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &format!("{WIDTH}x{HEIGHT}x24"), "-nolisten", "tcp", "-fbdir"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut number = String::new();
        BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut number).expect("a display's number");
        Some(Self { server, name: format!(":{}", number.trim()), folder })
    }

    fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_heapatlas"))
            .args(arguments)
            .env("DISPLAY", &self.name)
            .env("XDG_DATA_HOME", self.folder.path())
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .spawn()
            .expect("heapatlas starts")
    }

    /// Presses keys in the window; there is no window manager that would give it the keyboard.
    fn press(&self, keys: &str) {
        let pressed = Command::new("xdotool")
            .args(["search", "--name", "Heapatlas", "windowfocus", "--sync", "key", keys])
            .env("DISPLAY", &self.name)
            .status();
        assert!(pressed.expect("xdotool runs").success());
    }

    /// How many pixels have each colour.
    fn colours(&self) -> HashMap<Rgb, usize> {
        let dump = std::fs::read(self.folder.path().join("Xvfb_screen0")).expect("the frame buffer");
        let word = |n: usize| u32::from_be_bytes(dump[4 * n..4 * n + 4].try_into().expect("four bytes")) as usize;
        // The header's fields are those of XWDFile.h: header_size first, bytes_per_line 13th, ncolors 20th.
        let (header, line, colours) = (word(0), word(12), word(19));
        let pixels = &dump[header + 12 * colours..];
        let mut counts = HashMap::new();
        for row in pixels.chunks_exact(line).take(HEIGHT) {
            for pixel in row.chunks_exact(4).take(WIDTH) {
                // Little endian: blue, green, red.
                *counts.entry(Rgb(pixel[2], pixel[1], pixel[0])).or_default() += 1;
            }
        }
        counts
    }

    /// Waits until a picture is as wanted, and gives how many pixels have each colour.
    fn wait(&self, program: &mut Child, what: &str, wanted: impl Fn(&HashMap<Rgb, usize>) -> bool) {
        let since = Instant::now();
        loop {
            let colours = self.colours();
            if wanted(&colours) {
                return;
            }
            assert_eq!(program.try_wait().expect("a status"), None, "heapatlas ended before there was {what}");
            assert!(since.elapsed() < PATIENCE, "waited for {what}; {} colours", colours.len());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

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
        display.press("ctrl+q");
        let since = Instant::now();
        let (code, time) = end_of(program, since);
        assert_eq!(code, Some(0));
        assert!(time < AT_ONCE, "closing took {time:?}");
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
