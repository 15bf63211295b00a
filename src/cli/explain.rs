//! `heapatlas explain`: where resident bytes go, which term is the problem, what would lower it.

use std::io::{self, Write};

use heapatlas_heap::PageBalance;

use super::arguments::ExplainOptions;
use super::exit::Ending;
use super::run::run_program;
use super::session::Session;
use crate::format;
use crate::map::balance::Term;
use crate::model::HeapModel;

/// Resident over live up to which nothing is called a problem.
const FINE: f64 = 1.5;

/// Runs a program, marks, and explains the balance.
pub(super) fn explain(options: ExplainOptions) -> Ending {
    let program = options.runtime.program(options.files, options.expressions);
    let mut session = match Session::start(&program) {
        Ok(session) => session,
        Err(error) => return error.into(),
    };
    let ending = run_program(&mut session, &program);
    let before = snapshot(&mut session);
    session.runtime.collect();
    let after = snapshot(&mut session);
    match write(&mut io::stdout().lock(), &before, &after) {
        Ok(()) => ending,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ending,
        Err(error) => Ending::System(format!("can't write: {error}")),
    }
}

/// The model of the heap as it is.
fn snapshot(session: &mut Session) -> HeapModel {
    let heap = session.runtime.heap();
    heap.measure_residency();
    let mut model = HeapModel::default();
    model.apply(&heap.cut_frame(true));
    model
}

/// How many bytes of each term are in memory: pages are resident whole, so their terms are.
fn resident_terms(model: &HeapModel) -> Option<PageBalance> {
    let mut sum = PageBalance::default();
    for page in model.pages().iter() {
        if page.entry.resident()? {
            sum = sum.plus(page.entry.balance());
        }
    }
    Some(sum)
}

fn part(balance: &PageBalance, term: Term) -> u64 {
    let bytes = match term {
        Term::Live => balance.live,
        Term::Overhead => balance.overhead,
        Term::Unjudged => balance.unjudged,
        Term::Dead => balance.dead,
        Term::FreeRuns => balance.free_runs,
        Term::FreePages => balance.free_page,
        Term::Tables => balance.tables,
        Term::Reserve => balance.reserve,
        Term::NotResident => 0,
    };
    bytes as u64
}

fn write(out: &mut dyn Write, before: &HeapModel, after: &HeapModel) -> io::Result<()> {
    let (then, now) = (before.counters(), after.counters());
    writeln!(out, "As the program left it, and after a collection that spared no effort:")?;
    writeln!(out)?;
    writeln!(out, "{:<14}{:>12}{:>12}   {:>12}{:>12}", "", "committed", "resident", "committed", "resident")?;
    let (resident_then, resident_now) = (resident_terms(before), resident_terms(after));
    for term in Term::COMMITTED {
        let (a, b) = (term.of(&then.balance).unwrap_or(0), term.of(&now.balance).unwrap_or(0));
        let (c, d) = (
            resident_then.as_ref().map(|balance| part(balance, term)),
            resident_now.as_ref().map(|balance| part(balance, term)),
        );
        writeln!(
            out,
            "{:<14}{:>12}{:>12}   {:>12}{:>12}   {}",
            term.name(),
            format::bytes(a),
            format::maybe_bytes(c),
            format::bytes(b),
            format::maybe_bytes(d),
            term.meaning(),
        )?;
    }
    writeln!(
        out,
        "{:<14}{:>12}{:>12}   {:>12}{:>12}",
        "sum",
        format::bytes(then.committed),
        format::maybe_bytes(then.resident()),
        format::bytes(now.committed),
        format::maybe_bytes(now.resident()),
    )?;
    writeln!(out)?;
    writeln!(out, "{}", verdict(then.resident(), now.balance.live, resident_then.as_ref(), now.resident()))
}

/// One or two sentences: whether there is a problem, which term it is, what would lower it.
fn verdict(resident: Option<u64>, live: u64, terms: Option<&PageBalance>, after: Option<u64>) -> String {
    let (Some(resident), Some(terms)) = (resident, terms) else {
        return "This system does not tell what is resident.".to_owned();
    };
    let ratio = format::ratio(resident, live);
    if resident as f64 <= live as f64 * FINE {
        return format!("Resident is {ratio} live: nothing here is worth a change.");
    }
    let others = Term::COMMITTED.into_iter().filter(|term| *term != Term::Live);
    let Some(worst) = others.max_by_key(|term| part(terms, *term)) else { return String::new() };
    let bytes = part(terms, worst);
    format!(
        "Resident is {ratio} live. The largest part that is not live is {}, {} ({}). What would lower it: {}. After \
         the collection {} were resident, {} live.",
        worst.name(),
        format::bytes(bytes),
        format::percent(bytes, resident),
        worst.remedy(),
        format::maybe_bytes(after),
        after.map_or_else(|| "–".to_owned(), |after| format::ratio(after, live)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_names_the_largest_term_that_is_not_live() {
        let terms = PageBalance { live: 100, free_runs: 700, unjudged: 200, ..PageBalance::default() };
        let words = verdict(Some(1000), 100, Some(&terms), Some(120));
        assert!(words.contains("free runs") && words.contains("10.00 ×") && words.contains("compaction"), "{words}");
        let words = verdict(Some(110), 100, Some(&terms), Some(110));
        assert!(words.contains("nothing"), "{words}");
        assert!(verdict(None, 100, None, None).contains("does not tell"));
    }
}
