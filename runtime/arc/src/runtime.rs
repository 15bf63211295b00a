//! The runtime as its host sees it: load, evaluate, look at the heap.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use heapatlas_heap::core::{Check, Summary};
use heapatlas_heap::terms::{GcCause, GcPhase, GcUnit};
use heapatlas_heap::{Heap, Value};

use crate::builtins::{self, Level};
use crate::bytecode::listing;
use crate::core::{self, Beginning};
use crate::error::{ArcError, ErrorKind, Location};
use crate::fault::{FailureKind, Fault, Outcome};
use crate::host::{Host, Verdict};
use crate::libraries::Library;
use crate::ports;
use crate::positions::Place;
use crate::profile::Profile;
use crate::reader;
use crate::streams::Stream;
use crate::symbols::{self, Known, Symbols};
use crate::tables;
use crate::text::Text;
use crate::vm::Machine;
use crate::vm::forms::NOBODY;
use crate::vm::run::Ended;
use crate::world::World;

/// Names of global variables longer than this are of no interest to people.
const MOST_NAME: usize = 100;

/// The streams a program begins with.
pub struct Streams {
    /// Its standard input.
    pub input: Box<dyn Read + Send>,
    /// Its standard output.
    pub output: Box<dyn Write + Send>,
    /// Its standard error.
    pub errors: Box<dyn Write + Send>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams")
    }
}

/// An Arc runtime with a heap of its own.
///
/// Between two calls no program runs. Errors leave the runtime as it is: definitions stay, the next call works.
#[derive(Debug)]
pub struct Runtime {
    machine: Machine,
    interrupt: Arc<AtomicBool>,
    forms: u64,
    /// Where the form being evaluated begins.
    datum_place: Place,
}

impl Runtime {
    /// A runtime on a fresh heap, with the base builtins and no library.
    ///
    /// # Errors
    /// When the heap has no room even for those.
    pub fn new(heap: Heap, streams: Streams, host: Box<dyn Host>) -> Result<Self, ArcError> {
        let interrupt = Arc::new(AtomicBool::new(false));
        let machine = make_machine(heap, streams, host, Arc::clone(&interrupt));
        let machine = machine.map_err(|fault| outside(&fault))?;
        Ok(Self { machine, interrupt, forms: 0, datum_place: Place::default() })
    }

    /// A runtime that goes on where the one that saved the core had come to, its library included. `check` says how much of
    /// the core is looked at before. The file must not be changed in place while the runtime is in use.
    ///
    /// # Errors
    /// When the file can't be read, is no core of this build, is damaged, or finds no room.
    pub fn from_core(path: &Path, check: Check, streams: Streams, host: Box<dyn Host>) -> Result<Self, ArcError> {
        let interrupt = Arc::new(AtomicBool::new(false));
        let beginning = Beginning { streams, host, interrupt: Arc::clone(&interrupt) };
        let machine = Machine::from_core(path, check, beginning)?;
        Ok(Self { machine, interrupt, forms: 0, datum_place: Place::default() })
    }

    /// Saves a core: everything that is defined, in one file. Not what is open or under way.
    ///
    /// # Errors
    /// When a thread of the program has not ended, or the file can't be written.
    pub fn save_core(&mut self, path: &Path) -> Result<(), ArcError> {
        self.machine.save_core(&path.to_string_lossy()).map_err(|fault| outside(&fault))
    }

    /// What the core in a file holds. `check` says how much of it is looked at.
    ///
    /// # Errors
    /// When the file can't be read, is no core of this build, is damaged, or finds no room.
    pub fn summarize_core(path: &Path, check: Check) -> Result<Summary, ArcError> {
        core::summarize(path, check)
    }

