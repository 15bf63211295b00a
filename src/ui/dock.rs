//! Where the panels lie: tiles that can be dragged, split, put behind one another, closed and opened again.

use eframe::egui::{self, Align2, Margin, Rect, Response, Role, Sense, Stroke, TextStyle, Ui, Vec2, WidgetInfo, vec2};
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, ResizeState, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles,
    Tree, UiResponse,
};

use super::action::{self, Action};
use super::exports;
use super::panel::{Panel, Place};
use super::panels::Panels;
use super::theme::{self, MARGIN, color};
use super::widgets::icon::Icon;

/// Which panels are open, and where they lie.
pub type Layout = Tree<Panel>;

/// Where the panels lie.
#[derive(Debug)]
pub struct Dock {
    layout: Layout,
    /// Whether the layout is still to be made, which takes the size of the window.
    is_new: bool,
    /// How large the window was when the panels were shown last.
    window: Option<Vec2>,
    /// Whether they have been fitted to another size of the window since somebody asked.
    fitted: bool,
}

/// Width of what lies beside the map and height of what lies below it, at first.
const SIDE: f32 = 356.0;
const BELOW: f32 = 304.0;
/// Which part of the window the map keeps of its width, and of its height, however small the window is.
const MIDDLE: f32 = 0.5;
/// Which part of the room below the map the console has, at first.
const CORNER: f32 = 0.42;
/// Which part of the window a panel has that is opened where there is none yet.
const OPENED: f32 = 0.3;
/// Height of a row of tabs.
const TABS: f32 = 32.0;
/// Beside the word of a tab.
const PADDING: f32 = 9.0;
/// Room for what closes a tab.
const CLOSE: f32 = 14.0;

/// Every panel has a tab, so that it can be dragged.
const RULES: SimplificationOptions = SimplificationOptions {
    prune_empty_tabs: true,
    prune_single_child_tabs: true,
    prune_empty_containers: true,
    prune_single_child_containers: true,
    all_panes_must_have_tabs: true,
    join_nested_linear_containers: true,
    flatten_tabs_in_tabs: true,
};

impl Default for Dock {
    fn default() -> Self {
        Self { layout: first(vec2(SIDE + BELOW, SIDE + BELOW)), is_new: true, window: None, fitted: false }
    }
}

impl Dock {
    /// Where the panels lie.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Puts the panels where they lay, unless such a layout can't have come about here.
    pub fn restore(&mut self, layout: Layout) {
        if is_sound(&layout) {
            self.layout = layout;
            self.is_new = false;
        }
    }

    /// Puts every panel where it was at first.
    pub fn reset(&mut self) {
        self.is_new = true;
    }

    /// Whether a panel has a tab.
    #[must_use]
    pub fn is_open(&self, panel: Panel) -> bool {
        panes(&self.layout).any(|open| open == panel)
    }

    /// Whether a panel is to be seen: it is open, and no other lies over it.
    #[must_use]
    pub fn is_shown(&self, panel: Panel) -> bool {
        let shown = self.layout.active_tiles();
        shown.into_iter().any(|tile| self.layout.tiles.get_pane(&tile) == Some(&panel))
    }

    /// Whether the panels have been fitted to another size of the window since this was asked last.
    pub fn was_fitted(&mut self) -> bool {
        std::mem::take(&mut self.fitted)
    }

    /// Where a panel was drawn last, if it is to be seen.
    #[must_use]
    pub fn rect(&self, panel: Panel) -> Option<Rect> {
        let tile = self.layout.tiles.find_pane(&panel).filter(|_| self.is_shown(panel))?;
        self.layout.tiles.rect(tile)
    }

    /// Brings a panel to the front, and opens it if it is closed.
    pub fn focus(&mut self, panel: Panel) {
        if !self.is_open(panel) {
            self.open(panel);
        }
        self.layout.make_active(|_, tile| *tile == Tile::Pane(panel));
    }

    /// Closes a panel.
    pub fn close(&mut self, panel: Panel) {
        if let Some(tile) = self.layout.tiles.find_pane(&panel) {
            self.layout.remove_recursively(tile);
            self.layout.simplify(&RULES);
        }
    }

