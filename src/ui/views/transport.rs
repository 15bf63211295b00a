//! The moment that is shown: a slider over the whole run, buttons to play it backwards and forwards, and the way back to
//! now.

use eframe::egui::{Align, Label, Layout, RichText, Sense, Slider, Ui, WidgetInfo, vec2};

use crate::format;
use crate::model::chronicle::{Axis, Position};
use crate::past::Target;
use crate::ui::action::{self, Action};
use crate::ui::axis;
use crate::ui::moments::Go;
use crate::ui::playback::{Play, Playback};
use crate::ui::session::Session;
use crate::ui::theme::{self, CONTROL, color};
use crate::ui::widgets::button::IconButton;
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::segments::{Segment, segments};
use crate::ui::words::{Counts, Word};

/// Room for the moment in words.
const WORDS: f32 = 300.0;

/// The buttons before the slider.
const BUTTONS: [(Icon, &str, Action); 6] = [
    (Icon::First, "first moment", Action::Go(Go::First)),
    (Icon::FrameBack, "a frame back", Action::Go(Go::Frames(-1))),
    (Icon::Backwards, "play backwards", Action::PlayPast(Play::Backwards)),
    (Icon::Stop, "stop playing", Action::PlayPast(Play::Stop)),
    (Icon::Play, "play forwards", Action::PlayPast(Play::Forwards)),
    (Icon::Step, "a frame on", Action::Go(Go::Frames(1))),
];

/// Shows the bar, and gives what was asked for.
pub fn show(ui: &mut Ui, session: &Session, axis: Axis, playback: &Playback) -> Option<Action> {
    let mut asked = None;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        for (icon, word, action) in BUTTONS {
            let hint = format!("{word}  [{}]", action::written(action));
            if ui.add(IconButton::new(icon, word).bare()).on_hover_text(hint).clicked() {
                asked = Some(action);
            }
        }
        ui.add_space(8.0);
        asked = show_axis(ui, axis).or(asked);
        ui.add_space(8.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_past = session.is_past();
            let back = ui.add_enabled(is_past, IconButton::new(Icon::Skip, "Back to now"));
            let keys = action::written(Action::Go(Go::Now));
            if back.on_hover_text(format!("the latest moment, and along with it  [{keys}]")).clicked() {
                asked = Some(Action::Go(Go::Now));
            }
            ui.add_space(8.0);
            let theme = theme::current(ui);
            let ink = if is_past { theme.waiting() } else { theme.faint_text() };
            let words = RichText::new(in_words(session, axis, playback)).color(color(ink));
            // However long they are, the slider stays where it is.
            let (room, _) = ui.allocate_exact_size(vec2(WORDS, CONTROL), Sense::hover());
            ui.put(room, Label::new(words).truncate()).counts(Word::Moment);
            ui.add_space(8.0);
            asked = show_slider(ui, session, axis).or(asked);
        });
    });
    asked
}

/// Along what the slider and the timeline go.
fn show_axis(ui: &mut Ui, axis: Axis) -> Option<Action> {
    let hint = format!("bytes allocated since the start, or seconds  [{}]", action::written(Action::NextAxis));
    let choices = [("clock", "along the allocation clock"), ("time", "along time")];
    let choices = choices.map(|(word, name)| Segment { word, name, hint: &hint });
    let chosen = usize::from(axis == Axis::Wall);
    segments(ui, choices, Some(chosen)).filter(|place| *place != chosen).map(|_| Action::NextAxis)
}

fn show_slider(ui: &mut Ui, session: &Session, axis: Axis) -> Option<Action> {
    let (start, end) = session.extent_in_time();
    let (first, last) = (axis.of(start), axis.of(end));
    // The only moment there is is now, at the right end.
    let left = if last > first { first } else { last - axis::least(axis) };
    let mut at = axis.of(session.position()).clamp(left, last.max(left));
    ui.spacing_mut().slider_width = ui.available_width();
    let slider = Slider::new(&mut at, left..=last.max(left)).show_value(false);
    let response = ui.add_enabled(last > first, slider);
    let value = axis.of(session.position());
    response.widget_info(|| WidgetInfo::slider(true, value, "moment"));
    if !response.changed() {
        return None;
    }
    // The right end is now, whatever comes.
    let go = if at >= last { Go::Now } else { Go::To(Target::on(axis, at)) };
    Some(Action::Go(go))
}

/// The moment, of the whole run.
fn in_words(session: &Session, axis: Axis, playback: &Playback) -> String {
    let Position { clock, wall } = session.position();
    let (start, end) = session.extent_in_time();
    let of = if session.is_past() { format!("of {} ", format::bytes(end.clock)) } else { String::new() };
    let which = if session.is_past() { "moment" } else { "now" };
    let moment = format!("{which} {} {of}· {}", format::bytes(clock), format::time(wall));
    if !playback.is_moving() {
        return moment;
    }
    let rate = playback.rate(axis.of(end) - axis.of(start));
    let way = if rate < 0.0 { "backwards" } else { "forwards" };
    match axis {
        Axis::Clock => format!("{moment} · {way} {}/s", format::bytes(rate.abs() as u64)),
        Axis::Wall => format!("{moment} · {way} × {:.2}", rate.abs()),
    }
}
