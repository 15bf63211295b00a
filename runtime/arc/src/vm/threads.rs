//! Green threads: frames put away as continuations, taken up again in turn.
//!
//! Threads change at safepoints, when one sleeps, when one waits for the lock of `atomic-invoke`, and when one reads
//! from a connection or a command that has nothing yet. A thread that does not run is an object with the record of its
//! frames and its dynamic state.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use heapatlas_heap::Value;
use heapatlas_heap::object::ObjectKind;

use super::Machine;
use super::control::Dynamic;
use crate::fault::{Fault, Outcome};
use crate::thread::{self, State, Thread};
use crate::world::World;

/// The threads of a machine.
#[derive(Debug)]
pub(crate) struct Threads {
    /// The thread that evaluates forms.
    main: Value,
    pub(crate) current: Value,
    /// The others that have not ended, next first.
    others: Value,
    /// The thread that evaluates a text for the host; while it lives no other runs.
    console: Value,
    turn_began: Instant,
}

/// How long a thread runs before another gets its turn.
const TURN: Duration = Duration::from_millis(5);
/// How long the program sleeps before it looks again whether somebody wants it to stop.
const NAP: Duration = Duration::from_millis(5);
/// How long a thread waits for the lock of `atomic-invoke` before it tries again, in milliseconds.
const LOCKED_OUT: i64 = 1;

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

impl Threads {
    pub(crate) fn new(world: &mut World) -> Outcome<Self> {
        Ok(Self::with_main(thread::make(world, Value::NIL, Value::NIL)?))
    }

    /// The threads of a machine that has this one only.
    pub(crate) fn with_main(main: Value) -> Self {
        Self { main, current: main, others: Value::NIL, console: Value::NIL, turn_began: Instant::now() }
    }

    /// The thread that evaluates forms.
    pub(crate) fn main(&self) -> Value {
        self.main
    }

    /// Whether there is more than one thread that has not ended.
    pub(crate) fn are_many(&self) -> bool {
        !self.others.is_nil()
    }

    pub(super) fn each_root(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        let Self { main, current, others, console, turn_began: _ } = self;
        for root in [main, current, others, console] {
            visit(root);
        }
    }

    /// Whether the running thread evaluates a text for the host.
    pub(super) fn is_console(&self) -> bool {
        self.current == self.console
    }

    /// Whether the running thread is the one that evaluates forms.
    pub(super) fn is_main(&self) -> bool {
        self.current == self.main
    }
}

impl Machine {
    fn thread_field(&self, thread: Value, field: Thread) -> Value {
        thread.as_object().map_or(Value::NIL, |thread| self.world.heap.value(thread, field as usize))
    }

    fn set_thread_field(&mut self, thread: Value, field: Thread, value: Value) {
        if let Some(thread) = thread.as_object() {
            self.world.heap.set_value(thread, field as usize, value);
        }
    }

    /// A new thread that will call a function, with the current ports.
    pub(super) fn new_thread(&mut self, function: Value) -> Outcome<Value> {
        let dynamics = [Value::NIL, self.world.input, self.world.output, Value::NIL, Value::NIL];
        let dynamics = Value::object(self.world.object(ObjectKind::Vector, &dynamics)?);
        let thread = thread::make(&mut self.world, function, dynamics)?;
        self.add_last(thread)?;
        Ok(thread)
    }

    fn add_last(&mut self, thread: Value) -> Outcome<()> {
        let cell = self.world.cons(thread, Value::NIL)?;
        let mut last = None;
        let mut rest = self.threads.others;
        while let Some(next) = rest.as_cell() {
            last = Some(next);
            rest = self.world.heap.cdr(next);
        }
        match last {
            Some(last) => self.world.heap.set_cdr(last, cell),
            None => self.threads.others = cell,
        }
        Ok(())
    }

    /// Takes a thread out of those that wait.
    fn remove(&mut self, thread: Value) {
        let mut before = None;
        let mut rest = self.threads.others;
        while let Some(cell) = rest.as_cell() {
            let next = self.world.heap.cdr(cell);
            if self.world.heap.car(cell) == thread {
                match before {
                    Some(before) => self.world.heap.set_cdr(before, next),
                    None => self.threads.others = next,
                }
                return;
            }
            before = Some(cell);
            rest = next;
        }
    }

