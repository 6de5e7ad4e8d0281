//! What a fetch shows of itself: options in; heads, hops, phase and outcome out.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Body, Parts};
use crate::net::Error;
use crate::net::connect::Try;
use crate::recording::{Ends, Recording};

/// Limits and choices of one fetch. Times are kept between a millisecond and 30 days, redirects to 100.
#[derive(Clone, Debug)]
pub struct Options {
    /// For the name look-up, and again for all addresses together.
    pub connect_timeout: Duration,
    /// How long nothing may arrive (or leave) before the fetch is given up; also for the TLS handshake as a whole.
    pub silence: Duration,
    /// For all heads of one exchange together, however they drip.
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

impl Options {
    /// Within what clocks, sockets and memory can do.
    pub(super) fn sane(mut self) -> Self {
        // Every hop keeps its heads.
        self.max_redirects = self.max_redirects.min(100);
        for time in [&mut self.connect_timeout, &mut self.silence, &mut self.head_timeout] {
            *time = (*time).clamp(Duration::from_millis(1), Duration::from_secs(30 * 24 * 3600));
        }
        self
    }
}

/// One header field as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// With its case.
    pub name: String,
    /// Without the blanks around it; may be any bytes (obs-text). A folded one is joined by single blanks.
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

impl Head {
    /// The status line without its line end.
    #[must_use]
    pub fn first_line(&self) -> &[u8] {
        // Empty lines may come first (RFC 9112 §2.2).
        let mut lines = self.raw.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        lines.find(|line| !line.is_empty()).unwrap_or_default()
    }

    /// The values of all fields with this name, whatever its case, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |one| one.name.eq_ignore_ascii_case(name)).map(|one| one.value.as_slice())
    }
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
    /// The request bytes as sent; only a password is covered by `*`, one for each byte. The recording has the
    /// bytes that crossed the socket.
    pub request: Vec<u8>,
    /// 1xx answers before the final one.
    pub interim: Vec<Head>,
    /// The final answer's head.
    pub head: Option<Head>,
    /// How the body's end is known.
    pub framing: Option<Framing>,
    /// What is worth saying aloud: https → http, chunks won over a length, …; ready to show.
    pub notes: Vec<String>,
    /// How many of them there were when the first head came.
    pub early_notes: usize,
    /// Every read and write, above TLS.
    pub recording: Option<Arc<Recording>>,
    /// Which of its bytes are what (RFC 9112 §2.1); shared with the worker, which adds to it.
    pub parts: Arc<Parts>,
    /// When each phase of this hop began, counted from the start of the fetch; in order. [`Phase::Done`] ends the
    /// last hop.
    pub phases: Vec<(Phase, Duration)>,
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
