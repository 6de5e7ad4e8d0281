//! How the server behaves: the form, and the window in which it is told to misbehave.

use egui::{DragValue, TextEdit, Ui};

use crate::app::settings::ServerForm;
use crate::app::widgets::{choose, dialog, take_escape, weak};
use crate::i18n::{t, tf};
use crate::net::server::misbehave::Misbehave;
use crate::net::server::{Boundary, LARGEST_RECEIVE, MOST_CONNECTIONS, Model};

/// The form of all settings but the rules and the misbehaviour.
pub(super) fn form(ui: &mut Ui, form: &mut ServerForm) {
    let behaviour = &mut form.behaviour;
    // Two columns of fields beside two of labels.
    let width = ((ui.available_width() - 310.0) / 2.0).clamp(150.0, 300.0);
    egui::Grid::new("behaviour-grid").num_columns(4).spacing([14.0, 8.0]).show(ui, |ui| {
        text_cell(ui, "welcome", &mut behaviour.welcome, width);
        text_cell(ui, "reply", &mut behaviour.reply, width);
        ui.end_row();

        let mut seconds = behaviour.pause.as_secs_f64();
        number_cell(ui, "pause", DragValue::new(&mut seconds).range(0.0..=3600.0).speed(0.05).suffix(" s"));
        behaviour.pause = std::time::Duration::from_secs_f64(seconds);
        let boundaries = [
            (Boundary::Automatic, t("boundary-automatic")),
            (Boundary::AsRead, t("boundary-as-read")),
            (Boundary::Line, t("boundary-line")),
        ];
        choice_cell(ui, "boundary", &mut behaviour.boundary, &boundaries, width);
        ui.end_row();

        number_cell(
            ui,
            "receive-size",
            DragValue::new(&mut behaviour.receive_size).range(1..=LARGEST_RECEIVE).suffix(" B"),
        );
        number_cell(ui, "backlog", DragValue::new(&mut behaviour.backlog).range(0..=65_535));
        ui.end_row();
        number_cell(
            ui,
            "most-connections",
            DragValue::new(&mut behaviour.most_connections).range(1..=MOST_CONNECTIONS),
        );
        let models = [
            (Model::Threads, t("model-threads")),
            (Model::Single, t("model-single")),
            (Model::Events, t("model-events")),
        ];
        choice_cell(ui, "model", &mut behaviour.model, &models, width);
        ui.end_row();
        ui.label("");
        if ui.button(t("as-in-tutorial")).on_hover_text(t("as-in-tutorial-hover")).clicked() {
            *behaviour = crate::net::server::Settings::default();
        }
        ui.end_row();
    });
}

fn choice_cell<T: PartialEq + Copy>(ui: &mut Ui, id: &str, value: &mut T, all: &[(T, String)], width: f32) {
    ui.label(t(id)).on_hover_text(t(&format!("{id}-hover")));
    choose(ui, id, value, all, width);
}

/// A number with its unit; 0 is off.
fn amount(n: f64, unit: &str) -> String {
    if n < 1.0 { t("misbehave-zero") } else { tf(unit, &[("n", (n as u64).into())]) }
}

/// The number at the begin of what a person typed.
fn digits(text: &str) -> Option<f64> {
    let text = text.trim();
    text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())].parse().ok()
}

/// The window of the ways to misbehave, while `open`; where the server runs they are only shown.
pub(super) fn misbehave_window(ctx: &egui::Context, open: &mut bool, misbehave: &mut Misbehave, running: bool) {
    if *open && take_escape(ctx) {
        *open = false;
    }
    dialog(t("misbehave"), open).show(ctx, |ui| {
        ui.set_width(330.0);
        weak(ui, t(if running { "misbehave-running" } else { "misbehave-hover" }));
        ui.add_space(4.0);
        ui.add_enabled_ui(!running, |ui| misbehave_form(ui, misbehave));
    });
}

fn misbehave_form(ui: &mut Ui, misbehave: &mut Misbehave) {
    egui::Grid::new("misbehave-grid").num_columns(2).spacing([14.0, 8.0]).show(ui, |ui| {
        for (id, value, unit) in [
            ("misbehave-late", DragValue::new(&mut misbehave.greet_late_ms).range(0..=3_600_000), "misbehave-ms"),
            ("misbehave-drip", DragValue::new(&mut misbehave.drip_ms).range(0..=3_600_000), "misbehave-ms"),
            ("misbehave-glue", DragValue::new(&mut misbehave.glue).speed(0.05), "misbehave-replies"),
            ("misbehave-stall", DragValue::new(&mut misbehave.stall_after).speed(0.05), "misbehave-replies"),
            ("misbehave-reset", DragValue::new(&mut misbehave.reset_after), "misbehave-bytes"),
        ] {
            number_cell(ui, id, value.custom_formatter(move |n, _| amount(n, unit)).custom_parser(digits));
            ui.end_row();
        }
    });
    for (id, on) in [
        ("misbehave-split", &mut misbehave.split),
        ("misbehave-deaf", &mut misbehave.never_read),
        ("misbehave-close", &mut misbehave.close_silently),
    ] {
        ui.checkbox(on, t(id)).on_hover_text(t(&format!("{id}-hover")));
    }
}

fn text_cell(ui: &mut Ui, id: &'static str, text: &mut String, width: f32) {
    let name = ui.label(t(id)).on_hover_text(t(&format!("{id}-hover")));
    ui.add_sized([width, 26.0], TextEdit::singleline(text)).labelled_by(name.id);
}

fn number_cell(ui: &mut Ui, id: &'static str, value: DragValue<'_>) {
    let name = ui.label(t(id)).on_hover_text(t(&format!("{id}-hover")));
    ui.add(value).labelled_by(name.id);
}
