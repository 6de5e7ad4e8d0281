//! How a person chose to read the wire, and the row of controls for it.

use std::time::Duration;

use egui::{DragValue, TextEdit, Ui};
use serde::{Deserialize, Serialize};

use crate::app::widgets;
use crate::i18n::t;
use crate::recording::Direction;
use crate::recording::encoding::Encoding;
use crate::recording::escapes::{Mistake, parse_escapes, parse_hex};
use crate::recording::framing::{Lens, LineEnd, Prefix};
use crate::typed::mistake_text;

/// How the wire is read. What belongs to a lens that is not chosen is kept for when it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WireForm {
    /// What a message is.
    pub lens: Kind,
    /// What ends a line.
    pub line_end: LineEnd,
    /// The fixed size, in bytes.
    pub size: u32,
    /// The length in front of each message.
    pub prefix: Prefix,
    /// The delimiter as typed.
    pub delimiter: Typed,
    /// The silence between messages, in milliseconds.
    pub idle_ms: u64,
    /// How bytes become text.
    pub encoding: Encoding,
    /// What the times count from.
    pub time: Time,
    /// Which directions are shown.
    pub only: Only,
    /// Both ends of the connection side by side, where the other one is ours too.
    pub both_ends: bool,
}

impl Default for WireForm {
    fn default() -> Self {
        Self {
            lens: Kind::default(),
            line_end: LineEnd::default(),
            size: 16,
            prefix: Prefix::default(),
            delimiter: Typed { text: "\\r\\n".to_owned(), hex: false },
            idle_ms: 100,
            encoding: Encoding::default(),
            time: Time::default(),
            only: Only::default(),
            both_ends: false,
        }
    }
}

/// The lenses to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Each read and write.
    #[default]
    Reads,
    /// Lines.
    Lines,
    /// One size.
    Fixed,
    /// A length in front.
    Prefix,
    /// A delimiter behind.
    Delimiter,
    /// Silence between.
    Idle,
}

/// What times count from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Time {
    /// The connection's begin.
    #[default]
    Begin,
    /// The segment or event before.
    Before,
    /// Midnight: the time of day.
    Day,
}

/// Which directions are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Only {
    /// Both.
    #[default]
    Both,
    /// What came in.
    In,
    /// What went out.
    Out,
}

impl Only {
    /// For the index.
    #[must_use]
    pub fn direction(self) -> Option<Direction> {
        match self {
            Self::Both => None,
            Self::In => Some(Direction::In),
            Self::Out => Some(Direction::Out),
        }
    }
}

/// Bytes as a person typed them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// As typed.
    pub text: String,
    /// Hexadecimal digits; otherwise text with escapes.
    pub hex: bool,
}

impl Typed {
    /// The bytes that are meant.
    ///
    /// # Errors
    /// What is typed is not hexadecimal, no escape, or not in `encoding`.
    pub fn bytes(&self, encoding: Encoding) -> Result<Vec<u8>, Mistake> {
        if self.hex { parse_hex(&self.text) } else { parse_escapes(&self.text, encoding) }
    }

    /// A field for them, called `name`, and the choice between text and hexadecimal. A mistake is said beside it.
    pub fn ui(&mut self, ui: &mut Ui, name: &str, width: f32, encoding: Encoding) -> egui::Response {
        let mistake = self.bytes(encoding).err();
        let mut edit = TextEdit::singleline(&mut self.text).desired_width(width).id_salt(name);
        if mistake.is_some() {
            edit = edit.text_color(crate::app::style::palette(ui).bad);
        }
        let field = ui.add(edit.font(egui::TextStyle::Monospace));
        let field = field.on_hover_text(t("typed-hover")).accessible_name(t(name));
        ui.push_id(name, |ui| {
            choose(ui, "typed", &mut self.hex, &[(false, "typed-text"), (true, "typed-hex")]);
        });
        if let Some(mistake) = mistake {
            widgets::bad(ui, mistake_text(mistake));
        }
        field
    }
}

