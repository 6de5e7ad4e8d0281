//! What is kept of the Client tab: its sessions as they were left, and what all of them share.

use serde::{Deserialize, Serialize};

use super::tls::TlsForm;
use crate::app::widgets::wire::WireForm;
use crate::net::client::{LineEnd, Options};
use crate::recording::encoding::Encoding;
use crate::recording::escapes::{Mistake, MistakeKind, parse_escapes, parse_hex};

/// How many sessions there can be at the same time.
pub const MOST_SESSIONS: usize = 16;
/// How many messages can be saved.
pub const MOST_SAVED: usize = 200;
/// How long a saved message can be, in bytes of UTF-8.
pub const LONGEST_SAVED: usize = 16 << 10;

/// The Client tab as a person left it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientForm {
    /// Its sessions, in their order; at least one. A new one begins as the one that is shown.
    pub sessions: Vec<SessionForm>,
    /// Which of them is shown.
    pub shown: usize,
    /// `host:port` of earlier connections, the newest first.
    pub recent: Vec<String>,
    /// Messages to send again, the newest first.
    pub saved: Vec<Saved>,
}

impl Default for ClientForm {
    fn default() -> Self {
        Self { sessions: vec![SessionForm::default()], shown: 0, recent: Vec::new(), saved: Vec::new() }
    }
}

/// One session's choices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionForm {
    /// As typed.
    pub host: String,
    /// As typed.
    pub port: String,
    /// Whether to speak TLS, and how.
    pub tls: TlsForm,
    /// What is added to each message.
    pub line_end: LineEnd,
    /// How messages are typed.
    pub compose: Compose,
    /// How messages and the conversation are text.
    pub encoding: Encoding,
    /// Whether to connect again when the connection has ended.
    pub again: bool,
    /// Milliseconds between two messages that repeat.
    pub repeat_ms: u64,
    /// How often a message repeats; 0 until it is stopped.
    pub repeat_count: u64,
    /// How the wire is read.
    pub wire: WireForm,
}

impl Default for SessionForm {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: "9999".to_owned(),
            tls: TlsForm::default(),
            line_end: LineEnd::default(),
            compose: Compose::default(),
            encoding: Encoding::default(),
            again: false,
            repeat_ms: 1_000,
            repeat_count: 10,
            wire: WireForm::default(),
        }
    }
}

impl SessionForm {
    /// For a new session that begins as this one is.
    #[must_use]
    pub fn for_another(&self) -> Self {
        Self { tls: self.tls.for_another(), ..self.clone() }
    }

    /// How to make the connection that is about to be made.
    pub fn options(&mut self) -> Options {
        Options { tls: self.tls.take(), ..Options::default() }
    }

    /// The bytes of a message, with the line end.
    ///
    /// # Errors
    /// What is typed is wrong, or not in the encoding.
    pub fn bytes(&self, text: &str, compose: Compose) -> Result<Vec<u8>, Mistake> {
        let mut bytes = compose.bytes(text, self.encoding)?;
        // Every encoding has these.
        bytes.extend(self.encoding.encode(self.line_end.text()).unwrap_or_default());
        Ok(bytes)
    }
}

/// How a message is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compose {
    /// As it is.
    #[default]
    Plain,
    /// With escapes such as `\n` and `\x00`.
    Escapes,
    /// As hexadecimal digits.
    Hex,
}

impl Compose {
    /// The bytes that are meant.
    ///
    /// # Errors
    /// An escape or a digit is wrong, or `encoding` does not have a character.
    pub fn bytes(self, text: &str, encoding: Encoding) -> Result<Vec<u8>, Mistake> {
        match self {
            Self::Plain => encoding.encode(text).ok_or_else(|| {
                let lacks = |c: &char| encoding.encode(c.encode_utf8(&mut [0; 4])).is_none();
                let (at, character) = text.chars().enumerate().find(|(_, c)| lacks(c)).unwrap_or_default();
                Mistake { at, what: MistakeKind::NotInEncoding { character } }
            }),
            Self::Escapes => parse_escapes(text, encoding),
            Self::Hex => parse_hex(text),
        }
    }
}

/// A message that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    /// As typed.
    pub text: String,
    /// How it was typed.
    pub compose: Compose,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_in_the_encoding_with_its_line_end_or_not_at_all() {
        let form = |encoding| SessionForm { encoding, line_end: LineEnd::CrLf, ..SessionForm::default() };
        assert_eq!(form(Encoding::Gbk).bytes("好", Compose::Plain).as_deref(), Ok(&b"\xba\xc3\r\n"[..]));
        assert_eq!(form(Encoding::Utf16Be).bytes("a", Compose::Plain).as_deref(), Ok(&b"\0a\0\r\0\n"[..]));
        assert_eq!(form(Encoding::Gbk).bytes("00", Compose::Hex).as_deref(), Ok(&b"\0\r\n"[..]));
        for compose in [Compose::Plain, Compose::Escapes] {
            let mistake = Mistake { at: 2, what: MistakeKind::NotInEncoding { character: '好' } };
            assert_eq!(form(Encoding::Latin1).bytes("aé好", compose), Err(mistake));
        }
    }
}
