//! What recording costs a program: user time of the whole process with `--record` over that without, in pairs of runs one
//! right after the other, so that what else the machine does hits both.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

/// Pairs of runs of each program.
const PAIRS: usize = 21;
/// Programs of the other benchmark that allocate much, each in its way.
const PROGRAMS: [&str; 4] = ["trees", "nrev", "table", "text"];

/// Measures each program, and prints a line.
pub(crate) fn measure(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("{:8} {:>10} {:>9} {:>9} {:>9}", "program", "user ms", "median", "lower", "upper");
    for program in PROGRAMS {
        let mut plain = Vec::new();
        let mut shares = Vec::new();
        for pair in 0..PAIRS {
            let (without, with) = (run(program, None)?, run(program, Some(out))?);
            // The first pair warms up what the system keeps of files.
            if pair > 0 {
                plain.push(without);
                shares.push((with / without - 1.0) * 100.0);
            }
        }
        plain.sort_by(f64::total_cmp);
        shares.sort_by(f64::total_cmp);
        let quartile = |numbers: &[f64], quarter: usize| numbers[numbers.len() * quarter / 4];
        println!(
            "{program:8} {:10.1} {:8.2}% {:8.2}% {:8.2}%",
            quartile(&plain, 2),
            quartile(&shares, 2),
            quartile(&shares, 1),
            quartile(&shares, 3)
        );
    }
    Ok(())
}

/// Runs a program, and gives its user time in milliseconds.
fn run(program: &str, record: Option<&Path>) -> Result<f64, Box<dyn Error>> {
    let path = format!("{}/benches/arc/programs/{program}.arc", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_heapatlas"));
    command.arg("run").arg(path).stdin(Stdio::null()).stdout(Stdio::null());
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
