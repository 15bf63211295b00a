//! Words that lead somewhere: in the colour of their surroundings, until the pointer or the keyboard is on them.

use eframe::egui::{Label, RichText, Role, Sense, Ui, WidgetInfo};

/// Shows the words, cut off where there is no room, with a hint below all of them. Says whether they were clicked.
pub fn link(ui: &mut Ui, words: RichText, hint: &str) -> bool {
    let name = words.text().to_owned();
    let response = ui.add(Label::new(words).truncate().sense(Sense::click()));
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, &name));
    response.on_hover_text(format!("{name}\n{hint}")).clicked()
}
