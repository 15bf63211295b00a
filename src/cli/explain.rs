//! `heapatlas explain`: where resident bytes go, which term is the problem, what would lower it.

use std::io::{self, Write};
use std::path::Path;

use heapatlas_heap::{PageBalance, Policy};

use heapatlas_arc::host::NoHost;

use super::arguments::ExplainOptions;
use super::exit::Ending;
use super::recorded;
use super::run::run_program;
use super::session::{Session, keeps_output};
use crate::format;
use crate::map::balance::{Term, resident};
use crate::model::HeapModel;
use crate::recording::reader::At;

/// Resident over live up to which nothing is called a problem.
const FINE: f64 = 1.5;

/// Runs a program, marks, and explains the balance.
pub(super) fn explain(options: ExplainOptions) -> Ending {
    if let [path] = options.files.as_slice()
        && path.extension().is_some_and(|extension| extension == "atlas")
    {
        return explain_recording(path);
    }
    let program = options.runtime.program(options.files, options.expressions);
    if let Some(misused) = keeps_output(&program) {
        return misused;
    }
    let mut session = match Session::start(&program, Box::new(NoHost)) {
        Ok(session) => session,
        Err(error) => return error.into(),
    };
    let ending = run_program(&mut session, &program);
    session.runtime.mark();
    let before = snapshot(&mut session);
    session.runtime.collect();
    let after = snapshot(&mut session);
    let ending = session.end_recording(ending);
    match write(&mut io::stdout().lock(), &before, &after) {
        Ok(()) => ending,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ending,
        Err(error) => Ending::System(format!("can't write: {error}")),
    }
}

/// Explains the end of a recording: nobody can collect there any more.
fn explain_recording(path: &Path) -> Ending {
    match recorded::open(path).and_then(|recording| recorded::model_at(&recording, path, At::End)) {
        Ok(model) => recorded::show(|out| write_moment(out, &model)),
        Err(ending) => ending,
    }
}

fn write_moment(out: &mut dyn Write, model: &HeapModel) -> io::Result<()> {
    let counters = model.counters();
    let in_memory = resident(model.pages());
    writeln!(out, "As recorded, {} on the allocation clock:\n", format::bytes(counters.clock))?;
    writeln!(out, "{:<14}{:>12}{:>12}", "", "committed", "resident")?;
    for term in Term::COMMITTED {
        let committed = format::maybe_bytes(term.of(&counters.balance));
        let in_memory = format::maybe_bytes(in_memory.as_ref().map(|balance| term.of_pages(balance) as u64));
        let meaning = term.meaning(&counters.policy);
        writeln!(out, "{:<14}{committed:>12}{in_memory:>12}   {meaning}", term.name())?;
    }
    let (committed, sum) = (format::bytes(counters.committed), format::maybe_bytes(counters.resident()));
    writeln!(out, "{:<14}{committed:>12}{sum:>12}\n", "sum")?;
    let (live, cost) = (counters.balance.live, counters.resident().unwrap_or(counters.committed));
    let worst = Term::costliest(&counters.balance).map_or_else(String::new, |(term, bytes)| {
        format!(
            " The largest part that is not live is {}, {} ({}). What would lower it: {}.",
            term.name(),
            format::bytes(bytes),
            format::percent(bytes, cost),
            term.remedy(&counters.policy)
        )
    });
    let what = if counters.resident().is_some() { "Resident" } else { "Committed" };
    writeln!(out, "{what} is {} what the last mark reached.{worst}", format::ratio(cost, live))
}

/// The model of the heap as it is.
fn snapshot(session: &mut Session) -> HeapModel {
    let heap = session.runtime.heap();
    heap.measure_residency();
    let mut model = HeapModel::default();
    model.apply(&heap.cut_frame(true));
    model
}