    /// Opens a panel beside those of its place, or at an edge of the window when there are none.
    fn open(&mut self, panel: Panel) {
        let neighbour = Panel::ALL.into_iter().find(|other| other.place() == panel.place() && self.is_open(*other));
        let tiles = &mut self.layout.tiles;
        let tile = tiles.insert_pane(panel);
        let beside = neighbour.and_then(|neighbour| tiles.find_pane(&neighbour)).and_then(|tile| tiles.parent_of(tile));
        if let Some(parent) = beside {
            self.layout.move_tile_to_container(tile, parent, usize::MAX, false);
            return;
        }
        let opened = tiles.insert_tab_tile(vec![tile]);
        self.layout.root = Some(match self.layout.root {
            None => opened,
            Some(root) => {
                let (dir, children, share) = match panel.place() {
                    Place::Centre => (LinearDir::Vertical, [opened, root], 1.0 - OPENED),
                    Place::Side => (LinearDir::Horizontal, [root, opened], 1.0 - OPENED),
                    Place::Below | Place::Corner => (LinearDir::Vertical, [root, opened], 1.0 - OPENED),
                };
                tiles.insert_container(Linear::new_binary(dir, children, share))
            }
        });
        self.layout.simplify(&RULES);
    }

    /// Shows every panel in its place, and gives what was asked for.
    pub fn show(&mut self, ui: &mut Ui, panels: &mut Panels) -> Option<Action> {
        let window = ui.ctx().content_rect().size();
        let before = self.window.replace(window).unwrap_or(window);
        if std::mem::take(&mut self.is_new) {
            self.layout = first(ui.available_size());
        } else if window != before {
            self.give_to_map(window - before);
            self.fitted = true;
        }
        if self.layout.is_empty() {
            return show_nothing(ui);
        }
        let dragged = self.layout.dragged_id(ui.ctx());
        let mut shown = Shown { panels, asked: None };
        self.layout.ui(&mut shown, ui);
        let asked = shown.asked;
        if let Some(dragged) = dragged {
            self.split_rows(dragged);
            self.layout.simplify(&RULES);
        }
        asked
    }

    /// Has the map take what the window has become larger by, and give what it has become smaller by: what lies beside it
    /// is as wide as its text, however large the window is.
    fn give_to_map(&mut self, more: Vec2) -> Option<()> {
        let tiles = &mut self.layout.tiles;
        let mut tile = tiles.find_pane(&Panel::Map)?;
        while let Some(parent) = tiles.parent_of(tile) {
            let children = tiles.get_container(parent)?.children();
            let sizes: Vec<_> = children.filter_map(|child| Some((*child, tiles.rect(*child)?.size()))).collect();
            if let Some(Tile::Container(Container::Linear(linear))) = tiles.get_mut(parent) {
                let along = |size: Vec2| if linear.dir == LinearDir::Horizontal { size.x } else { size.y };
                let sizes: Vec<_> = sizes.into_iter().map(|(child, size)| (child, along(size))).collect();
                for (child, share) in shares(&sizes, tile, along(more)) {
                    linear.shares.set_share(child, share);
                }
            }
            tile = parent;
        }
        Some(())
    }

    /// Has a tile that was dropped on half a panel split the room of all the panels that have their tabs in one row. As it
    /// was dropped it would split that panel alone, and the row would need a tab for both.
    fn split_rows(&mut self, dropped: TileId) -> Option<()> {
        let tiles = &mut self.layout.tiles;
        let split = tiles.parent_of(dropped)?;
        let row = tiles.parent_of(split)?;
        let parent = tiles.parent_of(row);
        let Container::Linear(halves) = tiles.get_container(split)? else { return None };
        let panel = halves.children.iter().copied().find(|half| *half != dropped)?;
        if !matches!(tiles.get_container(row)?, Container::Tabs(_)) {
            return None;
        }
        replace(tiles, row, (split, panel));
        replace(tiles, split, (panel, row));
        match parent {
            Some(parent) => replace(tiles, parent, (row, split)),
            None => self.layout.root = Some(split),
        }
        Some(())
    }
}

