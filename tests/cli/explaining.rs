//! `explain`: the balance before and after, and a verdict. The samples say what it says of them.

use super::golden::{self, shape};
use super::program::{Scratch, project, run, run_on};

/// The verdict, which is the last line.
fn verdict(sample: &str) -> String {
    let out = run_on("explain", project(sample)).fine();
    out.lines().last().expect("a verdict").to_owned()
}

/// Bytes from a number with a unit.
fn bytes(text: &str) -> f64 {
    let (number, unit) = text.trim().split_once(' ').expect("a unit");
    let scale = match unit {
        "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        other => panic!("{other}"),
    };
    number.parse::<f64>().expect("a number") * scale
}

/// The four numbers of a line: committed and resident as the program left them, and after the collection.
fn columns(line: &str) -> Vec<f64> {
    let at = [14..26, 26..38, 41..53, 53..65];
    let characters: Vec<char> = line.chars().collect();
    at.into_iter().map(|at| bytes(&characters[at].iter().collect::<String>())).collect()
}

#[test]
fn the_table_has_a_shape() {
    let out = run("explain").fine();
    let (table, verdict) = out.rsplit_once("\n\n").expect("a verdict");
    golden::check("explain.txt", &shape(table));
    assert!(verdict.starts_with("Resident is "), "{verdict}");
}

#[test]
fn the_terms_sum_to_what_is_below_them() {
    // All in the same unit, to the rounding of three digits.
    let out = run("explain --soft-limit 8M").fine();
    let lines: Vec<&str> = out.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("live ")).expect("live");
    let last = lines.iter().position(|line| line.starts_with("sum ")).expect("sum");
    let terms: Vec<Vec<f64>> = lines[first..last].iter().map(|line| columns(line)).collect();
    for (column, sum) in columns(lines[last]).into_iter().enumerate() {
        let total: f64 = terms.iter().map(|term| term[column]).sum();
        assert!((total - sum).abs() <= sum * 0.02 + 1024.0, "column {column}: {total} or {sum}\n{out}");
    }
}

/// The resident bytes of a term as the program left it, and after the collection.
fn resident(sample: &str, term: &str) -> (f64, f64) {
    let out = run_on("explain", project(sample)).fine();
    let line = out.lines().find(|line| line.starts_with(&format!("{term} "))).expect("the term");
    let columns = columns(line);
    (columns[1], columns[3])
}

#[test]
fn the_samples_show_what_they_say() {
    let (left, compacted) = resident("samples/churn.arc", "free runs");
    assert!(left > 1e6 && compacted < 100e3, "{left} {compacted}");
    let pinned = verdict("samples/pinned.arc");
    assert!(pinned.contains("is free runs") && pinned.contains("pinned"), "{pinned}");
    let deep = verdict("samples/deep.arc");
    assert!(deep.contains("garbage that nobody has collected"), "{deep}");
    let (_, live) = resident("samples/deep.arc", "live");
    assert!(live > 3e6 && live < 5e6, "{live}");
    let (_, overhead) = resident("samples/strings.arc", "overhead");
    let (_, live) = resident("samples/strings.arc", "live");
    assert!(overhead > live / 5.0, "{overhead} of {live}");
    let tables = verdict("samples/tables.arc");
    assert!(tables.contains("nothing here is worth a change"), "{tables}");
}

#[test]
fn what_the_program_printed_comes_first_and_its_failure_last() {
    let scratch = Scratch::new();
    let ran = run_on("explain", scratch.file("wrong.arc", "(prn \"before\")\n(car 7)"));
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.starts_with("before\nAs the program left it"), "{}", ran.out);
    assert!(ran.errors.contains("wrong.arc:2:1: car wants a list"), "{}", ran.errors);
}
