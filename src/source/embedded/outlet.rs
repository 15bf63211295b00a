//! Where what the runtime's thread has to say goes: a bounded channel, some places of which are kept free of frames.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::source::Message;

/// Messages under way. A viewer that draws sixty times a second leaves few waiting.
pub(super) const MESSAGES: usize = 64;
/// Of which so many places are kept free of frames, for what must not be lost.
const MESSAGES_FOR_FRAMES: usize = 16;
/// Nobody waits longer than this for a thread that does not end.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);

/// Where messages go.
#[derive(Clone)]
pub(super) struct Outlet {
    pub(super) messages: Sender<Message>,
    pub(super) wake: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outlet")
    }
}

impl Outlet {
    /// Sends what must arrive: waits for a place, but not for ever.
    pub(super) fn tell(&self, message: Message) {
        // When the other side is gone nobody wants to know.
        self.messages.send_timeout(message, PATIENCE).ok();
        (self.wake)();
    }

    /// Whether a frame may take a place.
    pub(super) fn has_room_for_frame(&self) -> bool {
        self.messages.len() < MESSAGES - MESSAGES_FOR_FRAMES
    }
}

/// What the program prints, as messages.
pub(super) struct Printed(pub(super) Outlet);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.tell(Message::Output(String::from_utf8_lossy(bytes).into_owned()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
