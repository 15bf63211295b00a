//! The dispatch loop: one match over the operations, long because they are many.
//!
//! The frame pointer, the instruction number and the code are kept in local variables and written back before
//! anything that may look at them. An instruction that fails leaves its registers as they were, so that it can be
//! done again after a collection.

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::terms::GcCause;
use heapatlas_heap::{ObjectRef, Value};

use super::Machine;
use super::frames::pack_return;
use crate::bytecode::inline::{INLINES, Operands};
use crate::bytecode::op::{self, Op};
use crate::bytecode::{Instruction, Signature};
use crate::closures;
use crate::equality;
use crate::fault::{FailureKind, Fault, Outcome};
use crate::numbers::arithmetic::{self, Operation};
use crate::suggest;
use crate::symbols;
use crate::tables;

impl Machine {
    /// Runs until the running thread's function has returned; its value is in slot 0 then.
    #[expect(clippy::too_many_lines, reason = "one match over the operations")]
    pub(super) fn execute(&mut self) -> Outcome<()> {
        let mut fp = self.registers.fp;
        let mut pc = self.registers.pc;
        let mut code = self.registers.code;

        macro_rules! reg {
            ($index:expr) => {
                self.world.heap.slot(fp + $index)
            };
        }
        macro_rules! set {
            ($index:expr, $value:expr) => {{
                let value = $value;
                self.world.heap.set_slot(fp + $index, value);
            }};
        }
        // Writes the local variables back, the instruction being the one just fetched.
        macro_rules! write_back {
            () => {
                self.registers.fp = fp;
                self.registers.pc = pc - 1;
                self.registers.code = code;
            };
        }
        macro_rules! read_again {
            () => {
                fp = self.registers.fp;
                pc = self.registers.pc;
                code = self.registers.code;
            };
        }
        macro_rules! attempt {
            ($outcome:expr) => {
                match $outcome {
                    Ok(value) => value,
                    Err(fault) => {
                        write_back!();
                        return Err(fault.into());
                    }
                }
            };
        }
        // Something that changes what runs: reads the registers again, or ends when nothing runs any more.
        macro_rules! transfer {
            ($outcome:expr) => {{
                write_back!();
                if !$outcome? {
                    return Ok(());
                }
                if self.world.heap.tick() {
                    self.safepoint()?;
                }
                read_again!();
            }};
        }
        macro_rules! arithmetic {
            ($fast:ident, $operation:ident, $instruction:expr, $left:expr, $right:expr) => {{
                let (left, right) = ($left, $right);
                let value = match left.$fast(right) {
                    Some(value) => value,
                    None => attempt!(self.arithmetic(Operation::$operation, left, right)),
                };
                set!($instruction.a(), value);
            }};
        }
        macro_rules! order {
            ($who:literal, $ordering:ident, $left:expr, $right:expr) => {{
                let (left, right) = ($left, $right);
                match left.fixnum_less(right) {
                    Some(_) => order!(@ $ordering left right),
                    None => {
                        attempt!(equality::order(&self.world, $who, left, right)) == Some(std::cmp::Ordering::$ordering)
                    }
                }
            }};
            (@ Less $left:ident $right:ident) => { ($left.bits() as i64) < ($right.bits() as i64) };
            (@ Greater $left:ident $right:ident) => { ($left.bits() as i64) > ($right.bits() as i64) };
        }
        macro_rules! unless {
            ($holds:expr, $target:expr) => {
                if !$holds {
                    pc = $target;
                }
            };
        }

        loop {
            let i = Instruction::from_word(self.world.heap.code_word(code, pc));
            pc += 1;
            match i.opcode() {
                op::MOVE => set!(i.a(), reg!(i.b())),
                op::CONSTANT => set!(i.a(), self.world.heap.code_constant(code, i.b())),
                op::NIL => set!(i.a(), Value::NIL),
                op::GET_GLOBAL => {
                    let symbol = self.world.heap.code_constant(code, i.b());
                    let value = match symbol.as_object() {
                        Some(symbol) => symbols::global(&self.world.heap, symbol),
                        None => symbol,
                    };
                    if value == Value::UNBOUND {
                        write_back!();
                        return Err(self.unbound(symbol));
                    }
                    set!(i.a(), value);
                }
                op::SET_GLOBAL => {
                    let symbol = self.world.heap.code_constant(code, i.b());
                    if let Some(symbol) = symbol.as_object() {
                        if symbols::is_inlined(&self.world.heap, symbol) {
                            self.stop_inlining(symbol);
                        }
                        let value = reg!(i.a());
                        symbols::set_global(&mut self.world.heap, symbol, value);
                    }
                }
                op::GET_CAPTURED => {
                    let value = self.captured(fp, i.b());
                    set!(i.a(), value);
                }
                op::ITSELF => set!(i.a(), self.world.heap.slot(fp - 2)),
                op::MAKE_BOX => {
                    let cell = attempt!(self.world.heap.allocate(ObjectKind::Box, ObjectFlags::NONE, 8));
                    let value = reg!(i.b());
                    self.world.heap.set_value(cell, 0, value);
                    set!(i.a(), Value::object(cell));
                }
                op::GET_BOX => {
                    let value = self.unbox(reg!(i.b()));
                    set!(i.a(), value);
                }
                op::SET_BOX => self.set_box(reg!(i.a()), reg!(i.b())),
                op::GET_CAPTURED_BOX => {
                    let value = self.unbox(self.captured(fp, i.b()));
                    set!(i.a(), value);
                }
                op::SET_CAPTURED_BOX => {
                    let target = self.captured(fp, i.a());
                    self.set_box(target, reg!(i.b()));
                }
                op::MAKE_CLOSURE => {
                    let count = i.c();
                    let size = (closures::FIRST_CAPTURED + count) * 8;
                    let closure = attempt!(self.world.heap.allocate(ObjectKind::Closure, ObjectFlags::NONE, size));
                    self.world.heap.set_value(closure, 0, self.world.heap.code_constant(code, i.b()));
                    for index in 0..count {
                        let capture = Instruction::from_word(self.world.heap.code_word(code, pc));
                        pc += 1;
                        let value = match capture.a() {
                            0 => reg!(capture.b()),
                            1 => self.captured(fp, capture.b()),
                            _ => self.world.heap.slot(fp - 2),
                        };
                        self.world.heap.set_value(closure, closures::FIRST_CAPTURED + index, value);
                    }
                    set!(i.a(), Value::object(closure));
                }
                op::JUMP => pc = i.target(),
                op::JUMP_IF_NIL => {
                    if reg!(i.a()).is_nil() {
                        pc = i.target();
                    }
                }
                op::JUMP_IF_TRUE => {
                    if !reg!(i.a()).is_nil() {
                        pc = i.target();
                    }
                }
                op::JUMP_IF_PASSED => {
                    if reg!(i.a()) != Value::ABSENT {
                        pc = i.target();
                    }
                }
                op::CALL => {
                    let (base, count) = (fp + i.a(), i.b());
                    let callee = self.world.heap.slot(base);
                    if let Some(closure) = callee.as_object()
                        && self.world.heap.header(closure).is(ObjectKind::Closure)
                    {
                        self.world.heap.set_slot(base + 1, pack_return(pc, i.a() + 2));
                        if let Some(callee_code) = self.quick_code(closure, base, count) {
                            fp = base + 2;
                            pc = 0;
                            code = self.world.heap.code(callee_code);
                            if self.world.heap.tick() {
                                self.registers.fp = fp;
                                self.registers.pc = 0;
                                self.registers.code = code;
                                self.safepoint()?;
                                read_again!();
                            }
                            continue;
                        }
                    } else if callee.as_builtin().is_some() {
                        let value = attempt!(self.apply_other(callee, base + 2, count));
                        self.world.heap.set_slot(base, value);
                        continue;
                    }
                    self.world.heap.set_slot(base + 1, pack_return(pc, i.a() + 2));
                    transfer!(self.invoke(base, count));
                }
                op::TAIL_CALL => {
                    let (base, count) = (fp + i.a(), i.b());
                    let callee = self.world.heap.slot(base);
                    if let Some(closure) = callee.as_object()
                        && self.world.heap.header(closure).is(ObjectKind::Closure)
                        && let Some(callee_code) = self.quick_code(closure, fp - 2, count)
                    {
                        self.world.heap.set_slot(fp - 2, callee);
                        for index in 0..count {
                            set!(index, self.world.heap.slot(base + 2 + index));
                        }
                        pc = 0;
                        code = self.world.heap.code(callee_code);
                        if self.world.heap.tick() {
                            self.registers.fp = fp;
                            self.registers.pc = 0;
                            self.registers.code = code;
                            self.safepoint()?;
                            read_again!();
                        }
                        continue;
                    }
                    transfer!(self.invoke_in_tail(base, count));
                }
                op::RETURN => {
                    let value = reg!(i.a());
                    let back = self.world.heap.slot(fp - 1);
                    if back == Value::UNDERFLOW {
                        transfer!(self.give(fp - 2, value));
                        continue;
                    }
                    let base = fp - 2;
                    let (next, delta) = super::frames::unpack_return(back);
                    self.world.heap.set_slot(base, value);
                    fp -= delta;
                    pc = next;
                    let callee = self.world.heap.slot(fp - 2);
                    if let Some(closure) = callee.as_object()
                        && let Some(caller_code) = self.world.heap.value(closure, 0).as_object()
                    {
                        code = self.world.heap.code(caller_code);
                    }
                }
                op::TAKE_CAR => {
                    let value = attempt!(self.take_apart(reg!(i.b()), true));
                    set!(i.a(), value);
                }
                op::TAKE_CDR => {
                    let value = attempt!(self.take_apart(reg!(i.b()), false));
                    set!(i.a(), value);
                }
                op::ENTER_ATOMIC => {
                    write_back!();
                    if self.enter_atomic(i.a())? {
                        continue;
                    }
                    read_again!();
                }
                op::RESTORE_DYNAMICS => self.set_dynamics(reg!(i.a())),

                op::OP_CAR => {
                    let value = reg!(i.b());
                    let car = match value.as_cell() {
                        Some(cell) => self.world.heap.car(cell),
                        None => attempt!(self.world.car(value)),
                    };
                    set!(i.a(), car);
                }
                op::OP_CDR => {
                    let value = reg!(i.b());
                    let cdr = match value.as_cell() {
                        Some(cell) => self.world.heap.cdr(cell),
                        None => attempt!(self.world.cdr(value)),
                    };
                    set!(i.a(), cdr);
                }
                op::OP_CAAR => {
                    let value = attempt!(self.world.car(reg!(i.b())).and_then(|value| self.world.car(value)));
                    set!(i.a(), value);
                }
                op::OP_CADR => {
                    let value = attempt!(self.world.cdr(reg!(i.b())).and_then(|value| self.world.car(value)));
                    set!(i.a(), value);
                }
                op::OP_CDDR => {
                    let value = attempt!(self.world.cdr(reg!(i.b())).and_then(|value| self.world.cdr(value)));
                    set!(i.a(), value);
                }
                op::OP_NO | op::OP_IS_NIL => set!(i.a(), Value::truth(reg!(i.b()).is_nil())),
                op::OP_ACONS => set!(i.a(), Value::truth(reg!(i.b()).is_cell())),
                op::OP_CONS => {
                    let cell = attempt!(self.world.heap.cons(reg!(i.b()), reg!(i.c())));
                    set!(i.a(), cell);
                }
                op::OP_IS => set!(i.a(), Value::truth(equality::is(&self.world.heap, reg!(i.b()), reg!(i.c())))),
                op::OP_IS_CONSTANT => {
                    let same = reg!(i.b()) == self.world.heap.code_constant(code, i.c());
                    set!(i.a(), Value::truth(same));
                }
                op::OP_LESS => {
                    let holds = order!("<", Less, reg!(i.b()), reg!(i.c()));
                    set!(i.a(), Value::truth(holds));
                }
                op::OP_GREATER => {
                    let holds = order!(">", Greater, reg!(i.b()), reg!(i.c()));
                    set!(i.a(), Value::truth(holds));
                }
                op::OP_LESS_SMALL => {
                    let holds = order!("<", Less, reg!(i.b()), small(i.small()));
                    set!(i.a(), Value::truth(holds));
                }
                op::OP_GREATER_SMALL => {
                    let holds = order!(">", Greater, reg!(i.b()), small(i.small()));
                    set!(i.a(), Value::truth(holds));
                }
                op::OP_ADD => arithmetic!(fixnum_add, Add, i, reg!(i.b()), reg!(i.c())),
                op::OP_ADD_SMALL => arithmetic!(fixnum_add, Add, i, reg!(i.b()), small(i.small())),
                op::OP_SUBTRACT => arithmetic!(fixnum_sub, Subtract, i, reg!(i.b()), reg!(i.c())),
                op::OP_SUBTRACT_SMALL => arithmetic!(fixnum_sub, Subtract, i, reg!(i.b()), small(i.small())),
                op::OP_MULTIPLY => {
                    let value = attempt!(self.arithmetic(Operation::Multiply, reg!(i.b()), reg!(i.c())));
                    set!(i.a(), value);
                }

                op::UNLESS_NO | op::UNLESS_IS_NIL => unless!(reg!(i.a()).is_nil(), i.c()),
                op::UNLESS_ACONS => unless!(reg!(i.a()).is_cell(), i.c()),
                op::UNLESS_IS => unless!(equality::is(&self.world.heap, reg!(i.a()), reg!(i.b())), i.c()),
                op::UNLESS_IS_CONSTANT => {
                    unless!(reg!(i.a()) == self.world.heap.code_constant(code, i.b()), i.c());
                }
                op::UNLESS_LESS => unless!(order!("<", Less, reg!(i.a()), reg!(i.b())), i.c()),
                op::UNLESS_GREATER => unless!(order!(">", Greater, reg!(i.a()), reg!(i.b())), i.c()),
                op::UNLESS_LESS_SMALL => unless!(order!("<", Less, reg!(i.a()), small(i.b() as i16)), i.c()),
                op::UNLESS_GREATER_SMALL => unless!(order!(">", Greater, reg!(i.a()), small(i.b() as i16)), i.c()),

                op::SLOW_VALUE | op::SLOW_TEST => transfer!(self.call_redefined(i)),
                op::DELIVER_VALUE => {
                    write_back!();
                    self.deliver_value(i.a())?;
                    read_again!();
                }
                op::DELIVER_TEST => {
                    write_back!();
                    self.deliver_test(i.a())?;
                    read_again!();
                }

                op::SPREAD => transfer!(self.spread(i.a())),
                op::CALL_WITH_CONTINUATION => transfer!(self.call_with_continuation(i.a())),
                op::SAVE_DYNAMICS => set!(i.a(), self.registers.dynamics),
                op::PUSH_WINDER => attempt!(self.push_winder(reg!(i.a()))),
                op::POP_WINDER => attempt!(self.pop_winder()),
                op::SET_OUTPUT => attempt!(self.set_port(reg!(i.a()), false)),
                op::SET_INPUT => attempt!(self.set_port(reg!(i.a()), true)),
                op::RESUME_UNWIND => {
                    let state = reg!(i.a());
                    transfer!(self.resume_unwind(state));
                }
                op::NEXT_ENTRY => {
                    let Some(table) = tables::as_table(&self.world.heap, reg!(i.a())) else {
                        write_back!();
                        return Err(self.world.wrong_type("maptable", "a table", reg!(i.a())));
                    };
                    let from = reg!(i.b()).as_fixnum().map_or(0, |from| from as usize);
                    match tables::next(&self.world.heap, table, from) {
                        Some((at, key, value)) => {
                            set!(i.b(), Value::size(at + 1));
                            set!(i.b() + 3, key);
                            set!(i.b() + 4, value);
                        }
                        None => pc = i.c(),
                    }
                }
                op::BEGIN_EXPANSION => {
                    write_back!();
                    self.begin_expansion(i.a(), reg!(i.b()))?;
                }
                op::EXPAND => {
                    write_back!();
                    if self.expand(i.a())? {
                        continue;
                    }
                    if self.world.heap.tick() {
                        self.safepoint()?;
                    }
                    read_again!();
                }
                op::COMPILE => {
                    let tree = reg!(i.b());
                    let function = attempt!(crate::compiler::generate::generate(&mut self.world, tree));
                    set!(i.a(), function);
                }
                op::MACRO_STEP => {
                    self.registers.fp = fp;
                    self.registers.pc = pc;
                    let called = self.macro_step(i.a(), reg!(i.b()));
                    if attempt!(called) {
                        read_again!();
                    } else {
                        pc = i.c();
                    }
                }
                op::END_FORM => self.end_form(reg!(i.a())),
                op::SLEEP => {
                    self.registers.fp = fp;
                    self.registers.pc = pc;
                    let seconds = attempt!(arithmetic::float(&self.world, "sleep", reg!(i.a())));
                    set!(i.a(), Value::NIL);
                    self.sleep(seconds)?;
                    read_again!();
                }
                op::END_HANDLING => {
                    self.registers.fp = fp;
                    self.registers.pc = pc;
                    self.end_handling();
                    read_again!();
                }
                op::COLLECT | op::COMPACT => {
                    self.registers.fp = fp;
                    self.registers.pc = pc;
                    set!(i.a(), Value::NIL);
                    self.collect(if i.opcode() == op::COMPACT { GcCause::Compaction } else { GcCause::Asked });
                    read_again!();
                    set!(i.a(), Value::size(self.world.heap.live_bytes()));
                }
                op::SAVE_CORE => {
                    let path = attempt!(crate::builtins::path(&self.world, "save-core", reg!(i.b())));
                    attempt!(self.save_core(&path));
                    set!(i.a(), Value::T);
                }
                op::PIN_REASON => {
                    self.registers.fp = fp;
                    self.registers.pc = pc;
                    let target = reg!(i.b());
                    // That the call itself holds it is no reason.
                    set!(i.b(), Value::NIL);
                    let reason = self.pin_reason(target);
                    set!(i.b(), target);
                    let reason = attempt!(reason);
                    set!(i.a(), reason);
                }
                op::NEW_THREAD => {
                    let thread = attempt!(self.new_thread(reg!(i.b())));
                    set!(i.a(), thread);
                }
                op::STOP_THREAD => {
                    let (thread, by_break) = (reg!(i.b()), i.c() == 1);
                    attempt!(self.stop_thread(thread, by_break));
                    set!(i.a(), Value::NIL);
                }
                op::CAPTURE => unreachable!("the operation that makes a closure skips what it captures"),
                other => unreachable!("no operation has number {other}"),
            }
        }
    }

