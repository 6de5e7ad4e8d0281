//! Which bytes of a hop's wire are which part of HTTP (RFC 9112 §2.1): noted while they are parsed. Positions and
//! kinds alone are kept, never bytes: nothing secret is copied, and a part stays true when the recording has dropped
//! its bytes.

use std::ops::Range;
use std::sync::Mutex;

use super::{Head, Header, Hop};
use crate::net::lock;
use crate::recording::Direction;

/// What a run of bytes on the wire is (RFC 9112). Heads are counted from 0: the 1xx answers first, then the final one,
/// whose number is therefore the length of [`Hop::interim`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// What a proxy was told before the request: CONNECT (RFC 9110 §9.3.6) or SOCKS (RFC 1928).
    ProxyRequest,
    /// What the proxy answered to that.
    ProxyAnswer,
    /// The first line of the request (§3).
    RequestLine,
    /// A header line of the request (§5), counted from 0.
    RequestField(usize),
    /// The empty line after the request's header (§2.1).
    RequestEnd,
    /// The body of the request (§6).
    RequestBody,
    /// Empty lines before a status line, which count for nothing (§2.2).
    EmptyLines {
        /// Before which head.
        head: usize,
    },
    /// The first line of an answer (§4).
    StatusLine {
        /// Of which head.
        head: usize,
    },
    /// A header field of an answer (§5), with all its lines if it is folded (§5.2).
    Field {
        /// Of which head.
        head: usize,
        /// Index into [`Head::headers`].
        field: usize,
    },
    /// The empty line after an answer's header (§2.1).
    HeadEnd {
        /// Of which head.
        head: usize,
    },
    /// The line before a chunk: its size and extensions (§7.1). Also that of the last chunk, whose size is 0.
    ChunkSize,
    /// The bytes of a chunk (§7.1).
    ChunkData,
    /// The line end after the bytes of a chunk (§7.1).
    ChunkEnd,
    /// A field of the trailer (§7.1.2), counted from 0, with all its lines if it is folded.
    Trailer(usize),
    /// The empty line after the last chunk and the trailer (§7.1).
    BodyEnd,
    /// The bytes of a body that is not in chunks (§6.2, §6.3).
    Body,
    /// What came after the end of the answer (§6.3).
    Extra,
    /// What was not taken for anything: from the place of a mistake on, or the body of a redirect.
    Unread,
    /// Further parts, from where there are too many to keep each; see [`Parts::unmarked`].
    More,
}

/// A run of bytes that is one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which way it went.
    pub direction: Direction,
    /// Where it is among all bytes of that direction: 0 is the first one of the hop's recording.
    pub range: Range<u64>,
    /// What it is.
    pub kind: PartKind,
}

/// The parts of one hop, in order, those of the request first (RFC 9112 §2.1). Those of one direction follow each
/// other without gaps, from position 0 on. More come while the hop is read, and what is there stays: only the last
/// one may grow.
#[derive(Debug, Default)]
pub struct Parts {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    sent: Run,
    received: Run,
    unmarked: u64,
}

/// The parts of one direction. Each begins where the one before it ends.
#[derive(Debug, Default)]
struct Run {
    entries: Vec<Entry>,
    /// What the last bytes are, also where no entry says so.
    last: Option<PartKind>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    end: u64,
    kind: PartKind,
}

