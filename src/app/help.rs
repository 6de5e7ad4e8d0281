//! The help: what each tab is for, and the keys.

use egui::{Grid, ScrollArea};

use super::command::Command;
use super::widgets::dialog;
use crate::i18n::{t, tf};

/// Shows the help while `open`.
pub fn window(ctx: &egui::Context, open: &mut bool) {
    if !*open {
        return;
    }
    let mut stay = true;
    dialog(t("help-title"), &mut stay).show(ctx, |ui| {
        ScrollArea::vertical().max_height(480.0).auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 18.0;
            ui.set_max_width(620.0);
            for tab in ["help-server", "help-client", "help-fetch", "help-wire"] {
                ui.label(t(tab));
            }
            ui.separator();
            ui.strong(t("help-keys"));
            Grid::new("keys").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
                for one in Command::WITH_KEYS {
                    ui.monospace(one.keys_text(ui.ctx()).unwrap_or_default());
                    ui.label(t(&format!("{}-hover", one.id())));
                    ui.end_row();
                }
                for (key, id) in [("Enter", "help-enter-key"), ("Tab", "help-tab-key"), ("Ctrl+Q", "help-quit-key")] {
                    ui.monospace(key);
                    ui.label(t(id));
                    ui.end_row();
                }
            });
            ui.separator();
            super::widgets::weak(ui, tf("help-version", &[("version", env!("CARGO_PKG_VERSION").into())]));
        });
    });
    let escaped = ctx.input(|input| input.key_pressed(egui::Key::Escape));
    *open = stay && !escaped;
}
