//! The parts of an exchange for people: what they are called, how they read, and how they are coloured.

use std::cell::RefCell;
use std::ops::Range;

use egui::Color32;

use crate::app::style::Palette;
use crate::app::widgets::wire::{Mark, Marks};
use crate::i18n::{count, t, tf};
use crate::net::fetch::{Hop, Part, PartKind};
use crate::recording::text::visible;
use crate::recording::{Direction, Log};

/// The most bytes of a part that are read to show it in one line.
const MOST: usize = 400;

/// The parts of one hop, for the wire view.
pub struct HopMarks<'a> {
    hop: &'a Hop,
    palette: &'a Palette,
    /// The wire asks byte by byte, and the answer is mostly the one before.
    last: RefCell<Option<(Direction, Mark)>>,
}

impl<'a> HopMarks<'a> {
    /// Those of `hop`.
    #[must_use]
    pub fn new(hop: &'a Hop, palette: &'a Palette) -> Self {
        Self { hop, palette, last: RefCell::default() }
    }
}

impl Marks for HopMarks<'_> {
    fn mark(&self, direction: Direction, position: u64) -> Option<Mark> {
        let mut last = self.last.borrow_mut();
        if let Some((way, mark)) = last.as_ref()
            && *way == direction
            && mark.range.contains(&position)
        {
            return Some(mark.clone());
        }
        let parts = &self.hop.parts;
        let part = parts.get(parts.at(direction, position)?)?;
        let name = name(self.hop, &part);
        let mark = Mark { range: part.range, name, colour: colour(self.palette, part.kind) };
        *last = Some((direction, mark.clone()));
        Some(mark)
    }
}

/// The id of what a part is called; with `-hover` behind it, of what it is for.
fn id(kind: PartKind) -> &'static str {
    match kind {
        PartKind::ProxyRequest => "mark-proxy-request",
        PartKind::ProxyAnswer => "mark-proxy-answer",
        PartKind::RequestLine => "mark-request-line",
        PartKind::RequestField(_) => "mark-request-field",
        PartKind::RequestEnd => "mark-request-end",
        PartKind::RequestBody => "mark-request-body",
        PartKind::EmptyLines { .. } => "mark-empty-lines",
        PartKind::StatusLine { .. } => "mark-status-line",
        PartKind::Field { .. } => "mark-field",
        PartKind::HeadEnd { .. } => "mark-head-end",
        PartKind::ChunkSize => "mark-chunk-size",
        PartKind::ChunkData => "mark-chunk-data",
        PartKind::ChunkEnd => "mark-chunk-end",
        PartKind::Trailer(_) => "mark-trailer",
        PartKind::BodyEnd => "mark-body-end",
        PartKind::Body => "mark-body",
        PartKind::Extra => "mark-extra",
        PartKind::Unread => "mark-unread",
        PartKind::More => "mark-more",
    }
}

/// What a part is called in the middle of a sentence.
fn name(hop: &Hop, part: &Part) -> String {
    let field = match part.kind {
        PartKind::RequestField(_) => split(request(hop, part)).map(|(name, _)| name).unwrap_or_default(),
        kind => hop.header(kind).map(|one| one.name.as_bytes()).unwrap_or_default(),
    };
    tf(id(part.kind), &[("name", shortened(field).into())]).trim_end().to_owned()
}

/// What a part is for, with its term in the standard.
#[must_use]
pub fn about(kind: PartKind) -> String {
    t(&format!("{}-hover", id(kind)))
}

