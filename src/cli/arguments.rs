//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use heapatlas_heap::Policy;

use super::check::budget::{self, Budget, Measure};
use crate::format;
use crate::map::palette::Theme;
use crate::recording::reader::At;
use crate::source::program::{Base, Program};
use crate::ui::ThemeChoice;

/// Shows a heap as a place: every page, every hole, what is live and what is merely resident.
#[derive(Parser, Clone, Debug)]
#[command(name = "heapatlas", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 fine, 1 the program or a budget failed, 2 usage, 3 unreadable input, 4 heap exhausted and not handled, 130 Ctrl-C.
Without a command the window opens and loads the library in slow motion.")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What the window opens without a command.
    #[command(flatten)]
    pub open: OpenOptions,
}

impl Arguments {
    /// Sees that no option asks for what another excludes, as far as their shape does not say so.
    ///
    /// # Errors
    /// A sentence that says what does not go together.
    pub fn check(&self) -> Result<(), String> {
        let runtime = match &self.command {
            None => &self.open.runtime,
            Some(Command::Open(options)) => &options.runtime,
            Some(Command::Run(options)) => &options.runtime,
            Some(Command::Repl(options)) => &options.runtime,
            Some(Command::Explain(options)) => &options.runtime,
            Some(Command::Profile(options)) => &options.runtime,
            Some(Command::Disassemble(options)) => &options.runtime,
            Some(Command::Snapshot(options)) => &options.runtime,
            Some(Command::Check(options)) => &options.runtime,
            Some(Command::Core(CoreCommand::Save(options))) => &options.runtime,
            Some(Command::Compare(_) | Command::Info(_) | Command::Export(_) | Command::Diff(_)) => return Ok(()),
        };
        runtime.policy().check()
    }
}

/// What to do.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Open the window; without a display, show the same in the terminal
    Open(OpenOptions),
    /// Run Arc programs; only what they print goes to standard output
    Run(RunOptions),
    /// Talk Arc at the prompt
    Repl(ReplOptions),
    /// Run a program and say where its resident bytes go, and what would lower them
    Explain(ExplainOptions),
    /// Run a program and say which of its functions take time and allocate
    Profile(ProfileOptions),
    /// Run a program and list the bytecode of what it defines
    Disassemble(DisassembleOptions),
    /// Run a program under several policies, each in a process of its own, and show them side by side
    Compare(CompareOptions),
    /// Run a program and write its page map: .png .svg .json .csv .txt .om .atlas
    Snapshot(SnapshotOptions),
    /// Run a program and compare what it needs with budgets; exit code 1 when one is exceeded
    Check(CheckOptions),
    /// Say what a recording or a core holds, at a glance
    Info(InfoOptions),
    /// Write a moment of a recording, or the whole of it, in another format
    Export(ExportOptions),
    /// Say what changed between two recordings, or two moments of one
    Diff(DiffOptions),
    /// Save what programs define, the library included, in a file to start from
    #[command(subcommand)]
    Core(CoreCommand),
}

/// What to do with cores.
#[derive(Subcommand, Clone, Debug)]
pub enum CoreCommand {
    /// Run programs, then save all that is defined; `--core OUT` starts from it
    Save(CoreSaveOptions),
}

/// The options of `core save`.
#[derive(Args, Clone, Debug)]
pub struct CoreSaveOptions {
    /// The file to write
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Programs to run first
    #[arg(value_name = "FILE.arc")]
    pub files: Vec<PathBuf>,
    /// Evaluate an expression after the programs
    #[arg(short = 'e', value_name = "EXPR", allow_hyphen_values = true)]
    pub expressions: Vec<String>,
    /// The runtime.
    #[command(flatten)]
    pub runtime: RuntimeOptions,
}

/// Over the options that name budgets.
const BUDGETS: &str = "Budgets";

/// Over the options that are about the runtime.
const RUNTIME: &str = "Options for the runtime";

