//! The tour of the window itself, in five steps.

use crate::source::tour::{Landmark, Step};

/// Its steps.
#[must_use]
pub fn steps() -> Vec<Step> {
    let step = |landmark, words: &str| Step { words: words.to_owned(), landmark, line: None, collects: false };
    vec![
        step(
            Landmark::Map,
            "This is a heap as a place. Every box is a page of 4 KiB, in the order of addresses; its colour says what it is for, \
             and it is filled as far as something lives in it. Point at a page to read its numbers, click to pin it.",
        ),
        step(
            Landmark::Balance,
            "Where the bytes are, to the byte: what lives, what only lies there, and what is free but can't be given back. A \
             click on a term lights up the pages that hold it.",
        ),
        step(
            Landmark::Timeline,
            "The same numbers over the allocation clock, which counts bytes, so that it does not depend on how fast the \
             machine is. The program loads its library in slow motion: Space pauses, N steps to the next form, S skips.",
        ),
        step(
            Landmark::Collector,
            "A garbage collection in steps: by object (O), by page (P), by phase (Shift+G). What is reached and what waits is \
             on the map.",
        ),
        step(
            Landmark::Console,
            "Arc, in the running program: (= kept (range 1 100000)) fills some pages. The menu View opens panels and tours of the \
             stories; F1 shows every key.",
        ),
    ]
}
