//! Compression undone as the bytes come: gzip of several members (RFC 1952 §2.2), deflate (RFC 1950), brotli (RFC 7932)
//! and zstd. A stream that is broken, cut, or followed by anything is an error; memory is bounded by their windows.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::Fault;
use super::framing::Coding;
use super::trouble::{fault, is_marked};
use super::zstd::Unzstd;

/// The size of the buffer between two steps.
const BUFFER: usize = 128 << 10;

/// How much may come out of how little before it is taken for a bomb: both must be passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Bytes.
    pub size: u64,
    /// Times the bytes received.
    pub ratio: u64,
}

impl Bound {
    /// 1 GiB, and 200 times.
    pub const DEFAULT: Self = Self { size: 1 << 30, ratio: 200 };

    /// Checks what has come of what so far. Gzip makes at most some 1,030 of one, texts rarely come to 20.
    pub(super) fn check(self, from: u64, to: u64) -> Result<(), Fault> {
        let Self { size, ratio } = self;
        if to > size && to / ratio > from { Err(Fault::Bomb { from, to, size, ratio }) } else { Ok(()) }
    }
}

/// Undoes `codings`, the last one first. `padding` is set where zero bytes after a gzip stream were ignored.
pub(super) fn decoded<'a>(
    from: impl BufRead + 'a,
    codings: &[Coding],
    padding: &Rc<Cell<bool>>,
) -> Box<dyn BufRead + 'a> {
    codings.iter().rev().fold(Box::new(from), |from, coding| match coding {
        Coding::Gzip => Box::new(BufReader::with_capacity(
            BUFFER,
            Gunzip { state: Member::Between(from), first: true, padding: Rc::clone(padding) },
        )),
        Coding::Deflate => Box::new(BufReader::with_capacity(BUFFER, Inflate { from, inside: None, over: false })),
        Coding::Zstd => Box::new(BufReader::with_capacity(BUFFER, Unzstd::new(from))),
        Coding::Brotli => Box::new(BufReader::with_capacity(BUFFER, Unbrotli { state: Brotli::Before(from) })),
    })
}

/// An error of a decoder in our words; one from below it as it is.
fn broken(coding: &'static str, error: io::Error) -> io::Error {
    if is_marked(&error) { error } else { fault(Fault::BrokenCoding(coding)) }
}

/// All members of a gzip stream, one after the other.
struct Gunzip<R> {
    state: Member<R>,
    /// Whether no member has been seen yet.
    first: bool,
    padding: Rc<Cell<bool>>,
}

enum Member<R> {
    Between(R),
    Inside(Box<GzDecoder<R>>),
    Over,
}

impl<R: BufRead> Gunzip<R> {
    /// What comes after a member, or before the first.
    fn next(&mut self, mut from: R) -> io::Result<Member<R>> {
        // A member begins with 1f 8b; the decoder checks the rest.
        match from.fill_buf()?.first() {
            // A body without a single byte is an empty body.
            None => Ok(Member::Over),
            Some(0x1f) => Ok(Member::Inside(Box::new(GzDecoder::new(from)))),
            Some(0) if !self.first => skip_zeros(from, &self.padding),
            Some(_) if self.first => Err(fault(Fault::BrokenCoding("gzip"))),
            Some(_) => Err(fault(Fault::AfterCoding("gzip"))),
        }
    }
}

/// Tapes and disk blocks pad with zeros: they are ignored up to the end.
fn skip_zeros<R: BufRead>(mut from: R, padding: &Cell<bool>) -> io::Result<Member<R>> {
    padding.set(true);
    loop {
        let bytes = from.fill_buf()?;
        let n = bytes.len();
        if n == 0 {
            return Ok(Member::Over);
        }
        if bytes.iter().any(|b| *b != 0) {
            return Err(fault(Fault::AfterCoding("gzip")));
        }
        from.consume(n);
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            self.state = match std::mem::replace(&mut self.state, Member::Over) {
                Member::Over => return Ok(0),
                Member::Between(from) => {
                    let next = self.next(from)?;
                    self.first = false;
                    next
                }
                Member::Inside(mut member) => match member.read(buf).map_err(|e| broken("gzip", e))? {
                    0 => Member::Between(member.into_inner()),
                    n => {
                        self.state = Member::Inside(member);
                        return Ok(n);
                    }
                },
            };
        }
    }
}