/// The colour of a part's bytes.
#[must_use]
pub fn colour(palette: &Palette, kind: PartKind) -> Color32 {
    match kind {
        PartKind::ProxyRequest | PartKind::ProxyAnswer => palette.part_chunk,
        PartKind::RequestLine | PartKind::StatusLine { .. } => palette.part_line,
        PartKind::RequestField(_) | PartKind::Field { .. } | PartKind::Trailer(_) => palette.part_field,
        PartKind::ChunkSize => palette.part_chunk,
        PartKind::RequestBody | PartKind::ChunkData | PartKind::Body | PartKind::Extra => palette.text,
        PartKind::RequestEnd
        | PartKind::EmptyLines { .. }
        | PartKind::HeadEnd { .. }
        | PartKind::ChunkEnd
        | PartKind::BodyEnd
        | PartKind::Unread
        | PartKind::More => palette.part_end,
    }
}

/// How much of a part's bytes the recording still has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    All,
    Partly,
    Gone,
}

/// A part with what the recording knows of it, copied out.
#[derive(Debug)]
pub struct Seen {
    /// The part.
    pub part: Part,
    kept: Kept,
    /// Its first bytes, where they are what it reads as; none if the first one has gone.
    bytes: Vec<u8>,
}

impl Seen {
    /// Looks into `log`. Never at what was sent: that may hold a password.
    #[must_use]
    pub fn new(part: Part, log: Option<&Log>) -> Self {
        let Some(log) = log else { return Self { part, kept: Kept::Gone, bytes: Vec::new() } };
        let Range { start, end } = part.range;
        let kept = match log.stream(part.direction).start {
            first if first <= start => Kept::All,
            first if first < end => Kept::Partly,
            _ => Kept::Gone,
        };
        let is_read = matches!(
            part.kind,
            PartKind::StatusLine { .. } | PartKind::Field { .. } | PartKind::ChunkSize | PartKind::Trailer(_)
        );
        let bytes = if is_read && kept == Kept::All && part.direction == Direction::In {
            log.joined(Direction::In, start..end.min(start + MOST as u64 + 1))
        } else {
            Vec::new()
        };
        Self { part, kept, bytes }
    }

    /// How it reads in a list.
    #[must_use]
    pub fn item(&self, hop: &Hop) -> Item {
        let size = count(self.part.range.end - self.part.range.start);
        let sized = |id| Item::words(tf(id, &[("size", size.clone().into())]));
        let coded = |id| Item { rest: coding(hop), ..sized(id) };
        let item = match self.part.kind {
            PartKind::ProxyRequest => sized("item-proxy-request"),
            PartKind::ProxyAnswer => sized("item-proxy-answer"),
            PartKind::RequestLine => Item::line(request(hop, &self.part)),
            PartKind::RequestField(_) => Item::field(request(hop, &self.part)),
            PartKind::StatusLine { head } => {
                Item::line(hop.head_number(head).map_or(&self.bytes[..], |head| head.first_line()))
            }
            PartKind::Field { .. } => match hop.header(self.part.kind) {
                Some(header) => Item::pair(header.name.as_bytes(), &header.value),
                None => Item::field(&self.bytes),
            },
            PartKind::Trailer(_) => Item::field(&self.bytes),
            PartKind::ChunkSize => chunk(&self.bytes),
            PartKind::ChunkData => coded("item-data"),
            PartKind::Body => coded("item-body"),
            PartKind::RequestBody => sized("item-body"),
            PartKind::ChunkEnd => Item::words(t("mark-chunk-end")),
            PartKind::EmptyLines { .. } => Item::words(t("item-empty-lines")),
            PartKind::RequestEnd | PartKind::HeadEnd { .. } | PartKind::BodyEnd => Item::words(t("item-empty-line")),
            PartKind::Extra => sized("item-extra"),
            PartKind::Unread => sized("item-unread"),
            PartKind::More => {
                let more = hop.parts.unmarked();
                Item::words(tf("item-more", &[("count", more.into()), ("number", count(more).into())]))
            }
        };
        // What cannot be read any more still has its name.
        let item = if item.lead.is_empty() && item.rest.is_empty() { Item::words(name(hop, &self.part)) } else { item };
        let note = match self.kept {
            Kept::All => String::new(),
            Kept::Partly => t("item-partly-gone"),
            Kept::Gone => t("item-gone"),
        };
        Item { note, ..item }
    }
}

