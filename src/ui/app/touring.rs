//! A tour through the window.

use eframe::egui::Context;
use heapatlas_heap::terms::{GcUnit, PAGE};

use super::App;
use crate::command::Command;
use crate::source::tour::{Landmark, Step, Tour};
use crate::ui::panels::Panels;
use crate::ui::tour::{Guide, Wish, card, panel_of};

impl App {
    /// Begins a tour through a sample.
    pub(super) fn guide_through(&mut self, tour: Tour) {
        self.title = tour.sample.name.to_owned();
        match Guide::through(tour, &mut self.panels.session) {
            Ok(guide) => self.guide = Some(guide),
            Err(error) => self.trouble = Some(format!("can't start the runtime: {error}")),
        }
    }

    /// Shows the card of the tour, and what it is about.
    pub(super) fn show_tour(&mut self, ctx: &Context) {
        let Some(mut guide) = self.guide.take() else { return };
        if let Some(step) = guide.arrive(&mut self.panels.session).cloned() {
            self.look_at(&step);
        }
        let about = guide.step().and_then(|step| self.dock.rect(panel_of(&step.landmark)));
        let wish = card::show(ctx, &guide, about);
        self.guide = Some(guide);
        if let Some(wish) = wish {
            self.turn(wish);
        }
    }

    /// Goes on with the tour, back, or ends it, if there is one.
    pub(super) fn turn(&mut self, wish: Wish) {
        let Some(mut guide) = self.guide.take() else { return };
        if wish == Wish::End {
            return guide.end(&mut self.panels.session);
        }
        if let Some(step) = guide.turn(wish, &mut self.panels.session).cloned() {
            self.look_at(&step);
        }
        self.guide = Some(guide);
    }

    /// Shows what a step is about.
    fn look_at(&mut self, step: &Step) {
        self.dock.focus(panel_of(&step.landmark));
        let Panels { session, map, .. } = &mut self.panels;
        if step.collects {
            session.send(Command::Collect(GcUnit::Cycle));
        }
        match &step.landmark {
            Landmark::Symbol(name) => session.send(Command::FindSymbol(name.clone())),
            Landmark::Hole => {
                let largest = session.model().pages().holes().max_by_key(|hole| hole.end - hole.start);
                if let Some(hole) = largest {
                    map.go_to(hole.start - PAGE, session.model());
                }
            }
            _ => map.unpin(),
        }
    }
}
