//! The one moment at which anything is freed.
//!
//! Every reference that the heap hands out is good until the heap frees what it refers to, and the heap frees only
//! here. So the promise that makes all other functions of the heap safe is asked for here, once.

use super::pacing::Pacing;
use super::{Roots, StepReport, StillWanted};
use crate::heap::Heap;
use crate::terms::{GcCause, GcPhase, GcUnit};

impl Heap {
    /// Collects: ends the cycle under way, if there is one, and then runs one from its beginning to its end.
    ///
    /// # Safety
    /// From now on the caller uses a value, cell, object or code reference of this heap only if it got it from this
    /// heap after this call, or from `roots`, which visited it; and never with another heap.
    pub unsafe fn collect(&mut self, cause: GcCause, roots: &mut dyn Roots) -> StepReport {
        self.retire_cursors();
        if self.collector.phase() != GcPhase::Idle {
            self.step_collector(GcUnit::Cycle, roots);
        }
        self.collector.begin(cause, &mut self.space);
        self.step_collector(GcUnit::Cycle, roots)
    }

    /// Goes one step of a collection, beginning a cycle if none is under way. The program may run until the next step.
    ///
    /// # Safety
    /// As for [`Self::collect`].
    pub unsafe fn collect_step(&mut self, unit: GcUnit, cause: GcCause, roots: &mut dyn Roots) -> StepReport {
        self.prepare_step(unit);
        self.collector.begin(cause, &mut self.space);
        self.step_collector(unit, roots)
    }

    /// The same; but a phase or a cycle goes a slice at a time, and is left where it is when it is not wanted any more: the
    /// program goes on with it as with one that was due. Moving is not divided.
    ///
    /// # Safety
    /// As for [`Self::collect`].
    pub unsafe fn collect_step_while(
        &mut self,
        unit: GcUnit,
        cause: GcCause,
        roots: &mut dyn Roots,
        still_wanted: StillWanted<'_>,
    ) -> StepReport {
        self.prepare_step(unit);
        self.collector.begin(cause, &mut self.space);
        self.step_while(unit, roots, Some(still_wanted))
    }

    /// Does what pacing wants done now: a whole cycle in a small heap, a slice of one in a larger.
    ///
    /// # Safety
    /// As for [`Self::collect`].
    pub unsafe fn collect_slice(&mut self, roots: &mut dyn Roots) -> StepReport {
        let begins = self.collector.phase() == GcPhase::Idle;
        if begins {
            self.settle_cursors();
        }
        let unit = if begins && Pacing::at_once(&self.space) { GcUnit::Cycle } else { GcUnit::Slice };
        self.prepare_step(unit);
        self.collector.begin(GcCause::Allocation, &mut self.space);
        self.step_collector(unit, roots)
    }

    /// Accounts for what was allocated. The cursors keep their runs when the step can't go beyond the mark, which changes
    /// nothing that is free: to find them again costs more than what is allocated between two slices.
    fn prepare_step(&mut self, unit: GcUnit) {
        let marks = matches!(self.collector.phase(), GcPhase::Roots | GcPhase::Mark);
        if marks && !matches!(unit, GcUnit::Phase | GcUnit::Cycle) {
            self.settle_cursors();
        } else {
            self.retire_cursors();
        }
    }

    /// Unmaps the heap. Dropping a heap leaks its memory instead, because a value might still be about.
    ///
    /// # Safety
    /// No value, cell, object or code reference of this heap is used any more.
    pub unsafe fn release(mut self) {
        self.space.release();
    }
}
