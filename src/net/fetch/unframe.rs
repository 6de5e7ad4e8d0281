//! Readers that give the bytes of a body and end where it ends (RFC 9112 §6.3, §7.1, §8). An end that comes too
//! early is an error, never an end. What the bytes are is noted as they are read.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;
use std::sync::Arc;

use super::head::bad_value;
use super::trouble::fault;
use super::{Fault, Framing, PartKind, Parts};
use crate::recording::{Direction, text};

/// The most bytes of a chunk's size line with its extension.
const MOST_LINE: usize = 16 << 10;
/// The most bytes of a trailer.
const MOST_TRAILER: usize = 64 << 10;

/// The bytes of one body without their framing.
pub(super) struct Unframed<R> {
    from: R,
    state: State,
    /// Body bytes given so far.
    got: u64,
    /// Told about every new count.
    progress: Box<dyn FnMut(u64)>,
    /// What the bytes are.
    parts: Arc<Parts>,
    /// The position on the wire of the next byte.
    at: u64,
    /// Up to where it is noted what the bytes are.
    noted: u64,
    /// Whether the last line ended in LF alone.
    bare_lf: bool,
    /// The lines of the trailer that have come, each with CRLF.
    trailer: Rc<RefCell<Vec<u8>>>,
}

enum State {
    /// So many bytes are left of a length.
    Length {
        left: u64,
        length: u64,
    },
    UntilClose,
    /// Before a chunk's size line.
    ChunkSize,
    /// Inside a chunk.
    Chunk {
        left: u64,
    },
    /// After a chunk's bytes, before the end of its line.
    ChunkEnd,
    /// After so many fields of the trailer.
    Trailer {
        fields: usize,
        /// How many bytes may come yet.
        room: usize,
    },
    End,
}

