//! Limits and choices that are rarely changed.

use egui::{DragValue, Ui};

use crate::app::command::Command;
use crate::app::settings::FetchForm;
use crate::app::widgets::text_field;
use crate::i18n::t;

/// Shows them. Gives the command that a person chose.
pub(super) fn ui(ui: &mut Ui, form: &mut FetchForm, accept_any_certificate: &mut bool) -> Option<Command> {
    let mut command = None;
    let number = |ui: &mut Ui, id: &str, value: DragValue<'_>| {
        let name = ui.label(t(id)).on_hover_text(t(&format!("{id}-hover")));
        ui.add(value).labelled_by(name.id);
    };
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut form.follow, t("follow-redirects"));
        number(ui, "max-redirects", DragValue::new(&mut form.max_redirects).range(0..=100));
        let stop = ui.checkbox(&mut form.stop_at_hops, t("stop-at-hops"));
        stop.on_hover_text(t("stop-at-hops-hover"));
        let seconds = |value| DragValue::new(value).range(0.1..=3600.0).speed(0.1).max_decimals(1).suffix(" s");
        number(ui, "connect-limit", seconds(&mut form.connect_seconds));
        number(ui, "silence-limit", seconds(&mut form.silence_seconds));
    });
    ui.horizontal_wrapped(|ui| {
        number(ui, "unpack-limit", DragValue::new(&mut form.unpack_mib).range(1..=1 << 20).suffix(" MiB"));
        number(
            ui,
            "unpack-ratio",
            DragValue::new(&mut form.unpack_ratio).range(1..=1_000_000).suffix(t("unpack-times")),
        );
    });
    ui.horizontal_wrapped(|ui| {
        text_field(ui, "extra-roots", &mut form.extra_roots, 300.0).on_hover_text(t("extra-roots-hover"));
        command = Command::ChooseTlsRoots.button(ui, true);
        ui.checkbox(accept_any_certificate, t("accept-any")).on_hover_text(t("accept-any-hover"));
    });
    command
}
