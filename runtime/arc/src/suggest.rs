//! What a misspelt name may have been meant to be.

/// Names longer than this are not compared: nobody mistypes them by a letter.
pub(crate) const LONGEST: usize = 40;

/// The name nearest to one that means nothing, if any is near: one slip of the finger away from a short name, two from
/// a longer one. Of several equally near the first in the alphabet.
pub(crate) fn nearest(meant: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let meant: Vec<char> = meant.chars().collect();
    let most = match meant.len() {
        0..=2 => return None,
        3..=5 => 1,
        6..=LONGEST => 2,
        _ => return None,
    };
    let distances = names.filter_map(|name| {
        let letters: Vec<char> = name.chars().collect();
        let distance = distance(&meant, &letters, most)?;
        Some((distance, name))
    });
    distances.min().map(|(_, name)| name)
}

/// How many letters must be added, left out, replaced or exchanged with their neighbour to get from one name to the
/// other; `None` for more than `most`.
fn distance(from: &[char], to: &[char], most: usize) -> Option<usize> {
    if from.len().abs_diff(to.len()) > most {
        return None;
    }
    // Row i holds the distances from the first i letters of one to each beginning of the other; three rows are needed.
    let mut before = vec![0; to.len() + 1];
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for i in 1..=from.len() {
        let mut row = vec![i; to.len() + 1];
        for j in 1..=to.len() {
            let replaced = above[j - 1] + usize::from(from[i - 1] != to[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = above;
        above = row;
    }
    above.pop().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(meant: &str) -> Option<String> {
        let names = ["filter", "map", "mappend", "each", "afn", "car", "cdr", "string", "strings"];
        nearest(meant, names.into_iter().map(str::to_owned))
    }

    #[test]
    fn one_slip_is_forgiven() {
        assert_eq!(near("flter").as_deref(), Some("filter"));
        assert_eq!(near("fitler").as_deref(), Some("filter"));
        assert_eq!(near("eahc").as_deref(), Some("each"));
        assert_eq!(near("mapp").as_deref(), Some("map"));
    }

    #[test]
    fn the_nearest_comes_first_and_then_the_alphabet() {
        assert_eq!(near("strnigs").as_deref(), Some("strings"));
        assert_eq!(near("cbr").as_deref(), Some("car"));
    }

    #[test]
    fn what_is_far_from_everything_means_nothing() {
        assert_eq!(near("xy"), None);
        assert_eq!(near("reduce"), None);
        assert_eq!(near(&"filter".repeat(10)), None);
    }
}
