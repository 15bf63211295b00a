//! What is drawn over the pages: what the collector worked on last, the free list of a pool in its order, and where the next
//! things will lie.

use eframe::egui::{Color32, Pos2, Shape, Stroke, Ui};
use heapatlas_heap::free_lists::{FreeLists, PoolList};
use heapatlas_heap::terms::Address;

use super::MOST_OUTLINED;
use super::scene::Scene;
use crate::map::balance::Term;
use crate::model::HeapModel;
use crate::model::forms::FormsThen;
use crate::ui::theme::{self, color};

/// What is drawn over the pages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overlay<'m> {
    /// The term of the balance that is lit: the pages themselves show it.
    pub lit: Option<Term>,
    /// Whether the collector is stepped: then what it worked on last is outlined.
    pub stepped: bool,
    /// What the collector scanned last, if a step was of one thing.
    pub scanned: Option<Address>,
    /// Pages that filled while a form or a function ran that was clicked.
    pub allocated: &'m [Address],
    /// The moment that the one that is shown is compared with: the colours may be about what changed.
    pub before: Option<&'m HeapModel>,
    /// The forms as they were known then: the colours may be about them.
    pub forms: Option<FormsThen<'m>>,
    /// The free lists, when they are looked at.
    pub lists: Option<&'m FreeLists>,
}

impl Overlay<'_> {
    pub(super) fn draw(&self, ui: &Ui, scene: &Scene<'_>) {
        if !self.allocated.is_empty() {
            scene.mark(ui, self.allocated);
        }
        if self.stepped {
            outline_work(ui, scene);
            if let Some(at) = self.scanned.and_then(|scanned| scene.place(scanned)) {
                draw_ring(ui, at, color(theme::current(ui).waiting()));
            }
        }
        let Some(lists) = self.lists else { return };
        if let Some(list) = &lists.chosen {
            draw_list(ui, scene, list);
        }
        for next in [lists.next_cell, lists.next_object].into_iter().flatten() {
            if let Some(at) = scene.place(next) {
                draw_ring(ui, at, color(theme::current(ui).accent()));
            }
        }
    }
}

/// A ring around a place within a page, apart from whatever is below it.
fn draw_ring(ui: &Ui, at: Pos2, ink: Color32) {
    ui.painter().circle_stroke(at, 6.0, Stroke::new(3.5, color(theme::current(ui).background())));
    ui.painter().circle_stroke(at, 6.0, Stroke::new(2.0, ink));
}

/// What the latest step of the collector worked on, unless that is more than one can follow.
fn outline_work(ui: &Ui, scene: &Scene<'_>) {
    let pages = scene.model.pages().worked_on();
    if pages.len() <= MOST_OUTLINED {
        let stroke = Stroke::new(2.0, color(theme::current(ui).waiting()));
        pages.iter().for_each(|page| scene.outline(ui, *page, stroke));
    }
}

/// The free runs of a pool, from one to the next.
fn draw_list(ui: &Ui, scene: &Scene<'_>, list: &PoolList) {
    let theme = theme::current(ui);
    let places: Vec<_> = list.runs.iter().filter_map(|(start, _)| scene.place(*start)).collect();
    for stroke in [Stroke::new(3.0, color(theme.background())), Stroke::new(1.2, color(theme.accent()))] {
        ui.painter().add(Shape::line(places.clone(), stroke));
    }
    for at in places {
        ui.painter().circle_filled(at, 2.5, color(theme.accent()));
    }
}
