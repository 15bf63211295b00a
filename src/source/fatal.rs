//! Fatal signals: a thread that was made beforehand has the black box of the latest runtime write what it knows.

use std::sync::{Arc, Mutex, Once, PoisonError, TryLockError, Weak};
use std::thread;
use std::time::Duration;

use heapatlas_heap::os::fatal::FatalSignals;

use super::black_box::Contents;

/// The black box that a fatal signal is told to.
static LATEST: Mutex<Weak<Mutex<Contents>>> = Mutex::new(Weak::new());
/// How often it is tried to get hold of it, …
const TRIES: u32 = 100;
/// … and the time between two tries.
const NAP: Duration = Duration::from_millis(10);

/// Has this black box told of a fatal signal from now on. Where nobody can watch for one, none is told.
pub(super) fn watch_for(contents: &Arc<Mutex<Contents>>) {
    static STARTED: Once = Once::new();
    *LATEST.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(contents);
    STARTED.call_once(|| {
        if let Ok(signals) = FatalSignals::watch() {
            // Without the thread the handler finds nobody to wait for.
            thread::Builder::new().name("black box".to_owned()).spawn(move || watch(signals)).ok();
        }
    });
}

/// Waits for a fatal signal, and writes.
fn watch(mut signals: FatalSignals) {
    let Ok(signal) = signals.wait() else { return };
    let latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    let Some(contents) = latest else { return };
    for _ in 0..TRIES {
        match contents.try_lock() {
            Ok(mut contents) => return contents.write_fatal(signal),
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner().write_fatal(signal),
            // Whoever has it may be the one that stands still, for good; the process ends without a snapshot then.
            Err(TryLockError::WouldBlock) => thread::sleep(NAP),
        }
    }
}
