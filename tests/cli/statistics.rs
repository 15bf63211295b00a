//! `--stats`: the report is a contract.

use serde_json::Value;

use super::golden::{self, shape};
use super::program::{project, run, run_on};

/// The one object that `--stats json` prints.
fn statistics(arguments: &str) -> Value {
    let ran = run(arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert_eq!(ran.errors.lines().count(), 1, "{}", ran.errors);
    serde_json::from_str(&ran.errors).expect("an object")
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no whole number"))
}

/// Every key with the type of its value, one a line.
fn schema(value: &Value, name: &str, into: &mut String) {
    if let Value::Object(members) = value {
        for (key, member) in members {
            let full = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            schema(member, &full, into);
        }
        return;
    }
    let word = match value {
        Value::String(_) => "text",
        Value::Number(number) if number.is_f64() => "number with a fraction",
        Value::Number(_) => "number",
        _ => "something else",
    };
    *into += &format!("{name}: {word}\n");
}

#[test]
fn every_key_is_there() {
    let mut keys = String::new();
    schema(&statistics("run -e 1 --stats json"), "", &mut keys);
    golden::check("stats-json.txt", &keys);
}

#[test]
fn user_time_is_finer_than_ticks() {
    // That one run ends on a whole tick of the clock may be; not that all do. What takes only a few ticks may have run for the
    // system at each of them, and then the kernel says that all of its time was the system's.
    let whole_tick = |_| {
        let user = statistics("run samples/churn.arc --stats json")["user_ms"].as_f64().expect("a number");
        assert!(user > 0.0, "{user}");
        user % 10.0 == 0.0
    };
    assert!(!(0..4).all(whole_tick));
}

#[test]
fn the_balance_sums_to_what_is_resident_and_committed() {
    let sample = project("samples/churn.arc");
    for arguments in ["--stats json", "--stats json --soft-limit 64M", "--stats json --verify"] {
        let ran = run_on(&format!("run {arguments}"), &sample);
        let report: Value = serde_json::from_str(&ran.errors).expect("an object");
        let terms = report["balance"].as_object().expect("terms");
        let sum: i64 = terms.values().map(number).sum();
        assert_eq!(sum, number(&report["resident_bytes"]));
        let not_resident = number(&report["balance"]["not_resident"]);
        assert!(not_resident <= 0, "what is not resident is subtracted");
        assert_eq!(sum - not_resident, number(&report["committed_bytes"]));
        assert_eq!(report["balance"]["live"], report["live_bytes"]);
        let pages: i64 = report["pages"].as_object().expect("pages").values().map(number).sum();
        assert_eq!(pages * 4096, number(&report["committed_bytes"]));
        // Everything was marked a moment ago, and swept.
        assert_eq!((number(&terms["unjudged"]), number(&terms["dead"])), (0, 0));
        assert!(number(&report["allocated_bytes_total"]) > number(&report["live_bytes"]));
        assert!(number(&report["gc"]["cycles"]) > 0);
        assert!(number(&report["gc"]["pause_max_us"]) >= number(&report["gc"]["pause_p99_us"]));
        assert!(number(&report["gc"]["total_us"]) >= number(&report["gc"]["pause_max_us"]));
        assert!(report["wall_ms"].as_f64().expect("a time") > 0.0);
    }
}

#[test]
fn holes_are_counted_and_not_committed() {
    let ran = run_on("run --stats json", project("samples/grow.arc"));
    let report: Value = serde_json::from_str(&ran.errors).expect("an object");
    assert!(number(&report["hole_bytes"]) > 0, "{report}");
    assert!(number(&report["committed_bytes"]) <= number(&report["process_virtual_bytes"]));
}

/// Whether the system has large pages is its own affair: that the heap asks for them can be told by where it begins.
#[test]
fn a_heap_in_large_pages_runs_the_same_program_and_says_so() {
    let program = "(do (= all nil) (repeat 1500000 (push 1 all)) (prn (len all)))";
    for arguments in ["--large-pages", "--heap pool:large-pages=yes", "--heap single --large-pages"] {
        let ran = run_on(&format!("run --stats json {arguments} -e"), program);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), "1500000\n"), "{}", ran.errors);
        let report: Value = serde_json::from_str(&ran.errors).expect("an object");
        assert!(report["heap"].as_str().expect("a policy").ends_with("large-pages=yes"), "{report}");
        assert!(number(&report["large_page_bytes"]) <= number(&report["resident_bytes"]), "{report}");
    }
    let report = statistics("run -e 1 --stats json");
    assert_eq!((number(&report["large_page_bytes"]), &report["heap"]), (0, &Value::from("pool")));
}

#[test]
fn the_report_for_people_has_a_shape() {
    let ran = run("run -e 1 --stats text");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    golden::check("stats-text.txt", &shape(&ran.errors));
}

#[test]
fn a_program_that_fails_is_reported_too() {
    let ran = run_on("run --stats json -e", "(car 7)");
    assert_eq!(ran.code, Some(1));
    let mut lines = ran.errors.lines();
    assert!(lines.next().is_some_and(|line| serde_json::from_str::<Value>(line).is_ok()), "{}", ran.errors);
    assert!(lines.next().is_some_and(|line| line.contains("car wants a list")), "{}", ran.errors);
}
