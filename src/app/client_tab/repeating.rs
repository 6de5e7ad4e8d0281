//! A message that repeats: how, and how far it is.

use std::time::Duration;

use egui::{DragValue, Grid, Ui};

use super::form::SessionForm;
use crate::app::style;
use crate::app::widgets::{form_menu, weak};
use crate::i18n::{count, t, tf};
use crate::net::Error;
use crate::net::client::{REPEAT_MS, Repeat, Repetition, Session};

/// The largest count that can be typed.
const MOST: u64 = 1_000_000_000;

/// The message that repeats, while it does.
#[derive(Debug, Default)]
pub(super) struct Repeating(Option<Repeat>);

impl Repeating {
    /// The menu with its choices; true when a person starts it.
    pub(super) fn menu(&self, ui: &mut Ui, form: &mut SessionForm, can_start: bool) -> bool {
        let mut start = false;
        form_menu(ui, t("repeat"), t("repeat-hover"), |ui| {
            Grid::new("repeat").num_columns(2).show(ui, |ui| {
                let every = DragValue::new(&mut form.repeat_ms).range(REPEAT_MS).suffix(" ms");
                let name = ui.label(t("repeat-every"));
                ui.add(every).labelled_by(name.id).on_hover_text(t("repeat-every-hover"));
                ui.end_row();
                let times = DragValue::new(&mut form.repeat_count).range(0..=MOST);
                let name = ui.label(t("repeat-times"));
                ui.add(times).labelled_by(name.id).on_hover_text(t("repeat-times-hover"));
                ui.end_row();
            });
            let main = style::main_button(ui, t("repeat-start"));
            let main = ui.add_enabled(can_start && !self.is_running(), main);
            start = main.on_hover_text(t("repeat-start-hover")).on_disabled_hover_text(t("repeat-start-not")).clicked();
            if start {
                ui.close();
            }
        });
        start
    }

    pub(super) fn start(&mut self, session: &Session, form: &SessionForm, message: Vec<u8>) -> Result<(), Error> {
        let (every, count) = (Duration::from_millis(form.repeat_ms), form.repeat_count);
        self.0 = Some(session.repeat(Repetition { message, every, count })?);
        Ok(())
    }

    fn is_running(&self) -> bool {
        self.0.as_ref().is_some_and(Repeat::is_running)
    }

    /// How far it is, while it runs.
    pub(super) fn progress(&mut self, ui: &mut Ui) {
        if !self.is_running() {
            self.0 = None;
        }
        let Some(repeat) = &self.0 else { return };
        ui.horizontal(|ui| {
            if ui.button(t("repeat-stop")).on_hover_text(t("repeat-stop-hover")).clicked() {
                repeat.stop();
            }
            let (queued, all) = repeat.progress();
            let args = [("n", count(queued).into()), ("count", count(all).into())];
            weak(ui, tf(if all > 0 { "repeat-progress-of" } else { "repeat-progress" }, &args));
        });
    }
}