/// What every command that runs Arc takes, `compare` too.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = RUNTIME)]
pub struct BaseOptions {
    /// Base library to load instead of the one built in
    #[arg(long, value_name = "PATH", conflicts_with = "no_arc")]
    pub arc: Option<PathBuf>,
    /// Load no base library
    #[arg(long)]
    pub no_arc: bool,
    /// The most memory the heap commits before the program gets an error: 64M, 1G, or bytes
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub soft_limit: Option<u64>,
}

/// What every command takes that runs Arc in one heap.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = RUNTIME)]
pub struct RuntimeOptions {
    /// What programs build on, and how much memory they may have.
    #[command(flatten)]
    pub base: BaseOptions,
    /// Start from a core instead of loading a base library
    #[arg(long, value_name = "FILE", conflicts_with_all = ["arc", "no_arc"])]
    pub core: Option<PathBuf>,
    /// How the heap places objects: pool, single (one kind of pool, first fit), or malloc (a block of the system's
    /// allocator for each); after a colon collect=no, give-back=no, evacuate=no, large-pages=yes, cell=BYTES
    #[arg(long, value_name = "POLICY", default_value = "pool", conflicts_with = "core")]
    pub heap: Policy,
    /// Keep what is mapped 16M and more at a time in the system's large pages: a large heap is marked faster, and more of it is
    /// resident
    #[arg(long)]
    pub large_pages: bool,
    /// Record what happens in the heap: a file (.atlas), or - for standard output
    #[arg(long, value_name = "OUT")]
    pub record: Option<PathBuf>,
    /// When the heap is exhausted or a signal kills the program, put a snapshot in this folder (.atlas), with what was asked for
    /// and what happened last
    #[arg(long, value_name = "DIR")]
    pub black_box: Option<PathBuf>,
    /// Verify the whole heap after every collection
    #[arg(long)]
    pub verify: bool,
    /// Collect, and move everything, at every safepoint
    #[arg(long)]
    pub gc_stress: bool,
}

impl RuntimeOptions {
    /// The policy of the heap.
    fn policy(&self) -> Policy {
        Policy { large_pages: self.large_pages || self.heap.large_pages, ..self.heap }
    }

    /// The program that these options, files and expressions make.
    #[must_use]
    pub fn program(&self, files: Vec<PathBuf>, expressions: Vec<String>) -> Program {
        let base = match (&self.core, &self.base.arc, self.base.no_arc) {
            (Some(path), _, _) => Base::Core(path.clone()),
            (None, Some(path), _) => Base::File(path.clone()),
            (None, None, true) => Base::None,
            (None, None, false) => Base::BuiltIn,
        };
        Program {
            texts: Vec::new(),
            base,
            files,
            expressions,
            policy: self.policy(),
            soft_limit: self.base.soft_limit,
            verify: self.verify,
            gc_stress: self.gc_stress,
            record: self.record.clone(),
            black_box: self.black_box.clone(),
        }
    }
}

/// How statistics are reported.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatsFormat {
    /// For people
    Text,
    /// One object
    Json,
}

/// The options of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    /// Programs, run one after the other
    #[arg(value_name = "FILE.arc", required_unless_present_any = ["expressions", "interactive"])]
    pub files: Vec<PathBuf>,
    /// Evaluate an expression after the programs
    #[arg(short = 'e', value_name = "EXPR", allow_hyphen_values = true)]
    pub expressions: Vec<String>,
    /// Go on at the prompt when the programs have ended, well or not; at a terminal, ask when the heap is exhausted
    #[arg(short, long)]
    pub interactive: bool,
    /// Report statistics to standard error at exit
    #[arg(long, value_name = "FORMAT")]
    pub stats: Option<StatsFormat>,
    /// The runtime.
    #[command(flatten)]
    pub runtime: RuntimeOptions,
}

/// The options of `repl`.
#[derive(Args, Clone, Debug)]
pub struct ReplOptions {
    /// Programs to run first
    #[arg(value_name = "FILE.arc")]
    pub files: Vec<PathBuf>,
    /// Report statistics to standard error at exit
    #[arg(long, value_name = "FORMAT")]
    pub stats: Option<StatsFormat>,
    /// The runtime.
    #[command(flatten)]
    pub runtime: RuntimeOptions,
}

