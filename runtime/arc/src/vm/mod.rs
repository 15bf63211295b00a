//! The virtual machine: registers, frames on a stack in the heap, and a dispatch loop that never recurses.
//!
//! * [`run`] the loop around the loop: faults, collections
//! * [`dispatch`] the loop
//! * [`call`] calling: closures, builtins, data; arguments to parameters
//! * [`frames`] frames on the stack and in segments, continuations
//! * [`control`] errors, handlers, cleanup, continuation jumps
//! * [`forms`] expansion and compilation as operations
//! * [`reasons`] who holds a value
//! * [`sample`] what functions are running, for a profile
//! * [`threads`] green threads
//! * [`stubs`] builtins that call functions, as bytecode
//!
//! A frame on the stack:
//!
//! ```text
//!   … │ callee │ return │ register 0 │ register 1 │ … │ callee │ return │ register 0 │ …
//!                         ▲ fp of the caller          └─ base of the call ▲ fp of the callee
//! ```
//!
//! *return* is a fixnum: the caller's next instruction and how far below its fp lies; or [`Value::UNDERFLOW`] in the
//! lowest frame of the stack, below which the computation goes on in a segment (see [`frames`]). The callee's result
//! replaces it in the caller's register *base*.

pub(crate) mod call;
pub(crate) mod control;
pub(crate) mod dispatch;
pub(crate) mod forms;
pub(crate) mod frames;
pub(crate) mod reasons;
pub(crate) mod run;
mod sample;
pub(crate) mod stubs;
pub(crate) mod threads;

use std::time::Instant;

use heapatlas_heap::gc::Roots;
use heapatlas_heap::{CodeRef, Heap, Value};

use crate::fault::Outcome;
use crate::host::Host;
use crate::profile::{Meter, Profiler};
use crate::world::World;
use control::Trace;
use run::Retried;
use stubs::Stubs;
use threads::Threads;

/// Slots of a stack: 64 KiB with the word that counts them and the header.
const STACK_SLOTS: usize = 8190;

/// A recursion may keep this many slots, on the stack and in segments: 256 MiB.
const MOST_SLOTS: usize = 32 << 20;

/// The machine's own registers.
#[derive(Debug)]
pub(crate) struct Registers {
    /// The stack object.
    stack: Value,
    /// Where register 0 of the running function is on the stack.
    pub(crate) fp: usize,
    /// The next instruction.
    pub(crate) pc: usize,
    /// The code of the running function.
    code: CodeRef,
    /// Where the computation goes on below the stack: a record of frames, or nil.
    below: Value,
    /// Slots kept in segments below the stack.
    kept_slots: usize,
    /// The dynamic state: see [`control`].
    dynamics: Value,
    /// All slots below this hold valid values, whether or not they are in use.
    high: usize,
}

/// The virtual machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) world: World,
    pub(crate) registers: Registers,
    pub(crate) threads: Threads,
    pub(crate) stubs: Stubs,
    pub(crate) host: Box<dyn Host>,
    /// The instruction that was last tried again after a collection: if it still has no room, it fails.
    retried_at: Option<Retried>,
    /// Whether control left the handler of an exhausted heap otherwise than by its end since the last safepoint.
    left_handler: bool,
    /// The dynamic state outside every form.
    outermost_dynamics: Value,
    /// Where an error without a handler happened.
    pub(crate) trace: Option<Trace>,
    /// A value to be kept across a safepoint by whoever runs the machine.
    pub(crate) kept: Value,
    /// The top-level form that is evaluated, for errors to tell; nil while none is.
    pub(crate) form: Value,
    /// The profile being made, if somebody wants one.
    profiler: Option<Profiler>,
    /// What goes by between two samples, while the host wants to hear of them.
    meter: Option<Meter>,
    /// When what the program printed was last written out.
    flushed: Instant,
    /// Run the verifier after every collection.
    pub(crate) verify: bool,
}

/// Everything the machine and the world hold on to, for the collector.
pub(crate) struct MachineRoots<'m> {
    pub(crate) registers: &'m mut Registers,
    pub(crate) threads: &'m mut Threads,
    pub(crate) stubs: &'m mut Stubs,
    pub(crate) kept: [&'m mut Value; 3],
    pub(crate) shared: crate::world::WorldRoots<'m>,
}

impl Roots for MachineRoots<'_> {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        let Registers { stack, below, dynamics, .. } = &mut *self.registers;
        let [first, second, third] = &mut self.kept;
        for root in [stack, below, dynamics, first, second, third] {
            visit(root);
        }
        self.threads.each_root(visit);
        self.stubs.each_root(visit);
        self.shared.each_root(visit);
    }
}

impl Machine {
    /// A machine on a world, with the builtins that are bytecode bound.
    pub(crate) fn new(world: World, host: Box<dyn Host>) -> Outcome<Self> {
        Self::with_parts(world, host, |world| Ok((Stubs::new(world)?, Threads::new(world)?)))
    }

    /// A machine on a world, with a stack of its own and these parts.
    pub(crate) fn with_parts(
        mut world: World,
        host: Box<dyn Host>,
        parts: impl FnOnce(&mut World) -> Outcome<(Stubs, Threads)>,
    ) -> Outcome<Self> {
        let stack = world.heap.allocate_stack(STACK_SLOTS)?;
        world.heap.use_stack(stack);
        let (stubs, threads) = parts(&mut world)?;
        let dynamics = control::first_dynamics(&mut world)?;
        let code = world.heap.no_code();
        let registers = Registers {
            stack: Value::object(stack),
            fp: 0,
            pc: 0,
            code,
            below: Value::NIL,
            kept_slots: 0,
            dynamics,
            high: 0,
        };
        Ok(Self {
            world,
            registers,
            threads,
            stubs,
            host,
            retried_at: None,
            left_handler: false,
            outermost_dynamics: dynamics,
            trace: None,
            kept: Value::NIL,
            form: Value::NIL,
            profiler: None,
            meter: None,
            flushed: Instant::now(),
            verify: false,
        })
    }

    pub(crate) fn heap(&self) -> &Heap {
        &self.world.heap
    }

    /// The heap, and everything that the machine and the world hold on to.
    pub(crate) fn split(&mut self) -> (&mut Heap, MachineRoots<'_>) {
        let (heap, roots, _) = self.split_with_host();
        (heap, roots)
    }

    /// The same, and whom to ask meanwhile.
    pub(crate) fn split_with_host(&mut self) -> (&mut Heap, MachineRoots<'_>, &mut dyn Host) {
        let Self { world, registers, threads, stubs, kept, form, outermost_dynamics, host, .. } = self;
        let (heap, shared) = world.split();
        let roots = MachineRoots { registers, threads, stubs, kept: [kept, form, outermost_dynamics], shared };
        (heap, roots, &mut **host)
    }

    /// Sets the ports that a program begins with.
    pub(crate) fn set_first_ports(&mut self, input: Value, output: Value, errors: Value) -> Outcome<()> {
        self.world.input = input;
        self.world.output = output;
        self.world.errors = errors;
        self.outermost_dynamics = control::first_dynamics(&mut self.world)?;
        self.registers.dynamics = self.outermost_dynamics;
        Ok(())
    }
}
