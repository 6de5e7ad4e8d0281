//! Readers that give the bytes of a body and end where it ends (RFC 9112 §6.3, §7.1, §8). An end that comes too
//! early is an error, never an end.

use std::io::{self, BufRead, Read};

use super::trouble::fault;
use super::{Fault, Framing};
use crate::recording::text;

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
    Trailer,
    End,
}

impl<R: BufRead> Unframed<R> {
    /// Reads a body framed by `framing`; `progress` is called with the count of its bytes whenever it grows.
    pub(super) fn new(from: R, framing: Framing, progress: impl FnMut(u64) + 'static) -> Self {
        let state = match framing {
            Framing::None => State::End,
            Framing::Length(length) => State::Length { left: length, length },
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        Self { from, state, got: 0, progress: Box::new(progress) }
    }

    /// Brings the chunk states to one that has bytes, or to the end.
    fn advance(&mut self) -> io::Result<()> {
        loop {
            self.state = match self.state {
                State::ChunkSize => match chunk_size(&self.line(MOST_LINE)?).map_err(fault)? {
                    0 => State::Trailer,
                    left => State::Chunk { left },
                },
                State::Chunk { left: 0 } => State::ChunkEnd,
                State::ChunkEnd => match self.line(2) {
                    Ok(line) if line.is_empty() => State::ChunkSize,
                    Err(error) if !is_too_long(&error) => return Err(error),
                    _ => return Err(fault(Fault::BadChunkEnd)),
                },
                State::Trailer => {
                    let mut room = MOST_TRAILER;
                    loop {
                        let line = self.line(room)?;
                        if line.is_empty() {
                            break State::End;
                        }
                        room = room.saturating_sub(line.len() + 1);
                    }
                }
                State::Length { .. } | State::UntilClose | State::Chunk { .. } | State::End => return Ok(()),
            };
        }
    }

    /// The next line without its end (CRLF or a bare LF), which is among the next `most` bytes.
    fn line(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let new = self.from.fill_buf()?;
            if new.is_empty() {
                return Err(fault(Fault::ChunksCut(self.got)));
            }
            let end = new.iter().position(|b| *b == b'\n');
            let taken = end.unwrap_or(new.len());
            if line.len() + taken + usize::from(end.is_some()) > most {
                return Err(fault(Fault::ChunkLineTooLong));
            }
            line.extend_from_slice(&new[..taken]);
            self.from.consume(taken + usize::from(end.is_some()));
            if end.is_some() {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
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
        match cut {
            Some(cut) if bytes.is_empty() => Err(fault(cut)),
            _ => Ok(&bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))]),
        }
    }

    fn consume(&mut self, n: usize) {
        self.from.consume(n);
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
    use crate::net::fetch::test_pieces::Pieces;
    use crate::net::fetch::trouble;
    use proptest::prelude::*;

    fn read(bytes: &[u8], framing: Framing) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        let mut from = bytes;
        let mut body = Vec::new();
        Unframed::new(&mut from, framing, |_| {})
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
        for text in ["4\r\nbodyx\r\n0\r\n\r\n", "4\r\nbodymore\r\n0\r\n\r\n", "3\r\nbody\r\n0\r\n\r\n"] {
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
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn chunks_are_the_same_wherever_they_are_cut(cuts in prop::collection::vec(1usize..7, 1..20)) {
            let bytes = b"4;a=b\r\nbody\r\na\n0123456789\r\n0\r\nX: y\r\n\r\nrest";
            let mut from = Pieces::new(bytes, &cuts);
            let mut body = Vec::new();
            let progress = std::rc::Rc::new(std::cell::Cell::new(0));
            let count = std::rc::Rc::clone(&progress);
            Unframed::new(&mut from, Framing::Chunked, move |got| count.set(got)).read_to_end(&mut body).expect("body");
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
