//! Every view, small and dark, large and light, as it is painted: no text is cut off at its side, none lies over another, and
//! all of them can be read on what is behind them; and whatever can have the keyboard has a name.

use std::time::{Duration, Instant};

use super::driver::alone_with_the_allocator;
use eframe::egui::accesskit::Action;
use eframe::egui::epaint::{ClippedShape, TextShape};
use eframe::egui::{Color32, Key, Modifiers, Rect, Shape, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{AccessKitNode, By, NodeT, Queryable};
use heapatlas::command::Speed;
use heapatlas::map::colouring::Colouring;
use heapatlas::map::palette::Rgb;
use heapatlas::source::Subject;
use heapatlas::source::embedded::Beginning;
use heapatlas::source::program::Program;
use heapatlas::ui::app::App;
use heapatlas::ui::session::Phase;
use heapatlas::ui::{ThemeChoice, WindowOptions};

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a person needs to read it, says the web's standard of accessibility.
const READABLE: f32 = 4.5;
/// How thick the edges of the dock are that can be dragged, and how high its tabs.
const DOCK_EDGE: f32 = 6.5;
const DOCK_TABS: f32 = 32.0;
/// So much of a letter may reach beyond where it was put.
const SLACK: f32 = 1.5;

/// A window, and what was found to be wrong with what it paints.
struct Window {
    harness: Harness<'static, App>,
    name: String,
    wrong: Vec<String>,
}

/// A row of text that was painted.
struct Painted {
    text: String,
    /// Where it may be seen, and where it is.
    clip: Rect,
    rect: Rect,
    colours: Vec<Color32>,
    /// The surface behind it, by its number, and its colour.
    ground: Option<(usize, Color32)>,
    /// How many surfaces were painted before it.
    surfaces: usize,
}

impl Window {
    fn open(theme: ThemeChoice, size: Vec2) -> Self {
        let program = Program { soft_limit: Some(6 << 20), verify: true, ..Program::default() };
        let beginning = Beginning { program, speed: Speed::Full, paused: false, asks: true };
        let subject = Subject::Program(beginning);
        let options =
            WindowOptions { subject, title: "arc.arc (built in)".to_owned(), theme, close: crossbeam_channel::never() };
        // The harness chooses a theme after the window has.
        let shown = if theme == ThemeChoice::Light { Theme::Light } else { Theme::Dark };
        let harness = Harness::builder()
            .with_size(size)
            .with_theme(shown)
            .build_eframe(|creation| App::new(&creation.egui_ctx, options).expect("a runtime"));
        let mut window = Self { harness, name: format!("{theme:?} {size:?}"), wrong: Vec::new() };
        window.wait("the end", |app| app.session().progress().phase() == Phase::Finished);
        assert_eq!(window.harness.ctx.theme(), shown);
        window
    }

    fn wait(&mut self, what: &str, until: impl Fn(&App) -> bool) {
        let since = Instant::now();
        while !until(self.harness.state()) {
            assert!(since.elapsed() < PATIENCE, "waited for {what}");
            std::thread::sleep(Duration::from_millis(4));
            self.harness.step();
        }
        self.harness.run_steps(2);
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run_steps(2);
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run_steps(2);
    }

    fn evaluate(&mut self, text: &str) {
        self.press(Modifiers::COMMAND, Key::E);
        self.harness.get_by_label("Arc to evaluate").type_text(text);
        self.harness.run_steps(1);
        self.press(Modifiers::NONE, Key::Enter);
    }

    /// Looks at what is painted now.
    fn look(&mut self, view: &str) {
        // The pointer's hints would lie over what they are about.
        self.harness.remove_cursor();
        self.harness.run_steps(2);
        let cleared = self.harness.ctx.global_style().visuals.extreme_bg_color;
        let texts = painted(&self.harness.output().shapes, cleared);
        // What can't be used may be paler.
        let disabled: Vec<Rect> =
            self.harness.query_all(By::new().predicate(|node| node.is_disabled())).map(|node| node.rect()).collect();
        let is_disabled = |text: &Painted| disabled.iter().any(|rect| rect.contains(text.rect.center()));
        assert!(texts.len() > 20, "{view}: only {} texts", texts.len());
        let place = format!("{} {view}", self.name);
        let nameless = self.harness.query_all(By::new().predicate(takes_the_keyboard_without_a_name));
        let nameless = nameless.filter(|node| !is_of_the_dock(node.rect()));
        let nameless = nameless
            .map(|node| format!("{place}: a {:?} without a name at {:?}", node.accesskit_node().role(), node.rect()));
        self.wrong.extend(nameless);
        for text in &texts {
            let trouble = cut_off(text).or_else(|| faint(text).filter(|_| !is_disabled(text)));
            self.wrong.extend(trouble.map(|trouble| format!("{place}: {:?} is {trouble}", text.text)));
        }
        for (n, text) in texts.iter().enumerate() {
            if let Some(over) = texts[..n].iter().find(|other| overlap(text, other)) {
                self.wrong.push(format!("{place}: {:?} lies over {:?}", text.text, over.text));
            }
        }
    }

    fn look_at_the_past(&mut self) {
        self.press(Modifiers::NONE, Key::F11);
        self.look("the pages over time");
        self.press(Modifiers::NONE, Key::M);
        self.press(Modifiers::NONE, Key::Home);
        self.wait("the first moment", |app| app.session().is_past());
        self.look("the difference");
        self.press(Modifiers::NONE, Key::F6);
        self.press(Modifiers::NONE, Key::W);
        self.look("the timeline along time");
        self.press(Modifiers::NONE, Key::End);
        self.press(Modifiers::NONE, Key::W);
    }

    fn look_at_the_comparison(&mut self) {
        let alone = alone_with_the_allocator();
        self.press(Modifiers::COMMAND, Key::D);
        self.wait("three heaps", |app| {
            let mut sessions = app.comparison().expect("a comparison").sessions();
            sessions.all(|(_, session)| session.model().counters().clock > 1_000_000)
        });
        self.look("three policies");
        self.click("Back");
        drop(alone);
    }

    fn look_at_all(&mut self) {
        for (key, view) in
            [(Key::F6, "the timeline"), (Key::F7, "the collector"), (Key::F9, "breakpoints"), (Key::F8, "the source")]
        {
            self.press(Modifiers::NONE, key);
            self.look(view);
        }
        self.look_at_the_past();
        self.press(Modifiers::NONE, Key::F8);
        self.click("by bytes");
        self.look("forms by bytes");
        self.press(Modifiers::NONE, Key::O);
        self.wait("a step", |app| app.session().last_step().is_some());
        self.look("a mark under way");
        (0..40).for_each(|_| self.harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight));
        self.harness.run_steps(2);
        for (key, view) in [(Key::F2, "the balance"), (Key::F3, "a page"), (Key::F4, "free lists")] {
            self.press(Modifiers::NONE, key);
            self.look(view);
        }
        for _ in Colouring::ALL {
            self.press(Modifiers::NONE, Key::C);
            let colouring = self.harness.state().map().colouring();
            self.look(colouring.name());
        }
        self.press(Modifiers::NONE, Key::H);
        self.look("along a Hilbert curve");
        self.press(Modifiers::COMMAND, Key::O);
        self.look("what to open");
        self.press(Modifiers::NONE, Key::Escape);
        self.click("Keys");
        self.look("the keys");
        self.press(Modifiers::NONE, Key::Escape);
        self.evaluate("(car 7)");
        self.evaluate("(len (= kept (let l nil (repeat 1000000 (push 1 l)) l)))");
        self.wait("the question", |app| matches!(app.session().progress().phase(), Phase::Exhausted(_)));
        self.look("the question");
        self.look_at_the_comparison();
    }
}

