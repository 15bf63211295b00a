//! Before and after a cycle: where the bytes of the span were, one bar above the other on one scale, and the numbers under
//! each.

use std::ops::Range;

use eframe::egui::{
    Align2, FontId, Painter, Rect, Role, Sense, Shape, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use crate::format;
use crate::map::balance::Term;
use crate::map::palette::Theme;
use crate::model::cycles::{Cycle, Moment};
use crate::ui::theme::{self, color};
use crate::ui::words::Word;

/// Room for the word before a bar.
const GUTTER: f32 = 46.0;
/// Height of a bar.
const BAR: f32 = 12.0;
/// Room for a number, or for the swatch and the name of what it counts.
const COLUMN: f32 = 80.0;
/// Side of a swatch in the line of names.
const SWATCH: f32 = 8.0;

/// What a bar is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Term(Term),
    Holes,
}

/// Every part, in the order in which they are drawn.
const DRAWN: [Part; 9] = [
    Part::Term(Term::Live),
    Part::Term(Term::Overhead),
    Part::Term(Term::Unjudged),
    Part::Term(Term::Dead),
    Part::Term(Term::FreeRuns),
    Part::Term(Term::FreePages),
    Part::Term(Term::Tables),
    Part::Term(Term::Reserve),
    Part::Holes,
];
/// Every part, those first whose numbers a cycle changes: the others are left out where there is no room.
const TOLD: [Part; 9] = [
    Part::Term(Term::Live),
    Part::Term(Term::Unjudged),
    Part::Term(Term::Dead),
    Part::Term(Term::FreeRuns),
    Part::Term(Term::FreePages),
    Part::Holes,
    Part::Term(Term::Overhead),
    Part::Term(Term::Reserve),
    Part::Term(Term::Tables),
];

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Term(term) => term.name(),
            Self::Holes => "holes",
        }
    }

    /// Its bytes at a moment.
    fn of(self, moment: &Moment) -> u64 {
        match self {
            Self::Term(term) => term.of(&moment.balance).unwrap_or(0),
            Self::Holes => moment.holes,
        }
    }

    /// Its length, in bytes: holes can be a thousand times as large as everything else, and would flatten it.
    fn length(self, moment: &Moment) -> u64 {
        match self {
            Self::Term(_) => self.of(moment),
            Self::Holes => moment.holes.min(moment.committed),
        }
    }

    fn paint(self, painter: &Painter, rect: Rect, theme: Theme) {
        match self {
            Self::Term(term) => {
                painter.rect_filled(rect, 0.0, color(theme.term(term)));
            }
            Self::Holes => hatch(&painter.with_clip_rect(rect), rect, Stroke::new(1.0, color(theme.faint_text()))),
        }
    }
}

/// Slanting lines in a frame.
fn hatch(painter: &Painter, rect: Rect, stroke: Stroke) {
    let mut at = rect.left();
    while at < rect.right() + rect.height() {
        painter.add(Shape::line_segment([pos2(at, rect.top()), pos2(at - rect.height(), rect.bottom())], stroke));
        at += 4.0;
    }
    painter.rect_stroke(rect, 0.0, stroke, StrokeKind::Inside);
}

/// Where the parts of a bar are, in bytes from its beginning; those that there are.
fn parts(moment: &Moment) -> Vec<(Part, Range<u64>)> {
    let mut end = 0;
    let all = DRAWN.into_iter().map(|part| {
        let start = end;
        end += part.length(moment);
        (part, start..end)
    });
    all.filter(|(_, range)| !range.is_empty()).collect()
}

/// The parts whose numbers are told where there is room for so many, in the order in which they are drawn.
fn told(moments: [&Moment; 2], room: usize) -> Vec<Part> {
    let there = TOLD.into_iter().filter(|part| moments.iter().any(|moment| part.of(moment) > 0));
    let chosen: Vec<Part> = there.take(room).collect();
    DRAWN.into_iter().filter(|part| chosen.contains(part)).collect()
}

