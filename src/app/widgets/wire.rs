//! The wire view: every read and write of one connection, each kept apart, as hexadecimal and as text.
//!
//! A segment takes one row, or as many as its bytes need; only the visible rows are made. The rows of the segments are
//! counted once, as they come.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use egui::text::LayoutJob;
use egui::{Color32, FontId, ScrollArea, TextFormat, TextStyle, Ui};

use crate::app::style;
use crate::i18n::{bytes, count, t, tf};
use crate::recording::{Direction, Ends, Recording, hex, text};

/// At most this much is copied to the clipboard, in bytes.
const COPY_MOST: usize = 1 << 20;

/// What the view remembers of one recording.
#[derive(Debug, Default)]
pub struct Wire {
    of: Weak<Recording>,
    /// Bytes of one row.
    per_row: usize,
    /// The number of the first segment in `ends`.
    first: u64,
    /// For each segment, the number of the row after its last one.
    ends: VecDeque<u64>,
    /// The number of the first row: rows before it are gone.
    base: u64,
}

/// One row, ready to be drawn.
struct Row {
    /// Direction, size and time, on a segment's first row.
    begins: Option<(Direction, usize, Duration)>,
    direction: Direction,
    bytes: Vec<u8>,
    text: String,
}

impl Wire {
    /// Shows `recording`, filling what space there is. `title` names the connection. With `follow` it stays at the end
    /// while it is there.
    pub fn ui(&mut self, ui: &mut Ui, title: &str, recording: Option<&Arc<Recording>>, follow: bool) {
        self.header(ui, title, recording);
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            let Some(recording) = recording else {
                super::hint(ui, t("wire-none"));
                return;
            };
            let font = TextStyle::Monospace.resolve(ui.style());
            let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0')).max(1.0);
            let per_row = per_row((ui.available_width() / glyph) as usize);
            self.sync(recording, per_row);
            let total = self.ends.back().map_or(0, |end| end - self.base);
            if total == 0 {
                super::hint(ui, t("wire-empty"));
                return;
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            let scroll = ScrollArea::both().auto_shrink(false).stick_to_bottom(follow);
            // Each recording keeps the place where a person left it.
            scroll.id_salt(("wire", Arc::as_ptr(recording))).show_rows(ui, style::ROW, total as usize, |ui, range| {
                for row in self.rows(recording, range) {
                    let job = layout(ui, &row, per_row, &font);
                    super::list_row(ui, job);
                }
            });
        });
    }

    fn header(&self, ui: &mut Ui, title: &str, recording: Option<&Arc<Recording>>) {
        ui.horizontal(|ui| {
            ui.strong(title).on_hover_text(t("wire-hover"));
            let Some(recording) = recording else { return };
            let gone = recording.read(crate::recording::Log::dropped_bytes);
            if gone > 0 {
                super::weak(ui, tf("wire-gone", &[("size", bytes(gone).into())]));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button(t("copy-hex")).on_hover_text(t("copy-hex-hover")).clicked() {
                    ui.copy_text(as_text(recording, hex::row));
                }
                if ui.button(t("copy-text")).on_hover_text(t("copy-text-hover")).clicked() {
                    ui.copy_text(as_text(recording, text::visible));
                }
            });
        });
    }

    /// Counts the rows of segments that came, forgets those that went.
    fn sync(&mut self, recording: &Arc<Recording>, per_row: usize) {
        let same = std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(recording)) && self.per_row == per_row;
        if !same {
            *self = Self { of: Arc::downgrade(recording), per_row, ..Self::default() };
        }
        recording.read(|log| {
            let kept = log.kept();
            while self.first < kept.start {
                self.first += 1;
                match self.ends.pop_front() {
                    Some(end) => self.base = end,
                    None => {
                        self.first = kept.start;
                        break;
                    }
                }
            }
            for number in self.first + self.ends.len() as u64..kept.end {
                let len = log.segment(number).map_or(0, |segment| segment.len);
                let end = self.ends.back().copied().unwrap_or(self.base) + len.div_ceil(per_row).max(1) as u64;
                self.ends.push_back(end);
            }
        });
    }

    fn rows(&self, recording: &Recording, range: std::ops::Range<usize>) -> Vec<Row> {
        let wanted = self.base + range.start as u64..self.base + range.end as u64;
        recording.read(|log| {
            let mut rows = Vec::with_capacity(range.len());
            let mut index = self.ends.partition_point(|end| *end <= wanted.start);
            let mut all = Vec::new();
            let mut number = wanted.start;
            while number < wanted.end && index < self.ends.len() {
                let begin = if index == 0 { self.base } else { self.ends[index - 1] };
                let segment_number = self.first + index as u64;
                // Gone since the rows were counted: its rows stay empty until the next frame.
                let segment = log.segment(segment_number);
                all.clear();
                if let Some(one) = segment {
                    all = log.joined(one.direction, one.range());
                }
                for row in number..self.ends[index].min(wanted.end) {
                    let at = (row - begin) as usize * self.per_row;
                    let range = at.min(all.len())..(at + self.per_row).min(all.len());
                    rows.push(Row {
                        begins: segment.filter(|_| row == begin).map(|one| (one.direction, one.len, one.at)),
                        direction: segment.map_or(Direction::In, |one| one.direction),
                        bytes: all[range.clone()].to_vec(),
                        text: text::row(&all, range),
                    });
                }
                number = self.ends[index];
                index += 1;
            }
            rows
        })
    }
}

