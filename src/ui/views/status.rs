//! What is going on: the form that runs, the clocks, the collections.

use eframe::egui::{Align, Label, Layout, RichText, Sense, Ui, vec2};

use crate::format;
use crate::map::palette::{Rgb, Theme};
use crate::model::forms::Form;
use crate::ui::session::{Phase, Session};
use crate::ui::theme::{self, color};
use crate::ui::words::{Counts, Word};

/// Shows the line.
pub fn show(ui: &mut Ui, session: &Session) {
    let theme = theme::current(ui);
    let phase = session.progress().phase();
    ui.horizontal_centered(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
        ui.painter().circle_filled(rect.center(), 4.5, color(colour_of(&phase, theme)));
        ui.add(Label::new(RichText::new(word_of(&phase)).strong()).extend());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 18.0;
            for (text, word) in numbers(session) {
                ui.add(Label::new(RichText::new(text).weak()).extend()).counts(word);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                if session.is_past() {
                    let text = RichText::new("shown: the past").color(color(theme.waiting()));
                    ui.add(Label::new(text).extend()).on_hover_text("the runtime goes on; End goes back to now");
                }
                match &phase {
                    Phase::Failed(error) => {
                        let text = RichText::new(error.to_string()).color(color(theme.error()));
                        ui.add(Label::new(text).truncate()).on_hover_text(error.to_string());
                    }
                    _ => show_form(ui, session, theme),
                }
            });
        });
    });
}

/// Where the form is written, and its first words.
fn show_form(ui: &mut Ui, session: &Session, theme: Theme) {
    let forms = session.told().forms();
    let Some(form) = forms.running().or_else(|| forms.last()) else { return };
    let place = RichText::new(place_of(form)).color(color(theme.text())).monospace();
    ui.add(Label::new(place).extend()).counts(Word::FormPlace);
    let text = RichText::new(&*form.text).monospace().color(color(theme.faint_text()));
    ui.add(Label::new(text).truncate()).on_hover_text(&*form.text);
}

fn place_of(form: &Form) -> String {
    format::briefly(&format!("{}:{}", form.file, form.line)).to_owned()
}

/// The numbers at the right, the rightmost first.
fn numbers(session: &Session) -> Vec<(String, Word)> {
    let (counters, told) = (session.model().counters(), session.told());
    let forms = told.forms().count();
    let mut numbers = vec![
        (format!("clock {}", format::bytes(counters.clock)), Word::Clock),
        (format!("{} form{}", format::count(forms), plural(forms)), Word::FormsBegun),
    ];
    let cycles = match (counters.cycles, told.last_cause()) {
        (0, _) => "no collection yet".to_owned(),
        (n, None) => format!("{n} collections, {}", format::time(counters.gc_time)),
        (n, Some(cause)) => {
            format!("{n} collection{}, {}, last: {}", plural(n), format::time(counters.gc_time), cause.name())
        }
    };
    numbers.push((cycles, Word::Collections));
    if !counters.policy.is_usual() {
        numbers.push((format!("heap {}", counters.policy), Word::Policy));
    }
    if let Some(limit) = counters.limit {
        numbers.push((format!("soft limit {}", format::bytes(limit)), Word::SoftLimit));
    }
    let lost = session.chronicle().lost_events();
    if lost > 0 {
        let lost = format!("{} events lost", format::count(lost));
        numbers.push((lost, Word::EventsLost));
    }
    numbers
}

/// What makes a word mean several.
pub(super) const fn plural(n: u64) -> &'static str {
    if n == 1 { "" } else { "s" }
}

const fn word_of(phase: &Phase<'_>) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Loading => "running",
        Phase::Skipping => "running at full speed",
        Phase::Paused => "paused",
        Phase::Exhausted(_) => "waiting for an answer",
        Phase::Finished => "finished",
        Phase::Evaluating => "evaluating",
        Phase::Failed(_) => "failed",
        Phase::Ended => "ended",
    }
}

fn colour_of(phase: &Phase<'_>, theme: Theme) -> Rgb {
    match phase {
        Phase::Loading | Phase::Skipping | Phase::Evaluating => theme.running(),
        Phase::Paused | Phase::Starting | Phase::Exhausted(_) => theme.waiting(),
        Phase::Failed(_) => theme.error(),
        Phase::Finished | Phase::Ended => theme.faint_text(),
    }
}
