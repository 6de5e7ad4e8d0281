//! The body as text in its charset, or as hexadecimal where it is not text. Bounded: the rest is in the saved file.

use std::sync::Arc;

use egui::{RichText, ScrollArea, Ui};

use crate::app::style;
use crate::app::widgets::{hint, list_row, weak};
use crate::i18n::{bytes, t, tf};
use crate::net::fetch::Body;
use crate::recording::{hex, text};

/// How much is shown, in bytes.
const SHOWN: usize = 1 << 20;
/// Longer lines go on in the next row, in characters.
const LINE: usize = 400;

/// The rows of a body, made once when it is there.
#[derive(Debug, Default)]
pub struct BodyView {
    rows: Vec<String>,
    about: String,
}

impl BodyView {
    /// Reads the begin of `body`.
    #[must_use]
    pub fn new(body: Option<&Arc<Body>>) -> Self {
        let Some(body) = body else { return Self::default() };
        let first = match body.read_at(0, SHOWN) {
            Ok(first) => first,
            Err(error) => return Self { rows: Vec::new(), about: error.to_string() },
        };
        let kind =
            if body.media_type().is_empty() { t("unknown-type") } else { text::visible(body.media_type().as_bytes()) };
        let (mut about, rows) = if is_text(body.media_type(), &first) {
            let args = [("kind", kind.into()), ("charset", body.charset().name().into())];
            // `decode` takes a byte order mark off and shows what cannot be decoded as U+FFFD.
            (tf("body-as-text", &args), text_rows(&body.charset().decode(&first).0))
        } else {
            (tf("body-as-hex", &[("kind", kind.into())]), hex_rows(&first))
        };
        if body.len() > first.len() as u64 {
            let args = [("shown", bytes(first.len() as u64).into()), ("size", bytes(body.len()).into())];
            about = format!("{about} · {}", tf("body-cut", &args));
        }
        Self { rows, about }
    }

    /// Shows it.
    pub fn ui(&self, ui: &mut Ui, running: bool) {
        ui.horizontal(|ui| {
            weak(ui, &self.about);
        });
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            if self.rows.is_empty() {
                hint(ui, t(if running { "body-not-yet" } else { "body-none" }));
                return;
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            let scroll = ScrollArea::both().auto_shrink(false).id_salt("body");
            scroll.show_rows(ui, style::ROW, self.rows.len(), |ui, range| {
                for row in &self.rows[range] {
                    list_row(ui, RichText::new(row).monospace());
                }
            });
        });
    }
}

/// Whether it is better read as text: its type says so, or, where the type says nothing, it has no NUL and is UTF-8.
fn is_text(media_type: &str, first: &[u8]) -> bool {
    let said = media_type.starts_with("text/")
        || ["json", "xml", "javascript", "x-www-form-urlencoded", "yaml", "toml"]
            .iter()
            .any(|one| media_type.contains(one));
    let silent = media_type.is_empty() || media_type == "application/octet-stream";
    let looks = || {
        let begin = &first[..first.len().min(4_096)];
        // The last character may be cut.
        !begin.contains(&0) && std::str::from_utf8(begin).map_or_else(|e| e.error_len().is_none(), |_| true)
    };
    said || (silent && !first.is_empty() && looks())
}

fn text_rows(text: &str) -> Vec<String> {
    let mut rows = Vec::new();
    for line in text::visible_lines(text).lines() {
        let line = line.replace('\t', "    ");
        let mut rest = line.as_str();
        while let Some((at, _)) = rest.char_indices().nth(LINE) {
            rows.push(rest[..at].to_owned());
            rest = &rest[at..];
        }
        rows.push(rest.to_owned());
    }
    rows
}

fn hex_rows(bytes: &[u8]) -> Vec<String> {
    let row = |(index, chunk): (usize, &[u8])| {
        let text: String =
            chunk.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { *b as char } else { '·' }).collect();
        format!("{:08x}  {:<47}  {text}", index * hex::ROW, hex::row(chunk))
    };
    bytes.chunks(hex::ROW).enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_other_bytes() {
        assert!(is_text("text/html", b"\0"));
        assert!(is_text("application/ld+json", b""));
        assert!(is_text("", "好".as_bytes()));
        assert!(is_text("", &"好".as_bytes()[..2]));
        assert!(!is_text("", b"a\0b"));
        assert!(!is_text("", b"\xff\xfe"));
        assert!(!is_text("image/png", b"abc"));
    }

    #[test]
    fn long_lines_go_on_in_the_next_row_and_control_characters_are_seen() {
        let rows = text_rows(&format!("a\r\n{}\n\x1b[2J\tb", "好".repeat(LINE + 1)));
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[2], "好");
        assert_eq!(rows[3], "\\x1b[2J    b");
        assert_eq!(hex_rows(b"\0A").len(), 1);
        assert!(hex_rows(b"\0A")[0].starts_with("00000000  00 41"));
    }
}
