//! Values that a press copies.

use std::time::Duration;

use egui::{Button, Color32, Response, RichText, Ui};

use crate::i18n::{t, tf};

/// A value as a button that copies `copied`. `id` is the id of its name, whose hover text explains it.
pub fn value(ui: &mut Ui, id: &str, text: &str, copied: &str) -> Response {
    let button = Button::new(RichText::new(text).monospace());
    place(ui, button, id, text, copied)
}

/// The same with its name and a square of this colour before it.
pub fn named(ui: &mut Ui, colour: Color32, id: &str, text: &str, copied: &str) -> Response {
    let sign = RichText::new("■").color(colour);
    let button = Button::new((sign, RichText::new(t(id)), RichText::new(text).monospace()));
    place(ui, button, id, text, copied)
}

fn place(ui: &mut Ui, button: Button<'_>, id: &str, text: &str, copied: &str) -> Response {
    let response = ui.add(button.frame_when_inactive(false));
    if response.clicked() {
        ui.copy_text(copied.to_owned());
    }
    let what = t(&format!("{id}-hover"));
    let name = tf("value-named", &[("name", t(id).into()), ("value", text.into())]);
    response.on_hover_text(tf("value-hover", &[("what", what.into())])).accessible_name(name)
}

/// A time in milliseconds, with as many digits as make sense.
pub fn milliseconds(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    if ms < 10.0 { format!("{ms:.2}") } else { format!("{ms:.1}") }
}
