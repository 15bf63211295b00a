//! How the map is looked at, as far as a person can take it back.

use heapatlas_heap::terms::Span;

use super::PageMap;
use super::geometry::Tile;
use crate::map::colouring::Colouring;
use crate::map::layout::Order;

/// How large the pages are, what their colours say, how they follow one another, and which are selected.
#[derive(Clone, PartialEq, Debug)]
pub struct MapView {
    chosen: Option<Tile>,
    colouring: Colouring,
    order: Order,
    selected: Option<Span>,
}

impl PageMap {
    /// How the map is looked at.
    #[must_use]
    pub fn view(&self) -> MapView {
        MapView { chosen: self.chosen, colouring: self.colouring, order: self.order, selected: self.selected.clone() }
    }

    /// Looks at the map as it was looked at before.
    pub fn set_view(&mut self, view: &MapView) {
        let MapView { chosen, colouring, order, selected } = view.clone();
        self.chosen = chosen;
        self.colouring = colouring;
        self.order = order;
        self.selected = selected;
        self.wanted = self.pinned;
    }
}
