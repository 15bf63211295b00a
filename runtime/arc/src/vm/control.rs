//! Errors, handlers, cleanup, continuation jumps.
//!
//! The *dynamic state* is an immutable vector: the winders (what `protect` must run when control leaves, innermost
//! first), the current ports, and whether the thread runs atomically. Frames of `on-err`, `protect` and their like keep
//! the state that was theirs; whoever goes on in such a frame restores it.
//!
//! An error looks for the nearest frame of `on-err`; a continuation jump has its target. On the way there the winders
//! that the target does not share are run, one after the other, each from a frame of its own on top of the stack that
//! then goes on with the raise or the jump. Only then are the frames dropped.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Value};

use super::Machine;
use super::frames::{Frame, pack_return};
use super::stubs::{EXHAUSTED_PC, HANDLER_PC, HANDLER_REGISTER, HANDLER_STATE, PROTECTED_PC};
use crate::closures;
use crate::conditions;
use crate::error::{Caller, Location};
use crate::fault::{Fault, Outcome};
use crate::ports;
use crate::positions::Place;
use crate::symbols;
use crate::text::{self, Text};
use crate::world::World;

/// The fields of the dynamic state.
#[derive(Clone, Copy)]
#[repr(usize)]
pub(super) enum Dynamic {
    /// A list of functions to be called when control leaves the frames that pushed them.
    Winders = 0,
    Input = 1,
    Output = 2,
    /// Whether the thread holds the lock.
    Atomic = 3,
    /// The same state, but atomic; made when first needed.
    AtomicTwin = 4,
}

const DYNAMIC_FIELDS: usize = 5;

/// Functions that were running when an error happened, innermost first.
pub(crate) type Trace = Vec<Caller>;

/// How many frames a trace has at most.
const TRACED: usize = 24;

/// The dynamic state before anything ran.
pub(super) fn first_dynamics(world: &mut World) -> Outcome<Value> {
    let fields = [Value::NIL, world.input, world.output, Value::NIL, Value::NIL];
    Ok(Value::object(world.object(ObjectKind::Vector, &fields)?))
}

impl Machine {
    // The dynamic state.

    /// The ports that are current outside every form.
    pub(crate) fn outermost_ports(&self) -> (Value, Value) {
        let state = self.outermost_dynamics.as_object();
        let field = |field| state.map_or(Value::NIL, |state| self.world.heap.value(state, field as usize));
        (field(Dynamic::Input), field(Dynamic::Output))
    }

    pub(super) fn dynamic(&self, field: Dynamic) -> Value {
        self.registers.dynamics.as_object().map_or(Value::NIL, |state| self.world.heap.value(state, field as usize))
    }

    fn winders_of(&self, dynamics: Value) -> Value {
        dynamics.as_object().map_or(Value::NIL, |state| self.world.heap.value(state, Dynamic::Winders as usize))
    }

    /// Makes a dynamic state the current one.
    #[inline]
    pub(super) fn set_dynamics(&mut self, dynamics: Value) {
        self.registers.dynamics = dynamics;
        self.world.input = self.dynamic(Dynamic::Input);
        self.world.output = self.dynamic(Dynamic::Output);
    }

    fn change_dynamic(&mut self, field: Dynamic, value: Value) -> Outcome<()> {
        let mut fields = [Value::NIL; DYNAMIC_FIELDS];
        if let Some(state) = self.registers.dynamics.as_object() {
            for (index, kept) in fields.iter_mut().enumerate() {
                *kept = self.world.heap.value(state, index);
            }
        }
        fields[field as usize] = value;
        fields[Dynamic::AtomicTwin as usize] = Value::NIL;
        let state = self.world.object(ObjectKind::Vector, &fields)?;
        self.set_dynamics(Value::object(state));
        Ok(())
    }

