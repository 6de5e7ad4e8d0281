//! Compression undone as the bytes come: gzip of several members (RFC 1952 §2.2) and brotli (RFC 7932). A stream
//! that is broken, cut, or followed by anything is an error; memory is bounded by the windows of the two.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::GzDecoder;

use super::Fault;
use super::framing::Coding;
use super::trouble::{fault, is_marked};

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
        for coding in [Coding::Gzip, Coding::Brotli] {
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
            _ = undo(&[&b"\x1f\x8b\x08"[..], &bytes].concat(), &[Coding::Gzip]);
        }
    }
}
