//! The one moment at which anything is freed.
//!
//! Every reference that the heap hands out is good until the heap frees what it refers to, and the heap frees only
//! here. So the promise that makes all other functions of the heap safe is asked for here, once.

use super::{Roots, StepReport};
use crate::heap::Heap;
use crate::terms::{GcCause, GcPhase, GcUnit};

impl Heap {
    /// Collects: runs a cycle to its end, or the rest of the one under way.
    ///
    /// # Safety
    /// From now on the caller uses a value, cell, object or code reference of this heap only if it got it from this
    /// heap after this call, or from `roots`, which visited it; and never with another heap.
    pub unsafe fn collect(&mut self, cause: GcCause, roots: &mut dyn Roots) -> StepReport {
        self.retire_cursors();
        self.collector.begin(cause, &mut self.space);
        self.step_collector(GcUnit::Cycle, roots)
    }

    /// Goes one step of a collection, beginning a cycle if none is under way. The program must not run until the
    /// cycle has ended.
    ///
    /// # Safety
    /// As for [`Self::collect`].
    pub unsafe fn collect_step(&mut self, unit: GcUnit, cause: GcCause, roots: &mut dyn Roots) -> StepReport {
        if self.collector.phase() == GcPhase::Idle {
            self.retire_cursors();
            self.collector.begin(cause, &mut self.space);
        }
        self.step_collector(unit, roots)
    }

    /// Unmaps the heap. Dropping a heap leaks its memory instead, because a value might still be about.
    ///
    /// # Safety
    /// No value, cell, object or code reference of this heap is used any more.
    pub unsafe fn release(mut self) {
        self.space.release();
    }
}
