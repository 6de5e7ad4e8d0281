//! The conversation: what happened, and a bubble for each read and write, as text in the chosen encoding.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use egui::{Align, Frame, Layout, Margin, ScrollArea, Ui};

use crate::app::style;
use crate::app::widgets::log_list::clock;
use crate::app::widgets::{hint, weak};
use crate::i18n::{bytes, count, t, tf};
use crate::recording::encoding::{Cell, Decoded, Encoding, Kind, decode};
use crate::recording::{Direction, Log, Recording};

/// How many pieces it keeps.
const MOST: usize = 2_000;
/// How much of one read or write a bubble shows, in bytes; the wire shows it all.
const SHOWN: u64 = 4_096;
/// Height of a line, and space between pieces, in points.
const LINE: f32 = 16.0;
const BETWEEN: f32 = 4.0;
/// How many reads and writes are taken from a recording at a time: so long its worker must wait.
const BATCH: usize = 200;

/// The pieces of a conversation, of one connection or of several after each other.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    pieces: VecDeque<Piece>,
    /// Pieces that made room for newer ones: the number of the first that is there.
    gone: u64,
    /// The recording that pieces are taken from.
    of: Weak<Recording>,
    /// The number of its next segment to take.
    next: u64,
    encoding: Encoding,
    /// The numbers of the pieces that have bytes of a character whose other bytes have not come, for each direction.
    open: [Vec<u64>; 2],
    /// Counts the conversations: each is scrolled for itself.
    begun: u64,
}

/// A line or bubble.
#[derive(Debug)]
struct Piece {
    at: SystemTime,
    what: What,
    /// As it was drawn last, and for which width; what is out of sight only takes its space.
    height: Option<(f32, f32)>,
}

#[derive(Debug)]
enum What {
    Note { text: String, bad: bool },
    Moved(Moved),
}

/// What one read brought, or one write took.
#[derive(Debug)]
struct Moved {
    recording: Weak<Recording>,
    direction: Direction,
    /// Its bytes as positions in the stream of its direction.
    range: Range<u64>,
    text: String,
    /// It begins with the rest of a character that began before.
    rest: bool,
}

/// Bytes to be read as text, with those around them that the encoding needs.
struct Window {
    bytes: Vec<u8>,
    start: u64,
    wanted: Range<u64>,
}

impl Conversation {
    /// Begins a new one.
    pub(super) fn clear(&mut self) {
        *self = Self { begun: self.begun + 1, encoding: self.encoding, ..Self::default() };
    }

    /// Adds a line; `bad` if it tells of a failure.
    pub(super) fn note(&mut self, at: SystemTime, text: String, bad: bool) {
        self.push(at, What::Note { text, bad });
    }

    fn push(&mut self, at: SystemTime, what: What) {
        if self.pieces.len() == MOST {
            self.pieces.pop_front();
            self.gone += 1;
        }
        self.pieces.push_back(Piece { at, what, height: None });
    }

    /// Makes bubbles of what was recorded up to a moment.
    pub(super) fn take(&mut self, recording: &Arc<Recording>, until: Option<SystemTime>) {
        if self.of.as_ptr() != Arc::as_ptr(recording) {
            self.of = Arc::downgrade(recording);
            self.next = 0;
            self.open = Default::default();
        }
        while self.take_some(recording, until) {}
    }

    /// Takes a batch; false once there is no more.
    fn take_some(&mut self, recording: &Arc<Recording>, until: Option<SystemTime>) -> bool {
        let opened = recording.opened();
        let mut new = Vec::new();
        self.next = recording.read(|log| {
            let kept = log.kept();
            // More than the conversation keeps would only be thrown away again.
            let mut number = self.next.max(kept.start).max(kept.end.saturating_sub(MOST as u64));
            while let Some(segment) = log.segment(number)
                && new.len() < BATCH
            {
                let at = opened + segment.at;
                if until.is_some_and(|until| at > until) {
                    break;
                }
                let (direction, range) = (segment.direction, segment.range());
                new.push((at, direction, range.clone(), window(log, self.encoding, direction, range)));
                number += 1;
            }
            number
        });
        for direction in [Direction::In, Direction::Out] {
            // What comes may end what was cut.
            if new.iter().any(|(_, of, ..)| *of == direction) {
                let open = std::mem::take(&mut self.open[direction as usize]);
                open.into_iter().for_each(|number| self.read_again(number));
            }
        }
        let more = new.len() == BATCH;
        for (at, direction, range, window) in new {
            let moved = Moved { recording: self.of.clone(), direction, range, text: String::new(), rest: false };
            self.push(at, What::Moved(moved));
            self.set_text(self.gone + self.pieces.len() as u64 - 1, &window);
        }
        more
    }

    /// Reads all of it in another encoding, as far as its bytes are still kept.
    pub(super) fn set_encoding(&mut self, encoding: Encoding) {
        if self.encoding != encoding {
            self.encoding = encoding;
            self.open = Default::default();
            (self.gone..self.gone + self.pieces.len() as u64).for_each(|number| self.read_again(number));
        }
    }