/// What RFC 9110 §8.4.1.2 calls deflate: with the frame of zlib, which many servers leave out.
struct Inflate<R> {
    from: R,
    /// Once it has begun.
    inside: Option<Decompress>,
    over: bool,
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let input = self.from.fill_buf()?;
            let inside = match (input.first(), &mut self.inside) {
                _ if buf.is_empty() => return Ok(0),
                (None, _) if self.over => return Ok(0),
                (Some(_), _) if self.over => return Err(fault(Fault::AfterCoding("deflate"))),
                // A body without a single byte is an empty body.
                (None, None) => return Ok(0),
                (_, Some(inside)) => inside,
                // No encoder begins a bare stream with what begins that frame: the method 8, a window of at most 32 KiB.
                (Some(first), none) => none.insert(Decompress::new(first & 0x8f == 8)),
            };
            let (taken, made) = (inside.total_in(), inside.total_out());
            let status = inside.decompress(input, buf, FlushDecompress::None);
            let (taken, made) = (inside.total_in() - taken, inside.total_out() - made);
            // Neither is more than the buffers are long.
            self.from.consume(usize::try_from(taken).unwrap_or(usize::MAX));
            match status {
                Ok(Status::StreamEnd) => self.over = true,
                Ok(_) if taken > 0 || made > 0 => {}
                // It wants more than there is, or is stuck, or has found what cannot be.
                Ok(_) | Err(_) => return Err(fault(Fault::BrokenCoding("deflate"))),
            }
            if made > 0 {
                return Ok(usize::try_from(made).unwrap_or(usize::MAX));
            }
        }
    }
}

struct Unbrotli<R: Read> {
    state: Brotli<R>,
}

enum Brotli<R: Read> {
    Before(R),
    Inside(Box<brotli::Decompressor<R>>),
    Over,
}