fn write(out: &mut dyn Write, before: &HeapModel, after: &HeapModel) -> io::Result<()> {
    let (then, now) = (before.counters(), after.counters());
    let policy = &now.policy;
    if !policy.is_usual() {
        writeln!(out, "The heap's policy is {policy}.")?;
    }
    writeln!(out, "As the program left it, marked but not swept, and after a collection that spared no effort:")?;
    writeln!(out)?;
    writeln!(out, "{:<14}{:>12}{:>12}   {:>12}{:>12}", "", "committed", "resident", "committed", "resident")?;
    let (resident_then, resident_now) = (resident(before.pages()), resident(after.pages()));
    for term in Term::COMMITTED {
        let (a, b) = (term.of(&then.balance).unwrap_or(0), term.of(&now.balance).unwrap_or(0));
        let (c, d) = (
            resident_then.as_ref().map(|balance| term.of_pages(balance) as u64),
            resident_now.as_ref().map(|balance| term.of_pages(balance) as u64),
        );
        writeln!(
            out,
            "{:<14}{:>12}{:>12}   {:>12}{:>12}   {}",
            term.name(),
            format::bytes(a),
            format::maybe_bytes(c),
            format::bytes(b),
            format::maybe_bytes(d),
            term.meaning(policy),
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
    let words = match (&resident_then, &resident_now) {
        (Some(then), Some(now)) => verdict(then, now, policy),
        _ => "This system does not tell what is resident.".to_owned(),
    };
    writeln!(out, "{words}")
}

/// A part of what is resident and not live, and what would lower it.
struct Suspect {
    name: &'static str,
    bytes: usize,
    remedy: &'static str,
}

/// What is resident and not live, given the resident terms before and after the collection.
fn suspects(then: &PageBalance, now: &PageBalance, policy: &Policy) -> Vec<Suspect> {
    let garbage =
        Suspect { name: "garbage that nobody has collected", bytes: then.dead, remedy: Term::Unjudged.remedy(policy) };
    let overhead = Suspect { name: Term::Overhead.name(), bytes: now.overhead, remedy: Term::Overhead.remedy(policy) };
    let others = [Term::FreeRuns, Term::FreePages, Term::Tables, Term::Reserve].map(|term| {
        let bytes = term.of_pages(then);
        let stays = term == Term::FreeRuns && now.free_runs > bytes / 2;
        let remedy = if stays { term.remedy_after_compaction(policy) } else { term.remedy(policy) };
        Suspect { name: term.name(), bytes, remedy }
    });
    [garbage, overhead].into_iter().chain(others).collect()
}

/// One or two sentences: whether there is a problem, which part it is, what would lower it.
fn verdict(then: &PageBalance, now: &PageBalance, policy: &Policy) -> String {
    let sum = |balance| Term::COMMITTED.into_iter().map(|term| term.of_pages(balance) as u64).sum::<u64>();
    let (before, after, live) = (sum(then), sum(now), now.live as u64);
    let ratio = format::ratio(before, live);
    if before as f64 <= live as f64 * FINE {
        return format!("Resident is {ratio} live: nothing here is worth a change.");
    }
    let Some(worst) = suspects(then, now, policy).into_iter().max_by_key(|suspect| suspect.bytes) else {
        return String::new();
    };
    let bytes = worst.bytes as u64;
    format!(
        "Resident is {ratio} live. The largest part that is not live is {}, {} ({}). What would lower it: {}. After \
         the collection {} are resident, {} live.",
        worst.name,
        format::bytes(bytes),
        format::percent(bytes, before),
        worst.remedy,
        format::bytes(after),
        format::ratio(after, live),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::Placement;

    #[test]
    fn the_verdict_names_the_largest_part_that_is_not_live() {
        let now = PageBalance { live: 100, tables: 20, ..PageBalance::default() };
        let then = PageBalance { live: 100, free_runs: 700, dead: 200, ..PageBalance::default() };
        let words = verdict(&then, &now, &Policy::default());
        assert!(words.contains("free runs, 700 B (70 %)") && words.contains("10.00 ×"), "{words}");
        assert!(words.contains("compaction: the free bytes"), "{words}");
        let fine = PageBalance { live: 110, ..PageBalance::default() };
        let words = verdict(&fine, &now, &Policy::default());
        assert!(words.contains("nothing"), "{words}");
    }

    #[test]
    fn what_the_mark_found_dead_is_garbage() {
        let then = PageBalance { live: 100, dead: 800, free_runs: 150, ..PageBalance::default() };
        let now = PageBalance { live: 100, ..PageBalance::default() };
        let words = verdict(&then, &now, &Policy::default());
        assert!(words.contains("garbage that nobody has collected, 800 B"), "{words}");
    }

    #[test]
    fn free_runs_that_compaction_left_are_pinned() {
        let then = PageBalance { live: 100, free_runs: 700, ..PageBalance::default() };
        let now = PageBalance { live: 100, free_runs: 650, ..PageBalance::default() };
        let words = verdict(&then, &now, &Policy::default());
        assert!(words.contains("pinned"), "{words}");
        // Where nothing moves, nothing is pinned either.
        let words = verdict(&then, &now, &Policy::of(Placement::Malloc));
        assert!(words.contains("this policy never does") && !words.contains("pinned"), "{words}");
    }
}
