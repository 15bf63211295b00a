//! Every colour by its meaning, for dark and for light surroundings.
//!
//! The hues are near those of Okabe and Ito, which people with any kind of colour vision tell apart; lightness differs too,
//! and nothing is said by colour alone. The tests look at the map as people without one kind of cones see it.

use heapatlas_heap::terms::PageKind;

use super::balance::Term;
use crate::model::difference::Change;
use crate::model::history::Curve;
use crate::model::marks::Sort;

/// A colour.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// A mix: none of the other at 0, nothing but the other at 1.
    #[must_use]
    pub fn mix(self, other: Self, share: f32) -> Self {
        let share = share.clamp(0.0, 1.0);
        let part = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share).round() as u8;
        Self(part(self.0, other.0), part(self.1, other.1), part(self.2, other.2))
    }

    /// How light it is, from 0 to 1, as the web's contrast formula counts.
    #[must_use]
    pub fn luminance(self) -> f32 {
        let linear = |part: u8| {
            let part = f32::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// The contrast with another colour, from 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// As the web writes it.
    #[must_use]
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Dark or light surroundings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
}

impl Theme {
    fn pick(self, dark: Rgb, light: Rgb) -> Rgb {
        match self {
            Self::Dark => dark,
            Self::Light => light,
        }
    }

    /// Behind everything: the map, and what the panels show.
    #[must_use]
    pub fn background(self) -> Rgb {
        self.pick(Rgb(20, 22, 26), Rgb(250, 250, 248))
    }

    /// Behind what lies over the rest: menus, hints, windows.
    #[must_use]
    pub fn sheet(self) -> Rgb {
        self.pick(Rgb(28, 31, 36), Rgb(241, 242, 243))
    }

    /// A control that can be pressed, and one that is pointed at.
    #[must_use]
    pub fn raised(self) -> Rgb {
        self.pick(Rgb(43, 47, 54), Rgb(227, 229, 232))
    }

    /// A control that is pressed, or chosen among several.
    #[must_use]
    pub fn pressed(self) -> Rgb {
        self.pick(Rgb(63, 69, 79), Rgb(208, 211, 216))
    }

    /// Text.
    #[must_use]
    pub fn text(self) -> Rgb {
        self.pick(Rgb(224, 226, 230), Rgb(30, 32, 36))
    }

    /// Text of less weight: units, gutters.
    #[must_use]
    pub fn faint_text(self) -> Rgb {
        self.pick(Rgb(150, 156, 166), Rgb(92, 97, 105))
    }

    /// Lines between things.
    #[must_use]
    pub fn line(self) -> Rgb {
        self.pick(Rgb(62, 67, 76), Rgb(198, 201, 206))
    }

    /// What is chosen or pointed at.
    #[must_use]
    pub fn accent(self) -> Rgb {
        self.pick(Rgb(255, 255, 255), Rgb(0, 0, 0))
    }

    /// What was allocated in a moment ago.
    #[must_use]
    pub fn recent(self) -> Rgb {
        self.pick(Rgb(255, 255, 255), Rgb(16, 18, 22))
    }

    /// The lines over what is not in memory.
    #[must_use]
    pub fn hatch(self) -> Rgb {
        self.pick(Rgb(58, 63, 72), Rgb(203, 206, 211))
    }

    /// A program that runs.
    #[must_use]
    pub fn running(self) -> Rgb {
        self.term(Term::Live)
    }

    /// A program that stands still.
    #[must_use]
    pub fn waiting(self) -> Rgb {
        self.pick(Rgb(240, 190, 60), Rgb(138, 94, 0))
    }

    /// What went wrong.
    #[must_use]
    pub fn error(self) -> Rgb {
        self.pick(Rgb(255, 140, 110), Rgb(168, 48, 16))
    }

    /// A page that is free, given back or never touched.
    #[must_use]
    pub fn free(self) -> Rgb {
        self.pick(Rgb(42, 46, 53), Rgb(226, 228, 231))
    }

    /// The hue of a kind of page.
    #[must_use]
    pub fn kind(self, kind: PageKind) -> Rgb {
        match kind {
            PageKind::Fresh | PageKind::Free | PageKind::GivenBack | PageKind::Foreign => self.free(),
            PageKind::Tables => self.pick(Rgb(101, 112, 119), Rgb(78, 84, 94)),
            PageKind::Cells => self.pick(Rgb(83, 184, 240), Rgb(0, 104, 190)),
            PageKind::Objects => self.pick(Rgb(234, 162, 2), Rgb(205, 127, 0)),
            PageKind::LargeHead | PageKind::LargeRest => self.pick(Rgb(211, 92, 0), Rgb(178, 70, 0)),
            PageKind::Stack => self.pick(Rgb(9, 153, 106), Rgb(20, 150, 90)),
            // Straw and umber: what no other kind comes near to, whatever one's colour vision.
            PageKind::Mixed => self.pick(Rgb(214, 204, 110), Rgb(76, 52, 20)),
            PageKind::Reserve => self.pick(Rgb(206, 127, 176), Rgb(186, 100, 156)),
        }
    }

    /// The colour of a term of the balance.
    #[must_use]
    pub fn term(self, term: Term) -> Rgb {
        match term {
            Term::Live => self.pick(Rgb(0, 170, 124), Rgb(0, 138, 100)),
            Term::Unjudged => self.pick(Rgb(86, 180, 233), Rgb(30, 132, 196)),
            Term::Dead => self.pick(Rgb(213, 94, 0), Rgb(190, 76, 0)),
            Term::Overhead => self.pick(Rgb(240, 228, 66), Rgb(186, 172, 0)),
            Term::FreeRuns => self.pick(Rgb(230, 159, 0), Rgb(214, 140, 0)),
            Term::FreePages => self.pick(Rgb(112, 118, 128), Rgb(160, 165, 173)),
            Term::Tables => self.pick(Rgb(160, 166, 176), Rgb(120, 126, 136)),
            Term::Reserve => self.pick(Rgb(204, 121, 167), Rgb(180, 94, 144)),
            Term::NotResident => self.pick(Rgb(62, 67, 76), Rgb(210, 213, 218)),
        }
    }

    /// How far a mark has come: the colours of the collector, as far as the ground lets them be told apart from it.
    #[must_use]
    pub fn marking(self, marked: Marked) -> Rgb {
        match marked {
            Marked::White => self.pick(Rgb(206, 210, 216), Rgb(174, 181, 192)),
            Marked::Grey => self.waiting(),
            Marked::Black => self.pick(Rgb(62, 92, 190), Rgb(34, 44, 120)),
        }
    }

    /// The colour of a form that has one, by its class, and of all others behind the last. The hues are those of Okabe and
    /// Ito again, and each class is filled to another height.
    #[must_use]
    pub fn form(self, class: u8) -> Rgb {
        match class {
            0 => self.pick(Rgb(86, 180, 233), Rgb(0, 114, 178)),
            1 => self.pick(Rgb(230, 159, 0), Rgb(205, 127, 0)),
            2 => self.pick(Rgb(0, 158, 115), Rgb(0, 128, 92)),
            3 => self.pick(Rgb(240, 228, 66), Rgb(140, 110, 0)),
            4 => self.pick(Rgb(204, 121, 167), Rgb(170, 84, 132)),
            5 => self.pick(Rgb(213, 94, 0), Rgb(178, 70, 0)),
            _ => self.kind(PageKind::Tables),
        }
    }

    /// A place on a scale, from 0 to 1: from what recedes into the ground to what stands out. Lightness rises all the way,
    /// and the hue goes from blue to yellow, which people with any colour vision tell apart.
    #[must_use]
    pub fn scale(self, share: f32) -> Rgb {
        let (low, middle, high) = match self {
            Self::Dark => (Rgb(38, 58, 110), Rgb(124, 123, 120), Rgb(253, 228, 90)),
            Self::Light => (Rgb(222, 205, 92), Rgb(124, 123, 120), Rgb(0, 44, 112)),
        };
        if share < 0.5 { low.mix(middle, share * 2.0) } else { middle.mix(high, share * 2.0 - 1.0) }
    }

    /// The colour of a curve of the timeline.
    #[must_use]
    pub fn curve(self, curve: Curve) -> Rgb {
        match curve {
            Curve::Committed => self.faint_text(),
            Curve::Resident => self.pick(Rgb(240, 228, 66), Rgb(160, 130, 0)),
            Curve::Allocated => self.pick(Rgb(86, 180, 233), Rgb(0, 114, 178)),
            Curve::Live => self.term(Term::Live),
            Curve::Holes => self.pick(Rgb(204, 121, 167), Rgb(170, 84, 132)),
            Curve::Limit => self.error(),
        }
    }

    /// The colour of a page to which something happened between two moments.
    #[must_use]
    pub fn change(self, change: Change) -> Rgb {
        match change {
            Change::Appeared => self.term(Term::Live),
            Change::Gone => self.term(Term::Dead),
            Change::Kind => self.term(Term::Reserve),
            Change::Filled => self.term(Term::Unjudged),
            Change::Emptied => self.term(Term::FreeRuns),
            Change::Resident => self.curve(Curve::Resident),
            Change::Absent => self.term(Term::Tables),
            Change::None => self.free(),
        }
    }

    /// The colour of marks on the timeline.
    #[must_use]
    pub fn mark(self, sort: Sort) -> Rgb {
        match sort {
            Sort::Limit => self.error(),
            Sort::Collection => self.marking(Marked::Black),
            Sort::Growth => self.curve(Curve::Allocated),
            Sort::Hole => self.curve(Curve::Holes),
            Sort::Form => self.faint_text(),
        }
    }
}

/// The colours of a mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Marked {
    /// Not reached.
    White,
    /// Reached, and not scanned.
    Grey,
    /// Reached and scanned.
    Black,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_readable_on_every_ground() {
        for theme in [Theme::Dark, Theme::Light] {
            for ground in [theme.background(), theme.sheet(), theme.raised()] {
                for text in [theme.text(), theme.faint_text(), theme.error()] {
                    assert!(
                        text.contrast(ground) >= 4.5,
                        "{theme:?} {text:?} on {ground:?}: {}",
                        text.contrast(ground)
                    );
                }
            }
        }
    }

    #[test]
    fn kinds_are_told_apart_from_what_is_free() {
        for theme in [Theme::Dark, Theme::Light] {
            for kind in PageKind::ALL.into_iter().filter(|kind| !kind.is_free() && *kind != PageKind::Foreign) {
                let contrast = theme.kind(kind).contrast(theme.free());
                assert!(contrast >= 1.8, "{theme:?} {kind:?}: {contrast}");
            }
        }
    }

    /// How people with full colour vision and without one kind of cones see linear red, green and blue, after Machado,
    /// Oliveira and Fernandes (2009).
    const VISIONS: [[[f32; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    ];

    /// Lightness and the two hue axes of CIELAB, of a colour as somebody sees it.
    fn lab(colour: Rgb, vision: &[[f32; 3]; 3]) -> [f32; 3] {
        let linear = [colour.0, colour.1, colour.2].map(|part| (f32::from(part) / 255.0).powf(2.2));
        let dot = |row: &[f32; 3], seen: &[f32; 3]| row.iter().zip(seen).map(|(a, b)| a * b).sum::<f32>();
        let seen = vision.map(|row| dot(&row, &linear).clamp(0.0, 1.0));
        // To X, Y and Z, as shares of those of white.
        let xyz = [[0.434, 0.376, 0.190], [0.213, 0.715, 0.072], [0.018, 0.109, 0.873]];
        let [x, y, z] = xyz.map(|row| {
            let share = dot(&row, &seen);
            if share > 0.008_856 { share.cbrt() } else { 7.787 * share + 16.0 / 116.0 }
        });
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn distance(a: Rgb, b: Rgb, vision: &[[f32; 3]; 3]) -> f32 {
        let (a, b) = (lab(a, vision), lab(b, vision));
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
    }

    /// Seven times what is just noticed side by side, of which some is left between tiles of a few pixels.
    const APART: f32 = 16.0;

    /// Colours that do not differ as much to somebody, as words.
    fn too_close(colours: &[(String, Rgb)]) -> Vec<String> {
        let pairs = colours.iter().enumerate().flat_map(|(n, a)| colours[..n].iter().map(move |b| (a, b)));
        let seen = pairs.flat_map(|pair| VISIONS.iter().enumerate().map(move |vision| (pair, vision)));
        let distances = seen.map(|((a, b), (n, vision))| (&a.0, &b.0, n, distance(a.1, b.1, vision)));
        distances.filter(|(.., distance)| *distance < APART).map(|close| format!("{close:?}")).collect()
    }

    #[test]
    fn every_kind_is_told_apart_by_everybody() {
        for theme in [Theme::Dark, Theme::Light] {
            let kinds = PageKind::ALL.map(|kind| (format!("{theme:?} {kind:?}"), theme.kind(kind)));
            // Kinds that share a colour on purpose are told by the hatch, or as the beginning and the rest of one thing.
            let mut distinct: Vec<(String, Rgb)> = Vec::new();
            for (name, colour) in kinds {
                if distinct.iter().all(|(_, known)| *known != colour) {
                    distinct.push((name, colour));
                }
            }
            assert_eq!(distinct.len(), 8);
            assert_eq!(too_close(&distinct), Vec::<String>::new());
        }
    }

    #[test]
    fn a_mark_is_read_by_everybody() {
        for theme in [Theme::Dark, Theme::Light] {
            let marks =
                [Marked::White, Marked::Grey, Marked::Black].map(|mark| (format!("{mark:?}"), theme.marking(mark)));
            assert_eq!(too_close(&marks), Vec::<String>::new(), "{theme:?}");
            let free = theme.free();
            for vision in &VISIONS {
                assert!(distance(theme.marking(Marked::White), free, vision) >= APART, "{theme:?} white on free");
            }
        }
    }

    #[test]
    fn forms_differ_in_colour_or_clearly_in_fill() {
        use crate::map::colouring::{OTHER_FORM, fill_of_form};
        for theme in [Theme::Dark, Theme::Light] {
            for (a, b) in (0..=OTHER_FORM).flat_map(|a| (0..a).map(move |b| (a, b))) {
                let closest = VISIONS.iter().map(|vision| distance(theme.form(a), theme.form(b), vision));
                let closest = closest.fold(f32::MAX, f32::min);
                let filled = (fill_of_form(a) - fill_of_form(b)).abs();
                assert!(closest >= APART || filled >= 0.25, "{theme:?} {a} {b}: {closest}, {filled}");
            }
        }
    }
}
