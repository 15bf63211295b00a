//! Cores: what of a runtime is kept in a file, and a runtime made of that.
//!
//! A core has what the symbols reach, which is everything that is defined, and the few values that the runtime itself
//! holds on to. It has no computation: neither the stack nor the threads, nor what a form that is being read is made
//! of. Ports lose what they are connected with, but for the standard ones, which get the streams of the new process.
//!
//! A core makes sense only to a runtime whose builtins, operations and known symbols are the same; their names make the
//! number that says so.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use heapatlas_heap::core::{self, Check, Contents, CoreError, Summary};
use heapatlas_heap::object::ObjectKind;
use heapatlas_heap::{Heap, ObjectRef, Value, os};

use crate::builtins;
use crate::bytecode::op::Op;
use crate::error::{ArcError, ErrorKind};
use crate::fault::{FailureKind, Fault, Outcome};
use crate::host::Host;
use crate::ports;
use crate::runtime::{Streams, outside};
use crate::symbols::{KNOWN_NAMES, Symbols};
use crate::tables;
use crate::vm::Machine;
use crate::vm::stubs::Stubs;
use crate::vm::threads::Threads;
use crate::world::World;

/// The words kept beside the heap: how many symbols are interned, how many `uniq` made, and the settings.
const WORDS: usize = 3;
const ATSTRINGS: u64 = 1;
const EXPLICIT_FLUSH: u64 = 2;

/// What gives values their meaning, as a number.
fn language() -> u64 {
    let operations = Op::ALL.iter().map(|op| op.name());
    let names = builtins::names().chain(operations).chain(KNOWN_NAMES.iter().copied());
    core::fingerprint([env!("CARGO_PKG_VERSION")].into_iter().chain(names))
}

/// What can't be done with a core, and why.
fn refused(what: &str, path: &Path, error: &CoreError) -> ArcError {
    let kind = if matches!(error, CoreError::NoRoom) { ErrorKind::Exhausted } else { ErrorKind::Unreadable };
    let why = match error {
        CoreError::Io(error) => ports::describe(error),
        error => error.to_string(),
    };
    ArcError::new(kind, format!("can't {what} {}: {why}", path.display()))
}

/// What the core in a file holds.
pub(crate) fn summarize(path: &Path, check: Check) -> Result<Summary, ArcError> {
    let refuse = |error: &CoreError| refused("read", path, error);
    let file = File::open(path).map_err(|error| refuse(&error.into()))?;
    core::summarize_file(os::system(), language(), &file, check).map_err(|error| refuse(&error))
}

/// The values kept, in the order in which they are stored.
struct Kept {
    symbols: Symbols,
    stubs: Stubs,
    atomic_invoke: Value,
    main: Value,
    input: Value,
    output: Value,
    errors: Value,
}

impl Kept {
    /// Fills in the values; `None` when there are too many or too few.
    fn of(contents: &Contents) -> Option<Self> {
        let [count, uniq, _] = contents.words[..] else { return None };
        let nil = Value::NIL;
        let symbols = Symbols::empty(usize::try_from(count).ok()?, uniq);
        let stubs = Stubs::empty();
        let mut kept = Self { symbols, stubs, atomic_invoke: nil, main: nil, input: nil, output: nil, errors: nil };
        let (mut values, mut missing) = (contents.roots.iter(), false);
        let mut fill = |value: &mut Value| match values.next() {
            Some(saved) => *value = *saved,
            None => missing = true,
        };
        kept.symbols.each_root(&mut fill);
        kept.stubs.each_root(&mut fill);
        let Self { atomic_invoke, main, input, output, errors, .. } = &mut kept;
        [atomic_invoke, main, input, output, errors].into_iter().for_each(fill);
        (!missing && values.next().is_none()).then_some(kept)
    }
}

