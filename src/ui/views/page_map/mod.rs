//! The page map: every page a tile, every hole a row, in address order.
//!
//! * `at_intervals` work that grows with the heap, done when there was time for it
//! * [`forms`] which forms have a colour
//! * [`geometry`] where rows and pages lie
//! * [`raster`] pages to pixels
//! * [`facts`] what the page table says of a page, in words
//! * [`controls`] what the colours say, above the map
//! * [`legend`] what the colours mean
//! * [`overlay`] what is drawn over the pages
//! * `scene` what is drawn, and where
//! * [`search`] what is looked for
//! * [`span_bar`] the whole span in one bar
//! * [`view`] what of all that can be taken back

mod at_intervals;
pub mod controls;
pub mod facts;
pub mod forms;
pub mod geometry;
pub mod legend;
pub mod overlay;
pub mod raster;
mod scene;
pub mod search;
pub mod span_bar;
pub mod view;

use std::rc::Rc;
use std::time::Duration;

use eframe::egui::{Key, Label, Response, Role, ScrollArea, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2};
use heapatlas_heap::terms::{Address, PAGE, PageKind, Span};

use crate::map::colouring::Colouring;
use crate::map::layout::Order;
use crate::model::HeapModel;
use crate::model::difference;
use crate::ui::gutter;
use crate::ui::theme::{self, color};
use crate::ui::words::{Counts, Word};
use at_intervals::AtIntervals;
use forms::FormClasses;
use geometry::{Geometry, Tile};
use overlay::Overlay;
use raster::Bands;
use scene::Scene;
use span_bar::SpanBar;

/// How long a map whose boxes show several pages each is left as it is: more than thirty of its pictures a second, in which
/// hardly a box can be told from the next, would cost more than they show.
const LEFT_ALONE: Duration = Duration::from_millis(33);

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
    order: Order,
    /// The rows that were shown last, from the first page to behind the last.
    shown: Option<Span>,
    bar: SpanBar,
    /// Which forms have a colour, while the colours are about forms.
    classes: FormClasses,
    /// The page that was clicked.
    pinned: Option<Address>,
    /// The page under the pointer.
    pointed: Option<Address>,
    /// Whether the map was shown in this frame.
    is_shown: bool,
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
    /// The address that was gone to last, until somebody takes note of it.
    gone_to: Option<Address>,
    /// The pages that were found.
    found: Vec<Address>,
    /// A page to be scrolled to.
    wanted: Option<Address>,
    /// Pinching and turning the wheel, not yet enough for the next tile.
    turned: f32,
    /// Where everything lay when last drawn, and what that follows from.
    drawn: Option<Rc<Geometry>>,
    basis: Option<Basis>,
    bands: Bands,
    /// Looking at all pages to show several in a box.
    looking: AtIntervals,
}

