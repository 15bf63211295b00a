//! What each top-level form allocated, as stacks for flame graphs: one line a stack, frames between semicolons, then bytes.
//! A form that loads a file is below the forms of that file, and has only what it allocated itself.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Run, Slice, Track};
use crate::export::Title;

/// Writes the stacks of a run.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, run: &Run, title: &Title) -> io::Result<()> {
    let mut forms: Vec<&Slice> = run.slices.iter().filter(|slice| slice.track == Track::Forms).collect();
    forms.sort_by_key(|form| (form.begin, form.depth));
    let mut bytes: BTreeMap<String, u64> = BTreeMap::new();
    let mut stack = vec![frame(&title.program)];
    for form in forms {
        stack.truncate(form.depth + 1);
        let outer = stack.join(";");
        stack.push(frame(&format!("{} {}", form.detail, form.name)));
        let allocated = form.allocated.unwrap_or(0);
        // The form around it began before, and is there.
        if let Some(sum) = bytes.get_mut(&outer) {
            *sum = sum.saturating_sub(allocated);
        }
        *bytes.entry(stack.join(";")).or_default() += allocated;
    }
    bytes.iter().filter(|(_, bytes)| **bytes > 0).try_for_each(|(stack, bytes)| writeln!(out, "{stack} {bytes}"))
}

/// A text as a frame of a stack: on one line, and without what separates frames.
fn frame(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(';', ",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_form_has_what_it_allocated_itself() {
        let form = |name: &str, begin, depth, allocated| Slice {
            track: Track::Forms,
            name: name.to_owned(),
            detail: "a.arc:1".to_owned(),
            begin: Duration::from_secs(begin),
            end: Duration::from_secs(9),
            depth,
            allocated: Some(allocated),
        };
        let slices = vec![form("(b; \n c)", 2, 1, 30), form("(load)", 1, 0, 100), form("(none)", 3, 0, 0)];
        let run = Run { slices, ..Run::default() };
        let mut out = Vec::new();
        write(&mut out, &run, &Title { program: "x".to_owned(), ..Title::default() }).expect("room");
        assert_eq!(String::from_utf8_lossy(&out), "x;a.arc:1 (load) 70\nx;a.arc:1 (load);a.arc:1 (b, c) 30\n");
    }
}
