//! What every part of the runtime shares: the heap, the symbols, the ports, and a few facts about the session.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{Heap, ObjectRef, Value};

use crate::fault::{FailureKind, Fault, Outcome};
use crate::positions::Place;
use crate::printer;
use crate::streams::Streams;
use crate::symbols::{Known, Symbols};
use crate::tagged;

/// How many steps a builtin may take before it looks whether somebody wants it to stop.
const STEPS_BETWEEN_LOOKS: u32 = 1 << 14;

/// What every part of the runtime shares. It never runs Arc code: that is the machine's part.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) heap: Heap,
    pub(crate) symbols: Symbols,
    pub(crate) streams: Streams,
    /// The ports that `stdin`, `stdout` and `stderr` give.
    pub(crate) input: Value,
    pub(crate) output: Value,
    pub(crate) errors: Value,
    /// Where the lists of the datum read last began in their file; nil when it came from no file.
    pub(crate) positions: Value,
    /// Where the datum read last began.
    pub(crate) datum_place: Place,
    /// What `atomic-invoke` is, unless the program made it something else.
    pub(crate) atomic_invoke: Value,
    /// The running thread.
    pub(crate) thread: Value,
    /// Set from outside to stop the program.
    pub(crate) interrupt: Arc<AtomicBool>,
    pub(crate) random: fastrand::Rng,
    /// Whether string literals with `@` are templates.
    pub(crate) atstrings: bool,
    /// Whether `write` and `disp` leave flushing to the program.
    pub(crate) explicit_flush: bool,
    /// What a builtin is called, by its number. Given from above: builtins are made of all that is here.
    pub(crate) name_of_builtin: fn(u16) -> &'static str,
    steps: u32,
}

impl World {
    /// A world on a heap that holds these symbols.
    pub(crate) fn new(
        heap: Heap,
        symbols: Symbols,
        interrupt: Arc<AtomicBool>,
        name_of_builtin: fn(u16) -> &'static str,
    ) -> Self {
        Self {
            heap,
            symbols,
            streams: Streams::default(),
            input: Value::NIL,
            output: Value::NIL,
            errors: Value::NIL,
            positions: Value::NIL,
            datum_place: Place::default(),
            atomic_invoke: Value::NIL,
            thread: Value::NIL,
            interrupt,
            random: fastrand::Rng::new(),
            atstrings: false,
            explicit_flush: false,
            name_of_builtin,
            steps: 0,
        }
    }

    /// The heap, and what of the world refers into it.
    pub(crate) fn split(&mut self) -> (&mut Heap, WorldRoots<'_>) {
        let Self { heap, symbols, input, output, errors, positions, atomic_invoke, thread, .. } = self;
        (heap, WorldRoots { symbols, values: [input, output, errors, positions, atomic_invoke, thread] })
    }

    /// The symbol that the runtime itself uses under this name.
    pub(crate) fn known(&self, known: Known) -> Value {
        self.symbols.known(known)
    }

    /// Counts a step of a builtin that may take many; fails when somebody wants the program to stop.
    #[inline]
    pub(crate) fn step(&mut self) -> Outcome<()> {
        self.steps += 1;
        if self.steps < STEPS_BETWEEN_LOOKS { Ok(()) } else { self.look() }
    }

    #[cold]
    fn look(&mut self) -> Outcome<()> {
        self.steps = 0;
        if self.interrupt.load(Ordering::Relaxed) { Err(Fault::Interrupted) } else { Ok(()) }
    }

    // Making and taking apart.

    /// A new cell.
    #[inline]
    pub(crate) fn cons(&mut self, car: Value, cdr: Value) -> Outcome<Value> {
        Ok(self.heap.cons(car, cdr)?)
    }

    /// A new list.
    pub(crate) fn list(&mut self, items: &[Value]) -> Outcome<Value> {
        self.list_before(items, Value::NIL)
    }

