//! What the colours of the map say. Each choice shows one quantity, by colour and once more by fill or hatch, so that
//! nothing is said by colour alone.

use heapatlas_heap::PageEntry;
use heapatlas_heap::terms::PAGE_GRANULES;

use super::palette::{Marked, Rgb, Theme};
use super::shade::Shade;
use crate::model::difference::Change;
use crate::model::pages::fullness;

/// What the colours of the map say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Colouring {
    /// What a page is used for; the fill is what lives.
    #[default]
    Kind,
    /// How much of a page lives.
    LiveShare,
    /// Whether it is in memory.
    Residency,
    /// How long ago, on the allocation clock, it was taken.
    Age,
    /// How long ago something was last allocated in it.
    LastTouched,
    /// How far the mark under way has come.
    Marking,
    /// Which top-level form allocated in it last.
    Form,
    /// What happened to it since the moment that was marked.
    Change,
}

/// How old something is: classes of bytes on the allocation clock, each four times the one before.
pub const AGES: [u64; 5] = [64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20];

/// The class of an age in bytes of the allocation clock, from 0 for the latest to the length of [`AGES`].
#[must_use]
pub fn age_class(age: u64) -> u8 {
    AGES.iter().filter(|most| age >= **most).count() as u8
}

/// Forms that have a colour of their own; their classes are below this one, which is that of all others.
pub const FORMS: u8 = 6;
/// The class of the forms that have none.
pub const OTHER_FORM: u8 = FORMS;
/// The class of what no form allocated, or nobody knows which.
pub const NO_FORM: u8 = FORMS + 1;

impl Colouring {
    /// Every choice, in the order in which they are offered.
    pub const ALL: [Self; 8] = [
        Self::Kind,
        Self::LiveShare,
        Self::Residency,
        Self::Age,
        Self::LastTouched,
        Self::Form,
        Self::Marking,
        Self::Change,
    ];

    /// Its words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::LiveShare => "live share",
            Self::Residency => "resident",
            Self::Age => "age",
            Self::LastTouched => "touched",
            Self::Marking => "marking",
            Self::Form => "form",
            Self::Change => "change",
        }
    }

    /// What it shows, in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Kind => "what each page is used for; filled as far as it lives",
            Self::LiveShare => "how much of each page the last mark reached",
            Self::Residency => "whether each page is in memory, as the kernel says",
            Self::Age => "how long ago each page was taken, on the allocation clock",
            Self::LastTouched => "how long ago something was last allocated in each page",
            Self::Marking => "how far the collection under way has come: white, grey and black",
            Self::Form => "which top-level form allocated in each page last",
            Self::Change => "what happened to each page since the moment that was marked as A",
        }
    }

    /// The choice after this one; after the last, the first.
    #[must_use]
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|choice| *choice == self).unwrap_or_default();
        Self::ALL[(place + 1) % Self::ALL.len()]
    }

    /// Where a page stands in what the colours show: of several pages that share a box, the one that stands lowest and the
    /// one that stands highest are drawn. `class` as with [`Self::shade`].
    #[must_use]
    pub fn rank(self, entry: PageEntry, class: u8) -> usize {
        match self {
            Self::Kind => fullness(entry),
            Self::LiveShare => entry.live(),
            Self::Residency => entry.resident().map_or(1, |resident| 2 * usize::from(resident)),
            Self::Age | Self::LastTouched if entry.kind().is_free() => 0,
            Self::Age | Self::LastTouched => 1 + AGES.len() - usize::from(class),
            Self::Form => usize::from(NO_FORM.saturating_sub(class)),
            Self::Marking => (usize::from(entry.grey() > 0) << 16) + entry.marked(),
            // Nothing is the last of them.
            Self::Change => Change::ALL.len().saturating_sub(1 + usize::from(class)),
        }
    }

    /// What a page looks like. `class` is that of the age, or of the form, that the choice is about, or the place
    /// of what happened among [`Change::ALL`]; 0 when it is about none of them.
    #[must_use]
    pub fn shade(self, entry: PageEntry, class: u8, theme: Theme) -> Shade {
        match self {
            Self::Kind => Shade::of(entry, theme),
            Self::LiveShare => share_of_live(entry, theme),
            Self::Residency => resident(entry, theme),
            Self::Age | Self::LastTouched => aged(entry, class, theme),
            Self::Form => formed(entry, class, theme),
            Self::Marking => marking(entry, theme),
            Self::Change => changed(entry, class, theme),
        }
    }
}

