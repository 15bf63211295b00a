//! A tree of bytes, and where its boxes lie in a flame graph that hangs from the top: a box is as wide as its share.

use std::collections::BTreeMap;
use std::ops::Range;

/// A node: what lies below it, and the bytes of all of that with its own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Node {
    /// Bytes, with those of the nodes below.
    pub bytes: u64,
    /// The nodes below, by name.
    pub below: BTreeMap<String, Node>,
}

/// A box of the graph.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// The names from the root to it; empty for the root.
    pub path: Vec<String>,
    /// Bytes, with those below.
    pub bytes: u64,
    /// From where to where it goes, as shares of the whole width.
    pub across: Range<f64>,
    /// How many boxes hang above it.
    pub depth: usize,
}

/// What is narrower than this share has no box.
const NARROWEST: f64 = 0.001;

impl Node {
    /// The tree of some stacks, the outermost name first, with their bytes.
    pub fn of<'s, S: AsRef<str> + 's>(stacks: impl IntoIterator<Item = (&'s [S], u64)>) -> Self {
        let mut root = Self::default();
        for (stack, bytes) in stacks {
            let mut node = &mut root;
            node.bytes += bytes;
            for name in stack {
                node = node.below.entry(name.as_ref().to_owned()).or_default();
                node.bytes += bytes;
            }
        }
        root
    }

    /// The node at the end of a path, as far as that leads.
    #[must_use]
    pub fn at<'p>(&self, path: &'p [String]) -> (&'p [String], &Self) {
        let mut node = self;
        for (depth, name) in path.iter().enumerate() {
            match node.below.get(name) {
                Some(below) => node = below,
                None => return (&path[..depth], node),
            }
        }
        (path, node)
    }

    /// The boxes while a node is zoomed to: those above it over the whole width, it, and those below it, the larger ones
    /// first. What is too narrow is left out.
    #[must_use]
    pub fn cells(&self, zoomed: &[String]) -> Vec<Cell> {
        let (path, _) = self.at(zoomed);
        let mut cells = Vec::new();
        let mut waiting = Vec::new();
        for depth in 0..=path.len() {
            let (above, node) = self.at(&path[..depth]);
            let cell = Cell { path: above.to_vec(), bytes: node.bytes, across: 0.0..1.0, depth };
            if depth == path.len() {
                waiting.push((cell, node));
            } else {
                cells.push(cell);
            }
        }
        while let Some((cell, node)) = waiting.pop() {
            let mut from = cell.across.start;
            let whole = (cell.across.end - from) / node.bytes.max(1) as f64;
            let mut below: Vec<(&String, &Self)> = node.below.iter().collect();
            below.sort_by_key(|(_, node)| std::cmp::Reverse(node.bytes));
            for (name, node) in below {
                let width = node.bytes as f64 * whole;
                if width < NARROWEST {
                    break;
                }
                let path = cell.path.iter().cloned().chain([name.clone()]).collect();
                let across = from..from + width;
                from += width;
                waiting.push((Cell { path, bytes: node.bytes, across, depth: cell.depth + 1 }, node));
            }
            cells.push(cell);
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Node {
        let stacks: [(&[&str], u64); 4] = [(&["a"], 10), (&["a", "b"], 30), (&["a", "c"], 20), (&["d"], 40)];
        Node::of(stacks)
    }

    fn seen(cells: &[Cell]) -> Vec<(String, u64, usize, [i64; 2])> {
        let percent = |share: f64| (share * 100.0).round() as i64;
        let cell = |cell: &Cell| {
            (cell.path.join(" "), cell.bytes, cell.depth, [percent(cell.across.start), percent(cell.across.end)])
        };
        let mut seen: Vec<_> = cells.iter().map(cell).collect();
        seen.sort_by_key(|(_, _, depth, across)| (*depth, across[0]));
        seen
    }

    #[test]
    fn boxes_are_as_wide_as_their_share_and_hang_below_their_caller() {
        let expected = [
            ("", 100, 0, [0, 100]),
            ("a", 60, 1, [0, 60]),
            ("d", 40, 1, [60, 100]),
            ("a b", 30, 2, [0, 30]),
            ("a c", 20, 2, [30, 50]),
        ];
        let expected = expected.map(|(path, bytes, depth, across)| (path.to_owned(), bytes, depth, across));
        assert_eq!(seen(&tree().cells(&[])), expected);
    }

    #[test]
    fn what_is_zoomed_to_has_the_whole_width_with_those_above() {
        let zoomed = ["a".to_owned(), "c".to_owned(), "gone".to_owned()];
        let expected = [("", 100, 0, [0, 100]), ("a", 60, 1, [0, 100]), ("a c", 20, 2, [0, 100])]
            .map(|(path, bytes, depth, across)| (path.to_owned(), bytes, depth, across));
        assert_eq!(seen(&tree().cells(&zoomed)), expected);
    }
}