/// The options of `explain`.
#[derive(Args, Clone, Debug)]
pub struct ExplainOptions {
    /// The program, or a recording of one (.atlas); without, loading the base library is explained
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Evaluate an expression after the program
    #[arg(short = 'e', value_name = "EXPR", allow_hyphen_values = true)]
    pub expressions: Vec<String>,
    /// The runtime.
    #[command(flatten)]
    pub runtime: RuntimeOptions,
}

/// What a profile is about.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ProfileUnit {
    /// Time, in folded stacks as microseconds
    #[default]
    Time,
    /// Bytes allocated
    Bytes,
}

/// The options of `profile`.
#[derive(Args, Clone, Debug)]
pub struct ProfileOptions {
    /// Programs, run one after the other; loading the base library does not count
    #[arg(value_name = "FILE.arc", required_unless_present = "expressions")]
    pub files: Vec<PathBuf>,
    /// Evaluate an expression after the programs
    #[arg(short = 'e', value_name = "EXPR", allow_hyphen_values = true)]
    pub expressions: Vec<String>,
    /// What comes first in the table, and what folded stacks count
    #[arg(long, value_enum, default_value_t)]
    pub by: ProfileUnit,
    /// Write folded stacks, which programs that draw flame graphs read, instead of a table to standard error
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// The runtime.
    #[command(flatten)]
    pub runtime: RuntimeOptions,
}

/// The options of `disassemble`.
#[derive(Args, Clone, Debug)]
pub struct DisassembleOptions {
    /// The program; what it prints goes to standard error
    #[arg(value_name = "FILE.arc")]
    pub file: PathBuf,
    /// The function or macro to list, from whatever file it is; without one, all that the program defines
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The runtime.
    #[command(flatten)]
    pub runtime: RuntimeOptions,
}

/// The options of `compare`.
#[derive(Args, Clone, Debug)]
pub struct CompareOptions {
    /// The program; without one, loading the base library is compared. With --window also recordings (.atlas)
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Evaluate an expression after the program
    #[arg(short = 'e', value_name = "EXPR", allow_hyphen_values = true)]
    pub expressions: Vec<String>,
    /// Show maps and curves side by side in a window, in step on the allocation clock
    #[arg(long, conflicts_with_all = ["autopsy", "output"])]
    pub window: bool,
    /// Rebuild the first story, one cause after the other, from malloc without collection to pools with evacuation
    #[arg(long, conflicts_with = "heaps")]
    pub autopsy: bool,
    /// Policies to compare, as `run --heap` takes them, instead of pool, single and malloc
    #[arg(long = "heap", value_name = "POLICY")]
    pub heaps: Vec<Policy>,
    /// How often each is run; times are medians
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub rounds: u32,
    /// Write a picture or the numbers too: .png .svg .json
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Dark or light
    #[arg(long, value_enum, default_value_t)]
    pub theme: ThemeName,
    /// What programs build on, and how much memory they may have.
    #[command(flatten)]
    pub base: BaseOptions,
}

/// The options of `snapshot`.
#[derive(Args, Clone, Debug)]
pub struct SnapshotOptions {
    /// The program; without one, the base library alone
    #[arg(value_name = "FILE.arc")]
    pub files: Vec<PathBuf>,
    /// Evaluate an expression after the program
    #[arg(short = 'e', value_name = "EXPR", allow_hyphen_values = true)]
    pub expressions: Vec<String>,
    /// Where to write; the extension says how
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    pub output: PathBuf,
    /// Take the picture as the program left the heap, without collecting first
    #[arg(long)]
    pub as_is: bool,
    /// Dark or light
    #[arg(long, value_enum, default_value_t)]
    pub theme: ThemeName,
    /// The runtime.
    #[command(flatten)]
    pub runtime: RuntimeOptions,
}

/// Dark or light.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ThemeName {
    /// As the system has it; dark where it does not say
    #[default]
    System,
    /// Light on dark
    Dark,
    /// Dark on light
    Light,
}

