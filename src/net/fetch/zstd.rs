//! Zstandard undone as it comes (RFC 8878): all frames of a stream, one after the other, each with its checksum.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::Fault;
use super::trouble::fault;

/// The largest window that a frame may ask for, in bytes: what RFC 9659 §3 allows over HTTP.
const MOST_WINDOW: u64 = 8 << 20;

/// All frames of a stream.
pub(super) struct Unzstd<R> {
    from: Kept<R>,
    decoder: FrameDecoder,
    /// Whether a frame has begun that is not over.
    inside: bool,
    /// Whether no frame has been seen yet.
    first: bool,
}

/// A source whose errors are kept: the decoder wraps them in its own.
struct Kept<R> {
    from: R,
    error: Option<io::Error>,
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.from.read(buf).map_err(|error| {
            let kind = error.kind();
            self.error = Some(error);
            kind.into()
        })
    }
}

impl<R: BufRead> Unzstd<R> {
    pub(super) fn new(from: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MOST_WINDOW);
        Self { from: Kept { from, error: None }, decoder, inside: false, first: true }
    }

    /// Begins the next frame, or skips one that has no content; `false` at the end.
    fn next(&mut self) -> io::Result<bool> {
        if self.from.from.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.decoder.init(&mut self.from) {
            Ok(()) => self.inside = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let length = u64::from(length);
                let skipped = io::copy(&mut (&mut self.from).take(length), &mut io::sink());
                if !skipped.is_ok_and(|skipped| skipped == length) {
                    return Err(self.broken());
                }
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_))) if !self.first => {
                return Err(fault(Fault::AfterCoding("zstd")));
            }
            Err(_) => return Err(self.broken()),
        }
        self.first = false;
        Ok(true)
    }

    /// What the source said, else that the stream is no good.
    fn broken(&mut self) -> io::Error {
        self.from.error.take().unwrap_or_else(|| fault(Fault::BrokenCoding("zstd")))
    }

    /// Whether the frame, all of which was read, has no checksum or the right one.
    fn is_sound(&self) -> bool {
        let said = self.decoder.get_checksum_from_data();
        said.is_none() || said == self.decoder.get_calculated_checksum()
    }
}

impl<R: BufRead> Read for Unzstd<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside {
                if !self.next()? {
                    return Ok(0);
                }
                continue;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                // Block by block: what is held is the window and one of them.
                if self.decoder.decode_blocks(&mut self.from, BlockDecodingStrategy::UptoBlocks(1)).is_err() {
                    return Err(self.broken());
                }
            }
            let n = self.decoder.read(buf)?;
            if n > 0 {
                return Ok(n);
            }
            if !self.is_sound() {
                return Err(self.broken());
            }
            self.inside = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::test_pieces::Pieces;
    use crate::net::fetch::trouble;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    const TEXT: &[u8] = b"Hello, Michael! Hello, Tracy! Hello, Sarah! Hello, Michael!";
    /// A frame to be skipped: three bytes of whatever.
    const SKIPPED: &[u8] = b"\x53\x2a\x4d\x18\x03\0\0\0abc";

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn undo(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::new();
        Unzstd::new(Pieces::new(bytes, &[3, 1, 200]))
            .read_to_end(&mut out)
            .map_err(|e| trouble::take_fault(e).expect("a fault"))?;
        Ok(out)
    }

    #[test]
    fn frames_come_back_one_after_the_other() {
        let long = TEXT.repeat(20_000);
        assert_eq!(undo(&zstd(&long)), Ok(long));
        assert_eq!(undo(&[zstd(b"a"), SKIPPED.to_vec(), zstd(b""), zstd(b"b")].concat()), Ok(b"ab".to_vec()));
        assert_eq!(undo(SKIPPED), Ok(vec![]));
        assert_eq!(undo(b""), Ok(vec![]));
    }

    #[test]
    fn every_cut_and_every_flipped_checksum_is_found() {
        let whole = zstd(TEXT);
        let broken = Err(Fault::BrokenCoding("zstd"));
        for at in 1..whole.len() {
            assert_eq!(undo(&whole[..at]), broken, "cut at {at}");
        }
        for at in 1..SKIPPED.len() {
            assert_eq!(undo(&SKIPPED[..at]), broken, "cut at {at}");
        }
        let mut wrong = whole.clone();
        *wrong.last_mut().expect("a byte") ^= 1;
        assert_eq!(undo(&wrong), broken);
        assert_eq!(undo(b"not zstd"), broken);
        assert_eq!(undo(&[&whole[..], b"garbage"].concat()), Err(Fault::AfterCoding("zstd")));
    }

    #[test]
    fn a_window_larger_than_http_allows_is_refused() {
        // A frame header that asks for 2^31 bytes, with an empty last block.
        assert_eq!(undo(b"\x28\xb5\x2f\xfd\x00\xa8\x01\0\0"), Err(Fault::BrokenCoding("zstd")));
    }
}
