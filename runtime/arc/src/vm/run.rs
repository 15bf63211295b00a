//! Running: the loop around the dispatch loop, where faults become errors and collections happen.

use heapatlas_heap::terms::{GcCause, GcPhase};
use heapatlas_heap::{Due, Exhausted, Value};
use std::sync::atomic::Ordering;

use super::Machine;
use super::control::Condition;
use crate::fault::{Fault, Outcome};
use crate::host::Verdict;
use crate::printer::{self, Mode};

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

/// An instruction that failed for want of room, and was tried again after a collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Retried {
    fp: usize,
    pc: usize,
    clock: u64,
}

impl Machine {
    /// Calls a function on an empty stack and runs until it has returned, one way or the other.
    pub(crate) fn call(&mut self, function: Value, arguments: &[Value]) -> Ended {
        self.use_main_thread();
        self.trace = None;
        self.retried_at = None;
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
                Fault::Interrupted => return Some(Ended::Interrupted),
                Fault::Quit(code) => return Some(Ended::Quit(code)),
                Fault::Exhausted(exhausted) if self.may_retry(&exhausted) => {
                    self.collect(GcCause::Limit);
                    match self.world.heap.recover() {
                        Ok(()) => return None,
                        Err(exhausted) => Fault::Exhausted(exhausted),
                    }
                }
                Fault::Exhausted(exhausted) if self.world.heap.is_handling() => {
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
                        self.report_in_thread(condition);
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
                self.world.heap.set_value(object, Condition::Exhausted as usize, Value::T);
            }
            self.locate(object);
        }
        self.raise(condition)
    }

    /// Whether an instruction that failed for want of room is worth another try after a collection: not when it was
    /// just tried again.
    fn may_retry(&mut self, exhausted: &Exhausted) -> bool {
        let Self { registers, retried_at, .. } = self;
        let clock = self.world.heap.clock();
        let now = Retried { fp: registers.fp, pc: registers.pc, clock };
        let again = retried_at.is_some_and(|before| {
            (before.fp, before.pc) == (now.fp, now.pc) && clock - before.clock <= exhausted.request as u64 / 2
        });
        *retried_at = Some(now);
        !again && !exhausted.too_large && registers.fp >= 2
    }

    /// An error in another thread than the main one is told and ends that thread.
    fn report_in_thread(&mut self, condition: Value) {
        let Some(object) = condition.as_object() else { return };
        let message = self.world.heap.value(object, Condition::Message as usize);
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
        match self.world.heap.due() {
            Due::Nothing => {}
            Due::Cycle => {
                let cause = if self.world.heap.is_stressed() { GcCause::Stress } else { GcCause::Allocation };
                self.collect(cause);
                self.world.heap.recover().ok();
            }
            Due::Reserve => {
                self.collect(GcCause::Limit);
                if let Err(exhausted) = self.world.heap.recover() {
                    self.world.heap.set_countdown(1);
                    return Err(Fault::Exhausted(exhausted));
                }
            }
        }
        if self.world.interrupt.load(Ordering::Relaxed) {
            return Err(Fault::Interrupted);
        }
        loop {
            match self.host.look(&mut self.world.heap) {
                Verdict::Go { calls } => {
                    self.world.heap.set_countdown(calls);
                    break;
                }
                Verdict::Collect(unit) => {
                    self.collect_step(unit, GcCause::Asked);
                }
                Verdict::Stop => return Err(Fault::Interrupted),
            }
        }
        // A cycle that the host stepped into and left must end before the program goes on.
        if self.world.heap.gc_phase() != GcPhase::Idle {
            self.collect(GcCause::Asked);
        }
        self.watch_turn()
    }
}