impl<R: BufRead> Unframed<R> {
    /// Reads a body framed by `framing`, which begins after the last one of `parts`; `progress` is called with the
    /// count of its bytes whenever it grows.
    pub(super) fn new(from: R, framing: Framing, parts: Arc<Parts>, progress: impl FnMut(u64) + 'static) -> Self {
        let state = match framing {
            Framing::None => State::End,
            Framing::Length(length) => State::Length { left: length, length },
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        let at = parts.end(Direction::In);
        Self {
            from,
            state,
            got: 0,
            progress: Box::new(progress),
            parts,
            at,
            noted: at,
            bare_lf: false,
            trailer: Rc::default(),
        }
    }

    /// Where the lines of the trailer go (RFC 9112 §7.1.2), each with CRLF.
    pub(super) fn trailer(&self) -> Rc<RefCell<Vec<u8>>> {
        Rc::clone(&self.trailer)
    }

    /// Brings the chunk states to one that has bytes, or to the end.
    fn advance(&mut self) -> io::Result<()> {
        loop {
            self.state = match self.state {
                State::ChunkSize => {
                    let kind = |line: &[u8]| chunk_size(line).is_ok().then_some(PartKind::ChunkSize);
                    match chunk_size(&self.line(MOST_LINE, kind)?).map_err(fault)? {
                        0 => State::Trailer { fields: 0, room: MOST_TRAILER },
                        left => State::Chunk { left },
                    }
                }
                State::Chunk { left: 0 } => State::ChunkEnd,
                State::ChunkEnd => {
                    // Else the CR was taken for a byte of the chunk, whose size is then wrong.
                    let may_be_bare = self.bare_lf;
                    match self.line(2, |line| line.is_empty().then_some(PartKind::ChunkEnd)) {
                        Ok(line) if line.is_empty() && (may_be_bare || !self.bare_lf) => State::ChunkSize,
                        Err(error) if !is_too_long(&error) => return Err(error),
                        _ => return Err(fault(Fault::BadChunkEnd)),
                    }
                }
                State::Trailer { fields, room } => {
                    // A line that begins with a blank goes on with the field before it (RFC 9112 §5.2).
                    let goes_on = |line: &[u8]| fields > 0 && matches!(line, [b' ' | b'\t', ..]);
                    let line = self.line(room, |line| match line {
                        [] => Some(PartKind::BodyEnd),
                        line => Some(PartKind::Trailer(fields - usize::from(goes_on(line)))),
                    })?;
                    // As in a head.
                    if line.iter().any(|b| matches!(b, 0 | b'\r')) {
                        return Err(fault(bad_value(&line)));
                    }
                    if !line.is_empty() {
                        let mut trailer = self.trailer.borrow_mut();
                        trailer.extend_from_slice(&line);
                        trailer.extend_from_slice(b"\r\n");
                    }
                    match line.len() {
                        0 => State::End,
                        n => State::Trailer {
                            fields: fields + usize::from(!goes_on(&line)),
                            room: room.saturating_sub(n + 1),
                        },
                    }
                }
                State::Length { .. } | State::UntilClose | State::Chunk { .. } | State::End => return Ok(()),
            };
        }
    }

    /// The next line without its end (CRLF or a bare LF), which is among the next `most` bytes. `kind` says what it is,
    /// also where it is cut; a line that is no part of anything stays without a name.
    fn line(&mut self, most: usize, kind: impl Fn(&[u8]) -> Option<PartKind>) -> io::Result<Vec<u8>> {
        let start = self.at;
        let mut line = Vec::new();
        loop {
            let new = match self.from.fill_buf() {
                Ok([]) => Err(fault(Fault::ChunksCut(self.got))),
                other => other,
            };
            let new = match new {
                Ok(new) => new,
                Err(error) => {
                    self.note(start, kind(line.strip_suffix(b"\r").unwrap_or(&line)));
                    return Err(error);
                }
            };
            let end = new.iter().position(|b| *b == b'\n');
            let taken = end.unwrap_or(new.len());
            if line.len() + taken + usize::from(end.is_some()) > most {
                return Err(fault(Fault::ChunkLineTooLong));
            }
            line.extend_from_slice(&new[..taken]);
            let taken = taken + usize::from(end.is_some());
            self.from.consume(taken);
            self.at += taken as u64;
            if end.is_some() {
                self.bare_lf = line.pop_if(|last| *last == b'\r').is_none();
                self.note(start, kind(&line));
                return Ok(line);
            }
        }
    }

    /// Notes what the bytes since `start` are.
    fn note(&mut self, start: u64, kind: Option<PartKind>) {
        if let Some(kind) = kind {
            self.parts.note(Direction::In, start..self.at, kind);
            self.noted = self.at;
        }
    }
}

fn is_too_long(error: &io::Error) -> bool {
    matches!(
        error.get_ref().and_then(|e| e.downcast_ref()),
        Some(super::trouble::Trouble::Fault(Fault::ChunkLineTooLong))
    )
}

/// The size before a chunk: hexadecimal digits, then blanks or an extension (RFC 9112 §7.1).
fn chunk_size(line: &[u8]) -> Result<u64, Fault> {
    let shown = || text::visible(&line[..line.len().min(20)]);
    let bad = || Fault::BadChunkSize(shown());
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let rest = line[digits..].trim_ascii_start();
    if digits == 0 || !(rest.is_empty() || rest[0] == b';') {
        return Err(bad());
    }
    line[..digits].iter().try_fold(0u64, |size, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or_else(bad)?;
        size.checked_mul(16).map(|size| size | u64::from(digit)).ok_or_else(|| Fault::HugeChunk(shown()))
    })
}

impl<R: BufRead> BufRead for Unframed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.advance()?;
        let (left, cut) = match self.state {
            State::End | State::Length { left: 0, .. } => return Ok(&[]),
            State::Length { left, length } => (left, Some(Fault::Short { got: self.got, length })),
            State::Chunk { left } => (left, Some(Fault::ChunksCut(self.got))),
            // The rest never outlasts `advance`.
            _ => (u64::MAX, None),
        };
        let bytes = self.from.fill_buf()?;
        if let (Some(cut), []) = (cut, bytes) {
            return Err(fault(cut));
        }
        let bytes = &bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        // They are what they are, also if a decoder refuses them; it may ask for the same ones many times.
        let end = self.at + bytes.len() as u64;
        if self.noted < end {
            let kind = if let State::Chunk { .. } = self.state { PartKind::ChunkData } else { PartKind::Body };
            self.parts.note(Direction::In, self.at..end, kind);
            self.noted = end;
        }
        Ok(bytes)
    }

    fn consume(&mut self, n: usize) {
        self.from.consume(n);
        self.at += n as u64;
        if let State::Length { left, .. } | State::Chunk { left } = &mut self.state {
            *left = left.saturating_sub(n as u64);
        }
        if n > 0 {
            self.got += n as u64;
            (self.progress)(self.got);
        }
    }
}