/// Width of direction, size and time before the bytes, in characters.
const BEGIN: usize = 23;

/// How many bytes a row of `width` characters has room for: each needs two digits, a blank, and its character.
fn per_row(width: usize) -> usize {
    (width.saturating_sub(BEGIN + 2) / 4 / 4 * 4).clamp(8, 2 * hex::ROW)
}

fn layout(ui: &Ui, row: &Row, per_row: usize, font: &FontId) -> LayoutJob {
    let palette = style::palette(ui);
    let colour = match row.direction {
        Direction::In => palette.incoming,
        Direction::Out => palette.outgoing,
    };
    let mut job = LayoutJob::default();
    let mut add = |text: &str, colour: Color32| job.append(text, 0.0, TextFormat::simple(font.clone(), colour));
    match row.begins {
        Some((direction, len, at)) => {
            add(&format!("{} {:<9}", arrow(direction), bytes(len as u64)), colour);
            add(&format!("{:>10}  ", since(at)), palette.weak);
        }
        None => add(&" ".repeat(BEGIN), palette.weak),
    }
    if let Some((direction, 0, _)) = row.begins {
        add(&t(if direction == Direction::In { "wire-empty-read" } else { "wire-empty-write" }), palette.weak);
        return job;
    }
    add(&format!("{:<width$}  ", hex::row(&row.bytes), width = per_row * 3 - 1), palette.weak);
    add(&row.text, palette.text);
    job
}

/// The title of the wire between two ends, once they are known.
#[must_use]
pub fn title(ends: Option<Ends>) -> String {
    match ends {
        Some(Ends { local, peer }) => {
            tf("wire-between", &[("local", local.to_string().into()), ("peer", peer.to_string().into())])
        }
        None => t("wire-title"),
    }
}

/// `←` for what came in, `→` for what went out.
#[must_use]
pub fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "←",
        Direction::Out => "→",
    }
}

/// Time since the connection began, in seconds: `+1.002345`.
#[must_use]
pub fn since(at: Duration) -> String {
    format!("+{}.{:06}", at.as_secs(), at.subsec_micros())
}

/// The newest segments, a line each, as far as fits into [`COPY_MOST`].
fn as_text(recording: &Recording, show: fn(&[u8]) -> String) -> String {
    recording.read(|log| {
        let mut size = 0;
        let mut lines = Vec::new();
        for number in log.kept().rev() {
            let Some(segment) = log.segment(number) else { continue };
            size += segment.len;
            if size > COPY_MOST {
                lines.push(tf("copy-cut", &[("count", count(number + 1).into())]));
                break;
            }
            let all = log.joined(segment.direction, segment.range());
            lines.push(format!(
                "{} {} {}  {}",
                arrow(segment.direction),
                bytes(segment.len as u64),
                since(segment.at),
                show(&all)
            ));
        }
        lines.reverse();
        lines.join("\n") + "\n"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recorder;

    fn recording(budget: u64) -> Arc<Recording> {
        Recorder::new(budget).open()
    }

    fn shown(wire: &Wire, recording: &Arc<Recording>) -> Vec<String> {
        let total = (wire.ends.back().copied().unwrap_or(wire.base) - wire.base) as usize;
        let all: Vec<_> = wire.rows(recording, 0..total).iter().map(|row| row.text.clone()).collect();
        // Any window into the rows shows the same rows.
        for start in 0..total {
            let part: Vec<_> =
                wire.rows(recording, start..(start + 3).min(total)).iter().map(|row| row.text.clone()).collect();
            assert_eq!(part, all[start..(start + 3).min(total)]);
        }
        all
    }

    #[test]
    fn a_segment_takes_the_rows_that_its_bytes_need_and_an_empty_one_takes_one() {
        let recording = recording(Recorder::BUDGET);
        recording.push(Direction::In, b"Michael");
        recording.push(Direction::Out, b"Hello, Michael!");
        recording.push(Direction::In, b"");
        let mut wire = Wire::default();
        wire.sync(&recording, 8);
        assert_eq!(shown(&wire, &recording), ["Michael", "Hello, M", "ichael!", ""]);
        recording.push(Direction::Out, b"x");
        wire.sync(&recording, 8);
        assert_eq!(shown(&wire, &recording), ["Michael", "Hello, M", "ichael!", "", "x"]);
        wire.sync(&recording, 16);
        assert_eq!(shown(&wire, &recording), ["Michael", "Hello, Michael!", "", "x"]);
    }

    #[test]
    fn rows_follow_when_the_oldest_segments_go() {
        let recording = recording(400);
        let mut wire = Wire::default();
        for n in 0..50 {
            recording.push(Direction::In, format!("message number {n}").as_bytes());
            if n % 7 == 0 {
                wire.sync(&recording, 8);
            }
        }
        wire.sync(&recording, 8);
        let rows = shown(&wire, &recording);
        assert_eq!(rows.len() as u64, (recording.kept().end - recording.kept().start) * 3);
        assert_eq!(rows[rows.len() - 3..], ["message ", "number 4", "9"]);
    }

    #[test]
    fn copies_have_a_line_for_each_read_and_write() {
        let recording = recording(Recorder::BUDGET);
        recording.push(Direction::In, b"a\n");
        recording.push(Direction::Out, b"\xff");
        let text = as_text(&recording, text::visible);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("← 2 B +") && lines[0].ends_with("a\\n"), "{text}");
        assert!(lines[1].ends_with("\\xff"), "{text}");
        assert!(as_text(&recording, hex::row).contains("61 0a"));
    }
}
