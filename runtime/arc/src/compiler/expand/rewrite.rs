//! Forms that stand for other forms: calls of modified functions, strings with `@` in them.

use heapatlas_heap::Value;

use super::Expansion;
use super::stacks::Context;
use crate::fault::Outcome;
use crate::ports;
use crate::reader;
use crate::symbols::Known;
use crate::text::{CharBuffer, Text};

impl Expansion<'_> {
    /// What a call of a `(compose …)`, `(complement …)` or `(andf …)` form stands for.
    pub(super) fn modified(&mut self, head: Value, functions: Value, arguments: Value) -> Outcome<Option<Value>> {
        if head == self.world.known(Known::Compose) {
            return self.composed(functions, arguments).map(Some);
        }
        if head == self.world.known(Known::Complement) {
            let function = self.world.uncons(functions).unwrap_or_default().0;
            let call = self.world.cons(function, arguments)?;
            return self.world.list(&[self.world.known(Known::No), call]).map(Some);
        }
        if head == self.world.known(Known::Andf) {
            return self.conjoined(functions, arguments).map(Some);
        }
        Ok(None)
    }

    /// `((compose f g h) a b)` is `(f (g (h a b)))`; with nothing to compose, the argument.
    fn composed(&mut self, functions: Value, arguments: Value) -> Outcome<Value> {
        let mut reversed = Value::NIL;
        let mut rest = functions;
        while let Some((function, cdr)) = self.world.uncons(rest) {
            reversed = self.world.cons(function, reversed)?;
            rest = cdr;
        }
        let Some((innermost, mut rest)) = self.world.uncons(reversed) else {
            return Ok(self.world.uncons(arguments).unwrap_or_default().0);
        };
        let mut form = self.world.cons(innermost, arguments)?;
        while let Some((function, cdr)) = self.world.uncons(rest) {
            form = self.world.list(&[function, form])?;
            rest = cdr;
        }
        Ok(form)
    }

    /// `((andf f g) a b)` binds the arguments once and is `(and (f a b) (g a b))` of them.
    fn conjoined(&mut self, functions: Value, arguments: Value) -> Outcome<Value> {
        let mut names = Value::NIL;
        let mut rest = arguments;
        while let Some((_, cdr)) = self.world.uncons(rest) {
            let name = self.world.symbols.make_uniq(&mut self.world.heap)?;
            names = self.world.cons(name, names)?;
            rest = cdr;
        }
        let mut calls = Value::NIL;
        let mut rest = functions;
        while let Some((function, cdr)) = self.world.uncons(rest) {
            let call = self.world.cons(function, names)?;
            calls = self.world.cons(call, calls)?;
            rest = cdr;
        }
        let mut ordered = Value::NIL;
        while let Some((call, cdr)) = self.world.uncons(calls) {
            ordered = self.world.cons(call, ordered)?;
            calls = cdr;
        }
        let conjunction = self.world.cons(self.world.known(Known::And), ordered)?;
        let function = self.world.list(&[self.world.known(Known::Fn), names, conjunction])?;
        self.world.cons(function, arguments)
    }

    /// A string literal with `@` in it, read as a template: `"x=@x"` is `(string "x=" x)`.
    pub(super) fn template_string(&mut self, literal: Value, context: Context) -> Outcome<()> {
        let Some(string) = literal.as_object() else { return Ok(()) };
        if !Text::of(&self.world.heap, string).chars().any(|character| character == '@') {
            return self.push_constant(literal);
        }
        let port = ports::open_string(self.world, string)?;
        let port = ports::input(self.world, "string", port)?;
        let mut parts = Value::NIL;
        let mut text = CharBuffer::default();
        while let Some(character) = ports::read_char(self.world, port)? {
            let next = ports::peek(self.world, port)?;
            if character != '@' || next == ports::Next::End {
                text.push(&mut self.world.heap, character)?;
            } else if let ports::Next::Char('@', _) = next {
                ports::skip(self.world, port, next);
                text.push(&mut self.world.heap, '@')?;
            } else {
                let part = text.finish(&mut self.world.heap)?;
                text.clear();
                parts = self.world.cons(part, parts)?;
                let Some(expression) = reader::read(self.world, port)? else { break };
                parts = self.world.cons(expression, parts)?;
            }
        }
        let last = text.finish(&mut self.world.heap)?;
        let quoted = self.world.list(&[self.world.known(Known::Quote), last])?;
        let mut form = self.world.list(&[quoted])?;
        // The literal parts are quoted, so that an `@` in them is not taken for another template.
        let mut is_expression = true;
        while let Some((part, cdr)) = self.world.uncons(parts) {
            let part = if is_expression { part } else { self.world.list(&[self.world.known(Known::Quote), part])? };
            form = self.world.cons(part, form)?;
            is_expression = !is_expression;
            parts = cdr;
        }
        let form = self.world.cons(self.world.known(Known::String), form)?;
        self.push_form(form, context)
    }
}
