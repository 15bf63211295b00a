//! The console: Arc, evaluated in the running runtime, and what the program prints.

use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::{Align, Context, Id, Key, Label, Layout, Modifiers, RichText, ScrollArea, TextEdit, TextStyle, Ui};

use crate::command::Command;
use crate::map::palette::{Rgb, Theme};
use crate::ui::session::Session;
use crate::ui::theme::{self, CONTROL, color};
use crate::ui::transcript::{Line, Voice};
use crate::ui::widgets::button::IconButton;
use crate::ui::widgets::icon::Icon;

/// What is being typed, and what was typed before.
#[derive(Debug, Default)]
pub struct Console {
    text: String,
    typed: Vec<String>,
    /// Which of what was typed is shown, counted from the latest; `None` while something new is typed.
    recalled: Option<usize>,
    /// Whether the field is to have the keyboard.
    wants_focus: bool,
    /// The names that what is typed could go on with.
    names: String,
    /// The field, once it was shown.
    field: Option<Id>,
}

/// Texts remembered at most.
const MOST_TYPED: usize = 200;

impl Console {
    /// Gives the field the keyboard.
    pub fn focus(&mut self) {
        self.wants_focus = true;
    }

    /// Goes on with the word at the end as far as all names that begin so agree, and shows those.
    pub fn complete(&mut self, ctx: &Context, prefix: &str, names: &[String]) {
        if word_of(&self.text) != prefix {
            return;
        }
        self.text.push_str(common(names).strip_prefix(prefix).unwrap_or_default());
        // Whatever Tab did to it, the field has the keyboard again.
        self.wants_focus = true;
        self.names = match names {
            [] => format!("no name begins with {prefix}"),
            [_] => String::new(),
            names => names.join("  "),
        };
        if let Some((id, mut state)) = self.field.and_then(|id| Some((id, TextEdit::load_state(ctx, id)?))) {
            let end = CCursor::new(self.text.chars().count());
            state.cursor.set_char_range(Some(CCursorRange::one(end)));
            state.store(ctx, id);
        }
    }

    /// Shows what was said, and a field to type in. Gives what is to be done.
    pub fn show(&mut self, ui: &mut Ui, session: &Session) -> Option<Command> {
        if session.is_recording() {
            ui.add(
                Label::new("This is a recording: what ran is over, and nobody is there to evaluate anything.").wrap(),
            );
            ui.add(Label::new(RichText::new("Open the program itself to ask it.  [Ctrl+O]").weak()).wrap());
            ui.add_space(4.0);
            show_lines(ui, session);
            return None;
        }
        let command = ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
            let command = self.show_field(ui, session);
            if !self.names.is_empty() {
                let names = RichText::new(&self.names).monospace().weak();
                ui.add(Label::new(names).truncate()).on_hover_text(&self.names);
            }
            ui.add_space(2.0);
            ui.with_layout(Layout::top_down(Align::Min), |ui| show_lines(ui, session));
            command
        });
        command.inner
    }

    fn show_field(&mut self, ui: &mut Ui, session: &Session) -> Option<Command> {
        let mut command = None;
        let size = eframe::egui::vec2(ui.available_width(), CONTROL);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            let busy = session.progress().is_evaluating();
            if busy
                && ui.add(IconButton::new(Icon::Stop, "Stop")).on_hover_text("stop what is being evaluated").clicked()
            {
                command = Some(Command::Interrupt);
            }
            let has_focus = self.field.is_some_and(|id| ui.memory(|memory| memory.has_focus(id)));
            let word = word_of(&self.text);
            // Where there is nothing to complete, Tab goes to the next control.
            let completes = has_focus && !word.is_empty();
            if completes && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Tab)) {
                command = Some(Command::Complete(word.to_owned()));
                self.wants_focus = true;
            }
            let field = TextEdit::singleline(&mut self.text)
                .id_salt("console field")
                .font(TextStyle::Monospace)
                .hint_text("(map [* _ _] '(1 2 3))")
                .desired_width(f32::INFINITY)
                .margin(eframe::egui::vec2(8.0, 5.0))
                .lock_focus(completes);
            let response = ui.add(field);
            self.field = Some(response.id);
            response.widget_info(|| {
                let mut info =
                    eframe::egui::WidgetInfo::labeled(eframe::egui::Role::TextInput, true, "Arc to evaluate");
                info.current_text_value = Some(self.text.clone());
                info
            });
            if std::mem::take(&mut self.wants_focus) {
                response.request_focus();
            }
            if response.changed() {
                self.recalled = None;
                self.names.clear();
            }
            if response.has_focus() {
                self.recall(ui);
            }
            if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
                command = self.take().or(command.take());
                response.request_focus();
            }
        });
        command
    }

    /// Takes what was typed.
    fn take(&mut self) -> Option<Command> {
        self.names.clear();
        let text = std::mem::take(&mut self.text);
        self.recalled = None;
        if text.trim().is_empty() {
            return None;
        }
        if self.typed.last() != Some(&text) {
            self.typed.push(text.clone());
            if self.typed.len() > MOST_TYPED {
                self.typed.remove(0);
            }
        }
        Some(Command::Evaluate(text))
    }

    /// Goes through what was typed before.
    fn recall(&mut self, ui: &Ui) {
        let (up, down) = ui.input(|input| (input.key_pressed(Key::ArrowUp), input.key_pressed(Key::ArrowDown)));
        let wanted = match (up, down, self.recalled) {
            (true, _, None) => Some(0),
            (true, _, Some(n)) => Some((n + 1).min(self.typed.len().saturating_sub(1))),
            (_, true, Some(n)) => n.checked_sub(1),
            _ => return,
        };
        self.recalled = wanted.filter(|n| *n < self.typed.len());
        let found = self.recalled.and_then(|n| self.typed.iter().rev().nth(n));
        self.text = found.cloned().unwrap_or_default();
    }
}

