//! Above the map: what its colours say.

use eframe::egui::Ui;

use super::PageMap;
use crate::map::colouring::Colouring;
use crate::ui::action::{self, Action};
use crate::ui::widgets::segments::{Segment, segments};

/// Shows the choices.
pub fn show(ui: &mut Ui, map: &mut PageMap) {
    ui.horizontal(|ui| {
        let keys = action::written(Action::NextColouring);
        ui.weak("colour").on_hover_text(format!("what the colours of the map say  [{keys}]"));
        let choices = Colouring::ALL.map(|choice| (choice, format!("colour by {}", choice.name())));
        let chosen = Colouring::ALL.iter().position(|choice| *choice == map.colouring());
        if let Some(place) = segments(
            ui,
            choices.iter().map(|(choice, name)| Segment { word: choice.name(), name, hint: choice.meaning() }),
            chosen,
        ) {
            map.set_colouring(Colouring::ALL[place]);
        }
    });
}
