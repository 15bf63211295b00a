//! Random programs: whatever they allocate, drop, hold on to and pin, the balance holds to the byte, on every page and
//! in the whole, and the heap verifies.

mod programs;

use std::io;

use heapatlas::export::{self, Format, Title};
use heapatlas::model::HeapModel;
use heapatlas::source::program::{Base, Program};
use heapatlas_arc::host::NoHost;
use heapatlas_arc::{Runtime, Streams};
use programs::{SETUP, expression, statement};
use proptest::prelude::*;

/// Every export can be written of whatever there is.
fn check_exports(runtime: &mut Runtime) -> Result<(), TestCaseError> {
    let mut model = HeapModel::default();
    model.apply(&runtime.heap().cut_frame(true));
    for format in [Format::Png, Format::Svg, Format::Json, Format::Csv, Format::Text] {
        let written = export::write(&mut io::sink(), format, &model, &Title::default());
        prop_assert!(written.is_ok());
    }
    Ok(())
}

/// The terms of the balance sum to what is committed and to what is resident; the pages' own terms sum to the heap's.
fn check(runtime: &mut Runtime) -> Result<(), TestCaseError> {
    let heap = runtime.heap();
    prop_assert!(heap.measure_residency());
    let mut model = HeapModel::default();
    model.apply(&heap.cut_frame(true));
    let counters = model.counters();
    let balance = counters.balance;
    prop_assert_eq!(balance.committed(), counters.committed);
    let absent = balance.not_resident.expect("measured");
    prop_assert_eq!(balance.resident(), Some(counters.committed - absent));
    let mut sums = [0_u64; 8];
    let mut resident = 0;
    for page in model.pages().iter() {
        let terms = page.entry.balance();
        let terms = [
            terms.live,
            terms.overhead,
            terms.unjudged,
            terms.dead,
            terms.free_runs,
            terms.free_page,
            terms.tables,
            terms.reserve,
        ];
        prop_assert_eq!(terms.iter().sum::<usize>(), 4096, "the page at {}", page.address);
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum += term as u64;
        }
        resident += if page.entry.resident() == Some(true) { 4096 } else { 0 };
    }
    let whole = [
        balance.live,
        balance.overhead,
        balance.unjudged,
        balance.dead,
        balance.free_runs,
        balance.free_pages,
        balance.tables,
        balance.reserve,
    ];
    prop_assert_eq!(sums, whole);
    prop_assert_eq!(Some(resident), balance.resident());
    let violations = runtime.heap().verify();
    prop_assert!(violations.is_empty(), "{}", violations[0]);
    Ok(())
}

/// Runs the statements, the balance being checked after every one.
fn run(statements: &[String], gc_stress: bool) -> Result<(), TestCaseError> {
    // Under stress there are too many collections to verify after each; it is done after each statement.
    let program =
        Program { base: Base::BuiltIn, verify: !gc_stress, soft_limit: Some(256 << 20), ..Program::default() };
    let streams = Streams { input: Box::new(io::empty()), output: Box::new(io::sink()), errors: Box::new(io::sink()) };
    let mut runtime = program.runtime(streams, Box::new(NoHost)).expect("a runtime");
    program.load_base(&mut runtime).expect("the library");
    runtime.evaluate(SETUP, "setup").expect("variables");
    runtime.heap().set_stress(gc_stress);
    for statement in statements {
        let result = runtime.evaluate(statement, "statement");
        prop_assert!(result.is_ok(), "{statement}: {}", result.expect_err("an error"));
        check(&mut runtime)?;
    }
    runtime.collect();
    check(&mut runtime)?;
    let balance = runtime.heap().counters().balance;
    prop_assert_eq!((balance.unjudged, balance.dead), (0, 0), "everything was marked and swept");
    check_exports(&mut runtime)?;
    runtime.release();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_balance_holds_whatever_a_program_does(statements in prop::collection::vec(statement(), 1..12)) {
        run(&statements, false)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn and_when_everything_moves_all_the_time(statements in prop::collection::vec(expression(), 1..4)) {
        let statements: Vec<String> = statements.iter().map(|value| format!("(push {value} (v 'kept))")).collect();
        run(&statements, true)?;
    }
}
