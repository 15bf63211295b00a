//! The balance: where the committed and the resident bytes go, as a stacked bar and a list of its terms.

use eframe::egui::{
    Align, Label, Layout, Rect, Response, RichText, Role, Sense, Shape, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo,
    pos2, vec2,
};
use heapatlas_heap::Balance;
use heapatlas_heap::frame::Counters;
use heapatlas_heap::terms::Span;

use crate::format;
use crate::map::balance::Term;
use crate::map::palette::Theme;
use crate::model::HeapModel;
use crate::model::chronicle::Told;
use crate::ui::theme::{self, color, number_style};
use crate::ui::widgets::swatch;
use crate::ui::words::{self, Counts, Word};

/// Height of the bar.
const BAR: f32 = 24.0;
/// Room above and below the bar for the mark of what is resident.
const MARK: f32 = 6.0;
/// Height of a term's line.
const LINE: f32 = 21.0;

/// Of what the balance is.
#[derive(Debug)]
pub struct Subject<'m> {
    balance: Balance,
    counters: &'m Counters,
    /// Whether all that can move was just moved.
    compacted: bool,
}

impl<'m> Subject<'m> {
    /// The whole heap.
    #[must_use]
    pub fn heap(model: &'m HeapModel, told: Told<'_>) -> Self {
        Self { balance: model.counters().balance, counters: model.counters(), compacted: told.is_compacted() }
    }

    /// The pages of an address range.
    #[must_use]
    pub fn selection(model: &'m HeapModel, told: Told<'_>, span: &Span) -> Self {
        Self { balance: crate::map::balance::of_pages(model.pages().within(span.clone())), ..Self::heap(model, told) }
    }

    fn remedy(&self, term: Term) -> &'static str {
        let policy = &self.counters.policy;
        if self.compacted { term.remedy_after_compaction(policy) } else { term.remedy(policy) }
    }
}

/// Shows the balance. A term that is clicked is lit, or put out.
pub fn show(ui: &mut Ui, subject: &Subject<'_>, lit: &mut Option<Term>) {
    show_numbers(ui, subject);
    ui.add_space(8.0);
    let mut clicked = show_bar(ui, subject, *lit);
    ui.add_space(4.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    for term in Term::ALL {
        let response = show_term(ui, term, &subject.balance, *lit == Some(term));
        let meaning = term.meaning(&subject.counters.policy);
        if response.explained(meaning, |ui| explain(ui, term, subject)).clicked() {
            clicked = Some(term);
        }
    }
    if let Some(term) = clicked {
        *lit = if *lit == Some(term) { None } else { Some(term) };
    }
    ui.add_space(6.0);
    show_verdict(ui, subject);
}

/// The few numbers that matter most.
fn show_numbers(ui: &mut Ui, subject: &Subject<'_>) {
    let live = subject.balance.live;
    let judged = subject.counters.cycles > 0;
    let resident = subject.balance.resident();
    let ratio = match resident {
        Some(resident) if judged => format::ratio(resident, live),
        _ => "–".to_owned(),
    };
    let numbers = [
        (Word::Resident, format::maybe_bytes(resident)),
        (Word::Live, if judged { format::bytes(live) } else { "–".to_owned() }),
        (Word::ResidentPerLive, ratio),
    ];
    ui.columns_const(|columns: &mut [Ui; 3]| {
        for (ui, (word, value)) in columns.iter_mut().zip(numbers) {
            ui.spacing_mut().item_spacing.y = 1.0;
            let meaning = match word {
                Word::Resident => words::of_residency(subject.counters),
                _ => word.sentence(),
            };
            ui.add(Label::new(RichText::new(word.name()).small().weak()).extend()).on_hover_text(&meaning);
            ui.add(Label::new(RichText::new(value).text_style(number_style())).extend()).on_hover_text(&meaning);
        }
    });
}

/// The terms that sum to what is committed, side by side, and a mark where what is resident ends.
fn show_bar(ui: &mut Ui, subject: &Subject<'_>, lit: Option<Term>) -> Option<Term> {
    let theme = theme::current(ui);
    let balance = &subject.balance;
    let committed = balance.committed();
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR + 2.0 * MARK), Sense::click());
    let name = format!("balance: {} committed", format::bytes(committed));
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, &name));
    let response = response.described(Word::Committed);
    let bar = outer.shrink2(vec2(0.0, MARK));
    ui.painter().rect_filled(bar, 2.0, color(theme.free()));
    let mut parts: Vec<(Term, Rect)> = Vec::new();
    let mut before = 0;
    for term in Term::COMMITTED {
        let bytes = term.of(balance).unwrap_or(0);
        let x = |bytes: u64| bar.left() + bar.width() * (bytes as f64 / committed.max(1) as f64) as f32;
        let rect = Rect::from_min_max(pos2(x(before), bar.top()), pos2(x(before + bytes), bar.bottom()));
        before += bytes;
        if bytes == 0 {
            continue;
        }
        let dimmed = lit.is_some_and(|lit| lit != term);
        let fill = if dimmed { theme.term(term).mix(theme.background(), 0.7) } else { theme.term(term) };
        ui.painter().rect_filled(rect, 0.0, color(fill));
        parts.push((term, rect));
    }
    for (_, rect) in parts.iter().skip(1) {
        ui.painter().vline(rect.left(), bar.y_range(), Stroke::new(1.0, color(theme.background())));
    }
    if let Some(resident) = balance.resident().filter(|_| committed > 0) {
        draw_mark(ui, bar, bar.left() + bar.width() * (resident as f64 / committed as f64) as f32, theme);
    }
    let under = |at: eframe::egui::Pos2| parts.iter().find(|(_, rect)| rect.x_range().contains(at.x));
    let hovered = response.hover_pos().and_then(under).map(|(term, _)| *term);
    let clicked = response.clicked();
    if let Some(term) = hovered {
        response.on_hover_ui_at_pointer(|ui| explain(ui, term, subject));
    }
    hovered.filter(|_| clicked)
}

