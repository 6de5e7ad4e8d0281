//! A field for an address to listen on, with this machine's own addresses to pick from, each explained.

use egui::{PopupCloseBehavior, Response, Ui};

use super::text_field;
use crate::i18n::t;
use crate::net::address::{Local, local_addresses};

/// Shows the field and its list.
pub fn address_picker(ui: &mut Ui, host: &mut String) -> Response {
    let field = text_field(ui, "server-address", host, 150.0);
    let menu = egui::containers::menu::MenuButton::new(t("pick-address"))
        .config(egui::containers::menu::MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClick));
    let (button, _) = menu.ui(ui, |ui| {
        ui.set_min_width(300.0);
        for local in list(ui) {
            if ui.button(local.explained()).clicked() {
                *host = local.address.to_string();
                // Also where it was pressed by keyboard or screen reader.
                ui.close();
            }
        }
    });
    button.on_hover_text(t("pick-address-hover"));
    field
}

/// Asked from the system when the list opens, not on every frame.
fn list(ui: &Ui) -> Vec<Local> {
    let id = ui.scope_id().with("addresses");
    let now = ui.input(|input| input.time);
    let kept = ui.data(|data| data.get_temp::<(f64, Vec<Local>)>(id));
    match kept {
        Some((at, list)) if now - at < 2.0 => list,
        _ => {
            let list = local_addresses();
            ui.data_mut(|data| data.insert_temp(id, (now, list.clone())));
            list
        }
    }
}
