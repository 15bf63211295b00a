//! Arc programs on this implementation and, where they are installed, on Arcueid and on Arc 3.1 hosted by Racket.
//!
//! ```text
//! cargo bench --bench arc                          everything
//! cargo bench --bench arc -- fib sort --rounds 9   two programs, nine rounds
//! ```
//!
//! Every run is a process of its own that reads the program as a person would have it run; a round runs a program once on
//! each implementation, so that what disturbs the machine disturbs all of them. What is compared is user time, medians,
//! net of the time in which the implementation gets ready for an empty program; and the most that was resident.
//! `README.md` beside this file says how to name other implementations, and what was measured.
//!
//! * `programs` what is run, and what it must print
//! * `implementations` by what
//! * `measure` a process, its user time and peak
//! * `recorded` what the others needed where they were installed
//! * `table` the figures side by side

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports")]

mod implementations;
mod measure;
mod programs;
mod recorded;
mod table;

use std::process::ExitCode;

use implementations::Implementation;
use measure::Figures;
use programs::Program;

/// Rounds unless `--rounds` says otherwise.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut names, mut rounds) = (Vec::new(), ROUNDS);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            measure::CHILD => return measure::be_child(&arguments.collect::<Vec<_>>()),
            "--rounds" => {
                let Some(number) = arguments.next().and_then(|number| number.parse().ok()) else {
                    eprintln!("--rounds takes a number");
                    return ExitCode::from(2);
                };
                rounds = number;
            }
            // What cargo passes to every benchmark.
            "--bench" => {}
            _ => names.push(argument),
        }
    }
    let folder = tempfile::tempdir().expect("a folder for the programs");
    let programs = programs::all(folder.path());
    if let Some(unknown) = names.iter().find(|name| programs.iter().all(|program| program.name != name.as_str())) {
        let known: Vec<_> = programs.iter().map(|program| program.name).collect();
        eprintln!("no program is called {unknown}; there are {}", known.join(", "));
        return ExitCode::from(2);
    }
    let implementations = implementations::installed(folder.path());
    let empty = measure_program(&implementations, &programs::empty(folder.path()), rounds);
    let mut rows = Vec::new();
    for program in &programs {
        if names.is_empty() || names.iter().any(|name| name == program.name) {
            rows.push((program.name, measure_program(&implementations, program, rounds)));
        }
    }
    table::print(&implementations, &empty, &rows);
    ExitCode::SUCCESS
}

/// The medians of a program on each implementation; `None` where it does not run.
fn measure_program(implementations: &[Implementation], program: &Program, rounds: usize) -> Vec<Option<Figures>> {
    let mut runs: Vec<Vec<Figures>> = vec![Vec::new(); implementations.len()];
    for _ in 0..rounds.max(1) {
        for (implementation, runs) in implementations.iter().zip(&mut runs) {
            match measure::run(&implementation.job(program), program) {
                Ok(figures) => runs.push(figures),
                Err(why) => eprintln!("{} on {}: {why}", program.name, implementation.name),
            }
        }
    }
    runs.into_iter().map(measure::median).collect()
}