/// How a part reads in a list: on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// In the colour of the part.
    pub lead: String,
    /// What follows it.
    pub rest: String,
    /// Beside it.
    pub note: String,
    /// These are the bytes, not words about them.
    pub literal: bool,
}

impl Item {
    fn words(text: String) -> Self {
        Self { lead: text, ..Self::default() }
    }

    /// A line as it is.
    fn line(bytes: &[u8]) -> Self {
        Self { lead: shortened(bytes.trim_ascii()), literal: true, ..Self::default() }
    }

    fn pair(name: &[u8], value: &[u8]) -> Self {
        let value = shortened(value);
        let rest = if value.is_empty() { value } else { format!(" {value}") };
        Self { lead: format!("{}:", shortened(name)), rest, literal: true, ..Self::default() }
    }

    /// A line with a name and a value.
    fn field(bytes: &[u8]) -> Self {
        split(bytes).map_or_else(|| Self::line(bytes), |(name, value)| Self::pair(name, value))
    }

    /// All of it, for those who cannot see the colours.
    #[must_use]
    pub fn text(&self) -> String {
        let note = if self.note.is_empty() { String::new() } else { format!(" ({})", self.note) };
        format!("{}{}{note}", self.lead, self.rest)
    }
}

/// What is shown of the request for `part`: with its credentials covered.
fn request<'a>(hop: &'a Hop, part: &Part) -> &'a [u8] {
    let at = |position: u64| (position as usize).checked_sub(hop.to_proxy.len());
    let range = at(part.range.start).zip(at(part.range.end));
    range.and_then(|(start, end)| hop.request.get(start..end)).unwrap_or_default()
}

/// Name and value of a field.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()))
}

/// As text, and not longer than one line can show.
fn shortened(bytes: &[u8]) -> String {
    match bytes.get(..MOST) {
        Some(first) if bytes.len() > MOST => format!("{}…", visible(first)),
        _ => visible(bytes),
    }
}

/// The line before a chunk: its size as a person counts, and what else it says.
fn chunk(line: &[u8]) -> Item {
    let line = line.trim_ascii();
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let text = std::str::from_utf8(&line[..digits]).unwrap_or_default();
    match u64::from_str_radix(text, 16) {
        Ok(size) => {
            let lead = if size == 0 { t("item-last-chunk") } else { tf("item-chunk", &[("size", count(size).into())]) };
            let rest = shortened(line[digits..].trim_ascii());
            Item { rest: if rest.is_empty() { rest } else { format!(" {rest}") }, ..Item::words(lead) }
        }
        Err(_) => Item::line(line),
    }
}

