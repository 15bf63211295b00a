//! The program under every policy, in place of everything else.

use std::sync::Arc;

use eframe::egui::{self, Context, Ui};
use heapatlas_heap::Placement;

use super::App;
use crate::command::Command;
use crate::ui::comparison::{self, Comparison};
use crate::ui::session::Wake;
use crate::ui::theme;

impl App {
    /// Runs the program under every policy, side by side; this runtime stands still meanwhile, or ends where it must.
    pub(super) fn compare(&mut self, ctx: &Context) {
        let Some(program) = self.session().program().cloned() else { return };
        let progress = self.session().progress();
        // The system's allocator serves one heap at a time. One that nothing runs in any more gives way.
        match program.policy.placement {
            Placement::Malloc if !progress.is_over() => {
                let why = "can't compare yet: the system's allocator serves one heap at a time, and this program has it. \
                           Let it come to its end first (S)";
                self.trouble = Some(why.to_owned());
                return;
            }
            Placement::Malloc => self.panels.session.let_go(),
            _ if progress.is_running() => self.panels.session.send(Command::Pause),
            _ => {}
        }
        self.trouble = None;
        let waker = ctx.clone();
        let wake: Wake = Arc::new(move || waker.request_repaint());
        match Comparison::start(self.title.clone(), comparison::every_policy(&program), &wake) {
            Ok(comparison) => self.comparison = Some(comparison),
            Err(error) => self.trouble = Some(format!("can't compare: {error}")),
        }
    }

    /// Shows the comparison until it is left, if there is one.
    pub(super) fn show_comparison(&mut self, ui: &mut Ui) -> bool {
        let Some(comparison) = &mut self.comparison else { return false };
        if ui.input(|input| input.key_pressed(egui::Key::T)) {
            self.settings.theme = theme::other(ui.ctx());
            theme::choose(ui.ctx(), self.settings.theme);
            theme::begin_again(ui);
        }
        let leaves = ui.input(|input| input.key_pressed(egui::Key::Escape));
        if comparison.show(ui, true) || leaves {
            self.comparison = None;
        }
        true
    }
}
