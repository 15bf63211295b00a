//! What there is to tell about an error besides its line: the line of the program with a caret under the place, and
//! the functions that were running, innermost first.

use std::fs::File;
use std::io::{BufRead, BufReader};

use heapatlas_arc::error::{ArcError, Caller, Location, visible};

/// Of a line longer than this only what is around the place is shown, in characters.
const WIDTH: usize = 100;
/// Functions shown; what called them is told as a number.
const MOST_CALLERS: usize = 10;
/// Files of the library that is part of the program begin with this.
const LIBRARY: &str = "builtin:";

/// The lines that follow the line of an error, indented; none when there is nothing more to tell.
pub(super) fn lines(error: &ArcError) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(location) = &error.location
        && let Some(source) = source_line(location)
    {
        lines.extend(excerpt(&source, location).into_iter().flatten());
    }
    lines.extend(callers(&error.trace));
    lines
}

/// The line of a file in which a place lies; `None` when the place is in no file, or the file has changed.
fn source_line(location: &Location) -> Option<Vec<char>> {
    let above = usize::try_from(location.line).ok()?.checked_sub(1)?;
    let file = File::open(&location.file).ok().filter(|file| file.metadata().is_ok_and(|data| data.is_file()))?;
    let mut lines = BufReader::new(file).split(b'\n').skip(above);
    let bytes = lines.next()?.ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.trim_end().chars().map(visible).collect())
}

/// A line and a caret below it.
fn excerpt(line: &[char], location: &Location) -> Option<[String; 2]> {
    let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
    if column > line.len() || line.is_empty() {
        return None;
    }
    let from = if line.len() <= WIDTH { 0 } else { column.saturating_sub(WIDTH / 2) };
    let to = line.len().min(from + WIDTH);
    let text: String = line[from..to].iter().collect();
    let (begun, ended) = (if from > 0 { "…" } else { "" }, if to < line.len() { "…" } else { "" });
    let number = location.line.to_string();
    let gap = " ".repeat(column - from + begun.chars().count());
    Some([format!("  {number} | {begun}{text}{ended}"), format!("  {:1$} | {gap}^", "", number.len())])
}

/// A line for each function that was running; a top-level form is one without a name. Functions of the library that
/// have no name mean nothing to anybody.
fn callers(trace: &[Caller]) -> Vec<String> {
    let in_library = |caller: &Caller| caller.location.as_ref().is_some_and(|place| place.file.starts_with(LIBRARY));
    let means_nothing =
        |caller: &&Caller| caller.function.is_empty() && (caller.location.is_none() || in_library(caller));
    let told = trace.iter().filter(|caller| !means_nothing(caller));
    let mut lines: Vec<(String, usize)> = Vec::new();
    for caller in told {
        let name = &caller.function;
        let line = match &caller.location {
            Some(location) if name.is_empty() => format!("  at {location}"),
            Some(location) if !in_library(caller) => format!("  in {name}, {location}"),
            _ => format!("  in {name}"),
        };
        match lines.last_mut() {
            Some((last, times)) if *last == line => *times += 1,
            _ => lines.push((line, 1)),
        }
    }
    let more = lines.len().saturating_sub(MOST_CALLERS);
    lines.truncate(MOST_CALLERS);
    let times = |(line, times): (String, usize)| if times > 1 { format!("{line}, {times} times") } else { line };
    let mut lines: Vec<String> = lines.into_iter().map(times).collect();
    if more > 0 {
        lines.push(format!("  … and {more} more"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, column: u32) -> Location {
        Location { file: "x.arc".to_owned(), line, column }
    }

    fn shown(line: &str, column: u32) -> [String; 2] {
        let line: Vec<char> = line.chars().map(visible).collect();
        excerpt(&line, &at(12, column)).expect("an excerpt")
    }

    #[test]
    fn the_caret_is_below_the_place() {
        assert_eq!(shown("(car x)", 1), ["  12 | (car x)", "     | ^"]);
        assert_eq!(shown("\t(f \u{1}y)", 5), ["  12 |  (f \u{2401}y)", "     |     ^"]);
        assert_eq!(excerpt(&['a'], &at(1, 9)), None);
    }

    #[test]
    fn of_a_long_line_what_is_around_the_place_is_shown() {
        let line = format!("{}(car x){}", "a".repeat(1000), "b".repeat(1000));
        let [text, caret] = shown(&line, 1001);
        assert_eq!(text.chars().count(), "  12 | ……".chars().count() + WIDTH);
        assert_eq!(text.chars().nth(caret.chars().count() - 1), Some('('));
    }

    #[test]
    fn a_recursion_is_one_line_and_the_library_has_no_places() {
        let caller = |function: &str, file: &str| Caller {
            function: function.to_owned(),
            location: Some(Location { file: file.to_owned(), line: 3, column: 2 }),
        };
        let trace = [
            caller("f", "x.arc"),
            caller("f", "x.arc"),
            caller("", "builtin:arc.arc"),
            caller("map1", "builtin:arc.arc"),
            caller("", "x.arc"),
        ];
        assert_eq!(callers(&trace), ["  in f, x.arc:3:2, 2 times", "  in map1", "  at x.arc:3:2"]);
    }
}