    /// The current state with the lock held. The same for every time it is asked for.
    pub(super) fn atomic_dynamics(&mut self) -> Outcome<Value> {
        let before = self.registers.dynamics;
        if !self.dynamic(Dynamic::Atomic).is_nil() {
            return Ok(before);
        }
        let twin = self.dynamic(Dynamic::AtomicTwin);
        if !twin.is_nil() {
            return Ok(twin);
        }
        self.change_dynamic(Dynamic::Atomic, Value::T)?;
        let twin = self.registers.dynamics;
        self.set_dynamics(before);
        if let Some(state) = before.as_object() {
            self.world.heap.set_value(state, Dynamic::AtomicTwin as usize, twin);
        }
        Ok(twin)
    }

    /// Makes `after` run when control leaves the frame that asks for it.
    pub(super) fn push_winder(&mut self, after: Value) -> Outcome<()> {
        let winders = self.world.cons(after, self.dynamic(Dynamic::Winders))?;
        self.change_dynamic(Dynamic::Winders, winders)
    }

    /// Takes the innermost winder off.
    pub(super) fn pop_winder(&mut self) -> Outcome<()> {
        let rest = self.world.cdr(self.dynamic(Dynamic::Winders))?;
        self.change_dynamic(Dynamic::Winders, rest)
    }

    /// Makes a port the current input or output.
    pub(super) fn set_port(&mut self, port: Value, input: bool) -> Outcome<()> {
        if input {
            ports::input(&self.world, "call-w/stdin", port)?;
            self.change_dynamic(Dynamic::Input, port)
        } else {
            ports::output(&self.world, "call-w/stdout", port)?;
            self.change_dynamic(Dynamic::Output, port)
        }
    }

    // Continuations.

    /// Returns from the running function what the function in register `at` gives for its continuation.
    pub(super) fn call_with_continuation(&mut self, at: usize) -> Outcome<bool> {
        let function = self.register(at);
        // Everything is made before anything changes.
        let fields = [Value::NIL, self.registers.dynamics];
        let continuation = self.world.object(ObjectKind::Continuation, &fields)?;
        let record = self.take_continuation(self.registers.fp - 2)?;
        self.world.heap.set_value(continuation, 0, record);
        self.reach(3);
        self.world.heap.set_slot(0, function);
        self.world.heap.set_slot(1, Value::UNDERFLOW);
        self.world.heap.set_slot(2, Value::object(continuation));
        self.registers.fp = 2;
        self.invoke(0, 1)
    }

    /// Goes on where a continuation says, with `value`, after running the winders that it does not share.
    pub(super) fn jump(&mut self, continuation: ObjectRef, value: Value) -> Outcome<bool> {
        let dynamics = self.world.heap.value(continuation, 1);
        let target = self.winders_of(dynamics);
        if !self.is_tail(self.dynamic(Dynamic::Winders), target) {
            let state = self.world.cons(Value::object(continuation), value)?;
            return self.run_winder(state);
        }
        self.set_dynamics(dynamics);
        let record = self.world.heap.value(continuation, 0);
        if self.resume(record, value)? {
            self.note_left_handler();
            return Ok(true);
        }
        self.world.heap.set_slot(0, value);
        Ok(false)
    }

    /// After control went elsewhere than to the end of a function: if it left the handler of an exhausted heap, what is
    /// done where a handler ends is due at the next safepoint.
    fn note_left_handler(&mut self) {
        if self.world.heap.is_handling() && !self.is_in_handler() {
            self.left_handler = true;
            self.world.heap.set_countdown(1);
        }
    }

    /// Whether the handler of an exhausted heap is among the functions that run.
    fn is_in_handler(&self) -> bool {
        self.find_frame(|frame, pc| self.callee(frame) == self.stubs.on_err && pc >= EXHAUSTED_PC).is_some()
    }

    /// Whether a list is another from some cell on.
    fn is_tail(&self, tail: Value, list: Value) -> bool {
        let mut rest = list;
        loop {
            if rest == tail {
                return true;
            }
            match self.world.uncons(rest) {
                Some((_, cdr)) => rest = cdr,
                None => return false,
            }
        }
    }

