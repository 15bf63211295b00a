//! The page table over time: one column a moment, one row an address range, coloured as the map.

use std::time::{Duration, Instant};

use eframe::egui::{
    Color32, ColorImage, Label, Pos2, Rect, RichText, Role, Sense, Shape, Stroke, TextStyle, TextureHandle,
    TextureOptions, Ui, WidgetInfo, pos2, vec2,
};
use heapatlas_heap::terms::{Address, PAGE};

use super::timeline::Timeline;
use crate::format;
use crate::map::colouring::Colouring;
use crate::map::over_time::{self as image, Line};
use crate::map::palette::Theme;
use crate::model::chronicle::{Axis, Position};
use crate::model::over_time::OverTime;
use crate::past::Target;
use crate::ui::action::Action;
use crate::ui::axis;
use crate::ui::gutter::{self, Gutter};
use crate::ui::session::Session;
use crate::ui::theme::{self, color};
use crate::ui::words::{Counts, Word};

/// Room for the marks of the axis.
const AXIS: f32 = 18.0;
/// Height of a hole at most, and of a line at least.
const HOLE: f32 = 10.0;
const LINE: f32 = 2.0;
/// While a run goes on the image is made anew no more often than this.
const INTERVAL: Duration = Duration::from_millis(250);

/// What of the run is shown, and how.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Manner {
    axis: Axis,
    stretch: (f64, f64),
    /// Pixels from left to right, and lines of rows at most.
    size: (usize, usize),
    colouring: Colouring,
    theme: Theme,
}

/// The image as it was made last.
#[derive(Default)]
pub struct OverTimeView {
    lines: Vec<Line>,
    texture: Option<TextureHandle>,
    made: Option<(Manner, u64, Instant)>,
}

impl std::fmt::Debug for OverTimeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OverTimeView").field("made", &self.made).finish_non_exhaustive()
    }
}