/// Whether something can have the keyboard, and whoever hears the window rather than sees it is not told what it is.
fn takes_the_keyboard_without_a_name(node: &AccessKitNode<'_>) -> bool {
    node.data().supports_action(Action::Focus) && node.label().is_none_or(|name| name.trim().is_empty())
}

/// Whether it is an edge of the dock or the ground of its tabs, which only the mouse drags.
fn is_of_the_dock(rect: Rect) -> bool {
    rect.size().min_elem() <= DOCK_EDGE || rect.height() == DOCK_TABS
}

/// Whether a text does not fit beside what is next to it.
fn cut_off(text: &Painted) -> Option<String> {
    let Painted { clip, rect, .. } = text;
    let fits = rect.left() >= clip.left() - SLACK && rect.right() <= clip.right() + SLACK;
    (!fits).then(|| format!("cut off: {rect:?} in {clip:?}"))
}

/// Whether a text is too much like what is behind it.
fn faint(text: &Painted) -> Option<String> {
    let (_, ground) = text.ground?;
    let faint = text.colours.iter().find(|colour| colour.is_opaque() && contrast(**colour, ground) < READABLE)?;
    Some(format!("hard to read: {faint:?} on {ground:?}"))
}

fn contrast(a: Color32, b: Color32) -> f32 {
    let [a, b] = [a, b].map(|colour| Rgb(colour.r(), colour.g(), colour.b()));
    a.contrast(b)
}