    /// The code of a closure that takes exactly `count` arguments, if its frame fits behind slot `base`.
    #[inline(always)]
    fn quick_code(&self, closure: ObjectRef, base: usize, count: usize) -> Option<ObjectRef> {
        let code = closures::code(&self.world.heap, closure)?;
        let signature: Signature = closures::signature(&self.world.heap, code);
        let fits = base + 2 + usize::from(signature.registers) <= self.registers.high;
        (signature.exact() == Some(count) && fits).then_some(code)
    }

    /// Captured value `index` of the function whose frame begins at `fp`.
    #[inline(always)]
    fn captured(&self, fp: usize, index: usize) -> Value {
        match self.world.heap.slot(fp - 2).as_object() {
            Some(closure) => self.world.heap.value(closure, closures::FIRST_CAPTURED + index),
            None => Value::NIL,
        }
    }

    #[inline(always)]
    fn unbox(&self, cell: Value) -> Value {
        cell.as_object().map_or(Value::NIL, |cell| self.world.heap.value(cell, 0))
    }

    #[inline(always)]
    fn set_box(&mut self, cell: Value, value: Value) {
        if let Some(cell) = cell.as_object() {
            self.world.heap.set_value(cell, 0, value);
        }
    }

    #[cold]
    fn unbound(&self, symbol: Value) -> Fault {
        let name = self.world.show(symbol);
        let names = self.world.symbols.bound_names(&self.world.heap, suggest::LONGEST);
        let near = suggest::nearest(&name, names).map_or_else(String::new, |near| format!("; did you mean {near}?"));
        Fault::failure(FailureKind::Unbound, format!("unbound variable: {name}{near}"))
    }

