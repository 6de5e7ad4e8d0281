//! The help: what each tab is for, and the keys.

use egui::{Grid, ScrollArea, Window};

use super::command::Command;
use crate::i18n::{t, tf};

/// Shows the help while `open`.
pub fn window(ctx: &egui::Context, open: &mut bool) {
    if !*open {
        return;
    }
    let mut stay = true;
    Window::new(t("help-title")).open(&mut stay).collapsible(false).default_width(520.0).vscroll(false).show(
        ctx,
        |ui| {
            ScrollArea::vertical().max_height(420.0).auto_shrink([false, true]).show(ui, |ui| {
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
                    ui.monospace("Tab");
                    ui.label(t("help-tab-key"));
                    ui.end_row();
                });
                ui.separator();
                super::widgets::weak(ui, tf("help-version", &[("version", env!("CARGO_PKG_VERSION").into())]));
            });
        },
    );
    let escaped = ctx.input(|input| input.key_pressed(egui::Key::Escape));
    *open = stay && !escaped;
}
