//! The head of an answer (RFC 9112 §4 and §5): found in whatever pieces it comes, read leniently, kept exactly.

use std::io::{self, BufRead};

use super::framing::shortened;
use super::trouble::fault;
use super::{Fault, Head, Header, fault::HeadPart};
use crate::recording::text;

/// The most bytes of one head.
pub(super) const MOST_BYTES: usize = 256 << 10;
/// The most header fields of one head.
pub(super) const MOST_HEADERS: usize = 1_000;

/// Reads one head, and not one byte more. What has come of it is in `raw`, which is empty before, also after an error
/// of `from`.
///
/// # Errors
/// Carries a [`Fault`] where what comes is no head; other errors are those of `from`.
pub(super) fn read_into(from: &mut impl BufRead, raw: &mut Vec<u8>) -> io::Result<Head> {
    let mut end = EndFinder::default();
    loop {
        let new = from.fill_buf()?;
        if new.is_empty() {
            return Err(fault(match raw.len() as u64 {
                0 => Fault::NoAnswer,
                got => Fault::HeadCut(got),
            }));
        }
        let known = raw.len();
        let taken = new.len().min(MOST_BYTES - known);
        raw.extend_from_slice(&new[..taken]);
        let found = end.find(raw);
        let used = found.map_or(taken, |end| end - known);
        from.consume(used);
        if found.is_some() {
            raw.truncate(known + used);
            return parse(std::mem::take(raw)).map_err(fault);
        }
        check_start(raw).map_err(fault)?;
        if raw.len() >= MOST_BYTES {
            return Err(fault(Fault::HeadTooLarge));
        }
    }
}

/// Looks for the empty line, each byte once however the pieces come.
#[derive(Default)]
struct EndFinder {
    /// How far it has looked.
    at: usize,
    /// Bytes other than CR since the last LF, or since the start.
    in_line: bool,
    /// Whether the status line has begun: empty lines before it do not count (RFC 9112 §2.2).
    begun: bool,
}

impl EndFinder {
    /// The position after the empty line.
    fn find(&mut self, raw: &[u8]) -> Option<usize> {
        for (at, &byte) in raw.iter().enumerate().skip(self.at) {
            match byte {
                b'\n' if self.begun && !self.in_line => return Some(at + 1),
                b'\n' => self.in_line = false,
                b'\r' => {}
                _ => (self.in_line, self.begun) = (true, true),
            }
        }
        self.at = raw.len();
        None
    }
}

/// Empty lines may come first (RFC 9112 §2.2).
fn without_empty_lines(raw: &[u8]) -> &[u8] {
    let start = raw.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(raw.len());
    &raw[start..]
}

/// Says early that this will never be a head, rather than wait for an end that never comes.
fn check_start(raw: &[u8]) -> Result<(), Fault> {
    const START: &[u8] = b"HTTP/1.";
    let start = without_empty_lines(raw);
    let n = start.len().min(START.len());
    if start[..n] == START[..n] {
        return Ok(());
    }
    Err(if start.starts_with(b"HTTP/") {
        bad_head(HeadPart::Version, raw)
    } else {
        Fault::NotHttp(shown(first_line(raw)))
    })
}

/// Reads a whole head. As lenient as the web needs: folded fields, blanks before the colon, several blanks in the
/// status line, bare LF, bytes beyond ASCII, control bytes other than NUL in values and in the reason, no reason.
fn parse(raw: Vec<u8>) -> Result<Head, Fault> {
    check_start(&raw)?;
    let fields_there = raw.iter().filter(|b| **b == b'\n').count().min(MOST_HEADERS);
    let mut fields = vec![httparse::EMPTY_HEADER; fields_there];
    let mut response = httparse::Response::new(&mut fields);
    // The library takes no control bytes; the values are then taken from the same places in `raw`.
    let tame: Vec<u8> =
        raw.iter().map(|b| if matches!(b, 1..=8 | 11 | 12 | 14..=31 | 127) { b'?' } else { *b }).collect();
    let parsed = httparse::ParserConfig::default()
        .allow_spaces_after_header_name_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_space_before_first_header_name(true)
        .parse_response(&mut response, &tame);
    match parsed {
        Ok(httparse::Status::Complete(end)) if end == raw.len() => {}
        // Our idea of where a head ends is not the library's: something odd about its lines.
        Ok(_) => return Err(bad_head(HeadPart::LineEnd, &raw)),
        Err(error) => return Err(bad(error, &raw)),
    }
    let (Some(minor_version), Some(status @ 100..=999)) = (response.version, response.code) else {
        return Err(bad_head(HeadPart::Status, &raw));
    };
    let value = |field: &httparse::Header<'_>| {
        let start = field.value.as_ptr().addr().saturating_sub(tame.as_ptr().addr());
        unfold(raw.get(start..start + field.value.len()).unwrap_or_default())
    };
    let headers =
        response.headers.iter().map(|field| Header { name: field.name.to_owned(), value: value(field) }).collect();
    let reason = reason(&raw);
    Ok(Head { minor_version, status, reason, headers, raw })
}

