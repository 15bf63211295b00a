//! The collector: where it is in its cycle, steps of it, how far the mark has come, what each cycle changed, and how long
//! the program was stopped.
//!
//! * `cycles` the table of cycles
//! * `change` before and after one of them
//! * `step` what the last step did

mod change;
mod cycles;
mod step;

use std::time::Duration;

use eframe::egui::{Align, Align2, Label, Layout, Rect, RichText, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};
use heapatlas_heap::gc::Pauses;
use heapatlas_heap::terms::{GcPhase, GcUnit};

use crate::format;
use crate::map::palette::Marked;
use crate::model::cycles::Moment;
use crate::ui::action::{self, Action};
use crate::ui::session::{Phase, Session, Walks};
use crate::ui::theme::{self, color};
use crate::ui::widgets::segments::{Segment, segments};
use crate::ui::widgets::swatch;
use crate::ui::words::{Counts, Word};

/// The steps: the word on the button, how far, and what that means.
const STEPS: [(&str, GcUnit, &str); 4] = [
    ("Step object", GcUnit::Object, "scan one object, or do one page of other work"),
    ("Step page", GcUnit::Page, "scan what begins on one page, or do one page of other work"),
    ("Step phase", GcUnit::Phase, "to the end of the phase"),
    ("Whole cycle", GcUnit::Cycle, "to the end of the cycle, or a whole one"),
];
/// Height of the bar of colours.
const BAR: f32 = 10.0;
/// Room for the histogram of pauses.
const PAUSES: f32 = 156.0;
/// Less is too low for it.
const LOW: f32 = 72.0;
/// Room for a label below it.
const LABEL: f32 = 52.0;
/// What is said before the first cycle.
const NO_CYCLE: &str =
    "No collection yet. Collect (G), or step: here is what each changed, and how long it stopped the program.";

/// What is looked at.
#[derive(Debug, Default)]
pub struct CollectorView {
    /// The number of the cycle that was chosen; the latest otherwise.
    chosen: Option<u64>,
}

impl CollectorView {
    /// Shows the panel, and gives what was asked for.
    pub fn show(&mut self, ui: &mut Ui, session: &Session) -> Option<Action> {
        let counters = session.model().counters();
        let usable = !matches!(session.progress().phase(), Phase::Starting | Phase::Ended | Phase::Exhausted(_));
        let asked = ui.add_enabled_ui(usable, |ui| {
            let to = show_phases(ui, counters.phase.unwrap_or(GcPhase::Idle));
            show_steps(ui).or(to)
        });
        if counters.phase.is_some_and(|phase| phase != GcPhase::Idle) {
            show_colours(ui, session);
        } else {
            show_walks(ui, session.walks());
        }
        // What was done last is of now.
        let step = session.last_step().filter(|_| !session.is_past());
        let sentence = step.map_or_else(
            || "Step through a collection: the map shows what is reached, and what waits.".to_owned(),
            |step| format!("Last step: {}.", step::sentence(step)),
        );
        ui.add(Label::new(RichText::new(sentence).weak()).wrap()).counts(Word::LastStep);
        self.show_cycles(ui, session);
        asked.inner
    }

    /// The chosen cycle, before and after; then all of them, and the pauses.
    fn show_cycles(&mut self, ui: &mut Ui, session: &Session) {
        let told = session.told();
        let chosen = self.chosen.and_then(|number| told.cycles().find(|cycle| cycle.number == number));
        let Some(cycle) = chosen.or_else(|| told.cycles().next_back()) else {
            ui.weak(NO_CYCLE);
            return;
        };
        let now = Moment::of(session.model().counters(), session.model().wall());
        change::show(ui, &cycle, &now);
        let rest = ui.available_size();
        // While the mark is shown too, a low panel has no room for bars that tell anything.
        let pauses = if rest.y >= LOW { PAUSES } else { 0.0 };
        ui.horizontal_top(|ui| {
            let below = Layout::top_down(Align::Min);
            let table = vec2((rest.x - pauses).max(PAUSES), rest.y);
            ui.allocate_ui_with_layout(table, below, |ui| {
                if let Some(clicked) = cycles::show(ui, session.told(), cycle.number) {
                    // A second click goes along with the latest again.
                    self.chosen = Some(clicked).filter(|clicked| self.chosen != Some(*clicked));
                }
            });
            if pauses > 0.0 {
                ui.allocate_ui_with_layout(vec2(PAUSES - 16.0, rest.y), below, |ui| show_pauses(ui, session.pauses()));
            }
        });
    }
}

/// The phases as a strip; a click goes to one.
fn show_phases(ui: &mut Ui, now: GcPhase) -> Option<Action> {
    let names = GcPhase::ALL.map(|phase| format!("collect to {}", phase.name()));
    let hints = GcPhase::ALL.map(|phase| {
        format!("{}; click to go there  [{}]", meaning_of(phase), action::written(Action::CollectTo(phase)))
    });
    let choices = GcPhase::ALL.iter().zip(&names).zip(&hints);
    let choices = choices.map(|((phase, name), hint)| Segment { word: phase.name(), name, hint });
    let place = GcPhase::ALL.iter().position(|phase| *phase == now);
    let clicked = ui.horizontal(|ui| segments(ui, choices, place)).inner;
    clicked.map(|place| Action::CollectTo(GcPhase::ALL[place]))
}

