//! Every colour and size of the window, in a light and a dark theme. Nothing else names a colour.
#![allow(clippy::disallowed_methods, reason = "the one place where colours are made")]

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, Visuals, vec2};

/// What a colour is for; each theme has its own.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Behind everything.
    pub panel: Color32,
    /// Behind what is read or typed.
    pub field: Color32,
    /// Every second row, and quiet boxes.
    pub faint: Color32,
    /// Lines between parts.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Text that matters less.
    pub weak: Color32,
    /// What is chosen, and the main button.
    pub accent: Color32,
    /// Text on `accent`.
    pub on_accent: Color32,
    /// Behind chosen rows.
    pub selection: Color32,
    /// Behind what the pointer is over.
    pub hover: Color32,
    /// Bytes that came in.
    pub incoming: Color32,
    /// Bytes that went out.
    pub outgoing: Color32,
    /// Behind a message that we sent.
    pub bubble_out: Color32,
    /// Behind a message that we received.
    pub bubble_in: Color32,
    /// It works.
    pub good: Color32,
    /// Look here.
    pub warn: Color32,
    /// It failed.
    pub bad: Color32,
    /// In the parts of an exchange: request lines and status lines.
    pub part_line: Color32,
    /// Header and trailer fields.
    pub part_field: Color32,
    /// Sizes of chunks.
    pub part_chunk: Color32,
    /// Empty lines and line ends, and what says nothing.
    pub part_end: Color32,
    /// In the times of an exchange: looking the name up.
    pub step_dns: Color32,
    /// Connecting.
    pub step_tcp: Color32,
    /// Telling a proxy where to.
    pub step_proxy: Color32,
    /// Agreeing on TLS.
    pub step_tls: Color32,
    /// Sending the request.
    pub step_request: Color32,
    /// Waiting for the first byte.
    pub step_first_byte: Color32,
    /// Receiving the rest.
    pub step_last_byte: Color32,
}

const LIGHT: Palette = Palette {
    panel: Color32::from_rgb(0xf5, 0xf6, 0xf8),
    field: Color32::from_rgb(0xff, 0xff, 0xff),
    faint: Color32::from_rgb(0xee, 0xf0, 0xf3),
    line: Color32::from_rgb(0xd3, 0xd7, 0xde),
    text: Color32::from_rgb(0x1d, 0x21, 0x29),
    weak: Color32::from_rgb(0x5c, 0x65, 0x73),
    accent: Color32::from_rgb(0x1f, 0x5f, 0xd0),
    on_accent: Color32::WHITE,
    selection: Color32::from_rgb(0xd6, 0xe4, 0xfb),
    hover: Color32::from_rgb(0xe3, 0xe7, 0xee),
    incoming: Color32::from_rgb(0x0b, 0x6e, 0x4f),
    outgoing: Color32::from_rgb(0x1f, 0x5f, 0xd0),
    bubble_out: Color32::from_rgb(0xd9, 0xe7, 0xfd),
    bubble_in: Color32::from_rgb(0xe4, 0xe8, 0xed),
    good: Color32::from_rgb(0x0b, 0x7a, 0x45),
    warn: Color32::from_rgb(0x96, 0x5a, 0x00),
    bad: Color32::from_rgb(0xb8, 0x1f, 0x2d),
    part_line: Color32::from_rgb(0x9c, 0x1a, 0x6e),
    part_field: Color32::from_rgb(0x6a, 0x35, 0xb8),
    part_chunk: Color32::from_rgb(0x00, 0x62, 0x72),
    part_end: Color32::from_rgb(0x56, 0x60, 0x70),
    step_dns: Color32::from_rgb(0x00, 0x7c, 0x89),
    step_tcp: Color32::from_rgb(0xb7, 0x5a, 0x00),
    step_proxy: Color32::from_rgb(0x7a, 0x6a, 0x00),
    step_tls: Color32::from_rgb(0x8a, 0x3f, 0xc2),
    step_request: Color32::from_rgb(0xc2, 0x2f, 0x7e),
    step_first_byte: Color32::from_rgb(0x3a, 0x7d, 0x2c),
    step_last_byte: Color32::from_rgb(0x1f, 0x5f, 0xd0),
};