    /// Reads the bytes of a piece again. It stays as it is where they are not kept any more.
    fn read_again(&mut self, number: u64) {
        let Some(What::Moved(moved)) = self.piece(number).map(|piece| &piece.what) else { return };
        let (recording, direction, range) = (moved.recording.upgrade(), moved.direction, moved.range.clone());
        let encoding = self.encoding;
        let window = recording.and_then(|recording| {
            recording.read(|log| {
                let is_kept = log.stream(direction).start <= range.start;
                is_kept.then(|| window(log, encoding, direction, range))
            })
        });
        if let Some(window) = window {
            self.set_text(number, &window);
        }
    }

    fn piece(&mut self, number: u64) -> Option<&mut Piece> {
        let index = number.checked_sub(self.gone)?;
        self.pieces.get_mut(usize::try_from(index).ok()?)
    }

    fn set_text(&mut self, number: u64, window: &Window) {
        let (encoding, of) = (self.encoding, self.of.clone());
        let Some(piece) = self.piece(number) else { return };
        let What::Moved(moved) = &mut piece.what else { return };
        let decoded = decode(encoding, &window.bytes, window.start, window.wanted.clone());
        moved.text = bubble_text(&decoded);
        let hidden = moved.range.end.saturating_sub(window.wanted.end);
        if hidden > 0 {
            moved.text += &tf("bubble-cut", &[("size", bytes(hidden).into())]);
        }
        let is = |cell: Option<&Cell>, kind| cell.is_some_and(|cell| cell.kind == kind);
        moved.rest = is(decoded.cells.first(), Kind::Rest);
        piece.height = None;
        if is(decoded.cells.last(), Kind::Unfinished) && Weak::ptr_eq(&moved.recording, &of) {
            let direction = moved.direction as usize;
            self.open[direction].push(number);
        }
    }

    /// Shows it, filling what space there is.
    pub(super) fn ui(&mut self, ui: &mut Ui) {
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            if self.pieces.is_empty() {
                hint(ui, t("conversation-empty"));
                return;
            }
            if self.gone > 0 {
                weak(ui, tf("conversation-gone", &[("count", count(self.gone).into())]));
            }
            let scroll = ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true);
            scroll.id_salt(("conversation", self.begun)).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = BETWEEN;
                let width = ui.available_width();
                for piece in &mut self.pieces {
                    if let Some((height, for_width)) = piece.height
                        && for_width == width
                    {
                        let rect = egui::Rect::from_min_size(ui.cursor().min, egui::vec2(width, height));
                        if !ui.is_rect_visible(rect) {
                            ui.allocate_space(rect.size());
                            continue;
                        }
                    }
                    let height = ui.scope(|ui| piece_ui(ui, piece)).response.rect.height();
                    piece.height = Some((height, width));
                }
            });
        });
    }
}

/// What a bubble shows of these bytes, as far as they are kept.
fn window(log: &Log, encoding: Encoding, direction: Direction, range: Range<u64>) -> Window {
    let kept = log.stream(direction);
    let begin = range.start.max(kept.start).min(range.end);
    let wanted = begin..range.end.min(begin + SHOWN);
    let (before, after) = encoding.context();
    let start = begin.saturating_sub(before as u64).max(kept.start);
    let bytes = log.joined(direction, start..wanted.end + after as u64);
    Window { bytes, start, wanted }
}

/// Text to be read: lines stand below each other, with their ends still to be seen, and `·` for what belongs to a character
/// that began before. What is mostly not text is left to the wire.
fn bubble_text(decoded: &Decoded) -> String {
    let text = |cell: &Cell| decoded.text.get(cell.text.clone()).unwrap_or_default();
    let len = |cell: &Cell| cell.bytes.end - cell.bytes.start;
    let strange = |cell: &&Cell| match cell.kind {
        Kind::Bad | Kind::Unfinished => true,
        Kind::Control => !matches!(text(cell), "\\n" | "\\r" | "\\t" | "\\x0c"),
        Kind::Text | Kind::Rest => false,
    };
    let size: u64 = decoded.cells.iter().map(len).sum();
    if size >= 16 && decoded.cells.iter().filter(strange).map(len).sum::<u64>() * 4 > size {
        return tf("bubble-binary", &[("size", bytes(size).into())]);
    }
    let mut lines = String::with_capacity(decoded.text.len());
    for cell in &decoded.cells {
        match cell.kind {
            Kind::Rest => lines.push('·'),
            Kind::Control if text(cell) == "\\n" => lines.push_str("\\n\n"),
            _ => lines.push_str(text(cell)),
        }
    }
    // Nothing comes after the last line end.
    if lines.ends_with('\n') {
        lines.pop();
    }
    lines
}