/// The sizes that tiles side by side have when one of them takes what there is more, or less. It keeps its part of the whole,
/// or [`MIDDLE`]: then the others are smaller, too.
fn shares(sizes: &[(TileId, f32)], takes: TileId, more: f32) -> Vec<(TileId, f32)> {
    let whole: f32 = sizes.iter().map(|(_, size)| size).sum();
    let others: f32 = sizes.iter().filter(|(tile, _)| *tile != takes).map(|(_, size)| size).sum();
    let part = ((whole - others) / whole.max(1.0)).min(MIDDLE);
    let left = others.min((1.0 - part) * (whole + more).max(0.0));
    let size_of = |tile, size| if tile == takes { whole + more - left } else { size * left / others.max(1.0) };
    sizes.iter().map(|(tile, size)| (*tile, size_of(*tile, *size).max(1.0))).collect()
}

/// Has another tile take the place of a child.
fn replace(tiles: &mut Tiles<Panel>, parent: TileId, (old, new): (TileId, TileId)) {
    if let Some(Tile::Container(container)) = tiles.get_mut(parent) {
        // Where there is no such child there is nothing to do.
        let _place = container.replace_child(old, new);
    }
}

/// Whether something is shown, no panel twice, and every tab is that of a panel.
fn is_sound(layout: &Layout) -> bool {
    let count = |panel| panes(layout).filter(|open| *open == panel).count();
    let mut tabs = layout.tiles.tiles().filter_map(|tile| match tile {
        Tile::Container(Container::Tabs(tabs)) => Some(&tabs.children),
        _ => None,
    });
    layout.root().is_some()
        && Panel::ALL.into_iter().all(|panel| count(panel) <= 1)
        && tabs.all(|tabs| tabs.iter().all(|tab| layout.tiles.get_pane(tab).is_some()))
}

fn panes(layout: &Layout) -> impl Iterator<Item = Panel> + '_ {
    layout.tiles.tiles().filter_map(|tile| match tile {
        Tile::Pane(panel) => Some(*panel),
        Tile::Container(_) => None,
    })
}

/// Where the panels lie at first: the map, what goes with it at the right and below.
fn first(room: Vec2) -> Layout {
    let mut tiles = Tiles::default();
    let [centre, side, below, corner] = [Place::Centre, Place::Side, Place::Below, Place::Corner].map(|place| {
        let panels = Panel::ALL.into_iter().filter(|panel| panel.place() == place);
        let panes = panels.map(|panel| tiles.insert_pane(panel)).collect();
        tiles.insert_tab_tile(panes)
    });
    let rest = |part: f32, whole: f32| (1.0 - part / whole.max(1.0)).clamp(MIDDLE, 0.9);
    let below = Linear::new_binary(LinearDir::Horizontal, [below, corner], 1.0 - CORNER);
    let below = tiles.insert_container(below);
    let left = Linear::new_binary(LinearDir::Vertical, [centre, below], rest(BELOW, room.y));
    let left = tiles.insert_container(left);
    let root = Linear::new_binary(LinearDir::Horizontal, [left, side], rest(SIDE, room.x));
    let root = tiles.insert_container(root);
    Tree::new(egui::Id::unique("dock"), root, tiles)
}

/// What is shown while every panel is closed.
fn show_nothing(ui: &mut Ui) -> Option<Action> {
    let mut asked = None;
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.4);
        ui.weak("Every panel is closed. The menu View opens them.");
        if ui.button("Reset the layout").clicked() {
            asked = Some(Action::ResetLayout);
        }
    });
    asked
}

/// What the tiles show, and what was asked for in them.
struct Shown<'p> {
    panels: &'p mut Panels,
    asked: Option<Action>,
}

impl Shown<'_> {
    fn ask(&mut self, action: Option<Action>) {
        self.asked = action.or(self.asked.take());
    }
}

