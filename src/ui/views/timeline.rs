//! The counters over the allocation clock.

use eframe::egui::{Stroke, Ui, vec2};
use egui_plot::{GridMark, HoverPosition, Line, LineStyle, Plot, PlotPoints, VLine};

use crate::format;
use crate::map::palette::Curve;
use crate::model::HeapModel;
use crate::model::history::Sample;
use crate::ui::theme::{self, color};
use crate::ui::widgets::entry::Entry;

/// Which curves are shown.
#[derive(Debug, Default)]
pub struct Timeline {
    /// Curves that were put out.
    hidden: Vec<Curve>,
}

/// Every curve with its word and what it counts, the topmost of the plot first.
const CURVES: [(Curve, &str, &str); 5] = [
    (Curve::Committed, "committed", "mapped, and ours"),
    (Curve::Resident, "resident", "in memory, as the kernel says"),
    (Curve::Allocated, "allocated", "granules in use: live, unjudged and dead together"),
    (Curve::Live, "live", "payload of what the last mark reached"),
    (Curve::Holes, "holes", "between extents, and not ours"),
];

/// Holes beyond so many times what is committed would flatten everything else.
const HOLES_SHOWN: u64 = 4;

fn value_of(curve: Curve, sample: &Sample) -> Option<u64> {
    match curve {
        Curve::Committed => Some(sample.committed),
        Curve::Resident => sample.resident,
        Curve::Allocated => Some(sample.allocated),
        Curve::Live => (sample.cycles > 0).then_some(sample.live),
        Curve::Holes => Some(sample.holes),
    }
}

impl Timeline {
    /// Shows the curves in all the room there is.
    pub fn show(&mut self, ui: &mut Ui, model: &HeapModel) {
        let samples = model.history().samples();
        let last = samples.last().copied().unwrap_or_default();
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().interact_size.y = 18.0;
            ui.spacing_mut().item_spacing.x = 16.0;
            for (curve, name, meaning) in CURVES {
                self.show_legend(ui, curve, (name, meaning), &last);
            }
        });
        let theme = theme::current(ui);
        let too_large = last.holes > last.committed.saturating_mul(HOLES_SHOWN);
        let shown: Vec<_> = CURVES
            .into_iter()
            .filter(|(curve, ..)| !self.hidden.contains(curve) && (*curve != Curve::Holes || !too_large))
            .collect();
        let lines: Vec<_> = shown
            .iter()
            .map(|(curve, name, _)| {
                let style = if *curve == Curve::Committed { LineStyle::dashed_dense() } else { LineStyle::Solid };
                Line::new(*name, points_of(*curve, samples))
                    .color(color(theme.curve(*curve)))
                    .width(if *curve == Curve::Committed { 1.2 } else { 1.8 })
                    .style(style)
                    .allow_band(false)
                    .allow_hover(false)
            })
            .collect();
        let cycles: Vec<f64> = samples
            .windows(2)
            .filter(|pair| pair[1].cycles > pair[0].cycles)
            .map(|pair| pair[1].clock as f64)
            .collect();
        let faint = color(theme.line());
        let at = |clock: f64| describe(samples, clock);
        Plot::new("timeline")
            .show_background(false)
            .show_axes([true, true])
            .grid_color(faint)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .include_y(0.0)
            .include_x(0.0)
            .include_x(1_000_000.0)
            .set_margin_fraction(vec2(0.03, 0.08))
            .y_axis_min_width(52.0)
            .x_grid_spacer(|input| marks(input.bounds.1 - input.bounds.0, input.bounds))
            .y_grid_spacer(|input| marks((input.bounds.1 - input.bounds.0) * 2.0, input.bounds))
            .x_axis_formatter(|mark, _range| axis_bytes(mark))
            .y_axis_formatter(|mark, _range| axis_bytes(mark))
            .label_formatter(move |position| match position {
                HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position } => at(position.x),
            })
            .show(ui, |plot| {
                for clock in cycles {
                    plot.vline(VLine::new("collection", clock).stroke(Stroke::new(1.0, faint)).allow_hover(false));
                }
                for line in lines {
                    plot.line(line);
                }
            });
    }

    /// A curve's colour, name and latest value; a click shows or hides it.
    fn show_legend(&mut self, ui: &mut Ui, curve: Curve, (name, meaning): (&str, &str), last: &Sample) {
        let hidden = self.hidden.contains(&curve);
        let value = format::maybe_bytes(value_of(curve, last));
        let color = color(theme::current(ui).curve(curve));
        let response = ui.add(Entry { color, name, value: &value, shown: !hidden });
        if response.on_hover_text(format!("{name}: {meaning}. Click to show or hide.")).clicked() {
            if hidden {
                self.hidden.retain(|other| *other != curve);
            } else {
                self.hidden.push(curve);
            }
        }
    }
}

