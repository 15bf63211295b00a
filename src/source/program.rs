//! What a runtime is to run, and loading it.

use std::fs;
use std::path::PathBuf;

use heapatlas_arc::error::ArcError;
use heapatlas_arc::host::Host;

use heapatlas_arc::libraries::{BASE, Library, needed_before};
use heapatlas_arc::{Runtime, Streams};
use heapatlas_heap::core::Check;
use heapatlas_heap::os::system;
use heapatlas_heap::{Heap, Policy};

use super::black_box::BlackBox;
use super::recorder::{Recorder, is_standard};

/// The base library.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Base {
    /// The one built in.
    #[default]
    BuiltIn,
    /// A file of the user's.
    File(PathBuf),
    /// None.
    None,
    /// Whatever is in a core.
    Core(PathBuf),
}

/// What a runtime is to run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Program {
    /// The base library.
    pub base: Base,
    /// Texts built in, loaded before the files.
    pub texts: Vec<Library>,
    /// Files, in order.
    pub files: Vec<PathBuf>,
    /// Texts to be evaluated after the files, in order.
    pub expressions: Vec<String>,
    /// How the heap places things and gets memory back; a core brings its own, but for large pages.
    pub policy: Policy,
    /// The soft limit in bytes.
    pub soft_limit: Option<u64>,
    /// Verify the heap after every collection.
    pub verify: bool,
    /// Collect at every safepoint.
    pub gc_stress: bool,
    /// Where to record it; `-` is standard output.
    pub record: Option<PathBuf>,
    /// The folder for snapshots of the heap when it is exhausted; none without.
    pub black_box: Option<PathBuf>,
}

impl Program {
    /// What it is called: its last file, or its base library.
    #[must_use]
    pub fn name(&self) -> String {
        match (self.files.last(), &self.base) {
            (Some(file), _) => file.display().to_string(),
            (None, Base::File(file) | Base::Core(file)) => file.display().to_string(),
            (None, Base::BuiltIn) if self.expressions.is_empty() => "arc.arc (built in)".to_owned(),
            (None, Base::None) if self.expressions.is_empty() => "no program".to_owned(),
            (None, _) => self.expressions.last().cloned().unwrap_or_default(),
        }
    }

    /// Whether it is recorded to standard output.
    #[must_use]
    pub fn records_to_output(&self) -> bool {
        self.record.as_deref().is_some_and(is_standard)
    }

    /// The black box, if there is to be one; it says in one line what became of a snapshot.
    #[must_use]
    pub fn black_box(&self, tell: Box<dyn Fn(String) + Send>) -> Option<BlackBox> {
        Some(BlackBox::new(self.black_box.clone()?, self.name(), tell))
    }

    /// Begins the recording, if there is to be one.
    ///
    /// # Errors
    /// A sentence, when that can't be written.
    pub fn recorder(&self) -> Result<Option<Recorder>, ArcError> {
        let Some(path) = &self.record else { return Ok(None) };
        let recorder = Recorder::create(path, &self.name()).map_err(|error| {
            ArcError::new(heapatlas_arc::error::ErrorKind::Program, format!("can't write {}: {error}", path.display()))
        })?;
        Ok(Some(recorder))
    }

    /// A runtime for the program, on a fresh heap or a core; nothing is loaded yet.
    ///
    /// # Errors
    /// When the system refuses the heap its first memory, or the core is no good.
    pub fn runtime(&self, streams: Streams, host: Box<dyn Host>) -> Result<Runtime, ArcError> {
        let exhausted = |error: heapatlas_heap::Exhausted| {
            ArcError::new(heapatlas_arc::error::ErrorKind::Exhausted, error.to_string())
        };
        let limit = self.soft_limit.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let mut runtime = match &self.base {
            Base::Core(path) => {
                let check = if self.verify { Check::Everything } else { Check::Checksums };
                let mut runtime = Runtime::from_core(path, check, streams, host)?;
                if self.policy.large_pages {
                    runtime.heap().use_large_pages();
                }
                runtime
            }
            _ => {
                let mut heap = Heap::with(self.policy, system()).map_err(exhausted)?;
                heap.set_limit(limit);
                Runtime::new(heap, streams, host)?
            }
        };
        runtime.heap().set_limit(limit);
        runtime.set_verify(self.verify);
        runtime.heap().set_stress(self.gc_stress);
        Ok(runtime)
    }

    /// Loads the base library, unless it comes with a core.
    ///
    /// # Errors
    /// The first error.
    pub fn load_base(&self, runtime: &mut Runtime) -> Result<(), ArcError> {
        match &self.base {
            Base::None | Base::Core(_) => Ok(()),
            Base::File(path) => {
                // A file that can't be read, or is not text, is told when it is loaded.
                let text = fs::read_to_string(path).unwrap_or_default();
                needed_before(&text).map_or(Ok(()), |library| runtime.load_library(library))?;
                runtime.load_file(&path.to_string_lossy())
            }
            Base::BuiltIn => {
                runtime.begin_library()?;
                BASE.into_iter().try_for_each(|library| runtime.load_library(library))
            }
        }
    }

    /// Loads the texts, runs the files and evaluates the expressions. Gives the value of the last expression as `write`
    /// prints it.
    ///
    /// # Errors
    /// The first error.
    pub fn run(&self, runtime: &mut Runtime) -> Result<Option<String>, ArcError> {
        self.texts.iter().try_for_each(|text| runtime.load_library(*text))?;
        for file in &self.files {
            runtime.load_file(&file.to_string_lossy())?;
        }
        let mut last = None;
        for expression in &self.expressions {
            last = runtime.evaluate(expression, "-e")?;
        }
        Ok(last)
    }
}
