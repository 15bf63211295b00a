//! What a step of a collection did, in a sentence.

use heapatlas_heap::gc::StepReport;
use heapatlas_heap::terms::{GRANULE, GcPhase, PAGE};

use crate::format;

/// The phase in which the step began, then what was done, then the phase that comes next if it is another.
pub(super) fn sentence(step: &StepReport) -> String {
    if step.began_in == GcPhase::Idle {
        return "idle: no collection is under way".to_owned();
    }
    let mut parts: Vec<String> = [scanned(step), waiting(step), swept(step)].into_iter().flatten().collect();
    if step.moved > 0 {
        parts.push(format!("moved {}", format::bytes(step.moved)));
    }
    if step.given_back > 0 {
        parts.push(format!("gave back {}", format::bytes(step.given_back)));
    }
    let done = if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") };
    let next = if step.ended_in == step.began_in { String::new() } else { format!("; then {}", step.ended_in.name()) };
    format!("{}: {done}{next}", step.began_in.name())
}

/// What became black.
fn scanned(step: &StepReport) -> Option<String> {
    match (step.scanned, step.object) {
        (0, _) => None,
        (_, Some(object)) => Some(format!("scanned what lies at {}", format::address(object))),
        (1, None) => Some("scanned 1 thing".to_owned()),
        (things, None) => Some(format!("scanned {} things", format::count(things))),
    }
}

/// What is grey, while anything can be.
fn waiting(step: &StepReport) -> Option<String> {
    if !matches!(step.ended_in, GcPhase::Roots | GcPhase::Mark | GcPhase::Finish) {
        return None;
    }
    let wait = if step.grey == 1 { "waits" } else { "wait" };
    let more = if step.flooded { " and more on flooded pages" } else { "" };
    Some(format!("{} {wait} grey{more}", format::count(step.grey)))
}

/// Of how much the dead became free.
fn swept(step: &StepReport) -> Option<String> {
    let page = format::address(step.page?);
    let swept = format::bytes(step.swept_pages * PAGE as u64);
    let freed = format::bytes(step.freed_granules * GRANULE as u64);
    Some(match step.swept_pages {
        1 => format!("page {page} freed {freed} of {swept}"),
        pages => format!("{} pages freed {freed} of {swept}, the last {page}", format::count(pages)),
    })
}

#[cfg(test)]
mod tests {
    use heapatlas_heap::terms::Address;

    use super::*;

    const MARK: StepReport = StepReport {
        began_in: GcPhase::Mark,
        ended_in: GcPhase::Mark,
        scanned: 0,
        values: 0,
        object: None,
        grey: 0,
        flooded: false,
        page: None,
        swept_pages: 0,
        passed_pages: 0,
        freed_granules: 0,
        moved: 0,
        given_back: 0,
    };

    fn between(began_in: GcPhase, ended_in: GcPhase) -> StepReport {
        StepReport { began_in, ended_in, ..MARK }
    }

    #[test]
    fn a_step_is_a_sentence() {
        let page = Some(Address::new(0x1000_0001_2000));
        let sweep = StepReport { page, ..between(GcPhase::Sweep, GcPhase::Sweep) };
        let evacuate = between(GcPhase::Evacuate, GcPhase::GiveBack);
        let give_back = between(GcPhase::GiveBack, GcPhase::Idle);
        let cases = [
            (StepReport { scanned: 1, grey: 12, ..MARK }, "mark: scanned 1 thing, 12 wait grey"),
            (
                StepReport { scanned: 1, object: page, grey: 12, ..MARK },
                "mark: scanned what lies at 0x1000 0001 2000, 12 wait grey",
            ),
            (StepReport { scanned: 63_510, grey: 1, ..MARK }, "mark: scanned 63 510 things, 1 waits grey"),
            (
                StepReport { scanned: 2, grey: 8192, flooded: true, ..MARK },
                "mark: scanned 2 things, 8 192 wait grey and more on flooded pages",
            ),
            (
                StepReport { scanned: 3, ..between(GcPhase::Mark, GcPhase::Finish) },
                "mark: scanned 3 things, 0 wait grey; then finish",
            ),
            (StepReport { grey: 700, ..between(GcPhase::Roots, GcPhase::Mark) }, "roots: 700 wait grey; then mark"),
            (
                StepReport { swept_pages: 1, freed_granules: 77, ..sweep },
                "sweep: page 0x1000 0001 2000 freed 1.20 KiB of 4.00 KiB",
            ),
            (
                StepReport { swept_pages: 1_300, freed_granules: 0, ..sweep },
                "sweep: 1 300 pages freed 0 B of 5.08 MiB, the last 0x1000 0001 2000",
            ),
            (StepReport { moved: 3 << 20, ..evacuate }, "evacuate: moved 3.00 MiB; then give back"),
            (evacuate, "evacuate: nothing to do; then give back"),
            (StepReport { given_back: 65536, ..give_back }, "give back: gave back 64.0 KiB; then idle"),
            (between(GcPhase::Idle, GcPhase::Idle), "idle: no collection is under way"),
        ];
        for (step, expected) in cases {
            assert_eq!(sentence(&step).replace('\u{202f}', " "), expected);
        }
    }
}
