//! What the window costs, on whatever renderer there is. `xvfb-run -a -s '-screen 0 1280x800x24' cargo bench --bench window`
//! measures with a software renderer; words choose among the parts: `-- map idle speed`.
//!
//! * [`map`] CPU of a frame of the page map
//! * [`app`] CPU of the window when nothing happens; frames a second, and what the program loses, when it runs at full speed
//!
//! A process has one event loop, so that each figure comes from a process of its own.

#![expect(clippy::print_stdout, reason = "the numbers are what it is for")]

mod app;
mod map;

use std::process::{Command, Stdio};
use std::time::Duration;

use eframe::egui::ViewportBuilder;

/// Rounds in which the program runs bare, then in the window.
const ROUNDS: usize = 5;

/// CPU that this process has used, all threads and the kernel's part included.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The median of some figures.
fn median<T: PartialOrd + Copy>(figures: Vec<T>) -> T {
    quartiles(figures)[1]
}

/// Below which a quarter of some figures lies, half of them, and three quarters.
fn quartiles<T: PartialOrd + Copy>(mut figures: Vec<T>) -> [T; 3] {
    figures.sort_unstable_by(|a, b| a.partial_cmp(b).expect("numbers"));
    [1, 2, 3].map(|quarter| figures[(figures.len() - 1) * quarter / 4])
}

/// Shows a window of 1280×800 until it closes itself.
fn show(create: eframe::AppCreator<'_>) {
    let viewport = ViewportBuilder::default().with_inner_size([1280.0, 800.0]);
    eframe::run_native("heapatlas bench", heapatlas::ui::native_options(viewport), create).expect("a window");
}

/// What this program prints when it is started with some words.
fn child(words: &[&str]) -> String {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg("child").args(words).stderr(Stdio::inherit()).output().expect("it starts");
    assert!(output.status.success(), "measuring {words:?} failed");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs the program bare and in the window by turns, and prints what it loses there, and how many frames there are a second.
fn compare_speed() {
    let (mut losses, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let numbers = ["bare", "full"].map(|how| {
            let text = child(&[how]);
            text.split_whitespace().map(|word| word.parse::<f64>().expect("a number")).collect::<Vec<_>>()
        });
        losses.push(numbers[1][0] / numbers[0][0] - 1.0);
        rates.push(numbers[1][1]);
    }
    let [low, loss, high] = quartiles(losses).map(|loss| 100.0 * loss);
    let [slow, rate, fast] = quartiles(rates);
    println!(
        "full speed  {loss:.1} % of the program's CPU lost (quartiles {low:.1} and {high:.1} of {ROUNDS} rounds)  {rate:.0} frames a \
         second ({slow:.0} and {fast:.0})"
    );
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["child", "idle"] => return app::idle(),
        ["child", "bare"] => return app::bare(),
        ["child", "full"] => return app::full(),
        ["child", pages] => return map::run(pages.parse().expect("a number of pages")),
        _ => {}
    }
    let parts = ["map", "idle", "speed"];
    let chosen = |part: &str| words.contains(&part) || !parts.iter().any(|part| words.contains(part));
    if chosen("map") {
        map::SIZES.iter().for_each(|pages| print!("{}", child(&[&pages.to_string()])));
    }
    if chosen("idle") {
        print!("{}", child(&["idle"]));
    }
    if chosen("speed") {
        compare_speed();
    }
}
