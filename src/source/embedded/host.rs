//! What happens on the runtime's thread at safepoints: it takes commands, waits when the allocation clock is ahead of what
//! the speed allows, and cuts a frame when 64 KiB were allocated, 16 ms went by, or something stepped. A full channel
//! never blocks it: the frame is not cut, and what changed joins the next one.

use std::io;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use heapatlas_arc::error::{ArcError, ErrorKind};
use heapatlas_arc::host::{Answer, Errand, Host, Verdict};
use heapatlas_arc::inspect::{Findings, Inspection};
use heapatlas_arc::profile::Sample;
use heapatlas_heap::frame::Frame;
use heapatlas_heap::gc::StepReport;
use heapatlas_heap::terms::{GcPhase, GcUnit};
use heapatlas_heap::{Exhausted, Heap};

use super::Beginning;
use super::errands::{Errands, Withdrawals};
use super::outlet::Outlet;
use super::residency::Residency;
use crate::command::{Command, Speed};
use crate::source::black_box::BlackBox;
use crate::source::breakpoints::Breakpoints;
use crate::source::predicate::Predicate;
use crate::source::recorder::Recorder;
use crate::source::sampling::{self, Sampling};
use crate::source::{Message, State};

/// Bytes allocated after which a frame is due.
const FRAME_BYTES: u64 = 64 << 10;
/// Time after which one is.
const FRAME_TIME: Duration = Duration::from_millis(16);
/// How often pauses are told.
const PAUSES_TIME: Duration = Duration::from_millis(50);
/// Calls between two looks at full speed and in slow motion.
const CALLS_AT_FULL_SPEED: u32 = 2_000;
const CALLS_IN_SLOW_MOTION: u32 = 100;
/// The same while there are breakpoints: the program goes no further beyond one.
const CALLS_WITH_BREAKPOINTS: u32 = 8;
/// Until the next command comes.
const A_LONG_TIME: Duration = Duration::from_secs(3600);

/// A soft limit as the heap wants it.
fn limit_of(bytes: Option<u64>) -> Option<usize> {
    bytes.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// Whether the program goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Run,
    Paused,
    /// Runs to the beginning of the next form.
    StepForm,
    /// The runtime is to end.
    Quit,
}

/// Since when the speed counts, and where the allocation clock was then.
#[derive(Clone, Copy, Debug)]
struct Pace {
    since: Instant,
    clock: u64,
}

/// What happens on the runtime's thread at safepoints.
#[derive(Debug)]
pub(super) struct EmbeddedHost {
    outlet: Outlet,
    commands: Receiver<Command>,
    recycled: Receiver<Box<Frame>>,
    mode: Mode,
    /// While texts are evaluated, one within the other: whether what they interrupted goes on.
    interrupted: Vec<Mode>,
    speed: Speed,
    /// While skipping: the speed to go back to.
    speed_after_skip: Option<Speed>,
    pace: Pace,
    /// The clock and the time of the latest frame.
    last_frame: (u64, Instant),
    residency: Residency,
    wants_key: bool,
    /// Whether something stepped since the latest frame.
    stepped: bool,
    breakpoints: Breakpoints,
    sampling: Sampling,
    predicate: Predicate,
    /// The phase that the collector is to come to.
    collect_to: Option<GcPhase>,
    errands: Errands,
    /// The collections of which the pauses were told, and when.
    cycles_told: u64,
    pauses_told: Instant,
    /// Whether somebody is there to be asked.
    asks: bool,
    /// Whether the heap is walked at every step, for whoever shows it to compare.
    walks: bool,
    /// The state told last.
    told: Option<State>,
    /// What records the frames that are cut.
    recorder: Option<Recorder>,
    black_box: Option<BlackBox>,
}

impl EmbeddedHost {
    /// What a runtime begins with. It is told by the first channel what to do, and gets back frames by the second.
    ///
    /// # Errors
    /// When the recording can't be written.
    pub(super) fn new(
        beginning: &Beginning,
        outlet: Outlet,
        (commands, recycled): (Receiver<Command>, Receiver<Box<Frame>>),
        withdrawals: Withdrawals,
    ) -> io::Result<Self> {
        let program = &beginning.program;
        let notes = outlet.clone();
        let black_box = program.black_box(Box::new(move |line| notes.tell(Message::Note(line))));
        let recorder = program.recorder().map_err(|error| io::Error::other(error.message))?;
        Ok(Self {
            outlet,
            commands,
            recycled,
            mode: if beginning.paused { Mode::StepForm } else { Mode::Run },
            interrupted: Vec::new(),
            speed: beginning.speed,
            speed_after_skip: None,
            pace: Pace { since: Instant::now(), clock: 0 },
            last_frame: (0, Instant::now()),
            residency: Residency::default(),
            wants_key: true,
            stepped: false,
            collect_to: None,
            errands: Errands::new(withdrawals),
            breakpoints: Breakpoints::default(),
            sampling: Sampling::default(),
            predicate: Predicate::default(),
            cycles_told: 0,
            pauses_told: Instant::now(),
            asks: beginning.asks,
            walks: program.verify,
            told: None,
            black_box,
            recorder,
        })
    }

