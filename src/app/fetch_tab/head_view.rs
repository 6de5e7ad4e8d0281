//! What was sent and received as heads, line by line.

mod explain;
mod rows;

use egui::text::LayoutJob;
use egui::{Button, Label, RichText, ScrollArea, TextEdit, TextFormat, TextStyle, Ui, vec2};

use crate::app::style;
use crate::app::widgets::{hint, list_row, weak};
use crate::i18n::{count, t, tf};
use crate::net::fetch::{Hop, PartKind};
use crate::recording::text::visible;
use rows::{Row, rows};

/// The rows of the hop that is shown, made once; and what is looked for in them.
#[derive(Debug, Default)]
pub struct HeadView {
    of: Option<usize>,
    rows: Vec<Row>,
    /// As typed.
    wanted: String,
    /// The field for it gets the keyboard's focus.
    find: bool,
}

impl HeadView {
    /// The hops have changed.
    pub fn forget(&mut self) {
        self.of = None;
    }

    /// Leads the keyboard to the field in which one types what is looked for.
    pub fn find(&mut self) {
        self.find = true;
    }

    /// Shows the heads of `hop`, the hop with this index. Gives what a person wants to see in the wire.
    pub fn ui(&mut self, ui: &mut Ui, index: usize, hop: &Hop) -> Option<PartKind> {
        if self.of != Some(index) {
            self.of = Some(index);
            self.rows = rows(hop);
        }
        let wanted = self.wanted.trim().to_lowercase();
        let shown: Vec<&Row> = self.rows.iter().filter(|row| row.has(&wanted)).collect();
        let lines = |rows: &[&Row]| rows.iter().filter(|row| row.part().is_some()).count();
        let found = lines(&shown);
        let all = self.rows.iter().filter(|row| row.part().is_some()).count();
        let copied = || shown.iter().map(|row| row.text() + "\n").collect::<String>().trim_start().to_owned();
        let mut changed = self.wanted.clone();
        ui.horizontal(|ui| {
            let name = ui.label(t("find-header"));
            let field = ui.add(TextEdit::singleline(&mut changed).desired_width(180.0).id_salt("find-header"));
            let field = field.labelled_by(name.id).on_hover_text(t("find-header-hover"));
            if std::mem::take(&mut self.find) {
                field.request_focus();
            }
            if ui.button(t("copy-headers")).on_hover_text(t("copy-headers-hover")).clicked() {
                ui.copy_text(copied());
            }
            if !wanted.is_empty() {
                let args = [("found", count(found as u64).into()), ("all", count(all as u64).into())];
                weak(ui, tf("find-header-count", &args));
            }
            ui.add(Label::new(RichText::new(visible(hop.url.as_bytes())).small().weak()).truncate());
        });
        let mut asked = None;
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            if found == 0 && !wanted.is_empty() {
                hint(ui, t("find-header-none"));
                return;
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.spacing_mut().interact_size.y = style::ROW;
            let scroll = ScrollArea::both().auto_shrink(false).id_salt("heads");
            scroll.show_rows(ui, style::ROW, shown.len(), |ui, range| {
                for row in &shown[range] {
                    asked = asked.or(one(ui, row));
                }
            });
        });
        self.wanted = changed;
        asked
    }
}

/// One row. Gives what of it shall be shown in the wire.
fn one(ui: &mut Ui, row: &Row) -> Option<PartKind> {
    let job = layout(ui, row);
    let Some((kind, called)) = row.part() else {
        list_row(ui, job);
        return None;
    };
    let asked = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let asked = small_button(ui, "»", t("show-in-wire-hover"), tf("show-in-wire", &[("what", called.into())]));
        if small_button(ui, "🗐", t("copy-one-hover"), tf("copy-one", &[("what", called.into())])) {
            ui.copy_text(row.text());
        }
        ui.add_space(4.0);
        let label = ui.add(Label::new(job).extend());
        if label.hovered()
            && let Some(about) = row.field().and_then(|(name, value)| explain::explain(name, value))
        {
            label.on_hover_text(about);
        }
        asked
    });
    asked.inner.then_some(kind)
}

/// A button in front of a row.
fn small_button(ui: &mut Ui, sign: &str, hover: String, name: String) -> bool {
    let button =
        ui.add(Button::new(RichText::new(sign).weak()).small().frame(false).min_size(vec2(style::ROW, style::ROW)));
    button.on_hover_text(hover).accessible_name(name).clicked()
}

fn layout(ui: &Ui, row: &Row) -> LayoutJob {
    let palette = style::palette(ui);
    let mut job = LayoutJob::default();
    let mono = TextStyle::Monospace.resolve(ui.style());
    let mut add = |text: &str, colour| job.append(text, 0.0, TextFormat::simple(mono.clone(), colour));
    match row {
        Row::Title(text) => {
            let body = TextStyle::Small.resolve(ui.style());
            job.append(text, 0.0, TextFormat::simple(body, palette.weak));
        }
        Row::Blank => {}
        Row::Line(_, text) => add(text, palette.text),
        Row::Folded(_, text) => add(&format!("{}{text}", " ".repeat(NAME_WIDTH + 2)), palette.text),
        Row::Field(_, name, value) => {
            add(name, palette.accent);
            add(&format!("{}  ", " ".repeat(NAME_WIDTH.saturating_sub(name.chars().count()))), palette.text);
            add(value, palette.text);
        }
    }
    job
}

/// Values begin in one column where names are not longer than this, in characters.
const NAME_WIDTH: usize = 26;