    /// Setting this stops the program at its next safepoint.
    #[must_use]
    pub fn interrupt(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupt)
    }

    /// The heap.
    pub fn heap(&mut self) -> &mut Heap {
        &mut self.machine.world.heap
    }

    /// The host.
    pub fn host(&mut self) -> &mut dyn Host {
        &mut *self.machine.host
    }

    /// How many top-level forms were evaluated.
    #[must_use]
    pub fn forms(&self) -> u64 {
        self.forms
    }

    /// Verifies the heap after every collection from now on; a corrupt heap is a panic.
    pub fn set_verify(&mut self, verify: bool) {
        self.machine.verify = verify;
    }

    /// Makes the fast builtins of the library available, before the library built in is loaded.
    ///
    /// # Errors
    /// When the heap has no room.
    pub fn begin_library(&mut self) -> Result<(), ArcError> {
        builtins::bind(&mut self.machine.world, Level::Library).map_err(|fault| outside(&fault))
    }

    /// Evaluates the forms of a library built in.
    ///
    /// # Errors
    /// The first error.
    pub fn load_library(&mut self, library: Library) -> Result<(), ArcError> {
        let port = self.with_room(|machine| ports::open_text(&mut machine.world, library.text, library.name));
        let port = port.map_err(|fault| outside(&fault))?;
        self.evaluate_port(port, false).map(|_| ())
    }

    /// Evaluates the forms of a file.
    ///
    /// # Errors
    /// The first error: the file can't be read, is no Arc text, or raises.
    pub fn load_file(&mut self, path: &str) -> Result<(), ArcError> {
        if let Err(error) = fs::metadata(path) {
            return Err(unreadable(path, &error));
        }
        let port = match self.with_room(|machine| ports::open_input(&mut machine.world, path)) {
            Ok(port) => port,
            Err(Fault::Failure(failure)) => return Err(ArcError::new(ErrorKind::Unreadable, failure.message)),
            Err(fault) => return Err(outside(&fault)),
        };
        self.evaluate_port(port, false).map(|_| ())
    }

    /// Evaluates the forms of a text, which places call `name`. Gives the value of the last as `write` prints it, if
    /// there was any.
    ///
    /// # Errors
    /// The first error.
    pub fn evaluate(&mut self, text: &str, name: &str) -> Result<Option<String>, ArcError> {
        let port = self.with_room(|machine| ports::open_text(&mut machine.world, text, name));
        self.evaluate_port(port.map_err(|fault| outside(&fault))?, true)
    }

    /// Does something while no program runs; once more after a collection when there is no room, for the program before
    /// may have left the heap full; and as often as the host has an answer to that.
    fn with_room<T>(&mut self, mut work: impl FnMut(&mut Machine) -> Outcome<T>) -> Outcome<T> {
        let mut collected = false;
        loop {
            match work(&mut self.machine) {
                Err(Fault::Exhausted(_)) if !collected => {
                    self.machine.collect_at_rest(GcCause::Limit);
                    self.machine.world.heap.recover().ok();
                    collected = true;
                }
                Err(Fault::Exhausted(exhausted)) if self.machine.consult(exhausted, Machine::collect_at_rest) => {}
                Err(Fault::Exhausted(_)) if self.interrupt.swap(false, Ordering::Relaxed) => {
                    return Err(Fault::Interrupted);
                }
                outcome => return outcome,
            }
        }
    }

    /// Between two forms: collects if the form before ended without room, so that what it kept is no burden to the next.
    fn make_room(&mut self) {
        if self.machine.heap().is_short() {
            self.machine.collect_at_rest(GcCause::Limit);
            // Where there is no room even so, the form is told when it needs some. A handler that was under way has
            // ended with its form, and what there is goes to the next.
            self.machine.world.heap.recover().ok();
            self.machine.world.heap.end_handling();
        }
    }

    /// Evaluates the forms of a port, and gives the value of the last if `wanted`.
    fn evaluate_port(&mut self, port: Value, wanted: bool) -> Result<Option<String>, ArcError> {
        self.interrupt.store(false, Ordering::Relaxed);
        self.machine.kept = port;
        let mut shown = None;
        let result = loop {
            self.make_room();
            let form = match self.read_kept() {
                Ok(Some(form)) => form,
                Ok(None) => break Ok(shown),
                Err(error) => break Err(error),
            };
            self.forms += 1;
            self.datum_place = self.machine.world.datum_place;
            self.machine.form = form;
            let eval = self.machine.stubs.eval;
            match self.machine.call(eval, &[form]) {
                Ended::Value(value) => {
                    self.machine.form = Value::NIL;
                    if wanted {
                        shown = Some(self.machine.show_whole(value));
                        self.note_that(value);
                    }
                }
                ended => break Err(self.error(ended)),
            }
        };
        if let Some(port) = self.machine.kept.as_object() {
            // The port was only read; closing it loses nothing.
            ports::close(&mut self.machine.world, port).ok();
        }
        self.machine.kept = Value::NIL;
        self.machine.form = Value::NIL;
        self.machine.world.streams.flush_all();
        result
    }

    /// Reads the next form of the kept port.
    fn read_kept(&mut self) -> Result<Option<Value>, ArcError> {
        let form = self.with_room(|machine| match machine.kept.as_object() {
            Some(port) => reader::read(&mut machine.world, port),
            None => Ok(None),
        });
        form.map_err(|fault| self.unread(&fault))
    }

    /// Why the next form of the kept port can't be read.
    fn unread(&self, fault: &Fault) -> ArcError {
        let mut error = outside(fault);
        let world = &self.machine.world;
        if let (Fault::Failure(failure), Some(port)) = (fault, self.machine.kept.as_object())
            && let Some(name) = ports::name(world, port).as_object()
        {
            let place = failure.place.unwrap_or_default();
            let file = Text::of(&world.heap, name).prefix(4096);
            error.location = Some(Location { file, line: place.line, column: place.column });
            if failure.message == crate::reader::NOT_TEXT {
                error.kind = ErrorKind::Unreadable;
            }
        }
        error
    }

    /// The variable `that` holds the value of the last form at a prompt.
    fn note_that(&mut self, value: Value) {
        let that = self.machine.world.known(Known::That);
        if let Some(symbol) = that.as_object() {
            symbols::set_global(&mut self.machine.world.heap, symbol, value);
        }
    }

    fn error(&mut self, ended: Ended) -> ArcError {
        self.machine.world.streams.flush_all();
        let mut error = match ended {
            Ended::Value(_) => ArcError::new(ErrorKind::Program, "ended"),
            Ended::Interrupted => ArcError::new(ErrorKind::Interrupted, "interrupted"),
            Ended::Quit(code) => ArcError::new(ErrorKind::Quit(code), "quit"),
            Ended::Exhausted(exhausted) => ArcError::new(ErrorKind::Exhausted, exhausted.to_string()),
            Ended::Error(condition) => self.machine.error_outside(condition),
        };
        if error.location.is_none() {
            error.location = self.form_location();
        }
        error.form = Some(self.machine.world.show(self.machine.form));
        self.machine.trace = None;
        self.interrupt.store(false, Ordering::Relaxed);
        error
    }

    /// Where the form read last began.
    fn form_location(&self) -> Option<Location> {
        let world = &self.machine.world;
        let name = ports::name(world, self.machine.kept.as_object()?).as_object()?;
        let file = Text::of(&world.heap, name).prefix(4096);
        let Place { line, column } = self.datum_place;
        Some(Location { file, line, column })
    }

    /// From here on notes where programs spend time and allocate. Samples are taken at safepoints: the host decides how
    /// many there are.
    pub fn start_profile(&mut self) {
        self.machine.start_profile();
    }

    /// Ends the profile, and gives it.
    pub fn end_profile(&mut self) -> Profile {
        self.machine.end_profile()
    }

    /// The names of the functions and macros that a file defines, in the order of the file.
    #[must_use]
    pub fn defined_in(&self, path: &str) -> Vec<String> {
        listing::defined_in(&self.machine.world, path)
    }

    /// The names of all global variables that have a value, but for a library's own, which begin with `%`.
    #[must_use]
    pub fn globals(&self) -> Vec<String> {
        let world = &self.machine.world;
        world.symbols.bound_names(&world.heap, MOST_NAME).collect()
    }

    /// The bytecode of the function or macro with this name, and of the functions in it, as text; `None` when there is
    /// no such function, or it is a builtin.
    ///
    /// # Errors
    /// When the heap has no room.
    pub fn disassemble(&mut self, name: &str) -> Result<Option<String>, ArcError> {
        self.with_room(|machine| listing::of(&mut machine.world, name)).map_err(|fault| outside(&fault))
    }

    /// Does what the host wants while no program runs, until it says to stop.
    pub fn serve(&mut self) {
        loop {
            match self.machine.host.rests(&mut self.machine.world.heap) {
                Verdict::Go { .. } => {}
                Verdict::Collect(unit) => self.machine.collect_for_host(unit, 0),
                Verdict::Inspect(inspection) => {
                    let findings = self.machine.inspect_at_rest(inspection);
                    self.machine.host.inspected(&mut self.machine.world.heap, findings);
                }
                Verdict::Evaluate(text) => self.answer(&text, "console"),
                Verdict::Test(text) => self.answer(&text, NOBODY),
                Verdict::Stop => return,
            }
        }
    }

    /// Tells the host what comes of a text.
    fn answer(&mut self, text: &str, name: &str) {
        // Whoever has stepped through a cycle is done with that. One that was withdrawn goes on while the text is evaluated.
        if self.heap().is_stepped() {
            self.machine.collect_for_host(GcUnit::Cycle, 0);
        }
        let result = self.evaluate(text, name);
        self.machine.host.evaluated(&mut self.machine.world.heap, result);
    }

    /// Collects everything that can be.
    pub fn collect(&mut self) {
        self.machine.collect_at_rest(GcCause::Asked);
    }

    /// Marks what is reachable and stops before anything is swept, so that the page table says of everything allocated
    /// whether it is live or dead. What comes next ends that cycle.
    pub fn mark(&mut self) {
        if self.heap().gc_phase() != GcPhase::Idle {
            self.machine.collect_step_at_rest(GcUnit::Cycle);
        }
        while self.heap().gc_phase() != GcPhase::Sweep {
            self.machine.collect_step_at_rest(GcUnit::Phase);
        }
    }

    /// Unmaps the heap.
    pub fn release(self) {
        self.machine.release();
    }
}