impl WireForm {
    /// The chosen lens; a delimiter with a mistake is none.
    #[must_use]
    pub fn lens(&self) -> Lens {
        match self.lens {
            Kind::Reads => Lens::Reads,
            Kind::Lines => Lens::Lines(self.line_end),
            Kind::Fixed => Lens::Fixed(self.size),
            Kind::Prefix => Lens::Prefix(self.prefix),
            Kind::Delimiter => Lens::Delimiter(self.delimiter.bytes(self.encoding).unwrap_or_default()),
            Kind::Idle => Lens::Idle(Duration::from_millis(self.idle_ms)),
        }
    }

    /// The controls, in as many rows as they need.
    pub fn ui(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            choose(
                ui,
                "lens",
                &mut self.lens,
                &[
                    (Kind::Reads, "lens-reads"),
                    (Kind::Lines, "lens-lines"),
                    (Kind::Fixed, "lens-fixed"),
                    (Kind::Prefix, "lens-prefix"),
                    (Kind::Delimiter, "lens-delimiter"),
                    (Kind::Idle, "lens-idle"),
                ],
            );
            self.parameters(ui);
            self.text_and_time(ui);
            choose(
                ui,
                "only",
                &mut self.only,
                &[(Only::Both, "only-both"), (Only::In, "only-in"), (Only::Out, "only-out")],
            );
        });
    }

    /// The controls that apply where both ends are shown.
    pub(super) fn ui_both(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| self.text_and_time(ui));
    }

    fn text_and_time(&mut self, ui: &mut Ui) {
        let names = Encoding::ALL.map(|one| (one, one.name().to_owned()));
        widgets::choose(ui, "encoding", &mut self.encoding, &names, 0.0);
        choose(
            ui,
            "time",
            &mut self.time,
            &[(Time::Begin, "time-begin"), (Time::Before, "time-before"), (Time::Day, "time-day")],
        );
    }

    /// What the chosen lens needs to know.
    fn parameters(&mut self, ui: &mut Ui) {
        match self.lens {
            Kind::Reads => {}
            Kind::Lines => choose(
                ui,
                "line-end-of",
                &mut self.line_end,
                &[
                    (LineEnd::Any, "line-end-any"),
                    (LineEnd::Lf, "line-end-of-lf"),
                    (LineEnd::CrLf, "line-end-of-crlf"),
                    (LineEnd::Cr, "line-end-of-cr"),
                ],
            ),
            Kind::Fixed => number(ui, "lens-size", DragValue::new(&mut self.size).range(1..=1_000_000).suffix(" B")),
            Kind::Prefix => {
                choose(
                    ui,
                    "prefix-width",
                    &mut self.prefix.width,
                    &[(1, "prefix-width-1"), (2, "prefix-width-2"), (4, "prefix-width-4")],
                );
                choose(
                    ui,
                    "prefix-order",
                    &mut self.prefix.little_endian,
                    &[(false, "prefix-order-big"), (true, "prefix-order-little")],
                );
                ui.label(t("prefix-offset"));
                let offset = DragValue::new(&mut self.prefix.offset).range(0..=65_535).suffix(" B");
                number(ui, "prefix-offset", offset);
                ui.checkbox(&mut self.prefix.whole, t("prefix-whole")).on_hover_text(t("prefix-whole-hover"));
            }
            Kind::Delimiter => {
                self.delimiter.ui(ui, "lens-delimiter-bytes", 90.0, self.encoding);
            }
            Kind::Idle => number(ui, "lens-gap", DragValue::new(&mut self.idle_ms).range(1..=600_000).suffix(" ms")),
        }
    }
}

/// A number with a name and a hover text of its own.
fn number(ui: &mut Ui, name: &str, value: DragValue<'_>) {
    let response = ui.add(value);
    called(response, t(name), t(&format!("{name}-hover")));
}

/// A choice called `name`, whose hover text is that of `name`, among values with the ids of their texts.
fn choose<T: PartialEq + Copy>(ui: &mut Ui, name: &str, value: &mut T, all: &[(T, &str)]) {
    let all: Vec<_> = all.iter().map(|(one, id)| (*one, t(id))).collect();
    widgets::choose(ui, name, value, &all, 0.0);
}

fn called(response: egui::Response, name: String, hover: String) {
    response.accessible_name(name).on_hover_text(hover);
}
