//! Scrubbing: from the slider of the window to the model of a moment, in a process that has done nothing else.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use heapatlas::model::HeapModel;
use heapatlas::past::{Past, Reply, Target};
use heapatlas::recording::reader::Recording;

use super::seek::most_kibibytes;

/// Places of the slider, from one end to the other and back, and at random.
const PLACES: u64 = 200;

/// Scrubs a recording while it is gone through, and once more when that is done.
pub(crate) fn scrub(path: &Path) -> Result<(), Box<dyn Error>> {
    let last = Recording::open(path)?.index().last.clock;
    let mut past = Past::recorded(path.to_owned(), Box::new(|| {}))?;
    let begun = Instant::now();
    tell("while it is gone through", &mut past, last)?;
    let moments = loop {
        match past.next_reply() {
            Some(Reply::Read(read)) if read.share >= 1.0 => break read.over_time.columns().len(),
            Some(Reply::Trouble(why)) => return Err(why.into()),
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    println!("gone through in {:.1?}: the curves, and the pages at {moments} moments", begun.elapsed());
    tell("afterwards", &mut past, last)?;
    println!("the process never had more than {} MiB", most_kibibytes() / 1024);
    Ok(())
}

/// Drags the slider there and back, then has it jump.
fn tell(when: &str, past: &mut Past, last: u64) -> Result<(), Box<dyn Error>> {
    let mut random = fastrand::Rng::with_seed(3);
    let there = (0..PLACES).map(|place| last / PLACES * place);
    let dragged: Vec<u64> = there.clone().chain(there.rev()).collect();
    let jumped: Vec<u64> = (0..PLACES).map(|_| random.u64(..=last)).collect();
    for (how, clocks) in [("dragged", dragged), ("jumped", jumped)] {
        let mut times = clocks.into_iter().map(|clock| time(past, clock)).collect::<Result<Vec<_>, _>>()?;
        times.sort_unstable();
        let (middle, longest) = (times[times.len() / 2], times[times.len() - 1]);
        println!("{how} {when}, {} places: {middle:.1?} in the middle, {longest:.1?} at most", times.len());
    }
    Ok(())
}

/// How long it takes from asking for a moment to its model.
fn time(past: &mut Past, clock: u64) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    past.seek(Target::Clock(clock), &HeapModel::default());
    loop {
        match past.next_reply() {
            Some(Reply::Moment(_)) => return Ok(begun.elapsed()),
            Some(Reply::Trouble(why)) => return Err(why.into()),
            Some(Reply::Read(_)) => {}
            None => std::thread::sleep(Duration::from_micros(100)),
        }
    }
}
