//! What was asked of the runtime and takes long: how far it has come, and a button that cancels it.

use eframe::egui::Ui;
use heapatlas_arc::host::Errand;
use heapatlas_heap::gc::StepReport;
use heapatlas_heap::terms::{GRANULE, GcPhase, PAGE};

use crate::format;
use crate::ui::words::Word;
use crate::ui::work;

/// Shows the line, and whether it was cancelled already. Says whether it is to be cancelled.
pub fn show(ui: &mut Ui, (errand, cancelled): (Errand, bool)) -> bool {
    let leaves = match errand {
        Errand::Collection(_) => "what is left of it is done while the program runs; moving is not divided",
        Errand::Search(_) => "the heap stays as it is",
    };
    work::show_one(ui, (&words_of(&errand), Word::UnderWay), cancelled, leaves)
}

fn words_of(errand: &Errand) -> String {
    match errand {
        Errand::Search(reached) => {
            let reached = format::count(*reached as u64);
            format!("searching who holds what lies there: {reached} cells and objects reached")
        }
        Errand::Collection(report) => format!("collecting, {}: {}", report.ended_in.name(), done(report)),
    }
}

/// What a collection has done in the phase that it is in.
fn done(report: &StepReport) -> String {
    match report.ended_in {
        GcPhase::Sweep => format!(
            "{} of {} swept are free",
            format::bytes(report.freed_granules * GRANULE as u64),
            format::bytes(report.swept_pages * PAGE as u64)
        ),
        GcPhase::Evacuate => "what lives in sparse pools moves to dense ones".to_owned(),
        GcPhase::GiveBack => format!("{} given back", format::bytes(report.given_back)),
        _ => format!("{} cells and objects scanned", format::count(report.scanned)),
    }
}

#[cfg(test)]
mod tests {
    use heapatlas_heap::terms::Address;

    use super::*;

    #[test]
    fn what_was_done_is_told_phase_by_phase() {
        let searched = words_of(&Errand::Search(4_194_304));
        assert_eq!(searched, "searching who holds what lies there: 4\u{202f}194\u{202f}304 cells and objects reached");
        let report = StepReport {
            began_in: GcPhase::Roots,
            ended_in: GcPhase::Mark,
            scanned: 1_234_567,
            values: 2_500_000,
            object: None,
            grey: 0,
            flooded: false,
            page: Some(Address::new(PAGE)),
            swept_pages: 512,
            passed_pages: 0,
            freed_granules: 64 << 10,
            moved: 0,
            given_back: 256 << 10,
        };
        let told = |ended_in| words_of(&Errand::Collection(StepReport { ended_in, ..report }));
        assert_eq!(told(GcPhase::Mark), "collecting, mark: 1\u{202f}234\u{202f}567 cells and objects scanned");
        assert_eq!(told(GcPhase::Sweep), "collecting, sweep: 1.00 MiB of 2.00 MiB swept are free");
        assert_eq!(told(GcPhase::GiveBack), "collecting, give back: 256 KiB given back");
    }
}
