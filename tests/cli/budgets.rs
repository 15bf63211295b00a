//! `check`: budgets, baselines and JUnit.

use std::fs;

use super::golden;
use super::program::{Scratch, command, finish, run};
use super::xml;

#[test]
fn budgets_that_are_met_are_one_line_each() {
    let ran = run("check samples/queue.arc --max-live 20M --max-resident-over-live 30 --max-holes 95% --max-pause 60s");
    let out = ran.fine();
    let lines: Vec<&str> = out.lines().filter(|line| line.starts_with("ok ")).collect();
    golden::check("check.txt", &golden::shape(&lines.join("\n")));
    assert_eq!(lines.len(), 4, "{out}");
}

#[test]
fn a_budget_that_is_exceeded_is_code_1_and_a_failure_in_the_report() {
    let scratch = Scratch::new();
    let report = scratch.path("report.xml");
    let mut command =
        command(["check", "-e", "(= kept (newstring 5000000 #\\x))", "--max-live", "1M", "--max-committed", "1G"]);
    command.arg("--junit").arg(&report);
    let ran = finish(command);
    assert_eq!(ran.code, Some(1), "{}", ran.errors);
    assert_eq!(ran.errors, "heapatlas: 1 of 2 budgets exceeded\n");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("over  live ") && lines[0].ends_with("at most 1.00 MiB"), "{}", ran.out);
    assert!(lines[1].starts_with("ok    committed ") && lines.len() == 2, "{}", ran.out);
    let report = fs::read_to_string(report).expect("a report");
    assert_eq!(xml::elements(&report).expect("XML"), ["testsuite", "testcase", "failure", "testcase"]);
    assert!(report.contains("tests=\"2\" failures=\"1\"") && report.contains("#\\x))\" name=\"live\""), "{report}");
}

#[test]
fn a_run_is_compared_with_an_earlier_one() {
    let scratch = Scratch::new();
    let baseline = scratch.path("baseline.json");
    let check = |expression: &str, option: &str| {
        let mut command = command(["check", "-e", expression, option]);
        command.arg(&baseline);
        finish(command)
    };
    assert_eq!(check("(= kept (newstring 1000000 #\\x))", "--write-baseline").fine(), "");
    let same = check("(= kept (newstring 1000000 #\\x))", "--baseline");
    assert!(same.out.lines().count() == 7 && !same.out.contains("pause"), "{}", same.out);
    assert_eq!(same.code, Some(0), "{}{}", same.out, same.errors);
    let more = check("(= kept (newstring 3000000 #\\x))", "--baseline");
    assert!(more.code == Some(1) && more.out.contains("over  live "), "{}", more.out);
}

#[test]
fn what_cannot_be_checked_is_said() {
    let scratch = Scratch::new();
    assert!(run("check -e 1").failed(2, "").contains("name a budget"));
    for limit in ["--max-live much", "--max-holes 5%%", "--max-pause 2", "--max-resident-over-live -1"] {
        assert_eq!(run(&format!("check -e 1 {limit}")).code, Some(2), "{limit}");
    }
    let mut command_ = command(["check", "-e", "1", "--baseline"]);
    command_.arg(scratch.file("baseline.json", "{\"live\": 1}"));
    assert!(finish(command_).failed(3, "").contains("no baseline: "));
    // A program that fails meets no budget.
    let ran = run("check -e (car:7) --max-live 20M");
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.errors);
}
