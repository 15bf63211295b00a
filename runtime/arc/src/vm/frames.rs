//! Frames on the stack and in segments.
//!
//! The stack holds the latest frames. When it is full, or when a continuation is taken, its frames are copied to a
//! *segment*, an object that is never written again, and the stack goes on empty. When the lowest frame returns, some
//! frames of the segment are copied back. A *record* says what of a segment is meant:
//!
//! ```text
//!   record: segment, slots meant, return, record below, slots in all
//! ```
//!
//! *slots meant* counts from the segment's beginning; *return* says how the frame at the top of them goes on, as in a
//! frame: its result belongs right behind the slots meant. Taking a continuation again costs only what was pushed
//! since, and a recursion a million deep is a chain of segments.

use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{ObjectRef, Value};

use super::{MOST_SLOTS, Machine, STACK_SLOTS};
use crate::closures;
use crate::fault::{FailureKind, Fault, Outcome};

/// The fields of a record.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Record {
    Segment = 0,
    Slots = 1,
    Return = 2,
    Below = 3,
    Total = 4,
}

/// At most about this many slots are copied back at a time.
const COPIED_BACK: usize = 512;

const DELTA_BITS: u32 = 24;

/// Slots that are cleared at a time when the stack grows into memory not used since the last collection.
const CLEARED_AHEAD: usize = 256;

/// How the caller goes on: its next instruction, and how far its frame lies below the callee's.
#[inline(always)]
pub(super) fn pack_return(pc: usize, delta: usize) -> Value {
    Value::size(pc << DELTA_BITS | delta)
}

#[inline(always)]
pub(super) fn unpack_return(value: Value) -> (usize, usize) {
    let packed = value.as_fixnum().unwrap_or(0) as usize;
    (packed >> DELTA_BITS, packed & ((1 << DELTA_BITS) - 1))
}

/// Where a walk over frames has come to: on the stack, or in the segment of a record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frame {
    /// The frame with this fp on the stack.
    OnStack(usize),
    /// The frame with this fp in the segment of a record.
    InSegment(ObjectRef, usize),
}

impl Machine {
    /// Register `index` of the running function.
    #[inline(always)]
    pub(super) fn register(&self, index: usize) -> Value {
        self.world.heap.slot(self.registers.fp + index)
    }

    /// Replaces register `index` of the running function.
    #[inline(always)]
    pub(super) fn set_register(&mut self, index: usize, value: Value) {
        self.world.heap.set_slot(self.registers.fp + index, value);
    }

    /// How many registers the running function has.
    pub(super) fn frame_size(&self) -> usize {
        self.registers_of_code(self.running_code())
    }

    fn registers_of_code(&self, code: Option<ObjectRef>) -> usize {
        code.map_or(0, |code| usize::from(closures::signature(&self.world.heap, code).registers))
    }

    /// The code of the running function.
    pub(super) fn running_code(&self) -> Option<ObjectRef> {
        self.code_of_callee(self.world.heap.slot(self.registers.fp.checked_sub(2)?))
    }

    fn code_of_callee(&self, callee: Value) -> Option<ObjectRef> {
        let closure = self.world.heap.as_kind(callee, ObjectKind::Closure)?;
        closures::code(&self.world.heap, closure)
    }

    /// Makes the function whose frame begins at `fp` the running one, from instruction `pc` on.
    #[inline(always)]
    pub(super) fn set_running(&mut self, fp: usize, pc: usize) {
        self.registers.fp = fp;
        self.registers.pc = pc;
        let callee = self.world.heap.slot(fp - 2);
        // Only closures have frames.
        if let Some(code) = callee.as_object().and_then(|closure| self.world.heap.value(closure, 0).as_object()) {
            self.registers.code = self.world.heap.code(code);
        }
    }

    /// Makes slots up to `top` valid. They must fit the stack.
    #[cold]
    fn raise_high(&mut self, top: usize) {
        let high = (top + CLEARED_AHEAD).min(self.world.heap.stack_capacity());
        self.world.heap.clear_slots(self.registers.high, high);
        self.registers.high = high;
    }

