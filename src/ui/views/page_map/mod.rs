//! The page map: every page a tile, every hole a row, in address order.
//!
//! * [`geometry`] where rows and pages lie
//! * [`raster`] pages to pixels
//! * [`facts`] what the page table says of a page, in words
//! * [`controls`] what the colours say, above the map
//! * [`legend`] what the colours mean
//! * [`overlay`] what is drawn over the pages
//! * [`search`] what is looked for

pub mod controls;
pub mod facts;
pub mod geometry;
pub mod legend;
pub mod overlay;
pub mod raster;
pub mod search;

use eframe::egui::{
    Align2, Color32, FontId, Key, Label, Rect, Response, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, TextStyle,
    Ui, Vec2, WidgetInfo, pos2, vec2,
};
use heapatlas_heap::terms::{Address, PAGE, PageKind, Span};

use crate::format;
use crate::map::balance::Term;
use crate::map::colouring::{Colouring, age_class};
use crate::map::layout::Row;
use crate::map::palette::Theme;
use crate::model::HeapModel;
use crate::ui::theme::{self, color};
use geometry::{Geometry, Tile, line_of};
use overlay::Overlay;
use raster::{Bands, Look, Manner, glow};

/// A neighbour of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The page before.
    Left,
    /// The page after.
    Right,
    /// The page a row above.
    Up,
    /// The page a row below.
    Down,
}

/// How the map is looked at.
#[derive(Debug, Default)]
pub struct PageMap {
    /// The tile that was chosen; `None` while all pages are to fit.
    chosen: Option<Tile>,
    colouring: Colouring,
    /// The page that was clicked.
    pinned: Option<Address>,
    /// The page under the pointer.
    pointed: Option<Address>,
    /// What is selected: from the first byte of a page to behind the last of another.
    selected: Option<Span>,
    /// Where a selection began: by the mouse, or by a key.
    anchor: Option<Address>,
    /// What is being looked for, as it is typed.
    sought: String,
    /// Whether the field for that is to have the keyboard.
    wants_focus: bool,
    /// What came of it, in words.
    outcome: Option<String>,
    /// The address that was gone to last.
    gone_to: Option<Address>,
    /// The pages that were found.
    found: Vec<Address>,
    /// A page to be scrolled to.
    wanted: Option<Address>,
    /// Pinching and turning the wheel, not yet enough for the next tile.
    turned: f32,
    /// Where everything lay when last drawn.
    drawn: Option<Geometry>,
    bands: Bands,
}

/// Room for addresses, in points.
const GUTTER: f32 = 118.0;
/// Between the addresses and the map.
const GUTTER_GAP: f32 = 10.0;
/// Distance between two addresses at least.
const GUTTER_LINE: f32 = 15.0;
/// Pages that are outlined at most.
const MOST_OUTLINED: usize = 64;
/// How far a zoom gesture goes until the next tile.
const TURN: f32 = 0.18;

impl PageMap {
    /// The page whose row of the table is shown: the pinned one, else the one under the pointer.
    #[must_use]
    pub fn chosen_page(&self) -> Option<Address> {
        self.pinned.or(self.pointed)
    }

    /// The pinned page.
    #[must_use]
    pub fn pinned(&self) -> Option<Address> {
        self.pinned
    }

    /// What is selected: from the first byte of a page to behind the last of another.
    #[must_use]
    pub fn selected(&self) -> Option<&Span> {
        self.selected.as_ref()
    }

    /// Puts away, one at a time, what was found, the selection and the pin.
    pub fn dismiss(&mut self) {
        if !self.found.is_empty() || self.outcome.is_some() {
            self.found.clear();
            self.outcome = None;
        } else if self.selected.take().is_none() {
            self.anchor = None;
            self.pinned = None;
        }
    }

    /// Notes the pinned page as the beginning of a selection, or ends the selection there.
    pub fn select(&mut self) {
        let Some(pinned) = self.pinned else { return };
        match self.anchor.take() {
            Some(anchor) => self.selected = Some(from_to(anchor, pinned)),
            None => self.anchor = Some(pinned),
        }
    }

