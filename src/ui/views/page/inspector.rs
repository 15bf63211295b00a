//! The page inspector: what lies on the pinned page, why it is alive, who points there, and why the page stays.

use eframe::egui::{Grid, Label, RichText, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, vec2};
use heapatlas_arc::inspect::{PageFindings, Thing};
use heapatlas_heap::survey::Colour;
use heapatlas_heap::terms::Address;

use super::{granules, stay};
use crate::command::Command;
use crate::format;
use crate::model::pages::Page;
use crate::ui::session::{Phase, Session};
use crate::ui::theme::{self, color};
use crate::ui::views::page_map::PageMap;
use crate::ui::words::{Counts, Word};

/// What is looked at.
#[derive(Debug, Default)]
pub struct Inspector {
    /// The page that was asked about, and the frame that was the latest then.
    asked: Option<(Address, u64)>,
    /// The thing of which everything is told.
    chosen: Option<Address>,
    /// The address that was looked for last, when it was seen to.
    gone_to: Option<Address>,
    /// Whether the list is to be scrolled to the chosen thing.
    reveals: bool,
}

/// Height of a thing's line.
const LINE: f32 = 19.0;
/// Room for all things, before what there is to say of one.
const LIST: f32 = 190.0;

impl Inspector {
    /// Shows the page that is pinned, and gives what is to be asked.
    pub fn show(&mut self, ui: &mut Ui, map: &PageMap, session: &Session) -> Option<Command> {
        let pinned = map.pinned().and_then(|address| session.model().pages().at(address));
        let Some(page) = pinned else {
            self.asked = None;
            ui.weak("Click a page of the map, or press Shift with an arrow: here is what lies on it, who holds that, and why the page stays.");
            ui.add_space(6.0);
            ui.weak("A nearly empty one? Collect (G), then type < into the field above the map (/): the emptiest page is pinned.");
            return None;
        };
        let command = self.ask(page, session);
        if self.gone_to != map.gone_to() {
            self.gone_to = map.gone_to();
            self.chosen = self.gone_to;
            self.reveals = true;
        }
        ui.horizontal(|ui| {
            ui.heading("Page");
            let place = Label::new(RichText::new(format::address(page.address)).monospace()).selectable(true);
            ui.add(place).counts(Word::Address);
            ui.weak(page.entry.kind().name());
        });
        match session.page_findings().filter(|findings| findings.page == page.address) {
            Some(findings) => self.show_findings(ui, page, findings, session),
            None if session.too_much_alive() == Some(page.address) => {
                ui.weak("More is alive than can be searched for its holders.");
            }
            None => {
                ui.weak("Asking the runtime …");
            }
        }
        command
    }

    /// What must be asked: a page that was just pinned; and again what there was to see when the program stood still.
    fn ask(&mut self, page: Page, session: &Session) -> Option<Command> {
        let phase = session.progress().phase();
        if matches!(phase, Phase::Starting | Phase::Ended | Phase::Exhausted(_)) {
            return None;
        }
        let now = (page.address, session.model().sequence());
        let changed = self.asked.map(|(address, _)| address) != Some(page.address);
        let still = matches!(phase, Phase::Paused | Phase::Finished | Phase::Failed(_));
        if changed {
            self.chosen = None;
        } else if !still || self.asked == Some(now) {
            return None;
        }
        self.asked = Some(now);
        Some(Command::InspectPage(page.address))
    }

