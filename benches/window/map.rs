//! What a frame of the page map costs: process CPU, the software renderer included, at 1280×800, while one page of a hundred
//! changes from frame to frame.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use eframe::egui::{self, CentralPanel, Ui};
use heapatlas::model::HeapModel;
use heapatlas::ui::ThemeChoice;
use heapatlas::ui::theme;
use heapatlas::ui::views::page_map::PageMap;
use heapatlas::ui::views::page_map::overlay::Overlay;
use heapatlas_heap::frame::{Counters, Frame};
use heapatlas_heap::terms::{Address, PAGE};
use heapatlas_heap::{Heap, PageEntry, Value};

use crate::{cpu, median, show};

/// Pages of the maps that are measured; no page is the empty window.
pub(crate) const SIZES: [usize; 4] = [0, 64 << 10, 1 << 20, 16 << 20];
/// Frames before the first that counts, and those that do.
const WARM_UP: usize = 10;
const FRAMES: usize = 120;
/// One page of so many changes from frame to frame.
const CHANGING: usize = 100;

/// Entries as a heap has them: cells in every state, objects, free pages.
fn entries() -> Vec<PageEntry> {
    let mut heap = Heap::new().expect("a heap");
    for n in 0..20_000 {
        heap.cons(Value::small(n), Value::NIL).expect("room");
    }
    heap.measure_residency();
    heap.cut_frame(true).entries
}

/// A heap that does not exist: a model of so many pages, and what becomes of them.
struct Made {
    model: HeapModel,
    entries: Vec<PageEntry>,
    pages: usize,
    random: u64,
}

const START: usize = 0x1000_0000_0000;

impl Made {
    fn new(pages: usize) -> Self {
        let entries = entries();
        let mut made = Self { model: HeapModel::default(), entries, pages, random: 1 };
        if pages > 0 {
            let start = Address::new(START);
            let span = start..start + pages * PAGE;
            let all = (0..pages).map(|_| made.entry()).collect();
            let count = u32::try_from(pages).expect("so many pages");
            let counters = Counters { clock: 1, ..Counters::default() };
            let frame = Frame {
                sequence: 1,
                key: true,
                extents: vec![span],
                runs: vec![(start, count)],
                entries: all,
                counters,
                ..Frame::default()
            };
            made.model.apply(&frame);
        }
        made
    }

    fn next(&mut self, below: usize) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % below
    }

    fn entry(&mut self) -> PageEntry {
        let at = self.next(self.entries.len());
        self.entries[at]
    }

    /// What a frame of the stream says: one page of a hundred has become another.
    fn next_frame(&mut self) -> Frame {
        let mut changed: Vec<usize> = (0..self.pages / CHANGING).map(|_| self.next(self.pages)).collect();
        changed.sort_unstable();
        changed.dedup();
        let sequence = self.model.sequence() + 1;
        let counters = Counters { clock: sequence << 16, ..Counters::default() };
        let extents = self.model.pages().extents().iter().map(|extent| extent.span.clone()).collect();
        let runs = changed.iter().map(|page| (Address::new(START + page * PAGE), 1)).collect();
        let entries = changed.iter().map(|_| self.entry()).collect();
        Frame { sequence, extents, runs, entries, counters, ..Frame::default() }
    }
}

struct Bench {
    made: Made,
    map: PageMap,
    last: Duration,
    /// CPU of each frame, without what applying the changes cost, and that.
    frames: Arc<Mutex<Vec<[Duration; 2]>>>,
}

impl eframe::App for Bench {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let before = cpu();
        let mut applying = Duration::ZERO;
        if self.made.pages > 0 {
            let frame = self.made.next_frame();
            let made = cpu();
            self.made.model.apply(&frame);
            applying = cpu() - made;
        }
        let changing = cpu() - before;
        CentralPanel::no_frame().show(ui, |ui| self.map.show(ui, &self.made.model, &Overlay::default()));
        let since = std::mem::replace(&mut self.last, cpu());
        let mut frames = self.frames.lock().expect("nobody panicked");
        frames.push([(self.last - since).saturating_sub(changing), applying]);
        if frames.len() == WARM_UP + FRAMES {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
        ui.ctx().request_repaint();
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::ground(visuals)
    }
}

/// CPU of a frame of a map of so many pages, and what it costs to apply the changes: medians.
fn measure(pages: usize) -> [Duration; 2] {
    let frames = Arc::<Mutex<Vec<[Duration; 2]>>>::default();
    let result = Arc::clone(&frames);
    show(Box::new(move |creation| {
        theme::install(&creation.egui_ctx, ThemeChoice::Dark);
        Ok(Box::new(Bench { made: Made::new(pages), map: PageMap::default(), last: cpu(), frames }))
    }));
    let result = result.lock().expect("nobody panicked");
    let counted = &result[WARM_UP..];
    [0, 1].map(|part| median(counted.iter().map(|frame| frame[part]).collect()))
}

/// Measures a map of so many pages, and prints it.
pub(crate) fn run(pages: usize) {
    let [frame, applying] = measure(pages).map(|time| time.as_secs_f64() * 1e3);
    println!("map of {pages:>8} pages  {frame:6.1} ms of CPU a frame  {applying:6.1} ms to apply what changed");
}
