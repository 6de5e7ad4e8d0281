//! What was sent and received as heads, line by line, and what is known of the connection.

use egui::text::LayoutJob;
use egui::{Button, Label, RichText, ScrollArea, TextFormat, TextStyle, Ui, vec2};

use crate::app::style;
use crate::app::widgets::{list_row, weak};
use crate::i18n::{t, tf};
use crate::net::fetch::{Head, Hop, PartKind};
use crate::recording::text::visible;

/// One row of the view.
#[derive(Debug)]
enum Row {
    Title(String),
    /// Between two heads.
    Blank,
    /// What it is on the wire, and its text.
    Line(PartKind, String),
    Field(PartKind, String, String),
}

impl Row {
    /// What it is on the wire, and what to call it there.
    fn part(&self) -> Option<(PartKind, &str)> {
        match self {
            Self::Title(_) | Self::Blank => None,
            Self::Line(kind, text) | Self::Field(kind, text, _) => Some((*kind, text)),
        }
    }
}

/// The rows of the hop that is shown, made once.
#[derive(Debug, Default)]
pub struct HeadView {
    of: Option<usize>,
    rows: Vec<Row>,
}

impl HeadView {
    /// The hops have changed.
    pub fn forget(&mut self) {
        self.of = None;
    }

    /// Shows the heads of `hop`, the hop with this index. Gives what a person wants to see in the wire.
    pub fn ui(&mut self, ui: &mut Ui, index: usize, hop: &Hop) -> Option<PartKind> {
        if self.of != Some(index) {
            self.of = Some(index);
            self.rows = rows(hop);
        }
        ui.horizontal(|ui| {
            weak(ui, visible(hop.url.as_bytes()));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button(t("copy-headers")).on_hover_text(t("copy-headers-hover")).clicked() {
                    ui.copy_text(self.text());
                }
            });
        });
        let mut wanted = None;
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.spacing_mut().interact_size.y = style::ROW;
            let scroll = ScrollArea::both().auto_shrink(false).id_salt("heads");
            scroll.show_rows(ui, style::ROW, self.rows.len(), |ui, range| {
                for row in &self.rows[range] {
                    let job = layout(ui, row);
                    match row.part() {
                        None => list_row(ui, job),
                        Some((kind, called)) => {
                            ui.horizontal(|ui| {
                                if show_button(ui, called) {
                                    wanted = Some(kind);
                                }
                                ui.add(Label::new(job).extend());
                            });
                        }
                    }
                }
            });
        });
        wanted
    }

    fn text(&self) -> String {
        let line = |row: &Row| match row {
            Row::Title(text) => format!("\n{text}\n"),
            Row::Blank => "\n".to_owned(),
            Row::Line(_, text) => format!("{text}\n"),
            Row::Field(_, name, value) => format!("{name}: {value}\n"),
        };
        self.rows.iter().map(line).collect::<String>().trim_start().to_owned()
    }
}

fn rows(hop: &Hop) -> Vec<Row> {
    let mut rows = vec![Row::Title(t("request-sent"))];
    // Exactly the bytes: with the line ends, and the empty line that ends it.
    let lines = hop.request.split_inclusive(|byte| *byte == b'\n').enumerate();
    rows.extend(lines.map(|(number, line)| {
        let kind = match number.checked_sub(1) {
            None => PartKind::RequestLine,
            Some(_) if line.trim_ascii().is_empty() => PartKind::RequestEnd,
            Some(field) => PartKind::RequestField(field),
        };
        Row::Line(kind, visible(line))
    }));
    for (number, head) in hop.interim.iter().enumerate() {
        push_head(&mut rows, t("interim-received"), number, head);
    }
    if let Some(head) = &hop.head {
        push_head(&mut rows, t("answer-received"), hop.interim.len(), head);
    }
    rows
}

/// `number` is that of the head as the parts of the wire count them.
fn push_head(rows: &mut Vec<Row>, title: String, number: usize, head: &Head) {
    rows.push(Row::Blank);
    rows.push(Row::Title(title));
    rows.push(Row::Line(PartKind::StatusLine { head: number }, visible(head.first_line())));
    rows.extend(head.headers.iter().enumerate().map(|(field, header)| {
        let kind = PartKind::Field { head: number, field };
        Row::Field(kind, visible(header.name.as_bytes()), visible(&header.value))
    }));
}

/// The button in front of a row that leads to its bytes.
fn show_button(ui: &mut Ui, called: &str) -> bool {
    let button =
        ui.add(Button::new(RichText::new("»").weak()).small().frame(false).min_size(vec2(style::ROW, style::ROW)));
    let name = tf("show-in-wire", &[("what", called.into())]);
    button.on_hover_text(t("show-in-wire-hover")).accessible_name(name).clicked()
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
