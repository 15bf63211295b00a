//! Running: the loop around the dispatch loop, where faults become errors and collections happen.

use heapatlas_heap::terms::{GcCause, GcUnit};
use heapatlas_heap::{Due, Exhausted, Value};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::forms::NOBODY;
use super::{Machine, Registers};
use crate::conditions;
use crate::error::{ArcError, ErrorKind, Location};
use crate::fault::{Fault, Outcome};
use crate::host::{Answer, Verdict};
use crate::printer::{self, Mode};
use crate::text::{CharBuffer, Text};

/// What a program prints is written out at a safepoint after this time at the latest.
const FLUSH_AFTER: Duration = Duration::from_millis(10);

/// How a computation ended.
pub(crate) enum Ended {
    /// With a value.
    Value(Value),
    /// With an error nobody handled: this condition.
    Error(Value),
    /// With a heap so full that not even its handler could run.
    Exhausted(Exhausted),
    /// Because somebody stopped it.
    Interrupted,
    /// Because it asked to.
    Quit(i32),
}

/// Bytes of allocation between two collections for want of room, at the least: a program that gets less out of each
/// collects all the time, and is as good as exhausted.
const LEAST_PROGRESS: u64 = 512 << 10;

/// An instruction that failed for want of room, and was tried again after a collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Retried {
    fp: usize,
    pc: usize,
    clock: u64,
    /// Whether the program has come to a safepoint since: then it was another instruction, or the same for another time.
    over: bool,
}

impl Machine {
    /// Calls a function on an empty stack and runs until it has returned, one way or the other.
    pub(crate) fn call(&mut self, function: Value, arguments: &[Value]) -> Ended {
        if let Err(Fault::Exhausted(exhausted)) = self.have_stack() {
            return Ended::Exhausted(exhausted);
        }
        self.use_main_thread();
        self.trace = None;
        self.retried_at = None;
        self.left_handler = false;
        let ended = match self.begin(function, arguments) {
            Ok(true) => self.run(),
            Ok(false) => Ended::Value(self.world.heap.slot(0)),
            Err(fault) => match self.recover(fault) {
                Some(ended) => ended,
                None => self.run(),
            },
        };
        if !matches!(ended, Ended::Value(_)) {
            self.forget_computation();
        }
        self.registers.fp = 0;
        self.registers.pc = 0;
        ended
    }

    /// Drops what an unfinished computation left: its frames, its dynamic state.
    fn forget_computation(&mut self) {
        self.forget_threads();
        self.registers.below = Value::NIL;
        self.registers.kept_slots = 0;
        let outermost = self.outermost_dynamics;
        self.set_dynamics(outermost);
    }

    fn run(&mut self) -> Ended {
        loop {
            let fault = match self.execute() {
                Ok(()) if self.threads.is_main() => return Ended::Value(self.world.heap.slot(0)),
                Ok(()) if self.threads.is_console() => {
                    let value = self.world.heap.slot(0);
                    let shown = self.show_whole(value);
                    self.end_console(Ok(Some(shown)));
                    match self.end_thread() {
                        Ok(()) => continue,
                        Err(fault) => fault,
                    }
                }
                Ok(()) => match self.end_thread() {
                    Ok(()) => continue,
                    Err(fault) => fault,
                },
                Err(fault) => fault,
            };
            if let Some(ended) = self.recover(fault) {
                return ended;
            }
        }
    }

