//! Pieces of the window that more than one tab uses.

pub mod address_picker;
pub mod certificate;
pub mod file_row;
pub mod log_list;
pub mod notices;
pub mod plot;
pub mod rows;
pub mod wire;

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::style::StyleModifier;
use egui::{Color32, PopupCloseBehavior, Response, RichText, Role, TextEdit, Ui};

use crate::app::style;
use crate::i18n::t;

/// A label with a text field beside it; the label names the field for screen readers too.
pub fn text_field(ui: &mut Ui, label: &str, text: &mut String, width: f32) -> Response {
    let name = ui.label(t(label));
    ui.add(TextEdit::singleline(text).desired_width(width).id_salt(label)).labelled_by(name.id)
}

/// The width that is left for a text field, in points, when buttons with these texts shall follow it in its row.
#[must_use]
pub fn field_width(ui: &Ui, buttons: &[String]) -> f32 {
    let font = egui::TextStyle::Button.resolve(ui.style());
    let spacing = ui.spacing();
    let (gap, padding) = (spacing.item_spacing.x, spacing.button_padding.x * 2.0);
    let text = |text: &String| {
        ui.fonts_mut(|fonts| fonts.layout_no_wrap(text.clone(), font.clone(), egui::Color32::PLACEHOLDER).size().x)
    };
    let taken: f32 = buttons.iter().map(|one| text(one) + padding + gap).sum();
    (ui.available_width() - taken).max(100.0)
}

/// A button that offers what was used before; what a person picks.
pub fn recent_menu(ui: &mut Ui, recent: &[String]) -> Option<String> {
    let mut picked = None;
    let menu = ui.menu_button(t("recent"), |ui| {
        ui.set_min_width(280.0);
        if recent.is_empty() {
            weak(ui, t("recent-none"));
        }
        for one in recent {
            if ui.button(crate::recording::text::visible(one.as_bytes())).clicked() {
                picked = Some(one.clone());
                // Also where it was pressed by keyboard or screen reader.
                ui.close();
            }
        }
    });
    menu.response.on_hover_text(t("recent-hover"));
    picked
}

/// A button that opens a small form of its own: it stays open until a press beside it, Escape, or [`Ui::close`].
pub fn form_menu<'a>(ui: &mut Ui, title: impl egui::IntoAtoms<'a>, hover: String, form: impl FnOnce(&mut Ui)) {
    let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    // What is pressed or typed in looks as it does elsewhere, not as the entries of a menu.
    let config = stays.style(StyleModifier::default());
    let (button, _) = MenuButton::new(title).config(config).ui(ui, form);
    button.on_hover_text(hover);
}

/// Its colour says how something stands.
pub const SIGN: &str = "●";

/// Closes or deletes something.
pub const CROSS: &str = "×";

/// The small button that does; `what` is its name, `hover` says what it does.
pub fn cross(ui: &mut Ui, what: String, hover: String) -> Response {
    let button = ui.add(egui::Button::new(RichText::new(CROSS).weak()).frame_when_inactive(false));
    button.on_hover_text(hover).accessible_name(what)
}

/// Makes what follows in a row as small as [`small_tab`]s are.
pub fn small_row(ui: &mut Ui) {
    ui.spacing_mut().interact_size.y = style::SMALL_ROW;
    ui.spacing_mut().button_padding = style::SMALL_PADDING;
}

/// A tab for one of several things that a tab has: how it stands as a colour, and its name. `what` says both.
pub fn small_tab(ui: &mut Ui, selected: bool, colour: Color32, name: &str, what: String) -> Response {
    let tab = tab(ui, selected, (RichText::new(SIGN).small().color(colour), RichText::new(name).small()));
    tab.on_hover_text(&what).accessible_name(what)
}

/// A tab: a selectable button that says what it is to screen readers.
pub fn tab<'a>(ui: &mut Ui, selected: bool, text: impl egui::IntoAtoms<'a>) -> Response {
    let response = ui.add(egui::Button::selectable(selected, text));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(Role::Tab);
        node.set_selected(selected);
    });
    response
}

/// Whether Enter was pressed in a single-line field.
#[must_use]
pub fn entered(ui: &Ui, field: &Response) -> bool {
    field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter) && !input.modifiers.command)
}

/// A note in a small weak font.
pub fn weak(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.label(egui::RichText::new(text).small().weak())
}

/// What an empty place says: in the middle of all the space there is.
pub fn hint(ui: &mut Ui, text: impl Into<String>) {
    ui.centered_and_justified(|ui| weak(ui, text));
}

/// A dot and a word or two that say how something stands; never broken over two lines.
pub fn state_label(ui: &mut Ui, colour: egui::Color32, text: &str) -> Response {
    ui.add(egui::Label::new(egui::RichText::new(format!("● {text}")).color(colour)).extend())
}

/// One row of a long list: on one line, and as high as every other row, whatever fonts its text needs.
pub fn list_row(ui: &mut Ui, text: impl Into<egui::WidgetText>) {
    let response = ui.add(egui::Label::new(text).extend());
    ui.add_space((super::style::ROW - response.rect.height()).max(0.0));
}

/// A line that says that something failed.
pub fn bad(ui: &mut Ui, text: impl Into<String>) -> Response {
    let colour = super::style::palette(ui).bad;
    ui.label(egui::RichText::new(text).color(colour))
}

/// A choice called `name`, whose hover text is that of `name`, among values with their texts; at least so wide, in points.
pub fn choose<T: PartialEq + Copy>(ui: &mut Ui, name: &str, value: &mut T, all: &[(T, String)], width: f32) {
    let chosen = all.iter().find(|(one, _)| one == value).map_or("", |(_, text)| text);
    // High enough for all of them.
    let combo = egui::ComboBox::from_id_salt(name).selected_text(chosen).width(width).height(360.0);
    let shown = combo.show_ui(ui, |ui| {
        for (one, text) in all {
            if ui.selectable_value(value, *one, text).clicked() {
                // Also where it was chosen by keyboard or screen reader.
                ui.close();
            }
        }
    });
    shown.response.accessible_name(t(name)).on_hover_text(t(&format!("{name}-hover")));
}

/// A small window of its own in the middle, while `open`; its cross closes it.
pub fn dialog<'a>(title: String, open: &'a mut bool) -> egui::Window<'a> {
    let window = egui::Window::new(title).open(open).collapsible(false).resizable(false);
    window.anchor(egui::Align2::CENTER_CENTER, egui::Vec2::ZERO)
}

/// Whether Escape is pressed, which nothing else sees then. Asked for an open [`dialog`], before what lies below it is drawn.
#[must_use]
pub fn take_escape(ctx: &egui::Context) -> bool {
    ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape))
}