/// A curve in steps: a value holds until the next one is known.
fn points_of(curve: Curve, samples: &[Sample]) -> PlotPoints<'static> {
    let mut points: Vec<[f64; 2]> = Vec::with_capacity(2 * samples.len());
    for sample in samples {
        let Some(value) = value_of(curve, sample) else { continue };
        if let Some([_, before]) = points.last().copied()
            && before != value as f64
        {
            points.push([sample.clock as f64, before]);
        }
        points.push([sample.clock as f64, value as f64]);
    }
    PlotPoints::new(points)
}

/// Every value at a moment of the clock.
fn describe(samples: &[Sample], clock: f64) -> Option<String> {
    let after = samples.partition_point(|sample| sample.clock as f64 <= clock);
    let sample = samples.get(after.checked_sub(1)?)?;
    let mut text = format!("{} allocated since the start, {}", format::bytes(sample.clock), format::time(sample.wall));
    for (curve, name, _) in CURVES {
        text.push_str(&format!("\n{name} {}", format::maybe_bytes(value_of(curve, sample))));
    }
    Some(text)
}

/// Marks of an axis at binary steps: 1, 2 or 4 times a power of two, six or so of them.
fn marks(range: f64, (from, to): (f64, f64)) -> Vec<GridMark> {
    let step = (range / 7.0).max(1.0).log2().ceil().exp2();
    let first = (from.max(0.0) / step).ceil() as u64;
    let last = (to / step).floor().max(0.0) as u64;
    (first..=last.min(first + 64)).map(|n| GridMark { value: n as f64 * step, step_size: step }).collect()
}

fn axis_bytes(mark: GridMark) -> String {
    // Marks lie at binary steps: digits after the point are needed for halves and quarters alone.
    let text = format::bytes(mark.value.max(0.0) as u64);
    if mark.value == 0.0 { "0".to_owned() } else { text.replace(".00 ", " ").replace(".0 ", " ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(clock: u64, committed: u64, cycles: u64) -> Sample {
        Sample { clock, committed, cycles, live: 7, ..Sample::default() }
    }

    #[test]
    fn values_hold_until_the_next() {
        let samples = [sample(0, 10, 0), sample(100, 10, 0), sample(200, 30, 1)];
        let points = points_of(Curve::Committed, &samples);
        let points: Vec<_> = points.points().iter().map(|point| (point.x, point.y)).collect();
        assert_eq!(points, [(0.0, 10.0), (100.0, 10.0), (200.0, 10.0), (200.0, 30.0)]);
        assert_eq!(points_of(Curve::Live, &samples).points().len(), 1, "nothing is live before the first mark");
    }

    #[test]
    fn a_moment_is_described_by_the_sample_before() {
        let samples = [sample(0, 10, 0), sample(2048, 4096, 1)];
        let text = describe(&samples, 3000.0).expect("a text");
        assert!(text.contains("2.00 KiB") && text.contains("committed 4.00 KiB"), "{text}");
        assert_eq!(describe(&[], 1.0), None);
    }

    #[test]
    fn marks_lie_at_binary_steps() {
        let marks = marks(3.5e6, (0.0, 3.5e6));
        assert!((4..=8).contains(&marks.len()), "{}", marks.len());
        assert!(marks.iter().all(|mark| mark.value % 524_288.0 == 0.0));
        assert_eq!(axis_bytes(GridMark { value: 1_572_864.0, step_size: 1.0 }), "1.50 MiB");
        assert_eq!(axis_bytes(GridMark { value: 2_097_152.0, step_size: 1.0 }), "2 MiB");
    }
}