impl Machine {
    /// Saves a core.
    pub(crate) fn save_core(&mut self, path: &str) -> Outcome<()> {
        if self.threads.are_many() {
            let message = format!("can't save {path}: a thread has not ended, and threads can't be saved");
            return Err(Fault::failure(FailureKind::Unsupported, message));
        }
        let (input, output) = self.outermost_ports();
        let mut roots = Vec::new();
        self.world.symbols.each_root(&mut |value| roots.push(*value));
        self.stubs.each_root(&mut |value| roots.push(*value));
        roots.extend([self.world.atomic_invoke, self.threads.main(), input, output, self.world.errors]);
        let world = &self.world;
        let settings =
            if world.atstrings { ATSTRINGS } else { 0 } | if world.explicit_flush { EXPLICIT_FLUSH } else { 0 };
        let words: [u64; WORDS] = [world.symbols.count() as u64, world.symbols.uniq, settings];
        core::save_file(&world.heap, language(), &roots, &words, Path::new(path)).map_err(|error| {
            let why = match error {
                CoreError::Io(error) => ports::describe(&error),
                error => error.to_string(),
            };
            Fault::failure(FailureKind::Io, format!("can't save {path}: {why}"))
        })
    }

    /// A machine made of a core.
    pub(crate) fn from_core(path: &Path, check: Check, beginning: Beginning) -> Result<Self, ArcError> {
        let refuse = |error: &CoreError| refused("start from", path, error);
        let file = File::open(path).map_err(|error| refuse(&error.into()))?;
        let loaded = core::load_file(os::system(), language(), &file, check);
        let (heap, contents) = loaded.map_err(|error| refuse(&error))?;
        let Some(kept) = Kept::of(&contents) else {
            return Err(refuse(&CoreError::Damaged("it keeps other values than this program".to_owned())));
        };
        let settings = contents.words.last().copied().unwrap_or(0);
        Self::of_kept(heap, kept, settings, beginning).map_err(|fault| outside(&fault))
    }

    fn of_kept(heap: Heap, kept: Kept, settings: u64, beginning: Beginning) -> Outcome<Self> {
        let Kept { symbols, stubs, atomic_invoke, main, input, output, errors } = kept;
        let Beginning { streams, host, interrupt } = beginning;
        let mut world = World::new(heap, symbols, interrupt, builtins::name);
        world.atomic_invoke = atomic_invoke;
        world.thread = main;
        world.atstrings = settings & ATSTRINGS != 0;
        world.explicit_flush = settings & EXPLICIT_FLUSH != 0;
        set_right(&mut world);
        let input = ports::reconnect_input(&mut world, input, streams.input);
        let output = ports::reconnect_output(&mut world, output, streams.output);
        let errors = ports::reconnect_output(&mut world, errors, streams.errors);
        let mut machine = Self::with_parts(world, host, |_| Ok((stubs, Threads::with_main(main))))?;
        let nil = Value::NIL;
        machine.set_first_ports(input.unwrap_or(nil), output.unwrap_or(nil), errors.unwrap_or(nil))?;
        Ok(machine)
    }
}

/// What a runtime begins with beside its heap.
pub(crate) struct Beginning {
    pub(crate) streams: Streams,
    pub(crate) host: Box<dyn Host>,
    pub(crate) interrupt: Arc<AtomicBool>,
}

/// Sets right what does not survive a change of process and of addresses: ports, and tables whose keys go by address.
fn set_right(world: &mut World) {
    let (mut open, mut indexed): (Vec<ObjectRef>, Vec<ObjectRef>) = (Vec::new(), Vec::new());
    world.heap.walk_objects(|item| {
        let (Some(header), Some(object)) = (item.header, item.value.as_object()) else { return };
        if header.is(ObjectKind::Port) {
            open.push(object);
        } else if header.is(ObjectKind::Table) {
            indexed.push(object);
        }
    });
    open.into_iter().for_each(|port| ports::disconnect(world, port));
    indexed.into_iter().for_each(|table| tables::index_again(world, table));
}
