//! Addresses beside a picture of the heap: at round distances, and of each only what is new.

use eframe::egui::{Align2, FontId, Pos2, Ui, pos2};
use heapatlas_heap::terms::Address;

use super::theme::{self, color};
use crate::format;

/// Room for an address.
pub const WIDTH: f32 = 118.0;
/// Between addresses and the picture.
pub const GAP: f32 = 10.0;
/// Height of an address, and distance between two at least.
const LINE: f32 = 15.0;

/// Bytes from one address to the next that is shown, where a line of some height stands for so many: a power of two, so
/// that addresses are round.
#[must_use]
pub fn distance(bytes: usize, height: f32) -> usize {
    (bytes * (LINE / height.max(1.0)).ceil() as usize).next_power_of_two()
}

/// What was written last.
#[derive(Debug)]
pub struct Gutter {
    /// The corner of the picture.
    corner: Pos2,
    /// The middle of the last address.
    last: f32,
    high: String,
}

impl Gutter {
    /// Nothing yet, beside a picture with this upper left corner.
    #[must_use]
    pub fn beside(corner: Pos2) -> Self {
        Self { corner, last: f32::MIN, high: String::new() }
    }

    /// Writes an address at a height, unless the one above is too close: the half that changes, and the other where it does.
    pub fn write(&mut self, ui: &Ui, middle: f32, address: Address) {
        // The first line may be lower than its address.
        let middle = middle.max(self.corner.y + LINE / 2.0);
        if middle - self.last < LINE {
            return;
        }
        let theme = theme::current(ui);
        // Of the fonts at hand this one has plain zeros, and all digits of one width.
        let font = FontId::proportional(12.5);
        let (high, low) = halves(address);
        let at = pos2(self.corner.x - GAP, middle);
        let at = ui.painter().text(at, Align2::RIGHT_CENTER, low, font.clone(), color(theme.text())).left_center();
        if self.high != high {
            ui.painter().text(at, Align2::RIGHT_CENTER, &high, font, color(theme.faint_text()));
        }
        (self.last, self.high) = (middle, high);
    }
}

/// An address as text: its high half, and the low one, which is what changes from line to line.
fn halves(address: Address) -> (String, String) {
    let mut high = format::address(address);
    let low = high.split_off(high.len() - 9);
    (high, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_at_round_distances() {
        let distances = [30.0, 15.0, 14.0, 7.0, 6.0, 1.0, 0.0].map(|height| distance(4096, height) / 4096);
        assert_eq!(distances, [1, 1, 2, 4, 4, 16, 16]);
        assert_eq!(distance(3 * 4096, 15.0), 4 * 4096);
        let (high, low) = halves(Address::new(0x1000_0080_0000));
        assert_eq!((high.as_str(), low.as_str()), ("0x1000 ", "0080 0000"));
    }
}
