//! A runtime on the terminal's streams, with Ctrl-C.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use heapatlas_arc::error::ArcError;
use heapatlas_arc::host::NoHost;
use heapatlas_arc::{Runtime, Streams};

use super::exit;
use crate::source::program::Program;

/// After Ctrl-C a program has this long to stop at a safepoint; then the process ends.
const GRACE: Duration = Duration::from_millis(700);

/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: i32 = 130;

/// What Ctrl-C stops.
#[derive(Default)]
struct Interrupts {
    /// The flag of the runtime in use.
    flag: Option<Arc<AtomicBool>>,
    /// Counts the presses.
    presses: u64,
}

static INTERRUPTS: Mutex<Option<Interrupts>> = Mutex::new(None);

fn with_interrupts<T>(use_them: impl FnOnce(&mut Interrupts) -> T) -> T {
    let mut interrupts = INTERRUPTS.lock().unwrap_or_else(PoisonError::into_inner);
    use_them(interrupts.get_or_insert_with(Interrupts::default))
}

/// Makes Ctrl-C stop the program at its next safepoint, and the process when that takes too long or there is none.
fn catch_interrupts(flag: Arc<AtomicBool>) {
    with_interrupts(|interrupts| interrupts.flag = Some(flag));
    // The handler is installed once; another runtime only changes the flag.
    ctrlc::set_handler(|| {
        let (flag, press) = with_interrupts(|interrupts| {
            interrupts.presses += 1;
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

#[allow(clippy::exit, reason = "a program that does not stop when it is told to must still end")]
fn leave() -> ! {
    exit::tell("interrupted");
    std::process::exit(INTERRUPTED)
}

/// Standard output that ends the program quietly when nobody reads any more.
struct Output {
    /// Set when nobody reads any more, together with the runtime's own flag.
    gone: Arc<AtomicBool>,
    interrupt: Arc<Mutex<Option<Arc<AtomicBool>>>>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match io::stdout().write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone.store(true, Ordering::Relaxed);
                if let Some(flag) = &*self.interrupt.lock().unwrap_or_else(PoisonError::into_inner) {
                    flag.store(true, Ordering::Relaxed);
                }
                Ok(bytes.len())
            }
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match io::stdout().flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

/// A runtime on the terminal's streams.
pub(super) struct Session {
    pub(super) runtime: Runtime,
    gone: Arc<AtomicBool>,
}

impl Session {
    /// Starts a runtime for a program, with nothing loaded yet.
    pub(super) fn start(program: &Program) -> Result<Self, ArcError> {
        let gone = Arc::new(AtomicBool::new(false));
        let interrupt = Arc::new(Mutex::new(None));
        let output = Output { gone: Arc::clone(&gone), interrupt: Arc::clone(&interrupt) };
        let streams =
            Streams { input: Box::new(io::stdin()), output: Box::new(output), errors: Box::new(io::stderr()) };
        let mut runtime = program.runtime(streams, Box::new(NoHost))?;
        runtime.heap().mute_events(true);
        *interrupt.lock().unwrap_or_else(PoisonError::into_inner) = Some(runtime.interrupt());
        catch_interrupts(runtime.interrupt());
        Ok(Self { runtime, gone })
    }

    /// Whether nobody reads standard output any more.
    pub(super) fn output_is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}