    /// A part of a list that is being taken apart into parameters.
    fn take_apart(&self, list: Value, car: bool) -> Outcome<Value> {
        match self.world.uncons(list) {
            Some((first, _)) if car => Ok(first),
            Some((_, rest)) => Ok(rest),
            None if list.is_nil() => Ok(Value::NIL),
            None => {
                let shown = self.world.show(list);
                Err(Fault::failure(FailureKind::Type, format!("can't take {shown} apart: it is no list")))
            }
        }
    }

    /// Arithmetic that is not just two fixnums. `+` joins strings and lists as well.
    #[cold]
    fn arithmetic(&mut self, operation: Operation, left: Value, right: Value) -> Outcome<Value> {
        if operation == Operation::Add {
            return crate::builtins::add(&mut self.world, left, right);
        }
        arithmetic::apply(&mut self.world, operation, left, right)
    }

    /// A builtin that became operations gets another value: turns those operations back into calls.
    #[cold]
    fn stop_inlining(&mut self, symbol: ObjectRef) {
        symbols::set_inlined(&mut self.world.heap, symbol, false);
        let name = symbols::name_of(&self.world.heap, symbol).prefix(16);
        let mut codes = Vec::new();
        self.world.heap.walk(|item| {
            if item.header.is_some_and(|header| header.is(ObjectKind::Code)) {
                codes.extend(item.value.as_object());
            }
        });
        for code in codes {
            for at in closures::instructions(&self.world.heap, code) {
                let instruction = Instruction::from_word(self.world.heap.word(code, at));
                let Some(inline) = INLINES.get(usize::from(instruction.d())) else { continue };
                if inline.builtin != name {
                    continue;
                }
                let slow = match instruction.opcode() {
                    opcode if opcode == inline.value as u8 => Op::SlowValue,
                    opcode if inline.test.is_some_and(|test| opcode == test as u8) => Op::SlowTest,
                    // It has become a call before: the global has held the builtin again since, and code was compiled.
                    _ => continue,
                };
                self.world.heap.set_word(code, at, instruction.with_op(slow).word());
            }
        }
    }