impl From<ThemeName> for ThemeChoice {
    fn from(name: ThemeName) -> Self {
        match name {
            ThemeName::System => Self::System,
            ThemeName::Dark => Self::Dark,
            ThemeName::Light => Self::Light,
        }
    }
}

impl ThemeName {
    /// The theme of a picture, which no system chooses.
    #[must_use]
    pub fn of_pictures(self) -> Theme {
        match self {
            Self::System | Self::Dark => Theme::Dark,
            Self::Light => Theme::Light,
        }
    }
}

/// The options of `check`. Sizes, shares and ratios are as of after a final collection.
#[derive(Args, Clone, Debug)]
pub struct CheckOptions {
    /// The program; without one, loading the base library is checked
    #[arg(value_name = "FILE.arc")]
    pub files: Vec<PathBuf>,
    /// Evaluate an expression after the program
    #[arg(short = 'e', value_name = "EXPR", allow_hyphen_values = true)]
    pub expressions: Vec<String>,
    /// The most that may be live: 20M
    #[arg(long, value_name = "SIZE", value_parser = format::parse_bytes, help_heading = BUDGETS)]
    pub max_live: Option<u64>,
    /// The most that may be resident
    #[arg(long, value_name = "SIZE", value_parser = format::parse_bytes, help_heading = BUDGETS)]
    pub max_resident: Option<u64>,
    /// How many times what is live may be resident: 1.3
    #[arg(long, value_name = "RATIO", value_parser = budget::parse_ratio, help_heading = BUDGETS)]
    pub max_resident_over_live: Option<f64>,
    /// The most that may be committed
    #[arg(long, value_name = "SIZE", value_parser = format::parse_bytes, help_heading = BUDGETS)]
    pub max_committed: Option<u64>,
    /// The share of what is committed that may be other than live: 30%
    #[arg(long, value_name = "SHARE", value_parser = budget::parse_share, help_heading = BUDGETS)]
    pub max_fragmentation: Option<f64>,
    /// The share of the heap's span that may be holes: 5%
    #[arg(long, value_name = "SHARE", value_parser = budget::parse_share, help_heading = BUDGETS)]
    pub max_holes: Option<f64>,
    /// The most that may ever be allocated
    #[arg(long, value_name = "SIZE", value_parser = format::parse_bytes, help_heading = BUDGETS)]
    pub max_allocated: Option<u64>,
    /// How long the collector may hold the program up at once: 2ms
    #[arg(long, value_name = "TIME", value_parser = budget::parse_time, help_heading = BUDGETS)]
    pub max_pause: Option<f64>,
    /// Budgets that an earlier run makes: what --write-baseline wrote; times are left out
    #[arg(long, value_name = "FILE", help_heading = BUDGETS)]
    pub baseline: Option<PathBuf>,
    /// How much more than the baseline is allowed
    #[arg(long, value_name = "SHARE", value_parser = budget::parse_share, default_value = "5%", help_heading = BUDGETS)]
    pub tolerance: f64,
    /// Write what this run needs, as a baseline of later ones
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<PathBuf>,
    /// Write the outcome as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// The runtime.
    #[command(flatten)]
    pub runtime: RuntimeOptions,
}

impl CheckOptions {
    /// The budgets that are named.
    pub(super) fn budgets(&self) -> Vec<Budget> {
        let bytes = |size: Option<u64>| size.map(|size| size as f64);
        let most = |measure| match measure {
            Measure::Live => bytes(self.max_live),
            Measure::Resident => bytes(self.max_resident),
            Measure::ResidentOverLive => self.max_resident_over_live,
            Measure::Committed => bytes(self.max_committed),
            Measure::Fragmentation => self.max_fragmentation,
            Measure::Holes => self.max_holes,
            Measure::Allocated => bytes(self.max_allocated),
            Measure::Pause => self.max_pause,
        };
        Measure::ALL.into_iter().filter_map(|measure| Some(Budget { measure, most: most(measure)? })).collect()
    }
}