/// What a geometry follows from. With millions of pages it is worth keeping.
#[derive(Clone, PartialEq, Debug)]
struct Basis {
    spans: Vec<Span>,
    order: Order,
    room: Vec2,
    pixel: f32,
    chosen: Option<Tile>,
}

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

    /// Takes the address that was gone to last, if nobody has taken note of it.
    pub fn take_gone_to(&mut self) -> Option<Address> {
        self.gone_to.take()
    }

    /// Pins nothing any more.
    pub fn unpin(&mut self) {
        self.pinned = None;
    }

    /// Larger tiles, or smaller ones, and in the end several pages a tile.
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
            if self.order == Order::Hilbert {
                let there = self.drawn.as_ref()?.beside(pinned, step)?;
                let bytes = self.drawn.as_ref()?.layout().box_bytes();
                return pages.within(there..there + bytes).next().map(|page| page.address);
            }
            let bytes = self.drawn.as_ref().map_or(PAGE, |drawn| drawn.layout().box_bytes());
            let distance = match step {
                Step::Left | Step::Right => bytes,
                Step::Up | Step::Down => columns * bytes,
            };
            let forward = matches!(step, Step::Right | Step::Down);
            let there = if forward { pinned.get().checked_add(distance) } else { pinned.get().checked_sub(distance) };
            let there = there.map(Address::new)?;
            pages.at(there).map(|page| page.address).or_else(|| across(model, pinned, forward))
        });
        self.pinned = beside.or(self.pinned).or(first);
        self.wanted = self.pinned;
    }

    /// In which order pages follow one another.
    #[must_use]
    pub fn order(&self) -> Order {
        self.order
    }

    /// Has pages follow one another in another order.
    pub fn set_order(&mut self, order: Order) {
        self.order = order;
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

    /// A frame begins: of a map that the last one did not show no page is pointed at.
    pub fn begin(&mut self) {
        if !std::mem::take(&mut self.is_shown) {
            self.pointed = None;
        }
    }

    /// Shows the map in all the room there is.
    pub fn show(&mut self, ui: &mut Ui, model: &HeapModel, overlay: &Overlay<'_>) {
        (self.pointed, self.is_shown) = (None, true);
        if model.pages().is_empty() {
            ui.centered_and_justified(|ui| ui.weak("No page yet: the runtime is starting."));
            return;
        }
        // What went away is not pinned any more.
        self.pinned = self.pinned.filter(|pinned| model.pages().at(*pinned).is_some());
        let spans = match overlay.before.filter(|_| self.colouring == Colouring::Change) {
            Some(before) => difference::spans(before.pages(), model.pages()),
            None => model.pages().extents().iter().map(|extent| extent.span.clone()).collect(),
        };
        let pixel = 1.0 / ui.ctx().pixels_per_point();
        let bar = ui.spacing().scroll.allocated_width();
        self.show_bar(ui, model);
        if self.colouring == Colouring::Form
            && let Some(forms) = overlay.forms
        {
            self.classes.update(ui.ctx(), model, forms);
        }
        let shown_before = self.shown.clone();
        let room = ui.available_size() - vec2(gutter::WIDTH + gutter::GAP + bar, 2.0);
        let basis = Basis { spans, order: self.order, room, pixel, chosen: self.chosen };
        let is_as_before = self.basis.as_ref() == Some(&basis);
        let geometry = self.geometry_of(basis);
        let wanted = self.wanted.take().and_then(|address| geometry.page(address));
        let mut area = ScrollArea::vertical().id_salt("page map").auto_shrink(false);
        if self.zooms(ui) {
            // The wheel zooms now; it must not scroll too.
            area = area.scroll_source(eframe::egui::containers::scroll_area::ScrollSource::NONE);
        }
        area.show_viewport(ui, |ui, viewport| {
            let size = vec2(ui.available_width(), geometry.size().y);
            let (whole, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
            let corner = whole.min.to_vec2() + vec2(gutter::WIDTH + gutter::GAP, 0.0);
            let (colouring, lit, classes) = (self.colouring, overlay.lit, self.classes.clone());
            let corner = snapped(corner, pixel);
            let (before, forms) = (overlay.before, overlay.forms.map(|forms| (forms, &classes)));
            // Where boxes show several pages there are many of them, and few that can be told apart.
            let looks_again = !is_as_before || geometry.tile().pages == 1 || self.looking.is_due(ui.ctx(), LEFT_ALONE);
            let scene = Scene { geometry: &geometry, model, before, colouring, lit, forms, looks_again, corner };
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, in_words(model)));
            let response = response.described(Word::MapOfPages);
            if let Some(rect) = wanted {
                ui.scroll_to_rect(rect.translate(scene.corner).expand(theme::CONTROL), None);
            }
            let shown = geometry.rows_between(viewport.top(), viewport.bottom());
            let mut draw = || scene.draw_rows(ui, shown.clone(), &mut self.bands);
            if looks_again {
                self.looking.take(draw)
            } else {
                draw()
            }
            self.shown = geometry.layout().span_of(shown.clone());
            scene.draw_gutter(ui, shown);
            overlay.draw(ui, &scene);
            self.drag(&scene, &response);
            self.draw_selected(ui, &scene);
            self.point(ui, &scene, &response);
        });
        self.bands.retire();
        if shown_before != self.shown || !is_as_before {
            // The bar above and the legend were drawn of what there was before.
            ui.ctx().request_repaint();
        }
    }

    /// Where everything lies: as when last drawn, if nothing has changed.
    fn geometry_of(&mut self, basis: Basis) -> Rc<Geometry> {
        let known = self.drawn.take().filter(|_| self.basis.as_ref() == Some(&basis));
        let geometry = known.unwrap_or_else(|| {
            let Basis { spans, order, room, pixel, chosen } = &basis;
            Rc::new(Geometry::new(spans, *order, *room, *pixel, *chosen))
        });
        self.basis = Some(basis);
        self.drawn = Some(Rc::clone(&geometry));
        geometry
    }

    /// The whole span in one bar, and which part of it is shown below.
    fn show_bar(&mut self, ui: &mut Ui, model: &HeapModel) {
        let left = gutter::WIDTH + gutter::GAP;
        let clicked = ui.scope(|ui| {
            // No higher than the bar.
            ui.spacing_mut().interact_size.y = 0.0;
            let bar = ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                ui.add_space(left);
                self.bar.show(ui, model, self.shown.as_ref())
            });
            bar.inner
        });
        if clicked.inner.is_some() {
            self.wanted = clicked.inner;
        }
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
        let under = response.interact_pointer_pos().and_then(|at| scene.box_at(at));
        if response.drag_started() {
            let pressed = response.ctx.input(|input| input.pointer.press_origin());
            self.anchor = pressed.and_then(|at| scene.box_at(at)).map(|pages| pages.start);
        }
        if response.dragged()
            && let Some((anchor, under)) = self.anchor.zip(under)
        {
            let begun = scene.geometry.box_of(anchor);
            self.selected = Some(anchor.min(under.start)..begun.end.max(under.end));
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
        let at = response.hover_pos();
        let there = at.and_then(|at| scene.box_at(at));
        let hole = at.filter(|_| there.is_none()).and_then(|at| scene.hole_at(at));
        let gone = at.filter(|_| there.is_none()).and_then(|at| scene.gone_at(at));
        self.pointed = there.as_ref().and_then(|pages| scene.emptiest(pages.clone())).map(|page| page.address);
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
        let words = match (there, hole) {
            (Some(pages), _) if scene.geometry.tile().pages == 1 => scene.emptiest(pages).map(facts::in_short),
            (Some(pages), _) => Some(facts::of_box(&pages, scene.model.pages())),
            (None, hole) => gone.map(facts::of_gone).or_else(|| hole.as_ref().map(facts::of_hole)),
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
