//! The palette as egui wants it: visuals, text sizes, spacing. The only place where its defaults are changed.

use eframe::egui::epaint::Shadow;
use eframe::egui::style::{Selection, WidgetVisuals, Widgets};
use eframe::egui::{
    self, Color32, Context, CornerRadius, FontFamily, FontId, Margin, Stroke, Style, TextStyle, ThemePreference, Ui,
    Visuals, vec2,
};

use super::ThemeChoice;
use crate::map::palette::{Rgb, Theme};

/// Corners of controls and fields.
pub const CORNER: u8 = 4;
/// Between a panel's edge and its content.
pub const MARGIN: i8 = 14;
/// Height of a control.
pub const CONTROL: f32 = 26.0;

/// A colour of the palette as egui wants it.
#[must_use]
pub const fn color(rgb: Rgb) -> Color32 {
    Color32::from_rgb(rgb.0, rgb.1, rgb.2)
}

/// The theme that is shown now.
#[must_use]
pub fn current(ui: &Ui) -> Theme {
    if ui.visuals().dark_mode { Theme::Dark } else { Theme::Light }
}

/// What a window is cleared to: the ground of the map and of every panel, which nothing need fill again.
#[must_use]
pub fn ground(visuals: &Visuals) -> [f32; 4] {
    visuals.extreme_bg_color.to_normalized_gamma_f32()
}

/// The text style of the few numbers that matter most.
#[must_use]
pub fn number_style() -> TextStyle {
    TextStyle::Name("number".into())
}

/// Gives a context the palette, in both themes, and chooses one.
pub fn install(ctx: &Context, choice: ThemeChoice) {
    ctx.set_style_of(egui::Theme::Dark, style(Theme::Dark));
    ctx.set_style_of(egui::Theme::Light, style(Theme::Light));
    choose(ctx, choice);
    // Ctrl with plus and minus zooms the map; the system's scale decides about the rest.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

/// Chooses a theme.
pub fn choose(ctx: &Context, choice: ThemeChoice) {
    ctx.set_theme(match choice {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Dark => ThemePreference::Dark,
        ThemeChoice::Light => ThemePreference::Light,
    });
    ctx.request_repaint();
}

/// The theme that is not shown now.
#[must_use]
pub fn other(ctx: &Context) -> ThemeChoice {
    if ctx.theme() == egui::Theme::Dark { ThemeChoice::Light } else { ThemeChoice::Dark }
}

/// Has a frame that was begun in another theme go on in the one that was chosen since, on its ground.
pub fn begin_again(ui: &mut Ui) {
    let style = ui.ctx().global_style();
    ui.painter().rect_filled(ui.ctx().content_rect(), 0.0, style.visuals.extreme_bg_color);
    ui.set_style(style);
}

/// What was chosen last, by whomever: the command line, too.
#[must_use]
pub fn chosen(ctx: &Context) -> ThemeChoice {
    match ctx.options(|options| options.theme_preference) {
        ThemePreference::System => ThemeChoice::System,
        ThemePreference::Dark => ThemeChoice::Dark,
        ThemePreference::Light => ThemeChoice::Light,
    }
}

fn style(theme: Theme) -> Style {
    let mut style = Style { visuals: visuals(theme), ..Style::default() };
    let proportional = |size| FontId::new(size, FontFamily::Proportional);
    style.text_styles = [
        (TextStyle::Small, proportional(11.5)),
        (TextStyle::Body, proportional(13.0)),
        (TextStyle::Button, proportional(13.0)),
        (TextStyle::Heading, proportional(14.0)),
        (TextStyle::Monospace, FontId::new(11.5, FontFamily::Monospace)),
        (number_style(), proportional(21.0)),
    ]
    .into();
    style.spacing.item_spacing = vec2(8.0, 5.0);
    style.spacing.button_padding = vec2(10.0, 4.0);
    style.spacing.interact_size.y = CONTROL;
    style.spacing.menu_margin = Margin::same(10);
    style.spacing.window_margin = Margin::same(MARGIN);
    style.spacing.tooltip_width = 380.0;
    // Numbers end at the right: the bar lies beside them, not over their units.
    style.spacing.scroll.floating_allocated_width = 8.0;
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.35;
    style
}

fn visuals(theme: Theme) -> Visuals {
    let mut visuals = match theme {
        Theme::Dark => Visuals::dark(),
        Theme::Light => Visuals::light(),
    };
    let line = Stroke::new(1.0, color(theme.line()));
    visuals.widgets = Widgets {
        noninteractive: widget(theme.sheet(), theme.line(), theme.text()),
        inactive: widget(theme.raised(), theme.line(), theme.text()),
        hovered: widget(theme.pressed(), theme.line(), theme.accent()),
        active: widget(theme.pressed(), theme.faint_text(), theme.accent()),
        open: widget(theme.raised(), theme.line(), theme.text()),
    };
    visuals.selection = Selection { bg_fill: color(theme.pressed()), stroke: Stroke::new(1.0, color(theme.accent())) };
    visuals.weak_text_color = Some(color(theme.faint_text()));
    visuals.error_fg_color = color(theme.error());
    visuals.warn_fg_color = color(theme.waiting());
    // What a panel lies on is what the window was cleared to: a software renderer fills a whole window once, not twice.
    visuals.panel_fill = Color32::TRANSPARENT;
    visuals.extreme_bg_color = color(theme.background());
    visuals.faint_bg_color = color(theme.raised());
    visuals.window_fill = color(theme.sheet());
    visuals.window_stroke = line;
    visuals.window_corner_radius = CornerRadius::same(6);
    visuals.menu_corner_radius = CornerRadius::same(6);
    visuals.popup_shadow = Shadow { offset: [0, 4], blur: 14, spread: 0, color: Color32::from_black_alpha(70) };
    visuals.window_shadow = visuals.popup_shadow;
    visuals
}

fn widget(fill: Rgb, line: Rgb, text: Rgb) -> WidgetVisuals {
    WidgetVisuals {
        bg_fill: color(fill),
        weak_bg_fill: color(fill),
        bg_stroke: Stroke::new(1.0, color(line)),
        corner_radius: CornerRadius::same(CORNER),
        fg_stroke: Stroke::new(1.0, color(text)),
        expansion: 0.0,
    }
}