impl OverTimeView {
    /// Shows the image in all the room there is, with the page that is pinned, and gives what was asked for.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        session: &Session,
        timeline: &Timeline,
        (colouring, pinned): (Colouring, Option<Address>),
    ) -> Option<Action> {
        let over_time = session.over_time();
        if over_time.columns().is_empty() {
            ui.weak("No moment yet.");
            return None;
        }
        self.show_legend(ui, over_time, colouring);
        let (whole, response) = ui.allocate_exact_size(ui.available_size(), Sense::click());
        let frame = Rect::from_min_max(whole.min + vec2(gutter::WIDTH + gutter::GAP, 2.0), whole.max - vec2(0.0, AXIS));
        if frame.width() < 16.0 || frame.height() < 16.0 {
            return None;
        }
        let axis = timeline.axis();
        let (start, end) = session.extent_in_time();
        let whole_run = (axis.of(start), axis.of(end).max(axis.of(start) + axis::least(axis)));
        let stretch = timeline.zoomed().unwrap_or(whole_run);
        let pixels = frame.width() * ui.ctx().pixels_per_point();
        let size = (pixels as usize, (frame.height() / LINE) as usize);
        self.update(ui, over_time, Manner { axis, stretch, size, colouring, theme: theme::current(ui) });
        let places = Places::new(&self.lines, frame, stretch);
        self.draw(ui, &places);
        self.draw_gutter(ui, &places);
        draw_axis(ui, &places, axis);
        if session.is_past() {
            let x = places.x(axis.of(session.position()));
            ui.painter().vline(x, frame.y_range(), Stroke::new(1.5, color(theme::current(ui).waiting())));
        }
        if let Some(line) = pinned.and_then(|pinned| image::line_of(&self.lines, pinned)) {
            let (top, bottom) = places.line(line);
            let mark = Rect::from_min_max(pos2(frame.left() - 4.0, top), pos2(frame.left(), bottom.max(top + 3.0)));
            ui.painter().rect_filled(mark, 0.0, color(theme::current(ui).accent()));
        }
        let rows = over_time.rows().count();
        let words = format!("address × time: {} moments, {rows} rows", over_time.columns().len());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
        let response = response.described(Word::OverTime);
        let at = response.hover_pos().filter(|at| frame.contains(*at))?;
        let (moment, line) = (places.at(at.x), places.under(at.y)?);
        let clicked = response.clicked();
        response.on_hover_text_at_pointer(in_words(over_time, axis, moment, &self.lines[line]));
        clicked.then(|| Action::Visit(Target::on(axis, moment), self.lines[line].span().start))
    }

    fn show_legend(&self, ui: &mut Ui, over_time: &OverTime, colouring: Colouring) {
        let together = self.lines.iter().map(|line| match line {
            Line::Rows { rows, .. } => rows.len(),
            Line::Hole { .. } => 0,
        });
        let pages = together.max().unwrap_or(1) * over_time.row_pages();
        let scale = if pages == 1 {
            "a line is a page".to_owned()
        } else {
            let bytes = format::bytes((pages * PAGE) as u64);
            format!("a line is {pages} pages, {bytes}: above the emptiest of them, below the fullest")
        };
        let shown = image::colouring_of(colouring);
        let as_map = if shown == colouring { ", as the map" } else { "" };
        let what = if over_time.columns().len() > 1 { "click to go there" } else { "one moment so far" };
        let words = format!("coloured by {}{as_map}; {scale}; {what}", shown.name());
        ui.add(Label::new(RichText::new(&words).weak()).truncate()).on_hover_text(&words);
    }

    /// Makes the image anew if something else is to be seen.
    fn update(&mut self, ui: &Ui, over_time: &OverTime, manner: Manner) {
        let is_fresh = self.made.as_ref().is_some_and(|(made, version, at)| {
            // On a run that goes on the stretch grows all the time.
            let same_otherwise = Manner { stretch: manner.stretch, ..*made } == manner;
            let same = made.stretch == manner.stretch && *version == over_time.version();
            same_otherwise && (same || at.elapsed() < INTERVAL)
        });
        if is_fresh {
            if self.made.as_ref().is_some_and(|(_, version, _)| *version != over_time.version()) {
                ui.ctx().request_repaint_after(INTERVAL);
            }
            return;
        }
        self.lines = image::lines(over_time, manner.size.1);
        let pixels = paint(over_time, &self.lines, manner);
        match &mut self.texture {
            Some(texture) => texture.set(pixels, TextureOptions::NEAREST),
            None => self.texture = Some(ui.ctx().load_texture("over time", pixels, TextureOptions::NEAREST)),
        }
        self.made = Some((manner, over_time.version(), Instant::now()));
    }

    fn draw(&self, ui: &Ui, places: &Places) {
        let theme = theme::current(ui);
        let rows = self.lines.iter().filter(|line| matches!(line, Line::Rows { .. })).count().max(1) as f32;
        let mut row = 0.0;
        for (n, line) in self.lines.iter().enumerate() {
            let (top, bottom) = places.line(n);
            let rect = Rect::from_x_y_ranges(places.frame.x_range(), top..=bottom);
            match (line, &self.texture) {
                (Line::Rows { .. }, Some(texture)) => {
                    let part = Rect::from_min_max(pos2(0.0, row / rows), pos2(1.0, (row + 1.0) / rows));
                    ui.painter().image(texture.id(), rect, part, Color32::WHITE);
                    row += 1.0;
                }
                _ => draw_hole(ui, rect, color(theme.faint_text())),
            }
        }
    }

    /// Where pages begin, and from there on at round addresses.
    fn draw_gutter(&self, ui: &Ui, places: &Places) {
        let mut gutter = Gutter::beside(places.frame.min);
        let bytes = |line: &Line| line.span().end - line.span().start;
        let rows = || self.lines.iter().enumerate().filter(|(_, line)| matches!(line, Line::Rows { .. }));
        let Some((n, largest)) = rows().max_by_key(|(_, line)| bytes(line)) else { return };
        let (top, bottom) = places.line(n);
        let distance = gutter::distance(bytes(largest), bottom - top);
        for (n, line) in rows() {
            let (top, bottom) = places.line(n);
            let span = line.span();
            let begins = !matches!(n.checked_sub(1).map(|above| &self.lines[above]), Some(Line::Rows { .. }));
            let round = span.start.get().next_multiple_of(distance);
            let rounds = (round..span.end.get()).step_by(distance).map(Address::new);
            for address in begins.then_some(span.start).into_iter().chain(rounds) {
                let share = (address - span.start + PAGE / 2) as f32 / bytes(line) as f32;
                gutter.write(ui, top + (bottom - top) * share, address);
            }
        }
    }
}

/// Where everything lies.
struct Places {
    frame: Rect,
    stretch: (f64, f64),
    /// The top of each line, and the bottom of the last.
    tops: Vec<f32>,
}

impl Places {
    fn new(lines: &[Line], frame: Rect, stretch: (f64, f64)) -> Self {
        let holes = lines.iter().filter(|line| matches!(line, Line::Hole { .. })).count();
        let rows = (lines.len() - holes).max(1);
        let hole = (frame.height() / 3.0 / holes.max(1) as f32).min(HOLE);
        let row = (frame.height() - hole * holes as f32) / rows as f32;
        let mut top = frame.top();
        let mut tops = vec![top];
        for line in lines {
            top += if matches!(line, Line::Hole { .. }) { hole } else { row };
            tops.push(top);
        }
        Self { frame, stretch, tops }
    }

    fn line(&self, line: usize) -> (f32, f32) {
        (self.tops[line], self.tops[line + 1])
    }

