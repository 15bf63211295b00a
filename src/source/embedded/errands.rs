//! What the runtime's thread does for the viewer that may take long: tells how far it has come, and ends it when it was
//! withdrawn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use heapatlas_arc::host::Errand;

use super::outlet::Outlet;
use crate::source::Message;

/// Of an errand that takes less than this nothing is told.
const SOON: Duration = Duration::from_millis(300);
/// How often it is told how far one has come.
const TELLING: Duration = Duration::from_millis(100);

/// How many withdrawals are under way: the sender counts them as it sends, for the thread takes no commands while it is
/// busy. Each counts until its command arrives: so it ends everything that was sent before it, and nothing after.
pub(super) type Withdrawals = Arc<AtomicU32>;

/// The errand under way, if there is one.
#[derive(Debug)]
pub(super) struct Errands {
    withdrawals: Withdrawals,
    /// When it is to be told of next.
    due: Option<Instant>,
    withdrawn: bool,
}

impl Errands {
    pub(super) fn new(withdrawals: Withdrawals) -> Self {
        Self { withdrawals, due: None, withdrawn: false }
    }

    /// Whether an errand is still wanted; tells how far it has come when it is time to.
    pub(super) fn still_wants(&mut self, errand: &Errand, outlet: &Outlet) -> bool {
        self.withdrawn = self.withdrawals.load(Ordering::Relaxed) > 0;
        let now = Instant::now();
        if now >= *self.due.get_or_insert(now + SOON) && outlet.has_room_for_frame() {
            outlet.tell(Message::UnderWay(*errand));
            self.due = Some(now + TELLING);
        }
        !self.withdrawn
    }

    /// The errand has ended. Says whether it was withdrawn.
    pub(super) fn ended(&mut self) -> bool {
        self.due = None;
        std::mem::take(&mut self.withdrawn)
    }

    /// The command of a withdrawal has arrived.
    pub(super) fn withdrawal_arrived(&self) {
        self.withdrawals.fetch_sub(1, Ordering::Relaxed);
    }
}