impl Parts {
    /// The most parts that are kept each by itself; one [`PartKind::More`] may follow.
    pub const MOST: usize = 20_000;

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.kept).len()
    }

    /// Whether there is none yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Part `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Part> {
        lock(&self.kept).get(index)
    }

    /// The parts `visible`, as far as they are there.
    #[must_use]
    pub fn range(&self, visible: Range<usize>) -> Vec<Part> {
        let kept = lock(&self.kept);
        (visible.start..visible.end.min(kept.len())).filter_map(|index| kept.get(index)).collect()
    }

    /// The index of the part that has the byte at `position` of `direction`.
    #[must_use]
    pub fn at(&self, direction: Direction, position: u64) -> Option<usize> {
        let kept = lock(&self.kept);
        let run = kept.run(direction);
        let index = run.entries.partition_point(|entry| entry.end <= position);
        let before = if direction == Direction::In { kept.sent.entries.len() } else { 0 };
        (index < run.entries.len()).then_some(before + index)
    }

    /// The index of the first part of this kind. Looks at one after the other.
    #[must_use]
    pub fn find(&self, kind: PartKind) -> Option<usize> {
        let kept = lock(&self.kept);
        kept.sent.entries.iter().chain(&kept.received.entries).position(|entry| entry.kind == kind)
    }

    /// How many bytes of `direction` belong to parts: the first one that does not is at this position.
    #[must_use]
    pub fn end(&self, direction: Direction) -> u64 {
        lock(&self.kept).run(direction).end()
    }

    /// How many parts have no place of their own, because there were too many: [`PartKind::More`] stands for them.
    #[must_use]
    pub fn unmarked(&self) -> u64 {
        lock(&self.kept).unmarked
    }

    /// Notes what the bytes at `range` are. Same kinds that follow each other are one part; so each piece can be noted
    /// as it comes, and again together with the next.
    pub(super) fn note(&self, direction: Direction, range: Range<u64>, kind: PartKind) {
        lock(&self.kept).note(direction, range, kind);
    }

    /// Notes the lines of a request, which begins where the last part ended; `sent` bytes in all went out.
    pub(super) fn note_request(&self, raw: &[u8], sent: u64) {
        let mut kept = lock(&self.kept);
        let mut at = kept.sent.end();
        for (line, len) in lines(raw) {
            let kind = match line {
                Line::Before | Line::First => PartKind::RequestLine,
                Line::Field(field) => PartKind::RequestField(field),
                Line::End => PartKind::RequestEnd,
            };
            let end = at + len as u64;
            kept.note(Direction::Out, at..end.min(sent), kind);
            at = end;
        }
    }

    /// Notes the lines of head number `head`, which begins where the last part ended.
    pub(super) fn note_head(&self, head: usize, raw: &[u8]) {
        let mut kept = lock(&self.kept);
        let mut at = kept.received.end();
        for (line, len) in lines(raw) {
            let kind = match line {
                Line::Before => PartKind::EmptyLines { head },
                Line::First => PartKind::StatusLine { head },
                Line::Field(field) => PartKind::Field { head, field },
                Line::End => PartKind::HeadEnd { head },
            };
            let end = at + len as u64;
            kept.note(Direction::In, at..end, kind);
            at = end;
        }
    }
}

impl Kept {
    fn len(&self) -> usize {
        self.sent.entries.len() + self.received.entries.len()
    }

    fn run(&self, direction: Direction) -> &Run {
        match direction {
            Direction::Out => &self.sent,
            Direction::In => &self.received,
        }
    }

    fn get(&self, index: usize) -> Option<Part> {
        match index.checked_sub(self.sent.entries.len()) {
            None => self.sent.part(Direction::Out, index),
            Some(index) => self.received.part(Direction::In, index),
        }
    }

    fn note(&mut self, direction: Direction, range: Range<u64>, kind: PartKind) {
        let end = self.run(direction).end();
        if range.end <= range.start.max(end) {
            return;
        }
        // What nobody has named keeps its place, so that what follows is at its own.
        if range.start > end {
            self.push(direction, PartKind::Unread, range.start);
        }
        self.push(direction, kind, range.end);
    }

    /// The bytes up to `end` are `kind`.
    fn push(&mut self, direction: Direction, kind: PartKind, end: u64) {
        let full = self.len() >= Parts::MOST;
        let run = match direction {
            Direction::Out => &mut self.sent,
            Direction::In => &mut self.received,
        };
        let same = run.last.replace(kind) == Some(kind);
        match run.entries.last_mut() {
            Some(last) if same || last.kind == PartKind::More => {
                last.end = end;
                self.unmarked += u64::from(!same);
            }
            _ => {
                run.entries.push(Entry { end, kind: if full { PartKind::More } else { kind } });
                self.unmarked += u64::from(full);
            }
        }
    }
}

impl Run {
    fn end(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.end)
    }

    fn part(&self, direction: Direction, index: usize) -> Option<Part> {
        let Entry { end, kind } = *self.entries.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.entries.get(before)).map_or(0, |before| before.end);
        Some(Part { direction, range: start..end, kind })
    }
}

impl Hop {
    /// Head `number` as its parts count them: the 1xx answers first, then the final one (RFC 9110 §15.2).
    #[must_use]
    pub fn head_number(&self, number: usize) -> Option<&Head> {
        let last = self.head.as_ref().filter(|_| number == self.interim.len());
        self.interim.get(number).or(last)
    }

    /// The header field that a part of this kind is (RFC 9112 §5), if it is one of an answer.
    #[must_use]
    pub fn header(&self, kind: PartKind) -> Option<&Header> {
        match kind {
            PartKind::Field { head, field } => self.head_number(head)?.headers.get(field),
            _ => None,
        }
    }
}