fn piece_ui(ui: &mut Ui, piece: &Piece) {
    let palette = style::palette(ui);
    ui.spacing_mut().interact_size.y = LINE;
    match &piece.what {
        What::Note { text, bad } => {
            ui.horizontal_wrapped(|ui| {
                weak(ui, clock(piece.at));
                let colour = if *bad { palette.bad } else { palette.weak };
                ui.label(egui::RichText::new(text).small().color(colour));
            });
        }
        What::Moved(moved) if moved.range.is_empty() => {
            ui.horizontal_wrapped(|ui| {
                weak(ui, clock(piece.at));
                weak(ui, t("bubble-empty-read")).on_hover_text(t("bubble-empty-read-hover"));
            });
        }
        What::Moved(moved) => {
            let (layout, fill) = match moved.direction {
                Direction::In => (Layout::top_down(Align::Min), palette.bubble_in),
                Direction::Out => (Layout::top_down(Align::Max), palette.bubble_out),
            };
            ui.with_layout(layout, |ui| {
                ui.set_max_width(ui.available_width());
                ui.spacing_mut().item_spacing.y = 2.0;
                Frame::new().fill(fill).corner_radius(8).inner_margin(Margin::symmetric(10, 6)).show(ui, |ui| {
                    ui.set_max_width((ui.available_width() * 0.8).max(120.0));
                    let bubble = ui.label(&moved.text);
                    if moved.rest {
                        bubble.on_hover_text(t("bubble-rest-hover"));
                    }
                });
                let size = bytes(moved.range.end - moved.range.start);
                weak(ui, tf("bubble-note", &[("time", clock(piece.at).into()), ("size", size.into())]));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recorder;

    #[track_caller]
    fn check(encoding: Encoding, bytes: &[u8], expected: &str) {
        let decoded = decode(encoding, bytes, 0, 0..bytes.len() as u64);
        assert_eq!(bubble_text(&decoded), expected);
    }

    #[test]
    fn bubbles_show_lines_and_leave_what_is_not_text_to_the_wire() {
        check(Encoding::Utf8, b"220 ready\r\nhelp\n", "220 ready\\r\\n\nhelp\\n");
        check(Encoding::Utf8, "Hello, 好!".as_bytes(), "Hello, 好!");
        check(Encoding::Utf8, b"\\n", "\\n");
        check(Encoding::Utf8, b"\xe5\xa5", "\\xe5\\xa5");
        check(Encoding::Gbk, b"\xba\xc3\xca\xc0\r\n", "好世\\r\\n");
        check(Encoding::Utf16Le, b"H\0e\0l\0l\0o\0,\0w\0o\0r\0l\0d\0", "Hello,world");
        let decoded = decode(Encoding::Utf8, &[0; 256], 0, 0..256);
        assert!(bubble_text(&decoded).starts_with("256 B"));
    }

    fn bubbles(conversation: &Conversation) -> Vec<String> {
        let text = |piece: &Piece| match &piece.what {
            What::Moved(moved) => moved.text.clone(),
            What::Note { text, .. } => text.clone(),
        };
        conversation.pieces.iter().map(text).collect()
    }

    #[test]
    fn a_character_that_reads_cut_is_bytes_until_it_is_whole() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        let mut conversation = Conversation::default();
        let mut read = |bytes: &[u8]| {
            recording.push(Direction::In, bytes);
            conversation.take(&recording, None);
            bubbles(&conversation).join("|")
        };
        assert_eq!(read(b"a\xe5"), "a\\xe5");
        assert_eq!(read(b"\xa5"), "a\\xe5|\\xa5");
        assert_eq!(read(b"\xbd!"), "a好|·|·!");
        assert_eq!(read(b"\xe4\xb8"), "a好|·|·!|\\xe4\\xb8");
        recording.push(Direction::Out, b"x");
        assert_eq!(read(b"y"), "a好|·|·!|\\xe4\\xb8|x|y");
    }

    #[test]
    fn another_encoding_reads_what_is_there_again() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        let mut conversation = Conversation::default();
        for bytes in [&b"\xba\xc3"[..], b"\xca", b"\xc0"] {
            recording.push(Direction::In, bytes);
        }
        conversation.take(&recording, None);
        assert_eq!(bubbles(&conversation), ["\\xba\\xc3", "\\xca", "\\xc0"]);
        conversation.set_encoding(Encoding::Gbk);
        assert_eq!(bubbles(&conversation), ["好", "世", "·"]);
        drop(recording);
        conversation.set_encoding(Encoding::Utf8);
        assert_eq!(bubbles(&conversation), ["好", "世", "·"], "nothing is kept of it any more");
    }

    #[test]
    fn it_is_bounded_and_counts_what_is_gone() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        let mut conversation = Conversation::default();
        (0..BATCH * 2 + 1).for_each(|_| recording.push(Direction::In, b"\xe5"));
        conversation.take(&recording, None);
        assert_eq!(conversation.pieces.len(), BATCH * 2 + 1);
        (0..MOST).for_each(|n| conversation.note(SystemTime::UNIX_EPOCH, n.to_string(), false));
        recording.push(Direction::In, b"\xa5\xbd");
        conversation.take(&recording, None);
        assert_eq!((conversation.pieces.len(), conversation.gone), (MOST, BATCH as u64 * 2 + 2));
        assert_eq!(
            bubbles(&conversation).pop().as_deref(),
            Some("·"),
            "its begin has gone from the conversation alone"
        );
    }
}
