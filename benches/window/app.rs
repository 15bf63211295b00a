//! The whole window: what it costs when nothing happens, and what a program at full speed loses to it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use eframe::egui::{Context, Ui, ViewportCommand};
use heapatlas::command::Speed;
use heapatlas::source::Subject;
use heapatlas::source::embedded::Beginning;
use heapatlas::source::program::Program;
use heapatlas::ui::app::App;
use heapatlas::ui::session::Phase;
use heapatlas::ui::{ThemeChoice, WindowOptions};
use heapatlas_arc::Streams;
use heapatlas_arc::host::NoHost;

use crate::{cpu, show};

/// How long an idle window is watched, and how long it has before to come to rest.
const WATCHED: Duration = Duration::from_secs(5);
const SETTLING: Duration = Duration::from_secs(4);

/// What runs at full speed: seconds of allocation, and collections, beside which it matters little how the window comes up.
const PROGRAM: &str = "(repeat 60000000 (list 1 2 3 4))";

/// The window, and how many frames it has drawn.
struct Counted {
    app: App,
    frames: Arc<AtomicU64>,
    began: Instant,
    /// Whether it closes at the end of the program, and tells what it cost.
    closes: bool,
}

impl eframe::App for Counted {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
        let frames = self.frames.fetch_add(1, Ordering::Relaxed) + 1;
        if self.closes && self.app.session().progress().phase() == Phase::Finished {
            self.closes = false;
            let rate = frames as f64 / self.began.elapsed().as_secs_f64();
            println!("{} {rate}", cpu_of_arc().as_secs_f64());
            ui.ctx().send_viewport_cmd(ViewportCommand::Close);
        }
    }
}

/// CPU that the thread of the runtime has used so far.
fn cpu_of_arc() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the threads");
    let folders = tasks.map(|task| task.expect("a thread").path());
    let is_arc = |folder: &std::path::PathBuf| std::fs::read(folder.join("comm")).is_ok_and(|name| name == b"arc\n");
    let arc = folders.into_iter().find(is_arc).expect("a thread called arc");
    let times = std::fs::read_to_string(arc.join("schedstat")).expect("its times");
    Duration::from_nanos(times.split_whitespace().next().and_then(|time| time.parse().ok()).expect("nanoseconds"))
}

fn program(expressions: &[&str]) -> Program {
    Program { expressions: expressions.iter().map(|text| (*text).to_owned()).collect(), ..Program::default() }
}

/// Shows a program at full speed.
fn watch(program: Program, close: crossbeam_channel::Receiver<()>, frames: &Arc<AtomicU64>, closes: bool) {
    let beginning = Beginning { program, speed: Speed::Full, paused: false, asks: true };
    let subject = Subject::Program(beginning);
    let options = WindowOptions { subject, title: "bench".to_owned(), theme: ThemeChoice::Dark, close };
    let frames = Arc::clone(frames);
    show(Box::new(move |creation| {
        let app = App::new(&creation.egui_ctx, options)?;
        Ok(Box::new(Counted { app, frames, began: Instant::now(), closes }))
    }));
}

/// Watches a window whose program has ended, and prints what it costs.
pub(crate) fn idle() {
    let frames = Arc::<AtomicU64>::default();
    let (told, close) = crossbeam_channel::bounded(1);
    let drawn = Arc::clone(&frames);
    let watcher = thread::Builder::new().name("watcher".to_owned()).spawn(move || {
        thread::sleep(SETTLING);
        let (before, began) = (drawn.load(Ordering::Relaxed), cpu());
        thread::sleep(WATCHED);
        let share = (cpu() - began).as_secs_f64() / WATCHED.as_secs_f64();
        println!("idle  {:.2} % of a CPU  {} frames", 100.0 * share, drawn.load(Ordering::Relaxed) - before);
        told.send(()).expect("the window is there");
    });
    watch(program(&[]), close, &frames, false);
    watcher.expect("a thread").join().expect("nobody panicked");
}

/// Runs the program at full speed in the window, and prints its CPU in seconds and the frames a second.
pub(crate) fn full() {
    watch(program(&[PROGRAM]), crossbeam_channel::never(), &Arc::default(), true);
}

/// Runs the program without anybody who watches, and prints its CPU in seconds.
pub(crate) fn bare() {
    let run = || {
        let streams =
            Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
        let program = program(&[PROGRAM]);
        let mut runtime = program.runtime(streams, Box::new(NoHost)).expect("a runtime");
        program.load_base(&mut runtime).and_then(|()| program.run(&mut runtime)).expect("no error");
        println!("{}", cpu_of_arc().as_secs_f64());
        runtime.release();
    };
    let arc = thread::Builder::new().name("arc".to_owned()).stack_size(2 << 20).spawn(run);
    arc.expect("a thread").join().expect("nobody panicked");
}