    /// Makes sure that the stack has valid slots up to `top`, without moving anything. `false` when it is too short.
    #[inline(always)]
    pub(super) fn reach(&mut self, top: usize) -> bool {
        if top <= self.registers.high {
            return true;
        }
        if top > self.world.heap.stack_capacity() {
            return false;
        }
        self.raise_high(top);
        true
    }

    /// Before a collection: says which slots are in use, and that the others hold nothing of value.
    pub(crate) fn settle_stack(&mut self, top: usize) {
        if let Some(stack) = self.registers.stack.as_object() {
            self.world.heap.set_stack_top(stack, top);
            self.registers.high = top;
        }
    }

    /// After a collection: makes the registers of every frame on the stack valid again, and reads the running code
    /// again.
    pub(crate) fn restore_frames(&mut self) {
        let (fp, pc) = (self.registers.fp, self.registers.pc);
        if fp >= 2 && self.registers.high >= fp {
            let end = self.frames_end();
            self.reach(end);
            self.set_running(fp, pc);
        }
    }

    /// One past the last register of the frames on the stack. A frame may reach further than those above it: what it
    /// put there counts as soon as they have returned.
    fn frames_end(&self) -> usize {
        let mut fp = self.registers.fp;
        let mut end = 0;
        loop {
            let code = self.code_of_callee(self.world.heap.slot(fp - 2));
            end = end.max(fp + self.registers_of_code(code));
            let back = self.world.heap.slot(fp - 1);
            if back == Value::UNDERFLOW {
                return end;
            }
            fp -= unpack_return(back).1;
        }
    }

    /// The code of the running function, if one runs.
    pub(crate) fn running_code_for_collection(&self) -> Option<ObjectRef> {
        if self.registers.fp < 2 { None } else { self.running_code() }
    }

    /// Empties the stack of everything but `count` slots from `base` on, a callee with its arguments, by moving what
    /// is below slot `own` to a segment and them to the bottom, with room for `room` slots more. Their return, which is
    /// behind slot `own`, becomes [`Value::UNDERFLOW`]. When it fails, nothing has changed.
    pub(super) fn move_down(&mut self, own: usize, base: usize, count: usize, room: usize) -> Outcome<()> {
        let kept = self.registers.kept_slots + own;
        if kept > MOST_SLOTS {
            let most = (MOST_SLOTS * 8) >> 20;
            let what = format!("recursion too deep: more than {most} MiB of frames");
            return Err(Fault::failure(FailureKind::Depth, what));
        }
        let larger = self.larger_stack(count + room)?;
        let moved = if larger.is_some() { Some(self.world.heap.segment_of_slots(base, base + count)?) } else { None };
        let record = self.record_below(own, self.world.heap.slot(own + 1))?;
        // Nothing fails from here on.
        self.registers.below = record;
        self.registers.kept_slots = self.record_total(record);
        if let (Some(larger), Some(moved)) = (larger, moved) {
            self.take_stack(larger);
            self.world.heap.slots_from_segment(0, moved, 0, count);
            self.registers.high = count;
        } else {
            for index in 0..count {
                let value = self.world.heap.slot(base + index);
                self.world.heap.set_slot(index, value);
            }
        }
        self.world.heap.set_slot(1, Value::UNDERFLOW);
        self.registers.fp = 2;
        Ok(())
    }

    /// Makes sure that `extra` slots behind the running frame are valid, moving the frame if need be. Gives the first
    /// of them.
    pub(super) fn make_room(&mut self, extra: usize) -> Outcome<usize> {
        let size = self.frame_size();
        let top = self.registers.fp + size;
        if self.reach(top + extra) {
            return Ok(top);
        }
        let pc = self.registers.pc;
        let own = self.registers.fp - 2;
        self.move_down(own, own, size + 2, extra)?;
        self.set_running(2, pc);
        self.reach(2 + size + extra);
        Ok(2 + size)
    }

    /// A stack with room for `slots` slots, if the one in use has not.
    pub(super) fn larger_stack(&mut self, slots: usize) -> Outcome<Option<ObjectRef>> {
        if slots <= self.world.heap.stack_capacity() {
            return Ok(None);
        }
        Ok(Some(self.world.heap.allocate_stack(slots.next_power_of_two().max(STACK_SLOTS))?))
    }

