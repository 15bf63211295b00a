//! What the page table says of one page: the pinned one, else the one under the pointer.
//!
//! * [`inspector`] what lies on it
//! * [`granules`] the nearest zoom
//! * [`stay`] why it can't be given back

pub mod granules;
pub mod inspector;
pub mod stay;

use eframe::egui::{Grid, Label, RichText, Ui};

use super::page_map::{PageMap, facts};
use crate::format;
use crate::model::HeapModel;
use crate::ui::action::{self, Action};
use crate::ui::panel::Panel;
use crate::ui::theme::{self, color};
use crate::ui::words::{Counts, Word};

/// Shows the row of the page table, and gives what was asked for.
pub fn show(ui: &mut Ui, map: &mut PageMap, model: &HeapModel) -> Option<Action> {
    let page = map.chosen_page().and_then(|address| model.pages().at(address));
    let Some(page) = page else {
        ui.heading("Page");
        ui.weak("Point at a page to read its row of the page table; click to pin it.");
        return None;
    };
    let mut asked = None;
    let pinned = map.pinned() == Some(page.address);
    ui.horizontal(|ui| {
        ui.heading("Page");
        let place = Label::new(RichText::new(format::address(page.address)).monospace()).selectable(true);
        ui.add(place).counts(Word::Address);
        if pinned && ui.small_button("unpin").on_hover_text("or press Esc").clicked() {
            map.unpin();
        }
        if pinned {
            let look = Action::Focus(Panel::Page);
            let hint = format!("what lies on the page, who holds it, and why it stays  [{}]", action::written(look));
            if ui.small_button("look inside").on_hover_text(hint).clicked() {
                asked = Some(look);
            }
        }
    });
    let faint = color(theme::current(ui).faint_text());
    Grid::new("facts").num_columns(2).spacing([14.0, 2.0]).min_row_height(18.0).show(ui, |ui| {
        for fact in facts::of(page) {
            ui.add(Label::new(RichText::new(fact.name).color(faint)).extend()).on_hover_text(fact.meaning);
            ui.add(Label::new(fact.value).extend()).on_hover_text(fact.meaning);
            ui.end_row();
        }
    });
    asked
}
