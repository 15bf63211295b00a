//! Starts the program and waits for it, but not for ever.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Nothing that is tested here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    pub(crate) out: String,
    pub(crate) errors: String,
}

impl Ran {
    /// What it printed, if it ended as it should.
    #[track_caller]
    pub(crate) fn fine(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.errors);
        self.out
    }

    /// The line on standard error with which it failed. Nothing but indented details follows it, everything it printed
    /// before is there, and nobody panicked.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, out: &str) -> &str {
        assert_eq!(self.code, Some(code), "{}", self.errors);
        assert_eq!(self.out, out);
        assert!(!self.errors.contains("panicked") && !self.errors.contains("RUST_BACKTRACE"), "{}", self.errors);
        let (line, details) = self.errors.split_once('\n').unwrap_or_else(|| panic!("no line: {:?}", self.errors));
        assert!(details.lines().all(|line| line.starts_with("  ")), "more than a line: {details}");
        line.strip_prefix("heapatlas: ").unwrap_or_else(|| panic!("who says so? {line}"))
    }
}

/// The program with nothing of the environment that changes what it does.
pub(crate) fn command<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heapatlas"));
    command.args(arguments);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command.env("COLUMNS", "100").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program with these arguments, separated by spaces.
pub(crate) fn run(arguments: &str) -> Ran {
    finish(command(arguments.split(' ')))
}

/// Runs the program on a file, or on whatever else is one argument, after some that are separated by spaces.
pub(crate) fn run_on(arguments: &str, last: impl AsRef<OsStr>) -> Ran {
    let mut command = command(arguments.split(' '));
    command.arg(last);
    finish(command)
}

/// Runs the program and gives it text to read.
pub(crate) fn run_with_input(arguments: &str, input: &str) -> Ran {
    let mut command = command(arguments.split(' '));
    command.stdin(Stdio::piped());
    let mut running = Running::start(command);
    running.say(input);
    running.finish()
}

/// Runs a command to its end.
pub(crate) fn finish(command: Command) -> Ran {
    Running::start(command).finish()
}

/// The program at a terminal, with these arguments, its history below a directory. The terminal is that of `script`, of
/// util-linux. It starts a shell, which the program replaces: a shell that waited for it would get Ctrl-C as well, and
/// some shells then end with 130 whatever the program did.
pub(crate) fn at_terminal(arguments: &[&str], state: &Path) -> Running {
    let quoted = arguments.iter().map(|argument| format!(" '{argument}'"));
    let line = format!("exec {}{}", env!("CARGO_BIN_EXE_heapatlas"), quoted.collect::<String>());
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script
        .env("SHELL", "/bin/sh")
        .env_remove("RUST_BACKTRACE")
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .env("XDG_STATE_HOME", state);
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Running::start(script)
}

/// A program under way.
pub(crate) struct Running {
    child: Child,
    out: mpsc::Receiver<Vec<u8>>,
    errors: mpsc::Receiver<Vec<u8>>,
    /// What was received and looked at.
    seen: Vec<u8>,
    /// Where what was waited for last ends in it.
    waited_for: usize,
}

/// Passes on what arrives, until the end.
fn pump(mut from: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    let name = "pump".to_owned();
    let pump = move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name(name).spawn(pump).expect("a thread");
    receiver
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let out = pump(child.stdout.take().expect("its output"));
        let errors = pump(child.stderr.take().expect("its errors"));
        Self { child, out, errors, seen: Vec::new(), waited_for: 0 }
    }

    /// Gives the program a text to read.
    pub(crate) fn say(&mut self, text: &str) {
        // Whether it still reads is its own affair.
        self.child.stdin.as_mut().expect("its input").write_all(text.as_bytes()).ok();
    }

    /// Waits until the program has printed this.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_for_behind(0, text);
    }

    /// Waits until the program has printed this behind what was waited for last.
    pub(crate) fn wait_for_next(&mut self, text: &str) {
        self.wait_for_behind(self.waited_for, text);
    }

    fn wait_for_behind(&mut self, begin: usize, text: &str) {
        let until = Instant::now() + PATIENCE;
        let find = |seen: &[u8]| seen[begin..].windows(text.len()).position(|part| part == text.as_bytes());
        loop {
            if let Some(at) = find(&self.seen) {
                self.waited_for = begin + at + text.len();
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            let Ok(more) = self.out.recv_timeout(left) else {
                panic!("{text:?} never came, but {:?}", String::from_utf8_lossy(&self.seen));
            };
            self.seen.extend(more);
        }
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        self.send(Signal::INT);
    }

    /// Sends a signal.
    pub(crate) fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a signal");
    }

    /// Waits for the end, and says how long it took.
    pub(crate) fn finish_in(mut self) -> (Ran, Duration) {
        let begun = Instant::now();
        drop(self.child.stdin.take());
        let status = self.wait();
        let took = begun.elapsed();
        let mut out = std::mem::take(&mut self.seen);
        out.extend(self.out.iter().flatten());
        let errors: Vec<u8> = self.errors.iter().flatten().collect();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (Ran { code: status.code(), signal: status.signal(), out: text(out), errors: text(errors) }, took)
    }

    /// Waits for the end.
    pub(crate) fn finish(self) -> Ran {
        self.finish_in().0
    }

    fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().expect("its end") {
                Some(status) => return status,
                None if Instant::now() > until => {
                    self.child.kill().ok();
                    panic!("the program does not end");
                }
                None => thread::sleep(Duration::from_millis(2)),
            }
        }
    }
}

/// A directory for the files of a test.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file in the directory.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file");
        path
    }
}

/// A file of the project.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
