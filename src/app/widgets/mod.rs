//! Pieces of the window that more than one tab uses.

pub mod address_picker;
pub mod log_list;
pub mod notices;
pub mod wire;

use egui::{Response, Role, TextEdit, Ui};

use crate::i18n::t;

/// A label with a text field beside it; the label names the field for screen readers too.
pub fn text_field(ui: &mut Ui, label: &str, text: &mut String, width: f32) -> Response {
    let name = ui.label(t(label));
    ui.add(TextEdit::singleline(text).desired_width(width).id_salt(label)).labelled_by(name.id)
}

/// A tab: a selectable button that says what it is to screen readers.
pub fn tab(ui: &mut Ui, selected: bool, text: String) -> Response {
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

/// A line that says that something failed.
pub fn bad(ui: &mut Ui, text: impl Into<String>) -> Response {
    let colour = super::style::palette(ui).bad;
    ui.label(egui::RichText::new(text).color(colour))
}
