//! A runtime on the terminal's streams, with Ctrl-C.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::Sender;
use heapatlas_arc::error::ArcError;
use heapatlas_arc::host::Host;
use heapatlas_arc::{Runtime, Streams};

use super::exit::{self, Ending};
use crate::source::program::Program;
use crate::source::recorder::SharedRecorder;
use crate::source::watched::Watched;

/// After Ctrl-C a program has this long to stop at a safepoint; then the process ends.
const GRACE: Duration = Duration::from_millis(700);

/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: i32 = 130;

/// What Ctrl-C stops.
#[derive(Default)]
struct Interrupts {
    /// The flag of the runtime in use.
    flag: Option<Arc<AtomicBool>>,
    /// Who is told besides: a window sees no flag while nothing happens.
    told: Option<Sender<()>>,
    /// Counts the presses.
    presses: u64,
}

static INTERRUPTS: Mutex<Option<Interrupts>> = Mutex::new(None);

fn with_interrupts<T>(use_them: impl FnOnce(&mut Interrupts) -> T) -> T {
    let mut interrupts = INTERRUPTS.lock().unwrap_or_else(PoisonError::into_inner);
    use_them(interrupts.get_or_insert_with(Interrupts::default))
}

/// Makes Ctrl-C set a flag, at which the program stops at its next safepoint, and tell whoever waits; and end the
/// process when that takes too long. Also where the shell had it ignored, as it does in the background.
pub(super) fn catch_interrupts(flag: Arc<AtomicBool>, told: Option<Sender<()>>) {
    with_interrupts(|interrupts| {
        interrupts.flag = Some(flag);
        interrupts.told = told;
    });
    // The handler is installed once; another runtime only changes the flag.
    ctrlc::set_handler(|| {
        let (flag, press) = with_interrupts(|interrupts| {
            interrupts.presses += 1;
            if let Some(told) = &interrupts.told {
                told.try_send(()).ok();
            }
            (interrupts.flag.clone(), interrupts.presses)
        });
        let Some(flag) = flag else { leave() };
        // Pressed again before the program has stopped: it is meant.
        if flag.swap(true, Ordering::Relaxed) {
            leave();
        }
        let watch = thread::Builder::new().name("grace".to_owned()).spawn(move || {
            thread::sleep(GRACE);
            let still_running = flag.load(Ordering::Relaxed);
            if still_running && with_interrupts(|interrupts| interrupts.presses == press) {
                leave();
            }
        });
        if watch.is_err() {
            leave();
        }
    })
    .ok();
}

/// Whether Ctrl-C was pressed and the program has not stopped yet.
pub(super) fn is_interrupted() -> bool {
    with_interrupts(|interrupts| interrupts.flag.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)))
}

#[allow(clippy::exit, reason = "a program that does not stop when it is told to must still end")]
fn leave() -> ! {
    exit::tell("interrupted");
    std::process::exit(INTERRUPTED)
}

/// What became of standard output.
#[derive(Default)]
struct OutputState {
    /// Why it can't be written to any more.
    lost: Option<io::Error>,
    /// The flag that stops the program then.
    interrupt: Option<Arc<AtomicBool>>,
}

/// Standard output, or what stands for it, that ends the program when it can't be written to any more.
struct Output {
    state: Arc<Mutex<OutputState>>,
    to: Box<dyn Write + Send>,
}

impl Output {
    /// Notes what went wrong and stops the program; what it prints until then goes nowhere.
    fn lose(&self, error: io::Error) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flag) = &state.interrupt {
            flag.store(true, Ordering::Relaxed);
        }
        state.lost.get_or_insert(error);
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.to.write(bytes) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.lose(error);
                Ok(bytes.len())
            }
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.to.flush() {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.lose(error);
                Ok(())
            }
            result => result,
        }
    }
}

/// A runtime on the terminal's streams.
pub(super) struct Session {
    pub(super) runtime: Runtime,
    output: Arc<Mutex<OutputState>>,
    recorder: Option<SharedRecorder>,
}

impl Session {
    /// Starts a runtime for a program on a host, with nothing loaded yet. Where a recording goes to standard output, what the
    /// program prints goes to standard error.
    pub(super) fn start(program: &Program, host: Box<dyn Host>) -> Result<Self, ArcError> {
        let to: Box<dyn Write + Send> =
            if program.records_to_output() { Box::new(io::stderr()) } else { Box::new(io::stdout()) };
        Self::start_printing_to(program, host, to)
    }

    /// The same for a program whose output goes elsewhere.
    pub(super) fn start_printing_to(
        program: &Program,
        host: Box<dyn Host>,
        to: Box<dyn Write + Send>,
    ) -> Result<Self, ArcError> {
        let output = Arc::new(Mutex::new(OutputState::default()));
        let recorder = program.recorder()?.map(SharedRecorder::new);
        let black_box = program.black_box(Box::new(|line| exit::tell(&line)));
        let is_watched = recorder.is_some() || black_box.is_some();
        let host = if is_watched { Box::new(Watched::new(host, recorder.clone(), black_box)) } else { host };
        let streams = Streams {
            input: Box::new(io::stdin()),
            output: Box::new(Output { state: Arc::clone(&output), to }),
            errors: Box::new(io::stderr()),
        };
        let mut runtime = program.runtime(streams, host)?;
        runtime.heap().mute_events(!is_watched);
        output.lock().unwrap_or_else(PoisonError::into_inner).interrupt = Some(runtime.interrupt());
        catch_interrupts(runtime.interrupt(), None);
        Ok(Self { runtime, output, recorder })
    }

    /// Ends the recording, if there is one, with the heap as it is now. How the program ended, unless only the recording
    /// failed; that nobody reads it any more is fine.
    pub(super) fn end_recording(&mut self, ending: Ending) -> Ending {
        let Some(recorder) = self.recorder.take() else { return ending };
        let mut recorder = recorder.lock();
        recorder.cut_now(self.runtime.heap());
        match recorder.finish() {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe && ending == Ending::Fine => {
                Ending::System(format!("can't write the recording: {error}"))
            }
            _ => ending,
        }
    }

    /// How the program ends because its output can't be written to any more; `None` when it can. That nobody reads it
    /// any more is fine.
    pub(super) fn output_lost(&self) -> Option<Ending> {
        let state = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        state.lost.as_ref().map(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Ending::Fine,
            _ => Ending::System(format!("can't write: {error}")),
        })
    }
}

/// What is wrong when a command that writes to standard output is to record to it as well.
pub(super) fn keeps_output(program: &Program) -> Option<Ending> {
    let why = "standard output is this command's own: record to a file";
    program.records_to_output().then(|| Ending::Misused(why.to_owned()))
}
