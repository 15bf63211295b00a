//! Sampling: what functions are running, for a profile.

use heapatlas_heap::object::ObjectKind;

use super::Machine;
use crate::closures;
use crate::profile::{DEEPEST, Meter, Profile, Profiler, Sample};
use crate::symbols;
use crate::text::Text;

/// No name of a function is longer in a profile.
const LONGEST: usize = 80;

impl Machine {
    /// Begins a profile.
    pub(crate) fn start_profile(&mut self) {
        let heap = &self.world.heap;
        self.profiler = Some(Profiler::new(heap.clock(), heap.gc_stats().total));
    }

    /// Ends a profile; an empty one when none was begun.
    pub(crate) fn end_profile(&mut self) -> Profile {
        self.profiler.take().map(Profiler::finish).unwrap_or_default()
    }

    /// At a safepoint: takes a sample when it is time for one.
    pub(super) fn sample(&mut self) {
        if !self.profiler.as_ref().is_some_and(Profiler::is_due) || self.registers.fp < 2 {
            return;
        }
        let stack = self.running_functions();
        let (clock, collected) = (self.world.heap.clock(), self.world.heap.gc_stats().total);
        if let Some(profiler) = &mut self.profiler {
            profiler.take(stack, clock, collected);
        }
    }

    /// At a safepoint: tells the host which functions run and what was allocated, when it wants to know and it is time.
    pub(super) fn tell_sample(&mut self) {
        if !self.host.wants_samples() {
            self.meter = None;
            return;
        }
        let (clock, collected) = (self.world.heap.clock(), self.world.heap.gc_stats().total);
        let Some(meter) = &mut self.meter else {
            self.meter = Some(Meter::new(clock, collected));
            return;
        };
        if self.registers.fp < 2 || !meter.is_due() {
            return;
        }
        let (cost, _) = meter.read(clock, collected);
        meter.go_on();
        let stack = self.running_functions();
        self.host.sampled(Sample { stack, bytes: cost.bytes });
    }

    /// The functions that are running, the outermost first.
    fn running_functions(&self) -> Vec<String> {
        let mut functions = Vec::new();
        let mut frame = Some(self.top_frame());
        while let Some(running) = frame.filter(|_| functions.len() < DEEPEST) {
            let closure = self.world.heap.as_kind(self.callee(running), ObjectKind::Closure);
            functions.extend(closure.and_then(|closure| self.function_label(closure)));
            frame = self.caller(running).map(|(caller, _)| caller);
        }
        functions.reverse();
        functions
    }

    /// What a function is called in a profile: its name, and where it is written unless a global variable of its name
    /// holds it; nothing for the runtime's own.
    fn function_label(&self, closure: heapatlas_heap::ObjectRef) -> Option<String> {
        let heap = &self.world.heap;
        let (builtin, name) = closures::name(heap, closure);
        let code = closures::code(heap, closure).filter(|_| !builtin)?;
        let mut label = if name.is_nil() { "fn".to_owned() } else { symbols::name_prefix(heap, name, LONGEST) };
        if name.is_nil() || !self.is_global_code(name, code) {
            let (file, place) = closures::place(heap, code, 0);
            if let Some(file) = file.as_object() {
                let path = Text::of(heap, file).prefix(4096);
                let file = path.rsplit('/').next().unwrap_or(&path);
                label += &format!("@{file}:{}", place.line);
            }
        }
        Some(label)
    }
}