    /// Does about a fault what can be done: `None` when the program goes on.
    fn recover(&mut self, fault: Fault) -> Option<Ended> {
        let mut fault = fault;
        loop {
            let next = match fault {
                Fault::Interrupted if self.threads.is_console() => {
                    self.world.interrupt.store(false, Ordering::Relaxed);
                    self.end_console(Err(ArcError::new(ErrorKind::Interrupted, "interrupted")));
                    match self.end_thread() {
                        Ok(()) => return None,
                        Err(fault) => fault,
                    }
                }
                Fault::Interrupted => return Some(Ended::Interrupted),
                Fault::Waits(stream) => match self.wait_for(stream) {
                    Ok(()) => return None,
                    Err(fault) => fault,
                },
                Fault::Quit(code) => return Some(Ended::Quit(code)),
                Fault::Exhausted(exhausted) if self.may_retry(&exhausted) => {
                    self.collect(GcCause::Limit);
                    match self.world.heap.recover() {
                        Ok(()) => return None,
                        Err(exhausted) => Fault::Exhausted(exhausted),
                    }
                }
                Fault::Exhausted(exhausted) if self.consult(exhausted, Self::collect) => return None,
                Fault::Exhausted(_) if self.is_interrupted() => Fault::Interrupted,
                Fault::Exhausted(exhausted) if self.world.heap.is_spent() => {
                    return Some(Ended::Exhausted(exhausted));
                }
                Fault::Break => match self.unwind_break() {
                    Ok(true) => return None,
                    Ok(false) if self.threads.is_main() => return Some(Ended::Interrupted),
                    Ok(false) => match self.end_thread() {
                        Ok(()) => return None,
                        Err(fault) => fault,
                    },
                    Err(fault) => fault,
                },
                raised => match self.raise_fault(&raised) {
                    Ok(Ok(())) => return None,
                    Ok(Err(condition)) if self.threads.is_main() => return Some(Ended::Error(condition)),
                    Ok(Err(condition)) => {
                        if self.threads.is_console() {
                            let error = self.error_outside(condition);
                            self.end_console(Err(error));
                        } else {
                            self.report_in_thread(condition);
                        }
                        match self.end_thread() {
                            Ok(()) => return None,
                            Err(fault) => fault,
                        }
                    }
                    Err(fault) => fault,
                },
            };
            fault = next;
        }
    }

    fn raise_fault(&mut self, fault: &Fault) -> Outcome<Result<(), Value>> {
        let exhausted = matches!(fault, Fault::Exhausted(_));
        if exhausted {
            self.world.heap.begin_handling();
        }
        let condition = self.condition(fault);
        if let Some(object) = condition.as_object() {
            if exhausted {
                conditions::set_exhausted(&mut self.world.heap, object);
            }
            self.locate(object);
        }
        self.raise(condition)
    }

    /// Whether an instruction that failed for want of room is worth another try after a collection: not when it was
    /// just tried again, however much it allocated on the way; nor when it comes around after next to nothing.
    fn may_retry(&mut self, exhausted: &Exhausted) -> bool {
        let Self { registers, retried_at, .. } = self;
        let clock = self.world.heap.clock();
        let now = Retried { fp: registers.fp, pc: registers.pc, clock, over: false };
        let progress = (exhausted.request as u64 / 2).max(LEAST_PROGRESS);
        let again = retried_at
            .filter(|before| (before.fp, before.pc) == (now.fp, now.pc))
            .is_some_and(|before| !before.over || clock - before.clock <= progress);
        *retried_at = Some(now);
        // The next call comes to a safepoint, which notes that the instruction is over.
        self.world.heap.set_countdown(1);
        !again && !exhausted.too_large && registers.fp >= 2
    }

    /// Asks the host what to do about an exhausted heap, until there is room for the reserve again and what found none
    /// can be tried again: then it says true. False when the program is to be told, or was interrupted meanwhile.
    pub(crate) fn consult(&mut self, mut exhausted: Exhausted, collect: fn(&mut Self, GcCause)) -> bool {
        self.world.streams.flush_all();
        // No answer makes room for what can't be.
        while !exhausted.too_large && !self.is_interrupted() {
            match self.host.exhausted(&mut self.world.heap, &exhausted) {
                Answer::Limit(bytes) => self.world.heap.set_limit(bytes),
                Answer::Collect => collect(self, GcCause::Asked),
                Answer::Signal => return false,
            }
            // The reserve says whether there is room: what was asked for has been noted before.
            self.world.heap.recover().ok();
            let heap = &self.world.heap;
            if !heap.is_short() {
                return true;
            }
            let (limit, live, largest_free) = (heap.limit(), heap.live_bytes(), heap.largest_free_run());
            exhausted = Exhausted { limit, live, largest_free, ..exhausted };
        }
        false
    }

    /// The handler of an exhausted heap is no longer under way: makes what room there is, and holds the reserve back
    /// for the next.
    pub(super) fn end_handling(&mut self) {
        self.collect(GcCause::Limit);
        self.world.heap.end_handling();
    }

    fn is_interrupted(&self) -> bool {
        self.world.interrupt.load(Ordering::Relaxed)
    }

    /// Tells the host what came of the text it wanted evaluated.
    fn end_console(&mut self, result: Result<Option<String>, ArcError>) {
        self.world.streams.flush_all();
        self.host.evaluated(&mut self.world.heap, result);
    }

