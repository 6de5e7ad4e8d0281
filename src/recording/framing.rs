//! A lens re-reads the bytes of a recording as messages, without touching them: as the reads and writes that they
//! came in, as lines, by a fixed size, by a length in front of each, by a delimiter, or by the silence between them.
//!
//! Each direction is a stream of its own, and is cut into pieces that together are the stream. A piece stands where its
//! last byte came: so pieces are only ever added, and an answer stands after what it answers.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Direction, Log, Segment, What};

/// What a "message" is. All sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lens {
    /// Each read and write, as it crossed the socket.
    #[default]
    Reads,
    /// Lines, with their ends.
    Lines(LineEnd),
    /// Messages of one size, counted from the begin of the stream. 0 is taken for 1.
    Fixed(u32),
    /// Messages that say how long they are.
    Prefix(Prefix),
    /// Messages that end with these bytes; without any all is one message.
    Delimiter(Vec<u8>),
    /// A message ends when nothing has moved in its direction for so long.
    Idle(Duration),
}

/// What ends a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LineEnd {
    /// LF, CRLF, or a CR that no LF follows.
    #[default]
    Any,
    /// LF alone; a CR before it belongs to the line.
    Lf,
    /// CRLF alone.
    CrLf,
    /// CR alone.
    Cr,
}

/// Where a message says how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Prefix {
    /// The bytes of the number: 1 to 4.
    pub width: u8,
    /// The lowest byte comes first.
    pub little_endian: bool,
    /// How many bytes of each message come before the number.
    pub offset: u32,
    /// The number counts the whole message, with itself and what comes before it; otherwise only what follows it.
    pub whole: bool,
}

impl Default for Prefix {
    fn default() -> Self {
        Self { width: 2, little_endian: false, offset: 0, whole: false }
    }
}

/// A run of bytes of one direction, as a lens sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which way.
    pub direction: Direction,
    /// Its bytes, as positions in the stream of its direction. Never empty.
    pub range: Range<u64>,
    /// The numbers of the first segment that it has bytes of, and of the one after the last. Between them there may be
    /// segments of the other direction.
    pub segments: Range<u64>,
    /// The time of its last segment.
    pub at: Duration,
    /// Whether its end was seen: otherwise the stream ends, so far or for ever, inside it.
    pub whole: bool,
}

/// What a lens shows, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Bytes.
    Piece(Piece),
    /// The segment of this number, which has no bytes: the empty read.
    Empty(u64),
    /// The event of this number.
    Event(u64),
}

/// A lens, ready to be used.
#[derive(Clone, Debug)]
pub struct Framer {
    lens: Lens,
    /// What ends a piece, where bytes do.
    delimiter: Vec<u8>,
    /// For each number of matched bytes of `delimiter`: how many still match when the next one does not.
    fallback: Vec<usize>,
}

/// Where a walk through a recording stands; small, so that many can be kept.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The number of the next segment, or of the one that it is in.
    segment: u64,
    /// How many of its bytes are behind.
    within: u64,
    /// The number of the next event.
    event: u64,
    /// In, out.
    tracks: [Track; 2],
}

/// The open piece of one direction.
#[derive(Clone, Debug, Default)]
struct Track {
    /// Where it begins, and how far it has come; nothing is open where they are the same.
    open: Range<u64>,
    /// The number and time of its first and its last segment.
    first: u64,
    last: u64,
    at: Duration,
    /// How many bytes of the delimiter have come; for any line end: 1 after a CR.
    matched: usize,
    /// What has come of its length.
    length: u32,
    /// Where it ends, once that is known from its length.
    end: Option<u64>,
}

/// What one step of a walk gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next item.
    Item(Item),
    /// The fuel is used up; there is more.
    Pause,
    /// All that is recorded has been walked through.
    End,
}

impl Place {
    /// The begin of what is kept.
    #[must_use]
    pub fn start(log: &Log) -> Self {
        let segment = log.kept().start;
        let track = |direction| {
            let position = log.position(direction, segment);
            Track { open: position..position, ..Track::default() }
        };
        Self { segment, within: 0, event: log.first_event(), tracks: [track(Direction::In), track(Direction::Out)] }
    }

    /// The number of the first segment that is not behind yet.
    #[must_use]
    pub fn segment(&self) -> u64 {
        self.segment
    }

    /// Where the open piece of a direction begins: all before it has been given.
    #[must_use]
    pub fn given(&self, direction: Direction) -> u64 {
        self.tracks[direction as usize].open.start
    }

