//! Sources: where frames come from.
//!
//! * [`black_box`] what writes a snapshot when the heap is exhausted or a signal ends the process
//! * `breakpoints` what a program is to stand still at
//! * [`embedded`] a runtime in a thread of this process
//! * `fatal` what a fatal signal is told to
//! * [`recording`] a recording, also one that is still being written
//! * `predicate` when a breakpoint's expression is evaluated, and whether it has become true
//! * [`program`] what a runtime is to run
//! * [`recorder`] what writes a recording while a runtime runs
//! * [`samples`] programs to look at
//! * `sampling` which functions allocate, from one frame to the next
//! * [`times`] the times that a recorder goes by
//! * [`tour`] what there is to see in a sample, and when
//! * [`watched`] a host whose runtime is recorded, or has a black box

pub mod black_box;
mod breakpoints;
pub mod embedded;
mod fatal;
mod predicate;
pub mod program;
pub mod recorder;
pub mod recording;
pub mod samples;
mod sampling;
pub mod times;
pub mod tour;
pub mod watched;

use std::io;

use heapatlas_arc::error::ArcError;
use heapatlas_arc::host::Errand;
use heapatlas_arc::inspect::Findings;
use heapatlas_heap::frame::Frame;
use heapatlas_heap::gc::{Pauses, StepReport};
use heapatlas_heap::{Colours, Exhausted};

use crate::command::Command;
use embedded::{Beginning, Embedded};
use recording::{Origin, Replay};

/// What a source says.
#[derive(Debug)]
pub enum Message {
    /// What changed.
    Frame(Box<Frame>),
    /// Text the program printed.
    Output(String),
    /// What came of [`Command::Evaluate`].
    Evaluated(Result<Option<String>, ArcError>),
    /// What came of [`Command::InspectPage`], [`Command::FindSymbol`], [`Command::Complete`] or [`Command::FreeLists`].
    Found(Findings),
    /// The program stands still at a breakpoint: why, in words.
    Stopped(String),
    /// What was asked for and takes long, and how far it has come; until the answer, told ten times a second.
    UnderWay(Errand),
    /// What the collector did on [`Command::Collect`]; the frame that shows it follows.
    Stepped(StepReport),
    /// What a walk of the heap counted when the frame before was cut, if walks are wanted.
    Walked(Colours),
    /// How long the collector has stopped the program so far.
    Pauses(Box<Pauses>),
    /// Which functions allocated what up to the frame that follows, while [`Command::Profile`] asks for that: stacks, the
    /// outermost function first, with their bytes.
    Sampled(Vec<(Vec<String>, u64)>),
    /// What there is to say about the source itself, in one line.
    Note(String),
    /// What the source does now.
    State(State),
}

/// What is looked at.
#[derive(Clone, PartialEq, Debug)]
pub enum Subject {
    /// A program, as it runs in this process.
    Program(Beginning),
    /// What was recorded of one.
    Recording(Origin),
}

impl Subject {
    /// Starts the source of its frames. `wake` is called whenever a message was sent.
    ///
    /// # Errors
    /// When the system refuses another thread, or a recording can't be written.
    pub fn start(&self, wake: Box<dyn Fn() + Send + Sync>) -> io::Result<Box<dyn Source>> {
        Ok(match self {
            Self::Program(beginning) => Box::new(Embedded::start(beginning.clone(), wake)?),
            Self::Recording(origin) => Box::new(Replay::start(origin.clone(), wake)?),
        })
    }
}

/// What a source does.
#[derive(Clone, PartialEq, Debug)]
pub enum State {
    /// Runs a program.
    Running,
    /// Stands still in a program.
    Paused,
    /// Waits for somebody to say what to do about an exhausted heap: [`Command::SetLimit`], [`Command::Collect`] or
    /// [`Command::Signal`].
    Exhausted(Exhausted),
    /// Has run its program; `Err` when that ended with an error.
    Finished(Result<(), ArcError>),
    /// Is over; nothing more will come.
    Ended,
}

/// Where frames come from.
pub trait Source: std::fmt::Debug {
    /// The next message, if one has arrived. Never waits.
    fn next(&mut self) -> Option<Message>;

    /// Gives a frame back to be filled again.
    fn recycle(&mut self, frame: Box<Frame>);

    /// Sends a command. Never waits; one that can't be taken now is dropped, and `false` says so.
    fn send(&mut self, command: Command) -> bool;
}