fn show_steps(ui: &mut Ui) -> Option<Action> {
    let mut asked = None;
    ui.horizontal(|ui| {
        for (word, unit, meaning) in STEPS {
            let action = Action::Collect(unit);
            let hint = format!("{meaning}  [{}]", action::written(action));
            if ui.button(word).on_hover_text(hint).clicked() {
                asked = Some(action);
            }
        }
    });
    asked
}

const fn meaning_of(phase: GcPhase) -> &'static str {
    match phase {
        GcPhase::Idle => "no cycle is under way: nothing is marked or grey",
        GcPhase::Roots => "the roots are about to be shaded grey",
        GcPhase::Mark => "grey things are scanned, and what they refer to becomes grey",
        GcPhase::Finish => "the roots are scanned once more; what is white afterwards is dead",
        GcPhase::Sweep => "what is dead becomes free, page by page",
        GcPhase::Evacuate => "what lives in sparse pools moves to dense ones",
        GcPhase::GiveBack => "free pages go back to the system",
    }
}

/// How far the mark has come: a bar, and its parts in words.
fn show_colours(ui: &mut Ui, session: &Session) {
    let theme = theme::current(ui);
    let colours = session.model().pages().colours();
    let all = (colours.white + colours.reached).max(1);
    let (bar, response) = ui.allocate_exact_size(vec2(ui.available_width() - 8.0, BAR), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, "how far the mark has come"));
    let reached = bar.left() + bar.width() * (colours.reached as f64 / all as f64) as f32;
    let (black, white) = bar.split_left_right_at_x(reached);
    ui.painter().rect_filled(black, 2.0, color(theme.marking(Marked::Black)));
    ui.painter().rect_filled(white, 2.0, color(theme.marking(Marked::White)));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.spacing_mut().interact_size.y = 18.0;
        for (marked, name, value, word) in [
            (Marked::White, "white", format::bytes(colours.white), Word::White),
            (Marked::Grey, "grey", format::count(colours.grey), Word::Grey),
            (Marked::Black, "reached", format::bytes(colours.reached), Word::Reached),
        ] {
            swatch::swatch(ui, color(theme.marking(marked)));
            ui.add(Label::new(format!("{name} {value}")).extend()).counts(word);
            ui.add_space(8.0);
        }
        show_walks(ui, session.walks());
    });
}

/// Whether the pages say what a walk of the heap counts, while that is compared.
fn show_walks(ui: &mut Ui, walks: &Walks) {
    let theme = theme::current(ui);
    if let Some((shown, counted)) = walks.differed {
        let words = "a walk of the heap counts something else";
        ui.colored_label(color(theme.error()), words)
            .on_hover_text(format!("the pages say {shown:?}, the walk counted {counted:?}"));
    } else if walks.agreed > 0 {
        ui.horizontal(|ui| {
            swatch::swatch(ui, color(theme.running()));
            let words = format!("{} walks agree", format::count(walks.agreed));
            ui.add(Label::new(words).truncate()).counts(Word::Walks);
        });
    }
}

/// How long the program was stopped: a bar for each class of pauses that there were.
fn show_pauses(ui: &mut Ui, pauses: &Pauses) {
    let Some(last) = pauses.counts.iter().rposition(|count| *count > 0) else { return };
    let first = pauses.counts.iter().position(|count| *count > 0).unwrap_or_default();
    let theme = theme::current(ui);
    let words = format!("99 % of pauses ≤ {}\nlongest {}", format::time(pauses.p99), format::time(pauses.longest));
    ui.add(Label::new(RichText::new(words).small().weak()).extend()).counts(Word::Pauses);
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "histogram of pauses"));
    response.counts(Word::Pauses);
    let font = TextStyle::Small.resolve(ui.style());
    let line = ui.text_style_height(&TextStyle::Small);
    let ground = rect.bottom() - line - 2.0;
    let most = pauses.counts.iter().copied().max().unwrap_or(1).max(1);
    let classes = (last - first + 1).max(4);
    let wide = rect.width() / classes as f32;
    let mut labelled = f32::NEG_INFINITY;
    for (n, count) in pauses.counts[first..=last].iter().enumerate() {
        let x = rect.left() + n as f32 * wide;
        // One pause among thousands is to be seen, too.
        let high = if *count == 0 { 0.0 } else { ((ground - rect.top()) * *count as f32 / most as f32).max(1.5) };
        let bar = Rect::from_min_max(pos2(x + 1.0, ground - high), pos2(x + wide - 1.0, ground));
        ui.painter().rect_filled(bar, 1.0, color(theme.running()));
        let end = (x + wide).min(rect.right() - LABEL / 2.0);
        if end - labelled >= LABEL {
            let label = format::time(Duration::from_micros(1 << (first + n)));
            let at = pos2(end, rect.bottom());
            ui.painter().text(at, Align2::CENTER_BOTTOM, label, font.clone(), color(theme.faint_text()));
            labelled = end;
        }
    }
}