    /// Calls what a redefined builtin is now, from a frame of its own above the running one, which then delivers the
    /// result where the operation wanted it.
    #[cold]
    fn call_redefined(&mut self, instruction: Instruction) -> Outcome<bool> {
        let Some(inline) = INLINES.get(usize::from(instruction.d())) else { return Ok(true) };
        let is_test = instruction.opcode() == Op::SlowTest as u8;
        let (a, b) = if is_test { (instruction.a(), instruction.b()) } else { (instruction.b(), instruction.c()) };
        let first = self.register(a);
        let second = match inline.operands {
            Operands::One => None,
            Operands::Two => Some(self.register(b)),
            Operands::OneAndNil => Some(Value::NIL),
            Operands::OneAndSmall => Some(small(b as u16 as i16)),
            Operands::OneAndConstant => Some(self.world.heap.code_constant(self.registers.code, b)),
        };
        let symbol = self.world.symbols.intern_str(&mut self.world.heap, inline.builtin)?;
        let function = symbol.as_object().map_or(Value::NIL, |symbol| symbols::global(&self.world.heap, symbol));
        // The adapter's frame: where the result goes, then the call.
        const NEEDED: usize = 8;
        let base = self.make_room(NEEDED)?;
        let goal = if is_test { instruction.c() } else { instruction.a() };
        let adapter = if is_test { self.stubs.deliver_test } else { self.stubs.deliver_value };
        let next = self.registers.pc + 1;
        let delta = base + 2 - self.registers.fp;
        for (slot, value) in [
            (base, adapter),
            (base + 1, pack_return(next, delta)),
            (base + 2, Value::size(goal)),
            (base + 3, function),
            (base + 4, pack_return(0, 3)),
            (base + 5, first),
        ] {
            self.world.heap.set_slot(slot, value);
        }
        if let Some(second) = second {
            self.world.heap.set_slot(base + 6, second);
        }
        self.invoke(base + 3, 1 + usize::from(second.is_some()))
    }

