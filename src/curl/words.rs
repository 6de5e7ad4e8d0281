//! The words of a command line as a POSIX shell reads them, with the `$'…'` of bash that browsers write.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::Mistake;

/// All but what a URL never has to encode (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The words of one command, and what a shell would do besides.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) all: Vec<Vec<u8>>,
    /// It would fill in variables, or what other commands say.
    pub(super) variables: bool,
    /// There is more after the command.
    pub(super) more: bool,
}

/// Percent-encoded as a part of a form or query.
pub(super) fn encoded(bytes: &[u8]) -> String {
    percent_encode(bytes, ENCODED).to_string()
}

/// One word for a shell. What a terminal could act on, or is no text, is written as bash's `$'…'`.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let is_plain = |text: &&str| !text.chars().any(|c| c.is_control() && c != '\n');
    match std::str::from_utf8(bytes).ok().filter(is_plain).and_then(|text| shlex::try_quote(text).ok()) {
        Some(quoted) => quoted.into_owned(),
        None => ansi(bytes),
    }
}

fn ansi(bytes: &[u8]) -> String {
    let mut out = String::from("$'");
    for byte in bytes {
        match byte {
            b'\\' | b'\'' => out.extend(['\\', char::from(*byte)]),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('\'');
    out
}

/// Reads one command.
///
/// # Errors
/// A quotation is not closed, or it is the form for the prompt of Windows.
pub(super) fn split(text: &str) -> Result<Words, Mistake> {
    let mut words = Words::default();
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.trim().as_bytes();
    // Whether a word begins here.
    let mut begins = true;
    while let Some((first, after)) = rest.split_first() {
        let next = after.first().copied();
        let begun = std::mem::replace(&mut begins, matches!(first, b' ' | b'\t'));
        match first {
            b'\'' => {
                let end = memchr::memchr(b'\'', after).ok_or(Mistake::OpenQuote)? + 2;
                rest = take(&mut plain, rest, end);
            }
            b'"' => {
                let end = double_quoted(rest)?;
                words.variables |= fills_in(&rest[..end]);
                rest = take(&mut plain, rest, end);
            }
            b'$' if next == Some(b'\'') => {
                let (bytes, len) = read_ansi(&rest[2..]).ok_or(Mistake::OpenQuote)?;
                plain.extend(shlex::bytes::Quoter::new().allow_nul(true).quote(&bytes).unwrap_or_default().iter());
                rest = &rest[2 + len..];
            }
            b'$' if next == Some(b'"') => rest = after,
            b'\\' => match continuation(after) {
                Some(len) => {
                    begins = begun;
                    // Lines that became one, where they were pasted into a field.
                    if next == Some(b' ') {
                        plain.push(b' ');
                        begins = true;
                    }
                    rest = &after[len..];
                }
                None => rest = take(&mut plain, rest, rest.len().min(2)),
            },
            b'^' if is_windows(after, begun) => return Err(Mistake::Windows),
            b'\n' | b'\r' => {
                words.more = true;
                break;
            }
            b'|' | b';' | b'<' | b'>' | b'&' if begun => {
                words.more = true;
                break;
            }
            b'0'..=b'9' if begun && matches!(next, Some(b'>' | b'<')) => {
                words.more = true;
                break;
            }
            _ => {
                words.variables |= fills_in(&rest[..rest.len().min(2)]);
                rest = take(&mut plain, rest, 1);
            }
        }
    }
    words.all = shlex::bytes::split(&plain).ok_or(Mistake::OpenQuote)?;
    Ok(words)
}

/// Takes so many bytes as they are.
fn take<'a>(to: &mut Vec<u8>, from: &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = from.split_at(len);
    to.extend_from_slice(taken);
    rest
}

/// The length of a text in double quotes, with both.
fn double_quoted(text: &[u8]) -> Result<usize, Mistake> {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return Ok(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    Err(Mistake::OpenQuote)
}

/// How much follows a backslash that only goes on in the next line.
fn continuation(after: &[u8]) -> Option<usize> {
    if after.starts_with(b"\r\n") {
        return Some(2);
    }
    if after.starts_with(b"\n") {
        return Some(1);
    }
    let blanks = after.iter().take_while(|byte| **byte == b' ').count();
    (blanks > 1).then_some(blanks)
}

/// Whether a shell would fill something in here, where it is not in single quotes.
fn fills_in(text: &[u8]) -> bool {
    let is_escaped = |at: usize| text[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let begins = |pair: &[u8]| {
        pair[0] == b'`'
            || (pair[0] == b'$' && (pair[1].is_ascii_alphanumeric() || matches!(pair[1], b'_' | b'{' | b'(')))
    };
    text.windows(2).enumerate().any(|(at, pair)| begins(pair) && !is_escaped(at)) || text == b"`"
}

/// Whether a `^` before `after` is the one that the prompt of Windows has in front of quotes and at the ends of lines.
fn is_windows(after: &[u8], begun: bool) -> bool {
    match after.first() {
        Some(b'"' | b'\n' | b'\r') => true,
        Some(b' ') => begun,
        _ => false,
    }
}

/// What follows `$'`: the bytes that are meant, and the length with the closing quote. `None` where there is none.
fn read_ansi(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    let mut at = 0;
    loop {
        let byte = *text.get(at)?;
        at += 1;
        match byte {
            b'\'' => return Some((bytes, at)),
            b'\\' => {
                let escape = *text.get(at)?;
                at += 1;
                let mut number = |most, radix| {
                    let digits =
                        text[at..].iter().take(most).take_while(|one| char::from(**one).is_digit(radix)).count();
                    let digits = std::str::from_utf8(&text[at..at + digits]).unwrap_or_default();
                    at += digits.len();
                    u32::from_str_radix(digits, radix).ok()
                };
                match escape {
                    b'a' => bytes.push(7),
                    b'b' => bytes.push(8),
                    b'e' | b'E' => bytes.push(27),
                    b'f' => bytes.push(12),
                    b'n' => bytes.push(b'\n'),
                    b'r' => bytes.push(b'\r'),
                    b't' => bytes.push(b'\t'),
                    b'v' => bytes.push(11),
                    b'x' => bytes.extend(number(2, 16).and_then(|n| u8::try_from(n).ok())),
                    b'u' | b'U' => {
                        let code = number(if escape == b'u' { 4 } else { 8 }, 16);
                        let c = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    b'0'..=b'7' => {
                        at -= 1;
                        let digits = text[at..].iter().take(3).take_while(|one| matches!(one, b'0'..=b'7')).count();
                        let value =
                            text[at..at + digits].iter().fold(0_u32, |sum, one| sum * 8 + u32::from(one - b'0'));
                        bytes.push(value.to_le_bytes()[0]);
                        at += digits;
                    }
                    other => {
                        if !matches!(other, b'\\' | b'\'' | b'"' | b'?') {
                            bytes.push(b'\\');
                        }
                        bytes.push(other);
                    }
                }
            }
            other => bytes.push(other),
        }
    }
}