impl<R: BufRead> Read for Unframed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::HeadPart;
    use crate::net::fetch::test_pieces::Pieces;
    use crate::net::fetch::trouble;
    use proptest::prelude::*;

    fn read(bytes: &[u8], framing: Framing) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        let mut from = bytes;
        let mut body = Vec::new();
        Unframed::new(&mut from, framing, Arc::default(), |_| {})
            .read_to_end(&mut body)
            .map_err(|e| trouble::take_fault(e).expect("a fault"))?;
        Ok((body, from.to_vec()))
    }

    fn chunks(text: &str) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        read(text.as_bytes(), Framing::Chunked)
    }

    #[test]
    fn a_length_gives_exactly_that_many_bytes() {
        assert_eq!(read(b"bodyrest", Framing::Length(4)), Ok((b"body".to_vec(), b"rest".to_vec())));
        assert_eq!(read(b"rest", Framing::Length(0)), Ok((vec![], b"rest".to_vec())));
        assert_eq!(read(b"rest", Framing::None), Ok((vec![], b"rest".to_vec())));
        assert_eq!(read(b"bod", Framing::Length(4)), Err(Fault::Short { got: 3, length: 4 }));
        assert_eq!(read(b"all", Framing::UntilClose), Ok((b"all".to_vec(), vec![])));
    }

    #[test]
    fn chunks_are_joined_and_end_with_the_last_one() {
        let all = chunks("4\r\nbody\r\n00A;ext=\"x\"\r\n0123456789\r\n3 \nend\n0\r\nTrailer: x\r\n\r\nrest");
        assert_eq!(all, Ok((b"body0123456789end".to_vec(), b"rest".to_vec())));
        assert_eq!(chunks("0\r\n\r\n"), Ok((vec![], vec![])));
        for (text, got) in [("", 0), ("4\r\nbo", 2), ("4\r\nbody", 4), ("4\r\nbody\r\n", 4), ("2\r\nbo\r\n0\r\n", 2)] {
            assert_eq!(chunks(text), Err(Fault::ChunksCut(got)), "{text:?}");
        }
    }

    #[test]
    fn bad_chunks_are_errors() {
        for size in ["", "x", "-1", "+1", "0x4", " 4", "4 4", "4,"] {
            let result = chunks(&format!("{size}\r\nbody\r\n0\r\n\r\n"));
            assert!(matches!(result, Err(Fault::BadChunkSize(_))), "{size:?}: {result:?}");
        }
        assert_eq!(chunks("10000000000000000\r\nbody"), Err(Fault::HugeChunk("10000000000000000".to_owned())));
        for text in [
            "4\r\nbodyx\r\n0\r\n\r\n",
            "4\r\nbodymore\r\n0\r\n\r\n",
            "3\r\nbody\r\n0\r\n\r\n",
            "5\r\nbody\r\n0\r\n\r\n",
        ] {
            assert_eq!(chunks(text), Err(Fault::BadChunkEnd), "{text:?}");
        }
        assert_eq!(chunks("ffffffffffffffff\r\nbody"), Err(Fault::ChunksCut(4)));
    }

    #[test]
    fn extensions_and_trailers_are_bounded() {
        let extension = |n| format!("4;{}\r\nbody\r\n0\r\n\r\n", "x".repeat(n));
        assert!(chunks(&extension(MOST_LINE - 10)).is_ok());
        assert_eq!(chunks(&extension(MOST_LINE)), Err(Fault::ChunkLineTooLong));
        let trailer = format!("0\r\n{}\r\n", "A: b\r\n".repeat(MOST_TRAILER));
        assert_eq!(chunks(&trailer), Err(Fault::ChunkLineTooLong));
        for byte in ['\0', '\r'] {
            let trailer = chunks(&format!("4\r\nbody\r\n0\r\nA: b\r\nC: d{byte}e\r\n\r\n"));
            let said =
                matches!(&trailer, Err(Fault::BadHead { part: HeadPart::Value, line }) if line.starts_with("C: d\\"));
            assert!(said, "{trailer:?}");
        }
    }

    /// The parts of a body that comes in pieces of `sizes`, read by asking for every piece twice.
    fn parts(bytes: &[u8], framing: Framing, sizes: &[usize]) -> Vec<(PartKind, String)> {
        let parts = Arc::new(Parts::default());
        let mut unframed = Unframed::new(Pieces::new(bytes, sizes), framing, Arc::clone(&parts), |_| {});
        while let Ok(piece) = unframed.fill_buf().map(<[u8]>::len) {
            if piece == 0 {
                break;
            }
            assert_eq!(unframed.fill_buf().map(<[u8]>::len).ok(), Some(piece));
            unframed.consume(1);
        }
        let text = |part: crate::net::fetch::Part| {
            let bytes = &bytes[part.range.start as usize..part.range.end as usize];
            (part.kind, String::from_utf8_lossy(bytes).into_owned())
        };
        parts.range(0..parts.len()).into_iter().map(text).collect()
    }

    fn chunk_parts(text: &str) -> Vec<(PartKind, String)> {
        parts(text.as_bytes(), Framing::Chunked, &[usize::MAX >> 1])
    }

    fn named<const N: usize>(parts: [(PartKind, &str); N]) -> Vec<(PartKind, String)> {
        parts.map(|(kind, text)| (kind, text.to_owned())).into()
    }

    #[test]
    fn a_cut_or_broken_body_has_the_parts_that_came() {
        use PartKind::*;
        let start = [(ChunkSize, "4\r\n"), (ChunkData, "body"), (ChunkEnd, "\r\n")];
        let [size, data, end] = start;
        for (rest, kind) in [("4;a", Some(ChunkSize)), ("x", None), ("zz\r\n", None), ("0\r", Some(ChunkSize))] {
            let last = kind.map(|kind| (kind, rest));
            let expected: Vec<_> = start.into_iter().chain(last).map(|(kind, text)| (kind, text.to_owned())).collect();
            assert_eq!(chunk_parts(&format!("4\r\nbody\r\n{rest}")), expected, "{rest:?}");
        }
        assert_eq!(chunk_parts("4\r\nbo"), named([size, (ChunkData, "bo")]));
        assert_eq!(chunk_parts("4\r\nbody\r"), named([size, data, (ChunkEnd, "\r")]));
        for rest in ["more", "x\n", "m"] {
            assert_eq!(chunk_parts(&format!("4\r\nbody{rest}")), named([size, data]), "{rest:?}");
        }
        let cut = "4\r\nbody\r\n0\r\nA: b\r\n c";
        let trailer = [size, data, end, (ChunkSize, "0\r\n"), (Trailer(0), "A: b\r\n c")];
        assert_eq!(chunk_parts(cut), named(trailer));
        let one = |bytes: &[u8], framing| parts(bytes, framing, &[3]);
        assert_eq!(one(b"half", Framing::Length(9)), named([(Body, "half")]));
        assert_eq!(one(b"bodyrest", Framing::Length(4)), named([(Body, "body")]));
        assert_eq!(one(b"rest", Framing::Length(0)), []);
        assert_eq!(one(b"rest", Framing::None), []);
        assert_eq!(one(b"everything", Framing::UntilClose), named([(Body, "everything")]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_parts_are_the_same_wherever_they_are_cut(cuts in prop::collection::vec(1usize..7, 1..20)) {
            use PartKind::*;
            let bytes = b"4;a=b\r\nbody\r\na\n0123456789\n00\r\nX: y\r\n\tz\r\nZ:\n\r\nrest";
            let expected = named([
                (ChunkSize, "4;a=b\r\n"),
                (ChunkData, "body"),
                (ChunkEnd, "\r\n"),
                (ChunkSize, "a\n"),
                (ChunkData, "0123456789"),
                (ChunkEnd, "\n"),
                (ChunkSize, "00\r\n"),
                (Trailer(0), "X: y\r\n\tz\r\n"),
                (Trailer(1), "Z:\n"),
                (BodyEnd, "\r\n"),
            ]);
            prop_assert_eq!(parts(bytes, Framing::Chunked, &cuts), expected);
        }

        #[test]
        fn chunks_are_the_same_wherever_they_are_cut(cuts in prop::collection::vec(1usize..7, 1..20)) {
            let bytes = b"4;a=b\r\nbody\r\na\n0123456789\r\n0\r\nX: y\r\n\r\nrest";
            let mut from = Pieces::new(bytes, &cuts);
            let mut body = Vec::new();
            let progress = std::rc::Rc::new(std::cell::Cell::new(0));
            let count = std::rc::Rc::clone(&progress);
            let mut unframed = Unframed::new(&mut from, Framing::Chunked, Arc::default(), move |got| count.set(got));
            unframed.read_to_end(&mut body).expect("body");
            prop_assert_eq!(body, b"body0123456789");
            prop_assert_eq!(progress.get(), 14);
            let mut rest = Vec::new();
            from.read_to_end(&mut rest).expect("rest");
            prop_assert_eq!(rest, b"rest");
        }

        #[test]
        fn cut_chunks_are_never_complete(at in 0usize..35) {
            let bytes = b"4;a=b\r\nbody\r\na\n0123456789\r\n0\r\nX: y\r\n\r\n";
            prop_assume!(at < bytes.len());
            prop_assert!(matches!(read(&bytes[..at], Framing::Chunked), Err(Fault::ChunksCut(_))));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            _ = read(&bytes, Framing::Chunked);
            _ = read(&[&b"5\r\n"[..], &bytes].concat(), Framing::Chunked);
        }
    }
}
