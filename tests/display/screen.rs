//! A virtual display: its keyboard, its mouse, and the pixels on it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use heapatlas::map::palette::Rgb;

use crate::PATIENCE;

/// Its size in pixels.
pub(crate) const WIDTH: usize = 1280;
pub(crate) const HEIGHT: usize = 800;

/// A part of it.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) columns: Range<usize>,
    pub(crate) rows: Range<usize>,
}

/// A virtual display that ends with its owner.
pub(crate) struct Display {
    server: Child,
    name: String,
    /// Holds the picture, as X window dump.
    pub(crate) folder: tempfile::TempDir,
}

impl Display {
    /// A display, or nothing where it can't be had and need not be.
    pub(crate) fn open() -> Option<Self> {
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

    /// Starts the program without a tour.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.start_with_tour("none", arguments)
    }

    /// Starts the program, which writes its files to the display's folder and keeps its settings there.
    pub(crate) fn start_with_tour(&self, tour: &str, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_heapatlas"))
            .args(["--tour", tour])
            .args(arguments)
            .current_dir(self.folder.path())
            .env("DISPLAY", &self.name)
            .env("XDG_DATA_HOME", self.folder.path())
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .spawn()
            .expect("heapatlas starts")
    }

    fn xdotool(&self, words: &[&str]) {
        let status = Command::new("xdotool").args(words).env("DISPLAY", &self.name).status();
        assert!(status.expect("xdotool runs").success(), "xdotool {words:?}");
    }

    /// Presses keys in the window; there is no window manager that would give it the keyboard.
    pub(crate) fn press(&self, keys: &str) {
        self.xdotool(&["search", "--name", "Heapatlas", "windowfocus", "--sync", "key", keys]);
    }

    /// Types a text into whatever has the keyboard, then Enter.
    pub(crate) fn enter(&self, text: &str) {
        self.xdotool(&["type", "--delay", "4", text]);
        self.xdotool(&["key", "Return"]);
    }

    /// Clicks somewhere.
    pub(crate) fn click(&self, x: u32, y: u32) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "1"]);
    }

    /// Moves the mouse.
    pub(crate) fn move_to(&self, (x, y): (u32, u32)) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string()]);
    }

    /// Presses its button, or lets go of it.
    pub(crate) fn button(&self, down: bool) {
        self.xdotool(&[if down { "mousedown" } else { "mouseup" }, "1"]);
    }

    /// How many pixels have each colour.
    pub(crate) fn colours(&self) -> HashMap<Rgb, usize> {
        let all = Part { columns: 0..WIDTH, rows: 0..HEIGHT };
        self.pixels(&all).into_iter().fold(HashMap::new(), |mut counts, pixel| {
            *counts.entry(pixel).or_default() += 1;
            counts
        })
    }

    /// How many pixels of a part have a colour.
    pub(crate) fn count(&self, part: &Part, colour: Rgb) -> usize {
        self.pixels(part).into_iter().filter(|pixel| *pixel == colour).count()
    }

    /// The pixels of a part, row by row.
    pub(crate) fn pixels(&self, part: &Part) -> Vec<Rgb> {
        let dump = std::fs::read(self.folder.path().join("Xvfb_screen0")).expect("the frame buffer");
        let word = |n: usize| u32::from_be_bytes(dump[4 * n..4 * n + 4].try_into().expect("four bytes")) as usize;
        // The header's fields are those of XWDFile.h: header_size first, bytes_per_line 13th, ncolors 20th.
        let (header, line, colours) = (word(0), word(12), word(19));
        let pixels = &dump[header + 12 * colours..];
        let rows = pixels.chunks_exact(line).take(part.rows.end).skip(part.rows.start);
        let within = rows.flat_map(|row| row.chunks_exact(4).take(part.columns.end).skip(part.columns.start));
        // Little endian: blue, green, red.
        within.map(|pixel| Rgb(pixel[2], pixel[1], pixel[0])).collect()
    }

    /// Waits until something is on the screen.
    pub(crate) fn wait_for(&self, program: &mut Child, what: &str, mut is_there: impl FnMut() -> bool) {
        let since = Instant::now();
        while !is_there() {
            assert_eq!(program.try_wait().expect("a status"), None, "heapatlas ended before there was {what}");
            if since.elapsed() >= PATIENCE {
                panic!("waited for {what}; what there was instead is in {}", self.keep(what).display());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Writes what is on the screen to a file that stays, and says where.
    fn keep(&self, what: &str) -> PathBuf {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("no {what}.png").replace(' ', "-"));
        let file = std::fs::File::create(&path).expect("a file");
        let mut encoder = png::Encoder::new(file, WIDTH as u32, HEIGHT as u32);
        encoder.set_color(png::ColorType::Rgb);
        let all = self.pixels(&Part { columns: 0..WIDTH, rows: 0..HEIGHT });
        let bytes: Vec<u8> = all.into_iter().flat_map(|Rgb(red, green, blue)| [red, green, blue]).collect();
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&bytes));
        written.expect("a picture");
        path
    }

    /// Waits until so many pixels have each colour as is wanted.
    pub(crate) fn wait(&self, program: &mut Child, what: &str, wanted: impl Fn(&HashMap<Rgb, usize>) -> bool) {
        self.wait_for(program, what, || wanted(&self.colours()));
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