/// The options of `info`.
#[derive(Args, Clone, Debug)]
pub struct InfoOptions {
    /// The recording or core; - for a recording from standard input
    #[arg(value_name = "FILE.atlas|FILE.core")]
    pub path: PathBuf,
    /// Read all of it, of a core follow every reference, and say whether anything is damaged
    #[arg(long)]
    pub check: bool,
    /// Write one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
}

/// The options of `export`.
#[derive(Args, Clone, Debug)]
pub struct ExportOptions {
    /// The recording; - for standard input
    #[arg(value_name = "FILE.atlas")]
    pub path: PathBuf,
    /// Where to write; the extension says how. A moment: .png .svg .json .csv .txt .om (OpenMetrics) .atlas; the whole run:
    /// .pftrace (Perfetto) .trace.json (Chrome) .folded (stacks for flame graphs) .apng (animated) .parquet (pages over time, if
    /// built with it)
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    pub output: PathBuf,
    /// Which moment: a size on the allocation clock, gc:N, form:N, or end
    #[arg(long, value_name = "MOMENT")]
    pub at: Option<At>,
    /// Draw the pages over time, one column a moment, one row an address range: .png .svg
    #[arg(long, conflicts_with = "at")]
    pub over_time: bool,
    /// Dark or light
    #[arg(long, value_enum, default_value_t)]
    pub theme: ThemeName,
}

/// The options of `diff`.
#[derive(Args, Clone, Debug)]
pub struct DiffOptions {
    /// The recording before
    #[arg(value_name = "A.atlas")]
    pub before: PathBuf,
    /// The recording after; without one, the same
    #[arg(value_name = "B.atlas")]
    pub after: Option<PathBuf>,
    /// Which moment before: a size on the allocation clock, gc:N, form:N, or end
    #[arg(long, value_name = "MOMENT", default_value = "end")]
    pub from: At,
    /// Which moment after
    #[arg(long, value_name = "MOMENT", default_value = "end")]
    pub to: At,
    /// Write it instead of a table: .json .png .svg
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Dark or light
    #[arg(long, value_enum, default_value_t)]
    pub theme: ThemeName,
}

/// How fast the window lets the allocation clock go at first.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SpeedName {
    /// Slow motion: loading the library takes about six seconds
    #[default]
    Slow,
    /// As fast as it can
    Full,
}

/// The options of the window.
#[derive(Args, Clone, Debug)]
pub struct OpenOptions {
    /// Programs to run in the window after the base library; or one recording (.atlas), or - for one that comes from standard
    /// input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How fast the allocation clock goes at first
    #[arg(long, value_enum, default_value_t)]
    pub speed: SpeedName,
    /// Stand still before the first form
    #[arg(long)]
    pub paused: bool,
    /// Dark or light
    #[arg(long, value_enum, default_value_t)]
    pub theme: ThemeName,
    /// Put no snapshots anywhere; without, and without --black-box, the window puts them where programs keep their state
    #[arg(long, conflicts_with = "black_box")]
    pub no_black_box: bool,
    /// Begin with a guided tour: window, fragmentation, grow, autopsy; or none, also at the first start
    #[arg(long, value_name = "NAME")]
    pub tour: Option<String>,
    /// The runtime.
    #[command(flatten)]
    pub runtime: RuntimeOptions,
}

/// A size that a heap can have.
fn parse_size(text: &str) -> Result<u64, String> {
    match format::parse_bytes(text)? {
        size if size < 1 << 20 => Err("a heap needs at least 1M".to_owned()),
        size => Ok(size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_make_sense() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_heap_has_a_least_size() {
        assert_eq!(parse_size("64M"), Ok(64 << 20));
        assert!(parse_size("1K").is_err());
        assert!(parse_size("12Q").is_err());
    }

    #[test]
    fn a_file_without_a_command_opens_the_window() {
        let arguments = Arguments::try_parse_from(["heapatlas", "x.arc", "--speed", "full"]).expect("arguments");
        assert!(arguments.command.is_none());
        assert_eq!(arguments.open.files, [PathBuf::from("x.arc")]);
        assert_eq!(arguments.open.speed, SpeedName::Full);
    }
}
