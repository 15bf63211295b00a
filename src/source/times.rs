//! The times that a recorder goes by: those of the system, or of a bench that makes an hour pass in minutes.

use std::fmt;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Times of the thread whose heap is recorded.
pub trait Times: fmt::Debug + Send {
    /// Time since the recording began.
    fn wall(&self) -> Duration;

    /// Time that the thread has had of a processor.
    fn thread(&self) -> Duration;
}

/// The times of the system.
#[derive(Debug)]
pub(super) struct System {
    began: Instant,
}

impl System {
    /// Times that begin now.
    pub(super) fn new() -> Self {
        Self { began: Instant::now() }
    }
}

impl Times for System {
    fn wall(&self) -> Duration {
        self.began.elapsed()
    }

    fn thread(&self) -> Duration {
        thread_time()
    }
}

/// Time that the calling thread has had of a processor.
pub(super) fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