    fn tell_state(&mut self, state: State) {
        if self.told.as_ref() != Some(&state) {
            self.outlet.tell(Message::State(state.clone()));
            self.told = Some(state);
        }
    }

    /// Does what a command wants, as far as that needs nobody else.
    fn obey(&mut self, command: Command, heap: &mut Heap) -> Option<Verdict> {
        match command {
            Command::Run => {
                self.mode = Mode::Run;
                self.restart_pace(heap);
            }
            Command::Pause => self.mode = Mode::Paused,
            Command::StepForm => {
                self.mode = Mode::StepForm;
                self.restart_pace(heap);
            }
            Command::Speed(speed) => {
                self.speed = speed;
                self.speed_after_skip = None;
                self.restart_pace(heap);
            }
            Command::Skip => {
                if self.speed_after_skip.is_none() {
                    self.speed_after_skip = Some(self.speed);
                    self.speed = Speed::Full;
                }
                self.mode = Mode::Run;
            }
            Command::Collect(unit) => {
                self.stepped = true;
                return Some(Verdict::Collect(unit));
            }
            Command::CollectTo(phase) => {
                self.collect_to = Some(phase);
                return Some(Verdict::Collect(GcUnit::Phase));
            }
            Command::InspectPage(address) => return Some(Verdict::Inspect(Inspection::Page(address))),
            Command::FindSymbol(name) => return Some(Verdict::Inspect(Inspection::Symbol(name))),
            Command::Complete(prefix) => return Some(Verdict::Inspect(Inspection::Names(prefix))),
            Command::FreeLists(chosen) => return Some(Verdict::Inspect(Inspection::FreeLists(chosen))),
            Command::SetBreakpoints(set) => {
                self.predicate.set(&set);
                self.breakpoints.set(set, heap);
            }
            Command::Evaluate(text) => {
                self.interrupted.push(self.mode);
                self.mode = Mode::Run;
                self.restart_pace(heap);
                return Some(Verdict::Evaluate(text));
            }
            Command::SetLimit(bytes) => heap.set_limit(limit_of(bytes)),
            Command::Profile(wanted) => self.sampling.want(wanted),
            // The sender counted it, which is looked at while something is under way.
            Command::Withdraw => self.errands.withdrawal_arrived(),
            // The question has an answer already.
            Command::Signal => {}
            Command::KeyFrame => self.wants_key = true,
            // The sender set the flag, which is looked at once the program goes on.
            Command::Interrupt => self.mode = Mode::Run,
            Command::Quit => {
                self.mode = Mode::Quit;
                return Some(Verdict::Stop);
            }
        }
        None
    }

    /// What a command says about an exhausted heap, if it does. Any other is obeyed as far as that needs no machine.
    fn answer(&mut self, command: Command, heap: &mut Heap) -> Option<Answer> {
        match command {
            Command::SetLimit(bytes) => return Some(Answer::Limit(limit_of(bytes))),
            Command::Collect(_) | Command::CollectTo(_) => return Some(Answer::Collect),
            Command::Signal => return Some(Answer::Signal),
            Command::Evaluate(text) => {
                let busy = format!("waiting for an answer; not evaluated: {text}");
                self.outlet.tell(Message::Evaluated(Err(ArcError::new(ErrorKind::Program, busy))));
            }
            // The machine is in the middle of an instruction: what its registers hold can't be told now.
            Command::InspectPage(_) | Command::FindSymbol(_) | Command::Complete(_) => {}
            Command::FreeLists(chosen) => {
                self.outlet.tell(Message::Found(Findings::FreeLists(Box::new(heap.free_lists(chosen)))));
            }
            // The sender set the flag, for which the machine looks after any answer.
            Command::Interrupt | Command::Quit => {
                self.obey(command, heap);
                return Some(Answer::Signal);
            }
            Command::Run
            | Command::Pause
            | Command::StepForm
            | Command::Speed(_)
            | Command::Skip
            | Command::SetBreakpoints(_)
            | Command::Profile(_)
            | Command::Withdraw
            | Command::KeyFrame => {
                self.obey(command, heap);
            }
        }
        None
    }

    fn restart_pace(&mut self, heap: &Heap) {
        self.pace = Pace { since: Instant::now(), clock: heap.clock() };
    }

    /// How long the allocation clock is ahead of the speed.
    fn ahead(&self, heap: &Heap) -> Duration {
        let Speed::BytesPerSecond(speed) = self.speed else { return Duration::ZERO };
        let allocated = heap.clock().saturating_sub(self.pace.clock) as f64;
        let due = Duration::from_secs_f64((allocated / speed.max(1.0)).min(1e6));
        due.saturating_sub(self.pace.since.elapsed())
    }