    /// A value as `write` prints it, whole as long as it is not enormous.
    pub(crate) fn show_whole(&mut self, value: Value) -> String {
        const MOST: usize = 1 << 20;
        let mut buffer = CharBuffer::default();
        match printer::print_to_buffer(&mut self.world, value, Mode::Write, &mut buffer) {
            Ok(()) => buffer.chars(&self.world.heap).take(MOST).collect(),
            Err(_) => self.world.show(value),
        }
    }

    /// A condition that nobody handled, with its trace, as an error outside the heap.
    pub(crate) fn error_outside(&mut self, condition: Value) -> ArcError {
        const MOST: usize = 2000;
        let heap = &self.world.heap;
        let Some(object) = condition.as_object() else { return ArcError::new(ErrorKind::Program, "error") };
        let message = conditions::message(heap, object).as_object();
        let message = message.map_or_else(String::new, |message| Text::of(heap, message).prefix(MOST));
        let exhausted = conditions::is_exhausted(heap, object);
        let kind = if exhausted { ErrorKind::Exhausted } else { ErrorKind::Program };
        let mut error = ArcError::new(kind, message);
        error.location = conditions::origin(heap, object).map(|(file, place)| Location {
            file: Text::of(heap, file).prefix(4096),
            line: place.line,
            column: place.column,
        });
        error.trace = self.trace.take().unwrap_or_default();
        error
    }

    /// An error in another thread than the main one is told and ends that thread.
    fn report_in_thread(&mut self, condition: Value) {
        let Some(object) = condition.as_object() else { return };
        let message = conditions::message(&self.world.heap, object);
        if let Some(port) = self.world.errors.as_object() {
            // What can't be told to the standard error can't be told to anybody.
            crate::ports::write_bytes(&mut self.world, port, b"error in a thread: ").ok();
            printer::print(&mut self.world, message, Mode::Display, port).ok();
            crate::ports::write_bytes(&mut self.world, port, b"\n").ok();
        }
        self.trace = None;
    }

    /// The safepoint: collects when it is due, asks the host, gives other threads their turn.
    #[cold]
    pub(super) fn safepoint(&mut self) -> Outcome<()> {
        if let Some(retried) = &mut self.retried_at {
            retried.over = true;
        }
        if std::mem::take(&mut self.left_handler) {
            self.end_handling();
        }
        match self.world.heap.due() {
            Due::Nothing => {}
            Due::Cycle => {
                if self.world.heap.is_stressed() {
                    self.collect(GcCause::Stress);
                } else if self.host.follows_phases() {
                    self.collect_step(GcUnit::Phase, GcCause::Allocation);
                } else {
                    self.collect_slice();
                }
                self.world.heap.recover().ok();
            }
            Due::Reserve => {
                self.collect(GcCause::Limit);
                if let Err(exhausted) = self.world.heap.recover() {
                    self.world.heap.set_countdown(1);
                    // The instruction is done: its result may have replaced its operands. It must not be done again.
                    let clock = self.world.heap.clock();
                    let Registers { fp, pc, .. } = self.registers;
                    self.retried_at = Some(Retried { fp, pc, clock, over: false });
                    return Err(Fault::Exhausted(exhausted));
                }
            }
        }
        self.sample();
        self.tell_sample();
        if self.is_interrupted() {
            return Err(Fault::Interrupted);
        }
        if self.flushed.elapsed() >= FLUSH_AFTER {
            self.world.streams.flush_all();
            self.flushed = Instant::now();
        }
        loop {
            match self.host.look(&mut self.world.heap) {
                Verdict::Go { calls } => {
                    self.world.heap.set_countdown(calls);
                    break;
                }
                Verdict::Collect(unit) => self.collect_for_host(unit, self.slots_in_use()),
                Verdict::Inspect(inspection) => {
                    let findings = self.inspect(inspection);
                    self.host.inspected(&mut self.world.heap, findings);
                }
                Verdict::Evaluate(text) | Verdict::Test(text) if self.threads.is_console() => {
                    // One text at a time: this one can't be begun.
                    let busy = ArcError::new(ErrorKind::Program, format!("still busy; not evaluated: {text}"));
                    self.end_console(Err(busy));
                }
                Verdict::Evaluate(text) => self.begin_console(&text, "console")?,
                Verdict::Test(text) => self.begin_console(&text, NOBODY)?,
                Verdict::Stop => return Err(Fault::Interrupted),
            }
        }
        self.watch_turn()
    }
}
