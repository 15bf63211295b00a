//! Fatal signals: who watches for them hears of one before the process ends of it.
//!
//! A handler may do next to nothing: what it interrupted may hold any lock, that of the allocator too. So it writes the
//! number of the signal to a pipe, and waits until the thread that was made for this has done what it wants, or for two
//! seconds. Then what was there before is in force again, Rust's own handler that tells of stack overflows or the system's
//! default, and the signal ends the process.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::IntoRawFd;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::{c_int, c_void, siginfo_t};

/// Signals after which a process does not go on.
const FATAL: [(c_int, &str); 5] = [
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGABRT, "SIGABRT"),
];
/// How often the handler looks whether it may go on, …
const LOOKS: u32 = 20;
/// … and milliseconds between two looks.
const LOOK: c_int = 100;

/// The ends of the pipes that are the handler's: it tells by the one, and waits until the other is closed.
static TELL: AtomicI32 = AtomicI32::new(-1);
static WAIT: AtomicI32 = AtomicI32::new(-1);
/// What was there before, in the order of [`FATAL`].
static BEFORE: OnceLock<[libc::sigaction; FATAL.len()]> = OnceLock::new();

/// What hears of a fatal signal. The process ends of it once this is dropped.
#[derive(Debug)]
pub struct FatalSignals {
    told: PipeReader,
    _done: PipeWriter,
}

impl FatalSignals {
    /// Watches from now on, for as long as the process lasts.
    ///
    /// # Errors
    /// When the system refuses, or somebody watches already.
    pub fn watch() -> io::Result<Self> {
        let (told, tell) = io::pipe()?;
        let (wait, done) = io::pipe()?;
        let mut before = [nothing(); FATAL.len()];
        for ((signal, _), before) in FATAL.iter().zip(&mut before) {
            // SAFETY: the signal exists, nothing is changed, and what is there fits where it is written.
            checked(unsafe { libc::sigaction(*signal, ptr::null(), before) })?;
        }
        BEFORE.set(before).map_err(|_watched| io::ErrorKind::AlreadyExists)?;
        TELL.store(tell.into_raw_fd(), Ordering::Release);
        WAIT.store(wait.into_raw_fd(), Ordering::Release);
        let mut action = nothing();
        action.sa_sigaction = handle as extern "C" fn(c_int, *mut siginfo_t, *mut c_void) as usize;
        // A stack that has overflown is none to run on.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        for (signal, _) in FATAL {
            // SAFETY: the handler does only what a handler may: it writes, polls, and raises.
            checked(unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) })?;
        }
        Ok(Self { told, _done: done })
    }

    /// Waits for a fatal signal, and gives its name. The thread that it came to stands still meanwhile.
    ///
    /// # Errors
    /// When the system does.
    pub fn wait(&mut self) -> io::Result<&'static str> {
        let mut byte = [0];
        self.told.read_exact(&mut byte)?;
        let name = FATAL.iter().find(|(signal, _)| *signal == c_int::from(byte[0]));
        Ok(name.map_or("unknown", |(_, name)| name))
    }
}

/// An action that is none: the default, without flags.
fn nothing() -> libc::sigaction {
    // SAFETY: all of it is numbers, of which zero is one, and a function that may be missing.
    unsafe { std::mem::zeroed() }
}

fn checked(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What runs when a fatal signal arrives, on the thread that it came to.
extern "C" fn handle(signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    let byte = signal as u8;
    // SAFETY: a byte is there to be written. That nobody reads any more does no harm.
    unsafe { libc::write(TELL.load(Ordering::Acquire), (&raw const byte).cast(), 1) };
    let mut wait = libc::pollfd { fd: WAIT.load(Ordering::Acquire), events: 0, revents: 0 };
    for _ in 0..LOOKS {
        // SAFETY: there is one descriptor to be looked at, and it outlives the call.
        if unsafe { libc::poll(&raw mut wait, 1, LOOK) } > 0 {
            break;
        }
    }
    // SAFETY: the system gave the handler what it knows of the signal.
    let is_sent = unsafe { (*info).si_code } <= 0;
    let number = FATAL.iter().position(|(fatal, _)| *fatal == signal);
    // What the processor found comes about again by itself. What somebody sent has to be sent again, and not to Rust's own
    // handler, which would wait for it to come about.
    let next = match BEFORE.get().zip(number) {
        Some((before, number)) if !is_sent => before[number],
        _ => nothing(),
    };
    // SAFETY: this is what was in force before, or the default.
    unsafe { libc::sigaction(signal, &raw const next, ptr::null_mut()) };
    if is_sent {
        // SAFETY: the signal exists. It is blocked until the handler returns.
        unsafe { libc::raise(signal) };
    }
}