/// The fields of a trailer, which has those of a head (RFC 9112 §7.1.2); `lines` each with its end. `None` where they are
/// none.
pub(super) fn trailer(lines: &[u8]) -> Option<Vec<Header>> {
    parse([b"HTTP/1.1 200 OK\r\n", lines, b"\r\n"].concat()).ok().map(|head| head.headers)
}

fn bad(error: httparse::Error, raw: &[u8]) -> Fault {
    use httparse::Error as E;
    let part = match error {
        E::TooManyHeaders => return Fault::TooManyHeaders,
        E::Version => HeadPart::Version,
        E::Status => HeadPart::Status,
        E::HeaderName | E::Token => HeadPart::Name,
        E::HeaderValue => HeadPart::Value,
        E::NewLine => HeadPart::LineEnd,
    };
    bad_head(part, raw)
}

/// That `part` of the head `raw` breaks the rules, with the line in which it does. The library does not say which.
fn bad_head(part: HeadPart, raw: &[u8]) -> Fault {
    let mut fields = without_empty_lines(raw).split(|b| *b == b'\n').skip(1).filter(|line| !line.is_empty());
    let line = match part {
        HeadPart::Version | HeadPart::Status => None,
        HeadPart::Name => fields.find(|line| !has_good_name(line)),
        HeadPart::Value | HeadPart::LineEnd => fields.find(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            line.iter().any(|b| matches!(b, 0 | b'\r'))
        }),
    };
    Fault::BadHead { part, line: shown(line.unwrap_or_else(|| first_line(raw))) }
}

/// A field with a byte in its value that no value may have.
pub(super) fn bad_value(line: &[u8]) -> Fault {
    Fault::BadHead { part: HeadPart::Value, line: shown(line) }
}

/// Whether a line goes on with the field before it, or begins with a name and a colon (RFC 9110 §5.1).
fn has_good_name(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Some(colon) = line.iter().position(|b| *b == b':') else { return line.trim_ascii().is_empty() };
    let name = line[..colon].trim_ascii_end();
    line.starts_with(b" ") || line.starts_with(b"\t") || is_token(name)
}

/// RFC 9110 §5.6.2: what methods and names of fields are made of.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
}

fn first_line(raw: &[u8]) -> &[u8] {
    without_empty_lines(raw).split(|b| *b == b'\n').next().unwrap_or_default()
}

/// A line of a peer, without its end and short enough to be a part of ours.
fn shown(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    shortened(&text::visible(&line[..line.len().min(1_000)]))
}

/// The reason phrase as it came: the library gives it up where it has bytes beyond ASCII.
fn reason(raw: &[u8]) -> Vec<u8> {
    let line = first_line(raw).trim_ascii_end();
    let after_version = line.iter().position(|b| *b == b' ').map_or(&[][..], |at| &line[at..]).trim_ascii_start();
    after_version.get(3..).unwrap_or_default().trim_ascii_start().to_vec()
}

/// A folded value on one line: each line end with its blanks becomes one blank (RFC 9112 §5.2).
fn unfold(value: &[u8]) -> Vec<u8> {
    if !value.contains(&b'\n') {
        return value.to_vec();
    }
    let lines: Vec<&[u8]> =
        value.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect();
    lines.join(&b' ')
}

