//! What was printed against a file under `tests/golden`.
//!
//! With `HEAPATLAS_BLESS=1` the files are written instead; look at the difference before you commit it.

use super::program::project;

/// Compares a text with the golden file of this name.
#[track_caller]
pub(crate) fn check(name: &str, found: &str) {
    let path = project("tests/golden").join(name);
    if std::env::var_os("HEAPATLAS_BLESS").is_some() {
        std::fs::write(&path, found).expect("a golden file");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == found,
        "{} differs; HEAPATLAS_BLESS=1 writes it anew\n--- expected\n{expected}\n--- found\n{found}",
        path.display()
    );
}

/// The text with every number as `#`, and with single spaces, so that only its shape is left. Units go with their
/// numbers: what was KiB may be MiB tomorrow.
pub(crate) fn shape(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<String> = line.split_whitespace().map(shape_of_word).collect();
        let mut kept: Vec<&str> = Vec::new();
        for word in &words {
            let unit = word.trim_end_matches([',', ')', '.', ';', ':']);
            let is_unit = ["B", "KiB", "MiB", "GiB", "µs", "ms", "s"].contains(&unit);
            match kept.last() {
                Some(last) if is_unit && last.ends_with('#') => {}
                // Digits in groups of three, and the parts of an address.
                Some(last) if word == "#" && *last == "#" => {}
                _ => kept.push(word),
            }
        }
        kept.join(" ")
    });
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

fn shape_of_word(word: &str) -> String {
    let mut shape = String::new();
    let mut characters = word.chars().peekable();
    while let Some(character) = characters.next() {
        if !character.is_ascii_digit() {
            shape.push(character);
            continue;
        }
        while characters.next_if(|next| next.is_ascii_digit() || matches!(next, '.' | '\u{202f}')).is_some() {}
        shape.push('#');
    }
    shape
}

/// The shape of a map in letters without its rows, of which there are as many as there are; without the kinds of page
/// and the terms that happen to be there; and without the form that ran last.
pub(crate) fn shape_without_map(text: &str) -> String {
    let is_volatile =
        |line: &str| ["0x", "hole of", "S stack", "on the clock, form"].iter().any(|words| line.contains(words));
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !is_volatile(line))
        .map(|line| line.split(" = live").next().unwrap_or(line))
        .collect();
    shape(&lines.join("\n"))
}

#[test]
fn the_shape_has_no_numbers() {
    assert_eq!(shape("live    1.25 MiB   of 12 %\nabc 7"), "live # of # %\nabc #\n");
    assert_eq!(shape("12.5 ms, then 3 KiB"), "# then #\n");
}
