//! Everything that travels back from a view to what it looks at.

use heapatlas_heap::terms::{Address, GcPhase, GcUnit};

/// What a person, or a script, wants of a runtime.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// Go on.
    Run,
    /// Stand still at the next safepoint.
    Pause,
    /// Go on to the beginning of the next top-level form, and stand still there.
    StepForm,
    /// How fast the allocation clock goes.
    Speed(Speed),
    /// Go at full speed to the end of what is being loaded, then at the speed before.
    Skip,
    /// Collect: a step, or a whole cycle.
    Collect(GcUnit),
    /// Collect to the beginning of a phase, of the cycle under way or of the next.
    CollectTo(GcPhase),
    /// Say what lies on the page of an address, who holds it, and why it stays.
    InspectPage(Address),
    /// Say where the value of a global variable lies.
    FindSymbol(String),
    /// Tell the global variables whose names begin so.
    Complete(String),
    /// Stand still whenever one of these comes about, and at no other breakpoint.
    SetBreakpoints(Vec<Breakpoint>),
    /// Tell the free lists, and that of the pool of an address.
    FreeLists(Option<Address>),
    /// Tell from now on, or no more, which functions allocate.
    Profile(bool),
    /// Evaluate the forms of a text, whether or not a program runs.
    Evaluate(String),
    /// Set the soft limit in bytes; `None` for none. While the runtime asks about an exhausted heap, an answer: what
    /// found no room is tried again. So is [`Self::Collect`].
    SetLimit(Option<u64>),
    /// While the runtime asks about an exhausted heap: give the program the error.
    Signal,
    /// Cut a key frame: a gap was noticed.
    KeyFrame,
    /// Leave what takes long and was asked for: a collection where it is, a search for holders without an answer. The
    /// program is not touched.
    Withdraw,
    /// Stop the form that runs, or the text being evaluated.
    Interrupt,
    /// End the runtime.
    Quit,
}

/// What the program is to stand still at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Breakpoint {
    /// The soft limit was reached, or the system refused memory.
    Limit,
    /// The heap mapped an extent.
    Growth,
    /// A hole came about.
    Hole,
    /// A pool became free.
    PoolFreed,
    /// The collector entered a phase.
    Phase(GcPhase),
    /// A top-level form begins whose first words, or whose file and line as `file:line`, contain this.
    Form(String),
    /// The allocation clock has come to so many bytes.
    Clock(u64),
    /// An Arc expression has become true. It is evaluated in the program when a top-level form begins, when a collection
    /// has ended, and after every 64 KiB of allocation.
    When(String),
}

/// How fast the allocation clock goes.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub enum Speed {
    /// Bytes of allocation a second.
    BytesPerSecond(f64),
    /// As fast as it can.
    Full,
}

impl Speed {
    /// Slow motion: loading the library takes about six seconds.
    pub const SLOW_MOTION: Self = Self::BytesPerSecond(600_000.0);
}