impl Behavior<Panel> for Shown<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, panel: &mut Panel) -> UiResponse {
        let room = ui.max_rect();
        let margin = Margin { top: 8, ..Margin::same(MARGIN) };
        let inside = egui::UiBuilder::new().max_rect(room - margin);
        let asked = ui.scope_builder(inside, |ui| {
            ui.set_clip_rect(room.intersect(ui.clip_rect()));
            self.panels.show(ui, *panel)
        });
        self.ask(asked.inner);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, panel: &Panel) -> egui::WidgetText {
        panel.name().into()
    }

    fn tab_ui(
        &mut self,
        tiles: &mut Tiles<Panel>,
        ui: &mut Ui,
        id: egui::Id,
        tile: TileId,
        tab: &TabState,
    ) -> Response {
        let Some(panel) = tiles.get_pane(&tile).copied() else {
            return ui.interact(Rect::NOTHING, id, Sense::hover());
        };
        let font = TextStyle::Button.resolve(ui.style());
        let galley = ui.painter().layout_no_wrap(panel.name().to_owned(), font, egui::Color32::PLACEHOLDER);
        let closing = if tab.active { CLOSE } else { 0.0 };
        let size = vec2(galley.size().x + 2.0 * PADDING + closing, ui.available_height());
        let (_, rect) = ui.allocate_space(size);
        let response = ui.interact(rect, id, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), tab.active, panel.name()));
        if tab.is_being_dragged {
            return response;
        }
        let theme = theme::current(ui);
        let lit = tab.active || response.hovered() || response.has_focus();
        let ink = color(if lit { theme.accent() } else { theme.faint_text() });
        let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect.shrink2(vec2(PADDING, 0.0))).min;
        ui.painter().galley(at, galley, ink);
        if tab.active {
            let line = rect.shrink2(vec2(PADDING - 3.0, 0.0)).x_range();
            ui.painter().hline(line, rect.bottom() - 1.0, Stroke::new(2.0, ink));
            if closes(ui, id, panel, rect) {
                self.ask(Some(Action::Close(panel)));
            }
        }
        if response.middle_clicked() {
            self.ask(Some(Action::Close(panel)));
        }
        response.context_menu(|ui| self.asked = menu(ui, panel).or(self.asked.take()));
        let keys = action::written(Action::Focus(panel));
        let hint = if keys.is_empty() { panel.meaning().to_owned() } else { format!("{}  [{keys}]", panel.meaning()) };
        response.on_hover_text(hint)
    }

    fn top_bar_right_ui(&mut self, tiles: &Tiles<Panel>, ui: &mut Ui, _tile: TileId, tabs: &Tabs, _scroll: &mut f32) {
        let active = tabs.active.and_then(|tile| tiles.get_pane(&tile)).copied();
        let Some(panel) = active else { return };
        ui.add_space(PADDING);
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(CLOSE + 6.0), Sense::click());
        let name = format!("Menu of {}", panel.name());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let theme = theme::current(ui);
        let lit = response.hovered() || response.has_focus();
        let ink = color(if lit { theme.accent() } else { theme.faint_text() });
        Icon::More.paint(ui.painter(), rect.shrink(3.0), ink);
        egui::Popup::menu(&response).show(|ui| self.asked = menu(ui, panel).or(self.asked.take()));
    }

    fn tab_bar_left_ui(&mut self, _tiles: &Tiles<Panel>, ui: &mut Ui, _tile: TileId, _tabs: &Tabs) {
        // The words of the tabs begin where the content does.
        ui.add_space(f32::from(MARGIN) - PADDING);
    }

    fn is_tab_closable(&self, _tiles: &Tiles<Panel>, _tile: TileId) -> bool {
        true
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        TABS
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        visuals.panel_fill
    }

    fn resize_stroke(&self, style: &egui::Style, state: ResizeState) -> Stroke {
        match state {
            ResizeState::Idle => style.visuals.widgets.noninteractive.bg_stroke,
            ResizeState::Hovering | ResizeState::Dragging => style.visuals.widgets.hovered.fg_stroke,
        }
    }

    fn min_size(&self) -> f32 {
        3.0 * TABS
    }

    fn simplification_options(&self) -> SimplificationOptions {
        RULES
    }
}