    /// The pieces of which the end has not come, the one with the older last segment first.
    pub fn open(&self) -> impl Iterator<Item = Piece> {
        let mut order = [Direction::In, Direction::Out];
        order.sort_by_key(|direction| self.tracks[*direction as usize].last);
        order.into_iter().filter_map(|direction| self.tracks[direction as usize].piece(direction, false))
    }
}

impl Track {
    fn piece(&self, direction: Direction, whole: bool) -> Option<Piece> {
        let Self { open, first, last, at, .. } = self;
        let segments = *first..last + 1;
        (!open.is_empty()).then(|| Piece { direction, range: open.clone(), segments, at: *at, whole })
    }

    /// Gives the open piece and begins the next one.
    fn take(&mut self, direction: Direction, whole: bool) -> Option<Piece> {
        let piece = self.piece(direction, whole);
        let end = self.open.end;
        *self = Self { open: end..end, first: self.first, last: self.last, at: self.at, ..Self::default() };
        piece
    }

    /// Takes the bytes of `segment` up to `end` into the open piece.
    fn grow(&mut self, number: u64, segment: &Segment, end: u64) {
        if end == self.open.end {
            return;
        }
        if self.open.is_empty() {
            self.first = number;
        }
        (self.last, self.at) = (number, segment.at);
        self.open.end = end;
    }
}

impl Framer {
    /// Makes a lens ready.
    #[must_use]
    pub fn new(lens: Lens) -> Self {
        let delimiter = match &lens {
            Lens::Lines(LineEnd::Lf) => b"\n".to_vec(),
            Lens::Lines(LineEnd::CrLf) => b"\r\n".to_vec(),
            Lens::Lines(LineEnd::Cr) => b"\r".to_vec(),
            Lens::Delimiter(bytes) => bytes.clone(),
            _ => Vec::new(),
        };
        let fallback = fallback(&delimiter);
        Self { lens, delimiter, fallback }
    }

    /// The next item of a walk. `fuel` is lowered by each byte and each segment that was looked at; the walk pauses when
    /// there is none left. `place` must not be before what is kept.
    pub fn step(&self, log: &Log, place: &mut Place, fuel: &mut u64) -> Step {
        loop {
            if place.within == 0
                && let Some(item) = self.between(log, place)
            {
                return Step::Item(item);
            }
            let number = place.segment;
            let Some(segment) = log.segment(number) else { return Step::End };
            if *fuel == 0 {
                return Step::Pause;
            }
            let direction = segment.direction;
            let track = &mut place.tracks[direction as usize];
            let rest = segment.start + place.within..segment.range().end;
            let boundary = self.boundary(log, direction, track, &rest);
            let end = boundary.unwrap_or(rest.end);
            *fuel = fuel.saturating_sub(1 + end - rest.start);
            track.grow(number, &segment, end);
            place.within = end - segment.start;
            if end == rest.end {
                (place.segment, place.within) = (number + 1, 0);
            }
            if segment.len == 0 {
                return Step::Item(Item::Empty(number));
            }
            if boundary.is_some()
                && let Some(piece) = track.take(direction, true)
            {
                return Step::Item(Item::Piece(piece));
            }
        }
    }

    /// What comes before the next segment: pieces that the clock or the end of the stream ends, and events.
    fn between(&self, log: &Log, place: &mut Place) -> Option<Item> {
        let segment = log.segment(place.segment);
        place.event = place.event.max(log.first_event());
        let event = log.events().get((place.event - log.first_event()) as usize);
        let event = event.filter(|event| event.before <= place.segment);
        let now = event.map(|event| event.at).or(segment.map(|segment| segment.at))?;
        // The empty read: nothing more comes in.
        let ends_in = segment.is_some_and(|one| one.len == 0 && one.direction == Direction::In);
        let is_over = |piece: &Piece| match event.map(|event| &event.what) {
            Some(What::Closed(_) | What::Reset) => true,
            None if ends_in && piece.direction == Direction::In => true,
            _ => matches!(self.lens, Lens::Idle(gap) if now.saturating_sub(piece.at) >= gap),
        };
        let over = place.open().find(is_over);
        if let Some(Piece { direction, .. }) = over {
            let whole = matches!(self.lens, Lens::Idle(_));
            return place.tracks[direction as usize].take(direction, whole).map(Item::Piece);
        }
        event?;
        place.event += 1;
        Some(Item::Event(place.event - 1))
    }

    /// Where in the stream the open piece ends, if it does within `rest` of a segment, or right before it.
    fn boundary(&self, log: &Log, direction: Direction, track: &mut Track, rest: &Range<u64>) -> Option<u64> {
        match &self.lens {
            Lens::Reads => Some(rest.end),
            Lens::Lines(LineEnd::Any) => any_line_end(log, direction, track, rest),
            Lens::Lines(_) | Lens::Delimiter(_) => self.delimited(log, direction, track, rest),
            Lens::Fixed(size) => {
                let size = u64::from((*size).max(1));
                Some((rest.start / size + 1) * size).filter(|end| *end <= rest.end)
            }
            Lens::Prefix(prefix) => prefix.end(log, direction, track, rest).filter(|end| *end <= rest.end),
            Lens::Idle(_) => None,
        }
    }