    /// Cuts a frame if one is due and there is room.
    fn cut(&mut self, heap: &mut Heap) {
        let (clock, since) = self.last_frame;
        let now = self.stepped || self.wants_key;
        let due = now || heap.clock() - clock >= FRAME_BYTES || (heap.clock() > clock && since.elapsed() >= FRAME_TIME);
        let has_room = self.recorder.as_ref().is_none_or(Recorder::has_room) && self.outlet.has_room_for_frame();
        if !due || !has_room {
            return;
        }
        if now || self.residency.is_due() {
            self.residency.measure(heap);
        }
        if now || self.pauses_told.elapsed() >= PAUSES_TIME {
            self.tell_pauses(heap);
        }
        let mut frame = self.recycled.try_recv().unwrap_or_default();
        frame.key = std::mem::take(&mut self.wants_key);
        let walked = (std::mem::take(&mut self.stepped) && self.walks).then(|| heap.colours());
        heap.cut_frame_into(&mut frame);
        self.breakpoints.frame_was_cut();
        self.last_frame = (heap.clock(), Instant::now());
        if let Some(black_box) = &self.black_box {
            self.wants_key |= !black_box.see(&frame);
        }
        if let Some(recorder) = &mut self.recorder {
            self.wants_key |= recorder.take(&frame);
        }
        if let Some(stacks) = self.sampling.take() {
            self.outlet.tell(Message::Sampled(stacks));
        }
        self.outlet.tell(Message::Frame(frame));
        if let Some(colours) = walked {
            self.outlet.tell(Message::Walked(colours));
        }
    }

    /// Whoever stands still shows where, and what is resident then.
    fn show_where(&mut self, heap: &mut Heap) {
        self.stepped |= self.last_frame.0 != heap.clock() || !self.residency.is_of(heap.clock());
        self.cut(heap);
    }

    /// How long whoever stands still waits for a command: until one comes, unless the frame that shows where it stands has
    /// found no room yet.
    fn until_shown(&self) -> Duration {
        if self.stepped || self.wants_key { FRAME_TIME } else { A_LONG_TIME }
    }

    /// Stands still when something came about that the program is to stand still at.
    fn break_if_hit(&mut self, heap: &Heap) {
        if let Some(why) = self.breakpoints.hit(heap) {
            self.stand_still(why);
        }
    }

    fn stand_still(&mut self, why: String) {
        if self.mode != Mode::Quit {
            self.mode = Mode::Paused;
            self.outlet.tell(Message::Stopped(why));
        }
    }

    /// What the program is to be asked for a breakpoint, if it is time to. Not within a text that a person typed.
    fn test(&mut self, heap: &Heap) -> Option<Verdict> {
        let runs = matches!(self.mode, Mode::Run | Mode::StepForm) && self.interrupted.is_empty();
        if runs { self.predicate.ask(heap).map(Verdict::Test) } else { None }
    }

    /// Takes note of the answer.
    fn tested(&mut self, heap: &Heap, result: &Result<Option<String>, ArcError>) {
        let (why, allocated) = self.predicate.answered(result, heap);
        // What the question cost is not the program's.
        self.pace.clock += allocated;
        if let Some(why) = why {
            self.stand_still(why);
        }
    }

    /// Tells how long the collector has stopped the program, when it has since the last time.
    fn tell_pauses(&mut self, heap: &Heap) {
        let stats = heap.gc_stats();
        if self.stepped || self.cycles_told != stats.cycles {
            self.cycles_told = stats.cycles;
            self.pauses_told = Instant::now();
            self.outlet.tell(Message::Pauses(Box::new(stats.pauses())));
        }
    }

    /// The next step towards the phase that the collector is to come to.
    fn next_phase(&mut self, heap: &Heap) -> Option<Verdict> {
        let wanted = self.collect_to?;
        if heap.gc_phase() == wanted {
            self.collect_to = None;
            return None;
        }
        Some(Verdict::Collect(GcUnit::Phase))
    }

    /// Takes the commands that have arrived; the first that needs the machine is the verdict.
    fn take_commands(&mut self, heap: &mut Heap) -> Option<Verdict> {
        loop {
            match self.commands.try_recv() {
                Ok(command) => {
                    if let Some(verdict) = self.obey(command, heap) {
                        return Some(verdict);
                    }
                }
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => return Some(Verdict::Stop),
            }
        }
    }

    /// Waits for a command for some time.
    fn wait(&mut self, heap: &mut Heap, time: Duration) -> Option<Verdict> {
        match self.commands.recv_timeout(time) {
            Ok(command) => self.obey(command, heap),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Verdict::Stop),
        }
    }
}

