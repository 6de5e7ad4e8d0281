//! A reply as a person wrote it, with places to fill in.

use std::net::SocketAddr;
use std::time::SystemTime;

use regex::bytes::Captures;

use crate::recording::encoding::Encoding;
use crate::recording::escapes::{Mistake, parse_escapes};

/// A reply, taken apart once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Message,
    MessageInUpperCase,
    Peer,
    Number,
    Time,
    /// What a pattern's group captured.
    Group(usize),
}

/// What a reply may tell besides the message.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The client's address.
    pub peer: SocketAddr,
    /// The number of the message on its connection, from 1.
    pub number: u64,
    /// Tells the time.
    pub clock: fn() -> SystemTime,
}

const PLACES: [(&str, Piece); 5] = [
    ("{message}", Piece::Message),
    ("{MESSAGE}", Piece::MessageInUpperCase),
    ("{peer}", Piece::Peer),
    ("{n}", Piece::Number),
    ("{time}", Piece::Time),
];

/// The place that `text` begins with, and how long it is.
fn place(text: &str, groups: bool) -> Option<(Piece, usize)> {
    if let Some((place, piece)) = PLACES.iter().find(|(place, _)| text.starts_with(place)) {
        return Some((piece.clone(), place.len()));
    }
    match text.as_bytes() {
        [b'{', digit @ b'0'..=b'9', b'}', ..] if groups => Some((Piece::Group(usize::from(digit - b'0')), 3)),
        _ => None,
    }
}

/// Whether what comes after `before` belongs to its `\u`.
fn is_escape(before: &str) -> bool {
    let backslashes = before.strip_suffix('u').map_or(0, |rest| rest.len() - rest.trim_end_matches('\\').len());
    backslashes % 2 == 1
}

impl Template {
    /// `{message}` is the message's bytes, `{MESSAGE}` the same in upper case, `{peer}` the client's address, `{n}` the number
    /// of the message on its connection, from 1, and `{time}` date and time of day here. Any other brace is text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        // Text without escapes cannot be wrong.
        Self::parse(text, false, |text| Ok(text.as_bytes().to_vec())).unwrap_or(Self(Vec::new()))
    }

    /// Like [`Template::new`], with escapes such as `\r` and `\x00`, and with `{1}` to `{9}` for what the groups of a pattern
    /// captured; `{0}` is all that it matched.
    ///
    /// # Errors
    /// An escape is wrong.
    pub fn with_escapes(text: &str) -> Result<Self, Mistake> {
        Self::parse(text, true, |text| parse_escapes(text, Encoding::Utf8))
    }

    fn parse(text: &str, groups: bool, bytes: impl Fn(&str) -> Result<Vec<u8>, Mistake>) -> Result<Self, Mistake> {
        let mut pieces = Vec::new();
        let mut plain = 0;
        let mut at = 0;
        loop {
            let found = if groups && is_escape(&text[..at]) { None } else { place(&text[at..], groups) };
            if (found.is_some() || at == text.len()) && plain < at {
                let before = text[..plain].chars().count();
                let piece =
                    bytes(&text[plain..at]).map_err(|mistake| Mistake { at: mistake.at + before, ..mistake })?;
                pieces.push(Piece::Text(piece));
            }
            match (found, text[at..].chars().next()) {
                (Some((piece, len)), _) => {
                    pieces.push(piece);
                    at += len;
                    plain = at;
                }
                (None, Some(c)) => at += c.len_utf8(),
                (None, None) => return Ok(Self(pieces)),
            }
        }
    }

    /// What stands before and behind the message, where it has one place, and nothing else has any.
    pub(super) fn around_message(&self) -> Option<(&[u8], &[u8])> {
        match self.0.as_slice() {
            [Piece::Message] => Some((b"", b"")),
            [Piece::Text(before), Piece::Message] => Some((before, b"")),
            [Piece::Message, Piece::Text(behind)] => Some((b"", behind)),
            [Piece::Text(before), Piece::Message, Piece::Text(behind)] => Some((before, behind)),
            _ => None,
        }
    }

    /// Appends the reply to `message` to `out`.
    pub(super) fn fill(&self, message: &[u8], captures: Option<&Captures<'_>>, facts: &Facts, out: &mut Vec<u8>) {
        use std::io::Write as _;
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Message => out.extend_from_slice(message),
                Piece::MessageInUpperCase => {
                    for chunk in message.utf8_chunks() {
                        out.extend_from_slice(chunk.valid().to_uppercase().as_bytes());
                        out.extend_from_slice(chunk.invalid());
                    }
                }
                Piece::Peer => _ = write!(out, "{}", facts.peer),
                // Writing to a Vec cannot fail.
                Piece::Number => _ = write!(out, "{}", facts.number),
                Piece::Time => {
                    let now = jiff::Timestamp::try_from((facts.clock)()).unwrap_or_default();
                    let now = now.to_zoned(jiff::tz::TimeZone::system());
                    _ = write!(out, "{}", now.strftime("%Y-%m-%d %H:%M:%S"));
                }
                Piece::Group(number) => {
                    let group = captures.and_then(|captures| captures.get(*number));
                    out.extend_from_slice(group.map_or(b"".as_slice(), |group| group.as_bytes()));
                }
            }
        }
    }
}