    /// The first thread whose turn it may be; and how long it is until one must be looked at again, if there is any.
    fn next_ready(&self) -> (Option<Value>, Option<Duration>) {
        let now = now_ms();
        let mut earliest: Option<i64> = None;
        let mut rest = self.threads.others;
        while let Some((thread, cdr)) = self.world.uncons(rest) {
            rest = cdr;
            if !self.threads.console.is_nil() && thread != self.threads.console {
                continue;
            }
            let state = self.thread_field(thread, Thread::State);
            let field = self.thread_field(thread, Thread::Wakes).as_fixnum().unwrap_or(0);
            let wakes = if state == Value::small(State::Sleeping as u32) {
                field
            } else if state == Value::small(State::Waiting as u32) && !self.world.streams.is_ready(field) {
                i64::MAX
            } else {
                now
            };
            if wakes <= now {
                return (Some(thread), None);
            }
            earliest = Some(earliest.map_or(wakes, |other| other.min(wakes)));
        }
        (None, earliest.map(|wakes| Duration::from_millis((wakes - now).unsigned_abs())))
    }

    /// The streams that threads wait for whose turn could come.
    fn waited_for(&self) -> Vec<i64> {
        let mut streams = Vec::new();
        let mut rest = self.threads.others;
        while let Some((thread, cdr)) = self.world.uncons(rest) {
            rest = cdr;
            let may_run = self.threads.console.is_nil() || thread == self.threads.console;
            if may_run && self.thread_field(thread, Thread::State) == Value::small(State::Waiting as u32) {
                streams.extend(self.thread_field(thread, Thread::Wakes).as_fixnum());
            }
        }
        streams
    }

    /// Puts the running thread away, so that it goes on at the next instruction.
    fn put_away(&mut self, state: State) -> Outcome<()> {
        let thread = self.threads.current;
        self.add_last(thread)?;
        let live = self.frame_size();
        let record = match self.take_here(live) {
            Ok(record) => record,
            Err(fault) => {
                self.remove(thread);
                return Err(fault);
            }
        };
        self.set_thread_field(thread, Thread::State, Value::small(state as u32));
        self.set_thread_field(thread, Thread::Record, record);
        self.set_thread_field(thread, Thread::Dynamics, self.registers.dynamics);
        Ok(())
    }

    /// Takes a thread up.
    fn take_up(&mut self, thread: Value) -> Outcome<()> {
        self.remove(thread);
        self.set_current(thread);
        self.threads.turn_began = Instant::now();
        self.set_thread_field(thread, Thread::State, Value::small(State::Ready as u32));
        self.set_dynamics(self.thread_field(thread, Thread::Dynamics));
        let function = self.thread_field(thread, Thread::Function);
        if function.is_nil() {
            self.resume(self.thread_field(thread, Thread::Record), Value::NIL)?;
            self.set_thread_field(thread, Thread::Record, Value::NIL);
        } else {
            self.set_thread_field(thread, Thread::Function, Value::NIL);
            // Whatever is called, there is a frame that can be put away and taken up.
            self.begin(self.stubs.apply, &[function])?;
        }
        if self.thread_field(thread, Thread::Broken).is_nil() {
            return Ok(());
        }
        self.set_thread_field(thread, Thread::Broken, Value::NIL);
        Err(Fault::Break)
    }

    /// Empties the stack and calls a function on it.
    pub(crate) fn begin(&mut self, function: Value, arguments: &[Value]) -> Outcome<bool> {
        self.registers.below = Value::NIL;
        self.registers.kept_slots = 0;
        self.registers.fp = 2;
        self.registers.pc = 0;
        self.reach(2 + arguments.len());
        self.world.heap.set_slot(0, function);
        self.world.heap.set_slot(1, Value::UNDERFLOW);
        for (index, argument) in arguments.iter().enumerate() {
            self.world.heap.set_slot(2 + index, *argument);
        }
        self.invoke(0, arguments.len())
    }

    /// Gives another thread its turn, if one is ready.
    pub(super) fn let_others_run(&mut self) -> Outcome<()> {
        let (Some(next), _) = self.next_ready() else { return Ok(()) };
        self.put_away(State::Ready)?;
        self.take_up(next)
    }

    /// At a safepoint: gives another thread its turn when this one's is over.
    pub(super) fn watch_turn(&mut self) -> Outcome<()> {
        if self.threads.others.is_nil() || self.threads.turn_began.elapsed() < TURN {
            return Ok(());
        }
        self.threads.turn_began = Instant::now();
        self.let_others_run()
    }

    /// Lets others run for some time.
    pub(super) fn sleep(&mut self, seconds: f64) -> Outcome<()> {
        self.world.streams.flush_all();
        let milliseconds = (seconds.clamp(0.0, 1e12) * 1000.0).ceil() as i64;
        self.yield_until(State::Sleeping, now_ms() + milliseconds)
    }

