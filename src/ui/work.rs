//! Long work beside the window: a thread does it, a strip says what it is and how far it has come, and it can be cancelled.
//!
//! What is cancelled leaves nothing behind: a file has its name only when all of it is written.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::{Spinner, Ui};

use super::session::Wake;
use super::words::{Counts, Word};
use crate::export::file::WholeFile;
use crate::format;

/// What takes less than this is not told of while it lasts.
const SOON: Duration = Duration::from_millis(500);
/// Works under way at most.
const MOST: usize = 8;

/// How far a work has come, and whether it is still wanted.
#[derive(Debug, Default)]
pub struct Pulse {
    cancelled: AtomicBool,
    written: AtomicU64,
}

impl Pulse {
    /// Has the work end at its next look.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work is not wanted any more.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A work under way.
#[derive(Debug)]
struct Job {
    number: u64,
    what: String,
    since: Instant,
    pulse: Arc<Pulse>,
}

/// The number of one that has ended, and what came of it.
type Ended = (u64, String);

/// The works under way.
#[derive(Debug)]
pub struct Work {
    jobs: Vec<Job>,
    begun: u64,
    ended: (Sender<Ended>, Receiver<Ended>),
}

impl Default for Work {
    fn default() -> Self {
        Self { jobs: Vec::new(), begun: 0, ended: bounded(MOST) }
    }
}

impl Work {
    /// Does something in a thread; what it gives is told when it has ended. `what` is a sentence without its full stop.
    ///
    /// # Errors
    /// When too much is under way already, or the system refuses another thread.
    pub fn start(
        &mut self,
        what: String,
        wake: Wake,
        work: impl FnOnce(&Pulse) -> String + Send + 'static,
    ) -> io::Result<()> {
        if self.jobs.len() == MOST {
            return Err(io::Error::other("too much is being written already"));
        }
        self.begun += 1;
        let (number, pulse, ended) = (self.begun, Arc::new(Pulse::default()), self.ended.0.clone());
        let job = Job { number, what, since: Instant::now(), pulse: Arc::clone(&pulse) };
        // Ends with its work, at the latest at the first byte after it was cancelled.
        thread::Builder::new().name("work".to_owned()).spawn(move || {
            let outcome = work(&pulse);
            // There is a place for each; whoever does not look any more need not know.
            ended.try_send((number, outcome)).ok();
            wake();
        })?;
        self.jobs.push(job);
        Ok(())
    }

    /// What came of a work that has ended since this was asked last.
    pub fn outcome(&mut self) -> Option<String> {
        let (number, outcome) = self.ended.1.try_recv().ok()?;
        self.jobs.retain(|job| job.number != number);
        Some(outcome)
    }

    /// Cancels what was begun last. Says whether there was something to cancel.
    pub fn cancel(&mut self) -> bool {
        let job = self.jobs.iter().rev().find(|job| !job.pulse.is_cancelled());
        job.inspect(|job| job.pulse.cancel()).is_some()
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Whether something has taken so long that it is told of.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.jobs.iter().any(|job| job.since.elapsed() >= SOON)
    }

    /// Shows what takes long, a line each.
    pub fn show(&self, ui: &mut Ui) {
        for job in self.jobs.iter().filter(|job| job.since.elapsed() >= SOON) {
            let written = format::bytes(job.pulse.written.load(Ordering::Relaxed));
            let words = format!("{}: {written} so far", job.what);
            if show_one(ui, (&words, Word::Written), job.pulse.is_cancelled(), "nothing is left behind") {
                job.pulse.cancel();
            }
        }
    }
}

/// Shows what takes long, in words of which a number counts something, and whether it was cancelled; offers to cancel it,
/// and says what that leaves. Says whether it is to be cancelled.
pub fn show_one(ui: &mut Ui, (words, word): (&str, Word), cancelled: bool, leaves: &str) -> bool {
    ui.horizontal(|ui| {
        ui.add(Spinner::new().size(14.0));
        ui.label(words).counts(word);
        if cancelled {
            ui.weak("cancelled");
            return false;
        }
        ui.button("Cancel").on_hover_text(format!("{leaves}  [Esc]")).clicked()
    })
    .inner
}

/// Writes a file, as long as that is wanted.
///
/// # Errors
/// When it can't be written, and when it was cancelled.
pub fn write_while_wanted(
    file: WholeFile,
    pulse: &Pulse,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    file.write(|out| {
        write(&mut Watched { out, pulse })?;
        if pulse.is_cancelled() { Err(cancelled()) } else { Ok(()) }
    })
}

/// What is said to who writes on. It is not [`io::ErrorKind::Interrupted`], after which writers try again.
fn cancelled() -> io::Error {
    io::Error::other("cancelled")
}

/// Counts what is written, and refuses more when it is not wanted any more.
struct Watched<'w> {
    out: &'w mut dyn Write,
    pulse: &'w Pulse,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.pulse.is_cancelled() {
            return Err(cancelled());
        }
        let written = self.out.write(bytes)?;
        self.pulse.written.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::export::file::part_of;

    #[test]
    fn what_is_cancelled_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = || fs::read_dir(folder.path()).expect("a folder").count();
        let path = folder.path().join("x.csv");
        let pulse = Pulse::default();
        let file = WholeFile::create_new(&path).expect("a file");
        assert!(!path.exists() && files() == 1);
        let written = write_while_wanted(file, &pulse, |out| {
            out.write_all(&[b'x'; 100_000])?;
            pulse.cancel();
            out.write_all(&[b'x'; 100_000])
        });
        assert!(written.is_err() && files() == 0);
        // What is short may be in the buffer still when it is cancelled.
        let file = WholeFile::create_new(&path).expect("a file");
        assert!(write_while_wanted(file, &pulse, |out| out.write_all(b"x")).is_err());
        assert_eq!(files(), 0);
    }

    #[test]
    fn what_is_written_has_its_name_and_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.csv");
        let (sender, woken) = bounded(1);
        let mut work = Work::default();
        let file = WholeFile::create_new(&path).expect("a file");
        let wake: Wake = Arc::new(move || sender.send(()).expect("somebody waits"));
        let write =
            move |pulse: &Pulse| format!("{:?}", write_while_wanted(file, pulse, |out| out.write_all(b"words")));
        work.start("writing x.csv".to_owned(), wake, write).expect("a thread");
        assert!(!work.is_empty() && !work.is_long());
        woken.recv().expect("its end");
        assert_eq!(work.outcome().as_deref(), Some("Ok(())"));
        assert!(work.is_empty() && work.outcome().is_none() && !work.cancel());
        assert_eq!(fs::read_to_string(&path).expect("a file"), "words");
        assert!(!part_of(&path).exists());
    }
}
