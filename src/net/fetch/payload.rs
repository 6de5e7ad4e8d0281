//! The body of a request on its way out: its length is known before, its bytes come piece by piece.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::multipart::boundary;
use super::{Content, Fault, FormPart, Payload};
use crate::net::{Cause, Error, Operation, regular};

/// The most bytes of one piece, without the framing of chunks.
const PIECE: usize = 256 << 10;

/// A body that is being sent.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    /// One after the other.
    sources: Vec<Source<'a>>,
    /// How many of them have been given out.
    done: usize,
    /// Of all together; fixed when it was opened.
    pub(super) len: u64,
    /// For `Content-Type`; empty for none.
    pub(super) media_type: String,
    /// In chunks (RFC 9112 §7.1).
    chunked: bool,
    ended: bool,
    piece: Vec<u8>,
}

#[derive(Debug)]
struct Source<'a> {
    from: From<'a>,
    len: u64,
    /// How many bytes of it have been given out.
    at: u64,
}

#[derive(Debug)]
enum From<'a> {
    Bytes(Cow<'a, [u8]>),
    File { file: File, path: &'a Path },
}

impl<'a> Outgoing<'a> {
    /// Opens `payload`, to be sent in chunks perhaps; `None` where there is no body. `typed` is what a person typed for
    /// `Content-Type`.
    ///
    /// # Errors
    /// A file cannot be opened, or is not a regular one.
    pub(super) fn open(payload: &'a Payload, chunked: bool, typed: Option<&str>) -> Result<Option<Self>, Error> {
        let mut media_type = payload.media_type().unwrap_or_default().into_owned();
        let sources = match payload {
            Payload::None if !chunked => return Ok(None),
            // Chunks have an end, however few they are.
            Payload::None => Vec::new(),
            Payload::Bytes { bytes, .. } => vec![Source::bytes(bytes)],
            Payload::Form(pairs) => {
                let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                vec![Source::bytes(form.into_bytes())]
            }
            Payload::Multipart(parts) => {
                let boundary = boundary(typed);
                media_type += &format!("; boundary={boundary}");
                multipart(parts, &boundary)?
            }
            Payload::File { path, .. } => vec![Source::file(path)?],
        };
        let len = sources.iter().map(|source| source.len).sum();
        Ok(Some(Self { sources, done: 0, len, media_type, chunked, ended: false, piece: Vec::new() }))
    }

    /// All of it, where it is in memory.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self.sources.as_slice() {
            [] => Some(&[]),
            [Source { from: From::Bytes(bytes), .. }] => Some(bytes),
            _ => None,
        }
    }

    /// The next piece for the wire; `None` after the last one.
    ///
    /// # Errors
    /// The file cannot be read, or has less than it had.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        self.piece.clear();
        while self.piece.len() < PIECE
            && let Some(source) = self.sources.get_mut(self.done)
        {
            if source.at < source.len {
                source.read(&mut self.piece)?;
            } else {
                self.done += 1;
            }
        }
        if self.piece.is_empty() {
            let last = self.chunked && !self.ended;
            self.ended = true;
            return Ok(last.then_some(&b"0\r\n\r\n"[..]));
        }
        if self.chunked {
            self.piece.splice(..0, format!("{:x}\r\n", self.piece.len()).into_bytes());
            self.piece.extend_from_slice(b"\r\n");
        }
        Ok(Some(&self.piece))
    }
}

impl<'a> Source<'a> {
    fn bytes(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        let bytes = bytes.into();
        Self { len: bytes.len() as u64, at: 0, from: From::Bytes(bytes) }
    }

    fn file(path: &'a Path) -> Result<Self, Error> {
        let (file, known) = regular::open(path).map_err(|e| file_error(path, e))?;
        Ok(Self { len: known.len(), at: 0, from: From::File { file, path } })
    }

