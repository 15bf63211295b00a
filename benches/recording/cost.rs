//! What recording costs a program: user time of the whole process, its thread that writes included, with `--record` over that
//! without, in pairs of runs one right after the other, so that what else the machine does hits both. Each program runs once,
//! and so many times in one process that it takes seconds: start-up weighs most in the first, the rate at which frames are cut
//! in the second.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

/// Pairs of runs of each program.
const PAIRS: usize = 12;
/// What a long run takes at least, in milliseconds.
const LONG: f64 = 2000.0;
/// Programs of the other benchmark that allocate much, each in its way.
const PROGRAMS: [&str; 4] = ["trees", "nrev", "table", "text"];

/// Measures each program, and prints two lines.
pub(crate) fn measure(out: &Path) -> Result<(), Box<dyn Error>> {
    println!(
        "{:8} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "program", "times", "user ms", "more ms", "median", "lower", "upper"
    );
    for program in PROGRAMS {
        let times = (LONG / run(program, 1, None)?.max(1.0)).ceil() as usize;
        for times in [1, times] {
            compare(program, times, out)?;
        }
    }
    Ok(())
}

/// Measures a program that runs so many times in one process.
fn compare(program: &str, times: usize, out: &Path) -> Result<(), Box<dyn Error>> {
    let (mut plain, mut more, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..=PAIRS {
        // Whoever is first has no advantage in the end.
        let (without, with) = if pair % 2 == 0 {
            let without = run(program, times, None)?;
            (without, run(program, times, Some(out))?)
        } else {
            let with = run(program, times, Some(out))?;
            (run(program, times, None)?, with)
        };
        // The first pair warms up what the system keeps of files.
        if pair > 0 {
            plain.push(without);
            more.push(with - without);
            shares.push((with / without - 1.0) * 100.0);
        }
    }
    for numbers in [&mut plain, &mut more, &mut shares] {
        numbers.sort_by(f64::total_cmp);
    }
    let quartile = |numbers: &[f64], quarter: usize| numbers[numbers.len() * quarter / 4];
    println!(
        "{program:8} {times:6} {:9.1} {:9.1} {:8.2}% {:8.2}% {:8.2}%",
        quartile(&plain, 2),
        quartile(&more, 2),
        quartile(&shares, 2),
        quartile(&shares, 1),
        quartile(&shares, 3)
    );
    Ok(())
}

/// Runs a program so many times in one process, and gives its user time in milliseconds.
fn run(program: &str, times: usize, record: Option<&Path>) -> Result<f64, Box<dyn Error>> {
    let path = format!("{}/benches/arc/programs/{program}.arc", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_heapatlas"));
    command.arg("run").args(vec![path; times]);
    // Arc tells of each name that is defined again.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(out) = record {
        command.arg("--record").arg(out);
    }
    let before = user_ms()?;
    let status = command.status()?;
    if !status.success() {
        return Err(format!("{program} failed").into());
    }
    Ok(user_ms()? - before)
}

/// User time of all children so far, in milliseconds.
fn user_ms() -> Result<f64, Box<dyn Error>> {
    let time = getrusage(UsageWho::RUSAGE_CHILDREN)?.user_time();
    Ok(time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3)
}
