//! Expansion and compilation as operations of the machine, so that macros run as any function does.

use std::sync::Arc;

use heapatlas_heap::Value;
use heapatlas_heap::frame::Event;
use heapatlas_heap::object::ObjectKind;

use super::Machine;
use super::frames::pack_return;
use crate::compiler::expand::{self, Progress};
use crate::fault::Outcome;
use crate::positions;
use crate::symbols;
use crate::text::Text;

/// The name of a text whose forms are told to nobody.
pub(crate) const NOBODY: &str = "";

/// Characters of a form that are told when it begins.
const TOLD: usize = 72;

impl Machine {
    /// Register `to` gets an expansion of a form, the one behind it a mark if the form is one of a file.
    pub(super) fn begin_expansion(&mut self, to: usize, form: Value) -> Outcome<()> {
        let expansion = expand::begin(&mut self.world, form)?;
        self.set_register(to, expansion);
        let place = positions::lookup(&self.world.heap, self.world.positions, form);
        let mark = match place.filter(|_| !self.is_nobodys()) {
            Some(place) => {
                if self.world.heap.keeps_events() {
                    self.log_beginning(form, place.line);
                }
                self.host.form_begins(&mut self.world.heap);
                Value::size(self.world.heap.clock() as usize)
            }
            None => Value::NIL,
        };
        self.set_register(to + 1, mark);
        Ok(())
    }

    /// Whether the text that is being evaluated has no name: then its forms are told to nobody.
    fn is_nobodys(&self) -> bool {
        let file = positions::file(&self.world.heap, self.world.positions).as_object();
        file.is_some_and(|file| Text::of(&self.world.heap, file).prefix(1) == NOBODY)
    }

    fn log_beginning(&mut self, form: Value, line: u32) {
        let file = positions::file(&self.world.heap, self.world.positions);
        let file: Arc<str> = match file.as_object() {
            Some(file) => Text::of(&self.world.heap, file).prefix(4096).into(),
            None => Arc::from(""),
        };
        let text = crate::printer::excerpt(&self.world, form, TOLD).into_boxed_str();
        self.world.heap.log(Event::FormBegin { file, line, text });
    }

    /// Tells that a form ended, if its mark says that its beginning was told.
    pub(super) fn end_form(&mut self, mark: Value) {
        if let Some(began) = mark.as_fixnum() {
            let allocated = self.world.heap.clock() - began as u64;
            self.world.heap.log(Event::FormEnd { allocated });
            self.host.form_ends(&mut self.world.heap);
        }
    }

    /// Goes on with the expansion in register `at`. `true` when the register holds the tree; `false` when a macro was
    /// called, whose result will be two registers behind and which returns to the same instruction.
    pub(super) fn expand(&mut self, at: usize) -> Outcome<bool> {
        let result_at = at + 2;
        let Some(saved) = self.register(at).as_object() else { return Ok(true) };
        let result = self.register(result_at);
        match expand::go_on(&mut self.world, saved, result)? {
            Progress::Done(tree) => {
                self.set_register(at, tree);
                Ok(true)
            }
            Progress::Call { function, arguments } => {
                let back = self.registers.pc;
                self.call_with_list(result_at, function, arguments, back)?;
                Ok(false)
            }
        }
    }

    /// Calls a function with the arguments in a list; the result goes to register `at`, then instruction `back` is
    /// next.
    fn call_with_list(&mut self, at: usize, function: Value, arguments: Value, back: usize) -> Outcome<()> {
        let Some(count) = self.world.length(arguments)? else {
            return Err(self.world.wrong_type("a macro", "a proper list of operands", arguments));
        };
        self.make_room(at + 2 + count)?;
        let base = self.registers.fp + at;
        self.world.heap.set_slot(base, function);
        self.world.heap.set_slot(base + 1, pack_return(back, at + 2));
        let mut rest = arguments;
        for index in 0..count {
            let (argument, cdr) = self.world.uncons(rest).unwrap_or_default();
            self.world.heap.set_slot(base + 2 + index, argument);
            rest = cdr;
        }
        self.invoke(base, count)?;
        Ok(())
    }

    /// If a form is a call of a macro, calls it, the result to register `at`; says whether it is.
    pub(super) fn macro_step(&mut self, at: usize, form: Value) -> Outcome<bool> {
        let Some((head, operands)) = self.world.uncons(form) else { return Ok(false) };
        let Some(symbol) = self.world.heap.as_kind(head, ObjectKind::Symbol) else { return Ok(false) };
        let Some(function) = self.world.macro_function(symbols::global(&self.world.heap, symbol)) else {
            return Ok(false);
        };
        let back = self.registers.pc;
        self.call_with_list(at, function, operands, back)?;
        Ok(true)
    }
}
