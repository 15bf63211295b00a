//! Above the map: what its colours say, and what is looked for.

use eframe::egui::{Align, Color32, Key, Label, Layout, RichText, Role, TextEdit, TextStyle, Ui, WidgetInfo, vec2};

use heapatlas_heap::terms::{GRANULE, PAGE};

use super::PageMap;
use super::search::{self, Query};
use crate::command::Command;
use crate::format;
use crate::map::colouring::Colouring;
use crate::map::layout::Order;
use crate::model::HeapModel;
use crate::ui::action::{self, Action};
use crate::ui::widgets::segments::{Segment, segments};

/// Width of the field for what is looked for, and what it keeps of that beside what was found.
const FIELD: f32 = 194.0;
const LEAST_FIELD: f32 = 90.0;

/// Width of the choices and the field, with what the colours say side by side.
const ALL_CHOICES: f32 = 790.0;

/// Shows the choices and the field, and gives what the runtime is to be asked.
pub fn show(ui: &mut Ui, map: &mut PageMap, model: &HeapModel) -> Option<Command> {
    let mut command = None;
    ui.horizontal(|ui| {
        show_colouring(ui, map);
        let keys = action::written(Action::NextOrder);
        let hints = ["from left to right, row by row", "a mebibyte is a square: what is near in memory is near"];
        let hints = hints.map(|hint| format!("{hint}  [{keys}]"));
        let choices = [
            Segment { word: "rows", name: "in rows", hint: &hints[0] },
            Segment { word: "Hilbert", name: "along a Hilbert curve", hint: &hints[1] },
        ];
        let orders = [Order::Rows, Order::Hilbert];
        let chosen = orders.iter().position(|order| *order == map.order());
        if let Some(place) = segments(ui, choices, chosen) {
            map.set_order(orders[place]);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            command = show_field(ui, map, model);
            if let Some(outcome) = &map.outcome {
                ui.add(Label::new(RichText::new(outcome).weak()).truncate()).on_hover_text(outcome);
            }
        });
    });
    command
}

/// What the colours say: side by side where everything else has room beside that, else in a menu.
fn show_colouring(ui: &mut Ui, map: &mut PageMap) {
    let keys = action::written(Action::NextColouring);
    ui.weak("colour").on_hover_text(format!("what the colours of the map say  [{keys}]"));
    let names = Colouring::ALL.map(|choice| format!("colour by {}", choice.name()));
    let choices = Colouring::ALL.iter().zip(&names);
    let choices = choices.map(|(choice, name)| Segment { word: choice.name(), name, hint: choice.meaning() });
    let chosen = Colouring::ALL.iter().position(|choice| *choice == map.colouring());
    let clicked = if ui.available_width() >= ALL_CHOICES {
        segments(ui, choices, chosen)
    } else {
        let menu = ui.menu_button(map.colouring().name(), |ui| {
            let clicks = choices.enumerate().map(|(place, choice)| {
                let line = ui.selectable_label(chosen == Some(place), choice.word).on_hover_text(choice.hint);
                line.clicked().then_some(place)
            });
            clicks.fold(None, Option::or)
        });
        menu.inner.flatten()
    };
    if let Some(place) = clicked {
        map.set_colouring(Colouring::ALL[place]);
    }
}

fn show_field(ui: &mut Ui, map: &mut PageMap, model: &HeapModel) -> Option<Command> {
    let field = TextEdit::singleline(&mut map.sought)
        .id_salt("search field")
        .hint_text("0x…, > free, < used, symbol")
        .desired_width(width_beside(ui, map.outcome.as_deref()))
        .margin(vec2(8.0, 4.0))
        .lock_focus(false);
    let keys = action::written(Action::Search);
    let hint = format!(
        "0x1000 000f 5000: the page of an address\n> 4K: pages with a free run of that size\n< 512: pages with no more used, < alone the \
         emptiest\nmap1: the value of a symbol  [{keys}]"
    );
    let response = ui.add(field).on_hover_text(hint);
    let text = map.sought.clone();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::TextInput, true, "Look for");
        info.current_text_value = Some(text.clone());
        info
    });
    if response.gained_focus() {
        map.outcome = None;
    }
    if std::mem::take(&mut map.wants_focus) {
        map.sought.clear();
        response.request_focus();
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if entered { map.look_for(&text, model) } else { None }
}

/// How wide the field can be beside what was found.
fn width_beside(ui: &Ui, outcome: Option<&str>) -> f32 {
    let Some(outcome) = outcome else { return FIELD };
    let font = TextStyle::Body.resolve(ui.style());
    let words = ui.painter().layout_no_wrap(outcome.to_owned(), font, Color32::PLACEHOLDER).size().x;
    let around = 2.0 * ui.spacing().item_spacing.x + 16.0;
    (ui.available_width() - words - around).clamp(LEAST_FIELD, FIELD)
}

impl PageMap {
    /// Looks for what was typed. Gives what the runtime must be asked for that.
    fn look_for(&mut self, text: &str, model: &HeapModel) -> Option<Command> {
        self.found.clear();
        self.outcome = None;
        match search::parse(text) {
            Ok(Query::Address(address)) => {
                if !self.go_to(address, model) {
                    self.outcome = Some("not the heap's".to_owned());
                }
            }
            Ok(Query::FreeRun(bytes)) => {
                self.found = search::with_free_run(model.pages(), bytes);
                let count = format::count(self.found.len() as u64);
                self.outcome = Some(format!("{count} pages with {} free", format::bytes(bytes)));
                if let Some(first) = self.found.first() {
                    self.wanted = Some(*first);
                }
            }
            Ok(Query::Little(bytes)) => {
                self.found = search::with_little(model.pages(), bytes);
                let count = format::count(self.found.len() as u64);
                self.outcome = Some(format!("{count} pages with ≤ {} used", format::bytes(bytes)));
                self.pin_first_found();
            }
            Ok(Query::Emptiest) => {
                self.found = search::with_little(model.pages(), PAGE as u64);
                self.found.truncate(1);
                let page = self.found.first().and_then(|address| model.pages().at(*address));
                self.outcome = page.map(|page| format!("{} used", format::bytes((page.entry.used() * GRANULE) as u64)));
                self.pin_first_found();
            }
            Ok(Query::Symbol(name)) => return Some(Command::FindSymbol(name)),
            Err(trouble) => self.outcome = Some(trouble),
        }
        None
    }

    /// Pins the first page that was found: of the emptiest one wants to ask why it stays.
    fn pin_first_found(&mut self) {
        if let Some(first) = self.found.first() {
            self.pinned = Some(*first);
            self.wanted = self.pinned;
        }
    }

    /// Shows where the value of a symbol lies, as the runtime has answered.
    pub fn show_symbol(&mut self, name: &str, address: Option<heapatlas_heap::terms::Address>, model: &HeapModel) {
        self.outcome = match address {
            Some(address) if self.go_to(address, model) => Some(format!("{name} is at {}", format::address(address))),
            _ => Some(format!("{name} has no value on the heap")),
        };
    }
}