/// The cross at the end of a tab. Says whether it was clicked.
fn closes(ui: &Ui, id: egui::Id, panel: Panel, tab: Rect) -> bool {
    let center = egui::pos2(tab.right() - PADDING - CLOSE / 2.0 + 4.0, tab.center().y);
    let rect = Rect::from_center_size(center, Vec2::splat(CLOSE));
    let response = ui.interact(rect, id.with("close"), Sense::click());
    let name = format!("Close {}", panel.name());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let theme = theme::current(ui);
    let lit = response.hovered() || response.has_focus();
    Icon::Close.paint(ui.painter(), rect.shrink(3.0), color(if lit { theme.accent() } else { theme.faint_text() }));
    response.on_hover_text("close; the menu View opens it again").clicked()
}

/// What can be done with a panel.
fn menu(ui: &mut Ui, panel: Panel) -> Option<Action> {
    let exports = exports::kinds(panel)
        .iter()
        .map(|kind| (format!("Write it as {}", kind.extension().to_uppercase()), Action::Export(panel, *kind)));
    let others = [("Close", Action::Close(panel)), ("Reset the layout", Action::ResetLayout)];
    let choices = exports.chain(others.map(|(word, action)| (word.to_owned(), action)));
    choices.filter_map(|(word, action)| ui.button(word).clicked().then_some(action)).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dock: &Dock) -> usize {
        Panel::ALL.into_iter().filter(|panel| dock.is_open(*panel)).count()
    }

    #[test]
    fn every_panel_is_open_at_first_and_those_in_front_are_shown() {
        let dock = Dock::default();
        assert_eq!(open(&dock), Panel::ALL.len());
        for (panel, shown) in [(Panel::Map, true), (Panel::Balance, true), (Panel::Page, false), (Panel::Console, true)]
        {
            assert_eq!(dock.is_shown(panel), shown, "{panel:?}");
        }
    }

    #[test]
    fn each_panel_can_be_closed_and_opened_again() {
        let mut dock = Dock::default();
        for panel in Panel::ALL {
            dock.close(panel);
            assert!(!dock.is_open(panel));
        }
        assert!(dock.layout().is_empty());
        for panel in Panel::ALL.into_iter().rev() {
            dock.focus(panel);
            assert!(dock.is_open(panel) && dock.is_shown(panel), "{panel:?}");
        }
        assert_eq!(open(&dock), Panel::ALL.len());
    }

    #[test]
    fn a_panel_is_opened_beside_those_of_its_place() {
        let mut dock = Dock::default();
        dock.close(Panel::Source);
        dock.focus(Panel::Source);
        let tiles = &dock.layout().tiles;
        let parent = |panel| tiles.find_pane(&panel).and_then(|tile| tiles.parent_of(tile));
        assert_eq!(parent(Panel::Source), parent(Panel::Timeline));
        assert!(matches!(tiles.get_container(parent(Panel::Source).expect("tabs")), Some(Container::Tabs(_))));
    }

    #[test]
    fn the_map_takes_what_a_window_has_become_larger_by() {
        let [map, side] = [1, 2].map(TileId::from_u64);
        let sizes = |sizes: [f32; 2], more| {
            let shares = shares(&[(map, sizes[0]), (side, sizes[1])], map, more);
            shares.into_iter().map(|(_, share)| share).collect::<Vec<_>>()
        };
        assert_eq!(sizes([900.0, 300.0], 1200.0), [2100.0, 300.0]);
        assert_eq!(sizes([900.0, 300.0], -600.0), [300.0, 300.0]);
        assert_eq!(sizes([900.0, 300.0], -800.0), [200.0, 200.0], "the map keeps half");
        assert_eq!(sizes([300.0, 900.0], -400.0), [200.0, 600.0], "or what it had");
    }

    #[test]
    fn a_layout_that_shows_a_panel_twice_is_left_alone() {
        let mut dock = Dock::default();
        let before = dock.layout().clone();
        dock.restore(Tree::new_tabs(egui::Id::unique("dock"), vec![Panel::Map, Panel::Map]));
        dock.restore(Tree::empty(egui::Id::unique("dock")));
        assert_eq!(*dock.layout(), before);
        dock.restore(Tree::new_tabs(egui::Id::unique("dock"), vec![Panel::Map, Panel::Console]));
        assert!(!dock.is_open(Panel::Balance));
    }
}