    fn show_findings(&mut self, ui: &mut Ui, page: Page, findings: &PageFindings, session: &Session) {
        if let Some(clicked) = granules::show(ui, findings, self.chosen) {
            self.choose(clicked);
        }
        ui.add_space(4.0);
        ui.strong("Why it stays");
        let policy = &session.model().counters().policy;
        for reason in stay::reasons(page, findings, policy) {
            ui.add(Label::new(reason).wrap()).counts(Word::WhyItStays);
        }
        ui.add_space(4.0);
        ui.strong(format!("What lies on it: {}", format::count(findings.things.len() as u64))).counts(Word::Things);
        let mut area = ScrollArea::vertical().id_salt("things").max_height(LIST).auto_shrink([false, true]);
        if std::mem::take(&mut self.reveals) {
            let place = findings.things.iter().position(|thing| Some(thing.address) == self.chosen).unwrap_or_default();
            area = area.vertical_scroll_offset((place as f32 - 3.0).max(0.0) * LINE);
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        area.show_rows(ui, LINE, findings.things.len(), |ui, shown| {
            for thing in &findings.things[shown] {
                if show_line(ui, thing, self.chosen == Some(thing.address)) {
                    self.choose(thing.address);
                }
            }
        });
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.add_space(6.0);
        let chosen = findings.things.iter().find(|thing| Some(thing.address) == self.chosen);
        match chosen {
            Some(thing) => show_thing(ui, thing),
            None => {
                ui.weak("Click one to see why it is alive, and who points to it.");
            }
        }
    }

    fn choose(&mut self, address: Address) {
        self.chosen = if self.chosen == Some(address) { None } else { Some(address) };
    }
}

/// One thing in a line: where it is on the page, what it is, what it prints as. Says whether it was clicked.
fn show_line(ui: &mut Ui, thing: &Thing, is_chosen: bool) -> bool {
    let theme = theme::current(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let offset = format!("+{:03x}", thing.address.get() % heapatlas_heap::terms::PAGE);
    let words = format!("{offset} {} {} {}", thing.kind, format::bytes(thing.bytes), thing.printed);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &words));
    if is_chosen || response.hovered() || response.has_focus() {
        let ground = if is_chosen { theme.pressed() } else { theme.raised() };
        ui.painter().rect_filled(rect, 3.0, color(ground));
    }
    let ink = color(if thing.is_alive() { theme.text() } else { theme.faint_text() });
    let mut line = ui.new_child(
        eframe::egui::UiBuilder::new()
            .max_rect(rect.shrink2(vec2(4.0, 0.0)))
            .layout(eframe::egui::Layout::left_to_right(eframe::egui::Align::Center)),
    );
    line.spacing_mut().item_spacing.x = 8.0;
    let small = |text: String| RichText::new(text).text_style(TextStyle::Monospace);
    let offset = Label::new(small(offset).color(color(theme.faint_text())));
    line.add(offset.selectable(false).extend()).counts(Word::Offset);
    line.add(Label::new(RichText::new(thing.kind).color(ink)).selectable(false).extend());
    let bytes = Label::new(RichText::new(format::bytes(thing.bytes)).color(ink));
    line.add(bytes.selectable(false).extend()).counts(Word::ThingSize);
    line.add(Label::new(small(thing.printed.clone()).color(ink)).selectable(false).truncate()).counts(Word::Thing);
    response.counts(Word::Thing).clicked()
}

/// Everything about one thing.
fn show_thing(ui: &mut Ui, thing: &Thing) {
    let faint = color(theme::current(ui).faint_text());
    ui.horizontal(|ui| {
        ui.strong(thing.kind);
        let place = Label::new(RichText::new(format::address(thing.address)).monospace()).selectable(true);
        ui.add(place).counts(Word::Address);
        ui.weak(format::bytes(thing.bytes)).counts(Word::ThingSize);
    });
    if !thing.printed.is_empty() {
        let printed = Label::new(RichText::new(&thing.printed).monospace()).wrap().selectable(true);
        ui.add(printed).counts(Word::Thing);
    }
    let state = match thing.colour {
        Some(Colour::White) => "white: the mark under way has not reached it",
        Some(Colour::Grey) => "grey: reached, and waits to be scanned",
        Some(Colour::Black) => "black: reached and scanned",
        None if thing.is_alive() => "alive: a root leads to it",
        None => "dead: no root leads to it, and nobody has collected it yet",
    };
    ui.label(if thing.pinned { format!("{state}; pinned") } else { state.to_owned() });
    if thing.is_alive() {
        ui.add_space(4.0);
        ui.strong("Why it is alive");
        Grid::new("path").num_columns(2).spacing([8.0, 1.0]).min_row_height(16.0).show(ui, |ui| {
            for (n, step) in thing.path.iter().enumerate() {
                ui.colored_label(faint, if n == 0 { "root" } else { "then" });
                ui.add(Label::new(step).truncate()).on_hover_text(step);
                ui.end_row();
            }
        });
    }
    ui.add_space(4.0);
    ui.strong(format!("Who points to it: {}", format::count(thing.references as u64))).counts(Word::References);
    for holder in &thing.holders {
        ui.add(Label::new(holder).truncate()).on_hover_text(holder);
    }
    if thing.references > thing.holders.len() {
        let more = format!("and {} more", format::count((thing.references - thing.holders.len()) as u64));
        ui.weak(more).counts(Word::References);
    }
}