    /// Fills `piece` up, as far as it goes.
    fn read(&mut self, piece: &mut Vec<u8>) -> Result<(), Error> {
        let most = (self.len - self.at).min((PIECE - piece.len()) as u64);
        let got = match &mut self.from {
            From::Bytes(bytes) => {
                let start = usize::try_from(self.at).unwrap_or(usize::MAX);
                bytes.get(start..).unwrap_or_default().take(most).read_to_end(piece).unwrap_or_default()
            }
            From::File { file, path } => {
                let got = file.take(most).read_to_end(piece).map_err(|e| file_error(path, e))?;
                if got == 0 {
                    let fault = Fault::FileShrank { got: self.at, length: self.len };
                    return Err(Error::new(Operation::SendFile, path.display(), fault));
                }
                got
            }
        };
        self.at += got as u64;
        Ok(())
    }
}

/// The parts of a form, each behind its head (RFC 2046 §5.1.1). What is in memory is together, up to the next file.
fn multipart<'a>(parts: &'a [FormPart], boundary: &str) -> Result<Vec<Source<'a>>, Error> {
    let mut sources = Vec::new();
    let mut text = Vec::new();
    for part in parts {
        text.extend_from_slice(part.head(boundary).as_bytes());
        match &part.content {
            Content::Bytes(bytes) => text.extend_from_slice(bytes),
            Content::File(path) => {
                sources.extend([Source::bytes(std::mem::take(&mut text)), Source::file(path)?]);
            }
        }
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    sources.push(Source::bytes(text));
    Ok(sources)
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
        Outgoing::open(payload, chunked, None).expect("opened").expect("a body")
    }

    #[test]
    fn forms_are_encoded_and_files_have_the_type_of_their_name() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let form = Payload::Form(vec![pair("a b", "ü&="), pair("c", "")]);
        assert_eq!(all(open(&form, false)).expect("bytes"), b"a+b=%C3%BC%26%3D&c=");
        let (_file, payload) = file(3);
        let body = open(&payload, false);
        assert_eq!((body.media_type.as_str(), body.len), ("text/html", 3));
        assert!(Outgoing::open(&Payload::None, false, None).expect("opened").is_none());
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
    fn parts_of_a_form_follow_each_other_in_full_pieces() {
        let (_file, of_file) = file(PIECE);
        let Payload::File { path, .. } = of_file else { unreachable!() };
        let text = |text| FormPart::text("a", text);
        let in_memory = Payload::Multipart(vec![text("b"), text("")]);
        let typed = Some("multipart/form-data; boundary=B");
        let body = Outgoing::open(&in_memory, false, typed).expect("opened").expect("a body");
        assert_eq!(body.media_type, "multipart/form-data; boundary=B");
        let a = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
        let whole = format!("{a}b\r\n{a}\r\n--B--\r\n");
        assert_eq!((body.bytes(), body.len), (Some(whole.as_bytes()), whole.len() as u64));
        assert_eq!(all(body).expect("bytes"), whole.as_bytes());

        let with_file = Payload::Multipart(vec![text("b"), FormPart { file_name: None, ..FormPart::file("a", path) }]);
        let x = "x".repeat(PIECE);
        let whole = format!("{a}b\r\n{a}{x}\r\n--B--\r\n");
        for chunked in [false, true] {
            let mut body = Outgoing::open(&with_file, chunked, typed).expect("opened").expect("a body");
            assert_eq!((body.bytes(), body.len), (None, whole.len() as u64));
            let first = body.next().expect("a piece").expect("a piece").to_owned();
            let second = body.next().expect("a piece").expect("a piece").to_owned();
            let (start, end) = whole.split_at(PIECE);
            let framed =
                |bytes: &str| if chunked { format!("{:x}\r\n{bytes}\r\n", bytes.len()) } else { bytes.to_owned() };
            assert!(first == framed(start).as_bytes(), "{chunked}: {} bytes", first.len());
            assert!(second == framed(end).as_bytes(), "{chunked}: {}", String::from_utf8_lossy(&second));
            assert_eq!(body.next().expect("the end"), chunked.then_some(&b"0\r\n\r\n"[..]));
        }
    }

    #[test]
    fn only_regular_files_are_sent() {
        let folder = tempfile::tempdir().expect("folder");
        let open = |path: &Path| {
            let payload = Payload::File { media_type: String::new(), path: path.to_owned() };
            Outgoing::open(&payload, false, None).map(drop).expect_err("refused")
        };
        assert!(open(folder.path()).to_string().contains("not a regular file"));
        let error = open(&folder.path().join("none"));
        assert!(matches!(error.cause, Cause::NoFile), "{error}");
    }
}