    /// Takes the innermost winder off and runs it, in a frame on top that goes on with the raise or jump that `state`
    /// says: a condition, or a continuation with its value.
    fn run_winder(&mut self, state: Value) -> Outcome<bool> {
        const NEEDED: usize = 8;
        let base = self.make_room(NEEDED)?;
        let (after, rest) = self.world.uncons(self.dynamic(Dynamic::Winders)).unwrap_or_default();
        self.change_dynamic(Dynamic::Winders, rest)?;
        let delta = base + 2 - self.registers.fp;
        for (slot, value) in [
            (base, self.stubs.unwind),
            (base + 1, pack_return(self.registers.pc, delta)),
            (base + 2, state),
            (base + 3, after),
            (base + 4, pack_return(0, 3)),
        ] {
            self.world.heap.set_slot(slot, value);
        }
        self.invoke(base + 3, 0)
    }

    /// Runs the innermost winder of a thread that is told to end; `false` when none is left.
    pub(super) fn unwind_break(&mut self) -> Outcome<bool> {
        if self.dynamic(Dynamic::Winders).is_nil() {
            return Ok(false);
        }
        self.run_winder(Value::UNBOUND)
    }

    /// Goes on with what a winder interrupted.
    pub(super) fn resume_unwind(&mut self, state: Value) -> Outcome<bool> {
        if state == Value::UNBOUND {
            return Err(Fault::Break);
        }
        if let Some((continuation, value)) = self.world.uncons(state)
            && let Some(continuation) = continuation.as_object()
        {
            return self.jump(continuation, value);
        }
        Err(Fault::Raise(state))
    }

    // Errors.

    /// Goes on in the nearest handler of a condition, or runs the winders on the way there. `Err` with the condition
    /// when nobody handles it and all winders have run.
    pub(super) fn raise(&mut self, condition: Value) -> Outcome<Result<(), Value>> {
        let handler = self.find_handler();
        if handler.is_none() && self.trace.is_none() {
            self.trace = Some(self.take_trace());
        }
        let target = match handler {
            Some(frame) => self.winders_of(self.register_of(frame, HANDLER_STATE)),
            None => Value::NIL,
        };
        if self.dynamic(Dynamic::Winders) != target {
            self.run_winder(condition)?;
            return Ok(Ok(()));
        }
        let Some(frame) = handler else { return Ok(Err(condition)) };
        self.trace = None;
        let exhausted = condition.as_object().is_some_and(|object| {
            let is_condition = self.world.heap.header(object).is(ObjectKind::Condition);
            is_condition && conditions::is_exhausted(&self.world.heap, object)
        });
        let pc = if exhausted { EXHAUSTED_PC } else { HANDLER_PC };
        self.cut_to(frame, pc, HANDLER_REGISTER, condition)?;
        self.note_left_handler();
        Ok(Ok(()))
    }

    fn find_handler(&self) -> Option<Frame> {
        let is_protected = PROTECTED_PC..HANDLER_PC;
        self.find_frame(|frame, pc| self.callee(frame) == self.stubs.on_err && is_protected.contains(&pc))
    }

    /// The innermost frame that is what `wanted` says of a frame and its next instruction.
    fn find_frame(&self, wanted: impl Fn(Frame, usize) -> bool) -> Option<Frame> {
        if self.registers.fp < 2 {
            return None;
        }
        let mut frame = self.top_frame();
        let mut pc = self.registers.pc;
        loop {
            if wanted(frame, pc) {
                return Some(frame);
            }
            (frame, pc) = self.caller(frame)?;
        }
    }

    /// The condition for a fault, made with what room there is.
    pub(super) fn condition(&mut self, fault: &Fault) -> Value {
        let message = match fault {
            Fault::Raise(condition) => return *condition,
            Fault::Failure(failure) => failure.message.clone(),
            Fault::Exhausted(exhausted) => exhausted.to_string(),
            Fault::Interrupted | Fault::Break | Fault::Waits(_) => "interrupted".to_owned(),
            Fault::Quit(_) => "quit".to_owned(),
        };
        let own = match fault {
            Fault::Failure(failure) => failure.place,
            _ => None,
        };
        match self.make_condition(&message, own) {
            Ok(condition) => condition,
            // Not even room for a message: the condition made in advance says what happened.
            Err(_) => self.stubs.exhausted,
        }
    }