    /// Goes without a stack until the next call.
    pub(crate) fn leave_stack(&mut self) {
        self.world.heap.leave_stack();
        self.registers.stack = Value::NIL;
        self.registers.high = 0;
    }

    /// Takes a stack if there is none.
    pub(super) fn have_stack(&mut self) -> Outcome<()> {
        if self.registers.stack.is_nil() {
            let stack = self.world.heap.allocate_stack(STACK_SLOTS)?;
            self.take_stack(stack);
        }
        Ok(())
    }

    /// Goes on with another stack, empty as yet.
    pub(super) fn take_stack(&mut self, stack: ObjectRef) {
        self.world.heap.use_stack(stack);
        self.registers.stack = Value::object(stack);
        self.registers.high = 0;
    }

    /// A record of the frames below slot `base`, which go on as `back` says.
    fn record_below(&mut self, base: usize, back: Value) -> Outcome<Value> {
        if back == Value::UNDERFLOW {
            return Ok(self.registers.below);
        }
        let segment = self.world.heap.segment_of_slots(0, base)?;
        let total = Value::size(self.registers.kept_slots + base);
        let fields = [Value::object(segment), Value::size(base), back, self.registers.below, total];
        Ok(Value::object(self.world.object(ObjectKind::Vector, &fields)?))
    }

    /// Takes the continuation of the frame whose callee is at slot `base`: the record of what happens with its result.
    /// From here on the stack is as good as empty, and must be filled from the bottom.
    pub(super) fn take_continuation(&mut self, base: usize) -> Outcome<Value> {
        let record = self.record_below(base, self.world.heap.slot(base + 1))?;
        self.registers.below = record;
        self.registers.kept_slots = self.record_total(record);
        Ok(record)
    }

    /// Takes the continuation of an instruction of the running function: what happens when it is done again, from
    /// register `live` on nothing of the frame being of use.
    pub(super) fn take_here(&mut self, live: usize) -> Outcome<Value> {
        let base = self.registers.fp + live;
        let back = pack_return(self.registers.pc, live + 2);
        let record = self.record_below(base, back)?;
        self.registers.below = record;
        self.registers.kept_slots = self.record_total(record);
        Ok(record)
    }

    fn record_total(&self, record: Value) -> usize {
        self.record_field(record, Record::Total).as_fixnum().map_or(0, |total| total as usize)
    }

    fn record_field(&self, record: Value, field: Record) -> Value {
        record.as_object().map_or(Value::NIL, |record| self.world.heap.value(record, field as usize))
    }

    /// Goes on with what a record says, with `value` as the result it waits for. `false` when there is nothing to go
    /// on with.
    pub(super) fn resume(&mut self, record: Value, value: Value) -> Outcome<bool> {
        let Some(segment) = self.record_field(record, Record::Segment).as_object() else { return Ok(false) };
        let slots = self.record_field(record, Record::Slots).as_fixnum().unwrap_or(0) as usize;
        let back = self.record_field(record, Record::Return);
        let below = self.record_field(record, Record::Below);
        // Frames are copied back from the top down until there are enough, and each needs all its registers.
        let (pc, delta) = unpack_return(back);
        let mut fp = slots + 2 - delta;
        let mut end = slots + 1;
        let cut = loop {
            let code = self.code_of_callee(self.world.heap.value(segment, fp - 2));
            end = end.max(fp + self.registers_of_code(code));
            let next = self.world.heap.value(segment, fp - 1);
            if next == Value::UNDERFLOW || slots + 2 - fp >= COPIED_BACK {
                break fp - 2;
            }
            fp -= unpack_return(next).1;
        };
        let (count, needed) = (slots - cut, end - cut);
        let lower_return = self.world.heap.value(segment, cut + 1);
        let (rest, kept) = if cut == 0 {
            (below, self.record_total(below))
        } else {
            let kept = self.record_total(record) - count;
            let fields = [Value::object(segment), Value::size(cut), lower_return, below, Value::size(kept)];
            (Value::object(self.world.object(ObjectKind::Vector, &fields)?), kept)
        };
        if let Some(larger) = self.larger_stack(needed)? {
            self.take_stack(larger);
        }
        self.world.heap.slots_from_segment(0, segment, cut, count);
        self.registers.high = self.registers.high.max(count);
        self.world.heap.set_slot(1, Value::UNDERFLOW);
        self.registers.below = rest;
        self.registers.kept_slots = kept;
        self.set_running(count + 2 - delta, pc);
        self.reach(needed);
        self.world.heap.set_slot(count, value);
        Ok(true)
    }