    /// A new list of `items`, then `tail`.
    pub(crate) fn list_before(&mut self, items: &[Value], tail: Value) -> Outcome<Value> {
        let mut list = tail;
        for item in items.iter().rev() {
            list = self.cons(*item, list)?;
        }
        Ok(list)
    }

    /// A new object all of whose payload is values, these.
    pub(crate) fn object(&mut self, kind: ObjectKind, values: &[Value]) -> Outcome<ObjectRef> {
        let object = self.heap.allocate(kind, ObjectFlags::NONE, values.len() * 8)?;
        for (index, value) in values.iter().enumerate() {
            self.heap.set_value(object, index, *value);
        }
        Ok(object)
    }

    /// The car of a list; nil of nil.
    #[inline]
    pub(crate) fn car(&self, value: Value) -> Outcome<Value> {
        match value.as_cell() {
            Some(cell) => Ok(self.heap.car(cell)),
            None if value.is_nil() => Ok(Value::NIL),
            None => Err(self.wrong_type("car", "a list", value)),
        }
    }

    /// The cdr of a list; nil of nil.
    #[inline]
    pub(crate) fn cdr(&self, value: Value) -> Outcome<Value> {
        match value.as_cell() {
            Some(cell) => Ok(self.heap.cdr(cell)),
            None if value.is_nil() => Ok(Value::NIL),
            None => Err(self.wrong_type("cdr", "a list", value)),
        }
    }

    /// The car and cdr of a cell; `None` for anything else.
    #[inline]
    pub(crate) fn uncons(&self, value: Value) -> Option<(Value, Value)> {
        value.as_cell().map(|cell| (self.heap.car(cell), self.heap.cdr(cell)))
    }

    /// How many cells a proper list has; `None` for anything else.
    pub(crate) fn length(&mut self, list: Value) -> Outcome<Option<usize>> {
        let mut count = 0;
        let mut rest = list;
        while let Some(cell) = rest.as_cell() {
            self.step()?;
            count += 1;
            rest = self.heap.cdr(cell);
        }
        Ok(rest.is_nil().then_some(count))
    }

    /// Whether a value is an object of this kind.
    #[inline]
    pub(crate) fn is_kind(&self, value: Value, kind: ObjectKind) -> bool {
        self.heap.as_kind(value, kind).is_some()
    }

    /// Whether a value is a symbol, nil and t included.
    pub(crate) fn is_symbol(&self, value: Value) -> bool {
        value == Value::NIL || value == Value::T || self.is_kind(value, ObjectKind::Symbol)
    }

    /// The function inside a macro.
    #[inline]
    pub(crate) fn macro_function(&self, value: Value) -> Option<Value> {
        let tagged = self.heap.as_kind(value, ObjectKind::Tagged)?;
        tagged::is_macro(&self.heap, tagged).then(|| tagged::rep(&self.heap, tagged))
    }

    // Failing.

    /// The failure of a function that wanted something else.
    #[cold]
    pub(crate) fn wrong_type(&self, who: &str, wanted: &str, got: Value) -> Fault {
        let got = self.show(got);
        Fault::failure(FailureKind::Type, format!("{who} wants {wanted}, not {got}"))
    }

    /// A value as `write` prints it, cut to what fits a message.
    pub(crate) fn show(&self, value: Value) -> String {
        self.show_up_to(value, 60)
    }

    /// A value as `write` prints it, at most about `most` characters of it.
    pub(crate) fn show_up_to(&self, value: Value, most: usize) -> String {
        printer::excerpt(self, value, most)
    }
}

/// What the world holds on to, for the collector.
pub(crate) struct WorldRoots<'w> {
    symbols: &'w mut Symbols,
    values: [&'w mut Value; 6],
}

impl WorldRoots<'_> {
    /// Calls `visit` for every value.
    pub(crate) fn each_root(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.symbols.each_root(visit);
        for root in &mut self.values {
            visit(root);
        }
    }
}