    /// Lets others run until a stream has something to read; then the instruction is done again.
    pub(super) fn wait_for(&mut self, stream: i64) -> Outcome<()> {
        self.yield_until(State::Waiting, stream)
    }

    fn yield_until(&mut self, state: State, wakes: i64) -> Outcome<()> {
        let thread = self.threads.current;
        self.set_thread_field(thread, Thread::Wakes, Value::fixnum(wakes).unwrap_or_default());
        self.put_away(state)?;
        self.run_next()
    }

    /// Takes up the next thread that is ready, waiting until one is.
    pub(super) fn run_next(&mut self) -> Outcome<()> {
        loop {
            if self.world.interrupt.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(Fault::Interrupted);
            }
            let (ready, left) = self.next_ready();
            if let Some(thread) = ready {
                return self.take_up(thread);
            }
            let Some(left) = left else { return Ok(()) };
            self.world.streams.wait_for_any(&self.waited_for(), left.min(NAP));
            self.host.idles(&mut self.world.heap);
        }
    }

    /// Puts the program away, and evaluates the forms of a text for the host before it goes on.
    pub(super) fn begin_console(&mut self, text: &str, name: &str) -> Outcome<()> {
        let port = crate::ports::open_text(&mut self.world, text, name)?;
        let function = crate::closures::make(&mut self.world, self.stubs.console, &[port])?;
        let thread = self.new_thread(function)?;
        if let Err(fault) = self.put_away(State::Ready) {
            self.remove(thread);
            return Err(fault);
        }
        self.threads.console = thread;
        self.take_up(thread)
    }

    /// The running thread has ended: takes up another.
    pub(super) fn end_thread(&mut self) -> Outcome<()> {
        let thread = self.threads.current;
        if thread == self.threads.console {
            self.threads.console = Value::NIL;
        }
        self.set_thread_field(thread, Thread::State, Value::small(State::Dead as u32));
        self.run_next()
    }

    /// Ends a thread: at once, or by a break that runs its winders.
    pub(super) fn stop_thread(&mut self, thread: Value, by_break: bool) -> Outcome<()> {
        if self.world.heap.as_kind(thread, ObjectKind::Thread).is_none() {
            let name = if by_break { "break-thread" } else { "kill-thread" };
            return Err(self.world.wrong_type(name, "a thread", thread));
        }
        if by_break {
            if thread == self.threads.current {
                return Err(Fault::Break);
            }
            if self.thread_field(thread, Thread::State) != Value::small(State::Dead as u32) {
                self.set_thread_field(thread, Thread::Broken, Value::T);
                self.set_thread_field(thread, Thread::State, Value::small(State::Ready as u32));
            }
            return Ok(());
        }
        self.set_thread_field(thread, Thread::State, Value::small(State::Dead as u32));
        self.set_thread_field(thread, Thread::Record, Value::NIL);
        self.remove(thread);
        if thread == self.threads.current {
            return Err(Fault::Break);
        }
        Ok(())
    }

    /// Holds the lock from here on, and keeps the state before in register `at`. `false` when another thread holds it
    /// and was taken up instead; then the instruction is done again later.
    pub(super) fn enter_atomic(&mut self, at: usize) -> Outcome<bool> {
        let mut rest = self.threads.others;
        while let Some((thread, cdr)) = self.world.uncons(rest) {
            rest = cdr;
            let dynamics = self.thread_field(thread, Thread::Dynamics).as_object();
            let holds = dynamics.is_some_and(|state| !self.world.heap.value(state, Dynamic::Atomic as usize).is_nil());
            if holds && self.dynamic(Dynamic::Atomic).is_nil() {
                self.yield_until(State::Sleeping, now_ms() + LOCKED_OUT)?;
                return Ok(false);
            }
        }
        let before = self.registers.dynamics;
        let atomic = self.atomic_dynamics()?;
        self.set_register(at, before);
        self.set_dynamics(atomic);
        Ok(true)
    }

    /// Forgets every thread but the one that evaluates forms: they are in the middle of something that is over.
    pub(crate) fn forget_threads(&mut self) {
        self.threads.others = Value::NIL;
        self.threads.console = Value::NIL;
        self.set_current(self.threads.main);
    }

    fn set_current(&mut self, thread: Value) {
        self.threads.current = thread;
        self.world.thread = thread;
    }

    /// Makes the thread that evaluates forms the running one, before a form.
    pub(crate) fn use_main_thread(&mut self) {
        self.set_current(self.threads.main);
        self.threads.turn_began = Instant::now();
    }
}