/// [`read_into`], for tests.
#[cfg(test)]
pub(super) fn read(from: &mut impl BufRead) -> io::Result<Head> {
    read_into(from, &mut Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::test_pieces::Pieces;
    use crate::net::fetch::trouble;
    use proptest::prelude::*;

    fn head(bytes: &[u8]) -> Result<Head, Fault> {
        read(&mut &bytes[..]).map_err(|e| trouble::take_fault(e).expect("a fault"))
    }

    fn values(head: &Head, name: &str) -> Vec<String> {
        head.values(name).map(|v| String::from_utf8_lossy(v).into_owned()).collect()
    }

    #[test]
    fn what_the_web_really_sends_is_read_and_kept_exactly() {
        let raw = b"\r\nHTTP/1.1  200   Tout va bi\xe8n \r\nserver:x\nSet-Cookie : a\r\nSET-COOKIE: b\r\nX-Folded: one\r\n \r\n\ttwo \r\nX-Empty:\r\nX-Obs: \xff\xfe\r\n\r\n";
        let mut from: &[u8] = &[&raw[..], b"body"].concat();
        let head = read(&mut from).expect("head");
        assert_eq!(from, b"body");
        assert_eq!(head.raw, raw);
        assert_eq!((head.minor_version, head.status, head.reason.as_slice()), (1, 200, &b"Tout va bi\xe8n"[..]));
        let names: Vec<_> = head.headers.iter().map(|h| h.name.as_str()).collect();
        assert_eq!(names, ["server", "Set-Cookie", "SET-COOKIE", "X-Folded", "X-Empty", "X-Obs"]);
        assert_eq!(values(&head, "set-cookie"), ["a", "b"]);
        assert_eq!(values(&head, "x-folded"), ["one two"]);
        assert_eq!(values(&head, "x-empty"), [""]);
        assert_eq!(head.headers[5].value, [0xff, 0xfe]);
    }

    #[test]
    fn many_fields_and_short_status_lines_are_fine() {
        let many: String = (0..150).map(|i| format!("X-{i}: {i}\r\n")).collect();
        assert_eq!(head(format!("HTTP/1.0 404\r\n{many}\r\n").as_bytes()).expect("head").headers.len(), 150);
        let bare = head(b"HTTP/1.1 200\n\n").expect("head");
        assert_eq!((bare.reason.as_slice(), bare.headers.len()), (&b""[..], 0));
    }

    #[test]
    fn control_bytes_in_values_are_data() {
        let head = head(b"HTTP/1.1 200 \x1b[2J\r\nX: a\x1b\x01\x7fb\r\nY:\r\n\r\n").expect("head");
        assert_eq!(head.reason, b"\x1b[2J");
        assert_eq!(head.headers[0].value, b"a\x1b\x01\x7fb");
        assert_eq!(head.headers[1].value, b"");
    }

    #[test]
    fn what_is_no_head_is_said() {
        let garbage = head(b"220 mail.example.org ESMTP\r\n").expect_err("not HTTP");
        assert_eq!(garbage, Fault::NotHttp("220 mail.example.org ESMTP".to_owned()));
        let long = format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", "x".repeat(100));
        for (bytes, part, line) in [
            (&b"HTTP/2 200\r\n\r\n"[..], HeadPart::Version, "HTTP/2 200"),
            (b"HTTP/1.7 200\r\n\r\n", HeadPart::Version, "HTTP/1.7 200"),
            (b"\r\nHTTP/1.1 20x OK\r\n\r\n", HeadPart::Status, "HTTP/1.1 20x OK"),
            (b"HTTP/1.1 042 OK\r\n\r\n", HeadPart::Status, "HTTP/1.1 042 OK"),
            (b"HTTP/1.1 200 OK\r\nA: b\r\nno colon\r\n\r\n", HeadPart::Name, "no colon"),
            (b"HTTP/1.1 200 OK\r\nA: b\r\nX: a\0b\r\n\r\n", HeadPart::Value, "X: a\\x00b"),
            (b"HTTP/1.1 200 OK\r\nA: b\r\nX: a\rb\r\n\r\n", HeadPart::Value, "X: a\\rb"),
            (b"HTTP/1.1 200 OK\r\nA: b\r\nX\x1b: y\r\n\r\n", HeadPart::Name, "X\\x1b: y"),
            (long.as_bytes(), HeadPart::Name, &format!("{}…", "x".repeat(60))),
        ] {
            let fault = Fault::BadHead { part, line: line.to_owned() };
            assert_eq!(head(bytes), Err(fault), "{}", text::visible(bytes));
        }
        assert_eq!(head(b""), Err(Fault::NoAnswer));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\nX: y\r\n"), Err(Fault::HeadCut(23)));
    }

    #[test]
    fn a_head_is_bounded() {
        let endless = [&b"HTTP/1.1 200 OK\r\nX: "[..], &vec![b'x'; 2 * MOST_BYTES]].concat();
        assert_eq!(head(&endless), Err(Fault::HeadTooLarge));
        let empty_lines = b"\r\n".repeat(MOST_BYTES);
        assert_eq!(head(&empty_lines), Err(Fault::HeadTooLarge));
        let many = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a:b\r\n".repeat(MOST_HEADERS + 1), b"\r\n"].concat();
        assert_eq!(head(&many), Err(Fault::TooManyHeaders));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_head_is_the_same_wherever_it_is_cut(cuts in prop::collection::vec(1usize..9, 1..20)) {
            let raw = b"\nHTTP/1.1 200 OK\r\nA: b\r\n c\r\nD:e\n\r\nrest";
            let mut from = Pieces::new(raw, &cuts);
            let head = read(&mut from).expect("head");
            prop_assert_eq!(&head.raw, &raw[..raw.len() - 4]);
            prop_assert_eq!(values(&head, "a"), ["b c"]);
            let mut rest = Vec::new();
            io::Read::read_to_end(&mut from, &mut rest).expect("rest");
            prop_assert_eq!(rest, b"rest");
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            _ = head(&bytes);
            _ = head(&[&b"HTTP/1.1 200 OK\r\n"[..], &bytes, b"\r\n\r\n"].concat());
            _ = head(&[&b"HTTP/1.1 "[..], &bytes, b"\r\n\r\n"].concat());
        }
    }
}