/// Whether a text shares more than an edge with one that was painted before it.
fn overlap(text: &Painted, before: &Painted) -> bool {
    let seen = |text: &Painted| text.rect.intersect(text.clip).shrink2(vec2(SLACK, 4.0));
    // A surface that was painted in between hides what was there.
    let is_covered = text.ground.is_some_and(|(ground, _)| ground >= before.surfaces);
    !is_covered && seen(text).intersect(seen(before)).is_positive()
}

/// The texts that can be seen, with what is behind each: at least what the window was cleared to.
fn painted(shapes: &[ClippedShape], cleared: Color32) -> Vec<Painted> {
    let (mut texts, mut grounds) = (Vec::new(), vec![(Rect::EVERYTHING, cleared)]);
    for ClippedShape { clip_rect, shape, .. } in shapes {
        collect(shape, *clip_rect, &mut grounds, &mut texts);
    }
    texts
}

fn collect(shape: &Shape, clip: Rect, grounds: &mut Vec<(Rect, Color32)>, texts: &mut Vec<Painted>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, clip, grounds, texts)),
        Shape::Rect(rect) if rect.fill.is_opaque() => {
            let seen = rect.rect.intersect(clip);
            // Whatever was written there is covered.
            texts.retain(|text: &Painted| !seen.contains_rect(text.rect.intersect(text.clip)));
            grounds.push((seen, rect.fill));
        }
        Shape::Text(text) => {
            let colours = colours_of(text);
            texts.extend(rows_of(text).filter(|(_, rect)| clip.contains(rect.center())).map(|(text, rect)| {
                let ground = grounds.iter().enumerate().rev().find(|(_, (ground, _))| ground.contains(rect.center()));
                let ground = ground.map(|(number, (_, colour))| (number, *colour));
                Painted { text, clip, rect, colours: colours.clone(), ground, surfaces: grounds.len() }
            }));
        }
        _ => {}
    }
}

/// The rows of a text, without the blanks around them, and where they are.
fn rows_of(text: &TextShape) -> impl Iterator<Item = (String, Rect)> {
    text.galley.rows.iter().filter_map(|row| {
        let letters = row.row.glyphs.iter().filter(|glyph| !glyph.chr.is_whitespace());
        let rects = letters.map(|glyph| glyph.logical_rect().translate(row.pos.to_vec2() + text.pos.to_vec2()));
        Some((row.row.text(), rects.reduce(Rect::union)?))
    })
}

fn colours_of(text: &TextShape) -> Vec<Color32> {
    let sections =
        text.galley.job.sections.iter().map(|section| match (text.override_text_color, section.format.color) {
            (Some(colour), _) => colour,
            (None, Color32::PLACEHOLDER) => text.fallback_color,
            (None, colour) => colour,
        });
    sections.collect()
}

#[test]
fn every_view_can_be_read() {
    let mut wrong = Vec::new();
    // The size has nothing to do with colours, nor the theme with where things are.
    for (theme, size) in [(ThemeChoice::Dark, vec2(1280.0, 800.0)), (ThemeChoice::Light, vec2(2560.0, 1440.0))] {
        let mut window = Window::open(theme, size);
        window.look_at_all();
        wrong.append(&mut window.wrong);
    }
    assert!(wrong.is_empty(), "{} troubles:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn who_allocates_and_what_a_tour_says_can_be_read() {
    let mut wrong = Vec::new();
    for (theme, size) in [(ThemeChoice::Dark, vec2(1280.0, 800.0)), (ThemeChoice::Light, vec2(2560.0, 1440.0))] {
        let mut window = Window::open(theme, size);
        window.press(Modifiers::NONE, Key::F10);
        window.look("who allocates");
        window.click("as a flame graph");
        window.look("a flame graph");
        window.click("by function");
        window.look("functions before there is a sample");
        window.click("View");
        window.click("Tour: window");
        window.look("the first step of a tour");
        wrong.append(&mut window.wrong);
    }
    assert!(wrong.is_empty(), "{} troubles:\n{}", wrong.len(), wrong.join("\n"));
}
