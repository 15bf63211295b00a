use heapatlas_arc::{Runtime, Streams, host::NoHost, libraries};
use heapatlas_heap::Heap;
fn main() {
    let streams = Streams {
        input: Box::new(std::io::stdin()),
        output: Box::new(std::io::stdout()),
        errors: Box::new(std::io::stderr()),
    };
    let mut rt = Runtime::new(Heap::new().unwrap(), streams, Box::new(NoHost)).unwrap();
    rt.begin_library().unwrap();
    for l in libraries::BASE {
        rt.load_library(l).unwrap();
    }
    rt.collect();
    rt.heap().measure_residency();
    let c = rt.heap().counters();
    println!("{c:#?}");
    println!("resident/live {}", c.resident().unwrap() as f64 / c.balance.live as f64);
    let f = rt.heap().cut_frame(true);
    for (a, e) in f.pages() {
        if e.resident() == Some(true) || (e.used() > 0) {
            println!(
                "{a} {:?} used {} live {} oh {} res {:?}",
                e.kind(),
                e.used(),
                e.live(),
                e.overhead_words(),
                e.resident()
            );
        }
    }
    let mut kinds = std::collections::BTreeMap::new();
    rt.heap().walk(|i| {
        let e = kinds.entry(i.header.map_or("cell", |h| h.kind().unwrap().name())).or_insert((0, 0));
        e.0 += 1;
        e.1 += i.bytes;
    });
    println!("{kinds:#?}");
    println!(
        "{}",
        std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .filter(|l| l.starts_with("VmRSS") || l.starts_with("VmHWM") || l.starts_with("VmSize"))
            .collect::<Vec<_>>()
            .join("\n")
    );
}