/// What a line of a head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Empty, before the first one.
    Before,
    /// The request line or the status line.
    First,
    /// Of this field, counted from 0.
    Field(usize),
    /// The empty line.
    End,
}

/// The lines of a head that was understood, each with the count of its bytes. A line that begins with a blank goes on
/// with the field before it (RFC 9112 §5.2); before the first field there is none to go on with.
fn lines(raw: &[u8]) -> impl Iterator<Item = (Line, usize)> {
    let mut begun = false;
    let mut fields = 0;
    raw.split_inclusive(|b| *b == b'\n').map(move |line| {
        let kind = match line {
            b"\n" | b"\r\n" if begun => Line::End,
            b"\n" | b"\r\n" => Line::Before,
            _ if !begun => Line::First,
            [b' ' | b'\t', ..] if fields > 0 => Line::Field(fields - 1),
            _ => {
                fields += 1;
                Line::Field(fields - 1)
            }
        };
        begun |= kind == Line::First;
        (kind, line.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::head;
    use proptest::prelude::*;

    /// The kinds of all parts that came, with their bytes.
    fn named<'a>(parts: &Parts, raw: &'a [u8]) -> Vec<(PartKind, &'a [u8])> {
        let parts = parts.range(0..parts.len()).into_iter().filter(|part| part.direction == Direction::In);
        parts.map(|part| (part.kind, &raw[part.range.start as usize..part.range.end as usize])).collect()
    }

    #[test]
    fn the_lines_of_a_head_are_its_fields() {
        let raw = b"\n\r\nHTTP/1.1 200 OK\n  First : a\r\nX-Folded:\r\n \r\n\tb\nEmpty:\r\n\r\n";
        let head = head::read(&mut &raw[..]).expect("head");
        let names: Vec<_> = head.headers.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["First", "X-Folded", "Empty"]);
        let parts = Parts::default();
        parts.note_head(7, raw);
        let field = |field| PartKind::Field { head: 7, field };
        assert_eq!(
            named(&parts, raw),
            [
                (PartKind::EmptyLines { head: 7 }, &b"\n\r\n"[..]),
                (PartKind::StatusLine { head: 7 }, b"HTTP/1.1 200 OK\n"),
                (field(0), b"  First : a\r\n"),
                (field(1), b"X-Folded:\r\n \r\n\tb\n"),
                (field(2), b"Empty:\r\n"),
                (PartKind::HeadEnd { head: 7 }, b"\r\n"),
            ]
        );
    }

    #[test]
    fn a_request_has_parts_as_far_as_it_went_out() {
        let raw = b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
        let parts = Parts::default();
        parts.note_request(raw, 20);
        parts.note(Direction::In, 0..3, PartKind::Body);
        let part = |direction, range, kind| Part { direction, range, kind };
        let all = [
            part(Direction::Out, 0..16, PartKind::RequestLine),
            part(Direction::Out, 16..20, PartKind::RequestField(0)),
            part(Direction::In, 0..3, PartKind::Body),
        ];
        assert_eq!(parts.range(0..100), all);
        assert_eq!(parts.range(1..2), all[1..2]);
        assert_eq!((parts.get(2), parts.get(3)), (Some(all[2].clone()), None));
        let whole = Parts::default();
        whole.note_request(raw, raw.len() as u64);
        let kinds: Vec<_> = whole.range(0..9).into_iter().map(|part| part.kind).collect();
        use PartKind::*;
        assert_eq!(kinds, [RequestLine, RequestField(0), RequestField(1), RequestEnd]);
    }

    #[test]
    fn a_part_is_found_by_its_bytes_and_by_its_kind() {
        let parts = Parts::default();
        assert_eq!((parts.at(Direction::In, 0), parts.find(PartKind::Body)), (None, None));
        assert!(parts.is_empty());
        parts.note_request(b"GET / HTTP/1.1\r\n\r\n", 18);
        parts.note(Direction::In, 0..5, PartKind::ChunkSize);
        parts.note(Direction::In, 5..7, PartKind::ChunkData);
        parts.note(Direction::In, 5..9, PartKind::ChunkData);
        let found: Vec<_> = [0, 4, 5, 8, 9].map(|position| parts.at(Direction::In, position)).into();
        assert_eq!(found, [Some(2), Some(2), Some(3), Some(3), None]);
        let found: Vec<_> = [0, 15, 16, 17, 18].map(|position| parts.at(Direction::Out, position)).into();
        assert_eq!(found, [Some(0), Some(0), Some(1), Some(1), None]);
        assert_eq!((parts.find(PartKind::RequestEnd), parts.find(PartKind::ChunkData)), (Some(1), Some(3)));
        assert_eq!((parts.end(Direction::In), parts.end(Direction::Out)), (9, 18));
    }

    #[test]
    fn what_nobody_named_keeps_its_place() {
        let parts = Parts::default();
        parts.note(Direction::In, 0..2, PartKind::ChunkSize);
        parts.note(Direction::In, 5..6, PartKind::Body);
        parts.note(Direction::In, 3..3, PartKind::Extra);
        parts.note(Direction::In, 4..6, PartKind::Extra);
        parts.note(Direction::In, 9..9, PartKind::Extra);
        assert_eq!(
            named(&parts, b"4\r???b"),
            [(PartKind::ChunkSize, &b"4\r"[..]), (PartKind::Unread, b"???"), (PartKind::Body, b"b")]
        );
    }

    #[test]
    fn too_many_parts_are_counted_and_the_last_one_grows_over_them() {
        let parts = Parts::default();
        parts.note_request(b"GET / HTTP/1.1\r\n\r\n", 18);
        let most = Parts::MOST as u64;
        for at in 0..most + 10 {
            // Every second one comes in two pieces.
            let kind = if at % 2 == 0 { PartKind::ChunkSize } else { PartKind::ChunkData };
            parts.note(Direction::In, 3 * at..3 * at + 2, kind);
            parts.note(Direction::In, 3 * at + 2..3 * at + 3, kind);
        }
        assert_eq!((parts.len(), parts.unmarked()), (Parts::MOST + 1, 12));
        let last = parts.get(Parts::MOST).expect("a last part");
        assert_eq!((last.kind, last.range), (PartKind::More, 3 * (most - 2)..3 * (most + 10)));
        assert_eq!(parts.at(Direction::In, 3 * most), Some(Parts::MOST));
    }

    /// Lines of heads, good and odd.
    fn a_head() -> impl Strategy<Value = Vec<u8>> {
        let end = prop::sample::select(vec!["\r\n", "\n"]);
        let first = prop::sample::select(vec!["", "\r\n", "\n\n"]);
        let line = prop::sample::select(vec![
            "A: b",
            "A:",
            "A : \t",
            "Long-Name:  two words ",
            " folded",
            "\tfolded: twice",
            " ",
            "\t ",
            " X: y",
            "X:\x01\x7f",
            "Y: a:b",
            "no colon",
            ":",
            "Z: \u{e9}",
            "",
        ]);
        (first, prop::collection::vec((line, end), 0..8)).prop_map(|(first, lines)| {
            let lines: String = lines.iter().map(|(line, end)| format!("{line}{end}")).collect();
            format!("{first}HTTP/1.1 200 OK\r\n{lines}\r\n").into_bytes()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_parts_of_a_head_are_its_fields_and_all_its_bytes(raw in a_head()) {
            // Where the head ends, and whether it is one, is said by who reads it.
            let Ok(head) = head::read(&mut &raw[..]) else { return Ok(()) };
            let parts = Parts::default();
            parts.note_head(0, &head.raw);
            prop_assert_eq!(parts.end(Direction::In), head.raw.len() as u64);
            let named = named(&parts, &head.raw);
            let is_field = |kind| matches!(kind, PartKind::Field { .. });
            let fields: Vec<_> = named.iter().filter(|(kind, _)| is_field(*kind)).collect();
            prop_assert_eq!(fields.len(), head.headers.len());
            for (index, (kind, bytes)) in fields.iter().enumerate() {
                prop_assert_eq!(*kind, PartKind::Field { head: 0, field: index });
                prop_assert!(bytes.trim_ascii_start().starts_with(head.headers[index].name.as_bytes()));
            }
            let others: Vec<_> = named.iter().map(|(kind, _)| *kind).filter(|kind| !is_field(*kind)).collect();
            let head_end = PartKind::HeadEnd { head: 0 };
            let own = [PartKind::EmptyLines { head: 0 }, PartKind::StatusLine { head: 0 }, head_end];
            let empty_lines = head.raw.starts_with(b"\r") || head.raw.starts_with(b"\n");
            prop_assert_eq!(&others, &own[usize::from(!empty_lines)..]);
        }
    }
}