const DARK: Palette = Palette {
    panel: Color32::from_rgb(0x1d, 0x20, 0x26),
    field: Color32::from_rgb(0x14, 0x16, 0x1b),
    faint: Color32::from_rgb(0x25, 0x29, 0x31),
    line: Color32::from_rgb(0x3a, 0x40, 0x4b),
    text: Color32::from_rgb(0xe3, 0xe6, 0xeb),
    weak: Color32::from_rgb(0x9c, 0xa5, 0xb3),
    accent: Color32::from_rgb(0x4c, 0x8d, 0xf5),
    on_accent: Color32::from_rgb(0x08, 0x10, 0x1f),
    selection: Color32::from_rgb(0x24, 0x3c, 0x66),
    hover: Color32::from_rgb(0x31, 0x37, 0x43),
    incoming: Color32::from_rgb(0x62, 0xcf, 0xa0),
    outgoing: Color32::from_rgb(0x86, 0xb4, 0xff),
    bubble_out: Color32::from_rgb(0x22, 0x3a, 0x63),
    bubble_in: Color32::from_rgb(0x2d, 0x32, 0x3c),
    good: Color32::from_rgb(0x62, 0xcf, 0xa0),
    warn: Color32::from_rgb(0xf0, 0xb4, 0x55),
    bad: Color32::from_rgb(0xff, 0x80, 0x80),
    part_line: Color32::from_rgb(0xff, 0x9a, 0xd0),
    part_field: Color32::from_rgb(0xc7, 0xab, 0xff),
    part_chunk: Color32::from_rgb(0x63, 0xd3, 0xe6),
    part_end: Color32::from_rgb(0xa8, 0xb1, 0xbe),
    step_dns: Color32::from_rgb(0x4f, 0xc3, 0xd1),
    step_tcp: Color32::from_rgb(0xf2, 0x9e, 0x4c),
    step_proxy: Color32::from_rgb(0xd6, 0xc6, 0x4a),
    step_tls: Color32::from_rgb(0xc0, 0x8f, 0xff),
    step_request: Color32::from_rgb(0xff, 0x8a, 0xc4),
    step_first_byte: Color32::from_rgb(0x7f, 0xd1, 0x6b),
    step_last_byte: Color32::from_rgb(0x6f, 0xa4, 0xff),
};

/// The colours of the theme that is shown.
#[must_use]
pub fn palette(ui: &egui::Ui) -> &'static Palette {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// Space between parts of the window, in points.
pub const GAP: f32 = 8.0;
/// Height of a row of small tabs below the large ones, in points.
pub const SMALL_ROW: f32 = 22.0;
/// Space around the texts of its buttons, in points.
pub const SMALL_PADDING: egui::Vec2 = egui::vec2(7.0, 2.0);
/// Height of a row in lists, in points; whole, so that rows stay sharp and the last one is not cut.
pub const ROW: f32 = 20.0;
/// Space between a list and the ring that shows that it has the keyboard's focus, in points.
pub const RING: f32 = 2.0;
/// Smallest width of a tab's main button, in points.
pub const MAIN_WIDTH: f32 = 104.0;
/// Text size, in points.
const TEXT: f32 = 14.0;

