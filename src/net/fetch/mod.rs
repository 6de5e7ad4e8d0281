//! One HTTP/1.1 fetch over our own sockets: hop by hop, every byte recorded, nothing incomplete called complete.

mod fault;

pub use fault::Fault;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::connect::Try;
use super::report::{Inbox, Waker};
use crate::recording::{Ends, Recorder, Recording};

/// Limits and choices of one fetch.
#[derive(Clone, Debug)]
pub struct Options {
    /// For the name look-up, and again for all addresses together.
    pub connect_timeout: Duration,
    /// How long nothing may arrive (or leave) before the fetch is given up; also for the TLS handshake as a whole.
    pub silence: Duration,
    /// For the whole head of a reply, however it drips.
    pub head_timeout: Duration,
    /// How many redirects are followed.
    pub max_redirects: u32,
    /// Whether redirects are followed at all.
    pub follow: bool,
    /// A PEM file of further roots to trust.
    pub extra_roots: Option<PathBuf>,
    /// Accept any certificate.
    pub accept_any_certificate: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            silence: Duration::from_secs(10),
            head_timeout: Duration::from_secs(30),
            max_redirects: 10,
            follow: true,
            extra_roots: None,
            accept_any_certificate: false,
        }
    }
}

/// One header field as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// With its case.
    pub name: String,
    /// Without the blanks around it; may be any bytes (obs-text).
    pub value: Vec<u8>,
}

/// Status line and header fields of one answer, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Exactly the bytes received, with the empty line.
    pub raw: Vec<u8>,
    /// The minor version of HTTP/1.
    pub minor_version: u8,
    /// 100 to 999.
    pub status: u16,
    /// May be empty or any bytes.
    pub reason: Vec<u8>,
    /// In order, duplicates kept.
    pub headers: Vec<Header>,
}

/// How the end of a body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// Content-Length.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
    /// Until the connection is closed.
    UntilClose,
}

/// What TLS agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Such as `TLSv1_3`.
    pub version: String,
    /// Such as `TLS13_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// Whether the certificate was verified.
    pub verified: bool,
}

/// One exchange: the first request, or one after a redirect.
#[derive(Clone, Debug, Default)]
pub struct Hop {
    /// Without userinfo.
    pub url: String,
    /// Every address tried.
    pub tries: Vec<Arc<Try>>,
    /// Both ends, once connected.
    pub ends: Option<Ends>,
    /// With https.
    pub tls: Option<Tls>,
    /// The request bytes as sent.
    pub request: Vec<u8>,
    /// 1xx answers before the final one.
    pub interim: Vec<Head>,
    /// The final answer's head.
    pub head: Option<Head>,
    /// How the body's end is known.
    pub framing: Option<Framing>,
    /// What is worth saying aloud: https → http, chunks won over a length, …; ready to show.
    pub notes: Vec<String>,
    /// Every read and write, above TLS.
    pub recording: Option<Arc<Recording>>,
}

/// What the fetch is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Looking the name up.
    #[default]
    Resolving,
    /// Trying addresses.
    Connecting,
    /// Agreeing on TLS.
    Tls,
    /// Sending the request.
    Sending,
    /// Waiting for the answer's head.
    Waiting,
    /// Receiving the body.
    Receiving,
    /// Over.
    Done,
}

/// How a fetch ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The whole body is there.
    Complete(Arc<Body>),
    /// It went wrong, or was cancelled.
    Failed {
        /// What went wrong.
        error: Arc<Error>,
        /// What had come of the body, if anything: to be kept only as a marked partial.
        partial: Option<Arc<Body>>,
    },
}

/// How far it is; exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Body bytes received, before decompression, without chunk framing.
    pub received: u64,
    /// Of how many, where that is known.
    pub length: Option<u64>,
    /// Body bytes after decompression.
    pub decoded: u64,
}

/// The state of a fetch, to look at.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// What it is doing.
    pub phase: Phase,
    /// The exchanges so far; at least one.
    pub hops: Vec<Hop>,
    /// Once it is over.
    pub outcome: Option<Outcome>,
}

/// A body in a temporary file, after decoding; the file goes with the last owner.
#[derive(Debug)]
pub struct Body {}

impl Body {
    /// Its length in bytes, after decoding.
    #[must_use]
    pub fn len(&self) -> u64 {
        unimplemented!()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// At most `most` bytes from `offset`.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn read_at(&self, offset: u64, most: usize) -> Result<Vec<u8>, Error> {
        _ = (offset, most);
        unimplemented!()
    }
    /// A file name: Content-Disposition, else the last path segment, else `index` with an extension for the type.
    /// Always one safe path segment.
    #[must_use]
    pub fn suggested_name(&self) -> &str {
        unimplemented!()
    }
    /// The `Content-Type`, in lower case without parameters; empty if unknown.
    #[must_use]
    pub fn media_type(&self) -> &str {
        unimplemented!()
    }
    /// The charset to read it as text with: header, else byte order mark, else `<meta>`, else UTF-8.
    #[must_use]
    pub fn charset(&self) -> &'static encoding_rs::Encoding {
        unimplemented!()
    }
    /// Writes it to `path`, atomically: beside it under another name, synced, renamed.
    ///
    /// # Errors
    /// Disk full, no permission, no folder, a folder has the name: then `path` is as it was.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        _ = path;
        unimplemented!()
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The fetch is in another phase.
    Phase(Phase),
    /// An address was tried.
    Tried(Arc<Try>),
    /// The head of hop `hop` is there (1xx answers too).
    Head {
        /// Index into [`View::hops`].
        hop: usize,
        /// The head.
        head: Arc<Head>,
    },
    /// Something worth saying aloud; ready to show.
    Note(String),
    /// Over: see [`View::outcome`].
    Ended,
}

/// A fetch. Dropping it cancels it and joins its thread.
#[derive(Debug)]
pub struct Fetch {}

impl Fetch {
    /// Starts to fetch `url` as a person typed it; returns at once. Whatever is wrong is told by the outcome.
    #[must_use]
    pub fn start(url: &str, options: Options, recorder: &Arc<Recorder>, waker: Waker) -> Self {
        _ = (url, options, recorder, waker);
        unimplemented!()
    }
    /// Looks at the state. The worker waits meanwhile: copy, do not draw.
    pub fn view<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&View::default())
    }
    /// Counts up with every read while phases, heads or the outcome change: to know when to look again.
    #[must_use]
    pub fn version(&self) -> u64 {
        unimplemented!()
    }
    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        unimplemented!()
    }
    /// The events; ends when the thread has ended.
    #[must_use]
    pub fn inbox(&self) -> &Inbox<Event> {
        unimplemented!()
    }
    /// Asks it to end, in whatever phase, and returns at once.
    pub fn cancel(&self) {
        unimplemented!()
    }
}

/// x
pub fn without_userinfo(url: &str) -> String {
    url.to_owned()
}
impl Body {
    /// x
    pub fn partial_path(path: &Path) -> PathBuf {
        path.to_owned()
    }
}
