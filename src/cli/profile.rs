//! `heapatlas profile`: time and bytes by Arc function, as a table or as folded stacks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use heapatlas_arc::host::{Host, Verdict};
use heapatlas_arc::profile::{Cost, Profile};
use heapatlas_heap::Heap;

use super::arguments::{ProfileOptions, ProfileUnit};
use super::exit::Ending;
use super::recorded;
use super::session::Session;
use crate::format;

/// Calls between two safepoints: few, so that a sample can be taken soon after it is due. No round number, so that a
/// loop is not met at the same place each time.
const CALLS: u32 = 61;
/// Functions in the table.
const ROWS: usize = 30;

/// A host that wants many safepoints.
#[derive(Debug)]
struct Sampling;

impl Host for Sampling {
    fn look(&mut self, _heap: &mut Heap) -> Verdict {
        Verdict::Go { calls: CALLS }
    }
}

/// Runs a program and tells, or writes, where its time and its bytes went; also when it failed.
pub(super) fn profile(options: ProfileOptions) -> Ending {
    let program = options.runtime.program(options.files, options.expressions);
    let mut session = match Session::start(&program, Box::new(Sampling)) {
        Ok(session) => session,
        Err(error) => return error.into(),
    };
    let result = program.load_base(&mut session.runtime).and_then(|()| {
        session.runtime.start_profile();
        program.run(&mut session.runtime)
    });
    let profile = session.runtime.end_profile();
    let ending = session.output_lost().unwrap_or_else(|| result.map_or_else(Ending::from, |_| Ending::Fine));
    let ending = session.end_recording(ending);
    let written = match &options.output {
        Some(path) => recorded::write_file(path, |out| out.write_all(folded(&profile, options.by).as_bytes())),
        None => write_table(&table(&profile, options.by)),
    };
    if written == Ending::Fine { ending } else { written }
}

fn write_table(text: &str) -> Ending {
    match io::stderr().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Ending::System(format!("can't write: {error}")),
        _ => Ending::Fine,
    }
}

/// What counts of a cost: microseconds or bytes.
fn weight(cost: &Cost, by: ProfileUnit) -> u64 {
    match by {
        ProfileUnit::Time => u64::try_from(cost.time.as_micros()).unwrap_or(u64::MAX),
        ProfileUnit::Bytes => cost.bytes,
    }
}

/// A line for each stack: its functions with semicolons between them, the outermost first, and its weight.
fn folded(profile: &Profile, by: ProfileUnit) -> String {
    let mut text = String::new();
    for (stack, cost) in profile.stacks.iter().filter(|(stack, _)| !stack.is_empty()) {
        let weight = weight(cost, by);
        if weight > 0 {
            let names: Vec<String> = stack.iter().map(|name| plain(name)).collect();
            // Writing to a string does not fail.
            writeln!(text, "{} {weight}", names.join(";")).ok();
        }
    }
    text
}

/// A name without what has a meaning in folded stacks.
fn plain(name: &str) -> String {
    name.chars().map(|letter| if letter == ';' || letter.is_whitespace() { '_' } else { letter }).collect()
}

/// What was put down to a function itself, and to it together with what it called.
#[derive(Clone, Copy, Default)]
struct Row {
    own: Cost,
    total: Cost,
}

/// What was put down to each function. One that is on a stack several times counts once there.
fn rows(profile: &Profile) -> BTreeMap<&str, Row> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for (stack, cost) in &profile.stacks {
        for name in stack.iter().collect::<BTreeSet<_>>() {
            rows.entry(name).or_default().total.add(*cost);
        }
        if let Some(innermost) = stack.last() {
            rows.entry(innermost).or_default().own.add(*cost);
        }
    }
    rows
}

/// The functions with the largest share of their own, as a table.
fn table(profile: &Profile, by: ProfileUnit) -> String {
    let mut whole = Cost::default();
    profile.stacks.iter().for_each(|(_, cost)| whole.add(*cost));
    let mut rows: Vec<(&str, Row)> = rows(profile).into_iter().collect();
    rows.sort_by_key(|(_, row)| std::cmp::Reverse((weight(&row.own, by), weight(&row.total, by))));
    let mut text = format!(
        "{} samples, {}, {} allocated; of the function itself, and with what it called:\n\n",
        format::count(whole.samples),
        format::time(whole.time),
        format::bytes(whole.bytes)
    );
    let heading = ["time", "", "with calls", "bytes", "", "with calls"];
    text += &line(heading.map(str::to_owned), "function");
    for (name, Row { own, total }) in rows.iter().take(ROWS) {
        let micros = |cost: &Cost| weight(cost, ProfileUnit::Time);
        let cells = [
            format::time(own.time),
            format::percent(micros(own), micros(&whole)),
            format::time(total.time),
            format::bytes(own.bytes),
            format::percent(own.bytes, whole.bytes),
            format::bytes(total.bytes),
        ];
        text += &line(cells, name);
    }
    if rows.len() > ROWS {
        text += &format!("{} more functions\n", rows.len() - ROWS);
    }
    text
}

fn line([time, share, total, bytes, bytes_share, bytes_total]: [String; 6], name: &str) -> String {
    format!("{time:>10}{share:>8}{total:>12}{bytes:>12}{bytes_share:>8}{bytes_total:>12}  {name}\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn profile() -> Profile {
        let stack = |names: &[&str], micros, bytes| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            (names, Cost { samples: 1, time: Duration::from_micros(micros), bytes })
        };
        Profile {
            stacks: vec![
                stack(&["fn@a.arc:1", "f"], 30, 100),
                stack(&["fn@a.arc:1", "f", "f", "odd name;x"], 60, 0),
                stack(&["fn@a.arc:1"], 10, 300),
            ],
        }
    }

    #[test]
    fn folded_stacks_have_a_line_each_and_no_odd_names() {
        assert_eq!(
            folded(&profile(), ProfileUnit::Time),
            "fn@a.arc:1;f 30\nfn@a.arc:1;f;f;odd_name_x 60\nfn@a.arc:1 10\n"
        );
        assert_eq!(folded(&profile(), ProfileUnit::Bytes), "fn@a.arc:1;f 100\nfn@a.arc:1 300\n");
    }

    #[test]
    fn a_function_counts_once_on_a_stack_and_itself_once() {
        let profile = profile();
        let rows = rows(&profile);
        assert_eq!(rows["f"].total.time, Duration::from_micros(90));
        assert_eq!(rows["f"].own.time, Duration::from_micros(30));
        assert_eq!(rows["fn@a.arc:1"].total.bytes, 400);
        let table = table(&profile, ProfileUnit::Bytes);
        let names: Vec<&str> = table.lines().skip(3).filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(names, ["fn@a.arc:1", "f", "name;x"]);
    }
}