/// The word at the end of a text, which a name could go on.
fn word_of(text: &str) -> &str {
    let delimiter = |c: char| c.is_whitespace() || "()[]'`,\";".contains(c);
    text.rsplit(delimiter).next().unwrap_or_default()
}

/// What all names begin with.
fn common(names: &[String]) -> &str {
    let Some(first) = names.first() else { return "" };
    let agrees = |end: &usize| names.iter().all(|name| name.starts_with(&first[..*end]));
    let ends = first.char_indices().map(|(at, c)| at + c.len_utf8());
    &first[..ends.take_while(agrees).last().unwrap_or(0)]
}

fn show_lines(ui: &mut Ui, session: &Session) {
    let lines = session.transcript().lines();
    if lines.len() == 0 {
        if session.is_recording() {
            return;
        }
        ui.add(Label::new(RichText::new("Nothing yet. What the program prints comes here.").weak()));
        return;
    }
    let font = TextStyle::Monospace.resolve(ui.style());
    let height = ui.text_style_height(&TextStyle::Monospace);
    let bar = ui.spacing().scroll.allocated_width();
    let columns = (ui.available_width() - bar) / ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
    let rows = wrapped(lines, (columns as usize).max(LEAST_COLUMNS));
    ui.spacing_mut().item_spacing.y = 2.0;
    let area = ScrollArea::vertical().id_salt("console").auto_shrink(false).stick_to_bottom(true);
    area.show_rows(ui, height, rows.len(), |ui, shown| {
        for (voice, text) in &rows[shown] {
            let ink = color(colour_of(*voice, theme::current(ui)));
            ui.add(Label::new(RichText::new(text).monospace().color(ink)).extend().selectable(true));
        }
    });
}

/// Characters a row at least, however narrow the console is.
const LEAST_COLUMNS: usize = 20;

/// Lines as rows of so many characters at most, the first row of each with a sign of who said it. A row ends behind a space
/// where that leaves at least half of it, else where it is full.
fn wrapped<'l>(lines: impl Iterator<Item = &'l Line>, columns: usize) -> Vec<(Voice, String)> {
    let mut rows = Vec::new();
    for line in lines {
        let mut row = prefix_of(line.voice).to_owned();
        let mut length = row.chars().count();
        for character in line.text.chars() {
            if length == columns {
                let space = row.rfind(' ').map(|at| at + 1).filter(|at| row[..*at].chars().count() * 2 >= columns);
                let rest = row.split_off(space.unwrap_or(row.len()));
                length = rest.chars().count();
                rows.push((line.voice, std::mem::replace(&mut row, rest)));
            }
            row.push(character);
            length += 1;
        }
        rows.push((line.voice, row));
    }
    rows
}

const fn prefix_of(voice: Voice) -> &'static str {
    match voice {
        Voice::Output => "",
        Voice::Input => "arc> ",
        Voice::Value => "= ",
        Voice::Error => "! ",
        Voice::Note => "· ",
    }
}

fn colour_of(voice: Voice, theme: Theme) -> Rgb {
    match voice {
        Voice::Output => theme.text(),
        Voice::Input => theme.accent(),
        Voice::Value => theme.running(),
        Voice::Error => theme.error(),
        Voice::Note => theme.faint_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_in_the_next_row() {
        let lines =
            [(Voice::Error, "car: no pair"), (Voice::Output, ""), (Voice::Output, "äöü"), (Voice::Note, "a breaks")];
        let lines = lines.map(|(voice, text)| Line { voice, text: text.to_owned() });
        let rows = wrapped(lines.iter(), 6);
        let texts: Vec<_> = rows.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["! car:", " no ", "pair", "", "äöü", "· a ", "breaks"]);
    }

    #[test]
    fn a_word_is_completed_as_far_as_the_names_agree() {
        assert_eq!(["(map1 ca", "(f 'x)", "", "a\"b"].map(word_of), ["ca", "", "", "b"]);
        let names = ["map", "map1", "mappend"].map(str::to_owned);
        assert_eq!((common(&names), common(&names[1..2]), common(&[])), ("map", "map1", ""));
    }

    #[test]
    fn what_is_typed_is_taken_once_and_remembered() {
        let mut console = Console { text: "(+ 1 2)".to_owned(), ..Console::default() };
        assert_eq!(console.take(), Some(Command::Evaluate("(+ 1 2)".to_owned())));
        assert_eq!(console.take(), None);
        console.text = "(+ 1 2)".to_owned();
        console.take();
        assert_eq!(console.typed.len(), 1);
    }
}