/// Where what is resident ends: a line with a triangle above.
fn draw_mark(ui: &Ui, bar: Rect, x: f32, theme: Theme) {
    let line = color(theme.accent());
    ui.painter().vline(x, bar.top() - 1.0..=bar.bottom() + MARK, Stroke::new(2.0, line));
    let corners = vec![pos2(x - 4.5, bar.top() - MARK), pos2(x + 4.5, bar.top() - MARK), pos2(x, bar.top() + 1.0)];
    ui.painter().add(Shape::convex_polygon(corners, line, Stroke::NONE));
}

/// One term: its colour, its name, its bytes, its share of what is committed.
fn show_term(ui: &mut Ui, term: Term, balance: &Balance, is_lit: bool) -> Response {
    let theme = theme::current(ui);
    let bytes = term.of(balance);
    let share = bytes.map_or_else(|| "–".to_owned(), |bytes| format::percent(bytes, balance.committed()));
    let sign = if term == Term::NotResident && bytes.is_some_and(|bytes| bytes > 0) { "− " } else { "" };
    let amount = format!("{sign}{}", format::maybe_bytes(bytes));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let label = format!("{} {amount}", term.name());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_lit, &label));
    let ground = if is_lit {
        Some(theme.pressed())
    } else if response.hovered() || response.has_focus() {
        Some(theme.raised())
    } else {
        None
    };
    if let Some(ground) = ground {
        ui.painter().rect_filled(rect.expand2(vec2(6.0, 0.0)), 3.0, color(ground));
    }
    let empty = bytes.is_none_or(|bytes| bytes == 0);
    let ink = color(if empty { theme.faint_text() } else { theme.text() });
    let mut line =
        ui.new_child(eframe::egui::UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)));
    if term == Term::NotResident {
        swatch::hatched(&mut line, color(theme.faint_text()));
    } else {
        swatch::swatch(&mut line, color(theme.term(term)));
    }
    line.add(Label::new(RichText::new(term.name()).color(ink)).selectable(false));
    let font = TextStyle::Body.resolve(ui.style());
    let right = |x: f32, text: &str, ink| {
        let at = pos2(x, rect.center().y);
        ui.painter().text(at, eframe::egui::Align2::RIGHT_CENTER, text, font.clone(), ink);
    };
    right(rect.right() - 56.0, &amount, ink);
    right(rect.right(), &share, color(theme.faint_text()));
    if is_lit {
        let stroke = Stroke::new(1.0, color(theme.faint_text()));
        ui.painter().rect_stroke(rect.expand2(vec2(6.0, 0.0)), 3.0, stroke, StrokeKind::Inside);
    }
    response
}

/// What a term counts and what would lower it.
fn explain(ui: &mut Ui, term: Term, subject: &Subject<'_>) {
    ui.strong(format!("{}  {}", term.name(), format::maybe_bytes(term.of(&subject.balance))));
    ui.label(term.meaning(&subject.counters.policy));
    ui.weak(format!("What would lower it: {}.", subject.remedy(term)));
    ui.weak("Click to light up the pages that hold it.");
}

/// Which term is the problem, and what would lower it.
fn show_verdict(ui: &mut Ui, subject: &Subject<'_>) {
    let balance = &subject.balance;
    let Some((term, bytes)) = Term::costliest(balance) else { return };
    let theme = theme::current(ui);
    let share = format::percent(bytes, balance.committed());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let faint = color(theme.faint_text());
        ui.label(RichText::new("Besides what lives, most is").color(faint));
        ui.strong(format!("{}:", term.name()));
        ui.label(format!("{}, {share} of what is committed.", format::bytes(bytes))).counts(Word::Rest);
        ui.label(RichText::new(format!("What would lower it: {}.", subject.remedy(term))).color(faint));
    });
}