    fn delimited(&self, log: &Log, direction: Direction, track: &mut Track, rest: &Range<u64>) -> Option<u64> {
        let (&first, all) = (self.delimiter.first()?, self.delimiter.as_slice());
        let mut position = rest.start;
        for slice in log.bytes(direction, rest.clone()) {
            let mut at = 0;
            while at < slice.len() {
                if track.matched == 0 {
                    match memchr::memchr(first, &slice[at..]) {
                        Some(skipped) => at += skipped,
                        None => break,
                    }
                }
                while track.matched > 0 && all[track.matched] != slice[at] {
                    track.matched = self.fallback[track.matched];
                }
                track.matched += usize::from(all[track.matched] == slice[at]);
                at += 1;
                if track.matched == all.len() {
                    return Some(position + at as u64);
                }
            }
            position += slice.len() as u64;
        }
        None
    }
}

/// For each number of matched bytes of `pattern`: how many of them match it again from the front (Knuth, Morris, Pratt).
fn fallback(pattern: &[u8]) -> Vec<usize> {
    let mut table = vec![0; pattern.len() + 1];
    let mut matched = 0;
    for at in 1..pattern.len() {
        while matched > 0 && pattern[matched] != pattern[at] {
            matched = table[matched];
        }
        matched += usize::from(pattern[matched] == pattern[at]);
        table[at + 1] = matched;
    }
    table
}

fn any_line_end(log: &Log, direction: Direction, track: &mut Track, rest: &Range<u64>) -> Option<u64> {
    let mut position = rest.start;
    for slice in log.bytes(direction, rest.clone()) {
        let mut at = 0;
        while at < slice.len() {
            if std::mem::take(&mut track.matched) > 0 {
                // Only now it is known what the CR was.
                return Some(position + at as u64 + u64::from(slice[at] == b'\n'));
            }
            let Some(skipped) = memchr::memchr2(b'\r', b'\n', &slice[at..]) else { break };
            at += skipped + 1;
            if slice[at - 1] == b'\n' {
                return Some(position + at as u64);
            }
            track.matched = 1;
        }
        position += slice.len() as u64;
    }
    None
}

impl Prefix {
    /// The end of the open piece, once its length has come.
    fn end(&self, log: &Log, direction: Direction, track: &mut Track, rest: &Range<u64>) -> Option<u64> {
        if track.end.is_none() {
            let begin = track.open.start;
            let number = begin + u64::from(self.offset);
            let after = number + u64::from(self.width.clamp(1, 4));
            let range = number.max(rest.start)..after.min(rest.end);
            for (position, byte) in range.clone().zip(log.bytes(direction, range).flatten()) {
                let byte = u32::from(*byte);
                track.length = match self.little_endian {
                    true => track.length | byte << (8 * (position - number)),
                    false => track.length << 8 | byte,
                };
            }
            if rest.end >= after {
                let length = u64::from(track.length);
                track.end = Some(if self.whole { after.max(begin + length) } else { after + length });
            }
        }
        track.end
    }
}

#[cfg(test)]
mod tests {
    use super::super::{By, Recorder, Recording};
    use super::*;
    use Direction::{In, Out};

    /// What a lens makes of it: pieces as text, an open one with `…`, `-` for what has no bytes.
    fn seen(lens: Lens, recording: &Recording) -> Vec<String> {
        let framer = Framer::new(lens);
        recording.read(|log| {
            let mut place = Place::start(log);
            let mut out = Vec::new();
            let text = |piece: &Piece| {
                let arrow = if piece.direction == In { '<' } else { '>' };
                let bytes = log.joined(piece.direction, piece.range.clone());
                format!("{arrow}{}{}", bytes.escape_ascii(), if piece.whole { "" } else { "…" })
            };
            while let Step::Item(item) = framer.step(log, &mut place, &mut u64::MAX.clone()) {
                out.push(match item {
                    Item::Piece(piece) => text(&piece),
                    Item::Empty(_) | Item::Event(_) => "-".to_owned(),
                });
            }
            out.extend(place.open().map(|piece| text(&piece)));
            out
        })
    }

    fn recorded(segments: &[(Direction, &[u8])]) -> std::sync::Arc<Recording> {
        let recording = Recorder::new(Recorder::BUDGET).open();
        segments.iter().for_each(|(direction, bytes)| recording.push(*direction, bytes));
        recording
    }

