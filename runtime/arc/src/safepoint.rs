//! The safepoint: the only unsafe code of this package.
//!
//! What the heap asks of whoever calls it is that no value is used afterwards but those in the roots. The machine calls
//! it between two instructions, or when an instruction has failed and will be done again: at such a moment everything
//! that counts is in the machine's registers, on the stack up to what [`Machine::settle_stack`] says, or in the world,
//! and `MachineRoots` visits all of it. Local variables of the dispatch loop are read again afterwards.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use heapatlas_heap::Value;
use heapatlas_heap::gc::StepReport;
use heapatlas_heap::paths::{Step, Unfinished};
use heapatlas_heap::terms::{GcCause, GcUnit};

use crate::closures;
use crate::host::Errand;
use crate::vm::Machine;

impl Machine {
    /// The slots in use at this moment: in a function that has just been entered its parameters, else its frame.
    pub(crate) fn slots_in_use(&self) -> usize {
        let fp = self.registers.fp;
        let Some(code) = self.running_code_for_collection() else { return fp };
        let signature = closures::signature(self.heap(), code);
        let parameters = signature.required + signature.optional + u16::from(signature.rest);
        fp + usize::from(if self.registers.pc == 0 { parameters } else { signature.registers })
    }

    /// Collects, with the machine between two instructions.
    pub(crate) fn collect(&mut self, cause: GcCause) {
        self.settle_stack(self.slots_in_use());
        let (heap, mut roots) = self.split();
        // SAFETY: `roots` visits every value the machine and the world hold; see the head of this file.
        unsafe { heap.collect(cause, &mut roots) };
        self.after_step();
    }

    /// Does what pacing wants done now, with the machine between two instructions.
    pub(crate) fn collect_slice(&mut self) {
        self.settle_stack(self.slots_in_use());
        let (heap, mut roots) = self.split();
        // SAFETY: as for `collect`.
        unsafe { heap.collect_slice(&mut roots) };
        self.after_step();
    }

    /// Goes one step of a collection, with the machine between two instructions.
    pub(crate) fn collect_step(&mut self, unit: GcUnit, cause: GcCause) -> StepReport {
        self.settle_stack(self.slots_in_use());
        let (heap, mut roots) = self.split();
        // SAFETY: as for `collect`.
        let report = unsafe { heap.collect_step(unit, cause, &mut roots) };
        self.after_step();
        report
    }

    /// Goes the step that the host wants, as long as it wants it, with so many slots in use: those of a program between two
    /// instructions, or none. The host is told what came of it.
    pub(crate) fn collect_for_host(&mut self, unit: GcUnit, slots: usize) {
        self.settle_stack(slots);
        let (heap, mut roots, host) = self.split_with_host();
        let mut still_wanted = |report: &StepReport| host.still_wants(&Errand::Collection(*report));
        // SAFETY: as for `collect`; when no program runs nothing is on the stack.
        let report = unsafe { heap.collect_step_while(unit, GcCause::Asked, &mut roots, &mut still_wanted) };
        self.after_step();
        self.host.stepped(&mut self.world.heap, &report);
    }

    /// The path from a root to a value, with the machine between two instructions; the search ends early when the program is
    /// interrupted. Nothing is freed and nothing moves.
    pub(crate) fn path_to(&mut self, target: Value) -> Result<Option<Vec<Step>>, Unfinished> {
        self.settle_stack(self.slots_in_use());
        let interrupt = Arc::clone(&self.world.interrupt);
        let (heap, mut roots) = self.split();
        let path = heap.path_to(target, &mut roots, &mut |_| !interrupt.load(Ordering::Relaxed));
        self.restore_frames();
        path
    }

    /// Collects when no program runs: the stack is empty. When no effort is to be spared, it goes.
    pub(crate) fn collect_at_rest(&mut self, cause: GcCause) {
        self.settle_stack(0);
        if cause == GcCause::Asked && !self.heap().is_short() {
            self.leave_stack();
        }
        let (heap, mut roots) = self.split();
        // SAFETY: no program runs, so nothing is on the stack, and `roots` visits all the rest.
        unsafe { heap.collect(cause, &mut roots) };
        self.after_step();
    }

    /// Goes one step of a collection when no program runs.
    pub(crate) fn collect_step_at_rest(&mut self, unit: GcUnit) -> StepReport {
        self.settle_stack(0);
        let (heap, mut roots) = self.split();
        // SAFETY: as for `collect_at_rest`.
        let report = unsafe { heap.collect_step(unit, GcCause::Asked, &mut roots) };
        self.after_step();
        report
    }

    /// After a step of a collection: the verifier, if it is wanted, and the registers of the frames, which the
    /// collection left unscanned but for those in use.
    fn after_step(&mut self) {
        if self.verify {
            let (heap, mut roots) = self.split();
            let mut found = heap.verify();
            found.extend(heap.verify_reachable(&mut roots));
            assert!(found.is_empty(), "the heap is corrupt: {}", found[0]);
        }
        self.restore_frames();
    }

    /// Unmaps the heap.
    pub(crate) fn release(self) {
        // SAFETY: the machine and the world, which held all values, are taken apart here.
        unsafe { self.world.heap.release() };
    }
}