    /// The line at a height.
    fn under(&self, y: f32) -> Option<usize> {
        let below = self.tops.partition_point(|top| *top <= y);
        below.checked_sub(1).filter(|line| line + 1 < self.tops.len())
    }

    fn x(&self, at: f64) -> f32 {
        let (from, to) = self.stretch;
        let share = ((at - from) / (to - from).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        self.frame.left() + self.frame.width() * share as f32
    }

    /// The place on the axis at a pixel.
    fn at(&self, x: f32) -> f64 {
        let (from, to) = self.stretch;
        from + (to - from) * f64::from((x - self.frame.left()) / self.frame.width())
    }
}

/// The pixels: for each line of rows one of the emptiest pages and one of the fullest.
fn paint(over_time: &OverTime, lines: &[Line], manner: Manner) -> ColorImage {
    let ground = color(manner.theme.background());
    let shown = image::columns(over_time, manner.axis, manner.stretch, manner.size.0);
    let rows: Vec<&Line> = lines.iter().filter(|line| matches!(line, Line::Rows { .. })).collect();
    let mut picture = ColorImage::filled([manner.size.0, rows.len() * 2], ground);
    let width = manner.size.0;
    let mut before: Option<usize> = None;
    for (x, column) in shown.into_iter().enumerate() {
        let Some(number) = column else { continue };
        if before == column {
            (0..rows.len() * 2).for_each(|y| picture.pixels[y * width + x] = picture.pixels[y * width + x - 1]);
            continue;
        }
        before = column;
        let column = &over_time.columns()[number];
        for (n, line) in rows.iter().enumerate() {
            let Some(cell) = line.cell(column) else { continue };
            let colours = image::colours(cell, column, manner.colouring, manner.theme);
            for (half, colour) in colours.into_iter().enumerate() {
                picture.pixels[(2 * n + half) * width + x] = color(colour);
            }
        }
    }
    picture
}

/// A zigzag line in the middle of a hole.
fn draw_hole(ui: &Ui, rect: Rect, ink: Color32) {
    let up = (rect.height() / 3.0).min(2.5);
    let count = (rect.width() / 6.0) as usize;
    let point = |n: usize| -> Pos2 {
        let y = if n.is_multiple_of(2) { rect.center().y + up } else { rect.center().y - up };
        pos2(rect.left() + n as f32 * 6.0, y)
    };
    ui.painter().add(Shape::line((0..=count).map(point).collect(), Stroke::new(1.0, ink)));
}

fn draw_axis(ui: &Ui, places: &Places, axis: Axis) {
    let (from, to) = places.stretch;
    let font = TextStyle::Small.resolve(ui.style());
    let ink = color(theme::current(ui).faint_text());
    let mut free = f32::MIN;
    for mark in axis::marks(axis, to - from, (from, to)) {
        let x = places.x(mark.value);
        ui.painter().vline(x, places.frame.bottom()..=places.frame.bottom() + 3.0, Stroke::new(1.0, ink));
        let words = axis::label(axis, mark);
        let galley = ui.painter().layout_no_wrap(words, font.clone(), ink);
        let left = (x - galley.size().x / 2.0).min(places.frame.right() - galley.size().x);
        if left > free {
            free = left + galley.size().x + 6.0;
            ui.painter().galley(pos2(left, places.frame.bottom() + 4.0), galley, ink);
        }
    }
}

/// What there is at a place of the image.
fn in_words(over_time: &OverTime, axis: Axis, at: f64, line: &Line) -> String {
    let span = line.span();
    let bytes = format::bytes((span.end - span.start) as u64);
    let column = over_time.column_at(axis, at).map(|column| &over_time.columns()[column]);
    let where_ = match line {
        Line::Rows { .. } => format!("{bytes} from {}", format::address(span.start)),
        Line::Hole { .. } => format!("{bytes} that never were the heap's"),
    };
    let Some(column) = column else { return where_ };
    let Position { clock, wall } = column.at;
    let when = format!("at {}, {}", format::bytes(clock), format::time(wall));
    let what = match line.cell(column) {
        Some(cell) if cell.emptiest == cell.fullest => facts(cell.fullest),
        Some(cell) => format!("emptiest: {}\nfullest: {}", facts(cell.emptiest), facts(cell.fullest)),
        None => "not the heap's then".to_owned(),
    };
    format!("{where_}\n{when}\n{what}")
}

fn facts(entry: heapatlas_heap::PageEntry) -> String {
    let used = format::bytes((entry.used() * heapatlas_heap::terms::GRANULE) as u64);
    let resident = match entry.resident() {
        Some(true) => ", resident",
        Some(false) => ", not resident",
        None => "",
    };
    format!("{}, {used} used, {} live{resident}", entry.kind().name(), format::bytes(entry.live_bytes() as u64))
}
