//! The brackets of a text as it is typed: whether all of them are closed, and which belongs to which. Not those in
//! strings, comments, characters and symbols between bars.

/// A bracket of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Bracket {
    /// Its place, in bytes.
    at: usize,
    /// Which it is.
    letter: char,
}

impl Bracket {
    fn opens(self) -> bool {
        matches!(self.letter, '(' | '[' | '{')
    }

    fn is_closed_by(self, other: Self) -> bool {
        matches!((self.letter, other.letter), ('(', ')') | ('[', ']') | ('{', '}'))
    }
}

/// The brackets of a text, and whether it ends inside a string, a comment or a symbol between bars.
fn brackets(text: &str) -> (Vec<Bracket>, bool) {
    let mut found = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let unfinished = match letter {
            '(' | ')' | '[' | ']' | '{' | '}' => {
                found.push(Bracket { at, letter });
                false
            }
            '"' | '|' => !skip_past(&mut letters, letter),
            ';' => {
                letters.by_ref().find(|(_, letter)| *letter == '\n');
                false
            }
            '\\' => letters.next().is_none(),
            '#' => match letters.peek() {
                Some((_, '\\')) => {
                    // The character itself may be a bracket.
                    letters.next();
                    letters.next();
                    false
                }
                Some((_, '|')) => {
                    letters.next();
                    !skip_comment(&mut letters)
                }
                _ => false,
            },
            _ => false,
        };
        if unfinished {
            return (found, true);
        }
    }
    (found, false)
}

/// Passes over a string or a symbol up to what ends it; says whether that came.
fn skip_past(letters: &mut impl Iterator<Item = (usize, char)>, end: char) -> bool {
    while let Some((_, letter)) = letters.next() {
        match letter {
            '\\' if end == '"' => {
                letters.next();
            }
            _ if letter == end => return true,
            _ => {}
        }
    }
    false
}

/// Passes over a block comment, in which there may be others; says whether it ended.
fn skip_comment(letters: &mut std::iter::Peekable<impl Iterator<Item = (usize, char)>>) -> bool {
    let mut depth = 1;
    while let Some((_, letter)) = letters.next() {
        match (letter, letters.peek().map(|(_, next)| *next)) {
            ('|', Some('#')) => {
                letters.next();
                depth -= 1;
            }
            ('#', Some('|')) => {
                letters.next();
                depth += 1;
            }
            _ => {}
        }
        if depth == 0 {
            return true;
        }
    }
    false
}

/// Whether more must follow before the text is whole: a bracket is open, or a string is.
pub(super) fn is_open(text: &str) -> bool {
    let (found, unfinished) = brackets(text);
    let mut depth = 0_u32;
    for bracket in found {
        if bracket.opens() {
            depth += 1;
        } else {
            // Too many that close are the reader's to complain about, and nothing that follows makes them right.
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            }
        }
    }
    unfinished || depth > 0
}

/// Whether the text ends in the middle of a string, a comment or a symbol between bars.
pub(super) fn ends_inside(text: &str) -> bool {
    brackets(text).1
}

/// The places, in bytes, of the bracket at the cursor, or else right before it, and of the one that belongs to it.
pub(super) fn pair_at(text: &str, cursor: usize) -> Option<(usize, usize)> {
    let (found, _) = brackets(text);
    let mut open: Vec<Bracket> = Vec::new();
    let mut pairs = Vec::new();
    for bracket in found {
        if bracket.opens() {
            open.push(bracket);
        } else if let Some(opening) = open.pop_if(|opening| opening.is_closed_by(bracket)) {
            pairs.push((opening.at, bracket.at));
        }
    }
    let touching = |at: usize| pairs.iter().find(|(left, right)| *left == at || *right == at);
    touching(cursor).or_else(|| touching(cursor.checked_sub(1)?)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_open_while_a_bracket_or_a_string_is() {
        for open in ["(", "(a [b", "(a \")", "\"a\\\"", "(a ; )", "#| ( |", "(f #\\))[", "|a", "(list #\\("] {
            assert!(is_open(open), "{open}");
        }
        for whole in
            ["", "a", "(a)", "(a))", ")(", "\"(\"", "; (", "#\\(", "#| ( #| ( |# |#", "|(|", "(a) \\(", "'(\n[a])"]
        {
            assert!(!is_open(whole), "{whole}");
        }
    }

    #[test]
    fn a_bracket_at_the_cursor_or_before_it_has_its_partner() {
        assert_eq!(pair_at("(a (b))", 0), Some((0, 6)));
        assert_eq!(pair_at("(a (b))", 6), Some((0, 6)));
        assert_eq!(pair_at("(a (b))", 7), Some((0, 6)));
        assert_eq!(pair_at("(a (b))", 3), Some((3, 5)));
        assert_eq!(pair_at("(ä (b))", 4), Some((4, 6)));
        assert_eq!(pair_at("(a ]", 4), None);
        assert_eq!(pair_at("(\")\" x)", 2), None);
        assert_eq!(pair_at("a", 1), None);
    }
}
