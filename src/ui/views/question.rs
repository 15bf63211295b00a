//! The question what to do about an exhausted heap, in a bar above the map: the map and the balance stay in sight, for
//! they are what one decides by.

use eframe::egui::{Key, Label, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};
use heapatlas_heap::Exhausted;
use heapatlas_heap::terms::GcUnit;

use crate::command::Command;
use crate::ui::theme::{self, color};
use crate::ui::words::{Counts, Word};
use crate::{exhaustion, format};

/// Width of the field for a limit.
const FIELD: f32 = 92.0;

/// The question, while it is open.
#[derive(Debug, Default)]
pub struct Question {
    /// What it is about; `None` while nothing is asked.
    asked: Option<Exhausted>,
    /// The soft limit that is being typed.
    limit: String,
    /// Why that is none.
    trouble: Option<String>,
}

impl Question {
    /// Nothing is asked any more.
    pub fn close(&mut self) {
        self.asked = None;
    }

    /// Whether it is being asked.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.asked.is_some()
    }

    /// Asks, and gives the answer.
    pub fn show(&mut self, ui: &mut Ui, exhausted: &Exhausted) -> Option<Command> {
        let opened = self.asked != Some(*exhausted);
        let suggested = exhaustion::suggested_limit(exhausted);
        if opened {
            self.asked = Some(*exhausted);
            self.limit = suggested.map_or_else(String::new, format::bytes);
            self.trouble = None;
        }
        ui.horizontal_wrapped(|ui| {
            let theme = theme::current(ui);
            ui.label(RichText::new("Heap exhausted").heading().strong().color(color(theme.error())));
            ui.add(Label::new(exhaustion::numbers(exhausted)).wrap()).counts(Word::Exhausted);
            ui.weak("The program waits.");
        });
        let mut answer = None;
        ui.horizontal(|ui| {
            if suggested.is_some() {
                answer = self.show_limit(ui, exhausted, opened);
                ui.add_space(10.0);
            }
            let collect = ui.button("Collect and retry").on_hover_text("move everything together, and try again");
            if collect.clicked() {
                answer = Some(Command::Collect(GcUnit::Cycle));
            }
            let signal = ui.button("Signal the error").on_hover_text("the program handles it, or ends with it");
            if signal.clicked() {
                answer = Some(Command::Signal);
            }
            if suggested.is_none() && opened {
                signal.request_focus();
            }
            if let Some(trouble) = &self.trouble {
                ui.colored_label(ui.visuals().error_fg_color, trouble);
            }
        });
        answer
    }

    /// The field for a limit, and its button.
    fn show_limit(&mut self, ui: &mut Ui, exhausted: &Exhausted, opened: bool) -> Option<Command> {
        const NAME: &str = "New soft limit";
        ui.label("soft limit");
        let field = TextEdit::singleline(&mut self.limit)
            .id_salt("limit field")
            .desired_width(FIELD)
            .margin(vec2(8.0, 5.0))
            .lock_focus(false);
        let response = ui.add(field);
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::TextInput, true, NAME);
            info.current_text_value = Some(self.limit.clone());
            info
        });
        if opened {
            response.request_focus();
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let raise = ui.button("Raise and retry").on_hover_text("set the soft limit, and try again  [Enter]");
        if !entered && !raise.clicked() {
            return None;
        }
        match exhaustion::parse_limit(&self.limit, exhausted) {
            Ok(limit) => Some(Command::SetLimit(Some(limit))),
            Err(trouble) => {
                self.trouble = Some(trouble);
                response.request_focus();
                None
            }
        }
    }
}
