//! Breakpoints: what the program is to stand still at.

use eframe::egui::{Grid, Key, Label, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};
use heapatlas_heap::terms::GcPhase;

use crate::command::{Breakpoint, Command};
use crate::format;
use crate::ui::session::Session;
use crate::ui::theme;
use crate::ui::widgets::segments::{Segment, segments};
use crate::ui::words::{Counts, Word};

/// The breakpoints that need nothing but to be chosen.
const PLAIN: [(Breakpoint, &str, &str); 4] = [
    (Breakpoint::Limit, "soft limit", "the soft limit was reached, or the system refused memory"),
    (Breakpoint::Growth, "growth", "the heap mapped an extent"),
    (Breakpoint::Hole, "hole", "a range between two extents came about that is not the heap's"),
    (Breakpoint::PoolFreed, "pool freed", "nothing is in a pool any more"),
];
/// When an expression is looked at.
const TRIED: &str = "The expression is tried when a form begins or a collection has ended, and every 64 KiB.";
/// Width of a field.
const FIELD: f32 = 220.0;

/// What is chosen, and what is typed.
#[derive(Debug, Default)]
pub struct Breakpoints {
    plain: [bool; PLAIN.len()],
    phase: Option<GcPhase>,
    form: String,
    clock: String,
    predicate: String,
    /// Why what is typed is no place on the clock.
    trouble: Option<String>,
}

impl Breakpoints {
    /// Shows the choices, and gives the command when they have changed.
    pub fn show(&mut self, ui: &mut Ui, session: &Session) -> Option<Command> {
        let mut changed = false;
        ui.weak("The program stands still when …");
        ui.horizontal_wrapped(|ui| {
            for ((_, name, meaning), chosen) in PLAIN.iter().zip(&mut self.plain) {
                changed |= ui.checkbox(chosen, *name).on_hover_text(*meaning).changed();
                ui.add_space(8.0);
            }
        });
        ui.horizontal(|ui| {
            ui.label("collector at");
            changed |= self.show_phases(ui);
        });
        Grid::new("typed breakpoints").num_columns(2).spacing([8.0, 5.0]).show(ui, |ui| {
            let typed = [
                ("a form contains", "form to stop at", "foo, or file.arc:12", &mut self.form),
                ("the allocation clock reaches", "clock to stop at", "2 MiB", &mut self.clock),
                ("an expression becomes true", "expression to stop at", "(> (len items) 100)", &mut self.predicate),
            ];
            for (words, name, hint, text) in typed {
                ui.label(words);
                changed |= field(ui, name, hint, text);
                ui.end_row();
            }
        });
        ui.add(Label::new(RichText::new(TRIED).weak()).wrap()).counts(Word::TriedAfter);
        if let Some(trouble) = &self.trouble {
            ui.colored_label(ui.visuals().error_fg_color, trouble);
        }
        ui.add_space(4.0);
        if let Some(why) = session.stopped() {
            let words = RichText::new(format!("Stopped: {why}.")).color(theme::color(theme::current(ui).waiting()));
            ui.add(Label::new(words).wrap());
        }
        changed.then(|| Command::SetBreakpoints(self.set()))
    }

    fn show_phases(&mut self, ui: &mut Ui) -> bool {
        let names = GcPhase::ALL.map(|phase| format!("stop at {}", phase.name()));
        let choices = GcPhase::ALL.iter().zip(&names);
        let hint = "click again to take it back; while this is set, collections go a phase at a time";
        let choices = choices.map(|(phase, name)| Segment { word: phase.name(), name, hint });
        let chosen = self.phase.and_then(|chosen| GcPhase::ALL.iter().position(|phase| *phase == chosen));
        let Some(place) = segments(ui, choices, chosen) else { return false };
        self.phase = Some(GcPhase::ALL[place]).filter(|phase| self.phase != Some(*phase));
        true
    }

    /// The breakpoints that were chosen.
    fn set(&mut self) -> Vec<Breakpoint> {
        self.trouble = None;
        let plain =
            PLAIN.into_iter().zip(self.plain).filter(|(_, chosen)| *chosen).map(|((breakpoint, ..), _)| breakpoint);
        let mut set: Vec<_> = plain.collect();
        set.extend(self.phase.map(Breakpoint::Phase));
        if !self.form.trim().is_empty() {
            set.push(Breakpoint::Form(self.form.trim().to_owned()));
        }
        if !self.predicate.trim().is_empty() {
            set.push(Breakpoint::When(self.predicate.trim().to_owned()));
        }
        if !self.clock.trim().is_empty() {
            match format::parse_bytes(&self.clock) {
                Ok(bytes) => set.push(Breakpoint::Clock(bytes)),
                Err(trouble) => self.trouble = Some(trouble),
            }
        }
        set
    }
}

/// A field that is said to have changed when what was typed is entered, or left.
fn field(ui: &mut Ui, name: &str, hint: &str, text: &mut String) -> bool {
    let edit = TextEdit::singleline(text).id_salt(name).hint_text(hint).desired_width(FIELD).margin(vec2(8.0, 4.0));
    let response = ui.add(edit.lock_focus(false));
    let value = text.clone();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::TextInput, true, name);
        info.current_text_value = Some(value.clone());
        info
    });
    response.lost_focus() && !ui.input(|input| input.key_pressed(Key::Escape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_and_typed_becomes_breakpoints() {
        let mut view = Breakpoints { plain: [false, true, false, true], ..Breakpoints::default() };
        view.phase = Some(GcPhase::Sweep);
        view.form = " def map ".to_owned();
        view.predicate = " (> n 3)".to_owned();
        view.clock = "2M".to_owned();
        let set = [
            Breakpoint::Growth,
            Breakpoint::PoolFreed,
            Breakpoint::Phase(GcPhase::Sweep),
            Breakpoint::Form("def map".to_owned()),
            Breakpoint::When("(> n 3)".to_owned()),
            Breakpoint::Clock(2 << 20),
        ];
        assert_eq!(view.set(), set);
        view.clock = "soon".to_owned();
        assert_eq!(view.set().len(), 5);
        assert!(view.trouble.is_some());
    }
}
