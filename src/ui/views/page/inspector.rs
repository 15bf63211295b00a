//! The page inspector: what lies on the pinned page, why it is alive, who points there, and why the page stays.

use eframe::egui::{Grid, Label, RichText, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, vec2};
use heapatlas_arc::inspect::{PageFindings, Reference, Thing};
use heapatlas_heap::survey::Colour;
use heapatlas_heap::terms::Address;

use super::granules::{self, Marks};
use super::stay::{self, Known};
use crate::command::Command;
use crate::format;
use crate::model::HeapModel;
use crate::model::pages::Page;
use crate::ui::session::{Phase, Session};
use crate::ui::theme::{self, color};
use crate::ui::views::page_map::PageMap;
use crate::ui::widgets::link::link;
use crate::ui::words::{Counts, Word};

/// What is looked at.
#[derive(Debug, Default)]
pub struct Inspector {
    /// The page that was asked about, and the frame that was the latest then.
    asked: Option<(Address, u64)>,
    /// The thing of which everything is told.
    chosen: Option<Address>,
    /// Where one came from, going from one thing to another.
    trail: Vec<Address>,
    /// Whether the list is to be scrolled to the chosen thing.
    reveals: bool,
}

/// Height of a thing's line.
const LINE: f32 = 19.0;
/// Room for all things, before what there is to say of one.
const LIST: f32 = 190.0;

impl Inspector {
    /// Shows the page that is pinned, and gives what is to be asked.
    pub fn show(&mut self, ui: &mut Ui, map: &mut PageMap, session: &Session) -> Option<Command> {
        let pinned = map.pinned().and_then(|address| session.model().pages().at(address));
        let Some(page) = pinned else {
            self.asked = None;
            ui.weak("Click a page of the map, or press Shift with an arrow: here is what lies on it, who holds that, and why the page stays.");
            ui.add_space(6.0);
            ui.weak("A nearly empty one? Collect (G), then type < into the field above the map (/): the emptiest page is pinned.");
            return None;
        };
        let gone_to = map.take_gone_to();
        let is_other = self.asked.is_some_and(|(address, _)| address != page.address);
        if is_other && gone_to.is_none() {
            self.trail.clear();
        }
        let command = self.ask(page, session);
        if gone_to.is_some() {
            self.chosen = gone_to;
            self.reveals = true;
        }
        let model = session.model();
        ui.horizontal(|ui| {
            ui.heading("Page");
            let place = Label::new(RichText::new(format::address(page.address)).monospace()).selectable(true);
            ui.add(place).counts(Word::Address);
            ui.weak(page.entry.kind().name());
            self.show_way_back(ui, map, model);
        });
        match session.page_findings().filter(|findings| findings.page == page.address) {
            Some(findings) => {
                if let Some(holder) = self.show_findings(ui, page, findings, session)
                    && map.go_to(holder, model)
                {
                    self.trail.extend(self.chosen);
                    ui.ctx().request_repaint();
                }
            }
            None if session.too_much_alive() == Some(page.address) => {
                ui.weak("More is alive than can be searched for its holders.");
            }
            None if session.withdrawn_search() == Some(page.address) => {
                ui.weak("The search for who holds what lies here was cancelled.");
                if ui.button("Search again").clicked() {
                    return Some(Command::InspectPage(page.address));
                }
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
        } else if !still || self.asked == Some(now) || session.withdrawn_search() == Some(page.address) {
            return None;
        }
        self.asked = Some(now);
        Some(Command::InspectPage(page.address))
    }

    /// Offers to go back to the thing one came from.
    fn show_way_back(&mut self, ui: &mut Ui, map: &mut PageMap, model: &HeapModel) {
        let Some(before) = self.trail.last().copied() else { return };
        let hint = format!("to {}, from where you came here", format::address(before));
        if ui.small_button("Back").on_hover_text(hint).clicked() {
            self.trail.pop();
            map.go_to(before, model);
            ui.ctx().request_repaint();
        }
    }

    /// Shows what was found, and gives where it was asked to go.
    fn show_findings(
        &mut self,
        ui: &mut Ui,
        page: Page,
        findings: &PageFindings,
        session: &Session,
    ) -> Option<Address> {
        let scanned = session.last_step().and_then(|step| step.object);
        if let Some(clicked) = granules::show(ui, findings, Marks { chosen: self.chosen, scanned }) {
            self.choose(clicked);
        }
        ui.add_space(4.0);
        let counters = session.model().counters();
        ui.strong(if page.entry.kind().is_free() { "What it is" } else { "Why it stays" });
        let known = Known::of(&counters.policy, page, session.told().cycles(), counters.clock);
        for reason in stay::reasons(page, findings, &known) {
            ui.add(Label::new(reason).wrap()).counts(Word::WhyItStays);
        }
        if findings.things.is_empty() {
            return None;
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
                None
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

/// Everything about one thing. Gives the holder that was clicked.
fn show_thing(ui: &mut Ui, thing: &Thing) -> Option<Address> {
    let mut clicked = None;
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
                clicked = show_reference(ui, step).or(clicked);
                ui.end_row();
            }
        });
    }
    ui.add_space(4.0);
    ui.strong(format!("Who points to it: {}", format::count(thing.references as u64))).counts(Word::References);
    for holder in &thing.holders {
        clicked = show_reference(ui, holder).or(clicked);
    }
    if thing.references > thing.holders.len() {
        let more = format!("and {} more", format::count((thing.references - thing.holders.len()) as u64));
        ui.weak(more).counts(Word::References);
    }
    clicked
}

/// Who refers to a thing. Gives where that lies when it was clicked.
fn show_reference(ui: &mut Ui, reference: &Reference) -> Option<Address> {
    let Reference { words, holder } = reference;
    let Some(address) = holder else {
        ui.add(Label::new(words).truncate()).on_hover_text(words);
        return None;
    };
    let hint = format!("at {}: click to go there", format::address(*address));
    link(ui, RichText::new(words), &hint).then_some(*address)
}