impl<R: BufRead> Read for Unbrotli<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            self.state = match std::mem::replace(&mut self.state, Brotli::Over) {
                Brotli::Over => return Ok(0),
                Brotli::Before(mut from) => match from.fill_buf()?.len() {
                    // A body without a single byte is an empty body.
                    0 => Brotli::Over,
                    _ => Brotli::Inside(Box::new(brotli::Decompressor::new(from, BUFFER))),
                },
                Brotli::Inside(mut inside) => match inside.read(buf).map_err(|e| broken("br", e))? {
                    0 => {
                        // Asked once more, it complains about bytes that it has taken beyond the end.
                        let more = inside.read(buf).is_err() || !inside.into_inner().fill_buf()?.is_empty();
                        if more { return Err(fault(Fault::AfterCoding("br"))) } else { Brotli::Over }
                    }
                    n => {
                        self.state = Brotli::Inside(inside);
                        return Ok(n);
                    }
                },
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::test_pieces::Pieces;
    use crate::net::fetch::trouble;
    use proptest::prelude::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).expect("written");
        out.finish().expect("finished")
    }

    fn brotli(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        ::brotli::CompressorWriter::new(&mut out, 4_096, 5, 20).write_all(bytes).expect("written");
        out
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).expect("written");
        out.finish().expect("finished")
    }

    fn bare_deflate(bytes: &[u8], level: u32) -> Vec<u8> {
        let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
        out.write_all(bytes).expect("written");
        out.finish().expect("finished")
    }

    fn undo(bytes: &[u8], codings: &[Coding]) -> Result<(Vec<u8>, bool), Fault> {
        let padding = Rc::default();
        let mut out = Vec::new();
        decoded(Pieces::new(bytes, &[3, 1, 200]), codings, &padding)
            .read_to_end(&mut out)
            .map_err(|e| trouble::take_fault(e).expect("a fault"))?;
        Ok((out, padding.get()))
    }

    const TEXT: &[u8] = b"Hello, Michael! Hello, Tracy! Hello, Sarah!";

    #[test]
    fn what_was_compressed_comes_back() {
        assert_eq!(undo(&gzip(TEXT), &[Coding::Gzip]), Ok((TEXT.to_vec(), false)));
        assert_eq!(undo(&brotli(TEXT), &[Coding::Brotli]), Ok((TEXT.to_vec(), false)));
        assert_eq!(undo(&brotli(&gzip(TEXT)), &[Coding::Gzip, Coding::Brotli]), Ok((TEXT.to_vec(), false)));
        let members = [gzip(b"a"), gzip(b""), gzip(b"b")].concat();
        assert_eq!(undo(&members, &[Coding::Gzip]), Ok((b"ab".to_vec(), false)));
        for bytes in [TEXT, b"", &[7; 300_000]] {
            assert_eq!(undo(&zlib(bytes), &[Coding::Deflate]), Ok((bytes.to_vec(), false)));
            for level in [0, 1, 9] {
                assert_eq!(undo(&bare_deflate(bytes, level), &[Coding::Deflate]), Ok((bytes.to_vec(), false)));
            }
        }
        assert_eq!(undo(&gzip(&zlib(TEXT)), &[Coding::Deflate, Coding::Gzip]), Ok((TEXT.to_vec(), false)));
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
            assert_eq!(undo(b"", &[coding]), Ok((vec![], false)));
        }
    }

    #[test]
    fn every_cut_and_every_flipped_checksum_is_found() {
        let (zipped, brotlied) = (gzip(TEXT), brotli(TEXT));
        for at in 1..zipped.len() {
            assert_eq!(undo(&zipped[..at], &[Coding::Gzip]), Err(Fault::BrokenCoding("gzip")), "cut at {at}");
        }
        for at in 1..brotlied.len() {
            assert_eq!(undo(&brotlied[..at], &[Coding::Brotli]), Err(Fault::BrokenCoding("br")), "cut at {at}");
        }
        for deflated in [zlib(TEXT), bare_deflate(TEXT, 9)] {
            for at in 1..deflated.len() {
                let cut = undo(&deflated[..at], &[Coding::Deflate]);
                assert_eq!(cut, Err(Fault::BrokenCoding("deflate")), "cut at {at}");
            }
            let after = undo(&[&deflated[..], b"x"].concat(), &[Coding::Deflate]);
            assert_eq!(after, Err(Fault::AfterCoding("deflate")));
        }
        let mut wrong = zlib(TEXT);
        *wrong.last_mut().expect("a byte") ^= 1;
        assert_eq!(undo(&wrong, &[Coding::Deflate]), Err(Fault::BrokenCoding("deflate")));
        let mut wrong = zipped;
        let crc = wrong.len() - 8;
        wrong[crc] ^= 1;
        assert_eq!(undo(&wrong, &[Coding::Gzip]), Err(Fault::BrokenCoding("gzip")));
        assert_eq!(undo(b"not gzip", &[Coding::Gzip]), Err(Fault::BrokenCoding("gzip")));
    }

    #[test]
    fn what_follows_the_end_is_an_error_but_zeros_are_padding() {
        let after = |bytes: &[u8]| undo(&[&gzip(TEXT)[..], bytes].concat(), &[Coding::Gzip]);
        assert_eq!(after(&[0; 700]), Ok((TEXT.to_vec(), true)));
        assert_eq!(after(b"garbage"), Err(Fault::AfterCoding("gzip")));
        assert_eq!(after(b"\0\0x"), Err(Fault::AfterCoding("gzip")));
        assert_eq!(after(b"\x1f"), Err(Fault::BrokenCoding("gzip")));
        let after_brotli = undo(&[&brotli(TEXT)[..], b"garbage"].concat(), &[Coding::Brotli]);
        assert_eq!(after_brotli, Err(Fault::AfterCoding("br")));
    }

    #[test]
    fn a_bomb_is_large_and_far_larger_than_what_came() {
        let bound = Bound { size: 1_000, ratio: 10 };
        assert_eq!(bound.check(1, 1_000), Ok(()));
        assert_eq!(bound.check(200, 2_000), Ok(()));
        let bomb = Fault::Bomb { from: 100, to: 2_000, size: 1_000, ratio: 10 };
        assert_eq!(bound.check(100, 2_000), Err(bomb));
        // What gzip makes of zeros at its best is found out by the bound that is in use.
        assert_eq!(Bound::DEFAULT.check(1, 1 << 30), Ok(()));
        assert!(Bound::DEFAULT.check(2 << 20, 2 << 30).is_err());
        assert_eq!(Bound::DEFAULT.check(11 << 20, 2 << 30), Ok(()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            _ = undo(&bytes, &[Coding::Gzip]);
            _ = undo(&bytes, &[Coding::Brotli]);
            _ = undo(&bytes, &[Coding::Deflate]);
            _ = undo(&[&b"\x28\xb5\x2f\xfd"[..], &bytes].concat(), &[Coding::Zstd]);
            _ = undo(&[&b"\x1f\x8b\x08"[..], &bytes].concat(), &[Coding::Gzip]);
        }
    }
}
