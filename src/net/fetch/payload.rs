//! The body of a request on its way out: its length is known before, its bytes come piece by piece.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::{Fault, Payload};
use crate::net::{Cause, Error, Operation, regular};

/// The most bytes of one piece, without the framing of chunks.
const PIECE: usize = 256 << 10;

/// A body that is being sent.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    source: Source<'a>,
    /// Fixed when it was opened.
    pub(super) len: u64,
    /// For `Content-Type`; empty for none.
    pub(super) media_type: String,
    /// How many bytes have been given out.
    at: u64,
    /// In chunks (RFC 9112 §7.1).
    chunked: bool,
    ended: bool,
    piece: Vec<u8>,
}

#[derive(Debug)]
enum Source<'a> {
    Bytes(Cow<'a, [u8]>),
    File { file: File, path: &'a Path },
}

impl<'a> Outgoing<'a> {
    /// Opens `payload`, to be sent in chunks perhaps; `None` where there is no body.
    ///
    /// # Errors
    /// The file cannot be opened, or is not a regular one.
    pub(super) fn open(payload: &'a Payload, chunked: bool) -> Result<Option<Self>, Error> {
        let (source, len) = match payload {
            Payload::None if !chunked => return Ok(None),
            // Chunks have an end, however few they are.
            Payload::None => (Source::Bytes(Cow::default()), 0),
            Payload::Bytes { bytes, .. } => (Source::Bytes(bytes.into()), bytes.len() as u64),
            Payload::Form(pairs) => {
                let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                let len = form.len() as u64;
                (Source::Bytes(form.into_bytes().into()), len)
            }
            Payload::File { path, .. } => {
                let (file, known) = regular::open(path).map_err(|e| file_error(path, e))?;
                (Source::File { file, path }, known.len())
            }
        };
        let media_type = payload.media_type().unwrap_or_default().into_owned();
        Ok(Some(Self { source, len, media_type, at: 0, chunked, ended: false, piece: Vec::new() }))
    }

    /// All of it, where it is in memory.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match &self.source {
            Source::Bytes(bytes) => Some(bytes),
            Source::File { .. } => None,
        }
    }

    /// The next piece for the wire; `None` after the last one.
    ///
    /// # Errors
    /// The file cannot be read, or has less than it had.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        let left = usize::try_from(self.len - self.at).unwrap_or(usize::MAX).min(PIECE);
        self.piece.clear();
        if left == 0 {
            let last = self.chunked && !self.ended;
            self.ended = true;
            return Ok(last.then_some(&b"0\r\n\r\n"[..]));
        }
        let got = match &mut self.source {
            Source::Bytes(bytes) => {
                let start = usize::try_from(self.at).unwrap_or(usize::MAX);
                let piece = bytes.get(start..start + left).unwrap_or_default();
                if !self.chunked {
                    self.at += left as u64;
                    return Ok(Some(piece));
                }
                self.piece.extend_from_slice(piece);
                left
            }
            Source::File { file, path } => {
                let got = file.take(left as u64).read_to_end(&mut self.piece).map_err(|e| file_error(path, e))?;
                if got == 0 {
                    let fault = Fault::FileShrank { got: self.at, length: self.len };
                    return Err(Error::new(Operation::SendFile, path.display(), fault));
                }
                got
            }
        };
        self.at += got as u64;
        if self.chunked {
            self.piece.splice(..0, format!("{got:x}\r\n").into_bytes());
            self.piece.extend_from_slice(b"\r\n");
        }
        Ok(Some(&self.piece))
    }
}

fn file_error(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(Operation::SendFile, path.display(), Cause::NoFile),
        _ => Error::io(Operation::SendFile, path.display(), error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn all(mut body: Outgoing<'_>) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(piece) = body.next()? {
            all.extend_from_slice(piece);
        }
        Ok(all)
    }

    fn file(len: usize) -> (tempfile::NamedTempFile, Payload) {
        let mut file = tempfile::Builder::new().suffix(".html").tempfile().expect("file");
        file.write_all(&vec![b'x'; len]).expect("written");
        let payload = Payload::File { media_type: String::new(), path: file.path().to_owned() };
        (file, payload)
    }

    fn open(payload: &Payload, chunked: bool) -> Outgoing<'_> {
        Outgoing::open(payload, chunked).expect("opened").expect("a body")
    }

    #[test]
    fn forms_are_encoded_and_files_have_the_type_of_their_name() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let form = Payload::Form(vec![pair("a b", "ü&="), pair("c", "")]);
        assert_eq!(all(open(&form, false)).expect("bytes"), b"a+b=%C3%BC%26%3D&c=");
        let (_file, payload) = file(3);
        let body = open(&payload, false);
        assert_eq!((body.media_type.as_str(), body.len), ("text/html", 3));
        assert!(Outgoing::open(&Payload::None, false).expect("opened").is_none());
    }

    #[test]
    fn a_file_that_grows_is_sent_as_long_as_it_was_and_one_that_shrinks_is_an_error() {
        let (mut grows, payload) = file(PIECE + 1);
        let body = open(&payload, false);
        grows.write_all(b"more").expect("written");
        assert_eq!(all(body).expect("bytes").len(), PIECE + 1);
        let (shrinks, payload) = file(PIECE + 2);
        let mut body = open(&payload, false);
        assert_eq!(body.next().expect("piece").map(<[u8]>::len), Some(PIECE));
        shrinks.as_file().set_len(PIECE as u64 + 1).expect("cut");
        let error = all(body).expect_err("an error");
        let length = PIECE as u64 + 2;
        assert!(
            matches!(error.cause, Cause::Fetch(Fault::FileShrank { got, length: l }) if got == length - 1 && l == length),
            "{error}"
        );
    }

    #[test]
    fn chunks_have_their_sizes_and_an_end() {
        let payload = |len: usize| Payload::Bytes { media_type: String::new(), bytes: vec![b'x'; len] };
        assert_eq!(all(open(&payload(0), true)).expect("bytes"), b"0\r\n\r\n");
        assert_eq!(all(open(&payload(0), false)).expect("bytes"), b"");
        let twice = [&b"40000\r\n"[..], &[b'x'; PIECE], b"\r\n1\r\nx\r\n0\r\n\r\n"].concat();
        assert_eq!(all(open(&payload(PIECE + 1), true)).expect("bytes"), twice);
        let (_file, payload) = file(PIECE + 1);
        assert_eq!(all(open(&payload, true)).expect("bytes"), twice);
    }

    #[test]
    fn only_regular_files_are_sent() {
        let folder = tempfile::tempdir().expect("folder");
        let open = |path: &Path| {
            let payload = Payload::File { media_type: String::new(), path: path.to_owned() };
            Outgoing::open(&payload, false).map(drop).expect_err("refused")
        };
        assert!(open(folder.path()).to_string().contains("not a regular file"));
        let error = open(&folder.path().join("none"));
        assert!(matches!(error.cause, Cause::NoFile), "{error}");
    }
}
