//! `compare` and `--heap`: the same program under several policies.

use std::ffi::OsString;
use std::fs;

use serde_json::Value;

use super::program::{Scratch, command, finish, run};
use super::xml;

/// The reports that `compare` writes as JSON.
fn compared(words: &[&str]) -> Vec<Value> {
    let scratch = Scratch::new();
    let out = scratch.path("out.json");
    let arguments = ["compare", "--rounds", "1"].iter().chain(words).map(Into::into);
    finish(command::<OsString>(arguments.chain(["-o".into(), out.clone().into_os_string()]))).fine();
    let written = fs::read_to_string(out).expect("the numbers");
    serde_json::from_str::<Value>(&written).expect("a list").as_array().expect("a list").clone()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no whole number"))
}

/// Keeps every tenth of many conses, so that what is free lies between what lives.
const PROGRAM: &str =
    "(= kept nil) (for i 1 60000 (let c (list i) (if (is 0 (mod i 10)) (push c kept)))) (prn (len kept))";

#[test]
fn every_policy_runs_the_same_program() {
    for policy in ["pool", "single", "malloc", "malloc:cell=64,give-back=no", "pool:collect=no"] {
        let arguments = ["run", "--heap", policy, "--verify", "-e", PROGRAM];
        assert_eq!(finish(command(arguments)).fine(), "6000\n", "{policy}");
    }
}

#[test]
fn the_policies_stand_side_by_side() {
    let reports = compared(&["-e", PROGRAM]);
    let heaps: Vec<_> = reports.iter().map(|one| one["report"]["heap"].as_str().expect("a name")).collect();
    assert_eq!(heaps, ["pool", "single", "malloc"]);
    for one in &reports {
        let (report, left) = (&one["report"], &one["report"]["as_left"]);
        assert_eq!(number(&left["balance"]["unjudged"]), 0, "everything was judged: {left}");
        for state in [report, left] {
            let sum: i64 = state["resident_balance"].as_object().expect("terms").values().map(number).sum();
            assert_eq!(sum, number(&state["resident_bytes"]), "{state}");
        }
        assert_eq!(report["balance"]["dead"], 0, "the final collection leaves nothing dead");
        assert!(number(&one["allocations"]) > 60_000, "counted under malloc, the same for all");
    }
    let resident = |one: &Value| number(&one["report"]["resident_bytes"]);
    assert!(resident(&reports[0]) < resident(&reports[1]), "moving gives back what one kind of pool can't");
    assert!(resident(&reports[0]) < resident(&reports[2]), "nor can malloc");
}

#[test]
fn each_step_of_the_autopsy_holds_less_but_for_the_authors_cure() {
    let reports = compared(&["--autopsy", "-e", PROGRAM]);
    let resident: Vec<_> = reports
        .iter()
        .map(|one| {
            let collects = !one["report"]["heap"].as_str().expect("a name").contains("collect=no");
            let state = if collects { &one["report"] } else { &one["report"]["as_left"] };
            number(&state["resident_bytes"])
        })
        .collect();
    assert_eq!(resident.len(), 7);
    assert!(resident[0] > 8 * resident[1], "cells of 480 bytes: {resident:?}");
    assert!(resident[1] > 2 * resident[2], "what nobody collects: {resident:?}");
    assert!(resident[3] <= resident[2] + (64 << 10), "giving back: {resident:?}");
    assert!(resident[6] < resident[5] && resident[5] <= resident[4], "pools: {resident:?}");
}

#[test]
fn pictures_are_written_beside_the_table() {
    let scratch = Scratch::new();
    for name in ["out.svg", "out.png"] {
        let path = scratch.path(name);
        let out = path.clone().into_os_string();
        let arguments = ["compare", "--rounds", "1", "--heap", "malloc", "--heap", "pool:evacuate=no", "-o"];
        let table = finish(command::<OsString>(arguments.iter().map(Into::into).chain([out]))).fine();
        assert!(table.contains("pool:evacuate=no") && table.contains("resident / live"), "{table}");
        let bytes = fs::read(&path).expect("a picture");
        if name == "out.svg" {
            let elements = xml::elements(&String::from_utf8(bytes).expect("text")).expect("XML");
            assert!(elements.iter().filter(|element| *element == "rect").count() > 4, "{elements:?}");
        } else {
            assert!(bytes.starts_with(b"\x89PNG"));
        }
    }
}

#[test]
fn what_goes_wrong_is_told_once() {
    assert!(run("compare nosuch.arc").failed(3, "").contains("nosuch.arc"));
    assert!(finish(command(["compare", "-e", "(err \"no\")"])).failed(1, "").contains("under pool: -e:1:1: no"));
    assert!(run("compare -o out.gif").failed(2, "").contains(".png, .svg or .json"));
    assert_eq!(run("run --heap heap -e 1").code, Some(2));
    assert_eq!(run("compare --autopsy --heap pool").code, Some(2));
    assert_eq!(run("run --core x --heap malloc -e 1").code, Some(2));
}
