//! A runtime in a thread of this process: how it begins, and what is held of it here.
//!
//! * `errands` what takes long, and can be withdrawn
//! * `host` what happens on the runtime's thread at safepoints
//! * `outlet` where its messages go
//! * `residency` when residency is measured

mod errands;
mod host;
mod outlet;
mod residency;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use heapatlas_arc::Streams;
use heapatlas_heap::frame::Frame;

use super::program::Program;
use super::{Message, Source, State};
use crate::command::{Command, Speed};
use errands::Withdrawals;
use host::EmbeddedHost;
use outlet::{MESSAGES, Outlet, PATIENCE, Printed};

/// Commands under way.
const COMMANDS: usize = 256;
/// The stack of the runtime's thread. The machine does not recurse on it.
const STACK: usize = 2 << 20;

/// A runtime in a thread of this process.
#[derive(Debug)]
pub struct Embedded {
    messages: Receiver<Message>,
    commands: Sender<Command>,
    recycled: Sender<Box<Frame>>,
    interrupt: Arc<AtomicBool>,
    withdrawals: Withdrawals,
    ended: Receiver<()>,
}

/// How an embedded runtime begins.
#[derive(Clone, PartialEq, Debug)]
pub struct Beginning {
    /// What it runs.
    pub program: Program,
    /// How fast, while the base library is loaded and afterwards.
    pub speed: Speed,
    /// Whether it stands still at the first form.
    pub paused: bool,
    /// Whether somebody is there to say what to do about an exhausted heap.
    pub asks: bool,
}

impl Embedded {
    /// Starts a runtime. `wake` is called whenever a message was sent.
    ///
    /// # Errors
    /// When the system refuses another thread, or the recording can't be written.
    pub fn start(beginning: Beginning, wake: Box<dyn Fn() + Send + Sync>) -> io::Result<Self> {
        let (message_sender, messages) = bounded(MESSAGES);
        let (commands, command_receiver) = bounded(COMMANDS);
        let (recycled, recycled_receiver) = bounded(MESSAGES);
        let (end_sender, ended) = bounded(1);
        let (interrupt_sender, interrupt_receiver) = bounded(1);
        let outlet = Outlet { messages: message_sender, wake: Arc::from(wake) };
        let withdrawals = Withdrawals::default();
        let inlets = (command_receiver, recycled_receiver);
        let host = EmbeddedHost::new(&beginning, outlet.clone(), inlets, Arc::clone(&withdrawals))?;
        thread::Builder::new().name("arc".to_owned()).stack_size(STACK).spawn(move || {
            run(&beginning.program, host, &outlet, &interrupt_sender);
            outlet.tell(Message::State(State::Ended));
            end_sender.send(()).ok();
        })?;
        // The thread sends its flag first of all; if it could not even begin, nobody needs to interrupt it.
        let interrupt = interrupt_receiver.recv().unwrap_or_default();
        Ok(Self { messages, commands, recycled, interrupt, withdrawals, ended })
    }
}

impl Source for Embedded {
    fn next(&mut self) -> Option<Message> {
        self.messages.try_recv().ok()
    }

    fn recycle(&mut self, frame: Box<Frame>) {
        // A frame too many is simply dropped.
        self.recycled.try_send(frame).ok();
    }

    fn send(&mut self, command: Command) -> bool {
        if matches!(command, Command::Interrupt | Command::Quit) {
            self.interrupt.store(true, Ordering::Relaxed);
        }
        // Whoever quits waits for nothing that is under way.
        let withdraws = matches!(command, Command::Withdraw | Command::Quit);
        self.withdrawals.fetch_add(u32::from(withdraws), Ordering::Relaxed);
        let sent = self.commands.try_send(command).is_ok();
        if withdraws && !sent {
            self.withdrawals.fetch_sub(1, Ordering::Relaxed);
        }
        sent
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.send(Command::Quit);
        // A thread that does not end in time, because it waits for the system, ends with the process.
        self.ended.recv_timeout(PATIENCE).ok();
    }
}

fn run(program: &Program, host: EmbeddedHost, outlet: &Outlet, interrupt: &Sender<Arc<AtomicBool>>) {
    let streams = Streams {
        input: Box::new(io::empty()),
        output: Box::new(Printed(outlet.clone())),
        errors: Box::new(Printed(outlet.clone())),
    };
    let mut runtime = match program.runtime(streams, Box::new(host)) {
        Ok(runtime) => runtime,
        Err(error) => {
            interrupt.send(Arc::default()).ok();
            outlet.tell(Message::State(State::Finished(Err(error))));
            return;
        }
    };
    interrupt.send(runtime.interrupt()).ok();
    outlet.tell(Message::State(State::Running));
    let result = program.load_base(&mut runtime).and_then(|()| program.run(&mut runtime)).map(|_| ());
    outlet.tell(Message::State(State::Finished(result)));
    runtime.serve();
    runtime.release();
}