/// Fonts, colours and sizes of both themes.
pub fn install(ctx: &egui::Context) {
    let mut fonts = egui::FontDefinitions::default();
    // The proportional fonts lack arrows and other signs that the monospaced one has.
    let mono = fonts.families.get(&FontFamily::Monospace).cloned().unwrap_or_default();
    let proportional = fonts.families.entry(FontFamily::Proportional).or_default();
    let missing: Vec<_> = mono.into_iter().filter(|font| !proportional.contains(font)).collect();
    proportional.extend(missing);
    ctx.set_fonts(fonts);

    ctx.all_styles_mut(|style| {
        let font = |size, family| FontId::new(size, family);
        style.text_styles = [
            (TextStyle::Small, font(12.0, FontFamily::Proportional)),
            (TextStyle::Body, font(TEXT, FontFamily::Proportional)),
            (TextStyle::Button, font(TEXT, FontFamily::Proportional)),
            (TextStyle::Heading, font(17.0, FontFamily::Proportional)),
            (TextStyle::Monospace, font(12.5, FontFamily::Monospace)),
        ]
        .into();
        style.spacing.item_spacing = vec2(GAP, 6.0);
        style.spacing.button_padding = vec2(10.0, 4.0);
        style.spacing.interact_size.y = 26.0;
        style.spacing.menu_margin = Margin::same(8);
        style.spacing.tooltip_width = 420.0;
        style.spacing.scroll = egui::style::ScrollStyle::solid();
        // A blinking cursor would wake an idle window twice a second.
        style.visuals.text_cursor.blink = false;
    });
    ctx.style_mut_of(Theme::Light, |style| colour(&mut style.visuals, &LIGHT));
    ctx.style_mut_of(Theme::Dark, |style| colour(&mut style.visuals, &DARK));
}

fn colour(visuals: &mut Visuals, palette: &Palette) {
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.extreme_bg_color = palette.field;
    visuals.text_edit_bg_color = Some(palette.field);
    visuals.faint_bg_color = palette.faint;
    visuals.code_bg_color = palette.faint;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.bad;
    visuals.weak_text_color = Some(palette.weak);
    visuals.selection.bg_fill = palette.selection;
    visuals.selection.stroke = Stroke::new(1.0, palette.text);
    // So that the keyboard's focus can be seen on them.
    visuals.collapsing_header_frame = true;
    visuals.text_cursor.stroke = Stroke::new(2.0, palette.accent);
    visuals.widgets.noninteractive.fg_stroke.color = palette.text;
    visuals.widgets.noninteractive.bg_stroke.color = palette.line;
    visuals.widgets.inactive.fg_stroke.color = palette.text;
    visuals.widgets.inactive.bg_stroke = Stroke::new(1.0, palette.line);
    visuals.widgets.inactive.weak_bg_fill = palette.faint;
    visuals.widgets.inactive.bg_fill = palette.faint;
    visuals.widgets.hovered.bg_stroke = Stroke::new(1.0, palette.weak);
    visuals.widgets.hovered.weak_bg_fill = palette.hover;
    visuals.widgets.hovered.bg_fill = palette.hover;
    visuals.widgets.active.weak_bg_fill = palette.selection;
    visuals.widgets.active.bg_fill = palette.selection;
    visuals.widgets.open.weak_bg_fill = palette.faint;
    visuals.widgets.open.bg_fill = palette.faint;
    for widget in [
        &mut visuals.widgets.noninteractive,
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
        &mut visuals.widgets.open,
    ] {
        widget.corner_radius = CornerRadius::same(5);
        widget.expansion = 0.0;
    }
    for widget in [&mut visuals.widgets.hovered, &mut visuals.widgets.active, &mut visuals.widgets.open] {
        widget.fg_stroke.color = palette.text;
    }
}

/// A box with the field's background, for lists and text.
pub fn well(ui: &egui::Ui) -> egui::Frame {
    let palette = palette(ui);
    egui::Frame::new()
        .fill(palette.field)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(5)
        .inner_margin(Margin::symmetric(8, 6))
}

/// The main button of a tab.
pub fn main_button<'a>(ui: &egui::Ui, text: String) -> egui::Button<'a> {
    let palette = palette(ui);
    egui::Button::new(egui::RichText::new(text).color(palette.on_accent))
        .fill(palette.accent)
        .min_size(vec2(MAIN_WIDTH, 26.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2: relative luminance.
    fn luminance(colour: Color32) -> f32 {
        let linear = egui::Rgba::from(colour);
        0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
    }

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn the_parts_of_an_exchange_can_be_read_also_where_they_are_chosen() {
        for palette in [LIGHT, DARK] {
            for part in [palette.part_line, palette.part_field, palette.part_chunk, palette.part_end, palette.text] {
                for behind in [palette.field, palette.selection, palette.hover] {
                    let contrast = contrast(part, behind);
                    assert!(contrast >= 4.5, "{part:?} on {behind:?} has {contrast}");
                }
            }
        }
    }
}