    /// Gives the field for what is looked for the keyboard.
    pub fn focus_search(&mut self) {
        self.wants_focus = true;
    }

    /// Pins the page of an address and shows it. Says whether there is one.
    pub fn go_to(&mut self, address: Address, model: &HeapModel) -> bool {
        let page = model.pages().at(address).map(|page| page.address);
        if page.is_some() {
            self.pinned = page;
            self.wanted = page;
            self.gone_to = Some(address);
        }
        page.is_some()
    }

    /// The address that was looked for last, and found.
    #[must_use]
    pub fn gone_to(&self) -> Option<Address> {
        self.gone_to
    }

    /// Pins nothing any more.
    pub fn unpin(&mut self) {
        self.pinned = None;
    }

    /// Larger tiles, or smaller ones.
    pub fn zoom(&mut self, larger: bool) {
        if let Some(drawn) = &self.drawn {
            self.chosen = Some(drawn.tile().next(larger));
            self.wanted = self.pinned;
        }
    }

    /// Tiles as large as all of them fit.
    pub fn zoom_to_fit(&mut self) {
        self.chosen = None;
    }

    /// Whether all pages are to fit.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.chosen.is_none()
    }

    /// Pins the page beside the pinned one; the first page when none is.
    pub fn pin_beside(&mut self, step: Step, model: &HeapModel) {
        let pages = model.pages();
        let columns = self.drawn.as_ref().map_or(1, |drawn| drawn.layout().columns());
        let first = pages.extents().first().map(|extent| extent.span.start);
        let beside = self.pinned.and_then(|pinned| {
            let distance = match step {
                Step::Left | Step::Right => PAGE,
                Step::Up | Step::Down => columns * PAGE,
            };
            let forward = matches!(step, Step::Right | Step::Down);
            let there = if forward { pinned.get().checked_add(distance) } else { pinned.get().checked_sub(distance) };
            let there = there.map(Address::new)?;
            pages.at(there).map(|page| page.address).or_else(|| across(model, pinned, forward))
        });
        self.pinned = beside.or(self.pinned).or(first);
        self.wanted = self.pinned;
    }

    /// What the colours say.
    #[must_use]
    pub fn colouring(&self) -> Colouring {
        self.colouring
    }

    /// Has the colours say something else.
    pub fn set_colouring(&mut self, colouring: Colouring) {
        self.colouring = colouring;
    }

    /// Shows the map in all the room there is.
    pub fn show(&mut self, ui: &mut Ui, model: &HeapModel, overlay: &Overlay<'_>) {
        self.pointed = None;
        if model.pages().is_empty() {
            ui.centered_and_justified(|ui| ui.weak("No page yet: the runtime is starting."));
            return;
        }
        // What went away is not pinned any more.
        self.pinned = self.pinned.filter(|pinned| model.pages().at(*pinned).is_some());
        let spans: Vec<Span> = model.pages().extents().iter().map(|extent| extent.span.clone()).collect();
        let pixel = 1.0 / ui.ctx().pixels_per_point();
        let bar = ui.spacing().scroll.allocated_width();
        let room = ui.available_size() - vec2(GUTTER + GUTTER_GAP + bar, 2.0);
        let geometry = Geometry::new(&spans, room, pixel, self.chosen);
        let wanted = self.wanted.take().and_then(|address| geometry.page(address));
        let mut area = ScrollArea::vertical().id_salt("page map").auto_shrink(false);
        if self.zooms(ui) {
            // The wheel zooms now; it must not scroll too.
            area = area.scroll_source(eframe::egui::containers::scroll_area::ScrollSource::NONE);
        }
        area.show_viewport(ui, |ui, viewport| {
            let size = vec2(ui.available_width(), geometry.size().y);
            let (whole, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
            let corner = whole.min.to_vec2() + vec2(GUTTER + GUTTER_GAP, 0.0);
            let (colouring, lit) = (self.colouring, overlay.lit);
            let scene = Scene { geometry: &geometry, model, colouring, lit, corner: snapped(corner, pixel) };
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, in_words(model)));
            if let Some(rect) = wanted {
                ui.scroll_to_rect(rect.translate(scene.corner).expand(theme::CONTROL), None);
            }
            let shown = geometry.rows_between(viewport.top(), viewport.bottom());
            scene.draw_rows(ui, shown.clone(), &mut self.bands);
            scene.draw_gutter(ui, shown);
            overlay.draw(ui, &scene);
            self.drag(&scene, &response);
            self.draw_selected(ui, &scene);
            self.point(ui, &scene, &response);
        });
        self.bands.retire();
        self.drawn = Some(geometry);
    }

    /// Takes in the wheel with Ctrl, and pinching. Says whether that is going on.
    fn zooms(&mut self, ui: &Ui) -> bool {
        let (zoom, ctrl) = ui.input(|input| (input.zoom_delta(), input.modifiers.command));
        if !ui.rect_contains_pointer(ui.available_rect_before_wrap()) {
            return false;
        }
        self.turned += zoom.ln();
        if self.turned.abs() >= TURN {
            self.zoom(self.turned > 0.0);
            self.turned = 0.0;
        }
        ctrl
    }

    /// Selects from where the mouse was pressed to where it is dragged.
    fn drag(&mut self, scene: &Scene<'_>, response: &Response) {
        let page_at = |at: eframe::egui::Pos2| {
            let address = scene.geometry.page_at(at - scene.corner)?;
            scene.model.pages().at(address).map(|page| page.address)
        };
        let under = response.interact_pointer_pos().and_then(page_at);
        if response.drag_started() {
            let pressed = response.ctx.input(|input| input.pointer.press_origin());
            self.anchor = pressed.and_then(page_at);
        }
        if response.dragged()
            && let Some((anchor, under)) = self.anchor.zip(under)
        {
            self.selected = Some(from_to(anchor, under));
        }
        if response.drag_stopped() {
            self.anchor = None;
        }
    }

    /// Frames the pages that are selected, and those that were found.
    fn draw_selected(&self, ui: &Ui, scene: &Scene<'_>) {
        let theme = theme::current(ui);
        if let Some(selected) = &self.selected {
            scene.frame(ui, selected, color(theme.accent()));
        }
        let stroke = Stroke::new(2.0, color(theme.waiting()));
        for page in self.found.iter().take(MOST_OUTLINED) {
            scene.outline(ui, *page, stroke);
        }
    }

    /// What the pointer does, and what is drawn for it.
    fn point(&mut self, ui: &Ui, scene: &Scene<'_>, response: &Response) {
        let theme = theme::current(ui);
        let at = response.hover_pos().map(|at| at - scene.corner);
        let there = at.and_then(|at| scene.geometry.page_at(at));
        let gap = there.and_then(|address| scene.model.pages().hole_at(address));
        let hole = gap.or_else(|| at.and_then(|at| scene.geometry.hole_at(at.y)));
        self.pointed = there.filter(|address| scene.model.pages().at(*address).is_some());
        if response.clicked() {
            self.pinned = if self.pinned == self.pointed { None } else { self.pointed };
        }
        if let Some(pointed) = self.pointed {
            scene.outline(ui, pointed, Stroke::new(1.0, color(theme.text())));
        }
        if let Some(pinned) = self.pinned {
            scene.outline(ui, pinned, Stroke::new(2.0, color(theme.accent())));
        }
        // The list of facts beside the map has the whole row; here is what one asks first.
        let words = match (self.pointed.and_then(|address| scene.model.pages().at(address)), hole) {
            (Some(page), _) => Some(facts::in_short(page)),
            (None, Some(span)) => Some(facts::of_hole(&span)),
            (None, None) => None,
        };
        if let Some(words) = words {
            response.clone().on_hover_ui_at_pointer(|ui| {
                ui.add(Label::new(words).extend());
            });
        }
        if response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            self.pin_beside(Step::Right, scene.model);
        }
    }
}

