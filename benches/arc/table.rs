//! The figures side by side: of each implementation its user time net of start-up, its peak, and how many times more of
//! both it needed than this one.

use super::implementations::Implementation;
use super::measure::Figures;
use super::recorded::RECORDED;

/// Prints a row for every program, a group of columns for every implementation; then what was recorded of
/// implementations that are not installed.
pub(crate) fn print(
    implementations: &[Implementation],
    empty: &[Option<Figures>],
    rows: &[(&str, Vec<Option<Figures>>)],
) {
    println!("user ms net of start-up, peak MiB; × what this implementation needs");
    print!("{:<10}", "");
    for (index, implementation) in implementations.iter().enumerate() {
        print!("{:>width$}", implementation.name, width = if index == 0 { 18 } else { 34 });
    }
    println!();
    let net = |figures: Figures, empty: Option<Figures>| {
        let rest = figures.user_ms - empty.map_or(0.0, |empty| empty.user_ms);
        let user_ms = if figures.told_ms.is_nan() { rest } else { figures.told_ms };
        // What is less than the clock tells from nothing is one millisecond.
        Figures { user_ms: user_ms.max(1.0), ..figures }
    };
    print_row("start", empty);
    for (name, figures) in rows {
        let figures: Vec<_> =
            figures.iter().zip(empty).map(|(figures, empty)| figures.map(|figures| net(figures, *empty))).collect();
        print_row(name, &figures);
    }
    for (name, recorded) in RECORDED {
        if implementations.iter().any(|implementation| implementation.name == *name) {
            continue;
        }
        println!("\nrecorded, not measured now: {name}, where it was installed");
        for (program, user_ms, peak_mib) in *recorded {
            let ours = if *program == "start" {
                empty.first().copied().flatten()
            } else {
                let row = rows.iter().find(|(name, _)| name == program);
                row.and_then(|(_, figures)| figures.first().copied().flatten()).map(|ours| net(ours, empty[0]))
            };
            if ours.is_some() {
                print_row(
                    program,
                    &[ours, Some(Figures { user_ms: *user_ms, told_ms: f64::NAN, peak_mib: *peak_mib })],
                );
            }
        }
    }
}

fn print_row(name: &str, figures: &[Option<Figures>]) {
    print!("{name:<10}");
    let ours = figures.first().copied().flatten();
    for (index, theirs) in figures.iter().enumerate() {
        match (theirs, ours) {
            (Some(theirs), _) if index == 0 => print!("{:>10.1}{:>8.1}", theirs.user_ms, theirs.peak_mib),
            (Some(theirs), Some(ours)) => print!(
                "{:>10.1}{:>8.1}{:>7.1}×{:>7.1}×",
                theirs.user_ms,
                theirs.peak_mib,
                theirs.user_ms / ours.user_ms,
                theirs.peak_mib / ours.peak_mib
            ),
            (Some(theirs), None) => print!("{:>10.1}{:>8.1}{:>16}", theirs.user_ms, theirs.peak_mib, ""),
            (None, _) => print!("{:>width$}", "failed", width = if index == 0 { 18 } else { 34 }),
        }
    }
    println!();
}