/// How the body is compressed, as its header says (RFC 9110 §8.4).
fn coding(hop: &Hop) -> String {
    let codings = hop.head.iter().flat_map(|head| head.values("content-encoding"));
    let codings: Vec<_> = codings.map(|one| shortened(one.trim_ascii())).collect();
    match codings.join(", ") {
        none if none.is_empty() || none.eq_ignore_ascii_case("identity") => String::new(),
        coding => tf("item-coded", &[("coding", coding.into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::Head;
    use crate::recording::Recorder;

    fn part(kind: PartKind, direction: Direction, range: Range<u64>) -> Part {
        Part { direction, range, kind }
    }

    fn text(hop: &Hop, part: Part, log: Option<&Log>) -> String {
        Seen::new(part, log).item(hop).text()
    }

    #[test]
    fn the_size_of_a_chunk_is_read_as_a_person_counts() {
        assert_eq!(chunk(b"4b4\r\n").text(), "chunk of 1,204 B");
        assert_eq!(chunk(b"4 ;a=b\r\n").text(), "chunk of 4 B ;a=b");
        assert_eq!(chunk(b"000\n").text(), "last chunk");
        assert_eq!(chunk(b"ffffffffffffffffff\r\n").text(), "ffffffffffffffffff");
        assert_eq!(chunk(b"").text(), "");
    }

    #[test]
    fn a_request_is_never_taken_from_the_recording() {
        let recording = Recorder::new(1 << 20).open();
        recording.push(Direction::Out, b"A: secret\r\n");
        let hop = Hop { request: b"A: ******\r\n".to_vec(), ..Hop::default() };
        let sent = part(PartKind::RequestField(0), Direction::Out, 0..11);
        assert_eq!(recording.read(|log| text(&hop, sent.clone(), Some(log))), "A: ******");
        assert_eq!(recording.read(|log| text(&Hop::default(), sent, Some(log))), "request header");
    }

    #[test]
    fn a_request_stands_behind_what_the_proxy_was_told() {
        let hop = Hop { request: b"GET / HTTP/1.1\r\n\r\n".to_vec(), to_proxy: vec![5, 1, 0], ..Hop::default() };
        let of = |kind, range| text(&hop, part(kind, Direction::Out, range), None);
        assert_eq!(of(PartKind::ProxyRequest, 0..3), "to the proxy, 3 B (not kept)");
        assert_eq!(of(PartKind::RequestLine, 3..19), "GET / HTTP/1.1 (not kept)");
        assert_eq!(of(PartKind::RequestLine, 0..9), "request line (not kept)");
        assert_eq!(
            text(&hop, part(PartKind::ProxyAnswer, Direction::In, 0..2), None),
            "answer of the proxy, 2 B (not kept)"
        );
    }

    #[test]
    fn what_is_not_kept_is_said_and_what_is_known_without_it_is_still_shown() {
        let raw = b"\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
        let header = crate::net::fetch::Header { name: "Content-Encoding".to_owned(), value: b"gzip".to_vec() };
        let head = Head { raw, minor_version: 1, status: 200, reason: b"OK".to_vec(), headers: vec![header] };
        let hop = Hop { head: Some(head), ..Hop::default() };
        let of = |kind| text(&hop, part(kind, Direction::In, 0..1_204), None);
        assert_eq!(of(PartKind::StatusLine { head: 0 }), "HTTP/1.1 200 OK (not kept)");
        assert_eq!(of(PartKind::Field { head: 0, field: 0 }), "Content-Encoding: gzip (not kept)");
        assert_eq!(of(PartKind::Field { head: 1, field: 0 }), "header (not kept)");
        assert_eq!(of(PartKind::ChunkSize), "chunk size (not kept)");
        assert_eq!(of(PartKind::ChunkData), "data, 1,204 B, compressed (gzip) (not kept)");
        assert_eq!(of(PartKind::Trailer(0)), "trailer (not kept)");
        let recording = Recorder::new(0).open();
        recording.push(Direction::In, b"12345");
        let range = |range| recording.read(|log| text(&hop, part(PartKind::Extra, Direction::In, range), Some(log)));
        assert_eq!(range(0..5), "after the end, 5 B (not kept)");
        assert_eq!(range(2..9), "after the end, 7 B (partly kept)");
        assert_eq!(range(4..9), "after the end, 5 B (partly kept)");
        assert_eq!(range(5..6), "after the end, 1 B");
    }

    #[test]
    fn long_values_are_cut_and_control_characters_are_seen() {
        assert_eq!(Item::field(b"A:\r\n").text(), "A:");
        assert_eq!(Item::field(b"A : b\r\n\tc\x1b\r\n").text(), "A: b\\r\\n\\tc\\x1b");
        let rest = |len| Item::pair(b"A", &vec![b'x'; len]).rest;
        assert_eq!(rest(MOST), format!(" {}", "x".repeat(MOST)));
        assert_eq!(rest(MOST + 1), format!(" {}…", "x".repeat(MOST)));
    }
}