/// From one page to another, both included, whichever is lower.
fn from_to(a: Address, b: Address) -> Span {
    a.min(b)..a.max(b) + PAGE
}

/// The next page beyond a hole, forward or backward.
fn across(model: &HeapModel, from: Address, forward: bool) -> Option<Address> {
    let extents = model.pages().extents();
    if forward {
        extents.iter().map(|extent| extent.span.start).find(|start| *start > from)
    } else {
        extents.iter().rev().map(|extent| extent.span.end - PAGE).find(|last| *last < from)
    }
}

fn snapped(corner: Vec2, pixel: f32) -> Vec2 {
    (corner / pixel).round() * pixel
}

/// The whole map in a sentence, for those who can't see it.
fn in_words(model: &HeapModel) -> String {
    let counters = model.counters();
    let kinds = PageKind::ALL.into_iter().filter_map(|kind| {
        let pages = counters.pages_of(kind);
        (pages > 0).then(|| format!("{pages} {}", kind.name()))
    });
    let holes = model.pages().extents().len().saturating_sub(1);
    format!(
        "page map: {} pages in {} extents, {} holes: {}",
        model.pages().len(),
        model.pages().extents().len(),
        holes,
        kinds.collect::<Vec<_>>().join(", ")
    )
}

/// What is drawn, and where.
struct Scene<'m> {
    geometry: &'m Geometry,
    model: &'m HeapModel,
    colouring: Colouring,
    lit: Option<Term>,
    /// From the map's corner to the screen's.
    corner: Vec2,
}

