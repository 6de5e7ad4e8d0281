//! A body byte by byte: rows at exact places of the whole file, of which only a piece is in memory.

use std::ops::Range;

use egui::{RichText, Ui};

use crate::app::widgets::list_row;
use crate::app::widgets::rows::Rows;
use crate::i18n::t;
use crate::recording::hex;

/// Pieces begin at multiples of this, in bytes.
const STEP: u64 = 64 << 10;
/// The size of a piece, in bytes: rows in view that begin in the first half of it are all in it.
pub const PIECE: usize = 2 * STEP as usize;

/// What is in memory, and where one looks.
#[derive(Debug, Default)]
pub struct HexRows {
    rows: Rows,
    /// Where the piece that is in view begins, in bytes.
    wanted: u64,
}

impl HexRows {
    /// Where the piece begins that is to be shown.
    pub fn wanted(&self) -> u64 {
        self.wanted
    }

    /// Shows rows of a body of `len` bytes; `piece` is what is there of it, with where it begins.
    pub fn ui(&mut self, ui: &mut Ui, len: u64, piece: Option<(u64, &[u8])>) {
        let digits = if len > u64::from(u32::MAX) { 12 } else { 8 };
        let all = 0..len.div_ceil(hex::ROW as u64);
        let rows = &mut self.rows;
        let top = rows.ui(ui, &t("part-body"), all, false, |ui, range| {
            for row in range.clone() {
                let at = row * hex::ROW as u64;
                let text = match piece.and_then(|(begin, bytes)| within(begin, bytes, at..len)) {
                    Some(bytes) => line(at, bytes, digits),
                    None => format!("{at:0digits$x}  …"),
                };
                list_row(ui, RichText::new(text).monospace());
            }
            range.start
        });
        let wanted = top * hex::ROW as u64 / STEP * STEP;
        if wanted != self.wanted {
            self.wanted = wanted;
            ui.ctx().request_repaint();
        }
    }
}

/// The bytes of the row at the begin of `rest`, if they are in the piece.
fn within(begin: u64, bytes: &[u8], rest: Range<u64>) -> Option<&[u8]> {
    let from = usize::try_from(rest.start.checked_sub(begin)?).ok()?;
    let wanted = (rest.end - rest.start).min(hex::ROW as u64) as usize;
    bytes.get(from..from.checked_add(wanted)?)
}

fn line(at: u64, bytes: &[u8], digits: usize) -> String {
    let text: String =
        bytes.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { *b as char } else { '·' }).collect();
    format!("{at:0digits$x}  {:<47}  {text}", hex::row(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_shown_only_where_all_of_it_is_there() {
        let piece: Vec<u8> = (0..40).collect();
        assert_eq!(within(64, &piece, 64..1_000), Some(&piece[..16]));
        assert_eq!(within(64, &piece, 96..1_000), None);
        assert_eq!(within(64, &piece, 96..104), Some(&piece[32..]));
        assert_eq!(within(64, &piece, 48..1_000), None);
        assert_eq!(line(16, b"\0A", 8), format!("00000010  00 41{}  ·A", " ".repeat(42)));
    }
}