    fn make_condition(&mut self, message: &str, own: Option<Place>) -> Outcome<Value> {
        let message = text::string(&mut self.world.heap, message)?;
        let condition = conditions::make(&mut self.world, message)?;
        let (file, place) = self.here(own);
        conditions::set_origin(&mut self.world.heap, condition, file, place);
        Ok(Value::object(condition))
    }

    /// A condition for `err`, from its message.
    pub(crate) fn locate(&mut self, condition: ObjectRef) {
        if conditions::origin(&self.world.heap, condition).is_none() {
            let (file, place) = self.here(None);
            conditions::set_origin(&mut self.world.heap, condition, file, place);
        }
    }

    /// Where the program is: in the nearest function that is written in a file.
    fn here(&self, own: Option<Place>) -> (Value, Place) {
        if let Some(place) = own {
            let file = crate::positions::file(&self.world.heap, self.world.positions);
            return (file, place);
        }
        if self.registers.fp < 2 {
            return (Value::NIL, Place::default());
        }
        let mut frame = self.top_frame();
        let mut pc = self.registers.pc;
        for _ in 0..1000 {
            if let Some(code) = self.code_of(self.callee(frame)) {
                let (file, place) = closures::place(&self.world.heap, code, pc);
                let inside = file.as_object().is_some_and(|file| is_library(&self.world, file));
                if !file.is_nil() && !inside && place.line > 0 {
                    return (file, place);
                }
            }
            let Some((next, back)) = self.caller(frame) else { break };
            (frame, pc) = (next, back.saturating_sub(1));
        }
        (Value::NIL, Place::default())
    }

    fn code_of(&self, callee: Value) -> Option<ObjectRef> {
        let closure = self.world.heap.as_kind(callee, ObjectKind::Closure)?;
        closures::code(&self.world.heap, closure)
    }

    /// Whether this is the code of the function that a global variable holds. The names of other functions of a library
    /// are its own affair.
    pub(super) fn is_global_code(&self, name: Value, code: ObjectRef) -> bool {
        let value =
            self.world.heap.as_kind(name, ObjectKind::Symbol).map(|name| symbols::global(&self.world.heap, name));
        value.and_then(|value| self.code_of(value)) == Some(code)
    }

    fn take_trace(&self) -> Trace {
        let mut trace = Vec::new();
        if self.registers.fp < 2 {
            return trace;
        }
        let mut frame = self.top_frame();
        let mut pc = self.registers.pc;
        while trace.len() < TRACED {
            if let Some(closure) = self.world.heap.as_kind(self.callee(frame), ObjectKind::Closure)
                && let Some(code) = closures::code(&self.world.heap, closure)
            {
                let (builtin, name) = closures::name(&self.world.heap, closure);
                let (file, place) = closures::place(&self.world.heap, code, pc);
                let location = file.as_object().map(|file| Location {
                    file: Text::of(&self.world.heap, file).prefix(4096),
                    line: place.line,
                    column: place.column,
                });
                let inside = file.as_object().is_some_and(|file| is_library(&self.world, file));
                let function = if name.is_nil() || (inside && !self.is_global_code(name, code)) {
                    String::new()
                } else {
                    symbols::name_prefix(&self.world.heap, name, 200)
                };
                if !builtin {
                    trace.push(Caller { function, location });
                }
            }
            let Some((next, back)) = self.caller(frame) else { break };
            (frame, pc) = (next, back.saturating_sub(1));
        }
        trace
    }
}

/// Whether a file is one of the libraries built in: errors are told where the program called them.
fn is_library(world: &World, file: ObjectRef) -> bool {
    Text::of(&world.heap, file).chars().take(crate::libraries::PREFIX.len()).eq(crate::libraries::PREFIX.chars())
}