impl Scene<'_> {
    fn draw_rows(&self, ui: &Ui, shown: std::ops::Range<usize>, bands: &mut Bands) {
        for rows in self.geometry.bands(shown) {
            match &self.geometry.layout().rows()[rows.start] {
                Row::Hole { span } => self.draw_hole(ui, rows.start, span),
                Row::Pages { .. } => self.draw_band(ui, rows, bands),
            }
        }
    }

    fn draw_band(&self, ui: &Ui, rows: std::ops::Range<usize>, bands: &mut Bands) {
        let dark = theme::current(ui) == Theme::Dark;
        let manner = Manner { tile: self.geometry.tile(), colouring: self.colouring, lit: self.lit, dark };
        let (top, bottom) = (self.geometry.row(rows.start).0, self.geometry.row(rows.end - 1).1);
        let looks: Vec<_> = self.geometry.layout().rows()[rows.clone()].iter().map(|row| self.looks(row)).collect();
        let texture = bands.texture(ui.ctx(), rows.start, &looks, manner);
        let rect = Rect::from_min_max(pos2(0.0, top), pos2(self.geometry.size().x, bottom)).translate(self.corner);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture, rect, whole, Color32::WHITE);
        for (row, looks) in rows.zip(&looks) {
            self.draw_gaps(ui, row, looks);
        }
    }

    /// A line through what is not the heap's between two pages of a row.
    fn draw_gaps(&self, ui: &Ui, row: usize, looks: &[Option<Look>]) {
        let (top, bottom) = self.geometry.row(row);
        let y = (top + bottom) / 2.0 + self.corner.y;
        let stroke = Stroke::new(1.0, color(theme::current(ui).faint_text()));
        let mut last = None;
        for (column, _) in looks.iter().enumerate().filter(|(_, look)| look.is_some()) {
            if let Some(last) = last.replace(column).filter(|last| last + 1 < column) {
                let (left, right) = (self.geometry.left_of(last + 1), self.geometry.left_of(column));
                ui.painter().hline(self.corner.x + left + 1.0..=self.corner.x + right - 2.0, y, stroke);
            }
        }
    }

    fn looks(&self, row: &Row) -> Vec<Option<Look>> {
        let mut looks = vec![None; self.geometry.layout().columns()];
        if let Row::Pages { column, first, count, .. } = row {
            let clock = self.model.counters().clock;
            for page in self.model.pages().within(*first..*first + *count * PAGE) {
                let age = match self.colouring {
                    Colouring::Age => age_class(clock.saturating_sub(page.entry.birth())),
                    Colouring::LastTouched => age_class(clock.saturating_sub(page.touched)),
                    _ => 0,
                };
                looks[column + (page.address - *first) / PAGE] =
                    Some(Look { entry: page.entry, glow: glow(page.touched, clock), age });
            }
        }
        looks
    }

    /// A hole: a zigzag line with its size, whatever that is.
    fn draw_hole(&self, ui: &Ui, row: usize, span: &Span) {
        let theme = theme::current(ui);
        let (top, bottom) = self.geometry.row(row);
        let middle = (top + bottom) / 2.0 + self.corner.y;
        let left = self.corner.x;
        let right = left + self.geometry.size().x;
        let mut points = Vec::new();
        let mut x = left;
        while x <= right {
            let up = if points.len() % 2 == 0 { 3.0 } else { -3.0 };
            points.push(pos2(x, middle + up));
            x += 6.0;
        }
        ui.painter().add(Shape::line(points, Stroke::new(1.0, color(theme.faint_text()))));
        let words = format!("hole of {}, not ours", format::bytes((span.end - span.start) as u64));
        let font = TextStyle::Small.resolve(ui.style());
        let galley = ui.painter().layout_no_wrap(words, font, color(theme.text()));
        let size = galley.size() + vec2(16.0, 4.0);
        let plate = Rect::from_min_size(pos2(left + 30.0, middle - size.y / 2.0), size);
        ui.painter().rect_filled(plate, 3.0, color(theme.panel()));
        ui.painter().galley(plate.min + vec2(8.0, 2.0), galley, color(theme.text()));
    }

    /// The address of each row, or of as many as there is room for.
    fn draw_gutter(&self, ui: &Ui, shown: std::ops::Range<usize>) {
        let theme = theme::current(ui);
        // Of the fonts at hand this one has plain zeros, and all digits of one width.
        let font = FontId::proportional(12.5);
        let mut free = f32::MIN;
        for row in shown {
            let Row::Pages { first, .. } = &self.geometry.layout().rows()[row] else { continue };
            let (top, bottom) = self.geometry.row(row);
            // The first row may be lower than its address.
            let middle = ((top + bottom) / 2.0).max(GUTTER_LINE / 2.0);
            if middle - free < GUTTER_LINE {
                continue;
            }
            free = middle;
            let at = pos2(self.corner.x - GUTTER_GAP, middle + self.corner.y);
            draw_address(ui, at, *first, &font, theme);
        }
    }

    /// A veil over some pages, and a line below each row of them.
    fn frame(&self, ui: &Ui, span: &Span, ink: Color32) {
        for row in self.geometry.layout().rows() {
            let Row::Pages { first, count, .. } = row else { continue };
            let (start, end) = (span.start.max(*first), span.end.min(*first + *count * PAGE));
            if start >= end {
                continue;
            }
            if let Some((from, to)) = self.geometry.page(start).zip(self.geometry.page(end - PAGE)) {
                let rect = from.union(to).translate(self.corner);
                ui.painter().rect_filled(rect, 0.0, ink.gamma_multiply(0.16));
                ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.0, ink), StrokeKind::Outside);
            }
        }
    }

    /// A place within a page, in points of the screen, by how far it is through the page.
    fn place(&self, address: Address) -> Option<eframe::egui::Pos2> {
        let page = address.align_down(PAGE);
        let rect = self.geometry.page(page)?.translate(self.corner);
        let share = (address - page) as f32 / PAGE as f32;
        Some(pos2(rect.left() + rect.width() * share, rect.center().y))
    }

    fn outline(&self, ui: &Ui, address: Address, stroke: Stroke) {
        if let Some(rect) = self.geometry.page(address) {
            let line = line_of(self.geometry.tile()) as f32;
            ui.painter().rect_stroke(rect.translate(self.corner).expand(line), 1.0, stroke, StrokeKind::Outside);
        }
    }
}

/// An address that ends at a point: its low half, which is what changes, in full weight.
fn draw_address(ui: &Ui, at: eframe::egui::Pos2, address: Address, font: &FontId, theme: Theme) {
    let text = format::address(address);
    let (high, low) = text.split_at(text.len() - 9);
    let low = ui.painter().text(at, Align2::RIGHT_CENTER, low, font.clone(), color(theme.text()));
    ui.painter().text(low.left_center(), Align2::RIGHT_CENTER, high, font.clone(), color(theme.faint_text()));
}