    #[test]
    fn glued_and_split_messages_are_told_apart_by_the_lens() {
        let recording = recorded(&[(Out, b"Bob\nAl"), (In, b"x\r"), (Out, b"ice\n"), (In, b"\ny\rz"), (Out, b"E")]);
        assert_eq!(seen(Lens::Reads, &recording), [">Bob\\nAl", "<x\\r", ">ice\\n", "<\\ny\\rz", ">E"]);
        let any = [">Bob\\n", ">Alice\\n", "<x\\r\\n", "<y\\r", "<z…", ">E…"];
        assert_eq!(seen(Lens::Lines(LineEnd::Any), &recording), any);
        assert_eq!(seen(Lens::Lines(LineEnd::Lf), &recording), [">Bob\\n", ">Alice\\n", "<x\\r\\n", "<y\\rz…", ">E…"]);
        assert_eq!(seen(Lens::Lines(LineEnd::CrLf), &recording), ["<x\\r\\n", "<y\\rz…", ">Bob\\nAlice\\nE…"]);
        assert_eq!(seen(Lens::Lines(LineEnd::Cr), &recording), ["<x\\r", "<\\ny\\r", "<z…", ">Bob\\nAlice\\nE…"]);
        assert_eq!(seen(Lens::Fixed(4), &recording), [">Bob\\n", ">Alic", "<x\\r\\ny", "<\\rz…", ">e\\nE…"]);
        assert_eq!(seen(Lens::Delimiter(b"b\nA".to_vec()), &recording)[0], ">Bob\\nA");
    }

    #[test]
    fn a_delimiter_is_found_where_it_begins_again_inside_itself() {
        let recording = recorded(&[(In, b"aa"), (In, b"abaab"), (In, b"aab")]);
        assert_eq!(seen(Lens::Delimiter(b"aab".to_vec()), &recording), ["<aaab", "<aab", "<aab"]);
        assert_eq!(seen(Lens::Delimiter(b"abaa".to_vec()), &recording), ["<aaabaa", "<baab…"]);
        assert_eq!(seen(Lens::Delimiter(Vec::new()), &recording), ["<aaabaabaab…"]);
    }

    #[test]
    fn a_length_may_be_of_any_width_order_and_place() {
        let of = |width, little_endian, offset, whole, reads: &[&[u8]]| {
            let reads: Vec<_> = reads.iter().map(|bytes| (In, *bytes)).collect();
            seen(Lens::Prefix(Prefix { width, little_endian, offset, whole }), &recorded(&reads))
        };
        assert_eq!(
            of(1, false, 0, false, &[b"\x02ab\x00\x01", b"c\x05d"]),
            ["<\\x02ab", "<\\x00", "<\\x01c", "<\\x05d…"]
        );
        assert_eq!(of(2, false, 0, false, &[b"\0", b"\x02a", b"b\0\x01c"]), ["<\\x00\\x02ab", "<\\x00\\x01c"]);
        assert_eq!(of(2, true, 1, false, &[b"T\x01\0xU\x02", b"\0yz"]), ["<T\\x01\\x00x", "<U\\x02\\x00yz"]);
        assert_eq!(
            of(4, false, 0, true, &[b"\0\0\0\x06ab\0\0\0\x01"]),
            ["<\\x00\\x00\\x00\\x06ab", "<\\x00\\x00\\x00\\x01"]
        );
        // A length that nobody will ever send is a message that never ends, nothing worse.
        assert_eq!(of(4, false, 0, false, &[b"\xff\xff\xff\xffab"]), ["<\\xff\\xff\\xff\\xffab…"]);
    }

    #[test]
    fn silence_ends_a_message_of_its_own_direction() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        let push = |ms: u64, direction, bytes: &[u8]| recording.push_at(direction, bytes, ms * 1_000);
        push(1_000, In, b"ab");
        push(1_040, Out, b"x");
        push(1_090, In, b"c");
        push(1_200, Out, b"y");
        push(1_210, In, b"d");
        assert_eq!(seen(Lens::Idle(Duration::from_millis(100)), &recording), [">x", "<abc", ">y…", "<d…"]);
        assert_eq!(seen(Lens::Idle(Duration::from_secs(1)), &recording), [">xy…", "<abcd…"]);
    }

    #[test]
    fn the_end_of_a_stream_ends_what_is_open() {
        let recording = recorded(&[(Out, b"bye"), (In, b"half"), (In, b"")]);
        recording.note(What::Closed(By::Peer));
        assert_eq!(seen(Lens::Lines(LineEnd::Any), &recording), ["<half…", "-", ">bye…", "-"]);
    }
}
