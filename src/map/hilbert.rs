//! The Hilbert curve through a mebibyte of 16 × 16 pages: what is near in memory is near on the map, in both directions.

/// Pages along the side of a mebibyte.
pub const SIDE: usize = 16;

/// The place of a page on the curve, from its column and line.
#[must_use]
pub fn place_of(column: usize, line: usize) -> usize {
    let (mut x, mut y) = (column, line);
    let mut place = 0;
    let mut half = SIDE / 2;
    while half > 0 {
        let (right, below) = (usize::from(x & half > 0), usize::from(y & half > 0));
        place += half * half * ((3 * right) ^ below);
        (x, y) = turned(x, y, right, below);
        half /= 2;
    }
    place
}

/// The column and the line of a place on the curve.
#[must_use]
pub fn cell_at(place: usize) -> (usize, usize) {
    let (mut x, mut y) = (0, 0);
    let mut rest = place;
    let mut half = 1;
    while half < SIDE {
        let right = (rest / 2) & 1;
        let below = (rest ^ right) & 1;
        (x, y) = turned_within(x, y, (right, below), half);
        x += half * right;
        y += half * below;
        rest /= 4;
        half *= 2;
    }
    (x, y)
}

/// A quarter of the square is entered as the curve turns: mirrored, and lying on its side.
fn turned(x: usize, y: usize, right: usize, below: usize) -> (usize, usize) {
    turned_within(x, y, (right, below), SIDE)
}

fn turned_within(x: usize, y: usize, (right, below): (usize, usize), side: usize) -> (usize, usize) {
    match (right, below) {
        (_, 1) => (x, y),
        (1, _) => (side.wrapping_sub(1).wrapping_sub(y), side.wrapping_sub(1).wrapping_sub(x)),
        _ => (y, x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_goes_from_page_to_neighbour_and_comes_to_all_of_them() {
        let mut before = None;
        for place in 0..SIDE * SIDE {
            let (column, line) = cell_at(place);
            assert!(column < SIDE && line < SIDE);
            assert_eq!(place_of(column, line), place);
            if let Some((x, y)) = before {
                assert_eq!(column.abs_diff(x) + line.abs_diff(y), 1, "from {x}, {y} to {column}, {line}");
            }
            before = Some((column, line));
        }
        assert_eq!(cell_at(0), (0, 0));
    }
}