    /// In an adapter's frame: gives register `result` to the register of the frame below that wants it.
    #[cold]
    fn deliver_value(&mut self, result: usize) -> Outcome<()> {
        let (value, goal) = (self.register(result), self.register(0));
        self.leave_adapter()?;
        self.set_register(goal.as_fixnum().unwrap_or(0) as usize, value);
        Ok(())
    }

    /// In an adapter's frame: goes elsewhere in the frame below if register `result` is nil.
    #[cold]
    fn deliver_test(&mut self, result: usize) -> Outcome<()> {
        let (value, goal) = (self.register(result), self.register(0));
        self.leave_adapter()?;
        if value.is_nil() {
            self.registers.pc = goal.as_fixnum().unwrap_or(0) as usize;
        }
        Ok(())
    }

    fn leave_adapter(&mut self) -> Outcome<()> {
        let fp = self.registers.fp;
        let back = self.world.heap.slot(fp - 1);
        if back == Value::UNDERFLOW {
            self.resume(self.registers.below, Value::NIL)?;
        } else {
            let (pc, delta) = super::frames::unpack_return(back);
            self.set_running(fp - delta, pc);
        }
        Ok(())
    }
}

/// A small number as a fixnum.
#[inline(always)]
fn small(number: i16) -> Value {
    match Value::fixnum(i64::from(number)) {
        Some(value) => value,
        None => Value::NIL,
    }
}