impl Host for EmbeddedHost {
    fn look(&mut self, heap: &mut Heap) -> Verdict {
        if self.predicate.is_asking() {
            // Nothing holds a question up but an interrupt.
            return Verdict::Go { calls: CALLS_AT_FULL_SPEED };
        }
        self.break_if_hit(heap);
        if let Some(verdict) = self.test(heap) {
            return verdict;
        }
        loop {
            if let Some(verdict) = self.next_phase(heap).or_else(|| self.take_commands(heap)) {
                return verdict;
            }
            if self.mode == Mode::Paused {
                self.show_where(heap);
                self.tell_state(State::Paused);
                if let Some(verdict) = self.wait(heap, self.until_shown()) {
                    return verdict;
                }
                continue;
            }
            if self.mode == Mode::Quit {
                return Verdict::Stop;
            }
            self.cut(heap);
            self.tell_state(State::Running);
            let ahead = self.ahead(heap);
            if ahead.is_zero() {
                let calls = match self.speed {
                    _ if !self.breakpoints.is_empty() => CALLS_WITH_BREAKPOINTS,
                    Speed::Full if self.sampling.is_wanted() => sampling::CALLS,
                    Speed::Full => CALLS_AT_FULL_SPEED,
                    Speed::BytesPerSecond(_) => CALLS_IN_SLOW_MOTION,
                };
                return Verdict::Go { calls };
            }
            if let Some(verdict) = self.wait(heap, ahead.min(FRAME_TIME)) {
                return verdict;
            }
        }
    }

    fn follows_phases(&self) -> bool {
        self.breakpoints.follow_phases()
    }

    fn rests(&mut self, heap: &mut Heap) -> Verdict {
        if let Some(speed) = self.speed_after_skip.take() {
            self.speed = speed;
        }
        self.restart_pace(heap);
        loop {
            if let Some(verdict) = self.next_phase(heap) {
                return verdict;
            }
            self.show_where(heap);
            if self.mode == Mode::Quit {
                return Verdict::Stop;
            }
            if let Some(verdict) = self.wait(heap, self.until_shown()) {
                return verdict;
            }
        }
    }

    fn exhausted(&mut self, heap: &mut Heap, exhausted: &Exhausted) -> Answer {
        if let Some(black_box) = &self.black_box {
            black_box.write(heap, exhausted);
            // The frame of the snapshot is missing from those of the viewer.
            self.wants_key = true;
        }
        if !self.asks {
            return Answer::Signal;
        }
        // Whoever decides wants to see what there is.
        self.stepped = true;
        self.tell_state(State::Exhausted(*exhausted));
        let answer = loop {
            self.cut(heap);
            match self.commands.recv_timeout(self.until_shown()) {
                Ok(command) => {
                    if let Some(answer) = self.answer(command, heap) {
                        break answer;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break Answer::Signal,
            }
        };
        self.restart_pace(heap);
        self.tell_state(State::Running);
        answer
    }

    fn evaluated(&mut self, heap: &mut Heap, result: Result<Option<String>, ArcError>) {
        if self.predicate.is_asking() {
            return self.tested(heap, &result);
        }
        if let Some(mode) = self.interrupted.pop()
            && self.mode != Mode::Quit
        {
            self.mode = mode;
        }
        self.stepped = true;
        self.cut(heap);
        if self.mode == Mode::Paused {
            self.tell_state(State::Paused);
        }
        self.outlet.tell(Message::Evaluated(result));
    }

    fn still_wants(&mut self, errand: &Errand) -> bool {
        self.errands.still_wants(errand, &self.outlet)
    }

    fn stepped(&mut self, _heap: &mut Heap, report: &StepReport) {
        self.stepped = true;
        if self.errands.ended() && report.ended_in != GcPhase::Idle {
            self.collect_to = None;
            let told = "collection cancelled: what is left of it is done while the program runs, or by the next step";
            self.outlet.tell(Message::Note(told.to_owned()));
        }
        self.outlet.tell(Message::Stepped(*report));
    }

    fn inspected(&mut self, _heap: &mut Heap, findings: Findings) {
        self.errands.ended();
        self.outlet.tell(Message::Found(findings));
    }

    fn form_begins(&mut self, heap: &mut Heap) {
        self.break_if_hit(heap);
        self.predicate.form_begins();
        if self.mode == Mode::StepForm {
            self.mode = Mode::Paused;
        }
        if self.mode == Mode::Paused {
            heap.set_countdown(1);
        }
    }

    fn form_ends(&mut self, _heap: &mut Heap) {}

    fn wants_samples(&self) -> bool {
        self.sampling.is_wanted()
    }

    fn sampled(&mut self, sample: Sample) {
        self.sampling.add(sample);
    }

    fn idles(&mut self, heap: &mut Heap) {
        self.cut(heap);
    }
}