/// What has changed shows its colour in so much of the page at least.
const LEAST_CHANGED: f32 = 0.25;

/// A page of one colour up to a height.
fn plain(full: Rgb, fill: f32, entry: PageEntry, theme: Theme) -> Shade {
    let ground = if entry.kind().is_free() { theme.free().mix(theme.background(), 0.6) } else { theme.free() };
    Shade { full, unjudged: full, empty: ground, live: fill, fill, absent: false, line: None }
}

fn share_of_live(entry: PageEntry, theme: Theme) -> Shade {
    let share = entry.live() as f32 / PAGE_GRANULES as f32;
    plain(theme.scale(share), share, entry, theme)
}

fn resident(entry: PageEntry, theme: Theme) -> Shade {
    let absent = entry.resident() == Some(false);
    let fill = if entry.resident().is_some() { 1.0 } else { 0.0 };
    let full = if absent { theme.free() } else { theme.running() };
    Shade { absent, ..plain(full, fill, entry, theme) }
}

fn aged(entry: PageEntry, age: u8, theme: Theme) -> Shade {
    if entry.kind().is_free() {
        return plain(theme.free(), 0.0, entry, theme);
    }
    let youth = 1.0 - f32::from(age) / (AGES.len() + 1) as f32;
    plain(theme.scale(youth), youth, entry, theme)
}

/// How full a page of a form is drawn, of those that have a colour: no two are drawn to the same height.
#[must_use]
pub fn fill_of_form(class: u8) -> f32 {
    1.0 - 0.75 * f32::from(class) / f32::from(FORMS)
}

fn formed(entry: PageEntry, class: u8, theme: Theme) -> Shade {
    if !entry.kind().is_used() || class > OTHER_FORM {
        return plain(theme.free(), 0.0, entry, theme);
    }
    plain(theme.form(class), fill_of_form(class), entry, theme)
}

/// What happened to a page, filled as far as something is allocated in it.
fn changed(entry: PageEntry, class: u8, theme: Theme) -> Shade {
    let change = Change::ALL.get(usize::from(class)).copied().unwrap_or(Change::None);
    let is_flat = change == Change::None || !entry.kind().is_used();
    let fill = if is_flat { 1.0 } else { (entry.used() as f32 / PAGE_GRANULES as f32).max(LEAST_CHANGED) };
    Shade { absent: entry.resident() == Some(false), ..plain(theme.change(change), fill, entry, theme) }
}

/// From below: what was reached, a line where something waits grey, what is white.
fn marking(entry: PageEntry, theme: Theme) -> Shade {
    let share = |granules: usize| granules as f32 / PAGE_GRANULES as f32;
    Shade {
        full: theme.marking(Marked::Black),
        unjudged: theme.marking(Marked::White),
        live: share(entry.marked()),
        line: (entry.grey() > 0).then(|| theme.marking(Marked::Grey)),
        ..plain(theme.marking(Marked::White), share(entry.used()), entry, theme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::terms::PageKind;
    use heapatlas_heap::{Heap, Value};

    #[test]
    fn every_choice_comes_round() {
        let mut choice = Colouring::default();
        for expected in Colouring::ALL {
            assert_eq!(choice, expected);
            choice = choice.next();
        }
        assert_eq!(choice, Colouring::default());
    }

    #[test]
    fn ages_have_classes() {
        assert_eq!([0, 65_535, 65_536, 1 << 20, 1 << 40].map(age_class), [0, 0, 1, 3, 5]);
    }

    #[test]
    fn what_is_not_reached_is_white_and_a_free_page_is_neither() {
        let mut heap = Heap::new().expect("a heap");
        for _ in 0..256 {
            heap.cons(Value::NIL, Value::T).expect("room");
        }
        let frame = heap.cut_frame(true);
        for (_, entry) in frame.pages() {
            let shade = Colouring::Marking.shade(entry, 0, Theme::Dark);
            assert_eq!((shade.live, shade.line), (0.0, None));
            assert_eq!(shade.fill > 0.0, entry.used() > 0, "{:?}", entry.kind());
            if entry.kind() == PageKind::Fresh {
                assert_eq!(Colouring::Age.shade(entry, 3, Theme::Dark).fill, 0.0);
            }
        }
    }
}
