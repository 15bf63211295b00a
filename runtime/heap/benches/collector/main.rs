//! What allocating and collecting cost, held against the bars: `cargo bench -p heapatlas-heap`.
//!
//! * `measure` clocks, medians, and the line that says whether a bar is met
//! * `program` what the programs measured have in common: roots, safepoints, lists
//! * `peers` the allocators of the system and mimalloc
//! * `garbage` conses, some of which are kept
//! * `marking` marking in order and scattered, sweeping
//! * `pauses` how long the program stands still beside much that lives
//! * `trace` a trace like that of a Lisp, and what is resident after it
//! * `instrumentation` what frames cost
//! * `span` a hole of 100 TB; a full collection against live data and against the span
//!
//! Each figure is the median of five runs; those that are compared take turns. Time is that of the thread on its
//! processor unless the line says otherwise: machines are shared. Nothing here is a test: it prints.

#![allow(unsafe_code, reason = "benchmarks collect, and call allocators")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and stops when it can't go on")]

mod garbage;
mod instrumentation;
mod marking;
mod measure;
mod pauses;
mod peers;
mod program;
mod span;
mod trace;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    // Runs that need a process of their own.
    if let [job, of] = arguments.as_slice() {
        match job.as_str() {
            trace::IN_CHILD => return trace::in_child(of),
            span::IN_CHILD => return span::in_child(of),
            instrumentation::IN_CHILD => return instrumentation::in_child(of),
            _ => {}
        }
    }
    // As with `cargo test`, words choose among them.
    let all: [(&str, fn()); 6] = [
        ("garbage", garbage::bench),
        ("marking", marking::bench),
        ("pauses", pauses::bench),
        ("trace", trace::bench),
        ("instrumentation", instrumentation::bench),
        ("span", span::bench),
    ];
    for (name, bench) in all {
        if arguments.is_empty() || arguments.iter().any(|word| name.contains(word.as_str())) {
            bench();
        }
    }
}