    /// Gives `value` as the result of the callee at slot `base`. `false` when nobody waits for it.
    #[inline(always)]
    pub(super) fn deliver(&mut self, base: usize, value: Value) -> Outcome<bool> {
        let back = self.world.heap.slot(base + 1);
        if back == Value::UNDERFLOW {
            return self.resume(self.registers.below, value);
        }
        let (pc, delta) = unpack_return(back);
        self.world.heap.set_slot(base, value);
        self.set_running(base + 2 - delta, pc);
        Ok(true)
    }

    // Walking frames, the running one first.

    /// The running frame.
    pub(super) fn top_frame(&self) -> Frame {
        Frame::OnStack(self.registers.fp)
    }

    /// What was called to make a frame.
    pub(super) fn callee(&self, frame: Frame) -> Value {
        match frame {
            Frame::OnStack(fp) => self.world.heap.slot(fp - 2),
            Frame::InSegment(record, fp) => match self.record_field(Value::object(record), Record::Segment).as_object()
            {
                Some(segment) => self.world.heap.value(segment, fp - 2),
                None => Value::NIL,
            },
        }
    }

    /// A register of a frame.
    pub(super) fn register_of(&self, frame: Frame, index: usize) -> Value {
        match frame {
            Frame::OnStack(fp) => self.world.heap.slot(fp + index),
            Frame::InSegment(record, fp) => match self.record_field(Value::object(record), Record::Segment).as_object()
            {
                Some(segment) => self.world.heap.value(segment, fp + index),
                None => Value::NIL,
            },
        }
    }

    /// The frame that called a frame, and the instruction at which it goes on.
    pub(super) fn caller(&self, frame: Frame) -> Option<(Frame, usize)> {
        let (back, below) = match frame {
            Frame::OnStack(fp) => (self.world.heap.slot(fp - 1), self.registers.below),
            Frame::InSegment(record, fp) => {
                let segment = self.record_field(Value::object(record), Record::Segment).as_object()?;
                let below = self.record_field(Value::object(record), Record::Below);
                (self.world.heap.value(segment, fp - 1), below)
            }
        };
        if back != Value::UNDERFLOW {
            let (pc, delta) = unpack_return(back);
            return Some(match frame {
                Frame::OnStack(fp) => (Frame::OnStack(fp - delta), pc),
                Frame::InSegment(record, fp) => (Frame::InSegment(record, fp - delta), pc),
            });
        }
        let record = below.as_object()?;
        let slots = self.record_field(below, Record::Slots).as_fixnum()? as usize;
        let (pc, delta) = unpack_return(self.record_field(below, Record::Return));
        Some((Frame::InSegment(record, slots + 2 - delta), pc))
    }

    /// Drops every frame above `frame` and goes on in it at instruction `pc`, with `value` in register `index`.
    pub(super) fn cut_to(&mut self, frame: Frame, pc: usize, index: usize, value: Value) -> Outcome<()> {
        match frame {
            Frame::OnStack(fp) => {
                self.set_running(fp, pc);
                self.set_register(index, value);
            }
            Frame::InSegment(record, fp) => {
                let record = Value::object(record);
                let base = fp + index;
                let below = self.record_field(record, Record::Below);
                let total = self.record_total(below) + base;
                let segment = self.record_field(record, Record::Segment);
                let fields = [segment, Value::size(base), pack_return(pc, index + 2), below, Value::size(total)];
                let cut = Value::object(self.world.object(ObjectKind::Vector, &fields)?);
                self.resume(cut, value)?;
            }
        }
        Ok(())
    }
}