/// Shows a cycle; while it is under way what there is now is its end.
pub(super) fn show(ui: &mut Ui, cycle: &Cycle, now: &Moment) {
    let theme = theme::current(ui);
    let (word, after) = cycle.after.as_ref().map_or(("now", now), |after| ("after", after));
    let font = TextStyle::Small.resolve(ui.style());
    let line = ui.text_style_height(&TextStyle::Small);
    let size = vec2(ui.available_width() - 8.0, line + 2.0 * (BAR + line + 2.0));
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let columns = told([&cycle.before, after], ((rect.width() - GUTTER) / COLUMN) as usize);
    let whole = |moment| parts(moment).last().map_or(0, |(_, range)| range.end);
    let scale = whole(&cycle.before).max(whole(after)).max(1);
    show_names(ui, &columns, rect, &font);
    let mut top = rect.top() + line;
    for (word, moment) in [("before", &cycle.before), (word, after)] {
        let bar = Rect::from_min_max(pos2(rect.left() + GUTTER, top + 2.0), pos2(rect.right(), top + BAR));
        let faint = color(theme.faint_text());
        ui.painter().text(pos2(rect.left(), bar.center().y), Align2::LEFT_CENTER, word, font.clone(), faint);
        for (part, Range { start, end }) in parts(moment) {
            let x = |bytes: u64| bar.left() + bar.width() * (bytes as f64 / scale as f64) as f32;
            part.paint(ui.painter(), Rect::from_x_y_ranges(x(start)..=x(end), bar.y_range()), theme);
        }
        let numbers = columns.iter().map(|part| format::bytes(part.of(moment)));
        for (n, number) in numbers.enumerate() {
            let at = pos2(bar.left() + n as f32 * COLUMN, bar.bottom() + 1.0);
            ui.painter().text(at, Align2::LEFT_TOP, number, font.clone(), color(theme.text()));
        }
        let area = Rect::from_x_y_ranges(rect.x_range(), top..=bar.bottom() + line);
        explain(ui, area, &format!("{word} cycle {}", cycle.number), moment);
        top = bar.bottom() + line + 2.0;
    }
}

/// What the numbers below the bars count.
fn show_names(ui: &Ui, columns: &[Part], rect: Rect, font: &FontId) {
    let theme = theme::current(ui);
    for (n, part) in columns.iter().enumerate() {
        let at = pos2(rect.left() + GUTTER + n as f32 * COLUMN, rect.top());
        let swatch = Rect::from_min_size(at + vec2(0.0, 3.0), vec2(SWATCH, SWATCH));
        part.paint(ui.painter(), swatch, theme);
        let ink = color(theme.faint_text());
        ui.painter().text(at + vec2(SWATCH + 4.0, 0.0), Align2::LEFT_TOP, part.name(), font.clone(), ink);
    }
}

/// Everything about a bar, for those who point at it and those who have it read.
fn explain(ui: &Ui, area: Rect, name: &str, moment: &Moment) {
    let response = ui.interact(area, ui.scope_id().with(name), Sense::hover());
    let numbers: Vec<String> =
        DRAWN.iter().map(|part| format!("{} {}", part.name(), format::bytes(part.of(moment)))).collect();
    let words = format!("{name}: {}", numbers.join(", "));
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, &words));
    let committed = format::bytes(moment.committed);
    let text = format!("{name}: {committed} committed\n{}\n{}", numbers.join("\n"), Word::CycleChange.sentence());
    response.on_hover_text(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapatlas_heap::Balance;

    fn moment(live: u64, unjudged: u64, free_pages: u64, holes: u64) -> Moment {
        let balance = Balance { live, unjudged, free_pages, ..Balance::default() };
        Moment { balance, committed: balance.committed(), holes, ..Moment::default() }
    }

    #[test]
    fn the_parts_of_a_bar_adjoin_and_end_with_the_span() {
        let parts = parts(&moment(100, 20, 30, 50));
        let ends: Vec<(&str, u64)> = parts.iter().map(|(part, range)| (part.name(), range.end)).collect();
        assert_eq!(ends, [("live", 100), ("unjudged", 120), ("free pages", 150), ("holes", 200)]);
        assert!(parts.windows(2).all(|pair| pair[0].1.end == pair[1].1.start));
    }

    #[test]
    fn a_hole_flattens_nothing() {
        let far = moment(100, 0, 0, 1 << 46);
        assert_eq!(parts(&far).last().map(|(_, range)| range.clone()), Some(100..200));
        assert_eq!(Part::Holes.of(&far), 1 << 46, "the number says how large it is");
    }

    #[test]
    fn what_a_cycle_changes_is_told_first_and_what_is_not_there_never() {
        let (before, after) = (moment(100, 20, 0, 0), moment(90, 0, 30, 0));
        let names = |room| told([&before, &after], room).iter().map(|part| part.name()).collect::<Vec<_>>();
        assert_eq!(names(9), ["live", "unjudged", "free pages"]);
        assert_eq!(names(2), ["live", "unjudged"]);
    }
}