fn make_machine(mut heap: Heap, streams: Streams, host: Box<dyn Host>, interrupt: Arc<AtomicBool>) -> Outcome<Machine> {
    let symbols = Symbols::new(&mut heap)?;
    let mut world = World::new(heap, symbols, interrupt, builtins::name);
    builtins::bind(&mut world, Level::Base)?;
    let input = ports::input_stream(&mut world, Stream::Reader(streams.input), None)?;
    let output = ports::output_stream(&mut world, streams.output, None)?;
    let errors = ports::output_stream(&mut world, streams.errors, None)?;
    for port in [input, output, errors] {
        ports::mark_standard(&mut world, port);
    }
    let signatures = tables::make(&mut world)?;
    if let Some(symbol) = world.known(Known::Sig).as_object() {
        symbols::set_global(&mut world.heap, symbol, signatures);
    }
    let mut machine = Machine::new(world, host)?;
    machine.set_first_ports(input, output, errors)?;
    Ok(machine)
}

fn unreadable(path: &str, error: &std::io::Error) -> ArcError {
    ArcError::new(ErrorKind::Unreadable, format!("can't read {path}: {}", ports::describe(error)))
}

/// A fault as an error outside the heap.
pub(crate) fn outside(fault: &Fault) -> ArcError {
    match fault {
        Fault::Failure(failure) => {
            let kind = match failure.kind {
                FailureKind::Syntax { incomplete } => ErrorKind::Syntax { incomplete },
                _ => ErrorKind::Program,
            };
            ArcError::new(kind, failure.message.clone())
        }
        Fault::Exhausted(exhausted) => ArcError::new(ErrorKind::Exhausted, exhausted.to_string()),
        Fault::Interrupted | Fault::Break | Fault::Waits(_) => ArcError::new(ErrorKind::Interrupted, "interrupted"),
        Fault::Quit(code) => ArcError::new(ErrorKind::Quit(*code), "quit"),
        Fault::Raise(_) => ArcError::new(ErrorKind::Program, "error"),
    }
}
