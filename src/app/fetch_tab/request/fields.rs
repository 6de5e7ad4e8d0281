//! The header fields of a request as a table.

use egui::{Button, ScrollArea, TextEdit, Ui};

use crate::app::widgets::{choose, cross, weak};
use crate::i18n::{count, t, tf};
use crate::net::fetch::Field;

/// The most rows.
const MOST: usize = 100;
/// The height of the table, in points; more rows scroll.
const HEIGHT: f32 = 130.0;
/// Width of the field for a name, in points.
const NAME_WIDTH: f32 = 190.0;

/// The table.
#[derive(Debug, Default)]
pub(in crate::app::fetch_tab) struct Fields(Vec<Row>);

#[derive(Clone, Debug)]
struct Row {
    /// Whether it is meant at all.
    on: bool,
    name: String,
    value: String,
    /// Whether the field is sent with this value, or not sent although every request has it.
    sent: bool,
}

impl Fields {
    /// The fields of a request.
    pub(super) fn of(fields: &[Field]) -> Self {
        let row = |one: &Field| Row {
            on: true,
            name: one.name.clone(),
            value: one.value.clone().unwrap_or_default(),
            sent: one.value.is_some(),
        };
        Self(fields.iter().take(MOST).map(row).collect())
    }

    /// Those that are meant.
    fn meant(&self) -> impl Iterator<Item = &Row> {
        self.0.iter().filter(|one| one.on && !one.name.trim().is_empty())
    }

    /// As they are asked for.
    pub(super) fn all(&self) -> Vec<Field> {
        let field = |one: &Row| Field {
            name: one.name.trim().to_owned(),
            value: one.sent.then(|| one.value.trim().to_owned()),
        };
        self.meant().map(field).collect()
    }

    /// How many there are, if any.
    pub(super) fn title(&self) -> Option<String> {
        let n = self.meant().count() as u64;
        (n > 0).then(|| count(n))
    }

    /// Shows them.
    pub(super) fn ui(&mut self, ui: &mut Ui) {
        let mut gone = None;
        ScrollArea::vertical().max_height(HEIGHT).id_salt("request-headers").show(ui, |ui| {
            for (index, row) in self.0.iter_mut().enumerate() {
                ui.push_id(index, |ui| {
                    if row.ui(ui, index + 1) {
                        gone = Some(index);
                    }
                });
            }
        });
        if let Some(index) = gone {
            self.0.remove(index);
        }
        ui.horizontal_wrapped(|ui| {
            let add = ui.add_enabled(self.0.len() < MOST, Button::new(t("add-header")));
            if add.on_hover_text(t("add-header-hover")).clicked() {
                self.0.push(Row { on: true, name: String::new(), value: String::new(), sent: true });
            }
            weak(ui, t("request-headers-usual"));
        });
    }
}

impl Row {
    /// Whether it is to go.
    fn ui(&mut self, ui: &mut Ui, n: usize) -> bool {
        let called = |id| tf(id, &[("n", n.into())]);
        ui.horizontal(|ui| {
            let on = ui.checkbox(&mut self.on, "").on_hover_text(t("header-on-hover"));
            on.accessible_name(called("header-on"));
            ui.add_enabled_ui(self.on, |ui| {
                let name =
                    TextEdit::singleline(&mut self.name).desired_width(NAME_WIDTH).hint_text(t("header-name-hint"));
                ui.add(name).accessible_name(called("header-name"));
                let ways = [(true, t("header-is-sent")), (false, t("header-not-sent"))];
                choose(ui, "header-sent", &mut self.sent, &ways, 0.0);
                let width = (ui.available_width() - 40.0).max(100.0);
                let value =
                    TextEdit::singleline(&mut self.value).desired_width(width).hint_text(t("header-value-hint"));
                ui.add_enabled(self.sent, value).accessible_name(called("header-value"));
            });
            cross(ui, called("remove-header"), t("remove-header-hover")).clicked()
        })
        .inner
    }
}
